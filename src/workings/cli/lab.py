"""What `workings run` and `workings runs` read, show while work goes on, and print in the end."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from workings.errors import InputError, echo

if TYPE_CHECKING:
    from workings.lab.cell import End
    from workings.lab.plan import Plan
    from workings.lab.results import Results

REFRESHED: Final = 0.5
"""Seconds between two looks at the cells that are being trained."""


def pairs(words: Sequence[str]) -> dict[str, str]:
    """`name=value` and `arm.name=value`.

    Raises
    ------
    InputError: a word without `=`, or a name twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"found {echo(word)}", accepted="settings such as epochs=3 or plain.epochs=3")
        if name in found:
            raise InputError(f"found {name} twice", accepted="each setting once")
        found[name] = value
    return found


def read_seeds(text: str) -> int | list[int]:
    """`5` for the seeds 0 to 4, `3,7,9` for these."""
    parts = text.split(",")
    if not all(part.strip().isascii() and part.strip().isdigit() and len(part) < 11 for part in parts):
        raise InputError(f"found {echo(text)}", accepted="how many (5) or which (3,7,9)").at(field="--seeds")
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else numbers


def settings_help(name: str) -> str:
    """The settings of a study, its arms, and its reduced run: the end of its help text."""
    from workings.lab.cell import load_study

    study = load_study(name)
    lines = [f"{name}: {study.asks}", "", "Settings (name=value for all arms, arm.name=value for one):"]
    fields = study.settings.model_fields
    wide = max(len(f"{key}={field.default}") for key, field in fields.items())
    for key, field in fields.items():
        default = "none" if field.default is None else field.default
        lines.append(f"  {f'{key}={default}':{wide}}  {field.description or ''}")
    lines += ["", "Arms:"]
    wide = max(len(arm.name) for arm in study.arms)
    for arm in study.arms:
        told = " ".join(f"{key}={_plain(value)}" for key, value in arm.settings.items())
        lines.append(f"  {arm.name:{wide}}  {arm.title}{f' ({told})' if told else ''}")
    reduced = " ".join(f"{key}={_plain(value)}" for key, value in study.quick.items())
    lines += ["", f"--quick: {reduced or 'nothing is reduced'}"]
    return "\n".join(lines)


def _plain(value: object) -> str:
    return "none" if value is None else str(value)


def planned(
    study: str, settings: Sequence[str], *, seeds: str, arms: Sequence[str], data: str | None, quick: bool
) -> Plan:
    """The cells of a run, from the words of a command line."""
    require_torch()
    from workings.lab.plan import plan

    return plan(study, pairs(settings), seeds=read_seeds(seeds), data=data, quick=quick, only=arms)


def require_torch() -> None:
    """Say how to install what the lab needs, where it is missing."""
    from importlib.util import find_spec

    missing = [name for name in ("torch", "safetensors", "sklearn") if find_spec(name) is None]
    if missing:
        listed = ", ".join(missing)
        raise InputError(f"studies need {listed}", accepted="pip install 'workings[lab]'")


def train_paper(paper: Path, *, quick: bool, to: Path, on: str) -> None:
    """Run every study that a paper asks for."""
    from workings.papers.document import check_names, read
    from workings.papers.studies import planned as planned_block

    text = read(paper)
    check_names(text)
    blocks = [block for block in text.blocks if block.kind == "study"]
    if blocks:
        require_torch()
    for block in blocks:
        trained(planned_block(block, quick=quick), to=to, on=on)


def trained(plan: Plan, *, to: Path, on: str) -> Results:
    """Run a plan with progress on standard error, and write its report beside it.

    Raises
    ------
    InputError: no cell has a result.
    typer.Exit: someone pressed Ctrl-C.
    """
    from typer import Exit

    from workings.lab import report
    from workings.lab.run import run

    sys.stderr.write(f"workings: {plan.name}: {plan.summary}\n")
    ends: list[End] = []
    with progress(plan, to / plan.name) as tell:

        def hear(end: End) -> None:
            tell(end)
            ends.append(end)

        found = run(plan, to=to, on=on, heard=hear)
    for end in ends:
        if end.reason:
            sys.stderr.write(f"workings: {end.job.cell.arm}, seed {end.job.cell.seed}: {end.reason}\n")
    if any(end.how == "stopped" for end in ends):
        sys.stderr.write(f"workings: stopped, nothing is lost; to go on: {again(plan, to, on)}\n")
        raise Exit(130)
    if not found.cells:
        raise InputError("no cell has a result", accepted="see the messages above")
    report.write(found, found.folder)
    return found


def again(plan: Plan, to: Path, on: str) -> str:
    """The command that goes on with a run."""
    words = [plan.command]
    words += [f"--to {quote(str(to))}"] if to != Path("runs") else []
    words += [f"--on {quote(on)}"] if on != "auto" else []
    return " ".join(words)


def ran(plan: Plan, *, to: Path, on: str, output: Path | None, logs: Sequence[str], as_json: bool) -> int:
    """Run a plan, write the report, print what came out; the exit status."""
    from workings.lab import report
    from workings.lab.loggers import open_loggers

    if output is not None:
        check_format(output)
    loggers = open_loggers(logs, to)  # what is missing is told before hours of training
    found = trained(plan, to=to, on=on)
    for log in loggers:
        log(found)
    page = typeset(found, output or found.folder / "report.html")
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(found), ensure_ascii=False, indent=1) + "\n")
    else:
        show(found)
        sys.stdout.write(f"\nReport: {page}\n")
    return 1 if found.failed else 0


def show(found: Results) -> None:
    """The table of a run and what follows from it."""
    from rich.console import Console
    from rich.markdown import Markdown

    from workings.lab import report

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(Markdown(report.block(found, show=("table", "findings"))))


def check_format(output: Path) -> None:
    """Refuse a file whose suffix is none that can be written."""
    from workings.papers.typeset import FORMATS

    if output.suffix.lower() not in FORMATS:
        raise InputError(f"unknown format {echo(output.suffix or output.name)}", accepted=", ".join(FORMATS))


def typeset(found: Results, to: Path) -> Path:
    """The report as a page, a print, a notebook, a Word file or Markdown."""
    from workings.lab import report
    from workings.papers.typeset import typeset as set_pages

    return set_pages(report.markdown(found, pictures="inline"), title=found.study.title, to=to)


# --- progress -----------------------------------------------------------------------------------------------


@contextmanager
def progress(plan: Plan, home: Path) -> Generator[Callable[[End], None]]:
    """Live bars on a terminal; a line as each cell ends elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines(len(plan.cells)).tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        board = _Board(plan, home, bars)
        watcher = threading.Thread(target=board.watch, daemon=True)
        watcher.start()
        try:
            yield board.tell
        finally:
            board.over.set()
            watcher.join()


class _Lines:
    """A line a cell, for pipes and logs."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0

    def tell(self, end: End) -> None:
        """Write how a cell ended."""
        self.done += 1
        cell = end.job.cell
        sys.stderr.write(f"workings: {self.done}/{self.total} {cell.arm}, seed {cell.seed}: {end.how}\n")


class _Board:
    """Bars: one for the run, and one for each cell that is being trained."""

    def __init__(self, plan: Plan, home: Path, bars: Any) -> None:
        self.plan, self.home, self.bars = plan, home, bars
        self.over = threading.Event()
        self.all = bars.add_task(plan.name, total=len(plan.cells), told=f"0/{len(plan.cells)} cells")
        self.tasks: dict[tuple[str, int], Any] = {}
        self.done = 0

    def tell(self, end: End) -> None:
        """A cell has ended."""
        self.done += 1
        self.bars.update(self.all, told=f"{self.done}/{len(self.plan.cells)} cells")
        if end.reason:
            self.bars.console.print(
                f"{end.job.cell.arm}, seed {end.job.cell.seed}: {end.reason}", markup=False
            )

    def watch(self) -> None:
        """Look at the cells until the run is over."""
        from workings.lab.run import under_way

        while not self.over.wait(REFRESHED):
            seen = {(cell.arm, cell.seed): cell for cell in under_way(self.plan, self.home)}
            parts = sum(cell.step / cell.steps for cell in seen.values())
            self.bars.update(self.all, completed=self.done + parts)
            for key in self.tasks.keys() - seen.keys():
                self.bars.remove_task(self.tasks.pop(key))
            for key, cell in seen.items():
                if key not in self.tasks:
                    name = f"  {cell.arm}, seed {cell.seed}"
                    self.tasks[key] = self.bars.add_task(name, total=cell.steps, told="")
                told = f"epoch {cell.epoch:.1f}/{cell.epochs}  loss {cell.loss:.4g}"
                self.bars.update(self.tasks[key], completed=cell.step, total=cell.steps, told=told)


# --- runs ---------------------------------------------------------------------------------------------------


def listed(to: Path, *, as_json: bool) -> None:
    """Every run: its name, its cells, the main measure of its arms."""
    from workings.lab import report
    from workings.lab.runs import read_all

    rows: list[Results] = []
    for found in read_all(to):
        if isinstance(found, InputError):
            sys.stderr.write(f"workings: {found}\n")
        else:
            rows.append(found)
    if as_json:
        sys.stdout.write(
            json.dumps([report.as_json(row) for row in rows], ensure_ascii=False, indent=1) + "\n"
        )
        return
    if not rows:
        sys.stdout.write(f"no runs in {to}\n")
        return
    from rich.table import Table

    from workings.cli.show import print_table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "study", "cells", "data", "set"):
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = len(row.seeds) * len(row.arms)
        given = " ".join(word for word in row.command.split() if "=" in word)
        table.add_row(
            row.folder.name, row.name, f"{len(row.cells)}/{cells}", row.data.partition(";")[0], given
        )
    print_table(table, width=None)


def shown(name: str, to: Path, output: Path | None) -> None:
    """A run's table and findings, or its report in a file."""
    from workings.lab.run import read_run
    from workings.lab.runs import find

    if output is not None:
        check_format(output)
    found = read_run(find(to, name))
    if output is not None:
        sys.stdout.write(f"{typeset(found, output)}\n")
        return
    sys.stdout.write(f"{found.folder}\n{found.command}\n")
    show(found)


def compared(first_name: str, second_name: str, to: Path) -> None:
    """The main measure of two runs of one study, arm by arm, paired over the seeds that both have."""
    from workings.lab.run import read_run
    from workings.lab.runs import find

    first, second = (read_run(find(to, name)) for name in (first_name, second_name))
    if first.name != second.name:
        raise InputError(f"found runs of {first.name} and of {second.name}", accepted="two runs of one study")
    from rich.table import Table

    from workings.cli.show import print_table
    from workings.lab import report

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("arm", "measure", first.folder.name, second.folder.name, "difference"):
        table.add_column(column, overflow="fold")
    for row in report.comparison(first, second):
        table.add_row(*row)
    print_table(table, width=None)
