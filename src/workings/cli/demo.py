"""The main job from start to end: a study trained, five papers built, their keys audited, errata printed."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from time import perf_counter

from workings.cli.progress import bar
from workings.cli.show import errata, print_table, summary
from workings.errors import InputError
from workings.files import make_folder, write_file

PAPERS = ("assignment", "homework", "examination", "report", "midterm")
STUDY = "mnist_lenet"
"""Trained reduced, on embedded data, so that the midterm shows curves."""


def folder() -> Path:
    """Where the example papers are: inside the installed package, or at the top of a checkout."""
    inside = Path(str(files("workings"))) / "papers" / "examples"
    checkout = Path(__file__).resolve().parents[3] / "papers"
    for place in (inside, checkout):
        if (place / "examination.md").is_file():
            return place
    raise InputError("the example papers are missing", accepted="an installation with its data files")


def run(to: Path) -> None:
    """Build, audit, report."""
    from workings.papers.audit import Finding, audit
    from workings.papers.build import build
    from workings.papers.document import read

    make_folder(to)
    tried = _try_out(to / "runs")
    start = perf_counter()
    papers = {name: read(folder() / f"{name}.md") for name in PAPERS}
    found: dict[str, list[Finding]] = {}
    written: list[Path] = []
    with bar(sum(len(paper.questions) for paper in papers.values())) as tick:
        for name, paper in papers.items():
            write_file(to / f"{name}.md", paper.text.encode())
            written += build(paper, to / f"{name}.html", progress=tick, runs=to / "runs")
            found[name] = audit(paper)
    everything = [finding for name in PAPERS for finding in found[name]]
    for name in PAPERS:
        doubtful = [finding for finding in found[name] if finding.verdict in ("wrong", "convention")]
        if doubtful:
            print_table(errata(doubtful, title=f"\nErrata: {papers[name].header.title}"), width=None)
    questions = sum(len(paper.questions) for paper in papers.values())
    seconds = perf_counter() - start
    sys.stdout.write(
        f"\n{questions} questions worked out in {seconds:.1f} s. {summary(everything)}.\n\nLook at:\n"
    )
    sys.stdout.writelines(f"  {path}\n" for path in [*written, *tried])
    sys.stdout.write(
        "\nThen: workings build PAPER.md -o OUT.pdf, workings audit PAPER.md,\n"
        f"workings solve KIND --example, workings run {STUDY}. The papers themselves are in {to}/*.md.\n"
    )


def _try_out(runs: Path) -> list[Path]:
    """Train one study, reduced; returns its report, or nothing where the lab is not installed."""
    from workings.cli import lab

    try:
        lab.require_torch()
    except InputError as error:
        sys.stderr.write(f"workings: {STUDY} is left out: {error}\n")
        return []
    start = perf_counter()
    wanted = lab.planned(STUDY, [], seeds="5", arms=[], data=None, quick=True)
    found = lab.trained(wanted, to=runs, on="auto")
    lab.show(found)
    sys.stdout.write(f"\n{len(found.cells)} networks trained in {perf_counter() - start:.1f} s.\n")
    return [lab.typeset(found, found.folder / "report.html")]
