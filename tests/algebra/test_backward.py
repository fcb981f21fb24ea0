"""Gradients through named steps: which lines are written, in which words, and in what time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from workings.algebra.expression import apply, const, total
from workings.algebra.shape import shapes_of
from workings.algebra.show import text
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.working import Draft, Working


def lines(working: Working) -> list[str]:
    """The gradient and slope steps as text."""
    found = []
    for step in working:
        if step.name.startswith(("grad_", "df_")):
            shapes = shapes_of(step.expr, working.shapes)
            ranks = {node: len(extents) for node, extents in shapes.items()}
            found.append(f"{step.name} = {text(step.expr, ranks=ranks)}")
    return found


def dense(loss: str, activation: str | None, outputs: int = 3, **attrs) -> Draft:
    """x (2) → u = Wᵀx + b (outputs) → y → J."""
    draft = Draft()
    shape = (outputs,) if outputs > 1 else ()
    x = draft.given("x", np.array([0.5, -1.0]))
    d = draft.given("d", np.arange(outputs) * 0.25 if shape else 1)
    w = draft.given("W", np.linspace(-1, 1, 2 * outputs).reshape(2, *shape))
    b = draft.given("b", np.full(shape, 0.5) if shape else 1)
    u = draft.step("u", w.T @ x + b)
    y = draft.step("y", apply(activation, u) if activation else u)
    draft.step("J", apply(loss, y, d, **attrs))
    return draft


def test_softmax_and_cross_entropy_become_p_minus_d():
    draft = dense("cross_entropy", "softmax", distribution=True)
    draft.backward("J", ["u", "W", "b"])
    assert lines(draft.done()) == ["grad_u = y − d", "grad_W = x ∇uᵀ", "grad_b = ∇u"]


def test_sigmoid_and_binary_cross_entropy_become_y_minus_d():
    draft = dense("binary_cross_entropy", "sigmoid", outputs=1)
    draft.backward("J", ["u", "W", "b"])
    assert lines(draft.done()) == ["grad_u = y − d", "grad_W = ∇u · x", "grad_b = ∇u"]


def test_they_stay_apart_where_the_output_has_a_gradient_of_its_own():
    draft = dense("binary_cross_entropy", "sigmoid", outputs=1)
    draft.backward("J", ["y", "u"])
    assert lines(draft.done()) == ["grad_y = (1 − d)/(1 − y) − d/y", "grad_u = ∇y · y · (1 − y)"]


def test_squared_error_of_a_linear_layer():
    draft = dense("squared_error", None)
    draft.backward("J", ["y", "W", "b"])
    assert lines(draft.done()) == ["grad_y = −2 · (d − y)", "grad_W = x ∇yᵀ", "grad_b = ∇y"]


def test_what_is_not_asked_for_is_written_into_the_next_line_where_it_is_short():
    draft = dense("squared_error", "tanh")
    draft.backward("J", ["b"])
    assert lines(draft.done()) == ["grad_b = (−2 · (d − y)) ⊙ (1 − y^2)"]


def test_and_is_a_line_of_its_own_where_it_is_used_twice():
    draft = dense("squared_error", "tanh")
    draft.backward("J", ["W", "b"])
    assert lines(draft.done()) == [
        "grad_u = (−2 · (d − y)) ⊙ (1 − y^2)",
        "grad_W = x ∇uᵀ",
        "grad_b = ∇u",
    ]


def test_slopes_are_lines_of_their_own():
    draft = dense("squared_error", "tanh")
    draft.backward("J", ["u", "W"], slopes={"y": "df_1"})
    assert lines(draft.done()) == [
        "df_1 = 1 − y^2",
        "grad_u = (−2 · (d − y)) ⊙ f′(u_1)",
        "grad_W = x ∇uᵀ",
    ]


def test_a_weight_that_is_used_again_and_again_gets_the_sum_written_out():
    """h_t = tanh(w h_{t-1} + x): backpropagation through three time steps."""
    draft = Draft()
    w, x, h = draft.given("w", "0.5"), draft.given("x", "0.25"), draft.given("h_0", 1)
    for t in (1, 2, 3):
        h = draft.step(f"h_{t}", apply("tanh", draft.step(f"u_{t}", w * h + x)))
    draft.step("J", h**2)
    draft.backward("J", ["u_3", "u_2", "u_1", "w", "x"])
    assert lines(draft.done()) == [
        "grad_u_3 = 2 · h_3 · (1 − h_3^2)",
        "grad_u_2 = ∇u_3 · w · (1 − h_2^2)",
        "grad_u_1 = ∇u_2 · w · (1 − h_1^2)",
        "grad_w = ∇u_3 · h_2 + ∇u_2 · h_1 + ∇u_1 · h_0",
        "grad_x = ∇u_3 + ∇u_2 + ∇u_1",
    ]


def test_tied_weights_get_the_sum():
    """y = Wᵀ W x: an autoencoder whose decoder is its encoder turned round."""
    draft = Draft()
    w, x = draft.given("W", np.array([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]])), draft.given("x", np.ones(3))
    h = draft.step("h", w @ x)
    y = draft.step("y", w.T @ h)
    draft.step("J", apply("squared_error", y, x))
    draft.backward("J", ["y", "W"])
    assert lines(draft.done()) == [
        "grad_y = −2 · (x − y)",
        "grad_W = h ∇yᵀ + W ∇y xᵀ",
    ]


def test_no_factor_of_one_comes_from_a_sum_of_losses():
    draft = Draft()
    a, b = draft.given("a", 2), draft.given("b", 3)
    first, second = draft.step("J_1", a**2), draft.step("J_2", (a * b) ** 2)
    draft.step("J", first + second)
    draft.backward("J", ["b", "a"])
    assert lines(draft.done()) == ["grad_b = 2 · a · b · a", "grad_a = 2 · a · b · b + 2 · a"]


def test_what_the_cost_does_not_depend_on():
    draft = Draft()
    draft.given("v", np.array([1.0, 2.0]))
    a = draft.given("a", 2)
    draft.step("J", a**2)
    draft.backward("J", ["a", "v"])
    working = draft.done()
    assert working["grad_v"].note == "J does not depend on it"
    assert working.shapes["grad_v"] == (2,)
    assert working.evaluate(Float64())["grad_v"].tolist() == [0, 0]


def test_the_cost_itself_and_what_comes_after_it():
    draft = Draft()
    a = draft.given("a", 3)
    cost = draft.step("J", a**2)
    draft.step("later", cost * a)
    draft.backward("J", ["J", "a"])
    assert lines(draft.done()) == ["grad_J = 1", "grad_a = ∇J · 2 · a"]


def test_a_vector_is_no_cost():
    draft = Draft()
    draft.step("J", draft.given("x", np.ones(3)) * 2)
    with pytest.raises(InputError) as refused:
        draft.backward("J", ["x"])
    assert str(refused.value) == "J has the shape (3,); accepted: a scalar cost"


def test_the_gradients_of_a_finished_working_are_the_same():
    draft = dense("squared_error", "tanh")
    appended = draft.done(["J"]).backward("J", ["W", "b"])
    draft.backward("J", ["W", "b"])
    assert lines(appended) == lines(draft.done())
    assert appended.ask == ("J",)


def test_a_scalar_spread_over_a_sum():
    """J = Σ w x_i: ∂J/∂w = Σ x_i; ∂J/∂x_i = w, as long as x."""
    draft = Draft()
    w, x = draft.given("w", 3), draft.given("x", np.array([1.0, 2.0, 4.0]))
    draft.step("J", total(w * x))
    draft.backward("J", ["w", "x"])
    values = draft.done().evaluate(Float64())
    assert values["grad_w"] == 7
    assert values["grad_x"].tolist() == [3, 3, 3]


# Ten thousand steps -----------------------------------------------------------------------------------------


def chain(length: int) -> Draft:
    """h_t = w h_{t-1} + 0 tanh(h_{t-1}), h_0 = 1: J = w^length, so ∂J/∂w = length at w = 1."""
    draft = Draft()
    w, h = draft.given("w", 1), draft.given("h_0", 1)
    for t in range(1, length + 1):
        h = draft.step(f"h_{t}", w * h + const(0) * apply("tanh", h))
    draft.step("J", h)
    return draft


def test_ten_thousand_steps():
    draft = chain(10_000)
    draft.backward("J", ["w"])
    values = draft.done().evaluate(Float64())
    assert values["J"] == 1
    assert values["grad_w"] == 10_000


def seconds(length: int) -> float:
    """Processor time of drawing up a chain and its gradients; the best of two: others use the machine."""
    found = []
    for _ in range(2):
        start = time.process_time()
        draft = chain(length)
        draft.backward("J", ["w"])
        draft.done()
        found.append(time.process_time() - start)
    return min(found)


def test_time_is_linear_in_the_number_of_steps():
    """Four times the steps: 4 where time is linear, 16 where it is quadratic."""
    assert seconds(4_000) / seconds(1_000) < 6.5
