"""Recurrent cells in plain torch: one step each, as the formulas stand; twins of the questions' cells.

They read like the textbook and any order of derivative goes through them, at the price of some ten nodes of
autograd a step. Where a plain network over long sequences must be quick, there is `recurrent.Rnn`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from workings.errors import InputError
from workings.lab.models.recurrent_packing import Packed, spelled


class Gates(NamedTuple):
    """The weights of all gates, one gate's under the other's, as torch stacks them.

    Parameters
    ----------
    W: [gates × hidden, inputs], from the input.
    U: [gates × hidden, hidden], from the state.
    b, c: [gates × hidden], the biases of the two.
    """

    W: Tensor
    U: Tensor
    b: Tensor
    c: Tensor


State = tuple[Tensor, ...]
"""What goes from step to step, [batch, hidden] each: (h,) or (h, c)."""


def elman_cell(
    x: Tensor,
    h: Tensor,
    W: Tensor,
    U: Tensor,
    b: Tensor,
    *,
    f: Callable[[Tensor], Tensor] = torch.tanh,
) -> Tensor:
    """f(W x + U h + b): Elman (1990).

    Parameters
    ----------
    x: [batch, inputs].
    h: [batch, hidden].
    W: [hidden, inputs].
    U: [hidden, hidden].
    b: [hidden].
    """
    return f(x @ W.T + h @ U.T + b)


def gru_cell(
    x: Tensor,
    h: Tensor,
    gates: Gates,
    *,
    reset: Literal["after", "before"] = "after",
    update: Literal["keep", "replace"] = "keep",
) -> Tensor:
    """One step of a gated recurrent unit.

    r = σ(W_r x + b_r + U_r h + c_r), z = σ(W_z x + b_z + U_z h + c_z), and the candidate
    n = tanh(W_n x + b_n + r ⊙ (U_n h + c_n)) with the reset after the product (torch, cuDNN), or
    n = tanh(W_n x + b_n + U_n (r ⊙ h) + c_n) before it (Cho et al. 2014, arXiv:1406.1078).
    The new state is (1 − z) ⊙ n + z ⊙ h where z keeps (Cho et al., torch), or (1 − z) ⊙ h + z ⊙ n where it
    replaces (Chung et al. 2014, arXiv:1412.3555).

    Parameters
    ----------
    x: [batch, inputs].
    h: [batch, hidden].
    gates: r, z, n.

    Raises
    ------
    InputError: a shape does not fit.
    """
    _fit(x, {"h": h}, gates, 3)
    W, U, b, c = gates
    U_r, U_z, U_n = U.chunk(3)
    c_r, c_z, c_n = c.chunk(3)
    from_x = (x @ W.T + b).chunk(3, dim=-1)
    r = torch.sigmoid(from_x[0] + h @ U_r.T + c_r)
    z = torch.sigmoid(from_x[1] + h @ U_z.T + c_z)
    from_h = r * (h @ U_n.T + c_n) if reset == "after" else (r * h) @ U_n.T + c_n
    n = torch.tanh(from_x[2] + from_h)
    return (1 - z) * n + z * h if update == "keep" else (1 - z) * h + z * n


def lstm_cell(x: Tensor, h: Tensor, cell: Tensor, gates: Gates) -> tuple[Tensor, Tensor]:
    """One step of a long short-term memory with a forget gate: the new h and the new cell.

    With s = W x + b + U h + c: i = σ(s_i), f = σ(s_f), g = tanh(s_g), o = σ(s_o);
    cell′ = f ⊙ cell + i ⊙ g, h′ = o ⊙ tanh(cell′).
    Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins (2000).

    Parameters
    ----------
    x: [batch, inputs].
    h, cell: [batch, hidden].
    gates: i, f, g, o.

    Raises
    ------
    InputError: a shape does not fit.
    """
    _fit(x, {"h": h, "cell": cell}, gates, 4)
    W, U, b, c = gates
    s_i, s_f, s_g, s_o = (x @ W.T + b + h @ U.T + c).chunk(4, dim=-1)
    cell = torch.sigmoid(s_f) * cell + torch.sigmoid(s_i) * torch.tanh(s_g)
    return torch.sigmoid(s_o) * torch.tanh(cell), cell


def _fit(x: Tensor, states: Mapping[str, Tensor], gates: Gates, count: int) -> None:
    inputs, hidden = x.shape[-1], gates.U.shape[-1]
    wanted = {name: (state, [*x.shape[:-1], hidden]) for name, state in states.items()}
    wanted["W"] = gates.W, [count * hidden, inputs]
    wanted["U"] = gates.U, [count * hidden, hidden]
    wanted["b"] = gates.b, [count * hidden]
    wanted["c"] = gates.c, [count * hidden]
    for name, (tensor, shape) in wanted.items():
        if list(tensor.shape) != shape:
            raise InputError(f"found the shape {spelled(tensor)}", accepted=str(shape)).at(field=name)


def through(step: Callable[[Tensor, State], State], x: Packed, start: State) -> tuple[Packed, State]:
    """A cell over packed sequences.

    Parameters
    ----------
    step: of x_t [alive, inputs] and the state before, the state after; its first part is h.
    x: rows [N, inputs].
    start: [batch, hidden] each, as the sequences came.

    Returns
    -------
    The states h, rows [N, hidden], and the whole state after each sequence's last step, as they came.

    Raises
    ------
    InputError: a start for another number of sequences.
    """
    for part in start:
        if len(part) != x.packing.batch:
            raise InputError(f"found the shape {spelled(part)}", accepted=f"[{x.packing.batch}, hidden]").at(
                field="start"
            )
    state = tuple(part.index_select(0, x.packing.order) for part in start)
    states: list[State] = []
    # One split: a slice a step would give each a gradient as large as all of x.
    for size, now in zip(x.packing.sizes, x.rows.split(x.packing.sizes), strict=True):
        state = step(now, tuple(part[:size] for part in state))
        states.append(state)
    rows = tuple(torch.cat(parts) for parts in zip(*states, strict=True))
    return Packed(rows[0], x.packing), tuple(part.index_select(0, x.packing.ends) for part in rows)


class _Gated(nn.Module):
    """A gated layer's weights."""

    def __init__(self, gates: int, inputs: int, hidden: int) -> None:
        super().__init__()
        for name, size in {"inputs": inputs, "hidden": hidden}.items():
            if size < 1:
                raise InputError(f"found {size}", accepted="1 or more").at(field=name)
        self.inputs, self.hidden = inputs, hidden
        self.W = nn.Parameter(torch.empty(gates * hidden, inputs))
        self.U = nn.Parameter(torch.empty(gates * hidden, hidden))
        self.b = nn.Parameter(torch.empty(gates * hidden))
        self.c = nn.Parameter(torch.empty(gates * hidden))
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)

    @property
    def gates(self) -> Gates:
        """The weights as the cells take them."""
        return Gates(self.W, self.U, self.b, self.c)

    def _start(self, x: Packed) -> Tensor:
        if x.rows.dim() != 2 or x.rows.shape[1] != self.inputs:
            raise InputError(f"found the shape {spelled(x.rows)}", accepted=f"[N, {self.inputs}]").at(
                field="x"
            )
        return x.rows.new_zeros(x.packing.batch, self.hidden)


class Gru(_Gated):
    """A layer of gated recurrent units, `gru_cell` at every step.

    Weights begin uniform in ±1/√hidden, as torch's do.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        reset: Literal["after", "before"] = "after",
        update: Literal["keep", "replace"] = "keep",
    ) -> None:
        super().__init__(3, inputs, hidden)
        self.reset: Literal["after", "before"] = reset
        self.update: Literal["keep", "replace"] = update

    def forward(self, x: Packed, start: Tensor | None = None) -> tuple[Packed, Tensor]:
        """States, rows [N, hidden], and last states, [batch, hidden] as the sequences came."""

        def step(now: Tensor, state: State) -> State:
            return (gru_cell(now, state[0], self.gates, reset=self.reset, update=self.update),)

        states, last = through(step, x, (self._start(x) if start is None else start,))
        return states, last[0]


class Lstm(_Gated):
    """A layer of long short-term memory, `lstm_cell` at every step.

    Weights begin uniform in ±1/√hidden, as torch's do.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(4, inputs, hidden)

    def forward(
        self, x: Packed, start: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Packed, tuple[Tensor, Tensor]]:
        """States h, rows [N, hidden], and the last h and cell, [batch, hidden] as the sequences came."""

        def step(now: Tensor, state: State) -> State:
            return lstm_cell(now, state[0], state[1], self.gates)

        zeros = self._start(x)
        states, (h, cell) = through(step, x, (zeros, zeros) if start is None else start)
        return states, (h, cell)
