"""A tensor of a given shape, written down as nested brackets."""

from __future__ import annotations

from functools import reduce
from math import prod
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import apply, const, exact_array
from workings.errors import InputError
from workings.question import Positive, Question
from workings.working import Draft, Working

MOST_AXES = 8
MOST_WRITTEN = 10_000
"""Entries beyond which nobody writes a tensor down."""

ALIASES = {"int": "integer", "int32": "integer", "int64": "integer", "float32": "float", "float64": "float"}


def _dtype(written: object) -> object:
    return ALIASES.get(written, written) if isinstance(written, str) else written


class Given(question.Given):
    """A shape [s_1, s_2, ...], outermost axis first."""

    shape: list[Positive] = Field(
        description="the size of each axis, outermost first: one pair of brackets an axis",
        min_length=1,
        max_length=MOST_AXES,
    )
    dtype: Annotated[Literal["integer", "float"], BeforeValidator(_dtype)] = Field(
        default="integer", description="whether entries are integers or floats; in Python 1. is a float"
    )


def work(given: Given) -> Working:
    """The numbers 1, 2, 3, ... in that shape (0.5, 1.5, ... for floats); any entries of the kind would do."""
    count = prod(given.shape)
    if count > MOST_WRITTEN:
        raise InputError(
            f"a tensor of {count} entries", accepted=f"at most {MOST_WRITTEN}, which can be written down"
        ).at(field="shape")
    draft = Draft()
    draft.given("shape", exact_array(given.shape))
    draft.step(
        "entries",
        reduce(lambda a, b: a * b, map(const, given.shape)),
        note="the product of the sizes",
    )
    draft.step("depth", const(len(given.shape)), note="one pair of brackets inside another for each axis")
    entries = [k if given.dtype == "integer" else f"{k - 1}.5" for k in range(1, count + 1)]
    kind = "integers" if given.dtype == "integer" else "floats"
    draft.step(
        "example",
        apply("reshape", const(entries), shape=tuple(given.shape)),
        note=f"any {kind} would do; the last axis runs fastest",
    )
    return draft.done(["example", "entries", "depth"])


def vary(random: Random) -> dict[str, Any]:
    """One to four axes of one to four."""
    return {
        "shape": [random.randint(1, 4) for _ in range(random.randint(1, 4))],
        "dtype": random.choice(("integer", "integer", "float")),
    }


QUESTION = Question(
    title="A tensor of a given shape",
    given=Given,
    work=work,
    vary=vary,
    example={"shape": [2, 1, 3], "dtype": "integer"},
)
