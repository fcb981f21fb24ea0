"""Softmax and cross-entropy: values by hand, limits, letters, and what is refused."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from workings.errors import InputError
from workings.solution import solve


def entropy(logits, target, **given):
    return solve("softmax_cross_entropy", logits=logits, target=target, **given)


def test_equal_logits_give_equal_probabilities():
    found = entropy([2, 2, 2, 2], 1)
    assert found["p"].tolist() == [0.25] * 4
    assert found["J"] == pytest.approx(log(4), rel=1e-15)
    assert found["grad_logits"].tolist() == [0.25, -0.75, 0.25, 0.25]


def test_equal_logits_are_exact():
    assert [str(entry) for entry in entropy([1, 1, 1], 0).values["p"]] == ["1/3"] * 3


def test_a_large_logit_does_not_overflow():
    found = entropy([1000, 0], 1, decimals=6)
    assert found["J"] == pytest.approx(1000, rel=1e-15)


def test_a_batch_has_the_mean_unless_the_sum_is_stated():
    logits, target = [[0, 0], [0, 0], [0, 0]], [0, 1, 1]
    assert entropy(logits, target)["J"] == pytest.approx(log(2), rel=1e-15)
    assert entropy(logits, target, reduction="sum")["J"] == pytest.approx(3 * log(2), rel=1e-15)
    gradient = np.array([[-1, 1], [1, -1], [1, -1]]) / 2
    np.testing.assert_allclose(entropy(logits, target)["grad_logits"], gradient / 3, rtol=1e-15)
    np.testing.assert_allclose(entropy(logits, target, reduction="sum")["grad_logits"], gradient, rtol=1e-15)


def test_probabilities_as_a_target():
    found = entropy([0, 0], ["0.25", "0.75"])
    assert found["J"] == pytest.approx(log(2), rel=1e-15)
    assert found["grad_logits"].tolist() == [0.25, -0.25]


def test_letters_give_p_minus_d():
    found = solve("softmax_cross_entropy", classes="K")
    assert str(found["grad_logits"]) == "p − d"
    assert found.working.shapes["grad_logits"] == found.working.shapes["logits"]


REFUSED = [
    ({}, "logits: no logits; accepted: logits with a target, or a number of classes such as K"),
    ({"logits": [1, 2], "target": 2}, "target: found the class 2; accepted: a class from 0 to 1"),
    (
        {"logits": [1, 2], "target": ["0.5", "0.4"]},
        "target: probabilities that add up to 9/10; accepted: none below 0 and a sum of 1",
    ),
    (
        {"logits": [[1, 2], [3, 4]], "target": [0]},
        (
            "target: a target of shape (1,) for logits of shape (2, 2); "
            "accepted: a class from 0 to 1, or 2 probabilities, for each example"
        ),
    ),
    (
        {"classes": 10**9},
        "classes: 1000000000 logits in letters; accepted: at most 20, or a letter such as K",
    ),
    (
        {"logits": [1, 2], "target": 0, "classes": 2},
        "classes: logits and a number of classes; accepted: one of them",
    ),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        solve("softmax_cross_entropy", given)
    assert str(caught.value) == message
