"""Precision against recall, a curve a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workings.errors import InputError
from workings.papers.figures.canvas import (
    BLUE,
    CARD,
    GREEN,
    HAIRLINE,
    INK,
    PURPLE,
    SOFT,
    VERMILLION,
    Canvas,
    Point,
    plain,
)

LEFT, TOP, WIDE, HIGH, RIGHT = 74.0, 44.0, 400.0, 320.0, 170.0
COLOURS: Final = (BLUE, VERMILLION, GREEN, PURPLE, INK)
DASHES: Final = ("", "8 4", "2 3", "10 3 2 3", "5 5")


@dataclass(frozen=True)
class Curve:
    """One class: recall and precision after each detection in the ranking, and what the legend says."""

    recall: Sequence[float]
    precision: Sequence[float]
    name: str = ""


def precision_recall(curves: Sequence[Curve], title: str = "") -> str:
    """SVG of precision-recall curves on the unit square; without curves, the empty axes to draw on.

    Raises
    ------
    InputError: lists of different lengths, a value outside 0 to 1, or more than five curves.
    """
    if len(curves) > len(COLOURS):
        raise InputError(f"found {len(curves)} curves", accepted=f"at most {len(COLOURS)} in one figure")
    canvas = Canvas(
        LEFT + WIDE + (RIGHT if curves else 30), TOP + HIGH + 64, title or "Precision against recall"
    )
    for tick in range(6):
        x, y = _at(tick / 5, tick / 5)
        canvas.line((x, TOP), (x, TOP + HIGH), colour=HAIRLINE, width=1)
        canvas.line((LEFT, y), (LEFT + WIDE, y), colour=HAIRLINE, width=1)
        canvas.text((x, TOP + HIGH + 14), f"{tick / 5:.1f}", size=13, colour=SOFT)
        canvas.text((LEFT - 8, y), f"{tick / 5:.1f}", size=13, colour=SOFT, anchor="end")
    canvas.path(((LEFT, TOP), (LEFT, TOP + HIGH), (LEFT + WIDE, TOP + HIGH)), colour=SOFT)
    canvas.text((LEFT + WIDE / 2, TOP + HIGH + 40), "recall")
    canvas.text((26, TOP + HIGH / 2), "precision", turned=True)
    canvas.text((LEFT + WIDE / 2, 22), plain(title), size=15)
    for number, curve in enumerate(curves):
        _curve(canvas, curve, COLOURS[number], DASHES[number])
        y = TOP + 14 + 26 * number
        canvas.line(
            (LEFT + WIDE + 16, y),
            (LEFT + WIDE + 46, y),
            colour=COLOURS[number],
            width=2.2,
            dash=DASHES[number],
        )
        _marker(canvas, (LEFT + WIDE + 31, y), COLOURS[number], square=bool(number % 2))
        canvas.text((LEFT + WIDE + 54, y), plain(curve.name), size=13.5, anchor="start")
    return canvas.svg()


def _at(recall: float, precision: float) -> Point:
    """Pixels of a point; the unit square keeps 3 % of air inside the frame so that no marker is cut."""
    air = 0.03
    part = 1 - 2 * air
    return (LEFT + WIDE * (air + part * recall), TOP + HIGH * (1 - air - part * precision))


def _curve(canvas: Canvas, curve: Curve, colour: str, dash: str) -> None:
    if len(curve.recall) != len(curve.precision):
        raise InputError(
            f"found {len(curve.recall)} recalls and {len(curve.precision)} precisions",
            accepted="as many of each",
        )
    if not all(0 <= value <= 1 for value in (*curve.recall, *curve.precision)):
        raise InputError("found a recall or precision outside 0 to 1", accepted="shares from 0 to 1")
    points = [_at(recall, precision) for recall, precision in zip(curve.recall, curve.precision, strict=True)]
    canvas.path(points, colour=colour, width=2.2, dash=dash)
    for point in points:
        _marker(canvas, point, colour, square=bool(dash))


def _marker(canvas: Canvas, at: Point, colour: str, *, square: bool) -> None:
    if square:
        canvas.box((at[0] - 4, at[1] - 4), (8, 8), colour=colour, fill=CARD, width=2)
    else:
        canvas.circle(at, 4.4, colour=colour, fill=CARD, width=2)
