"""Gradients through a linear layer: in letters against the textbook's form, and a hand calculation."""

from __future__ import annotations

import numpy as np
import pytest

from workings.algebra.evaluate import evaluate
from workings.algebra.parse import parse
from workings.algebra.shape import shapes_of
from workings.algebra.show import text
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.solution import solve


def printed(found, name):
    step = found.working[name]
    ranks = {node: len(shape) for node, shape in shapes_of(step.expr, found.working.shapes).items()}
    return text(step.expr, ranks=ranks)


# Goodfellow, Bengio & Courville (2016), §6.5; the examination's 1(b), transposed as the layout has it
FORMULAS = {
    ("y = W^T x + b", "none"): ("(d-y)^T (d-y)", "-2x(d-y)^T"),
    ("y = W x + b", "none"): ("(d-y)^T (d-y)", "-2(d-y)x^T"),
    ("y = W^T x + b", "l2"): ("(d-y)^T (d-y) + beta ||W||^2", "-2x(d-y)^T + 2 beta W"),
    ("y = W x + b", "l2"): ("(d-y)^T (d-y) + beta ||W||^2", "-2(d-y)x^T + 2 beta W"),
}


@pytest.mark.parametrize(("case", "formulas"), FORMULAS.items())
def test_the_formulas_are_the_textbooks(case, formulas):
    layout, penalty = case
    found = solve("linear_gradients", n="n", K="K", layout=layout, penalty=penalty)
    noise = np.random.default_rng(0)
    shapes = {
        "x": (4,),
        "W": (4, 3) if "^T" in layout else (3, 4),
        "b": (3,),
        "d": (3,),
        "y": (3,),
        "beta": (),
    }
    values = {name: noise.normal(size=shape) for name, shape in shapes.items()}
    ranks = {name: len(shape) for name, shape in shapes.items()}
    for name, formula in zip(
        ("J", "grad_W", "grad_y", "grad_b"), (*formulas, "-2(d-y)", "-2(d-y)"), strict=True
    ):
        expected = evaluate(parse(formula, ranks=ranks), values, Float64())
        np.testing.assert_allclose(
            evaluate(found.working[name].expr, values, Float64()), expected, rtol=1e-12
        )


def test_the_gradient_is_printed_in_the_stated_layout():
    assert printed(solve("linear_gradients"), "grad_W") == "−2 · x (d − y)ᵀ"
    assert printed(solve("linear_gradients", layout="Wx + b"), "grad_W") == "−2 · (d − y) xᵀ"


def test_the_gradient_has_the_shape_of_the_weights():
    for layout in ("W^T x + b", "y = W x + b"):
        shapes = solve("linear_gradients", n="n", K="K", layout=layout).working.shapes
        assert shapes["grad_W"] == shapes["W"]


def test_numbers_by_hand():
    # y = (1 + 6 + 1, 2 + 8 + 1) = (8, 11); J = 64 + 121; -2(d - y) = (16, 22); x (16, 22)ᵀ
    given = {"x": [1, 2], "W": [[1, 2], [3, 4]], "b": [1, 1], "d": [0, 0]}
    found = solve("linear_gradients", given)
    assert (found["y"].tolist(), found["J"]) == ([8, 11], 185)
    assert found["grad_W"].tolist() == [[16, 22], [32, 44]]
    assert found["grad_b"].tolist() == [16, 22]
    # ‖W‖² = 30
    regularised = solve("linear_gradients", given, penalty="l2", beta="1/2")
    assert regularised["J"] == 200
    assert regularised["grad_W"].tolist() == [[17, 24], [35, 48]]
    assert regularised["grad_b"].tolist() == [16, 22]


REFUSED = [
    ({"layout": "xW"}, "layout: found 'xW'; accepted: y = W^T x + b, y = W x + b"),
    ({"x": [1, 2], "n": 3}, "x: found 2 numbers for n = 3; accepted: 3, as y = W^T x + b has it"),
    (
        {"x": [1, 2], "W": [[1], [2], [3]]},
        "W: found 3 rows for n = 2; accepted: 2, as y = W^T x + b has it",
    ),
    ({"beta": "0.1"}, "beta: a penalty's weight without a penalty; accepted: beta with penalty: l2"),
    ({"K": "d"}, "K: the letter 'd', which names a quantity of the answer; accepted: another letter"),
    (
        {"x": [1] * 100, "d": [1]},
        "W: W as 100 letters beside numbers; accepted: numbers, or at most 64 letters",
    ),
    ({"K": 0}, "K: found 0; accepted: a size, a formula in letters, a whole number from 1 to 10^15"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        solve("linear_gradients", given)
    assert str(caught.value) == message


def test_sizes_of_a_million_cost_nothing_in_letters():
    assert printed(solve("linear_gradients", n=10**6, K=10**6), "grad_b") == "−2 · (d − y)"
