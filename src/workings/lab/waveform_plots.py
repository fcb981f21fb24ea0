"""Figures of waveform ends: signals with what is said of them, and errors in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workings.lab import plots
from workings.lab.data.waveforms import Floats
from workings.lab.results import CellResult, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curve(cell: CellResult) -> tuple[Floats, Floats]:
    """Recall and precision of events at each threshold that finds any."""
    rows = cell.arrays["curve"][:, 1:]
    rows = rows[rows[:, 0] > 0]
    tp, fp, fn = rows.T
    return tp / (tp + fn), tp / (tp + fp)


def point(cell: CellResult) -> tuple[Floats, Floats]:
    """Recall and precision of events at the arm's own threshold, read in its own way."""
    return np.array([cell.metrics["event_recall"]]), np.array([cell.metrics["event_precision"]])


def signals(results: Results) -> plots.Draw:
    """The first seed of each arm on the same stretch of signal."""

    def draw(figure: Figure) -> None:
        shown = [(arm, cells[0]) for arm in results.arms if (cells := results.of(arm.name))]
        figure.set_size_inches(plots.WIDE, 0.9 + 1.75 * max(1, len(shown)))
        panels = figure.subplots(max(1, len(shown)), 1, squeeze=False, sharex=True)[:, 0]
        if not shown:
            plots.nothing(panels[0])
        for axes, (arm, cell) in zip(panels, shown, strict=False):
            axes.set_title(plots.title(arm.title), loc="left")
            _signal(axes, cell, plots.line_of(results, arm.name)["color"])
        panels[-1].set_xlabel("time (s)")

    return draw


def _signal(axes: Axes, cell: CellResult, colour: str) -> None:
    arrays = cell.arrays
    time, signal = arrays["shown_time"], arrays["shown_signal"]
    height = float(abs(signal).max()) or 1.0
    axes.vlines(arrays["shown_true"], 0, 1.25, color="#8c959f", linewidth=0.8)
    axes.plot(time, 1.9 + 0.5 * signal / height, color="#57606a", linewidth=0.8)
    axes.plot(time, arrays["shown_probability"], color=colour, linewidth=1.0)
    found = arrays["shown_found"]
    axes.plot(found, [1.1] * len(found), "v", color=colour, markersize=4)
    axes.set(xlim=(time[0], time[-1]), ylim=(0, 2.45), yticks=[0, 0.5, 1])
    axes.set_ylabel("probability", y=0.2)


def errors(results: Results) -> plots.Draw:
    """The share of the matched events, all seeds together, that are found within so many milliseconds."""

    def draw(figure: Figure) -> None:
        shown = {arm.name: arm.title for arm in results.arms if results.of(arm.name)}
        rows = plots.legend(figure, shown, results)
        figure.set_size_inches(plots.WIDE * 0.8, 3.0 + 0.19 * rows)
        axes = figure.subplots()
        axes.set(xlabel="distance between found and true (ms)", ylabel="share of matched events (%)")
        drawn = False
        for arm in shown:
            found = np.abs(np.concatenate([cell.arrays["errors"] for cell in results.of(arm)]))
            if found.size:
                drawn = True
                share = np.arange(1, found.size + 1) * (100 / found.size)
                axes.step(np.sort(found), share, where="post", **plots.line_of(results, arm))
        if drawn:
            axes.set(xlim=(0, None), ylim=(0, 101))
        else:
            plots.nothing(axes)

    return draw
