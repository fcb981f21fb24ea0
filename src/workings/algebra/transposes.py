"""Gradient rows of the linear operations: they move entries, window them or add them up.

The rule of each is its transpose, an operation of the language again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Final

from workings.algebra.adjoints import Pairs, Row, Shapes, full, reduced, transposed
from workings.algebra.expression import Expr, apply, scalar_value, stack
from workings.algebra.shape import Shape
from workings.errors import InputError


def _outer(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    g = full(known, g, known(node))
    if (known.rank(a), known.rank(b)) != (1, 1):
        raise InputError("the gradient of an outer product of matrices", accepted="vectors")
    yield a, g @ b
    yield b, transposed(g) @ a


def _transpose(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axes = node.attrs.get("axes")
    if known.rank(g) < known.rank(node):
        g = full(known, g, known(node))
    if axes is None:
        yield node.args[0], g if known.rank(node) < 2 else transposed(g)
    else:
        inverse = tuple(sorted(range(len(axes)), key=lambda i: axes[i]))
        yield node.args[0], apply("transpose", g, axes=inverse)


def _reshape(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], apply("reshape", full(known, g, known(node)), shape=known(node.args[0]))


def _broadcast(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], reduced(known, full(known, g, known(node)), known(node.args[0]))


def _concat(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", 0)
    g = full(known, g, known(node))
    start = 0
    for arg in node.args:
        extent = known(arg)[axis] if known(arg) else 1
        if not isinstance(extent, int):
            raise InputError("the gradient of a concatenation of letter sizes", accepted="sizes in numbers")
        index = (*(slice(None),) * (axis % known.rank(node)), slice(start, start + extent))
        yield arg, g[index] if known(arg) else g[start]
        start += extent


def _stack(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", 0) % known.rank(node)
    g = full(known, g, known(node))
    for i, arg in enumerate(node.args):
        yield arg, g[(*(slice(None),) * axis, i)]


def _item(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x = node.args[0]
    yield x, apply("put", full(known, g, known(node)), shape=known(x), index=node.attrs["index"])


def _put(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], full(known, g, known(node))[node.attrs["index"]]


def _element(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x, *subscripts = node.args
    values = [scalar_value(subscript) for subscript in subscripts]
    g = full(known, g, known(node))
    if all(value is not None for value in values):
        index = tuple(int(value) - 1 for value in values if value is not None)
        yield x, apply("put", g, shape=known(x), index=index)
    else:
        extents = known(x)[: len(subscripts)]
        place = _place(subscripts, extents)
        rows = apply("scatter", stack([g]), stack([place]), size=prod(extents))
        yield x, rows if len(extents) == 1 else apply("reshape", rows, shape=known(x))


def _place(subscripts: Sequence[Expr], extents: Shape) -> Expr:
    """Where x_{i,j,...} stands, from 0, with the axes of the subscripts put one after the other."""
    place = subscripts[0] - 1
    for subscript, extent in zip(subscripts[1:], extents[1:], strict=True):
        if not isinstance(extent, int):
            raise InputError(
                "the gradient of a matrix of letter sizes by its subscripts", accepted="sizes in numbers"
            )
        place = place * extent + (subscript - 1)
    return place


def _take(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x, indices = node.args
    yield x, apply("scatter", full(known, g, known(node)), indices, size=known(x)[0])


def _scatter(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], apply("take", full(known, g, known(node)), node.args[1])


def _pad(known: Shapes, node: Expr, g: Expr) -> Pairs:
    extents = known(node.args[0])
    index = tuple(
        slice(before, before + n) for (before, _), n in zip(node.attrs["widths"], extents, strict=True)
    )
    yield node.args[0], full(known, g, known(node))[index]


def _patches(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x, attrs = node.args[0], node.attrs
    height, width = known(x)[-2:]
    yield (
        x,
        apply(
            "fold",
            full(known, g, known(node)),
            height=height,
            width=width,
            stride=attrs["stride"],
            dilation=attrs["dilation"],
        ),
    )


def _fold(known: Shapes, node: Expr, g: Expr) -> Pairs:
    attrs = node.attrs
    kernel = known(node.args[0])[1:3]
    yield (
        node.args[0],
        apply(
            "patches",
            full(known, g, known(node)),
            kernel=kernel,
            stride=attrs["stride"],
            dilation=attrs["dilation"],
        ),
    )


def _correlate(known: Shapes, node: Expr, g: Expr) -> Pairs:
    kernel, windows = node.args
    groups = node.attrs.get("groups", 1)
    g = full(known, g, known(node))
    outputs, channels = _counts(known(kernel)[0], groups), _counts(known(windows)[0], groups)
    kernels: list[Expr] = []
    pieces: list[Expr] = []
    for i in range(groups):
        rows = (slice(i * outputs, (i + 1) * outputs),)
        layers = (slice(i * channels, (i + 1) * channels),)
        k, w, part = (kernel, windows, g) if groups == 1 else (kernel[rows], windows[layers], g[rows])
        flat_k = apply("reshape", k, shape=(outputs, -1))
        flat_w = apply("reshape", w, shape=(prod(known(w)[:3]), -1))
        flat_g = apply("reshape", part, shape=(outputs, -1))
        kernels.append(apply("reshape", flat_g @ flat_w.T, shape=known(k)))
        pieces.append(apply("reshape", flat_k.T @ flat_g, shape=known(w)))
    yield kernel, kernels[0] if groups == 1 else apply("concat", *kernels, axis=0)
    yield windows, pieces[0] if groups == 1 else apply("concat", *pieces, axis=0)


def _counts(extent: Any, groups: int) -> int:
    return int(extent) // groups


def _cumsum(known: Shapes, node: Expr, g: Expr) -> Pairs:
    attrs = node.attrs
    yield (
        node.args[0],
        apply(
            "cumsum",
            full(known, g, known(node)),
            axis=attrs.get("axis", 0),
            reverse=not attrs.get("reverse", False),
        ),
    )


LINEAR_ROWS: Final[dict[str, Row]] = {
    "outer": _outer,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast": _broadcast,
    "concat": _concat,
    "stack": _stack,
    "item": _item,
    "put": _put,
    "element": _element,
    "take": _take,
    "scatter": _scatter,
    "pad": _pad,
    "patches": _patches,
    "fold": _fold,
    "correlate": _correlate,
    "cumsum": _cumsum,
}
