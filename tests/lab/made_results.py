"""Results as a run leaves them, made up: known values in place of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save

from workings.lab.results import ARRAYS, CellResult, Failure, Results
from workings.lab.study import Arm, Measure, Plot, Settings, Study

MEASURES = {
    "accuracy": Measure("test accuracy", percent=True, digits=2, bars={"plain": 0.90, "fast": 0.999}),
    "loss": Measure("test loss", better="lower", digits=3),
    "seconds": Measure("seconds of training", unit="s", better="lower", digits=1, timed=True),
}
ARMS = (
    Arm("plain", "plain SGD"),
    Arm("fast", "fast recipe", {"optimizer": "adam", "learning_rate": 0.001}),
    Arm("same", "twin of plain", {"momentum": 0.5}),
)


def study(figures=lambda _results: (), *, measures=MEASURES, arms=ARMS, metric="accuracy", notes=""):
    return Study(
        title="A study made up",
        asks="Does the fast recipe help?",
        settings=Settings,
        arms=arms,
        baseline=arms[0].name,
        metric=metric,
        watch=("val_loss", "min"),
        measures=measures,
        held_out="Tested on 40 examples that no arm was trained or chosen on.",
        data=lambda _settings, _path: None,
        task=lambda _data, _settings, _seed: None,
        figures=figures,
        notes=notes,
    )


def curve(level, seed, steps=12, every=50):
    """Rows of a training that gets near `level`."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(1, steps + 1):
        left = float(np.exp(-i / 3))
        rows.append(
            {
                "step": i * every,
                "epoch": i / 2,
                "learning_rate": 0.1,
                "train_loss": 0.05 + 2 * left * (1 + 0.1 * random.random()),
                "val_accuracy": level - 0.5 * left + 0.004 * random.normal(),
                "seconds": 0.8 * i * (1 + 0.1 * seed),
            }
        )
    return tuple(rows)


def cell(folder: Path, arm: str, seed: int, metrics, *, rows, arrays):
    home = folder / "cells" / f"{arm}{seed}"
    home.mkdir(parents=True)
    if arrays:
        (home / ARRAYS).write_bytes(save(arrays))
    return CellResult(arm, seed, {}, metrics, tuple(rows), home)


def results(folder: Path, values, *, of=None, rows=None, arrays=None, failed=(), seeds=None):
    """Results whose cells have `values[arm][seed]`, a dict of metrics each.

    Parameters
    ----------
    rows, arrays: functions of arm and seed.
    """
    of = of or study()
    cells = tuple(
        cell(
            folder,
            arm,
            seed,
            metrics,
            rows=rows(arm, seed) if rows else (),
            arrays=arrays(arm, seed) if arrays else None,
        )
        for arm, own in values.items()
        for seed, metrics in own.items()
    )
    return Results(
        study=of,
        name="made_up",
        arms=tuple(arm for arm in of.arms if arm.name in values),
        settings=Settings(),
        seeds=tuple(
            seeds if seeds is not None else sorted({seed for own in values.values() for seed in own})
        ),
        data="100 examples; made up",
        source=None,
        cells=cells,
        failed=tuple(Failure(*each) for each in failed),
        folder=folder,
        command="workings run made_up epochs=3 --seeds 6",
        quick=False,
    )


def typical(folder: Path, seeds=6, figures=lambda _results: (), **changes):
    """The fast recipe is better by 5 points, the twin differs by chance."""
    random = np.random.default_rng(7)
    values = {}
    for arm, level in (("plain", 0.90), ("fast", 0.95), ("same", 0.90)):
        values[arm] = {
            seed: {
                "accuracy": round(level + 0.004 * random.normal(), 4),
                "loss": round(3 * (1 - level) + 0.01 * random.normal(), 4),
                "seconds": round((4 if arm == "fast" else 20) * (1 + 0.05 * random.random()), 2),
            }
            for seed in range(seeds)
        }
    levels = {"plain": 0.90, "fast": 0.95, "same": 0.90}
    return results(
        folder,
        values,
        of=study(figures),
        rows=lambda arm, seed: curve(levels[arm], seed),
        **changes,
    )


def a_plot(name="curves", caption="Accuracy as the training goes."):
    """The smallest figure."""

    def draw(figure):
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1])
        axes.set(xlabel="steps", ylabel="accuracy")

    return Plot(name, caption, draw)
