"""The Python twins of the command line."""

from __future__ import annotations

from pathlib import Path

from workings import discovery
from workings.papers.audit import Finding
from workings.papers.audit import audit as audit_paper
from workings.papers.build import build as build_paper
from workings.papers.document import read
from workings.papers.draw import write as write_copies


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
