"""A residual block, H(x) = F(x) + x, and the two paths by which the gradient reaches x."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workings import question
from workings.algebra.derive import SLOPES
from workings.algebra.expression import Expr, exact_array, name
from workings.errors import InputError
from workings.question import Matrix, Question, Vector
from workings.rules import dense
from workings.working import Draft, Working

MOST_LAYERS = 100
SOURCE = "He et al., Deep residual learning for image recognition (2016), §3.1 and equations 1 and 2"


class Given(question.Given):
    """F(x) = W_L f(... f(W_1 x + b_1) ...) + b_L with matrices of outputs × inputs, as the paper has them."""

    x: Vector = Field(description="the input of the block")
    weights: list[Matrix] = Field(
        description="the matrices of F, first to last, each outputs × inputs (W x)",
        min_length=1,
        max_length=MOST_LAYERS,
    )
    biases: list[Vector] | None = Field(default=None, description="one list a matrix; default: no biases")
    activation: Literal["relu", "tanh", "sigmoid", "identity"] = Field(
        default="relu", description="f, between the matrices"
    )
    after: Literal["none", "relu"] = Field(
        default="none", description="relu puts one behind the sum, as in the paper's figure 2"
    )
    projection: Matrix | None = Field(
        default=None, description="the matrix of the skip, where F changes the size: H = F + W_s x"
    )
    grad_output: Vector | None = Field(
        default=None, description="the gradient of the cost at the block's output; default: ones"
    )


def work(given: Given) -> Working:
    """F, H and the gradient at x: one part through the weights, one past them."""
    _check(given)
    draft = Draft()
    x = draft.given("x", given.x)
    for i, weights in enumerate(given.weights, start=1):
        draft.given(f"W_{i}", weights)
        if given.biases is not None:
            draft.given(f"b_{i}", given.biases[i - 1])
    if given.projection is not None:
        draft.given("W_s", given.projection)
    ask = _forward(draft, given, x)
    slopes = {f"h_{i}": f"df_{i}" for i in range(1, len(given.weights)) if given.activation in SLOPES}
    wrt = ["H", *(f"u_{i}" for i in range(len(given.weights) - 1, 0, -1)), "x_F", "x_skip", "x"]
    draft.backward("J", wrt, slopes=slopes, source=SOURCE)
    return draft.done(
        [*ask, *(label for label in slopes.values() if label in draft), *(f"grad_{n}" for n in wrt)]
    )


def _forward(draft: Draft, given: Given, x: Expr) -> list[str]:
    ask: list[str] = []
    h = draft.step("x_F", x, note="the input goes two ways: into F")
    skip = draft.step("x_skip", x, note="and past it")
    last = len(given.weights)
    for i in range(1, last + 1):
        u = name(f"W_{i}") @ h
        if given.biases is not None:
            u = u + name(f"b_{i}")
        h = draft.step("F" if i == last else f"u_{i}", u, source=SOURCE)
        ask.append("F" if i == last else f"u_{i}")
        if i < last:
            h = draft.step(f"h_{i}", dense.activation(given.activation, h))
            ask.append(f"h_{i}")
    output = draft.step(
        "H", h + (name("W_s") @ skip if given.projection is not None else skip), source=SOURCE
    )
    ask.append("H")
    if given.after == "relu":
        output = draft.step("y", dense.activation("relu", output))
        ask.append("y")
    size = draft.shapes["H"]
    g = draft.given("g", exact_array([1] * size[0]) if given.grad_output is None else given.grad_output)
    draft.step("J", g @ output, note="a cost with the gradient g at the block's output")
    return ask


def _check(given: Given) -> None:
    """Sizes that fit, told of the field that does not."""
    size = len(given.x)
    for i, weights in enumerate(given.weights):
        if weights.shape[1] != size:
            raise InputError(
                f"a matrix of {weights.shape[1]} columns for {size} numbers", accepted=f"{size} columns (W x)"
            ).at(field=f"weights[{i}]")
        size = weights.shape[0]
        if given.biases is not None and (
            len(given.biases) != len(given.weights) or len(given.biases[i]) != size
        ):
            raise InputError(
                "biases that do not fit the matrices", accepted="one list a matrix, one number a row"
            ).at(field="biases")
    wanted = (size, len(given.x))
    if given.projection is None and size != len(given.x):
        raise InputError(
            f"F gives {size} numbers for an input of {len(given.x)}",
            accepted=f"as many, or a projection of {wanted[0]} × {wanted[1]}",
        ).at(field="weights")
    if given.projection is not None and given.projection.shape != wanted:
        raise InputError(
            f"a projection of {' × '.join(map(str, given.projection.shape))}",
            accepted=f"{wanted[0]} × {wanted[1]}",
        ).at(field="projection")
    if given.grad_output is not None and np.shape(given.grad_output) != (size,):
        raise InputError(f"a gradient of {len(given.grad_output)} numbers", accepted=f"{size}").at(
            field="grad_output"
        )


def vary(random: Random) -> dict[str, Any]:
    """One to three matrices, with and without biases, projection and a ReLU behind the sum."""

    def draw(*axes: int) -> Any:
        if axes:
            return [draw(*axes[1:]) for _ in range(axes[0])]
        return f"{random.randint(-20, 20) / 10:.1f}"

    inner = [random.randint(1, 3) for _ in range(random.randint(0, 2))]
    size = random.randint(1, 3)
    sizes = [size, *inner, random.choice((size, size, random.randint(1, 3)))]
    given: dict[str, Any] = {
        "x": draw(size),
        "weights": [draw(m, n) for n, m in pairwise(sizes)],
        "activation": random.choice(("relu", "relu", "tanh", "sigmoid", "identity")),
        "after": random.choice(("none", "relu")),
    }
    if random.random() < 0.4:
        given["biases"] = [draw(m) for m in sizes[1:]]
    if sizes[-1] != size or random.random() < 0.2:
        given["projection"] = draw(sizes[-1], size)
    if random.random() < 0.6:
        given["grad_output"] = draw(sizes[-1])
    return given


QUESTION = Question(
    title="A residual block",
    given=Given,
    work=work,
    vary=vary,
    example={
        "x": ["2.0", "-2.0"],
        "weights": [[["0.5", "0.25"], ["-1.0", "0.5"]], [["1.0", "0.5"], ["0.0", "-0.5"]]],
    },
)
