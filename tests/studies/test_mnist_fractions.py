"""The study of fewer training images: equal work for every share, and a run from end to end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workings.lab.loop import Loop
from workings.lab.plan import plan, settled
from workings.lab.plots import render
from workings.lab.run import run
from workings.studies.mnist_fractions import STUDY
from workings.studies.mnist_lenet import Recognition


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Smallest and largest share, both recipes, two seeds, on the embedded digits."""
    arms = ("plain_20", "plain_100", "improved_20", "improved_100")
    made = plan("mnist_fractions", {"epochs": 4, "device": "cpu"}, seeds=2, quick=True, only=arms)
    return run(made, to=tmp_path_factory.mktemp("runs"), on="inline")


def test_eight_arms():
    assert [arm.name for arm in STUDY.arms] == [
        f"{recipe}_{share}" for recipe in ("plain", "improved") for share in (20, 50, 80, 100)
    ]
    assert STUDY.baseline == "plain_100"


@pytest.mark.parametrize("quick", [False, True])
def test_shares_of_a_recipe_differ_in_nothing_else(quick):
    _, arms = settled(STUDY, {}, quick=quick)
    for recipe in ("plain", "improved"):
        own = {arm.name: settings for arm, settings in arms if arm.name.startswith(recipe)}
        assert [settings.share for settings in own.values()] == [0.2, 0.5, 0.8, 1.0]
        assert len({settings.model_copy(update={"share": 1.0}) for settings in own.values()}) == 1


def test_every_share_makes_as_many_steps_and_every_cell_draws_as_many_images():
    """10 epochs of 10 000 draws, in batches of 64 (157 an epoch) and of 128 (79)."""
    _, arms = settled(STUDY, {"device": "cpu"})
    data = STUDY.data(arms[0][1], None)
    for arm, settings in arms:
        loop = Loop(Recognition(data, settings, 0), settings, 0, STUDY.watch)
        assert loop.steps == (1570 if arm.name.startswith("plain") else 790)
        assert loop.task.examples * settings.epochs == 100_000
        assert len(loop.task.parts["train"][1]) == round(settings.share * 1197)


def test_import_without_torch():
    code = "import sys, workings.studies.mnist_fractions as m; m.STUDY; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run(results):
    assert not results.failed
    for arm in results.arms:
        values = results.values(arm.name, "accuracy")
        assert set(values) == {0, 1}
        assert min(values.values()) > 0.2  # ten classes
    few, all_of_them = (results.values(f"plain_{share}", "accuracy") for share in (20, 100))
    assert sum(few.values()) < sum(all_of_them.values())


def test_figures(results):
    plots = list(STUDY.figures(results))
    assert [plot.name for plot in plots] == ["sizes", "curves"]
    for plot in plots:
        assert render(plot).startswith(b"<?xml")
