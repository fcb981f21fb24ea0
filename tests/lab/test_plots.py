"""Figures draw what was measured, cut nothing off, and are the same bytes each time."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from lab.legible import check_legible, figure, words
from lab.made_results import MEASURES, a_plot, curve, results, study, typical
from matplotlib import style
from matplotlib.colors import to_hex
from scipy import stats

from workings.lab import plots
from workings.lab.plots import Panel
from workings.lab.study import Arm, Measure, Plot

LOSS = Panel("train_loss", "training loss", log=True)
ACCURACY = Panel("val_accuracy", "validation accuracy", percent=True)


def many(folder: Path, arms, seeds, title="recipe number {} with momentum and more"):
    random = np.random.default_rng(0)
    listed = tuple(Arm(f"a{i}", title.format(i)) for i in range(arms))
    values = {
        arm.name: {
            seed: {"accuracy": 0.9 + 0.009 * i + 0.003 * random.normal(), "loss": 1 + 0.1 * random.normal()}
            for seed in range(seeds)
        }
        for i, arm in enumerate(listed)
    }
    measures = {**MEASURES, "accuracy": Measure("test accuracy", percent=True, bars={"a0": 0.95})}
    return results(
        folder,
        values,
        of=study(arms=listed, measures=measures),
        rows=lambda arm, seed: curve(0.9 + 0.009 * int(arm[1:]), seed),
    )


SIZES = {f"a{i}": (("plain", "improved")[i % 2], float([20, 50, 80, 100][i // 2 % 4])) for i in range(8)}


def draws(found):
    """Every kind of figure of this file."""
    return {
        "steps": plots.curves(found, [LOSS, ACCURACY]),
        "seconds": plots.curves(found, [ACCURACY], against="seconds"),
        "epochs": plots.curves(found, [ACCURACY], against="epoch"),
        "rows": plots.by_arm(found, ("accuracy", "loss")),
        "sizes": plots.against_size(found, "accuracy", SIZES, label="training examples (%)"),
    }


@pytest.mark.parametrize("kind", ["steps", "seconds", "epochs", "rows", "sizes"])
@pytest.mark.parametrize(("arms", "seeds"), [(1, 1), (2, 2), (8, 5), (10, 20)])
def test_words_are_whole_and_apart(tmp_path, kind, arms, seeds):
    check_legible(figure(draws(many(tmp_path, arms, seeds))[kind]))


def test_a_long_title_is_cut_and_a_dollar_is_a_dollar(tmp_path):
    found = many(tmp_path, 3, 2, title="{} costs $5 or $6 " + "and so on " * 20)
    made = figure(plots.curves(found, [ACCURACY]))
    check_legible(made)
    name = made.legends[0].get_texts()[0].get_text()
    assert name.startswith(r"0 costs \$5 or \$6 and")
    assert name.endswith("…")


@pytest.mark.parametrize("letters", range(4, 60, 7))
def test_a_legend_fits_whatever_the_titles(letters):
    entries = [("m" * letters, {"color": "black"})] * 9
    made = figure(lambda figure: plots._legend(figure, entries))
    (legend,) = made.legends
    assert legend.get_window_extent().x1 <= made.bbox.x1
    across = legend._ncols
    assert across == 1 or letters < 30


# --- learning curves ----------------------------------------------------------------------------------------


def rows(*values, column="val_accuracy", every=10):
    return tuple(
        {"step": every * (i + 1), "epoch": i + 1.0, "seconds": 2.0 * (i + 1), column: value}
        for i, value in enumerate(values)
    )


def one_arm(folder, *own):
    """An arm with a cell for each tuple of rows."""
    values = {"plain": {seed: {"accuracy": 0.9} for seed in range(len(own))}}
    return results(folder, values, of=study(arms=(Arm("plain", "plain"),)), rows=lambda _arm, seed: own[seed])


def bold(axes):
    """The line that is drawn thick, as points."""
    (line,) = [line for line in axes.lines if line.get_linewidth() > 1.5]
    return np.array(line.get_xydata())


def test_the_line_is_the_mean_and_the_band_its_interval(tmp_path):
    found = one_arm(tmp_path, rows(0.5, 0.6), rows(0.6, 0.7), rows(0.7, 0.95))
    (axes,) = figure(plots.curves(found, [ACCURACY])).axes
    assert bold(axes) == pytest.approx(np.array([[10, 60], [20, 75]]))
    corners = axes.collections[0].get_paths()[0].vertices
    for step, values in ((10, [50, 60, 70]), (20, [60, 70, 95])):
        ends = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        drawn = sorted({round(y, 6) for x, y in corners if x == step})
        assert drawn == pytest.approx([ends.low, ends.high], abs=1e-5)
    faint = [line for line in axes.lines if line.get_linewidth() < 1]
    assert sorted(line.get_ydata()[-1] for line in faint) == pytest.approx([60, 70, 95])
    # The band reaches −13 to 138 at the second step; the axis shows what the seeds reached.
    assert axes.get_ylim() == pytest.approx((50 - 0.05 * 45, 95 + 0.05 * 45))


def test_on_a_logarithmic_axis_the_mean_is_that_of_the_logarithms(tmp_path):
    found = one_arm(
        tmp_path,
        *(rows(1.0, value, column="train_loss") for value in (0.1, 0.001, 0.01)),
        rows(-1.0, 0.0, column="train_loss"),
    )
    (axes,) = figure(plots.curves(found, [LOSS])).axes
    assert bold(axes) == pytest.approx(np.array([[10, 1.0], [20, 0.01]]))
    corners = axes.collections[0].get_paths()[0].vertices
    ends = stats.ttest_1samp(np.log([0.1, 0.001, 0.01]), 0).confidence_interval(0.95)
    drawn = sorted({round(float(np.log(y)), 6) for x, y in corners if x == 20})
    assert drawn == pytest.approx([ends.low, ends.high], abs=1e-5)
    assert axes.get_yscale() == "log"


def test_a_short_logarithmic_axis_has_names(tmp_path):
    found = one_arm(tmp_path, rows(0.9, 0.15, column="train_loss"))
    (axes,) = figure(plots.curves(found, [LOSS])).axes
    low, high = axes.get_ylim()
    named = [tick.label1.get_text() for tick in axes.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert named == ["0.2", "0.5"]


def test_seeds_that_stopped_early_end_the_mean_but_not_the_others(tmp_path):
    found = one_arm(tmp_path, rows(0.5, 0.6, 0.9), rows(0.5, 0.8), rows(0.5, float("nan"), 0.9))
    (axes,) = figure(plots.curves(found, [ACCURACY])).axes
    assert bold(axes).tolist() == [[10, 50]]
    faint = [line for line in axes.lines if line.get_linewidth() < 1]
    ends = sorted((line.get_xdata()[-1], line.get_ydata()[-1]) for line in faint)
    assert np.array(ends) == pytest.approx(np.array([(20, 80), (30, 90), (30, 90)]))


def test_an_axis_of_many_epochs_has_whole_ones(tmp_path):
    found = one_arm(tmp_path, rows(*[0.5] * 20))
    (axes,) = figure(plots.curves(found, [ACCURACY], against="epoch")).axes
    low, high = axes.get_xlim()
    assert [at for at in axes.get_xticks() if low <= at <= high] == [5, 10, 15, 20]


def test_against_seconds_the_mean_is_over_the_seconds_too(tmp_path):
    slow = tuple({**row, "seconds": 3 * row["seconds"]} for row in rows(0.5, 0.7))
    found = one_arm(tmp_path, rows(0.5, 0.6), slow)
    (axes,) = figure(plots.curves(found, [ACCURACY], against="seconds")).axes
    assert bold(axes) == pytest.approx(np.array([[4, 50], [8, 65]]))
    assert axes.get_xlabel() == "seconds of training"
    assert not axes.collections  # two seeds: no band


def test_limits_and_arms_that_are_chosen(tmp_path):
    panel = Panel("val_accuracy", "accuracy", percent=True, limits=(80, None))
    made = figure(plots.curves(typical(tmp_path), [panel], arms=("plain", "fast")))
    assert made.axes[0].get_ylim()[0] == 80
    assert [one.get_text() for one in made.legends[0].get_texts()] == ["plain SGD", "fast recipe"]


def test_single_seeds_are_left_out_where_they_are_too_many(tmp_path):
    (axes,) = figure(plots.curves(many(tmp_path, 10, 20), [ACCURACY])).axes
    assert len(axes.lines) == 10
    assert len(axes.collections) == 10


def test_a_column_that_no_row_has(tmp_path):
    made = figure(plots.curves(typical(tmp_path), [Panel("absent", "what is not there")]))
    assert "no values" in words(made)


# --- intervals ----------------------------------------------------------------------------------------------


def accuracies(folder, **values):
    measures = {"accuracy": Measure("accuracy", percent=True, bars={"plain": 0.92})}
    cells = {arm: {seed: {"accuracy": one} for seed, one in enumerate(own)} for arm, own in values.items()}
    return results(folder, cells, of=study(measures=measures))


def test_rows_have_every_seed_the_mean_its_interval_and_the_bar(tmp_path):
    found = accuracies(tmp_path, plain=[0.90, 0.91, 0.95], fast=[0.99, float("nan")], same=[])
    (axes,) = figure(plots.by_arm(found, ("accuracy",))).axes
    small = [line for line in axes.lines if line.get_markersize() == 3]
    assert [list(line.get_xdata()) for line in small] == [pytest.approx([90, 91, 95]), pytest.approx([99])]
    assert all((line.get_ydata() > round(line.get_ydata()[0])).all() for line in small)
    bar = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [list(line.get_xdata()) for line in bar] == [pytest.approx([92, 92])]
    ends = stats.ttest_1samp([90, 91, 95], 0).confidence_interval(0.95)
    first = axes.containers[0]
    assert list(first.lines[0].get_xydata()[0]) == pytest.approx([92, 2])
    whisker = first.lines[2][0].get_segments()[0]
    assert sorted(whisker[:, 0]) == pytest.approx([ends.low, ends.high])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "twin of plain",
        "fast recipe",
        "plain SGD",
    ]
    assert axes.get_xlabel() == "accuracy (%)"


def test_two_seeds_have_no_whisker(tmp_path):
    found = accuracies(tmp_path, plain=[0.90, 0.95])
    (axes,) = figure(plots.by_arm(found, ("accuracy",))).axes
    segment = axes.containers[0].lines[2][0].get_segments()[0]
    assert segment[:, 0] == pytest.approx([92.5, 92.5])


def test_a_measure_against_a_size(tmp_path):
    found = accuracies(tmp_path, plain=[0.90, 0.92, 0.94], fast=[0.95, 0.96, 0.97], same=[0.8, 0.9, 0.7])
    sizes = {"plain": ("one", 50.0), "fast": ("one", 10.0), "same": ("other", 10.0)}
    made = figure(plots.against_size(found, "accuracy", sizes, label="examples"))
    (axes,) = made.axes
    one, other = axes.containers
    # By size, shifted by 0.08 · 40 · ½ to the left and to the right
    assert one.lines[0].get_xydata() == pytest.approx(np.array([[8.4, 96], [48.4, 92]]))
    assert other.lines[0].get_xydata() == pytest.approx(np.array([[11.6, 80]]))
    ends = stats.ttest_1samp([95, 96, 97], 0).confidence_interval(0.95)
    assert sorted(one.lines[2][0].get_segments()[0][:, 1]) == pytest.approx([ends.low, ends.high])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "50"]
    assert [one.get_text() for one in made.legends[0].get_texts()] == ["one", "other"]


def test_nothing_to_draw_says_so(tmp_path):
    found = accuracies(tmp_path, plain=[], fast=[])
    for draw in (
        plots.curves(found, [ACCURACY]),
        plots.by_arm(found, ("accuracy",)),
        plots.against_size(found, "accuracy", {"plain": ("one", 1.0)}, label="examples"),
        plots.against_size(found, "accuracy", {}, label="examples"),
    ):
        assert "no values" in words(figure(draw))


# --- style and bytes ----------------------------------------------------------------------------------------


def test_arms_keep_their_colours_and_no_two_look_alike(tmp_path):
    found = many(tmp_path, 21, 1)
    looks = [plots.line_of(found, arm.name) for arm in found.arms]
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 21
    (axes,) = figure(plots.curves(found, [ACCURACY], arms=("a3",))).axes
    assert to_hex(axes.lines[0].get_color()) == looks[3]["color"]


def test_the_style_file_has_the_same_colours():
    with style.context(str(plots.STYLE)):
        cycle = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    assert tuple(cycle) == plots.COLOURS


def test_a_figure_is_the_same_bytes_whatever_else_is_set(tmp_path):
    draw = plots.curves(typical(tmp_path), [LOSS, ACCURACY])
    plot = Plot("curves", "A caption.", draw)
    before = dict(mpl.rcParams)
    first = plots.render(plot)
    with mpl.rc_context({"font.size": 31, "svg.hashsalt": "other", "axes.labelpad": 40}):
        again = plots.render(plot)
    assert first == again
    assert dict(mpl.rcParams) == before
    assert b"dc:date" not in first
    assert b"A caption." in first
    assert b"<text" not in first  # letters are paths: no font is needed where it is shown
    assert b"kept out" in plots.render(plot, note="kept out")


def test_both_kinds_of_file():
    assert plots.render(a_plot(), "png").startswith(b"\x89PNG")
    assert re.match(rb"<\?xml[^>]*>\s*<!DOCTYPE svg", plots.render(a_plot()))


def test_letters_that_the_font_lacks_are_no_warning(tmp_path):
    found = many(tmp_path, 2, 1, title="語 {}")
    assert plots.render(Plot("curves", "", plots.curves(found, [ACCURACY])))
