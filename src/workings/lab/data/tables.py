"""Tables of numbers as text, .csv and .tsv: columns of numbers, and columns that stay text (labels)."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError, echo, unknown
from workings.lab.data.checks import Array, count, first_twice
from workings.lab.data.content import LARGEST, Readable, content
from workings.lab.data.text_lines import decimal, lines_of

LABELS: Final = ("label", "labels", "class", "target", "y")
"""What the column of labels may be called, in capital letters or not."""
SIGNS: Final = "\t;,"
MOST_COLUMNS: Final = 100_000
MOST_ROWS: Final = 2_000_000


@dataclass(frozen=True, eq=False)
class Table:
    """A table with a name for each column.

    Parameters
    ----------
    names: of the columns of numbers; `column 3` and so on where the file has no header.
    numbers: float64 [rows, names], finite.
    text: the other columns as they are written, by their names in small letters.
    lines: the line of each row in the file, int64 [rows].
    """

    names: tuple[str, ...]
    numbers: Array
    text: Mapping[str, tuple[str, ...]]
    lines: Array

    def column(self, name: str) -> Array:
        """The numbers of a column, float64 [rows].

        Raises
        ------
        InputError: there is no such column of numbers.
        """
        if name not in self.names:
            raise unknown("column", name, self.names[:100])
        return self.numbers[:, self.names.index(name)]


def read_table(path: Path, text: Collection[str] = LABELS) -> Table:
    """The table of a file, packed with gzip or not.

    Columns end at a tab if the first line has one, else at a semicolon, else at a comma. The first line is
    a header if none of its cells is a number, or one of them is in `text`. Without a header, the column of
    labels is the one that is no number in the first line, or else the first; it is called as the first of
    `text`.

    Parameters
    ----------
    text: names of columns that are kept as text, in capital letters or not; the others are numbers.

    Raises
    ------
    InputError: a row has not as many cells as the first, or a cell is no number; line and column are named.
    """
    with content(path) as stream:
        return take_table(stream, text)


def take_table(stream: Readable, text: Collection[str] = LABELS) -> Table:
    """As `read_table`, from a stream."""
    rows = _rows(stream)
    first = next(rows, None)
    if first is None:
        raise InputError("found no row", accepted="a table of numbers")
    line, cells = first
    columns, headed = _columns(line, [cell.strip() for cell in cells], text)
    if headed:
        first = next(rows, None)
        if first is None:
            raise InputError("found a header and no row", accepted="rows of numbers under the header")
    return _read(columns, chain([first], rows))


@dataclass(frozen=True)
class _Columns:
    names: list[str]
    numbers: list[int]
    texts: list[int]


def _columns(line: int, cells: list[str], text: Collection[str]) -> tuple[_Columns, bool]:
    """The columns, and whether the first line is a header."""
    if len(cells) > MOST_COLUMNS:
        raise InputError(f"found {len(cells)} columns", accepted=f"at most {MOST_COLUMNS}").at(line=line)
    wanted = {name.casefold() for name in text}
    words = [at for at, cell in enumerate(cells) if decimal(cell) is None]
    kept = [at for at in words if cells[at].casefold() in wanted]
    headed = bool(kept) or len(words) == len(cells)
    if headed:
        twice = first_twice(cells)
        if twice is not None:
            raise InputError(f"two columns are called {echo(twice)}", accepted="a name for each").at(
                line=line
            )
        names = cells
    elif len(words) > 1:
        raise InputError(
            f"found text in more than one column: {echo(cells[words[0]])}, {echo(cells[words[1]])}",
            accepted="a header, and numbers in all columns but that of the labels",
        ).at(line=line)
    else:
        names = [f"column {at}" for at in range(1, len(cells) + 1)]
        if text:
            kept = words or [0]
            names[kept[0]] = next(iter(text))
    return _Columns(names, [at for at in range(len(cells)) if at not in kept], kept), headed


def _read(columns: _Columns, rows: Iterator[tuple[int, list[str]]]) -> Table:
    width = len(columns.names)
    numbers, lines = array("d"), array("q")
    texts: list[list[str]] = [[] for _ in columns.texts]
    for line, cells in rows:
        if len(cells) != width:
            raise InputError(
                f"found {count(len(cells), 'cell')}", accepted=f"{width}, as in the first line"
            ).at(line=line)
        numbers.fromlist(_numbers(cells, columns, line))
        lines.append(line)
        for kept, at in zip(texts, columns.texts, strict=True):
            kept.append(cells[at].strip())
        if len(numbers) * 8 > LARGEST or len(lines) > MOST_ROWS:
            raise InputError(
                "a table that is too large", accepted=f"at most {LARGEST // 8} numbers in {MOST_ROWS} rows"
            ).at(line=line)
    return Table(
        tuple(columns.names[at] for at in columns.numbers),
        np.array(numbers, np.float64).reshape(len(lines), len(columns.numbers)),
        {columns.names[at].casefold(): tuple(kept) for kept, at in zip(texts, columns.texts, strict=True)},
        np.array(lines, np.int64),
    )


def _numbers(cells: list[str], columns: _Columns, line: int) -> list[float]:
    chosen = [cells[at] for at in columns.numbers] if columns.texts else cells
    try:
        row = list(map(float, chosen))
    except ValueError:
        row = None
    # The sum is finite unless one of them is not (or they are too large to add); float() takes 1_000.
    if row is not None and isfinite(sum(row)) and "_" not in "".join(chosen):
        return row
    return [_number(cells[at].strip(), columns.names[at], line) for at in columns.numbers]


def _number(cell: str, column: str, line: int) -> float:
    value = decimal(cell)
    if value is not None and isfinite(value):
        return value
    accepted = "a finite number such as 1.5 or -3e-2"
    if "," in cell and decimal(cell.replace(",", ".", 1)) is not None:
        accepted = "a decimal point, as in 1.5"
    found = f"found {echo(cell)}" if cell else "found an empty cell"
    raise InputError(found, accepted=accepted).at(line=line, field=column)


def _rows(stream: Readable) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row."""
    sign = ""
    for line, text in lines_of(stream):
        if not sign:
            sign = next((each for each in SIGNS if each in text), SIGNS[-1])
        yield line, _quoted(text, sign, line) if '"' in text else text.split(sign)


def _quoted(text: str, sign: str, line: int) -> list[str]:
    """The cells of a line with quotation marks in it; a cell may not go on in the next line."""
    try:
        return next(csv.reader([text], delimiter=sign, strict=True))
    except csv.Error:
        raise InputError(
            "found quotation marks that do not close", accepted='cells such as "a, b", on one line'
        ).at(line=line) from None
