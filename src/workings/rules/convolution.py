"""Convolution layers: parameters and operations, and the correlation of an image with one filter.

A layer of n filters of depth d and size F × F that makes H × W outputs each has (d·F² + 1)·n parameters,
d·F²·n without biases, and takes d·F²·n·H·W multiply-accumulate operations (MACs). The depth is the number of
channels of the input, divided by the groups.

Source: Goodfellow, Bengio & Courville, Deep Learning (2016), §9.1-9.5; for counting operations Sze, Chen,
Yang & Emer, Efficient processing of deep neural networks, Proceedings of the IEEE 105 (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from workings.algebra.expression import Expr, apply, const, scalar_value

SOURCE: Final = "Goodfellow, Bengio & Courville, Deep Learning (2016), §9.1"
COUNT_SOURCE: Final = "Sze, Chen, Yang & Emer, Proceedings of the IEEE 105 (2017)"

Convention = Literal["flops", "flops_without_first_add"]
"""`flops`: two operations a MAC. `flops_without_first_add`: n products of one output take n - 1 additions,
and its bias one more."""


def product(factors: Sequence[Expr]) -> Expr:
    """a · b · ..., with powers for neighbours that are one and the same."""
    grouped: list[tuple[Expr, int]] = []
    for factor in factors:
        if grouped and grouped[-1][0] is factor:
            grouped[-1] = (factor, grouped[-1][1] + 1)
        else:
            grouped.append((factor, 1))
    result: Expr | None = None
    for base, exponent in grouped:
        part = base if exponent == 1 else base ** const(exponent)
        result = part if result is None else result * part
    return const(1) if result is None else result


def parameters(filters: Expr, depth: Expr, kernel: Sequence[Expr], *, bias: bool) -> Expr:
    """(d·F² + 1)·n, or d·F²·n without biases."""
    weights = product(kernel if scalar_value(depth) == 1 else [depth, *kernel])
    return (weights + 1) * filters if bias else weights * filters


def flops(macs_: Expr, outputs: Expr, count: Convention, *, bias: bool) -> Expr:
    """Floating-point operations from MACs and the number of outputs; see `Convention`."""
    if count == "flops" or bias:
        return 2 * macs_
    return 2 * macs_ - outputs


def correlation(
    image: Expr,
    kernel: Expr,
    size: tuple[int, int],
    *,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] | tuple[tuple[int, int], tuple[int, int]] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> Expr:
    """z[a, b] = Σ_{i,j} w[i, j] x[s·a + d·i - p, s·b + d·j - p] of matrices x and w, w of `size`."""
    moves = {"stride": stride, "padding": padding, "dilation": dilation}
    plain = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    stated = {label: value for label, value in moves.items() if value != plain[label]}
    return apply("cross_correlation", image, kernel, kernel=size, **stated)
