"""Recurrent layers: Elman and Jordan networks unrolled, GRU and LSTM cells, and the scalar linear recurrence.

In the layout `transposed` a matrix has the shape (inputs, outputs) and acts as Wᵀx; in `plain` it has the
shape (outputs, inputs), acts as W x, and is what torch stores. Where an input or a layer is a single number,
the matrix is a vector, and where both are, a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from workings.algebra.expression import Expr, apply, chain_sum, const, element, name, summation
from workings.errors import InputError
from workings.rules import dense
from workings.working import Draft

Layout = Literal["transposed", "plain"]

ELMAN = "Elman, Finding structure in time, Cognitive Science 14 (1990); Goodfellow et al. (2016), §10.2"
JORDAN = "Jordan, Serial order (1986); Goodfellow et al. (2016), §10.2"
GRU = "Cho et al. (2014), arXiv:1406.1078, §2.3; torch.nn.GRUCell"
LSTM = "Hochreiter & Schmidhuber (1997); Gers et al. (2000); torch.nn.LSTMCell"
BPTT = "Goodfellow et al. (2016), §10.2.2; Pascanu, Mikolov & Bengio (2013), §2"


def product(draft: Draft, weights: str, x: Expr, layout: Layout) -> Expr:
    """W's part of an affine map of x: Wᵀx or W x by the layout, or a plain product with a number."""
    w = name(weights)
    rank, of_x = len(draft.shapes[weights]), rank_of(draft, x)
    if of_x == 0:
        return w * x
    if rank == 1:
        return w @ x
    return w.T @ x if layout == "transposed" else w @ x


def rank_of(draft: Draft, x: Expr) -> int:
    """The number of axes of a name, or of a product r ⊙ h by its second factor."""
    return len(draft.shapes[(x if x.op == "name" else x.args[-1]).attrs["name"]])


def unroll(
    draft: Draft,
    length: int,
    *,
    feedback: Literal["h", "y"],
    activations: tuple[str, str],
    layout: Layout,
    output: bool = True,
) -> list[str]:
    """Steps s_t, h_t and (with `output`) o_t, y_t for t = 1 ... length; returns their names.

    s_t = Uᵀx_t + Wᵀh_{t-1} + b (Elman; Jordan feeds y_{t-1} back), h_t = f(s_t), o_t = Vᵀh_t + c and
    y_t = g(o_t), over the givens x_1 ..., U, W, b, V, c and h_0 or y_0 of the draft.
    """
    source = ELMAN if feedback == "h" else JORDAN
    ask: list[str] = []
    for t in range(1, length + 1):
        fed = name(f"{feedback}_{t - 1}")
        terms = [product(draft, "U", name(f"x_{t}"), layout), product(draft, "W", fed, layout), name("b")]
        s = draft.step(f"s_{t}", chain_sum(terms), source=source)
        h = draft.step(f"h_{t}", dense.activation(activations[0], s))
        ask += [f"s_{t}", f"h_{t}"]
        if output:
            o = draft.step(f"o_{t}", product(draft, "V", h, layout) + name("c"))
            draft.step(f"y_{t}", dense.activation(activations[1], o))
            ask += [f"o_{t}", f"y_{t}"]
    return ask


# --- gated cells --------------------------------------------------------------------------------------------


STACKED = {"W": "weight_ih", "U": "weight_hh", "b": "bias_ih", "c": "bias_hh"}
"""Where torch stacks what every gate has."""


def gate_arrays(gates: str, given: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """The arrays W_g, U_g, b_g, c_g of every gate, absent ones left out.

    `given` holds torch's `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` (gates under each other in the order
    of `gates`) or `W_r`, `U_r`, `b_r`, `c_r` ... one by one; None where not given.
    """
    stacked = [field for field in STACKED.values() if given[field] is not None]
    single = [f"{kind}_{gate}" for gate in gates for kind in STACKED]
    single = [field for field in single if given[field] is not None]
    if not stacked:
        missing = [f"{kind}_{gate}" for gate in gates for kind in "WU" if f"{kind}_{gate}" not in single]
        if missing:
            accepted = f"W and U of each gate ({', '.join(gates)}), or weight_ih and weight_hh"
            raise InputError(f"{missing[0]} is missing", accepted=accepted)
        return {field: given[field] for field in single}
    if single:
        raise InputError(f"given beside {stacked[0]}", accepted="one of the two forms").at(field=single[0])
    for field in ("weight_ih", "weight_hh"):
        if field not in stacked:
            raise InputError(f"{field} is missing", accepted="weight_ih and weight_hh together")
    if layout != "plain":
        raise InputError("transposed with weight_ih and weight_hh", accepted="plain").at(field="layout")
    return {
        f"{kind}_{gate}": part
        for kind, field in STACKED.items()
        if field in stacked
        for gate, part in zip(gates, _split(given[field], len(gates), field), strict=True)
    }


def _split(array: Any, count: int, field: str) -> list[Any]:
    if array.shape[0] % count:
        raise InputError(
            f"found {array.shape[0]} rows for {count} gates", accepted=f"a multiple of {count} rows"
        ).at(field=field)
    return np.split(array, count)


def fit_gates(arrays: Mapping[str, Any], gates: str, x: Any, h: Any, layout: Layout) -> dict[str, Any]:
    """The arrays with biases spread over the units, each checked against the sizes of x and h.

    Raises
    ------
    InputError: naming the array that does not fit.
    """
    inputs, units = np.shape(x), np.shape(h)
    found: dict[str, Any] = {}
    for gate in gates:
        for kind, into in (("W", inputs), ("U", units)):
            label = f"{kind}_{gate}"
            shape = (*into, *units) if layout == "transposed" else (*units, *into)
            if np.shape(arrays[label]) != shape:
                accepted = f"{spelled(shape)}, for x {spelled(inputs)} and h {spelled(units)}"
                raise InputError(f"found {spelled(np.shape(arrays[label]))}", accepted=accepted).at(
                    field=label
                )
            found[label] = arrays[label]
        for kind in "bc":
            label = f"{kind}_{gate}"
            if label in arrays:
                found[label] = spread(arrays[label], units, label)
    return found


def start_of(state: Any, weights: Any, field: str) -> Any:
    """The state before the step, checked against U; zeros where none is given."""
    units = np.shape(weights)[:1]
    if state is None:
        return spread(Fraction(0), units, field)
    if np.shape(state) != units:
        raise InputError(f"found {spelled(np.shape(state))}", accepted=spelled(units)).at(field=field)
    return state


def spelled(shape: tuple[int, ...]) -> str:
    """A shape in words: one number, a list of 3, 2 rows of 3."""
    if not shape:
        return "one number"
    lists = f"a list of {shape[0]}" if len(shape) == 1 else f"{shape[0]} rows of {shape[1]}"
    return lists if len(shape) <= 2 else f"{len(shape)} axes"


def spread(bias: Any, units: tuple[int, ...], field: str) -> Any:
    """A bias as long as its layer: one number stands for all."""
    if np.ndim(bias) == 0 and units:
        result = np.empty(units, dtype=object)
        result[:] = bias
        return result
    if np.shape(bias) != units:
        accepted = f"one number, or {spelled(units)}" if units else "one number"
        raise InputError(f"found {spelled(np.shape(bias))}", accepted=accepted).at(field=field)
    return bias


def _gate_sum(draft: Draft, gate: str, h: Expr, layout: Layout) -> Expr:
    """W_g x + U_g h + b_g + c_g, biases where given."""
    parts = [product(draft, f"W_{gate}", name("x"), layout), product(draft, f"U_{gate}", h, layout)]
    return chain_sum([*parts, *(name(f"{kind}_{gate}") for kind in "bc" if f"{kind}_{gate}" in draft)])


def _gate(draft: Draft, gate: str, layout: Layout, note: str, source: str) -> Expr:
    """s_g, and σ(s_g) or, for the candidate, tanh(s_g)."""
    s = draft.step(f"s_{gate}", _gate_sum(draft, gate, name("h"), layout), source=source)
    return draft.step(gate, apply("tanh" if "candidate" in note else "sigmoid", s), note=note)


def gru_cell(
    draft: Draft, layout: Layout, *, reset: Literal["after", "before"], update: Literal["keep", "replace"]
) -> list[str]:
    """Steps r, z, n and new_h over the givens x, h and W_g, U_g, b_g, c_g of r, z, n; returns their names.

    r = σ(s_r), z = σ(s_z) with s_g = W_g x + U_g h + b_g + c_g. The candidate is
    n = tanh(W_n x + b_n + r ⊙ (U_n h + c_n)) with the reset after the product (torch, cuDNN), or
    n = tanh(W_n x + U_n (r ⊙ h) + b_n + c_n) before it (Cho et al. 2014). The new state is
    (1 - z) ⊙ n + z ⊙ h where z keeps (Cho et al., torch), and
    (1 - z) ⊙ h + z ⊙ n where it replaces (Chung et al. 2014).
    """
    h = name("h")
    r = _gate(draft, "r", layout, "the reset gate", GRU)
    z = _gate(draft, "z", layout, "the update gate", GRU)
    if reset == "before":
        s = _gate_sum(draft, "n", r * h, layout)
        note = "the reset gate acts on the state, before the product"
    else:
        inner = product(draft, "U_n", h, layout)
        inner = inner + name("c_n") if "c_n" in draft else inner
        s = product(draft, "W_n", name("x"), layout)
        s = (s + name("b_n") if "b_n" in draft else s) + r * inner
        note = "the reset gate acts after the product, as in torch"
    draft.step("s_n", s, note=note, source=GRU)
    n = draft.step("n", apply("tanh", "s_n"), note="the candidate")
    if update == "keep":
        draft.step("new_h", (1 - z) * n + z * h, note="the update gate z keeps the old state")
    else:
        draft.step("new_h", (1 - z) * h + z * n, note="the update gate z replaces the old state")
    return ["r", "z", "n", "new_h"]


def lstm_cell(draft: Draft, layout: Layout) -> list[str]:
    """Steps i, f, g, o, new_c and new_h over the givens x, h, c and W_g, U_g, b_g, c_g; returns their names.

    i, f, o = σ(s_i), ..., g = tanh(s_g) with s_i = W_i x + U_i h + b_i + c_i ...;
    new_c = f ⊙ c + i ⊙ g; new_h = o ⊙ tanh(new_c).
    """
    i = _gate(draft, "i", layout, "the input gate", LSTM)
    f = _gate(draft, "f", layout, "the forget gate", LSTM)
    g = _gate(draft, "g", layout, "the candidate", LSTM)
    o = _gate(draft, "o", layout, "the output gate", LSTM)
    cell = draft.step("new_c", f * name("c") + i * g, note="what the cell keeps, and what it takes in")
    draft.step("new_h", o * apply("tanh", cell))
    return ["i", "f", "g", "o", "new_c", "new_h"]


# --- the scalar linear recurrence ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScalarRecurrence:
    """h_t = a x_t + b h_{t-1} for 1 ≤ t ≤ T: a, b, the start h_0, x, T, and a name for the index of sums."""

    a: Expr
    b: Expr
    start: Expr
    x: Expr
    length: Expr
    index: str

    def last_state(self) -> Expr:
        """h_T = b^T h_0 + a Σ_{k=1}^{T} b^{T-k} x_k."""
        return self.b**self.length * self.start + self.a * self.by_a()

    def by_a(self) -> Expr:
        """∂h_T/∂a = Σ_{k=1}^{T} b^{T-k} x_k."""
        k = name(self.index)
        return summation(self.b ** (self.length - k) * element(self.x, k), self.index, const(1), self.length)

    def by_b(self) -> Expr:
        """∂h_T/∂b = T b^{T-1} h_0 + a Σ_{k=1}^{T-1} (T - k) b^{T-k-1} x_k: the states put in."""
        k, b, length = name(self.index), self.b, self.length
        body = (length - k) * b ** (length - k - 1) * element(self.x, k)
        first = length * b ** (length - 1) * self.start
        return first + self.a * summation(body, self.index, const(1), length - 1)

    def by_b_in_states(self, h: Expr) -> Expr:
        """∂h_T/∂b = Σ_{k=1}^{T} b^{T-k} h_{k-1} with the first term, that of h_0, written apart."""
        k, b, length = name(self.index), self.b, self.length
        later = summation(b ** (length - k) * element(h, k - 1), self.index, const(2), length)
        return b ** (length - 1) * self.start + later
