"""A convolutional network as its volumes: a box for each, sizes on its edges, the layer between two boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workings.errors import InputError
from workings.papers.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    SOFT,
    TINTS,
    VERMILLION,
    Canvas,
    Point,
    width_of,
    written,
)

SLANT: Final = (math.cos(math.radians(38)), math.sin(math.radians(38)))
LEFT, GAP, FOOT = 56.0, 64.0, 40.0
WIDEST: Final = 740.0
UNKNOWN: Final = 0.6
"""Where a size is unknown, the box is drawn as if it were this share of the largest."""


@dataclass(frozen=True)
class Volume:
    """One tensor between layers.

    Parameters
    ----------
    sizes: depth, height, width; or one entry for a vector. Letters and `?` are drawn as they are.
    name: what stands under it.
    """

    sizes: tuple[object, ...]
    name: str = ""


@dataclass(frozen=True)
class Passage:
    """What leads from one volume to the next.

    Parameters
    ----------
    name: the layer.
    lines: its settings, a line each.
    kernel: the size of its window, where it has one: drawn on the volume that it reads.
    """

    name: str
    lines: tuple[str, ...] = ()
    kernel: object = None


def volumes(tensors: Sequence[Volume], passages: Sequence[Passage]) -> str:
    """SVG of volumes and of the passages between them, in rows where one row would be too wide for a page.

    Raises
    ------
    InputError: no volume, or not one passage fewer than volumes.
    """
    if not tensors or len(passages) != len(tensors) - 1:
        raise InputError(
            f"found {len(tensors)} volumes and {len(passages)} layers",
            accepted="at least one volume and one layer fewer",
        )
    sizes = [[_size(size) or 0 for size in _sides(volume)] for volume in tensors if len(volume.sizes) > 1]
    deepest = max((size[0] for size in sizes), default=1) or 1
    widest = max((size for three in sizes for size in three[1:]), default=1) or 1
    solids = [_Solid.of(volume, deepest, widest) for volume in tensors]
    gaps = [max(GAP, *(width_of(line, 13) + 22 for line in (p.name, *p.lines))) for p in passages]
    rows = _rows(solids, gaps)
    head = 34.0 + 18.0 * max((len(p.lines) for p in passages), default=0)
    tall = max(solid.high + solid.rise for solid in solids)
    high = head + tall + FOOT + 14
    ends = [_end(solids, gaps, row) for row in rows]
    title = "Network of volumes: " + ", then ".join(_spoken(volume) for volume in tensors)
    canvas = Canvas(max(ends) + (48 if len(rows) > 1 else 30), high * len(rows) + 10, title)
    rays: list[tuple[tuple[Point, ...], Point]] = []
    for line, row in enumerate(rows):
        middle = line * high + head + tall / 2 + 6
        x = LEFT + (gaps[row[0] - 1] if row[0] else 0)
        if row[0]:
            _heading(canvas, passages[row[0] - 1], LEFT - 30 + gaps[row[0] - 1] / 2, line * high + 22)
            canvas.arrow((LEFT - 30, middle), (x - 36, middle), colour=SOFT)
        for number in row:
            solid, volume = solids[number], tensors[number]
            passage = passages[number] if number < len(passages) else None
            after = _draw(canvas, volume, solid, (x, middle - (solid.high - solid.rise) / 2), passage)
            foot = (x + (solid.wide + solid.run) / 2, line * high + head + tall + 42)
            canvas.text(foot, volume.name, size=14, colour=SOFT)
            right = x + solid.wide + solid.run
            if passage is None:
                break
            if number == row[-1]:
                canvas.arrow((right + 8, middle), (right + 34, middle), colour=SOFT)
                break
            _heading(canvas, passage, right + gaps[number] / 2, line * high + 22)
            x = right + gaps[number]
            following = solids[number + 1]
            if after and following.is_box:
                face = middle - (following.high - following.rise) / 2
                rays.append((after, (x + following.wide * 0.2, face + following.high * 0.34)))
            else:
                canvas.arrow((right + 8, middle), (x - 8, middle), colour=SOFT)
    for corners, spot in rays:
        for corner in corners:
            canvas.line(corner, spot, colour=VERMILLION, width=0.9, dash="4 3")
        canvas.circle(spot, 2.4, colour=VERMILLION, fill=VERMILLION)
    return canvas.svg()


def _rows(solids: Sequence[_Solid], gaps: Sequence[float]) -> list[list[int]]:
    """Which volumes stand in which row: as many as fit, and rows of about one width."""
    whole = _end(solids, gaps, range(len(solids)))
    count = math.ceil((whole - LEFT) / (WIDEST - LEFT))
    limit = LEFT + (whole - LEFT) / count
    while True:
        rows = [[0]]
        for number in range(1, len(solids)):
            if _end(solids, gaps, [*rows[-1], number]) > limit:
                rows.append([])
            rows[-1].append(number)
        if len(rows) <= count or limit >= WIDEST:
            return rows
        limit += 20


def _end(solids: Sequence[_Solid], gaps: Sequence[float], row: Sequence[int]) -> float:
    """Where a row ends on the right; a row that is not the first begins with the gap before it."""
    before = gaps[row[0] - 1] if row[0] else 0
    return LEFT + before + sum(solids[n].wide + solids[n].run for n in row) + sum(gaps[n] for n in row[:-1])


def _heading(canvas: Canvas, passage: Passage, x: float, y: float) -> None:
    canvas.text((x, y), passage.name, size=14, bold=True)
    for row, line in enumerate(passage.lines, start=1):
        canvas.text((x, y + 18 * row), line, size=13)


@dataclass(frozen=True)
class _Solid:
    """A volume in pixels: the front face, and how far the back is shifted right and up."""

    wide: float
    high: float
    run: float
    rise: float
    is_box: bool

    @classmethod
    def of(cls, volume: Volume, deepest: float, widest: float) -> _Solid:
        if len(volume.sizes) < 2:
            return cls(22.0, 132.0, 0.0, 0.0, is_box=False)
        depth, high, wide = (_size(size) for size in _sides(volume))
        back = 12 + 44 * _share(depth, deepest)
        return cls(
            30 + 66 * _share(wide, widest),
            30 + (66 * _share(high, widest) if len(volume.sizes) > 2 else 0),
            back * SLANT[0],
            back * SLANT[1],
            is_box=True,
        )


def _sides(volume: Volume) -> tuple[object, object, object]:
    """Depth, height and width; a sequence has no height."""
    depth, *others = volume.sizes
    return (depth, others[0], others[1]) if len(others) > 1 else (depth, "", others[0])


def _share(size: float | None, largest: float) -> float:
    return UNKNOWN if size is None else (size / largest) ** 0.7


def _size(value: object) -> float | None:
    """The number of a size, None for a letter or an unknown; beyond a million all sizes are drawn alike."""
    try:
        size = float(str(value))
    except ValueError:
        return None
    return min(size, 1e6) if size > 0 else None


def _spoken(volume: Volume) -> str:
    sizes = " by ".join("unknown" if str(size) == "?" else str(size) for size in volume.sizes)
    return f"{volume.name} {sizes}".strip()


def _draw(
    canvas: Canvas, volume: Volume, solid: _Solid, front: Point, passage: Passage | None
) -> tuple[Point, ...]:
    """Draw one volume; returns the corners of its window, where the next layer has a kernel."""
    x, y = front
    if not solid.is_box:
        _vector(canvas, volume, solid, front)
        return ()
    colour = BLUE
    right, bottom = x + solid.wide, y + solid.high
    dx, dy = solid.run, -solid.rise
    canvas.path(
        ((x, y), (x + dx, y + dy), (right + dx, y + dy), (right, y)),
        fill=TINTS[BLUE],
        colour=colour,
        closed=True,
    )
    canvas.path(
        ((right, y), (right + dx, y + dy), (right + dx, bottom + dy), (right, bottom)),
        fill="#cfe2ef",
        colour=colour,
        closed=True,
    )
    canvas.box((x, y), (solid.wide, solid.high), fill="#f2f8fc", colour=colour)
    depth, high, wide = (written(size) for size in _sides(volume))
    canvas.text((x + solid.wide / 2, bottom + 13), wide, size=14)
    canvas.text((x - 8, y + solid.high * 0.78), high, size=14, anchor="end")
    canvas.text((right + dx / 2 + 7, bottom + dy / 2 + 9), depth, size=14, anchor="start", colour=PURPLE)
    if passage is None or passage.kernel is None:
        return ()
    kernel, across = _size(passage.kernel), _size(volume.sizes[-1])
    side = max(11.0, solid.wide * min(0.6, kernel / across)) if kernel and across else solid.wide * 0.24
    left, upper = x + solid.wide * 0.6 - side / 2, y + solid.high * 0.34 - side / 2
    label = written(passage.kernel)
    canvas.box((left, upper), (side, side), colour=VERMILLION, fill=TINTS[VERMILLION], width=1.4)
    canvas.text((left + side / 2, upper + side + 9), label, size=12, colour=VERMILLION)
    return ((left + side, upper), (left + side, upper + side))


def _vector(canvas: Canvas, volume: Volume, solid: _Solid, front: Point) -> None:
    """A dense layer's output: a tall thin box with neurons in it."""
    x, y = front
    canvas.box((x, y), (solid.wide, solid.high), fill=TINTS[GREEN], colour=INK, radius=10)
    for row in range(5):
        at = (x + solid.wide / 2, y + solid.high * (row + 0.75) / 5.5)
        if row == 3:
            canvas.text(at, "⋮", size=15, colour=SOFT)
        else:
            canvas.circle(at, 6.5, width=1.1)
    canvas.text((x + solid.wide / 2, y + solid.high + 13), written(volume.sizes[0]), size=14)
