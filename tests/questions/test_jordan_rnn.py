"""The examination's Jordan network against its printed key, and hand calculations."""

from __future__ import annotations

import numpy as np
import pytest
from questions.printed import formula

from workings.errors import InputError
from workings.solution import solve

EXAMINATION = {
    "U": [["0.2", "0.3"], ["0.8", "0.9"]],
    "W": [["2.0", "1.0"]],
    "V": [["0.2"], ["-0.2"]],
    "biases": "0.2",
    "activations": ["tanh", "sigmoid"],
    "sequence": [["1.5", "1.0"], ["-3.0", "2.0"]],
    "start": "1.0",
}
KEY = {
    "s_1": [3.30, 2.55],
    "h_1": [0.9973, 0.9879],
    "o_1": 0.2019,
    "y_1": 0.5503,
    "s_2": [2.3006, 1.6503],
    "h_2": [0.9801, 0.9289],
    "o_2": 0.2102,
    "y_2": 0.5524,
}


@pytest.mark.parametrize("rounding", ["end", "steps"])
def test_the_printed_key_of_the_examination(rounding):
    solution = solve("jordan_rnn", EXAMINATION, decimals=4, rounding=rounding)
    for name, printed in KEY.items():
        assert np.round(np.asarray(solution[name], dtype=float), 4).tolist() == printed, name


def test_one_output_may_be_written_as_lists_or_as_matrices_of_one_column():
    lists = solve("jordan_rnn", {**EXAMINATION, "W": ["2.0", "1.0"], "V": ["0.2", "-0.2"]})
    matrices = solve("jordan_rnn", EXAMINATION)
    assert lists["y_2"] == matrices["y_2"]
    assert np.shape(matrices["y_2"]) == ()


def test_the_plain_layout_takes_the_transposed_matrices():
    plain = {
        **EXAMINATION,
        "U": [["0.2", "0.8"], ["0.3", "0.9"]],
        "W": [["2.0"], ["1.0"]],
        "V": [["0.2", "-0.2"]],
        "layout": "plain",
    }
    assert solve("jordan_rnn", plain)["y_2"] == solve("jordan_rnn", EXAMINATION)["y_2"]


def test_the_output_is_fed_back_not_the_state():
    """By hand, all linear: y_1 = 3·(2·1 + 5·1) = 21, y_2 = 3·(2·1 + 5·21) = 321."""
    solution = solve(
        "jordan_rnn", U=2, W=5, V=3, activations=["identity", "identity"], sequence=[1, 1], start=1
    )
    assert (solution["y_1"], solution["y_2"]) == (21, 321)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": [1, 2]}, "start: found a list of 2; accepted: one number"),
        ({"W": [["1"]]}, "W: found 1 rows of 1; accepted: 1 rows of 2"),
        ({"biases": ["0.2"]}, "biases: found 1 biases; accepted: one number, or b and c"),
        ({"gradients": True}, "gradients: gradients without targets; accepted: targets"),
        ({"targets": [[1, 0]]}, r"targets\[0\]: found a list of 2; accepted: one number, as the output"),
        ({"targets": [1, 2, 3]}, "targets: 3 targets for 2 steps; accepted: one a step, or one for the last"),
        ({"sequence": [[1, 2, 3]]}, "U: found 2 rows of 2; accepted: 3 rows of 2"),
        ({"activations": ["softmax", "sigmoid"]}, "activations: softmax in the hidden layer"),
        ({"sequence": [[0, "nan"]]}, r"sequence\[0\]\[1\]: found 'nan'"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        solve("jordan_rnn", {**EXAMINATION, **change})


def test_the_gradient_of_a_lone_output_that_is_fed_back_is_an_inner_product():
    """y_1 meets its own loss, and all hidden neurons of step 2 through W: ∇s_2ᵀ W, not a sum spelt out."""
    given = {**EXAMINATION, "targets": [1, 0], "loss": "binary_cross_entropy", "gradients": True}
    working = solve("jordan_rnn", given).working
    assert formula(working, "grad_y_1").endswith(" + ∇s_2ᵀ W")
