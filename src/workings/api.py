"""The Python twins of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workings import discovery
from workings.marking.sheets import Broken
from workings.papers.audit import Finding
from workings.papers.audit import audit as audit_paper
from workings.papers.build import build as build_paper
from workings.papers.document import read
from workings.papers.draw import write as write_copies
from workings.papers.hand_back import hand_back
from workings.papers.mark import Marked
from workings.papers.studies import RUNS

if TYPE_CHECKING:
    from workings.lab.results import Results


def names(kind: str = "question") -> tuple[str, ...]:
    """The names of all questions, studies or claims."""
    package, _ = discovery.ITEMS[kind]
    return discovery.names(package)


def build(
    paper: str | Path, to: str | Path | None = None, *, blank: bool = False, runs: str | Path = RUNS
) -> list[Path]:
    """Build a paper into a page, a print, a notebook, a Word file or Markdown; returns the files written.

    Studies show the results that are in the folder `runs`; `run` makes them.
    """
    source = Path(paper)
    target = Path(to) if to is not None else source.with_suffix(".html")
    return build_paper(read(source), target, without_answers=blank, runs=Path(runs))


def run(
    study: str,
    settings: Mapping[str, object] | None = None,
    *,
    seeds: int | Sequence[int] = 5,
    data: str | Path | None = None,
    quick: bool = False,
    only: Sequence[str] = (),
    on: str = "inline",
    to: str | Path = RUNS,
) -> Results:
    """Run a study and read its results; cells that are finished are not trained again.

    Parameters
    ----------
    settings: by name, for all arms (`epochs`) or for one (`plain.epochs`).
    seeds: how many, from 0, or which.
    data: a file or a folder in place of the embedded data, or `hub:NAME`.
    quick: the study's reduced settings.
    only: the arms wanted; all unless given.
    on: where to work: inline, processes, processes:4, ray, ray://host:port, auto.
    to: the folder of all runs.
    """
    from workings.lab import report
    from workings.lab.plan import plan
    from workings.lab.run import run as run_plan

    wanted = plan(study, settings, seeds=seeds, data=data, quick=quick, only=only)
    found = run_plan(wanted, to=Path(to), on=on)
    if found.cells:
        report.write(found, found.folder)
    return found


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
        say=_as_it_is,
        heard=found.append,
    )
    return found


def _as_it_is(marked: Marked, _alone: bool) -> Marked:  # noqa: FBT001  as `hand_back` calls it
    return marked
