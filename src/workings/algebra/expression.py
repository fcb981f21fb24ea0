"""The closed expression language: frozen nodes that Python operators build.

An expression is a directed graph of `Expr` nodes: leaves (`const`, `name`), about 40 primitive operations and
named composites (`workings.algebra.composites`) that expand into primitives. What an operation means is
written once in each pass, one table row an operation: `shape`, `evaluate`, `show`, `derive`, `count`.

Nodes compare by identity. Every pass walks `postorder(expr)`, so depth is bounded by memory and never by the
recursion limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from workings.errors import InputError
from workings.numerals import number

NO_ATTRIBUTES: Final[Mapping[str, Any]] = MappingProxyType({})

LARGEST_FLOAT_INTEGER: Final = 2**53
"""Below it a float64 holds every integer exactly."""

Operand: TypeAlias = "Expr | int | float | Fraction | str"

UNARY: Final = ("neg", "exp", "log", "sqrt", "tanh", "sin", "cos", "absolute", "floor", "ceil", "sign")
"""Element-wise operations of one argument."""

BINARY: Final = (
    *("add", "sub", "mul", "div", "power", "maximum", "minimum"),
    *("less", "at_most", "equal"),  # 1 where it holds, else 0
    "xlogy",  # x log y, and 0 where x is 0
)
"""Element-wise operations of two arguments, with NumPy's broadcasting."""

STRUCTURAL: Final = (
    "where",  # where(condition, a, b), element-wise
    "matmul",  # NumPy's @: vectors, matrices, stacks of matrices
    "outer",  # outer(a, b)[i, j] = a[i] b[j]
    "transpose",  # axes=None reverses all axes
    "reshape",  # shape
    "broadcast",  # shape
    "sum",  # axis (None: all), keepdims
    "amax",  # axis, keepdims
    "concat",  # axis
    "stack",  # axis
    "item",  # index: a tuple of ints and slices, from 0
    "element",  # element(x, i, j, ...): subscripts that are expressions, from 1 as in print
    "take",  # take(x, indices): rows of x, indices from 0
    "scatter",  # scatter(g, indices), size: adds rows of g into zeros, the transpose of take
    "put",  # shape, index: g placed into zeros of shape at index, the transpose of item
    "pad",  # widths, value
    "patches",  # kernel, stride, dilation: (C, H, W) -> (C, kH, kW, oH, oW)
    "correlate",  # correlate(K, w), groups: (O, C, kH, kW), (C, kH, kW, oH, oW) -> (O, oH, oW)
    "extent",  # axis: the number of entries along it
    "fold",  # height, width, stride, dilation: the transpose of patches
    "cumsum",  # axis, reverse
    "argsort",  # descending: a stable order of the entries, indices from 0
    "summation",  # index: a name; summation(body, low, high) is the sum of body over low <= index <= high
)

PRIMITIVES: Final = ("const", "words", "name", *UNARY, *BINARY, *STRUCTURAL)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Expr:
    """One node: an operation, its arguments and its attributes (axes, shapes, a constant's value, a name)."""

    op: str
    args: tuple[Expr, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=lambda: NO_ATTRIBUTES)

    __array_ufunc__ = None  # so that `array * expr` asks Expr.__rmul__ instead of looping over the entries

    def __add__(self, other: Operand) -> Expr:
        return Expr("add", (self, expr(other)))

    def __radd__(self, other: Operand) -> Expr:
        return Expr("add", (expr(other), self))

    def __sub__(self, other: Operand) -> Expr:
        return Expr("sub", (self, expr(other)))

    def __rsub__(self, other: Operand) -> Expr:
        return Expr("sub", (expr(other), self))

    def __mul__(self, other: Operand) -> Expr:
        return Expr("mul", (self, expr(other)))

    def __rmul__(self, other: Operand) -> Expr:
        return Expr("mul", (expr(other), self))

    def __truediv__(self, other: Operand) -> Expr:
        return Expr("div", (self, expr(other)))

    def __rtruediv__(self, other: Operand) -> Expr:
        return Expr("div", (expr(other), self))

    def __pow__(self, other: Operand) -> Expr:
        return Expr("power", (self, expr(other)))

    def __rpow__(self, other: Operand) -> Expr:
        return Expr("power", (expr(other), self))

    def __matmul__(self, other: Operand) -> Expr:
        return Expr("matmul", (self, expr(other)))

    def __rmatmul__(self, other: Operand) -> Expr:
        return Expr("matmul", (expr(other), self))

    def __neg__(self) -> Expr:
        return Expr("neg", (self,))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Expr:
        return Expr("item", (self,), {"index": index if isinstance(index, tuple) else (index,)})

    @property
    def T(self) -> Expr:
        """The transpose: all axes reversed."""
        return Expr("transpose", (self,), {"axes": None})

    def __repr__(self) -> str:
        from workings.algebra.show import text  # show imports this module

        return text(self)


def const(value: object) -> Expr:
    """A constant: an exact scalar, or an object array of exact scalars (see `exact_array`)."""
    if isinstance(value, (bool, int, float, str, Fraction)):
        return Expr("const", (), {"value": number(value)})
    return Expr("const", (), {"value": exact_array(value)})


def words(value: str) -> Expr:
    """An answer in words, such as the kind of a transfer setting."""
    return Expr("words", (), {"value": value})


def name(label: str) -> Expr:
    """A reference to a given or to another step, by its ASCII name."""
    return Expr("name", (), {"name": label})


def expr(operand: Operand) -> Expr:
    """`operand` as an expression: strings are names, numbers are exact constants."""
    if isinstance(operand, Expr):
        return operand
    return name(operand) if isinstance(operand, str) else const(operand)


def exact_array(nested: object) -> Any:
    """A NumPy object array of Fractions from nested sequences; a float64 array stays as it is.

    Floats are read by their shortest decimal, so 0.1 means 1/10. A float array given from Python is kept,
    since converting a large one would take longer than most uses of it; `systems` lifts it where exactness is
    asked for.
    """
    import numpy as np

    try:
        array = np.asarray(nested)
    except ValueError as error:
        raise InputError("rows of different lengths", accepted="rows of one length") from error
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise InputError("found an entry that is not a finite number", accepted="finite numbers")
        if isinstance(nested, np.ndarray) or not (np.abs(array) >= LARGEST_FLOAT_INTEGER).any():
            return array
        array = np.asarray(nested, dtype=object)  # integers among the floats, which a float would cut short
    if array.dtype.kind in "iub":
        array = array.astype(object)
    flat = [number(entry) for entry in array.ravel().tolist()]
    result = np.empty(array.shape, dtype=object)
    result.ravel()[:] = flat
    return result


def apply(op: str, *args: Operand, **attrs: Any) -> Expr:
    """Any operation by name: `apply("softmax", z, axis=-1)`. The passes check what they read."""
    return Expr(op, tuple(expr(arg) for arg in args), attrs or NO_ATTRIBUTES)


def exp(x: Operand) -> Expr:
    """e^x, element by element."""
    return apply("exp", x)


def log(x: Operand) -> Expr:
    """The natural logarithm, element by element."""
    return apply("log", x)


def sqrt(x: Operand) -> Expr:
    """The square root, element by element."""
    return apply("sqrt", x)


def tanh(x: Operand) -> Expr:
    """The hyperbolic tangent, element by element."""
    return apply("tanh", x)


def floor(x: Operand) -> Expr:
    """The largest integer that is not above x."""
    return apply("floor", x)


def total(x: Operand, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> Expr:
    """The sum over `axis`, or over all entries."""
    return apply("sum", x, axis=axis, keepdims=keepdims)


def outer(a: Operand, b: Operand) -> Expr:
    """a bᵀ for vectors a (n) and b (m): an n × m matrix."""
    return apply("outer", a, b)


def stack(parts: Sequence[Operand], axis: int = 0) -> Expr:
    """`parts`, all of one shape, along a new axis: a vector from scalars, a matrix from rows."""
    return apply("stack", *parts, axis=axis)


def concat(parts: Sequence[Operand], axis: int = 0) -> Expr:
    """`parts` one after the other along an axis that they have."""
    return apply("concat", *parts, axis=axis)


def where(condition: Operand, then: Operand, otherwise: Operand) -> Expr:
    """`then` where the condition is not 0, else `otherwise`."""
    return apply("where", condition, then, otherwise)


def element(x: Operand, *subscripts: Operand) -> Expr:
    """x_{i,j,...} with subscripts that count from 1, as printed."""
    return apply("element", x, *subscripts)


def summation(body: Operand, index: str, low: Operand, high: Operand) -> Expr:
    """The sum of `body` over the integers low <= index <= high; `index` is a name in `body`."""
    return apply("summation", body, low, high, index=index)


def arguments(node: Expr) -> tuple[Expr, ...]:
    """The arguments of a node: what `postorder` follows unless told otherwise."""
    return node.args


def postorder(root: Expr, follow: Callable[[Expr], tuple[Expr, ...]] = arguments) -> list[Expr]:
    """Every node of the graph once, arguments before the node that uses them; without recursion."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    waiting: list[tuple[Expr, bool]] = [(root, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            for arg in reversed(follow(node)):
                if arg not in seen:
                    waiting.append((arg, False))  # noqa: PERF401  a generator costs more than the nodes have args
    return order


def names_in(root: Expr) -> tuple[str, ...]:
    """The free names, in order of appearance; the index of a summation is not one outside its body."""
    found: dict[str, None] = {}
    bound: set[str] = set()
    for node in postorder(root):
        if node.op == "name":
            found[node.attrs["name"]] = None
        elif node.op == "summation":
            bound.add(node.attrs["index"])
    return tuple(label for label in found if label not in bound)


def rebuild(root: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """A copy in which `change(node)` replaces a node where it returns one; shared nodes stay shared."""
    done: dict[Expr, Expr] = {}
    for node in postorder(root):
        args = tuple(done[arg] for arg in node.args)
        same = all(new is old for new, old in zip(args, node.args, strict=True))
        copy = node if same else Expr(node.op, args, node.attrs)
        done[node] = change(copy) or copy
    return done[root]


def substitute(root: Expr, values: Mapping[str, Expr]) -> Expr:
    """`root` with names replaced by expressions."""
    return rebuild(root, lambda node: values.get(node.attrs["name"]) if node.op == "name" else None)


def scalar_value(node: Expr) -> Fraction | None:
    """The value of a scalar constant, else None."""
    value = node.attrs["value"] if node.op == "const" else None
    return value if isinstance(value, Fraction) else None


def size(root: Expr) -> int:
    """The number of distinct nodes."""
    return len(postorder(root))


def same(a: Expr, b: Expr) -> bool:
    """Whether two expressions are written alike, node by node."""
    numbering: dict[Any, int] = {}
    ids: dict[Expr, int] = {}
    for root in (a, b):
        for node in postorder(root):
            key = (node.op, tuple(ids[arg] for arg in node.args), _frozen(node.attrs))
            ids[node] = numbering.setdefault(key, len(numbering))
    return ids[a] == ids[b]


def _frozen(attrs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, repr(_plain(value))) for key, value in attrs.items()))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def chain_sum(terms: Iterable[Expr]) -> Expr:
    """t_1 + t_2 + ...; at least one term."""
    parts = list(terms)
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result
