"""Precision, recall and F1, of counts.

    precision = tp / (tp + fp)      recall = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

A ratio without anything to divide by (nothing found, nothing to find) is 0, as in scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def counts(predicted: ArrayLike, true: ArrayLike) -> tuple[int, int, int]:
    """True positives, false positives and false negatives of two arrays of yes and no."""
    said, is_so = np.asarray(predicted, np.bool_), np.asarray(true, np.bool_)
    tp = int(np.count_nonzero(said & is_so))
    return tp, int(np.count_nonzero(said)) - tp, int(np.count_nonzero(is_so)) - tp


def precision(rows: ArrayLike) -> float:
    """Precision of the sums of rows (tp, fp, fn), [n, 3] or one row."""
    tp, fp, _ = _sums(rows)
    return _ratio(tp, tp + fp)


def recall(rows: ArrayLike) -> float:
    """Recall of the sums of rows (tp, fp, fn), [n, 3] or one row."""
    tp, _, fn = _sums(rows)
    return _ratio(tp, tp + fn)


def f1(rows: ArrayLike) -> float:
    """F1, the harmonic mean of precision and recall, of the sums of rows (tp, fp, fn), [n, 3] or one row."""
    tp, fp, fn = _sums(rows)
    return _ratio(2 * tp, 2 * tp + fp + fn)


def _sums(rows: ArrayLike) -> tuple[float, float, float]:
    tp, fp, fn = np.asarray(rows, np.float64).reshape(-1, 3).sum(axis=0)
    return float(tp), float(fp), float(fn)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
