"""Counts against loops that count as they go, torch's counter, a printed exercise, and by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import sympy
import torch
from algebra.operations import CASES, Case
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from workings.algebra.composites import COMPOSITES
from workings.algebra.count import ROWS, Count, count, counts_of
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import PRIMITIVES, Expr, apply, const, element, name, summation, total
from workings.algebra.systems import System
from workings.errors import InputError

x, W, U, b, h = (name(label) for label in ("x", "W", "U", "b", "h"))
sizes = st.integers(1, 5)


def test_every_primitive_has_a_row():
    assert set(PRIMITIVES) - {"add", "sub", "summation"} <= ROWS.keys()
    assert ROWS.keys() <= {*PRIMITIVES, *COMPOSITES}


# Loops that count ------------------------------------------------------------------------------------------


@dataclass
class Loops:
    """A sum of products, one by one, as a person does it."""

    multiplications: int = 0
    additions: int = 0

    def output(self, products: int) -> None:
        for i in range(products):
            self.multiplications += 1
            if i > 0:
                self.additions += 1


@given(sizes, sizes, sizes)
def test_dense_layer(inputs, outputs, batch):
    loops = Loops()
    for _ in product(range(batch), range(outputs)):
        loops.output(inputs)
    found = count(apply("tanh", x @ W + b), {"x": (batch, inputs), "W": (inputs, outputs), "b": (outputs,)})
    entries = batch * outputs
    assert found == Count(loops.multiplications, loops.additions, bias=entries, element_wise=entries)


@given(sizes, sizes)
def test_products_of_vectors(rows, columns):
    dot, table, outer = Loops(), Loops(), Loops()
    dot.output(rows)
    for _ in range(rows):
        table.output(columns)
    for _ in product(range(rows), range(columns)):
        outer.output(1)
    v, w, M = (rows,), (columns,), (rows, columns)
    for expr, shapes, loops in (
        (x @ h, {"x": v, "h": v}, dot),
        (W @ x, {"W": M, "x": w}, table),
        (x @ W.T, {"W": M, "x": w}, table),
        (apply("outer", x, h), {"x": v, "h": w}, outer),
    ):
        assert count(expr, shapes) == Count(loops.multiplications, loops.additions)


@settings(deadline=None)
@given(
    st.tuples(sizes, sizes, st.integers(1, 2)),
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(0, 2)),
    st.booleans(),
)
def test_convolution(channels, window, with_bias):
    (depth, outputs, groups), (side, stride, padding) = channels, window
    loops, bias = Loops(), 0
    height, width = 6, 7
    for _ in range(outputs * groups):
        for top in range(0, height + 2 * padding - side + 1, stride):
            for left in range(0, width + 2 * padding - side + 1, stride):
                assert max(top, left) >= 0
                loops.output(depth * side * side)
                bias += with_bias
    shapes = {
        "x": (depth * groups, height, width),
        "k": (outputs * groups, depth, side, side),
        "b": (outputs * groups,),
    }
    layer = apply(
        "convolution",
        *("x", "k", "b")[: 3 if with_bias else 2],
        kernel=(side, side),
        stride=(stride, stride),
        padding=(padding, padding),
        groups=groups,
    )
    assert count(layer, shapes) == Count(loops.multiplications, loops.additions, bias)


class Number:
    """A number that notes what is done to it, on a tape that all share."""

    tape: list[str] = []  # noqa: RUF012  one for all

    def noted(self, *others: object) -> Number:
        if any(isinstance(other, np.ndarray) for other in others):
            return NotImplemented  # NumPy goes through the entries
        self.tape.append("done")
        return Number()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = (
        noted
    )


@dataclass(frozen=True)
class Tape(System):
    """Arithmetic that only writes down that it happened."""

    def scalar(self, value):
        return value if isinstance(value, Number) else Number()

    def lift(self, value):
        return np.vectorize(lambda _: Number(), otypes=[object])(value) if np.ndim(value) else Number()

    @property
    def functions(self):
        def over(*values):
            return np.frompyfunc(lambda *entries: entries[0].noted(), len(values), 1)(*values)

        def twice(x, y):
            return over(over(x, y), y)

        def chosen(condition, a, b):
            return np.frompyfunc(lambda *_: Number(), 3, 1)(condition, a, b)

        several = {*PRIMITIVES} - {"xlogy"}
        return {**dict.fromkeys(several, over), "xlogy": twice, "choose": chosen}


MEASURED = [
    case
    for case in CASES
    # sums start from a zero that the count leaves out; an order is not worked out by arithmetic; a softmax is
    # worked out with the largest entry taken off, and counted as it is printed
    if case.op not in {"summation", "entry", "scatter", "fold", "argsort", "softmax", "log_softmax", "take"}
    and case.op != "masked_softmax"
    and case.op not in {"element", "convolution", "cross_correlation", "correlate"}
]


@pytest.mark.parametrize("case", MEASURED, ids=map(str, MEASURED))
def test_as_many_operations_as_evaluation_does(case: Case):
    system = Tape()
    values = {label: system.lift(value) for label, value in case.givens.items()}
    Number.tape.clear()
    evaluate(case.expr, values, system)
    found = count(case.expr, {label: np.shape(value) for label, value in case.givens.items()})
    assert found.operations == len(Number.tape)


# torch's counter: 2 for each multiplication of a contraction, no bias --------------------------------------


def counted_by_torch(work):
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


@settings(max_examples=20, deadline=None)
@given(sizes, sizes, sizes)
def test_linear_layers_as_torch_counts_them(batch, inputs, outputs):
    arrays = torch.zeros(batch, inputs), torch.zeros(outputs, inputs), torch.zeros(outputs)
    found = count(x @ W.T + b, {"x": (batch, inputs), "W": (outputs, inputs), "b": (outputs,)})
    assert 2 * found.macs == counted_by_torch(lambda: functional.linear(*arrays))


@pytest.mark.parametrize(
    ("image", "kernel", "attrs"),
    [
        ((3, 9, 8), (4, 3, 3, 2), {}),
        ((3, 9, 8), (4, 3, 3, 2), {"stride": (2, 1), "padding": (1, 2)}),
        ((4, 9, 8), (6, 2, 3, 3), {"groups": 2, "dilation": (2, 1)}),
        ((4, 9, 8), (4, 1, 3, 3), {"groups": 4}),
        ((12, 55, 55), (6, 12, 7, 7), {}),
    ],
)
def test_convolutions_as_torch_counts_them(image, kernel, attrs):
    layer = apply("convolution", x, "k", kernel=kernel[2:], **attrs)
    expected = counted_by_torch(
        lambda: functional.conv2d(torch.zeros(1, *image), torch.zeros(kernel), **attrs)
    )
    assert 2 * count(layer, {"x": image, "k": kernel}).macs == expected


def test_attention_as_torch_counts_it():
    tokens, width = 5, 8
    shapes = {"x": (tokens, width), "q": (width, width), "k": (width, width), "v": (width, width)}
    scores = (x @ "q") @ (x @ "k").T
    attended = apply("softmax", scores, axis=-1) @ (x @ "v")

    def work():
        given_x, *weights = (torch.zeros(shape) for shape in shapes.values())
        q, k, v = (given_x @ weight for weight in weights)
        return torch.softmax(q @ k.T, -1) @ v

    assert 2 * count(attended, shapes).macs == counted_by_torch(work)


def test_a_printed_exercise():
    # The examination's part on separable convolutions: 55 × 55 × 12 to 49 × 49 × 6 with 7 × 7 kernels, FLOPs
    # as 2 · MACs: standard 16 941 456, depthwise 2 823 576, pointwise 345 744.
    volume = (12, 55, 55)
    standard = apply("convolution", x, "k", kernel=(7, 7))
    depthwise = apply("convolution", x, "k", kernel=(7, 7), groups=12)
    pointwise = apply("convolution", x, "k", kernel=(1, 1))
    assert 2 * count(standard, {"x": volume, "k": (6, 12, 7, 7)}).macs == 16_941_456
    assert 2 * count(depthwise, {"x": volume, "k": (12, 1, 7, 7)}).macs == 2_823_576
    assert 2 * count(pointwise, {"x": (12, 49, 49), "k": (6, 12, 1, 1)}).macs == 345_744


# By hand ---------------------------------------------------------------------------------------------------

V, SQUARE = (4,), (4, 4)
SHARED = W @ x
BY_HAND = {
    "softmax: n exponentials, n divisions, n - 1 additions": (
        apply("softmax", x),
        {"x": V},
        Count(0, 3, 0, 8),
    ),
    "softmax of rows": (apply("softmax", x), {"x": (2, 5)}, Count(0, 8, 0, 20)),
    "masked softmax counts as softmax": (
        apply("masked_softmax", x, h),
        {"x": (2, 5), "h": (2, 5)},
        Count(0, 8, 0, 20),
    ),
    "log softmax: one logarithm more": (apply("log_softmax", x), {"x": V}, Count(0, 3, 0, 9)),
    "sigmoid: minus, exp, 1 +, 1 /": (apply("sigmoid", x), {"x": V}, Count(0, 0, 0, 16)),
    "relu: one comparison": (apply("relu", x), {"x": V}, Count(0, 0, 0, 4)),
    "mean: n - 1 additions, one division": (apply("mean", x), {"x": V}, Count(0, 3, 0, 1)),
    "largest: n - 1 comparisons": (apply("amax", x, axis=0), {"x": (4, 3)}, Count(0, 0, 0, 9)),
    "cumsum: n - 1 additions a line": (apply("cumsum", x, axis=1), {"x": (2, 5)}, Count(0, 8)),
    "squared error: differences, squares, sum": (
        apply("squared_error", x, h),
        {"x": V, "h": V},
        Count(0, 3, 0, 8),
    ),
    "a scalar neuron has no contraction": (x * W + b, {"x": (), "W": (), "b": ()}, Count(0, 0, 0, 2)),
    "moving entries is free": (
        apply("reshape", apply("pad", x.T, widths=((1, 1), (0, 2))), shape=(-1,))[2:5],
        {"x": (3, 2)},
        Count(),
    ),
    "two contractions and a bias": (
        U @ x + W @ h + b,
        {"U": SQUARE, "x": V, "W": SQUARE, "h": V, "b": V},
        Count(32, 12 + 12 + 4, 4),
    ),
    "two biases": (W @ x + b + h, {"W": SQUARE, "x": V, "b": V, "h": V}, Count(16, 12, 8)),
    "a threshold is a bias": (W @ x - b, {"W": SQUARE, "x": V, "b": V}, Count(16, 12, 4)),
    "a constant bias": (const("0.5") + W @ x, {"W": SQUARE, "x": V}, Count(16, 12, 4)),
    "a reshaped bias": (
        apply("reshape", W @ x, shape=(2, 2)) + apply("reshape", b, shape=(2, 1)),
        {"W": SQUARE, "x": V, "b": (2,)},
        Count(16, 12, 4),
    ),
    "sums of names are element-wise": (x + b, {"x": V, "b": V}, Count(0, 0, 0, 4)),
    "a bias after an activation is none": (
        apply("tanh", W @ x) + b,
        {"W": SQUARE, "x": V, "b": V},
        Count(16, 12, 0, 8),
    ),
    "sum of products": (total(x * h), {"x": V, "h": V}, Count(0, 3, 0, 4)),
    "a written sum": (
        summation(element(x, name("k") + 1) * h, "k", 0, 3),
        {"x": V, "h": ()},
        Count(0, 3, 0, 4),
    ),
    "a written sum of vectors": (summation(x * "k", "k", 1, 3), {"x": V}, Count(0, 8, 0, 12)),
    "an empty sum": (summation(x * "k", "k", 1, 0), {"x": V}, Count()),
    "a triangle": (
        summation(summation(name("i") * "j", "j", 1, name("i")), "i", 1, 4),
        {},
        Count(0, 9, 0, 10),
    ),
    "the same in every term": (
        summation((W @ x + b) * "k", "k", 1, 3),
        {"W": SQUARE, "x": V, "b": V},
        Count(16, 12 + 8, 4, 12),
    ),
    "a bias that changes from term to term": (
        summation(W @ x + b * "k", "k", 1, 3),
        {"W": SQUARE, "x": V, "b": V},
        Count(16, 12 + 8, 0, 24),
    ),
    "the same in every inner term": (
        summation(summation(apply("exp", name("i")) * "j" * apply("exp", "a"), "j", 1, 5), "i", 1, 4),
        {"a": ()},
        Count(0, 19, 0, 1 + 4 + 40),
    ),
    "a sort": (apply("argsort", x), {"x": V}, Count(0, 0, 0, 5)),
    "x log y": (apply("xlogy", x, h), {"x": V, "h": V}, Count(0, 0, 0, 8)),
    "scattered": (apply("scatter", x, h, size=9), {"x": V, "h": V}, Count(0, 4)),
    "no inner entries": (W @ x, {"W": (3, 0), "x": (0,)}, Count()),
    "shared parts count once": (
        SHARED * SHARED,
        {"W": SQUARE, "x": V},
        Count(16, 12, 0, 4),
    ),
}


@pytest.mark.parametrize(("expr", "shapes", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_by_hand(expr, shapes, expected):
    assert count(expr, shapes) == expected


def test_a_merge_sort_compares_no_more_than_counted():
    def compared(order):
        tally = 0

        def merged(part):
            nonlocal tally
            if len(part) < 2:
                return part
            left, right = merged(part[: len(part) // 2]), merged(part[len(part) // 2 :])
            result = []
            while left and right:
                tally += 1
                result.append((left if left[0] <= right[0] else right).pop(0))
            return result + left + right

        merged(list(order))
        return tally

    from itertools import permutations

    for size in range(1, 8):
        found = count(apply("argsort", x), {"x": (size,)}).element_wise
        assert max(map(compared, permutations(range(size)))) == found


def test_which_names_are_biases_can_be_said():
    residual = W @ h + x + b
    shapes = {"W": SQUARE, "h": V, "x": V, "b": V}
    assert count(residual, shapes) == Count(16, 12, bias=8)
    # the sum with x is no contraction any more, so what is added to it is element-wise too
    assert count(residual, shapes, biases={"b"}) == Count(16, 12, element_wise=8)
    assert count(W @ h + b + x, shapes, biases={"b"}) == Count(16, 12, bias=4, element_wise=4)


def test_macs_flops_and_operations():
    found = Count(multiplications=100, additions=90, bias=10, element_wise=7)
    assert (found.macs, found.flops, found.operations) == (100, 200, 207)
    assert found + Count(1, 2, 3, 4) == Count(101, 92, 13, 11)


@given(st.integers(1, 9), st.integers(1, 9))
def test_with_a_bias_flops_are_twice_the_macs(inputs, outputs):
    found = count(W @ x + b, {"W": (outputs, inputs), "x": (inputs,), "b": (outputs,)})
    assert found.flops == 2 * found.macs == 2 * inputs * outputs


# Laws ------------------------------------------------------------------------------------------------------

LAYERS = [
    lambda u: apply("tanh", name("W") @ u + "b"),
    lambda u: apply("softmax", u),
    lambda u: u * u + "b",
    lambda u: apply("normalise", u, apply("mean", u), apply("variance", u), const("0.1")),
    lambda u: apply("concat", u[:2], u[2:]),
    lambda u: apply("outer", u, u) @ u,
    lambda u: summation(u * "k", "k", 1, 3),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LAYERS), min_size=2, max_size=6), st.integers(1, 5))
def test_counts_add_over_layers(layers, cut):
    shapes = {"x": V, "W": SQUARE, "b": V}

    def stacked(some, start: Expr) -> Expr:
        for layer in some:
            start = layer(start)
        return start

    first = stacked(layers[:cut], x)
    assert count(stacked(layers[cut:], first), shapes) == count(first, shapes) + count(
        stacked(layers[cut:], x), shapes
    )


def test_counts_add_over_nodes():
    root = apply("softmax", apply("sigmoid", W @ x + b) @ U)
    shapes = {"W": SQUARE, "x": V, "b": V, "U": SQUARE}
    parts = counts_of(root, shapes)
    summed = Count()
    for part in parts.values():
        summed = summed + part
    assert summed == count(root, shapes)
    assert parts[root] == count(apply("softmax", x), {"x": V})
    assert parts[root.args[0].args[0]] == count(apply("sigmoid", x), {"x": V})


n, m, T, H, Wd, M, N, C, K = sympy.symbols("n m T H W M N C K", integer=True, positive=True)
LETTERS = {
    "dense": (W @ x + b, {"W": (m, n), "x": (n,), "b": (m,)}, Count(m * n, m * (n - 1), m)),
    "convolution": (
        apply("convolution", x, "k", "b", kernel=(M, N)),
        {"x": (C, H, Wd), "k": (K, C, M, N), "b": (K,)},
        Count(
            K * C * M * N * (H - M + 1) * (Wd - N + 1),
            K * (C * M * N - 1) * (H - M + 1) * (Wd - N + 1),
            K * (H - M + 1) * (Wd - N + 1),
        ),
    ),
    "attention": (
        apply("softmax", x @ x.T) @ x,
        {"x": (n, m)},
        Count(2 * n**2 * m, n**2 * (m - 1) + n * (n - 1) + n * m * (n - 1), 0, 2 * n**2),
    ),
    "sum over time": (
        summation(element(x, "t") * "a", "t", 1, "T"),
        {"x": (n,), "a": (), "T": ()},
        Count(0, T - 1, 0, T),
    ),
    "triangle": (
        summation(summation(name("i") * "j", "j", 1, "i"), "i", 1, "T"),
        {"T": ()},
        Count(0, T * (T + 1) / 2 - T + T - 1, 0, T * (T + 1) / 2),
    ),
    "as many terms as entries": (
        summation(element(x, "k") ** 2, "k", 1, apply("extent", x)),
        {"x": (n,)},
        Count(0, n - 1, 0, n),
    ),
}


def fields(found: Count):
    return found.multiplications, found.additions, found.bias, found.element_wise


@pytest.mark.parametrize(("expr", "shapes", "expected"), LETTERS.values(), ids=LETTERS)
def test_counts_with_letters(expr, shapes, expected):
    for operations, wanted in zip(fields(count(expr, shapes)), fields(expected), strict=True):
        assert sympy.simplify(operations - wanted) == 0


@pytest.mark.parametrize(("expr", "shapes", "expected"), LETTERS.values(), ids=LETTERS)
def test_letters_with_numbers_put_in_are_the_numbers(expr, shapes, expected):
    numbers = {n: 5, m: 3, T: 4, H: 9, Wd: 8, M: 3, N: 2, C: 2, K: 6}

    def numeric(node: Expr) -> Expr:
        if node.op == "name" and node.attrs["name"] == "T":
            return const(4)
        attrs = {**node.attrs}
        if "kernel" in attrs:
            attrs["kernel"] = (3, 2)
        return Expr(node.op, tuple(map(numeric, node.args)), attrs)

    put_in = {label: tuple(int(sympy.sympify(s).subs(numbers)) for s in of) for label, of in shapes.items()}
    found = count(numeric(expr), put_in)
    for operations, symbolic in zip(fields(found), fields(count(expr, shapes)), strict=True):
        assert isinstance(operations, int)
        assert operations == sympy.sympify(symbolic).subs(numbers)
    assert fields(found) == tuple(sympy.sympify(wanted).subs(numbers) for wanted in fields(expected))


def test_a_billion_entries_are_counted_in_no_time():
    billion = 10**9
    start = time.process_time()
    found = count(apply("tanh", W @ x + b), {"W": (billion, billion), "x": (billion,), "b": (billion,)})
    assert found == Count(billion**2, billion * (billion - 1), billion, billion)
    image = {"x": (3, 10**5, 10**5), "k": (8, 3, 3, 3)}
    assert count(apply("convolution", x, "k", kernel=(3, 3), padding=(1, 1)), image).macs == 8 * 27 * 10**10
    assert time.process_time() - start < 0.5


def test_a_chain_of_ten_thousand_layers():
    root = x
    for _ in range(2_500):
        root = apply("sigmoid", W @ root + b)
    start = time.process_time()
    assert count(root, {"W": (3, 3), "x": (3,), "b": (3,)}) == Count(22_500, 15_000, 7_500, 30_000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("expr", "shapes", "says"),
    [
        (W @ x, {"W": (3, 2), "x": (3,)}, "inner sizes 2 and 3"),
        (apply("argsort", x), {"x": (n,)}, "a size that is a number"),
        (summation(x, "k", 1, const("1/2")), {"x": ()}, "whole numbers"),
        (apply("softmx", x), {"x": V}, "unknown operation"),
    ],
)
def test_what_cannot_be_counted(expr, shapes, says):
    with pytest.raises(InputError, match=says):
        count(expr, shapes)
