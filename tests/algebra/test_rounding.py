"""Rounding and spelling against the standard library's decimal arithmetic, and by hand."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workings.algebra.rounding import Places, magnitude, round_decimals, round_exact, spell, terminating
from workings.errors import InputError

RULES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}
decimals = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(), st.integers(0, 12)
)
ties = st.sampled_from(sorted(RULES))


@given(decimals, st.integers(0, 8), ties)
@example(Decimal("1.005"), 2, "half-up")
@example(Decimal("1.005"), 2, "half-even")
@example(Decimal("-0.5"), 0, "half-even")
def test_to_decimals_as_decimal_does(value, places, rule):
    with localcontext(prec=200):
        expected = value.quantize(Decimal(1).scaleb(-places), rounding=RULES[rule])
    assert round_exact(Fraction(value), Places(decimals=places, ties=rule)) == Fraction(expected)


@given(decimals, st.integers(1, 10), ties)
@example(Decimal("9.996"), 3, "half-up")
@example(Decimal("0.09995"), 3, "half-even")
@example(Decimal(-99950), 3, "half-up")
def test_to_significant_figures_as_decimal_does(value, places, rule):
    with localcontext(prec=places, rounding=RULES[rule]):
        expected = +value
    assert round_exact(Fraction(value), Places(significant=places, ties=rule)) == Fraction(expected)


@given(st.fractions(), st.integers(0, 8), ties)
def test_any_rational_goes_to_a_nearest_multiple_and_stays_there(value, places, rule):
    unit = Fraction(1, 10**places)
    found = round_decimals(value, places, rule)
    assert found % unit == 0
    assert abs(found - value) * 2 <= unit
    assert round_decimals(found, places, rule) == found
    assert round_decimals(-value, places, rule) == -found


@given(st.fractions(), st.fractions(), st.integers(1, 6), ties)
def test_rounding_keeps_the_order(a, b, places, rule):
    low, high = sorted((a, b))
    for kept in (Places(decimals=places, ties=rule), Places(significant=places, ties=rule)):
        assert round_exact(low, kept) <= round_exact(high, kept)


@given(decimals.filter(bool))
def test_magnitude_is_the_decimal_exponent(value):
    assert magnitude(Fraction(value)) == value.adjusted()


@pytest.mark.parametrize("exponent", [-20_000, -4301, -1, 0, 1, 4301, 20_000])
def test_magnitude_of_powers_of_ten_and_their_neighbours(exponent):
    power = Fraction(10) ** exponent
    assert magnitude(power) == exponent
    assert magnitude(-power * Fraction(999_999_999_999, 10**12)) == exponent - 1


@pytest.mark.parametrize(
    ("value", "rule", "rounded"),
    [
        ("1.005", "half-up", "1.01"),
        ("1.005", "half-even", "1.00"),
        ("1.015", "half-even", "1.02"),
        ("-1.005", "half-up", "-1.01"),
        ("2.675", "half-up", "2.68"),
    ],
)
def test_ties_that_binary_floats_get_wrong(value, rule, rounded):
    assert spell(round_exact(Fraction(value), Places(decimals=2, ties=rule)), 2) == rounded


@given(st.integers(), st.integers(0, 12))
def test_spelling_as_decimal_does(digits, places):
    with localcontext(prec=200):
        expected = f"{Decimal(digits).scaleb(-places):.{places}f}"
    assert spell(Fraction(digits, 10**places), places) == (expected if digits else expected.replace("-", ""))


def test_spelling_by_hand():
    assert spell(Fraction(5, 4), 3) == "1.250"
    assert spell(Fraction(-1, 20), 2) == "-0.05"
    assert spell(Fraction(12_000), -3) == "12000"


@given(decimals)
def test_a_finite_decimal_terminates(value):
    expected = f"{value.normalize(context_of_all_digits()):f}"
    assert terminating(Fraction(value)) == ("0" if value == 0 else expected)


def context_of_all_digits():
    from decimal import Context

    return Context(prec=400)


@pytest.mark.parametrize("value", ["1/3", "1/7", "5/14", "1/30"])
def test_other_rationals_do_not_terminate(value):
    assert terminating(Fraction(value)) is None


def test_too_many_decimals_do_not_terminate_either():
    assert terminating(Fraction(1, 2**12), longest=12) == "0.000244140625"
    assert terminating(Fraction(1, 2**13), longest=12) is None
    assert terminating(Fraction(1, 2**200_000)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"decimals": 2, "significant": 3},
        {"decimals": -1},
        {"significant": 0},
        {"decimals": 1001},
        {"decimals": 2.5},
        {"decimals": "2"},
    ],
)
def test_places_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InputError):
        Places(**wrong)


def test_a_number_that_python_does_not_spell_is_refused():
    assert len(spell(Fraction(10) ** 4000, 2)) == 4004
    for far in (Fraction(10) ** 5000, -(Fraction(10) ** 20_000) / 3):
        with pytest.raises(InputError, match="digits"):
            spell(far, 2)


@pytest.mark.parametrize(
    ("places", "spelled"),
    [
        (Places(decimals=1), "1 decimal"),
        (Places(decimals=2), "2 decimals"),
        (Places(significant=1), "1 significant figure"),
        (Places(significant=3), "3 significant figures"),
    ],
)
def test_places_say_what_they_are(places, spelled):
    assert str(places) == spelled
