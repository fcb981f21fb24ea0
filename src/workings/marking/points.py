"""Formulas compared at random points: the bounded way to tell whether two say the same.

Letters get random values of their kind and sizes get distinct small numbers, so a transposed or a misfitting
formula shows itself by its shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from math import prod
from random import Random
from typing import Any, Final, Literal, cast

import numpy as np

from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, names_in, postorder, rebuild, substitute
from workings.algebra.expression import name as reference
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.working import Given, Letter, Working

Outcome = Literal["same", "transposed", "shape", "misfit", "different"]

TRIES: Final = 5
TRIES_WITH_PLACES: Final = 20
"""Points where a letter is a place: a formula may have a case for some places only."""
TOLERANCE: Final = 1e-9
ATTEMPTS: Final = 50
LARGEST_PRODUCT: Final = 1e12
SEED: Final = 20260101
LONGEST_SEQUENCE: Final = 64
DECIMALS: Final = 6


@dataclass(frozen=True)
class Point:
    """Values of every given, letter and step, and of the sizes that are letters."""

    values: Mapping[str, Any]
    sizes: Mapping[str, int]


def points(working: Working, tries: int | None = None) -> tuple[Point, ...]:
    """Random points at which the working can be evaluated: `TRIES` of them, or more where letters are places.

    Raises
    ------
    InputError: none was found, since every one drawn lies outside a formula's domain.
    """
    if tries is None:
        tries = TRIES_WITH_PLACES if _places(working) else TRIES
    random = Random(SEED)  # noqa: S311  the same points each time
    found: list[Point] = []
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
    answer = spelled_out(working, name, answer)
    outcomes: set[Outcome] = set()
    for point in at:
        expected = point.values[name]
        try:
            found = evaluate(sized(answer, point.sizes), point.values, Float64())
        except InputError:
            outcomes.add("misfit")
            continue
        outcomes.add(_compare(found, expected))
    for outcome in ("different", "misfit", "shape", "transposed"):
        if outcome in outcomes:
            return outcome
    return "same"


def spelled_out(working: Working, name: str, answer: Expr) -> Expr:
    """A formula for the step `name`, in printed symbols, as one in the working's own names.

    A symbol that is also the name of this step or of a later one (M, a filter's height and then the matrix)
    is read as the symbol: no formula speaks of what comes after it.
    """
    labels = [step.name for step in working]
    later = set(labels[labels.index(name) :]) if name in working else set[str]()
    inverse = {symbol: reference(label) for label, symbol in working.symbols.items()}
    return substitute(answer, {s: ref for s, ref in inverse.items() if s not in working.shapes or s in later})


def _compare(found: Any, expected: Any) -> Outcome:
    if np.shape(found) == np.shape(expected) and _close(found, expected):
        return "same"
    turned = np.transpose(found)
    if np.ndim(found) == 2 and turned.shape == np.shape(expected) and _close(turned, expected):
        return "transposed"
    if np.shape(found) == np.shape(expected):
        return "different"
    return "shape"


def _close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE))


def _draw(working: Working, random: Random) -> Point | None:
    sizes = _sizes(working, random)
    places = _places(working)
    values = {
        letter.name: np.float64(_place(random)) if letter.name in places else _drawn(letter, sizes, random)
        for letter in working.letters.values()
    }
    for label in _distributions(working) & values.keys():
        values[label] = np.abs(values[label]) / np.sum(np.abs(values[label]), axis=-1, keepdims=True)
    system = Float64()
    try:
        for given in working.givens.values():
            if isinstance(given.value, Expr):
                values[given.name] = evaluate(given.value, values, system)
            elif not isinstance(given.value, str):
                values[given.name] = system.lift(given.value)
        for step in working:
            values[step.name] = evaluate(sized(step.expr, sizes), values, system)
    except InputError:
        return None
    numbers = [value for value in values.values() if not isinstance(value, str)]
    if any(
        not np.isfinite(value).all() or np.max(np.abs(value), initial=0) > LARGEST_PRODUCT
        for value in numbers
    ):
        return None
    return Point(values, sizes)


def _drawn(letter: Letter, sizes: Mapping[str, int], random: Random) -> Any:
    """A value for a letter, of a few decimals: products of long ones differ only in their last digits."""
    if letter.sequence:
        return np.array([_decimal(random, -1, 1) for _ in range(LONGEST_SEQUENCE)])
    if letter.shape:
        extents = [_extent(extent, sizes) for extent in letter.shape]
        return np.array([_decimal(random, -2, 2) for _ in range(prod(extents))]).reshape(extents)
    if letter.name in sizes:
        return np.float64(sizes[letter.name])
    return np.float64(random.randint(2, 9) if letter.integer else _decimal(random, 0.2, 2))


def _places(working: Working) -> set[str]:
    """The letters that count places, as a in x_a does; those that a sum runs up to are sizes."""
    nodes = [node for step in working for node in postorder(step.expr)]
    subscripts = {
        label
        for node in nodes
        if node.op in ("element", "entry")
        for subscript in node.args[1:]
        for label in names_in(subscript)
    }
    bounds = {label for node in nodes if node.op == "summation" for label in names_in(node.args[2])}
    return {
        letter
        for letter in subscripts - bounds
        if letter in working.letters and working.letters[letter].shape == ()
    }


def _place(random: Random) -> int:
    """A place from 1 to 4, a small one more often: it has to lie inside what it counts."""
    return random.randint(1, random.randint(1, 4))


def _distributions(working: Working) -> set[str]:
    """The names that a loss takes as distributions: their entries are not free, but add up to 1."""
    return {
        node.args[1].attrs["name"]
        for step in working
        for node in postorder(step.expr)
        if node.attrs.get("distribution") and node.args[1].op == "name"
    }


def _decimal(random: Random, low: float, high: float) -> float:
    return round(random.uniform(low, high), DECIMALS)


def _sizes(working: Working, random: Random) -> dict[str, int]:
    """Distinct small values for the letters that sizes are made of, rising by steps that differ."""
    letters: dict[str, None] = {}
    for letter in working.letters.values():
        for extent in letter.shape:
            if not isinstance(extent, int):
                letters.update({str(symbol): None for symbol in sorted(extent.free_symbols, key=str)})
    steps = accumulate((random.randint(1, 2) for _ in letters), initial=random.randint(1, 3))
    return dict(zip(letters, list(steps)[1:], strict=True))


def _extent(extent: Any, sizes: Mapping[str, int]) -> int:
    if isinstance(extent, int):
        return extent
    return int(extent.subs({symbol: sizes[str(symbol)] for symbol in extent.free_symbols}))


def sized(root: Expr, sizes: Mapping[str, int]) -> Expr:
    """`root` with letters in its attributes (the shape of a broadcast, a slice) replaced by their sizes."""
    if not sizes:
        return root

    def change(node: Expr) -> Expr | None:
        attrs = {key: _in_numbers(value, sizes) for key, value in node.attrs.items()}
        return None if attrs == node.attrs else Expr(node.op, node.args, attrs)

    return rebuild(root, change)


def _in_numbers(attribute: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(attribute, (tuple, list)):
        return tuple(_in_numbers(part, sizes) for part in cast("Sequence[Any]", attribute))
    if isinstance(attribute, slice):
        part = cast("slice[Any, Any, Any]", attribute)
        return slice(*(_in_numbers(end, sizes) for end in (part.start, part.stop, part.step)))
    return _extent(attribute, sizes) if getattr(attribute, "free_symbols", None) else attribute


def at_point(working: Working, point: Point) -> Working:
    """The working with a point's numbers in place of its letters: every step then has a number."""
    letters = {name: Given(name, _exact(point.values[name])) for name in working.letters}
    givens = {
        given.name: Given(given.name, _exact(point.values[given.name]), given.note)
        if isinstance(given.value, Expr)
        else given
        for given in working.givens.values()
    }
    steps = tuple(replace(step, expr=sized(step.expr, point.sizes)) for step in working)
    shapes = {name: np.shape(value) for name, value in point.values.items()}
    return Working({**letters, **givens}, {}, steps, shapes, working.symbols, working.cost, working.ask)


def _exact(value: Any) -> Any:
    return value if np.ndim(value) else Fraction(repr(float(value)))
