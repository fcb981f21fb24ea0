"""Optimisers by hand, against the papers' algorithms, and what is refused."""

from __future__ import annotations

from math import sqrt

import pytest

from workings.errors import InputError
from workings.solution import solve


def steps(optimizer, parameters, gradients, **given):
    return solve("optimizer_step", optimizer=optimizer, parameters=parameters, gradients=gradients, **given)


def test_sgd_by_hand():
    found = steps("sgd", [1, 2], [[1, -2]], steps=2, learning_rate="0.5")
    assert found["theta_2"].tolist() == [0, 4]


def test_weight_decay_adds_to_the_gradient():
    found = steps("sgd", 2, [1], learning_rate="0.5", weight_decay="0.5")
    assert (found["G_1"], found["theta_1"]) == (2, 1)


def test_momentum_by_hand():
    # b = 1, then 0.5·1 + 1 = 1.5, then 0.5·1.5 + 1 = 1.75
    found = steps("momentum", 10, [1], steps=3, learning_rate=1, momentum="0.5")
    assert [found[f"b_{t}"] for t in (1, 2, 3)] == [1, 1.5, 1.75]
    assert [found[f"theta_{t}"] for t in (1, 2, 3)] == [9, 7.5, 5.75]


def test_dampening_spares_the_first_step():
    found = steps("momentum", 0, [1], steps=2, learning_rate=1, momentum="0.5", dampening="0.5")
    assert [found[f"b_{t}"] for t in (1, 2)] == [1, 1]


def test_nesterov_looks_ahead():
    # θ_1 = 10 - (1 + 0.5·1) = 8.5; b_2 = 1.5, θ_2 = 8.5 - (1 + 0.5·1.5) = 6.75
    found = steps("nesterov", 10, [1], steps=2, learning_rate=1, momentum="0.5")
    assert [found[f"theta_{t}"] for t in (1, 2)] == [8.5, 6.75]


def test_rmsprop_by_hand():
    # v = 0.25·4 = 1, then 0.75·1 + 0.25·0 = 0.75
    found = steps("rmsprop", 1, [2, 0], learning_rate="0.5", alpha="0.75", eps=0)
    assert (found["v_1"], found["theta_1"]) == (1, 0)
    assert (found["v_2"], found["theta_2"]) == (0.75, 0)


def test_the_first_step_of_adam_is_the_learning_rate():
    # Kingma & Ba (2015), §2.1: |Δ| is about the step size, since m̂_1 = g_1 and v̂_1 = g_1²
    found = steps("adam", 0, ["0.5"], learning_rate="0.1", eps=0)
    assert (found["m_hat_1"], found["v_hat_1"], found["theta_1"]) == (0.5, 0.25, -0.1)


def test_adam_by_hand_over_two_steps():
    found = steps("adam", 1, [1, 3], learning_rate="0.1", beta_1="0.5", beta_2="0.75", eps=1)
    assert [found[name] for name in ("m_2", "v_2")] == [0.5 * 0.5 + 0.5 * 3, 0.75 * 0.25 + 0.25 * 9]
    m_hat, v_hat = 1.75 / 0.75, 2.4375 / (1 - 0.75**2)
    assert found["theta_2"] == pytest.approx(1 - 0.1 / 2 - 0.1 * m_hat / (sqrt(v_hat) + 1), rel=1e-12)


def test_decay_of_adamw_is_apart_from_the_gradient():
    coupled = steps("adam", 2, [1], learning_rate="0.1", weight_decay="0.5", eps=0)
    apart = steps("adamw", 2, [1], learning_rate="0.1", weight_decay="0.5", eps=0)
    assert coupled["theta_1"] == 1.9  # the gradient's size drops out of the first step
    assert apart["theta_1"] == 1.8  # 2 - 0.1·0.5·2 - 0.1


def test_letters_give_the_formula():
    assert steps("sgd", "w", ["g"], learning_rate="eta")["theta_1"] == "w − η · g"


REFUSED = [
    (
        ("adamm", 1, [1], {}),
        (
            "optimizer: found 'adamm'; accepted: sgd, momentum, nesterov, rmsprop, adam, adamw. "
            "Did you mean adam, or adamw?"
        ),
    ),
    (
        ("adam", 1, [1], {"momentum": 1}),
        "momentum: adam has no momentum; accepted: learning_rate, beta_1, beta_2, eps, weight_decay",
    ),
    (("adam", 1, [1], {"beta_2": 1}), "beta_2: found 1; accepted: a number from 0 to below 1"),
    (("sgd", 1, [1], {"learning_rate": 0}), "learning_rate: found 0; accepted: a learning rate above 0"),
    (
        ("sgd", [1, 2], [[1]], {}),
        "gradients[0]: a gradient of shape (1,); accepted: the parameters' shape (2,)",
    ),
    (("sgd", 1, [1, 2], {"steps": 3}), "gradients: 2 gradients for 3 steps; accepted: 1 gradient, or 3"),
    (
        ("sgd", 1, [1], {"steps": 10**6}),
        "steps: 1000000 steps of 1 numbers; accepted: at most 1000 steps and 10000 numbers in all",
    ),
    (
        ("nesterov", 1, [1], {"momentum": 0}),
        "momentum: nesterov without momentum; accepted: a momentum above 0",
    ),
    (
        ("sgd", "theta_1", ["g"], {}),
        "parameters: the letter 'theta_1', which names a quantity of the answer; accepted: another letter",
    ),
    (("sgd", "nan", [1], {}), "parameters: found 'nan'; accepted: a finite number, or a formula in letters"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_torch_would_not_take_is_refused(given, message):
    optimizer, parameters, gradients, options = given
    with pytest.raises(InputError) as caught:
        steps(optimizer, parameters, gradients, **options)
    assert str(caught.value) == message
