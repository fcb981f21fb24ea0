"""A tensor of a given shape, written down as nested brackets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from random import Random
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import apply, const, exact_array
from workings.errors import InputError, echo
from workings.numerals import number
from workings.question import Positive, Question
from workings.working import Draft, Working
from workings.yaml_reader import read_yaml

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


UNREADABLE = "not readable as nested brackets"


def check_example(given: Given, answer: object) -> str | None:
    """What is wrong with a tensor that was written down, its nesting or the kind of its entries; or None."""
    if isinstance(answer, str):
        try:
            answer = read_yaml(answer.replace("(", "[").replace(")", "]")).value
        except InputError:
            return UNREADABLE
    if not isinstance(answer, (list, tuple)):
        return UNREADABLE
    entries: list[object] = []
    shape = _shape(answer, entries)
    wanted = tuple(given.shape)
    if shape is None:
        return "rows of different lengths"
    if shape != wanted:
        return f"its shape is {list(shape)}, asked for is {list(wanted)}"
    for entry in entries:
        try:
            number(entry)
        except InputError:
            return f"{echo(entry)} is not a number"
    floats = [entry for entry in entries if isinstance(entry, float) or set(str(entry).lower()) & set(".e")]
    if given.dtype == "integer" and floats:
        return f"its shape is right, but {floats[0]} is a float: in Python a decimal point makes one"
    if given.dtype == "float" and not floats:
        return f"its shape is right, but {entries[0]} is an integer; a float has a decimal point"
    return None


def _shape(part: object, entries: list[object], depth: int = 0) -> tuple[int, ...] | None:
    """The shape of nested lists, whose entries are collected; None where rows differ."""
    if not isinstance(part, (list, tuple)) or depth > MOST_AXES:
        entries.append(part)
        return ()
    inner = cast("Sequence[object]", part)
    shapes = {_shape(row, entries, depth + 1) for row in inner}
    if len(shapes) > 1 or None in shapes:
        return None
    return (len(inner), *(next(iter(shapes), ()) or ()))


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
    checks={"example": check_example},
)
