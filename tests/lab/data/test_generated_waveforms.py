"""Signals made of waveforms. Expected values: from the formulas of the module, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workings.lab.data.generated_waveforms import (
    LENGTH,
    WIDTHS,
    Scene,
    _coloured,
    generated,
    recording,
    shape_of,
)

BARE = Scene(noise=(1e-9, 1e-8), overlap=0, artefacts=0, wander=0, hum=0)


def made(scene=BARE, seed=0, length=LENGTH):
    return recording(scene, length, np.random.default_rng(seed))


def test_a_waveform_goes_up_to_its_label_and_no_further():
    for seed in range(5):
        found = made(seed=seed)
        ends = found.marks[0].astype(int)
        assert np.all(np.abs(found.signal[ends]) > 1e-5)
        after = ends[ends + 1 < LENGTH] + 1
        assert np.all(np.abs(found.signal[after]) < 1e-6)


def test_every_stretch_of_activity_ends_at_a_label():
    """Without overlap, noise and artefacts what is not 0 is a waveform."""
    found = made(seed=3)
    active = np.abs(found.signal) > 1e-6
    stops = np.flatnonzero(active[:-1] & ~active[1:])
    # A waveform may pass through 0 on its way, so not every stop is an end, but every end is one.
    assert set(found.marks[0].astype(int)) - {LENGTH - 1} <= set(stops)
    # ... and the gap behind an end is at least one sample, as far as the next waveform.
    assert len(found.marks[0]) > 30


def test_with_overlap_the_next_waveform_goes_on_where_one_ends():
    found = made(replace(BARE, overlap=1.0))
    ends = found.marks[0].astype(int)[:-1]
    assert np.mean(np.abs(found.signal[ends + 1]) > 1e-5) > 0.95


@pytest.mark.parametrize("shape", WIDTHS)
def test_shapes_are_of_height_1_and_near_0_at_both_ends(shape):
    for seed in range(20):
        wave = shape_of(shape, 1000, np.random.default_rng(seed))
        assert wave.shape == (1000,)
        assert 0.98 <= np.abs(wave).max() <= 1
        assert max(abs(wave[0]), abs(wave[-1])) < 0.04


def test_the_last_sample_differs_from_what_follows():
    """A pulse goes down on a straight line that reaches 0 a sample after the last."""
    wave = shape_of("pulse", 99, np.random.default_rng(0))
    assert wave[-1] == pytest.approx(wave[-2] / 2)


def test_coloured_noise_has_variance_1_from_the_first_sample_and_the_memory_asked_for():
    rng = np.random.default_rng(0)
    z = np.stack([_coloured(200, rng, memory=0.9) for _ in range(2000)])
    # A variance over 2 000 draws is within 4 · √(2/2000) = 0.13 of 1.
    assert np.abs(z.var(axis=0) - 1).max() < 0.15
    assert np.mean(z[:, 1:] * z[:, :-1]) == pytest.approx(0.9, abs=0.02)


def test_noise_has_the_standard_deviation_of_the_scene():
    """White and coloured noise, each with half of the variance; the difference to the same signal without."""
    quiet, loud = (made(Scene(noise=(level, level), overlap=0, artefacts=0)) for level in (1e-12, 0.5))
    assert np.std(loud.signal - quiet.signal) == pytest.approx(0.5, rel=0.1)


def test_parts_and_seeds_differ_and_the_same_seed_is_the_same():
    found, same, other = (generated(Scene(), (2, 1, 1), length=600, seed=seed) for seed in (0, 0, 1))
    assert found.digest == same.digest != other.digest
    signals = {each.signal.tobytes() for _, part in found.parts() for each in part}
    assert len(signals) == 4


def test_more_signals_leave_the_others_as_they_are():
    few, many = (generated(Scene(), (size, 1, 1), length=600) for size in (1, 3))
    assert np.array_equal(few.train[0].signal, many.train[0].signal)
    assert np.array_equal(few.test[0].signal, many.test[0].signal)


def test_the_test_signals_are_as_long_as_the_courseworks():
    assert generated(Scene(), (1, 1, 1)).test[0].signal.shape == (5100,)
