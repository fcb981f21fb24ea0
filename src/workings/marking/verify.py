"""A solution checked again by means that share nothing with how it was worked out.

1. Formulas in letters against plain float64, with numbers put in for the letters.
2. Certified values against plain float64.
3. Each printed formula, read back by the grammar, against the value of its step.
4. Derived gradients against central differences in float64.
5. Forward values against `torch.nn.functional`, gradients against torch's autograd, where torch is installed.

A question in letters goes through 2 to 5 with numbers in their place. torch is imported here and nowhere else
outside the lab, and only when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from workings.algebra.digits import plain
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import names_in
from workings.algebra.shape import shapes_of
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.marking.points import Point, at_point, points
from workings.solution import Solution
from workings.working import Working

TOLERANCE: Final = 1e-9
STEP: Final = 1e-6
DIFFERENCE_TOLERANCE: Final = 1e-5
MOST_DIFFERENCES: Final = 400
"""Entries of one gradient that are checked by central differences."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was compared, over how many values, and the largest relative difference."""

    name: str
    values: int
    largest: float
    passed: bool
    note: str = ""

    def __str__(self) -> str:
        remark = f" ({self.note})" if self.note else ""
        if self.passed and not self.values:
            return f"{self.name}: nothing to compare{remark}"
        outcome = "passed" if self.passed else "FAILED"
        return f"{self.name}: {outcome}, {self.values} values, largest difference {self.largest:.1e}{remark}"


def verify(solution: Solution) -> list[Check]:
    """Every check that applies to the question."""
    working, checks = solution.working, list[Check]()
    values: Mapping[str, Any]
    if not working.letters:
        values = solution.values
    else:
        try:
            point = points(working, tries=1)[0]
        except InputError as error:
            return [Check("letters", 0, 0.0, passed=True, note=str(error))]
        checks.append(_formulas(solution, point))
        working = at_point(working, point)
        values = working.certified(solution.places)
    numbers = working.evaluate(Float64())
    checks += [_certified(values, numbers, working), _printed(working, numbers)]
    if working.cost in working and any(step.name.startswith("grad_") for step in working):
        checks.append(_differences(working, numbers))
    if find_spec("torch") is None:
        return [*checks, Check("torch", 0, 0.0, passed=True, note="not installed")]
    from workings.marking.torch_twin import forward_and_gradients

    return checks + [
        _compared(name, found, numbers, TOLERANCE) for name, found in forward_and_gradients(working)
    ]


def _gap(a: Any, b: Any) -> float:
    """The largest difference, relative to the larger of 1 and the value; infinite where one is none."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        return float("inf")
    gaps = np.abs(a - b) / np.maximum(1, np.abs(b))
    return float(np.max(np.where(np.isnan(gaps), np.inf, gaps), initial=0.0))


def _compared(name: str, found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float) -> Check:
    gaps = {label: _gap(value, expected[label]) for label, value in found.items()}
    worst = max(gaps, key=lambda label: gaps[label], default="")
    largest = gaps.get(worst, 0.0)
    passed = largest <= tolerance
    count = sum(np.size(value) for value in found.values())
    return Check(name, count, largest, passed, "" if passed else f"worst: {worst}")


def _formulas(solution: Solution, point: Point) -> Check:
    from workings.algebra.letters import at_numbers

    letters = solution.working.letters
    found = {
        name: at_numbers(formula, letters, point.values)
        for name, formula in solution.working.formulas().items()
        if not isinstance(point.values[name], str)
    }
    return _compared("formulas in letters against float64", found, point.values, TOLERANCE)


def _in_numbers(working: Working, numbers: Mapping[str, Any]) -> list[str]:
    """The steps that have a number."""
    return [step.name for step in working if not isinstance(numbers.get(step.name, ""), str)]


def _certified(values: Mapping[str, Any], numbers: Mapping[str, Any], working: Working) -> Check:
    found = {name: np.asarray(plain(values[name]), dtype=float) for name in _in_numbers(working, numbers)}
    return _compared("certified against float64", found, numbers, TOLERANCE)


def _printed(working: Working, numbers: Mapping[str, Any]) -> Check:
    from workings.algebra.parse import parse
    from workings.algebra.show import text

    ranks = {name: len(shape) for name, shape in working.shapes.items()}
    found: dict[str, Any] = {}
    for name in _in_numbers(working, numbers):
        root = working[name].expr
        shapes = shapes_of(
            root, {label: working.shapes[label] for label in names_in(root) if label in working.shapes}
        )
        printed = text(root, ranks={node: len(shape) for node, shape in shapes.items()})
        try:
            found[name] = evaluate(parse(printed, ranks=ranks), numbers, Float64())
        except InputError:  # not readable, or read as something that does not fit
            found[name] = np.full(np.shape(numbers[name]), np.inf)
    return _compared("printed formulas read back", found, numbers, TOLERANCE)


def _differences(working: Working, numbers: Mapping[str, Any]) -> Check:
    """Central differences of the cost with respect to each given or step that has a gradient."""
    found: dict[str, Any] = {}
    for step in working:
        target = step.name.removeprefix("grad_")
        known = target != step.name and target in numbers and target != working.cost
        if not known or np.size(numbers[target]) > MOST_DIFFERENCES:
            continue

        def cost(value: Any, target: str = target) -> float:
            return float(working.evaluate(Float64(), {target: value}, until=working.cost)[working.cost])

        found[step.name] = central_difference(cost, numbers[target])
    return _compared("gradients against central differences", found, numbers, DIFFERENCE_TOLERANCE)


def central_difference(cost: Callable[[Any], float], at: Any) -> Any:
    """(J(x + h) - J(x - h)) / 2h, entry by entry."""
    base = np.array(at, dtype=float)
    result = np.empty(base.shape)
    for index in np.ndindex(base.shape):
        ends: list[float] = []
        for sign in (1, -1):
            moved = base.copy()
            moved[index] += sign * STEP
            ends.append(cost(moved if moved.ndim else np.float64(moved[()])))
        result[index] = (ends[0] - ends[1]) / (2 * STEP)
    return result[()]
