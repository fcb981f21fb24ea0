"""Variants of every question kind, and their values with numbers put in for letters.

A variant is what `vary(Random(seed))` drew, read and worked out. Everything is worked out once a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from inspect import signature
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
from questions import oracles

from workings import discovery
from workings.algebra import evaluate as evaluation
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, rebuild
from workings.algebra.rounding import Places
from workings.algebra.systems import Float64, System, Undecided
from workings.errors import InputError
from workings.question import Question
from workings.working import Working

PACKAGE = "workings.questions"
KINDS = discovery.names(PACKAGE)
DRAWS = 50
POINTS = 3


def question(kind: str) -> Question:
    return discovery.load(PACKAGE, kind, "QUESTION")


@dataclass(frozen=True, eq=False)
class Variant:
    kind: str
    seed: int
    raw: dict[str, Any]
    given: Any
    working: Working

    def __str__(self) -> str:
        return f"{self.kind}, Random({self.seed}): {self.raw}"

    @cached_property
    def oracle(self) -> ModuleType:
        return oracles.load(self.kind)

    @cached_property
    def answers(self) -> dict[str, Any]:
        return self.oracle.answers(self.raw)

    @cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        return self.working.needs()

    @cached_property
    def values(self) -> dict[str, Any]:
        return self.working.evaluate(Float64())

    @cached_property
    def certified(self) -> dict[str, Any]:
        return self.working.certified(Places(decimals=6))

    @cached_property
    def formulas(self) -> dict[str, Any]:
        return self.working.formulas() if self.working.letters else {}

    @cached_property
    def points(self) -> list[dict[str, Any]]:
        """Numbers for the letters, `POINTS` times; one empty point where there are none."""
        random = Random(1000 + self.seed)
        return [self._point(random) for _ in range(POINTS)] if self.working.letters else [{}]

    def _point(self, random: Random) -> dict[str, Any]:
        draw = getattr(self.oracle, "letters", None)
        letters = self.working.letters
        sizes = {
            symbol.name
            for letter in letters.values()
            for size in letter.shape
            for symbol in getattr(size, "free_symbols", ())
        }
        drawn = draw(self.raw, random) if draw else {}
        point = {name: value for name, value in drawn.items() if name in letters or name in sizes}
        for name in sorted(sizes):
            point.setdefault(name, random.randint(2, 9))
        for letter in letters.values():
            if letter.shape == () and not letter.sequence and letter.name not in point:
                point[letter.name] = random.randint(2, 9) if letter.integer else random.gauss(0, 1)
        noise = np.random.default_rng(random.randrange(2**32))
        for letter in letters.values():
            if letter.name not in point:
                shape = (16,) if letter.sequence else tuple(int(in_numbers(n, point)) for n in letter.shape)
                point[letter.name] = noise.normal(size=shape)
        return point


@cache
def variants(kind: str) -> tuple[Variant, ...]:
    return tuple(draw(kind, seed) for seed in range(DRAWS))


def draw(kind: str, seed: int) -> Variant:
    raw = question(kind).vary(Random(seed))
    try:
        return read(kind, seed, raw)
    except InputError as error:
        message = f"{kind}, Random({seed}): vary drew {raw}, which is refused: {error}"
        raise AssertionError(message) from error


def read(kind: str, seed: int, raw: dict[str, Any]) -> Variant:
    asked = question(kind)
    given = asked.given.read(raw)
    return Variant(kind, seed, raw, given, asked.work(given))


# --- values ------------------------------------------------------------------------------------------


def in_numbers(attribute: Any, point: Mapping[str, Any]) -> Any:
    """An attribute of a node (a shape, an axis) with numbers put in for its letters."""
    if isinstance(attribute, tuple | list):
        return tuple(in_numbers(part, point) for part in attribute)
    if isinstance(attribute, slice):
        return slice(*(in_numbers(part, point) for part in (attribute.start, attribute.stop, attribute.step)))
    if getattr(attribute, "free_symbols", None):
        return int(attribute.subs({symbol: point[symbol.name] for symbol in attribute.free_symbols}))
    return attribute


def with_sizes(root: Expr, point: Mapping[str, Any]) -> Expr:
    """`root` with numbers put in for the letters of its shapes."""

    def change(node: Expr) -> Expr | None:
        attrs = {key: in_numbers(value, point) for key, value in node.attrs.items()}
        return None if attrs == dict(node.attrs) else Expr(node.op, node.args, attrs)

    return rebuild(root, change) if point else root


@cache
def sized(variant: Variant, point: tuple[tuple[str, int], ...]) -> dict[str, Expr]:
    """The steps' formulas with numbers for the letters of shapes, kept as plans are."""
    return {step.name: with_sizes(step.expr, dict(point)) for step in variant.working.steps}


def start(variant: Variant, point: Mapping[str, Any], system: System) -> dict[str, Any]:
    """The givens and the letters as numbers."""
    values = dict(variant.working.lifted(system))
    for letter, value in point.items():
        values[letter] = system.lift(value)
    for given in variant.working.givens.values():
        if isinstance(given.value, Expr):
            values[given.name] = evaluate(given.value, values, system)
    return values


def run(
    variant: Variant,
    system: System,
    point: Mapping[str, Any] = {},
    overrides: Mapping[str, Any] = {},
    until: str | None = None,
) -> dict[str, Any]:
    """Values step by step with numbers for letters; stops at a step that this system cannot work out."""
    values = start(variant, point, system) | dict(overrides)
    whole = tuple((key, value) for key, value in point.items() if isinstance(value, int))
    for label, formula in sized(variant, whole).items():
        if label not in overrides:
            try:
                values[label] = system.settle(evaluate(formula, values, system))
            except (InputError, Undecided):
                if isinstance(system, Float64):
                    raise
                break
        if label == until:
            break
    return values


def as_float(value: Any) -> Any:
    """Any system's value in float64; words as they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray | list | tuple):
        entries = np.asarray(value)
        if entries.dtype != object:
            return entries.astype(np.float64)
        floats = np.array([as_float(entry) for entry in entries.ravel().tolist()], dtype=np.float64)
        return floats.reshape(entries.shape)
    if hasattr(value, "p") and hasattr(value, "q"):
        return int(value.p) / int(value.q)
    return float(value.mid()) if hasattr(value, "mid") else float(value)


def is_whole(value: Any) -> bool:
    """Whether an oracle's answer is meant to be compared exactly."""
    if isinstance(value, list | tuple):
        return all(is_whole(part) for part in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu"
    return isinstance(value, int | np.integer)


def exactly(value: Any) -> Any:
    """A certified value as nested lists of exact numbers."""
    if isinstance(value, np.ndarray):
        return [exactly(part) for part in value]
    if hasattr(value, "p"):
        return Fraction(int(value.p), int(value.q))
    return value


def nested(value: Any) -> Any:
    """An oracle's whole numbers as nested lists of Fractions."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return [nested(part) for part in value] if isinstance(value, list | tuple) else Fraction(value)


def close(found: Any, expected: Any, tolerance: float) -> bool:
    """Equal words, or numbers of one shape that agree to `tolerance`, relative to the largest entry."""
    if isinstance(found, str) or isinstance(expected, str):
        return found == expected
    found, expected = as_float(found), as_float(expected)
    if np.shape(found) != np.shape(expected):
        return False
    scale = max(1e-3, float(np.max(np.abs(expected), initial=0)))
    return bool(np.all(np.abs(found - expected) <= tolerance * scale))


def at_point(answer: Callable[..., Any], point: Mapping[str, Any]) -> Any:
    """An oracle's function of letters at a point; it takes only the letters that it names."""
    taken = signature(answer).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
        return answer(**point)
    return answer(**{letter: value for letter, value in point.items() if letter in taken})


# --- kinks ------------------------------------------------------------------------------------------


class Watched(Float64):
    """Float64 that writes down on which side of every kink (max, |x|, a comparison, a floor) a value fell."""

    sides: list[Any]

    def __init__(self) -> None:
        object.__setattr__(self, "sides", [])
        table = dict(Float64().functions)
        for label in ("maximum", "minimum", "less", "at_most", "equal"):
            table[label] = self._watched(table[label], lambda a, b: np.asarray(a < b).tolist())
        for label in ("absolute", "sign"):
            table[label] = self._watched(table[label], lambda x: np.asarray(x < 0).tolist())
        for label in ("floor", "ceil"):
            table[label] = self._watched(table[label], lambda x: np.floor(x).tolist())
        object.__setattr__(self, "functions", table)

    def _watched(self, function: Callable[..., Any], side: Callable[..., Any]) -> Callable[..., Any]:
        def row(*args: Any) -> Any:
            self.sides.append(side(*args))
            return function(*args)

        return row


def watch_largest(node: Expr, system: System, x: Any) -> Any:
    """The evaluate row of `amax`, which writes down where the largest entries were."""
    value = AMAX(node, system, x)
    if isinstance(system, Watched):
        axis, keepdims = node.attrs.get("axis"), node.attrs.get("keepdims", False)
        kept = value if keepdims or axis is None else np.expand_dims(value, axis)
        system.sides.append(np.asarray(x == kept).tolist())
    return value


AMAX = evaluation.ROWS["amax"]


def gradients(variant: Variant) -> Iterator[tuple[str, str]]:
    """(name, grad_name) for each gradient step whose name is a given, a letter or a step."""
    working = variant.working
    if working.cost not in working:
        return
    for step in working.steps:
        name = step.name.removeprefix("grad_")
        known = name in working or name in working.givens or name in working.letters
        if known and name not in (step.name, working.cost):
            yield name, step.name
