"""Number systems: what a number is while an expression is evaluated.

| system | entries | what it is for |
|---|---|---|
| `Float64` | NumPy float64 | speed |
| `Balls(bits)` | `fmpq` while exact, else `arb` | certified digits |
| `Rounded(bits, places)` | as `Balls`, each step rounded | a hand calculation |
| `Enclosure(bits, places)` | as `Balls`, each step widened by half a unit | every answer that correct rounding can reach |
| `Symbols` | SymPy expressions | letters |

A value is a bare scalar or a NumPy array (dtype float64 or object). Plain operators carry all systems; the
functions that Python has no operator for are one small table a system (`function`). `settle` is called on the
value of each step of a working, which is where a person rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from inspect import signature
from typing import Any, ClassVar, Final

import numpy as np

from workings.algebra.rounding import Places
from workings.errors import InputError

Value = Any
"""A scalar or a NumPy array in some number system."""

LARGEST_RATIONAL_BITS: Final = 4096
"""A rational longer than this becomes a ball: squaring repeatedly doubles its length each time."""

LARGEST_POWER_BITS: Final = 1 << 16


class Undecided(ArithmeticError):
    """A comparison, floor or sign that this precision cannot decide; more bits may."""


@dataclass(frozen=True)
class System:
    """What evaluation needs of a number system."""

    exact: ClassVar[bool] = False

    def lift(self, value: Any) -> Value:
        """A given (Fraction, int, array of them, float array) in this system."""
        if isinstance(value, np.ndarray):
            return elementwise(self.scalar)(value)
        return self.scalar(value)

    def scalar(self, value: Any) -> Any:
        raise NotImplementedError

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """`exp`, `log`, `sqrt`, `tanh`, `sin`, `cos`, `absolute`, `floor`, `ceil`, `sign`, `power`, `maximum`,
        `minimum`, `less`, `at_most`, `equal`, on whole values."""
        raise NotImplementedError

    def settle(self, value: Value) -> Value:
        """The value of a finished step, as this system passes it on."""
        return value

    def matmul(self, a: Value, b: Value) -> Value:
        return np.matmul(a, b)

    def zero(self) -> Any:
        return self.scalar(0)


def elementwise(function: Callable[..., Any]) -> Callable[..., Value]:
    """`function` of scalars, over scalars and object arrays with broadcasting."""
    ufunc = np.frompyfunc(function, len(signature(function).parameters), 1)

    def over(*values: Value) -> Value:
        if not any(isinstance(value, np.ndarray) for value in values):
            return function(*values)
        return ufunc(*values)

    return over


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*values)

    return run


def _number_from(comparison: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: np.asarray(comparison(a, b), dtype=np.float64)[()]


def _xlogy(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, y)))[()]


@dataclass(frozen=True)
class Float64(System):
    """IEEE double precision, by NumPy."""

    _table: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": _quiet(np.exp),
        "log": _quiet(np.log),
        "sqrt": _quiet(np.sqrt),
        "power": _quiet(np.power),
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        "absolute": np.abs,
        "floor": np.floor,
        "ceil": np.ceil,
        "sign": np.sign,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "less": _number_from(np.less),
        "at_most": _number_from(np.less_equal),
        "equal": _number_from(np.equal),
        "xlogy": _xlogy,
        "choose": lambda condition, a, b: np.where(condition != 0, a, b)[()],
    }

    def lift(self, value: Any) -> Value:
        if isinstance(value, np.ndarray):
            return value if value.dtype == np.float64 else value.astype(np.float64)
        return np.float64(value)

    def scalar(self, value: Any) -> Any:
        return np.float64(value)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return self._table


@dataclass(frozen=True)
class Balls(System):
    """Exact rationals (`fmpq`) while values are rational, else balls (`arb`) of `bits` bits.

    A ball holds its error bound, so every digit that the whole ball agrees on is proven.
    Use inside `precision(bits)`: flint's working precision is a setting of the process.
    """

    bits: int = 64

    def scalar(self, value: Any) -> Any:
        from flint import arb, fmpq  # noqa: PLC0415  loaded when needed: cold start

        if isinstance(value, (fmpq, arb)):
            return value
        if isinstance(value, (float, np.floating)):
            if not np.isfinite(value):
                raise InputError(f"found {value}", accepted="finite numbers")
            value = Fraction(repr(float(value)))
        fraction = Fraction(value)
        return fmpq(fraction.numerator, fraction.denominator)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        from workings.algebra.balls import FUNCTIONS  # noqa: PLC0415  imports flint

        return FUNCTIONS

    def settle(self, value: Value) -> Value:
        from workings.algebra.balls import shorten  # noqa: PLC0415  imports flint

        return shorten(value)

    def matmul(self, a: Value, b: Value) -> Value:
        from workings.algebra.balls import matmul  # noqa: PLC0415  imports flint

        return matmul(a, b)


@dataclass(frozen=True)
class Rounded(Balls):
    """Every step rounded to `places` (decimals or significant figures), as a person does on paper."""

    places: Places = field(default_factory=lambda: Places(decimals=4))

    def settle(self, value: Value) -> Value:
        from workings.algebra.balls import rounded  # noqa: PLC0415  imports flint

        return rounded(value, self.places)


@dataclass(frozen=True)
class Enclosure(Balls):
    """Ball arithmetic in which every step may have been rounded to `places` or not.

    The result holds the exact value, the value rounded at every step, and everything between.
    """

    places: Places = field(default_factory=lambda: Places(decimals=4))

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        from workings.algebra.balls import enclosure_functions  # noqa: PLC0415  imports flint

        return enclosure_functions()

    def settle(self, value: Value) -> Value:
        from workings.algebra.balls import widened  # noqa: PLC0415  imports flint

        return widened(value, self.places)


@dataclass(frozen=True)
class Symbols(System):
    """SymPy expressions; letters stand for positive integers where `integers` names them, else for reals."""

    exact: ClassVar[bool] = True

    def scalar(self, value: Any) -> Any:
        import sympy  # noqa: PLC0415  0.3 s: loaded when needed

        if isinstance(value, sympy.Basic):
            return value
        if isinstance(value, (float, np.floating)):
            value = Fraction(repr(float(value)))
        fraction = Fraction(value)
        return sympy.Rational(fraction.numerator, fraction.denominator)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        import sympy  # noqa: PLC0415

        table: dict[str, Callable[..., Any]] = {
            "exp": lambda x: sympy.exp(x),
            "log": lambda x: sympy.log(x),
            "sqrt": lambda x: sympy.sqrt(x),
            "tanh": lambda x: sympy.tanh(x),
            "sin": lambda x: sympy.sin(x),
            "cos": lambda x: sympy.cos(x),
            "absolute": lambda x: sympy.Abs(x),
            "floor": lambda x: sympy.floor(x),
            "ceil": lambda x: sympy.ceiling(x),
            "sign": lambda x: sympy.sign(x),
            "power": lambda a, b: sympy.Pow(a, b),
            "maximum": lambda a, b: sympy.Max(a, b),
            "minimum": lambda a, b: sympy.Min(a, b),
            "less": lambda a, b: sympy.Piecewise((1, sympy.Lt(a, b)), (0, True)),
            "at_most": lambda a, b: sympy.Piecewise((1, sympy.Le(a, b)), (0, True)),
            "equal": lambda a, b: sympy.Piecewise((1, sympy.Eq(a, b)), (0, True)),
            "xlogy": lambda a, b: sympy.Integer(0) if a == 0 else a * sympy.log(b),
            "choose": lambda condition, a, b: sympy.Piecewise((a, sympy.Ne(condition, 0)), (b, True)),
        }
        return {label: elementwise(function) for label, function in table.items()}

