"""The evaluate pass: the value of an expression in a number system.

One row an operation. A row takes the node, the system and the values of the arguments; most rows are NumPy
functions that work on float64 and object arrays alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from workings.algebra.composites import expand
from workings.algebra.expression import BINARY, UNARY, Expr, postorder
from workings.algebra.systems import System, Value
from workings.errors import InputError, echo

Row = Callable[..., Value]

MOST_TERMS: Final = 100_000
"""Terms of one summation."""

LARGEST_VALUE: Final = 20_000_000
"""Entries of one value: beyond it, shapes and counts are given and values refused."""

_PLANS: WeakKeyDictionary[Expr, tuple[Expr, ...]] = WeakKeyDictionary()


def evaluate(root: Expr, values: Mapping[str, Value], system: System) -> Value:
    """The value of `root`, its names taken from `values`, which hold numbers of `system`.

    Raises
    ------
    InputError: a name without a value, shapes that do not fit, a division by zero, a value out of its domain.
    Undecided: the precision does not settle a comparison; certified evaluation tries again with more.
    """
    return run(plan(root), values, system)


def plan(root: Expr) -> tuple[Expr, ...]:
    """The primitive nodes of `root` in the order of evaluation; kept, since workings are evaluated many times."""
    found = _PLANS.get(root)
    if found is None:
        found = _PLANS[root] = tuple(postorder(expand(root), _evaluated_arguments))
    return found


def run(nodes: tuple[Expr, ...], values: Mapping[str, Value], system: System) -> Value:
    """Evaluate a plan."""
    results: dict[Expr, Value] = {}
    functions = system.functions
    for node in nodes:
        op = node.op
        try:
            if op == "name":
                results[node] = values[node.attrs["name"]]
                continue
            args = [results[arg] for arg in _evaluated_arguments(node)]
            plain = PLAIN.get(op)
            if plain is not None:
                results[node] = plain(*args)
            elif op in FUNCTIONS:
                results[node] = functions[op](*args)
            elif op in SCOPED:
                results[node] = SCOPED[op](node, system, values, *args)
            else:
                results[node] = ROWS[op](node, system, *args)
        except KeyError as error:
            raise _missing(node, values) from error
        except ZeroDivisionError as error:
            raise InputError("a division by zero", accepted="a divisor other than 0") from error
        except (ValueError, IndexError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise _misfit(node, args) from error
    return results[nodes[-1]]


def _missing(node: Expr, values: Mapping[str, Value]) -> InputError:
    if node.op == "name":
        label = node.attrs["name"]
        return InputError(f"{echo(label)} has no value", accepted=", ".join(sorted(values)))
    return InputError(f"unknown operation {echo(node.op)}", accepted=", ".join(sorted((*PLAIN, *FUNCTIONS, *ROWS))))


def _misfit(node: Expr, args: list[Value]) -> InputError:
    shapes = " and ".join(str(np.shape(arg)) for arg in args)
    return InputError(f"{node.op} of shapes {shapes}", accepted="shapes that fit")


def _evaluated_arguments(node: Expr) -> tuple[Expr, ...]:
    return node.args[1:] if node.op == "summation" else node.args


def _integer(value: Value) -> int:
    """An index that evaluation needs as an int."""
    if isinstance(value, (float, np.floating)):
        result = round(value)
    elif hasattr(value, "p") and hasattr(value, "q") and not hasattr(value, "free_symbols"):
        result = int(value.p) if value.q == 1 else None
    else:
        result = int(value) if getattr(value, "is_Integer", True) else None
    if result is None or result != value:
        raise InputError(f"found {echo(str(value))}", accepted="a whole number")
    return result


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _constant(node: Expr, system: System) -> Value:
    return system.lift(node.attrs["value"])


def _where(node: Expr, system: System, condition: Value, then: Value, otherwise: Value) -> Value:
    return system.functions["choose"](condition, then, otherwise)


def _sum(node: Expr, system: System, x: Value) -> Value:
    if not isinstance(x, np.ndarray):
        return x
    if x.size == 0 and x.dtype == object:
        return system.zero()
    return np.sum(x, axis=_axes(node.attrs.get("axis")), keepdims=node.attrs.get("keepdims", False))


def _amax(node: Expr, system: System, x: Value) -> Value:
    if not isinstance(x, np.ndarray):
        return x
    axis, keepdims = _axes(node.attrs.get("axis")), node.attrs.get("keepdims", False)
    if x.dtype != object:
        return np.max(x, axis=axis, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % x.ndim for a in axes)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    flat = np.transpose(x, (*kept, *axes)).reshape(*(x.shape[a] for a in kept), -1)
    largest = flat[..., 0]
    for i in range(1, flat.shape[-1]):
        largest = system.functions["maximum"](largest, flat[..., i])
    if keepdims:
        return np.asarray(largest, dtype=object).reshape([1 if a in axes else x.shape[a] for a in range(x.ndim)])
    return largest


def _element(node: Expr, system: System, x: Value, *subscripts: Value) -> Value:
    if not isinstance(x, np.ndarray):  # SymPy's IndexedBase, for sequences of letters
        return x[subscripts if len(subscripts) > 1 else subscripts[0]]
    index = tuple(_integer(subscript) for subscript in subscripts)
    if any(not 1 <= i <= extent for i, extent in zip(index, x.shape, strict=False)):
        raise InputError(f"subscript {index} outside the shape {x.shape}", accepted="subscripts from 1")
    return x[tuple(i - 1 for i in index)]


def _take(node: Expr, system: System, x: Value, indices: Value) -> Value:
    chosen = np.array([_integer(i) for i in np.atleast_1d(indices)], dtype=int).reshape(np.shape(indices))
    return np.take(x, chosen, axis=0)


def _scatter(node: Expr, system: System, g: Value, indices: Value) -> Value:
    result = _zeros((node.attrs["size"], *np.shape(g)[1:]), system)
    for row, i in zip(g, np.atleast_1d(indices), strict=True):
        result[_integer(i)] = result[_integer(i)] + row
    return result


def _zeros(shape: tuple[int, ...], system: System) -> Any:
    zero = system.zero()
    return np.full(shape, zero, dtype=np.float64 if isinstance(zero, np.floating) else object)


def _put(node: Expr, system: System, g: Value) -> Value:
    result = _zeros(tuple(node.attrs["shape"]), system)
    result[node.attrs["index"]] = g
    return result


def _pad(node: Expr, system: System, x: Value) -> Value:
    return np.pad(x, node.attrs["widths"], constant_values=system.scalar(node.attrs.get("value", 0)))


def window_indices(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[Any, Any]:
    """Row and column indices (kH, kW, oH, oW) of every entry under every window of an image."""
    out = [
        (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    ]
    if min(out) < 1:
        raise InputError(f"a window {kernel} with dilation {dilation} on an image {size}", accepted="a smaller window")
    rows = np.arange(kernel[0])[:, None] * dilation[0] + np.arange(out[0])[None, :] * stride[0]
    columns = np.arange(kernel[1])[:, None] * dilation[1] + np.arange(out[1])[None, :] * stride[1]
    return rows[:, None, :, None], columns[None, :, None, :]


def _patches(node: Expr, system: System, x: Value) -> Value:
    attrs = node.attrs
    rows, columns = window_indices(x.shape[-2:], attrs["kernel"], attrs["stride"], attrs["dilation"])
    return x[..., rows, columns]


def _fold(node: Expr, system: System, g: Value) -> Value:
    attrs = node.attrs
    size = (attrs["height"], attrs["width"])
    rows, columns = window_indices(size, g.shape[1:3], attrs["stride"], attrs["dilation"])
    result = _zeros((g.shape[0], *size), system)
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


def _cumsum(node: Expr, system: System, x: Value) -> Value:
    axis = node.attrs.get("axis", 0)
    if node.attrs.get("reverse"):
        return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)
    return np.cumsum(x, axis=axis)


def _argsort(node: Expr, system: System, x: Value) -> Value:
    from functools import cmp_to_key  # noqa: PLC0415

    less = system.functions["less"]
    sign = -1 if node.attrs.get("descending") else 1
    entries = list(x)
    order = sorted(
        range(len(entries)),
        key=cmp_to_key(
            lambda i, j: sign * (int(less(entries[j], entries[i]) == 1) - int(less(entries[i], entries[j]) == 1))
        ),
    )
    return system.lift(np.array(order, dtype=object))


def _stack(node: Expr, system: System, *parts: Value) -> Value:
    arrays = []
    for part in parts:
        if isinstance(part, np.ndarray):
            arrays.append(part)
        else:
            cell = np.empty((), dtype=np.float64 if isinstance(part, np.floating) else object)
            cell[()] = part
            arrays.append(cell)
    return np.stack(arrays, axis=node.attrs.get("axis", 0))


def _matmul(node: Expr, system: System, a: Value, b: Value) -> Value:
    return system.matmul(a, b)


def _extent(node: Expr, system: System, x: Value) -> Value:
    axis = node.attrs.get("axis")
    shape = np.shape(x)
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    count = 1
    for a in axes:
        count *= shape[a]
    return system.scalar(count)


def _transpose(node: Expr, system: System, x: Value) -> Value:
    return np.transpose(x, node.attrs.get("axes")) if isinstance(x, np.ndarray) else x


def _shaped(x: Value, system: System) -> Any:
    if isinstance(x, np.ndarray):
        return x
    return np.full((), x, dtype=np.float64 if isinstance(x, np.floating) else object)


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
        import sympy  # noqa: PLC0415

        letter = sympy.Symbol(index, integer=True)
        return sympy.Sum(run(steps, {**values, index: letter}, system), (letter, low, high))
    first, last = _integer(low), _integer(high)
    if last - first >= MOST_TERMS:
        raise InputError(f"a sum of {last - first + 1} terms", accepted=f"at most {MOST_TERMS}")
    result = system.zero()
    for i in range(first, last + 1):
        result = result + run(steps, {**values, index: system.scalar(i)}, system)
    return result


PLAIN: Final[dict[str, Callable[..., Value]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "outer": np.multiply.outer,
}
"""Rows that need neither the node nor the system."""

FUNCTIONS: Final = frozenset((*UNARY, *BINARY)) - PLAIN.keys() - {"div"}
"""Rows that are the system's own functions."""

SCOPED: Final[dict[str, Row]] = {"summation": _summation}
"""Rows that bind a name."""


def _divide(node: Expr, system: System, a: Value, b: Value) -> Value:
    if isinstance(b, (np.ndarray, np.floating)) and b.dtype != object:
        with np.errstate(all="ignore"):
            return a / b
    return a / b


ROWS: Final[dict[str, Row]] = {
    "const": _constant,
    "words": lambda node, system: node.attrs["value"],
    "div": _divide,
    "where": _where,
    "matmul": _matmul,
    "transpose": _transpose,
    "reshape": lambda node, system, x: np.reshape(_shaped(x, system), node.attrs["shape"]),
    "broadcast": lambda node, system, x: np.broadcast_to(_shaped(x, system), _bounded(tuple(node.attrs["shape"]))),
    "sum": _sum,
    "amax": _amax,
    "extent": _extent,
    "concat": lambda node, system, *parts: np.concatenate(
        [np.atleast_1d(part) for part in parts], axis=node.attrs.get("axis", 0)
    ),
    "stack": _stack,
    "item": lambda node, system, x: x[node.attrs["index"]],
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

