"""Target and predicted boxes on a unit grid, a panel a pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from workings.errors import InputError
from workings.papers.figures.canvas import (
    BLUE,
    HAIRLINE,
    SOFT,
    VERMILLION,
    Canvas,
    Point,
    plain,
)

Corners: TypeAlias = tuple[Fraction, Fraction, Fraction, Fraction]

PANEL, PAD, ABOVE, LEGEND = 154.0, 18.0, 40.0, 46.0
MOST_LINES: Final = 14
MOST_PANELS: Final = 12


@dataclass(frozen=True)
class Pair:
    """A target box and a predicted box, each by two corners (x₁, y₁, x₂, y₂), y downwards as in an image."""

    target: Corners
    prediction: Corners
    name: str = ""


def boxes(pairs: Sequence[Pair]) -> str:
    """SVG of up to twelve pairs: the target solid and blue, the prediction dashed and red, overlaps tinted.

    All panels of one figure have one scale, so that sizes can be compared and, on a small grid, counted.

    Raises
    ------
    InputError: no pair, too many, or a box without area.
    """
    if not 0 < len(pairs) <= MOST_PANELS:
        raise InputError(f"found {len(pairs)} pairs of boxes", accepted=f"1 to {MOST_PANELS} pairs")
    for pair in pairs:
        for box in (pair.target, pair.prediction):
            if box[0] >= box[2] or box[1] >= box[3]:
                raise InputError(
                    f"found a box without area in {pair.name or 'a pair'}", accepted="x₁ < x₂ and y₁ < y₂"
                )
    frames = [_frame(pair) for pair in pairs]
    span = max(max(right - left, bottom - top) for left, top, right, bottom in frames)
    span = math.ceil(span + max(2.0, 0.1 * span))
    columns = min(len(pairs), 4)
    rows = math.ceil(len(pairs) / columns)
    canvas = Canvas(
        columns * (PANEL + PAD) + PAD,
        rows * (PANEL + ABOVE) + PAD + LEGEND,
        f"Target and predicted bounding boxes, {len(pairs)} pairs on a unit grid",
    )
    for number, (pair, frame) in enumerate(zip(pairs, frames, strict=True)):
        row, column = divmod(number, columns)
        corner = (PAD + column * (PANEL + PAD), ABOVE + row * (PANEL + ABOVE))
        _panel(canvas, pair, _window(frame, span), corner, span)
    _legend(canvas, rows * (PANEL + ABOVE) + PAD + 18)
    return canvas.svg()


def _frame(pair: Pair) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of both boxes."""
    both = (pair.target, pair.prediction)
    return (
        float(min(box[0] for box in both)),
        float(min(box[1] for box in both)),
        float(max(box[2] for box in both)),
        float(max(box[3] for box in both)),
    )


def _window(frame: tuple[float, float, float, float], span: float) -> Point:
    """The upper left corner, on the grid, of a window `span` wide with both boxes in its middle."""
    left, top = (frame[0] + frame[2] - span) / 2, (frame[1] + frame[3] - span) / 2
    return (math.floor(left + 0.5), math.floor(top + 0.5))


def _panel(canvas: Canvas, pair: Pair, origin: Point, corner: Point, span: int) -> None:
    scale = PANEL / span
    left, top = corner
    for step in range(span + 1) if span <= MOST_LINES else (0, span):
        away = step * scale
        canvas.line((left + away, top), (left + away, top + PANEL), colour=HAIRLINE, width=1)
        canvas.line((left, top + away), (left + PANEL, top + away), colour=HAIRLINE, width=1)

    def rectangle(box: Sequence[Fraction]) -> tuple[Point, Point]:
        x, y = left + (float(box[0]) - origin[0]) * scale, top + (float(box[1]) - origin[1]) * scale
        return (x, y), (float(box[2] - box[0]) * scale, float(box[3] - box[1]) * scale)

    target, prediction = pair.target, pair.prediction
    shared = (*map(max, target[:2], prediction[:2]), *map(min, target[2:], prediction[2:]))
    if shared[0] < shared[2] and shared[1] < shared[3]:
        canvas.box(*rectangle(shared), colour="none", fill="#f0e3b2")
    canvas.box(*rectangle(target), colour=BLUE, width=2.6)
    canvas.box(*rectangle(prediction), colour=VERMILLION, width=2.6, dash="7 4")
    canvas.text((corner[0] + PANEL / 2, corner[1] - 14), plain(pair.name), size=15, bold=True)


def _legend(canvas: Canvas, y: float) -> None:
    x = PAD
    canvas.box((x, y - 7), (22, 14), colour=BLUE, width=2.4)
    canvas.text((x + 30, y), "target", size=14, colour=SOFT, anchor="start")
    canvas.box((x + 92, y - 7), (22, 14), colour=VERMILLION, width=2.4, dash="5 3")
    canvas.text((x + 122, y), "prediction", size=14, colour=SOFT, anchor="start")
