"""Exact arithmetic in Python's own Fractions, for the many questions that need no more.

Sizes, parameter counts, areas and averages stay rational from start to end. For them loading flint takes
longer than the sums, so certified evaluation begins here and goes on with `Balls` as soon as a value would
leave the rationals or grow long.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, ClassVar, Final

import numpy as np

from workings.algebra.systems import System, Value, elementwise
from workings.numerals import number

LONGEST: Final = 512
"""Bits of a numerator or denominator."""
LARGEST_EXPONENT: Final = 64


class NotRationalError(ArithmeticError):
    """The value leaves the rationals, or is too long to stay with them."""


def _leaves(*_: Any) -> Any:
    raise NotRationalError


def _power(a: Fraction, b: Fraction) -> Fraction:
    if b.denominator != 1 or abs(b) > LARGEST_EXPONENT or (a == 0 and b < 0):
        raise NotRationalError
    return a ** int(b)


def _larger(a: Fraction, b: Fraction) -> Fraction:
    return max(a, b)


def _smaller(a: Fraction, b: Fraction) -> Fraction:
    return min(a, b)


_TABLE: Final[dict[str, Callable[..., Any]]] = {
    "absolute": abs,
    "floor": lambda x: Fraction(math.floor(x)),
    "ceil": lambda x: Fraction(math.ceil(x)),
    "sign": lambda x: Fraction((x > 0) - (x < 0)),
    "power": _power,
    "maximum": _larger,
    "minimum": _smaller,
    "less": lambda a, b: Fraction(int(a < b)),
    "at_most": lambda a, b: Fraction(int(a <= b)),
    "equal": lambda a, b: Fraction(int(a == b)),
    "choose": lambda condition, a, b: a if condition != 0 else b,
    "xlogy": lambda x, y: x if x == 0 else _leaves(y),
}


@cache
def _functions() -> Mapping[str, Callable[..., Any]]:
    found = {label: elementwise(function) for label, function in _TABLE.items()}
    return {**dict.fromkeys(("exp", "log", "sqrt", "tanh", "sin", "cos"), _leaves), **found}


@dataclass(frozen=True)
class Rationals(System):
    """Fractions; raises `NotRationalError` where `Balls` has to take over."""

    grows: ClassVar[bool] = True

    def scalar(self, value: Any) -> Any:
        """A number as a Fraction."""
        return value if type(value) is Fraction else number(value)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Those that stay rational; the others raise."""
        return _functions()

    def settle(self, value: Value) -> Value:
        """The value, unless it has grown too long."""
        return self.trim(value)

    def trim(self, value: Value) -> Value:
        """The value, unless it has grown too long."""
        entries = value.ravel().tolist() if isinstance(value, np.ndarray) else (value,)
        for entry in entries:
            if (
                isinstance(entry, Fraction)
                and max(entry.numerator.bit_length(), entry.denominator.bit_length()) > LONGEST
            ):
                raise NotRationalError
        return value
