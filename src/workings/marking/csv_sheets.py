"""Answer sheets in a table: one row a student, a column `student` and one a quantity, named `q2b.u_1`.

Columns end at a comma, a semicolon or a tab, whichever makes `student` a column of the first row. A cell with
such a sign in it, or with a line's end, stands in double quotes: `"[1, 2]"`.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workings.errors import InputError, echo, nearest, unknown
from workings.marking.line_stream import TextLine, lines_of
from workings.marking.sheet import LARGEST_SHEET, Answers, Broken, Rules, Sheet, check_quantity, check_student

DELIMITERS: Final = ",;\t"
MOST_LINES: Final = 1000
"""Lines of one row: a quotation mark that nobody closed must not swallow the rest of the table."""

_EXCEL = re.compile(r"sep=.")
_HEADER: Final = "columns student, q2b.u_1, q2b.h_1, ..."


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table, and block and quantity of every column; two empty texts for the column of names."""

    file: str
    line: int
    cells: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """See `Piece.size`."""
        return sum(map(len, self.cells)) + len(self.cells)

    def sheets(self, _rules: Rules) -> Iterator[Sheet | Broken]:
        """The one sheet."""
        student: str | None = None
        try:
            named = [cell for cell, (block, _) in zip(self.cells, self.columns, strict=False) if not block]
            student = check_student(named[0] if named else None)
            yield Sheet(student, _answers(self.cells, self.columns), self.file, self.line)
        except InputError as error:
            yield Broken(self.file, self.line, student, error.at(file=self.file, line=self.line))


def read_csv_sheets(path: Path, rules: Rules) -> Iterator[TableRow | Broken]:
    """The rows of a table, one after the other."""
    rows = _Rows(lines_of(path))
    file = str(path)
    try:
        columns = _columns(rows, rules)
    except InputError as error:
        yield Broken(file, error.place.line, None, error.at(file=file))
        return
    for line, row in rows:
        if isinstance(row, InputError):
            yield Broken(file, line, None, row.at(file=file, line=line))
        elif any(cell.strip() for cell in row):
            yield TableRow(file, line, tuple(row), columns)


def _answers(row: Sequence[str], columns: Sequence[tuple[str, str]]) -> Answers:
    if len(row) != len(columns):
        raise InputError(
            f"found {len(row)} cells in a table of {len(columns)} columns",
            accepted="a cell for every column, in double quotes where it holds the sign between columns",
        )
    answers: dict[str, dict[str, object]] = {}
    for (block, quantity), cell in zip(columns, row, strict=True):
        if block:
            answers.setdefault(block, {})[quantity] = cell.strip()
    return answers


def _columns(rows: _Rows, rules: Rules) -> tuple[tuple[str, str], ...]:
    """Block and quantity of every column."""
    first = rows.peek()
    if first is not None and _EXCEL.fullmatch(first.text.strip().strip('"')):
        next(rows)
        first = rows.peek()
    if first is None:
        raise InputError("the file is empty", accepted=_HEADER)
    rows.delimiter = _delimiter(first)
    line, heads = next(rows)
    if isinstance(heads, InputError):
        raise heads.at(line=line)
    heads = [head.strip() for head in heads]
    while heads and not heads[-1]:  # Excel writes empty columns behind the last
        heads.pop()
        rows.spare += 1
    found: list[tuple[str, str]] = []
    for number, head in enumerate(heads, 1):
        try:
            column = ("", "") if head.casefold() == "student" else _column(head, rules)
        except InputError as error:
            raise error.at(line=line) from None
        if column in found:
            twice = f"found the column {echo(head)} twice, as columns {found.index(column) + 1} and {number}"
            raise InputError(twice, accepted="each column once").at(line=line)
        found.append(column)
    return tuple(found)


def _delimiter(first: TextLine) -> str:
    if first.fault is not None:
        raise first.fault
    names = {
        sign: [cell.strip().strip('"').casefold() for cell in first.text.split(sign)] for sign in DELIMITERS
    }
    fitting = [sign for sign, cells in names.items() if "student" in cells]
    if not fitting:
        cells = max(names.values(), key=len)
        raise InputError(
            f"found no column 'student' in {echo(first.text)}",
            accepted=_HEADER,
            near=nearest("student", cells, 1),
        ).at(line=first.number)
    return max(fitting, key=lambda sign: len(names[sign]))


def _column(head: str, rules: Rules) -> tuple[str, str]:
    block, dot, quantity = head.partition(".")
    known = rules.known
    if known is None:
        if not (block and dot and quantity):
            raise InputError(f"found the column {echo(head)}", accepted=_HEADER)
        return block, quantity
    columns = [f"{name}.{label}" for name, labels in known.items() for label in labels]
    if not dot or block not in known:
        near = nearest(head, ["student", *columns])
        raise InputError(f"unknown column {echo(head)}", accepted=_HEADER, near=near)
    try:
        check_quantity(rules, block, quantity, lambda _: 1)
    except InputError:
        error = unknown("column", head, columns)
        error.accepted = ", ".join(f"{block}.{label}" for label in known[block])
        raise error from None
    return block, quantity


class _Rows:
    """The rows of a table with the lines on which they begin; what can't be split comes as an error."""

    def __init__(self, lines: Iterator[TextLine]) -> None:
        self.lines = lines
        self.ahead: deque[TextLine] = deque()
        self.delimiter = ","
        self.spare = 0  # empty columns behind the last

    def __iter__(self) -> Iterator[tuple[int, list[str] | InputError]]:
        return self

    def peek(self) -> TextLine | None:
        if not self.ahead:
            line = next(self.lines, None)
            if line is None:
                return None
            self.ahead.append(line)
        return self.ahead[0]

    def __next__(self) -> tuple[int, list[str] | InputError]:
        first = self._take()
        if first is None:
            raise StopIteration
        taken, length = [first], first.length
        quotes = first.text.count('"')
        while quotes % 2 and len(taken) < MOST_LINES and length <= LARGEST_SHEET:
            line = self._take()
            if line is None:
                break
            taken.append(line)
            length += line.length
            quotes += line.text.count('"')
        row = self._split(taken) if length <= LARGEST_SHEET else None
        if row is None and len(taken) > 1:
            self.ahead.extendleft(reversed(taken[1:]))
            taken = [first]
            row = self._split(taken) if first.length <= LARGEST_SHEET else None
        if row is None:
            return first.number, self._error(first)
        fault = next((line.fault for line in taken if line.fault is not None), None)
        if fault is not None:
            return first.number, fault
        spare = self.spare and not any(row[-self.spare :])
        return first.number, row[: -self.spare] if spare else row

    def _take(self) -> TextLine | None:
        return self.ahead.popleft() if self.ahead else next(self.lines, None)

    def _split(self, taken: list[TextLine]) -> list[str] | None:
        """The cells of lines that make one row, else None."""
        source = [line.text + "\n" for line in taken]
        try:
            rows = list(csv.reader(source, delimiter=self.delimiter, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else [] if not rows else None

    @staticmethod
    def _error(first: TextLine) -> InputError:
        if first.fault is not None:
            return first.fault
        if first.length > LARGEST_SHEET:
            accepted = f"at most {LARGEST_SHEET}"
            return InputError(
                f"found a row of {first.length} characters, {echo(first.text)}", accepted=accepted
            )
        accepted = 'quotes in pairs, around whole cells; "" for a quotation mark within'
        return InputError(f"found a quotation mark out of place in {echo(first.text)}", accepted=accepted)
