"""A feed-forward network: neurons in columns, a weight on every edge, a bias under every neuron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, cast

from workings.errors import InputError
from workings.papers.figures.canvas import (
    BLUE,
    GREEN,
    HAIRLINE,
    INK,
    SOFT,
    TINTS,
    VERMILLION,
    Canvas,
    Point,
    plain,
    width_of,
    written,
)

MOST_NEURONS: Final = 8
"""A longer column shows its first four neurons, dots, and its last three."""

MOST_LABELLED_EDGES: Final = 20
"""Beyond this many edges between two columns weights cannot be read, so none is printed."""

COLUMN, ROW, RADIUS = 176.0, 92.0, 24.0
SIDE, ABOVE, BELOW = 78.0, 84.0, 58.0
LABEL = 14.0
PLACES: Final = tuple(0.16 + 0.04 * step for step in range(18))
"""Where on its edge, from 0 at the left to 1, a weight may stand."""

SYMBOLS: Final = {"sigmoid": "*σ*", "identity": "id", "linear": "id"}


def network(
    weights: Sequence[Sequence[Sequence[object]]],
    biases: object,
    activations: Sequence[object],
    x: Sequence[object] | None = None,
) -> str:
    """SVG of the network y = f(W_Lᵀ … f(W₁ᵀ x + b₁) … + b_L).

    Parameters
    ----------
    weights: one matrix a layer, inputs × outputs.
    biases: one number for all neurons, or one a layer, or a vector a layer.
    activations: one name a layer.
    x: the input, if its values shall stand beside the input nodes.

    Raises
    ------
    InputError: matrices that are ragged, empty or do not fit one another.
    """
    sizes = _sizes(weights)
    shown = [_shown(size) for size in sizes]
    tallest = max(len(rows) for rows in shown)
    height = ABOVE + (tallest - 1) * ROW + BELOW
    canvas = Canvas(
        2 * SIDE + (len(sizes) - 1) * COLUMN + 8,
        height,
        f"Feed-forward network with {', '.join(str(size) for size in sizes)} neurons from input to output",
    )
    middle = ABOVE + (tallest - 1) * ROW / 2
    places = [
        [(SIDE + COLUMN * column, middle + ROW * (row - (len(rows) - 1) / 2)) for row in range(len(rows))]
        for column, rows in enumerate(shown)
    ]
    for gap, matrix in enumerate(weights):
        _edges(canvas, matrix, (shown[gap], shown[gap + 1]), (places[gap], places[gap + 1]))
    for column, rows in enumerate(shown):
        _heading(canvas, column, len(shown), places[column][0][0], activations)
        for row, at in zip(rows, places[column], strict=True):
            if row is None:
                canvas.text(at, "⋮", size=20, colour=SOFT)
            elif column == 0:
                _input(canvas, at, row, x)
            else:
                _neuron(canvas, at, _of(biases, column - 1, row), _name(activations, column - 1))
    for number, at in zip(shown[-1], places[-1], strict=True):
        if number is not None:
            canvas.arrow((at[0] + RADIUS, at[1]), (at[0] + RADIUS + 30, at[1]))
            name = "*y*" if sizes[-1] == 1 else f"*y*_{{{number + 1}}}"
            canvas.text((at[0] + RADIUS + 36, at[1]), name, size=15, anchor="start")
    return canvas.svg()


def _sizes(weights: Sequence[Sequence[Sequence[object]]]) -> list[int]:
    if not weights or any(not matrix or not matrix[0] for matrix in weights):
        raise InputError("found an empty weight matrix", accepted="at least one row and one column a layer")
    for number, matrix in enumerate(weights):
        if len({len(row) for row in matrix}) > 1:
            raise InputError("found rows of different lengths", accepted="a matrix").at(
                field=f"weights[{number}]"
            )
    for number, (before, after) in enumerate(pairwise(weights), start=1):
        if len(before[0]) != len(after):
            raise InputError(
                f"found {len(after)} rows after a layer of {len(before[0])} neurons",
                accepted=f"{len(before[0])} rows",
            ).at(field=f"weights[{number}]")
    return [len(weights[0]), *(len(matrix[0]) for matrix in weights)]


def _shown(size: int) -> list[int | None]:
    if size <= MOST_NEURONS:
        return list(range(size))
    return [0, 1, 2, 3, None, size - 3, size - 2, size - 1]


def _of(biases: object, layer: int, neuron: int) -> object:
    """The bias of one neuron out of a number, a list of layers or a list of lists; None where it has none."""
    value: object = biases
    for index in (layer, neuron):
        if isinstance(value, (list, tuple)):
            entries = cast("Sequence[object]", value)
            value = entries[index] if index < len(entries) else None
    return value


def _name(activations: Sequence[object], layer: int) -> str:
    return str(activations[layer]) if layer < len(activations) else "identity"


def _heading(canvas: Canvas, column: int, columns: int, x: float, activations: Sequence[object]) -> None:
    if column == 0:
        title, under = "input", ""
    else:
        title = (
            "output" if column == columns - 1 else f"hidden layer {column}" if columns > 3 else "hidden layer"
        )
        under = plain(_name(activations, column - 1))
    canvas.text((x, 22), title, size=14, colour=SOFT)
    canvas.text((x, 40), under, size=13, colour=SOFT)


def _input(canvas: Canvas, at: Point, row: int, x: Sequence[object] | None) -> None:
    canvas.circle(at, RADIUS - 4, colour=INK, fill=TINTS[GREEN])
    canvas.text(at, f"*x*_{{{row + 1}}}", size=15)
    if x is not None and row < len(x):
        canvas.text((at[0] - RADIUS - 4, at[1]), written(x[row]), size=14, anchor="end", colour=GREEN)


def _neuron(canvas: Canvas, at: Point, bias: object, activation: str) -> None:
    canvas.circle(at, RADIUS, colour=INK, fill=TINTS[BLUE])
    symbol = SYMBOLS.get(activation, plain(activation)[:7])
    canvas.text(at, symbol, size=13 if len(symbol) < 7 else 11)
    if bias is not None:
        label = f"*b* = {written(bias)}"
        canvas.text((at[0], at[1] + RADIUS + 11), label, size=13, colour=VERMILLION, backed=True)


def _edges(
    canvas: Canvas,
    matrix: Sequence[Sequence[object]],
    rows: tuple[Sequence[int | None], Sequence[int | None]],
    places: tuple[Sequence[Point], Sequence[Point]],
) -> None:
    ends: list[tuple[Point, Point, str]] = []
    for start, left in zip(rows[0], places[0], strict=True):
        for end, right in zip(rows[1], places[1], strict=True):
            if start is not None and end is not None:
                ends.append((_rim(left, right), _rim(right, left), written(matrix[start][end])))
    for start, end, _ in ends:
        canvas.line(start, end, colour=SOFT if len(ends) <= MOST_LABELLED_EDGES else HAIRLINE, width=1.1)
    if len(ends) <= MOST_LABELLED_EDGES:
        for (start, end, label), part in zip(ends, _spread(ends), strict=True):
            canvas.text(_along(start, end, part), label, size=LABEL, backed=True)


def _rim(centre: Point, towards: Point) -> Point:
    run, rise = towards[0] - centre[0], towards[1] - centre[1]
    part = RADIUS / (run * run + rise * rise) ** 0.5
    return (centre[0] + part * run, centre[1] + part * rise)


def _along(start: Point, end: Point, part: float) -> Point:
    return (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))


def _spread(ends: Sequence[tuple[Point, Point, str]]) -> list[float]:
    """A place on each edge such that labels keep clear of one another and of foreign edges.

    Each label in turn takes its cheapest place, the others being held; three sweeps settle small networks.
    """
    halves = [(width_of(label, LABEL) / 2 + 4, LABEL * 0.8) for _, _, label in ends]
    chosen = [0.5] * len(ends)

    def cost(index: int, part: float) -> float:
        x, y = _along(ends[index][0], ends[index][1], part)
        wide, high = halves[index]
        total = 3 * abs(part - 0.4)
        for other, (start, end, _) in enumerate(ends):
            if other == index:
                continue
            ox, oy = _along(start, end, chosen[other])
            over = min(wide + halves[other][0] + 8 - abs(x - ox), high + halves[other][1] + 8 - abs(y - oy))
            total += max(0.0, over) * 4
            total += 2 * _crossing(start, end, (x, y), (wide, high))
        return total

    for _ in range(3):
        for index in range(len(ends)):
            chosen[index] = min(PLACES, key=lambda part: (cost(index, part), part))
    return chosen


def _crossing(start: Point, end: Point, centre: Point, half: Point) -> float:
    """How deep an edge cuts into a label's box: 0 when it passes outside, at most half the label's height."""
    run = end[0] - start[0]
    if not start[0] < centre[0] < end[0]:
        return 0.0
    slope = (end[1] - start[1]) / run
    gap = abs(start[1] + slope * (centre[0] - start[0]) - centre[1]) - abs(slope) * half[0]
    return max(0.0, half[1] - max(gap, 0.0))
