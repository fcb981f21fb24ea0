"""Answers as people write them: the raw text and the parsed value, kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, cast

import numpy as np

from workings.algebra.expression import Expr
from workings.errors import InputError, echo
from workings.numerals import number, places

MOST_ENTRIES: Final = 100_000
"""Entries of one answer."""
DEEPEST: Final = 8
"""Axes of one answer."""


@dataclass(frozen=True)
class Numbers:
    """A number or nested numbers: exact values, and the decimals each is written with (-1: a fraction)."""

    values: Any
    decimals: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the answer as it is nested."""
        return self.values.shape


@dataclass(frozen=True)
class Formula:
    """An answer in letters."""

    written: str
    expr: Expr


@dataclass(frozen=True)
class Words:
    """An answer in words, or true or false."""

    written: str


Answer = Numbers | Formula | Words


def read_numbers(raw: object) -> Numbers:
    """A number or nested lists of one shape.

    Raises
    ------
    InputError: an entry that is not a number (it is named), rows of different lengths, too many entries.
    """
    flat: list[tuple[Fraction, int]] = []
    shape = _collect(raw, flat, 0)
    values, decimals = np.empty(shape, dtype=object), np.empty(shape, dtype=int)
    values.ravel()[:] = [value for value, _ in flat]
    decimals.ravel()[:] = [count for _, count in flat]
    return Numbers(values, decimals)


def _collect(raw: object, flat: list[tuple[Fraction, int]], depth: int) -> tuple[int, ...]:
    if not isinstance(raw, (list, tuple)):
        if len(flat) >= MOST_ENTRIES:
            raise InputError(f"more than {MOST_ENTRIES} entries", accepted=f"at most {MOST_ENTRIES}")
        flat.append((number(raw), _decimals(raw)))
        return ()
    if depth >= DEEPEST or not raw:
        raise InputError(
            "an empty list" if not raw else "lists nested too deep", accepted="numbers in rows of one length"
        )
    parts = cast("Sequence[object]", raw)
    shapes: list[tuple[int, ...]] = []
    for i, part in enumerate(parts):
        try:
            shapes.append(_collect(part, flat, depth + 1))
        except InputError as error:
            raise error.at(field=f"[{i}]") from None
    if any(shape != shapes[0] for shape in shapes):
        raise InputError(f"found rows of different lengths: {echo(parts)}", accepted="rows of one length")
    return (len(parts), *shapes[0])


def _decimals(raw: object) -> int:
    if isinstance(raw, int):
        return 0
    found = places(raw) if isinstance(raw, str) else None
    return -1 if found is None else found


def read_formula(raw: object, ranks: Mapping[str, int]) -> Formula:
    """A formula in the names that the question knows."""
    from workings.algebra.parse import parse

    if not isinstance(raw, (list, tuple, str, int)):
        raise InputError(f"found {echo(raw)}", accepted="a formula")
    written = _as_text(cast("object", raw))
    return Formula(written, parse(written, ranks=ranks))


def _as_text(raw: object) -> str:
    if isinstance(raw, (list, tuple)):
        return "[" + ", ".join(_as_text(part) for part in cast("Sequence[object]", raw)) + "]"
    return str(raw)


def read_words(raw: object) -> Words:
    """Words: letter case, underscores and spacing do not matter."""
    return Words(" ".join(str(raw).replace("_", " ").replace("-", " ").split()).casefold())
