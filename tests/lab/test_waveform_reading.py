"""From probabilities to events and counts. Expected values: by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workings.lab import waveform_reading
from workings.lab.data.waveforms import Recording
from workings.lab.models.waveform import UNet
from workings.lab.waveform_reading import (
    THRESHOLDS,
    Reading,
    best_threshold,
    curve,
    events,
    points,
    probabilities,
    spacing,
)

CPU = torch.device("cpu")
SAID = np.array([0.1, 0.6, 0.8, 0.2, 0.1, 0.55, 0.1, 0.1])


def recording(ends, size=8, span=None):
    return Recording("a", np.zeros(size, np.float32), (np.array(ends, float),), span or (0, size - 1))


class TestReading:
    def test_runs_are_at_their_highest_sample(self):
        assert Reading("runs", 0.5, 1, 1).times(SAID).tolist() == [2, 5]

    def test_peaks_are_at_their_centre(self):
        """(1·0.6 + 2·0.8 + 3·0.2)/1.6 and (4·0.1 + 5·0.55 + 6·0.1)/0.75."""
        assert Reading("peaks", 0.5, 1, 1).times(SAID) == pytest.approx([1.75, 5])

    def test_points_of_runs_are_all_samples_above(self):
        assert np.flatnonzero(Reading("runs", 0.5, 1, 1).points(SAID)).tolist() == [1, 2, 5]

    def test_points_of_peaks_are_the_nearest_samples(self):
        assert np.flatnonzero(Reading("peaks", 0.5, 1, 1).points(SAID)).tolist() == [2, 5]


def test_spacing_is_half_of_what_99_percent_keep():
    """100 gaps: one of 4 samples, the others 20; the 1 % quantile lies 0.99 of the way from 4 to 20."""
    ends = np.cumsum([0, 4] + [20] * 99)
    assert spacing([recording(ends, 3000)]) == pytest.approx((4 + 0.99 * 16) / 2)
    assert spacing([recording([5])]) == 1


def test_events_within_the_tolerance_and_the_span():
    """Found at 2 and 5; true are 3 and 7. 2 and 3 make a pair; 5 is false, unless nobody looked beyond 4."""
    reading = Reading("runs", 0.5, 1, 1)
    assert [each.counts for each in events(reading, [SAID], [recording([3, 7])], 1)] == [(1, 1, 1)]
    assert [each.counts for each in events(reading, [SAID], [recording([3], span=(0, 4))], 1)] == [(1, 0, 0)]


def test_points_within_the_span():
    """Above 0.5 are samples 1, 2 and 5; true is 2; from 2 on only 5 is false."""
    reading = Reading("runs", 0.5, 1, 1)
    assert points(reading, [SAID], [recording([2])]) == [(1, 2, 0)]
    assert points(reading, [SAID], [recording([2], span=(2, 7))]) == [(1, 1, 0)]


def test_the_curve_at_three_thresholds():
    """True is 2. Up to 0.55 both peaks are found, up to 0.8 one, above none."""
    rows = curve(Reading("runs", 0.5, 1, 1), [SAID], [recording([2])], 1)
    at = {round(float(threshold), 2): row.tolist() for threshold, row in zip(THRESHOLDS, rows, strict=True)}
    assert at[0.5] == at[0.55] == [1, 1, 0]
    assert at[0.7] == [1, 0, 0]
    assert at[0.81] == [0, 0, 1]


def test_the_best_threshold_is_the_middle_of_the_best_ones():
    """As above: from 0.56 to 0.80 everything is right, so 0.68."""
    rows = curve(Reading("peaks", 0.5, 1, 1), [SAID], [recording([2])], 1)
    assert best_threshold(rows) == pytest.approx(0.68)


class TestProbabilities:
    def model(self):
        torch.manual_seed(0)
        return UNet((3, 4), kernel=3, kinds=2).eval()

    def test_of_the_first_kind_in_the_order_of_the_signals(self):
        model, rng = self.model(), np.random.default_rng(0)
        signals = [rng.standard_normal(size) for size in (30, 12, 30)]
        with torch.no_grad():
            found = probabilities(model, signals, CPU)
            for signal, said in zip(signals, found, strict=True):
                alone = torch.sigmoid(model(torch.tensor(signal[None], dtype=torch.float32)))[0, 0]
                assert said == pytest.approx(alone.numpy(), abs=1e-6)

    def test_a_long_signal_in_pieces_is_as_in_one(self, monkeypatch):
        model, signal = self.model(), np.random.default_rng(0).standard_normal(333)
        with torch.no_grad():
            (whole,) = probabilities(model, [signal], CPU)
            monkeypatch.setattr(waveform_reading, "PIECE", 64)
            monkeypatch.setattr(waveform_reading, "BEYOND", 32)
            (pieces,) = probabilities(model, [signal], CPU)
        assert pieces == pytest.approx(whole, abs=1e-5)
