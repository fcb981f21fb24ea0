"""Figures as they are saved, and whether their words can be read."""

from __future__ import annotations

from itertools import combinations

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from workings.lab.plots import STYLE


def figure(draw):
    """The figure as it is saved, laid out."""
    with style.context(["default", str(STYLE)]):
        made = Figure(layout="constrained")
        FigureCanvasAgg(made)
        draw(made)
        made.draw_without_rendering()
    return made


def seen(made):
    """Every text that is drawn."""
    beyond = set()
    for axes in made.axes:
        # Ticks beyond the limits are there, but are not drawn.
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                if not min(low, high) <= tick.get_loc() <= max(low, high):
                    beyond |= {id(tick.label1), id(tick.label2)}
    shown = [one for one in made.findobj(Text) if one.get_visible() and one.get_text().strip()]
    hidden = {id(text) for axes in made.axes if not axes.get_visible() for text in axes.findobj(Text)}
    return [one for one in shown if id(one) not in beyond | hidden]


def words(made):
    """What the texts say."""
    return [one.get_text() for one in seen(made)]


def check_legible(made):
    """No words are cut off at an edge, and none lie on others."""
    found = [(one, one.get_window_extent(made.canvas.get_renderer())) for one in seen(made)]
    assert found
    width, height = made.get_size_inches() * made.dpi
    for one, box in found:
        assert box.x0 >= -1, one
        assert box.y0 >= -1, one
        assert box.x1 <= width + 1, one
        assert box.y1 <= height + 1, one
    for (one, a), (other, b) in combinations(found, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across < 1 or down < 1:
            continue
        # Boxes of turned words overlap where the words do not.
        assert one.get_rotation() == other.get_rotation() == 45, f"{one} lies on {other}"
        apart = abs((a.x1 - b.x1) - (a.y1 - b.y1)) / 2**0.5
        assert apart > one.get_fontsize() * made.dpi / 72, f"{one} lies on {other}"
