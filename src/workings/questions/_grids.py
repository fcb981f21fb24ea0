"""Images and filters as a document writes them: rows of numbers, rows with letters, or a letter with a shape.

The underscore keeps this module off the list of kinds; three of them read such givens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Final, cast

import numpy as np
from pydantic import BeforeValidator

from workings.algebra.expression import Expr, const, name, names_in, stack
from workings.errors import InputError, echo, unknown
from workings.question import read_array, read_integer, read_scalar
from workings.rules.letters import dimension
from workings.working import Draft

MOST_LETTERS: Final = 400
"""Entries of a grid in letters."""
LARGEST: Final = 100_000
"""Entries of a grid in numbers: each is an exact fraction."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix: its entries (numbers and formulas; None where a size is a letter), its shape, its letter."""

    entries: Any
    shape: tuple[int | Expr, int | Expr]
    letter: str | None = None

    @property
    def has_letters(self) -> bool:
        """Whether an entry or a size is a letter."""
        return self.entries is None or (
            self.entries.dtype == object and any(isinstance(entry, Expr) for entry in self.entries.flat)
        )

    @property
    def sides(self) -> tuple[int, int] | None:
        """The shape where it is in numbers."""
        rows, columns = self.shape
        return None if isinstance(rows, Expr) or isinstance(columns, Expr) else (rows, columns)

    def refuse(self, taken: Collection[str], field: str) -> None:
        """Refuse letters that the question itself uses.

        Raises
        ------
        InputError: naming the field and the letter.
        """
        for entry in self.entries.flat if self.has_letters and self.entries is not None else ():
            for letter in names_in(entry) if isinstance(entry, Expr) else ():
                if letter in taken:
                    problem = f"the letter {letter}, which the question uses itself"
                    raise InputError(problem, accepted="another letter").at(field=field)

    def enter(self, draft: Draft, label: str, *, symbol: str, field: str | None = None) -> Expr:
        """The grid in a draft: a given where it is in numbers, else a step that writes its letters down.

        Raises
        ------
        InputError: a letter that is also a name of the question.
        """
        if self.entries is None:
            return draft.letter(label, (dimension(self.shape[0]), dimension(self.shape[1])), symbol=symbol)
        if not self.has_letters:
            return draft.given(label, self.entries, symbol=symbol)
        try:
            for entry in self.entries.flat:
                for letter in names_in(entry) if isinstance(entry, Expr) else ():
                    if letter not in draft:
                        draft.letter(letter)
            rows = [stack([entry_of(entry) for entry in row]) for row in self.entries]
            return draft.step(label, stack(rows), symbol=symbol)
        except InputError as error:
            raise error.at(field=field or label) from None


def entry_of(entry: Any) -> Expr:
    """An entry of a grid as an expression."""
    return entry if isinstance(entry, Expr) else const(entry)


def read_grid(written: object) -> Grid:
    """Rows of numbers or formulas in letters, or {letters: w, shape: [3, 3]}.

    Raises
    ------
    InputError: rows of different lengths, too many entries, an entry or a size that is neither.
    """
    if isinstance(written, Grid):
        return written
    if isinstance(written, Mapping):
        return _lettered(cast("Mapping[str, object]", written))
    if _has_letters(written):
        return _mixed(cast("list[object]", written))
    entries = read_array(written, (2,))
    if entries.size > LARGEST:
        raise InputError(f"found {entries.size} entries", accepted=f"at most {LARGEST}")
    return Grid(entries, entries.shape)


def _has_letters(written: object) -> bool:
    if not isinstance(written, (list, tuple)):
        return False
    for row in cast("list[object]", written):
        for entry in cast("list[object]", row) if isinstance(row, (list, tuple)) else ():
            if isinstance(entry, Expr) or (isinstance(entry, str) and any(sign.isalpha() for sign in entry)):
                return True
    return False


def _mixed(written: list[object]) -> Grid:
    """Rows that hold letters."""
    rows: list[list[Any]] = []
    for i, row in enumerate(written):
        if not isinstance(row, (list, tuple)):
            raise InputError(f"found {echo(row)} beside rows", accepted="rows of one length").at(
                field=f"[{i}]"
            )
        rows.append([])
        for j, entry in enumerate(cast("list[object]", row)):
            try:
                rows[-1].append(read_scalar(entry))
            except InputError as error:
                raise error.at(field=f"[{i}][{j}]") from None
        if len(rows[-1]) != len(rows[0]):
            problem = f"found a row of {len(rows[-1])} beside rows of {len(rows[0])}"
            raise InputError(problem, accepted="rows of one length").at(field=f"[{i}]")
    return Grid(_filled(rows), (len(rows), len(rows[0])))


def _lettered(written: Mapping[str, object]) -> Grid:
    """A letter and a shape: the entries are w_11, w_12, ..."""
    for field in written:
        if field not in ("letters", "shape"):
            raise unknown("field", field, ("letters", "shape"))
    letter = written.get("letters")
    if not isinstance(letter, str) or not letter.strip().isidentifier():
        raise InputError(f"found {echo(letter)}", accepted="a letter such as w").at(field="letters")
    sizes = written.get("shape")
    if not isinstance(sizes, (list, tuple)) or len(cast("list[object]", sizes)) != 2:
        raise InputError(f"found {echo(sizes)}", accepted="two sizes such as [3, 3]").at(field="shape")
    rows, columns = (_size(size, i) for i, size in enumerate(cast("list[object]", sizes)))
    return letters(letter.strip(), (rows, columns))


def letters(letter: str, shape: tuple[int | Expr, int | Expr]) -> Grid:
    """A grid of w_11, w_12, ... (w_1_10 where a subscript has two digits).

    Where a size is a letter it has no entries.

    Raises
    ------
    InputError: too many letters.
    """
    rows, columns = shape
    if isinstance(rows, Expr) or isinstance(columns, Expr):
        return Grid(None, shape, letter)
    if rows * columns > MOST_LETTERS:
        raise InputError(f"{rows * columns} letters", accepted=f"at most {MOST_LETTERS}, or numbers")
    joint = "" if max(rows, columns) < 10 else "_"
    named = [[name(f"{letter}_{i}{joint}{j}") for j in range(1, columns + 1)] for i in range(1, rows + 1)]
    return Grid(_filled(named), shape, letter)


def _filled(rows: list[list[Any]]) -> Any:
    array = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, j in product(range(array.shape[0]), range(array.shape[1])):
        array[i, j] = rows[i][j]
    return array


def _size(written: object, place: int) -> int | Expr:
    try:
        value = read_scalar(written)
        return value if isinstance(value, Expr) else read_integer(written, 1, "a size or a letter")
    except InputError as error:
        raise error.at(field=f"shape[{place}]") from None


GridGiven = Annotated[Grid, BeforeValidator(read_grid)]
