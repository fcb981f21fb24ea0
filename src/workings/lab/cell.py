"""One cell: what its result depends on, and `work`, which brings it to its end wherever it is called.

A cell's folder bears the hash of all that its result depends on, so a finished one is never trained again,
and one with other settings is another cell.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from multiprocessing import parent_process
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from workings.discovery import ITEMS, load
from workings.errors import InputError
from workings.files import make_folder, write_file
from workings.lab.results import FAILED, KEPT, SETTINGS, Failure, dumped, finished, read_cell

if TYPE_CHECKING:
    from workings.lab.loop import Loop, Stepped
    from workings.lab.study import Data, Settings, Study

PROGRESS: Final = "progress.json"
ERROR: Final = "error.txt"
STOP: Final = ".stop"
"""A file of the study's folder; while it is there, cells keep their state and leave."""
MARK: Final = ".place"
"""A file of the study's folder, by which a worker knows that it sees the same disk."""
SAVED_EVERY: Final = 10.0
"""Seconds of work that a kill can cost."""
TOLD_EVERY: Final = 0.5
"""Seconds between two notes on progress, and between two looks for `STOP`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One training: an arm, a seed and settings, of a study on some data.

    Parameters
    ----------
    settings: all of them, the arm's own included; the device by its name.
    common: the study's settings without the arm's, by which the data is made.
    data: the digest of the data.
    source: where the data is; None if embedded. No part of the name: the digest is.
    """

    study: str
    arm: str
    seed: int
    settings: Settings
    common: Settings
    data: str
    source: str | None = None
    revision: int = 1

    @property
    def told(self) -> dict[str, Any]:
        """What the result depends on; the content of `settings.json`."""
        return {
            "study": self.study,
            "arm": self.arm,
            "seed": self.seed,
            "settings": self.settings.model_dump(mode="json"),
            "data": self.data,
            "revision": self.revision,
        }

    @property
    def name(self) -> str:
        """The hash of `told`, 16 hexadecimal digits."""
        return sha256(dumped(self.told)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Job:
    """A cell and where it is kept.

    Parameters
    ----------
    home: the study's folder; the cell's is below it.
    mark: what the file `MARK` says there. A worker that does not find it is on another disk, works in a
        folder of its own, and sends the files back.
    """

    cell: Cell
    home: Path
    mark: str = ""

    @property
    def folder(self) -> Path:
        """The cell's own folder."""
        return self.home / "cells" / self.cell.name


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended.

    Parameters
    ----------
    how: `done`; `kept`, as it was finished before; `stopped` on request; `failed`.
    reason: why it failed, or what was found wrong and mended on the way.
    files: the cell's, where the worker is on another disk.
    """

    job: Job
    how: Literal["done", "kept", "stopped", "failed"]
    reason: str = ""
    files: dict[str, bytes] | None = None


class _StoppedError(Exception):
    """Someone asked the cell to leave; its state is kept."""


def work(job: Job) -> End:
    """Bring a cell to its end.

    Whatever goes wrong is this cell's own affair and is told in the `End`, so that the others go on.
    """
    here = _same_disk(job)
    folder = job.folder if here else Path(gettempdir()) / f"workings-{job.mark}" / job.cell.name
    end = _end(job, folder)
    if here:
        return end
    files = {name: (folder / name).read_bytes() for name in KEPT if (folder / name).exists()}
    return End(job, end.how, end.reason, files)


def _end(job: Job, folder: Path) -> End:
    try:
        make_folder(folder)
        with _locked(folder):
            mended = _checked(job.cell, folder)
            if finished(folder):
                found = read_cell(folder)
                failed = isinstance(found, Failure)
                return End(job, "failed" if failed else "kept", found.reason if failed else "")
            if (job.home / STOP).exists():
                return End(job, "stopped")
            return End(job, "done", _train(job, folder) or mended)
    except _StoppedError:
        return End(job, "stopped")
    except InputError as error:
        return End(job, "failed", str(error))
    except Exception as error:  # noqa: BLE001  the other cells go on; the traceback is kept for whoever mends it
        with suppress(InputError):
            write_file(folder / ERROR, traceback.format_exc().encode())
        said = str(error).strip().partition("\n")[0][:300]
        return End(job, "failed", f"{type(error).__name__}: {said} (see {folder / ERROR})")


def _train(job: Job, folder: Path) -> str:
    """Train to the end; returns what was wrong with the state that was left, if anything."""
    from workings.lab import checkpoint
    from workings.lab.device import as_told
    from workings.lab.loop import Diverged, Evaluated, Loop

    cell = job.cell
    write_file(folder / SETTINGS, dumped(cell.told))
    study = load_study(cell.study)
    data = load_data(cell.study, cell.common, cell.source)
    if data.digest != cell.data:
        raise InputError(f"the data in {cell.source} changed meanwhile", accepted="the same command again")

    def fresh() -> Loop:
        task = study.task(data, cell.settings, cell.seed)
        return Loop(task, cell.settings, cell.seed, study.watch)

    mended = ""
    with as_told(cell.settings.device, cell.settings.threads, cell.seed):
        loop = fresh()
        try:
            checkpoint.take_up(loop, folder)
        except checkpoint.Unreadable as error:
            mended = f"{error.problem}; it started anew"
            checkpoint.sweep(folder)
            loop = fresh()
        diary = _Diary(job, folder, loop)
        try:
            for event in loop.run():
                if isinstance(event, Evaluated):
                    checkpoint.note(folder, event)
                else:
                    diary.hear(event)
            checkpoint.finish(folder, loop, loop.finish())
        except Diverged as error:
            write_file(folder / FAILED, dumped({"reason": str(error)}))
            checkpoint.sweep(folder)
            raise
    return mended


class _Diary:
    """Every so often: where the training is, its state, and a look at whether it should leave."""

    def __init__(self, job: Job, folder: Path, loop: Loop) -> None:
        self.job, self.folder, self.loop = job, folder, loop
        self.saved = self.told = monotonic()

    def hear(self, event: Stepped) -> None:
        """After a step."""
        from workings.lab.checkpoint import save

        now = monotonic()
        if now - self.told < TOLD_EVERY:
            return
        self.told = now
        progress = {
            "step": event.step,
            "steps": event.steps,
            "epoch": event.step / self.loop.batches,
            "epochs": self.loop.settings.epochs,
            "loss": str(float(event.loss)),  # text, as it may be no number
            "seconds": self.loop.seconds,
        }
        write_file(self.folder / PROGRESS, dumped(progress))
        stop = (self.job.home / STOP).exists() or _orphaned()
        if stop or now - self.saved >= SAVED_EVERY:
            save(self.loop, self.folder)
            self.saved = monotonic()
        if stop:
            raise _StoppedError


def _orphaned() -> bool:
    """Whether the process that gave out the work has died; what it would do with the result, nobody knows."""
    parent = parent_process()
    return parent is not None and not parent.is_alive()


def load_study(name: str) -> Study:
    """The study of that name.

    Raises
    ------
    InputError: no file bears it; near ones are offered.
    """
    package, attribute = ITEMS["study"]
    return cast("Study", load(package, name, attribute))


def load_data(study: str, common: Settings, source: str | None) -> Data:
    """The data of a study; the last one is held in memory for the next cell."""
    return _data(study, common.model_dump_json(), source)


@lru_cache(maxsize=1)
def _data(study: str, common: str, source: str | None) -> Data:
    found = load_study(study)
    return found.data(found.settings.model_validate_json(common), Path(source) if source else None)


# --- the folder ---------------------------------------------------------------------------------------------


def _checked(cell: Cell, folder: Path) -> str:
    """Empty a finished cell that holds something else or something broken; returns what was wrong."""
    if not finished(folder):
        return ""
    try:
        read_cell(folder)
        if (folder / SETTINGS).read_bytes() == dumped(cell.told):
            return ""
        reason = f"{folder / SETTINGS} is not as it was written"
    except InputError as error:
        reason = error.problem
    from workings.lab.checkpoint import sweep

    sweep(folder, but=())
    return f"{reason}; the cell was trained anew"


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """Hold the folder alone; a second worker on the same cell waits, and then finds it finished.

    The system lets go of the lock when a process dies, however it dies.
    """
    with (folder / ".lock").open("ab") as file:
        try:
            import fcntl
        except ImportError:  # Windows: two runs at once over one folder are the user's own affair
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _same_disk(job: Job) -> bool:
    with suppress(OSError):
        return (job.home / MARK).read_text(encoding="ascii") == job.mark
    return False


def mark(home: Path) -> str:
    """The word by which workers know the folder again; written there if it is new."""
    path = home / MARK
    if not path.exists():
        write_file(path, token_hex(16).encode())
    return path.read_text(encoding="ascii")
