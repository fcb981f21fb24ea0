"""How many learnable parameters a network of dense layers has, layer by layer and in all."""

from __future__ import annotations

from random import Random
from typing import Any

from pydantic import Field

from workings import question
from workings.algebra.expression import Expr, chain_sum
from workings.question import Question, Size
from workings.rules import dense
from workings.rules.letters import check_letters, letter_of, scalar
from workings.working import Draft, Working

MOST_LAYERS = 1000


class Given(question.Given):
    """A network of dense layers: every neuron is joined to every output of the layer before."""

    inputs: Size = Field(description="the number of inputs, or a letter")
    layers: list[Size] = Field(
        description="the number of neurons of each layer, first to last; letters where wanted",
        min_length=1,
        max_length=MOST_LAYERS,
    )
    bias: bool = Field(default=True, description="whether each neuron has a bias")


def work(given: Given) -> Working:
    """n_l (n_{l-1} + 1) parameters a layer, or n_l n_{l-1} without biases."""
    count = len(given.layers)
    answers = [f"layer_{i}" for i in range(1, count + 1)] + ["total"]
    widths: dict[str, int | Expr] = {"n_0": given.inputs}
    widths |= {f"n_{i}": width for i, width in enumerate(given.layers, start=1)}
    named = {"inputs": given.inputs} | {f"layers[{i}]": width for i, width in enumerate(given.layers)}
    taken = [label for label, width in widths.items() if letter_of(width) != label]
    check_letters(named, [*answers, *taken])
    draft = Draft()
    n = [scalar(draft, label, width, integer=True) for label, width in widths.items()]
    note = "a weight for each input and a bias, for each neuron" if given.bias else "a weight for each input"
    counts = [
        draft.step(
            f"layer_{i}", dense.parameters(n[i - 1], n[i], bias=given.bias), note=note, source=dense.SOURCE
        )
        for i in range(1, count + 1)
    ]
    draft.step("total", chain_sum(counts))
    return draft.done(answers)


def vary(random: Random) -> dict[str, Any]:
    """One to four layers; in every third variant some sizes are letters."""
    count = random.randint(1, 4)
    sizes: list[Any] = [random.choice((2, 3, 5, 8, 10, 64, 100, 784)) for _ in range(count + 1)]
    if random.random() < 1 / 3:
        for i, letter in enumerate(random.sample("nmKHD", count + 1)):
            if random.random() < 0.6:
                sizes[i] = random.choice((letter, letter, f"2{letter}", f"{letter} + 1"))
    return {"inputs": sizes[0], "layers": sizes[1:], "bias": random.random() < 0.7}


QUESTION = Question(
    title="Parameters of a dense network",
    given=Given,
    work=work,
    vary=vary,
    example={"inputs": 2, "layers": [5, 5], "bias": True},
)
