"""Figures of what a classifier gets right and wrong: precision against recall, and matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workings.lab.plots import SOFT, WIDE, Draw, legend, line_of, nothing, plain, title
from workings.lab.results import CellResult, Results
from workings.lab.statistics import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Callable[[CellResult], tuple[Floats, Floats] | None]

RECALLS: Final = np.linspace(0, 1, 401)
EQUAL_F1: Final = (0.2, 0.4, 0.6, 0.8, 0.9)
MOST_NUMBERS: Final = 14
"""Rows and columns up to which the cells of a matrix bear their numbers."""
NAME: Final = 8.0
"""Points of a name beside a row or below a column, as in the style file."""


def precision_recall(results: Results, curve: Curve, *, point: Curve | None = None) -> Draw:
    """Precision against recall, a line an arm: the mean over seeds at each recall; single seeds are faint.

    Parameters
    ----------
    curve: recall and precision of a cell, [n] each, in any order; None where it has none.
    point: where a cell stands at its threshold, one number each; a dot.
    """

    def draw(figure: Figure) -> None:
        shown = [arm for arm in results.arms if results.of(arm.name)]
        figure.set_figwidth(WIDE * 0.72)
        rows = legend(figure, {arm.name: arm.title for arm in shown}, results)
        figure.set_figheight(4.4 + 0.19 * rows)
        axes = figure.subplots()
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.005), ylim=(0, 1.02))
        _equal_f1(axes)
        drawn = [_arm(axes, results, arm.name, curve, point) for arm in shown]
        if not any(drawn):
            nothing(axes)

    return draw


def _equal_f1(axes: Axes) -> None:
    """Where F1 is the same, p = f r / (2 r − f); f ≤ r, as p is 1 at the most."""
    for f in EQUAL_F1:
        r = np.linspace(f / (2 - f), 1, 100)
        axes.plot(r, f * r / (2 * r - f), color="#d0d7de", linewidth=0.7, zorder=1)
        axes.annotate(
            f"F1 = {f:g}" if f == EQUAL_F1[0] else f"{f:g}",
            (1, f / (2 - f)),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=SOFT,
            annotation_clip=False,
        )


def _arm(axes: Axes, results: Results, arm: str, curve: Curve, point: Curve | None) -> bool:
    look = line_of(results, arm)
    found = [drawn for cell in results.of(arm) if (drawn := curve(cell)) is not None]
    sampled: list[Floats] = []
    for recall, precision in found:
        finite = np.isfinite(recall) & np.isfinite(precision)
        if not finite.any():
            continue
        r, p = _sorted(recall[finite], precision[finite])
        sampled.append(np.interp(RECALLS, r, p, left=np.nan, right=np.nan))
        axes.plot(r, p, color=look["color"], linewidth=0.6, alpha=0.35, zorder=2)
    if sampled:  # only as far as every seed gets: elsewhere the mean would be of others
        axes.plot(RECALLS, np.mean(sampled, axis=0), zorder=3, **look)
    for cell in results.of(arm) if point else ():
        at = point(cell) if point else None
        if at is not None:
            axes.plot(*at, "o", color=look["color"], markeredgecolor="white", markersize=5, zorder=4)
    return bool(sampled)


def _sorted(recall: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """By recall, with the best precision where several points share one."""
    unique, where = np.unique(recall, return_inverse=True)
    best = np.zeros(unique.size)
    np.maximum.at(best, where, precision)
    return unique, best


def matrices(
    panels: Mapping[str, Floats],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    row_label: str = "true",
    column_label: str = "predicted",
    by_row: bool = True,
    label: str = "",
) -> Draw:
    """Matrices side by side: confusion matrices, attention maps.

    Parameters
    ----------
    panels: by title, [rows, columns], not negative.
    by_row: coloured by the share of the row (of its true class); else by the value.
    label: of the colours, where the cells bear no numbers.
    """

    def draw(figure: Figure) -> None:
        across = max(1, min(len(panels), 3 if len(columns) <= 7 else 2))
        down = max(1, -(-len(panels) // across))
        wide = WIDE if across > 1 else WIDE * 0.72
        # What the names take beside and below the cells.
        beside, below = (0.35 + 0.07 * _longest(names) for names in (rows, columns))
        side = (wide - beside) / across
        shape = min(1.6, max(0.4, len(rows) / max(1, len(columns))))
        figure.set_size_inches(wide, down * (side * shape + 0.35) + below * 0.75)
        grid = figure.subplots(down, across, squeeze=False)
        flat = grid.ravel()
        for axes in flat[max(1, len(panels)) :]:
            axes.set_visible(False)
        if not panels:
            nothing(flat[0])
        image: Any = None
        letters = int(side / 0.08)
        for index, (axes, (name, values)) in enumerate(zip(flat, panels.items(), strict=False)):
            cells = np.asarray(values, dtype=np.float64)
            image = _matrix(axes, cells, by_row=by_row, numbered=_numbered(rows, columns))
            _names(axes, rows, columns, side * shape * 72, side * 72)
            axes.set_title(fill(title(name), letters))
            # Names stand once, on the left and below.
            axes.set(ylabel=row_label) if index % across == 0 else axes.set_yticklabels([])
            below_it = index + across >= len(panels)
            axes.set(xlabel=column_label) if below_it else axes.set_xticklabels([])
        if image is not None and not _numbered(rows, columns):
            words = label or ("share of the row" if by_row else "value")
            figure.colorbar(image, ax=list(flat[: len(panels)]), shrink=0.8, label=words)

    return draw


def _longest(names: Sequence[str]) -> int:
    return max(map(len, names), default=0)


def _numbered(rows: Sequence[str], columns: Sequence[str]) -> bool:
    return max(len(rows), len(columns)) <= MOST_NUMBERS


def _matrix(axes: Axes, values: Floats, *, by_row: bool, numbered: bool) -> Any:
    totals = values.sum(axis=1, keepdims=True)
    shares = np.divide(values, totals, out=np.zeros_like(values), where=totals > 0) if by_row else values
    top = 1.0 if by_row else float(np.nanmax(shares, initial=0.0)) or 1.0
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if numbered:
        size = 8.5 if values.shape[1] <= 8 else 6.5
        for (i, j), value in np.ndenumerate(values):
            if value:
                colour = "white" if shares[i, j] > 0.6 * top else "#1f2328"
                written = f"{value:.0f}" if value == round(value) else f"{value:.2g}"
                axes.text(j, i, written, ha="center", va="center", fontsize=size, color=colour)
    return image


def _names(axes: Axes, rows: Sequence[str], columns: Sequence[str], high: float, wide: float) -> None:
    """Names of rows and columns, as many as the points that the axes are high and wide leave room for."""
    axes.set_yticks(*_ticks(rows, high / (1.4 * NAME)))
    turned = _longest(columns) > 3
    apart = 2.0 if turned else 0.6 + 0.7 * _longest(columns)
    axes.set_xticks(*_ticks(columns, wide / (apart * NAME)))
    for label in axes.get_xticklabels() if turned else ():
        label.set(rotation=45, ha="right", rotation_mode="anchor")


def _ticks(names: Sequence[str], most: float) -> tuple[list[int], list[str]]:
    every = -(-len(names) // max(1, int(most))) if names else 1
    shown = range(0, len(names), every)
    return list(shown), [plain(names[i]) for i in shown]
