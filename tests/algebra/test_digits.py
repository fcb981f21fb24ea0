"""Printed values, every expected string by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st

from workings.algebra import balls
from workings.algebra.digits import Printed, exact_value, plain, printed, rounded_value
from workings.algebra.printer import ATOM, NEGATIVE, PRODUCT, SUM
from workings.algebra.rounding import Places

TWO = Places(decimals=2)
EVEN = Places(decimals=2, ties="half-even")
THREE = Places(significant=3)


def array(*entries: str):
    result = np.empty(len(entries), dtype=object)
    result[:] = [Fraction(entry) for entry in entries]
    return result


def chain(value, places=TWO, **options) -> str:
    """The chain of relations in plain text, as it stands behind a name."""
    return " ".join(f"{sign} {form}" for sign, form in printed(value, places, **options).chain("text"))


# Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.3", "= 1.3"),  # exact values keep their own spelling
        ("1.30", "= 1.3"),
        ("-4.7", "= −4.7"),
        ("0", "= 0"),
        ("7", "= 7"),
        ("-7", "= −7"),
        ("1.285", "= 1.285 ≈ 1.29"),  # a tie goes away from zero
        ("-1.285", "= −1.285 ≈ −1.29"),
        ("1.295", "= 1.295 ≈ 1.30"),  # the carried zero stays
        ("99.995", "= 99.995 ≈ 100.00"),
        ("1/8", "= 0.125 ≈ 0.13"),
        ("1/3", "= 1/3 ≈ 0.33"),
        ("-1/3", "= −1/3 ≈ −0.33"),
        ("55/294", "= 55/294 ≈ 0.19"),
        ("1/12345678", "≈ 0.00"),  # a fraction that says less than its decimals
        ("0.123456", "= 0.123456 ≈ 0.12"),
        ("0.1234567", "≈ 0.12"),
        ("-0.001", "= −0.001 ≈ 0.00"),  # never −0.00
        ("-0.004999", "= −0.004999 ≈ 0.00"),
        ("-0.005", "= −0.005 ≈ −0.01"),
    ],
)
def test_two_decimals(value, expected):
    assert chain(Fraction(value)) == expected


@pytest.mark.parametrize(
    ("value", "up", "even"),
    [
        ("0.125", "0.13", "0.12"),
        ("0.135", "0.14", "0.14"),
        ("-0.125", "−0.13", "−0.12"),
        ("1.285", "1.29", "1.28"),
        ("1.2850001", "1.29", "1.29"),
        ("2.675", "2.68", "2.68"),  # in binary 2.67499..., which Python rounds to 2.67
        ("1.005", "1.01", "1.00"),
    ],
)
def test_ties(value, up, even):
    assert printed(Fraction(value), TWO).text == up
    assert printed(Fraction(value), EVEN).text == even


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1234.5", "= 1234.5 ≈ 1230"),
        ("0.0012345", "≈ 0.00123"),
        ("9.996", "= 9.996 ≈ 10.0"),
        ("1/3", "= 1/3 ≈ 0.333"),
        ("0.5", "= 0.5"),
        ("123456", "= 123456"),  # whole numbers are never rounded
        ("123456789.5", "= 123456789.5 ≈ 1.23·10^(8)"),
        ("1/300000000", "≈ 3.33·10^(−9)"),
        ("-1/300000000", "≈ −3.33·10^(−9)"),
    ],
)
def test_three_significant_figures(value, expected):
    assert chain(Fraction(value), THREE) == expected


@pytest.mark.parametrize(
    ("value", "text", "latex"),
    [
        ("1/3", "1/3", r"\frac{1}{3}"),
        ("-2/7", "−2/7", r"-\frac{2}{7}"),
        ("0.1234567", "0.1234567", "0.1234567"),
        ("12345", "12345", r"12\,345"),
        ("-1234567", "−1234567", r"-1\,234\,567"),
        ("9999", "9999", "9999"),
    ],
)
def test_givens_are_printed_exactly(value, text, latex):
    shown = printed(Fraction(value), None)
    assert (shown.text, shown.latex, shown.exact) == (text, latex, True)


def test_what_was_rounded_before_gets_all_its_places_and_no_equals_sign():
    assert chain(Fraction("1.3"), exact=False) == "≈ 1.30"
    assert chain(Fraction(0), exact=False) == "≈ 0.00"
    assert chain(Fraction("-0.8"), exact=False) == "≈ −0.80"


def test_long_whole_numbers():
    assert chain(Fraction(10**29 + 1)) == "= 100000000000000000000000000001"
    assert chain(Fraction(10**30 + 1)) == "≈ 1.00000·10^(30)"
    assert chain(Fraction(-(10**40)), THREE) == "≈ −1.00·10^(40)"
    assert printed(Fraction(10**30), None).exact is False
    assert chain(10**5000 * Fraction(1, 3)) == "≈ 3.33333·10^(4999)"


def test_how_tightly_a_value_holds():
    """What decides on brackets where the value is put into a formula."""
    levels = {
        value: printed(Fraction(value), TWO).shown("text").level for value in ("1.3", "-1.3", "1/3", "-1/3")
    }
    assert levels == {"1.3": ATOM, "-1.3": NEGATIVE, "1/3": ATOM, "-1/3": NEGATIVE}
    assert printed(Fraction(1, 3), None).level == PRODUCT
    assert printed(Fraction(123456789.5), THREE).level == PRODUCT


# Balls ------------------------------------------------------------------------------------------------------


def test_irrational_values_are_never_equal_to_what_is_printed():
    with balls.precision(100):
        root = arb(2).sqrt()
        assert chain(root) == "≈ 1.41"
        assert chain(root, Places(decimals=20)) == "≈ 1.41421356237309504880"  # OEIS A002193
        assert chain(-root, THREE) == "≈ −1.41"
        assert printed(-root, TWO).level == NEGATIVE


def test_a_ball_around_zero_is_zero_without_a_sign():
    with balls.precision(100):
        assert chain(arb("-1e-30", "1e-31")) == "≈ 0.00"
        assert chain(arb("0", "1e-30")) == "≈ 0.00"


def test_a_ball_that_does_not_settle_the_digits_shows_its_width():
    with balls.precision(100):
        wide = arb("0.125", "1e-6")
        assert rounded_value(wide, TWO) is None
        assert printed(wide, TWO).text == wide.str(6, radius=True)
        assert not printed(wide, TWO).exact
        assert "+/-" in printed(np.array([wide, wide]), TWO).text


# Vectors and matrices ---------------------------------------------------------------------------------------


def test_exact_vectors_keep_their_spelling():
    assert chain(array("1.3", "-4.7", "3.6")) == "= [1.3, −4.7, 3.6]"


def test_one_rounded_entry_gives_all_their_places():
    assert chain(array("1.3", "1/3", "-2")) == "≈ [1.30, 0.33, −2.00]"
    assert chain(array("0.001", "-0.001")) == "≈ [0.00, 0.00]"


def test_matrices():
    matrix = np.array([array("1", "2"), array("3", "4.5")])
    shown = printed(matrix, TWO)
    assert shown.text == "[[1, 2], [3, 4.5]]"
    assert shown.latex == r"\begin{pmatrix} 1 & 2 \\ 3 & 4.5 \end{pmatrix}"
    volume = printed(np.array([matrix, matrix]), TWO)
    assert volume.text == "[[[1, 2], [3, 4.5]], [[1, 2], [3, 4.5]]]"
    assert volume.latex.count(r"\begin{pmatrix}") == 2


def test_the_middle_of_a_long_vector_is_left_out():
    shown = printed(array(*map(str, range(14))), TWO)
    assert shown.text == "[0, 1, 2, 3, 4, …, 9, 10, 11, 12, 13]"
    assert shown.latex.count(r"\vdots") == 1
    assert not shown.exact  # what is not printed is not equal to what is
    assert printed(array(*map(str, range(12))), TWO).text == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"


def test_rows_and_columns_of_a_large_matrix_are_left_out():
    rows = np.array([array(*(str(100 * i + j) for j in range(14))) for i in range(14)])
    shown = printed(rows, TWO)
    assert shown.text.startswith("[[0, 1, 2, 3, 4, …, 9, 10, 11, 12, 13], [100, 101, ")
    assert shown.text.count("[") == 1 + 11  # a row of dots among them
    assert shown.text.endswith("1309, 1310, 1311, 1312, 1313]]")
    assert shown.latex.count(r"\cdots") == 10
    assert shown.latex.count(r"\vdots") + shown.latex.count(r"\ddots") == 11


def test_long_numbers_in_a_vector():
    assert printed(array("-1e40", "1/3"), THREE).text == "[−1.00000·10^(40), 0.333]"
    assert printed(array("1e40", "2"), THREE).text == "[1.00000·10^(40), 2]"


def test_a_large_array_is_quick():
    shown = printed(np.ones((1000, 1000)), TWO)
    assert shown.text.startswith("[[1")
    assert len(shown.text) < 1000


# Letters and words ------------------------------------------------------------------------------------------


def test_letters():
    h, m = sympy.symbols("H M", integer=True, positive=True)
    shown = printed(h - m + 1, TWO)
    assert (shown.text, shown.latex, shown.exact, shown.level) == ("H − M + 1", "H - M + 1", True, SUM)
    assert printed(h * m, TWO).level == PRODUCT
    assert printed(-h, TWO).level == NEGATIVE
    assert printed(sympy.Rational(3, 2), TWO).text == "1.5"
    entries = np.array([h, sympy.Integer(2)], dtype=object)
    assert printed(entries, TWO).text == "[H, 2]"


def test_words():
    shown = printed("at 50 % & more_or_less", TWO)
    assert shown.text == "at 50 % & more_or_less"
    assert shown.latex == r"\text{at 50 \% \& more\_or\_less}"
    assert shown.exact


def test_plain_values_for_json():
    h = sympy.Symbol("H", integer=True, positive=True)
    assert plain(Fraction(3)) == 3
    assert isinstance(plain(Fraction(3)), int)
    assert plain(Fraction(1, 2)) == 0.5
    assert plain(array("1", "0.5")) == [1, 0.5]
    assert plain(h + 1) == "H + 1"
    assert plain("far") == "far"
    with balls.precision(100):
        assert plain(arb(2).sqrt()) == 2**0.5
    assert exact_value(0.1) == Fraction(1, 10)


# A law ------------------------------------------------------------------------------------------------------


@given(
    st.fractions(max_denominator=10**6),
    st.integers(0, 6),
    st.sampled_from(["half-up", "half-even"]),
)
def test_what_is_printed_is_within_half_a_unit_and_equal_where_it_says_so(value, decimals, ties):
    assume(abs(value) < 10**15)  # larger ones are printed with a power of ten
    shown: Printed = printed(value, Places(decimals=decimals, ties=ties))
    for form, exact in ((shown.text, shown.exact), (shown.before_text, True)):
        if form is not None:
            read = Fraction(form.replace("−", "-"))
            assert read == value if exact else 0 < abs(read - value) <= Fraction(1, 2 * 10**decimals)
    assert Fraction(shown.text.replace("−", "-")) != 0 or "−" not in shown.text
