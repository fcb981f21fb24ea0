"""Numbers as people read them."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.lab import amounts
from workings.lab.statistics import Estimate
from workings.lab.study import Measure

ACCURACY = Measure("test accuracy", percent=True, digits=2)
TIME = Measure("time", unit="s", digits=1, timed=True)
LOSS = Measure("loss")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (1.005, 1, "1.0"),
        (-0.25, 2, "−0.25"),
        (0.0, 2, "0.00"),
        (-0.0, 2, "0.00"),
        (0.0031, 2, "0.0031"),
        (-0.00031, 2, "−0.00031"),
        (1.2e-9, 4, "1.2 · 10⁻⁹"),
        (-12_345_678.9, 2, "−1.23 · 10⁷"),
        (9_999_999.0, 0, "9999999"),
        (nan, 2, "–"),
        (-inf, 2, "–"),
    ],
)
def test_numbers_have_their_digits_and_never_read_as_nought(value, digits, shown):
    assert amounts.number(value, digits) == shown


@settings(deadline=None)
@given(st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 6))
def test_a_number_reads_back_as_itself(value, digits):
    shown = amounts.number(value, digits)
    mantissa, _, power = shown.replace("−", "-").partition(" · 10")
    exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    back = float(f"{mantissa}e{exponent}" if power else mantissa)
    assert back == pytest.approx(value, rel=0.06, abs=0.5 * 10**-digits)
    assert (back == 0) == (value == 0)


def test_measures_bring_their_unit():
    assert amounts.amount(ACCURACY, 0.98974) == "98.97 %"
    assert amounts.amount(TIME, 12.34) == "12.3 s"
    assert amounts.amount(LOSS, 0.5) == "0.5000"
    assert amounts.amount(TIME, nan) == "–"
    assert amounts.heading(ACCURACY) == "test accuracy (%)"
    assert amounts.heading(TIME) == "time (s)"
    assert amounts.heading(LOSS) == "loss"


def test_percentages_differ_by_points():
    assert amounts.change(ACCURACY, 0.0035) == "0.35 points"
    assert amounts.change(ACCURACY, 0.0035, signed=True) == "+0.35 points"
    assert amounts.change(ACCURACY, -0.0035, signed=True) == "−0.35 points"
    assert amounts.change(TIME, -2) == "−2.0 s"


def test_intervals_have_two_ends_or_none():
    assert amounts.interval(ACCURACY, Estimate(0.5, -0.01, 0.99, 3)) == "−1.00 to 99.00"
    assert amounts.interval(ACCURACY, Estimate(0.5, -inf, inf, 1)) == "–"


def test_probabilities_have_two_digits():
    shown = [amounts.probability(p) for p in (0.03125, 0.5, 1.0, 0.0009, 0.0, nan)]
    assert shown == ["0.031", "0.5", "1", "< 0.001", "< 0.001", "–"]


def test_words_are_joined():
    assert amounts.listed(["a"]) == "a"
    assert amounts.listed(["a", "b", "c"]) == "a, b and c"
    assert amounts.several(1, "seed") == "1 seed"
    assert amounts.several(2, "seed") == "2 seeds"
