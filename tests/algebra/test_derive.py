"""Derived gradients against torch's autograd and central differences, and as a person would write them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch
from algebra.operations import CASES, Case
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.algebra.derive import ROWS, SLOPES, gradients, slope
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import (
    PRIMITIVES,
    Expr,
    apply,
    const,
    element,
    exp,
    log,
    name,
    outer,
    stack,
    summation,
    total,
    where,
)
from workings.algebra.shape import shape, shapes_of
from workings.algebra.show import text
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.marking import torch_twin

STEPS = {"floor", "ceil", "sign", "less", "at_most", "equal", "step", "argsort", "extent", "between"}
"""Operations whose gradient is 0 wherever they have one."""

STEP = 1e-6
X, Y, W = name("x"), name("y"), name("w")


def weighted(root: Expr, extents) -> Expr:
    """A cost Σ c ⊙ root with weights that tell the entries apart."""
    count = int(np.prod(extents))
    weights = np.array([(5 * i) % 7 - 2.5 for i in range(count)]).reshape(extents)
    return total(const(weights.tolist()) * root) if extents else const("-1.5") * root


def derived(root: Expr, values, wrt):
    """Our gradients as numbers; zeros for what the cost does not depend on."""
    shapes = {label: np.shape(value) for label, value in values.items()}
    found = gradients(root, const(1), wrt, shapes)
    for label, gradient in found.items():
        assert shape(gradient, shapes) == shapes[label], f"the gradient of {label} has its shape"
    return {
        label: evaluate(found[label], values, Float64()) if label in found else np.zeros(shapes[label])
        for label in wrt
    }


def autograd(root: Expr, values, wrt):
    tensors = {
        label: torch.tensor(value, dtype=torch.float64, requires_grad=label in wrt)
        for label, value in values.items()
    }
    cost = torch_twin.evaluate(root, tensors)
    if not cost.requires_grad:
        return {label: np.zeros(np.shape(values[label])) for label in wrt}
    found = torch.autograd.grad(
        cost, [tensors[label] for label in wrt], allow_unused=True, materialize_grads=True
    )
    return {label: gradient.numpy() for label, gradient in zip(wrt, found, strict=True)}


def differences(root: Expr, values, wrt):
    """(J(x + h) - J(x - h)) / 2h, entry by entry."""
    found = {}
    for label in wrt:
        base = np.asarray(values[label], dtype=float)
        result = np.zeros(base.shape)
        for index in np.ndindex(base.shape):
            costs = []
            for move in (STEP, -STEP):
                moved = base.copy()
                moved[index] += move
                costs.append(float(evaluate(root, {**values, label: moved[()]}, Float64())))
            result[index] = (costs[0] - costs[1]) / (2 * STEP)
        found[label] = result
    return found


def assert_gradients(root: Expr, values, wrt=None):
    values = {label: np.asarray(value, dtype=float)[()] for label, value in values.items()}
    wrt = sorted(values) if wrt is None else wrt
    ours = derived(root, values, wrt)
    theirs, numeric = autograd(root, values, wrt), differences(root, values, wrt)
    for label in wrt:
        np.testing.assert_allclose(ours[label], theirs[label], rtol=1e-10, atol=1e-12, err_msg=label)
        np.testing.assert_allclose(ours[label], numeric[label], rtol=1e-6, atol=1e-7, err_msg=label)


# Every operation --------------------------------------------------------------------------------------------

NOT_SMOOTH = {
    "xlogy": {"a0"},  # log 0
    "power": {"a1"},  # the logarithm of a negative base
    "interpolated": {"a1"},  # a step at each recall
}
"""Arguments by which a case has no gradient."""
SMOOTH = [case for case in CASES if case.op not in STEPS]


@pytest.mark.parametrize("case", SMOOTH, ids=map(str, SMOOTH))
def test_operation(case: Case):
    values = {
        label: np.array(value, dtype=float) for label, value in zip(case.names, case.arguments, strict=True)
    }
    without = {case.names[i] for i in case.whole} | NOT_SMOOTH.get(case.op, set())
    wrt = [label for label in case.names if label not in without]
    if case.op == "xlogy":
        values["a1"] = np.abs(values["a1"]) + 0.5
    extents = shape(case.expr, {label: value.shape for label, value in values.items()})
    assert_gradients(weighted(case.expr, extents), values, wrt)


@pytest.mark.parametrize("case", [c for c in CASES if c.op in STEPS], ids=str)
def test_a_step_passes_no_gradient_on(case: Case):
    values = {
        label: np.array(value, dtype=float) for label, value in zip(case.names, case.arguments, strict=True)
    }
    extents = shape(case.expr, {label: value.shape for label, value in values.items()})
    ours = derived(weighted(case.expr, extents), values, case.names)
    theirs = autograd(weighted(case.expr, extents), values, case.names)
    assert all((ours[label] == 0).all() and (theirs[label] == 0).all() for label in case.names)


def test_every_primitive_has_a_row():
    assert set(PRIMITIVES) - set(ROWS) == {"name", "summation"}  # these two are the pass itself


# Shapes, broadcasting, reuse --------------------------------------------------------------------------------

V3, V4, M34, S = [0.5, -1.25, 2], [1, -0.5, 0.25, 2], np.arange(12).reshape(3, 4) / 4 - 1, 1.5


@pytest.mark.parametrize(
    ("root", "values"),
    [
        (X * Y, {"x": S, "y": -0.5}),
        (total(X * Y), {"x": V3, "y": S}),
        (total(X * Y), {"x": S, "y": M34}),
        (total(X * Y), {"x": V4, "y": M34}),
        (total(apply("reshape", X, shape=(3, 1)) * Y), {"x": V3, "y": V4}),
        (total(Y * apply("reshape", X, shape=(3, 1)) * W), {"x": V3, "y": V4, "w": S}),
        (total(apply("reshape", X, shape=(3, 1)) + Y), {"x": V3, "y": V4}),
        (total((X - Y) ** 2), {"x": V4, "y": M34}),
        (total(X / Y), {"x": V3, "y": S}),
        (total(X / (2 + Y**2)), {"x": S, "y": M34}),
        (total(apply("maximum", X, Y)), {"x": V4, "y": M34}),
        (total(apply("minimum", X, Y)), {"x": 0.3, "y": V4}),
        (total(where(apply("less", 0, X), X * Y, Y)), {"x": V4, "y": S}),
        (total(where(apply("less", 0, X), Y, X)), {"x": M34 - 0.1, "y": 2}),
        (total(apply("xlogy", X, Y)), {"x": [0, 1, 0.5], "y": [0.5, 2, 3]}),
        (total(apply("xlogy", X, Y)), {"x": [0, 1, 0.5], "y": 3}),
        (total((2 + X**2) ** Y), {"x": V3, "y": V3}),
        (total((2 + X**2) ** Y), {"x": V3, "y": S}),
        (total(2**X), {"x": V3}),
        (X @ Y, {"x": V3, "y": [1, 2, -3]}),
        (total(X @ Y), {"x": V3, "y": M34}),
        (total(Y @ X), {"x": V4, "y": M34}),
        (total(apply("tanh", Y.T @ X)), {"x": V3, "y": M34}),
        (total(X @ Y.T), {"x": M34, "y": M34 + 1}),
        (total(exp(X @ Y)), {"x": np.stack([M34, M34 / 2]), "y": M34.T / 4}),
        (total(exp(X @ Y)), {"x": M34 / 4, "y": np.stack([M34.T, -M34.T]) / 2}),
        (total(outer(X, Y) ** 2), {"x": V3, "y": V4}),
        (total(apply("mean", X, axis=0) ** 2), {"x": M34}),
        (total(apply("mean", X, axis=1) ** 2), {"x": M34}),
        (total(apply("variance", X, axis=1, keepdims=True)), {"x": M34}),
        (total(total(X, 1) * Y), {"x": np.stack([M34, -M34]), "y": V4}),
        (total(total(X, 1) * 3), {"x": np.stack([M34, -M34])}),
        (total(apply("broadcast", X, shape=(3, 4)) * Y), {"x": V4, "y": M34}),
        (total(element(X, 2) * Y), {"x": M34, "y": S}),
        (total(element(X, 2)), {"x": M34}),
        (total(stack([X, Y, X * Y]) ** 2), {"x": S, "y": -0.5}),
        (total(stack([X, Y], axis=1) @ const([1, -2])), {"x": V3, "y": [0, 1, 1]}),
        (total(apply("concat", X, Y, axis=0) ** 2), {"x": V3, "y": S}),
        (total(X[::-1] * X), {"x": V4}),
        (total(apply("rotate_180", X) * Y), {"x": M34, "y": M34**2}),
        (summation(element(X, "k") * Y ** name("k"), "k", 1, 3), {"x": V3, "y": S}),
        (summation(summation(element(X, "k", "j") * Y, "k", 1, 3), "j", 1, 4) ** 2, {"x": M34, "y": S}),
        (apply("binary_cross_entropy", apply("sigmoid", X), Y), {"x": V3, "y": [0, 1, 0.25]}),
        (apply("binary_cross_entropy", apply("sigmoid", X), Y), {"x": S, "y": 0.25}),
        (apply("binary_cross_entropy", X, Y), {"x": [0.2, 0.5, 0.9], "y": 0.25}),
        (apply("binary_cross_entropy", X, Y), {"x": 0.2, "y": [0.25, 1, 0]}),
        (apply("cross_entropy", apply("softmax", X), Y), {"x": V3, "y": [0.5, 2, 0.25]}),
        (apply("cross_entropy", apply("softmax", X), Y, distribution=True), {"x": V3, "y": [0, 1, 0]}),
        (apply("squared_error", X, Y), {"x": V3, "y": S}),
        (apply("squared_error", X, Y), {"x": S, "y": V3}),
    ],
    ids=lambda part: text(part) if isinstance(part, Expr) else "",
)
def test_shapes_and_broadcasting(root, values):
    only = ["x"] if "distribution" in repr(dict(root.attrs)) else None  # p - d holds for Σ d = 1 alone
    assert_gradients(root, values, only)


@pytest.mark.parametrize(
    ("root", "values"),
    [
        (X * X * X, {"x": S}),
        (X * exp(X) + log(X**2 + 1) * X, {"x": S}),
        (total(apply("tanh", W @ X) * (W @ X)), {"x": V4, "w": M34}),
        (total(apply("softmax", X) * X), {"x": V3}),
        (X @ ((W @ W) @ X), {"x": V3, "w": M34[:, :3]}),
    ],
    ids=lambda part: text(part) if isinstance(part, Expr) else "",
)
def test_a_value_used_twice_gets_the_sum(root, values):
    assert_gradients(root, values)


def test_a_shared_node_is_walked_once():
    """y = x doubled 60 times: 2^60 paths, 60 nodes."""
    root = X
    for _ in range(60):
        root = root + root
    found = gradients(root, const(1), ["x"], {"x": ()})
    assert evaluate(found["x"], {"x": 1.0}, Float64()) == 2**60


# As a person writes it --------------------------------------------------------------------------------------


def written(root: Expr, wrt: str, **shapes) -> str:
    gradient = gradients(root, const(1), [wrt], shapes)[wrt]
    return text(gradient, ranks={node: len(extents) for node, extents in shapes_of(gradient, shapes).items()})


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (X + 3, "1"),
        (5 - X, "−1"),
        (X * X, "x + x"),
        (X**2, "2 · x"),
        (X**3, "3 · x^2"),
        (3 * X, "3"),
        (-X / 4, "−1/4"),
        (4 / X, "−4/x^2"),
        (exp(X), "exp(x)"),
        (log(X), "1/x"),
        (apply("tanh", X), "1 − tanh(x)^2"),
        (apply("sigmoid", X), "sigmoid(x) · (1 − sigmoid(x))"),
        (apply("sqrt", X), "1/(2 · sqrt(x))"),
        (apply("sin", X), "cos(x)"),
        (apply("cos", X), "−sin(x)"),
        (apply("relu", X), "step(x)"),
        (apply("squared_error", X, name("d")), "−2 · (d − x)"),
        (apply("binary_cross_entropy", apply("sigmoid", X), name("d")), "sigmoid(x) − d"),
    ],
    ids=str,
)
def test_scalars(root, expected):
    assert written(root, "x", x=(), d=()) == expected


def test_softmax_with_cross_entropy_is_p_minus_d():
    root = apply("cross_entropy", apply("softmax", name("z")), name("d"), distribution=True)
    assert written(root, "z", z=(3,), d=(3,)) == "softmax(z) − d"


def test_a_target_that_is_no_distribution_gets_the_whole_rule():
    """-Σ d log softmax(z) has the gradient p Σ d - d, which p - d is for Σ d = 1 only."""
    root = apply("cross_entropy", apply("softmax", name("z")), name("d"))
    assert written(root, "z", z=(3,), d=(3,)) != "softmax(z) − d"
    assert_gradients(root, {"z": V3, "d": [0.5, 0, 2]})


def test_least_squares():
    """∇_x (d - Wᵀx)ᵀ(d - Wᵀx) = W · (-2 (d - Wᵀx)), ∇_W = x · (-2 (d - Wᵀx))ᵀ."""
    root = apply("squared_error", W.T @ X, name("d"))
    shapes = {"w": (4, 3), "x": (4,), "d": (3,)}
    assert written(root, "x", **shapes) == "−2 · w (d − wᵀ x)"
    assert written(root, "w", **shapes) == "−2 · x (d − wᵀ x)ᵀ"


# Letters for sizes ------------------------------------------------------------------------------------------


def test_sizes_in_letters():
    n, k = sympy.symbols("n K", integer=True, positive=True)
    shapes = {"w": (n, k), "x": (n,), "d": (k,)}
    found = gradients(apply("squared_error", W.T @ X, name("d")), const(1), ["w", "x"], shapes)
    assert shape(found["w"], shapes) == (n, k)
    assert shape(found["x"], shapes) == (n,)


# Laws -------------------------------------------------------------------------------------------------------

MATRIX = const([["0.5", "-1", "0.25"], ["1", "0.75", "-0.5"], ["-0.25", "0.5", "1.5"]])


def functions() -> st.SearchStrategy[Expr]:
    """Smooth functions of a vector x of three, to a scalar."""
    vectors = st.recursive(
        st.sampled_from([X, MATRIX @ X, const(["0.5", "-1", "2"])]),
        lambda inner: st.one_of(
            st.builds(
                apply, st.sampled_from(["tanh", "sigmoid", "softplus", "softmax", "sin", "neg"]), inner
            ),
            st.builds(lambda a, b: a * b, inner, inner),
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: a - b, inner, inner),
            st.builds(lambda a, b: a / (1 + b**2), inner, inner),
            st.builds(lambda a: MATRIX @ a, inner),
        ),
        max_leaves=6,
    )
    return st.builds(lambda a, b: a @ b, vectors, vectors)


COEFFICIENTS = st.integers(-30, 30).map(lambda tenths: const(f"{tenths / 10:.1f}"))
POINTS = st.lists(st.integers(-20, 20).map(lambda tenths: tenths / 10), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(functions(), functions(), COEFFICIENTS, COEFFICIENTS, POINTS)
def test_the_gradient_is_linear(f, g, a, b, point):
    """∇(a f + b g) = a ∇f + b ∇g."""
    values = {"x": np.array(point)}
    both = derived(a * f + b * g, values, ["x"])["x"]
    apart = [derived(part, values, ["x"])["x"] for part in (f, g)]
    factors = [float(part.attrs["value"]) for part in (a, b)]
    scale = max(1.0, *(float(np.max(np.abs(part))) for part in apart))
    np.testing.assert_allclose(both, factors[0] * apart[0] + factors[1] * apart[1], rtol=0, atol=1e-9 * scale)


@settings(max_examples=60, deadline=None)
@given(functions(), POINTS)
def test_random_functions_against_autograd(f, point):
    values = {"x": np.array(point)}
    ours, theirs = derived(f, values, ["x"])["x"], autograd(f, values, ["x"])["x"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * max(1.0, float(np.max(np.abs(theirs)))))


# What has no gradient ---------------------------------------------------------------------------------------


def test_depth_is_bounded_by_memory_alone():
    root = X
    for _ in range(20_000):
        root = root + 1
    assert text(gradients(root, const(1), ["x"], {"x": ()})["x"]) == "1"


@pytest.mark.parametrize(
    ("root", "shapes", "message"),
    [
        (
            total(X @ Y),
            {"x": (2, 3, 4), "y": (4,)},
            "the gradient of a stack of matrices times a vector; accepted: a matrix of one column",
        ),
        (
            total(outer(X, Y)),
            {"x": (2, 2), "y": (3,)},
            "the gradient of an outer product of matrices; accepted: vectors",
        ),
        (
            element(X, name("k"), 2),
            {"x": (2, sympy.Symbol("n", integer=True, positive=True)), "k": ()},
            "the gradient of a matrix of letter sizes by its subscripts; accepted: sizes in numbers",
        ),
        (
            total(apply("concat", X, Y, axis=0)),
            {"x": (sympy.Symbol("n", integer=True, positive=True),), "y": (2,)},
            "the gradient of a concatenation of letter sizes; accepted: sizes in numbers",
        ),
    ],
    ids=["stack", "outer", "subscript", "concat"],
)
def test_refusals(root, shapes, message):
    with pytest.raises(InputError) as refused:
        gradients(root, const(1), ["x"], shapes)
    assert str(refused.value) == message


@pytest.mark.parametrize("function", sorted(SLOPES))
def test_slope_of_every_activation(function):
    """f′ at u, written with u and h = f(u), against autograd."""
    u = torch.tensor([0.3, 1.7], dtype=torch.float64, requires_grad=True)
    h = torch_twin.evaluate(apply(function, "u"), {"u": u})
    expected = torch.autograd.grad(h.sum(), u)[0].numpy()
    values = {"u": u.detach().numpy(), "h": h.detach().numpy()}
    found = np.broadcast_to(evaluate(slope(function, "u", "h"), values, Float64()), (2,))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_slopes_are_written_with_the_output_where_that_is_shorter():
    assert [text(slope(f, "u", "h")) for f in ("tanh", "sigmoid", "exp", "relu", "identity")] == [
        "1 − h^2",
        "h · (1 − h)",
        "h",
        "step(u)",
        "1",
    ]


def test_no_slope():
    with pytest.raises(
        InputError, match=r"^no slope for 'softmax'; accepted: absolute, cos, exp, log, relu, "
    ):
        slope("softmax", "u", "h")
