"""What other tools are given, read back with their own readers; left out where one is not installed."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.lab.loggers import open_loggers
from workings.lab.plan import plan
from workings.lab.run import run

pytestmark = [pytest.mark.usefixtures("tiny"), pytest.mark.filterwarnings("default")]


@pytest.fixture
def found(tmp_path):
    return run(plan("line", {"epochs": 2}, seeds=1), to=tmp_path / "runs")


def test_tensorboard_is_given_each_curve_once(found, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for _ in range(2):  # a second call replaces what the first wrote
        for log in open_loggers(["tensorboard"], tmp_path):
            log(found)
    folder = tmp_path / "tensorboard" / "line" / found.folder.name / "adam-0"
    events = accumulator.EventAccumulator(str(folder))
    events.Reload()
    cell = found.of("adam")[0]
    seen = [(event.step, event.value) for event in events.Scalars("val_mse")]
    assert seen == [(row["step"], pytest.approx(row["val_mse"])) for row in cell.rows]
    assert events.Scalars("test/mse")[0].value == pytest.approx(cell.metrics["mse"])


def test_mlflow_is_given_each_cell_once(found, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    for _ in range(2):
        for log in open_loggers(["mlflow"], tmp_path):
            log(found)
    kept = mlflow.search_runs(experiment_names=["line"], output_format="list")
    assert len(kept) == len(found.cells)
    (adam,) = [one for one in kept if one.data.params["arm"] == "adam"]
    assert adam.data.metrics["test_mse"] == pytest.approx(found.of("adam")[0].metrics["mse"])


def test_an_unknown_logger_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(InputError, match="unknown logger 'wandb'; accepted: mlflow, tensorboard"):
        open_loggers(["wandb"], tmp_path)
