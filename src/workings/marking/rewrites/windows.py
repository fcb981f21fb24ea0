"""Slips with windows, counts, positions and steps in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workings.algebra.expression import Expr, apply, const, name, scalar_value
from workings.marking.rewrites.place import Place, Rewrite, is_named

PADDING: Final = re.compile(r"padding(_\w+)?")
STRIDE: Final = re.compile(r"(stride|jump)(_\w+)?")
DILATION: Final = re.compile(r"dilation(_\w+)?")
NUMBERED: Final = re.compile(r"(\w*?)_(\d+)")


def _zero(names: re.Pattern[str], neutral: int) -> Rewrite:
    def rewrite(place: Place) -> Iterator[Expr]:
        if is_named(place.node, names):
            yield const(neutral)

    return rewrite


padding: Final = _zero(PADDING, 0)
stride: Final = _zero(STRIDE, 1)
dilation: Final = _zero(DILATION, 1)


def window_padding(place: Place) -> Iterator[Expr]:
    """A convolution without its padding; padding twice as large or half as large has its own."""
    if "padding" in place.node.attrs:
        attrs = {key: value for key, value in place.node.attrs.items() if key != "padding"}
        yield Expr(place.node.op, place.node.args, attrs)
    elif place.node.op == "pad":
        yield place.node.args[0]


def window_stride(place: Place) -> Iterator[Expr]:
    """A window that moves one step at a time."""
    if "stride" in place.node.attrs:
        yield Expr(place.node.op, place.node.args, {**place.node.attrs, "stride": (1, 1)})


def turned_kernel(place: Place) -> Iterator[Expr]:
    """A kernel turned by 180°, or not turned where it has to be."""
    node = place.node
    if node.op == "rotate_180":
        yield node.args[0]
    elif node.op == "cross_correlation" and node.args[1].op != "rotate_180":
        image, kernel = node.args
        yield Expr(node.op, (image, apply("rotate_180", kernel)), node.attrs)


def padding_once(place: Place) -> Iterator[Expr]:
    """2p → p."""
    node = place.node
    if node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if scalar_value(factor) == 2 and is_named(rest, PADDING):
                yield rest


def other_rounding(place: Place) -> Iterator[Expr]:
    """⌊a⌋ ↔ ⌈a⌉."""
    other = {"floor": "ceil", "ceil": "floor"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)


def unrounded(place: Place) -> Iterator[Expr]:
    """⌊a⌋ → a."""
    if place.node.op in ("floor", "ceil"):
        yield place.node.args[0]


def one_left_out(place: Place) -> Iterator[Expr]:
    """A + 1 → a, a - 1 → a."""
    node = place.node
    if node.op == "add":
        for term, rest in zip(node.args, node.args[::-1], strict=True):
            if scalar_value(term) == 1:
                yield rest
    elif node.op == "sub" and scalar_value(node.args[1]) == 1:
        yield node.args[0]


def one_added(place: Place) -> Iterator[Expr]:
    """A difference of sizes, or a whole result that is a count: one more, one less."""
    node = place.node
    difference = node.op == "sub" and all(scalar_value(arg) is None for arg in node.args)
    if place.whole and (difference or (not place.above and not place.shape)):
        yield node + 1
        if not place.above:
            yield node - 1


def position(place: Place) -> Iterator[Expr]:
    """Positions counted from 1: 5 / b^(2k/d) → 6 / b^(2k/d)."""
    node = place.node
    if node.op == "div" and node.args[1].op == "power":
        yield (node.args[0] + 1) / node.args[1]
        yield (node.args[0] - 1) / node.args[1]


def neighbour(place: Place) -> Iterator[Expr]:
    """h_2 → h_1, h_3: another step in time, another layer."""
    node = place.node
    found = NUMBERED.fullmatch(node.attrs["name"]) if node.op == "name" else None
    if found:
        stem, index = found[1], int(found[2])
        for other in (f"{stem}_{index - 1}", f"{stem}_{index + 1}"):
            if other in place.shapes and place.shapes[other] == place.shape:
                yield name(other)


def old_value(place: Place) -> Iterator[Expr]:
    """new_W → W, m_hat → m: the value before the update."""
    label = place.node.attrs["name"] if place.node.op == "name" else ""
    for other in (label.removeprefix("new_"), label.replace("_hat", ""), label.replace("_unbiased", "")):
        if other != label and other in place.shapes and place.shapes[other] == place.shape:
            yield name(other)
