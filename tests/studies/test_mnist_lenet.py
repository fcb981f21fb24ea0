"""The study of LeNet-5: what is drawn and seen, measures by hand, and a run from end to end."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from workings.errors import InputError
from workings.lab.data.dataset import Images
from workings.lab.loop import Loop
from workings.lab.plan import plan, settled
from workings.lab.plots import render
from workings.lab.results import CellResult
from workings.lab.run import run
from workings.studies.mnist_lenet import STUDY, MnistSettings, Recognition

REAL = Path(__file__).parents[3] / "shared" / "data" / "mnist"
ARMS = [arm.name for arm in STUDY.arms]


def settings(arm="plain", **more):
    own = next(one.settings for one in STUDY.arms if one.name == arm)
    return MnistSettings(**{"device": "cpu", **own, **more})


def numbered(count, classes=3):
    """Images that bear their number in every pixel, from 1 on; validation and test are the first few."""
    x = np.broadcast_to(np.arange(1, count + 1, dtype=np.uint8)[:, None, None], (count, 28, 28)).copy()
    y = np.arange(count, dtype=np.int64) % classes
    names = tuple("abcdefghij"[:classes])
    return Images(x, y, x[:5], y[:5], x[:4], y[:4], classes=names, source="made up")


class Seen(nn.Module):
    """Keeps what it is shown; says the same of all."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))
        self.shown = []

    def forward(self, images):
        self.shown.append(images.detach().clone())
        return self.logits.expand(len(images), -1)


def seen(task, logits=(0.0, 0.0, 0.0)):
    """The task, and the network that watches what it is shown in place of LeNet-5."""
    task.model = Seen(logits)
    return task.model


def numbers(task, shown):
    """The images' numbers, from what the network was shown."""
    return [round(float(image.max()) * task.size) for image in shown]


def epoch(task, count):
    """The numbers that an epoch of draws shows, in batches of 7."""
    watcher = seen(task)
    generator = torch.Generator().manual_seed(0)
    for chosen in torch.arange(count).split(7):
        task.loss(chosen, generator)
    return Counter(numbers(task, torch.cat(watcher.shown)))


class TestDraws:
    def test_an_epoch_goes_through_all_images(self):
        task = Recognition(numbered(60), settings(draws=1), 0)
        assert task.examples == 60
        assert epoch(task, 60) == Counter(range(1, 61))

    def test_few_images_are_gone_through_several_times(self):
        """20 draws of 6 images: each three times, and two more at random."""
        task = Recognition(numbered(6), settings(draws=20), 0)
        assert task.examples == 20
        found = epoch(task, 20)
        assert set(found) == set(range(1, 7))
        assert sum(found.values()) == 20
        assert min(found.values()) == 3

    def test_what_is_left_over_differs_from_epoch_to_epoch(self):
        task = Recognition(numbered(60), settings(draws=119), 0)
        watcher = seen(task)
        generator = torch.Generator().manual_seed(0)
        for _ in range(2):
            task.loss(torch.arange(60, 119), generator)
        first, second = (numbers(task, shown) for shown in watcher.shown)
        assert first != second

    def test_a_share_is_gone_through_as_often_as_makes_up_an_epoch(self):
        task = Recognition(numbered(60), settings(draws=1, share=0.2), 0)
        assert task.examples == 60
        found = epoch(task, 60)
        assert len(found) == 12
        assert set(found.values()) == {5}

    def test_four_fifths(self):
        """40 draws of 32 images: each once, and 8 at random."""
        found = epoch(Recognition(numbered(40), settings(draws=1, share=0.8), 0), 40)
        assert len(found) == 32
        assert sum(found.values()) == 40

    def test_shares_are_the_seeds_and_lie_in_one_another(self):
        data = numbered(50)
        few, more, other = (
            set(epoch(Recognition(data, settings(draws=1, share=share), seed), 50))
            for share, seed in ((0.2, 1), (0.5, 1), (0.5, 2))
        )
        assert few < more
        assert other != more

    def test_a_share_has_one_image_at_least(self):
        assert len(epoch(Recognition(numbered(5), settings(draws=1, share=0.001), 0), 5)) == 1

    def test_arms_share_their_images(self):
        data = numbered(50)
        plain, best = (Recognition(data, settings(arm, share=0.5), 3) for arm in ("plain", "best"))
        assert torch.equal(plain.parts["train"][0], best.parts["train"][0])


class TestWhatIsSeen:
    def test_pixels_are_divided_by_their_root_mean_square(self):
        """Numbers 1, 2, 3: √((1 + 4 + 9)/3)."""
        task = Recognition(numbered(3), settings(), 0)
        assert task.size == pytest.approx(sqrt(14 / 3))
        watcher = seen(task)
        with torch.no_grad():
            task.validate()
        values = sorted({round(float(value), 5) for shown in watcher.shown for value in shown.unique()})
        assert values == pytest.approx([number / sqrt(14 / 3) for number in (1, 2, 3)], abs=1e-5)

    def test_blank_images(self):
        x, y = np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 0, 1])
        task = Recognition(Images(x, y, x, y, x, y, ("a", "b"), "made up"), settings(), 0)
        assert task.size == 1
        assert torch.isfinite(task.loss(torch.arange(4), torch.Generator()))

    def test_training_images_are_distorted_and_others_are_not(self):
        data = STUDY.data(settings(), None)
        task = Recognition(data, settings("best"), 0)
        watcher = seen(task, [0.0] * 10)
        chosen = torch.arange(20)
        for _ in range(2):
            task.loss(chosen, torch.Generator().manual_seed(len(watcher.shown)))
        once, twice = watcher.shown
        assert not torch.allclose(once, twice, atol=0.1)
        assert once.min() == 0
        watcher.shown.clear()
        with torch.no_grad():
            task.test()
        scaled = data.test_x[:, None].astype(np.float64) / task.size
        assert torch.cat(watcher.shown).double().numpy() == pytest.approx(scaled, abs=1e-5)

    def test_plain_images_are_seen_as_they_are(self):
        data = numbered(9)
        task = Recognition(data, settings(draws=1), 0)
        images, labels = task.parts["train"]
        watcher = seen(task)
        task.loss(torch.arange(9), torch.Generator())
        assert torch.equal(watcher.shown[0], images.float() / task.size)
        expected = {number + 1: number % 3 for number in range(9)}
        assert {int(x.max()): int(y) for x, y in zip(images, labels, strict=True)} == expected


class TestMeasures:
    LOGITS = (log(6), log(3), 0.0)  # probabilities 0.6, 0.3, 0.1

    def test_loss(self):
        """Of labels 0, 1, 2 once each: −(ln 0.6 + ln 0.3 + ln 0.1)/3."""
        task = Recognition(numbered(3), settings(draws=1), 0)
        seen(task, self.LOGITS)
        got = task.loss(torch.arange(3), torch.Generator())
        assert float(got.detach()) == pytest.approx(-(log(0.6) + log(0.3) + log(0.1)) / 3, rel=1e-6)

    def test_smoothed_labels(self):
        """0.3 of the target is spread over three classes: 0.8 remain for the label and 0.1 for the others."""
        task = Recognition(numbered(1), settings(draws=1, label_smoothing=0.3), 0)
        seen(task, self.LOGITS)
        got = task.loss(torch.zeros(1, dtype=torch.int64), torch.Generator())
        assert float(got.detach()) == pytest.approx(
            -(0.8 * log(0.6) + 0.1 * log(0.3) + 0.1 * log(0.1)), rel=1e-6
        )

    def test_validation_and_test_by_hand(self):
        """All are taken for 0: labels 0 1 2 0 1 validate, 0 1 2 0 test; training labels are 0 1 2 0 1 2."""
        task = Recognition(numbered(6), settings(label_smoothing=0.5), 0)
        seen(task, self.LOGITS)
        with torch.no_grad():
            row, outcome = task.validate(), task.test()
        zero, one, two = -log(0.6), -log(0.3), -log(0.1)
        assert row == pytest.approx(
            {
                "fitted_loss": (zero + one + two) / 3,
                "val_loss": (2 * zero + 2 * one + two) / 5,
                "val_accuracy": 0.4,
                "test_accuracy": 0.5,
                "test_error": 0.5,
            },
            rel=1e-6,
        )
        assert outcome.metrics == {"accuracy": 0.5}
        assert outcome.arrays["examples"].tolist() == [[1], [0], [0], [1]]

    def test_the_goal_is_the_first_99_percent(self):
        rows = tuple(
            {"step": 10.0 * i, "seconds": 1.5 * i, "test_accuracy": seen, "fitted_loss": exp(-i - 0.5)}
            for i, seen in enumerate((0.9, 0.9899, 0.99, 0.98, 0.995))
        )
        cell = CellResult("plain", 0, {}, {"accuracy": 0.98}, rows, Path())
        assert STUDY.measures["steps_to_99"].of(cell) == 20
        assert STUDY.measures["seconds_to_99"].of(cell) == 3.0
        assert STUDY.measures["fitted_loss"].of(cell) == exp(-4.5)
        assert STUDY.measures["seconds"].of(cell) == 6.0
        never = CellResult("plain", 0, {}, {}, rows[:2], Path())
        assert STUDY.measures["steps_to_99"].of(never) is None
        assert STUDY.measures["seconds_to_99"].of(never) is None

    def test_the_low_loss_is_the_first_of_5_hundredths(self):
        """e⁻³ = 0.0498."""
        rows = tuple(
            {"step": 10.0 * i, "seconds": 1.5 * i, "fitted_loss": exp(-i), "test_accuracy": 0.5}
            for i in (1, 2, 2.9, 3, 2.5, 4)
        )
        cell = CellResult("plain", 0, {}, {}, rows, Path())
        assert STUDY.measures["steps_to_low_loss"].of(cell) == 30
        assert STUDY.measures["seconds_to_low_loss"].of(cell) == 4.5
        never = CellResult("plain", 0, {}, {}, rows[:3], Path())
        assert STUDY.measures["steps_to_low_loss"].of(never) is None


class TestArms:
    def test_all_train_a_network_of_61706_weights(self):
        data = STUDY.data(settings(), None)
        for arm in ARMS:
            model = Recognition(data, settings(arm), 0).model
            assert sum(weight.numel() for weight in model.parameters()) == 61706

    def test_seeds_start_apart_and_arms_together(self):
        data = numbered(8)
        weights = [
            Recognition(data, settings(arm), seed).model.state_dict()
            for arm, seed in (("plain", 0), ("plain", 0), ("best", 0), ("plain", 1), ("fast", 0))
        ]
        for name, first in weights[0].items():
            assert torch.equal(first, weights[1][name])
            assert torch.equal(first, weights[2][name])
            assert not torch.equal(first, weights[3][name])
            assert torch.equal(first, weights[4][name]) == ("conv_1" not in name)

    @pytest.mark.parametrize(("optimizer", "expected"), [("adam", (0.9, 0.95)), ("adamw", (0.9, 0.95))])
    def test_adam_remembers_as_told(self, optimizer, expected):
        task = Recognition(numbered(8), settings(optimizer=optimizer, beta_2=0.95), 0)
        loop = Loop(task, task.settings, 0, STUDY.watch)
        assert loop.optimizer.param_groups[0]["betas"] == expected

    def test_plain_is_plain(self):
        """Constant rate, no momentum, no decay, no distortion, no average."""
        plain = settings("plain")
        assert (plain.optimizer, plain.schedule, plain.warmup) == ("sgd", "constant", 0)
        assert (plain.weight_decay, plain.average, plain.label_smoothing) == (0, None, 0)
        assert Recognition(numbered(8), plain, 0).distortion.none

    def test_import_without_torch(self):
        code = "import sys, workings.studies.mnist_lenet as m; m.STUDY; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_nothing_there(self, tmp_path):
        with pytest.raises(InputError):
            STUDY.data(settings(), tmp_path / "nothing")

    def test_quick_settings_fit_all_arms(self):
        _, arms = settled(STUDY, {}, quick=True)
        assert [arm.name for arm, _ in arms] == ARMS
        assert all(own.evaluate_every is None for _, own in arms)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two arms, two seeds, on the embedded digits."""
    given = {"epochs": 6, "evaluate_every": 10, "device": "cpu"}
    made = plan("mnist_lenet", given, seeds=2, quick=True, only=("plain", "fast"))
    return run(made, to=tmp_path_factory.mktemp("runs"), on="inline")


class TestRun:
    def test_digits_are_learnt(self, results):
        """Ten classes: chance is right on 10 %."""
        assert not results.failed
        for arm in ("plain", "fast"):
            values = results.values(arm, "accuracy")
            assert set(values) == {0, 1}
            assert min(values.values()) > 0.8

    def test_rows_go_every_ten_steps_to_the_end(self, results):
        """1 197 images in batches of 64 are 19 steps an epoch; of 128, 10."""
        for arm, last in (("plain", 114), ("fast", 60)):
            steps = [int(row["step"]) for row in results.of(arm)[0].rows]
            assert steps == sorted({*range(10, last + 1, 10), last})

    def test_test_accuracy_is_that_of_the_weights_that_validated_best(self, results):
        for cell in results.cells:
            best = max(cell.rows, key=lambda row: row["val_accuracy"])
            assert cell.metrics["accuracy"] == pytest.approx(best["test_accuracy"])
            assert cell.arrays["examples"].shape == (300, 1)

    def test_figures(self, results):
        plots = list(STUDY.figures(results))
        assert [plot.name for plot in plots] == ["curves", "race", "by_arm"]
        for plot in plots:
            assert render(plot).startswith(b"<?xml")


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/mnist is not there")
class TestRealData:
    def test_parts(self):
        """The sizes and the balance of MNIST: 5 421 to 6 742 of a digit in 60 000."""
        found = STUDY.data(settings(), REAL)
        assert [len(y) for _, _, y in found.parts()] == [50_000, 10_000, 10_000]
        counts = np.bincount(np.concatenate([found.train_y, found.val_y]))
        assert (counts.min(), counts.max()) == (5421, 6742)

    @pytest.mark.slow
    def test_the_fast_recipe_gets_to_99_percent_in_two_epochs(self):
        task = Recognition(STUDY.data(settings(), REAL), settings("fast"), 0)
        loop = Loop(task, settings("fast", evaluate_every=None), 0, STUDY.watch)
        for _ in loop.run():
            pass
        assert loop.finish().metrics["accuracy"] >= 0.99
