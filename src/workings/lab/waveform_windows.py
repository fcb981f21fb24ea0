"""Windows of recordings to train on: cut as they are, or stretched, shifted and disturbed at random."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log
from typing import Final

import numpy as np
import torch

from workings.lab.data.waveforms import Floats, Recording

STRETCH: Final = 1.25
"""A window is stretched or squeezed in time by up to this factor."""
SHIFT: Final = 0.1
"""and moved by up to this share of its length."""
LEVEL: Final = 0.25
"""Standard deviation of the logarithm of the factor by which it is made larger or smaller."""
NOISE: Final = 0.1
"""Greatest standard deviation of noise that is added, in standard deviations of the signal."""
WANDER: Final = 0.3
"""Greatest amplitude of each of two slow waves that are added, in the same unit."""
TURNS: Final = 4.0
"""Greatest number of turns of such a wave in a window."""

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Signals [batch, window], targets [batch, kinds, window], and [batch, window] 1 where somebody looked."""


def normalised(recording: Recording) -> Floats:
    """(x − mean) / (standard deviation + 1e-8), as the coursework has it; float64 [n]."""
    x = recording.signal.astype(np.float64)
    return (x - x.mean()) / (x.std() + 1e-8)


def labels(recording: Recording, kinds: int) -> Floats:
    """1 at the sample of each mark, else 0: [kinds, n]."""
    found = np.zeros((kinds, recording.signal.size))
    for row, times in zip(found, recording.marks, strict=False):
        row[np.rint(times).astype(np.int64)] = 1
    return found


def bumps(recording: Recording, kinds: int, spread: float) -> Floats:
    """exp(−½ (d / spread)²), d the distance to the nearest mark in samples: [kinds, n]; 0 without a mark."""
    t = np.arange(recording.signal.size)
    found = np.zeros((kinds, t.size))
    for row, times in zip(found, recording.marks, strict=False):
        fenced = np.concatenate(([-np.inf], times, [np.inf]))
        after = np.searchsorted(fenced, t)
        distance = np.minimum(t - fenced[after - 1], fenced[after] - t)
        row[:] = np.exp(-0.5 * (distance / spread) ** 2)
    return found


def seen(recording: Recording) -> Floats:
    """1 from the first sample to the last that somebody looked at, else 0: [n]."""
    t = np.arange(recording.signal.size)
    low, high = recording.span
    return ((t >= np.floor(low)) & (t <= np.ceil(high))).astype(np.float64)


class Windows:
    """All windows of some recordings.

    A recording is cut into as few windows as cover it, at even distances, so the last ones may overlap. What
    is shorter than a window goes on with its last sample, and nobody looked there.

    Parameters
    ----------
    targets: [kinds, n] of each recording.
    window: samples of a window.
    """

    def __init__(
        self, recordings: Sequence[Recording], targets: Sequence[Floats], window: int, device: torch.device
    ) -> None:
        sizes = [each.signal.size for each in recordings]
        self.window = min(window, max(sizes))
        # One after the other: beside one long recording, rows of many short ones would be mostly padding.
        self.signals, self.targets, self.seen = (
            torch.from_numpy(np.concatenate(each, axis=-1).astype(np.float32)).to(device)
            for each in ([*map(normalised, recordings)], targets, [*map(seen, recordings)])
        )
        places: list[tuple[int, int, int]] = []
        for first, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
            starts = np.linspace(0, max(0, size - self.window), ceil(size / self.window))
            places += [(int(first), size, round(start)) for start in starts]
        self.places = torch.tensor(places, device=device)

    def __len__(self) -> int:
        return len(self.places)

    def plain(self, chosen: torch.Tensor) -> Batch:
        """The windows `chosen` as they are."""
        starts = self.places[chosen, 2, None]
        return self._at(chosen, starts + torch.arange(self.window, device=starts.device))

    def varied(self, chosen: torch.Tensor, generator: torch.Generator) -> Batch:
        """The windows `chosen`, each stretched, moved, scaled, with noise and a wandering baseline."""
        starts = self.places[chosen, 2, None]
        count, device = len(chosen), starts.device

        def drawn(low: float, high: float) -> torch.Tensor:
            share = torch.rand(count, 1, generator=generator, device=device)
            return low + (high - low) * share

        middle = (self.window - 1) / 2
        t = torch.arange(self.window, device=device) - middle
        stretch = torch.exp(drawn(-log(STRETCH), log(STRETCH)))
        moved = drawn(-SHIFT, SHIFT) * self.window
        x, y, weight = self._between(chosen, starts + middle + moved + stretch * t)
        x = x * torch.exp(LEVEL * torch.randn(count, 1, generator=generator, device=device))
        for _ in range(2):
            turns = drawn(0, TURNS) * t / self.window + drawn(0, 1)
            x = x + drawn(0, WANDER) * torch.sin(2 * torch.pi * turns)
        noise = torch.randn(x.shape, generator=generator, device=device)
        return x + drawn(0, NOISE) * noise, y, weight

    def _between(self, chosen: torch.Tensor, times: torch.Tensor) -> Batch:
        """Signals and targets at times between samples, on straight lines; seen where both ends are."""
        low = times.floor()
        share = times - low
        x, y, weight = self._at(chosen, low.long())
        next_x, next_y, next_weight = self._at(chosen, low.long() + 1)
        return x.lerp(next_x, share), y.lerp(next_y, share[:, None]), weight * next_weight

    def _at(self, chosen: torch.Tensor, times: torch.Tensor) -> Batch:
        """Signals and targets at samples of the windows' recordings; outside these, the nearest, weight 0."""
        first, size, _ = self.places[chosen].unbind(1)
        inside = (times >= 0) & (times < size[:, None])
        at = first[:, None] + times.clamp(torch.zeros_like(size)[:, None], size[:, None] - 1)
        return self.signals[at], self.targets[:, at].transpose(0, 1), self.seen[at] * inside
