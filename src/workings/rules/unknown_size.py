"""Any size of a window from the others: the inequality behind the floor, and all whole solutions of it.

⌊r / s⌋ + 1 = o holds precisely where (o - 1)s ≤ r ≤ o·s - 1, with r = n + 2p - d(k - 1) - 1. So every size
but o has its solutions between two bounds; with stride 1 the two are one. In ceil mode the bounds are
(o - 2)s + 1 ≤ r ≤ o·s, and of what lies between them only what leads to o is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from workings.algebra import expression as ex
from workings.algebra.expression import Expr, apply, const, name, words
from workings.algebra.show import text
from workings.errors import InputError
from workings.rules.window import LEAST, ROLES, SOURCE, SYMBOLS, Axis, Size, numbers, positions, reach, span
from workings.working import Draft

MOST_SOLUTIONS: Final = 1000
"""Solutions that are listed."""

Numbers = Mapping[str, Mapping[str, int]]
"""The known sizes along each axis, by the endings of the axes' names."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The solutions where they are numbers and come to an end; the steps that answer; whether it is one."""

    values: tuple[int, ...]
    ask: tuple[str, ...]
    one: bool


def solve(
    draft: Draft,
    role: str,
    axes: Mapping[str, Axis],
    *,
    label: str | None = None,
    signs: Mapping[str, str] = SYMBOLS,
    ceil_mode: bool = False,
) -> Solution:
    """Steps that find one size, the same along all `axes`; the last of them is called `label`.

    Its value is the solution, or the list of all of them, or words where they are without end or in letters.

    Parameters
    ----------
    axes: the known sizes, `output` among them, by the ending of the axis's names ("" for a lone one).
    signs: how the sizes are printed, by their roles.

    Raises
    ------
    InputError: no whole number will do; the outputs next to the one wanted are named.
    """
    unknown = _Unknown(draft, role, axes, label or role, signs, ceil_mode)
    at = {ending: found for ending, axis in axes.items() if (found := numbers(axis)) is not None}
    if len(at) < len(axes):
        unknown.in_letters()
        bounded = () if unknown.direct else (f"{unknown.label}_low", f"{unknown.label}_high")
        return Solution((), (*bounded, unknown.label), one=unknown.direct)
    found = _solutions(role, at, ceil_mode=ceil_mode)
    if found.endless:
        reason = (
            "a stride that leaves room for one window"
            if role == "stride"
            else "a lone entry cannot be spread"
        )
        unknown.answer(words(f"every whole number from {found.values[0]}"), reason)
        return Solution((), (unknown.label,), one=False)
    unknown.between_bounds(found.values)
    return Solution(found.values, (unknown.label,), one=len(found.values) == 1)


# --- in numbers -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """All whole solutions, in order; of an `endless` sequence the first."""

    values: tuple[int, ...]
    endless: bool = False

    def __str__(self) -> str:
        first, last = self.values[0], self.values[-1]
        return f"{first} or more" if self.endless else str(first) if first == last else f"{first} to {last}"


def _solutions(role: str, at: Numbers, *, ceil_mode: bool) -> _Found:
    """The solutions that all axes share.

    Raises
    ------
    InputError: none, or too many.
    """
    each = [_whole_bounds(role, known, ceil_mode=ceil_mode) for known in at.values()]
    first = max(LEAST[role], *(low for low, _ in each))
    lasts = [high for _, high in each if high is not None]
    last = min(lasts, default=first)
    if last - first >= 3 * MOST_SOLUTIONS:
        raise _too_many(role, first, last)
    values = tuple(
        value
        for value in range(first, last + 1)
        if all(
            positions({**known, role: value}, ceil_mode=ceil_mode) == known["output"] for known in at.values()
        )
    )
    if not values:
        raise _impossible(role, at, ceil_mode=ceil_mode)
    if len(values) > MOST_SOLUTIONS:
        raise _too_many(role, values[0], values[-1])
    return _Found(values, endless=not lasts)


def _too_many(role: str, first: int, last: int) -> InputError:
    return InputError(
        f"every {role} from about {first} to about {last} would do",
        accepted=f"sizes that leave at most {MOST_SOLUTIONS} solutions",
    ).at(field=role)


def _whole_bounds(role: str, known: Mapping[str, int], *, ceil_mode: bool) -> tuple[int, int | None]:
    """The least and the greatest whole number that the inequality admits (None: no greatest)."""
    if role == "dilation" and known["kernel"] == 1:  # the dilation of a single entry does nothing
        fits = positions({**known, role: 1}, ceil_mode=ceil_mode) == known["output"]
        return 1, None if fits else 0
    exact = {label: Fraction(value) for label, value in known.items()}
    if role == "stride" and known["output"] == 1:
        moves = exact["input"] + 2 * exact["padding"] - span(exact["kernel"], exact["dilation"])
        if not ceil_mode:
            return int(moves) + 1, None if moves >= 0 else 0
        return int(exact["input"] + exact["padding"]) if moves > 0 else 1, None
    low, high = bounds(role, exact, ceil_mode=ceil_mode, windows=known["output"])
    beyond = role == "stride" and not ceil_mode
    return floor(low) + 1 if beyond else ceil(low), floor(high)


def _impossible(role: str, at: Numbers, *, ceil_mode: bool) -> InputError:
    """No solution: along one axis, or none that the axes share."""
    if len(at) == 1:
        return _nearest(role, *at.values(), ceil_mode=ceil_mode)
    each: list[str] = []
    for ending, known in at.items():
        try:
            found = _solutions(role, {ending: known}, ceil_mode=ceil_mode)
        except InputError as error:
            return error
        each.append(f"{found} along {ending.lstrip('_')}")
    return _one_an_axis(f"no {role} serves all axes: {', '.join(each)}", role, len(at))


def _one_an_axis(problem: str, role: str, axes: int) -> InputError:
    unknowns = ", ".join(['"?"'] * axes)
    return InputError(problem, accepted=f"[{unknowns}], one an axis").at(field=role)


def _nearest(role: str, known: Mapping[str, int], *, ceil_mode: bool) -> InputError:
    """No solution along one axis: which outputs the neighbouring whole numbers lead to."""
    low, high = _whole_bounds(role, known, ceil_mode=ceil_mode)
    near = {value + step for value in (low, low if high is None else high) for step in (-1, 0, 1)}
    reached: dict[int, int] = {}
    for value in sorted({max(value, LEAST[role]) for value in near}):
        count = positions({**known, role: value}, ceil_mode=ceil_mode)
        if count >= 1:
            reached.setdefault(count, value)
    wanted = known["output"]
    below = max((count for count in reached if count < wanted), default=None)
    above = min((count for count in reached if count > wanted), default=None)
    offered = [f"{count} (with {role} {reached[count]})" for count in (below, above) if count is not None]
    others = ", ".join(
        f"{label} {value}"
        for label, value in known.items()
        if label != "output" and (label, value) != ("dilation", 1)
    )
    return InputError(
        f"no {role} gives an output of {wanted} with {others}",
        accepted=f"an output of {' or '.join(offered)}" if offered else "an input that the window fits on",
    ).at(field="output")


# --- as formulas ------------------------------------------------------------------------------------------


def bounds(
    role: str,
    at: Mapping[str, Any],
    *,
    ceil_mode: bool = False,
    plain: bool = False,
    windows: int | None = None,
) -> tuple[Any, Any]:
    """The bounds of one size from the others, all of them expressions or all Fractions.

    A stride lies above its lower bound; the upper one is for an output of more than 1.

    Parameters
    ----------
    plain: the dilation is 1, which shortens the formulas.
    windows: the output where it is a number.
    """
    sizes: list[Any] = [at.get(part) for part in ROLES]
    n, k, s, p, d, o = sizes
    if role == "stride":
        moves = n - k + 2 * p if plain else n + 2 * p - d * (k - 1) - 1
        if windows == 1:
            return moves / o, None
        if not ceil_mode:
            return moves / o, moves / (o - 1)
        return moves / o, n + p - 1 if windows == 2 else (moves - 1) / (o - 2)
    if role in ("input", "padding"):
        e = k if plain else span(k, d)
        first, last = ((o - 2) * s + 1, o * s) if ceil_mode else ((o - 1) * s, o * s - 1)
        if role == "input":
            return first + e - 2 * p, last + e - 2 * p
        return (first - n + e) / 2, (last - n + e) / 2
    over = n + 2 * p - o * s - 1 if ceil_mode else n + 2 * p - o * s
    under = n + 2 * p - (o - 2) * s - 2 if ceil_mode else n + 2 * p - (o - 1) * s - 1
    if role == "kernel" and plain:
        return (over + 1, under + 1) if ceil_mode else (over + 1, n + 2 * p - (o - 1) * s)
    return (over / d + 1, under / d + 1) if role == "kernel" else (over / (k - 1), under / (k - 1))


@dataclass(frozen=True, slots=True)
class _Unknown:
    """The unknown while its steps are written."""

    draft: Draft
    role: str
    axes: Mapping[str, Axis]
    label: str
    signs: Mapping[str, str]
    ceil_mode: bool

    @property
    def direct(self) -> bool:
        """Whether no floor is in the way: the stride is 1, and the two bounds are one."""
        return self.role != "stride" and all(axis["stride"].value == 1 for axis in self.axes.values())

    def answer(self, formula: Expr, note: str = "") -> None:
        """The last step."""
        self.draft.step(self.label, formula, note=note, symbol=self.signs[self.role])

    def between_bounds(self, values: tuple[int, ...]) -> None:
        """The bounds, and the whole numbers between them."""
        if self.direct:
            self.answer(self.equation(), self.remark())
            return
        low = self.bound("low", 0)
        self.bound("high", 1)
        first = self.first_whole(low, values[0])
        offsets = [value - values[0] for value in values]
        note = (
            "the only whole number between the bounds"
            if len(values) == 1
            else "all whole numbers between the bounds"
        )
        if self.ceil_mode:
            note += " that lead to this output"
        self.answer(first if len(values) == 1 else first + const(offsets), note)

    def in_letters(self) -> None:
        """The solution as a formula, or the two bounds."""
        if self.ceil_mode and not self.direct:
            raise InputError(
                f"an unknown {self.role} in ceil mode, with letters", accepted="numbers, or no ceil mode"
            )
        if len(self.axes) > 1:
            problem = f"one unknown {self.role} for axes whose sizes are different letters"
            raise _one_an_axis(problem, self.role, len(self.axes))
        if self.direct:
            self.answer(self.equation(), self.remark())
            return
        self.bound("low", 0)
        self.bound("high", 1)
        start = "above" if self.role == "stride" else "from"
        low, high = f"{self.signs[self.role]}_low", f"{self.signs[self.role]}_high"
        self.answer(words(f"every whole number {start} {low} up to {high}"))

    def equation(self) -> Expr:
        """The solution where the bounds are one, from that with (o - 1)s; several axes have the same."""
        place = 0 if self.role in ("input", "padding") else 1
        endings = list(self.axes)
        if len(endings) == 1:
            return self.formulas(endings[0])[place]
        for ending in endings:
            sign = f"{self.signs[self.role]}{ending}"
            self.draft.step(f"{self.label}{ending}", self.formulas(ending)[place], source=SOURCE, symbol=sign)
        return name(f"{self.label}{endings[0]}")

    def bound(self, which: str, place: int) -> Expr:
        """The step(s) for the lower (place 0) or the upper bound, the tightest over the axes."""
        label, sign = f"{self.label}_{which}", f"{self.signs[self.role]}_{which}"
        note = self.remark() if place == 0 else ""
        endings = list(self.axes)
        if len(endings) == 1:
            return self.draft.step(
                label, self.formulas(endings[0])[place], note=note, source=SOURCE, symbol=sign
            )
        each: list[Expr] = []
        for ending in endings:
            formula = self.formulas(ending)[place]
            if formula is None:  # a single window leaves the stride open above
                continue
            each.append(
                self.draft.step(
                    f"{label}{ending}", formula, note=note, source=SOURCE, symbol=f"{sign}{ending}"
                )
            )
            note = ""
        tightest = each[0]
        for one in each[1:]:
            tightest = apply("minimum" if place else "maximum", tightest, one)
        return self.draft.step(label, tightest, symbol=sign)

    def formulas(self, ending: str) -> tuple[Any, Any]:
        """Both bounds along one axis, as expressions."""
        axis = self.axes[ending]
        refs = {role: size.ref for role, size in axis.items()}
        plain = self.role != "dilation" and axis["dilation"].value == 1
        windows = axis["output"].value
        return bounds(
            self.role, refs, ceil_mode=self.ceil_mode and not self.direct, plain=plain, windows=windows
        )

    def first_whole(self, low: Expr, first: int) -> Expr:
        """The least solution from the lower bound; a constant where something else decides it."""
        at = {ending: numbers(axis) or {} for ending, axis in self.axes.items()}
        if first != max(
            _whole_bounds(self.role, known, ceil_mode=self.ceil_mode)[0] for known in at.values()
        ):
            return const(first)
        undilated = all(
            self.role != "dilation" and axis["dilation"].value == 1 for axis in self.axes.values()
        )
        if self.role == "input" or (self.role == "kernel" and undilated):
            return low
        # written out, since a bound that was rounded on the way may lie on the wrong side of a whole number
        whole = [self.rounded_up(self.formulas(ending)[0]) for ending in self.axes]
        for other in whole[1:]:
            whole[0] = apply("maximum", whole[0], other)
        return whole[0]

    def rounded_up(self, bound: Expr) -> Expr:
        """The least whole number from a lower bound, or above it for a stride."""
        return ex.floor(bound) + 1 if self.role == "stride" and not self.ceil_mode else apply("ceil", bound)

    def remark(self) -> str:
        """The relation that is solved; with the unknown in it, it cannot be a step."""
        s, d, o = (name(self.signs[role]) for role in ("stride", "dilation", "output"))
        axis = {role: Size(name(self.signs[role]), None) for role in ROLES}
        if self.role != "dilation" and all(found["dilation"].value == 1 for found in self.axes.values()):
            axis["dilation"] = Size(d, 1)
        moves = reach(axis)
        rounded = f"⌊{text(moves / s)}⌋ + 1"
        if self.direct:
            return f"from {text(o)} = {text(moves / s + 1)}"
        if self.ceil_mode:
            return (
                f"in ceil mode {text(o)} windows need {text((o - 2) * s + 1)} ≤ {text(moves)} ≤ {text(o * s)}"
            )
        between = f"{text((o - 1) * s)} ≤ {text(moves)} ≤ {text(o * s - 1)}"
        return f"since {text(o)} = {rounded}, it must be that {between}"
