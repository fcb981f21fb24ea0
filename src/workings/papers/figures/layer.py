"""One encoder layer of a transformer as blocks and arrows, with the shapes where they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

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
    written,
)

LANES: Final = (150.0, 350.0, 550.0)
CENTRE: Final = 250.0
"""Queries and keys meet between the first two lanes; values come up the third."""

BYPASS: Final = 700.0
"""Where the residual path runs."""

WIDTH, BLOCK, HIGH, RISE = 760.0, 130.0, 32.0, 46.0

TENSORS: Final = {
    "Q": "*Q*",
    "K": "*K*",
    "V": "*V*",
    "Q_head": "*Q* per head",
    "K_head": "*K* per head",
    "V_head": "*V* per head",
    "attention": "attention map",
    "dropout_1": "Dropout-1’s output",
    "output": "output",
    "dropout_2": "Dropout-2’s output",
}
"""What stands on the arrow that carries a tensor."""


def transformer_layer(
    sizes: Sequence[object],
    heads: object,
    shapes: Mapping[str, object] | None = None,
    *,
    feed_forward: bool = True,
) -> str:
    """SVG of the layer, read upwards: projections, heads, attention, output, feed-forward.

    Parameters
    ----------
    sizes: batch, sequence length, hidden size.
    heads: the number of attention heads.
    shapes: shapes by the names in `TENSORS`, to stand under those names; other tensors bear only their names.
    feed_forward: whether the second half of the layer, with its own residual path, is drawn.
    """
    half = 2 * HIGH + 48 if feed_forward else 0
    canvas = Canvas(
        WIDTH,
        9 * HIGH + 6 * RISE + half + 166,
        "Transformer encoder layer: multi-head self-attention, dropout, residual paths",
    )
    tower = _Tower(canvas, dict(shapes or {}))
    ground = canvas.height - 44
    canvas.text((LANES[1], ground + 18), f"input *X*  {_sizes(sizes)}", size=15)
    fork = ground - 16
    canvas.line((LANES[1], ground + 4), (LANES[1], fork))
    canvas.line((LANES[0], fork), (BYPASS, fork))
    y = fork
    for lane, letter in zip(LANES, "QKV", strict=True):
        canvas.arrow((lane, fork), (lane, fork - 18))
        tower.block(lane, fork - 18, f"linear *W*_{{*{letter}*}}", BLUE)
        tower.carry(lane, fork - 18 - HIGH, letter)
        tower.block(lane, fork - 18 - HIGH - RISE, f"split into {written(heads)} heads", PURPLE)
        y = fork - 18 - 2 * HIGH - RISE
        if letter == "V":
            continue
        tower.carry(lane, y, f"{letter}_head")
    product = y - RISE
    tower.block(CENTRE, product, "*QK*^T / √*d*", GREEN, width=LANES[1] - LANES[0] + BLOCK)
    canvas.arrow((CENTRE, product - HIGH), (CENTRE, product - HIGH - 22))
    softmax = product - HIGH - 22
    tower.block(CENTRE, softmax, "softmax", GREEN)
    tower.carry(CENTRE, softmax - HIGH, "attention")
    tower.block(CENTRE, softmax - HIGH - RISE, "Dropout-1", VERMILLION)
    tower.carry(CENTRE, softmax - 2 * HIGH - RISE, "dropout_1")
    mixed = softmax - 2 * HIGH - 2 * RISE
    canvas.arrow((LANES[2], y), (LANES[2], mixed))
    tower.say(LANES[2], y - RISE / 2, "V_head")
    tower.block(
        (CENTRE + LANES[2]) / 2,
        mixed,
        "attention × *V*, heads joined",
        GREEN,
        width=LANES[2] - CENTRE + BLOCK,
    )
    return _finish(tower, mixed - HIGH, fork, feed_forward=feed_forward)


class _Tower:
    """Blocks upon one another; a block's `y` is its lower edge, since the figure is read upwards."""

    def __init__(self, canvas: Canvas, shapes: Mapping[str, object]) -> None:
        self.canvas = canvas
        self.shapes = shapes

    def block(self, x: float, y: float, text: str, colour: str, width: float = BLOCK) -> None:
        self.canvas.box((x - width / 2, y - HIGH), (width, HIGH), colour=colour, fill=TINTS[colour], radius=6)
        self.canvas.text((x, y - HIGH / 2), text, size=14)

    def carry(self, x: float, y: float, tensor: str) -> None:
        """An arrow upwards from `y` that carries a named tensor."""
        self.canvas.arrow((x, y), (x, y - RISE))
        self.say(x, y - RISE / 2, tensor)

    def say(self, x: float, y: float, tensor: str) -> None:
        shape = self.shapes.get(tensor)
        at: Point = (x + 9, y)
        if shape is not None:
            self.canvas.text((x + 9, y + 8), _sizes(shape), size=13, colour=VERMILLION, anchor="start")
            at = (x + 9, y - 8)
        self.canvas.text(at, TENSORS[tensor], size=13, colour=SOFT, anchor="start")


def _sizes(shape: object) -> str:
    entries = cast("Sequence[object]", shape) if isinstance(shape, (list, tuple)) else [shape]
    return f"[{', '.join(written(size) for size in entries)}]"


def _finish(tower: _Tower, y: float, fork: float, *, feed_forward: bool) -> str:
    """The output projection, its dropout, the residual sums, and the feed-forward half."""
    canvas, x = tower.canvas, (CENTRE + LANES[2]) / 2
    canvas.arrow((x, y), (x, y - 22))
    tower.block(x, y - 22, "linear *W*_{*O*}", BLUE)
    tower.carry(x, y - 22 - HIGH, "output")
    tower.block(x, y - 22 - HIGH - RISE, "Dropout-2", VERMILLION)
    tower.carry(x, y - 22 - 2 * HIGH - RISE, "dropout_2")
    joined = y - 22 - 2 * HIGH - 2 * RISE
    tower.block(x, joined, "add and normalise", PURPLE)
    canvas.path(((BYPASS, fork), (BYPASS, joined - HIGH / 2)), colour=INK, width=1.4)
    canvas.arrow((BYPASS, joined - HIGH / 2), (x + BLOCK / 2, joined - HIGH / 2))
    top = joined - HIGH
    if feed_forward:
        turn = top - 11
        canvas.arrow((x, top), (x, top - 26))
        tower.block(x, top - 26, "feed-forward", BLUE)
        canvas.arrow((x, top - 26 - HIGH), (x, top - 48 - HIGH))
        tower.block(x, top - 48 - HIGH, "add and normalise", PURPLE)
        join = top - 48 - 1.5 * HIGH
        canvas.path(((x, turn), (x + 130, turn), (x + 130, join)), width=1.4)
        canvas.arrow((x + 130, join), (x + BLOCK / 2, join))
        top = top - 48 - 2 * HIGH
    canvas.arrow((x, top), (x, top - 24))
    canvas.text((x + 9, top - 16), "to the next layer", size=13, colour=SOFT, anchor="start")
    return canvas.svg()
