"""A run: the cells of a plan brought to their end, wherever there is room, and read back.

    found = run(plan("mnist_lenet", {"epochs": 3}), to=Path("runs"))

A run that was stopped, killed or cut short is gone on with by the same call.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workings.errors import InputError
from workings.files import make_folder, write_file
from workings.lab.cell import PROGRESS, STOP, End, Job, load_study, mark, work
from workings.lab.executors import Executor, Inline, WorkerDied, parse_on, processes
from workings.lab.results import (
    RESULT,
    CellResult,
    Failure,
    Results,
    dumped,
    finished,
    read_cell,
    read_json,
)
from workings.lab.study import Arm

if TYPE_CHECKING:
    from workings.lab.plan import Plan

RUN: Final = "run.json"
DEATHS: Final = 2
"""Times that a cell may lose its worker before it is given up."""


def run(
    plan: Plan, *, to: Path, on: str = "inline", heard: Callable[[End], None] = lambda _end: None
) -> Results:
    """Train what is not trained yet, and read everything.

    Parameters
    ----------
    to: the folder of all runs; the study's is below it.
    on: `inline`, `processes`, `processes:4`, `ray`, `ray://host:port`, or `auto`: processes where there is
        more than one processor, and the device is one.
    heard: called as each cell ends.

    Raises
    ------
    InputError: the folder can't be written to, or the place to work is none.
    """
    home = to / plan.name
    folder = home / plan.key
    make_folder(folder)
    (home / STOP).unlink(missing_ok=True)
    word = mark(home)
    write_file(folder / RUN, dumped(plan.told()))
    jobs = [Job(cell, home, word) for cell in plan.cells]
    with _stoppable(home):
        for end in _ends(jobs, on):
            if end.files is not None:
                _unpack(end)
            heard(end)
    return read_run(folder)


def read_run(folder: Path) -> Results:
    """A run as it is on disk.

    Raises
    ------
    InputError: there is none, or its file is damaged.
    """
    told = read_json(folder / RUN)
    try:
        study = load_study(str(told["study"]))
        told_arms: list[dict[str, Any]] = told["arms"]
        titles = {arm.name: arm.title for arm in study.arms}
        arms: list[Arm] = []
        found: list[CellResult | Failure] = []
        for arm in told_arms:
            name = str(arm["name"])
            arms.append(Arm(name, titles.get(name, name), arm["settings"]))
            for seed, cell in zip(told["seeds"], arm["cells"], strict=True):
                found.append(_read(folder.parent / "cells" / str(cell), name, int(seed)))
        return Results(
            study=study,
            name=str(told["study"]),
            arms=tuple(arms),
            settings=study.settings.model_validate(told["settings"]),
            seeds=tuple(told["seeds"]),
            quick=bool(told["quick"]),
            data=str(told["data"]),
            source=told["source"],
            cells=tuple(each for each in found if isinstance(each, CellResult)),
            failed=tuple(each for each in found if isinstance(each, Failure)),
            folder=folder,
            command=str(told["command"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder / RUN} is not as it was written", accepted="the same run again") from None


def _read(folder: Path, arm: str, seed: int) -> CellResult | Failure:
    if not finished(folder):
        return Failure(arm, seed, "not finished")
    try:
        return read_cell(folder)
    except InputError as error:
        return Failure(arm, seed, error.problem)


# --- work ---------------------------------------------------------------------------------------------------


def _ends(jobs: Sequence[Job], on: str) -> Iterator[End]:
    """How each job ends; a job whose worker died is given out again."""
    left = list(jobs)
    deaths: Counter[str] = Counter()
    while left:
        executor = _executor(on, left)
        given, left = left, []
        done = 0
        try:
            for end in executor.run(work, given):
                done += 1
                yield end
        except WorkerDied as error:
            culprit = given[min(error.item, len(given) - 1)]
            deaths[culprit.cell.name] += 1
            left = given[done:]
            if deaths[culprit.cell.name] >= DEATHS:
                left = [job for job in left if job is not culprit]
                yield End(culprit, "failed", f"its worker died {DEATHS} times: {error.problem}")


def _executor(on: str, jobs: Sequence[Job]) -> Executor:
    if on != "auto":
        return parse_on(on)
    open_ones = [job for job in jobs if not finished(job.folder)]
    if len(open_ones) < 2 or any(job.cell.settings.device != "cpu" for job in open_ones):
        return Inline()
    threads = max(job.cell.settings.threads for job in open_ones)
    room = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ) // threads
    return processes(min(room, len(open_ones))) if room > 1 else Inline()


def _unpack(end: End) -> None:
    """Write the files that a worker on another disk sent, the result last."""
    files = end.files or {}
    make_folder(end.job.folder)
    for name in sorted(files, key=lambda name: name == RESULT):
        write_file(end.job.folder / name, files[name])


@contextmanager
def _stoppable(home: Path) -> Generator[None]:
    """The first Ctrl-C asks all cells to keep their state and leave; the second does not ask."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(_signal: int, _frame: object) -> None:
        if (home / STOP).exists():
            raise KeyboardInterrupt
        with suppress(InputError):
            write_file(home / STOP, b"")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        (home / STOP).unlink(missing_ok=True)


# --- progress -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a cell is."""

    arm: str
    seed: int
    step: int
    steps: int
    epoch: float
    epochs: int
    loss: float
    seconds: float

    @property
    def left(self) -> float:
        """Seconds of training to go, if the rest is like what was."""
        return self.seconds / max(1, self.step) * (self.steps - self.step)


def under_way(plan: Plan, home: Path) -> list[Progress]:
    """The cells that are being trained, as far as they tell: what a command line or a page shows."""
    found: list[Progress] = []
    for cell in plan.cells:
        folder = home / "cells" / cell.name
        with suppress(InputError, KeyError, TypeError, ValueError):
            if not (folder / PROGRESS).exists() or finished(folder):
                continue
            told = read_json(folder / PROGRESS)
            told["loss"] = float(told["loss"])
            found.append(Progress(cell.arm, cell.seed, **told))
    return found
