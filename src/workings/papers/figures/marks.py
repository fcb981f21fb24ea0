"""Figures of a marked class: how the marks are spread, and how hard each answer was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workings.papers.figures.canvas import (
    BLUE,
    CARD,
    HAIRLINE,
    SOFT,
    TINTS,
    VERMILLION,
    Canvas,
    plain,
)

BINS: Final = 10
LEFT, TOP, WIDE, HIGH = 74.0, 24.0, 520.0, 220.0
ROW: Final = 19.0
MOST_TICKS: Final = 6


def histogram(shares: Sequence[float]) -> str:
    """SVG of how many students earned which share of the marks, in tenths; full marks are in the last."""
    counts = [0] * BINS
    for share in shares:
        counts[min(BINS - 1, max(0, int(share * BINS + 1e-9)))] += 1
    top = max(counts, default=0) or 1
    step = next(unit for unit in _steps() if top / unit <= MOST_TICKS)
    high = step * -(-top // step)
    canvas = Canvas(LEFT + WIDE + 30, TOP + HIGH + 62, "Students by share of the marks")
    for tick in range(0, high + 1, step):
        y = TOP + HIGH * (1 - tick / high)
        canvas.line((LEFT, y), (LEFT + WIDE, y), colour=HAIRLINE, width=1)
        canvas.text((LEFT - 8, y), str(tick), size=13, colour=SOFT, anchor="end")
    width = WIDE / BINS
    for i, count in enumerate(counts):
        tall = HIGH * count / high
        if count:
            corner = (LEFT + i * width + 2, TOP + HIGH - tall)
            canvas.box(corner, (width - 4, tall), colour=BLUE, fill=TINTS[BLUE])
            canvas.text((LEFT + (i + 0.5) * width, TOP + HIGH - tall + 11), str(count), size=12)
    for i in range(BINS + 1):
        canvas.text((LEFT + i * width, TOP + HIGH + 14), str(100 * i // BINS), size=13, colour=SOFT)
    canvas.line((LEFT, TOP + HIGH), (LEFT + WIDE, TOP + HIGH), colour=SOFT)
    canvas.text((LEFT + WIDE / 2, TOP + HIGH + 40), "share of the marks (%)")
    canvas.text((26, TOP + HIGH / 2), "students", turned=True)
    return canvas.svg()


def _steps() -> Sequence[int]:
    return [digit * 10**power for power in range(9) for digit in (1, 2, 5)]


def answers(names: Sequence[str], right: Sequence[float], apart: Sequence[float | None]) -> str:
    """SVG with a row an answer: the share of students who have it right, and how well it tells them apart.

    Parameters
    ----------
    right: shares from 0 to 1, a bar each.
    apart: correlations from -1 to 1, a dot each; None where there is none.
    """
    left, bars, gap, dots = 190.0, 230.0, 40.0, 200.0
    start, tall = left + bars + gap, ROW * len(names)
    canvas = Canvas(start + dots + 30, TOP + tall + 62, "Difficulty and discrimination of each answer")
    for i in range(5):
        x, shown = left + bars * i / 4, f"{25 * i}"
        canvas.line((x, TOP), (x, TOP + tall), colour=HAIRLINE, width=1)
        canvas.text((x, TOP + tall + 14), shown, size=13, colour=SOFT)
        x, shown = start + dots * i / 4, f"{-1 + i / 2:g}".replace("-", "−")
        canvas.line((x, TOP), (x, TOP + tall), colour=SOFT if i == 2 else HAIRLINE, width=1)
        canvas.text((x, TOP + tall + 14), shown, size=13, colour=SOFT)
    for i, (name, share, told) in enumerate(zip(names, right, apart, strict=True)):
        y = TOP + ROW * (i + 0.5)
        canvas.text((left - 10, y), plain(name), size=12.5, anchor="end")
        if share > 0:
            canvas.box(
                (left, y - 0.32 * ROW), (bars * share, 0.64 * ROW), colour=BLUE, fill=TINTS[BLUE], width=1
            )
        if told is not None:
            x = start + dots * (told + 1) / 2
            canvas.line((start + dots / 2, y), (x, y), colour=VERMILLION, width=1.2)
            canvas.circle((x, y), 4, colour=VERMILLION, fill=CARD, width=2)
    canvas.text((left + bars / 2, TOP + tall + 40), "right (% of students)")
    canvas.text((start + dots / 2, TOP + tall + 40), "correlation with the rest")
    return canvas.svg()
