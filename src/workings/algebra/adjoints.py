"""Readable parts of gradients: sums, products and signs as a person writes them, and shapes that fit.

An adjoint is the gradient of the cost with respect to a node. It may have a smaller shape than the node, as
long as it broadcasts to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from workings.algebra.expression import Expr, apply, const, outer, scalar_value, total
from workings.algebra.shape import Shape, shapes_of

Pairs: TypeAlias = Iterable[tuple[Expr, Expr]]
"""Arguments of a node, each with what the node adds to its adjoint."""

Row: TypeAlias = Callable[["Shapes", Expr, Expr], Pairs]
"""The rule of one operation: shapes, the node and its adjoint to pairs."""


class Shapes:
    """The shape of any node of the graph at hand, worked out once a node: `known(node)`."""

    def __init__(self, names: Mapping[str, Shape]) -> None:
        self._names = names
        self._known: dict[Expr, Shape] = {}

    def __call__(self, node: Expr) -> Shape:
        """The shape of `node`."""
        found = self._known.get(node)
        if found is None:
            found = shapes_of(node, self._names, self._known)[node]
        return found

    def rank(self, node: Expr) -> int:
        """The number of axes."""
        return len(self(node))


def sum_of(parts: list[Expr]) -> Expr:
    """The parts of a gradient, added up as written."""
    result = parts[0]
    for part in parts[1:]:
        result = plus(result, part)
    return result


def times(a: Expr, b: Expr) -> Expr:
    """a · b without factors of 1, and with the sign in front."""
    if scalar_value(a) == 1:
        return b
    if scalar_value(b) == 1:
        return a
    if a.op == "neg":
        return negative(times(a.args[0], b))
    if b.op == "neg":
        return negative(times(a, b.args[0]))
    left, right = scalar_value(a), scalar_value(b)
    if left is not None and right is not None:
        return const(left * right)
    if right is not None:
        return b * a
    return a * b


def plus(a: Expr, b: Expr) -> Expr:
    """a + b, with a difference where b has a sign."""
    if scalar_value(a) == 0:
        return b
    if scalar_value(b) == 0:
        return a
    return a - b.args[0] if b.op == "neg" else a + b


def negative(a: Expr) -> Expr:
    """-a; two signs cancel."""
    if a.op == "neg":
        return a.args[0]
    value = scalar_value(a)
    return const(-value) if value is not None else -a


def transposed(a: Expr) -> Expr:
    """aᵀ; a transpose of a transpose is gone, (u vᵀ)ᵀ = v uᵀ, and factors stay in front."""
    if a.op == "transpose" and a.attrs.get("axes") is None:
        return a.args[0]
    if a.op == "outer":
        return outer(a.args[1], a.args[0])
    if a.op == "neg":
        return negative(transposed(a.args[0]))
    if a.op == "mul" and scalar_value(a.args[0]) is not None:
        return times(a.args[0], transposed(a.args[1]))
    return a.T


def full(known: Shapes, a: Expr, shape: Shape) -> Expr:
    """`a` broadcast to `shape` where it is smaller."""
    return a if known(a) == shape else apply("broadcast", a, shape=shape)


def reduced(known: Shapes, g: Expr, shape: Shape) -> Expr:
    """`g` summed over the axes that broadcasting added or stretched, so that it fits `shape`."""
    have = known(g)
    if have == shape or len(have) < len(shape):
        return g
    lead = len(have) - len(shape)
    if lead:
        g = total(g, tuple(range(lead)) if lead < len(have) else None)
        have = have[lead:]
    stretched = tuple(i for i, (n, m) in enumerate(zip(have, shape, strict=True)) if m == 1 and n != 1)
    return total(g, stretched, keepdims=True) if stretched else g
