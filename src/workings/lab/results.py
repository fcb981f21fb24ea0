"""What cells left on disk, read back: the report, the figures and the statistics know nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from workings.errors import InputError, echo, unknown
from workings.lab.study import Arm, Measure, Settings, Study

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETTINGS: Final = "settings.json"
METRICS: Final = "metrics.jsonl"
TIMING: Final = "timing.jsonl"
WEIGHTS: Final = "weights.safetensors"
ARRAYS: Final = "arrays.safetensors"
RESULT: Final = "result.json"
"""Written last: a cell with it is finished. It holds the hashes of the files that must be as they were."""
FAILED: Final = "failed.json"
KEPT: Final = (SETTINGS, METRICS, TIMING, WEIGHTS, ARRAYS, RESULT, FAILED)
"""What stays of a finished cell."""


@dataclass(frozen=True)
class CellResult:
    """A finished cell.

    Parameters
    ----------
    metrics: what the test set said.
    rows: one an evaluation: step, epoch, train_loss (mean since the last), learning_rate, seconds (of
        training; evaluations do not count), and what `Task.validate` gave.
    """

    arm: str
    seed: int
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    rows: tuple[Mapping[str, float], ...]
    folder: Path

    @property
    def seconds(self) -> float:
        """Training time."""
        return self.rows[-1]["seconds"] if self.rows else 0.0

    @cached_property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What was kept beside, by name."""
        from safetensors.numpy import load

        path = self.folder / ARRAYS
        return load(path.read_bytes()) if path.exists() else {}


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell without a result, and why."""

    arm: str
    seed: int
    reason: str


@dataclass(frozen=True)
class Results:
    """What a run found.

    Parameters
    ----------
    name: the study's.
    arms: those that were run, with the settings that each had in the end.
    settings: what was set for all.
    seeds: those that were asked for.
    quick: whether this is the study's reduced run.
    data: the data's summary.
    source: the path of the data; None if embedded.
    cells: the finished ones, in order of arms and seeds.
    failed: those that have no result.
    folder: where the run's report is.
    command: which makes it again.
    """

    study: Study
    name: str
    arms: tuple[Arm, ...]
    settings: Settings
    seeds: tuple[int, ...]
    quick: bool
    data: str
    source: str | None
    cells: tuple[CellResult, ...]
    failed: tuple[Failure, ...]
    folder: Path
    command: str

    def of(self, arm: str) -> tuple[CellResult, ...]:
        """The finished cells of an arm, by seed."""
        return tuple(cell for cell in self.cells if cell.arm == arm)

    def measure(self, name: str) -> Measure:
        """The measure of that name."""
        if name not in self.study.measures:
            raise unknown("measure", name, self.study.measures)
        return self.study.measures[name]

    def bars(self, name: str) -> Mapping[str, float]:
        """By arm, what is asked of a measure on this data; nothing of a reduced run."""
        if self.quick:
            return {}
        measure = self.measure(name)
        return measure.bars if self.source is None else measure.bars_given

    def values(self, arm: str, measure: str) -> dict[int, float]:
        """By seed, the measure of an arm's cells, where they have it."""
        of = self.measure(measure).of
        found = {cell.seed: of(cell) if of else cell.metrics.get(measure) for cell in self.of(arm)}
        return {seed: float(value) for seed, value in found.items() if value is not None}


def finished(folder: Path) -> bool:
    """Whether a cell is done, one way or the other."""
    return (folder / RESULT).exists() or (folder / FAILED).exists()


def read_cell(folder: Path) -> CellResult | Failure:
    """A finished cell.

    Raises
    ------
    InputError: a file is missing, unreadable, or not as it was written.
    """
    told = read_json(folder / SETTINGS)
    arm, seed = str(told["arm"]), int(told["seed"])
    if (folder / FAILED).exists():
        return Failure(arm, seed, str(read_json(folder / FAILED)["reason"]))
    result = read_json(folder / RESULT)
    for name, written in result["files"].items():
        if hashed(_bytes(folder / name)) != written:
            raise InputError(
                f"{echo(str(folder / name))} is not as it was written", accepted="the whole cell"
            )
    rows = [dict(row) for row in _lines(folder / METRICS)]
    times = {int(row["step"]): float(row["seconds"]) for row in _lines(folder / TIMING)}
    for row in rows:
        row["seconds"] = times.get(int(row["step"]), 0.0)
    return CellResult(arm, seed, told["settings"], result["metrics"], tuple(rows), folder)


def dumped(value: object) -> bytes:
    """JSON as all files of a cell have it: keys in order, so that the same content is the same bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def hashed(content: bytes) -> str:
    """The hash that `result.json` keeps of a file."""
    return sha256(content).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"can't read {echo(str(path))}: {error.strerror}", accepted="the whole cell"
        ) from None


def read_json(path: Path) -> dict[str, Any]:
    """A file that holds an object.

    Raises
    ------
    InputError: it can't be read, or does not.
    """
    content = _bytes(path)  # its own error is a ValueError, too
    try:
        found: object = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{echo(str(path))} is not as it was written", accepted="JSON")
    return cast("dict[str, Any]", found)


def _lines(path: Path) -> list[dict[str, Any]]:
    content = _bytes(path)
    try:
        return [json.loads(line) for line in content.splitlines()]
    except ValueError:
        raise InputError(f"{echo(str(path))} is not as it was written", accepted="JSON lines") from None
