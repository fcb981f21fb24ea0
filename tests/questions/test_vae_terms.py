"""The terms of a VAE's objective by hand, in letters, and what is refused."""

from __future__ import annotations

from math import exp, log

import pytest

from workings.errors import InputError
from workings.solution import solve

LATENT = {"mu": [0, 1], "logvar": [0, 0], "eps": ["0.5", "-1"]}


def test_a_standard_normal_has_no_divergence():
    found = solve("vae_terms", mu=[0, 0], logvar=[0, 0], eps=[1, 2], reconstruction="0.5")
    assert (found["sigma"].tolist(), found["z"].tolist()) == ([1, 1], [1, 2])
    assert (found["KL"], found["ELBO"]) == (0, -0.5)


def test_the_assignments_terms_by_hand():
    given = {
        "mu": ["0.5", "-1.0"],
        "logvar": ["0.0", "-0.5"],
        "eps": ["0.2", "-0.4"],
        "reconstruction": "1.25",
    }
    found = solve("vae_terms", given)
    assert found["z"].tolist() == pytest.approx([0.7, -1 - 0.4 * exp(-0.25)], rel=1e-12)
    divergence = (0.25 + 1 - 1 - 0) / 2 + (1 + exp(-0.5) - 1 + 0.5) / 2
    assert found["KL"] == pytest.approx(divergence, rel=1e-12)
    assert found["ELBO"] == pytest.approx(-1.25 - divergence, rel=1e-12)


def test_the_reconstruction_loss_from_input_and_output():
    bernoulli = solve("vae_terms", LATENT, x=[1, 0], output=["0.5", "0.25"])
    assert bernoulli["reconstruction"] == pytest.approx(-log(0.5) - log(0.75), rel=1e-12)
    gaussian = solve("vae_terms", LATENT, x=[1, 0], output=[3, "0.5"], likelihood="gaussian")
    assert gaussian["reconstruction"] == (4 + 0.25) / 2
    assert gaussian["ELBO"] == -2.125 - 0.5


def test_letters_give_the_closed_form():
    found = solve("vae_terms", mu="mu", logvar="s", eps="epsilon", reconstruction="r")
    at = {"mu": 0.3, "s": -0.7, "epsilon": 1.1, "r": 2.0}
    values = {
        name: float(found.values[name].subs({k: at[k.name] for k in found.values[name].free_symbols}))
        for name in ("z", "KL", "ELBO")
    }
    assert values["z"] == pytest.approx(0.3 + exp(-0.35) * 1.1, rel=1e-12)
    assert values["KL"] == pytest.approx((0.09 + exp(-0.7) - 1 + 0.7) / 2, rel=1e-12)
    assert values["ELBO"] == pytest.approx(-2 - values["KL"], rel=1e-12)


REFUSED = [
    (
        {},
        (
            "reconstruction: no reconstruction; "
            "accepted: the reconstruction loss, or the input x and the decoder's output"
        ),
    ),
    ({"logvar": [0]}, "logvar: a shape of (1,) beside the shape (2,) of mu; accepted: one shape"),
    ({"x": [1], "output": [1, 1]}, "output: an output of 2 numbers for an input of 1; accepted: as many"),
    (
        {"x": [1, 0], "output": ["0.5", 1]},
        "output: an output of 1 where x is 0, whose loss is infinite; accepted: outputs between 0 and 1",
    ),
    (
        {"x": [1, 2], "output": ["0.5", "0.5"]},
        (
            "x: a number outside 0 to 1 under a Bernoulli likelihood; "
            "accepted: numbers from 0 to 1, or likelihood: gaussian"
        ),
    ),
    (
        {"reconstruction": 1, "x": [1]},
        "x: a reconstruction loss and what it is made of; accepted: one of them",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InputError) as caught:
        solve("vae_terms", {**LATENT, **change})
    assert str(caught.value) == message
