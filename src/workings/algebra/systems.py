"""Number systems: what a number is while an expression is evaluated.

| system | entries | what it is for |
|---|---|---|
| `Float64` | NumPy float64 | speed |
| `Balls(bits)` | `fmpq` while exact, else `arb` | certified digits |
| `Rounded(bits, places)` | as `Balls`, each step rounded | a hand calculation |
| `Enclosure(bits, places)` | as `Balls`, each step widened by half a unit | what correct rounding can reach |
| `Symbols` | SymPy expressions | letters |

A value is a bare scalar or a NumPy array (dtype float64 or object). Plain operators carry all systems; the
functions that Python has no operator for are one small table a system (`function`). `settle` is called on the
value of each step of a working, which is where a person rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from inspect import signature
from typing import Any, ClassVar, Final

import numpy as np

from workings.algebra.rounding import Places
from workings.errors import InputError, echo
from workings.numerals import number

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
    grows: ClassVar[bool] = False
    """Whether every operation can double the length of a number."""

    def lift(self, value: Any) -> Value:
        """A given (Fraction, int, array of them, float array) in this system."""
        if isinstance(value, np.ndarray):
            return elementwise(self.scalar, 1)(value)
        return self.scalar(value)

    def scalar(self, value: Any) -> Any:
        """One number (Fraction, int, float) in this system."""
        raise NotImplementedError

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The element-wise functions of `expression` that Python has no operator for, on whole values."""
        raise NotImplementedError

    def settle(self, value: Value) -> Value:
        """The value of a finished step, as this system passes it on."""
        return value

    def trim(self, value: Value) -> Value:
        """A value within a step, its numbers cut to a bounded length; asked for where the system `grows`."""
        return value

    def matmul(self, a: Value, b: Value) -> Value:
        """a @ b by NumPy's rules."""
        return np.matmul(a, b)

    def divide(self, a: Value, b: Value) -> Value:
        """a / b; `ZeroDivisionError` where b is 0 and the system has no infinity."""
        return a / b

    def outer(self, a: Value, b: Value) -> Value:
        """a bᵀ."""
        return np.multiply.outer(a, b)

    def largest(self, value: Any) -> Value:
        """The largest entry along the last axis."""
        return reduce(self.functions["maximum"], [value[..., i] for i in range(value.shape[-1])])

    def zero(self) -> Any:
        """The number 0 of this system."""
        return self.scalar(0)


def elementwise(function: Callable[..., Any], arity: int | None = None) -> Callable[..., Value]:
    """`function` of scalars, over scalars and object arrays with broadcasting; its own arity unless given."""
    ufunc = np.frompyfunc(function, arity or len(signature(function).parameters), 1)

    def over(*values: Value) -> Value:
        if not any(isinstance(value, np.ndarray) for value in values):
            return function(*values)
        with np.errstate(all="ignore"):  # flint leaves floating-point flags, which NumPy takes for its own
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
        """A given in double precision; a float64 array as it is."""
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            return value
        try:
            return value.astype(np.float64) if isinstance(value, np.ndarray) else np.float64(value)
        except OverflowError as error:
            raise InputError(
                "found a number beyond 1.8e308", accepted="numbers that a float64 holds"
            ) from error

    def scalar(self, value: Any) -> Any:
        """The nearest float64."""
        return self.lift(value)

    def divide(self, a: Value, b: Value) -> Value:
        """a / b, infinite or not a number where b is 0."""
        with np.errstate(all="ignore"):
            return a / b

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """NumPy's."""
        return self._table


@dataclass(frozen=True)
class Balls(System):
    """Exact rationals (`fmpq`) while values are rational, else balls (`arb`) of `bits` bits.

    A ball holds its error bound, so every digit that the whole ball agrees on is proven.
    Use inside `precision(bits)`: flint's working precision is a setting of the process.
    """

    grows: ClassVar[bool] = True

    bits: int = 64

    def lift(self, value: Any) -> Value:
        """A given as exact rationals."""
        from workings.algebra.balls import lifted, over  # flint is loaded when needed: cold start

        return over(value, lifted)

    def scalar(self, value: Any) -> Any:
        """A number as an exact rational."""
        from workings.algebra.balls import lifted

        return lifted(value)

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Exact where the result is rational and known, else with a proven error bound."""
        from workings.algebra.balls import FUNCTIONS

        return FUNCTIONS

    def settle(self, value: Value) -> Value:
        """Exact where it can be, and of bounded length."""
        from workings.algebra.balls import shorten

        return shorten(value)

    def trim(self, value: Value) -> Value:
        """Rationals that have grown too long as balls."""
        from workings.algebra.balls import trimmed

        return trimmed(value)

    def matmul(self, a: Value, b: Value) -> Value:
        """a @ b, by flint's matrix product where that is worth it."""
        from workings.algebra.balls import matmul

        return matmul(a, b)


@dataclass(frozen=True)
class Rounded(Balls):
    """Every step rounded to `places` (decimals or significant figures), as a person does on paper."""

    places: Places = field(default_factory=lambda: Places(decimals=4))

    def settle(self, value: Value) -> Value:
        """Rounded to `places`."""
        from workings.algebra.balls import rounded

        return rounded(value, self.places)


@dataclass(frozen=True)
class Enclosure(Balls):
    """Ball arithmetic in which every step may have been rounded to `places` or not.

    The result holds the exact value, the value rounded at every step, and everything between.
    """

    places: Places = field(default_factory=lambda: Places(decimals=4))

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """As those of `Balls`; what a wide ball leaves open becomes both outcomes."""
        from workings.algebra.balls import enclosure_functions

        return enclosure_functions()

    def settle(self, value: Value) -> Value:
        """Widened to hold what it may have been rounded to."""
        from workings.algebra.balls import widened

        return widened(value, self.places)


def _symbolic_quotient(a: Any, b: Any) -> Any:
    if b == 0:
        raise ZeroDivisionError
    return a / b


QUOTIENT: Final = elementwise(_symbolic_quotient)


def _symbolic_logarithm(x: Any) -> Any:
    import sympy

    if x.is_nonpositive:
        raise InputError(f"the logarithm of {echo(str(x))}", accepted="a positive argument")
    return sympy.log(x)


def _symbolic_root(x: Any) -> Any:
    import sympy

    if x.is_negative:
        raise InputError(f"the square root of {echo(str(x))}", accepted="an argument of 0 or more")
    return sympy.sqrt(x)


def _symbolic_power(a: Any, b: Any) -> Any:
    import sympy

    if a.is_zero and b.is_negative:
        raise InputError("0 to a negative power", accepted="a base other than 0")
    if a.is_Rational and b.is_Integer and max(abs(a.p), a.q).bit_length() * abs(b.p) > LARGEST_POWER_BITS:
        raise InputError(f"a power with the exponent {echo(str(b))}", accepted="a smaller exponent")
    return sympy.Pow(a, b)


@dataclass(frozen=True)
class Symbols(System):
    """SymPy expressions; letters stand for positive integers where `integers` names them, else for reals."""

    exact: ClassVar[bool] = True

    def scalar(self, value: Any) -> Any:
        """A number as a SymPy rational; SymPy's own expressions stay as they are."""
        import sympy

        if isinstance(value, sympy.Basic):
            return value
        fraction = number(value)
        return sympy.Rational(fraction.numerator, fraction.denominator)

    def divide(self, a: Value, b: Value) -> Value:
        """a / b, where b is not 0."""
        return QUOTIENT(a, b)

    def largest(self, value: Any) -> Value:
        """One maximum of all: in a maximum of maxima SymPy compares each pair each time."""
        import sympy

        result = np.empty(value.shape[:-1], dtype=object)
        for index in np.ndindex(result.shape):
            result[index] = sympy.Max(*value[index])
        return result[()]

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """SymPy's."""
        import sympy

        def truth(condition: Any) -> Any:
            return sympy.Piecewise((1, condition), (0, True))

        one: dict[str, Any] = {
            "exp": sympy.exp,
            "log": _symbolic_logarithm,
            "sqrt": _symbolic_root,
            "tanh": sympy.tanh,
            "sin": sympy.sin,
            "cos": sympy.cos,
            "absolute": sympy.Abs,
            "floor": sympy.floor,
            "ceil": sympy.ceiling,
            "sign": sympy.sign,
        }
        several: dict[str, Callable[..., Any]] = {
            "power": _symbolic_power,
            "maximum": sympy.Max,
            "minimum": sympy.Min,
            "less": lambda a, b: truth(sympy.Lt(a, b)),
            "at_most": lambda a, b: truth(sympy.Le(a, b)),
            "equal": lambda a, b: truth(sympy.Eq(a, b)),
            "xlogy": lambda a, b: sympy.Integer(0) if a == 0 else a * _symbolic_logarithm(b),
        }
        return {
            **{label: elementwise(function, 1) for label, function in one.items()},
            **{label: elementwise(function, 2) for label, function in several.items()},
            "choose": elementwise(lambda c, a, b: sympy.Piecewise((a, sympy.Ne(c, 0)), (b, True)), 3),
        }
