"""From what a network says of each sample to events, to counts, and to the threshold that serves best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from workings.lab.data.waveforms import Floats, Recording
from workings.lab.metrics.classification import counts, f1
from workings.lab.metrics.events import Comparison, centres, compare, peaks, runs

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

THRESHOLDS: Final = np.arange(1, 100) / 100
PIECE: Final = 16_384
"""Samples that a network reads at a time; a longer recording is read in pieces,"""
BEYOND: Final = 1_024
"""each with so many samples of what comes before and after, that are then left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How events are read off a course of probabilities.

    Parameters
    ----------
    events: `runs`: each unbroken run above the threshold is one event, at its highest sample. `peaks`: local
        maxima of at least the threshold, a distance apart, to a fraction of a sample.
    threshold: a probability.
    distance: samples between two events.
    reach: samples on each side of a peak that its place is averaged over.
    """

    events: Literal["runs", "peaks"]
    threshold: float
    distance: float
    reach: int

    def times(self, probability: Floats) -> Floats:
        """The events of a course, in samples."""
        if self.events == "runs":
            return runs(probability, self.threshold).astype(np.float64)
        return centres(probability, peaks(probability, self.threshold, self.distance), self.reach)

    def points(self, probability: Floats) -> NDArray[np.bool_]:
        """The samples that are said to be ends: those above the threshold, or those nearest to the peaks."""
        if self.events == "runs":
            return probability > self.threshold
        found = np.zeros(probability.size, np.bool_)
        found[np.rint(self.times(probability)).astype(np.int64)] = True
        return found


def spacing(recordings: Iterable[Recording]) -> float:
    """Half of the distance that 99 % of the marks of the first kind keep from the one before, in samples."""
    gaps = np.concatenate([np.diff(each.marks[0]) for each in recordings])
    return max(1.0, float(np.quantile(gaps, 0.01)) / 2) if gaps.size else 1.0


def probabilities(model: torch.nn.Module, signals: Sequence[Floats], device: torch.device) -> list[Floats]:
    """σ of the logits of the first kind for each signal; those of one length are read together."""
    import torch

    found: list[Floats] = [np.empty(0)] * len(signals)
    order = sorted(range(len(signals)), key=lambda at: signals[at].size)
    for size, same in groupby(order, key=lambda at: signals[at].size):
        chosen = list(same)
        together = max(1, 8 * PIECE // min(size, PIECE))
        for start in range(0, len(chosen), together):
            part = chosen[start : start + together]
            x = torch.from_numpy(np.stack([signals[at] for at in part]).astype(np.float32))
            for at, values in zip(part, _in_pieces(model, x, device), strict=True):
                found[at] = values
    return found


def _in_pieces(model: torch.nn.Module, x: torch.Tensor, device: torch.device) -> Floats:
    import torch

    pieces: list[Floats] = []
    for start in range(0, x.shape[1], PIECE):
        low, high = max(0, start - BEYOND), min(x.shape[1], start + PIECE + BEYOND)
        said = torch.sigmoid(model(x[:, low:high].to(device))[:, 0])
        # Doubled on the host, as some accelerators have no float64.
        found = said.detach().cpu().double().numpy()
        pieces.append(found[:, start - low : start - low + PIECE])
    return np.concatenate(pieces, axis=1)


def events(
    reading: Reading, said: Sequence[Floats], part: Sequence[Recording], tolerance: float
) -> list[Comparison]:
    """The events of each recording against its marks of the first kind; `tolerance` is in samples."""
    return [
        compare(reading.times(each), recording.marks[0], tolerance, recording.span)
        for each, recording in zip(said, part, strict=True)
    ]


def points(reading: Reading, said: Sequence[Floats], part: Sequence[Recording]) -> list[tuple[int, int, int]]:
    """True positives, false positives and false negatives among the samples of each recording's span."""
    found: list[tuple[int, int, int]] = []
    for each, recording in zip(said, part, strict=True):
        low, high = int(np.rint(recording.span[0])), int(np.rint(recording.span[1])) + 1
        true = np.zeros(each.size, np.bool_)
        true[np.rint(recording.marks[0]).astype(np.int64)] = True
        found.append(counts(reading.points(each)[low:high], true[low:high]))
    return found


def curve(reading: Reading, said: Sequence[Floats], part: Sequence[Recording], tolerance: float) -> Floats:
    """True positives, false positives and false negatives of the peaks at each of `THRESHOLDS`: [99, 3]."""
    rows: list[Floats] = []
    for threshold in THRESHOLDS:
        at = replace(reading, events="peaks", threshold=float(threshold))
        rows.append(np.sum([each.counts for each in events(at, said, part, tolerance)], axis=0))
    return np.array(rows, np.float64)


def best_threshold(rows: Floats) -> float:
    """The threshold with the highest F1; of several, the middle one, which is the least touchy.

    Parameters
    ----------
    rows: as `curve` gives them, of validation data.
    """
    reached = np.array([f1(row) for row in rows])
    best = np.flatnonzero(reached == reached.max())
    return float(THRESHOLDS[best[(len(best) - 1) // 2]])
