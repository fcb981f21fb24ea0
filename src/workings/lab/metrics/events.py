"""Events in a signal: found in a course of probabilities, and matched one to one with the true ones.

    found = peaks(probability, threshold=0.4, distance=50)
    score = compare(found, true, tolerance=37.5)
    score.counts, score.errors          # (tp, fp, fn); found − true of each matched pair

All times are in one unit, that of the caller: samples, or milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def runs(probability: ArrayLike, threshold: float) -> Ints:
    """An event for each unbroken run of samples above `threshold`, at the highest of them (the first such).

    Parameters
    ----------
    probability: [n].

    Returns samples, ascending.
    """
    heights = np.asarray(probability, np.float64)
    above = np.concatenate(([0], heights > threshold, [0]))
    edges = np.flatnonzero(np.diff(above))
    return np.array(
        [start + int(np.argmax(heights[start:end])) for start, end in edges.reshape(-1, 2)], np.int64
    )


def peaks(probability: ArrayLike, threshold: float, distance: float) -> Ints:
    """The local maxima of at least `threshold`, none nearer than `distance` samples to a higher one.

    The highest is taken first, and those too near to it are given up; then the highest of the others, and so
    on. So a higher threshold leaves out peaks and moves none. The first and the last sample can be peaks.

    Parameters
    ----------
    probability: [n].

    Returns samples, ascending.
    """
    from scipy.signal import find_peaks

    walled = np.concatenate(([-inf], np.asarray(probability, np.float64), [-inf]))
    found, _ = find_peaks(walled, height=threshold, distance=max(1.0, distance))
    return found.astype(np.int64) - 1


def centres(probability: ArrayLike, at: Ints, reach: int) -> Floats:
    """Peaks to a fraction of a sample: centre of mass of `probability` within ± `reach` samples of each.

    The mean of a distribution is what has the least squared error, so a course that is unsure between two
    places is read as in between.
    """
    heights = np.asarray(probability, np.float64)
    found = np.empty(len(at), np.float64)
    for index, peak in enumerate(at):
        start, end = max(0, peak - reach), min(len(heights), peak + reach + 1)
        mass = heights[start:end]
        found[index] = np.arange(start, end) @ mass / mass.sum()
    return found


def match(found: ArrayLike, true: ArrayLike, tolerance: float) -> tuple[Ints, Ints]:
    """Pairs of found and true events at most `tolerance` apart, each event in one pair at most.

    The nearest pair is made first, then the nearest of what is left, and so on; of pairs equally near, the
    one with the earlier true event, then with the earlier found one.

    Returns the indices of the pairs' events in `found` and in `true`, in the order of the true ones.
    """
    here, there = np.asarray(found, np.float64), np.asarray(true, np.float64)
    order = np.argsort(here, kind="stable")
    ranked = here[order]
    low = np.searchsorted(ranked, there - tolerance, side="left")
    high = np.searchsorted(ranked, there + tolerance, side="right")
    near = [
        (abs(ranked[i] - there[j]), j, int(order[i]))
        for j in range(len(there))
        for i in range(low[j], high[j])
    ]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, j, i in sorted(near):
        if j not in partner and i not in taken:
            partner[j] = i
            taken.add(i)
    matched = sorted(partner)
    return np.array([partner[j] for j in matched], np.int64), np.array(matched, np.int64)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How found events agree with true ones.

    Parameters
    ----------
    tp, fp, fn: pairs; found events without a true one; true events without a found one.
    errors: found − true of each pair.
    """

    tp: int
    fp: int
    fn: int
    errors: Floats

    @property
    def counts(self) -> tuple[int, int, int]:
        """tp, fp, fn."""
        return self.tp, self.fp, self.fn


def compare(
    found: ArrayLike, true: ArrayLike, tolerance: float, span: tuple[float, float] = (-inf, inf)
) -> Comparison:
    """Match events (see `match`) and count them.

    Parameters
    ----------
    span: where whoever marked the signal looked. A found event outside it may be matched with a true one,
        but is no false one where it is not: nobody knows.
    """
    here, there = np.asarray(found, np.float64), np.asarray(true, np.float64)
    chosen, partners = match(here, there, tolerance)
    lone = np.delete(here, chosen)
    false = int(np.count_nonzero((lone >= span[0]) & (lone <= span[1])))
    return Comparison(len(chosen), false, len(there) - len(chosen), here[chosen] - there[partners])
