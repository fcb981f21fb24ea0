"""Dot-product attention of one query: scores, weights and the context vector."""

from __future__ import annotations

from random import Random
from typing import Any

from pydantic import Field

from workings.algebra.expression import apply, sqrt
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Matrix, Question, Vector
from workings.rules import attention
from workings.working import Draft, Working


class Given(Givens):
    """Scores K q, their softmax a, the context Σ_i a_i v_i."""

    keys: Matrix = Field(description="one row a position, such as the encoder's hidden states")
    query: Vector = Field(description="as long as a key, such as the decoder's state before")
    values: Matrix | None = Field(default=None, description="one row a position; the keys unless given")
    scaled: bool = Field(default=False, description="scores divided by the root of the query's length")


def work(given: Given) -> Working:
    """Scores, weights and context."""
    positions, width = given.keys.shape
    if len(given.query) != width:
        raise InputError(f"found {len(given.query)} numbers", accepted=f"{width}, as long as a key").at(
            field="query"
        )
    draft = Draft()
    keys = draft.given("keys", given.keys, symbol="K")
    query = draft.given("query", given.query, symbol="q")
    values = keys
    if given.values is not None:
        if len(given.values) != positions:
            raise InputError(f"found {len(given.values)} rows", accepted=f"{positions}, one a key").at(
                field="values"
            )
        values = draft.given("values", given.values, symbol="V")
    product = keys @ query
    if given.scaled:
        product = product / sqrt(draft.given("d", width))
    note = "each key times the query" + (", over the root of their length" if given.scaled else "")
    scores = draft.step("scores", product, symbol="s", note=note, source=attention.DOT)
    weights = draft.step("weights", apply("softmax", scores), symbol="a", note="positive, and 1 in all")
    note = "the weighted sum of the " + ("keys" if given.values is None else "values")
    draft.step("context", values.T @ weights, symbol="c", note=note)
    return draft.done(["scores", "weights", "context"])


def vary(random: Random) -> dict[str, Any]:
    """Two to five positions, with and without values and scaling."""
    positions, width, depth = random.randint(2, 5), random.randint(1, 4), random.randint(1, 4)

    def half(count: int) -> list[str]:
        return [f"{random.randint(-8, 8) / 4:.2f}" for _ in range(count)]

    given: dict[str, Any] = {
        "keys": [half(width) for _ in range(positions)],
        "query": half(width),
        "scaled": random.random() < 0.5,
    }
    if random.random() < 0.5:
        given["values"] = [half(depth) for _ in range(positions)]
    return given


QUESTION = Question(
    title="Dot-product attention",
    given=Given,
    work=work,
    vary=vary,
    example={
        "keys": [[0, 1, 4], [-1, 1, 2], [1, 1, 1], [2, 1, 1]],
        "query": ["0.1", 1, -2],
        "scaled": False,
    },
)
