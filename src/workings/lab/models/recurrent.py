"""The vanilla recurrent network by hand: forward and back-propagation through time, no library's layer.

    h_t = f(W_x x_t + W_h h_{t−1} + b),   t = 1 … l_i for the i-th sequence,   f = tanh or ReLU

    ∂J/∂s_t = f′(s_t) ⊙ (∂J/∂h_t + W_hᵀ ∂J/∂s_{t+1}),   s_t what f is applied to
    ∂J/∂W_x = Σ_t ∂J/∂s_t x_tᵀ,   ∂J/∂W_h = Σ_t ∂J/∂s_t h_{t−1}ᵀ,   ∂J/∂b = Σ_t ∂J/∂s_t

Sources: Elman, Finding structure in time, Cognitive Science 14 (1990); Goodfellow, Bengio & Courville (2016),
§10.2.2.

It is quick for three reasons. The sequences are packed (`recurrent_packing`), so no step works on one that
has ended. All input products are one product, written where the states will stand, and each step of time then
adds to its rows in place. And all is one node of autograd, whose gradients of the weights are taken over many
steps at once. Only the states and their gradients are kept, N × hidden each.
"""

from __future__ import annotations

from typing import Any, Final, Literal, cast, overload

import torch
from torch import Tensor, nn

from workings.errors import InputError, unknown
from workings.lab.models.recurrent_packing import Lengths, Packed, Packing, spelled

Nonlinearity = Literal["tanh", "relu"]
NONLINEARITIES: Final[tuple[Nonlinearity, ...]] = ("tanh", "relu")

BLOCK: Final = 2**18
"""Numbers that are brought together at a time for the gradient of W_h: 1 MiB of float32, about a cache."""


class _Elman(torch.autograd.Function):
    """One layer over packed sequences: states [N, hidden] and last states [batch, hidden]."""

    @staticmethod
    def forward(  # noqa: PLR0917  # pyright: ignore[reportIncompatibleMethodOverride]  torch calls it so
        ctx: Any,
        x: Tensor,
        start: Tensor | None,
        W_x: Tensor,
        W_h: Tensor,
        b: Tensor,
        packing: Packing,
        nonlinearity: Nonlinearity,
    ) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)  # a gradient that nobody asks for is None, not zeros
        activate = torch.tanh_ if nonlinearity == "tanh" else torch.relu_
        states = torch.addmm(b, x, W_x.t())
        # A copy of H × H numbers: with it the product of a step takes 10 to 25 % less time than with a view.
        across = W_h.t().contiguous()
        start = None if start is None else start.index_select(0, packing.order)
        before, alive = start, packing.batch
        for size, state in zip(packing.sizes, states.split(packing.sizes), strict=True):
            if before is not None:
                before, alive = (before if size == alive else before[:size]), size
                state.addmm_(before, across)
            before = activate(state)
        ctx.save_for_backward(x, start, W_x, W_h, states)
        ctx.packing, ctx.nonlinearity = packing, nonlinearity
        return states, states.index_select(0, packing.ends)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  torch calls it so
        ctx: Any, to_states: Tensor | None, to_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        # `once_differentiable` would drop second-order terms unsaid where the loss is linear in the states.
        if torch.is_grad_enabled():
            raise InputError(
                "a second derivative (create_graph=True)", accepted="a first one, or cells.elman_cell"
            )
        x, start, W_x, W_h, states = cast("tuple[Any, ...]", ctx.saved_tensors)
        packing = cast("Packing", ctx.packing)
        needs_x, needs_start, needs_W_x, needs_W_h, needs_b = ctx.needs_input_grad[:5]
        if to_states is None:
            deltas = torch.zeros_like(states)
        else:
            deltas = to_states.clone(memory_format=torch.contiguous_format)
        if to_last is not None:
            deltas.index_add_(0, packing.ends, to_last)
        _through_time(deltas, states, W_h, packing.sizes, ctx.nonlinearity)

        first = deltas[: packing.batch]
        to_start = None
        if start is not None and needs_start:
            to_start = torch.empty_like(start).index_copy_(0, packing.order, first @ W_h)
        return (
            deltas @ W_x if needs_x else None,
            to_start,
            deltas.t() @ x if needs_W_x else None,
            _of_W_h(deltas, states, start, packing) if needs_W_h else None,
            deltas.sum(0) if needs_b else None,
            None,
            None,
        )


def _through_time(
    deltas: Tensor, states: Tensor, W_h: Tensor, sizes: tuple[int, ...], nonlinearity: Nonlinearity
) -> None:
    """Turn ∂J/∂h_t, as far as it comes from outside, into ∂J/∂s_t, in place and last step first."""
    back = torch.ops.aten.tanh_backward.grad_input
    if nonlinearity == "relu":
        back = torch.ops.aten.threshold_backward.grad_input
    f = (0,) if nonlinearity == "relu" else ()  # the threshold
    later: Tensor | None = None
    alive = 0
    for size, delta, state in zip(
        reversed(sizes), reversed(deltas.split(sizes)), reversed(states.split(sizes)), strict=True
    ):
        if later is not None:
            (delta if size == alive else delta[:alive]).addmm_(later, W_h)
        back(delta, state, *f, grad_input=delta)
        later, alive = delta, size


def _of_W_h(deltas: Tensor, states: Tensor, start: Tensor | None, packing: Packing) -> Tensor:
    """Σ_t ∂J/∂s_t h_{t−1}ᵀ. The h_{t−1} of many steps are brought under their ∂J/∂s_t, a block at a time."""
    hidden = states.shape[1]
    total = states.new_zeros(hidden, hidden)
    if start is not None:
        total.addmm_(deltas[: packing.batch].t(), start)
    block = max(1, BLOCK // hidden)
    for delta, before in zip(deltas[packing.batch :].split(block), packing.before.split(block), strict=True):
        total.addmm_(delta.t(), states.index_select(0, before))
    return total


def elman(
    x: Packed,
    W_x: Tensor,
    W_h: Tensor,
    b: Tensor,
    *,
    start: Tensor | None = None,
    nonlinearity: Nonlinearity = "tanh",
) -> tuple[Packed, Tensor]:
    """One layer over packed sequences, with gradients of all that it is given.

    A second derivative is not worked out, and asking for one is an error; `cells.elman_cell` has it.

    Parameters
    ----------
    x: rows [N, inputs].
    W_x: [hidden, inputs].
    W_h: [hidden, hidden].
    b: [hidden].
    start: h_0, [batch, hidden] as the sequences came; zeros unless given.
    nonlinearity: tanh, or relu with f′(0) = 0.

    Returns
    -------
    All states, rows [N, hidden], and each sequence's last one, [batch, hidden] as the sequences came.

    Raises
    ------
    InputError: a shape or a type does not fit, or another nonlinearity.
    """
    if nonlinearity not in NONLINEARITIES:
        raise unknown("nonlinearity", nonlinearity, NONLINEARITIES)
    inputs, hidden = x.rows.shape[-1], W_h.shape[-1]
    wanted = {
        "x": (x.rows, [len(x.packing.time), inputs]),
        "W_x": (W_x, [hidden, inputs]),
        "W_h": (W_h, [hidden, hidden]),
        "b": (b, [hidden]),
    }
    if start is not None:
        wanted["start"] = (start, [x.packing.batch, hidden])
    for name, (tensor, shape) in wanted.items():
        if list(tensor.shape) != shape:
            raise InputError(f"found the shape {spelled(tensor)}", accepted=str(shape)).at(field=name)
        if tensor.dtype != W_h.dtype:
            raise InputError(f"found {tensor.dtype}", accepted=f"{W_h.dtype}, as W_h").at(field=name)
    states, last = _Elman.apply(x.rows, start, W_x, W_h, b, x.packing, nonlinearity)  # pyright: ignore[reportGeneralTypeIssues]  untyped in torch
    return Packed(states, x.packing), last


class Rnn(nn.Module):
    """An Elman network of one or more layers; each layer's states are the next one's inputs.

    Like `torch.nn.RNN`, but with one bias a layer in place of two that are added. Weights begin uniform in
    ±1/√hidden, as there.

    Parameters
    ----------
    inputs: numbers a step.
    hidden: width of every layer.
    layers: how many.
    nonlinearity: tanh or relu.

    Raises
    ------
    InputError: a size below 1, or another nonlinearity.
    """

    def __init__(
        self, inputs: int, hidden: int, layers: int = 1, nonlinearity: Nonlinearity = "tanh"
    ) -> None:
        super().__init__()
        for name, size in {"inputs": inputs, "hidden": hidden, "layers": layers}.items():
            if size < 1:
                raise InputError(f"found {size}", accepted="1 or more").at(field=name)
        if nonlinearity not in NONLINEARITIES:
            raise unknown("nonlinearity", nonlinearity, NONLINEARITIES)
        self.inputs, self.hidden, self.layers = inputs, hidden, layers
        self.nonlinearity: Nonlinearity = nonlinearity
        widths = [inputs, *[hidden] * (layers - 1)]
        self.W_x = nn.ParameterList([torch.empty(hidden, width) for width in widths])
        self.W_h = nn.ParameterList([torch.empty(hidden, hidden) for _ in widths])
        self.b = nn.ParameterList([torch.empty(hidden) for _ in widths])
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)

    @overload
    def forward(
        self, x: Packed, lengths: None = None, *, start: Tensor | None = None
    ) -> tuple[Packed, Tensor]: ...

    @overload
    def forward(
        self, x: Tensor, lengths: Lengths | None = None, *, start: Tensor | None = None
    ) -> tuple[Tensor, Tensor]: ...

    def forward(
        self, x: Packed | Tensor, lengths: Lengths | None = None, *, start: Tensor | None = None
    ) -> tuple[Packed | Tensor, Tensor]:
        """The last layer's states, and every layer's last state.

        Parameters
        ----------
        x: packed, or padded [batch, time, inputs].
        lengths: of the padded sequences, in any order; all of time unless given.
        start: h_0 of every layer, [layers, batch, hidden]; zeros unless given.

        Returns
        -------
        states: packed as x is, rows [N, hidden]; or [batch, greatest length, hidden], zeros past the ends.
        last: [layers, batch, hidden], the state after each sequence's own last step, as the sequences came.

        Raises
        ------
        InputError: no sequences, a length that does not fit, or a shape or type that does not.
        """
        states = x if isinstance(x, Packed) else self._packed(x, lengths)
        if states.rows.shape[-1] != self.inputs:
            raise InputError(f"found {states.rows.shape[-1]} numbers a step", accepted=f"{self.inputs}").at(
                field="x"
            )
        wanted = [self.layers, states.packing.batch, self.hidden]
        if start is not None and list(start.shape) != wanted:
            raise InputError(f"found the shape {spelled(start)}", accepted=str(wanted)).at(field="start")
        last: list[Tensor] = []
        for layer in range(self.layers):
            states, end = elman(
                states,
                self.W_x[layer],
                self.W_h[layer],
                self.b[layer],
                start=None if start is None else start[layer],
                nonlinearity=self.nonlinearity,
            )
            last.append(end)
        return (states if isinstance(x, Packed) else states.padded), torch.stack(last)

    def _packed(self, x: Tensor, lengths: Lengths | None) -> Packed:
        if x.dim() != 3 or not x.shape[0] or not x.shape[1]:
            raise InputError(
                f"found the shape {spelled(x)}", accepted="[batch, time, inputs], none of them 0"
            ).at(field="x")
        told = torch.full((x.shape[0],), x.shape[1]) if lengths is None else lengths
        packing = Packing.of(told, x.device)
        if packing.steps > x.shape[1] or packing.batch != len(x):
            accepted = f"{len(x)} lengths up to {x.shape[1]}"
            found = f"{packing.batch} lengths up to {packing.steps} for the shape {spelled(x)}"
            raise InputError(f"found {found}", accepted=accepted).at(field="lengths")
        return Packed(packing.pack(x), packing)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.inputs}, {self.hidden}, layers={self.layers}, nonlinearity={self.nonlinearity!r}"
