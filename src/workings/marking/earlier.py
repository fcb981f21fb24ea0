"""What one sheet says before a step: the answers that could be read, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workings.algebra import balls
from workings.algebra.rounding import Places
from workings.algebra.systems import Balls, Enclosure, Undecided
from workings.errors import InputError
from workings.marking.answers import Numbers
from workings.marking.closeness import as_written, contains, equals
from workings.marking.credit import EXACT, Verdict
from workings.marking.follow import Route, along
from workings.marking.key import ENCLOSURE_BITS, Key
from workings.working import Step


@dataclass(slots=True, eq=False)
class Written:
    """A readable answer: its numbers (None: a formula), its values at the key's worlds, its text.

    One answer serves every sheet on which it stands, and so does what its digits may stand for (`span`).
    """

    numbers: Numbers | None
    floats: tuple[Any, ...]
    text: str
    _span: Any = None

    def span(self, target: Any, places: Places) -> Any:
        """Each number ± half a unit of its last place; see `as_written`. The target is always the same."""
        if self._span is None and self.numbers is not None:
            with balls.precision(ENCLOSURE_BITS):
                self._span = as_written(self.numbers, target, places)
        return self._span


class Earlier:
    """The answers of one sheet to one question that have been judged so far."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.working = key.working
        self.verdicts: dict[str, Verdict] = {}
        self.written: dict[str, Written] = {}

    def route(self, label: str) -> Route | None:
        """How a step comes from the answers before it; a given comes from nothing."""
        return self.key.route(label, self.written.keys() - {label}) if label in self.working else None

    def near(self, label: str, route: Route | None) -> list[str]:
        """The answers on which a verdict rests: those that the route or the step's own formula uses."""
        if route is None:
            return []
        own = [name for name in self.key.uses[label] if name in self.written]
        return list(dict.fromkeys((*route.parents, *own)))

    def told(self, name: str) -> tuple[str, str, str, str]:
        """What later verdicts depend on of an answer: name, text, verdict, the first wrong step behind it."""
        verdict = self.verdicts[name]
        return name, self.written[name].text, verdict.name, verdict.root

    def differing(self, route: Route) -> list[str]:
        """The parents on a route that are not right in themselves."""
        if not self.key.worlds:
            return []
        return [name for name in route.parents if self.verdicts[name].name not in EXACT]

    def own(self, names: Iterable[str], world: int) -> dict[str, Any]:
        """What was written for these names, in float64, at one of the key's worlds."""
        return {name: self.written[name].floats[world] for name in names}

    def root(self, names: Iterable[str]) -> str:
        """The first wrong step behind these answers."""
        return min((self.verdicts[name].root or name for name in names), key=self.key.order.index)

    def enclosures(self, names: Iterable[str], *, exact: bool = False) -> dict[str, Any]:
        """What the written numbers may stand for; with `exact` only those that are right in themselves."""
        found: dict[str, Any] = {}
        for name in names:
            written = self.written.get(name)
            if name not in self.working or written is None or written.numbers is None:
                continue
            if not exact or self.verdicts[name].name in EXACT:
                found[name] = written.span(self.key.target(name), self.key.places)
        return found

    def enclosed(
        self, steps: tuple[Step, ...], parents: Mapping[str, Any], answer: Numbers, slip: Step | None = None
    ) -> bool:
        """Whether an answer lies in the enclosure of the last step, worked out from its parents."""
        whole = self.key.is_whole(steps[-1].name)
        try:
            with balls.precision(ENCLOSURE_BITS):
                system = Balls(ENCLOSURE_BITS) if whole else Enclosure(ENCLOSURE_BITS, self.key.places)
                known = self.key.certified if whole else self.key.enclosures
                value = along(steps, {**known, **parents}, system, {}, slip)
                if np.shape(value) != answer.shape:
                    return False
                return equals(value, answer, self.key.places) if whole else contains(value, answer)
        except (Undecided, InputError, KeyError, ValueError):  # what the enclosure could not work out
            return False
