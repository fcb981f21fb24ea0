"""Dimensions: ints, or SymPy expressions that stand for positive integers.

SymPy is imported only where a dimension has letters.
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeAlias, cast

from workings.errors import InputError, echo

Dimension: TypeAlias = Any
"""An int, or a SymPy expression with letters."""

Shape: TypeAlias = tuple[Dimension, ...]


def _sympy() -> Any:
    import sympy

    return sympy


def tidy(dimension: Any) -> Dimension:
    """A dimension as an int where it is one."""
    if isinstance(dimension, int):
        return dimension
    if hasattr(dimension, "free_symbols"):
        return int(dimension) if dimension.is_Integer else dimension
    return int(dimension.__index__())


def checked(given: Any, label: str) -> Shape:
    """A shape given by a caller, its dimensions as ints or SymPy expressions."""
    try:
        result = tuple(tidy(dimension) for dimension in given)
    except (TypeError, AttributeError) as error:
        raise InputError(f"shape {echo(given)} of {label}", accepted="whole numbers or letters") from error
    for dimension in result:
        negative = (
            dimension < 0
            if isinstance(dimension, int)
            else dimension.is_nonnegative is False or dimension.is_integer is False
        )
        if negative:
            raise InputError(f"shape {spell(result)} of {label}", accepted="sizes that are positive integers")
    return result


def equal(a: Dimension, b: Dimension) -> bool:
    """Whether two dimensions are equal for every value of their letters."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    if a == b:
        return True
    sympy = _sympy()
    difference = sympy.expand(sympy.sympify(a, strict=True) - sympy.sympify(b, strict=True))
    return bool(difference == 0 or (not difference.is_Number and sympy.simplify(difference) == 0))


def same(a: Shape, b: Shape) -> bool:
    """Whether two shapes are equal for every value of their letters."""
    return a == b or (len(a) == len(b) and all(equal(m, n) for m, n in zip(a, b, strict=True)))


def quotient(over: Dimension, under: Dimension, *, up: bool = False) -> Dimension:
    """⌊over / under⌋, or ⌈over / under⌉ with `up`."""
    if isinstance(over, int) and isinstance(under, int):
        return -(-over // under) if up else over // under
    if under == 1:
        return tidy(over)
    sympy = _sympy()
    ratio = sympy.cancel(sympy.sympify(over, strict=True) / under)
    return tidy(sympy.ceiling(ratio) if up else sympy.floor(ratio))


def entries(of: Shape) -> Dimension:
    """The number of entries of a shape."""
    return prod(of)


def spell(of: Shape) -> str:
    """A shape as messages show it: (3, 2), (n,)."""
    return f"({', '.join(map(str, of))}{',' if len(of) == 1 else ''})"


def window_count(size: Dimension, kernel: Dimension, stride: Dimension, dilation: Dimension) -> Dimension:
    """⌊(size - dilation·(kernel - 1) - 1) / stride⌋ + 1: positions of a window along one axis.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), relationship 14.
    """
    count = tidy(quotient(size - dilation * (kernel - 1) - 1, stride) + 1)
    if isinstance(count, int) and count < 1:
        reach = dilation * (kernel - 1) + 1
        raise InputError(
            f"a window that spans {reach} on a size of {size}", accepted=f"a span of at most {size}"
        )
    return count


def exact_quotient(over: Dimension, under: Dimension) -> Dimension | None:
    """over / under where that is a whole number, else None."""
    if isinstance(over, int) and isinstance(under, int):
        return over // under if over % under == 0 else None
    sympy = _sympy()
    ratio = sympy.cancel(sympy.sympify(over, strict=True) / under)
    return tidy(ratio) if sympy.fraction(ratio)[1] == 1 else None


def listed(several: Any) -> tuple[Any, ...] | None:
    """A tuple or list as a tuple, anything else as None."""
    return tuple(cast("list[Any]", several)) if isinstance(several, (tuple, list)) else None
