"""Slips with functions, sums, means and quotients."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from workings.algebra.expression import Expr, apply, const, log, names_in, scalar_value
from workings.marking.rewrites.place import Place, Rewrite


def _base(base: int) -> Rewrite:
    def rewrite(place: Place) -> Iterator[Expr]:
        node = place.node
        if node.op in ("log", "xlogy"):
            yield node / log(const(base))

    return rewrite


log_2: Final = _base(2)
log_10: Final = _base(10)

DEGREE: Final = Fraction("0.017453292519943295769236907684886127134428718885417")
"""π / 180."""


def degrees(place: Place) -> Iterator[Expr]:
    """sin x → sin(x π / 180)."""
    if place.node.op in ("sin", "cos"):
        yield apply(place.node.op, place.node.args[0] * const(DEGREE))


def cosine(place: Place) -> Iterator[Expr]:
    """Sin ↔ cos."""
    other = {"sin": "cos", "cos": "sin"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)


def _reduced(place: Place, op: str) -> Expr:
    attrs = {"axis": place.node.attrs.get("axis"), "keepdims": place.node.attrs.get("keepdims", False)}
    return Expr(op, place.node.args, attrs)


def mean_for_sum(place: Place) -> Iterator[Expr]:
    """Σ x → Σ x / n; a + b + c → (a + b + c) / 3."""
    node = place.node
    if node.op == "sum":
        yield _reduced(place, "mean")
    elif not place.above and node.op == "add" and not place.shape:
        terms = 1
        part = node
        while part.op == "add":
            terms, part = terms + 1, part.args[0]
        yield node / terms


def sum_for_mean(place: Place) -> Iterator[Expr]:
    """Σ x / n → Σ x; (a + b) / n → a + b."""
    node = place.node
    if node.op == "mean":
        yield _reduced(place, "sum")
    elif node.op == "div" and node.args[0].op == "add" and scalar_value(node.args[1]) is not None:
        yield node.args[0]


def largest_for_sum(place: Place) -> Iterator[Expr]:
    """Σ x → max x."""
    if place.node.op in ("sum", "mean"):
        yield _reduced(place, "amax")


def least_for_largest(place: Place) -> Iterator[Expr]:
    """Max ↔ min."""
    other = {"maximum": "minimum", "minimum": "maximum"}
    if place.node.op in other and all(scalar_value(arg) is None for arg in place.node.args):
        yield apply(other[place.node.op], *place.node.args)


def clip(place: Place) -> Iterator[Expr]:
    """max(0, a) → a."""
    node = place.node
    if node.op == "maximum" and scalar_value(node.args[0]) == 0:
        yield node.args[1]


def unbiased(place: Place) -> Iterator[Expr]:
    """A variance over n → over n - 1."""
    node = place.node
    if node.op == "mean" and node.args[0].op == "power":
        n = apply("extent", node.args[0], axis=node.attrs.get("axis"))
        yield node * n / (n - 1)


def unnormalised(place: Place) -> Iterator[Expr]:
    """Softmax(z) → e^z."""
    if place.node.op in ("softmax", "masked_softmax"):
        yield apply("exp", place.node.args[0])


def other_axis(place: Place) -> Iterator[Expr]:
    """A softmax, a sum or a mean along the other axis of a matrix."""
    node = place.node
    if node.op in ("softmax", "mean", "sum", "masked_softmax") and len(place.arg_shapes[0]) == 2:
        axis: Any = node.attrs.get("axis", -1 if "softmax" in node.op else None)
        if isinstance(axis, int):
            yield Expr(node.op, node.args, {**node.attrs, "axis": 1 - axis % 2})


def mask(place: Place) -> Iterator[Expr]:
    """A softmax over all entries, hidden ones too."""
    if place.node.op == "masked_softmax":
        axis = place.node.attrs.get("axis", -1)
        yield Expr("softmax", place.node.args[:1], {"axis": axis})


def inverted(place: Place) -> Iterator[Expr]:
    """A / b → b / a."""
    node = place.node
    if node.op == "div" and place.arg_shapes[0] == place.arg_shapes[1]:
        yield node.args[1] / node.args[0]


def product_for_quotient(place: Place) -> Iterator[Expr]:
    """A / b → a b."""
    if place.node.op == "div":
        yield place.node.args[0] * place.node.args[1]


def product_for_sum(place: Place) -> Iterator[Expr]:
    """A + b → a b."""
    if place.node.op == "add" and all(scalar_value(arg) is None for arg in place.node.args):
        yield place.node.args[0] * place.node.args[1]


def sum_for_product(place: Place) -> Iterator[Expr]:
    """A b → a + b."""
    if place.node.op == "mul" and all(scalar_value(arg) is None for arg in place.node.args):
        yield place.node.args[0] + place.node.args[1]


def intersection(place: Place) -> Iterator[Expr]:
    """A + b - intersection → a + b."""
    node = place.node
    if node.op == "sub" and any("intersection" in label for label in names_in(node.args[1])):
        yield node.args[0]


def denominator(place: Place) -> Iterator[Expr]:
    """A / b → a."""
    if place.node.op == "div":
        yield place.node.args[0]


def term(place: Place) -> Iterator[Expr]:
    """A + b → a, b; a - b → a, -b; the longer a sum, the more of its terms in turn."""
    node = place.node
    if node.op in ("add", "sub"):
        a, b = node.args
        if scalar_value(a) is None and scalar_value(b) is None:
            yield a
            if a.op not in ("add", "sub"):
                yield b if node.op == "add" else -b


def factor(place: Place) -> Iterator[Expr]:
    """A b → a, b."""
    node = place.node
    if node.op in ("mul", "matmul"):
        shapes = place.arg_shapes
        for dropped, rest, shape in ((1, 0, shapes[0]), (0, 1, shapes[1])):
            gone = node.args[dropped]
            if shape == place.shape and gone.op not in ("mul", "matmul", "const"):
                yield node.args[rest]
