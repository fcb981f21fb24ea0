"""Named composites: operations that keep their own formula and expand into primitives.

One row a composite: its expansion as a function of the node. `expand` rewrites a whole expression. The
printer shows a composite by its own name (`show`), `derive` may have a readable rule for it, and every other
pass works on the expansion unless it has a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from fractions import Fraction
from typing import Final

from workings.algebra.expression import (
    Expr,
    apply,
    concat,
    const,
    exp,
    log,
    postorder,
    sqrt,
    total,
    where,
)
from workings.errors import InputError

Expansion = Callable[[Expr], Expr]

LARGEST_MATRIX: Final = 1_000_000
"""Entries of a convolution written as a matrix: each row of it is a node of its own."""


def _sigmoid(node: Expr) -> Expr:
    """1 / (1 + e^-u)."""
    return 1 / (1 + exp(-node.args[0]))


def _relu(node: Expr) -> Expr:
    """max(0, u)."""
    return apply("maximum", const(0), node.args[0])


def _leaky_relu(node: Expr) -> Expr:
    """u where u > 0, else slope · u (slope 0.01 unless given)."""
    u = node.args[0]
    slope = const(node.attrs.get("slope", Fraction(1, 100)))
    return where(apply("less", const(0), u), u, slope * u)


def _softplus(node: Expr) -> Expr:
    """log(1 + e^u)."""
    return log(1 + exp(node.args[0]))


def _step(node: Expr) -> Expr:
    """1 where u > 0, else 0 (0 at 0, as torch has ReLU's slope)."""
    return apply("less", const(0), node.args[0])


def _softmax(node: Expr) -> Expr:
    """e^z / Σ e^z along `axis` (-1); the largest entry is taken off first, which changes no value."""
    z, axis = node.args[0], node.attrs.get("axis", -1)
    shifted = exp(z - apply("amax", z, axis=axis, keepdims=True, shift=True))
    return shifted / total(shifted, axis, keepdims=True)


def _masked_softmax(node: Expr) -> Expr:
    """Softmax of z along `axis` (-1) over the entries where mask is 1, and 0 where it is 0, of z and mask."""
    z, mask = node.args
    axis = node.attrs.get("axis", -1)
    least = -apply("amax", -z, axis=axis, keepdims=True, shift=True)
    largest = apply("amax", where(mask, z, least), axis=axis, keepdims=True, shift=True)
    shifted = where(mask, exp(where(mask, z, largest) - largest), const(0))
    return shifted / total(shifted, axis, keepdims=True)


def _log_softmax(node: Expr) -> Expr:
    """z - log Σ e^z along `axis` (-1)."""
    z, axis = node.args[0], node.attrs.get("axis", -1)
    shifted = z - apply("amax", z, axis=axis, keepdims=True, shift=True)
    return shifted - log(total(exp(shifted), axis, keepdims=True))


def _cross_entropy(node: Expr) -> Expr:
    """-Σ d log p of probabilities p and target d, in that order; natural logarithm."""
    p, d = node.args
    return -total(apply("xlogy", d, p))


def _binary_cross_entropy(node: Expr) -> Expr:
    """-d log y - (1 - d) log(1 - y) of y and d, summed over entries; natural logarithm."""
    y, d = node.args
    return -total(apply("xlogy", d, y)) - total(apply("xlogy", 1 - d, 1 - y))


def _squared_error(node: Expr) -> Expr:
    """(d - y)ᵀ(d - y) = Σ (d - y)² of y and d."""
    y, d = node.args
    return total((d - y) ** 2)


def _squared_norm(node: Expr) -> Expr:
    """‖x‖² = Σ x²."""
    return total(node.args[0] ** 2)


def _mean(node: Expr) -> Expr:
    """Σ x / n over `axis`; the number of entries is the product of the extents summed over."""
    x = node.args[0]
    axis, keepdims = node.attrs.get("axis"), node.attrs.get("keepdims", False)
    return total(x, axis, keepdims=keepdims) / apply("extent", x, axis=axis)


def _variance(node: Expr) -> Expr:
    """Σ (x - mean)² / n over `axis` (biased, as normalisation layers use it)."""
    x = node.args[0]
    axis, keepdims = node.attrs.get("axis"), node.attrs.get("keepdims", False)
    centred = x - apply("mean", x, axis=axis, keepdims=True)
    return apply("mean", centred**2, axis=axis, keepdims=keepdims)


def _normalise(node: Expr) -> Expr:
    """(x - mean) / √(var + eps) of x, mean, var, eps."""
    x, mean, variance, eps = node.args
    return (x - mean) / sqrt(variance + eps)


def _convolution(node: Expr) -> Expr:
    """out[o, a, b] = Σ_{c,i,j} K[o, c, i, j] x[c, s·a + d·i, s·b + d·j]: the field's (cross-)correlation.

    x (C, H, W), K (O, C/groups, kH, kW), bias (O) optional; attributes stride, padding, dilation (pairs) and
    groups.
    """
    x, kernel = node.args[:2]
    height, width = node.attrs["kernel"]
    padding = node.attrs.get("padding", (0, 0))
    if any(padding):
        x = apply("pad", x, widths=((0, 0), (padding[0],) * 2, (padding[1],) * 2), value=0)
    windows = apply(
        "patches",
        x,
        kernel=(height, width),
        stride=node.attrs.get("stride", (1, 1)),
        dilation=node.attrs.get("dilation", (1, 1)),
    )
    product = apply("correlate", kernel, windows, groups=node.attrs.get("groups", 1))
    if len(node.args) == 2:
        return product
    return product + apply("reshape", node.args[2], shape=(-1, 1, 1))


def _max_pool(node: Expr) -> Expr:
    """The largest entry of each window; x (C, H, W); attributes kernel, stride."""
    windows = apply(
        "patches", node.args[0], kernel=node.attrs["kernel"], stride=node.attrs["stride"], dilation=(1, 1)
    )
    return apply("amax", windows, axis=(1, 2), keepdims=False)


def _mean_pool(node: Expr) -> Expr:
    """The mean of each window; x (C, H, W); attributes kernel, stride."""
    windows = apply(
        "patches", node.args[0], kernel=node.attrs["kernel"], stride=node.attrs["stride"], dilation=(1, 1)
    )
    return apply("mean", windows, axis=(1, 2), keepdims=False)


def _cross_correlation(node: Expr) -> Expr:
    """out[a, b] = Σ_{i,j} K[i, j] x[s·a + d·i, s·b + d·j] of matrices x and K, indices from 0.

    Attributes kernel, stride, dilation (pairs) and padding (a pair, or two pairs before and after).
    """
    x, kernel = node.args
    widths = [p if isinstance(p, tuple) else (p, p) for p in node.attrs.get("padding", (0, 0))]
    if any(width for pair in widths for width in pair):
        x = apply("pad", x, widths=tuple(widths), value=0)
    windows = apply(
        "patches",
        apply("stack", x, axis=0),
        kernel=node.attrs["kernel"],
        stride=node.attrs.get("stride", (1, 1)),
        dilation=node.attrs.get("dilation", (1, 1)),
    )
    volume = apply("stack", apply("stack", kernel, axis=0), axis=0)
    return apply("correlate", volume, windows, groups=1)[0]


def _convolution_matrix(node: Expr) -> Expr:
    """The matrix of cross-correlation of images (height, width) with w of size `kernel`, unrolled row by row.

    Row W'(a - 1) + b, for output (a, b) of H' × W', is w at the place (a, b) in an image of zeros.
    """
    w = node.args[0]
    height, width = node.attrs["height"], node.attrs["width"]
    rows, columns = node.attrs["kernel"]
    down, right = height - rows + 1, width - columns + 1
    if min(down, right) < 1 or down * right * height * width > LARGEST_MATRIX:
        problem = f"the matrix of a filter {rows} × {columns} on an image {height} × {width}"
        raise InputError(problem, accepted=f"a filter that fits, and at most {LARGEST_MATRIX} entries")
    images = [
        apply("pad", w, widths=((a, down - 1 - a), (b, right - 1 - b)), value=0)
        for a in range(down)
        for b in range(right)
    ]
    return apply("stack", *(apply("reshape", image, shape=(height * width,)) for image in images), axis=0)


def _rotate_180(node: Expr) -> Expr:
    """A matrix turned by 180°: rows and columns in the opposite order."""
    backwards = slice(None, None, -1)
    return node.args[0][backwards, backwards]


def _entry(node: Expr) -> Expr:
    """x_{i,j}, subscripts from 1, and 0 where they lie outside x: the nearest entry times [1 ≤ i ≤ n]..."""
    x, *subscripts = node.args
    nearest: list[Expr] = []
    inside: list[Expr] = []
    for axis, subscript in enumerate(subscripts):
        extent = apply("extent", x, axis=axis)
        nearest.append(apply("maximum", const(1), apply("minimum", subscript, extent)))
        inside.append(apply("between", const(1), subscript, extent))
    result = apply("element", x, *nearest)
    for condition in inside:
        result = result * condition
    return result


def _between(node: Expr) -> Expr:
    """1 where low ≤ x ≤ high, else 0."""
    low, x, high = node.args
    return apply("at_most", low, x) * apply("at_most", x, high)


def _every(node: Expr) -> Expr:
    """1 where all conditions hold, else 0."""
    result = node.args[0]
    for condition in node.args[1:]:
        result = result * condition
    return result


def _trapezoid(node: Expr) -> Expr:
    """Σ (x_{i+1} - x_i)(y_{i+1} + y_i) / 2 of y and x."""
    y, x = node.args
    return total((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2


def _increments(node: Expr) -> Expr:
    """x_k - x_{k-1} of a vector, with x_0 = 0."""
    x = node.args[0]
    return x - concat([const([0]), x[:-1]])


def _interpolated(node: Expr) -> Expr:
    """The greatest precision at a recall of at least r, 0 where there is none, of precision and recall.

    The levels r are the recalls themselves, or with `points` that many numbers evenly spaced from 0 to 1.
    """
    precision, recall = node.args
    points = node.attrs.get("points")
    levels = recall if points is None else const([Fraction(i, points - 1) for i in range(points)])
    reached = apply("at_most", apply("reshape", levels, shape=(-1, 1)), recall)
    return apply("amax", where(reached, precision, const(0)), axis=1, keepdims=False)


COMPOSITES: Final[dict[str, Expansion]] = {
    "sigmoid": _sigmoid,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "softplus": _softplus,
    "step": _step,
    "softmax": _softmax,
    "masked_softmax": _masked_softmax,
    "log_softmax": _log_softmax,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "squared_error": _squared_error,
    "squared_norm": _squared_norm,
    "mean": _mean,
    "variance": _variance,
    "normalise": _normalise,
    "convolution": _convolution,
    "cross_correlation": _cross_correlation,
    "convolution_matrix": _convolution_matrix,
    "rotate_180": _rotate_180,
    "entry": _entry,
    "between": _between,
    "every": _every,
    "max_pool": _max_pool,
    "mean_pool": _mean_pool,
    "trapezoid": _trapezoid,
    "increments": _increments,
    "interpolated": _interpolated,
}


def expansion(node: Expr) -> Expr:
    """What one composite stands for, over its own arguments."""
    try:
        return COMPOSITES[node.op](node)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{node.op} without {error}", accepted=f"{node.op} with {error}") from error
    except (ValueError, IndexError) as error:
        count = len(node.args)
        raise InputError(f"{node.op} of {count} argument{'s' if count != 1 else ''}") from error


def expand(root: Expr, keep: Container[str] = ()) -> Expr:
    """`root` with every composite but those in `keep` replaced by its expansion."""
    return _expand(root, keep, {})


def _expand(root: Expr, keep: Container[str], done: dict[Expr, Expr]) -> Expr:
    """`expand`, given what is expanded already, so that an expansion's arguments are not walked again."""
    order = postorder(root, lambda node: () if node in done else node.args)
    if not any(node.op in COMPOSITES and node.op not in keep for node in order):
        return root
    for node in order:
        if node in done:
            continue
        args = tuple(done[arg] for arg in node.args)
        copy = node if args == node.args else Expr(node.op, args, node.attrs)
        if copy.op in COMPOSITES and copy.op not in keep:
            done.update((arg, arg) for arg in args)
            copy = _expand(expansion(copy), keep, done)
        done[node] = copy
    return done[root]
