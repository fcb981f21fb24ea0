"""Slips in what a layer is made of: bias, activation, transpose, order of factors, learning rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workings.algebra.expression import Expr, apply, scalar_value
from workings.marking.rewrites.place import Place, is_named

BIAS: Final = re.compile(r"b(_\w+)?|c(_\w+)?|bias(_\w+)?|beta")
HIGHEST: Final = 8
"""Powers in a count are written out up to this one."""
RATE: Final = re.compile(r"eta|learning_rate")
SLOPE: Final = re.compile(r"df_\w+")
ACTIVATIONS: Final = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus")
COUNTS: Final = re.compile(r"(layer|parameters|total|reading|dense|cnn|standard|depthwise|pointwise)(_\w+)?")
"""Steps that count parameters or operations: an added 1 in them is a bias."""


def _factors(node: Expr) -> list[str]:
    """The names that a product is made of, powers written out; a sum has none."""
    found: list[str] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.op in ("mul", "matmul"):
            waiting.extend(part.args)
        elif part.op == "power" and part.args[0].op == "name":
            found += [part.args[0].attrs["name"]] * min(int(scalar_value(part.args[1]) or 1), HIGHEST)
        elif part.op == "name":
            found.append(part.attrs["name"])
    return found


def bias(place: Place) -> Iterator[Expr]:
    """W x + b → W x; (n + 1) m → n m and H² + H → H² in a count of parameters."""
    node = place.node
    if node.op != "add":
        return
    for term, rest, shape in zip(node.args, node.args[::-1], place.arg_shapes[::-1], strict=True):
        if is_named(term, BIAS) and shape == place.shape:
            yield rest
        elif COUNTS.fullmatch(place.label) and not place.shape:
            factors, others = _factors(term), _factors(rest)
            one = scalar_value(term) == 1 and ("mul" in place.above or rest.op == "mul")
            part = bool(factors) and len(factors) < len(others) and all(f in others for f in factors)
            if one or part:
                yield rest


def bias_added(place: Place) -> Iterator[Expr]:
    """n m → (n + 1) m in a count of parameters."""
    node = place.node
    if (
        COUNTS.fullmatch(place.label)
        and not place.above
        and node.op == "mul"
        and len(node.args) == 2
        and all(part.op == "name" for part in node.args)
    ):
        yield node + node.args[0]
        yield node + node.args[1]


def activation(place: Place) -> Iterator[Expr]:
    """f(u) → u."""
    if place.node.op in (*ACTIVATIONS, "softmax"):
        yield place.node.args[0]


def other_activation(place: Place) -> Iterator[Expr]:
    """Tanh for the sigmoid, the sigmoid for tanh, ReLU for its leaky form and the other way round."""
    other = {"sigmoid": "tanh", "tanh": "sigmoid", "relu": "leaky_relu", "leaky_relu": "relu"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)
    slope = _slope_of(place.node)
    if slope is not None:
        h, kind = slope
        yield h * (1 - h) if kind == "tanh" else 1 - h**2


def _slope_of(node: Expr) -> tuple[Expr, str] | None:
    """The activation's value in 1 - h² (tanh) or h (1 - h) (sigmoid)."""
    if node.op == "sub" and scalar_value(node.args[0]) == 1 and node.args[1].op == "power":
        h, exponent = node.args[1].args
        return (h, "tanh") if scalar_value(exponent) == 2 and h.op == "name" else None
    if node.op == "mul" and node.args[1].op == "sub":
        one, h = node.args[1].args
        same = h.op == "name" == node.args[0].op and h.attrs["name"] == node.args[0].attrs["name"]
        return (h, "sigmoid") if same and scalar_value(one) == 1 else None
    return None


def slope(place: Place) -> Iterator[Expr]:
    """∇h · f′(u) → ∇h, whether f′ is a step of its own or written out."""
    node = place.node
    if node.op != "mul":
        return
    for factor, rest, shape in zip(node.args, node.args[::-1], place.arg_shapes[::-1], strict=True):
        derivative = is_named(factor, SLOPE) or _slope_of(factor) or factor.op == "step"
        if derivative and shape == place.shape:
            yield rest


def transpose_left_out(place: Place) -> Iterator[Expr]:
    """Aᵀ → A; a bᵀ → b aᵀ."""
    if place.node.op == "transpose":
        yield place.node.args[0]
    elif place.node.op == "outer":
        yield apply("outer", *place.node.args[::-1])


def transpose_added(place: Place) -> Iterator[Expr]:
    """A B → Aᵀ B, A Bᵀ; the result itself turned."""
    node = place.node
    if node.op == "matmul":
        a, b = node.args
        if len(place.arg_shapes[0]) == 2 and a.op != "transpose":
            yield a.T @ b
        if len(place.arg_shapes[1]) == 2 and b.op != "transpose":
            yield a @ b.T
    elif not place.above and len(place.shape) == 2 and node.op not in ("transpose", "outer"):
        yield node.T


def elementwise(place: Place) -> Iterator[Expr]:
    """A B → A ⊙ B."""
    if place.node.op == "matmul":
        yield place.node.args[0] * place.node.args[1]


def order(place: Place) -> Iterator[Expr]:
    """A B → B A."""
    if place.node.op == "matmul":
        yield place.node.args[1] @ place.node.args[0]


def rate(place: Place) -> Iterator[Expr]:
    """w - η ∇w → w - ∇w."""
    node = place.node
    if node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if is_named(factor, RATE):
                yield rest
