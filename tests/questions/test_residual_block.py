"""A residual block by hand, and what is refused."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def block(**given):
    return solve("residual_block", {"x": [2, -2], **given})


def test_a_block_by_hand():
    # W_1 x = (0.5, -3), relu (0.5, 0), F = W_2 (0.5, 0) = (0.5, 0), H = F + x
    weights = [[["0.5", "0.25"], ["-1.0", "0.5"]], [["1.0", "0.5"], ["0.0", "-0.5"]]]
    found = block(weights=weights)
    assert (found["F"].tolist(), found["H"].tolist()) == ([0.5, 0], [2.5, -2])
    # W_2ᵀ(1, 1) = (1, 0), past relu' = (1, 0), W_1ᵀ(1, 0) = (0.5, 0.25); the skip passes (1, 1) on
    assert found["grad_x_F"].tolist() == [0.5, 0.25]
    assert found["grad_x_skip"].tolist() == [1, 1]
    assert found["grad_x"].tolist() == [1.5, 1.25]


def test_a_block_that_learnt_nothing_is_the_identity():
    found = block(weights=[[[0, 0], [0, 0]]], grad_output=[3, 5])
    assert found["H"].tolist() == [2, -2]
    assert found["grad_x"].tolist() == [3, 5]


def test_relu_behind_the_sum_gates_both_paths():
    found = block(weights=[[[1, 0], [0, 1]]], after="relu")
    assert found["y"].tolist() == [4, 0]
    assert found["grad_H"].tolist() == [1, 0]
    assert found["grad_x"].tolist() == [2, 0]


def test_a_projection_changes_the_size_of_the_skip():
    # F = (1, 1)·(2, -2) = 0, W_s x = 3·2 + 2 = 8
    found = block(weights=[[[1, 1]]], projection=[[3, -1]])
    assert found["H"].tolist() == [8]
    assert found["grad_x"].tolist() == [4, 0]


REFUSED = [
    (
        {"weights": [[[1, 2, 3]]]},
        "weights[0]: a matrix of 3 columns for 2 numbers; accepted: 2 columns (W x)",
    ),
    (
        {"weights": [[[1, 2]]]},
        "weights: F gives 1 numbers for an input of 2; accepted: as many, or a projection of 1 × 2",
    ),
    ({"weights": [[[1, 2]]], "projection": [[1], [2]]}, "projection: a projection of 2 × 1; accepted: 1 × 2"),
    (
        {"weights": [[[1, 2], [3, 4]]], "biases": [[1]]},
        "biases: biases that do not fit the matrices; accepted: one list a matrix, one number a row",
    ),
    ({"weights": [[1, 2]]}, "weights[0]: found a list of numbers; accepted: a list of rows of numbers"),
    ({"weights": []}, "weights: found 0 entries; accepted: at least 1"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        block(**given)
    assert str(caught.value) == message
