"""Precision against recall, and matrices: what is drawn, and that it can be read."""

from __future__ import annotations

import numpy as np
import pytest
from lab.legible import check_legible, figure, words
from lab.made_results import ARMS, results, study
from sklearn.metrics import f1_score

from workings.lab import classification_plots as plots

CLASSES = ["awning", "bay", "fixed", "horizontal sliding", "hung"]


def cells(folder, *seeds, arms=1):
    values = {arm.name: {seed: {"accuracy": 0.9} for seed in seeds} for arm in ARMS[:arms]}
    return results(folder, values, of=study(arms=ARMS[:arms]))


def bold(axes):
    (line,) = [line for line in axes.lines if line.get_linewidth() > 1.5]
    return np.array(line.get_xydata())


# --- precision and recall -----------------------------------------------------------------------------------


def test_the_mean_precision_at_each_recall_as_far_as_all_seeds_get(tmp_path):
    curves = {
        0: (np.array([1.0, 0.0]), np.array([0.4, 1.0])),  # a straight line, given backwards
        1: (np.array([0.0, 0.5]), np.array([0.6, 0.6])),  # ends at a recall of one half
    }
    draw = plots.precision_recall(cells(tmp_path, 0, 1), lambda cell: curves[cell.seed])
    (axes,) = figure(draw).axes
    mean = {round(r, 4): p for r, p in bold(axes)}
    assert mean[0.0] == pytest.approx(0.8)
    assert mean[0.25] == pytest.approx((0.85 + 0.6) / 2)
    assert mean[0.5] == pytest.approx((0.7 + 0.6) / 2)
    assert np.isnan(mean[0.5025])


@pytest.mark.parametrize("pair", [(0.2, 0.8), (0.8, 0.2)])
def test_of_several_points_at_one_recall_the_best_counts(tmp_path, pair):
    tied = (np.array([0.0, 0.5, 0.5, 1.0]), np.array([1.0, *pair, 0.5]))
    (axes,) = figure(plots.precision_recall(cells(tmp_path, 0), lambda _cell: tied)).axes
    assert dict(bold(axes))[0.5] == pytest.approx(0.8)


def test_the_grey_lines_have_the_f1_that_they_say():
    # Four decisions with 0.6 precision and 0.75 recall: F1 by scikit-learn.
    truth, said = [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 1, 1]
    f = f1_score(truth, said)
    assert f == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    plots._equal_f1(axes)
    for line, level in zip(axes.lines, plots.EQUAL_F1, strict=True):
        r, p = line.get_data()
        assert 2 * r * p / (r + p) == pytest.approx(np.full(r.size, level))
        assert (r[0], p[0], r[-1]) == pytest.approx((level / (2 - level), 1, 1))


def test_points_cells_without_a_curve_and_broken_values(tmp_path):
    curves = {
        0: None,
        1: (np.array([np.nan]), np.array([0.5])),
        2: (np.array([0.0, 1.0]), np.array([1.0, 0.5])),
    }
    found = cells(tmp_path, 0, 1, 2, arms=2)
    points = {0: None, 1: (0.3, 0.4), 2: (0.6, 0.7)}
    made = figure(
        plots.precision_recall(
            found,
            lambda cell: curves[cell.seed],
            point=lambda cell: points[cell.seed] if cell.arm == "fast" else None,
        )
    )
    check_legible(made)
    (axes,) = made.axes
    dots = [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() == "o"]
    assert dots == [(0.3, 0.4), (0.6, 0.7)]
    assert [one.get_text() for one in made.legends[0].get_texts()] == ["plain SGD", "fast recipe"]


def test_no_curve_at_all_says_so(tmp_path):
    made = figure(plots.precision_recall(cells(tmp_path, 0), lambda _cell: None))
    assert "no values" in words(made)


# --- matrices -----------------------------------------------------------------------------------------------


def confusion(n, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 5, (n, n)) + np.diag(random.integers(40, 1100, n))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "names", [CLASSES, ["no", "yes"], list("0123456789"), [f"class {i}" for i in range(60)]]
)
def test_matrices_can_be_read(count, names):
    panels = {f"the arm of the number {i}, with augmentation": confusion(len(names), i) for i in range(count)}
    check_legible(figure(plots.matrices(panels, names, names)))


def test_cells_are_coloured_by_their_share_of_the_row():
    values = np.array([[30.0, 10.0], [0.0, 0.0]])
    made = figure(plots.matrices({"m": values}, ["a", "b"], ["c", "d"]))
    (axes,) = made.axes
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]
    numbers = {one.get_text(): one.get_color() for one in axes.texts}
    assert numbers == {"30": "white", "10": "#1f2328"}  # noughts are left out
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")) == ("predicted", "true", "m")


def test_large_maps_have_a_scale_in_place_of_numbers():
    values = np.random.default_rng(0).dirichlet(np.ones(18), 30)
    made = figure(
        plots.matrices(
            {"attention": values},
            [f"{i}" for i in range(30)],
            list("2024-11-21 $eos$ x"),
            row_label="output",
            column_label="input",
            by_row=False,
            label="attention",
        )
    )
    check_legible(made)
    axes, scale = made.axes
    assert not axes.texts
    assert scale.get_ylabel() == "attention"
    assert axes.images[0].get_clim() == (0, values.max())
    assert r"\$" in [tick.get_text() for tick in axes.get_xticklabels()]


def test_no_matrix_says_so():
    assert "no values" in words(figure(plots.matrices({}, [], [])))
