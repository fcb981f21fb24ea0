"""Class targets as distributions, and the loss of a batch against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workings.algebra.expression import exact_array
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.rules.loss import distributions, softmax_cross_entropy
from workings.working import Draft


def test_class_numbers_become_ones_and_zeros():
    assert distributions(2, exact_array([5, 6, 7])).tolist() == [0, 0, 1]
    assert distributions(exact_array([1, 0]), exact_array([[5, 6], [7, 8]])).tolist() == [[0, 1], [1, 0]]


def test_distributions_stay_as_they_are():
    target = exact_array(["0.25", "0.75"])
    assert distributions(target, exact_array([1, 2])) is target


@pytest.mark.parametrize("target", [exact_array(["-0.5", "1.5"]), exact_array([0, 0])])
def test_what_does_not_add_up_to_1_is_no_distribution(target):
    with pytest.raises(InputError, match=r"^target: probabilities that add up to"):
        distributions(target, exact_array([1, 2]))


@pytest.mark.parametrize("examples", [1, 3])
def test_the_loss_of_a_batch_is_torchs(examples):
    noise = np.random.default_rng(examples)
    logits, classes = noise.normal(size=(examples, 4)), noise.integers(0, 4, size=examples)
    draft = Draft()
    z, d = draft.given("logits", logits), draft.given("d", distributions(exact_array(classes), logits))
    softmax_cross_entropy(draft, z, d, examples=examples)
    values = draft.done().evaluate(Float64())
    expected = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(classes))
    assert values["J"] == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(values["p"].sum(axis=-1), 1, rtol=1e-12)
