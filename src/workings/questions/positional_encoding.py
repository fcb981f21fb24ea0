"""Sinusoidal positional encoding: the values of given positions and dimensions."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from workings.algebra.expression import Expr, const, stack
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Natural, Number, Positive, Question
from workings.rules import positional
from workings.working import Draft, Working

MOST_LINES = 64
"""Entries that get a line of their own; more are worked out as one table."""

MOST_ENTRIES = 100_000
"""Entries of one table."""


def as_list(written: object) -> object:
    """One position as a list of it."""
    return written if isinstance(written, (list, tuple)) else [written]


class Given(Givens):
    """PE(pos, 2i) = sin(pos / base^(2i/d)), PE(pos, 2i+1) = cos(pos / base^(2i/d)); all count from 0."""

    positions: Annotated[list[Natural], BeforeValidator(as_list)] = Field(
        description="one position or a list of them, counted from 0", min_length=1
    )
    d_model: Positive = Field(
        description="the embedding's size; where it is odd, the last dimension is a sine without its cosine"
    )
    dimensions: Annotated[list[Natural], BeforeValidator(as_list)] | None = Field(
        default=None, description="a list of dimensions, counted from 0; all unless given", min_length=1
    )
    first: Natural | None = Field(default=None, description="in place of a list: the first dimension")
    last: Natural | None = Field(default=None, description="in place of a list: the last dimension, included")
    base: Number = Field(default=Fraction(10000), description="what the wavelengths are powers of")


def work(given: Given) -> Working:
    """One sine or cosine an entry, and the matrix PE of shape (positions, dimensions)."""
    if given.base <= 0:
        raise InputError(f"found {given.base}", accepted="a number above 0").at(field="base")
    positions, dimensions = _distinct(given.positions, "positions"), _dimensions(given)
    count = len(positions) * len(dimensions)
    if count > MOST_ENTRIES:
        raise InputError(
            f"{len(positions)} × {len(dimensions)} entries", accepted=f"at most {MOST_ENTRIES}"
        ).at(field="dimensions")
    draft = Draft()
    width = draft.given("d_model", given.d_model)
    base = draft.given("base", given.base)
    if count > MOST_LINES:
        formula, note = (
            positional.table(draft, positions, dimensions, base, width),
            "the sine in even dimensions, the cosine in odd ones",
        )
        draft.step("PE", formula, note=note, source=positional.SOURCE)
        return draft.done(["PE"])
    rows: list[Expr] = []
    for position in positions:
        entries = []
        for dimension in dimensions:
            formula = positional.entry(const(position), dimension, base, width)
            note = f"dimension {dimension} is {'odd: a cosine' if dimension % 2 else 'even: a sine'}"
            note += f", with i = {dimension // 2}"
            entries.append(
                draft.step(f"PE_{position}_{dimension}", formula, note=note, source=positional.SOURCE)
            )
        rows.append(stack(entries))
    draft.step("PE", stack(rows), note="one row a position, one column a dimension")
    return draft.done(["PE"])


def _dimensions(given: Given) -> list[int]:
    """The dimensions asked for, each below d_model."""
    ends = (given.first, given.last)
    if given.dimensions is not None and ends != (None, None):
        raise InputError("dimensions beside first and last", accepted="one of the two").at(field="dimensions")
    if given.dimensions is not None:
        for i, dimension in enumerate(given.dimensions):
            if dimension >= given.d_model:
                raise InputError(f"found {dimension}", accepted=f"0 to {given.d_model - 1}").at(
                    field=f"dimensions[{i}]"
                )
        return _distinct(given.dimensions, "dimensions")
    first = 0 if given.first is None else given.first
    last = given.d_model - 1 if given.last is None else given.last
    if not first <= last < given.d_model:
        field = "last" if given.last is not None else "first"
        raise InputError(
            f"found {first} to {last}", accepted=f"0 to {given.d_model - 1}, the first before the last"
        ).at(field=field)
    if last - first >= MOST_ENTRIES:
        raise InputError(
            f"{last - first + 1} dimensions", accepted=f"at most {MOST_ENTRIES}, such as last: {first + 10}"
        ).at(field="dimensions")
    return list(range(first, last + 1))


def _distinct(values: list[int], field: str) -> list[int]:
    seen: set[int] = set()
    for i, value in enumerate(values):
        if value in seen:
            raise InputError(f"found {value} again", accepted="each once").at(field=f"{field}[{i}]")
        seen.add(value)
    return values


def vary(random: Random) -> dict[str, Any]:
    """A few positions and dimensions, or a table of many."""
    width = random.choice((4, 5, 7, 8, 64, 512))
    given: dict[str, Any] = {"d_model": width}
    if random.random() < 0.2:
        return {**given, "d_model": 16, "positions": random.sample(range(100), 6)}
    given["positions"] = random.choice(
        (random.randint(0, 50), random.sample(range(200), random.randint(1, 3)))
    )
    kind = random.randrange(3)
    if kind == 0:
        given["dimensions"] = sorted(random.sample(range(width), min(width, random.randint(1, 6))))
    elif kind == 1:
        given |= {"first": random.randint(0, 2), "last": random.randint(2, 3)}
    elif width > 8:
        given["last"] = random.randint(0, 8)
    if random.random() < 0.4:
        given["base"] = random.choice(("100", "1000.5", "500000"))
    return given


QUESTION = Question(
    title="Sinusoidal positional encoding",
    given=Given,
    work=work,
    vary=vary,
    example={"positions": [5], "d_model": 512, "first": 0, "last": 10, "base": 10000},
)
