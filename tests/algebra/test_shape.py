"""Shapes against NumPy's, with letters by hand, and what the errors say."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
import sympy
from algebra.operations import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from workings.algebra.composites import COMPOSITES, expand
from workings.algebra.expression import PRIMITIVES, Expr, apply, const, element, name, summation, total, words
from workings.algebra.shape import ROWS, shape, shapes_of
from workings.errors import InputError

n, m, T, H, W, M, N, C, K = sympy.symbols("n m T H W M N C K", integer=True, positive=True)
x, y = name("x"), name("y")


def test_every_primitive_has_a_row():
    assert set(PRIMITIVES) - {"name"} <= ROWS.keys()
    assert ROWS.keys() <= {*PRIMITIVES, *COMPOSITES}


@pytest.mark.parametrize("case", CASES, ids=map(str, CASES))
def test_every_operation_has_the_shape_of_its_reference(case):
    arrays = [np.array(value, dtype=np.float64) for value in case.arguments]
    reference = case.float64 or case.digits
    shapes = dict(zip(case.names, map(np.shape, arrays), strict=True))
    expected = np.shape(reference(*arrays))
    assert shape(case.expr, shapes) == expected
    assert shape(expand(case.expr), shapes) == expected


# Random expressions: the shape is NumPy's, and an error where NumPy has one --------------------------------

sides = st.integers(1, 4)
small_shapes = st.lists(sides, max_size=4).map(tuple)
axes = st.integers(-4, 3)


def windows(array, kernel, stride, dilation):
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    every = sliding_window_view(array, reach, axis=(-2, -1))
    moved = every[..., :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    return np.moveaxis(moved, (-2, -1), (-4, -3))


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
several_axes = st.one_of(st.none(), axes, st.lists(axes, min_size=1, max_size=3, unique=True).map(tuple))
subscript = st.one_of(
    st.integers(-5, 4),
    st.builds(slice, *[st.one_of(st.none(), st.integers(-5, 5))] * 2, st.sampled_from([None, 1, 2, -1, -2])),
)
attributes = {
    "neg": ({}, np.negative),
    "add": ({}, np.add),
    "power": ({}, lambda a, b: np.abs(a) + np.abs(b)),
    "where": ({}, np.where),
    "matmul": ({}, np.matmul),
    "outer": ({}, np.multiply.outer),
    "transpose": (
        {"axes": st.one_of(st.none(), st.permutations([0, 1, 2]), st.lists(axes, max_size=3))},
        np.transpose,
    ),
    "reshape": (
        {"shape": st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6, 8]), max_size=3).map(tuple)},
        np.reshape,
    ),
    "broadcast": ({"shape": small_shapes}, np.broadcast_to),
    "sum": ({"axis": several_axes, "keepdims": st.booleans()}, np.sum),
    "amax": ({"axis": several_axes, "keepdims": st.booleans()}, np.max),
    "mean": ({"axis": several_axes, "keepdims": st.booleans()}, np.sum),
    "variance": ({"axis": several_axes, "keepdims": st.booleans()}, np.sum),
    "concat": (
        {"axis": axes},
        lambda *parts, axis: np.concatenate([np.atleast_1d(part) for part in parts], axis=axis),
    ),
    "stack": ({"axis": axes}, lambda *parts, axis: np.stack(parts, axis=axis)),
    "item": ({"index": st.lists(subscript, min_size=1, max_size=3).map(tuple)}, lambda a, index: a[index]),
    "cumsum": ({"axis": axes}, lambda a, axis: np.cumsum(a, axis=axis)),
    "softmax": ({"axis": axes}, lambda a, axis: np.cumsum(a, axis=axis)),
    "pad": (
        {
            "widths": st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2)), min_size=2, max_size=3).map(
                tuple
            )
        },
        lambda a, widths: np.pad(a, widths, constant_values=1),
    ),
    "patches": ({"kernel": pairs, "stride": pairs, "dilation": pairs}, windows),
    "squared_error": ({}, lambda a, b: np.sum(a - b)),
    "normalise": ({}, lambda a, b, c, d: a + b + c + d),
}
ARGUMENTS = {
    "add": 2,
    "power": 2,
    "where": 3,
    "matmul": 2,
    "outer": 2,
    "concat": 2,
    "stack": 3,
    "squared_error": 2,
}
ARGUMENTS["normalise"] = 4


@settings(max_examples=600, deadline=None)
@given(st.data(), st.lists(small_shapes, min_size=2, max_size=4))
def test_random_expressions_have_numpys_shape_or_an_error(data, given_shapes):
    shapes = {f"x{i}": found for i, found in enumerate(given_shapes)}
    known: list[tuple[Expr, np.ndarray]] = [(name(label), np.zeros(s)) for label, s in shapes.items()]
    for _ in range(data.draw(st.integers(1, 4))):
        op = data.draw(st.sampled_from(sorted(attributes)))
        drawn, reference = attributes[op]
        attrs = {key: data.draw(strategy) for key, strategy in drawn.items()}
        chosen = [data.draw(st.sampled_from(known)) for _ in range(ARGUMENTS.get(op, 1))]
        expr = apply(op, *(part for part, _ in chosen), **attrs)
        arrays = [array for _, array in chosen]
        if reference in (np.sum, np.max) and arrays[0].ndim == 0 and attrs["axis"] is not None:
            continue  # NumPy lets a number have an axis 0; the language does not
        if op in ("cumsum", "softmax") and arrays[0].ndim == 0:
            continue  # as above
        try:
            expected = reference(*arrays, **attrs)
        except ValueError:
            expected = None
        except IndexError:
            expected = None
        if expected is None:
            with pytest.raises(InputError):
                shape(expr, shapes)
        else:
            assert shape(expr, shapes) == np.shape(expected)
            if expected.size < 10_000:
                known.append((expr, np.asarray(expected)))


# Letters ---------------------------------------------------------------------------------------------------

LAYERS = {
    "dense": (apply("tanh", name("W").T @ x + "b"), {"x": (n,), "W": (n, m), "b": (m,)}, (m,)),
    "stack of matrices": (x @ y, {"x": (T, n, m), "y": (m, K)}, (T, n, K)),
    "attention": (
        apply("softmax", (x @ "Q") @ (x @ "K").T) @ (x @ "V"),
        {"x": (n, m), "Q": (m, K), "K": (m, K), "V": (m, C)},
        (n, C),
    ),
    "outer": (apply("outer", x, y), {"x": (n,), "y": (m,)}, (n, m)),
    "convolution": (
        apply("convolution", x, "k", "b", kernel=(M, N)),
        {"x": (C, H, W), "k": (K, C, M, N), "b": (K,)},
        (K, H - M + 1, W - N + 1),
    ),
    "padded, strided and dilated": (
        apply("convolution", x, "k", kernel=(3, 3), stride=(2, 3), padding=(1, M), dilation=(1, 2)),
        {"x": (C, H, W), "k": (K, C, 3, 3)},
        (
            K,
            sympy.floor((H + 2 - 2 - 1) / sympy.Integer(2)) + 1,
            sympy.floor((W + 2 * M - 5) / sympy.Integer(3)) + 1,
        ),
    ),
    "pooled and flattened": (
        apply("reshape", apply("max_pool", x, kernel=(2, 2), stride=(2, 2)), shape=(-1,)),
        {"x": (C, 2 * H, 2 * W)},
        (C * H * W,),
    ),
    "concatenated": (apply("concat", x, y, x, axis=1), {"x": (T, n), "y": (T, m)}, (T, 2 * n + m)),
    "stacked": (apply("stack", x, x, axis=-1), {"x": (T, n)}, (T, n, 2)),
    "split in heads": (apply("reshape", x, shape=(n, -1, K)), {"x": (n, 8 * K)}, (n, 8, K)),
    "padded": (apply("pad", x, widths=((1, M), (0, 0))), {"x": (n, m)}, (n + M + 1, m)),
    "differences": (x[1:] - x[:-1], {"x": (n,)}, (n - 1,)),
    "every second": (x[::2], {"x": (2 * n,)}, (n,)),
    "backwards": (x[::-1], {"x": (n,)}, (n,)),
    "the last three": (x[-3:], {"x": (n,)}, (3,)),
    "a middle part": (x[1:-1, 2:5], {"x": (n, m)}, (n - 2, 3)),
    "one against letters": (x + y, {"x": (1, n), "y": (m, 1)}, (m, n)),
    "written in two ways": (x + y, {"x": (H - M + 1,), "y": (1 + H - M,)}, (H - M + 1,)),
    "product and sum": (x + y, {"x": ((n + 1) ** 2,), "y": (n**2 + 2 * n + 1,)}, ((n + 1) ** 2,)),
    "mean": (apply("mean", x, axis=1, keepdims=True), {"x": (n, m)}, (n, 1)),
    "taken": (apply("take", x, y), {"x": (n, m), "y": (T,)}, (T, m)),
    "scattered": (apply("scatter", x, y, size=K), {"x": (T, m), "y": (T,)}, (K, m)),
    "put": (apply("put", x, shape=(n, m), index=(0,)), {"x": (m,)}, (n, m)),
    "folded": (
        apply("fold", x, height=H, width=W, stride=(1, 1), dilation=(1, 1)),
        {"x": (C, M, N, H - M + 1, W - N + 1)},
        (C, H, W),
    ),
    "a sum over an index": (
        summation(element(x, "k") * "a", "k", 1, "T"),
        {"x": (n,), "a": (m,), "T": ()},
        (m,),
    ),
    "transposed": (apply("transpose", x, axes=(1, 2, 0)), {"x": (n, m, K)}, (m, K, n)),
    "spread": (apply("broadcast", x, shape=(n, m)), {"x": (m,)}, (n, m)),
}


@pytest.mark.parametrize(("expr", "shapes", "expected"), LAYERS.values(), ids=LAYERS)
def test_shapes_with_letters_by_hand(expr, shapes, expected):
    found = shape(expr, shapes)
    assert len(found) == len(expected)
    for size, wanted in zip(found, expected, strict=True):
        assert sympy.simplify(size - wanted) == 0


@pytest.mark.parametrize(("expr", "shapes", "expected"), LAYERS.values(), ids=LAYERS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_numbers_put_into_letters_give_the_numeric_shape(expr, shapes, expected, data):
    letters = {
        n: (3, 9),
        m: (5, 9),
        T: (1, 4),
        H: (4, 9),
        W: (6, 9),
        M: (1, 3),
        N: (1, 3),
        C: (1, 3),
        K: (1, 3),
    }
    numbers = {letter: data.draw(st.integers(*ends), label=str(letter)) for letter, ends in letters.items()}

    def put_in(sizes):
        return tuple(int(sympy.sympify(size).subs(numbers)) for size in sizes)

    def attribute(value):
        if isinstance(value, sympy.Basic):
            return int(value.subs(numbers))
        return tuple(map(attribute, value)) if isinstance(value, tuple) else value

    def numeric(node: Expr) -> Expr:
        attrs = {key: attribute(value) for key, value in node.attrs.items()}
        return Expr(node.op, tuple(numeric(arg) for arg in node.args), attrs)

    found = shape(numeric(expr), {label: put_in(sizes) for label, sizes in shapes.items()})
    assert found == put_in(expected)
    assert all(type(size) is int for size in found)


def test_whole_numbers_are_ints_again():
    (size,) = shape(apply("concat", x[1:], y), {"x": (n,), "y": (4 - n,)})
    assert size == 3
    assert type(size) is int
    assert shape(x, {"x": (np.int64(3), sympy.Integer(2))}) == (3, 2)
    assert [type(size) for size in shape(x, {"x": (np.int64(3), sympy.Integer(2))})] == [int, int]


@pytest.mark.parametrize(
    ("expr", "shapes", "says"),
    [
        (
            name("W") @ x,
            {"W": (3, 2), "x": (3,)},
            ["W (3, 2) @ x (3,)", "inner sizes 2 and 3", "Did you mean Wᵀ?"],
        ),
        (x @ "W", {"x": (2,), "W": (3, 2)}, ["x (2,) @ W (3, 2)", "inner sizes 2 and 3", "Wᵀ"]),
        (x @ y, {"x": (2, 3), "y": (4, 3)}, ["inner sizes 3 and 4", "Did you mean yᵀ?"]),
        (x @ y, {"x": (n, m), "y": (n, K)}, ["x (n, m) @ y (n, K)", "inner sizes m and n", "xᵀ"]),
        (x @ y, {"x": (2, 3), "y": ()}, ["y ()", "scalar"]),
        (x + y, {"x": (3,), "y": (2,)}, ["x (3,) + y (2,)", "sizes 3 and 2", "equal sizes, or 1"]),
        (x + y, {"x": (2, 3), "y": (3, 2)}, ["Did you mean yᵀ?"]),
        (x * y, {"x": (n,), "y": (m,)}, ["x (n,) * y (m,)", "sizes n and m"]),
        (x / y, {"x": (n,), "y": (n + 1,)}, ["sizes n and n + 1"]),
        (
            apply("reshape", x, shape=(4, -1)),
            {"x": (2, 3)},
            ["x (2, 3)", "6 entries into (4, -1)", "divide 6"],
        ),
        (apply("reshape", x, shape=(4,)), {"x": (2, 3)}, ["6 entries into (4,)"]),
        (apply("reshape", x, shape=(2, -1)), {"x": (n,)}, ["n entries into (2, -1)"]),
        (apply("concat", x, y, axis=0), {"x": (2, 3), "y": (2, 4)}, ["x (2, 3), y (2, 4)", "beside axis 0"]),
        (apply("stack", x, y), {"x": (2,), "y": (3,)}, ["x (2,), y (3,)", "one shape"]),
        (
            apply("patches", x, kernel=(5, 5), stride=(1, 1), dilation=(1, 1)),
            {"x": (1, 9, 4)},
            ["spans 5 on a size of 4"],
        ),
        (
            apply("convolution", x, "k", kernel=(3, 3), dilation=(2, 2)),
            {"x": (1, 4, 9), "k": (1, 1, 3, 3)},
            ["convolution of x (1, 4, 9), k (1, 1, 3, 3)", "spans 5 on a size of 4"],
        ),
        (
            apply("convolution", x, "k", kernel=(3, 3)),
            {"x": (3, 9, 9), "k": (8, 1, 3, 3)},
            ["convolution of x (3, 9, 9), k (8, 1, 3, 3)", "a kernel (8, 3, 3, 3)"],
        ),
        (apply("max_pool", x, kernel=(2, 2), stride=(2, 2)), {"x": (7,)}, ["max_pool of x (7,)", "two axes"]),
        (x[3], {"x": (3,)}, ["no entry 3 of 3", "-3 to 2"]),
        (x[0, 0], {"x": (3,)}, ["2 subscripts", "at most 1"]),
        (total(x, 2), {"x": (3, 4)}, ["no axis 2", "an axis from -2 to 1"]),
        (total(x, (0, -2)), {"x": (3, 4)}, ["twice"]),
        (element(x, y), {"x": (3,), "y": (2,)}, ["subscripts that are not numbers"]),
        (summation(x, "k", 1, "y"), {"x": (), "y": (2,)}, ["bounds that are not numbers"]),
        (apply("softmx", x), {"x": (3,)}, ["unknown operation 'softmx'", "Did you mean softmax"]),
        (x + "z", {"x": (3,)}, ["unknown name 'z'"]),
        (apply("exp", x, y), {"x": (3,), "y": (3,)}, ["exp of 2 arguments"]),
        (apply("sigmoid", x, y), {"x": (3,), "y": (3,)}, ["sigmoid of 2 arguments"]),
        (apply("trapezoid", x), {"x": (3,)}, ["trapezoid of 1 argument"]),
        (apply("reshape", x), {"x": (3,)}, ["reshape without 'shape'"]),
        (apply("max_pool", x), {"x": (1, 4, 4)}, ["max_pool without 'kernel'"]),
        (x, {"x": (3, -1)}, ["(3, -1) of x", "positive"]),
        (x, {"x": (1.5,)}, ["of x", "whole numbers"]),
        (x, {"x": 3}, ["of x", "whole numbers"]),
        (x, {"x": (-n,)}, ["(-n,) of x"]),
        (summation(element(x, "k"), "k", 1, 3), {"x": (3,), "k": (2,)}, ["index k", "another name"]),
    ],
)
def test_errors_state_both_shapes_and_what_would_fit(expr, shapes, says):
    with pytest.raises(InputError) as caught:
        shape(expr, shapes)
    for part in says:
        assert part in str(caught.value)


# Cost ------------------------------------------------------------------------------------------------------


def test_a_shape_of_a_billion_entries_allocates_nothing():
    billion = 10**9
    start = time.process_time()
    assert shape(x + y, {"x": (billion,), "y": (1,)}) == (billion,)
    assert shape(apply("outer", x, x), {"x": (billion,)}) == (billion, billion)
    assert shape(apply("reshape", x, shape=(10, -1)), {"x": (billion,)}) == (10, billion // 10)
    assert shape(apply("softmax", x @ x.T), {"x": (billion, 3)}) == (billion, billion)
    deep = {"x": (64, 10**5, 10**5), "k": (8, 64, 3, 3)}
    assert shape(apply("convolution", x, "k", kernel=(3, 3), padding=(1, 1)), deep) == (8, 10**5, 10**5)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("size", [3, n])
def test_a_chain_of_ten_thousand_nodes_is_linear_and_needs_no_recursion(size):
    def seconds(length):
        root = x
        for _ in range(length):
            root = apply("trapezoid", root, y) * root + y
        start = time.process_time()
        assert shape(root, {"x": (size,), "y": (size,)}) == (size,)
        return time.process_time() - start

    seconds(10)
    assert seconds(3_333) < 40 * max(seconds(333), 0.005)


def test_a_graph_that_grows_is_walked_once():
    found = {}
    root = x
    visited = 0
    for _ in range(300):
        before = len(found)
        root = apply("tanh", root + y)
        shapes_of(root, {"x": (3,), "y": (3,)}, found)
        visited += len(found) - before
    assert found[root] == (3,)
    assert visited == len(found) == 602


def test_composites_keep_their_own_node():
    inner = apply("softmax", name("W") @ x)
    root = apply("cross_entropy", inner, y)
    found = shapes_of(root, {"W": (3, 2), "x": (2,), "y": (3,)})
    assert found[root] == ()
    assert found[inner] == (3,)
    assert len(found) == 6


def test_words_and_constants():
    assert shape(words("fine-tuning"), {}) == ()
    assert shape(const(["1", "2"]), {}) == (2,)
    assert shape(const("0.5"), {}) == ()


def test_numbers_alone_do_not_load_sympy():
    program = (
        "import sys\n"
        "from workings.algebra.expression import apply\n"
        "from workings.algebra.shape import shape\n"
        "from workings.algebra.count import count\n"
        "layer = apply('convolution', 'x', 'k', 'b', kernel=(3, 3))\n"
        "given = {'x': (3, 9, 9), 'k': (4, 3, 3, 3), 'b': (4,)}\n"
        "print(shape(layer, given), count(layer, given).macs)\n"
        "print([m for m in ('sympy', 'flint', 'torch') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # 4 · 7 · 7 outputs of 27 products
    assert done.stdout.split("\n")[:2] == ["(4, 7, 7) 5292", "[]"]
