"""Sentences say what the numbers allow, and no more. The numbers are worked out beside each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lab.made_results import ARMS, MEASURES, results, study
from scipy import stats

from workings.lab.findings import escaped, findings, seconds
from workings.lab.study import Arm, Measure

BASE = [0.90, 0.91, 0.89, 0.92, 0.90]
NO_BARS = {**MEASURES, "accuracy": Measure("test accuracy", percent=True, digits=2)}


def made(tmp_path, plain, fast, *, measures=NO_BARS, arrays=None, more=None, **changes):
    """Accuracies of two arms by seed; None where a seed has no value."""
    values = {"plain": plain, "fast": fast, **(more or {})}
    metrics = {
        arm: {seed: {} if one is None else {"accuracy": one} for seed, one in enumerate(own)}
        for arm, own in values.items()
    }
    of = study(measures=measures, arms=tuple(arm for arm in ARMS if arm.name in values))
    return results(tmp_path, metrics, of=of, arrays=arrays, **changes)


def shifted(*points):
    return [base + point / 100 for base, point in zip(BASE, points, strict=False)]


def line(text, start):
    """The one bullet that begins so."""
    (found,) = [row for row in text.splitlines() if row.startswith(f"- {start}")]
    return found.removeprefix("- ")


# --- the main measure ---------------------------------------------------------------------------------------


def test_one_that_is_better(tmp_path):
    # d = 1..5 points: mean 3, s = 1.5811, half width 2.7764 · 1.5811 / √5 = 1.9632; t = 4.2426, p = 0.0132.
    text = findings(made(tmp_path, BASE, shifted(1, 2, 3, 4, 5)))
    assert stats.ttest_1samp([1, 2, 3, 4, 5], 0).pvalue == pytest.approx(0.0132, abs=5e-5)
    assert line(text, "**fast") == (
        "**fast recipe** beats plain SGD by 3.00 points (95 % interval 1.04 to 4.96; paired t p = 0.013, "
        "sign flips p = 0.062; better on 100 % of 5 seeds)."
    )
    assert "With 5 seeds sign flips cannot bring p below 0.062" in text
    assert "Holm" not in text


def test_one_that_is_worse_where_lower_is_better(tmp_path):
    measures = {"accuracy": Measure("test error", better="lower", percent=True, digits=2)}
    text = findings(made(tmp_path, BASE, shifted(1, 2, 3, 4, 5), measures=measures))
    assert line(text, "**fast").startswith(
        "**fast recipe** falls behind plain SGD by 3.00 points (95 % interval 1.04 to 4.96;"
    )
    assert "better on 0 % of 5 seeds" in text
    # mean of BASE: 0.904, s = 0.011402, half width 2.7764 · 0.011402 / √5 = 0.014157
    assert "Best mean: plain SGD with 90.40 % (95 % interval 88.98 to 91.82, 5 seeds)." in text


def test_one_that_cannot_be_told_apart(tmp_path):
    # d = −2, −1, 0, 1, 3: mean 0.2, s = 1.9235, half width 2.3884; sign flips: |Σ| = 1 of any sign.
    text = findings(made(tmp_path, BASE, shifted(-2, -1, 0, 1, 3)))
    p = stats.ttest_1samp([-2, -1, 0, 1, 3], 0).pvalue
    words = line(text, "**fast")
    assert words.startswith(
        "**fast recipe** and plain SGD cannot be told apart: the difference is +0.20 points "
        f"(95 % interval −2.19 to 2.59; paired t p = {p:.2g}, sign flips p = "
    )
    assert words.endswith("It may be up to 2.19 points worse or up to 2.59 points better.")
    assert "beats" not in text


def test_where_lower_is_better_the_sides_of_the_doubt_turn(tmp_path):
    measures = {"accuracy": Measure("test error", better="lower", percent=True, digits=2)}
    text = findings(made(tmp_path, BASE, shifted(-2, -1, 0, 1, 3), measures=measures))
    assert "up to 2.59 points worse or up to 2.19 points better" in text


def test_an_interval_without_0_is_too_little_among_many_comparisons(tmp_path):
    # d = 1 ± 0.6·(1, −1, 2, −2, 0)/1.5811·...: t = 3.2, p = 0.033 alone, 0.066 for two.
    d = np.array([1.0, -1.0, 2.0, -2.0, 0.0])
    d = d / d.std(ddof=1) * np.sqrt(5) / 3.2 + 1
    p = stats.ttest_1samp(d, 0).pvalue
    assert 0.025 < p < 0.05
    text = findings(made(tmp_path, BASE, shifted(*d), more={"same": shifted(2, -2, 1, -1, 0.3)}))
    words = line(text, "**fast")
    assert "cannot be told apart" in words
    assert f"paired t p = {2 * p:.2g}" in words
    assert words.endswith("The interval alone leaves out 0, but with so many comparisons that is too little.")
    assert "after Holm's correction for 2 comparisons" in text


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        # d = 1, 2, 3, 4: mean 2.5, s = 1.2910, half width 3.1824 · 1.2910 / 2 = 2.0543
        (4, "+2.50 points on 4 seeds (95 % interval 0.45 to 4.55)"),
        (1, "+1.00 points on 1 seed"),
    ],
)
def test_fewer_than_five_seeds_give_no_verdict(tmp_path, seeds, words):
    text = findings(made(tmp_path, BASE[:seeds], shifted(1, 2, 3, 4, 5)[:seeds]))
    expected = f"**fast recipe** against plain SGD: {words}. Fewer than 5 seeds: no verdict."
    assert line(text, "**fast") == expected
    assert not any(words in text for words in ("beats", "told apart", "p ="))


def test_seeds_without_a_value_are_left_out_and_named(tmp_path):
    fast = [*shifted(1, 2, 3, 4, 5), 0.9]
    text = findings(made(tmp_path, [*BASE, None], fast))
    assert line(text, "**fast").endswith("Left out, as one of the two has no value: seed 5.")
    assert "beats plain SGD by 3.00 points" in text
    text = findings(made(tmp_path / "b", [0.9, None], [None, 0.9]))
    assert (
        line(text, "**fast")
        == "**fast recipe** can't be compared with plain SGD: no seed has a value for both."
    )


def test_differences_that_are_all_the_same(tmp_path):
    text = findings(made(tmp_path, BASE, BASE))
    assert line(text, "**fast") == "**fast recipe** and plain SGD are equal on each of 5 seeds."
    text = findings(made(tmp_path / "b", BASE, shifted(2, 2, 2, 2, 2)))
    assert "beats plain SGD by 2.00 points (95 % interval 2.00 to 2.00;" in text
    assert line(text, "**fast").endswith("The difference is the same on every seed.")


def test_sign_flips_confirm_what_ten_seeds_show(tmp_path):
    d = [1.0, 1.1, 0.9, 1.2, 1.0, 0.8, 1.1, 1.0, 0.9, 1.0]
    base = [0.9 + 0.001 * seed for seed in range(10)]
    text = findings(made(tmp_path, base, [b + x / 100 for b, x in zip(base, d, strict=True)]))
    # All of one sign: 2/1024 = 0.00195.
    assert "sign flips p = 0.002;" in text
    assert "confirm" not in text


def test_the_sign_flip_test_that_does_not_confirm_is_reported(tmp_path):
    d = np.array([0.9, 0.0, 2.3, 0.7, 1.1, 0.0, 0.4])
    # Both signs of the five that are not 0, out of 2⁵: 0.0625. The least that 7 seeds could give is 2/2⁷.
    assert stats.ttest_1samp(d, 0).pvalue < 0.05 < 2 / 2**5
    base = [0.9] * 7
    text = findings(made(tmp_path, base, [b + x / 100 for b, x in zip(base, d, strict=True)]))
    assert line(text, "**fast").endswith(
        "The sign-flip test, which assumes no normal distribution, does not confirm it."
    )


# --- test examples ------------------------------------------------------------------------------------------


def examples(levels, count=200):
    """Rows of which the first so many are right; the metrics are their means."""

    def rows(arm, seed):
        right = np.zeros((count, 1))
        right[: round(levels[arm][seed] * count)] = 1
        return {"examples": right}

    return rows


def test_new_test_examples_are_part_of_the_verdict(tmp_path):
    plain = [0.50, 0.51, 0.49, 0.50, 0.52]
    fast = [0.90, 0.92, 0.89, 0.91, 0.90]
    arrays = examples({"plain": plain, "fast": fast})
    words = line(findings(made(tmp_path, plain, fast, arrays=arrays)), "**fast")
    assert "With other test examples as well, the 95 % interval is " in words
    assert words.endswith("(bootstrap over seeds and 200 test examples), which keeps the order.")
    # About d ± t √(σ²/n + ...): 0.4 ± 2.776 · √(0.4 · 0.6 / 200) = 0.4 ± 0.096, wider than over seeds alone.
    low, high = (
        float(end) for end in words.split("well, the 95 % interval is ")[1].split(" (")[0].split(" to ")
    )
    assert low == pytest.approx(40.0 - 10.3, abs=2.5)
    assert high == pytest.approx(40.0 + 10.3, abs=2.5)


def test_an_order_that_hangs_on_a_few_test_examples_may_turn(tmp_path):
    plain, fast = [0.50] * 5, [0.55] * 5
    arrays = examples({"plain": plain, "fast": fast}, count=20)
    words = line(findings(made(tmp_path, plain, fast, arrays=arrays)), "**fast")
    assert "beats plain SGD by 5.00 points" in words
    assert words.endswith(
        "(bootstrap over seeds and 20 test examples), so the order may turn on another test set."
    )


@pytest.mark.parametrize("broken", ["lengths", "values", "one"])
def test_rows_that_do_not_give_the_measure_are_not_resampled(tmp_path, broken):
    def arrays(arm, seed):
        count = 40 if broken == "lengths" and arm == "fast" else 20
        if broken == "one" and (arm, seed) == ("fast", 3):
            return None
        right = np.zeros((count, 1))
        right[: (count * 3) // 4 if broken == "values" else count // 2] = 1
        return {"examples": right}

    text = findings(made(tmp_path, [0.5] * 5, [0.5] * 5, arrays=arrays))
    assert "equal on each of 5 seeds" in text
    assert "bootstrap" not in text


def test_a_pooled_measure_is_resampled_by_its_own_rule(tmp_path):
    def f1(rows):
        hits, false, missed = rows.sum(axis=0)
        return float(2 * hits / (2 * hits + false + missed))

    random = np.random.default_rng(0)
    drawn = {
        arm: [(random.random((30, 3)) < level).astype(float) for _ in range(5)]
        for arm, level in (("plain", [0.6, 0.4, 0.4]), ("fast", [0.95, 0.05, 0.05]))
    }
    values = {arm: [f1(rows) for rows in own] for arm, own in drawn.items()}
    measures = {"accuracy": Measure("F1", pooled=f1)}
    text = findings(
        made(
            tmp_path,
            values["plain"],
            values["fast"],
            measures=measures,
            arrays=lambda arm, seed: {"examples": drawn[arm][seed]},
        )
    )
    assert "(bootstrap over seeds and 30 test examples), which keeps the order" in text


# --- bars, other measures, seconds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "better", "words"),
    [
        (0.88, "higher", "plain SGD reaches a score of at least 0.88: the mean is 0.90 (95 % interval "),
        (0.95, "higher", "plain SGD misses a score of at least 0.95: the mean is 0.90 (95 % interval "),
        (0.95, "lower", "plain SGD reaches a score of at most 0.95: the mean is 0.90 (95 % interval "),
        (0.88, "lower", "plain SGD misses a score of at most 0.88: the mean is 0.90 (95 % interval "),
    ],
)
def test_bars_are_reached_or_missed(tmp_path, bar, better, words):
    measures = {"accuracy": Measure("score", better=better, digits=2, bars={"plain": bar})}
    text = findings(made(tmp_path, BASE, shifted(1, 2, 3, 4, 5), measures=measures))
    assert line(text, "plain").startswith(words)
    assert "inside the interval" not in text


def test_a_bar_inside_the_interval_is_open(tmp_path):
    measures = {"accuracy": Measure("score", digits=3, bars={"plain": 0.90})}
    words = line(findings(made(tmp_path, BASE, BASE, measures=measures)), "plain")
    assert words.endswith("; the bar lies inside the interval, so more seeds could turn this.")
    few = findings(made(tmp_path / "b", BASE[:3], BASE[:3], measures=measures))
    # mean of 0.90, 0.91, 0.89, no worse than the bar
    assert "0.900 (95 % interval 0.875 to 0.925, 3 seeds) is no worse than the score of at least 0.900" in few
    assert "reaches" not in few
    assert "Fewer than 5 seeds: no verdict." in few
    none = findings(made(tmp_path / "c", [None] * 5, BASE, measures=measures))
    assert "plain SGD was to reach a score of at least 0.900 and has no value." in none


def test_a_reduced_run_says_so_and_is_not_held_to_the_bars(tmp_path):
    found = made(tmp_path, BASE, BASE, measures=MEASURES)
    assert "What was to be reached" in findings(found)
    text = findings(replace(found, quick=True))
    assert text.startswith("**A reduced run**")
    assert "What was to be reached" not in text


def test_other_measures_are_told_by_their_uncorrected_intervals(tmp_path):
    values = {
        arm: {seed: {"accuracy": BASE[seed], "loss": 1 + step * (1 + 0.1 * seed)} for seed in range(5)}
        for arm, step in (("plain", 0.0), ("fast", -0.5), ("same", 0.5))
    }
    text = findings(results(tmp_path, values))
    # −0.5 · (1 + 0.1 seed): mean −0.6, s = 0.079057, half width 0.09816
    assert line(text, "Test loss") == (
        "Test loss (lower is better): better than plain SGD: fast recipe by 0.600 (0.502 to 0.698); "
        "worse than plain SGD: twin of plain by 0.600 (0.502 to 0.698)."
    )
    assert "brackets hold 95 % intervals, not corrected for how many measures and arms" in text


def test_seconds_are_compared_by_ratio_and_apart(tmp_path):
    values = {
        arm: {seed: {"accuracy": 0.9, "seconds": time * (1 + 0.1 * seed)} for seed in range(5)}
        for arm, time in (("plain", 20.0), ("fast", 5.0))
    }
    found = results(tmp_path, values)
    assert "econds" not in findings(found)
    assert seconds(found).splitlines()[-1] == (
        "- Seconds of training: fast recipe is 4.00 times as fast as plain SGD "
        "(95 % interval 4.00 to 4.00, 5 seeds)."
    )


def test_a_rate_is_compared_the_other_way_round(tmp_path):
    measures = {**NO_BARS, "rate": Measure("examples a second", unit="1/s", timed=True)}
    values = {
        arm: {seed: {"accuracy": 0.9, "rate": rate} for seed in range(5)}
        for arm, rate in (("plain", 20.0), ("fast", 5.0))
    }
    text = seconds(results(tmp_path, values, of=study(measures=measures)))
    assert "Examples a second: fast recipe is 0.25 times as fast as plain SGD" in text


def test_a_time_that_some_seeds_never_reach(tmp_path):
    values = {
        "plain": {seed: {"accuracy": 0.9, "seconds": 20.0} for seed in range(5)},
        "fast": {seed: {"accuracy": 0.9} | ({"seconds": 5.0} if seed < 2 else {}) for seed in range(5)},
    }
    text = seconds(results(tmp_path, values))
    assert "4.00 times as fast" in text
    assert text.endswith("On the other seeds one of the two has no value. Fewer than 5 seeds: no verdict.")
    values["fast"] = {seed: {"accuracy": 0.9} for seed in range(5)}
    text = seconds(results(tmp_path / "b", values))
    assert text.endswith("no seed has a value for both fast recipe and plain SGD.")


def test_a_main_measure_that_is_timed_stands_with_the_seconds(tmp_path):
    values = {
        arm: {seed: {"accuracy": 0.9, "seconds": time + seed} for seed in range(5)}
        for arm, time in (("plain", 20.0), ("fast", 5.0))
    }
    found = results(tmp_path, values, of=study(metric="seconds"))
    assert "beats" not in findings(found)
    assert "**fast recipe** beats plain SGD by 15.0 s" in seconds(found)


# --- what is missing ----------------------------------------------------------------------------------------


def test_cells_without_a_result_are_counted_with_their_reasons(tmp_path):
    failed = [("fast", 5, "the loss is NaN at step 30"), ("fast", 6, "the loss is NaN at step 30")]
    failed += [("plain", 5, "not\nfinished *yet*")]
    text = findings(made(tmp_path, BASE, BASE, failed=failed))
    assert (
        "**Without a result**, 3 of 13 cells (arm and seed): fast 5 and fast 6 (the loss is NaN at step 30); "
        r"plain 5 (not finished \*yet\*)." in text
    )


def test_many_failures_are_cut_short(tmp_path):
    failed = [("fast", seed, "no memory") for seed in range(5, 40)]
    text = findings(made(tmp_path, BASE, BASE, failed=failed))
    assert "fast 16 and 23 more (no memory)" in text
    assert "fast 17" not in text


def test_nothing_at_all_and_no_baseline(tmp_path):
    assert "No cell has a value of the main measure, test accuracy." in findings(
        made(tmp_path, [None] * 5, [None] * 5)
    )
    found = results(tmp_path / "b", {"fast": {seed: {"accuracy": 0.9} for seed in range(5)}}, of=study())
    assert (
        findings(found)
        .splitlines()[0]
        .endswith("Fast recipe with 90.00 % (95 % interval 90.00 to 90.00, 5 seeds).")
    )
    two = {arm: {seed: {"accuracy": 0.9, "seconds": 1.0} for seed in range(5)} for arm in ("fast", "same")}
    found = results(tmp_path / "c", two, of=study())
    assert "The baseline, plain SGD, was not run" in findings(found)
    assert "times as fast" not in seconds(found)


def test_what_it_does_not_say_is_said(tmp_path):
    text = findings(made(tmp_path, BASE, BASE))
    assert text.endswith("so nothing here speaks for other data.")
    text = findings(made(tmp_path / "b", BASE, BASE, more={"same": BASE}))
    assert text.endswith("as the test set picked it.")


def test_titles_are_no_markup(tmp_path):
    arms = (Arm("plain", "SGD *0.1* | x"), Arm("fast", "[a](b) <i> $x$"))
    values = {arm.name: {seed: {"accuracy": BASE[seed]} for seed in range(5)} for arm in arms}
    text = findings(results(tmp_path, values, of=study(arms=arms, measures=NO_BARS)))
    assert r"SGD \*0.1\* \| x" in text
    assert r"\[a\](b) \<i\> \$x\$" in text
    assert escaped("a\n  b") == "a b"


def test_bars_are_those_of_the_data(tmp_path):
    measures = {"accuracy": Measure("score", digits=2, bars={"plain": 0.5}, bars_given={"plain": 0.25})}
    embedded = made(tmp_path, BASE, BASE, measures=measures)
    given = replace(embedded, source="a/folder")
    assert (embedded.bars("accuracy"), given.bars("accuracy")) == ({"plain": 0.5}, {"plain": 0.25})
    assert "at least 0.50" in findings(embedded)
    assert "at least 0.25" in findings(given)
    assert "at least 0.50" not in findings(given)
