"""What the statistics of a run allow to be said, and what not, in sentences.

The verdict on an arm is that of the paired t test against the baseline, on the main measure alone, after
Holm's correction over the arms. Intervals of the other measures stand beside it without one, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Final

import numpy as np

from workings.lab.amounts import amount, change, interval, listed, number, probability, several
from workings.lab.results import CellResult, Results
from workings.lab.statistics import (
    ALPHA,
    EXACT_SEEDS,
    Comparison,
    Estimate,
    against,
    mean,
    ratio,
    two_level,
)
from workings.lab.study import FEWEST_SEEDS, Measure

NO_VERDICT: Final = f"Fewer than {FEWEST_SEEDS} seeds: no verdict."
EXAMPLES: Final = "examples"
"""The array of per-example rows that is resampled."""
ASKED: Final = "What was to be reached:"
BESIDE: Final = "Other measures; brackets hold 95 % intervals, not corrected for how many measures and arms:"
RATIOS: Final = "Compared by ratio, seed by seed:"
MOST_LISTED: Final = 12


def findings(results: Results) -> str:
    """The paragraph of a report, as Markdown: without timed measures, so the same on every machine."""
    study = results.study
    main = study.metric
    parts = [_reduced(results)]
    if not results.measure(main).timed:
        parts += [_lead(results, main), _method(results, main), _bullets(_verdicts(results, main))]
    parts += [
        _bullets(_bars(results, timed=False), ASKED),
        _bullets(_beside(results), BESIDE),
        _failures(results),
        _limits(results),
    ]
    return "\n\n".join(part for part in parts if part)


def seconds(results: Results) -> str:
    """The same of the timed measures, which are this machine's own."""
    main = results.study.metric
    parts: list[str] = []
    if results.measure(main).timed:
        parts += [_lead(results, main), _method(results, main), _bullets(_verdicts(results, main))]
    parts += [_bullets(_bars(results, timed=True), ASKED), _bullets(_ratios(results), RATIOS)]
    return "\n\n".join(part for part in parts if part)


def comparisons(results: Results, measure: str) -> dict[str, Comparison]:
    """Every arm but the baseline compared with it; empty where the baseline was not run."""
    values = {arm.name: results.values(arm.name, measure) for arm in results.arms}
    return against(values, results.study.baseline) if results.study.baseline in values else {}


def escaped(text: str) -> str:
    """Text that stands in Markdown, in a table too, as itself."""
    return re.sub(r"([\\`*_{}\[\]<>|$^~#@])", r"\\\1", " ".join(text.split()))


def title(results: Results, arm: str) -> str:
    """What an arm is called."""
    return escaped(next(each.title for each in results.study.arms if each.name == arm))


# --- the main measure ---------------------------------------------------------------------------------------


def _reduced(results: Results) -> str:
    if not results.quick:
        return ""
    return "**A reduced run**: it shows that everything works, and hints at what the full study may find."


def _lead(results: Results, name: str) -> str:
    measure = results.measure(name)
    means = {arm.name: mean(results.values(arm.name, name).values()) for arm in results.arms}
    known = {arm: found for arm, found in means.items() if found.count}
    if not known:
        return f"No cell has a value of the main measure, {escaped(measure.label)}."
    sign = 1 if measure.better == "higher" else -1
    best = max(known, key=lambda arm: sign * known[arm].value)
    shown = f"{title(results, best)} with {_mean(measure, known[best])}"
    told = f"Main measure: {escaped(measure.label)}, where {measure.better} is better. "
    return told + (f"Best mean: {shown}." if len(results.arms) > 1 else f"{_capital(shown)}.")


def _mean(measure: Measure, found: Estimate) -> str:
    ends = f"95 % interval {interval(measure, found)}, " if found.bounded else ""
    return f"{amount(measure, found.value)} ({ends}{several(found.count, 'seed')})"


def _method(results: Results, name: str) -> str:
    """What the arms are compared with, and how."""
    baseline = title(results, results.study.baseline)
    if len(results.arms) < 2:
        return ""
    found = comparisons(results, name)
    if not found:
        return f"The baseline, {baseline}, was not run: there is nothing to compare with."
    words = f"Compared with {baseline}, seed by seed."
    judged = [len(one.seeds) for one in found.values() if one.verdict != "too few seeds"]
    if judged and len(found) > 1:
        words += f" Values of p are those after Holm's correction for {len(found)} comparisons."
    if judged and (least := _least(max(judged), len(found))) >= ALPHA:
        among = f" and {len(found)} comparisons" if len(found) > 1 else ""
        words += f" With {several(max(judged), 'seed')}{among} sign flips cannot bring p below "
        words += f"{probability(least)}, and so confirm nothing."
    return words


def _least(seeds: int, family: int) -> float:
    """The smallest corrected p that exact sign flips can give: two of 2ⁿ sign vectors, n seeds."""
    return min(1.0, family * 2.0 ** (1 - seeds)) if seeds <= EXACT_SEEDS else 0.0


def _verdicts(results: Results, name: str) -> Iterator[str]:
    for arm, one in comparisons(results, name).items():
        words = _verdict(results, name, arm, one)
        if one.verdict != "too few seeds":
            words += _on_new_examples(results, name, arm, one)
        if one.verdict in ("higher", "lower"):
            words += _unconfirmed(one, len(results.arms) - 1)
        if one.left_out and one.seeds:
            words += f" Left out, as one of the two has no value: {_seeds(one.left_out)}."
        yield words


def _verdict(results: Results, name: str, arm: str, one: Comparison) -> str:
    measure = results.measure(name)
    a, b = f"**{title(results, arm)}**", title(results, results.study.baseline)
    gain = _gain(one.difference, measure)
    if not one.seeds:
        return f"{a} can't be compared with {b}: no seed has a value for both."
    if one.verdict == "too few seeds":
        ends = f" (95 % interval {interval(measure, one.difference)})" if one.difference.bounded else ""
        by = change(measure, one.difference.value, signed=True)
        return f"{a} against {b}: {by} on {several(len(one.seeds), 'seed')}{ends}. {NO_VERDICT}"
    alike = one.difference.low == one.difference.high
    if alike and one.difference.value == 0:
        return f"{a} and {b} are equal on each of {several(len(one.seeds), 'seed')}."
    tests = _tests(one)
    share = one.ahead if measure.better == "higher" else 1 - one.ahead
    if one.verdict == "open":
        by = change(measure, one.difference.value, signed=True)
        words = (
            f"{a} and {b} cannot be told apart: the difference is {by} "
            f"(95 % interval {interval(measure, one.difference)}; {tests}; "
            f"{several(len(one.seeds), 'seed')}). "
        )
        if gain.low < 0 < gain.high:
            worse, better = change(measure, -gain.low), change(measure, gain.high)
            return words + f"It may be up to {worse} worse or up to {better} better."
        return words + "The interval alone leaves out 0, but with so many comparisons that is too little."
    better = gain.value > 0
    by = gain if better else Estimate(-gain.value, -gain.high, -gain.low, gain.count)
    said = (
        f"{a} {'beats' if better else 'falls behind'} {b} by {change(measure, by.value)} "
        f"(95 % interval {interval(measure, by)}; {tests}; better on {100 * share:.0f} % of "
        f"{several(len(one.seeds), 'seed')})."
    )
    if alike:
        said += " The difference is the same on every seed."
    return said


def _tests(one: Comparison) -> str:
    t, flips = (
        f"p {shown}" if shown.startswith("<") else f"p = {shown}"
        for shown in (probability(one.p_holm), probability(one.p_flips_holm))
    )
    return f"paired t {t}, sign flips {flips}"


def _unconfirmed(one: Comparison, family: int) -> str:
    """Where sign flips could have said the same as the t test, and did not."""
    if one.p_flips_holm < ALPHA or _least(len(one.seeds), family) >= ALPHA:
        return ""
    return " The sign-flip test, which assumes no normal distribution, does not confirm it."


def _gain(difference: Estimate, measure: Measure) -> Estimate:
    """The difference as an improvement: positive where the arm is better."""
    if measure.better == "higher":
        return difference
    return Estimate(-difference.value, -difference.high, -difference.low, difference.count)


def _seeds(numbers: Sequence[int]) -> str:
    shown = [str(seed) for seed in numbers[:MOST_LISTED]]
    more = len(numbers) - len(shown)
    words = listed([*shown, f"{more} more"] if more else shown)
    return f"{'seed' if len(numbers) == 1 else 'seeds'} {words}"


# --- test examples ------------------------------------------------------------------------------------------


def _on_new_examples(results: Results, name: str, arm: str, one: Comparison) -> str:
    """What is left of a verdict when the test examples are resampled as well."""
    measure = results.measure(name)
    cells = {(cell.arm, cell.seed): cell for cell in results.cells}
    pair = [[cells[side, seed] for seed in one.seeds] for side in (arm, results.study.baseline)]
    rows = [[_rows(cell, name, measure) for cell in side] for side in pair]
    shapes = {row.shape if row is not None else None for side in rows for row in side}
    if len(shapes) != 1 or None in shapes:
        return ""
    a, b = (np.stack([row for row in side if row is not None]) for side in rows)
    found = two_level(a, b, measure.pooled)
    if not found.bounded:
        return ""
    drawn = f"bootstrap over seeds and {several(a.shape[1], 'test example')}"
    words = f" With other test examples as well, the 95 % interval is {interval(measure, found)} ({drawn})"
    if one.verdict == "open":
        return f"{words}."
    turns = found.low <= 0 <= found.high
    return f"{words}, {'so the order may turn on another test set' if turns else 'which keeps the order'}."


def _rows(cell: CellResult, name: str, measure: Measure) -> np.ndarray | None:
    """The per-example rows of a cell, if they are there and give the measure that the cell has."""
    rows = cell.arrays.get(EXAMPLES)
    value = measure.of(cell) if measure.of else cell.metrics.get(name)
    if rows is None or value is None or not rows.size:
        return None
    rows = np.asarray(rows, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    again = measure.pooled(rows) if measure.pooled else float(rows[:, 0].mean())
    return rows if abs(again - value) <= 1e-6 * max(1.0, abs(value)) else None


# --- bars ---------------------------------------------------------------------------------------------------


def _bars(results: Results, *, timed: bool) -> Iterator[str]:
    for name, measure in results.study.measures.items():
        for arm in results.arms:
            if measure.timed == timed and arm.name in (bars := results.bars(name)):
                found = mean(results.values(arm.name, name).values())
                yield _bar(title(results, arm.name), measure, found, bars[arm.name])


def _bar(arm: str, measure: Measure, found: Estimate, bar: float) -> str:
    asked = f"{escaped(measure.label)} of {'at least' if measure.better == 'higher' else 'at most'} "
    asked += amount(measure, bar)
    if not found.count:
        return f"{arm} was to reach a {asked} and has no value."
    sign = 1 if measure.better == "higher" else -1
    reached = sign * (found.value - bar) >= 0
    if found.count < FEWEST_SEEDS:
        side = "no worse" if reached else "worse"
        return f"{arm}: {_mean(measure, found)} is {side} than the {asked} that it was to reach. {NO_VERDICT}"
    words = f"{arm} {'reaches' if reached else 'misses'} a {asked}: the mean is {_mean(measure, found)}"
    if found.low < bar < found.high:
        words += "; the bar lies inside the interval, so more seeds could turn this"
    return f"{words}."


# --- other measures -----------------------------------------------------------------------------------------


def _beside(results: Results) -> Iterator[str]:
    """A line a measure that is not the main one: which arms differ from the baseline, by intervals."""
    for name, measure in results.study.measures.items():
        if name == results.study.metric or measure.timed:
            continue
        words = _differing(results, name, measure)
        if words:
            yield f"{_capital(escaped(measure.label))} ({measure.better} is better): {words}."


def _differing(results: Results, name: str, measure: Measure) -> str:
    groups: dict[str, list[str]] = {"better": [], "worse": [], "open": []}
    for arm, one in comparisons(results, name).items():
        gain = _gain(one.difference, measure)
        if len(one.seeds) < FEWEST_SEEDS or not gain.bounded:
            continue
        by = f" by {change(measure, abs(gain.value))} ({interval(measure, _outward(gain))})"
        if gain.low > 0:
            groups["better"].append(title(results, arm) + by)
        elif gain.high < 0:
            groups["worse"].append(title(results, arm) + by)
        else:
            groups["open"].append(title(results, arm))
    baseline = title(results, results.study.baseline)
    words = [f"{how} than {baseline}: {listed(groups[how])}" for how in ("better", "worse") if groups[how]]
    if groups["open"]:
        words.append(f"not told apart from {baseline}: {listed(groups['open'])}")
    return "; ".join(words)


def _outward(gain: Estimate) -> Estimate:
    """The interval of the size of a difference."""
    return gain if gain.value >= 0 else Estimate(-gain.value, -gain.high, -gain.low, gain.count)


def _ratios(results: Results) -> Iterator[str]:
    """Timed measures compare by their ratio, whatever the machine."""
    baseline = results.study.baseline
    if baseline not in {arm.name for arm in results.arms}:
        return
    for name, measure in results.study.measures.items():
        if not measure.timed:
            continue
        base = results.values(baseline, name)
        for arm in results.arms:
            own = results.values(arm.name, name)
            if arm.name == baseline or not (own or base):
                continue
            times = ratio(base, own) if measure.better == "lower" else ratio(own, base)
            yield _ratio(results, arm.name, measure, times)


def _ratio(results: Results, arm: str, measure: Measure, times: Estimate) -> str:
    name, baseline = title(results, arm), title(results, results.study.baseline)
    label = _capital(escaped(measure.label))
    if not isfinite(times.value):
        return f"{label}: no seed has a value for both {name} and {baseline}."
    ends = f"95 % interval {number(times.low, 2)} to {number(times.high, 2)}, " if times.bounded else ""
    words = f"{label}: {name} is {number(times.value, 2)} times as fast as {baseline} "
    words += f"({ends}{several(times.count, 'seed')})."
    if times.count < len(results.seeds):
        words += " On the other seeds one of the two has no value."
    return words if times.count >= FEWEST_SEEDS else f"{words} {NO_VERDICT}"


# --- what is missing, and what can't be said ----------------------------------------------------------------


def _failures(results: Results) -> str:
    if not results.failed:
        return ""
    reasons: dict[str, list[str]] = {}
    for cell in results.failed:
        reasons.setdefault(" ".join(cell.reason.split())[:200], []).append(f"{cell.arm} {cell.seed}")
    words = "; ".join(f"{escaped(_cut(cells))} ({escaped(why)})" for why, cells in reasons.items())
    total = len(results.failed) + len(results.cells)
    return f"**Without a result**, {len(results.failed)} of {several(total, 'cell')} (arm and seed): {words}."


def _cut(names: list[str]) -> str:
    more = len(names) - MOST_LISTED
    return listed([*names[:MOST_LISTED], f"{more} more"] if more > 0 else names)


def _limits(results: Results) -> str:
    words = (
        "Seeds vary the starting weights and the order of the examples; the data and their split are the "
        "same in every cell, so nothing here speaks for other data."
    )
    if len(results.arms) > 2:
        words += " The best of several means is a little too good, as the test set picked it."
    return words


def _bullets(lines: Iterator[str], opening: str = "") -> str:
    """A list, below an opening that keeps it apart from a list before it; nothing without lines."""
    shown = "\n".join(f"- {line}" for line in lines)
    return f"{opening}\n\n{shown}" if shown and opening else shown


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
