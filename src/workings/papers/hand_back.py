"""What a teacher hands back: the tables of marks, a page a student, and a page for the class."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from workings.errors import InputError, echo
from workings.files import make_folder, write_file
from workings.marking.sheets import Broken, Sheet
from workings.papers.class_page import Tally, class_page
from workings.papers.document import Paper
from workings.papers.feedback import page, page_name
from workings.papers.mark import Marked, Scheme, mark_sheet
from workings.papers.marks_csv import Rows, Tables, rows
from workings.papers.workers import Pile

Said = TypeVar("Said")

CLASS_PAGE = "class.html"


class Handed(NamedTuple, Generic[Said]):
    """What is made of a sheet where it is marked, and nothing that is not wanted: it may have far to go.

    Parameters
    ----------
    said: what `hand_back` was asked to say of it.
    rows: of the tables.
    marked, page: for the pages.
    """

    student: str
    file: str
    line: int
    said: Said
    rows: Rows | None
    marked: Marked | None
    page: str | None


@dataclass(frozen=True, slots=True)
class Wanted(Generic[Said]):
    """What is to be made of each sheet; it travels to whoever marks.

    Parameters
    ----------
    say, alone: what to say of a sheet, and whether it is alone.
    rows, pages: whether there are tables, and pages.
    """

    say: Callable[[Marked, bool], Said]
    alone: bool
    rows: bool
    pages: bool

    def __call__(self, scheme: Scheme, sheet: Sheet) -> Handed[Said]:
        """Mark one sheet."""
        marked = mark_sheet(scheme, sheet)
        return Handed(
            *(marked.student, marked.file, marked.line, self.say(marked, self.alone)),
            rows(marked) if self.rows else None,
            marked if self.pages else None,
            page(scheme, sheet, marked) if self.pages else None,
        )


def hand_back(
    paper: Paper,
    sheets: Iterable[Path],
    *,
    say: Callable[[Marked, bool], Said],
    heard: Callable[[Said | Broken], None],
    to: Path | None = None,
    feedback: Path | None = None,
    on: str = "inline",
    ticked: Callable[[int], None] = lambda _size: None,
) -> list[Path]:
    """Mark a class sheet by sheet, and write what is asked for; returns the files, pages by their folder.

    Parameters
    ----------
    say: what to say of a sheet, given whether it is alone; called where the sheet is marked, so it is a
        function at the top of a module.
    heard: is told that, sheet by sheet in their order, and of broken ones the error.
    to: the table of marks; the table of verdicts stands beside it.
    feedback: a folder for a page a student and `class.html`.
    on: where the work is done; see `workings.lab.executors.parse_on`.
    ticked: is told the size of what was marked, piece by piece; see `workings.marking.sheets.size_of`.

    Raises
    ------
    InputError: a paper that can't be solved, no sheets, or files that can't be written.
    """
    listed = list(sheets)
    for written in Tables.named(to) if to else ():
        _keep(written, [*([Path(paper.file)] if paper.file else []), *listed])
    pile = Pile(paper, listed)
    tally = Tally(pile.scheme)
    taken = {CLASS_PAGE}
    work = Wanted(say, pile.alone, rows=to is not None, pages=feedback is not None)
    with ExitStack() as open_files:
        table = open_files.enter_context(Tables(to, list(pile.scheme.items))) if to else None
        if feedback:
            make_folder(feedback)
        for found in pile.each(work, on=on, ticked=ticked):
            if isinstance(found, Broken):
                heard(found)
                tally.add(found)
                continue
            heard(found.said)
            if table and found.rows:
                table.add(found.rows)
            if feedback and found.marked and found.page is not None:
                tally.add(found.marked)
                write_file(feedback / page_name(found.student, taken), found.page.encode())
    if feedback:
        write_file(feedback / CLASS_PAGE, class_page(tally).encode())
    return [*(table.paths if table else ()), *([feedback] if feedback else [])]


def _keep(written: Path, sources: Iterable[Path]) -> None:
    """Refuse to write over the paper or a sheet."""
    for source in sources:
        if written.exists() and source.exists() and written.samefile(source):
            raise InputError(f"{echo(str(written))} is read, too", accepted="another file to write")
