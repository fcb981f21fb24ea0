"""The shape pass: the shape of every part of an expression, from the shapes of its names.

One row an operation, NumPy's rules. A dimension is an int or a SymPy expression that stands for a positive
integer (n, H - M + 1); SymPy is imported only where one occurs. Two dimensions with letters fit where their
difference simplifies to 0, and letters are taken as large enough for the indices and slices that use them.
Nothing is allocated, so a shape of 10⁹ entries is as quick as one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from itertools import zip_longest
from typing import Any, Final, TypeAlias, cast

from workings.algebra.composites import COMPOSITES, expansion
from workings.algebra.dimensions import (
    Dimension,
    Shape,
    checked,
    entries,
    equal,
    exact_quotient,
    listed,
    quotient,
    same,
    spell,
    tidy,
)
from workings.algebra.expression import BINARY, UNARY, Expr, name, postorder
from workings.algebra.misfit import called, misfit, operand
from workings.algebra.windows import correlate, fold, patches
from workings.errors import InputError, echo, unknown

Row: TypeAlias = Callable[..., Shape]


def shape(root: Expr, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of `root`, whose names have `shapes`; () is a scalar.

    Raises
    ------
    InputError: a name without a shape, or shapes that do not fit, with both of them and what would fit.
    """
    return shapes_of(root, shapes)[root]


def shapes_of(
    root: Expr, shapes: Mapping[str, Shape], known: dict[Expr, Shape] | None = None
) -> dict[Expr, Shape]:
    """The shape of every node of `root`, composites under their own node; in one pass without recursion.

    `known` holds shapes found before with the same `shapes`: its nodes are not walked again, and it is added
    to and returned, so that a graph that grows node by node costs linear time.
    """
    found: dict[Expr, Shape] = {} if known is None else known
    order = postorder(root, lambda node: () if node in found else node.args)
    indices = {node.attrs["index"] for node in order if node.op == "summation"}
    for index in indices & shapes.keys():
        if shapes[index]:
            raise InputError(
                f"the index {index} of a sum is also a name of shape {spell(shapes[index])}",
                accepted="another name for the index",
            )
    for node in order:
        if node in found:
            continue
        if node.op == "name":
            label = node.attrs["name"]
            if label not in shapes and label not in indices:
                raise unknown("name", label, shapes)
            found[node] = checked(shapes.get(label, ()), label)
        else:
            found[node] = node_shape(node, *(found[arg] for arg in node.args))
    return found


def node_shape(node: Expr, *of_args: Shape) -> Shape:
    """The shape of one node from the shapes of its arguments."""
    row = ROWS.get(node.op)
    if row is None:
        if node.op not in COMPOSITES:
            raise unknown("operation", node.op, {*ROWS, *COMPOSITES})
        return _expanded(node, of_args)
    try:
        return row(node, *of_args)
    except KeyError as error:
        raise InputError(f"{node.op} without {error}", accepted=f"{node.op} with {error}") from error
    except TypeError as error:
        try:
            signature(row).bind(node, *of_args)
        except TypeError:
            count = len(of_args)
            raise InputError(f"{node.op} of {count} argument{'s' if count != 1 else ''}") from error
        raise


def _expanded(node: Expr, of_args: tuple[Shape, ...]) -> Shape:
    """The shape of a composite without a row: that of its expansion over names in place of its arguments."""
    stand_ins = tuple(name(f"argument {i}") for i in range(1, len(of_args) + 1))
    meant = expansion(Expr(node.op, stand_ins, node.attrs))
    given = {arg.attrs["name"]: found for arg, found in zip(stand_ins, of_args, strict=True)}
    try:
        return shape(meant, given)
    except InputError as error:
        if error.problem.startswith(node.op):
            raise
        taken = ", ".join(operand(arg, found) for arg, found in zip(node.args, of_args, strict=True))
        raise InputError(f"{node.op} of {taken}: {error.problem}", accepted=error.accepted) from error


def _several(one_or_more: Any) -> tuple[Any, ...]:
    """An axis or size alone, or a sequence of them, as a tuple."""
    several = listed(one_or_more)
    return (one_or_more,) if several is None else several


# Rows ----------------------------------------------------------------------------------------------------


def _alike(_node: Expr, x: Shape) -> Shape:
    """An element-wise operation of one argument."""
    return x


def broadcast(node: Expr, *of_args: Shape) -> Shape:
    """NumPy's broadcasting: shapes aligned at their last axes; sizes equal, or 1."""
    result = of_args[0]
    for other in of_args[1:]:
        if other != result:
            result = _pair(node, of_args, result, other)
    return result


def _pair(node: Expr, of_args: Sequence[Shape], a: Shape, b: Shape) -> Shape:
    sizes: list[Dimension] = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m == 1:
            sizes.append(n)
        elif n == 1 or equal(m, n):
            sizes.append(m)
        else:
            error = misfit(node, of_args, f"sizes {m} and {n} do not match", "equal sizes, or 1")
            if len(of_args) == 2 and len(a) == len(b) == 2 and same(a, b[::-1]):
                error.near = (f"{called(node.args[1])}ᵀ",)
            raise error
    return tuple(reversed(sizes))


def _binary(node: Expr, a: Shape, b: Shape) -> Shape:
    return broadcast(node, a, b)


def _where(node: Expr, condition: Shape, then: Shape, otherwise: Shape) -> Shape:
    return broadcast(node, condition, then, otherwise)


def _normalise(node: Expr, x: Shape, mean: Shape, variance: Shape, eps: Shape) -> Shape:
    return broadcast(node, x, mean, variance, eps)


def _matmul(node: Expr, a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise misfit(node, (a, b), "a scalar in a matrix product", "*, or vectors and matrices")
    if not equal(a[-1], b[-2:][0]):
        raise _inner_misfit(node, a, b)
    stacks = broadcast(node, a[:-2], b[:-2])
    return (*stacks, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _inner_misfit(node: Expr, a: Shape, b: Shape) -> InputError:
    left, right = (called(arg) for arg in node.args)
    inner = b[-2:][0]
    near: list[str] = []
    if len(a) == 2 and equal(a[0], inner):
        near.append(f"{left}ᵀ")
    if len(b) == 2 and equal(a[-1], b[1]):
        near.append(f"{right}ᵀ")
    error = misfit(node, (a, b), f"inner sizes {a[-1]} and {inner}", "equal inner sizes")
    error.near = tuple(near)
    return error


def _outer(_node: Expr, a: Shape, b: Shape) -> Shape:
    return (*a, *b)


def _axis(node: Expr, x: Shape, axis: Any) -> int:
    """`axis` counted from 0."""
    if not isinstance(axis, int) or not -len(x) <= axis < len(x):
        raise misfit(
            node, (x,), f"no axis {axis}", f"an axis from {-len(x)} to {len(x) - 1}" if x else "none"
        )
    return axis % len(x)


def _axes(node: Expr, x: Shape, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` (None: all; an int; several) means."""
    if axis is None:
        return tuple(range(len(x)))
    return tuple(_axis(node, x, a) for a in _several(axis))


def _transpose(node: Expr, x: Shape) -> Shape:
    axes = node.attrs.get("axes")
    if axes is None:
        return x[::-1]
    order = _axes(node, x, axes)
    if sorted(order) != list(range(len(x))):
        raise misfit(node, (x,), f"axes {axes}", f"each of the {len(x)} axes once")
    return tuple(x[a] for a in order)


def _target(node: Expr) -> Shape:
    return tuple(tidy(n) for n in _several(node.attrs["shape"]))


def _reshape(node: Expr, x: Shape) -> Shape:
    wanted = _target(node)
    count, open_axes = entries(x), [i for i, n in enumerate(wanted) if n == -1]
    rest = entries(tuple(n for n in wanted if n != -1))
    if len(open_axes) > 1:
        raise misfit(node, (x,), f"{spell(wanted)} leaves {len(open_axes)} sizes open", "at most one -1")
    if not open_axes:
        if not equal(count, rest):
            raise misfit(node, (x,), f"{count} entries into {spell(wanted)}", f"a shape of {count} entries")
        return wanted
    size = None if rest == 0 else exact_quotient(count, rest)
    if size is None:
        raise misfit(node, (x,), f"{count} entries into {spell(wanted)}", f"sizes that divide {count}")
    return tuple(size if n == -1 else n for n in wanted)


def _broadcast_to(node: Expr, x: Shape) -> Shape:
    wanted = _target(node)
    fits = len(x) <= len(wanted) and all(
        m == 1 or equal(m, n) for m, n in zip(x[::-1], wanted[::-1], strict=False)
    )
    if not fits:
        raise misfit(node, (x,), f"does not spread to {spell(wanted)}", "sizes equal to the last ones, or 1")
    return wanted


def _reduce(node: Expr, x: Shape) -> Shape:
    """The sum, mean, ... over `axis`, which keeps size 1 with `keepdims`."""
    chosen = _axes(node, x, node.attrs.get("axis"))
    if len(set(chosen)) != len(chosen):
        raise misfit(node, (x,), f"axis {node.attrs['axis']} twice", "each axis once")
    if node.attrs.get("keepdims", False):
        return tuple(1 if i in chosen else n for i, n in enumerate(x))
    return tuple(n for i, n in enumerate(x) if i not in chosen)


def _amax(node: Expr, x: Shape) -> Shape:
    if any(x[a] == 0 for a in _axes(node, x, node.attrs.get("axis"))):
        raise misfit(node, (x,), "the largest of no entries", "at least one entry")
    return _reduce(node, x)


def _along(node: Expr, x: Shape) -> Shape:
    """An operation along one axis that keeps the shape."""
    _axis(node, x, node.attrs.get("axis", 0 if node.op == "cumsum" else -1))
    return x


def _concat(node: Expr, *parts: Shape) -> Shape:
    if not parts:
        raise InputError("concat of nothing", accepted="at least one part")
    parts = tuple(part or (1,) for part in parts)  # a number counts as a vector of one
    axis = _axis(node, parts[0], node.attrs.get("axis", 0))
    first = parts[0]
    for part in parts[1:]:
        rest = len(part) == len(first) and same(
            (*part[:axis], *part[axis + 1 :]), (*first[:axis], *first[axis + 1 :])
        )
        if not rest:
            raise misfit(node, parts, f"sizes differ beside axis {axis}", "sizes equal in all other axes")
    return (*first[:axis], tidy(sum(part[axis] for part in parts)), *first[axis + 1 :])


def _stack(node: Expr, *parts: Shape) -> Shape:
    if not parts:
        raise InputError("stack of nothing", accepted="at least one part")
    first = parts[0]
    for part in parts[1:]:
        if part != first and not same(part, first):
            raise misfit(node, (first, part), "shapes differ", "parts of one shape")
    axis = _axis(node, (len(parts), *first), node.attrs.get("axis", 0))
    return (*first[:axis], len(parts), *first[axis:])


def _item(node: Expr, x: Shape) -> Shape:
    index: tuple[Any, ...] = node.attrs["index"]
    if len(index) > len(x):
        raise misfit(node, (x,), f"{len(index)} subscripts", f"at most {len(x)}")
    sizes: list[Dimension] = []
    for n, part in zip(x, index, strict=False):
        if isinstance(part, slice):
            sizes.append(_slice_length(cast("slice[Any, Any, Any]", part), n))
        elif not isinstance(part, int):
            raise misfit(node, (x,), f"subscript {echo(part)}", "integers and slices")
        elif isinstance(n, int) and not -n <= part < n:
            raise misfit(node, (x,), f"no entry {part} of {n}", f"{-n} to {n - 1}" if n else "none")
    return (*sizes, *x[len(index) :])


def _slice_length(part: slice[Any, Any, Any], n: Dimension) -> Dimension:
    """Entries of a slice; of a size with letters, one that is large enough."""
    if isinstance(n, int):
        return len(range(*part.indices(n)))
    step = 1 if part.step is None else part.step
    if step == 0:
        raise InputError("a slice with step 0", accepted="a step other than 0")
    first, last = (0, n) if step > 0 else (n - 1, -1)
    start = first if part.start is None else part.start + (n if part.start < 0 else 0)
    stop = last if part.stop is None else part.stop + (n if part.stop < 0 else 0)
    count = quotient(stop - start, step, up=True)
    return max(count, 0) if isinstance(count, int) else count


def _element(node: Expr, x: Shape, *subscripts: Shape) -> Shape:
    if any(subscripts):
        raise misfit(node, (x, *subscripts), "subscripts that are not numbers", "numbers from 1")
    if len(subscripts) > len(x):
        raise misfit(node, (x, *subscripts), f"{len(subscripts)} subscripts", f"at most {len(x)}")
    return x[len(subscripts) :]


def _take(node: Expr, x: Shape, indices: Shape) -> Shape:
    if not x:
        raise misfit(node, (x, indices), "rows of a number", "a vector or a matrix")
    return (*indices, *x[1:])


def _scatter(node: Expr, g: Shape, indices: Shape) -> Shape:
    if not same(g[: len(indices)], indices):
        raise misfit(node, (g, indices), "one row for each index", f"first sizes {spell(indices)}")
    return (tidy(node.attrs["size"]), *g[len(indices) :])


def _put(node: Expr, g: Shape) -> Shape:
    wanted = _target(node)
    place = _item(Expr("item", node.args, {"index": node.attrs["index"]}), wanted)
    if not same(g, place):
        raise misfit(node, (g,), f"does not fill the place {spell(place)}", f"shape {spell(place)}")
    return wanted


def _pad(node: Expr, x: Shape) -> Shape:
    widths = node.attrs["widths"]
    several = listed(widths)
    pairs = [(widths, widths)] * len(x) if several is None else [_several(pair) for pair in several]
    if len(pairs) != len(x) or any(len(pair) != 2 for pair in pairs):
        raise misfit(node, (x,), f"widths {echo(widths)}", f"{len(x)} pairs (before, after)")
    if any(isinstance(width, int) and width < 0 for pair in pairs for width in pair):
        raise misfit(node, (x,), f"widths {echo(widths)}", "widths of 0 or more")
    return tuple(tidy(n + pair[0] + pair[1]) for n, pair in zip(x, pairs, strict=True))


def _extent(node: Expr, x: Shape) -> Shape:
    _axes(node, x, node.attrs.get("axis"))
    return ()


def _argsort(node: Expr, x: Shape) -> Shape:
    if len(x) != 1:
        raise misfit(node, (x,), f"{len(x)} axes", "a vector")
    return x


def _summation(node: Expr, body: Shape, low: Shape, high: Shape) -> Shape:
    if low or high:
        raise misfit(node, (body, low, high), "bounds that are not numbers", "numbers")
    return body


def _constant(node: Expr) -> Shape:
    return tuple(getattr(node.attrs["value"], "shape", ()))


def _words(_node: Expr) -> Shape:
    return ()


def _loss(node: Expr, y: Shape, d: Shape) -> Shape:
    """The sum of an element-wise function of two arguments."""
    broadcast(node, y, d)
    return ()


def _number(_node: Expr, _x: Shape) -> Shape:
    return ()


ROWS: Final[dict[str, Row]] = {
    "const": _constant,
    "words": _words,
    **dict.fromkeys(UNARY, _alike),
    **dict.fromkeys(BINARY, _binary),
    "where": _where,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast": _broadcast_to,
    "sum": _reduce,
    "amax": _amax,
    "concat": _concat,
    "stack": _stack,
    "item": _item,
    "element": _element,
    "take": _take,
    "scatter": _scatter,
    "put": _put,
    "pad": _pad,
    "patches": patches,
    "correlate": correlate,
    "extent": _extent,
    "fold": fold,
    "cumsum": _along,
    "argsort": _argsort,
    "summation": _summation,
    # composites whose shape is seen at once; the others go by their expansion
    **dict.fromkeys(("sigmoid", "relu", "leaky_relu", "softplus", "step"), _alike),
    **dict.fromkeys(("softmax", "log_softmax"), _along),
    **dict.fromkeys(("cross_entropy", "binary_cross_entropy", "squared_error"), _loss),
    "squared_norm": _number,
    "mean": _reduce,
    "variance": _reduce,
    "normalise": _normalise,
}
