"""Expected values: by hand, or from the naive loops written here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from workings.lab.metrics.events import centres, compare, match, peaks, runs

times = st.lists(st.integers(0, 60).map(lambda t: t / 4), max_size=12).map(sorted)


def test_a_run_above_the_threshold_is_one_event_at_its_highest_sample():
    assert_array_equal(runs([0.9, 0.1, 0.6, 0.8, 0.8, 0.2, 0.5, 0.51], 0.5), [0, 3, 7])


def test_no_run_above_the_threshold():
    assert runs([0.1, 0.5], 0.5).shape == (0,)
    assert runs([], 0.5).shape == (0,)


def test_peaks_are_local_maxima_at_the_ends_of_the_signal_too():
    assert_array_equal(peaks([0.9, 0.1, 0.3, 0.1, 0.7], 0.2, 1), [0, 2, 4])
    assert peaks([], 0.2, 1).shape == (0,)


def test_the_higher_of_two_near_peaks_stays():
    probability = [0, 0.5, 0, 0.9, 0, 0, 0.6, 0]
    assert_array_equal(peaks(probability, 0.1, 3), [3, 6])
    assert_array_equal(peaks(probability, 0.1, 2), [1, 3, 6])
    assert_array_equal(peaks(probability, 0.55, 4), [3])


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0, 1), st.floats(0, 1), st.integers(1, 8))
def test_a_higher_threshold_only_leaves_out_peaks(probability, one, other, distance):
    low, high = sorted((one, other))
    heights = np.array(probability)
    found = peaks(heights, low, distance)
    assert_array_equal(peaks(heights, high, distance), found[heights[found] >= high])


def test_the_centre_of_a_lopsided_peak():
    # (1·0.2 + 2·0.8 + 3·0.4) / 1.4
    assert centres([0, 0.2, 0.8, 0.4, 0], np.array([2]), 1) == pytest.approx([3.0 / 1.4])


def test_the_centre_at_the_first_sample_takes_what_is_there():
    assert centres([0.6, 0.2, 0.9], np.array([0]), 1) == pytest.approx([0.25])


def test_the_nearest_pair_is_made_first():
    # 10 is the nearest to 9 (1 apart), so 12 is left with 14, though 10 lies within reach of both.
    found, true = match([10, 14], [9, 12], 5)
    assert_array_equal(found, [0, 1])
    assert_array_equal(true, [0, 1])
    # 11 takes 12, and 9 finds nothing but 14, which is 5 away.
    found, true = match([11, 14], [9, 12], 4)
    assert_array_equal(found, [0])
    assert_array_equal(true, [1])


def test_of_equally_near_ones_the_earlier_true_event_is_served_first():
    found, true = match([10], [9, 11], 1)
    assert_array_equal(found, [0])
    assert_array_equal(true, [0])


def test_the_order_of_what_was_found_does_not_matter():
    found, true = match([30, 10, 20], [11, 21], 2)
    assert_array_equal(found, [1, 2])
    assert_array_equal(true, [0, 1])


def naive(found, true, tolerance):
    """All pairs, nearest first, one after the other."""
    pairs = sorted((abs(f - t), j, i) for j, t in enumerate(true) for i, f in enumerate(found))
    made = {}
    for apart, j, i in pairs:
        if apart <= tolerance and j not in made and i not in made.values():
            made[j] = i
    return [made[j] for j in sorted(made)], sorted(made)


@given(times, times, st.integers(0, 24).map(lambda t: t / 4))
def test_it_matches_as_the_naive_loop_does(found, true, tolerance):
    chosen, partners = match(found, true, tolerance)
    assert (chosen.tolist(), partners.tolist()) == naive(found, true, tolerance)


@given(times, times, st.integers(0, 24), st.integers(0, 24))
def test_more_tolerance_never_loses_a_pair(found, true, one, other):
    low, high = sorted((one, other))
    few, many = (set(zip(*map(tuple, match(found, true, each)), strict=True)) for each in (low, high))
    assert few <= many


@given(times, times, st.integers(0, 24))
def test_every_event_is_counted_once(found, true, tolerance):
    score = compare(found, true, tolerance)
    assert score.tp + score.fp == len(found)
    assert score.tp + score.fn == len(true)
    assert len(score.errors) == score.tp
    assert np.all(np.abs(score.errors) <= tolerance)


def test_errors_are_found_minus_true():
    score = compare([9.5, 22, 40], [10, 20, 30], 3)
    assert score.counts == (2, 1, 1)
    assert_array_equal(score.errors, [-0.5, 2])


def test_outside_the_span_a_find_may_match_but_is_never_false():
    # 4 and 41 lie outside 10…30; 31 does too, yet it is matched with 30.
    score = compare([4, 10, 20, 31, 41], [10, 30], 2, span=(10, 30))
    assert score.counts == (2, 1, 0)


def test_nothing_found_and_nothing_to_find():
    assert compare([], [1, 2], 3).counts == (0, 0, 2)
    assert compare([1, 2], [], 3).counts == (0, 2, 0)
    assert compare([], [], 3).counts == (0, 0, 0)
