"""Figures in one style: learning curves, intervals by arm, a measure against a size, and `render`.

A study's figures are made of these:

    Plot("curves", "Loss and accuracy as the training goes.", curves(results, [
        Panel("train_loss", "training loss", log=True),
        Panel("val_accuracy", "validation accuracy", percent=True),
    ]))

Each takes what is on disk and returns the `draw` of a `Plot`. Missing cells, seeds and values leave gaps.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from workings.lab import amounts
from workings.lab.results import CellResult, Results
from workings.lab.statistics import Floats, half_width, t_quantile
from workings.lab.study import Measure, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Figure"], None]

STYLE: Final = Path(__file__).parent / "style.mplstyle"
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1f2328")
"""Okabe and Ito's, as in the style file: the colour of an arm is the same in every figure of a run."""
DASHES: Final = ("-", (0, (4, 1.6)), (0, (1.2, 1.4)))
"""The line of the arms after the first seven, and after the next seven."""
SOFT: Final = "#57606a"
WIDE: Final = 7.2
LONGEST_TITLE: Final = 60
LEGEND_SIZE: Final = 8.5
"""Points, as in the style file; a line and the room about it take 4.1 times that."""
FEWEST_FOR_BAND: Final = 3
"""With two seeds the interval is 9 standard deviations wide and would be all that one sees."""
FEW_DECADES: Final = 1e4
FEWEST_WHOLE: Final = 5.0
MOST_FAINT: Final = 120
"""Single seeds are drawn up to so many lines a panel; beyond, the bands alone."""

Against = Literal["step", "epoch", "seconds"]
READ_CURVES: Final = "Line: mean over the seeds; band: its 95 % interval; faint: each seed."
READ_ROWS: Final = "Small dots: seeds; large dot and whisker: mean and 95 % interval; dashed: the bar."
READ_SIZES: Final = "Line: mean over the seeds, with its 95 % interval; small dots: seeds."
"""How a figure is read, for its caption."""

AXES: Final[Mapping[Against, str]] = {
    "step": "training steps",
    "epoch": "epochs",
    "seconds": "seconds of training",
}


def render(plot: Plot, kind: Literal["svg", "png"] = "svg", note: str = "") -> bytes:
    """The figure as a file; the same bytes for the same rows.

    Parameters
    ----------
    note: kept inside the file as its description.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    # "default" first: what someone set for all their figures does not show in these.
    with style.context(["default", str(STYLE)]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # drawn as a box
        figure = Figure(layout="constrained")
        plot.draw(figure)
        out = BytesIO()
        told: dict[str, Any] = {"Title": plot.name}
        if kind == "svg":
            told |= {"Description": note or plot.caption, "Date": None, "Creator": None}
        figure.savefig(out, format=kind, metadata=told)
    return out.getvalue()


# --- learning curves ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Panel:
    """One axis of learning curves.

    Parameters
    ----------
    column: of the rows that evaluations left.
    label: what it is called.
    percent: a share, shown in percent.
    log: on a logarithmic axis.
    limits: lowest and highest value shown, in the axis's own unit; None for where the values end.
    """

    column: str
    label: str
    percent: bool = False
    log: bool = False
    limits: tuple[float | None, float | None] = (None, None)


def curves(
    results: Results, panels: Sequence[Panel], *, against: Against = "step", arms: Sequence[str] = ()
) -> Draw:
    """A line an arm: the mean over its seeds as far as all of them go, its 95 % interval as a band.

    Single seeds are faint. Against seconds, the mean is over the seconds as well, evaluation by evaluation.

    Parameters
    ----------
    panels: side by side.
    arms: those shown; all unless given.
    """

    def draw(figure: Figure) -> None:
        shown = [arm for arm in results.arms if (not arms or arm.name in arms) and results.of(arm.name)]
        figure.set_figwidth(WIDE)
        rows = legend(figure, {arm.name: arm.title for arm in shown}, results)
        figure.set_figheight(3.0 + 0.19 * rows)
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            axes.set_xlabel(AXES[against])
            axes.set_ylabel(plain(f"{panel.label} (%)" if panel.percent else panel.label))
            if panel.log:
                axes.set_yscale("log")
            faint = len(shown) * len(results.seeds) <= MOST_FAINT
            seen = [_curve(axes, results, arm.name, panel, against, faint=faint) for arm in shown]
            _fit(axes, np.concatenate(seen) if seen else np.empty(0), panel)
            _whole(axes)

    return draw


def _curve(axes: Axes, results: Results, arm: str, panel: Panel, against: Against, *, faint: bool) -> Floats:
    """Draw an arm's line; all values that its seeds reach."""
    look = line_of(results, arm)
    cells = [_points(cell, panel, against) for cell in results.of(arm)]
    cells = [points for points in cells if points]
    if not cells:
        return np.empty(0)
    shared = sorted(set.intersection(*(set(points) for points in cells)))
    x = np.array([[points[step][0] for step in shared] for points in cells])
    y = np.array([[points[step][1] for step in shared] for points in cells])
    if len(cells) > 1 and faint:
        for points in cells:
            own = np.array(list(points.values()))
            axes.plot(own[:, 0], own[:, 1], color=look["color"], linewidth=0.6, alpha=0.3, zorder=2)
    if shared:
        marker = "o" if len(shared) == 1 else ""
        axes.plot(x.mean(axis=0), _middle(y, panel), marker=marker, zorder=3, **look)
        if len(cells) >= FEWEST_FOR_BAND:
            low, high = _band(y, panel)
            axes.fill_between(
                x.mean(axis=0), low, high, color=look["color"], alpha=0.16, linewidth=0, zorder=1
            )
    return np.concatenate([np.array(list(points.values()))[:, 1] for points in cells])


def _points(cell: CellResult, panel: Panel, against: Against) -> dict[int, tuple[float, float]]:
    """By step, where the value stands; without those that can't be drawn."""
    found: dict[int, tuple[float, float]] = {}
    for row in cell.rows:
        x, y = row.get(against), row.get(panel.column)
        if x is None or y is None or not math.isfinite(x) or not math.isfinite(y) or (panel.log and y <= 0):
            continue
        found[int(row["step"])] = (x, y * (100 if panel.percent else 1))
    return found


def _middle(y: Floats, panel: Panel) -> Floats:
    return np.exp(np.log(y).mean(axis=0)) if panel.log else y.mean(axis=0)


def _band(y: Floats, panel: Panel) -> tuple[Floats, Floats]:
    """The t interval at each step; of the logarithms on a logarithmic axis."""
    values = np.log(y) if panel.log else y
    half = t_quantile(len(y)) * values.std(axis=0, ddof=1) / math.sqrt(len(y))
    low, high = values.mean(axis=0) - half, values.mean(axis=0) + half
    return (np.exp(low), np.exp(high)) if panel.log else (low, high)


def _fit(axes: Axes, values: Floats, panel: Panel) -> None:
    """Limits by what the seeds reach: a wide band does not push the lines together."""
    if not values.size:
        nothing(axes)
        return
    low, high = float(values.min()), float(values.max())
    if panel.log:
        room = (high / low) ** 0.05 if high > low else 1.5
        low, high = low / room, high * room
        if high / low < FEW_DECADES:
            _name_ticks(axes)
    else:
        room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        low, high = low - room, high + room
    given_low, given_high = panel.limits
    axes.set_ylim(given_low if given_low is not None else low, given_high if given_high is not None else high)


def _whole(axes: Axes) -> None:
    """No halves of an epoch below an axis of many."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_xlim()
    if high - low >= FEWEST_WHOLE:
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 5, 10]))


def _name_ticks(axes: Axes) -> None:
    """1, 2 and 5 of each power of ten as plain numbers: powers alone leave a short axis without names."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


# --- intervals ----------------------------------------------------------------------------------------------


def by_arm(results: Results, measures: Sequence[str]) -> Draw:
    """A row an arm: every seed a small dot, their mean and its 95 % interval; what was to be reached, dashed.

    Parameters
    ----------
    measures: side by side.
    """

    def draw(figure: Figure) -> None:
        names = [arm.name for arm in results.arms]
        figure.set_size_inches(WIDE, 0.95 + 0.42 * max(2, len(names)))
        apart = {"wspace": 0.08}  # the numbers below one panel stay clear of those below the next
        panels = figure.subplots(1, len(measures), squeeze=False, sharey=True, gridspec_kw=apart)[0]
        for axes, measure in zip(panels, measures, strict=True):
            shown = results.measure(measure)
            axes.set_xlabel(plain(amounts.heading(shown)))
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            drawn = [_row(axes, results, arm, measure, len(names) - 1 - i) for i, arm in enumerate(names)]
            if not any(drawn):
                nothing(axes)
        panels[0].set_yticks(range(len(names)), [title(arm.title) for arm in reversed(results.arms)])
        panels[0].set_ylim(-0.6, len(names) - 0.4)

    return draw


def _row(axes: Axes, results: Results, arm: str, measure: str, y: int) -> bool:
    shown, colour = results.measure(measure), line_of(results, arm)["color"]
    values = _values(results, arm, measure)
    bar = results.bars(measure).get(arm)
    if bar is not None:
        x = bar * _scale(shown)
        axes.plot([x, x], [y - 0.38, y + 0.38], color=SOFT, linestyle="--", linewidth=1.1, zorder=2)
    if not values.size:
        return False
    # Spread over a narrow strip, so that equal values are seen to be several.
    spread = y + 0.16 + 0.05 * (np.arange(values.size) % 3)
    axes.plot(values, spread, "o", color=colour, markersize=3, alpha=0.45, markeredgewidth=0, zorder=3)
    half = half_width(values)
    whisker = half if values.size >= FEWEST_FOR_BAND else 0.0
    axes.errorbar(
        values.mean(), y, xerr=whisker, color=colour, marker="o", markersize=5.5, capsize=3, zorder=4
    )
    return True


def against_size(
    results: Results,
    measure: str,
    sizes: Mapping[str, tuple[str, float]],
    *,
    label: str,
) -> Draw:
    """A measure against a size, such as that of the training set: a line a series, with 95 % intervals.

    Parameters
    ----------
    sizes: by arm, the series that it belongs to and where it stands in it.
    label: of the size.
    """

    def draw(figure: Figure) -> None:
        shown = results.measure(measure)
        series: dict[str, list[tuple[float, str]]] = {}
        for arm in results.arms:
            if arm.name in sizes:
                name, size = sizes[arm.name]
                series.setdefault(name, []).append((size, arm.name))
        ticks = sorted({size for at in series.values() for size, _ in at})
        figure.set_figwidth(WIDE * 0.8)
        rows = _legend(figure, [(name, _look(i)) for i, name in enumerate(series)])
        figure.set_figheight(3.2 + 0.19 * rows)
        axes = figure.subplots()
        axes.set_xlabel(plain(label))
        axes.set_ylabel(plain(amounts.heading(shown)))
        gap = float(np.diff(ticks).min()) if len(ticks) > 1 else 1.0
        drawn = False
        for i, at in enumerate(series.values()):
            shift = 0.08 * gap * (i - (len(series) - 1) / 2)  # two series at one size do not hide each other
            drawn |= _series(axes, results, measure, [(x + shift, arm) for x, arm in sorted(at)], _look(i))
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        if not drawn:
            nothing(axes)

    return draw


def _series(
    axes: Axes, results: Results, measure: str, at: list[tuple[float, str]], look: dict[str, Any]
) -> bool:
    found = [(x, _values(results, arm, measure)) for x, arm in at]
    found = [(x, values) for x, values in found if values.size]
    for x, values in found:
        axes.plot(
            [x] * values.size, values, "o", color=look["color"], markersize=2.5, alpha=0.4, markeredgewidth=0
        )
    if found:
        means = [float(values.mean()) for _, values in found]
        halves = [half_width(values) if values.size >= FEWEST_FOR_BAND else 0.0 for _, values in found]
        axes.errorbar([x for x, _ in found], means, yerr=halves, marker="o", capsize=3, **look)
    return bool(found)


def _values(results: Results, arm: str, measure: str) -> Floats:
    """The finite values of an arm, in the unit shown."""
    found = np.array(list(results.values(arm, measure).values()), dtype=np.float64)
    return found[np.isfinite(found)] * _scale(results.measure(measure))


def _scale(measure: Measure) -> float:
    return 100.0 if measure.percent else 1.0


# --- what all have ------------------------------------------------------------------------------------------


def line_of(results: Results, arm: str) -> dict[str, Any]:
    """Colour and dashes of an arm, the same in every figure."""
    return _look([one.name for one in results.arms].index(arm))


def _look(index: int) -> dict[str, Any]:
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index // len(COLOURS) % len(DASHES)],
    }


def legend(figure: Figure, titles: Mapping[str, str], results: Results) -> int:
    """A legend above the panels, of arms by their titles, unless there is one only; the rows it takes.

    The figure has its width by then.
    """
    return _legend(figure, [(words, line_of(results, arm)) for arm, words in titles.items()])


def _legend(figure: Figure, entries: Sequence[tuple[str, dict[str, Any]]]) -> int:
    from matplotlib.lines import Line2D
    from matplotlib.textpath import TextPath

    if len(entries) < 2:
        return 0
    words = [title(name) for name, _ in entries]
    widest = max(TextPath((0, 0), f"{one}.", size=LEGEND_SIZE).get_extents().width for one in words)
    room = (figure.get_figwidth() - 0.15) * 72
    columns = max(1, min(len(entries), int(room / (widest + 4.1 * LEGEND_SIZE))))
    rows = -(-len(entries) // columns)
    columns = -(-len(entries) // rows)
    figure.legend(
        [Line2D([], [], **look) for _, look in entries], words, loc="outside upper left", ncols=columns
    )
    return rows


def title(words: str) -> str:
    """A title for a legend or an axis: one line, bounded, nothing in it read as mathematics."""
    line = " ".join(words.split())
    return plain(line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…")


def plain(words: str) -> str:
    """Words without mathematics: matplotlib reads what stands between two dollar signs as such."""
    return words.replace("$", r"\$")


def nothing(axes: Axes) -> None:
    """Say that there is nothing to draw."""
    axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center", color=SOFT)
