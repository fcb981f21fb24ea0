"""What `workings mark` prints, sheet by sheet."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from workings.marking.sheets import Broken
from workings.papers.document import read
from workings.papers.hand_back import hand_back
from workings.papers.mark import Marked
from workings.papers.marks_csv import marks_text, percentage


def marked(
    paper: Path, sheets: Sequence[Path], *, to: Path | None, feedback: Path | None, on: str, as_json: bool
) -> bool:
    """Mark sheets and print them as they come; whether all could be read."""
    printer = JsonPrinter() if as_json else TextPrinter()
    written = hand_back(read(paper), sheets, to=to, feedback=feedback, on=on, heard=printer.hear)
    printer.close()
    for path in written:
        sys.stderr.write(f"workings: wrote {path}\n")
    return not printer.broken


class JsonPrinter:
    """A list with an object a sheet, each written as soon as it is marked."""

    def __init__(self) -> None:
        self.broken = 0
        self._count = 0

    def hear(self, found: Marked | Broken) -> None:
        """Write one sheet."""
        if isinstance(found, Broken):
            self.broken += 1
            report(found)
            return
        sys.stdout.write(",\n" if self._count else "[\n")
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
        self._count += 1

    def close(self) -> None:
        """End the list."""
        sys.stdout.write("\n]\n" if self._count else "[]\n")


class TextPrinter:
    """A line a sheet; one sheet alone is printed answer by answer."""

    def __init__(self) -> None:
        self.broken = 0
        self._count = 0
        self._first: Marked | None = None

    def hear(self, found: Marked | Broken) -> None:
        """Write one sheet; the first waits for the second."""
        if isinstance(found, Broken):
            self.broken += 1
            report(found)
            return
        self._count += 1
        if self._count == 1:
            self._first = found
            return
        if self._first:
            sys.stdout.write(row(self._first))
            self._first = None
        sys.stdout.write(row(found))

    def close(self) -> None:
        """Write what is left, and how many there were."""
        if self._first:
            sys.stdout.write(answers(self._first))
        broken = f"; {self.broken} could not be read" if self.broken else ""
        sys.stdout.write(f"{self._count} {'sheet' if self._count == 1 else 'sheets'} marked{broken}\n")


def report(found: Broken) -> None:
    """Say on standard error what is wrong with a sheet."""
    sys.stderr.write(f"workings: {found.error}\n")


def row(sheet: Marked) -> str:
    """A sheet in one line: student, marks, share, and how many answers have which verdict."""
    counts: dict[str, int] = {}
    for mark in sheet.marks:
        counts[mark.verdict] = counts.get(mark.verdict, 0) + 1
    verdicts = ", ".join(f"{count} {name}" for name, count in counts.items())
    marks = f"{marks_text(sheet.earned)} of {marks_text(sheet.worth)}"
    return f"{sheet.student:<20}  {marks:>16}  {percentage(sheet.share):>5} %  {verdicts}\n"


def answers(sheet: Marked) -> str:
    """A sheet answer by answer, and its marks."""
    wide = max(len(f"{mark.question}.{mark.quantity}") for mark in sheet.marks)
    lines = [
        f"{f'{mark.question}.{mark.quantity}':{wide}}  {mark.verdict:14}  {_remark(mark.feedback, mark.note)}"
        for mark in sheet.marks
    ]
    return "\n".join(line.rstrip() for line in [*lines, "", row(sheet)]) + "\n"


def _remark(feedback: str, note: str) -> str:
    return f"{feedback} [{note}]" if note and note not in feedback else feedback
