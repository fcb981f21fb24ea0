"""Windows of recordings: where they lie, what is in them, and what disturbs them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workings.lab import waveform_windows
from workings.lab.data.waveforms import Recording
from workings.lab.waveform_windows import Windows, bumps, labels, normalised, seen

CPU = torch.device("cpu")


def recording(size, ends=(), span=None, kinds=1):
    signal = (np.arange(size) ** 1.5 % 7).astype(np.float32)
    marks = (np.array(ends, np.float64),) + (np.empty(0),) * (kinds - 1)
    return Recording("a", signal, marks, span or (0.0, size - 1.0))


def windows(*recordings, window=10, target=labels):
    return Windows(recordings, [target(each, 1) for each in recordings], window, CPU)


@pytest.fixture
def calm(monkeypatch):
    """Nothing is disturbed."""
    monkeypatch.setattr(waveform_windows, "STRETCH", 1.0)
    for name in ("SHIFT", "LEVEL", "NOISE", "WANDER"):
        monkeypatch.setattr(waveform_windows, name, 0.0)
    return monkeypatch


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class TestTargets:
    def test_labels_at_the_nearest_sample(self):
        assert labels(recording(6, (1, 3.75)), 1).tolist() == [[0, 1, 0, 0, 1, 0]]

    def test_bumps_by_hand(self):
        """exp(−½ (d/2)²) for d = 1.5, 0.5, 0.5, 1.5 samples from the mark at 1.5."""
        expected = np.exp(-0.5 * np.array([0.75, 0.25, 0.25, 0.75]) ** 2)
        assert bumps(recording(4, (1.5,)), 1, 2.0)[0] == pytest.approx(expected)

    def test_near_bumps_do_not_add_up(self):
        assert bumps(recording(9, (3, 5)), 1, 1.0)[0, 4] == pytest.approx(np.exp(-0.5))

    def test_a_row_for_each_kind(self):
        found = bumps(recording(5, (2,), kinds=2), 2, 1.0)
        assert found.shape == (2, 5)
        assert not found[1].any()

    def test_seen_from_the_first_mark_to_the_last(self):
        assert seen(recording(8, span=(1.5, 5.25))).tolist() == [0, 1, 1, 1, 1, 1, 1, 0]

    def test_normalised(self):
        found = normalised(recording(50))
        assert (found.mean(), found.std()) == (pytest.approx(0), pytest.approx(1))

    def test_a_flat_signal_stays_finite(self):
        flat = Recording("a", np.full(5, 3, np.float32), (np.empty(0),), (0.0, 4.0))
        assert normalised(flat).tolist() == [0] * 5


class TestPlain:
    def test_windows_cover_every_sample_of_every_recording(self):
        """25 samples in windows of 10: from 0, 7 or 8, and 15."""
        ours = windows(recording(25), recording(20), window=10)
        assert ours.places[:, 2].tolist() in ([0, 8, 15, 0, 10], [0, 7, 15, 0, 10])
        x, y, weight = ours.plain(torch.arange(5))
        assert x.shape == weight.shape == (5, 10)
        assert y.shape == (5, 1, 10)
        assert x[2].numpy() == pytest.approx(normalised(recording(25))[15:], abs=1e-6)
        assert x[4].numpy() == pytest.approx(normalised(recording(20))[10:], abs=1e-6)

    def test_targets_go_with_their_signals(self):
        ours = windows(recording(20, (3,)), recording(20, (14,)), window=10)
        _, y, _ = ours.plain(torch.arange(4))
        assert torch.nonzero(y[:, 0]).tolist() == [[0, 3], [3, 4]]

    def test_no_window_reaches_into_the_next_recording(self):
        ours = windows(recording(6, (5,)), recording(10, (0,)), window=10)
        x, y, weight = ours.plain(torch.arange(2))
        assert weight[0].tolist() == [1] * 6 + [0] * 4
        assert torch.all(x[0, 6:] == x[0, 5])
        assert (y[0, 0] * weight[0]).sum() == 1

    def test_no_window_is_longer_than_the_longest_recording(self):
        ours = windows(recording(6), recording(8), window=1000)
        assert (len(ours), ours.window) == (2, 8)

    def test_outside_the_span_nobody_looked(self):
        _, _, weight = windows(recording(20, span=(4, 12)), window=10).plain(torch.arange(2))
        assert weight.flatten().nonzero().flatten().tolist() == list(range(4, 13))


class TestVaried:
    def test_without_disturbance_windows_are_as_they_are(self, calm):
        ours = windows(recording(30, (4, 17)), window=10, target=lambda each, kinds: bumps(each, kinds, 2.0))
        chosen = torch.tensor([2, 0])
        for plain, varied in zip(ours.plain(chosen)[:2], ours.varied(chosen, generator())[:2], strict=True):
            assert torch.allclose(plain, varied, atol=1e-5)

    def test_stretched_in_time_with_its_target(self, calm):
        """On a signal that is its own target and time, moved and stretched alike, both stay the same."""
        calm.setattr(waveform_windows, "STRETCH", 1.25)
        calm.setattr(waveform_windows, "SHIFT", 0.1)
        line = Recording("a", np.arange(100, dtype=np.float32), (np.empty(0),), (0.0, 99.0))
        ours = Windows([line], [normalised(line)[None]], 50, CPU)
        x, y, weight = ours.varied(torch.tensor([0, 0, 1, 1]), generator())
        assert torch.allclose(x, y[:, 0], atol=1e-6)
        slope = (x.diff() / np.diff(normalised(line))[0])[:, 20:25]
        assert torch.all((slope > 1 / 1.26) & (slope < 1.26))
        assert slope.std(dim=1).max() < 1e-3
        assert slope[:, 0].unique().numel() == 4
        assert set(weight.flatten().tolist()) <= {0, 1}

    def test_what_lies_outside_the_recording_counts_for_nothing(self, calm):
        calm.setattr(waveform_windows, "SHIFT", 5.0)
        ours = windows(recording(10), window=10)
        _, _, weight = ours.varied(torch.zeros(200, dtype=torch.int64), generator())
        assert (weight.sum(dim=1) == 0).any()

    def test_noise_and_wander_keep_within_their_bounds(self, calm):
        calm.setattr(waveform_windows, "NOISE", 0.1)
        flat = Recording("a", np.zeros(2000, np.float32), (np.empty(0),), (0.0, 1999.0))
        ours = Windows([flat], [np.zeros((1, 2000))], 2000, CPU)
        many = torch.zeros(50, dtype=torch.int64)
        spread = ours.varied(many, generator())[0].std(dim=1)
        assert 0 < spread.min() < 0.02
        assert 0.08 < spread.max() < 0.105
        calm.setattr(waveform_windows, "NOISE", 0.0)
        calm.setattr(waveform_windows, "WANDER", 0.3)
        wander = ours.varied(many, generator())[0].abs().amax()
        assert 0.3 < wander <= 0.6

    def test_the_same_generator_gives_the_same_and_another_another(self):
        ours = windows(recording(30, (4,)), window=10)
        chosen = torch.arange(3)
        first, same, other = (ours.varied(chosen, generator(seed))[0] for seed in (0, 0, 1))
        assert torch.equal(first, same)
        assert not torch.equal(first, other)

    def test_chance_comes_from_the_generator_alone(self):
        before = torch.get_rng_state()
        windows(recording(30), window=10).varied(torch.arange(3), generator())
        assert torch.equal(before, torch.get_rng_state())
