"""One case an operation of the language: arguments, and the same operation in NumPy, torch and mpmath.

`float64` is written with NumPy or torch on float64 arrays; `digits` with plain Python on object arrays of
mpmath numbers. Neither knows the program. An operation that only moves entries needs one of the two, if it
works on both kinds of array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import torch
from torch.nn import functional

from workings.algebra.expression import Expr, apply, const, element, name, summation


@dataclass(frozen=True)
class Case:
    """An operation, its arguments as nested lists of decimals, and independent references."""

    op: str
    arguments: tuple[Any, ...]
    float64: Callable[..., Any] | None = None
    digits: Callable[..., Any] | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()
    """Positions of arguments that stay numbers where others are letters: indices, and what is too long."""
    built: Callable[..., Expr] | None = None

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value}" for key, value in self.attrs.items())
        return f"{self.op}({shown})"

    @property
    def names(self) -> list[str]:
        return [f"a{i}" for i in range(len(self.arguments))]

    @property
    def expr(self) -> Expr:
        """The operation over the names a0, a1, ..."""
        given = [name(label) for label in self.names]
        return self.built(*given) if self.built else apply(self.op, *given, **self.attrs)

    @property
    def givens(self) -> dict[str, Any]:
        """The exact value of each name: a Fraction or an object array of them."""
        exact = np.vectorize(lambda entry: Fraction(str(entry)), otypes=[object])
        values = [np.asarray(exact(np.array(value, dtype=object)))[()] for value in self.arguments]
        return dict(zip(self.names, values, strict=True))


def torched(function: Callable[..., Any]) -> Callable[..., Any]:
    """A torch function over NumPy arrays."""

    def over(*arrays: Any) -> Any:
        return function(*(torch.tensor(np.asarray(array, dtype=np.float64)) for array in arrays)).numpy()

    return over


def entrywise(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of mpmath numbers over arrays of them, broadcast by NumPy."""
    return lambda *arrays: np.frompyfunc(function, len(arrays), 1)(*map(np.asarray, arrays))


def exact_windows(x: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    channels, height, width = x.shape
    (kh, kw), (sh, sw), (dh, dw) = kernel, stride, dilation
    rows = [a for a in range(0, height, sh) if a + dh * (kh - 1) < height]
    columns = [b for b in range(0, width, sw) if b + dw * (kw - 1) < width]
    found = np.empty((channels, kh, kw, len(rows), len(columns)), dtype=x.dtype)
    for c, i, j in product(range(channels), range(kh), range(kw)):
        for (p, a), (q, b) in product(enumerate(rows), enumerate(columns)):
            found[c, i, j, p, q] = x[c, a + dh * i, b + dw * j]
    return found


def exact_fold(g: Any, height: int, width: int, stride: Any, dilation: Any) -> Any:
    channels, kh, kw, oh, ow = g.shape
    image = np.zeros((channels, height, width), dtype=g.dtype)
    for c, i, j, a, b in product(range(channels), range(kh), range(kw), range(oh), range(ow)):
        image[c, a * stride[0] + i * dilation[0], b * stride[1] + j * dilation[1]] += g[c, i, j, a, b]
    return image


def exact_correlate(kernel: Any, windows: Any, groups: int = 1) -> Any:
    outputs, depth = kernel.shape[:2]
    found = np.zeros((outputs, *windows.shape[3:]), dtype=windows.dtype)
    for o in range(outputs):
        first = o // (outputs // groups) * depth
        for c, i, j in product(range(depth), *map(range, kernel.shape[2:])):
            found[o] = found[o] + kernel[o, c, i, j] * windows[first + c, i, j]
    return found


def exact_convolution(x: Any, kernel: Any, bias: Any = None, **attrs: Any) -> Any:
    top, left = attrs.get("padding", (0, 0))
    padded = np.zeros((x.shape[0], x.shape[1] + 2 * top, x.shape[2] + 2 * left), dtype=x.dtype)
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    windows = exact_windows(
        padded, kernel.shape[2:], attrs.get("stride", (1, 1)), attrs.get("dilation", (1, 1))
    )
    found = exact_correlate(kernel, windows, attrs.get("groups", 1))
    return found if bias is None else found + bias[:, None, None]


def exact_masked_softmax(z: Any, mask: Any) -> Any:
    powers = entrywise(lambda entry, kept: mpmath.exp(entry) if kept else entry * 0)(z, mask)
    return np.array([row / sum(row) for row in powers])


def exact_softmax(z: Any, axis: int = -1) -> Any:
    def line(entries: Any) -> Any:
        powers = [mpmath.exp(entry) for entry in entries]
        return np.array([power / sum(powers) for power in powers])

    return np.apply_along_axis(line, axis, z)


def exact_mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    return np.sum(x, axis=axis, keepdims=keepdims) / int(np.prod([x.shape[a] for a in axes]))


def exact_variance(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Σ x² / n - mean²: another formula than the program's."""
    return exact_mean(x * x, axis, keepdims=keepdims) - exact_mean(x, axis, keepdims=keepdims) ** 2


def exact_pool(reduce: Callable[[Any], Any]) -> Callable[..., Any]:
    def pool(x: Any, *, kernel: Any, stride: Any) -> Any:
        windows = exact_windows(x, kernel, stride, (1, 1))
        return np.array(
            [[[reduce(windows[c, :, :, a, b].ravel().tolist()) for b in range(windows.shape[4])]
              for a in range(windows.shape[3])] for c in range(windows.shape[0])]
        )  # fmt: skip

    return pool


def image(channels: int, height: int, width: int) -> Any:
    """Decimals that tell the entries apart."""
    count = channels * height * width
    return (np.array([(7 * i) % 23 - 11 for i in range(count)]).reshape(channels, height, width) / 4).tolist()


def bits_of(*holds: bool) -> int:
    return int(all(holds))


V = [0.5, -1.25, 3]
U = [2, 0.75, -0.5]
POSITIVE = [0.5, 2.25, 3]
M = [[1, -2.5, 0.25], [3, 0.75, -1]]
N = [[0.5, 2], [-1, 0.125], [4, -3]]
SQUARE = [[2, 0.5], [-1, 3]]
P = [0.2, 0.5, 0.3]
D = [0, 1, 0]
Z = [[0.5, -1.25, 3], [2, 2, -0.5]]
ALLOWED = [[1, 1, 0], [0, 1, 1]]
IMAGE = image(2, 5, 4)
KERNEL = [image(2, 3, 2), image(2, 3, 2)[::-1], [[[1, 0.5]] * 3, [[-2, 0.25]] * 3]]
WINDOWS = [[[[[0.5, 1], [2, -3]]] * 2] * 3, [[[[1, 0], [0.25, 4]]] * 2] * 3]
STRIDED = {"kernel": (2, 2), "stride": (2, 1), "dilation": (1, 2)}
mp = mpmath

ELEMENTWISE = [
    Case("neg", (V,), np.negative, entrywise(lambda u: 0 - u)),
    Case("exp", (M,), np.exp, entrywise(mp.exp)),
    Case("log", (POSITIVE,), np.log, entrywise(mp.ln)),
    Case("sqrt", (POSITIVE,), np.sqrt, entrywise(mp.sqrt)),
    Case("tanh", (M,), np.tanh, entrywise(mp.tanh)),
    Case("tanh", (0.5,), np.tanh, entrywise(mp.tanh)),
    Case("sin", (V,), np.sin, entrywise(mp.sin)),
    Case("cos", (V,), np.cos, entrywise(mp.cos)),
    Case("absolute", (V,), np.abs, entrywise(lambda u: u if u > 0 else -u)),
    Case("floor", ([-1.5, -1, 0, 0.99],), np.floor, entrywise(mp.floor)),
    Case("ceil", ([-1.5, -1, 0.01, 0.99],), np.ceil, entrywise(mp.ceil)),
    Case("sign", ([-1.5, 0, 0.99],), np.sign, entrywise(mp.sign)),
    Case("add", (M, V), np.add, lambda a, b: a + b),
    Case("sub", (M, 0.5), np.subtract, lambda a, b: a - b),
    Case("mul", (SQUARE, [[3], [0.5]]), np.multiply, lambda a, b: a * b),
    Case("div", (V, U), np.divide, lambda a, b: a / b),
    Case("power", (V, [3, 2, -1]), np.power, entrywise(lambda a, b: a**b)),
    Case("power", (POSITIVE, U), np.power, entrywise(lambda a, b: mp.exp(b * mp.ln(a)))),
    Case("maximum", (V, [1, -2, 3]), np.maximum, entrywise(lambda a, b: max(b, a))),
    Case("minimum", (V, [1, -2, 3]), np.minimum, entrywise(lambda a, b: min(b, a))),
    Case("less", (V, [1, -2, 3]), np.less, entrywise(lambda a, b: bits_of(a < b))),
    Case("at_most", (V, [1, -2, 3]), np.less_equal, entrywise(lambda a, b: bits_of(a <= b))),
    Case("equal", (V, [1, -2, 3]), np.equal, entrywise(lambda a, b: bits_of(a == b))),
    Case("xlogy", (D, [0, 0.5, 2]), torched(torch.xlogy), entrywise(lambda a, b: a * mp.ln(b) if a else a)),
    Case("where", (D, V, U), np.where, entrywise(lambda c, a, b: a if c else b)),
]

STRUCTURAL = [
    Case("matmul", (M, N), np.matmul, np.matmul),
    Case("matmul", (V, U), np.dot, np.dot),
    Case("matmul", (M, V), np.dot, np.dot),
    Case("matmul", (U, N), np.dot, np.dot),
    Case("matmul", ([M, M], N), torched(torch.matmul), np.matmul),
    Case("matmul", (image(1, 9, 9)[0],) * 2, torched(torch.matmul), np.matmul, whole=frozenset({0, 1})),
    Case("outer", (V, [1, 2]), np.outer, lambda a, b: np.array([[m * n for n in b] for m in a])),
    Case("transpose", (M,), np.transpose, lambda a: np.array(list(zip(*a, strict=True))), {"axes": None}),
    Case("transpose", (IMAGE,), lambda a: np.moveaxis(a, 0, -1), attrs={"axes": (1, 2, 0)}),
    Case("reshape", (M,), lambda a: a.reshape(3, 2), attrs={"shape": (-1, 2)}),
    Case("reshape", (0.5,), lambda a: np.asarray(a).reshape(1, 1), attrs={"shape": (1, 1)}),
    Case("broadcast", (V,), lambda a: np.array([a, a]), attrs={"shape": (2, 3)}),
    Case("broadcast", (0.5,), lambda a: np.array([a, a]), attrs={"shape": (2,)}),
    Case("sum", (M,), lambda a: a[0, 0] + a[0, 1] + a[0, 2] + a[1, 0] + a[1, 1] + a[1, 2]),
    Case("sum", (M,), lambda a: a[:, 0] + a[:, 1] + a[:, 2], attrs={"axis": 1}),
    Case("sum", (M,), lambda a: (a[0] + a[1])[None], attrs={"axis": 0, "keepdims": True}),
    Case("sum", (IMAGE,), lambda a: np.array([sum(c.ravel()) for c in a]), attrs={"axis": (1, 2)}),
    Case("sum", (0.5,), lambda a: a),
    Case("amax", (M,), lambda a: max(a.ravel())),
    Case("amax", (M,), lambda a: np.array([max(row) for row in a]), attrs={"axis": -1}),
    Case("amax", (M,), lambda a: np.array([[max(c) for c in a.T]]), attrs={"axis": 0, "keepdims": True}),
    Case("amax", ([M, M],), lambda a: np.array([max(c.ravel()) for c in a]), attrs={"axis": (1, 2)}),
    Case("concat", (M, SQUARE), lambda a, b: np.hstack([a, b]), attrs={"axis": 1}),
    Case("concat", (V, 0.5), np.append, attrs={"axis": 0}),
    Case("stack", (V, U), lambda a, b: np.array([a, b]), attrs={"axis": 0}),
    Case("stack", (V, U), lambda a, b: np.array([a, b]).T, attrs={"axis": 1}),
    Case("stack", (0.5, 2), lambda a, b: np.array([a, b])),
    Case("item", (M,), lambda a: a[1, 1:], attrs={"index": (1, slice(1, None))}),
    Case("item", (M,), lambda a: a[0][2], attrs={"index": (0, 2)}),
    Case("element", (M,), lambda a: a[1, 2], built=lambda a: element(a, 2, 3)),
    Case("element", (M,), lambda a: a[1], built=lambda a: element(a, 2)),
    Case("take", (N, [2, 0, 2]), lambda a, _: np.array([a[2], a[0], a[2]]), whole=frozenset({1})),
    Case("take", (V, 1), lambda a, _: a[1], whole=frozenset({1})),
    Case(
        "scatter",
        (N, [2, 0, 2]),
        lambda a, _: np.array([a[1], 0 * a[0], a[0] + a[2], 0 * a[0]]),
        attrs={"size": 4},
        whole=frozenset({1}),
    ),
    Case(
        "scatter",
        (V, [[0, 1, 1]]),
        lambda a, _: np.array([a[0], a[1] + a[2]]),
        attrs={"size": 2},
        whole=frozenset({1}),
        built=lambda g, i: apply("scatter", apply("reshape", g, shape=(1, 3)), i, size=2),
    ),
    Case(
        "put",
        (U,),
        lambda a: np.array([0 * a, a]),
        attrs={"shape": (2, 3), "index": (1,)},
    ),
    Case(
        "put",
        (SQUARE,),
        lambda a: np.block([[a[:, :1], a[:, 1:], 0 * a[:, :1]]]),
        attrs={"shape": (2, 3), "index": (slice(None), slice(0, 2))},
    ),
    Case("pad", (M,), torched(lambda a: functional.pad(a, (2, 0, 0, 1))), attrs={"widths": ((0, 1), (2, 0))}),
    Case(
        "pad",
        (V,),
        lambda a: np.array([-a[0], a[0], a[1], a[2]]),
        attrs={"widths": ((1, 0),), "value": -0.5},
    ),
    Case(
        "patches",
        (IMAGE,),
        torched(
            lambda a: functional.unfold(a, (2, 2), stride=(2, 1), dilation=(1, 2)).reshape(2, 2, 2, 2, 2)
        ),
        lambda a: exact_windows(a, **STRIDED),
        STRIDED,
    ),
    Case(
        "fold",
        (exact_windows(np.array(IMAGE), **STRIDED).tolist(),),
        torched(lambda g: functional.fold(g.reshape(8, 4), (5, 4), (2, 2), stride=(2, 1), dilation=(1, 2))),
        lambda g: exact_fold(g, 5, 4, (2, 1), (1, 2)),
        {"height": 5, "width": 4, "stride": (2, 1), "dilation": (1, 2)},
    ),
    Case(
        "correlate",
        (KERNEL, WINDOWS),
        torched(lambda k, w: torch.einsum("ocij,cijab->oab", k, w)),
        exact_correlate,
    ),
    Case(
        "correlate",
        ([[[[1, 2]]], [[[3, -1]]]], [[[[[1, 2]], [[3, 4]]]], [[[[0.5, 0]], [[1, 1]]]]]),
        lambda k, w: np.array([k[0, 0, 0] @ w[0, 0, :, 0], k[1, 0, 0] @ w[1, 0, :, 0]])[:, None],
        lambda k, w: exact_correlate(k, w, 2),
        {"groups": 2},
    ),
    Case("extent", (IMAGE,), lambda _: 40),
    Case("extent", (IMAGE,), lambda _: 8, attrs={"axis": (0, 2)}),
    Case("cumsum", (V,), lambda a: np.array([a[0], a[0] + a[1], a[0] + a[1] + a[2]])),
    Case("cumsum", (M,), lambda a: np.array([a[0] + a[1], a[1]]), attrs={"axis": 0, "reverse": True}),
    Case("argsort", ([2, 0.5, 2, -1],), lambda _: np.array([3, 1, 0, 2]), whole=frozenset({0})),
    Case(
        "argsort",
        ([2, 0.5, 2, -1],),
        lambda _: np.array([0, 2, 1, 3]),
        attrs={"descending": True},
        whole=frozenset({0}),
    ),
    Case(
        "summation",
        (V, 0.5),
        lambda x, a: x[0] * a + 2 * x[1] * a + 3 * x[2] * a,
        built=lambda x, a: summation(element(x, "k") * "k" * a, "k", 1, 3),
    ),
    Case("const", (), lambda: 0.5, built=lambda: const("0.5")),
    Case("const", (), lambda: np.array([0.5, 3]), built=lambda: const(["0.5", "3"])),
    Case("name", (V,), lambda a: a, built=lambda a: a),
]

COMPOSITE = [
    Case("sigmoid", (M,), torched(torch.sigmoid), entrywise(lambda u: mp.exp(u) / (1 + mp.exp(u)))),
    Case("relu", (V,), torched(torch.relu), entrywise(lambda u: u if u > 0 else 0 * u)),
    Case("leaky_relu", (V,), torched(functional.leaky_relu), entrywise(lambda u: u if u > 0 else u / 100)),
    Case(
        "leaky_relu",
        (V,),
        torched(lambda u: functional.leaky_relu(u, 0.25)),
        entrywise(lambda u: u if u > 0 else u / 4),
        {"slope": 0.25},
    ),
    Case("softplus", (V,), torched(functional.softplus), entrywise(lambda u: mp.ln(1 + mp.exp(u)))),
    Case("step", ([-1.5, 0, 2],), lambda u: np.heaviside(u, 0), entrywise(lambda u: bits_of(u > 0))),
    Case("softmax", (Z,), torched(lambda z: torch.softmax(z, -1)), exact_softmax),
    Case("softmax", (Z,), torched(lambda z: torch.softmax(z, 0)), lambda z: exact_softmax(z, 0), {"axis": 0}),
    Case(
        "masked_softmax",
        (Z, ALLOWED),
        torched(lambda z, m: torch.softmax(torch.where(m > 0, z, -torch.inf), -1)),
        exact_masked_softmax,
        whole=frozenset({1}),
    ),
    Case(
        "log_softmax",
        (Z,),
        torched(lambda z: torch.log_softmax(z, -1)),
        lambda z: entrywise(mp.ln)(exact_softmax(z)),
    ),
    Case(
        "cross_entropy",
        (P, D),
        torched(lambda p, d: functional.nll_loss(torch.log(p)[None], d.argmax()[None])),
        lambda p, _: -mp.ln(p[1]),
    ),
    Case(
        "binary_cross_entropy",
        (P, [0, 1, 0.25]),
        torched(lambda y, d: functional.binary_cross_entropy(y, d, reduction="sum")),
        lambda y, _: -mp.ln(1 - y[0]) - mp.ln(y[1]) - mp.ln(y[2]) / 4 - 3 * mp.ln(1 - y[2]) / 4,
    ),
    Case(
        "squared_error",
        (V, U),
        torched(lambda y, d: functional.mse_loss(y, d, reduction="sum")),
        lambda y, d: np.dot(y - d, y - d),
    ),
    Case("squared_norm", (V,), torched(lambda x: torch.linalg.vector_norm(x) ** 2), lambda x: np.dot(x, x)),
    Case("mean", (M,), np.mean, exact_mean),
    Case(
        "mean", (IMAGE,), torched(lambda x: x.mean((0, 2))), lambda x: exact_mean(x, (0, 2)), {"axis": (0, 2)}
    ),
    Case("variance", (M,), np.var, exact_variance),
    Case(
        "variance",
        (M,),
        lambda x: np.var(x, axis=1, keepdims=True),
        lambda x: exact_variance(x, 1, keepdims=True),
        {"axis": 1, "keepdims": True},
    ),
    Case(
        "normalise",
        (M, [[0.5], [1]], [[2], [0.25]], 1e-5),
        lambda x, m, v, e: (x - m) / np.sqrt(v + e),
        entrywise(lambda x, m, v, e: (x - m) * (v + e) ** mp.mpf("-0.5")),
    ),
    Case(
        "convolution",
        (IMAGE, KERNEL),
        torched(lambda x, k: functional.conv2d(x[None], k)[0]),
        exact_convolution,
        {"kernel": (3, 2)},
    ),
    Case(
        "convolution",
        (IMAGE, KERNEL, V),
        torched(
            lambda x, k, b: functional.conv2d(x[None], k, b, stride=(2, 1), padding=(2, 1), dilation=(1, 2))[
                0
            ]
        ),
        lambda x, k, b: exact_convolution(x, k, b, stride=(2, 1), padding=(2, 1), dilation=(1, 2)),
        {"kernel": (3, 2), "stride": (2, 1), "padding": (2, 1), "dilation": (1, 2)},
    ),
    Case(
        "convolution",
        (IMAGE, [image(1, 2, 2), [[[1, 2], [0.5, -1]]]]),
        torched(lambda x, k: functional.conv2d(x[None], k, groups=2)[0]),
        lambda x, k: exact_convolution(x, k, groups=2),
        {"kernel": (2, 2), "groups": 2},
    ),
    Case(
        "cross_correlation",
        (image(1, 5, 4)[0], SQUARE),
        torched(lambda x, k: functional.conv2d(x[None, None], k[None, None])[0, 0]),
        lambda x, k: exact_convolution(x[None], k[None, None])[0],
        {"kernel": (2, 2)},
    ),
    Case(
        "cross_correlation",
        (image(1, 5, 4)[0], SQUARE),
        torched(
            lambda x, k: functional.conv2d(
                functional.pad(x[None, None], (1, 1, 2, 0)), k[None, None], stride=(2, 1), dilation=(1, 2)
            )[0, 0]
        ),
        lambda x, k: exact_convolution(
            np.concatenate([0 * x[:1], 0 * x[:1], x])[None],
            k[None, None],
            padding=(0, 1),
            stride=(2, 1),
            dilation=(1, 2),
        )[0],
        {"kernel": (2, 2), "padding": ((2, 0), 1), "stride": (2, 1), "dilation": (1, 2)},
    ),
    Case(
        "convolution_matrix",
        (SQUARE,),
        torched(
            lambda k: (
                functional.conv2d(torch.eye(12, dtype=torch.float64).reshape(12, 1, 3, 4), k[None, None])
                .reshape(12, 6)
                .T
            )
        ),
        lambda k: np.stack(
            [
                exact_convolution(
                    (0 * k[0, 0] + np.eye(12, dtype=object)[n]).reshape(1, 3, 4), k[None, None]
                ).ravel()
                for n in range(12)
            ],
            axis=1,
        ),
        {"height": 3, "width": 4, "kernel": (2, 2)},
    ),
    Case("rotate_180", (M,), lambda a: np.array([[a[1, 2], a[1, 1], a[1, 0]], [a[0, 2], a[0, 1], a[0, 0]]])),
    Case("entry", (M, 2, 3), lambda a, _i, _j: a[1, 2], whole=frozenset({1, 2})),
    Case("entry", (M, 0, 3), lambda a, _i, _j: 0 * a[0, 0], whole=frozenset({1, 2})),
    Case("entry", (V, 4), lambda a, _: 0 * a[0], whole=frozenset({1})),
    Case(
        "between",
        ([0, 0, 1], V, [0.5, 2, 2]),
        lambda low, x, high: np.clip(x, low, high) == x,
        entrywise(lambda low, x, high: bits_of(low <= x, x <= high)),
    ),
    Case(
        "every", ([0, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]), lambda a, b, c: np.minimum(np.minimum(a, b), c)
    ),
    Case(
        "max_pool",
        (IMAGE,),
        torched(lambda x: functional.max_pool2d(x, (2, 2), stride=(2, 1))),
        lambda x: exact_pool(max)(x, kernel=(2, 2), stride=(2, 1)),
        {"kernel": (2, 2), "stride": (2, 1)},
    ),
    Case(
        "mean_pool",
        (IMAGE,),
        torched(lambda x: functional.avg_pool2d(x, (2, 2), stride=(2, 2))),
        lambda x: exact_pool(lambda window: sum(window) / 4)(x, kernel=(2, 2), stride=(2, 2)),
        {"kernel": (2, 2), "stride": (2, 2)},
    ),
    Case(
        "trapezoid",
        (V, [0, 0.5, 2]),
        np.trapezoid,
        lambda y, x: (x[1] - x[0]) * (y[0] + y[1]) / 2 + (x[2] - x[1]) * (y[1] + y[2]) / 2,
    ),
    Case(
        "increments",
        (V,),
        lambda x: np.diff(x, prepend=0),
        lambda x: np.array([x[0], x[1] - x[0], x[2] - x[1]]),
    ),
    Case(
        "interpolated",
        ([0.5, 0.75, 0.25], [0.1, 0.4, 0.4]),
        lambda p, r: np.array([max(p[r >= level]) for level in r]),
    ),
    Case(
        "interpolated",
        ([0.5, 0.75, 0.25], [0.1, 0.4, 0.4]),
        # levels 0, 1/4, 1/2, 3/4, 1: the recalls reach 0.4
        lambda p, _: np.array([p[1], p[1], 0 * p[0], 0 * p[0], 0 * p[0]]),
        attrs={"points": 5},
    ),
]

CASES = [*ELEMENTWISE, *STRUCTURAL, *COMPOSITE]
