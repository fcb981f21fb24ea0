"""The terms of a variational autoencoder's objective: the sample z, the divergence KL and the ELBO."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import Expr, apply, exp, total
from workings.errors import InputError
from workings.question import Question, Scalar, Vector, read_array, read_scalar
from workings.rules.letters import check_letters, scalar
from workings.working import Draft, Working

SOURCE = "Kingma & Welling, Auto-encoding variational Bayes (2014), §2.4 and appendix B"


def _latent(written: object) -> object:
    """A number, a letter, or a list of numbers."""
    return read_scalar(written) if isinstance(written, (str, Expr)) else read_array(written, (0, 1))


Latent = Annotated[Any, BeforeValidator(_latent)]


class Given(question.Given):
    """A Gaussian encoder N(μ, σ²) with log σ² = logvar, the prior N(0, 1), one sample."""

    mu: Latent = Field(description="the encoder's means: a list, a number or a letter")
    logvar: Latent = Field(description="the encoder's log σ², like mu")
    eps: Latent = Field(description="the noise drawn from N(0, 1), like mu")
    reconstruction: Scalar | None = Field(
        default=None, description="the reconstruction loss -log p(x|z), where it is known"
    )
    x: Vector | None = Field(default=None, description="the input, for the reconstruction loss")
    output: Vector | None = Field(
        default=None, description="what the decoder made of z, as many numbers as x"
    )
    likelihood: Literal["bernoulli", "gaussian"] = Field(
        default="bernoulli",
        description="of x given the output: bernoulli is the binary cross-entropy, gaussian ½‖x - output‖²",
    )


def work(given: Given) -> Working:
    """z = μ + σ ⊙ ε, KL = ½ Σ (μ² + σ² - 1 - log σ²), ELBO = -reconstruction - KL."""
    latents = {"mu": given.mu, "logvar": given.logvar, "epsilon": given.eps}
    for field, value in (("logvar", given.logvar), ("eps", given.eps)):
        if np.shape(value) != np.shape(given.mu):
            raise InputError(
                f"a shape of {np.shape(value)} beside the shape {np.shape(given.mu)} of mu",
                accepted="one shape",
            ).at(field=field)
    check_letters({**latents, "reconstruction": given.reconstruction}, ("sigma", "z", "KL", "ELBO"))
    draft = Draft(cost="ELBO")
    mu, logvar, noise = (scalar(draft, label, value) for label, value in latents.items())
    sigma = draft.step("sigma", exp(logvar / 2), note="the square root of e^logvar", source=SOURCE)
    draft.step("z", mu + sigma * noise, note="the reparametrisation trick", source=SOURCE)
    parts = mu**2 + exp(logvar) - 1 - logvar
    several = np.ndim(given.mu) > 0
    divergence = draft.step(
        "KL",
        (total(parts) if several else parts) / 2,
        note="from N(μ, σ²) to N(0, 1)" + (", summed over the dimensions" if several else ""),
        source=SOURCE,
    )
    ask = ["sigma", "z", "KL"]
    loss = _reconstruction(draft, given)
    if given.x is not None:
        ask.append("reconstruction")
    draft.step("ELBO", -loss - divergence, note="what training makes as large as it can", source=SOURCE)
    return draft.done([*ask, "ELBO"])


def _reconstruction(draft: Draft, given: Given) -> Expr:
    """The reconstruction loss: as given, or from the input and the decoder's output."""
    if given.reconstruction is not None:
        for field in ("x", "output"):
            if getattr(given, field) is not None:
                raise InputError("a reconstruction loss and what it is made of", accepted="one of them").at(
                    field=field
                )
        return scalar(draft, "reconstruction", given.reconstruction)
    observed, made = given.x, given.output
    if observed is None or made is None:
        raise InputError(
            "no reconstruction", accepted="the reconstruction loss, or the input x and the decoder's output"
        ).at(field="reconstruction")
    if observed.shape != made.shape:
        raise InputError(
            f"an output of {len(made)} numbers for an input of {len(observed)}", accepted="as many"
        ).at(field="output")
    if given.likelihood == "bernoulli":
        _check_probabilities(observed, made)
    x, output = draft.given("x", observed), draft.given("output", made)
    if given.likelihood == "bernoulli":
        return draft.step("reconstruction", apply("binary_cross_entropy", output, x), source=SOURCE)
    squares = apply("squared_error", output, x) / 2
    return draft.step("reconstruction", squares, note="unit variance, the constant ½ n log 2π left out")


def _check_probabilities(observed: Any, made: Any) -> None:
    for field, values in (("x", observed), ("output", made)):
        if min(values) < 0 or max(values) > 1:
            raise InputError(
                "a number outside 0 to 1 under a Bernoulli likelihood",
                accepted="numbers from 0 to 1, or likelihood: gaussian",
            ).at(field=field)
    for x, output in zip(observed, made, strict=True):
        if output in (0, 1) and x != output:
            raise InputError(
                f"an output of {output} where x is {x}, whose loss is infinite",
                accepted="outputs between 0 and 1",
            ).at(field="output")


def vary(random: Random) -> dict[str, Any]:
    """Up to three dimensions, or letters; the reconstruction loss given or to be worked out."""

    def tenths(count: int, low: int = -15, high: int = 15) -> Any:
        return [f"{random.randint(low, high) / 10:.1f}" for _ in range(count)]

    given: dict[str, Any]
    kind = random.choice(("list", "list", "number", "letters"))
    if kind == "letters":
        given = {"mu": "mu", "logvar": "s", "eps": random.choice(("epsilon", "0.5"))}
    else:
        count = random.randint(1, 3)
        given = {label: tenths(count) for label in ("mu", "logvar", "eps")}
        if kind == "number":
            given = {label: values[0] for label, values in given.items()}
    if random.random() < 0.5:
        reconstruction = (
            "r" if kind == "letters" and random.random() < 0.5 else f"{random.randint(1, 40) / 8}"
        )
        return given | {"reconstruction": reconstruction}
    count = random.randint(1, 4)
    likelihood = random.choice(("bernoulli", "gaussian"))
    if likelihood == "gaussian":
        return given | {"x": tenths(count), "output": tenths(count), "likelihood": likelihood}
    return given | {"x": [random.randint(0, 1) for _ in range(count)], "output": tenths(count, 1, 9)}


QUESTION = Question(
    title="Terms of a variational autoencoder",
    given=Given,
    work=work,
    vary=vary,
    example={
        "mu": ["0.5", "-1.0"],
        "logvar": ["0.0", "-0.5"],
        "eps": ["0.2", "-0.4"],
        "reconstruction": "1.25",
    },
)
