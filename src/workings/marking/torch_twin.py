"""A working evaluated once more, by torch in float64: values by its functions, gradients by its autograd.

A composite goes by its twin in torch (softmax, losses, convolution, pools, activations), so that a formula of
ours which is wrong differs from it; one without a twin goes by its expansion. A gradient never goes by its
own formula: it is autograd's, and so is what later steps make of it.

torch is imported when the first twin is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain
from math import prod
from operator import attrgetter
from typing import Any, Final, TypeAlias, cast

import numpy as np

from workings.algebra.composites import COMPOSITES
from workings.algebra.expression import UNARY, Expr, names_in, postorder, rebuild
from workings.algebra.systems import Float64
from workings.errors import unknown
from workings.working import Working

Tensor: TypeAlias = Any
Row: TypeAlias = Callable[..., Tensor]

SOFTPLUS_LINEAR_FROM: Final = 40
"""torch takes softplus(u) = u beyond a threshold: at its own, 20, that is 2e-9 off, here 4e-18."""


@cache
def torch() -> Any:
    """The package, imported now."""
    import torch as package

    return package


def functional() -> Any:
    """`torch.nn.functional`."""
    return torch().nn.functional


def tensor(value: object) -> Tensor:
    """A float64 tensor."""
    return torch().tensor(np.asarray(value, dtype=np.float64))


def forward_and_gradients(working: Working) -> list[tuple[str, dict[str, Any]]]:
    """Each check's title, and what torch finds for the steps that hold neither letters nor words, by name."""
    values = {label: tensor(value).requires_grad_() for label, value in working.lifted(Float64()).items()}
    forward: dict[str, Any] = {}
    gradients: dict[str, Any] = {}
    for step in working:
        target = step.name.removeprefix("grad_")
        if target != step.name and target in values and working.cost in values:
            values[step.name] = _gradient(values[working.cost], values[target])
            gradients[step.name] = values[step.name].detach().numpy()
        elif _in_numbers(step.expr, values):
            values[step.name] = evaluate(step.expr, values).clone()  # h = u is another tensor, for autograd
            forward[step.name] = values[step.name].detach().numpy()
    found = [("forward against torch", forward), ("gradients against torch autograd", gradients)]
    return [(title, numbers) for title, numbers in found if numbers]


def _in_numbers(root: Expr, values: Mapping[str, Tensor]) -> bool:
    """Whether a formula holds no words, and no name that depends on a letter or on words."""
    known = all(label in values for label in names_in(root))
    return known and all(node.op != "words" for node in postorder(root))


def _gradient(cost: Tensor, target: Tensor) -> Tensor:
    if not (cost.requires_grad and target.requires_grad):
        return torch().zeros_like(target)
    options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    return torch().autograd.grad(cost, target, **options)[0]


def evaluate(root: Expr, values: Mapping[str, Tensor]) -> Tensor:
    """The value of an expression whose names have float64 tensors.

    Raises
    ------
    InputError: an operation that is neither a primitive nor a composite.
    """
    return _evaluate(rebuild(root, _expanded), values)


def _expanded(node: Expr) -> Expr | None:
    """A composite without a twin as its expansion, whose own parts are treated alike."""
    if node.op in ROWS or node.op not in COMPOSITES:
        return None
    return rebuild(COMPOSITES[node.op](node), _expanded)


def _evaluate(root: Expr, values: Mapping[str, Tensor]) -> Tensor:
    done: dict[Expr, Tensor] = {}
    for node in postorder(root, lambda node: node.args[1:] if node.op == "summation" else node.args):
        if node.op == "name":
            done[node] = values[node.attrs["name"]]
        elif node.op == "summation":
            done[node] = _summation(node, values, *(done[arg] for arg in node.args[1:]))
        elif node.op in ROWS:
            done[node] = ROWS[node.op](node, *(done[arg] for arg in node.args))
        else:
            raise unknown("operation", node.op, {*ROWS, *COMPOSITES})
    return done[root]


def _summation(node: Expr, values: Mapping[str, Tensor], low: Tensor, high: Tensor) -> Tensor:
    total = tensor(0)
    for i in range(_index(low), _index(high) + 1):
        total = total + _evaluate(node.args[0], {**values, node.attrs["index"]: tensor(i)})
    return total


def _index(value: Tensor) -> int:
    return round(value.item())


def _named(path: str, **options: Any) -> Row:
    """torch's own function of the same arguments."""
    return lambda *given: attrgetter(path)(torch())(*given[1:], **options)


# --- primitives ---------------------------------------------------------------------------------------------


def _constant(node: Expr) -> Tensor:
    return tensor(Float64().lift(node.attrs["value"]))


def _flag(path: str) -> Row:
    """1 where a comparison holds, else 0."""
    return lambda *given: attrgetter(path)(torch())(*given[1:]).to(torch().float64)


def _where(_node: Expr, condition: Tensor, then: Tensor, otherwise: Tensor) -> Tensor:
    return torch().where(condition != 0, then, otherwise)


def _outer(_node: Expr, a: Tensor, b: Tensor) -> Tensor:
    return torch().tensordot(a, b, dims=0)


def _axes(node: Expr, x: Tensor) -> tuple[int, ...]:
    axis = node.attrs.get("axis")
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _reduction(path: str, **options: Any) -> Row:
    def row(node: Expr, x: Tensor) -> Tensor:
        chosen = {"dim": _axes(node, x), "keepdim": node.attrs.get("keepdims", False), **options}
        return attrgetter(path)(torch())(x, **chosen)

    return row


def _extent(node: Expr, x: Tensor) -> Tensor:
    return tensor(prod(x.shape[axis] for axis in _axes(node, x)))


def _cumsum(node: Expr, x: Tensor) -> Tensor:
    axis = node.attrs.get("axis", 0)
    if not node.attrs.get("reverse"):
        return torch().cumsum(x, axis)
    return torch().flip(torch().cumsum(torch().flip(x, (axis,)), axis), (axis,))


def _argsort(node: Expr, x: Tensor) -> Tensor:
    order = torch().argsort(x, stable=True, descending=bool(node.attrs.get("descending")))
    return order.to(torch().float64)


def _correlate(node: Expr, kernel: Tensor, windows: Tensor) -> Tensor:
    groups = node.attrs.get("groups", 1)
    pairs = zip(torch().chunk(kernel, groups), torch().chunk(windows, groups), strict=True)
    return torch().cat([torch().einsum("ocij,cijab->oab", k, w) for k, w in pairs])


# --- operations that only move entries ----------------------------------------------------------------------


def _transpose(node: Expr, x: Tensor) -> Tensor:
    axes = node.attrs.get("axes")
    return x.permute(tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))


def _reshape(node: Expr, x: Tensor) -> Tensor:
    return x.reshape(tuple(node.attrs["shape"]))


def _broadcast(node: Expr, x: Tensor) -> Tensor:
    return torch().broadcast_to(x, tuple(node.attrs["shape"]))


def _concat(node: Expr, *parts: Tensor) -> Tensor:
    return torch().cat([torch().atleast_1d(part) for part in parts], dim=node.attrs.get("axis", 0))


def _stack(node: Expr, *parts: Tensor) -> Tensor:
    return torch().stack(parts, dim=node.attrs.get("axis", 0))


def _places(shape: tuple[int, ...], index: Any) -> tuple[Tensor, tuple[int, ...]]:
    """Where the entries under `index` lie in the flattened tensor, by NumPy: torch has no backward slices."""
    found = np.arange(prod(shape)).reshape(shape)[index]
    return torch().tensor(np.ravel(found)), np.shape(found)


def _item(node: Expr, x: Tensor) -> Tensor:
    chosen, shape = _places(tuple(x.shape), node.attrs["index"])
    return x.reshape(-1)[chosen].reshape(shape)


def _put(node: Expr, g: Tensor) -> Tensor:
    whole = tuple(node.attrs["shape"])
    chosen, shape = _places(whole, node.attrs["index"])
    filled = tensor(np.zeros(prod(whole))).index_put((chosen,), g.broadcast_to(shape).reshape(-1))
    return filled.reshape(whole)


def _element(_node: Expr, x: Tensor, *subscripts: Tensor) -> Tensor:
    return x[tuple(_index(subscript) - 1 for subscript in subscripts)]


def _entry(_node: Expr, x: Tensor, *subscripts: Tensor) -> Tensor:
    index = tuple(_index(subscript) - 1 for subscript in subscripts)
    inside = all(0 <= i < extent for i, extent in zip(index, x.shape, strict=False))
    return x[index] if inside else torch().zeros_like(x[(0,) * len(index)])


def _rows_of(indices: Tensor) -> Tensor:
    return indices.detach().round().to(torch().int64)


def _take(_node: Expr, x: Tensor, indices: Tensor) -> Tensor:
    return x[_rows_of(indices)]


def _scatter(node: Expr, g: Tensor, indices: Tensor) -> Tensor:
    rest = tuple(g.shape[indices.ndim :])
    zeros = tensor(np.zeros((node.attrs["size"], *rest)))
    return zeros.index_add(0, _rows_of(indices).reshape(-1), g.reshape(-1, *rest))


def _padded(x: Tensor, widths: Any, value: object = 0) -> Tensor:
    """`x` with (before, after) entries added along each axis; torch lists the last axis first."""
    return functional().pad(x, list(chain.from_iterable(reversed(widths))), value=float(cast("float", value)))


def _pad(node: Expr, x: Tensor) -> Tensor:
    return _padded(x, node.attrs["widths"], node.attrs.get("value", 0))


def _patches(node: Expr, x: Tensor) -> Tensor:
    attrs, size = node.attrs, x.shape[-2:]
    volume = x.reshape(1, -1, *size)
    chosen = {key: tuple(attrs[key]) for key in ("stride", "dilation")}
    windows = functional().unfold(volume, tuple(attrs["kernel"]), **chosen)
    spread = zip(size, attrs["kernel"], attrs["stride"], attrs["dilation"], strict=True)
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in spread]
    return windows.reshape(*x.shape[:-2], *attrs["kernel"], *counts)


def _fold(node: Expr, g: Tensor) -> Tensor:
    attrs = node.attrs
    chosen = {key: tuple(attrs[key]) for key in ("stride", "dilation")}
    windows = g.reshape(1, prod(g.shape[:3]), -1)
    size = (attrs["height"], attrs["width"])
    return functional().fold(windows, size, tuple(g.shape[1:3]), **chosen)[0]


def _rotate_180(_node: Expr, x: Tensor) -> Tensor:
    return torch().rot90(x, 2)


# --- composites ---------------------------------------------------------------------------------------------


def _step(_node: Expr, u: Tensor) -> Tensor:
    return (u > 0).to(torch().float64)


def _leaky_relu(node: Expr, u: Tensor) -> Tensor:
    return functional().leaky_relu(u, float(node.attrs.get("slope", 0.01)))


def _over_axis(path: str) -> Row:
    def row(node: Expr, z: Tensor) -> Tensor:
        return attrgetter(path)(torch())(z, dim=node.attrs.get("axis", -1))

    return row


def _masked_softmax(node: Expr, z: Tensor, mask: Tensor) -> Tensor:
    return torch().softmax(torch().where(mask != 0, z, -torch().inf), dim=node.attrs.get("axis", -1))


def _loss(path: str) -> Row:
    def row(_node: Expr, y: Tensor, d: Tensor) -> Tensor:
        return attrgetter(path)(torch())(*torch().broadcast_tensors(y, d), reduction="sum")

    return row


def _cross_entropy(_node: Expr, p: Tensor, d: Tensor) -> Tensor:
    return -torch().special.xlogy(d, p).sum()  # torch's own takes logits, and p may be a sigmoid's


def _squared_norm(_node: Expr, x: Tensor) -> Tensor:
    return torch().square(x).sum()


def _normalise(_node: Expr, x: Tensor, mean: Tensor, variance: Tensor, eps: Tensor) -> Tensor:
    return (x - mean) * torch().rsqrt(variance + eps)


def _convolution(node: Expr, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    keys = ("stride", "padding", "dilation", "groups")
    chosen = {key: node.attrs[key] for key in keys if key in node.attrs}
    return functional().conv2d(x[None], kernel, bias, **chosen)[0]


def _cross_correlation(node: Expr, x: Tensor, kernel: Tensor) -> Tensor:
    chosen = {key: node.attrs[key] for key in ("stride", "dilation") if key in node.attrs}
    widths: list[Any] = [p if isinstance(p, tuple) else (p, p) for p in node.attrs.get("padding", (0, 0))]
    padded = _padded(x, widths)
    return functional().conv2d(padded[None, None], kernel[None, None], **chosen)[0, 0]


def _pool(path: str) -> Row:
    def row(node: Expr, x: Tensor) -> Tensor:
        return attrgetter(path)(torch())(x[None], node.attrs["kernel"], stride=node.attrs["stride"])[0]

    return row


ROWS: Final[dict[str, Row]] = {
    "const": _constant,
    **{op: _named(op) for op in (*UNARY, "add", "sub", "mul", "div", "maximum", "minimum", "matmul")},
    "power": _named("pow"),
    "xlogy": _named("special.xlogy"),
    "less": _flag("lt"),
    "at_most": _flag("le"),
    "equal": _flag("eq"),
    "where": _where,
    "outer": _outer,
    "sum": _reduction("sum"),
    "amax": _reduction("amax"),
    "extent": _extent,
    "cumsum": _cumsum,
    "argsort": _argsort,
    "correlate": _correlate,
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
    # composites by their twins
    "sigmoid": _named("sigmoid"),
    "relu": _named("nn.functional.relu"),
    "leaky_relu": _leaky_relu,
    "softplus": _named("nn.functional.softplus", threshold=SOFTPLUS_LINEAR_FROM),
    "step": _step,
    "softmax": _over_axis("nn.functional.softmax"),
    "masked_softmax": _masked_softmax,
    "log_softmax": _over_axis("nn.functional.log_softmax"),
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _loss("nn.functional.binary_cross_entropy"),
    "squared_error": _loss("nn.functional.mse_loss"),
    "squared_norm": _squared_norm,
    "mean": _reduction("mean"),
    "variance": _reduction("var", correction=0),
    "normalise": _normalise,
    "convolution": _convolution,
    "cross_correlation": _cross_correlation,
    "max_pool": _pool("nn.functional.max_pool2d"),
    "mean_pool": _pool("nn.functional.avg_pool2d"),
    "rotate_180": _rotate_180,
    "entry": _entry,
    "trapezoid": _named("trapezoid"),
}
"""One row an operation: the node and its arguments' tensors to the result's."""
