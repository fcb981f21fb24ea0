"""Answers as people write them: the raw text and the parsed value, kept apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np

from workings.algebra.expression import Expr
from workings.errors import InputError, echo
from workings.marking.layout import DEEPEST, LONGEST_ANSWER, MOST_ENTRIES, read_layout
from workings.marking.written import EXACT, DecimalMark, Thousands, Written, read_written

BLANKS: Final = frozenset(("", "-", "−", "–", "—", "--", "?", "n/a", "…", "..."))
"""What people write where they have no answer."""
LONGEST_FORMULA: Final = 10_000
"""Characters of a formula whose right form is long: to read and compare so many takes 0.7 s."""
DECIMAL_COMMA: Final = re.compile(r"(?<=\d),(?=\d)")


@dataclass(frozen=True)
class Numbers:
    """A number or nested numbers: exact values, and the decimals each is written with (-1: a fraction).

    `entries` are the same in a row with everything that is known of each: its text, its significant figures.
    """

    values: Any
    decimals: Any
    entries: tuple[Written, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the answer as it is nested."""
        return self.values.shape

    @property
    def significant(self) -> Any:
        """The significant figures each entry is written with (-1: a fraction, or not known)."""
        counts = [entry.significant for entry in self.entries] or [EXACT] * self.values.size
        return np.array(counts, dtype=int).reshape(self.shape)


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


def is_blank(raw: object) -> bool:
    """Whether there is no answer: nothing, a dash, a question mark, or a list of such."""
    if isinstance(raw, (list, tuple)):
        return all(map(is_blank, cast("Sequence[object]", raw)))
    return raw is None or (isinstance(raw, str) and raw.strip().casefold() in BLANKS)


def read_numbers(
    raw: object,
    *,
    decimal_mark: DecimalMark = ".",
    thousands: Thousands | None = None,
    shape: tuple[int, ...] | None = None,
) -> Numbers:
    """A number, or nested lists or text (`[[1, 2], [3, 4]]`, `1 2; 3 4`) of one shape.

    Parameters
    ----------
    decimal_mark, thousands: as the paper declares them; see `workings.marking.written`.
    shape: the shape asked for, where it is known: text such as `1,234` or `61 470` is a list only where a
        list is asked for, and `1 2` is never a single number. The shape found may still be another.

    Raises
    ------
    InputError: an entry that is not a number (it is named), rows of different lengths, too many entries.
    """
    listed = None if shape is None else len(shape) > 0
    if isinstance(raw, str):
        raw = read_layout(raw, decimal_mark=decimal_mark, thousands=thousands, listed=listed)
    elif decimal_mark == "," and isinstance(raw, (list, tuple)):
        raw = _joined(cast("Sequence[object]", raw), decimal_mark)
    flat: list[Written] = []
    found = _collect(raw, flat, 0, decimal_mark, thousands)
    values, decimals = np.empty(found, dtype=object), np.empty(found, dtype=int)
    values.ravel()[:] = [entry.value for entry in flat]
    decimals.ravel()[:] = [entry.decimals for entry in flat]
    return Numbers(values, decimals, tuple(flat))


def _joined(parts: Sequence[object], decimal_mark: DecimalMark) -> object:
    """A list that its commas tore apart: YAML reads `[1,5; 2,5]` as 1, "5; 2" and 5."""
    if any(isinstance(part, str) and ";" in part for part in parts):
        if all(isinstance(part, (str, int)) for part in parts):
            return read_layout("[" + ",".join(map(str, parts)) + "]", decimal_mark=decimal_mark)
        raise InputError(f"found {echo(parts)}", accepted="'1,5; 2,5' in quotes")
    return parts


def _collect(
    raw: object, flat: list[Written], depth: int, decimal_mark: DecimalMark, thousands: Thousands | None
) -> tuple[int, ...]:
    if not isinstance(raw, (list, tuple)):
        if len(flat) >= MOST_ENTRIES:
            raise InputError(f"more than {MOST_ENTRIES} entries", accepted=f"at most {MOST_ENTRIES}")
        flat.append(read_written(raw, decimal_mark=decimal_mark, thousands=thousands))
        return ()
    if depth >= DEEPEST or not raw:
        raise InputError(
            "an empty list" if not raw else "lists nested too deep", accepted="numbers in rows of one length"
        )
    parts = cast("Sequence[object]", raw)
    shapes: list[tuple[int, ...]] = []
    for i, part in enumerate(parts):
        try:
            shapes.append(_collect(part, flat, depth + 1, decimal_mark, thousands))
        except InputError as error:
            raise error.at(field=f"[{i}]") from None
    if any(shape != shapes[0] for shape in shapes):
        raise InputError(f"found rows of different lengths: {echo(parts)}", accepted="rows of one length")
    return (len(parts), *shapes[0])


def read_formula(
    raw: object, ranks: Mapping[str, int], *, decimal_mark: DecimalMark = ".", expected: int = 0
) -> Formula:
    """A formula in the names that the question knows.

    Parameters
    ----------
    expected: characters of the right one, where it is known; twice as many are read, up to `LONGEST_FORMULA`.
    """
    from workings.algebra.parse import LONGEST, parse

    if not isinstance(raw, (list, tuple, str, int)) or isinstance(raw, bool):
        raise InputError(f"found {echo(raw)}", accepted="a formula")
    written = _as_text(cast("object", raw))
    source = DECIMAL_COMMA.sub(".", written) if decimal_mark == "," else written
    return Formula(
        written, parse(source, ranks=ranks, longest=max(LONGEST, min(2 * expected, LONGEST_FORMULA)))
    )


def _as_text(raw: object) -> str:
    if isinstance(raw, (list, tuple)):
        return "[" + ", ".join(_as_text(part) for part in cast("Sequence[object]", raw)) + "]"
    return str(raw)


def read_words(raw: object) -> Words:
    """Words: letter case, underscores and spacing do not matter."""
    written = str(raw)
    if len(written) > LONGEST_ANSWER:
        raise InputError(f"found {echo(written)}", accepted=f"at most {LONGEST_ANSWER} characters")
    return Words(" ".join(written.replace("_", " ").replace("-", " ").split()).casefold())
