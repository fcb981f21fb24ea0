"""Statistics of seeds against scipy, published tables, hand calculation, and the laws that they obey."""

from __future__ import annotations

import tracemalloc
from itertools import product
from math import inf, isnan, log, nan, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from workings.errors import InputError
from workings.lab import statistics as it

SHORT = settings(max_examples=60, deadline=None)
VALUES = st.floats(-100, 100).map(lambda x: round(x, 3))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=9)


def by_seed(values):
    return dict(enumerate(values))


def paired(pairs):
    return by_seed([a for a, _ in pairs]), by_seed([b for _, b in pairs])


# --- intervals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "half"), [(3, 2.48), (5, 1.24), (10, 0.72), (20, 0.47)])
def test_half_widths_in_standard_deviations_are_the_published_ones(seeds, half):
    values = np.arange(seeds, dtype=np.float64)
    assert it.half_width(values) / values.std(ddof=1) == pytest.approx(half, abs=0.005)


@pytest.mark.parametrize(
    ("count", "quantile"), [(2, 12.706), (3, 4.303), (5, 2.776), (10, 2.262), (31, 2.042)]
)
def test_quantiles_are_those_of_the_table_of_student(count, quantile):
    assert it.t_quantile(count) == pytest.approx(quantile, abs=5e-4)


def test_the_mean_of_three_values_by_hand():
    # mean 2, s = 1, 4.303 / √3 = 2.484
    found = it.mean([1.0, 2.0, 3.0])
    assert (found.value, found.count) == (2.0, 3)
    assert (found.low, found.high) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-4)


@SHORT
@given(st.lists(VALUES, min_size=2, max_size=12))
def test_the_interval_is_scipys(values):
    assume(np.std(values) > 1e-6)
    found = it.mean(values)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)


def test_what_cannot_be_known_has_no_ends():
    assert it.mean([0.5]) == it.Estimate(0.5, -inf, inf, 1)
    nothing = it.mean([nan, inf])
    assert isnan(nothing.value)
    assert (nothing.count, nothing.bounded) == (0, False)
    assert it.mean([0.5, nan, 0.5]) == it.Estimate(0.5, 0.5, 0.5, 2)
    # 0.1 three times has a mean that is off by its last bit: no spread all the same.
    assert it.half_width(np.full(3, 0.1)) == 0.0


# --- two arms -----------------------------------------------------------------------------------------------


@SHORT
@given(PAIRS)
def test_the_paired_t_test_is_scipys(pairs):
    a, b = paired(pairs)
    assume(np.std([x - y for x, y in pairs]) > 1e-6)
    found, theirs = it.compare(a, b), stats.ttest_rel(list(a.values()), list(b.values()))
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)
    low, high = theirs.confidence_interval(0.95)
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)


@SHORT
@given(PAIRS)
def test_sign_flips_are_scipys_permutations_of_pairs(pairs):
    a, b = (list(side.values()) for side in paired(pairs))
    theirs = stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.abs(np.sum(x - y, axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=inf,
        vectorized=True,
    )
    assert it.sign_flip(np.subtract(a, b)) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_sign_flips_by_hand():
    # |±1 ± 2 ± 3| ≥ 4: 1+2+3, −1+2+3 and their negatives, 4 of 8.
    assert it.sign_flip(np.array([-1.0, 2.0, 3.0])) == 0.5
    # All of one sign: only this vector and its negative.
    assert it.sign_flip(np.ones(5)) == 2 / 2**5
    assert it.sign_flip(-np.arange(1.0, 17.0)) == 2 / 2**16
    assert it.sign_flip(np.zeros(4)) == 1.0
    assert isnan(it.sign_flip(np.array([])))


def test_many_seeds_draw_signs_and_come_near_the_exact_share():
    d = np.random.default_rng(3).normal(0.35, 1, 17)
    signs = np.array(list(product([1.0, -1.0], repeat=17)))
    exact = np.mean(np.abs(signs @ d) >= abs(d.sum()) - 1e-9)
    drawn = it.sign_flip(d)
    assert 0.01 < exact < 0.9
    # Four standard errors of a share from 100 000 draws.
    assert drawn == pytest.approx(exact, abs=4 * sqrt(exact * (1 - exact) / it.DRAWN_SIGNS))
    assert drawn == it.sign_flip(d)
    assert it.sign_flip(np.ones(60), draws=999) == 1 / 1000


def test_signs_of_thousands_of_seeds_are_drawn_in_bounded_memory():
    d = np.random.default_rng(0).normal(0, 1, 5000)
    tracemalloc.start()
    it.sign_flip(d, draws=2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 8 * it.BLOCK


@SHORT
@given(PAIRS)
def test_swapping_the_arms_turns_all_signs(pairs):
    a, b = paired(pairs)
    one, other = it.compare(a, b), it.compare(b, a)
    assert one.difference.value == -other.difference.value
    assert (one.difference.low, one.difference.high) == (-other.difference.high, -other.difference.low)
    assert (one.p, one.p_flips) == pytest.approx((other.p, other.p_flips), rel=1e-9)
    assert one.ahead + other.ahead == 1.0
    turned = {"higher": "lower", "lower": "higher"}
    assert one.verdict == turned.get(other.verdict, other.verdict)


@SHORT
@given(PAIRS, st.integers(-50, 50), st.sampled_from([0.25, 2.0, 64.0]), st.randoms())
def test_units_and_the_order_of_seeds_do_not_matter(pairs, shift, scale, random):
    a, b = paired(pairs)
    assume(np.std([x - y for x, y in pairs]) > 1e-6)
    seeds = list(a)
    random.shuffle(seeds)
    moved = it.compare(
        {seed: scale * a[seed] + shift for seed in seeds}, {seed: scale * b[seed] + shift for seed in seeds}
    )
    still = it.compare(a, b)
    assert moved.difference.value == pytest.approx(scale * still.difference.value, rel=1e-9, abs=1e-9)
    assert (moved.p, moved.p_flips, moved.ahead) == pytest.approx(
        (still.p, still.p_flips, still.ahead), rel=1e-6, abs=1e-9
    )


def test_seeds_that_one_arm_lacks_are_left_out_and_named():
    a = {0: 1.0, 1: 2.0, 2: nan, 3: 4.0, 7: 5.0}
    b = {0: 0.5, 1: 1.5, 2: 1.0, 3: 3.5, 9: 1.0}
    found = it.compare(a, b)
    assert (found.seeds, found.left_out) == ((0, 1, 3), (2, 7, 9))
    assert found.difference == it.Estimate(0.5, 0.5, 0.5, 3)
    nothing = it.compare({0: 1.0}, {1: 1.0})
    assert (nothing.seeds, nothing.left_out, nothing.verdict) == ((), (0, 1), "too few seeds")
    assert isnan(nothing.p)
    assert isnan(nothing.ahead)


def test_a_verdict_needs_five_seeds():
    base = dict.fromkeys(range(5), 0.0)
    above = {seed: 1 + 0.01 * seed for seed in range(5)}
    assert it.compare(above, base).verdict == "higher"
    assert it.compare(base, above).verdict == "lower"
    assert it.compare({0: -1.0, 1: 1.0, 2: 2.0, 3: -2.0, 4: 0.1}, base).verdict == "open"
    four = {seed: above[seed] for seed in range(4)}
    assert it.compare(four, base).verdict == "too few seeds"
    assert it.compare({0: 5.0}, base).verdict == "too few seeds"


def test_differences_that_are_all_the_same():
    five = {seed: (seed + 1) / 7 for seed in range(5)}
    same = it.compare(five, five)
    assert (same.p, same.p_flips, same.ahead, same.verdict) == (1.0, 1.0, 0.5, "open")
    # Sums in another order differ in their last bit: no difference.
    again = it.compare({seed: value + 1e-16 for seed, value in five.items()}, five)
    assert again == same
    # The same difference on every seed, but for rounding: 0.1 + s/7 − s/7.
    more = it.compare({seed: 0.1 + value for seed, value in five.items()}, five)
    assert (more.p, more.p_flips, more.ahead, more.verdict) == (0.0, 2 / 2**5, 1.0, "higher")
    assert more.difference.low == more.difference.high == pytest.approx(0.1)


def test_ahead_counts_ties_half():
    assert it.ahead(np.array([1.0, 2.0, 0.0, -1.0])) == 2.5 / 4


def test_a_ratio_is_the_interval_of_the_logarithms():
    # log 2, log 4, log 8 are log 4 ± log 2: half width 4.3027 log 2 / √3
    found = it.ratio({0: 2.0, 1: 4.0, 2: 8.0, 3: 0.0, 4: 1.0}, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0})
    half = 4.302653 * log(2) / sqrt(3)
    assert found.value == pytest.approx(4)
    assert found.count == 3
    assert (log(found.low), log(found.high)) == pytest.approx((log(4) - half, log(4) + half), abs=1e-6)
    alone = it.ratio({0: 3.0}, {0: 2.0})
    assert (alone.value, alone.low, alone.high) == (pytest.approx(1.5), 0.0, inf)


# --- Holm ---------------------------------------------------------------------------------------------------


def test_holm_by_hand():
    # Holm (1979): the smallest times 4, the next times 3, never falling.
    assert it.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert it.holm([0.5, nan, 0.9]) == pytest.approx([1.0, nan, 1.0], nan_ok=True)
    assert it.holm([]) == []


@SHORT
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_holm_is_monotone_between_p_and_bonferroni(ps, random):
    found = it.holm(ps)
    assert all(p <= q <= min(1.0, len(ps) * p) + 1e-15 for p, q in zip(ps, found, strict=True))
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    ranked = [found[i] for i in order]
    assert ranked == sorted(ranked)
    assert found[order[0]] == min(1.0, len(ps) * ps[order[0]])
    random.shuffle(order)
    assert it.holm([ps[i] for i in order]) == [found[i] for i in order]


@SHORT
@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.integers(0, 5), st.floats(0, 1))
def test_a_larger_p_makes_no_corrected_one_smaller(ps, index, higher):
    index %= len(ps)
    raised = [max(p, higher) if i == index else p for i, p in enumerate(ps)]
    assert all(new >= old for old, new in zip(it.holm(ps), it.holm(raised), strict=True))


def test_each_arm_is_compared_with_the_baseline_and_all_are_corrected():
    random = np.random.default_rng(5)
    noise = random.normal(0, 0.1, (4, 6))
    values = {
        name: by_seed(shift + row)
        for name, shift, row in zip(["base", "near", "up", "far"], [0, 0.02, 0.12, 1], noise, strict=True)
    }
    found = it.against(values, "base")
    assert list(found) == ["near", "up", "far"]
    plain = [stats.ttest_rel(noise[i] + s, noise[0]).pvalue for i, s in ((1, 0.02), (2, 0.12), (3, 1.0))]
    least, middle, most = sorted(plain)
    expected = {least: 3 * least, middle: max(3 * least, 2 * middle), most: max(2 * middle, most)}
    for one, p in zip(found.values(), plain, strict=True):
        assert one.p == pytest.approx(p)
        assert one.p_holm == pytest.approx(min(1.0, expected[p]))
    assert found["far"].p_flips == 2 / 2**6
    assert found["far"].p_flips_holm == 3 * 2 / 2**6


def test_the_corrected_p_decides():
    # t = 1 / (s/√5) between the 5 % points of one comparison (2.776) and of three (p < 0.0167: 3.94)
    d = np.array([1.0, -1.0, 2.0, -2.0, 0.0])
    up = by_seed(d / d.std(ddof=1) * sqrt(5) / 3.2 + 1)
    base = by_seed([0.0] * 5)
    wild = by_seed([3.0, -3.0, 1.0, -1.0, 0.5])
    assert it.against({"base": base, "up": up}, "base")["up"].verdict == "higher"
    assert it.against({"base": base, "up": up, "c": wild, "d": wild}, "base")["up"].verdict == "open"


# --- seeds and examples -------------------------------------------------------------------------------------


def pigeonhole_variance(d):
    """Owen (2007): the variance of a mean of resampled rows × columns, worked out over multinomial weights.

    E[WᵢWₖ] = 1 − 1/S + [i = k], and the same for the columns.
    """
    rows, columns = d.shape
    total = (
        (d**2).sum()
        + (1 - 1 / columns) * (d.sum(axis=1) ** 2).sum()
        + (1 - 1 / rows) * (d.sum(axis=0) ** 2).sum()
        + (1 - 1 / rows) * (1 - 1 / columns) * d.sum() ** 2
    )
    return total / (rows * columns) ** 2 - d.mean() ** 2


def random_rows(seeds=6, examples=40, columns=1):
    random = np.random.default_rng(11)
    a = random.random((seeds, examples, columns)) < 0.8 + 0.05 * random.random((seeds, 1, 1))
    b = random.random((seeds, examples, columns)) < 0.7
    return a.astype(np.float64), b.astype(np.float64)


def test_the_bootstrap_has_the_variance_of_owens_formula():
    a, b = random_rows()
    found = it.two_level(a, b, draws=40_000)
    d = a[:, :, 0] - b[:, :, 0]
    error = sqrt(pigeonhole_variance(d) * 6 / 5)
    assert found.value == pytest.approx(d.mean())
    assert (found.high - found.low) / 2 == pytest.approx(2.570582 * error, rel=0.02)
    assert (found.high + found.low) / 2 == pytest.approx(found.value)
    assert found.count == 6


def test_a_pooled_measure_that_is_the_mean_gives_the_same_interval():
    a, b = random_rows()
    pooled = it.two_level(a, b, lambda rows: float(rows[:, 0].mean()), draws=4000)
    direct = it.two_level(a, b, draws=40_000)
    assert pooled.value == pytest.approx(direct.value)
    assert pooled.high - pooled.low == pytest.approx(direct.high - direct.low, rel=0.05)


def f1(rows):
    hits, false, missed = rows.sum(axis=0)
    return float(2 * hits / (2 * hits + false + missed))


def test_f1_is_pooled_over_the_drawn_examples():
    a, b = random_rows(columns=3)
    found = it.two_level(a, b, f1, draws=3000)
    assert found.value == pytest.approx(np.mean([f1(x) - f1(y) for x, y in zip(a, b, strict=True)]))
    # Another implementation: weights in place of indices, the standard library's generator.
    random = np.random.default_rng(99)
    drawn = []
    for _ in range(3000):
        w = random.multinomial(40, np.full(40, 1 / 40))
        v = random.multinomial(6, np.full(6, 1 / 6))
        drawn.append(
            np.average(
                [f1(x * w[:, None]) - f1(y * w[:, None]) for x, y in zip(a, b, strict=True)], weights=v
            )
        )
    half = 2.570582 * sqrt(6 / 5) * np.std(drawn)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.06)


@pytest.mark.parametrize("kind", [float, np.float64])
def test_draws_without_a_single_positive_are_left_out(kind):
    def recall(rows):
        hits, missed = (kind(total) for total in rows.sum(axis=0))
        return hits / (hits + missed)

    # One positive among 20 examples: a draw misses it with a probability of 0.95²⁰ = 0.36.
    a, b = np.zeros((5, 20, 2)), np.zeros((5, 20, 2))
    a[:, 3, 0] = 1
    b[:, 3, 1] = 1
    found = it.two_level(a, b, recall)
    # Where it is drawn, however often, all of it is found by one and none by the other.
    assert found == it.Estimate(1.0, 1.0, 1.0, 5)
    assert it.two_level(np.zeros_like(a), b, recall).bounded is False


def test_where_the_examples_are_alike_it_is_the_paired_t_interval():
    shifts = np.array([0.1, 0.4, 0.2, 0.9, 0.5, 0.3])
    a = np.broadcast_to(shifts[:, None, None], (6, 30, 1)).copy()
    found = it.two_level(a, np.zeros_like(a), draws=40_000)
    theirs = stats.ttest_1samp(shifts, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=0.03, abs=0.01)


def test_examples_that_differ_widen_it():
    a, b = random_rows()
    seeds_alone = it.compare(by_seed(a.mean(axis=(1, 2))), by_seed(b.mean(axis=(1, 2)))).difference
    both = it.two_level(a, b)
    assert both.high - both.low > 1.2 * (seeds_alone.high - seeds_alone.low)


def test_the_bootstrap_swaps_its_sign_and_repeats_itself():
    a, b = random_rows()
    one, other = it.two_level(a, b), it.two_level(b, a)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert it.two_level(a, b) == one


def test_rows_that_do_not_fit_and_rows_that_say_nothing():
    a, b = random_rows()
    with pytest.raises(InputError, match=r"shapes \(6, 40, 1\) and \(5, 40, 1\)"):
        it.two_level(a, b[1:])
    holed = a.copy()
    holed[0, 0, 0] = nan
    assert it.two_level(holed, b).bounded is False
    assert it.two_level(a[:0], b[:0]).count == 0
    one = it.two_level(a[:1], b[:1])
    assert (one.count, one.bounded) == (1, False)
    assert one.value == pytest.approx(float((a[0] - b[0]).mean()))


def test_ten_seeds_of_ten_thousand_examples_stay_small():
    random = np.random.default_rng(0)
    a = (random.random((10, 10_000, 1)) < 0.99).astype(np.float64)
    b = (random.random((10, 10_000, 1)) < 0.98).astype(np.float64)
    tracemalloc.start()
    it.two_level(a, b, draws=300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


# --- coverage -----------------------------------------------------------------------------------------------


def test_the_interval_covers_the_truth_in_95_of_100():
    random = np.random.default_rng(1)
    runs = 2000
    hits = 0
    for d in random.normal(0.3, 1, (runs, 5)):
        found = it.mean(d)
        hits += found.low <= 0.3 <= found.high
    # Four standard errors of a share of 0.95 from 2000 runs: 0.0195.
    assert hits / runs == pytest.approx(0.95, abs=0.0195)


def test_no_difference_is_found_where_there_is_none_but_in_5_of_100_families():
    random = np.random.default_rng(2)
    runs = 800
    wrong = 0
    for values in random.normal(0, 1, (runs, 4, 6)):
        found = it.against(dict(zip("abcd", map(by_seed, values), strict=True)), "a")
        wrong += any(one.verdict != "open" for one in found.values())
    # Holm keeps the share at 0.05 at most; four standard errors are 0.031.
    assert wrong / runs < 0.05 + 0.031


@pytest.mark.slow
def test_the_two_level_interval_covers_new_seeds_and_new_examples():
    random = np.random.default_rng(4)
    runs, seeds, examples = 300, 6, 60
    hits = {"both": 0, "seeds": 0}
    for _ in range(runs):
        seed_effect = random.normal(0, 0.1, (seeds, 1, 1))
        example_effect = random.normal(0, 1, (1, examples, 1))
        d = 0.2 + seed_effect + example_effect + random.normal(0, 0.3, (seeds, examples, 1))
        both = it.two_level(d, np.zeros_like(d), draws=300)
        alone = it.mean(d.mean(axis=(1, 2)))
        hits["both"] += both.low <= 0.2 <= both.high
        hits["seeds"] += alone.low <= 0.2 <= alone.high
    # Conservative, as Owen says of the pigeonhole bootstrap; seeds alone know nothing of new examples.
    assert hits["both"] / runs > 0.93
    assert hits["seeds"] / runs < 0.85
