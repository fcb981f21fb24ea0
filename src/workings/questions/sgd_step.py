"""One step of gradient descent through a small feed-forward network, every intermediate shown."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workings import question
from workings.algebra.derive import SLOPES
from workings.algebra.expression import Expr, apply, name
from workings.errors import InputError
from workings.question import Number, NumberOrVector, Question, Vector, VectorOrMatrix
from workings.rules import dense
from workings.working import Draft, Working

Activation = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax"]
Loss = Literal["squared", "binary_cross_entropy", "cross_entropy"]

LOSSES = {
    "squared": "squared_error",
    "binary_cross_entropy": "binary_cross_entropy",
    "cross_entropy": "cross_entropy",
}


class Given(question.Given):
    """A network u_l = W_lᵀ h_{l-1} + b_l, h_l = f_l(u_l), with h_0 = x and output y."""

    x: Vector = Field(description="the input, a list of numbers")
    target: NumberOrVector = Field(description="the target d: a number, or a list as long as the output")
    weights: list[VectorOrMatrix] = Field(
        description="one matrix a layer, inputs × outputs; a list for one output", min_length=1
    )
    biases: Number | list[NumberOrVector] = Field(
        default=Fraction(0), description="one number for all, or one number or list a layer"
    )
    activations: list[Activation] = Field(description="one a layer")
    loss: Loss = Field(default="squared", description="squared is (d - y)ᵀ(d - y)")
    learning_rate: Number | None = Field(
        default=None, description="with it, the updated parameters are worked out"
    )


def work(given: Given) -> Working:
    """Forward, loss, backward and, with a learning rate, the update and the loss after it."""
    count = len(given.weights)
    if len(given.activations) != count:
        raise InputError(
            f"{len(given.activations)} activations for {count} layers", accepted="one a layer"
        ).at(field="activations")
    draft = Draft()
    x, target = draft.given("x", given.x), draft.given("d", given.target)
    extent = len(given.x)
    for i, weights in enumerate(given.weights, start=1):
        if weights.shape[0] != extent:
            raise InputError(
                f"a matrix of {weights.shape[0]} rows for {extent} inputs",
                accepted=f"{extent} rows (inputs × outputs)",
            ).at(field=f"weights[{i - 1}]")
        extent = weights.shape[1] if weights.ndim > 1 else 1
        draft.given(f"W_{i}", weights)
        draft.given(f"b_{i}", _bias(given, i, weights))
    output = given.weights[-1].shape[1:]
    if np.shape(given.target) != output:
        raise InputError(
            f"a target of shape {np.shape(given.target)} for an output of shape {output}",
            accepted="one number an output",
        ).at(field="target")
    ask = _forward(draft, given, x, target)
    ask += _backward(draft, given)
    if given.learning_rate is not None:
        ask += _update(draft, given)
    return draft.done(ask)


def _bias(given: Given, layer: int, weights: Any) -> Any:
    bias: Any = given.biases
    if isinstance(given.biases, list):
        if len(bias) != len(given.weights):
            raise InputError(
                f"{len(bias)} biases for {len(given.weights)} layers", accepted="one a layer"
            ).at(field="biases")
        bias = bias[layer - 1]
    shape = weights.shape[1:]
    if np.ndim(bias) == 0 and shape:
        spread = np.empty(shape, dtype=object)
        spread[:] = bias
        return spread
    if np.shape(bias) != shape:
        raise InputError(f"a bias of shape {np.shape(bias)}", accepted=f"one number a neuron: {shape}").at(
            field=f"biases[{layer - 1}]"
        )
    return bias


def _forward(draft: Draft, given: Given, x: Expr, target: Expr) -> list[str]:
    _check_output(given)
    ask: list[str] = []
    h, last = x, len(given.weights)
    for i, kind in enumerate(given.activations, start=1):
        output = "y" if i == last else f"h_{i}"
        h = dense.layer(draft, i, h, kind, output=output)
        ask += [f"u_{i}", output]
    loss = LOSSES[given.loss]
    attrs = {"distribution": True} if loss == "cross_entropy" and _is_distribution(given.target) else {}
    draft.step("J", apply(loss, h, target, **attrs), source=dense.SOURCE)
    return [*ask, "J"]


def _is_distribution(target: Any) -> bool:
    return np.ndim(target) == 1 and sum(target.tolist()) == 1


def _check_output(given: Given) -> None:
    last = given.activations[-1]
    allowed = {"binary_cross_entropy": ("sigmoid",), "cross_entropy": ("softmax", "sigmoid")}.get(given.loss)
    if allowed and last not in allowed:
        raise InputError(f"{given.loss} of a {last} output", accepted=" or ".join(allowed)).at(
            field="activations"
        )
    targets = np.ravel(given.target).tolist()
    if given.loss == "binary_cross_entropy" and not all(0 <= d <= 1 for d in targets):
        raise InputError("a target outside 0 to 1", accepted="a class 0 or 1, or a probability").at(
            field="target"
        )
    if given.loss == "cross_entropy" and min(targets) < 0:
        raise InputError("a target below 0", accepted="a probability for each class").at(field="target")
    if last == "softmax" and given.weights[-1].ndim == 1:
        raise InputError("softmax of one output", accepted="two outputs or more, or sigmoid").at(
            field="activations"
        )
    if "softmax" in given.activations[:-1]:
        raise InputError("softmax in a hidden layer", accepted="softmax at the output").at(
            field="activations"
        )


def _backward(draft: Draft, given: Given) -> list[str]:
    last = len(given.weights)
    slopes: dict[str, str] = {}
    for i, kind in enumerate(given.activations, start=1):
        fused = i == last and given.loss != "squared"
        if kind in SLOPES and not fused:
            slopes["y" if i == last else f"h_{i}"] = f"df_{i}"
    wrt = [f"u_{i}" for i in range(last, 0, -1)]
    for i in range(last, 0, -1):
        wrt += [f"W_{i}", f"b_{i}"]
    draft.backward("J", wrt, slopes=slopes, source=dense.SOURCE)
    return [*(label for label in slopes.values() if label in draft), *(f"grad_{label}" for label in wrt)]


def _update(draft: Draft, given: Given) -> list[str]:
    rate = draft.given("eta", given.learning_rate)
    ask: list[str] = []
    for i in range(1, len(given.weights) + 1):
        for label in (f"W_{i}", f"b_{i}"):
            draft.step(
                f"new_{label}", name(label) - rate * name(f"grad_{label}"), note="one step down the gradient"
            )
            ask.append(f"new_{label}")
    h = name("x")
    for i, kind in enumerate(given.activations, start=1):
        u = name(f"new_W_{i}").T @ h + name(f"new_b_{i}")
        h = draft.step(f"h_after_{i}", dense.activation(kind, u))
    draft.step("J_after", apply(LOSSES[given.loss], h, name("d")), note="the loss of the updated network")
    return [*ask, "J_after"]


def vary(random: Random) -> dict[str, Any]:
    """A network of two or three layers with one-decimal weights that do not saturate it."""
    sizes = [random.choice((2, 3)) for _ in range(random.choice((2, 3)))]
    loss = random.choice(("squared", "binary_cross_entropy", "cross_entropy"))
    outputs = 1 if loss == "binary_cross_entropy" else random.choice((2, 3))
    hidden = [random.choice(("tanh", "sigmoid", "relu", "leaky_relu", "softplus")) for _ in sizes[1:]]
    last = {"squared": "identity", "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}[loss]
    widths = [*sizes, outputs]
    target: Any = [random.randint(0, 2) for _ in range(outputs)]
    if loss != "squared":
        hot = random.randrange(outputs)
        target = random.randint(0, 1) if outputs == 1 else [int(k == hot) for k in range(outputs)]

    def tenth(bound: int = 12) -> str:
        return f"{random.randint(-bound, bound) / 10:.1f}"

    weights: list[Any] = [
        [tenth() for _ in range(n)] if m == 1 else [[tenth() for _ in range(m)] for _ in range(n)]
        for n, m in pairwise(widths)
    ]
    biases: Any = tenth(5)
    if random.random() < 0.4:  # one number a layer, or one a neuron
        biases = [
            tenth(5) if m == 1 or random.random() < 0.3 else [tenth(5) for _ in range(m)] for m in widths[1:]
        ]
    return {
        "x": [tenth(20) for _ in range(widths[0])],
        "target": target,
        "weights": weights,
        "biases": biases,
        "activations": [*hidden, last],
        "loss": loss,
        "learning_rate": random.choice((None, "0.1", "0.5")),
    }


QUESTION = Question(
    title="One step of gradient descent",
    given=Given,
    work=work,
    vary=vary,
    example={
        "x": ["1.0", "2.0"],
        "target": 0,
        "weights": [
            [["0.2", "-0.4", "0.1"], ["-0.2", "0.4", "0.6"]],
            [["0.3", "0.0"], ["-0.4", "0.2"], ["-0.1", "0.5"]],
            ["0.8", "-1.0"],
        ],
        "biases": "0.5",
        "activations": ["tanh", "tanh", "sigmoid"],
        "loss": "binary_cross_entropy",
        "learning_rate": "0.1",
    },
)
