"""The verdict on one answer: right, right as rounded, or wrong, and why.

A number is right where it equals the certified value at the asked precision; integers exactly. It is right as
rounded where it lies in the enclosure of one step whose parents are the writer's own digits ± half a unit of
their last place, if those were right or right as rounded themselves; parents that nobody wrote may have been
rounded at every step on their way, or not. A formula is compared at random points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import exact_value, printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, names_in
from workings.algebra.rounding import Places, round_decimals
from workings.algebra.shape import shapes_of
from workings.algebra.systems import Enclosure, Undecided
from workings.errors import InputError
from workings.marking.answers import Formula, Numbers, read_formula, read_numbers, read_words
from workings.marking.points import Point, agree, points
from workings.solution import Solution

VerdictName = Literal["right", "right, rounded", "wrong"]

ENCLOSURE_BITS: Final = 256
DECIMAL: Final = re.compile(r"-?\d+(\.\d+)?")
MOST_NAMED: Final = 4
"""Wrong entries of a vector or matrix that are named one by one."""
TRAILING: Final = 12
"""Decimals beyond which the last digit written may be cut off in place of rounded."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict, with a remark on what is wrong or how it is right."""

    name: VerdictName
    note: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer earns its marks."""
        return self.name != "wrong"


class Marker:
    """Marks the answers to one solved question, in the order of its steps."""

    def __init__(self, solution: Solution, answers: Mapping[str, object]) -> None:
        self.solution = solution
        self.answers = answers
        self.places = solution.places
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, name: str) -> Verdict:
        """The verdict on the answer to `name`; earlier steps are judged first, without recursion."""
        for label in (*self.solution.working.givens, *(step.name for step in self.solution.working)):
            if name in self._verdicts:
                break
            if label in self.answers and label not in self._verdicts:
                try:
                    self._verdicts[label] = self._judge(label)
                except InputError as error:
                    self._verdicts[label] = Verdict("wrong", f"not readable: {error}")
        return self._verdicts[name]

    def _judge(self, name: str) -> Verdict:
        raw = self.answers[name]
        check = self.solution.question.checks.get(name)
        if check is not None:
            fault = check(self.solution.given, raw)
            return Verdict("wrong", fault) if fault else Verdict("right")
        value = self.solution.quantities[name].value
        if isinstance(value, str):
            same = read_words(raw) == read_words(value)
            return Verdict("right") if same else Verdict("wrong", f"right: {value}")
        if value is None or self._letters.get(name):
            return self._formula(name, raw)
        return self._numbers(name, value, read_numbers(raw))

    @cached_property
    def _letters(self) -> Mapping[str, frozenset[str]]:
        return self.solution.working.needs() if self.solution.working.letters else {}

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        working = self.solution.working
        ranks = {name: len(shape) for name, shape in working.shapes.items()}
        return ranks | {symbol: ranks[name] for name, symbol in working.symbols.items() if name in ranks}

    # --- numbers --------------------------------------------------------------------------------------------

    def _numbers(self, name: str, value: Any, answer: Numbers) -> Verdict:
        target = np.asarray(value, dtype=object)
        if answer.shape != target.shape:
            fitted = _refit(answer, target.shape)
            if fitted is None:
                return Verdict("wrong", _shape_note(answer, target))
            answer = fitted
        if all(
            is_right(written, int(count), entry, self.places)
            for written, count, entry in zip(
                answer.values.flat, answer.decimals.flat, target.flat, strict=True
            )
        ):
            return Verdict("right")
        if self.solution.rounding == "steps" and name in self.solution.working and not _whole(target):
            inside = self._inside(name, answer)
            if inside:
                exact = printed(value, self.places).text
                return Verdict("right, rounded", f"without rounding on the way: {exact}")
        return Verdict("wrong", self._fault(answer, target, value))

    def _fault(self, answer: Numbers, target: Any, value: Any) -> str:
        right = f"right: {printed(value, self.places).text}"
        if target.ndim == 2 and target.shape[0] == target.shape[1]:
            turned = target.T
            pairs = zip(answer.values.flat, answer.decimals.flat, turned.flat, strict=True)
            if all(is_right(written, int(count), entry, self.places) for written, count, entry in pairs):
                return f"the transpose; {right}"
        if target.ndim == 0:
            swapped = _digits_swapped(answer.values.item(), value, self.places)
            return f"two digits swapped; {right}" if swapped else right
        wrong = [
            (index, answer.values[index], target[index])
            for index in np.ndindex(target.shape)
            if not is_right(answer.values[index], int(answer.decimals[index]), target[index], self.places)
        ]
        if len(wrong) > MOST_NAMED or len(wrong) == target.size:
            return right
        return "; ".join(self._entry_fault(*entry) for entry in wrong)

    def _entry_fault(self, index: tuple[int, ...], written: Fraction, entry: Any) -> str:
        """One wrong entry of a vector or matrix; subscripts count from 1."""
        place = ", ".join(str(i + 1) for i in index)
        swapped = ", two digits swapped" if _digits_swapped(written, entry, self.places) else ""
        found, right = printed(written, None).text, printed(entry, self.places).text
        return f"entry {place}: printed {found}, right {right}{swapped}"

    def _inside(self, name: str, answer: Numbers) -> bool:
        """Whether every entry lies in the one-step enclosure from the writer's own parents."""
        try:
            with balls.precision(ENCLOSURE_BITS):
                system = Enclosure(ENCLOSURE_BITS, self.places)
                parents = {label: self._parent(label) for label in names_in(self.solution.working[name].expr)}
                value = system.settle(evaluate(self.solution.working[name].expr, parents, system))
                return all(
                    _contains(entry, written)
                    for entry, written in zip(
                        np.asarray(value, dtype=object).flat, answer.values.flat, strict=True
                    )
                )
        except (Undecided, InputError, KeyError):  # a parent that the enclosure could not work out
            return False

    def _parent(self, label: str) -> Any:
        """A parent as balls: what the writer's digits may stand for, or all that rounding can reach."""
        if label in self.answers and label in self.solution.working and self._verdicts[label].right:
            answer = read_numbers(self.answers[label])
            certified = np.asarray(self.solution.values[label], dtype=object)
            fitted = answer if answer.shape == certified.shape else _refit(answer, certified.shape)
            if fitted is not None:
                return self._as_written(fitted, certified)
        return self._unwritten[label]

    def _as_written(self, answer: Numbers, certified: Any) -> Any:
        """Each written number ± half a unit of its last place; one that is exactly right stands for itself.

        A number with fewer decimals than asked for was right with zeros in their place, or was wrong.
        """
        result = np.empty(answer.shape, dtype=object)
        for index in np.ndindex(answer.shape):
            written, decimals = answer.values[index], int(answer.decimals[index])
            known = decimals < 0 or exact_value(certified[index]) == written
            last = max(decimals, self.places.decimals_for(written))
            half = Fraction(0) if known else Fraction(10) ** -last / 2
            result[index] = balls.hull(written - half, written + half)
        return result if result.ndim else result[()]

    @cached_property
    def _unwritten(self) -> Mapping[str, Any]:
        """Every step in an enclosure; what enclosures can't work out is left out, as letters are."""
        system = Enclosure(ENCLOSURE_BITS, self.places)
        with balls.precision(ENCLOSURE_BITS):
            values = dict(self.solution.working.lifted(system))
            for step in self.solution.working:
                if all(label in values for label in names_in(step.expr)):
                    with suppress(Undecided, InputError):
                        values[step.name] = system.settle(evaluate(step.expr, values, system))
        return values

    # --- formulas -------------------------------------------------------------------------------------------

    @cached_property
    def _points(self) -> tuple[Point, ...]:
        return points(self.solution.working)

    def _formula(self, name: str, raw: object) -> Verdict:
        answer = read_formula(raw, self._ranks)
        working = self.solution.working
        expected = working[name].expr if name in working else working.givens[name].value
        stranger = self._stranger(answer)
        if stranger:
            return Verdict("wrong", f"not readable: {stranger!r} is not a letter of the question")
        outcome = agree(working, name, answer.expr, self._points)
        if outcome == "same":
            return Verdict("right")
        from workings.algebra.show import text

        shown = self.solution.quantities[name].printed
        right = f"right: {shown.text if shown else text(expected, ranks=self._shown_ranks(expected))}"
        reasons = {
            "transposed": f"the transposed layout; {right}",
            "shape": f"another shape; {right}",
            "misfit": f"the sizes do not fit; {right}",
            "different": right,
        }
        return Verdict("wrong", reasons[outcome])

    def _stranger(self, answer: Formula) -> str | None:
        known = self._ranks
        return next((label for label in names_in(answer.expr) if label not in known), None)

    def _shown_ranks(self, root: Expr) -> Mapping[Expr, int]:
        shapes = shapes_of(root, self.solution.working.shapes)
        return {node: len(shape) for node, shape in shapes.items()}


def is_right(written: Fraction, decimals: int, entry: Any, places: Places) -> bool:
    """Whether a written number equals a certified one at the asked precision.

    More decimals than asked for must be right too, up to a last digit cut off in place of rounded.
    """
    exact = exact_value(entry)
    if exact is not None and (written == exact or exact.denominator == 1):
        return written == exact
    asked = places.decimals_for(written if places.significant else Fraction(0))
    count = max(asked, decimals)
    for ties in ("half-up", "half-even"):
        rounded = _rounded(entry, count, ties)
        if rounded is not None and written == rounded:
            return True
    if decimals <= asked and decimals >= 0:
        return False
    low, high = balls.bounds(entry) if exact is None else (exact, exact)
    unit = Fraction(1, 10 ** min(decimals, TRAILING)) if decimals >= 0 else Fraction(1, 10**TRAILING)
    near = low - unit < written < high + unit
    return near and _rounded(entry, asked, "half-up") == round_decimals(written, asked)


def _rounded(entry: Any, decimals: int, ties: str) -> Fraction | None:
    exact = exact_value(entry)
    ends = (exact, exact) if exact is not None else balls.bounds(entry)
    low, high = (round_decimals(end, decimals, ties) for end in ends)
    return low if low == high else None


def _whole(target: Any) -> bool:
    exact = [exact_value(entry) for entry in target.flat]
    return all(value is not None and value.denominator == 1 for value in exact)


def _contains(entry: Any, written: Fraction) -> bool:
    low, high = balls.bounds(entry)
    return low <= written <= high


def _refit(answer: Numbers, shape: tuple[int, ...]) -> Numbers | None:
    """The same numbers in another shape, where only axes of one entry differ."""
    squeezed = tuple(extent for extent in answer.shape if extent != 1)
    if squeezed != tuple(extent for extent in shape if extent != 1):
        return None
    return Numbers(answer.values.reshape(shape), answer.decimals.reshape(shape))


def _shape_note(answer: Numbers, target: Any) -> str:
    found = " × ".join(map(str, answer.shape)) or "a single number"
    wanted = " × ".join(map(str, target.shape)) or "a single number"
    turned = "; the transposed layout" if answer.shape == target.shape[::-1] else ""
    return f"found {found}, expected {wanted}{turned}"


def _digits_swapped(written: Fraction, value: Any, places: Places) -> bool:
    """Whether two neighbouring digits of the right answer stand in the other order."""
    text = printed(value, places).text.replace("−", "-")
    if not DECIMAL.fullmatch(text):
        return False
    pairs = [i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]]
    return any(Fraction(text[:i] + text[i + 1] + text[i] + text[i + 2 :]) == written for i in pairs)
