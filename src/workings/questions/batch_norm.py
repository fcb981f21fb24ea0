"""Batch normalisation of a batch, its running statistics and, where wanted, its gradients."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workings import question
from workings.algebra.expression import Expr, exact_array, name, total
from workings.errors import InputError
from workings.question import Number, NumberOrVector, Question, VectorOrMatrix
from workings.rules import normalisation
from workings.working import Draft, Working


class Given(question.Given):
    """A batch of n examples, a row each; every feature (column) is normalised by itself."""

    batch: VectorOrMatrix = Field(
        description="rows of features, an example a row; a list where there is one feature"
    )
    gamma: NumberOrVector = Field(
        default=Fraction(1), description="the scale γ, one for all or one a feature"
    )
    beta: NumberOrVector = Field(default=Fraction(0), description="the shift β, one for all or one a feature")
    eps: Number = Field(default=Fraction(1, 10**5), description="ε under the root")
    running_mean: NumberOrVector = Field(default=Fraction(0), description="the mean kept so far")
    running_var: NumberOrVector = Field(default=Fraction(1), description="the variance kept so far")
    momentum: Number = Field(
        default=Fraction(1, 10), description="the weight of the new statistics, as in torch (not of the old)"
    )
    mode: Literal["training", "evaluation"] = Field(
        default="training", description="training normalises by the batch, evaluation by the statistics kept"
    )
    grad_output: VectorOrMatrix | None = Field(
        default=None, description="the gradient of the cost at the output: with it, gradients are worked out"
    )


def work(given: Given) -> Working:
    """Statistics, the normalised batch, the output, and the updated running statistics."""
    count = len(given.batch)
    if given.mode == "training" and count < 2:
        raise InputError("a batch of 1 example, which has no variance", accepted="2 examples or more").at(
            field="batch"
        )
    _check(given)
    draft = Draft()
    x = draft.given("batch", given.batch)
    features = given.batch.shape[1:]
    for label in ("gamma", "beta", "running_mean", "running_var"):
        draft.given(label, _spread(label, getattr(given, label), features))
    draft.given("epsilon", given.eps)
    draft.given("momentum", given.momentum)
    ask: list[str] = []
    if given.mode == "training":
        mean, var = normalisation.statistics(draft, x, axis=0)
        ask += ["mean", "var"]
    else:
        mean, var = name("running_mean"), name("running_var")
    normalisation.affine(draft, x, mean, var)
    ask += ["normalised", "output"]
    if given.mode == "training":
        ask += normalisation.running(draft, mean, var, count)
    return draft.done([*ask, *_gradients(draft, given, var)])


def _gradients(draft: Draft, given: Given, var: Expr) -> list[str]:
    """The gradients of a cost whose gradient at the output is given: J = Σ g ⊙ output has it."""
    if given.grad_output is None:
        return []
    if given.grad_output.shape != given.batch.shape:
        raise InputError(
            f"a gradient of shape {given.grad_output.shape}",
            accepted=f"the batch's shape {given.batch.shape}",
        ).at(field="grad_output")
    g = draft.given("g", given.grad_output)
    draft.step("J", total(g * name("output")), note="a cost with the gradient g at the output")
    return normalisation.backward(draft, "batch", g, var, batch=given.mode == "training")


def _check(given: Given) -> None:
    if given.eps < 0:
        raise InputError(f"found {given.eps}", accepted="a number from 0").at(field="eps")
    if not 0 <= given.momentum <= 1:
        raise InputError(f"found {given.momentum}", accepted="a number from 0 to 1").at(field="momentum")
    if np.min(given.running_var) < 0:
        raise InputError("found a variance below 0", accepted="numbers from 0").at(field="running_var")
    used = given.running_var if given.mode == "evaluation" else np.var(given.batch, axis=0)
    if given.eps == 0 and np.min(used) == 0:
        raise InputError("a variance of 0", accepted="an eps above 0 where a feature is constant").at(
            field="eps"
        )


def _spread(label: str, value: Any, features: tuple[int, ...]) -> Any:
    """One number a feature."""
    if np.shape(value) == features:
        return value
    if np.shape(value) == ():
        return exact_array([value] * features[0])
    raise InputError(
        f"{len(value)} numbers for {features[0] if features else 1} features", accepted="one a feature"
    ).at(field=label)


def vary(random: Random) -> dict[str, Any]:
    """A batch of two to five examples with up to three features, in both modes."""
    count, features = random.randint(2, 5), random.choice((0, 1, 2, 3))

    def draw(*axes: int, low: int = -20) -> Any:
        if axes:
            return [draw(*axes[1:], low=low) for _ in range(axes[0])]
        return f"{random.randint(low, 20) / 10:.1f}"

    shape = (count, features) if features else (count,)
    given: dict[str, Any] = {
        "batch": draw(*shape),
        "mode": random.choice(("training", "training", "evaluation")),
    }
    for label in ("gamma", "beta", "running_mean"):
        if random.random() < 0.5:
            given[label] = draw(*shape[1:]) if random.random() < 0.7 else draw()
    if random.random() < 0.6 or given["mode"] == "evaluation":
        given["running_var"] = draw(*shape[1:], low=1)
    if random.random() < 0.5:
        given |= {"eps": random.choice(("0.001", "0.1")), "momentum": random.choice(("0.1", "0.5", "0.01"))}
    if random.random() < 0.5:
        given["grad_output"] = draw(*shape)
    return given


QUESTION = Question(
    title="Batch normalisation",
    given=Given,
    work=work,
    vary=vary,
    example={
        "batch": [["1.0", "4.0"], ["3.0", "8.0"]],
        "gamma": ["1.0", "2.0"],
        "beta": ["0.0", "1.0"],
        "running_mean": ["0.0", "0.0"],
        "running_var": ["1.0", "1.0"],
    },
)
