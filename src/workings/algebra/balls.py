"""Arithmetic on flint's numbers: `fmpq` while a value is rational, `arb` (a ball) once it is not.

The only file of the algebra that knows flint. Everything here works at flint's current precision; wrap calls
in `precision(bits)`. Source of the arithmetic: Johansson, "Arb: efficient arbitrary-precision midpoint-radius
interval arithmetic", IEEE Transactions on Computers 66 (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from math import floor as math_floor
from math import isfinite, log10
from typing import Any, Final

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from workings.algebra.elision import shown_part
from workings.algebra.rounding import Places, round_decimals
from workings.algebra.systems import (
    LARGEST_POWER_BITS,
    LARGEST_RATIONAL_BITS,
    Undecided,
    Value,
    elementwise,
)
from workings.errors import InputError
from workings.numerals import number

HALF: Final = arb(0.5)
HALF_EXACTLY: Final = fmpq(1, 2)
SMALLEST_PLAIN: Final = 1e-200
NEAR_POWER_OF_TEN: Final = 1e-9

LARGE_EXPONENT: Final = 1000
"""Above it a power is looked at before it is worked out."""

SMALL_PRODUCT: Final = 64
"""Scalar products below this many multiplications stay in plain operators, which keep more entries exact."""


@contextmanager
def precision(bits: int) -> Generator[None]:
    """flint's working precision for the time of a block."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def lifted(value: Any) -> Any:
    """A number (Fraction, int, float by its shortest decimal, text) as `fmpq`; flint's own stay."""
    if isinstance(value, (fmpq, arb)):
        return value
    if type(value) is float and isfinite(value):  # `number`, written out: large arrays of floats are common
        digits, _, exponent = repr(value).partition("e")
        whole, _, decimals = digits.partition(".")
        scaled = fmpq(int(whole + decimals), 10 ** len(decimals))
        return scaled * fmpq(10) ** int(exponent) if exponent else scaled
    exact = value if type(value) is Fraction else number(value)
    return fmpq(exact.numerator, exact.denominator)


def is_exact(entry: Any) -> bool:
    """Whether an entry is known exactly."""
    return isinstance(entry, fmpq) or entry.is_exact()


def fraction(entry: Any) -> Fraction:
    """An `fmpq` or an exact ball as a Fraction."""
    if isinstance(entry, fmpq):
        return Fraction(int(entry.p), int(entry.q))
    man, exponent = entry.man_exp()
    if exponent > LARGEST_POWER_BITS:
        raise InputError("a number of more than 19 728 digits", accepted="smaller numbers")
    power = int(exponent)
    return Fraction(int(man)) * (Fraction(2) ** power)


def bounds(entry: Any) -> tuple[Fraction, Fraction]:
    """The least and the greatest value of an entry, as exact rationals (rounded outwards)."""
    if isinstance(entry, fmpq):
        exact = fraction(entry)
        return exact, exact
    if not entry.is_finite():
        raise Undecided("the ball is not finite")
    return _end(entry.lower(), up=False), _end(entry.upper(), up=True)


def _end(end: Any, *, up: bool) -> Fraction:
    """An end of a ball; one too close to 0 to be written out is moved outwards, to 0 or 2^-65536."""
    man, exponent = end.man_exp()
    if man != 0 and exponent + man.bit_length() < -LARGEST_POWER_BITS:
        if up == (man > 0):
            return Fraction(1 if up else -1, 1 << LARGEST_POWER_BITS)
        return Fraction(0)
    return fraction(end)


def rational(value: Fraction) -> Any:
    """A Fraction as `fmpq`."""
    return fmpq(value.numerator, value.denominator)


def hull(low: Fraction, high: Fraction) -> Any:
    """The smallest entry that holds both ends: an `arb` overshoots by some 10^-9 of its radius."""
    if low == high:
        return rational(low)
    return arb(rational(low)).union(arb(rational(high)))


def _unary(exact: Callable[[Any], Any | None], ball: Callable[[Any], Any], what: str) -> Callable[[Any], Any]:
    """`exact` gives the value where it is known exactly, else None; it refuses what is surely not defined."""

    def function(x: Any) -> Any:
        known = exact(x)
        if known is not None:
            return known
        result = ball(x if isinstance(x, arb) else arb(x))
        if result.is_nan() or not result.is_finite():
            raise Undecided(f"{what} of {arb(x).str(8)}")
        return result

    return function


def _log(x: Any) -> Any | None:
    if x <= 0:
        raise InputError(f"the logarithm of {_seen(x)}", accepted="a positive argument")
    return fmpq(0) if x == 1 else None


def _sqrt(x: Any) -> Any | None:
    if x < 0:
        raise InputError(f"the square root of {_seen(x)}", accepted="an argument of 0 or more")
    if not isinstance(x, fmpq):
        return None
    over, under = x.p.isqrt(), x.q.isqrt()
    return fmpq(over, under) if over * over == x.p and under * under == x.q else None


def _seen(x: Any) -> str:
    """An entry as messages show it: short, whatever its length."""
    return str(x) if isinstance(x, fmpq) and x.height_bits() <= 64 else str(arb(x).str(8, radius=False))


def _whole(step: Callable[[Fraction], int]) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        low, high = (step(end) for end in bounds(x))
        if low != high:
            raise Undecided("floor")
        return fmpq(low)

    return function


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def _sign(x: Any) -> Any:
    low, high = bounds(x)
    signs = {(end > 0) - (end < 0) for end in (low, high)}
    if len(signs) != 1:
        raise Undecided("sign")
    return fmpq(signs.pop())


def _power(a: Any, b: Any) -> Any:
    if isinstance(b, fmpq) and b.q == 1:
        exponent = b.p
        if isinstance(a, fmpq):
            if a == 0 and exponent < 0:
                raise InputError("0 to a negative power", accepted="a base other than 0")
            if a.height_bits() * abs(exponent) <= LARGEST_POWER_BITS:
                return a ** int(exponent)
        if abs(exponent) > LARGE_EXPONENT and a != 0 and arb(abs(a)).log() * exponent > LARGEST_POWER_BITS:
            raise InputError(
                f"the power {_seen(a)}^{_seen(b)}", accepted="results of fewer than 28 000 digits"
            )
        if isinstance(a, arb) and exponent > 0 and not (a > 0 or a < 0):
            return _power_across_zero(a, int(exponent))
        result = arb(a) ** exponent
    elif isinstance(b, fmpq) and b == fmpq(1, 2):
        return SQRT(a)
    else:
        result = arb(a) ** arb(b)
    if not result.is_finite():
        raise Undecided("a power that is too large or not defined")
    return result


def _power_across_zero(a: Any, exponent: int) -> Any:
    """a^n of a ball that holds 0, for n > 0; flint's own power is not a number where the middle is 0."""
    top = a.abs_upper() ** exponent
    if exponent % 2 == 0:
        return arb(0).union(top)
    return (-((-a.lower()) ** exponent)).union(a.upper() ** exponent)


def _absolute(a: Any) -> Any:
    """|a|; flint's own is as wide as a where a holds 0."""
    if isinstance(a, arb) and not (a > 0 or a < 0):
        return arb(0).union(a.abs_upper())
    return abs(a)


def _maximum(a: Any, b: Any) -> Any:
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return max(a, b)
    if a > b:
        return a
    if b > a:
        return b
    return arb(a).max(arb(b))


def _minimum(a: Any, b: Any) -> Any:
    return -_maximum(-a, -b)


def _compare(certain: Callable[[Fraction, Fraction, Fraction, Fraction], bool | None]) -> Callable[..., Any]:
    def function(a: Any, b: Any) -> Any:
        holds = certain(*bounds(a), *bounds(b))
        if holds is None:
            raise Undecided("a comparison")
        return fmpq(int(holds))

    return function


def _less(a0: Fraction, a1: Fraction, b0: Fraction, b1: Fraction) -> bool | None:
    return True if a1 < b0 else False if a0 >= b1 else None


def _at_most(a0: Fraction, a1: Fraction, b0: Fraction, b1: Fraction) -> bool | None:
    return True if a1 <= b0 else False if a0 > b1 else None


def _equal(a0: Fraction, a1: Fraction, b0: Fraction, b1: Fraction) -> bool | None:
    if a1 < b0 or b1 < a0:
        return False
    return True if a0 == a1 == b0 == b1 else None


def _choose(condition: Any, then: Any, otherwise: Any) -> Any:
    low, high = bounds(condition)
    if low <= 0 <= high:
        if low == high:
            return otherwise
        return arb(then).union(arb(otherwise))  # only an enclosure leaves a condition open
    return then


def _xlogy(x: Any, y: Any) -> Any:
    return x if isinstance(x, fmpq) and x == 0 else x * FUNCTION_OF_ENTRIES["log"](y)


SQRT: Final = _unary(_sqrt, lambda x: x.sqrt(), "the square root")
FUNCTION_OF_ENTRIES: Final[dict[str, Callable[..., Any]]] = {
    "exp": _unary(lambda x: fmpq(1) if x == 0 else None, lambda x: x.exp(), "the exponential"),
    "log": _unary(_log, lambda x: x.log(), "the logarithm"),
    "sqrt": SQRT,
    "tanh": _unary(lambda x: x if x == 0 else None, lambda x: x.tanh(), "tanh"),
    "sin": _unary(lambda x: x if x == 0 else None, lambda x: x.sin(), "the sine"),
    "cos": _unary(lambda x: fmpq(1) if x == 0 else None, lambda x: x.cos(), "the cosine"),
    "absolute": _absolute,
    "floor": _whole(_floor),
    "ceil": _whole(_ceil),
    "sign": _sign,
    "power": _power,
    "maximum": _maximum,
    "minimum": _minimum,
    "less": _compare(_less),
    "at_most": _compare(_at_most),
    "equal": _compare(_equal),
    "xlogy": _xlogy,
    "choose": _choose,
}
FUNCTIONS: Final = {label: elementwise(function) for label, function in FUNCTION_OF_ENTRIES.items()}


def over(value: Value, function: Callable[[Any], Any]) -> Value:
    """`function` on every entry; an answer in words stays as it is."""
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, str) else function(value)
    result = np.empty(value.shape, dtype=object)
    result.ravel()[:] = [function(entry) for entry in value.ravel().tolist()]
    return result


def shorten(value: Value) -> Value:
    """Exact balls become rationals, and rationals that have grown too long become balls."""
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, str) else _shorten(value)
    entries = value.ravel().tolist()
    if set(map(type, entries)) == {
        arb
    }:  # as a rule; asking each ball in Python would take longer than its making
        if not any(map(arb.is_exact, entries)):
            return value
        changed = [i for i, exact in enumerate(map(arb.is_exact, entries)) if exact]
    elif _longest(entries) <= LARGEST_RATIONAL_BITS:
        changed = [i for i, entry in enumerate(entries) if isinstance(entry, arb) and entry.is_exact()]
    else:
        changed = range(len(entries))
    if not changed:
        return value
    result = value.copy()
    flat = result.reshape(-1)
    for i in changed:
        flat[i] = _shorten(entries[i])
    return flat.reshape(value.shape)


def _longest(entries: list[Any]) -> int:
    """Bits of the longest rational among entries."""
    kinds = set(map(type, entries))
    if fmpq not in kinds:
        return 0
    rationals = entries if len(kinds) == 1 else [entry for entry in entries if isinstance(entry, fmpq)]
    return max(map(fmpq.height_bits, rationals))


def _shorten(entry: Any) -> Any:
    if isinstance(entry, fmpq):
        return entry if entry.height_bits() <= LARGEST_RATIONAL_BITS else arb(entry)
    if entry.is_exact() and entry.is_finite() and entry.bits() <= LARGEST_RATIONAL_BITS:
        man, exponent = entry.man_exp()
        if abs(exponent) <= LARGEST_RATIONAL_BITS:
            return fmpq(man) * fmpq(2) ** int(exponent)
    return entry


def trimmed(value: Value) -> Value:
    """Rationals that have grown too long become balls; nothing else changes."""
    entries: list[Any] = value.ravel().tolist() if isinstance(value, np.ndarray) else [value]
    return shorten(value) if _longest(entries) > LARGEST_RATIONAL_BITS else value


def rounded(value: Value, places: Places) -> Value:
    """Every entry rounded to `places`; `Undecided` where the precision does not settle the last digit."""
    return over(value, lambda entry: rational(round_entry(entry, places)))


def round_entry(entry: Any, places: Places) -> Fraction:
    """One entry rounded to `places`, proven: both ends of the ball round alike."""
    low, high = bounds(entry)
    decimals = max(places.decimals_for(end) for end in (low, high))
    results = {round_decimals(end, decimals, places.ties) for end in (low, high)}
    if len(results) != 1 or (places.significant and low != high and low <= 0 <= high):
        raise Undecided("a tie in rounding")
    return results.pop()


def settled(value: Value, places: Places) -> bool:
    """Whether every entry that is shown is proven to `places`; the middle of a large array is not shown."""
    entries = shown_part(value).ravel().tolist() if isinstance(value, np.ndarray) else (value,)
    try:
        for entry in entries:
            if not isinstance(entry, (fmpq, str)) and not _clearly_settled(entry, places):
                round_entry(entry, places)
    except Undecided:
        return False
    return True


def _clearly_settled(entry: Any, places: Places) -> bool:
    """Whether ball arithmetic alone shows that the whole ball rounds alike; False leaves it to `round_entry`.

    `round_entry` goes through exact rationals and takes some fifty times as long.
    """
    decimals = places.decimals or 0
    if places.significant is not None:
        about = abs(float(entry))
        if not SMALLEST_PLAIN < about < 1 / SMALLEST_PLAIN:
            return False
        exponent = log10(about)
        if abs(exponent - round(exponent)) < NEAR_POWER_OF_TEN:
            return False
        decimals = places.significant - 1 - math_floor(exponent)
    if places.ties == "half-even":
        return False  # an end of the ball may be a tie, which goes either way
    size = abs(entry)  # its ends as `bounds` has them, rounded outwards
    low, high = (end * _power_of_ten(decimals) + HALF for end in (size.lower(), size.upper()))
    whole = low.floor().unique_fmpz()
    return whole is not None and whole == high.floor().unique_fmpz()


@cache
def _power_of_ten(exponent: int) -> Any:
    return fmpq(10) ** exponent


def widened(value: Value, places: Places) -> Value:
    """Every entry widened to hold what it may have been rounded to."""
    return over(value, lambda entry: _widened(entry, places))


def _widened(entry: Any, places: Places) -> Any:
    low, high = _ends(entry)
    down = _rounded_towards(low, places, up=False)
    up = _rounded_towards(high, places, up=True)
    low, high = min(low, down), max(high, up)
    return low if low == high else arb(low).union(arb(high))


def _ends(entry: Any) -> tuple[Any, Any]:
    """As `bounds`, in flint's rationals: enclosures ask for them at every entry of every step."""
    if isinstance(entry, fmpq):
        return entry, entry
    if not entry.is_finite():
        raise Undecided("the ball is not finite")
    return _rational_end(entry.lower(), up=False), _rational_end(entry.upper(), up=True)


def contains(entry: Any, number: Any) -> bool:
    """Whether a rational number lies in an entry, ends included."""
    low, high = _ends(entry)
    return low <= number <= high


def _rational_end(end: Any, *, up: bool) -> Any:
    man, exponent = end.man_exp()
    if abs(exponent) > LARGE_EXPONENT:
        return rational(_end(end, up=up))
    return fmpq(man) * fmpq(2) ** int(exponent)


def _rounded_towards(value: Any, places: Places, *, up: bool) -> Any:
    """The nearest multiple of the last place; a tie goes the way that widens."""
    decimals = places.decimals
    if decimals is None:
        decimals = places.decimals_for(fraction(value))
    unit = _power_of_ten(decimals)
    scaled = value * unit + HALF_EXACTLY
    whole = scaled.floor()
    if not up and scaled == whole:
        whole -= 1
    return fmpq(whole) / unit


def outer(a: Value, b: Value) -> Value:
    """a bᵀ; rationals beside balls become balls once, not once a product."""
    kinds = [
        set(map(type, part.ravel().tolist())) if isinstance(part, np.ndarray) else set[type]()
        for part in (a, b)
    ]
    if kinds == [{fmpq}, {arb}]:
        a = over(a, arb)
    elif kinds == [{arb}, {fmpq}]:
        b = over(b, arb)
    return np.multiply.outer(a, b)


def matmul(a: Value, b: Value) -> Value:
    """a @ b for vectors and matrices; flint's matrix product where that is worth the conversion."""
    if a.ndim > 2 or b.ndim > 2:
        return np.matmul(a, b)
    left = a if a.ndim == 2 else a.reshape(1, -1)
    right = b if b.ndim == 2 else b.reshape(-1, 1)
    rows, inner, columns = left.shape[0], left.shape[1], right.shape[1]
    if inner != right.shape[0]:
        return np.matmul(a, b)  # raises NumPy's error, which evaluate turns into ours
    if rows * inner * columns < SMALL_PRODUCT or 1 in (rows * columns, inner):
        return np.matmul(a, b)  # converting takes longer: each entry is used once
    flat_left, flat_right = left.ravel().tolist(), right.ravel().tolist()
    whole = set(map(type, flat_left)) | set(map(type, flat_right)) == {fmpq}
    matrix: Any = fmpq_mat if whole else arb_mat
    product = matrix(*left.shape, flat_left) * matrix(*right.shape, flat_right)
    result = np.empty(rows * columns, dtype=object)
    result[:] = product.entries()
    shape = (a.shape[:-1] if a.ndim == 2 else ()) + (b.shape[1:] if b.ndim == 2 else ())
    return result.reshape(shape) if shape else result[0]


@cache
def enclosure_functions() -> dict[str, Callable[..., Any]]:
    """As FUNCTIONS, but what a wide ball leaves open becomes the set of both outcomes."""

    def stepwise(step: Callable[[Fraction], int]) -> Callable[[Any], Any]:
        return lambda x: hull(*(Fraction(step(end)) for end in bounds(x)))

    def open_comparison(name: str) -> Callable[[Any, Any], Any]:
        def function(a: Any, b: Any) -> Any:
            try:
                return FUNCTION_OF_ENTRIES[name](a, b)
            except Undecided:
                return hull(Fraction(0), Fraction(1))

        return function

    def root(x: Any) -> Any:
        """√ of the part that has one: rounding can take the end of a ball just below 0."""
        straddles = isinstance(x, arb) and not x < 0 and x.lower() < 0
        return x.nonnegative_part().sqrt() if straddles else SQRT(x)

    table = dict(FUNCTION_OF_ENTRIES)
    table["sqrt"] = root
    table["floor"] = stepwise(_floor)
    table["ceil"] = stepwise(_ceil)
    table["sign"] = stepwise(lambda x: (x > 0) - (x < 0))
    for comparison in ("less", "at_most", "equal"):
        table[comparison] = open_comparison(comparison)
    return {label: elementwise(function) for label, function in table.items()}
