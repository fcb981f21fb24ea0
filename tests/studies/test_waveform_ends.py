"""The study of waveform ends: the coursework's recipe, losses and measures worked out apart, and a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import precision_score, recall_score

from workings.errors import InputError
from workings.lab.data.waveforms import Recording, Waveforms
from workings.lab.plan import plan
from workings.lab.plots import render
from workings.lab.results import Failure, Results
from workings.lab.run import run
from workings.studies.waveform_ends import STUDY, WaveformSettings, WaveformTask

REAL = Path(__file__).parents[3] / "shared" / "data" / "ludb_lead2"
SMALL = {
    "epochs": 2,
    "batch_size": 8,
    "signals": 4,
    "length": 400,
    "window": 100,
    "hidden": 3,
    "width": 2,
}
ARMS = [arm.name for arm in STUDY.arms]


def settings(arm="coursework", **more):
    own = next(one.settings for one in STUDY.arms if one.name == arm)
    return WaveformSettings(**{**own, **SMALL, "device": "cpu", **more})


def data(**more):
    return STUDY.data(settings(**more), None)


def task(arm="coursework", seed=0, **more):
    return WaveformTask(data(), settings(arm, **more), seed)


def two_kinds():
    """Ends at 20, 40, 60 and starts 5 before them; looked at from 10 to 70."""
    ends = np.array([20.0, 40.0, 60.0])
    signal = np.random.default_rng(0).standard_normal(80).astype(np.float32)
    one = Recording("a", signal, (ends, ends - 5), (10.0, 70.0))
    return Waveforms((one,), (one,), (one,), ("end", "start"), 100.0, 50.0, "made")


class TestSettings:
    def test_the_defaults_are_the_courseworks(self):
        """Two bidirectional layers of 64, dropout 0.2, weight 10, Adam at 0.001, 50 epochs, threshold 0.5."""
        found = WaveformSettings().model_dump()
        expected = {
            "network": "gru",
            "hidden": 64,
            "layers": 2,
            "dropout": 0.2,
            "positive_weight": 10,
            "optimizer": "adam",
            "learning_rate": 1e-3,
            "weight_decay": 0,
            "schedule": "constant",
            "epochs": 50,
            "target": "label",
            "events": "runs",
            "threshold": 0.5,
            "select": "last",
        }
        assert {name: found[name] for name in expected} == expected
        assert dict(STUDY.arms[0].settings) == {}

    def test_the_lstm_differs_in_the_cell_alone(self):
        assert dict(STUDY.arms[1].settings) == {"network": "lstm"}

    def test_sizes_of_the_generated_data_follow_the_settings(self):
        found = data(signals=8)
        assert [len(part) for _, part in found.parts()] == [8, 2, 4]
        assert found.test[0].signal.size == 400

    def test_a_tolerance_of_ones_own(self):
        assert data().tolerance == 40
        assert data(tolerance=12.0).tolerance == 12


class TestFiles:
    def test_a_table(self, tmp_path):
        path = tmp_path / "signal.csv"
        path.write_text("signal,label\n" + "".join(f"{i % 7},{int(i % 7 == 6)}\n" for i in range(200)))
        found = STUDY.data(settings(rate=100.0), path)
        assert (found.rate, found.tolerance) == (100, 100)
        assert sum(each.marks[0].size for _, part in found.parts() for each in part) == 28

    def test_nothing_there(self, tmp_path):
        for name in ("nothing.csv", "nothing.npz"):
            with pytest.raises(InputError, match="is not there"):
                STUDY.data(settings(), tmp_path / name)

    @pytest.mark.realdata
    @pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/ludb_lead2 is not there")
    def test_ludb(self):
        found = STUDY.data(settings(fold=3), REAL)
        assert [len(part) for _, part in found.parts()] == [140, 20, 40]
        assert "T end" in found.summary


class TestLoss:
    def test_of_the_coursework_is_torchs_own(self):
        ours = task()
        ours.model.eval()
        chosen = torch.tensor([3, 0, 5])
        x, y, _ = ours.train.plain(chosen)
        theirs = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([10.0]))(ours.model(x), y)
        assert ours.loss(chosen, torch.Generator()).item() == pytest.approx(theirs.item(), rel=1e-5)

    def test_outside_the_span_nothing_counts(self):
        """The mean over the 61 samples that somebody looked at."""
        found = two_kinds()
        ours = WaveformTask(found, settings(), 0)
        ours.model.eval()
        x, y, _ = ours.train.plain(torch.tensor([0]))
        with torch.no_grad():
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                ours.model(x), y, reduction="none", pos_weight=torch.tensor(10.0)
            )
        expected = each[0, 0, 10:71].mean().item()
        assert ours.loss(torch.tensor([0]), torch.Generator()).item() == pytest.approx(expected, rel=1e-5)

    def test_other_kinds_weigh_a_quarter(self):
        """Targets of the second kind are bumps; both losses by hand, weighted 1 : 1/4."""
        ours = WaveformTask(two_kinds(), settings("best", vary=False), 0)
        ours.model.eval()
        t = np.arange(80)
        # 50 ms at 100 a second are 5 samples; the bump's spread is a fifth of them.
        rows = [np.exp(-0.5 * (t[:, None] - marks) ** 2).max(axis=1) for marks in two_kinds().train[0].marks]
        with torch.no_grad():
            said = ours.model(ours.train.plain(torch.tensor([0]))[0])[0].double().numpy()
        costs = np.logaddexp(0, said) - np.array(rows) * said
        expected = (costs[0, 10:71].mean() + 0.25 * costs[1, 10:71].mean()) / 1.25
        assert ours.loss(torch.tensor([0]), torch.Generator()).item() == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize("arm", ARMS)
    def test_it_goes_down_its_gradient(self, arm):
        ours = task(arm, vary=False, dropout=0.0)
        chosen = torch.arange(4)
        before = ours.loss(chosen, torch.Generator())
        before.backward()
        torch.optim.SGD(ours.model.parameters(), lr=0.01).step()
        assert ours.loss(chosen, torch.Generator()) < before

    def test_varied_windows_come_from_the_generator(self):
        ours = task("best", dropout=0.0)
        chosen = torch.arange(4)
        losses = [ours.loss(chosen, torch.Generator().manual_seed(seed)).item() for seed in (0, 0, 1)]
        assert losses[0] == losses[1] != losses[2]


class TestMeasures:
    def test_the_courseworks_point_measures_are_scikit_learns(self):
        """An untrained network with its head turned up says yes to some samples."""
        ours = task()
        with torch.no_grad():
            ours.model.head.weight.mul_(20)
            ours.model.eval()
            outcome = ours.test()
            x = torch.tensor(np.stack(ours.signals["test"]), dtype=torch.float32)
            said = torch.sigmoid(ours.model(x))[:, 0].numpy() > 0.5
        true = np.zeros(said.shape, bool)
        for row, recording in zip(true, ours.data.test, strict=True):
            row[recording.marks[0].astype(int)] = True
        assert 0 < said.sum() < said.size
        assert outcome.metrics["point_precision"] == pytest.approx(
            precision_score(true.ravel(), said.ravel())
        )
        assert outcome.metrics["point_recall"] == pytest.approx(recall_score(true.ravel(), said.ravel()))

    def perfect(self, monkeypatch, arm, late=0):
        """A task whose network knows the answer, `late` samples late."""
        ours = task(arm)

        def said(part):
            found = []
            for recording in getattr(ours.data, part):
                probability = np.full(recording.signal.size, 0.01)
                at = np.minimum(recording.marks[0].astype(int) + late, probability.size - 1)
                probability[at] = 0.9
                found.append(probability)
            return found

        monkeypatch.setattr(ours, "_said", said)
        return ours

    @pytest.mark.parametrize("arm", ["coursework", "best"])
    def test_who_knows_the_answer_makes_no_error(self, monkeypatch, arm):
        ours = self.perfect(monkeypatch, arm)
        with torch.no_grad():
            metrics = ours.test().metrics
        ends = np.concatenate([np.diff(each.marks[0]) for each in ours.data.test])
        assert ends.min() > ours.reading.distance  # else peaks would lose some
        for name in ("event_f1", "tuned_event_f1", "point_f1"):
            assert metrics[name] == 1
        # What little is said around a peak pulls its centre by less than a sample.
        assert abs(metrics["error_mean"]) < 0.2

    def test_errors_are_in_milliseconds(self, monkeypatch):
        """Three samples late at 250 a second; where the signal ends, less."""
        ours = self.perfect(monkeypatch, "coursework", late=3)
        with torch.no_grad():
            outcome = ours.test()
        assert np.median(outcome.arrays["errors"]) == 12
        assert outcome.metrics["event_f1"] == 1
        assert outcome.metrics["point_recall"] < 0.1

    def test_rows_are_those_of_each_recording(self, monkeypatch):
        with torch.no_grad():
            outcome = self.perfect(monkeypatch, "coursework").test()
        expected = [(each.marks[0].size, 0, 0) for each in data().test]
        assert outcome.arrays["examples"].tolist() == [list(row) for row in expected]
        pooled = STUDY.measures["event_f1"].pooled
        assert pooled(outcome.arrays["examples"]) == outcome.metrics["event_f1"]

    def test_the_threshold_is_tuned_on_validation_data(self, monkeypatch):
        """Peaks of 0.9, and no others: everything from 0.01 to 0.90 is as good, so the middle."""
        with torch.no_grad():
            metrics = self.perfect(monkeypatch, "best").test().metrics
        assert metrics["threshold"] == pytest.approx(0.45)

    def test_a_network_that_says_nothing(self, monkeypatch):
        ours = task()
        said = {part: [np.full(400, 0.001)] * len(recordings) for part, recordings in ours.data.parts()}
        monkeypatch.setattr(ours, "_said", said.get)
        with torch.no_grad():
            metrics = ours.test().metrics
            ours.validate()
        assert metrics["event_f1"] == metrics["point_f1"] == 0
        assert "error_sd" not in metrics


def test_the_seed_is_the_initial_weights_and_leaves_chance_alone():
    before = torch.get_rng_state()
    first, same, other = (task(seed=seed).model.head.weight for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run(plan("waveform_ends", SMALL, seeds=2), to=tmp_path_factory.mktemp("runs"))


class TestRun:
    def test_every_arm_and_seed_is_there(self, results):
        assert not results.failed
        for arm in ARMS:
            for name in ("event_f1", "tuned_event_f1", "point_f1", "threshold", "test_loss", "seconds"):
                values = results.values(arm, name)
                assert len(values) == 2, (arm, name)
                assert all(np.isfinite(value) for value in values.values())

    def test_figures(self, results):
        plots = list(STUDY.figures(results))
        assert [plot.name for plot in plots] == ["signal", "precision_recall", "f1", "errors", "curves"]
        for plot in plots:
            assert render(plot, "png").startswith(b"\x89PNG")

    def test_figures_of_what_is_left_when_cells_failed(self, results):
        some = [cell for cell in results.cells if (cell.arm, cell.seed) in {("bilstm", 1), ("best", 0)}]
        for cells in (some, []):
            left = Results(**{**vars(results), "cells": tuple(cells), "failed": (Failure("best", 1, "so"),)})
            for plot in STUDY.figures(left):
                assert render(plot, "png").startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_network_made_for_the_purpose_learns(tmp_path):
    """From 16 signals of 6 s in seconds: better than half of the events, which chance does not find."""
    asked = {"epochs": 25, "signals": 16, "length": 1500, "width": 6, "window": 750}
    found = run(plan("waveform_ends", asked, seeds=1, only=["best"]), to=tmp_path)
    assert found.values("best", "event_f1")[0] > 0.5


def test_importing_it_does_not_load_torch():
    code = "import sys, workings.studies.waveform_ends; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
