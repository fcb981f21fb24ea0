"""The verdict on one answer: right, right as rounded, right from earlier answers, a known slip, or wrong.

A number is right where it equals the certified value at the asked precision; integers exactly. It is right as
rounded where it lies in the enclosure of one step whose parents are the writer's own digits ± half a unit of
their last place, if those were right or right as rounded themselves; parents that nobody wrote may have been
rounded at every step on their way, or not. It follows where it is right from earlier answers that are not. A
formula is compared at random points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, names_in
from workings.algebra.shape import shapes_of
from workings.algebra.systems import Balls, Enclosure, Float64, Undecided
from workings.errors import InputError
from workings.marking import explain
from workings.marking.answers import Formula, Numbers, is_blank, read_formula, read_numbers, read_words
from workings.marking.closeness import as_written, contains, equals, is_right, refit
from workings.marking.explain import Attempt, Explanation, Near
from workings.marking.follow import Route, along, subsets, trivial
from workings.marking.key import ENCLOSURE_BITS, Key
from workings.marking.points import agree, sized, spelled_out
from workings.marking.slips import Slip
from workings.marking.written import DecimalMark, Thousands
from workings.solution import Solution
from workings.working import Step

VerdictName = Literal["right", "right, rounded", "follows", "slip", "wrong", "unreadable", "blank"]

CREDITED: Final = ("right", "right, rounded", "follows")
EXACTLY: Final = ("right", "right, rounded")
MOST_NAMED: Final = 4
"""Wrong entries of a vector or matrix that are named one by one."""
MOST_NEAR: Final = 40
"""Slipped values near an answer whose enclosures are worked out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict, with a remark on what is wrong or how it is right.

    Parameters
    ----------
    note: one line.
    slip: the slip that explains a wrong answer.
    origin: the step that the slip was made in, where it is another.
    own: the writer's own earlier values, not right themselves, that the answer was worked out from.
    root: the first wrong step on which the answer rests.
    """

    name: VerdictName
    note: str = ""
    slip: Slip | None = None
    origin: str = ""
    own: tuple[str, ...] = ()
    root: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer earns its marks."""
        return self.name in CREDITED

    @property
    def credit(self) -> int:
        """The share of its marks that the answer earns: 1 or 0."""
        return int(self.right)


RIGHT: Final = Verdict("right")
BLANK: Final = Verdict("blank")


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """A readable answer of the right shape: its numbers, its values at the key's worlds, its text."""

    numbers: Numbers | None
    floats: tuple[Any, ...]
    text: str


@dataclass(slots=True)
class _Seen:
    """What of one sheet is known so far."""

    verdicts: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    written: dict[str, _Written] = field(default_factory=dict[str, _Written])


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
        self._seen = _Seen()
        self._waiting = self._in_order()

    def verdict(self, name: str) -> Verdict:
        """The verdict on the answer to `name`; earlier steps are judged first, without recursion."""
        verdicts = self._seen.verdicts
        while name not in verdicts:
            label = next(self._waiting, None)
            if label is None:
                return BLANK
            verdicts[label] = self._judged(label)
        return verdicts[name]

    def is_right(self, name: str) -> bool:
        """Whether the answer is right in itself; no slip is looked for."""
        raw = self.answers[name]
        if name in self.solution.question.checks or isinstance(self.solution.quantities[name].value, str):
            return self.verdict(name) == RIGHT
        try:
            if self.solution.quantities[name].value is None or self.key.letters.get(name):
                answer = read_formula(raw, self._ranks, decimal_mark=self._marks[0])
                return self._stranger(answer) is None and (
                    agree(self.solution.working, name, answer.expr, self.key.worlds) == "same"
                )
            return self._read(name, raw)[2]
        except InputError:
            return False

    def _in_order(self) -> Iterator[str]:
        return (label for label in self.key.order if label in self.answers)

    def _judged(self, label: str) -> Verdict:
        raw = self.answers[label]
        if is_blank(raw):
            return BLANK
        try:
            return self._judge(label, raw)
        except InputError as error:
            return Verdict("unreadable", str(error))

    def _judge(self, label: str, raw: object) -> Verdict:
        check = self.solution.question.checks.get(label)
        if check is not None:
            fault = check(self.solution.given, raw)
            return Verdict("wrong", fault) if fault else RIGHT
        value = self.solution.quantities[label].value
        if isinstance(value, str):
            same = read_words(raw) == read_words(value)
            return RIGHT if same else Verdict("wrong", f"right: {value}")
        if value is None or self.key.letters.get(label):
            return self._formula(label, raw)
        return self._numbers(label, value, raw)

    # --- numbers --------------------------------------------------------------------------------------------

    def _numbers(self, label: str, value: Any, raw: object) -> Verdict:
        memo = (label, "read", repr(raw), self._marks)
        known = self.key.kept.get(memo)
        if known is None:
            known = self.key.keep(memo, self._read(label, raw))
        answer, written, right = known
        if written is None:
            return self._misshapen(label, answer)
        self._seen.written[label] = written
        if right:
            return RIGHT
        route = self._route(label)
        parents = tuple(
            (name, self._seen.written[name].text, self._seen.verdicts[name])
            for name in self._near(label, route)
        )
        memo = (label, "judged", repr(raw), self._marks, route and route.inner, parents)
        verdict = self.key.kept.get(memo)
        if verdict is None:
            verdict = self.key.keep(memo, self._not_right(label, value, written, route))
        return verdict

    def _read(self, label: str, raw: object) -> tuple[Numbers, _Written | None, bool]:
        """The numbers; the same in the shape of the answer, where they have it; whether they are right."""
        shape = self.key.target(label).shape
        decimal_mark, thousands = self._marks
        numbers = read_numbers(raw, decimal_mark=decimal_mark, thousands=thousands, shape=shape)
        fitted = refit(numbers, shape)
        if fitted is None:
            return numbers, None, False
        floats = np.asarray(fitted.values, dtype=float)[()]
        written = _Written(fitted, (floats,) * len(self.key.worlds), repr(raw))
        return numbers, written, self.key.is_right(label, fitted)

    def _route(self, label: str) -> Route | None:
        if label not in self.solution.working:
            return None
        return self.key.route(label, self._seen.written.keys() - {label})

    def _near(self, label: str, route: Route | None) -> list[str]:
        """The answers on which the verdict rests: those that a route or the step's own formula uses."""
        if route is None:
            return []
        own = [name for name in names_in(self.solution.working[label].expr) if name in self._seen.written]
        return list(dict.fromkeys((*route.parents, *own)))

    def _not_right(self, label: str, value: Any, written: _Written, route: Route | None) -> Verdict:
        answer, target = written.numbers, self.key.target(label)
        assert answer is not None  # noqa: S101  an answer in numbers
        whole = self.key.is_whole(label)
        if (
            route is not None
            and self.solution.rounding == "steps"
            and not whole
            and self._inside(label, answer)
        ):
            exact = printed(value, self.places).text
            return Verdict("right, rounded", f"without rounding on the way: {exact}")
        fault = self._fault(answer, target, value)
        if route is None:
            slip = explain.in_writing(answer, [target], self.places)
            return Verdict("slip", f"{slip.name}; {fault}", slip) if slip else Verdict("wrong", fault)
        followed = self._follows(label, written, route, fault)
        if followed is not None:
            return followed
        return self._slip(label, written, route, fault) or Verdict("wrong", fault)

    def _misshapen(self, label: str, answer: Numbers) -> Verdict:
        """An answer of another shape: a transposed one is a slip that can be told."""
        target = self.key.target(label)
        note = _shape_note(answer, target)
        if label in self.solution.working and answer.values.size:
            flat = self.key.laid_out([np.asarray(answer.values, dtype=float)] * len(self.key.worlds))
            found = [] if flat is None else self.key.matching(label, answer.shape, flat)
            if found and np.any(flat):
                return Verdict("slip", f"{note}; {found[0].slip.name}", found[0].slip)
        return Verdict("wrong", note)

    def _fault(self, answer: Numbers, target: Any, value: Any) -> str:
        right = f"right: {printed(value, self.places).text}"
        if target.ndim == 0:
            return right
        wrong = [
            (index, answer.values[index], target[index])
            for index in np.ndindex(target.shape)
            if not is_right(answer.values[index], int(answer.decimals[index]), target[index], self.places)
        ]
        if len(wrong) > MOST_NAMED or len(wrong) == target.size:
            return right
        return "; ".join(self._entry_fault(*entry) for entry in wrong)

    def _entry_fault(self, index: tuple[int, ...], written: Any, entry: Any) -> str:
        """One wrong entry of a vector or matrix; subscripts count from 1."""
        place = ", ".join(str(i + 1) for i in index)
        found, right = printed(written, None).text, printed(entry, self.places).text
        return f"entry {place}: printed {found}, right {right}"

    # --- rounding -------------------------------------------------------------------------------------------

    def _inside(self, label: str, answer: Numbers) -> bool:
        """Whether every entry lies in the one-step enclosure from the writer's own right parents."""
        step = self.solution.working[label]
        parents = {name: self._as_written(name) for name in names_in(step.expr) if self._is_exact(name)}
        return self._enclosed((step,), parents, answer)

    def _is_exact(self, name: str) -> bool:
        """Whether a parent was written, and is right in itself."""
        written = self._seen.written.get(name)
        certified = name in self.solution.working and written is not None and written.numbers is not None
        return certified and self._seen.verdicts[name].name in EXACTLY

    def _as_written(self, name: str) -> Any:
        """What a written parent may stand for."""
        numbers = self._seen.written[name].numbers
        assert numbers is not None  # noqa: S101  asked of numbers only
        with balls.precision(ENCLOSURE_BITS):
            return as_written(numbers, self.key.target(name), self.places)

    def _enclosed(
        self, steps: tuple[Step, ...], parents: Mapping[str, Any], answer: Numbers, slip: Step | None = None
    ) -> bool:
        """Whether the answer lies in the enclosure of the last step, worked out from the parents."""
        whole = self.key.is_whole(steps[-1].name)
        try:
            with balls.precision(ENCLOSURE_BITS):
                system = Balls(ENCLOSURE_BITS) if whole else Enclosure(ENCLOSURE_BITS, self.places)
                known = self.key.certified if whole else self.key.enclosures
                value = along(steps, {**known, **parents}, system, {}, slip)
                if np.shape(value) != answer.shape:
                    return False
                return equals(value, answer, self.places) if whole else contains(value, answer)
        except (Undecided, InputError, KeyError, ValueError):  # what the enclosure could not work out
            return False

    # --- follow-through -------------------------------------------------------------------------------------

    def _follows(self, label: str, written: _Written, route: Route, fault: str) -> Verdict | None:
        """The verdict where the answer is right from earlier answers that are not."""
        differing = self._differing(route)
        exact = {name: self._as_written(name) for name in route.parents if self._is_exact(name)}
        for subset in subsets(differing):
            if not self._comes_from(label, written, route, subset, exact):
                continue
            # what a known slip gave was worked out: only unexplained values are suspected
            if any(self._seen.verdicts[name].name == "wrong" for name in subset) and trivial(
                route.steps, self.key.worlds[0], self._own(subset, 0)
            ):
                continue
            roots = [self._seen.verdicts[name].root or name for name in subset]
            root = min(roots, key=self.key.order.index)
            note = f"follows from your {_listed(subset)}; the first wrong step is {root}; {fault}"
            return Verdict("follows", note, own=subset, root=root)
        return None

    def _differing(self, route: Route) -> list[str]:
        if not self.key.worlds:
            return []
        return [name for name in route.parents if self._seen.verdicts[name].name not in EXACTLY]

    def _own(self, names: tuple[str, ...] | list[str], world: int) -> dict[str, Any]:
        return {name: self._seen.written[name].floats[world] for name in names}

    def _comes_from(
        self, label: str, written: _Written, route: Route, subset: tuple[str, ...], exact: Mapping[str, Any]
    ) -> bool:
        values: list[Any] = []
        for i, world in enumerate(self.key.worlds):
            scope = {**world.values, **self._own(list(exact), i), **self._own(subset, i)}
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
        if np.any(gap > explain.NEAR * tolerance + 0.02 * np.abs(flat)):
            return False
        parents = {name: self._as_written(name) for name in subset if self._seen.written[name].numbers}
        return self._enclosed(route.steps, {**exact, **parents}, written.numbers)

    # --- slips ----------------------------------------------------------------------------------------------

    def _slip(self, label: str, written: _Written, route: Route, fault: str) -> Verdict | None:
        differing = self._differing(route)
        found = self._slip_of_the_pen(label, written, route, differing)
        if found is None:
            found = self._slip_in_a_formula(label, written, route, differing)
        if found is None:
            return None
        parts = [found.slip.name]
        if found.origin not in ("", label):
            parts[0] += f" in {found.origin}"
        own = tuple(differing) if found.own else ()
        if own:
            parts.append(f"from your {_listed(own)}")
        roots = [self._seen.verdicts[name].root or name for name in own]
        root = min(roots, key=self.key.order.index, default=found.origin or label)
        return Verdict("slip", "; ".join((*parts, fault)), found.slip, found.origin, own, root)

    def _slip_of_the_pen(
        self, label: str, written: _Written, route: Route, differing: list[str]
    ) -> Explanation | None:
        if written.numbers is None:
            return None
        hand = self.solution.quantities[label].hand
        rights = [self.key.target(label)] + ([] if hand is None else [np.asarray(hand, dtype=object)])
        slip = explain.in_writing(written.numbers, rights, self.places)
        if slip is not None:
            return Explanation(slip, label)
        if not differing:
            return None
        world = self.key.worlds[0]
        try:
            scope = {**world.values, **self._own(list(route.parents), 0)}
            value = along(route.steps, scope, Float64(), world.sizes)
        except (InputError, Undecided):
            return None
        if self.key.laid_out([value]) is None:
            return None
        slip = explain.in_writing(written.numbers, [explain.rounded_floats(value, self.places)], self.places)
        return Explanation(slip, label, own=True) if slip is not None else None

    def _slip_in_a_formula(
        self, label: str, written: _Written, route: Route, differing: list[str]
    ) -> Explanation | None:
        flat = self.key.laid_out(written.floats)
        if flat is None:
            return None
        exact = [name for name in route.parents if name not in differing]
        count = range(len(self.key.worlds))
        attempt = Attempt(
            label,
            np.shape(written.floats[0]),
            flat,
            route,
            [self._own(list(route.parents), i) for i in count],
            [self._own(exact, i) for i in count],
            differs=bool(differing),
        )
        found, near = explain.in_formula(self.key, attempt)
        if found is not None or written.numbers is None:
            return found
        return self._slip_nearby(written.numbers, route, near[:MOST_NEAR])

    def _slip_nearby(self, answer: Numbers, route: Route, near: list[Near]) -> Explanation | None:
        """The simplest slip that gives the answer with what rounding on the way leaves open."""
        if not near:
            return None
        every = {name: self._as_written(name) for name in route.parents if self._seen.written[name].numbers}
        exact = {name: value for name, value in every.items() if self._is_exact(name)}
        for one in near:
            if self._enclosed(route.steps, every if one.explanation.own else exact, answer, one.step):
                return one.explanation
        return None

    # --- formulas -------------------------------------------------------------------------------------------

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        working = self.solution.working
        ranks = {name: len(shape) for name, shape in working.shapes.items()}
        return ranks | {symbol: ranks[name] for name, symbol in working.symbols.items() if name in ranks}

    def _formula(self, label: str, raw: object) -> Verdict:
        answer = read_formula(raw, self._ranks, decimal_mark=self._marks[0])
        working = self.solution.working
        stranger = self._stranger(answer)
        if stranger:
            return Verdict("unreadable", f"{stranger!r} is not a letter of the question")
        outcome = agree(working, label, answer.expr, self.key.worlds)
        floats = self._at_worlds(answer)
        written = _Written(None, floats or (), answer.written)
        wanted = [np.shape(world.values.get(label, 0)) for world in self.key.worlds]
        fits = floats is not None and [np.shape(value) for value in floats] == wanted
        if fits:
            self._seen.written[label] = written
        if outcome == "same":
            return RIGHT
        fault = self._formula_fault(label, outcome)
        route = self._route(label)
        if floats is None or route is None:
            return Verdict("wrong", fault)
        if not fits:
            return self._slip(label, written, route, fault) or Verdict("wrong", fault)
        followed = self._follows(label, written, route, fault)
        return followed or self._slip(label, written, route, fault) or Verdict("wrong", fault)

    def _at_worlds(self, answer: Formula) -> tuple[Any, ...] | None:
        """The formula's values at the key's worlds; None where it has none."""
        expr = spelled_out(self.solution.working, answer.expr)
        try:
            with np.errstate(all="ignore"):
                values = tuple(
                    evaluate(sized(expr, world.sizes), world.values, Float64()) for world in self.key.worlds
                )
        except (InputError, Undecided):
            return None
        return values or None

    def _formula_fault(self, label: str, outcome: str) -> str:
        from workings.algebra.show import text

        working = self.solution.working
        expected = working[label].expr if label in working else working.givens[label].value
        shown = self.solution.quantities[label].printed
        right = f"right: {shown.text if shown else text(expected, ranks=self._shown_ranks(expected))}"
        reasons = {
            "transposed": f"the transposed layout; {right}",
            "shape": f"another shape; {right}",
            "misfit": f"the sizes do not fit; {right}",
        }
        return reasons.get(outcome, right)

    def _stranger(self, answer: Formula) -> str | None:
        known = self._ranks
        return next((label for label in names_in(answer.expr) if label not in known), None)

    def _shown_ranks(self, root: Expr) -> Mapping[Expr, int]:
        shapes = shapes_of(root, self.solution.working.shapes)
        return {node: len(shape) for node, shape in shapes.items()}


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _shape_note(answer: Numbers, target: Any) -> str:
    found = " × ".join(map(str, answer.shape)) or "a single number"
    wanted = " × ".join(map(str, target.shape)) or "a single number"
    turned = "; the transposed layout" if answer.shape == target.shape[::-1] else ""
    return f"found {found}, expected {wanted}{turned}"
