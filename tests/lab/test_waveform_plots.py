"""Figures of waveform ends: what is drawn, read off matplotlib's own objects."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from workings.lab.study import Arm
from workings.lab.waveform_plots import curve, errors, point, signals


def cell(**more):
    """Two true ends, at 1 s and 2 s; one found, at 1.25 s, 250 ms late."""
    time = np.arange(0, 3, 0.25)
    arrays = {
        "shown_time": time,
        "shown_signal": np.sin(time),
        "shown_probability": np.full(time.size, 0.25),
        "shown_true": np.array([1.0, 2.0]),
        "shown_found": np.array([1.25]),
        "errors": np.array([250.0]),
        "curve": np.array([[0.1, 2, 2, 0], [0.5, 1, 0, 1], [0.9, 0, 0, 2]]),
    }
    return SimpleNamespace(arrays={**arrays, **more}, metrics={"event_recall": 0.5, "event_precision": 1.0})


def results(**cells):
    arms = tuple(Arm(name, name.upper()) for name in cells)
    return SimpleNamespace(arms=arms, of=cells.__getitem__)


def drawn(draw):
    figure = Figure()
    draw(figure)
    return figure


def test_the_curve_leaves_out_thresholds_that_find_nothing():
    """2 of 2 with 2 false, then 1 of 2 with none; at 0.9 there is no precision."""
    recall, precision = curve(cell())
    assert recall.tolist() == [1, 0.5]
    assert precision.tolist() == [0.5, 1]


def test_the_point_is_recall_and_precision():
    assert [float(each[0]) for each in point(cell())] == [0.5, 1.0]


def test_a_panel_an_arm_with_what_it_says_and_finds():
    figure = drawn(signals(results(a=[cell()], b=[cell(), cell()], c=[])))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["A", "B"]
    signal, said, found = figure.axes[0].lines
    assert said.get_ydata().tolist() == [0.25] * 12
    assert found.get_xdata().tolist() == [1.25]
    assert np.corrcoef(signal.get_ydata(), np.sin(signal.get_xdata()))[0, 1] == pytest.approx(1)
    true = figure.axes[0].collections[0].get_segments()
    assert [segment[0][0] for segment in true] == [1, 2]


def test_the_share_of_events_found_within_so_many_milliseconds():
    """Of 250, 1 and 2 ms, early or late, a third each; seeds are taken together."""
    some = cell(errors=np.array([-1.0, 2.0])), cell(errors=np.array([-250.0]))
    (axes,) = drawn(errors(results(a=some, b=[cell()], c=[cell(errors=np.empty(0))]))).axes
    first, second = axes.lines
    assert first.get_xdata().tolist() == [1, 2, 250]
    assert first.get_ydata() == pytest.approx([100 / 3, 200 / 3, 100])
    assert (second.get_xdata().tolist(), second.get_ydata().tolist()) == ([250], [100])


@pytest.mark.parametrize("draw", [signals, errors])
def test_nothing_to_draw(draw):
    (axes,) = drawn(draw(results(a=[]))).axes
    assert [text.get_text() for text in axes.texts] == ["no values"]
