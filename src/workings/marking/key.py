"""The key to a solved question, worked out once a paper: what is right, what rounding reaches, what slips do.

Everything is worked out when it is first asked for and kept, so that a sheet costs little more than reading
it. Slipped values are plain float64, at which a slip is recognised; what earns marks is decided on certified
values and enclosures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import exact_value, printed, rounded_value
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import names_in, postorder
from workings.algebra.rounding import round_decimals
from workings.algebra.systems import Enclosure, Float64, Undecided
from workings.errors import InputError
from workings.marking.answers import Numbers
from workings.marking.closeness import is_right, is_whole
from workings.marking.credit import Verdict
from workings.marking.follow import Route, route
from workings.marking.points import Point, points, sized
from workings.marking.slips import FORMULA_SLIPS, Context, Slip, Slipped, slipped
from workings.solution import Solution
from workings.working import Step

ENCLOSURE_BITS: Final = 256
MOST_ANCESTORS: Final = 40
"""Earlier steps of a step in which slips are looked for."""
MOST_ENTRIES: Final = 4_000
"""Entries of one value up to which slips are looked for."""
MOST_STEPS: Final = 300
"""Steps of a working up to which a slip is made throughout."""
MOST_NEWS: Final = 1_000
"""Verdicts that wait to be told to other workers; where there are none, the latest are held."""
MOST_KEPT: Final = 20_000
"""Verdicts and readings kept from one sheet to the next."""
LONGEST_KEPT: Final = 2_000
"""Characters of an answer whose verdict is kept."""
WORLDS: Final = 3
"""Random points at which formulas are compared."""
EQUAL: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A slip's value: which slip, in which step (none: in all), and the values it gives, laid end to end."""

    slip: Slip
    origin: str
    shape: tuple[int, ...]
    values: Any

    @property
    def order(self) -> tuple[int, bool]:
        """Simplest first; in one step before in all."""
        return (self.slip.rank, not self.origin)


class Key:
    """What every sheet is compared with."""

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        self.working = solution.working
        self.places = solution.places
        self.kept: dict[Any, Any] = {}
        self.news: deque[tuple[Any, Verdict]] = deque(maxlen=MOST_NEWS)
        self._routes: dict[tuple[str, AbstractSet[str]], Route] = {}
        self._accepted: dict[str, list[AbstractSet[Fraction]]] = {}
        self._texts: dict[tuple[str, int | None], str] = {}
        self._by_step: dict[str, dict[str, list[Evaluated]]] = {}
        self._slips: dict[str, tuple[Evaluated, ...]] = {}
        self._forms: dict[str, tuple[Slipped, ...]] = {}
        self._tables: dict[str, dict[Any, tuple[tuple[Evaluated, ...], Any, Any]]] = {}

    def keep(self, key: Any, value: Any, *texts: str, news: bool = False) -> Any:
        """Keep a result for the next sheet; forgotten all at once, so that memory stays bounded.

        Not where one of the `texts` in the key is long: large answers are seldom given twice. With `news`, a
        verdict is told to other workers (`workings.marking.journal`).
        """
        if any(len(text) > LONGEST_KEPT for text in texts):
            return value
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = value
        if news:
            self.news.append((key, value))
        return value

    # --- what is right --------------------------------------------------------------------------------------

    @cached_property
    def letters(self) -> Mapping[str, frozenset[str]]:
        """For each quantity the letters that it depends on."""
        return self.working.needs() if self.working.letters else {}

    def target(self, label: str) -> Any:
        """The certified value, as an array of objects."""
        return np.asarray(self.solution.quantities[label].value, dtype=object)

    def is_right(self, label: str, answer: Numbers) -> bool:
        """Whether every number is right at the asked precision; the shapes are equal."""
        return next(self.wrong_entries(label, answer), None) is None

    def wrong_entries(self, label: str, answer: Numbers) -> Iterator[int]:
        """Which numbers are not right at the asked precision, counted in a row; the shapes are equal."""
        accepted = self._accepted.get(label)
        if accepted is None:
            accepted = self._accepted[label] = [self._spellings(entry) for entry in self.target(label).flat]
        target = None
        for i, (written, good) in enumerate(zip(answer.values.flat, accepted, strict=True)):
            if written in good:
                continue
            target = self.target(label).ravel() if target is None else target
            if not is_right(written, int(answer.decimals.flat[i]), target[i], self.places):
                yield i

    def text(self, label: str, entry: int | None = None) -> str:
        """The right value in print, or one entry of it, counted in a row; kept: wrong answers repeat it."""
        if (label, entry) not in self._texts:
            value = self.solution.quantities[label].value
            part = value if entry is None else self.target(label).flat[entry]
            self._texts[label, entry] = printed(part, self.places).text
        return self._texts[label, entry]

    def _spellings(self, entry: Any) -> AbstractSet[Fraction]:
        """The numbers that are right for one entry, where it is not whole: rounded either way at a tie."""
        exact = exact_value(entry)
        if exact is not None and exact.denominator == 1:
            return frozenset((exact,))
        value = rounded_value(entry, self.places)
        if exact is None or value is None:
            return frozenset(() if value is None else (value,))
        decimals = self.places.decimals_for(value)
        return frozenset(round_decimals(exact, decimals, ties) for ties in ("half-up", "half-even"))

    def is_whole(self, label: str) -> bool:
        """Whether the answer is made of whole numbers, and not by chance."""
        return label in self._whole

    @cached_property
    def _whole(self) -> frozenset[str]:
        """Whole values worked out from whole ones; a quotient that is 0 or 1 is taken for a share."""
        values, found = self.solution.values, set[str]()
        for label in self.order:
            value = values.get(label)
            if value is None or isinstance(value, str) or self.letters.get(label) or not is_whole(value):
                continue
            if label in self.working:
                nodes = postorder(self.working[label].expr)
                parents = {node.attrs["name"] for node in nodes if node.op == "name"}
                if not parents & set(self.order) <= found:
                    continue
                shares = any(node.op in ("div", "mean") for node in nodes)
                if shares and all(abs(exact_value(entry) or 0) <= 1 for entry in np.ravel(value)):
                    continue
            found.add(label)
        return frozenset(found)

    @cached_property
    def certified(self) -> Mapping[str, Any]:
        """Certified values as exact rationals and balls; those with letters are left out."""
        known = {**self.working.lifted(Enclosure(ENCLOSURE_BITS, self.places)), **self.solution.values}
        return {
            label: balls.over(value, balls.lifted)
            for label, value in known.items()
            if not self.letters.get(label) and not isinstance(value, str)
        }

    @cached_property
    def enclosures(self) -> Mapping[str, Any]:
        """Every step as far as rounding can take it; what enclosures can't work out is left out."""
        system = Enclosure(ENCLOSURE_BITS, self.places)
        with balls.precision(ENCLOSURE_BITS):
            values = dict(self.working.lifted(system))
            for step in self.working:
                if all(label in values for label in self.uses[step.name]):
                    with suppress(Undecided, InputError):
                        values[step.name] = system.settle(evaluate(step.expr, values, system))
        return values

    # --- the working in float64 -----------------------------------------------------------------------------

    @cached_property
    def worlds(self) -> tuple[Point, ...]:
        """The working in float64, at random points where there are letters; empty where it has no values."""
        try:
            if self.working.letters:
                return points(self.working, tries=WORLDS)
            return (Point(self.working.evaluate(Float64()), {}),)
        except (InputError, Undecided):
            return ()

    def laid_out(self, values: Sequence[Any]) -> Any | None:
        """The values at the worlds, laid end to end; None where they are words or not finite."""
        if not values or any(isinstance(value, str) for value in values):
            return None
        flat = np.concatenate([np.ravel(np.asarray(value, dtype=float)) for value in values])
        return flat if np.isfinite(flat).all() else None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Givens and steps, in order."""
        return (*self.working.givens, *(step.name for step in self.working))

    @cached_property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """For each step the names in its formula."""
        return {step.name: names_in(step.expr) for step in self.working}

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """For each step the steps that it comes from."""
        found: dict[str, frozenset[str]] = {}
        nothing: frozenset[str] = frozenset()
        for step in self.working:
            parents = [name for name in self.uses[step.name] if name in found]
            found[step.name] = nothing.union(parents, *(found[name] for name in parents))
        return found

    def route(self, label: str, written: AbstractSet[str]) -> Route:
        """How a step comes from the written answers before it."""
        key = (label, frozenset(written & self.ancestors[label]))
        if key not in self._routes:
            if len(self._routes) >= MOST_KEPT:
                self._routes.clear()
            self._routes[key] = route(self.working, label, key[1])
        return self._routes[key]

    # --- slips ----------------------------------------------------------------------------------------------

    def tolerance(self, label: str, values: Any) -> Any:
        """Half a unit of the asked place at each value; next to nothing for formulas and whole numbers."""
        small = EQUAL * np.maximum(1, np.abs(values))
        if self.letters.get(label):
            return small
        if self.places.decimals is not None:
            half = 0.5 * 10.0**-self.places.decimals
        else:
            with np.errstate(divide="ignore"):
                magnitude = np.floor(np.log10(np.abs(values)))
            figures = self.places.significant or 1
            half = np.where(values == 0, 0, 0.5 * 10.0 ** (magnitude - figures + 1))
        exact = self.is_whole(label) & (np.abs(values - np.round(values)) <= small)
        return np.where(exact, 0, half) + small

    def context(self, label: str) -> Context:
        """What slips need to know of a step."""
        whole = self.is_whole(label)
        if self.letters.get(label):
            whole = all(
                np.all(np.equal(np.mod(np.asarray(world.values[label], dtype=float), 1), 0))
                for world in self.worlds
                if not isinstance(world.values[label], str)
            )
        return Context(label, self.working.shapes, whole)

    def slips(self, label: str) -> tuple[Evaluated, ...]:
        """What slips in this step, in those it comes from and throughout make of it; the simplest first."""
        if label not in self._slips:
            self._slips[label] = tuple(self._distinct(label, self._made(label)))
        return self._slips[label]

    def clouded(self, label: str) -> frozenset[str]:
        """The names of slips in this step that change it by less than the answer could show."""
        right = self.laid_out([world.values.get(label) for world in self.worlds])
        if right is None or label not in self.working or not self._is_small(label):
            return frozenset()
        margin, same = 2 * self.tolerance(label, right), EQUAL * np.maximum(1, np.abs(right))
        found: set[str] = set()
        for form in self.forms(label):
            if form.slip.name in found or form.reshaped:
                continue
            steps = (Step(label, form.expr),)
            values = [dict(_followed(steps, dict(world.values), world)).get(label) for world in self.worlds]
            flat = self.laid_out(values) if all(value is not None for value in values) else None
            if flat is not None and flat.shape == right.shape:
                gap = np.abs(flat - right)
                if np.all(gap <= margin) and np.any(gap > same):
                    found.add(form.slip.name)
        return frozenset(found)

    def _distinct(self, label: str, found: Sequence[Evaluated]) -> Iterator[Evaluated]:
        """Those that give something else than the right answer and than simpler ones, and not 0."""
        right = self.laid_out([world.values.get(label) for world in self.worlds])
        if right is None:
            return
        margin = 2 * self.tolerance(label, right)
        seen: set[tuple[str, bytes]] = set()
        for one in sorted(found, key=lambda one: one.order):
            same_size = one.values.shape == right.shape
            if not np.any(one.values) or (same_size and np.all(np.abs(one.values - right) <= margin)):
                continue
            mark = (one.origin, np.round(one.values, 10).tobytes())
            if mark not in seen:
                seen.add(mark)
                yield one

    def _made(self, label: str) -> list[Evaluated]:
        ancestors = self.ancestors.get(label)
        if ancestors is None or not self.worlds or not self._is_small(label):
            return []
        near = [step.name for step in self.working if step.name in ancestors][-MOST_ANCESTORS:]
        found = [one for origin in (*near, label) for one in self._made_in(origin).get(label, ())]
        return [*found, *self._throughout.get(label, ())]

    def _is_small(self, label: str) -> bool:
        return all(np.size(world.values.get(label, 0)) <= MOST_ENTRIES for world in self.worlds)

    def _made_in(self, origin: str) -> dict[str, list[Evaluated]]:
        """Slips in one step, and what they make of every step that follows from it."""
        if origin in self._by_step:
            return self._by_step[origin]
        found = self._by_step[origin] = {}
        if origin not in self.working or not self.worlds or not self._is_small(origin):
            return found
        followers = [step for step in self.working if origin in self.ancestors[step.name]][:MOST_ANCESTORS]
        for form in self.forms(origin):
            values: dict[str, list[Any]] = {}
            for world in self.worlds:
                steps = (Step(origin, form.expr), *followers)
                for step, value in _followed(steps, dict(world.values), world):
                    values.setdefault(step, []).append(value)
            self._record(found, form.slip, origin, values)
        return found

    def forms(self, label: str) -> tuple[Slipped, ...]:
        """The step's formula with every slip in it."""
        if label not in self._forms:
            self._forms[label] = tuple(slipped(self.working[label].expr, self.context(label)))
        return self._forms[label]

    def matching(self, label: str, shape: tuple[int, ...], written: Any) -> list[Evaluated]:
        """The slips whose values are those written, rounded as asked; the simplest first."""
        if label not in self._tables:
            tables: dict[Any, list[Evaluated]] = {}
            for one in self.slips(label):
                tables.setdefault((one.shape, one.values.size), []).append(one)
            self._tables[label] = {
                kind: (tuple(rows), *self._table(label, rows)) for kind, rows in tables.items()
            }
        found = self._tables[label].get((shape, written.size))
        if found is None:
            return []
        rows, values, tolerance = found
        hits = np.nonzero(np.all(np.abs(values - written) <= tolerance, axis=1))[0]
        return [rows[i] for i in hits]

    def _table(self, label: str, rows: Sequence[Evaluated]) -> tuple[Any, Any]:
        values = np.stack([one.values for one in rows])
        return values, self.tolerance(label, values)

    def _record(
        self, found: dict[str, list[Evaluated]], slip: Slip, origin: str, values: Mapping[str, list[Any]]
    ) -> None:
        for label, at_worlds in values.items():
            flat = self.laid_out(at_worlds) if len(at_worlds) == len(self.worlds) else None
            if flat is not None:
                found.setdefault(label, []).append(Evaluated(slip, origin, np.shape(at_worlds[0]), flat))

    @cached_property
    def _throughout(self) -> Mapping[str, list[Evaluated]]:
        """Slips that people make in every step alike, made in all of them."""
        found: dict[str, list[Evaluated]] = {}
        forms: dict[str, dict[str, Any]] = {}
        if len(self.working.steps) > MOST_STEPS:
            return found
        for step in self.working:
            if self._is_small(step.name):
                for form in slipped(step.expr, self.context(step.name), throughout=True):
                    forms.setdefault(form.slip.name, {}).setdefault(step.name, form.expr)
        for slip in FORMULA_SLIPS:
            changed = forms.get(slip.name, {})
            if len(changed) < 2:
                continue
            values: dict[str, list[Any]] = {}
            for world in self.worlds:
                scope = dict(world.values)
                steps = [
                    Step(step.name, changed[step.name]) if step.name in changed else step
                    for step in self.working
                    if step.name in changed or changed.keys() & self.ancestors[step.name]
                ]
                for step, value in _followed(steps, scope, world):
                    values.setdefault(step, []).append(value)
            self._record(found, slip, "", values)
        return found


def _followed(steps: Sequence[Step], scope: dict[str, Any], world: Point) -> Iterator[tuple[str, Any]]:
    """Each step in turn, where it has a value from what came before; a step without one ends its line."""
    lost: set[str] = set()
    for step in steps:
        if lost and any(name in lost for name in names_in(step.expr)):
            lost.add(step.name)
            continue
        try:
            with np.errstate(all="ignore"):
                scope[step.name] = evaluate(sized(step.expr, world.sizes), scope, Float64())
        except (InputError, Undecided):
            lost.add(step.name)
            continue
        yield step.name, scope[step.name]
