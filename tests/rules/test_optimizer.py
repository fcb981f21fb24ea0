"""Laws of the optimisers: what a constant gradient does, and which are special cases of which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workings.algebra.expression import const
from workings.algebra.systems import Float64
from workings.rules.optimizer import DEFAULTS, RULES, update
from workings.working import Draft

tenths = st.integers(-20, 20).filter(bool).map(lambda n: n / 10)


def run(optimizer, gradients, **changes):
    """Values after updating θ_0 = 1 with these gradients; a hyper-parameter of 0 is left out."""
    draft = Draft()
    draft.given("theta_0", 1)
    settings = {**DEFAULTS[optimizer], **changes}
    for t, gradient in enumerate(gradients, start=1):
        draft.given(f"g_{t}", const(str(gradient)).attrs["value"])
        update(draft, optimizer, t, {label: const(value) for label, value in settings.items() if value})
    return draft.done().evaluate(Float64())


@pytest.mark.parametrize("optimizer", RULES)
def test_every_optimiser_has_defaults_and_goes_against_the_gradient(optimizer):
    values = run(optimizer, [2.0], **{"lambda": 0})
    assert values["theta_1"] < 1


@given(gradient=tenths, steps=st.integers(1, 5))
def test_corrected_means_of_a_constant_gradient_are_the_gradient_itself(gradient, steps):
    values = run("adam", [gradient] * steps)
    np.testing.assert_allclose([values[f"m_hat_{t}"] for t in range(1, steps + 1)], gradient, rtol=1e-12)
    np.testing.assert_allclose([values[f"v_hat_{t}"] for t in range(1, steps + 1)], gradient**2, rtol=1e-9)


@given(gradients=st.lists(tenths, min_size=1, max_size=4))
def test_momentum_0_is_sgd_and_adamw_without_decay_is_adam(gradients):
    last = f"theta_{len(gradients)}"
    assert run("momentum", gradients, mu=0)[last] == pytest.approx(run("sgd", gradients)[last], rel=1e-12)
    plain = run("adamw", gradients, **{"lambda": 0})[last]
    assert plain == pytest.approx(run("adam", gradients)[last], rel=1e-12)


@given(gradients=st.lists(tenths, min_size=1, max_size=4), factor=st.sampled_from((0.01, 100.0)))
def test_adam_does_not_feel_the_scale_of_the_gradient(gradients, factor):
    last = f"theta_{len(gradients)}"
    scaled = [factor * gradient for gradient in gradients]
    plain = run("adam", gradients, epsilon=0)[last]
    assert run("adam", scaled, epsilon=0)[last] == pytest.approx(plain, rel=1e-9)
