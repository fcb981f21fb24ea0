"""The Python twins of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from workings import discovery
from workings.marking.sheets import Broken
from workings.papers.audit import Finding
from workings.papers.audit import audit as audit_paper
from workings.papers.build import build as build_paper
from workings.papers.document import read
from workings.papers.draw import write as write_copies
from workings.papers.hand_back import hand_back
from workings.papers.mark import Marked


def names(kind: str = "question") -> tuple[str, ...]:
    """The names of all questions, studies or claims."""
    package, _ = discovery.ITEMS[kind]
    return discovery.names(package)


def build(paper: str | Path, to: str | Path | None = None, *, blank: bool = False) -> list[Path]:
    """Build a paper into a page, a print, a notebook, a Word file or Markdown; returns the files written."""
    source = Path(paper)
    target = Path(to) if to is not None else source.with_suffix(".html")
    return build_paper(read(source), target, without_answers=blank)


def audit(paper: str | Path) -> list[Finding]:
    """Check the printed keys of a paper against certified values."""
    return audit_paper(read(paper))


def draw(paper: str | Path, *, copies: int, seed: int, to: str | Path) -> list[Path]:
    """Write variants of a paper, each with its key, into a folder."""
    written, _ = write_copies(read(paper), copies, seed, Path(to))
    return written


def mark(
    paper: str | Path,
    sheets: str | Path | Iterable[str | Path],
    *,
    to: str | Path | None = None,
    feedback: str | Path | None = None,
    on: str = "inline",
) -> list[Marked | Broken]:
    """Mark answer sheets; a broken one stands in the list with its error.

    Parameters
    ----------
    sheets: a file or a folder, or several.
    to: a table of marks to write; the table of verdicts goes beside it.
    feedback: a folder for a page a student, and one for the class.
    on: where to work: inline, processes, processes:4, ray, ray://host:port.
    """
    paths = [sheets] if isinstance(sheets, (str, Path)) else list(sheets)
    found: list[Marked | Broken] = []
    hand_back(
        read(paper),
        [Path(path) for path in paths],
        to=Path(to) if to is not None else None,
        feedback=Path(feedback) if feedback is not None else None,
        on=on,
        heard=found.append,
    )
    return found
