"""Exact rationals and balls: what stays exact, what is proven, what is refused, and in what time."""

from __future__ import annotations

import operator
import time
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from workings.algebra import balls
from workings.algebra.balls import FUNCTIONS, bounds, fraction, hull, precision, round_entry, shorten, trimmed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import apply, const, element, exp, log, name, sqrt, summation, total
from workings.algebra.rounding import Places
from workings.algebra.systems import Balls, Rounded, Undecided
from workings.errors import InputError

SYSTEM = Balls(128)
HUNDREDTHS = Places(decimals=2)
decimal = st.integers(-(10**6), 10**6).map(lambda n: Fraction(n, 1000))


@pytest.fixture(autouse=True)
def _precision():
    with precision(128):
        yield


def value(expr, **given_values):
    return evaluate(expr, {label: SYSTEM.lift(v) for label, v in given_values.items()}, SYSTEM)


@pytest.mark.parametrize(
    ("expr", "exact"),
    [
        (sqrt(const("9/4")), Fraction(3, 2)),
        (sqrt(const(0)), Fraction(0)),
        (const("9/4") ** const("1/2"), Fraction(3, 2)),
        (const("2/3") ** const(-3), Fraction(27, 8)),
        (const(0) ** const(0), Fraction(1)),
        (apply("tanh", const(0)), Fraction(0)),
        (apply("sin", const(0)), Fraction(0)),
        (apply("cos", const(0)), Fraction(1)),
        (exp(const(0)), Fraction(1)),
        (log(const(1)), Fraction(0)),
        (apply("sigmoid", const(0)), Fraction(1, 2)),
        (apply("absolute", const("-0.1")), Fraction(1, 10)),
        (apply("floor", const("-0.1")), Fraction(-1)),
        (apply("ceil", const("-0.1")), Fraction(0)),
        (apply("sign", const("-0.1")), Fraction(-1)),
        (apply("xlogy", const(0), const(0)), Fraction(0)),
        (apply("maximum", const("0.1"), const("1/10")), Fraction(1, 10)),
        (apply("less", sqrt(const(2)), const("1.4142136")), Fraction(1)),
        (apply("equal", const("0.3"), const("0.1") + const("0.2")), Fraction(1)),
        (total(const(["0.1"] * 10)), Fraction(1)),
        (apply("mean", const([1, 2, 4])), Fraction(7, 3)),
    ],
    ids=str,
)
def test_rational_results_are_exact(expr, exact):
    found = value(expr)
    assert isinstance(found, fmpq)
    assert fraction(found) == exact


@pytest.mark.parametrize("n", [2, 3, 7])
def test_softmax_of_equal_logits_is_exactly_one_nth(n):
    found = value(apply("softmax", const(["0.7"] * n)))
    assert [fraction(entry) for entry in found] == [Fraction(1, n)] * n


def test_cross_entropy_of_a_certain_right_answer_is_exactly_zero():
    assert fraction(value(apply("cross_entropy", const([1, 0]), const([1, 0])))) == 0


def test_a_tie_is_only_seen_where_the_value_is_exact():
    assert fraction(Rounded(64, HUNDREDTHS).settle(value(const("1.005")))) == Fraction("1.01")
    even = Rounded(64, Places(decimals=2, ties="half-even"))
    assert fraction(even.settle(value(const("1.005")))) == 1


@pytest.mark.parametrize("bits", [64, 512, 4096])
def test_a_tie_that_a_ball_straddles_is_undecided_at_every_precision(bits):
    with precision(bits):
        almost = value(sqrt(const(2)) * sqrt(const(2)) * const("0.5025"))
        assert not isinstance(almost, fmpq)
        with pytest.raises(Undecided):
            round_entry(almost, HUNDREDTHS)


@pytest.mark.parametrize("op", ["floor", "ceil", "sign"])
def test_steps_are_undecided_at_a_jump(op):
    zero = sqrt(const(2)) * sqrt(const(2)) - 2
    with pytest.raises(Undecided):
        value(apply(op, zero))


@pytest.mark.parametrize("op", ["less", "at_most", "equal"])
def test_comparisons_of_overlapping_balls_are_undecided(op):
    with pytest.raises(Undecided):
        value(apply(op, sqrt(const(2)) * sqrt(const(2)), const(2)))


def test_balls_prove_their_digits():
    # √2 to 30 digits, from the published expansion (OEIS A002193)
    low, high = bounds(value(sqrt(const(2))))
    published = Fraction("1.414213562373095048801688724209")
    assert published < low <= high < published + Fraction(1, 10**30)


def test_bounds_of_both_kinds():
    assert bounds(fmpq(1, 3)) == (Fraction(1, 3), Fraction(1, 3))
    low, high = bounds(hull(Fraction(1, 2), Fraction(3, 4)))
    assert Fraction(1, 2) - Fraction(1, 10**9) < low <= Fraction(1, 2)
    assert Fraction(3, 4) <= high < Fraction(3, 4) + Fraction(1, 10**9)
    assert fraction(hull(Fraction(1, 3), Fraction(1, 3))) == Fraction(1, 3)
    with pytest.raises(Undecided):
        bounds(arb("nan"))


@given(decimal, decimal)
def test_a_hull_holds_both_ends_and_little_more(a, b):
    low, high = sorted((a, b))
    found_low, found_high = bounds(hull(low, high))
    assert found_low <= low <= high <= found_high
    assert found_high - found_low <= (high - low) * Fraction("1.00001") + Fraction(1, 10**20)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_lifted_by_its_shortest_decimal(number):
    assert fraction(balls.lifted(number)) == Fraction(repr(number))
    assert fraction(balls.lifted(np.float64(number))) == Fraction(repr(number))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "a", None, True, 1j])
def test_what_is_not_a_number_is_not_lifted(wrong):
    with pytest.raises(InputError):
        balls.lifted(wrong)


def test_flint_numbers_and_words_pass():
    ball = arb(2).sqrt()
    assert balls.lifted(ball) is ball
    assert balls.over("yes", balls.lifted) == "yes"


shapes = st.sampled_from(
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3, 4)),
        ((9, 9), (9, 9)),
        ((12,), (12, 12)),
        ((1, 80), (80, 1)),
    ]
)


@given(shapes, st.integers(0, 2**32 - 1), st.booleans())
def test_matrix_products_agree_with_fractions(pair, seed, inexact):
    draws = np.random.default_rng(seed)
    a, b = (
        np.array(draws.integers(-999, 999, shape).tolist(), dtype=object) * Fraction(1, 100) for shape in pair
    )
    expected = np.asarray(np.matmul(a, b))
    left, right = SYSTEM.lift(a), SYSTEM.lift(b)
    if inexact:
        right = FUNCTIONS["sqrt"](right * right * fmpq(1, 1) + fmpq(0)) * FUNCTIONS["sqrt"](arb(2))
        expected = np.asarray(np.matmul(a, abs(b)))
    found = np.asarray(balls.matmul(left, right), dtype=object)
    assert found.shape == expected.shape
    for entry, number in zip(found.ravel(), expected.ravel(), strict=True):
        if inexact:
            low, high = bounds(entry / arb(2).sqrt())
            assert low <= number <= high
            assert high - low < Fraction(1, 10**20)
        else:
            assert fraction(entry) == number


def test_a_product_of_sizes_that_do_not_fit_is_an_error():
    with pytest.raises(InputError, match="inner sizes 9 and 8"):
        value(name("a") @ name("b"), a=np.ones((9, 9)), b=np.ones((8, 9)))


def test_exact_balls_become_rationals_again():
    half = arb(1) / 2
    assert isinstance(shorten(half), fmpq)
    assert fraction(shorten(half)) == Fraction(1, 2)
    inexact = arb(1) / 3
    assert shorten(inexact) is inexact


def test_long_rationals_become_balls_within_a_step_and_after_it():
    long = fmpq(3**3000, 7**3000)
    array = np.array([long, fmpq(1, 3)], dtype=object)
    for cut in (shorten, trimmed):
        found = cut(array)
        assert isinstance(found[0], arb)
        assert found[0].contains(long)
        assert found[1] == fmpq(1, 3)
    short = np.array([fmpq(1, 3), arb(1)], dtype=object)
    assert trimmed(short) is short


def in_seconds(limit, work):
    start = time.process_time()
    result = work()
    assert time.process_time() - start < limit
    return result


def test_squaring_again_and_again_stays_quick():
    root = name("x")
    for _ in range(60):
        root = root * root
    # (1 + 10^-18)^(2^60) = e^(2^60 · log(1 + 10^-18)) = e^1.1529...: by the standard library
    from decimal import Decimal, localcontext

    with localcontext(prec=60):
        expected = ((Decimal(1) + Decimal(10) ** -18).ln() * 2**60).exp()
    low, high = bounds(in_seconds(1, lambda: value(root, x=Fraction(10**18 + 1, 10**18))))
    assert low <= Fraction(expected) + Fraction(1, 10**18)
    assert high >= Fraction(expected) - Fraction(1, 10**18)
    assert high - low < Fraction(1, 10**15)


def test_a_long_harmonic_sum_stays_quick():
    found = in_seconds(5, lambda: value(summation(1 / name("k"), "k", 1, 30_000)))
    # H_n = log n + γ + 1/(2n) - 1/(12n²) + O(n^-4) (Knuth, TAOCP 1, 1.2.7)
    n, euler = 30_000, Fraction("0.577215664901532860606512090082")
    low, high = bounds(arb(n).log() + balls.rational(euler + Fraction(1, 2 * n) - Fraction(1, 12 * n**2)))
    found_low, found_high = bounds(found)
    assert abs(found_low - low) < Fraction(1, 10**18)
    assert abs(found_high - high) < Fraction(1, 10**18)


@pytest.mark.parametrize(
    ("base", "exponent"),
    [(10, 10**100), ("0.1", -(10**100)), (10, 10**6), (-10, 10**9 + 1), ("10001/10000", 10**12)],
)
def test_a_power_too_large_to_write_is_refused_at_once(base, exponent):
    with pytest.raises(InputError):
        in_seconds(1, lambda: bounds(value(const(base) ** const(exponent))))


@pytest.mark.parametrize(
    ("base", "exponent", "result"),
    [(1, 10**100, 1), (-1, 10**100 + 1, -1), (0, 10**100, 0), (2, 1000, 2**1000)],
)
def test_a_large_power_of_a_small_result_is_exact(base, exponent, result):
    found = in_seconds(1, lambda: SYSTEM.settle(value(const(base) ** const(exponent))))
    assert fraction(found) == result


@pytest.mark.parametrize("expr", [const("0.5") ** const(10**30), exp(-exp(const(50))), exp(const(-(10**9)))])
def test_a_power_too_small_to_write_is_zero_to_any_decimals(expr):
    found = in_seconds(1, lambda: value(expr))
    assert round_entry(found, Places(decimals=1000)) == 0
    low, high = bounds(found)
    assert low == 0 < high


def test_a_power_of_a_thousandth_more_than_one_is_certified():
    # (1 + 1/n)^n at n = 10^6: e · (1 - 1/(2n) + 11/(24n²) - ...)
    n = 10**6
    low, high = bounds(value(const(Fraction(n + 1, n)) ** const(n)))
    e = Fraction("2.718281828459045235360287471353")
    expected = e * (1 - Fraction(1, 2 * n) + Fraction(11, 24 * n**2) - Fraction(7, 16 * n**3))
    assert low - Fraction(1, 10**20) < expected < high + Fraction(1, 10**20)


@pytest.mark.parametrize(
    "expr",
    [
        log(const(0)),
        log(const("-0.5")),
        log(apply("cos", const(3))),
        sqrt(const("-0.5")),
        sqrt(apply("cos", const(3))),
        const(0) ** const(-1),
        1 / const(0),
        apply("xlogy", const(1), const(0)),
        exp(const(10**6)),
    ],
    ids=str,
)
def test_values_out_of_the_domain_are_the_input_s_fault(expr):
    with pytest.raises(InputError):
        bounds(value(expr))


@pytest.mark.parametrize("function", [operator.lt, operator.le])
def test_what_may_be_zero_is_undecided_and_no_error(function):
    assert not function(arb(0, 1), 0)
    with pytest.raises(Undecided):
        FUNCTIONS["log"](arb(0, 1))


def test_precision_is_given_back_after_an_error():
    before = ctx.prec
    with pytest.raises(ZeroDivisionError), precision(999):
        fmpq(ctx.prec, ctx.prec - 999)
    assert ctx.prec == before


def test_a_choice_takes_one_side():
    found = value(apply("where", const([1, 0]), const("0.1"), sqrt(const(2))))
    assert fraction(found[0]) == Fraction(1, 10)
    assert not isinstance(found[1], fmpq)


def test_subscripts_of_a_sum_are_exact():
    body = element(const([["0.1", "0.2"], ["0.3", "0.4"]]), "i", "i")
    assert fraction(value(summation(body, "i", 1, 2))) == Fraction(1, 2)


def test_settled_looks_at_every_entry():
    near_tie = arb("1.005", "1e-30")
    assert balls.settled(np.array([fmpq(1, 3), arb(2).sqrt()], dtype=object), HUNDREDTHS)
    assert not balls.settled(np.array([fmpq(1, 3), near_tie], dtype=object), HUNDREDTHS)
    assert balls.settled("yes", HUNDREDTHS)


@pytest.mark.parametrize("middle", ["0", "0.25", "-0.25"])
@pytest.mark.parametrize("exponent", [1, 2, 3, 4, 7])
def test_powers_and_sizes_of_balls_across_zero_are_narrow(middle, exponent):
    ends = Fraction(middle) - Fraction(1, 2), Fraction(middle) + Fraction(1, 2)
    ball = hull(*ends)
    powers = [end**exponent for end in ends] + [Fraction(0)]
    for found, values in (
        (FUNCTIONS["power"](ball, fmpq(exponent)), powers),
        (FUNCTIONS["absolute"](ball), [abs(end) for end in ends] + [Fraction(0)]),
    ):
        low, high = bounds(found)
        assert low <= min(values) < low + Fraction(1, 10**6)
        assert high - Fraction(1, 10**6) < max(values) <= high


def test_a_ball_at_zero_to_a_power():
    for exponent in (1, 2, 3):
        assert bounds(FUNCTIONS["power"](arb(0), fmpq(exponent))) == (0, 0)
    with pytest.raises(Undecided):
        FUNCTIONS["power"](arb(0, 1), fmpq(-1))


@given(ends=st.tuples(decimal, decimal).map(sorted), number=decimal)
def test_what_an_entry_contains_lies_between_its_bounds(ends, number):
    entry = hull(*ends)
    low, high = bounds(entry)
    for inside in (*ends, low, high):
        assert balls.contains(entry, balls.rational(inside))
    assert balls.contains(entry, balls.rational(number)) == (low <= number <= high)


@pytest.mark.parametrize("exponent", [-70_000, -5_000, 5_000])
@pytest.mark.parametrize("places", [HUNDREDTHS, Places(significant=3)])
def test_the_very_small_and_the_very_large_are_widened(exponent, places):
    entry = arb(2) ** exponent
    if exponent > 0 and places.significant is None:
        assert bounds(balls.widened(entry, places)) == bounds(entry)
        return
    low, high = bounds(balls.widened(entry, places))
    assert low <= bounds(entry)[0]
    assert bounds(entry)[1] <= high
