"""Follow-through: the value of a step from a student's own earlier values.

A step is worked out again along its route: the steps between it and the nearest answers that the student
wrote, so no edge is declared. Any subset of those answers that differ from the key's may have been used. What
was left blank takes the key's value where nothing that the student wrote reaches it.

No credit where the substitution makes the step trivial: where an input that matters in the key's working no
longer does (a hidden layer of zeros makes all weights behind it free).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from workings.algebra.evaluate import evaluate
from workings.algebra.expression import names_in
from workings.algebra.systems import Float64, System, Undecided
from workings.errors import InputError
from workings.marking.points import Point, sized
from workings.working import Step, Working

MOST_DIFFERING: Final = 6
"""Parents whose every subset is tried; of more, each alone and all together."""
NUDGE: Final = 1e-4
COLLAPSED: Final = 1e-6
"""An input whose effect falls below this share of what it has in the key's working has none left."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a step comes from what was written.

    Parameters
    ----------
    steps: the steps to work out again, the step itself last.
    parents: the nearest written answers, in order.
    inner: every step between the two, also those that no written answer reaches.
    """

    steps: tuple[Step, ...]
    parents: tuple[str, ...]
    inner: frozenset[str]


def route(working: Working, label: str, written: AbstractSet[str]) -> Route:
    """The steps to work out again for `label`, and the nearest of the `written` names before it."""
    parents: dict[str, None] = {}
    found: dict[str, None] = {label: None}
    waiting = [label]
    while waiting:
        for name in names_in(working[waiting.pop()].expr):
            if name in written:
                parents[name] = None
            elif name in working and name not in found:
                found[name] = None
                waiting.append(name)
    reached = set(parents)
    steps: list[Step] = []
    for step in working.steps if found else ():
        if step.name in found and (step.name == label or any(n in reached for n in names_in(step.expr))):
            reached.add(step.name)
            steps.append(step)
        if step.name == label:
            break
    order = {step.name: i for i, step in enumerate(working.steps)}
    ordered = tuple(sorted(parents, key=lambda name: order.get(name, -1)))
    return Route(tuple(steps), ordered, frozenset(found))


def along(
    steps: Sequence[Step],
    values: Mapping[str, Any],
    system: System,
    sizes: Mapping[str, int],
    slip: Step | None = None,
) -> Any:
    """The value of the last of `steps`, each worked out from `values` and the ones before it.

    `slip` stands in the place of the step of its name: its formula with a slip in it.

    Raises
    ------
    InputError: values that the formulas do not take.
    Undecided: what the number system leaves open.
    """
    scope = dict(values)
    for step in steps:
        formula = slip.expr if slip is not None and slip.name == step.name else step.expr
        scope[step.name] = system.settle(evaluate(sized(formula, sizes), scope, system))
    return scope[steps[-1].name]


def subsets(differing: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Which of the differing parents may have been used: all first, then fewer."""
    if not differing:
        return
    if len(differing) <= MOST_DIFFERING:
        for size in range(len(differing), 0, -1):
            yield from combinations(differing, size)
        return
    yield tuple(differing)
    for name in differing:
        yield (name,)


def trivial(steps: Sequence[Step], world: Point, own: Mapping[str, Any]) -> bool:
    """Whether the student's values `own` make the last step trivial at a point of the key's working."""
    inside = {step.name for step in steps}
    others: dict[str, None] = {}
    for step in steps:
        others.update({name: None for name in names_in(step.expr) if name not in inside and name not in own})
    compared = False
    for name in others:
        value = world.values.get(name)
        if value is None or isinstance(value, str):
            continue
        right = _effect(steps, world, {}, name)
        if right is None or right == 0:
            continue
        compared = True
        if (_effect(steps, world, own, name) or 0) <= COLLAPSED * right:
            return True
    if compared:
        return False
    return all(not np.any(value) for value in own.values()) and any(
        np.any(world.values[name]) for name in own
    )


def _effect(steps: Sequence[Step], world: Point, own: Mapping[str, Any], name: str) -> float | None:
    """How far a small change of one input moves the step; None where the formula does not take it."""
    values = {**world.values, **own}
    noise = np.random.default_rng(len(name)).uniform(0.5, 1.5, np.shape(values[name]))
    moved = values[name] + NUDGE * (1 + np.abs(values[name])) * noise
    try:
        before = along(steps, values, Float64(), world.sizes)
        after = along(steps, {**values, name: moved}, Float64(), world.sizes)
    except (InputError, Undecided):
        return None
    if isinstance(before, str) or np.shape(before) != np.shape(after):
        return None
    effect = float(np.max(np.abs(np.asarray(after) - np.asarray(before)), initial=0.0))
    return effect if np.isfinite(effect) else None
