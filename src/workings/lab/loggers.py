"""Runs handed on to other tools: TensorBoard event files, an MLflow data base. Off unless asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workings.errors import InputError, unknown

if TYPE_CHECKING:
    from workings.lab.results import Results

Logger = Callable[["Results"], None]

POSITION = ("step", "epoch", "seconds")
"""Columns of a row that say where it stands."""


def open_loggers(names: Sequence[str], to: Path) -> list[Logger]:
    """The loggers of these names; what they write goes below `to`.

    Raises
    ------
    InputError: no such logger, or its package is not installed.
    """
    return [_open(name, to) for name in names]


def _open(name: str, to: Path) -> Logger:
    try:
        match name:
            case "tensorboard":
                from torch.utils.tensorboard.writer import SummaryWriter

                return lambda results: _tensorboard(SummaryWriter, results, to / "tensorboard")
            case "mlflow":
                import mlflow  # pyright: ignore[reportMissingImports]

                return lambda results: _mlflow(cast("Any", mlflow), results, to / "mlflow.db")
            case _:
                raise unknown("logger", name, ("tensorboard", "mlflow"))
    except ImportError:
        raise InputError(f"{name} is not installed", accepted=f"pip install {name}") from None


def _tensorboard(writer: Any, results: Results, to: Path) -> None:
    """An event file a cell; files of an earlier call for the same cell are replaced."""
    for cell in results.cells:
        folder = to / results.name / results.folder.name / f"{cell.arm}-{cell.seed}"
        for old in folder.glob("events.*"):
            old.unlink()
        with writer(str(folder)) as events:
            for row in cell.rows:
                for name, value in row.items():
                    if name not in POSITION:
                        events.add_scalar(name, value, int(row["step"]))
            for name, value in cell.metrics.items():
                events.add_scalar(f"test/{name}", value, int(cell.rows[-1]["step"]) if cell.rows else 0)


def _mlflow(mlflow: Any, results: Results, to: Path) -> None:
    """An MLflow run a cell, named after it; one that is there already is left."""
    mlflow.set_tracking_uri(f"sqlite:///{to.resolve()}")
    mlflow.set_experiment(results.name)
    for cell in results.cells:
        if len(mlflow.search_runs(filter_string=f"tags.cell = '{cell.folder.name}'", output_format="list")):
            continue
        with mlflow.start_run(run_name=f"{cell.arm}-{cell.seed}", tags={"cell": cell.folder.name}):
            mlflow.log_params({"arm": cell.arm, "seed": cell.seed, **cell.settings})
            for row in cell.rows:
                told = {name: value for name, value in row.items() if name not in POSITION}
                mlflow.log_metrics(told, step=int(row["step"]))
            mlflow.log_metrics({f"test_{name}": value for name, value in cell.metrics.items()})
