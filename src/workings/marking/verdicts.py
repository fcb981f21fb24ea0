"""The verdict on one answer: right, right as rounded, right from earlier answers, a known slip, or wrong.

A number is right where it equals the certified value at the asked precision; integers exactly. It is right as
rounded where it lies in the enclosure of one step whose parents are the writer's own digits ± half a unit of
their last place, if those were right or right as rounded themselves; parents that nobody wrote may have been
rounded at every step on their way, or not. It follows where it is right from earlier answers that are not. A
formula is compared at random points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from workings.algebra.digits import printed
from workings.algebra.systems import Float64, Undecided
from workings.errors import InputError
from workings.marking.answers import Numbers, is_blank, read_numbers, read_words
from workings.marking.closeness import refit
from workings.marking.credit import BLANK, RIGHT, Verdict, VerdictName
from workings.marking.earlier import Earlier, Written
from workings.marking.explain import NEAR, NEAR_SHARE, explained, in_writing
from workings.marking.follow import Route, along, subsets, trivial
from workings.marking.formulas import Formulas
from workings.marking.key import Key
from workings.marking.written import DecimalMark, Thousands
from workings.solution import Solution

__all__ = ["Marker", "Verdict", "VerdictName"]

MOST_NAMED: Final = 4
"""Wrong entries of a vector or matrix that are named one by one."""


_Reading: TypeAlias = tuple[str, str, tuple[DecimalMark, Thousands | None]]
"""What was read: the quantity, the answer as it was written, and what marks mean in it."""


class Marker:
    """Marks the answers to one solved question, in the order of its steps.

    Parameters
    ----------
    source: the solution, or its key where many sheets are marked.
    answers: raw answers by quantity; what has none is blank.
    decimal_mark, thousands: as the paper declares them.
    """

    def __init__(
        self,
        source: Solution | Key,
        answers: Mapping[str, object],
        *,
        decimal_mark: DecimalMark = ".",
        thousands: Thousands | None = None,
    ) -> None:
        self.key = source if isinstance(source, Key) else Key(source)
        self.solution = self.key.solution
        self.answers = answers
        self.places = self.solution.places
        self._marks: tuple[DecimalMark, Thousands | None] = (decimal_mark, thousands)
        self._earlier = Earlier(self.key)
        self._formulas = Formulas(self.key)
        self._waiting = self._in_order()

    def verdict(self, name: str) -> Verdict:
        """The verdict on the answer to `name`; earlier steps are judged first, without recursion."""
        verdicts = self._earlier.verdicts
        while name not in verdicts:
            label = next(self._waiting, None)
            if label is None:
                return BLANK
            verdicts[label] = self._judged(label)
        return verdicts[name]

    def is_right(self, name: str) -> bool:
        """Whether the answer is right in itself; no slip is looked for."""
        raw = self.answers[name]
        if is_blank(raw):
            return False
        if name in self.solution.question.checks or isinstance(self.solution.quantities[name].value, str):
            return self.verdict(name) == RIGHT
        try:
            if self._is_formula(name):
                answer = self._formulas.read(name, raw, self._marks[0])
                return self._formulas.outcome(name, answer) == "same"
            return self._read(name, raw)[2]
        except InputError:
            return False

    def numbers(self, raw: object, shape: tuple[int, ...]) -> Numbers:
        """The numbers that an answer states, where such a shape is asked for.

        Raises
        ------
        InputError: see `read_numbers`.
        """
        decimal_mark, thousands = self._marks
        return read_numbers(raw, decimal_mark=decimal_mark, thousands=thousands, shape=shape)

    def _in_order(self) -> Iterator[str]:
        return (label for label in self.key.order if label in self.answers)

    def _is_formula(self, label: str) -> bool:
        return self.solution.quantities[label].value is None or bool(self.key.letters.get(label))

    def _judged(self, label: str) -> Verdict:
        raw = self.answers[label]
        reading = (label, repr(raw), self._marks)
        known = self.key.kept.get(reading)
        try:
            if known is not None:
                return self._of_reading(reading, known)
            return BLANK if is_blank(raw) else self._judge(label, raw, reading)
        except InputError as error:
            return Verdict("unreadable", str(error))

    def _judge(self, label: str, raw: object, reading: _Reading) -> Verdict:
        check = self.solution.question.checks.get(label)
        if check is not None:
            verdict = self.key.kept.get((*reading, "checked"))
            if verdict is None:
                fault = check(self.solution.given, raw)
                verdict = Verdict("wrong", fault) if fault else RIGHT
                self.key.keep((*reading, "checked"), verdict, reading[1])
            return verdict
        value = self.solution.quantities[label].value
        if isinstance(value, str):
            same = read_words(raw) == read_words(value)
            return RIGHT if same else Verdict("wrong", f"right: {value}")
        if self._is_formula(label):
            return self._formula(label, raw)
        return self._of_reading(reading, self.key.keep(reading, self._read(label, raw), reading[1]))

    # --- numbers --------------------------------------------------------------------------------------------

    def _of_reading(self, reading: _Reading, known: tuple[Numbers, Written | None, bool]) -> Verdict:
        """The verdict on numbers, which have been read: on this sheet or on an earlier one."""
        label, spelt, _ = reading
        answer, written, right = known
        if written is None:
            return self._misshapen(label, answer)
        earlier = self._earlier
        earlier.written[label] = written
        if right:
            return RIGHT
        route = earlier.route(label)
        near = tuple(earlier.told(name) for name in earlier.near(label, route))
        memo = (reading, route and route.inner, near)
        verdict = self.key.kept.get(memo)
        if verdict is None:
            verdict = self._not_right(label, written, answer, route)
            self.key.keep(memo, verdict, spelt, *(text for _, text, _, _ in near), news=True)
        return verdict

    def _read(self, label: str, raw: object) -> tuple[Numbers, Written | None, bool]:
        """The numbers, in the shape of the answer where they fit it; and whether they are right."""
        shape = self.key.target(label).shape
        numbers = self.numbers(raw, shape)
        fitted = refit(numbers, shape)
        if fitted is None:
            return numbers, None, False
        floats = np.asarray(fitted.values, dtype=float)[()]
        written = Written(fitted, (floats,) * len(self.key.worlds), repr(raw))
        return fitted, written, self.key.is_right(label, fitted)

    def _not_right(self, label: str, written: Written, answer: Numbers, route: Route | None) -> Verdict:
        fault = self._fault(label, answer)
        if route is None:
            slip = in_writing(answer, [self.key.target(label)], self.places)
            return Verdict("slip", f"{slip.name}; {fault}", slip, label) if slip else Verdict("wrong", fault)
        if self._is_rounded(label, answer, route):
            return Verdict("right, rounded", f"without rounding on the way: {self.key.text(label)}")
        return self._follows_or_slips(label, written, route, fault)

    def _is_rounded(self, label: str, answer: Numbers, route: Route) -> bool:
        """Whether every entry lies in the one-step enclosure from the writer's own right parents.

        Or in that along the route, where steps that nobody wrote lie between.
        """
        if self.solution.rounding != "steps" or self.key.is_whole(label):
            return False
        step = self.solution.working[label]
        near = self._earlier.enclosures(self.key.uses[label], exact=True)
        if self._earlier.enclosed((step,), near, answer):
            return True
        parents = self._earlier.enclosures(route.parents, exact=True)
        return len(route.steps) > 1 and bool(parents) and self._earlier.enclosed(route.steps, parents, answer)

    def _misshapen(self, label: str, answer: Numbers) -> Verdict:
        """An answer of another shape: a transposed one is a slip that can be told."""
        note = _shape_note(answer, self.key.target(label))
        flat = self.key.laid_out([np.asarray(answer.values, dtype=float)] * len(self.key.worlds))
        if label in self.solution.working and flat is not None and np.any(flat):
            found = self.key.matching(label, answer.shape, flat)
            if found:
                return Verdict("slip", f"{found[0].slip.name}; {note}", found[0].slip, found[0].origin)
        return Verdict("wrong", note)

    def _fault(self, label: str, answer: Numbers) -> str:
        target = self.key.target(label)
        right = f"right: {self.key.text(label)}"
        if target.ndim == 0:
            return right
        wrong = list(self.key.wrong_entries(label, answer))
        if len(wrong) > MOST_NAMED or len(wrong) == target.size:
            return right
        return "; ".join(self._entry_fault(label, answer, i) for i in wrong)

    def _entry_fault(self, label: str, answer: Numbers, entry: int) -> str:
        """One wrong entry of a vector or matrix; subscripts count from 1."""
        place = ", ".join(str(int(i) + 1) for i in np.unravel_index(entry, answer.shape))
        found = printed(answer.values.flat[entry], None).text
        return f"entry {place}: {found} in place of {self.key.text(label, entry)}"

    # --- formulas -------------------------------------------------------------------------------------------

    def _formula(self, label: str, raw: object) -> Verdict:
        decimal_mark = self._marks[0]
        memo = (label, repr(raw), decimal_mark)
        known = self.key.kept.get(memo)
        if known is None:
            answer = self._formulas.read(label, raw, decimal_mark)
            values = self._formulas.values(label, answer)
            outcome = self._formulas.outcome(label, answer)
            known = self.key.keep(memo, (Written(None, values, answer.written), outcome), memo[1])
        written, outcome = known
        values = written.floats
        fits = self._formulas.fits(label, values)
        if fits:
            self._earlier.written[label] = written
        if outcome == "same":
            return RIGHT
        fault = self._formulas.fault(label, outcome)
        route = self._earlier.route(label)
        if not values or route is None:
            return Verdict("wrong", fault)
        if not fits:
            return self._slip(label, written, route, fault) or Verdict("wrong", fault)
        return self._follows_or_slips(label, written, route, fault)

    # --- follow-through and slips ---------------------------------------------------------------------------

    def _follows_or_slips(self, label: str, written: Written, route: Route, fault: str) -> Verdict:
        return (
            self._follows(label, written, route, fault)
            or self._slip(label, written, route, fault)
            or Verdict("wrong", fault)
        )

    def _follows(self, label: str, written: Written, route: Route, fault: str) -> Verdict | None:
        """The verdict where the answer is right from earlier answers that are not."""
        earlier = self._earlier
        exact = earlier.enclosures(route.parents, exact=True)
        for subset in subsets(earlier.differing(route)):
            if not self._comes_from(label, written, route, subset, exact):
                continue
            # what a known slip gave was worked out: only unexplained values are suspected
            if any(earlier.verdicts[name].name == "wrong" for name in subset) and trivial(
                route.steps, self.key.worlds[0], earlier.own(subset, 0)
            ):
                continue
            root = earlier.root(subset)
            note = f"follows from own {_listed(subset)}; the first wrong step is {root}; {fault}"
            return Verdict("follows", note, own=subset, root=root)
        return None

    def _comes_from(
        self, label: str, written: Written, route: Route, subset: tuple[str, ...], exact: Mapping[str, Any]
    ) -> bool:
        """Whether the answer is right from these of the parents that differ."""
        earlier, values = self._earlier, list[Any]()
        for i, world in enumerate(self.key.worlds):
            scope = {**world.values, **earlier.own((*exact, *subset), i)}
            try:
                with np.errstate(all="ignore"):
                    values.append(along(route.steps, scope, Float64(), world.sizes))
            except (InputError, Undecided):
                return False
        if np.shape(values[0]) != np.shape(written.floats[0]):
            return False
        flat, found = self.key.laid_out(values), self.key.laid_out(written.floats)
        if flat is None or found is None:
            return False
        gap, tolerance = np.abs(flat - found), self.key.tolerance(label, flat)
        if written.numbers is None:
            return bool(np.all(gap <= tolerance))
        if np.any(gap > NEAR * tolerance + NEAR_SHARE * np.abs(flat)):
            return False
        parents = {**exact, **earlier.enclosures(subset)}
        return earlier.enclosed(route.steps, parents, written.numbers)

    def _slip(self, label: str, written: Written, route: Route, fault: str) -> Verdict | None:
        earlier = self._earlier
        found = explained(earlier, label, written, route)
        if found is None:
            return None
        what = found.slip.name if found.origin in ("", label) else f"{found.slip.name} in {found.origin}"
        own = tuple(earlier.differing(route)) if found.own else ()
        root = earlier.root(own) if own else found.origin or label
        parts = [what, f"from own {_listed(own)}", fault] if own else [what, fault]
        return Verdict("slip", "; ".join(parts), found.slip, found.origin, own, root)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _shape_note(answer: Numbers, target: Any) -> str:
    found = " × ".join(map(str, answer.shape)) or "a single number"
    wanted = " × ".join(map(str, target.shape)) or "a single number"
    turned = "; the transposed layout" if answer.shape == target.shape[::-1] else ""
    return f"found {found}, expected {wanted}{turned}"
