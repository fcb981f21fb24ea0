"""The derive pass: reverse mode that yields new, readable expressions.

`gradients(root, seed, wrt, shapes)` returns, for each name, the expression of the gradient of a scalar cost, where
`seed` is the gradient with respect to `root` itself. One row an operation; the coarsest rule wins: a composite
with a row of its own is not expanded, and softmax with cross-entropy or sigmoid with binary cross-entropy become
p - d and y - d. An adjoint may have a smaller shape than its node as long as it broadcasts to it, which keeps
formulas short; the gradient of a name always has the name's shape.

Conventions: ReLU'(0) = 0 and step' = floor' = sign' = 0, as in torch; a tie in max(a, b) gives half to each, a tie
in `amax` is shared evenly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from workings.algebra.composites import COMPOSITES
from workings.algebra.expression import (
    Expr,
    apply,
    const,
    expr,
    log,
    name,
    names_in,
    outer,
    postorder,
    rebuild,
    scalar_value,
    summation,
    total,
    where,
)
from workings.algebra.shape import Shape, shapes_of
from workings.errors import InputError

Pairs = Iterable[tuple[Expr, Expr]]
Row = Callable[["Shapes", Expr, Expr], Pairs]

ONE: Final = const(1)
ZERO: Final = const(0)


class Shapes:
    """The shape of any node of the graph at hand, worked out once a node."""

    def __init__(self, names: Mapping[str, Shape]) -> None:
        self._names = names
        self._known: dict[Expr, Shape] = {}

    def __call__(self, node: Expr) -> Shape:
        found = self._known.get(node)
        if found is None:
            self._known |= shapes_of(node, self._names)
            found = self._known[node]
        return found

    def rank(self, node: Expr) -> int:
        return len(self(node))


def gradients(root: Expr, seed: Expr, wrt: Iterable[str], shapes: Mapping[str, Shape]) -> dict[str, Expr]:
    """The gradient of the cost with respect to each name of `wrt` that `root` depends on.

    `seed` is the cost's gradient with respect to `root`: the constant 1 where root is the cost.
    """
    wanted = set(wrt)
    root = rebuild(root, lambda node: _expanded(node))
    known = Shapes(shapes)
    nodes = postorder(root, _differentiable_arguments)
    active: set[Expr] = set()
    for node in nodes:
        if node.op == "name":
            reached = node.attrs["name"] in wanted
        elif node.op == "summation":
            reached = not wanted.isdisjoint(names_in(node.args[0]))
        else:
            reached = any(arg in active for arg in node.args)
        if reached:
            active.add(node)
    adjoints: dict[Expr, Expr] = {root: seed}
    found: dict[str, list[Expr]] = {}
    for node in reversed(nodes):
        if node not in active or node not in adjoints:
            continue
        adjoint = adjoints.pop(node)
        if node.op == "name":
            found.setdefault(node.attrs["name"], []).append(full(known, adjoint, known(node)))
        elif node.op == "summation":
            for label, gradient in _through_sum(node, adjoint, wanted, shapes).items():
                found.setdefault(label, []).append(gradient)
        else:
            for target, part in ROWS[node.op](known, node, adjoint):
                if target in active:
                    adjoints[target] = plus(adjoints[target], part) if target in adjoints else part
    return {label: sum_of(parts) for label, parts in found.items()}


def _expanded(node: Expr) -> Expr | None:
    if node.op in ROWS or node.op not in COMPOSITES:
        return None
    return rebuild(COMPOSITES[node.op](node), lambda inner: _expanded(inner) if inner is not node else None)


def _differentiable_arguments(node: Expr) -> tuple[Expr, ...]:
    return () if node.op == "summation" else node.args


def sum_of(parts: list[Expr]) -> Expr:
    """The parts of a gradient, added up as written."""
    result = parts[0]
    for part in parts[1:]:
        result = plus(result, part)
    return result


def _through_sum(node: Expr, adjoint: Expr, wanted: set[str], shapes: Mapping[str, Shape]) -> dict[str, Expr]:
    body, low, high = node.args
    index = node.attrs["index"]
    inner = gradients(body, adjoint, wanted - {index}, {**shapes, index: ()})
    return {label: summation(gradient, index, low, high) for label, gradient in inner.items()}


# --- readable building blocks -------------------------------------------------------------------------------


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
    """aᵀ; a transpose of a transpose is gone, and (u vᵀ)ᵀ = v uᵀ."""
    if a.op == "transpose" and a.attrs.get("axes") is None:
        return a.args[0]
    if a.op == "outer":
        return outer(a.args[1], a.args[0])
    if a.op == "neg":
        return negative(transposed(a.args[0]))
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


def _product(known: Shapes, node: Expr, target: Expr, g: Expr, factor: Expr) -> Expr:
    """The adjoint g · factor of `target`, reduced to what fits it; a scalar's becomes an inner product."""
    if known(target) == () and known(node) != ():
        g = full(known, g, known(node)) if known(factor) == () else g
    product = times(g, factor)
    return reduced(known, product, known(target))


# --- rows ---------------------------------------------------------------------------------------------------


def _add(known: Shapes, node: Expr, g: Expr) -> Pairs:
    for arg in node.args:
        yield arg, _fitted(known, node, arg, g)


def _fitted(known: Shapes, node: Expr, arg: Expr, g: Expr) -> Expr:
    if known(arg) != known(node):
        return reduced(known, full(known, g, known(node)), known(arg))
    return g


def _sub(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    yield a, _fitted(known, node, a, g)
    yield b, negative(_fitted(known, node, b, g))


def _neg(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], negative(g)


def _mul(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    yield a, _product(known, node, a, g, b)
    yield b, _product(known, node, b, g, a)


def _div(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    yield a, _quotient(known, node, a, g, b)
    yield b, negative(_product(known, node, b, g, a / b**2))


def _quotient(known: Shapes, node: Expr, a: Expr, g: Expr, b: Expr) -> Expr:
    g = full(known, g, known(node)) if known(a) != known(node) else g
    return reduced(known, g / b, known(a))


def _power(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    exponent = scalar_value(b)
    if exponent == 2:
        slope = times(const(2), a)
    elif exponent is not None:
        slope = times(b, a ** const(exponent - 1))
    else:
        slope = b * a ** (b - 1)
    yield a, _product(known, node, a, g, slope)
    if exponent is None:
        yield b, _product(known, node, b, g, node * log(a))


def _elementwise(slope: Callable[[Expr, Expr], Expr]) -> Row:
    def row(known: Shapes, node: Expr, g: Expr) -> Pairs:
        yield node.args[0], times(g, slope(node.args[0], node))

    return row


def _maximum(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    tie = apply("equal", a, b) / 2
    yield a, _product(known, node, a, g, apply("less", *((b, a) if node.op == "maximum" else (a, b))) + tie)
    yield b, _product(known, node, b, g, apply("less", *((a, b) if node.op == "maximum" else (b, a))) + tie)


def _where(known: Shapes, node: Expr, g: Expr) -> Pairs:
    condition, then, otherwise = node.args
    yield then, _fitted(known, node, then, where(condition, g, ZERO))
    yield otherwise, _fitted(known, node, otherwise, where(condition, ZERO, g))


def _xlogy(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x, y = node.args
    yield x, _product(known, node, x, g, log(y))
    yield y, _product(known, node, y, g, x / y)


def _matmul(known: Shapes, node: Expr, g: Expr) -> Pairs:
    a, b = node.args
    ranks = (known.rank(a), known.rank(b))
    if ranks == (1, 1):
        yield a, times(g, _upright(b))
        yield b, times(g, _upright(a))
        return
    g = full(known, g, known(node))
    if ranks == (2, 1):
        yield a, _outer_product(g, b)
        yield b, _matrix_product(transposed(a), g)
    elif ranks == (1, 2):
        yield a, _matrix_product(b, g)
        yield b, _outer_product(a, g)
    elif ranks == (2, 2):
        yield a, _matrix_product(g, transposed(b))
        yield b, _matrix_product(transposed(a), g)
    elif min(ranks) >= 2:
        yield a, reduced(known, g @ _swapped(known, b), known(a))
        yield b, reduced(known, _swapped(known, a) @ g, known(b))
    else:
        raise InputError(
            "the gradient of a stack of matrices times a vector", accepted="a matrix of one column"
        )


def _upright(vector: Expr) -> Expr:
    """A vector without its transpose, which only says how a product was meant."""
    return vector.args[0] if vector.op == "transpose" else vector


def _matrix_product(a: Expr, b: Expr) -> Expr:
    return _bilinear(a, b, lambda left, right: left @ right)


def _outer_product(a: Expr, b: Expr) -> Expr:
    return _bilinear(a, b, outer)


def _bilinear(a: Expr, b: Expr, product: Callable[[Expr, Expr], Expr]) -> Expr:
    """The product with signs and constant factors in front of it."""
    factor = const(1)
    parts: list[Expr] = []
    for part in (a, b):
        inner = part
        if inner.op == "neg":
            factor, inner = negative(factor), inner.args[0]
        if inner.op == "mul" and scalar_value(inner.args[0]) is not None:
            factor, inner = times(factor, inner.args[0]), inner.args[1]
        parts.append(inner)
    if scalar_value(factor) == -1:
        return negative(product(*parts))
    return times(factor, product(*parts))


def _swapped(known: Shapes, a: Expr) -> Expr:
    rank = known.rank(a)
    return apply("transpose", a, axes=(*range(rank - 2), rank - 1, rank - 2))


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


def _along(known: Shapes, node: Expr) -> tuple[int, ...]:
    rank, axis = known.rank(node.args[0]), node.attrs.get("axis")
    axes = range(rank) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(a % rank for a in axes)


def _kept(known: Shapes, node: Expr, g: Expr) -> Expr:
    """A reduction's adjoint with the summed axes back as extents of 1, so that it broadcasts."""
    axes = _along(known, node)
    if known(g) == () or node.attrs.get("keepdims") or axes == tuple(range(len(axes))):
        return g  # already broadcasts against the argument
    shape = tuple(1 if i in axes else n for i, n in enumerate(known(node.args[0])))
    return apply("reshape", g, shape=shape)


def _sum(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], _kept(known, node, g)


def _mean(known: Shapes, node: Expr, g: Expr) -> Pairs:
    extent = apply("extent", node.args[0], axis=node.attrs.get("axis"))
    yield node.args[0], _kept(known, node, g) / extent


def _amax(known: Shapes, node: Expr, g: Expr) -> Pairs:
    x = node.args[0]
    axis = node.attrs.get("axis")
    largest = equal = apply("equal", x, apply("amax", x, axis=axis, keepdims=True))
    yield x, times(_kept(known, node, g), largest / total(equal, axis, keepdims=True))


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
    if any(value is None for value in values):
        raise InputError(
            "the gradient of a sequence with a letter subscript", accepted="subscripts in numbers"
        )
    index = tuple(int(value) - 1 for value in values if value is not None)
    yield x, apply("put", g, shape=known(x), index=index)


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
        flat_w = apply("reshape", w, shape=(_product_of(known(w)[:3]), -1))
        flat_g = apply("reshape", part, shape=(outputs, -1))
        kernels.append(apply("reshape", flat_g @ flat_w.T, shape=known(k)))
        pieces.append(apply("reshape", flat_k.T @ flat_g, shape=known(w)))
    yield kernel, kernels[0] if groups == 1 else apply("concat", *kernels, axis=0)
    yield windows, pieces[0] if groups == 1 else apply("concat", *pieces, axis=0)


def _counts(extent: Any, groups: int) -> int:
    return int(extent) // groups


def _product_of(extents: Iterable[Any]) -> Any:
    result = 1
    for extent in extents:
        result *= extent
    return result


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


def _none(known: Shapes, node: Expr, g: Expr) -> Pairs:
    return ()


def _softmax(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", -1)
    yield node.args[0], node * (g - total(times(g, node), axis, keepdims=True))


def _log_softmax(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", -1)
    g = full(known, g, known(node))
    yield node.args[0], g - apply("softmax", node.args[0], axis=axis) * total(g, axis, keepdims=True)


def _cross_entropy(known: Shapes, node: Expr, g: Expr) -> Pairs:
    p, d = node.args
    if p.op == "softmax" and node.attrs.get("distribution"):
        yield p.args[0], times(g, p - d)
    else:
        yield p, negative(times(g, d / p))
    yield d, negative(times(g, log(p)))


def _binary_cross_entropy(known: Shapes, node: Expr, g: Expr) -> Pairs:
    y, d = node.args
    if y.op == "sigmoid":
        yield y.args[0], _product(known, y, y, g, y - d)
    else:
        yield y, times(g, (1 - d) / (1 - y) - d / y)
    yield d, times(g, log(1 - y) - log(y))


def _squared_error(known: Shapes, node: Expr, g: Expr) -> Pairs:
    y, d = node.args
    yield y, _product(known, y, y, g, const(-2) * (d - y))
    yield d, _product(known, d, d, g, const(2) * (d - y))


def _squared_norm(known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], times(times(const(2), g), node.args[0])


SLOPES: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "exp": lambda x, out: out,
    "log": lambda x, out: 1 / x,
    "sqrt": lambda x, out: 1 / (2 * out),
    "tanh": lambda x, out: 1 - out**2,
    "sin": lambda x, out: apply("cos", x),
    "cos": lambda x, out: -apply("sin", x),
    "absolute": lambda x, out: apply("sign", x),
    "sigmoid": lambda x, out: out * (1 - out),
    "relu": lambda x, out: apply("step", x),
    "softplus": lambda x, out: apply("sigmoid", x),
}
"""f′ of element-wise functions, written with the argument and the output, whichever is shorter."""

ROWS: Final[dict[str, Row]] = {
    **{op: _elementwise(slope) for op, slope in SLOPES.items()},
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "power": _power,
    "maximum": _maximum,
    "minimum": _maximum,
    "where": _where,
    "xlogy": _xlogy,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast": _broadcast,
    "sum": _sum,
    "mean": _mean,
    "amax": _amax,
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
    **dict.fromkeys(
        ("floor", "ceil", "sign", "less", "at_most", "equal", "argsort", "extent", "step", "const", "words"),
        _none,
    ),
    "softmax": _softmax,
    "masked_softmax": _softmax,
    "log_softmax": _log_softmax,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "squared_error": _squared_error,
    "squared_norm": _squared_norm,
}


def slope(function: str, argument: str, output: str) -> Expr:
    """f′ at a named argument, written with the named output where that is shorter: tanh gives 1 - h²."""
    if function == "identity":
        return ONE
    if function not in SLOPES:
        raise InputError(f"no slope for {function!r}", accepted=", ".join(sorted(SLOPES)))
    return SLOPES[function](name(argument), expr(output))
