"""Batch normalisation by hand, and what is refused."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def norm(batch, **given):
    return solve("batch_norm", batch=batch, **given)


def test_two_features_by_hand():
    # means 2 and 6, variances 1 and 4: every entry is ±1 standard deviation away
    found = norm([[1, 4], [3, 8]], gamma=[1, 2], beta=[0, 1], eps=0)
    assert (found["mean"].tolist(), found["var"].tolist()) == ([2, 6], [1, 4])
    assert found["normalised"].tolist() == [[-1, -1], [1, 1]]
    assert found["output"].tolist() == [[-1, -1], [1, 3]]
    # n/(n - 1) = 2; 0.9·0 + 0.1·mean and 0.9·1 + 0.1·(2, 8)
    assert found["var_unbiased"].tolist() == [2, 8]
    assert found["new_running_mean"].tolist() == [0.2, 0.6]
    assert found["new_running_var"].tolist() == [1.1, 1.7]


def test_evaluation_uses_what_was_kept_and_changes_nothing():
    found = norm([5], running_mean=3, running_var=4, eps=0, mode="evaluation")
    assert found["output"].tolist() == [1]
    assert found.ask == ("normalised", "output")


def test_the_gradient_of_a_shift_or_a_stretch_of_the_batch_is_zero():
    # neither changes the normalised batch, so no gradient points along (1, 1, 1) or along x - mean
    gradient = norm([1, 2, 6], eps=0, grad_output=["1", "-2", "0.5"])["grad_batch"]
    assert sum(gradient) == pytest.approx(0, abs=1e-15)
    assert gradient @ [-2, -1, 3] == pytest.approx(0, abs=1e-15)


REFUSED = [
    ({"batch": [[1, 2]]}, "batch: a batch of 1 example, which has no variance; accepted: 2 examples or more"),
    ({"batch": [[1, 2], [3, 4]], "gamma": [1]}, "gamma: 1 numbers for 2 features; accepted: one a feature"),
    (
        {"batch": [1, 1], "eps": 0},
        "eps: a variance of 0; accepted: an eps above 0 where a feature is constant",
    ),
    ({"batch": [1, 2], "momentum": 2}, "momentum: found 2; accepted: a number from 0 to 1"),
    ({"batch": [1, 2], "running_var": -1}, "running_var: found a variance below 0; accepted: numbers from 0"),
    (
        {"batch": [1, 2], "grad_output": [1]},
        "grad_output: a gradient of shape (1,); accepted: the batch's shape (2,)",
    ),
    ({"batch": [[1, 2], [3]]}, "batch[1]: found a row of 1 beside rows of 2; accepted: rows of one length"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_cannot_be_normalised_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        solve("batch_norm", given)
    assert str(caught.value) == message
