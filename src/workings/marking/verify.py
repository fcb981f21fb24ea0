"""A solution checked again by means that share nothing with how it was worked out.

1. Certified values against plain float64.
2. Each printed formula, read back by the grammar, against the value of its step.
3. Derived gradients against central differences in float64.
4. Forward values against `torch.nn.functional`, gradients against torch's autograd, where torch is installed.

torch is imported here and nowhere else outside the lab, and only when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from workings.algebra.expression import names_in
from workings.algebra.shape import shapes_of
from workings.algebra.systems import Float64
from workings.solution import Solution

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
        if self.note and not self.values:
            return f"{self.name}: {self.note}"
        outcome = "passed" if self.passed else "FAILED"
        remark = f" ({self.note})" if self.note else ""
        return f"{self.name}: {outcome}, {self.values} values, largest difference {self.largest:.1e}{remark}"


def verify(solution: Solution) -> list[Check]:
    """Every check that applies to the question."""
    numbers = solution.working.evaluate(Float64())
    checks = [_certified(solution, numbers), _printed(solution, numbers)]
    if any(step.name.startswith("grad_") for step in solution.working):
        checks.append(_differences(solution, numbers))
    if find_spec("torch") is None:
        checks.append(Check("torch", 0, 0.0, passed=True, note="not installed"))
    else:
        from workings.marking.torch_twin import forward_and_gradients

        checks += [
            _compared(name, found, numbers, TOLERANCE)
            for name, found in forward_and_gradients(solution.working)
        ]
    return checks


def _gap(a: Any, b: Any) -> float:
    """The largest difference, relative to the larger of 1 and the value."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        return float("inf")
    return float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)), initial=0.0))


def _compared(name: str, found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float) -> Check:
    gaps = {label: _gap(value, expected[label]) for label, value in found.items()}
    worst = max(gaps, key=lambda label: gaps[label], default="")
    largest = gaps.get(worst, 0.0)
    passed = largest <= tolerance
    return Check(
        name,
        sum(np.size(value) for value in found.values()),
        largest,
        passed,
        "" if passed else f"worst: {worst}",
    )


def _certified(solution: Solution, numbers: Mapping[str, Any]) -> Check:
    found = {
        step.name: _floats(solution.values[step.name])
        for step in solution.working
        if step.name in numbers and not isinstance(numbers[step.name], str)
    }
    return _compared("certified against float64", found, numbers, TOLERANCE)


def _floats(value: Any) -> Any:
    from workings.algebra.digits import plain

    return np.asarray(plain(value), dtype=float)


def _printed(solution: Solution, numbers: Mapping[str, Any]) -> Check:
    from workings.algebra.evaluate import evaluate
    from workings.algebra.parse import parse
    from workings.algebra.show import text

    working = solution.working
    ranks = {name: len(shape) for name, shape in working.shapes.items()}
    found: dict[str, Any] = {}
    for step in working:
        if step.name not in numbers or isinstance(numbers[step.name], str):
            continue
        shapes = shapes_of(
            step.expr, {name: working.shapes[name] for name in names_in(step.expr) if name in working.shapes}
        )
        printed = text(step.expr, ranks={node: len(shape) for node, shape in shapes.items()})
        found[step.name] = evaluate(parse(printed, ranks=ranks), numbers, Float64())
    return _compared("printed formulas read back", found, numbers, TOLERANCE)


def _differences(solution: Solution, numbers: Mapping[str, Any]) -> Check:
    """Central differences of the cost with respect to each given or step that has a gradient."""
    working = solution.working
    found: dict[str, Any] = {}
    for step in working:
        target = step.name.removeprefix("grad_")
        if target == step.name or target not in numbers or np.size(numbers[target]) > MOST_DIFFERENCES:
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
