"""Interleaved timing: ours and the peer's take turns in one run, and what counts is the ratio."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Outcome:
    """What one benchmark measured."""

    name: str
    ours: list[float]
    peer: list[float]
    target: float
    at_least: bool = False
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """One ratio a round: ours over the peer's, or the peer's over ours where more is better."""
        pairs = zip(self.ours, self.peer, strict=True)
        return [peer / ours if self.at_least else ours / peer for ours, peer in pairs]

    @property
    def met(self) -> bool:
        """Whether the median ratio meets the target."""
        median = statistics.median(self.ratios)
        return median >= self.target if self.at_least else median <= self.target

    def row(self) -> str:
        """A row of the table in RESULTS.md."""
        ratios = sorted(self.ratios)
        quarter = len(ratios) // 4
        spread = f"{ratios[quarter]:.2f}–{ratios[-1 - quarter]:.2f}"
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "**missed**"
        ours, peer = (seconds(statistics.median(times)) for times in (self.ours, self.peer))
        return (
            f"| {self.name} | {ours} | {peer} | {statistics.median(ratios):.2f} ({spread}) "
            f"| {sign} {self.target:g} | {verdict} | {self.note} |"
        )


def seconds(time: float) -> str:
    """A time with a unit that suits it."""
    if time >= 1:
        return f"{time:.2f} s"
    return f"{time * 1e3:.1f} ms" if time >= 1e-3 else f"{time * 1e6:.0f} µs"


def interleaved(
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int,
    warm: int = 1,
    *,
    before: Callable[[], object] = lambda: None,
) -> tuple[list[float], list[float]]:
    """Times of both, taking turns, after `warm` rounds that do not count.

    What comes `before` each run is off the clock.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(rounds + warm):
        for run, found in zip((ours, peer), times, strict=True):
            before()
            start = perf_counter()
            run()
            if i >= warm:
                found.append(perf_counter() - start)
    return times


def machine() -> str:
    """What the figures were measured on."""
    processor = platform.processor() or platform.machine()
    return f"{processor}, Python {platform.python_version()}, {platform.system()}"
