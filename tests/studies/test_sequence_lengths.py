"""The study of sequence lengths: data from files, errors worked out apart, and a run from end to end."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from workings.errors import InputError
from workings.lab.data.dataset import Sequences
from workings.lab.plan import plan
from workings.lab.plots import render
from workings.lab.results import CellResult, Failure, Results
from workings.lab.run import run
from workings.studies.sequence_lengths import STUDY, Regression, RegressionTask, SequenceSettings

REAL = Path(__file__).parents[3] / "shared" / "data" / "japanese_vowels"
SMALL = {"epochs": 2, "examples": 40, "hidden": 4, "shortest": 2, "longest": 6, "batch_size": 16}
ARMS = [arm.name for arm in STUDY.arms]


def settings(arm="rnn", **more):
    own = next(one.settings for one in STUDY.arms if one.name == arm)
    return SequenceSettings(**{**SMALL, "device": "cpu", **own, **more})


def data(**more):
    return STUDY.data(settings(**more), None)


def drawn(count, seed=0, features=3, shortest=2, longest=5):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, longest, size=count, endpoint=True)
    return [rng.normal(size=(length, features)).astype(np.float32) for length in lengths]


def record(targets, classes=()):
    """Sequences with these targets in training, twice them to validate and three times to test."""
    y = np.asarray(targets)
    parts = {}
    for seed, part in enumerate(("train", "val", "test")):
        parts[f"{part}_x"] = tuple(drawn(len(y), seed))
        parts[f"{part}_y"] = y if classes else (y * (seed + 1)).astype(np.float32)
    return Sequences(**parts, classes=classes, source="made up")


class TestData:
    def test_predicting_the_mean(self):
        """Trained on 1, 2, 3 (mean 2), tested on 3, 6, 9: (1 + 16 + 49)/3 = 22."""
        found = Regression(record([[1.0], [2.0], [3.0]]))
        assert found.mean_error == pytest.approx(22, rel=1e-6)
        assert found.summary.endswith("predicting the mean costs 22.000")

    def test_classes_are_one_hot_targets(self):
        found = Regression(record([1, 0, 1], classes=("a", "b")))
        assert found.targets("train").tolist() == [[0, 1], [1, 0], [0, 1]]

    def test_embedded_data_says_its_noise_floor(self):
        assert "no predictor's expected error is below 0.05" in data().summary
        assert "noise of variance 0.2" in data(noise=0.2).summary

    def test_sizes_follow_the_settings(self):
        found = data(examples=40)
        assert [len(found.inputs(part)) for part in ("train", "val", "test")] == [40, 10, 20]
        lengths = {len(x) for part in ("train", "val", "test") for x in found.inputs(part)}
        assert lengths == set(range(2, 7))

    def test_longest_is_not_below_shortest(self):
        with pytest.raises(InputError, match="longest: found 4; accepted: 5 or more, as the shortest"):
            data(shortest=5, longest=4)

    def test_too_many_classes_for_one_hot_targets(self):
        made = record([0, 1, 0], classes=tuple(map(str, range(1001))))
        with pytest.raises(InputError, match="made up: found 1001 classes; accepted: at most 1000"):
            Regression(made)

    def test_a_zip_with_a_pickled_list_as_in_the_coursework(self, tmp_path):
        xs = drawn(12)
        X = np.empty(len(xs), dtype=object)
        X[:] = xs
        y = np.linspace(-1, 1, 12)
        pickled = io.BytesIO()
        pickle.dump({"X": X, "y": y}, pickled)
        path = tmp_path / "homework5_question2_data.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.pkl", pickled.getvalue())
        found = STUDY.data(settings(), path)
        taken = [x for part in ("train", "val", "test") for x in found.inputs(part)]
        assert sorted(x.tobytes() for x in taken) == sorted(x.tobytes() for x in xs)
        assert found.noise is None

    @pytest.mark.realdata
    @pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/japanese_vowels is not there")
    def test_a_folder_of_ts_files(self):
        """270 and 370 cases of 12 dimensions in 9 classes; a sixth of the 270 validates."""
        found = STUDY.data(settings(), REAL)
        assert [len(found.inputs(part)) for part in ("train", "val", "test")] == [225, 45, 370]
        assert found.targets("test").shape == (370, 9)
        assert np.array_equal(found.targets("test").sum(axis=1), np.ones(370))

    def test_nothing_there(self, tmp_path):
        with pytest.raises(InputError):
            STUDY.data(settings(), tmp_path / "nothing.zip")


class TestTask:
    @pytest.mark.parametrize("arm", ARMS)
    def test_errors_are_those_of_each_sequence_by_itself_in_the_targets_own_unit(self, arm):
        """Everything scaled by hand, one sequence at a time, for targets far from variance 1."""
        found = Regression(record(np.linspace(100, 300, 12)[:, None]))
        task = RegressionTask(found, settings(arm), 0)
        with torch.no_grad():
            outcome = task.test()
            steps = np.concatenate(found.inputs("train")).astype(np.float64)
            y = found.targets("train").astype(np.float64)
            errors = []
            for index, _ in enumerate(found.inputs("test")):
                said = task.model(task.parts["test"][0], torch.tensor([index])).item()
                errors.append((said * y.std() + y.mean() - found.targets("test")[index, 0]) ** 2)
            for x, laid in zip(
                found.inputs("test"),
                task.parts["test"][0].rows.split([len(x) for x in found.inputs("test")]),
                strict=True,
            ):
                assert laid.numpy() == pytest.approx((x - steps.mean(0)) / steps.std(0), abs=1e-5)
        assert outcome.arrays["examples"][:, 0] == pytest.approx(errors, rel=1e-4)
        assert outcome.metrics["mse"] == pytest.approx(np.mean(errors), rel=1e-4)
        assert outcome.arrays["lengths"].tolist() == [len(x) for x in found.inputs("test")]
        assert outcome.metrics["explained"] == pytest.approx(1 - np.mean(errors) / found.mean_error, rel=1e-4)

    def test_a_constant_predictor_explains_nothing(self):
        found = Regression(record(np.linspace(1, 3, 12)[:, None]))
        task = RegressionTask(found, settings(), 0)
        with torch.no_grad():
            for weight in task.model.readout.parameters():
                weight.zero_()
            outcome = task.test()
        assert outcome.metrics["mse"] == pytest.approx(found.mean_error, rel=1e-5)
        assert outcome.metrics["explained"] == pytest.approx(0, abs=1e-5)

    def test_accuracy_is_of_the_greatest_output(self):
        """A readout that always says class b: right for 7 of 9."""
        found = Regression(record([1, 0, 1, 1, 1, 0, 1, 1, 1], classes=("a", "b")))
        task = RegressionTask(found, settings(), 0)
        with torch.no_grad():
            task.model.readout.weight.zero_()
            task.model.readout.bias.copy_(torch.tensor([-3.0, 3.0]))
            assert task.test().metrics["accuracy"] == pytest.approx(7 / 9)

    def test_no_accuracy_of_numbers(self):
        with torch.no_grad():
            assert "accuracy" not in RegressionTask(data(), settings(), 0).test().metrics

    def test_features_and_targets_that_never_change_do_no_harm(self):
        made = record(np.zeros((6, 1)))
        for part in ("train", "val", "test"):
            for x in getattr(made, f"{part}_x"):
                x[:, 0] = 7
        task = RegressionTask(Regression(made), settings(), 0)
        assert torch.isfinite(task.loss(torch.arange(6), torch.Generator()))
        with torch.no_grad():
            metrics = task.test().metrics
        assert np.isfinite(metrics["mse"])
        assert "explained" not in metrics

    @pytest.mark.parametrize("arm", ARMS)
    def test_loss_is_the_mean_over_the_chosen_and_goes_down_its_gradient(self, arm):
        task = RegressionTask(data(), settings(arm), 0)
        chosen = torch.tensor([3, 0, 17])
        loss = task.loss(chosen, torch.Generator())
        parts = [task.loss(chosen[i : i + 1], torch.Generator()).item() for i in range(3)]
        assert loss.item() == pytest.approx(np.mean(parts), rel=1e-5)
        loss.backward()
        torch.optim.SGD(task.model.parameters(), lr=0.01).step()
        assert task.loss(chosen, torch.Generator()) < loss

    def test_training_error_is_of_as_many_as_validate(self):
        """10 validate, so the first 10 of the 40."""
        task = RegressionTask(data(), settings(), 0)
        with torch.no_grad():
            scaled = task.loss(torch.arange(10), torch.Generator()).item()
            assert task.validate()["train_mse"] == pytest.approx(scaled * task.scale**2, rel=1e-5)

    def test_the_seed_is_the_initial_weights_and_leaves_chance_alone(self):
        before = torch.get_rng_state()
        first, same, other = (RegressionTask(data(), settings(), seed).model for seed in (0, 0, 1))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(first.rnn.W_h[0], same.rnn.W_h[0])
        assert not torch.equal(first.rnn.W_h[0], other.rnn.W_h[0])

    def test_sizes_of_the_networks(self):
        """10 inputs, 32 units: 1 376 weights a step and a readout of 33; L = 10 and T = 40 steps."""
        found = STUDY.data(SequenceSettings(examples=400), None)
        expected = {"rnn": 1, "truncated": 10, "recent": 10, "padded": 40}
        for arm, steps in expected.items():
            model = RegressionTask(found, settings(arm, hidden=32), 0).model
            assert sum(weight.numel() for weight in model.parameters()) == steps * 1376 + 33

    @pytest.mark.parametrize("arm", ["truncated", "padded"])
    def test_too_many_steps_with_weights_of_their_own(self, arm):
        made = record(np.arange(3.0)[:, None])
        for part in ("train", "val", "test"):
            object.__setattr__(made, f"{part}_x", tuple(np.zeros((10_001, 1), np.float32) for _ in range(3)))
        with pytest.raises(InputError, match=r"found 10001 steps.*at most 10000, or network=shared"):
            RegressionTask(Regression(made), settings(arm), 0)


class TestMeasures:
    def cell(self, *rows):
        rows = tuple({"epoch": float(i), "val_mse": v, "train_mse": t} for i, (v, t) in enumerate(rows, 1))
        return CellResult("rnn", 0, {}, {}, rows, Path())

    def test_converged_within_5_percent_of_the_best(self):
        """The best is 1.00, so 1.05 counts and 1.06 does not."""
        cell = self.cell((2.0, 0), (1.06, 0), (1.05, 0), (1.2, 0), (1.0, 0), (1.3, 0))
        assert STUDY.measures["epochs_to_converge"].of(cell) == 3

    def test_the_gap_is_that_of_the_last_epoch(self):
        assert STUDY.measures["gap"].of(self.cell((1.0, 0.9), (1.5, 0.25))) == 1.25

    @pytest.mark.parametrize("name", ["epochs_to_converge", "gap"])
    def test_without_rows_there_is_nothing(self, name):
        assert STUDY.measures[name].of(self.cell()) is None


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    load = plan("sequence_lengths", SMALL, seeds=2)
    return run(load, to=tmp_path_factory.mktemp("runs"))


class TestRun:
    def test_every_arm_and_seed_has_every_measure_but_accuracy(self, results):
        assert not results.failed
        for arm in ARMS:
            for name in STUDY.measures:
                values = results.values(arm, name)
                assert len(values) == (0 if name == "accuracy" else 2), (arm, name)
                assert all(np.isfinite(value) for value in values.values())

    def test_the_arms_were_trained_as_their_titles_say(self, results):
        told = {cell.arm: (cell.settings["network"], cell.settings["end"]) for cell in results.cells}
        assert told == {
            "rnn": ("shared", "first"),
            "truncated": ("truncated", "first"),
            "recent": ("truncated", "last"),
            "padded": ("padded", "last"),
        }

    def test_figures(self, results):
        plots = list(STUDY.figures(results))
        assert [plot.name for plot in plots] == ["curves", "lengths", "by_arm"]
        for plot in plots:
            assert render(plot, "png").startswith(b"\x89PNG")

    def test_figures_of_what_is_left_when_cells_failed(self, results):
        some = [cell for cell in results.cells if (cell.arm, cell.seed) in {("rnn", 1), ("padded", 0)}]
        for cells in (some, []):
            left = Results(**{**vars(results), "cells": tuple(cells), "failed": (Failure("rnn", 0, "so"),)})
            for plot in STUDY.figures(left):
                assert render(plot, "png").startswith(b"\x89PNG")

    def test_levels_in_the_figure_of_lengths(self, results):
        figure = render(next(plot for plot in STUDY.figures(results) if plot.name == "lengths"), "svg")
        assert figure.count(b"<!-- predicting the mean -->") == 1
        assert figure.count(b"<!-- noise floor -->") == 1


def test_the_rnn_learns(tmp_path):
    """After 8 epochs it explains more than half of what the mean does not."""
    found = run(plan("sequence_lengths", {"epochs": 8}, seeds=1, only=["rnn"]), to=tmp_path)
    assert found.values("rnn", "explained")[0] > 0.5


def test_importing_it_does_not_load_torch():
    code = "import sys, workings.studies.sequence_lengths; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
