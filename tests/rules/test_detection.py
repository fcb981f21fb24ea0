"""Laws of average precision whatever the detections: bounds, order of the rules, scikit-learn's area."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from workings.algebra.evaluate import evaluate
from workings.algebra.expression import exact_array, name
from workings.algebra.systems import Float64
from workings.rules.detection import AVERAGES, average_precision, overlap, side
from workings.working import Draft

hits = st.lists(st.booleans(), min_size=1, max_size=12).filter(any)


def areas(found, missed=0):
    """The average precision of a ranking of hits and misses, by every rule."""
    positives = np.cumsum(found)
    precision = [Fraction(int(p), k) for k, p in enumerate(positives, start=1)]
    recall = [Fraction(int(p), int(positives[-1]) + missed) for p in positives]
    results = {}
    for rule in AVERAGES:
        draft = Draft()
        draft.given("precision_c", exact_array(precision))
        draft.given("recall_c", exact_array(recall))
        average_precision(draft, "c", rule)
        results[rule] = float(draft.done().evaluate(Float64())["AP_c"])
    return results


@given(found=hits, missed=st.integers(0, 3))
def test_areas_lie_between_0_and_1_and_interpolation_never_lowers_them(found, missed):
    by_rule = areas(found, missed)
    assert all(0 <= area <= 1 + 1e-12 for area in by_rule.values())
    assert by_rule["voc2010"] >= by_rule["step"] - 1e-12
    assert by_rule["trapezoid_from_one"] >= by_rule["trapezoid"] - 1e-12


@given(found=hits)
def test_the_step_rule_is_scikit_learns(found):
    scores = np.arange(len(found), 0, -1)
    assert areas(found)["step"] == pytest.approx(average_precision_score(found, scores), rel=1e-12)


@given(found=hits)
def test_a_hit_moved_up_raises_the_step_area(found):
    ranked = sorted(found, reverse=True)
    assert areas(ranked)["step"] == pytest.approx(1)
    assert areas(found)["step"] <= 1 + 1e-12


@given(ends=st.lists(st.integers(-5, 5), min_size=4, max_size=4))
def test_an_overlap_counts_the_numbers_that_two_intervals_share(ends):
    a0, a1, b0, b1 = (*sorted(ends[:2]), *sorted(ends[2:]))
    lows, highs = (name("a0"), name("b0")), (name("a1"), name("b1"))
    values = {
        label: np.float64(end) for label, end in zip(("a0", "a1", "b0", "b1"), (a0, a1, b0, b1), strict=True)
    }
    shared = set(range(a0, a1 + 1)) & set(range(b0, b1 + 1))
    assert evaluate(overlap(lows, highs, inclusive=True), values, Float64()) == len(shared)
    assert evaluate(overlap(lows, highs, inclusive=False), values, Float64()) == max(len(shared) - 1, 0)
    assert evaluate(side(lows[0], highs[0], inclusive=True), values, Float64()) == len(range(a0, a1 + 1))
