"""Formulas compared at random points: the bounded way to tell whether two say the same.

Letters get random values of their kind and sizes get distinct small numbers, so a transposed or a misfitting
formula shows itself by its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, Final, Literal

import numpy as np

from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, rebuild, substitute
from workings.algebra.expression import name as reference
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.working import Working

Outcome = Literal["same", "transposed", "shape", "misfit", "different"]

TRIES: Final = 5
TOLERANCE: Final = 1e-9
ATTEMPTS: Final = 50
LARGEST_PRODUCT: Final = 1e12
SEED: Final = 20260101


@dataclass(frozen=True)
class Point:
    """Values of every given, letter and step, and of the sizes that are letters."""

    values: Mapping[str, Any]
    sizes: Mapping[str, int]


def points(working: Working, tries: int = TRIES) -> tuple[Point, ...]:
    """Random points at which the working can be evaluated.

    Raises
    ------
    InputError: none was found, since every one drawn lies outside a formula's domain.
    """
    random, found = Random(SEED), []
    for _ in range(ATTEMPTS):
        point = _draw(working, random)
        if point is not None:
            found.append(point)
        if len(found) == tries:
            return tuple(found)
    if found:
        return tuple(found)
    raise InputError("no point at which the formula has a value", accepted="a formula with a value")


def agree(working: Working, name: str, answer: Expr, at: tuple[Point, ...]) -> Outcome:
    """Whether `answer` equals the step `name` at every point, and if not, how it differs."""
    inverse = {symbol: reference(label) for label, symbol in working.symbols.items()}
    answer = substitute(answer, {s: ref for s, ref in inverse.items() if s not in working.shapes})
    outcomes: set[Outcome] = set()
    for point in at:
        expected = point.values[name]
        try:
            found = evaluate(_sized(answer, point.sizes), point.values, Float64())
        except InputError:
            outcomes.add("misfit")
            continue
        outcomes.add(_compare(found, expected))
    for outcome in ("different", "misfit", "shape", "transposed"):
        if outcome in outcomes:
            return outcome
    return "same"


def _compare(found: Any, expected: Any) -> Outcome:
    if np.shape(found) == np.shape(expected):
        if np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=False):
            return "same"
        square = np.ndim(found) == 2 and np.allclose(
            np.transpose(found), expected, rtol=TOLERANCE, atol=TOLERANCE
        )
        return "transposed" if square else "different"
    if np.shape(found)[::-1] == np.shape(expected) and np.allclose(
        np.transpose(found), expected, rtol=TOLERANCE
    ):
        return "transposed"
    return "shape"


def _draw(working: Working, random: Random) -> Point | None:
    sizes = _sizes(working, random)
    values: dict[str, Any] = {}
    for letter in working.letters.values():
        if letter.sequence:
            values[letter.name] = np.array([random.uniform(-1, 1) for _ in range(64)])
        elif letter.shape:
            extents = [_extent(extent, sizes) for extent in letter.shape]
            values[letter.name] = np.array(
                [random.uniform(-2, 2) for _ in range(int(np.prod(extents)))]
            ).reshape(extents)
        elif letter.name in sizes:
            values[letter.name] = np.float64(sizes[letter.name])
        else:
            drawn = random.randint(2, 9) if letter.integer else random.uniform(0.2, 2)
            values[letter.name] = np.float64(drawn)
    system = Float64()
    try:
        for given in working.givens.values():
            if isinstance(given.value, Expr):
                values[given.name] = evaluate(given.value, values, system)
            elif not isinstance(given.value, str):
                values[given.name] = system.lift(given.value)
        for step in working:
            values[step.name] = evaluate(_sized(step.expr, sizes), values, system)
    except InputError:
        return None
    numbers = [value for value in values.values() if not isinstance(value, str)]
    if any(
        not np.isfinite(value).all() or np.max(np.abs(value), initial=0) > LARGEST_PRODUCT
        for value in numbers
    ):
        return None
    return Point(values, sizes)


def _sizes(working: Working, random: Random) -> dict[str, int]:
    """Distinct small values for the letters that sizes are made of."""
    letters: dict[str, None] = {}
    for letter in working.letters.values():
        for extent in letter.shape:
            if not isinstance(extent, int):
                letters.update({str(symbol): None for symbol in sorted(extent.free_symbols, key=str)})
    start = count(random.randint(2, 4))
    return {label: next(start) for label in letters}


def _extent(extent: Any, sizes: Mapping[str, int]) -> int:
    if isinstance(extent, int):
        return extent
    return int(extent.subs({symbol: sizes[str(symbol)] for symbol in extent.free_symbols}))


def _sized(root: Expr, sizes: Mapping[str, int]) -> Expr:
    """`root` with letters in its attributes (the shape of a broadcast) replaced by their sizes."""
    if not sizes:
        return root

    def change(node: Expr) -> Expr | None:
        shape = node.attrs.get("shape")
        if shape is None or all(isinstance(extent, int) for extent in shape):
            return None
        return Expr(
            node.op, node.args, {**node.attrs, "shape": tuple(_extent(extent, sizes) for extent in shape)}
        )

    return rebuild(root, change)
