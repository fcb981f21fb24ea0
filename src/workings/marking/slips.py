"""Known slips: what people get wrong in a formula, each written once as a rewrite of the step's expression.

The table is in order of simplicity: where two slips give the same value, the earlier is told. `slipped` makes
every slip in a step at each place where it can be made, and at all of them at once; `mistyped` tells slips of
the pen in the value itself (digits swapped, a decimal point misplaced, digits cut off).

The slips are those of the example papers' keys (a transposed gradient, swapped digits, a count without its
biases), of framework summaries (MACs for FLOPs, padding, floor and ceil) and of textbook exercises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from workings.algebra.composites import expand
from workings.algebra.expression import Expr, postorder
from workings.algebra.rounding import round_decimals, spell
from workings.algebra.shape import Shape, shapes_of
from workings.errors import InputError
from workings.marking.rewrites import factors, layers, sums, windows
from workings.marking.rewrites.place import Place, Rewrite

MOST_REWRITES: Final = 200
"""Slipped forms of one step."""
MOST_NODES: Final = 2_000
"""Nodes of a formula that is looked at for slips."""
MOST_PLACES: Final = 12
"""Places in one step at which a slip is made one by one."""

KEPT: Final = frozenset(
    (
        *("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "step", "softmax", "masked_softmax", "mean"),
        *("max_pool", "mean_pool", "convolution", "cross_correlation", "rotate_180"),
        *("entry", "between", "every", "interpolated", "convolution_matrix"),
    )
)
"""Composites that slips know by name; the others are looked into."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A known slip.

    Parameters
    ----------
    name: a few words, for tables.
    feedback: one sentence to the student.
    rewrite: what it does at one place of a formula; None for slips of the pen, which are in the value.
    rank: its place in the table, the simplest first.
    everywhere: whether who makes it makes it in every step alike.
    """

    name: str
    feedback: str
    rewrite: Rewrite | None = field(compare=False, repr=False, default=None)
    rank: int = 0
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Slipped:
    """A step's formula with a slip in it; `reshaped` where its value then has another shape."""

    slip: Slip
    expr: Expr
    reshaped: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """A step's label, the shapes of the names it may use, and whether its value is made of whole numbers."""

    label: str
    shapes: Mapping[str, Shape]
    whole: bool = False


def _row(name: str, feedback: str, rewrite: Rewrite | None, *, everywhere: bool = False) -> Slip:
    return Slip(name, feedback, rewrite, everywhere=everywhere)


def _ranked(*rows: Slip) -> tuple[Slip, ...]:
    return tuple(
        Slip(row.name, row.feedback, row.rewrite, rank, row.everywhere) for rank, row in enumerate(rows)
    )


DIGITS, POINT, PERCENT, CUT, ORDER, *_ROWS = _ranked(
    _row("two digits swapped", "Two neighbouring digits stand in the wrong order.", None),
    _row("decimal point", "The decimal point is in the wrong place.", None),
    _row("percent", "This is the answer in percent; write the fraction of 1.", None),
    _row("cut off", "You cut the last digit off; round it.", None),
    _row("order of entries", "The numbers are right, but stand in another order.", None),
    _row("sign", "The sign is wrong.", factors.sign),
    _row("bias left out", "You left the bias out.", layers.bias, everywhere=True),
    _row("bias counted", "There is no bias here to count.", layers.bias_added, everywhere=True),
    _row("transpose left out", "You left a transpose out.", layers.transpose_left_out, everywhere=True),
    _row("activation left out", "You left the activation out.", layers.activation, everywhere=True),
    _row("slope left out", "You left the activation's derivative out.", layers.slope, everywhere=True),
    _row("learning rate left out", "You left the learning rate out.", layers.rate, everywhere=True),
    _row("MACs for FLOPs", "A multiply–add is two operations.", factors.macs, everywhere=True),
    _row("scale left out", "You left the division by √d out.", factors.scale, everywhere=True),
    _row("padding left out", "You left the padding out.", windows.padding, everywhere=True),
    _row("padding once", "The padding counts on both sides.", windows.padding_once, everywhere=True),
    _row("stride left out", "You left the stride out.", windows.stride, everywhere=True),
    _row("dilation left out", "You left the dilation out.", windows.dilation, everywhere=True),
    _row("no padding", "You did not pad the image.", windows.window_padding, everywhere=True),
    _row("stride of 1", "You moved the window by 1, not by the stride.", windows.window_stride),
    _row("kernel turned", "The kernel is turned by 180° here, or should be.", windows.turned_kernel),
    _row("floor and ceiling", "You rounded the wrong way.", windows.other_rounding, everywhere=True),
    _row("not rounded", "A size is a whole number: round it.", windows.unrounded, everywhere=True),
    _row("intersection twice", "The union counts the intersection once: take it off.", sums.intersection),
    _row("factor 2 left out", "You left a factor of 2 out.", factors.factor_two, everywhere=True),
    _row("factor 1/2 left out", "You left a factor of ½ out.", factors.half, everywhere=True),
    _row("square left out", "You left a square out.", factors.square, everywhere=True),
    _row("root left out", "You left a square root out.", factors.root, everywhere=True),
    _row("degrees", "Set the calculator to radians.", sums.degrees, everywhere=True),
    _row("log base 2", "Use the natural logarithm, not that to base 2.", sums.log_2, everywhere=True),
    _row("log base 10", "Use the natural logarithm, not that to base 10.", sums.log_10, everywhere=True),
    _row("1 left out", "You left the + 1 or − 1 out.", windows.one_left_out, everywhere=True),
    _row("wrong activation", "This is another activation.", layers.other_activation, everywhere=True),
    _row("difference reversed", "A difference is the wrong way round.", factors.reversed_difference),
    _row("sign of a term", "A plus should be a minus, or a minus a plus.", factors.inner_sign),
    _row("mean for sum", "Add up; do not take the mean.", sums.mean_for_sum, everywhere=True),
    _row("sum for mean", "Divide the sum by the count.", sums.sum_for_mean, everywhere=True),
    _row("variance over n - 1", "This variance is over n.", sums.unbiased, everywhere=True),
    _row("not normalised", "Divide by the sum of the exponentials.", sums.unnormalised, everywhere=True),
    _row("other axis", "You went along rows in place of columns, or the other way.", sums.other_axis),
    _row("mask left out", "Hidden entries must not be counted.", sums.mask),
    _row("no clipping", "A negative length means no overlap: take 0.", sums.clip, everywhere=True),
    _row("epsilon left out", "You left ε out.", factors.eps, everywhere=True),
    _row("epsilon misplaced", "Look where ε stands: under the root, or beside it.", factors.eps_inside),
    _row("position from 1", "Positions count from 0.", windows.position, everywhere=True),
    _row("previous step", "You took the value of another step.", windows.neighbour),
    _row("old value", "You took the value before its update or correction.", windows.old_value),
    _row("gates exchanged", "You took z and 1 − z the wrong way round.", factors.gates),
    _row("complement", "You wrote z where 1 − z belongs.", factors.complement),
    _row("sine and cosine", "You took sine for cosine, or the other way.", sums.cosine, everywhere=True),
    _row("transpose added", "There is a transpose too many.", layers.transpose_added),
    _row("element by element", "Multiply as matrices, not entry by entry.", layers.elementwise),
    _row("factors exchanged", "The factors of a matrix product are exchanged.", layers.order),
    _row("factor 2 added", "There is a factor of 2 too many.", factors.two_added),
    _row("factor 1/2 added", "There is a factor of ½ too many.", factors.half_added),
    _row("one more", "You are out by one.", windows.one_added, everywhere=True),
    _row("fraction inverted", "Numerator and denominator are exchanged.", sums.inverted),
    _row("denominator left out", "You left a division out.", sums.denominator, everywhere=True),
    _row("term left out", "You left a term out.", sums.term),
    _row("factor left out", "You left a factor out.", sums.factor),
    _row("doubled for squared", "You doubled in place of squaring.", factors.twice_for_square),
    _row("root added", "There is a square root too many.", factors.root_added),
    _row("maximum for sum", "Add up; do not take the largest.", sums.largest_for_sum),
    _row(
        "minimum and maximum", "You exchanged minimum and maximum.", sums.least_for_largest, everywhere=True
    ),
    _row("sum for product", "You added where you should multiply.", sums.sum_for_product),
    _row("product for sum", "You multiplied where you should add.", sums.product_for_sum),
    _row("product for quotient", "You multiplied in place of dividing.", sums.product_for_quotient),
)
SLIPS: Final = (DIGITS, POINT, PERCENT, CUT, ORDER, *_ROWS)
"""Every slip, the simplest first."""
FORMULA_SLIPS: Final = tuple(_ROWS)
"""Those that are rewrites of a formula."""


def slipped(root: Expr, context: Context, *, throughout: bool = False) -> Iterator[Slipped]:
    """The step's formula with each slip in it, the simplest first, all different, `MOST_REWRITES` at most.

    With `throughout` only with slips that people make in every step alike, and at all places at once.
    """
    try:
        expanded = expand(root, keep=KEPT)
        order = postorder(expanded)
        if len(order) > MOST_NODES:
            return
        places = _places(expanded, order, context)
        shape = places[expanded].shape
    except InputError:  # a formula that is words, or that has no one shape
        return
    alike = _Alike()
    seen = {alike.number(root), alike.number(expanded)}
    left = MOST_REWRITES
    for slip in FORMULA_SLIPS:
        if throughout and not slip.everywhere:
            continue
        for candidate in _forms(slip, order, places, once=not throughout):
            number = alike.number(candidate)
            if number in seen:
                continue
            seen.add(number)
            reshaped = _shape_of(candidate, context)
            if reshaped is None:
                continue
            yield Slipped(slip, candidate, reshaped != shape)
            left -= 1
            if not left:
                return


class _Alike:
    """Numbers formulas so that those written alike have one number; shared nodes are looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, tuple[int, ...], str], int] = {}
        self._of: dict[Expr, int] = {}

    def number(self, root: Expr) -> int:
        known = self._of
        for node in postorder(root, lambda node: () if node in known else node.args):
            if node not in known:
                attrs = repr(sorted(node.attrs.items(), key=lambda item: item[0])) if node.attrs else ""
                key = (node.op, tuple(known[arg] for arg in node.args), attrs)
                known[node] = self._numbers.setdefault(key, len(self._numbers))
        return known[root]


def _places(root: Expr, order: list[Expr], context: Context) -> dict[Expr, Place]:
    above: dict[Expr, set[str]] = {root: set()}
    for node in order:
        for arg in node.args:
            above.setdefault(arg, set()).add(node.op)
    shapes = shapes_of(root, context.shapes)
    return {
        node: Place(
            node,
            shapes[node],
            tuple(shapes[arg] for arg in node.args),
            frozenset(above[node]),
            context.label,
            context.shapes,
            context.whole,
        )
        for node in order
    }


def _forms(slip: Slip, order: list[Expr], places: Mapping[Expr, Place], *, once: bool) -> Iterator[Expr]:
    """The slip at all places at once, then at each."""
    assert slip.rewrite is not None  # noqa: S101  the rows of FORMULA_SLIPS have one
    where: list[tuple[Expr, list[Expr]]] = []
    for node in order:
        forms = list(slip.rewrite(places[node]))
        if forms:
            where.append((node, forms))
    if not where:
        return
    if len(where) > 1:
        most = max(len(forms) for _, forms in where)
        for choice in range(most if once else 1):
            yield _everywhere(order, places, slip.rewrite, choice)
    elif not once:
        yield _rebuilt(order, where[0][0], where[0][1][0])
    if once:
        for node, forms in where[:MOST_PLACES]:
            for form in forms:
                yield _rebuilt(order, node, form)


def _everywhere(order: list[Expr], places: Mapping[Expr, Place], rewrite: Rewrite, choice: int) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in order:
        copy = _copied(node, done)
        place = places[node]
        forms = list(rewrite(replace(place, node=copy)))
        done[node] = forms[min(choice, len(forms) - 1)] if forms else copy
    return done[order[-1]]


def _rebuilt(order: list[Expr], target: Expr, form: Expr) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in order:
        done[node] = form if node is target else _copied(node, done)
    return done[order[-1]]


def _copied(node: Expr, done: Mapping[Expr, Expr]) -> Expr:
    args = tuple(done[arg] for arg in node.args)
    unchanged = all(new is old for new, old in zip(args, node.args, strict=True))
    return node if unchanged else Expr(node.op, args, node.attrs)


def _shape_of(root: Expr, context: Context) -> Shape | None:
    try:
        return shapes_of(root, context.shapes)[root]
    except InputError:
        return None


# --- slips of the pen ---------------------------------------------------------------------------------------


def mistyped(
    written: Fraction, right: Fraction, exact: tuple[Fraction, Fraction], decimals: int
) -> Slip | None:
    """The slip of the pen that turns the right number into the written one.

    Parameters
    ----------
    written: what was written; never 0, which is no slip of the pen.
    right: the answer rounded to `decimals`.
    exact: the least and the greatest value that the answer may have.
    """
    if written == 0 or right in (0, written):
        return None
    if written in swapped(right, decimals):
        return DIGITS
    for power, slip in ((1, POINT), (-1, POINT), (2, PERCENT), (-2, POINT), (3, POINT), (-3, POINT)):
        shift = Fraction(10) ** power
        rounded = decimals > 0 and all(written == round_decimals(end * shift, decimals) for end in exact)
        if written == right * shift or rounded:
            return slip
    return CUT if all(written == _cut(end, decimals) for end in exact) else None


def swapped(value: Fraction, decimals: int) -> set[Fraction]:
    """`value`, written with its decimals, with two neighbouring digits in the other order."""
    sign, digits = (-1 if value < 0 else 1), spell(abs(value), max(decimals, 0))
    found: set[Fraction] = set()
    at = [i for i, character in enumerate(digits) if character != "."]
    for i, j in pairwise(at):
        if digits[i] != digits[j]:
            moved = list(digits)
            moved[i], moved[j] = moved[j], moved[i]
            found.add(sign * Fraction("".join(moved)))
    return found - {value}


def _cut(value: Fraction, decimals: int) -> Fraction:
    scale = Fraction(10) ** decimals
    units = abs(value) * scale
    result = Fraction(units.numerator // units.denominator) / scale
    return -result if value < 0 else result
