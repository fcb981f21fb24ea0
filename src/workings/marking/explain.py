"""Which slip explains a wrong answer: of the pen, in the step's formula, or in a step that nobody wrote.

A slip is looked for where the student's other answers leave room for it: in the step itself, in the steps
between it and the nearest written answers, and throughout the working. The values beneath it are the key's,
or the student's own. Of several that explain an answer the simplest is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import exact_value, rounded_value
from workings.algebra.rounding import Places, round_exact
from workings.algebra.systems import Float64, Undecided
from workings.errors import InputError
from workings.marking.answers import Numbers
from workings.marking.earlier import Earlier, Written
from workings.marking.follow import Route, along
from workings.marking.key import Key
from workings.marking.slips import ORDER, Slip, mistyped
from workings.working import Step

NEAR: Final = 200
"""Units of the last place within which rounding on the way may still explain a slipped value."""
NEAR_SHARE: Final = 0.02
"""Or this share of the value."""
MOST_NEAR: Final = 40
"""Slipped values near an answer whose enclosures are worked out."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The slip, the step it was made in (none: throughout), and whether it stands on own earlier values."""

    slip: Slip
    origin: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A wrong answer with what stands around it.

    Parameters
    ----------
    label: the step.
    shape, written: its shape and its values at the key's worlds, laid end to end.
    route: how it comes from what the student wrote.
    own: the student's values of all parents on the route, a mapping for each world.
    right: those of them that are right.
    differs: whether any of them is not.
    """

    label: str
    shape: tuple[int, ...]
    written: Any
    route: Route
    own: Sequence[Mapping[str, Any]]
    right: Sequence[Mapping[str, Any]]
    differs: bool


@dataclass(frozen=True, slots=True)
class _Near:
    """A slip whose value is near what was written: rounding on the way may explain the rest."""

    explanation: Explanation
    step: Step


def explained(earlier: Earlier, label: str, written: Written, route: Route) -> Explanation | None:
    """The simplest slip that explains a wrong answer, if any does."""
    found = _of_the_pen(earlier, label, written, route)
    if found is not None:
        return found
    key = earlier.key
    flat = key.laid_out(written.floats)
    if flat is None:
        return None
    differing = earlier.differing(route)
    exact = [name for name in route.parents if name not in differing]
    worlds = range(len(key.worlds))
    attempt = _Attempt(
        label,
        np.shape(written.floats[0]),
        flat,
        route,
        [earlier.own(route.parents, i) for i in worlds],
        [earlier.own(exact, i) for i in worlds],
        differs=bool(differing),
    )
    found, near = _in_formula(key, attempt)
    if found is not None or written.numbers is None or not near:
        return found
    every = earlier.enclosures(route.parents)
    right = earlier.enclosures(route.parents, exact=True)
    for one in near[:MOST_NEAR]:
        if earlier.enclosed(route.steps, every if one.explanation.own else right, written.numbers, one.step):
            return one.explanation
    return None


def _of_the_pen(earlier: Earlier, label: str, written: Written, route: Route) -> Explanation | None:
    """A slip of the pen in a right value, or in one that follows from the student's own."""
    if written.numbers is None:
        return None
    key = earlier.key
    hand = key.solution.quantities[label].hand
    rights = [key.target(label)] + ([] if hand is None else [np.asarray(hand, dtype=object)])
    slip = in_writing(written.numbers, rights, key.places)
    if slip is not None:
        return Explanation(slip, label)
    if not earlier.differing(route):
        return None
    world = key.worlds[0]
    try:
        with np.errstate(all="ignore"):
            scope = {**world.values, **earlier.own(route.parents, 0)}
            value = along(route.steps, scope, Float64(), world.sizes)
    except (InputError, Undecided):
        return None
    if key.laid_out([value]) is None:
        return None
    slip = in_writing(written.numbers, [rounded_floats(value, key.places)], key.places)
    return Explanation(slip, label, own=True) if slip is not None else None


def _in_formula(key: Key, attempt: _Attempt) -> tuple[Explanation | None, list[_Near]]:
    """The simplest slip in a formula that gives what was written; and those that come near it."""
    if not np.any(attempt.written):  # nothing was worked out wrongly to get 0: it is the easiest guess
        return None, []
    found = [
        Explanation(one.slip, one.origin)
        for one in key.matching(attempt.label, attempt.shape, attempt.written)
        if not one.origin or one.origin in attempt.route.inner
    ]
    near: list[_Near] = []
    bases = [(attempt.own, attempt.differs)] + ([(attempt.right, False)] if attempt.differs else [])
    for base, own in bases:
        if base:
            for explanation, step, exactly in _on_own_values(key, attempt, base, own=own):
                if exactly:
                    found.append(explanation)
                else:
                    near.append(_Near(explanation, step))
    found.sort(key=lambda one: _order(one, attempt))
    near.sort(key=lambda one: _order(one.explanation, attempt))
    return found[0] if found else None, near


def _order(one: Explanation, attempt: _Attempt) -> tuple[int, int, bool, bool]:
    """A slip in the step itself before one in a step that was left out; then the simplest.

    A slip in all steps comes last where earlier answers are right: it would have shown in them.
    """
    elsewhere = one.origin not in ("", attempt.label)
    late = not one.origin and any(attempt.right)
    return (2 if late else int(elsewhere), one.slip.rank, not one.origin, one.own)


def _on_own_values(
    key: Key, attempt: _Attempt, base: Sequence[Mapping[str, Any]], *, own: bool
) -> Iterator[tuple[Explanation, Step, bool]]:
    """Slips in the steps of the route, from values that the student wrote: equal, or near."""
    steps = attempt.route.steps
    numeric = not key.letters.get(attempt.label)
    for origin in reversed(steps):
        for form in key.forms(origin.name):
            step = Step(origin.name, form.expr)
            values: list[Any] = []
            for world, replaced in zip(key.worlds, base, strict=True):
                try:
                    with np.errstate(all="ignore"):
                        scope = {**world.values, **replaced}
                        values.append(along(steps, scope, Float64(), world.sizes, step))
                except (InputError, Undecided):
                    break
            flat = key.laid_out(values) if len(values) == len(key.worlds) else None
            if flat is None or flat.shape != attempt.written.shape or np.shape(values[0]) != attempt.shape:
                continue
            gap, tolerance = np.abs(flat - attempt.written), key.tolerance(attempt.label, flat)
            explanation = Explanation(form.slip, origin.name, own)
            if np.all(gap <= tolerance):
                yield explanation, step, True
            elif np.all(gap <= NEAR * tolerance + NEAR_SHARE * np.abs(flat)) and numeric:
                yield explanation, step, False


def in_writing(answer: Numbers, rights: Sequence[Any], places: Places) -> Slip | None:
    """The slip of the pen by which a right value became the written one.

    Parameters
    ----------
    rights: arrays of right values: certified, rounded at every step, from the student's own values.
    """
    for right in rights:
        entries = np.asarray(right, dtype=object)
        if entries.shape != answer.shape:
            continue
        slip = _entries_mistyped(answer, entries, places)
        if slip is not None:
            return slip
        if entries.ndim == 1 and _reordered(answer, entries, places):
            return ORDER
    return None


def _entries_mistyped(answer: Numbers, right: Any, places: Places) -> Slip | None:
    slips: list[Slip] = []
    for written, entry in zip(answer.values.flat, right.flat, strict=True):
        exact = exact_value(entry)
        ends = (exact, exact) if exact is not None else balls.bounds(entry)
        # whole numbers keep their digits, however few places are asked for
        whole = exact is not None and exact.denominator == 1
        rounded = exact if whole else rounded_value(entry, places)
        if rounded is None:
            return None
        if written in (rounded, exact):
            continue
        decimals = 0 if whole else places.decimals_for(rounded)
        slip = mistyped(written, rounded, ends, decimals)
        if slip is None:
            return None
        slips.append(slip)
    return min(slips, key=lambda slip: slip.rank, default=None)


def _reordered(answer: Numbers, right: Any, places: Places) -> bool:
    """Whether the numbers are the right ones in another order."""
    exact = [exact_value(entry) for entry in right]
    rounded = [rounded_value(entry, places) for entry in right]
    kept = [e if e is not None and e.denominator == 1 else r for e, r in zip(exact, rounded, strict=True)]
    if any(value is None for value in kept):
        return False
    values = [value for value in kept if value is not None]
    written = [Fraction(value) for value in answer.values]
    negated = [-value for value in values]
    return written not in (values, negated) and sorted(values) == sorted(written)


def rounded_floats(values: Any, places: Places) -> Any:
    """Values in float64 as exact numbers, rounded as asked."""
    array = np.asarray(values, dtype=float)
    result = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        result[index] = round_exact(Fraction(repr(float(array[index]))), places)
    return result
