"""How often a window fits along one axis: the output sizes of convolutions and pooling.

With input n, kernel k, stride s, padding p on both sides, dilation d and output o,

    o = ⌊(n + 2p - d(k - 1) - 1) / s⌋ + 1.

In ceil mode the quotient is rounded up, and a last window that would begin in the padding on the right is
left out, as torch does it.

Sources: Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), relationship 14; torch,
`pooling_output_shape`, for ceil mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workings.algebra.expression import Expr, apply, floor, where
from workings.errors import InputError
from workings.working import Draft

SOURCE: Final = (
    "Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), relationship 14"
)
CEIL_SOURCE: Final = "torch, pooling_output_shape"

GIVENS: Final = ("input", "kernel", "stride", "padding", "dilation")
ROLES: Final = (*GIVENS, "output")
SYMBOLS: Final = {"input": "n", "kernel": "k", "stride": "s", "padding": "p", "dilation": "d", "output": "o"}
LEAST: Final = {"input": 1, "kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output": 1}
"""The least value of each size."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size in a formula: the reference to it, and its number where it is one (None: letters)."""

    ref: Expr
    value: int | None


Axis = Mapping[str, Size]
"""The sizes along one axis by their roles; the unknown is left out."""


def span(kernel: Any, dilation: Any) -> Any:
    """d(k - 1) + 1: the entries from one end of the window to the other."""
    return dilation * (kernel - 1) + 1


def positions(at: Mapping[str, int], *, ceil_mode: bool = False) -> int:
    """The number of windows for sizes in numbers; 0 where none fits or ceil mode refuses them."""
    n, k, s, p, d = (at[role] for role in GIVENS)
    moves = n + 2 * p - span(k, d)
    if not ceil_mode:
        return moves // s + 1 if moves >= 0 else 0
    if 2 * p > span(k, d):
        return 0
    count = -(-moves // s) + 1
    return max(count - 1 if (count - 1) * s >= n + p else count, 0)


def numbers(axis: Axis) -> dict[str, int] | None:
    """The sizes as numbers, or None where one has letters."""
    found = {role: size.value for role, size in axis.items() if size.value is not None}
    return found if len(found) == len(axis) else None


def reach(axis: Axis) -> Expr:
    """n - k + 2p, or n + 2p - d(k - 1) - 1 where there is a dilation: how far the window can move.

    A padding that is the constant 0, and not a given, is not spoken of.
    """
    n, k, p, d = (axis[role].ref for role in ("input", "kernel", "padding", "dilation"))
    padded = p.op != "const"
    if axis["dilation"].value == 1:
        return n - k + 2 * p if padded else n - k
    return (n + 2 * p if padded else n) - d * (k - 1) - 1


def output_formula(axis: Axis) -> Expr:
    """o; where the stride is 1 nothing has to be rounded, and no floor is shown.

    A stride that is the constant 1, and not a given, is not spoken of.
    """
    stride = axis["stride"]
    if stride.value == 1:
        return (reach(axis) if stride.ref.op == "const" else reach(axis) / stride.ref) + 1
    return floor(reach(axis) / stride.ref) + 1


def output(
    draft: Draft, label: str, axis: Axis, *, ceil_mode: bool = False, symbol: str | None = None
) -> Size:
    """The step(s) for o.

    Raises
    ------
    InputError: a window that does not fit.
    """
    check_fit(axis, ceil_mode=ceil_mode)
    at = numbers(axis)
    value = positions(at, ceil_mode=ceil_mode) if at else None
    stride = axis["stride"]
    if not ceil_mode or stride.value == 1:
        return Size(draft.step(label, output_formula(axis), source=SOURCE, symbol=symbol), value)
    up = apply("ceil", reach(axis) / stride.ref) + 1
    up = draft.step(
        f"{label}_up", up, note="ceil mode rounds up", source=CEIL_SOURCE, symbol=f"{symbol or label}_up"
    )
    inside = apply("less", (up - 1) * stride.ref, axis["input"].ref + axis["padding"].ref)
    note = "the last window has to begin inside the input or in the padding on its left"
    return Size(
        draft.step(label, where(inside, up, up - 1), note=note, source=CEIL_SOURCE, symbol=symbol), value
    )


def grown(draft: Draft, label: str, axis: Axis, extra: int, *, symbol: str | None = None) -> Size:
    """The step for the output of a transposed convolution: (n - 1)s - 2p + d(k - 1) + 1 + extra.

    Source: Dumoulin & Visin (2016), relationship 13; torch, ConvTranspose2d, for `extra` (output_padding).

    Raises
    ------
    InputError: nothing is left after the padding is cut off.
    """
    n, k, s, p, d = (axis[role].ref for role in GIVENS)
    formula = (n - 1) * s + (k if axis["dilation"].value == 1 else d * (k - 1) + 1) - 2 * p
    at = numbers({role: axis[role] for role in GIVENS})
    value = None
    if at:
        value = (
            (at["input"] - 1) * at["stride"] + span(at["kernel"], at["dilation"]) - 2 * at["padding"] + extra
        )
        if value < 1:
            raise InputError(f"an output of {value}", accepted="less padding").at(field="padding")
    source = "Dumoulin & Visin (2016), relationship 13"
    return Size(draft.step(label, formula + extra if extra else formula, source=source, symbol=symbol), value)


def check_fit(axis: Axis, *, ceil_mode: bool = False) -> None:
    """Refuse a window that is larger than its padded input."""
    at = numbers({role: axis[role] for role in GIVENS})
    if at is None or positions(at, ceil_mode=ceil_mode) >= 1:
        return
    n, p, e = at["input"], at["padding"], span(at["kernel"], at["dilation"])
    if ceil_mode and 2 * p > e:
        problem = f"a padding of {p} for a window that spans {e}, in ceil mode"
        raise InputError(problem, accepted=f"a padding of at most {e // 2}").at(field="padding")
    padded = f", {n + 2 * p} with its padding" if p else ""
    raise InputError(
        f"a window that spans {e} on an input of {n}{padded}",
        accepted=f"a span of at most {n + 2 * p}, or a padding of at least {-(-(e - n) // 2)}",
    ).at(field="kernel")
