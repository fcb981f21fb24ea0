"""One step of gradient descent: the examination's network and its printed key, by hand, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from workings.errors import InputError
from workings.solution import solve

NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 0,
    "weights": [
        [["3.2", "-2.4", "-2.1"], ["-1.2", "-1.4", "2.6"]],
        [["3.0", "0.0"], ["-2.4", "-4.2"], ["-3.0", "2.5"]],
        ["2.0", "-1.0"],
    ],
    "biases": "0.5",
    "activations": ["tanh", "tanh", "sigmoid"],
    "loss": "binary_cross_entropy",
}
"""Question 2 of the examination; its figure shows these weights."""


def rounded(found, name, decimals=2):
    return np.round(np.asarray(found[name], dtype=float), decimals).tolist()


def test_exact_values_of_the_examination():
    found = solve("sgd_step", NETWORK)
    assert found["u_1"].tolist() == [1.3, -4.7, 3.6]
    # the key's figures, corrected where rounding on the way had moved their second decimal
    expected = {
        "h_1": [0.86, -1.0, 1.0],
        "u_2": [2.49, 7.2],
        "h_2": [0.99, 1.0],
        "u_3": 1.47,
        "y": 0.81,
        "J": 1.68,
        "df_1": [0.26, 0.0, 0.0],
        "df_2": [0.03, 0.0],
        "grad_u_3": 0.81,
        "grad_u_2": [0.04, 0.0],
        "grad_u_1": [0.03, 0.0, 0.0],
        "grad_W_3": [0.80, 0.81],
        "grad_b_3": 0.81,
        "grad_W_2": [[0.04, 0.0], [-0.04, 0.0], [0.04, 0.0]],
        "grad_W_1": [[0.03, 0.0, 0.0], [0.07, 0.0, 0.0]],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(rounded(found, name), value, atol=1e-12, err_msg=name)


def test_a_two_decimal_hand_calculation_reproduces_the_printed_key():
    found = solve("sgd_step", NETWORK, decimals=2, rounding="steps")
    expected = {
        "h_1": [0.86, -1.0, 1.0],
        "u_2": [2.48, 7.2],
        "h_2": [0.99, 1.0],
        "u_3": 1.48,
        "y": 0.81,
        "J": 1.66,
        "df_1": [0.26, 0.0, 0.0],
        "df_2": [0.02, 0.0],
        "grad_u_3": 0.81,
        "grad_u_2": [0.03, 0.0],
        "grad_W_3": [0.80, 0.81],
        "grad_W_2": [[0.03, 0.0], [-0.03, 0.0], [0.03, 0.0]],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(np.asarray(found[name], dtype=float), value, atol=1e-12, err_msg=name)


def test_one_neuron_by_hand():
    # u = 2·3 + 1 = 7, J = (5 - 7)² = 4, ∇u = 4, ∇w = 8·... : -2(d - y) = 4, times x = 2 gives 8
    given = {"x": [2], "target": 5, "weights": [[3]], "biases": 1, "activations": ["identity"]}
    found = solve("sgd_step", given, learning_rate="0.1")
    assert (found["u_1"], found["J"], found["grad_u_1"]) == (7, 4, 4)
    assert found["grad_W_1"].tolist() == [8]
    assert (found["new_W_1"].tolist(), found["new_b_1"]) == ([2.2], 0.6)
    assert found["J_after"] == 0  # 2.2·2 + 0.6 = 5


REFUSED = [
    ({"activations": ["tanh"]}, "activations: 1 activations for 3 layers; accepted: one a layer"),
    ({"x": [1]}, "weights[0]: a matrix of 2 rows for 1 inputs; accepted: 1 rows (inputs × outputs)"),
    (
        {"activations": ["tanh", "tanh", "tanh"]},
        "activations: binary_cross_entropy of a tanh output; accepted: sigmoid",
    ),
    ({"target": 2}, "target: a target outside 0 to 1; accepted: a class 0 or 1, or a probability"),
    (
        {"activations": ["tanh", "tanh", "softmax"], "loss": "squared"},
        "activations: softmax of one output; accepted: two outputs or more, or sigmoid",
    ),
    ({"biases": [1, 2]}, "biases: 2 biases for 3 layers; accepted: one a layer"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InputError) as caught:
        solve("sgd_step", {**NETWORK, **change})
    assert str(caught.value) == message
