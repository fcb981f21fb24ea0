"""The states and outputs of a Jordan network, which feeds its output back, over a sequence."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from pydantic import Field

from workings.question import NumberOrVector, Question, Tensor
from workings.questions import elman_rnn
from workings.working import Working


class Given(elman_rnn.Given):
    """s_t = Uᵀx_t + Wᵀy_{t-1} + b, h_t = f(s_t), o_t = Vᵀh_t + c, y_t = g(o_t)."""

    W: Tensor = Field(description="from the output before: outputs × hidden, or a list for one output")
    V: Tensor = Field(description="to the output: hidden × outputs, or a list for one output")
    activations: list[elman_rnn.Activation] = Field(
        default=["tanh", "sigmoid"],
        description="f of the hidden layer and g of the output",
        max_length=2,
        min_length=2,
    )
    start: NumberOrVector = Field(
        default=Fraction(0), description="y_0: one number for all outputs, or a list"
    )


def work(given: Given) -> Working:
    """The network unrolled; with targets the loss, and with `gradients` its gradients through time."""
    return elman_rnn.unrolled(given, "y")


def vary(random: Random) -> dict[str, Any]:
    """A small network over two or three steps."""
    return elman_rnn.draw(random, "y")


QUESTION = Question(
    title="A Jordan network over a sequence",
    given=Given,
    work=work,
    vary=vary,
    example={
        "U": [["0.2", "0.3"], ["0.8", "0.9"]],
        "W": [["2.0", "1.0"]],
        "V": [["0.2"], ["-0.2"]],
        "biases": "0.2",
        "activations": ["tanh", "sigmoid"],
        "sequence": [["1.5", "1.0"], ["-3.0", "2.0"]],
        "start": "1.0",
    },
    conventions=("layout",),
)
