"""Marks as tables: one row a student, and one row an answer.

Written row by row into a file beside, which takes its name when all is written: memory is flat, and who
reads the table sees the old one or the new one. A cell that a spreadsheet would take for a formula begins
with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

from workings.algebra.rounding import round_decimals, spell, terminating
from workings.errors import InputError, echo
from workings.papers.mark import Marked

VERDICT_COLUMNS: Final = ("student", "question", "quantity", "raw", "verdict", "slip", "marks", "note")
MOST_DECIMALS: Final = 4

_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?%?")
_FORMULA = re.compile(r"[=+\-@\t\r]")


def cell(text: str) -> str:
    """Text for a table's cell: one line, and never a formula."""
    line = " ".join(text.split())
    return f"'{line}" if _FORMULA.match(line) and not _NUMBER.fullmatch(line) else line


@lru_cache(maxsize=4096)
def marks_text(marks: Fraction, decimals: int = MOST_DECIMALS) -> str:
    """Marks as a decimal: exact where so many decimals do, else rounded to them."""
    if marks.denominator == 1:
        return str(marks.numerator)
    exact = terminating(marks, decimals)
    return exact if exact is not None else spell(round_decimals(marks, decimals), decimals)


def percentage(share: Fraction) -> str:
    """A share of 1 in percent, to one decimal."""
    return spell(round_decimals(100 * share, 1), 1)


class Rows(NamedTuple):
    """The lines of one student in the two tables."""

    marks: str
    verdicts: str


def rows(sheet: Marked) -> Rows:
    """The lines of a marked sheet: made where it is marked, so that text travels and no records."""
    name = cell(sheet.student)
    marks = [marks_text(earned) for _, earned, _ in sheet.questions]
    verdicts = [
        (
            *(name, mark.question, mark.quantity, cell(mark.raw), mark.verdict, mark.slip),
            *(marks_text(mark.earned), cell(mark.note)),
        )
        for mark in sheet.marks
    ]
    return Rows(_lines([[name, *marks, marks_text(sheet.earned), percentage(sheet.share)]]), _lines(verdicts))


def _lines(table: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


class Tables:
    """`marks.csv` and `marks.verdicts.csv`, open for rows.

    Parameters
    ----------
    to: the first of the two; the second stands beside it.
    questions: the columns between student and total.
    """

    def __init__(self, to: Path, questions: Sequence[str]) -> None:
        if to.is_dir():
            raise InputError(f"{echo(str(to))} is a folder", accepted="the name of a file to write")
        self.paths = self.named(to)
        self._header = ["student", *questions, "total", "percentage"]
        self._parts = [path.with_name(f".{path.name[:40]}.{token_hex(6)}.part") for path in self.paths]
        self._open = ExitStack()
        self._files: list[IO[str]] = []

    @staticmethod
    def named(to: Path) -> tuple[Path, Path]:
        """The two files."""
        return to, to.with_name(f"{to.stem}.verdicts{to.suffix}")

    def __enter__(self) -> Self:
        try:
            for part, header in zip(self._parts, (self._header, VERDICT_COLUMNS), strict=True):
                self._files.append(self._open.enter_context(_opened(part)))
                self._files[-1].write(_lines([header]))
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError):
                raise _unwritable(self.paths[0], error) from None
            raise
        return self

    def add(self, student: Rows) -> None:
        """The lines of one student."""
        try:
            for file, lines in zip(self._files, student, strict=True):
                file.write(lines)
        except OSError as error:
            raise _unwritable(self.paths[0], error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._open.close()
            if kind is None:
                for part, path in zip(self._parts, self.paths, strict=True):
                    part.replace(path)
        except OSError as failed:
            raise _unwritable(self.paths[0], failed) from None
        finally:
            self._leave()

    def _leave(self) -> None:
        with suppress(OSError):
            self._open.close()
        for part in self._parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _opened(part: Path) -> IO[str]:
    return part.open("x", encoding="utf-8", newline="")


def _unwritable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or type(error).__name__
    return InputError(f"can't write {echo(str(path))}: {reason}", accepted="a folder that can be written to")
