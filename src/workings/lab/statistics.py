"""What a few seeds can say: intervals, tests of paired differences, their correction, and a bootstrap.

Every function is total: what can't be known is an interval without ends, and too few seeds are a verdict of
their own. Values that are not finite count as missing. With so few seeds everything hangs on the t quantile:
the 95 % interval of a paired difference is ±2.48 standard deviations wide at 3 seeds, ±1.24 at 5, ±0.72 at 10
and ±0.47 at 20.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, log, nan, sqrt
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from workings.errors import InputError
from workings.lab.study import FEWEST_SEEDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Verdict = Literal["higher", "lower", "open", "too few seeds"]

LEVEL: Final = 0.95
ALPHA: Final = 1 - LEVEL
EXACT_SEEDS: Final = 16
"""Up to 2¹⁶ signs are gone through, all of them; with more seeds signs are drawn."""
DRAWS: Final = 2000
DRAWN_SIGNS: Final = 100_000
BLOCK: Final = 1 << 20
"""Numbers that a block of draws may hold at once: 8 MiB."""
EQUAL: Final = 1e-12
"""Values closer than this, relative to their size, are equal: the rest is the order of a sum."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, from `count` seeds.

    With one seed the interval is the whole line; with none the value is not a number either.
    """

    value: float
    low: float
    high: float
    count: int

    @property
    def bounded(self) -> bool:
        """Whether the interval has ends."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an arm differs from another over the seeds that both have.

    Parameters
    ----------
    difference: mean of the paired differences a − b, with its paired t interval.
    p: two-sided, of the paired t test; not a number with fewer than two seeds.
    p_flips: two-sided, of the sign-flip test.
    p_holm, p_flips_holm: the same after Holm's correction; equal to them for a single comparison.
    ahead: P(A > B), see `ahead`.
    seeds: those that count.
    left_out: those for which one of the two has no finite value.
    """

    difference: Estimate
    p: float
    p_flips: float
    p_holm: float
    p_flips_holm: float
    ahead: float
    seeds: tuple[int, ...]
    left_out: tuple[int, ...]

    @property
    def verdict(self) -> Verdict:
        """`higher` or `lower` where the corrected paired t test says so at 5 %, else `open`.

        The sign-flip test stands beside and does not decide: with 5 seeds its p is at least 2/2⁵ = 0.0625.
        """
        if len(self.seeds) < FEWEST_SEEDS:
            return "too few seeds"
        if not self.p_holm < ALPHA:
            return "open"
        return "higher" if self.difference.value > 0 else "lower"


# --- one arm ------------------------------------------------------------------------------------------------


def mean(values: Iterable[float]) -> Estimate:
    """The mean x̄ with its t interval, x̄ ± t₍ₙ₋₁₎ s/√n.

    Equal values give an interval of width zero. Source: Student (1908), The probable error of a mean.
    """
    found = _finite(values)
    if not found.size:
        return Estimate(nan, -inf, inf, 0)
    value = float(found.mean())
    if found.size == 1:
        return Estimate(value, -inf, inf, 1)
    half = half_width(found)
    return Estimate(value, value - half, value + half, found.size)


def half_width(values: Floats) -> float:
    """Half of the t interval of the mean of `values` [n]; infinite for n < 2."""
    count = values.size
    return t_quantile(count) * _deviation(values) / sqrt(count) if count > 1 else inf


def t_quantile(count: int) -> float:
    """The 97.5 % quantile of Student's t with count − 1 degrees of freedom; infinite for count < 2."""
    if count < 2:
        return inf
    return float(_special().stdtrit(count - 1, 1 - ALPHA / 2))


# --- two arms -----------------------------------------------------------------------------------------------


def compare(a: Mapping[int, float], b: Mapping[int, float]) -> Comparison:
    """The values of `a` against those of `b`, each by seed, paired over the seeds that both have."""
    paired = {seed: (a[seed], b[seed]) for seed in sorted(a.keys() & b.keys())}
    paired = {seed: pair for seed, pair in paired.items() if all(map(isfinite, pair))}
    d = np.array([_difference(*pair) for pair in paired.values()], dtype=np.float64)
    p, flips = _paired_t(d), sign_flip(d)
    return Comparison(
        difference=mean(d),
        p=p,
        p_flips=flips,
        p_holm=p,
        p_flips_holm=flips,
        ahead=ahead(d),
        seeds=tuple(paired),
        left_out=tuple(sorted((a.keys() | b.keys()) - paired.keys())),
    )


def against(values: Mapping[str, Mapping[int, float]], baseline: str) -> dict[str, Comparison]:
    """Every other arm compared with the baseline, p-values corrected over these comparisons.

    Parameters
    ----------
    values: by arm, then by seed.
    """
    found = {arm: compare(own, values[baseline]) for arm, own in values.items() if arm != baseline}
    p = holm([one.p for one in found.values()])
    flips = holm([one.p_flips for one in found.values()])
    return {
        arm: replace(one, p_holm=p[i], p_flips_holm=flips[i]) for i, (arm, one) in enumerate(found.items())
    }


def ratio(a: Mapping[int, float], b: Mapping[int, float]) -> Estimate:
    """How many times b's value a's is: exp of the mean of log a − log b, paired, with its t interval.

    For measures that are positive, such as seconds; seeds where one is not are left out.
    """
    shared = [seed for seed in sorted(a.keys() & b.keys()) if 0 < a[seed] < inf and 0 < b[seed] < inf]
    logs = mean(_difference(log(a[seed]), log(b[seed])) for seed in shared)
    return Estimate(*(_exp(x) for x in (logs.value, logs.low, logs.high)), count=logs.count)


def sign_flip(differences: Floats, draws: int = DRAWN_SIGNS, seed: int = 0) -> float:
    """Two-sided p of the sign-flip test of paired differences d.

    p = share of the sign vectors s with |Σ sᵢdᵢ| ≥ |Σ dᵢ|. All 2ⁿ of them for n ≤ `EXACT_SEEDS`; beyond that
    `draws` random ones and the one that was seen, (1 + hits)/(1 + draws). It assumes that, without an effect,
    each difference is as likely to be −d. Not a number without differences.

    Sources: Fisher (1935), The Design of Experiments, section 21; Phipson & Smyth (2010), for the 1 +.
    """
    d = _finite(differences)
    if not d.size:
        return nan
    # A sum that is as large as the one seen but for the last bits is as large.
    seen = abs(float(d.sum())) - 1e-9 * float(np.abs(d).sum())
    if d.size <= EXACT_SEEDS:
        # A sign vector and its negative have the same |sum|: the first sign stays.
        rows = np.arange(2 ** (d.size - 1), dtype=np.int64)[:, None]
        signs = 1 - 2 * ((rows >> np.arange(d.size - 1)) & 1)
        return float(np.mean(np.abs(d[0] + signs @ d[1:]) >= seen))
    generator = np.random.default_rng(seed)
    hits, left = 0, draws
    while left:
        block = min(left, max(1, BLOCK // d.size))
        signs = 1 - 2 * generator.integers(2, size=(block, d.size), dtype=np.int8)
        hits += int(np.count_nonzero(np.abs(signs @ d) >= seen))
        left -= block
    return (1 + hits) / (1 + draws)


def ahead(differences: Floats) -> float:
    """P(A > B): the share of seeds on which A is above B, ties counted half.

    It estimates how likely A comes out above B when both are trained once more with one seed, without
    assuming a distribution. Not a number without differences.

    Source: Bouthillier et al. (2021), Accounting for Variance in Machine Learning Benchmarks, section 4.
    """
    d = _finite(differences)
    return float(np.mean((np.sign(d) + 1) / 2)) if d.size else nan


def holm(ps: Iterable[float]) -> list[float]:
    """Holm's step-down correction: the i-th smallest of m p becomes max over j ≤ i of (m − j + 1) pⱼ, or 1.

    What is not a number stays so and does not count. Source: Holm (1979), A simple sequentially rejective
    multiple test procedure.
    """
    given = list(ps)
    order = sorted((i for i, p in enumerate(given) if isfinite(p)), key=lambda i: given[i])
    highest = 0.0
    corrected = [nan] * len(given)
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * given[i]))
        corrected[i] = highest
    return corrected


# --- seeds and test examples --------------------------------------------------------------------------------


def two_level(
    a: Floats,
    b: Floats,
    pooled: Callable[[Floats], float] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """The mean difference of two arms over their seeds, with an interval for new seeds *and* new examples.

    Seeds and examples are both drawn with replacement, the same ones for both arms; the interval is
    d ± t₍ₛ₋₁₎ √(S/(S−1)) · (standard deviation over the draws), with S seeds. Percentiles of the draws would
    be too narrow by as much at 5 or 10 seeds; so corrected, the interval is the paired t interval where the
    examples are alike, and wider where they are not.

    Parameters
    ----------
    a, b: per-example rows [seeds, n, k]; the same seeds and the same examples in the same order.
    pooled: the measure of rows [n, k]; the mean of the first column unless given.

    Raises
    ------
    InputError: shapes that differ.

    Sources: Owen (2007), The pigeonhole bootstrap (resampling both sides of a table overstates the variance
    of the interaction, never understates it); Hesterberg (2015), section 4.3, for the correction.
    """
    if a.shape != b.shape or a.ndim != 3:
        raise InputError(f"found rows of shapes {a.shape} and {b.shape}", accepted="both [seeds, n, k]")
    seeds, examples = a.shape[:2]
    if not examples or not seeds or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Estimate(nan, -inf, inf, 0)
    generator = np.random.default_rng(seed)
    if pooled is None:
        d = a[:, :, 0].astype(np.float64) - b[:, :, 0]
        value, drawn = float(d.mean()), _drawn_means(d, draws, generator)
    else:
        measured = [_pooled(pooled, rows) - _pooled(pooled, other) for rows, other in zip(a, b, strict=True)]
        value, drawn = float(np.mean(measured)), _drawn(a, b, pooled, draws, generator)
    drawn = drawn[np.isfinite(drawn)]  # a draw without a single positive has no recall
    if seeds < 2 or drawn.size < 2:
        return Estimate(value, -inf, inf, seeds)
    half = t_quantile(seeds) * sqrt(seeds / (seeds - 1)) * float(drawn.std(ddof=1))
    return Estimate(value, value - half, value + half, seeds)


def _drawn_means(d: Floats, draws: int, generator: np.random.Generator) -> Floats:
    """Means of resampled seeds × examples of `d` [seeds, n]: how often each was drawn, as weights."""
    seeds, examples = d.shape
    found: list[Floats] = []
    left = draws
    while left:
        block = min(left, max(1, BLOCK // examples))
        chosen = _counts(generator, block, examples) @ d.T
        found.append((chosen * _counts(generator, block, seeds)).sum(axis=1) / (seeds * examples))
        left -= block
    return np.concatenate(found)


def _counts(generator: np.random.Generator, draws: int, size: int) -> Floats:
    """How often each of `size` things is drawn in `size` draws with replacement, [draws, size]."""
    drawn = generator.integers(size, size=(draws, size)) + size * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size).astype(np.float64)


def _drawn(
    a: Floats, b: Floats, pooled: Callable[[Floats], float], draws: int, generator: np.random.Generator
) -> Floats:
    """As `_drawn_means` for any measure, which is taken of the rows that were drawn."""
    seeds, examples = a.shape[:2]
    found = np.empty(draws)
    for i in range(draws):
        rows = generator.integers(examples, size=examples)
        times = np.bincount(generator.integers(seeds, size=seeds), minlength=seeds)
        found[i] = sum(
            count * (_pooled(pooled, a[one, rows]) - _pooled(pooled, b[one, rows]))
            for one, count in enumerate(times)
            if count
        )
    return found / seeds


def _pooled(pooled: Callable[[Floats], float], rows: Floats) -> float:
    """The measure of some rows; not a number where it divides by nought."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return pooled(rows)
    except ZeroDivisionError:
        return nan


# --- parts --------------------------------------------------------------------------------------------------


def _finite(values: Iterable[float]) -> Floats:
    found = np.array(list(values), dtype=np.float64)
    return found[np.isfinite(found)]


def _difference(a: float, b: float) -> float:
    return 0.0 if abs(a - b) <= EQUAL * max(abs(a), abs(b)) else a - b


def _deviation(values: Floats) -> float:
    """The standard deviation with n − 1, without the noise that rounding leaves of equal values."""
    found = float(values.std(ddof=1))
    return found if found > EQUAL * float(np.abs(values).max()) else 0.0


def _paired_t(d: Floats) -> float:
    """Two-sided p of the paired t test; where all differences are the same, 0, or 1 if that is none."""
    if d.size < 2:
        return nan
    deviation = _deviation(d)
    if deviation == 0.0:
        return 0.0 if d.any() else 1.0
    return float(2 * _special().stdtr(d.size - 1, -abs(float(d.mean())) / (deviation / sqrt(d.size))))


def _special() -> Any:
    try:
        from scipy import special
    except ImportError:
        raise InputError("statistics need scipy", accepted="pip install 'workings[lab]'") from None
    return special


def _exp(x: float) -> float:
    return inf if x > 700 else exp(x)
