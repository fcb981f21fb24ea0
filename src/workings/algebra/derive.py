"""The derive pass: reverse mode that yields new, readable expressions.

`gradients(root, seed, wrt, shapes)` returns, for each name, the expression of the gradient of a scalar cost,
where `seed` is the gradient with respect to `root` itself. One row an operation; the coarsest rule wins: a
composite with a row of its own is not expanded, and softmax with cross-entropy or sigmoid with binary
cross-entropy become p - d and y - d. An adjoint may have a smaller shape than its node as long as it
broadcasts to it, which keeps formulas short; the gradient of a name always has the name's shape.

Conventions: ReLU'(0) = 0 and step' = floor' = sign' = 0, as in torch; a tie in max(a, b) gives half to each,
a tie in `amax` is shared evenly.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from workings.algebra.adjoints import (
    Pairs,
    Row,
    Shapes,
    full,
    negative,
    plus,
    reduced,
    sum_of,
    times,
    transposed,
)
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
from workings.algebra.shape import Shape
from workings.algebra.transposes import LINEAR_ROWS
from workings.errors import InputError

ONE: Final = const(1)
ZERO: Final = const(0)


def gradients(root: Expr, seed: Expr, wrt: Iterable[str], shapes: Mapping[str, Shape]) -> dict[str, Expr]:
    """The gradient of the cost with respect to each name of `wrt` that `root` depends on.

    `seed` is the cost's gradient with respect to `root`: the constant 1 where root is the cost.

    Raises
    ------
    InputError: an operation whose rule needs what is not known, such as a subscript in letters.
    """
    wanted = frozenset(wrt)
    nodes = postorder(root, _differentiable_arguments)
    if any(map(_opaque, nodes)):
        root = rebuild(root, _expanded)
        nodes = postorder(root, _differentiable_arguments)
    known = Shapes(shapes)
    active = _leading_to(wanted, nodes)
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


def _leading_to(wanted: frozenset[str], nodes: list[Expr]) -> set[Expr]:
    """The nodes that hold a wanted name."""
    found: set[Expr] = set()
    for node in nodes:
        if node.op == "name":
            holds = node.attrs["name"] in wanted
        elif node.op == "summation":
            holds = not wanted.isdisjoint(names_in(node.args[0]))
        else:
            holds = any(arg in found for arg in node.args)
        if holds:
            found.add(node)
    return found


def _opaque(node: Expr) -> bool:
    """Whether the node is a composite without a rule of its own."""
    return node.op not in ROWS and node.op in COMPOSITES


def _expanded(node: Expr) -> Expr | None:
    return rebuild(COMPOSITES[node.op](node), _expanded) if _opaque(node) else None


def _differentiable_arguments(node: Expr) -> tuple[Expr, ...]:
    return () if node.op == "summation" else node.args


def _through_sum(
    node: Expr, adjoint: Expr, wanted: frozenset[str], shapes: Mapping[str, Shape]
) -> dict[str, Expr]:
    body, low, high = node.args
    index = node.attrs["index"]
    inner = gradients(body, adjoint, wanted - {index}, ChainMap({index: ()}, dict(shapes)))
    return {label: summation(gradient, index, low, high) for label, gradient in inner.items()}


def _product(known: Shapes, node: Expr, target: Expr, g: Expr, factor: Expr) -> Expr:
    """The adjoint g · factor of `target`, summed over the axes that broadcasting gave it in the node."""
    product = times(g, factor)
    if known(target) == known(node):
        return product
    if known(target) == () and known.rank(g) == known.rank(factor) == known.rank(node) == 1:
        return _matrix_product(g, factor)  # gᵀ factor, which is how the sum of their products is written
    return reduced(known, full(known, product, known(node)), known(target))


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


def _neg(_known: Shapes, node: Expr, g: Expr) -> Pairs:
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
    def row(_known: Shapes, node: Expr, g: Expr) -> Pairs:
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


def _along(known: Shapes, node: Expr) -> tuple[int, ...]:
    rank, axis = known.rank(node.args[0]), node.attrs.get("axis")
    if axis is None:
        return tuple(range(rank))
    return (axis % rank,) if isinstance(axis, int) else tuple(each % rank for each in axis)


def _kept(known: Shapes, node: Expr, g: Expr) -> Expr:
    """A reduction's adjoint with the summed axes back as extents of 1, so that it broadcasts."""
    axes = _along(known, node)
    if known(g) == () or node.attrs.get("keepdims") or axes == tuple(range(len(axes))):
        return g  # already broadcasts against the argument
    shape = tuple(1 if i in axes else n for i, n in enumerate(known(node.args[0])))
    return apply("reshape", full(known, g, known(node)), shape=shape)


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


def _none(_known: Shapes, _node: Expr, _g: Expr) -> Pairs:
    return ()


def _softmax(_known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", -1)
    yield node.args[0], node * (g - total(times(g, node), axis, keepdims=True))


def _log_softmax(known: Shapes, node: Expr, g: Expr) -> Pairs:
    axis = node.attrs.get("axis", -1)
    g = full(known, g, known(node))
    yield node.args[0], g - apply("softmax", node.args[0], axis=axis) * total(g, axis, keepdims=True)


def _cross_entropy(_known: Shapes, node: Expr, g: Expr) -> Pairs:
    p, d = node.args
    if p.op == "softmax" and node.attrs.get("distribution"):
        yield p.args[0], times(g, p - d)
    else:
        yield p, negative(times(g, d / p))
    yield d, negative(times(g, log(p)))


def _binary_cross_entropy(known: Shapes, node: Expr, g: Expr) -> Pairs:
    y, d = node.args
    if y.op == "sigmoid":
        yield y.args[0], reduced(known, times(g, y - d), known(y))
    else:
        yield y, reduced(known, times(g, (1 - d) / (1 - y) - d / y), known(y))
    yield d, reduced(known, times(g, log(1 - y) - log(y)), known(d))


def _squared_error(known: Shapes, node: Expr, g: Expr) -> Pairs:
    y, d = node.args
    yield y, reduced(known, times(g, const(-2) * (d - y)), known(y))
    yield d, reduced(known, times(g, const(2) * (d - y)), known(d))


def _squared_norm(_known: Shapes, node: Expr, g: Expr) -> Pairs:
    yield node.args[0], times(times(const(2), g), node.args[0])


SLOPES: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "exp": lambda _x, out: out,
    "log": lambda x, _out: 1 / x,
    "sqrt": lambda _x, out: 1 / (2 * out),
    "tanh": lambda _x, out: 1 - out**2,
    "sin": lambda x, _out: apply("cos", x),
    "cos": lambda x, _out: -apply("sin", x),
    "absolute": lambda x, _out: apply("sign", x),
    "sigmoid": lambda _x, out: out * (1 - out),
    "relu": lambda x, _out: apply("step", x),
    "softplus": lambda x, _out: apply("sigmoid", x),
}
"""f′ of element-wise functions, written with the argument and the output, whichever is shorter."""

ROWS: Final[dict[str, Row]] = {
    **LINEAR_ROWS,
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
    "sum": _sum,
    "mean": _mean,
    "amax": _amax,
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
