"""What a teacher hands back: the tables of marks, a page a student, and a page for the class."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from workings.errors import InputError, echo
from workings.files import make_folder, write_file
from workings.marking.sheets import Broken
from workings.papers.class_page import Tally, class_page
from workings.papers.document import Paper
from workings.papers.feedback import page_found, page_name
from workings.papers.mark import Marked, mark_found, scheme_of, spread
from workings.papers.marks_csv import Tables

CLASS_PAGE = "class.html"


def hand_back(
    paper: Paper,
    sheets: Iterable[Path],
    *,
    to: Path | None = None,
    feedback: Path | None = None,
    on: str = "inline",
    heard: Callable[[Marked | Broken], None] = lambda _found: None,
) -> list[Path]:
    """Mark a class sheet by sheet, and write what is asked for; returns the files, pages by their folder.

    Parameters
    ----------
    to: the table of marks; the table of verdicts stands beside it.
    feedback: a folder for a page a student and `class.html`.
    on: where the work is done; see `workings.lab.executors.parse_on`.
    heard: is told of each sheet as soon as it is marked, broken ones too.

    Raises
    ------
    InputError: a paper that can't be solved, no sheets, or files that can't be written.
    """
    listed = list(sheets)
    for written in Tables.named(to) if to else ():
        _keep(written, [*([Path(paper.file)] if paper.file else []), *listed])
    scheme = scheme_of(paper.text, paper.file)
    tally = Tally(scheme)
    taken = {CLASS_PAGE}
    with ExitStack() as open_files:
        table = open_files.enter_context(Tables(to, list(scheme.items))) if to else None
        if feedback:
            make_folder(feedback)
        if feedback is None:
            pairs = ((found, None) for found in spread(paper, listed, mark_found, on=on))
        else:
            pairs = spread(paper, listed, page_found, on=on)
        for found, page in pairs:
            heard(found)
            if feedback:
                tally.add(found)
            if table and isinstance(found, Marked):
                table.add(found)
            if feedback and page is not None and isinstance(found, Marked):
                write_file(feedback / page_name(found.student, taken), page.encode())
    if feedback:
        write_file(feedback / CLASS_PAGE, class_page(tally).encode())
    return [*(table.paths if table else ()), *([feedback] if feedback else [])]


def _keep(written: Path, sources: Iterable[Path]) -> None:
    """Refuse to write over the paper or a sheet."""
    for source in sources:
        if written.exists() and source.exists() and written.samefile(source):
            raise InputError(f"{echo(str(written))} is read, too", accepted="another file to write")
