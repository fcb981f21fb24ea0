"""What `workings mark` prints, sheet by sheet."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from workings.cli.progress import gauge
from workings.marking.sheets import Broken, size_of
from workings.papers.document import read
from workings.papers.hand_back import hand_back
from workings.papers.mark import Marked
from workings.papers.marks_csv import marks_text, percentage


def marked(
    paper: Path, sheets: Sequence[Path], *, to: Path | None, feedback: Path | None, on: str, as_json: bool
) -> bool:
    """Mark sheets and print them as they come; whether all could be marked."""
    printer = JsonPrinter() if as_json else TextPrinter()
    seen = sys.stderr.isatty() and not (as_json and sys.stdout.isatty())
    with gauge(size_of(sheets) if seen else 0) as advance:
        written = hand_back(
            read(paper),
            sheets,
            say=json_text if as_json else text,
            heard=printer.hear,
            to=to,
            feedback=feedback,
            on=on,
            ticked=lambda size: advance(size, counted(printer.count, printer.broken)),
        )
    printer.close()
    for path in written:
        sys.stderr.write(f"workings: wrote {path}\n")
    return not printer.broken


class JsonPrinter:
    """A list with an object a sheet, each written as soon as it is marked."""

    def __init__(self) -> None:
        self.count = 0
        self.broken = 0

    def hear(self, said: str | Broken) -> None:
        """Write one sheet."""
        if isinstance(said, Broken):
            self.broken += 1
            report(said)
            return
        sys.stdout.write(",\n" if self.count else "[\n")
        sys.stdout.write(said)
        self.count += 1

    def close(self) -> None:
        """End the list."""
        sys.stdout.write("\n]\n" if self.count else "[]\n")


class TextPrinter:
    """A line a sheet; one sheet alone is printed answer by answer."""

    def __init__(self) -> None:
        self.count = 0
        self.broken = 0

    def hear(self, said: str | Broken) -> None:
        """Write one sheet."""
        if isinstance(said, Broken):
            self.broken += 1
            report(said)
            return
        self.count += 1
        sys.stdout.write(said)

    def close(self) -> None:
        """Write how many there were."""
        sys.stdout.write(f"{counted(self.count, self.broken)}\n")


def counted(count: int, broken: int) -> str:
    """How many sheets were marked, and how many were not."""
    others = f"; {broken} could not be" if broken else ""
    return f"{count} {'sheet' if count == 1 else 'sheets'} marked{others}"


def report(found: Broken) -> None:
    """Say on standard error what is wrong with a sheet."""
    sys.stderr.write(f"workings: {found.error}\n")


def json_text(sheet: Marked, _alone: bool) -> str:  # noqa: FBT001  as `hand_back` calls it
    """A sheet in its stable machine form."""
    return json.dumps(sheet.as_json(), ensure_ascii=False)


def text(sheet: Marked, alone: bool) -> str:  # noqa: FBT001  as `hand_back` calls it
    """A sheet among others in one line; one alone answer by answer."""
    return answers(sheet) if alone else row(sheet)


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
    repeated = note.casefold() in feedback.casefold()  # as a sentence
    return f"{feedback} [{note}]" if note and not repeated else feedback
