"""The evaluate pass: the value of an expression in a number system.

One row an operation. A row takes the node, the system and the values of the arguments; most rows are NumPy
functions that work on float64 and object arrays alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from fractions import Fraction
from functools import cmp_to_key
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from workings.algebra.composites import COMPOSITES, expand
from workings.algebra.dimensions import spell, window_count
from workings.algebra.expression import BINARY, UNARY, Expr, postorder
from workings.algebra.shape import node_shape
from workings.algebra.systems import System, Undecided, Value
from workings.errors import InputError, echo, unknown

Row = Callable[..., Value]

PlanStep: TypeAlias = tuple[Expr, str, Any, tuple[int, ...]]
"""A node, its kind and its row (`_kind`), and where the values of its arguments stand."""

MOST_TERMS: Final = 100_000
"""Terms of one summation; of nested ones together."""

LARGEST_VALUE: Final = 20_000_000
"""Entries of one value: beyond it, shapes and counts are given and values refused."""

NODES_BETWEEN_TRIMS: Final = 8
"""An operation at most doubles the length of a rational, so between two trims it grows by 2^8 at most."""

_PLANS: WeakKeyDictionary[Expr, tuple[PlanStep, ...]] = WeakKeyDictionary()

_terms_left: ContextVar[int] = ContextVar("terms left", default=MOST_TERMS)


def evaluate(root: Expr, values: Mapping[str, Value], system: System) -> Value:
    """The value of `root`, its names taken from `values`, which hold numbers of `system`.

    Raises
    ------
    InputError: a name without a value, shapes that do not fit, a division by zero, a value out of its domain.
    Undecided: the precision does not settle a comparison; certified evaluation tries again with more.
    """
    return run(plan(root), values, system)


def plan(root: Expr) -> tuple[PlanStep, ...]:
    """The primitive nodes of `root` in the order of evaluation; kept, since it is evaluated many times."""
    found = _PLANS.get(root)
    if found is None:
        top = expand(root)
        # a copy: a plan that held its own key would never be let go
        nodes = postorder(Expr(top.op, top.args, top.attrs), _evaluated_arguments)
        place = {node: i for i, node in enumerate(nodes)}
        found = _PLANS[root] = tuple(
            (node, *_kind(node), tuple(place[arg] for arg in _evaluated_arguments(node))) for node in nodes
        )
    return found


def _kind(node: Expr) -> tuple[str, Any]:
    """How a node is evaluated, and with what: its name, its function, or the name of its row."""
    op = node.op
    if op == "name":
        return "name", node.attrs["name"]
    if op in PLAIN:
        return "plain", PLAIN[op]
    if op in FUNCTIONS:
        return "function", op
    return "scoped" if op in SCOPED else "row", op


def run(steps: tuple[PlanStep, ...], values: Mapping[str, Value], system: System) -> Value:
    """Evaluate a plan."""
    results: list[Value] = []
    result_at = results.__getitem__
    functions, grows = system.functions, system.grows
    for node, kind, what, places in steps:
        args = map(result_at, places)
        try:
            if kind == "name":
                result = values[what]
            elif kind == "plain":
                result = what(*args)
            elif kind == "function":
                result = functions[what](*args)
            elif kind == "row":
                result = ROWS[what](node, system, *args)
            else:
                result = SCOPED[what](node, system, values, *args)
        except InputError:
            raise
        except EXPLAINED as error:
            raise _explained(error, node, [results[i] for i in places], values) from error
        if grows and len(results) % NODES_BETWEEN_TRIMS == 0:
            result = system.trim(result)
        results.append(result)
    return results[-1]


EXPLAINED: Final = (
    KeyError,
    ZeroDivisionError,
    ValueError,
    IndexError,
    TypeError,
    AttributeError,
    MemoryError,
)


def _explained(error: Exception, node: Expr, args: list[Value], values: Mapping[str, Value]) -> InputError:
    """The user's side of an error that a row met."""
    if isinstance(error, KeyError):
        return _missing(node, values)
    if isinstance(error, ZeroDivisionError):
        return InputError("a division by zero", accepted="a divisor other than 0")
    return _misfit(node, args, error)


def _missing(node: Expr, values: Mapping[str, Value]) -> InputError:
    if node.op == "name":
        label = node.attrs["name"]
        return InputError(f"{echo(label)} has no value", accepted=", ".join(sorted(values)))
    if node.op not in ROWS:
        return unknown("operation", node.op, {*PLAIN, *FUNCTIONS, *SCOPED, *ROWS, *COMPOSITES})
    return InputError(f"{node.op} without one of its attributes", accepted=f"not only {sorted(node.attrs)}")


def _misfit(node: Expr, args: list[Value], error: Exception) -> InputError:
    """What the shape pass says of these arguments; else what NumPy said."""
    shapes = [np.shape(arg) for arg in args]
    try:
        node_shape(node, *shapes)
    except InputError as misfit:
        return misfit
    return InputError(f"{node.op} of {' and '.join(map(spell, shapes))}: {error}", accepted="values that fit")


def _evaluated_arguments(node: Expr) -> tuple[Expr, ...]:
    return node.args[1:] if node.op == "summation" else node.args


def _integer(value: Value) -> int:
    """An index that evaluation needs as an int."""
    if isinstance(value, (float, np.floating)):
        result = round(value)
    elif hasattr(value, "p") and hasattr(value, "q"):  # fmpq, and SymPy's rationals
        result = int(value.p) if value.q == 1 else None
    elif isinstance(value, Fraction):
        result = value.numerator if value.denominator == 1 else None
    elif hasattr(value, "is_finite") and callable(value.is_finite):  # a ball
        raise Undecided("a whole number")
    else:
        result = int(value) if isinstance(value, (int, np.integer)) else None
    if result is None or result != value:
        raise InputError(f"found {echo(str(value))}", accepted="a whole number")
    return result


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _constant(node: Expr, system: System) -> Value:
    return system.lift(node.attrs["value"])


def _where(_node: Expr, system: System, condition: Value, then: Value, otherwise: Value) -> Value:
    return system.functions["choose"](condition, then, otherwise)


def _sum(node: Expr, system: System, x: Value) -> Value:
    if not isinstance(x, np.ndarray):
        return x
    axis, keepdims = _axes(node.attrs.get("axis")), node.attrs.get("keepdims", False)
    if x.size == 0 and x.dtype == object:
        return np.sum(x, axis=axis, keepdims=keepdims, initial=system.zero())
    return np.sum(x, axis=axis, keepdims=keepdims)


def _amax(node: Expr, system: System, x: Value) -> Value:
    if not isinstance(x, np.ndarray):
        return x
    axis, keepdims = _axes(node.attrs.get("axis")), node.attrs.get("keepdims", False)
    if x.dtype != object:
        return np.max(x, axis=axis, keepdims=keepdims)
    if node.attrs.get("shift") and system.exact:
        return system.zero()  # what it is taken off from cancels; letters have no largest
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    flat = np.transpose(x, (*kept, *axes)).reshape(*(x.shape[a] for a in kept), -1)
    largest = system.largest(flat)
    if keepdims:
        return np.asarray(largest, dtype=object).reshape(
            [1 if a in axes else x.shape[a] for a in range(x.ndim)]
        )
    return largest


def _element(_node: Expr, _system: System, x: Value, *subscripts: Value) -> Value:
    if not isinstance(x, np.ndarray):  # SymPy's IndexedBase, for sequences of letters
        first, *others = subscripts
        return x[subscripts if others else first]
    index = tuple(_integer(subscript) for subscript in subscripts)
    if any(not 1 <= i <= extent for i, extent in zip(index, x.shape, strict=False)):
        raise InputError(f"subscript {index} outside the shape {x.shape}", accepted="subscripts from 1")
    return x[tuple(i - 1 for i in index)]


def _rows(indices: Value, size: int) -> Any:
    """Indices from 0 as an array of ints of the same shape."""
    chosen = np.array([_integer(i) for i in np.atleast_1d(indices).ravel()], dtype=int)
    if chosen.size and (chosen.min() < 0 or chosen.max() >= size):
        raise InputError(
            f"indices {chosen.min()} to {chosen.max()} of {size} rows", accepted=f"0 to {size - 1}"
        )
    return chosen.reshape(np.shape(indices))


def _take(_node: Expr, _system: System, x: Value, indices: Value) -> Value:
    return np.take(x, _rows(indices, x.shape[0]), axis=0)


def _scatter(node: Expr, system: System, g: Value, indices: Value) -> Value:
    shape = _fitting(node, g, indices)
    result = _zeros(shape, system)
    np.add.at(result, _rows(indices, shape[0]), g)
    return result


def _zeros(shape: tuple[int, ...], system: System) -> Any:
    zero = system.zero()
    return np.full(shape, zero, dtype=np.float64 if isinstance(zero, np.floating) else object)


def _put(node: Expr, system: System, g: Value) -> Value:
    result = _zeros(_fitting(node, g), system)
    result[node.attrs["index"]] = g
    return result


def _pad(node: Expr, system: System, x: Value) -> Value:
    _fitting(node, x)
    return np.pad(x, node.attrs["widths"], constant_values=system.scalar(node.attrs.get("value", 0)))


def window_indices(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Any, Any]:
    """Row and column indices (kH, kW, oH, oW) of every entry under every window of an image."""
    out = [window_count(*along) for along in zip(size, kernel, stride, dilation, strict=True)]
    rows = np.arange(kernel[0])[:, None] * dilation[0] + np.arange(out[0])[None, :] * stride[0]
    columns = np.arange(kernel[1])[:, None] * dilation[1] + np.arange(out[1])[None, :] * stride[1]
    return rows[:, None, :, None], columns[None, :, None, :]


def _patches(node: Expr, _system: System, x: Value) -> Value:
    attrs = node.attrs
    _fitting(node, x)
    rows, columns = window_indices(x.shape[-2:], attrs["kernel"], attrs["stride"], attrs["dilation"])
    return x[..., rows, columns]


def _fold(node: Expr, system: System, g: Value) -> Value:
    attrs = node.attrs
    shape = _fitting(node, g)
    rows, columns = window_indices(shape[1:], g.shape[1:3], attrs["stride"], attrs["dilation"])
    result = _zeros(shape, system)
    for c in range(g.shape[0]):
        np.add.at(result[c], (rows, columns), g[c])
    return result


def _correlate(node: Expr, system: System, kernel: Value, windows: Value) -> Value:
    """Σ_{c,i,j} K[o, c, i, j] w[c, i, j, a, b]; in groups of channels, torch's order."""
    groups = node.attrs.get("groups", 1)
    outputs, depth = kernel.shape[0], windows.shape[0]
    if kernel.shape[1] * groups != depth or outputs % groups:
        raise InputError(
            f"a kernel {kernel.shape} on {depth} channels in {groups} groups",
            accepted="kernels (outputs, channels / groups, height, width)",
        )
    parts = []
    for k, w in zip(np.split(kernel, groups), np.split(windows, groups), strict=True):
        flat = system.matmul(k.reshape(k.shape[0], -1), w.reshape(-1, w.shape[3] * w.shape[4]))
        parts.append(flat.reshape(k.shape[0], *w.shape[3:]))
    return np.concatenate(parts)


def _cumsum(node: Expr, _system: System, x: Value) -> Value:
    axis = node.attrs.get("axis", 0)
    if node.attrs.get("reverse"):
        return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)
    return np.cumsum(x, axis=axis)


def _argsort(node: Expr, system: System, x: Value) -> Value:
    descending = bool(node.attrs.get("descending"))
    if x.dtype != object:
        return system.lift(np.argsort(-x if descending else x, kind="stable"))
    less = system.functions["less"]

    def before(i: int, j: int) -> int:
        """-1, 0 or 1; what an enclosure or a letter leaves open has no order."""
        a, b = (x[j], x[i]) if descending else (x[i], x[j])
        return _integer(less(b, a)) - _integer(less(a, b))

    return system.lift(np.array(sorted(range(len(x)), key=cmp_to_key(before)), dtype=object))


def _stack(node: Expr, _system: System, *parts: Value) -> Value:
    arrays = []
    for part in parts:
        if isinstance(part, np.ndarray):
            arrays.append(part)
        else:
            cell = np.empty((), dtype=np.float64 if isinstance(part, np.floating) else object)
            cell[()] = part
            arrays.append(cell)
    return np.stack(arrays, axis=node.attrs.get("axis", 0))


def _matmul(_node: Expr, system: System, a: Value, b: Value) -> Value:
    if a.ndim == b.ndim == 2:
        _bounded((a.shape[0], b.shape[1]))
    return system.matmul(a, b)


def _outer(node: Expr, system: System, a: Value, b: Value) -> Value:
    _fitting(node, a, b)
    return system.outer(a, b)


def _extent(node: Expr, system: System, x: Value) -> Value:
    axis = node.attrs.get("axis")
    shape = np.shape(x)
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    count = 1
    for a in axes:
        count *= shape[a]
    return system.scalar(count)


def _transpose(node: Expr, _system: System, x: Value) -> Value:
    return np.transpose(x, node.attrs.get("axes")) if isinstance(x, np.ndarray) else x


def _shaped(x: Value, _system: System) -> Any:
    if isinstance(x, np.ndarray):
        return x
    return np.full((), x, dtype=np.float64 if isinstance(x, np.floating) else object)


def _fitting(node: Expr, *args: Value) -> tuple[int, ...]:
    """The shape of the result, before anything is allocated."""
    return _bounded(node_shape(node, *map(np.shape, args)))


def _bounded(shape: tuple[int, ...]) -> tuple[int, ...]:
    count = 1
    for extent in shape:
        count *= max(extent, 1)
    if count > LARGEST_VALUE:
        raise InputError(f"{count} entries in a value of shape {shape}", accepted=f"at most {LARGEST_VALUE}")
    return shape


def _summation(node: Expr, system: System, values: Mapping[str, Value], low: Value, high: Value) -> Value:
    body, index = node.args[0], node.attrs["index"]
    steps = plan(body)
    if hasattr(low, "free_symbols") and (low.free_symbols or high.free_symbols):
        import sympy

        letter = sympy.Symbol(index, integer=True)
        return sympy.Sum(run(steps, {**values, index: letter}, system), (letter, low, high))
    first, last = _integer(low), _integer(high)
    terms, left = max(last - first + 1, 0), _terms_left.get()
    if terms > left:
        raise InputError(f"a sum of {terms} terms", accepted=f"at most {MOST_TERMS}, nested sums together")
    result, scope = system.zero(), dict(values)
    before = _terms_left.set(left // max(terms, 1))
    try:
        for i in range(first, last + 1):
            scope[index] = system.scalar(i)
            result = result + run(steps, scope, system)
            if system.grows and i % NODES_BETWEEN_TRIMS == 0:
                result = system.trim(result)
    finally:
        _terms_left.reset(before)
    return result


PLAIN: Final[dict[str, Callable[..., Value]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
}
"""Rows that need neither the node nor the system."""

FUNCTIONS: Final = frozenset((*UNARY, *BINARY)) - PLAIN.keys() - {"div"}
"""Rows that are the system's own functions."""

SCOPED: Final[dict[str, Row]] = {"summation": _summation}
"""Rows that bind a name."""


def _divide(_node: Expr, system: System, a: Value, b: Value) -> Value:
    return system.divide(a, b)


ROWS: Final[dict[str, Row]] = {
    "const": _constant,
    "words": lambda node, _system: node.attrs["value"],
    "div": _divide,
    "where": _where,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transpose,
    "reshape": lambda node, system, x: np.reshape(_shaped(x, system), node.attrs["shape"]),
    "broadcast": lambda node, system, x: np.broadcast_to(
        _shaped(x, system), _bounded(tuple(node.attrs["shape"]))
    ),
    "sum": _sum,
    "amax": _amax,
    "extent": _extent,
    "concat": lambda node, _system, *parts: np.concatenate(
        [np.atleast_1d(part) for part in parts], axis=node.attrs.get("axis", 0)
    ),
    "stack": _stack,
    "item": lambda node, _system, x: x[node.attrs["index"]],
    "element": _element,
    "take": _take,
    "scatter": _scatter,
    "put": _put,
    "pad": _pad,
    "patches": _patches,
    "fold": _fold,
    "correlate": _correlate,
    "cumsum": _cumsum,
    "argsort": _argsort,
}
