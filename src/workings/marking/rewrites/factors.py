"""Slips with factors, signs, powers and roots."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from workings.algebra.expression import Expr, names_in, scalar_value, sqrt
from workings.marking.rewrites.layers import COUNTS
from workings.marking.rewrites.place import Place


def factor_two(place: Place) -> Iterator[Expr]:
    """2 a → a, and -2 a → -a."""
    node = place.node
    if node.op != "mul":
        return
    for factor, rest in zip(node.args, node.args[::-1], strict=True):
        if scalar_value(factor) == 2:
            yield rest
        elif scalar_value(factor) == -2:
            yield -rest


def macs(place: Place) -> Iterator[Expr]:
    """2 · MACs → MACs, in a step that counts operations."""
    counts = place.label.startswith(("flops", "total_flops")) or COUNTS.fullmatch(place.label)
    if counts and not place.label.startswith(("parameters", "layer", "reading")) and not place.shape:
        yield from factor_two(place)


def half(place: Place) -> Iterator[Expr]:
    """a / 2 → a."""
    node = place.node
    if node.op == "div" and scalar_value(node.args[1]) == 2:
        yield node.args[0]
    elif node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if scalar_value(factor) == Fraction(1, 2):
                yield rest


def two_added(place: Place) -> Iterator[Expr]:
    """A → 2a, of the whole result."""
    if not place.above:
        yield 2 * place.node


def half_added(place: Place) -> Iterator[Expr]:
    """A → a / 2, of the whole result."""
    if not place.above:
        yield place.node / 2


def sign(place: Place) -> Iterator[Expr]:
    """A → -a, of the whole result."""
    if not place.above:
        yield -place.node


def inner_sign(place: Place) -> Iterator[Expr]:
    """A + b → a - b, a - b → a + b, and -a → a within a formula."""
    node = place.node
    if node.op == "add":
        yield node.args[0] - node.args[1]
    elif node.op == "sub":
        yield node.args[0] + node.args[1]
    elif node.op == "neg" and place.above:
        yield node.args[0]


def reversed_difference(place: Place) -> Iterator[Expr]:
    """A - b → b - a, within a formula."""
    if place.node.op == "sub" and place.above and all(scalar_value(arg) is None for arg in place.node.args):
        yield place.node.args[1] - place.node.args[0]


def complement(place: Place) -> Iterator[Expr]:
    """1 - z → z."""
    if place.node.op == "sub" and scalar_value(place.node.args[0]) == 1:
        yield place.node.args[1]


def gates(place: Place) -> Iterator[Expr]:
    """(1 - z) a + z b → z a + (1 - z) b."""
    node = place.node
    if node.op == "add" and all(part.op == "mul" for part in node.args):
        (first, a), (second, b) = node.args[0].args, node.args[1].args
        if "sub" in (first.op, second.op) and set(names_in(first)) == set(names_in(second)):
            yield second * a + first * b


def scale(place: Place) -> Iterator[Expr]:
    """A / √d → a."""
    node = place.node
    if node.op == "div" and node.args[1].op == "sqrt" and not place.arg_shapes[1]:
        yield node.args[0]


def square(place: Place) -> Iterator[Expr]:
    """a² → a."""
    if place.node.op == "power" and place.node.args[1].op == "const":
        yield place.node.args[0]


def twice_for_square(place: Place) -> Iterator[Expr]:
    """a² → 2a."""
    if place.node.op == "power" and scalar_value(place.node.args[1]) == 2:
        yield 2 * place.node.args[0]


def root(place: Place) -> Iterator[Expr]:
    """√a → a; d for √d in a scale."""
    if place.node.op == "sqrt":
        yield place.node.args[0]


def root_added(place: Place) -> Iterator[Expr]:
    """A sum of squares → its root, of the whole result."""
    if not place.above and place.node.op == "sum" and place.node.args[0].op == "power":
        yield sqrt(place.node)


def eps(place: Place) -> Iterator[Expr]:
    """√(a + ε) → √a."""
    node = place.node
    if node.op == "add":
        for term, rest in zip(node.args, node.args[::-1], strict=True):
            if term.op == "name" and term.attrs["name"] in ("eps", "epsilon"):
                yield rest


def eps_inside(place: Place) -> Iterator[Expr]:
    """√v + ε → √(v + ε)."""
    node = place.node
    if node.op == "add" and node.args[0].op == "sqrt" and not place.arg_shapes[1]:
        yield sqrt(node.args[0].args[0] + node.args[1])
    elif node.op == "sqrt" and node.args[0].op == "add":
        inner = node.args[0]
        if inner.args[1].op == "name" and inner.args[1].attrs["name"] in ("eps", "epsilon"):
            yield sqrt(inner.args[0]) + inner.args[1]
