"""Elman networks by hand, and the gradients that the weights collect over time."""

from __future__ import annotations

import numpy as np
import pytest
from questions.printed import formula

from workings.errors import InputError
from workings.solution import solve

LINEAR = {"U": 2, "W": 3, "V": 1, "activations": ["identity", "identity"], "sequence": [1, 1]}


def test_states_and_outputs_of_a_linear_network_by_hand():
    solution = solve("elman_rnn", LINEAR)
    assert [solution[name] for name in ("h_1", "y_1", "h_2", "y_2")] == [2, 2, 8, 8]


def test_gradients_through_time_by_hand():
    """J = y_2² = 64: ∇s_2 = 16, ∇s_1 = 3·16; U meets x = 1 twice, W meets h_1 = 2 and h_0 = 0."""
    solution = solve("elman_rnn", LINEAR, targets=[0], gradients=True)
    expected = {
        "J": 64, "grad_o_2": 16, "grad_s_2": 16, "grad_s_1": 48, "grad_U": 64, "grad_W": 32, "grad_b": 64,
        "grad_V": 128, "grad_c": 16,
    }  # fmt: skip
    assert {name: solution[name] for name in expected} == expected


def test_losses_of_several_steps_add_up():
    """J = (2 - 1)² + (8 - 5)² = 10; ∇o_1 = 2 by the first loss alone, ∇s_1 = 2 + 3·6."""
    solution = solve("elman_rnn", LINEAR, targets=[1, 5], gradients=True)
    assert [solution[name] for name in ("J_1", "J_2", "J")] == [1, 9, 10]
    assert [solution[name] for name in ("grad_o_1", "grad_s_1", "grad_V")] == [2, 20, 2 * 2 + 6 * 8]


def test_the_gradient_of_a_shared_matrix_is_an_explicit_sum_over_time():
    solution = solve("elman_rnn", U=[[1, 0], [0, 1]], W=[[0, 1], [1, 0]], V=[1, 1], sequence=[[1, 2]] * 3,
                     targets=[0], gradients=True)  # fmt: skip
    assert formula(solution.working, "grad_U") == "x_3 ∇s_3ᵀ + x_2 ∇s_2ᵀ + x_1 ∇s_1ᵀ"


def test_without_v_only_the_states_are_worked_out():
    solution = solve("elman_rnn", U=[[1, 2]], W=[[0, 0], [0, 0]], sequence=["0.5"], activations=["relu"])
    assert solution["h_1"].tolist() == [0.5, 1]
    assert solution.ask == ("s_1", "h_1")


def test_a_thousand_steps_with_gradients():
    """Linear with U = V = 1, W = 1/2: y_T is the geometric sum 2 - 2^{1-T}."""
    solution = solve("elman_rnn", U=1, W="0.5", V=1, activations=["identity", "identity"],
                     sequence=[1] * 1000, targets=[0], gradients=True)  # fmt: skip
    assert float(solution["y_1000"]) == 2
    assert float(solution["y_3"]) == 1.75


def test_cross_entropy_of_a_softmax_output_gives_p_minus_d():
    """W = 0 and V = 0: y = (1/2, 1/2), whatever the input."""
    solution = solve("elman_rnn", U=[[1]], W=[[0]], V=[[0, 0]], sequence=[[3]], targets=[[0, 1]],
                     activations=["tanh", "softmax"], loss="cross_entropy", gradients=True)  # fmt: skip
    assert np.asarray(solution["grad_o_1"], dtype=float).tolist() == [0.5, -0.5]
    assert float(solution["J"]) == pytest.approx(np.log(2), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"V": None, "targets": [1]}, "targets: targets without V; accepted: V, the matrix to the output"),
        ({"sequence": [1] * 1001}, "sequence: found 1001 time steps; accepted: at most 1000"),
        ({"sequence": []}, "sequence: found an empty list"),
        ({"W": "1e9999"}, "W: found '1e9999', an exponent beyond ±400"),
        (
            {"targets": [1], "loss": "cross_entropy"},
            "cross_entropy after identity; accepted: softmax or sigmoid",
        ),
        ({"weights": [[1]]}, "unknown field 'weights'; accepted: U, V, W"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        solve("elman_rnn", {**LINEAR, **change})
