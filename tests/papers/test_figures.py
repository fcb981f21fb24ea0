"""Figures are drawn from givens: readable, safe to inline, the same bytes each time, true to their data."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.errors import InputError
from workings.papers.figures import (
    FIGURES,
    Curve,
    Pair,
    Passage,
    Volume,
    boxes,
    figure_for,
    network,
    precision_recall,
    transformer_layer,
    volumes,
)
from workings.papers.figures.canvas import BLUE, VERMILLION, width_of
from workings.papers.figures.grid import PANEL

SVG = "{http://www.w3.org/2000/svg}"

# The network, the boxes and the shapes of the example papers.
WEIGHTS = [
    [["3.2", "-2.4", "-2.1"], ["-1.2", "-1.4", "2.6"]],
    [["3.0", "0.0"], ["-2.4", "-4.2"], ["-3.0", "2.5"]],
    [["2.0"], ["-1.0"]],
]
EXAMPLE = {
    "x": ["1.0", "2.0"],
    "weights": [*WEIGHTS[:2], ["2.0", "-1.0"]],
    "biases": "0.5",
    "activations": ["tanh", "tanh", "sigmoid"],
}
FOUR = [
    Pair((0, 0, 3, 3), (1, 1, 4, 4), "A"),
    Pair((1, 1, 4, 4), (0, 0, 5, 5), "B"),
    Pair((1, 0, 4, 3), (0, 1, 5, 3), "C"),
    Pair((0, 0, 3, 3), (1, 0, 4, 3), "D"),
]
CATS = Curve([1 / 3, 1 / 3, 2 / 3, 1, 1], [1, 1 / 2, 2 / 3, 3 / 4, 3 / 5], "Cat (AP = 0.43)")
LAYER = {"Q": [10, 90, 20], "attention": [10, 5, 90, 90]}
NETWORK = (
    [Volume((12, 55, 55), "input"), Volume((6, 49, 49)), Volume((4, 25, 25)), Volume((128,), "output")],
    [
        Passage("convolution 1", ("*n*_1 = ? filters",), "?"),
        Passage("convolution 2", ("*P* = ?",), 3),
        Passage("fully connected"),
    ],
)


def drawings():
    return {
        "network": network(WEIGHTS, "0.5", ["tanh", "tanh", "sigmoid"], ["1.0", "2.0"]),
        "volumes": volumes(*NETWORK),
        "boxes": boxes(FOUR),
        "precision_recall": precision_recall([CATS], "mAP = 0.54"),
        "transformer_layer": transformer_layer([10, 90, 20], 5, LAYER),
    }


def root(svg):
    return ET.fromstring(svg)  # noqa: S314  our own text


def texts(svg):
    """What each label says, subscripts run in."""
    return ["".join(element.itertext()) for element in root(svg).iter(f"{SVG}text")]


def rectangles(svg, **attributes):
    found = [r for r in root(svg).iter(f"{SVG}rect") if all(r.get(k) == v for k, v in attributes.items())]
    return [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in found]


@pytest.mark.parametrize("name", drawings())
def test_every_figure_is_safe_to_inline_and_readable_aloud(name):
    svg = drawings()[name]
    element = root(svg)
    assert element.get("role") == "img"
    assert element.get("aria-label") == element.find(f"{SVG}title").text
    assert svg.startswith("<svg ")
    assert svg.endswith("</svg>\n")
    tags = {part.tag.removeprefix(SVG) for part in element.iter()}
    assert tags <= {"svg", "title", "rect", "line", "polyline", "polygon", "circle", "text", "tspan"}
    assert not {key for part in element.iter() for key in part.attrib} & {"id", "href", "class", "onload"}


@pytest.mark.parametrize("name", drawings())
def test_the_same_data_give_the_same_bytes(name):
    assert drawings()[name] == drawings()[name]


@pytest.mark.parametrize("name", drawings())
def test_every_label_stands_within_the_card(name):
    element = root(drawings()[name])
    wide, high = float(element.get("width")), float(element.get("height"))
    for text in element.iter(f"{SVG}text"):
        x, y, size = (float(text.get(key)) for key in ("x", "y", "font-size"))
        extent = 0 if text.get("transform") else width_of("".join(text.itertext()), size)
        left = x - extent * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        assert left > 0
        assert left + extent < wide
        assert y - size * 0.8 > 0
        assert y + size * 0.2 < high


def test_network_has_every_neuron_weight_bias_and_input():
    svg = drawings()["network"]
    assert len(root(svg).findall(f"{SVG}circle")) == 2 + 3 + 2 + 1
    assert (
        len(root(svg).findall(f"{SVG}line")) == 2 * 3 + 3 * 2 + 2 * 1 + 1
    )  # the edges and the output's arrow
    said = texts(svg)
    for weight in (w for matrix in WEIGHTS for row in matrix for w in row):
        assert weight.replace("-", "−") in said
    assert said.count("b = 0.5") == 6
    assert {"1.0", "2.0", "x1", "x2", "y"} <= set(said)


def test_weights_in_the_network_keep_clear_of_one_another():
    labels = [
        (float(t.get("x")), float(t.get("y")), t.text)
        for t in root(drawings()["network"]).iter(f"{SVG}text")
        if t.get("font-size") == "14"
        and t.get("text-anchor") == "middle"
        and re.fullmatch(r"−?\d\.\d", t.text or "")
    ]
    assert len(labels) == 14
    for (x, y, label), (other_x, other_y, other) in combinations(labels, 2):
        apart = abs(x - other_x) > (width_of(label, 14) + width_of(other, 14)) / 2
        assert apart or abs(y - other_y) > 14, (label, other)


def test_each_weight_stands_on_its_own_edge():
    """The only edges of weights 7.25 and 8.5 run from the inputs to the single neuron."""
    svg = network([[["7.25"], ["8.5"]]], None, ["identity"])
    lines = [[float(line.get(k)) for k in ("x1", "y1", "x2", "y2")] for line in root(svg).iter(f"{SVG}line")]
    for label, (x1, y1, x2, y2) in zip(("7.25", "8.5"), lines[:2], strict=True):
        text = next(t for t in root(svg).iter(f"{SVG}text") if t.text == label)
        part = (float(text.get("x")) - x1) / (x2 - x1)
        assert 0 < part < 1
        assert float(text.get("y")) - 0.33 * 14 == pytest.approx(y1 + part * (y2 - y1), abs=0.1)


def test_wide_layers_show_dots_and_no_weights():
    svg = network([[["0.25"] * 300] * 784, [["0.25"] * 10] * 300], None, ["relu", "softmax"])
    said = texts(svg)
    assert said.count("⋮") == 3
    assert "0.25" not in said
    assert "x784" in said
    assert "x400" not in said


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "empty weight matrix"),
        ([[[]]], "empty weight matrix"),
        ([[["1", "2"], ["3"]]], "weights[0]: found rows of different lengths"),
        ([[["1", "2"]], [["1"]]], "weights[1]: found 1 rows after a layer of 2 neurons; accepted: 2 rows"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with pytest.raises(InputError, match=re.escape(message)):
        network(weights, None, ["tanh"])


def test_volumes_bear_their_sizes_and_unknowns():
    said = texts(drawings()["volumes"])
    for label in ("12", "55", "6", "49", "4", "25", "128", "n1 = ? filters", "P = ?", "3", "?"):
        assert label in said
    assert said.count("55") == 2


def test_volumes_and_layers_must_alternate():
    with pytest.raises(InputError, match="found 2 volumes and 0 layers"):
        volumes([Volume((1, 2, 2)), Volume((1, 2, 2))], [])


def test_boxes_have_the_areas_that_the_paper_prints():
    """Sides and overlaps of the paper's table, in grid units: a panel has 7, for a pair 5 wide and air."""
    svg = drawings()["boxes"]
    unit = PANEL / 7
    sides = {
        "target": (rectangles(svg, stroke=BLUE), [(3, 3), (3, 3), (3, 3), (3, 3)]),
        "prediction": (rectangles(svg, stroke=VERMILLION), [(3, 3), (5, 5), (5, 2), (3, 3)]),
        "overlap": (rectangles(svg, fill="#f0e3b2"), [(2, 2), (3, 3), (3, 2), (2, 3)]),
    }
    for found, expected in sides.values():
        for (_, _, wide, high), sides_of_one in zip(found[:4], expected, strict=True):
            assert (wide / unit, high / unit) == pytest.approx(sides_of_one, abs=0.01)


def test_boxes_apart_have_no_overlap():
    svg = boxes([Pair((0, 0, 1, 1), (2, 2, 3, 3))])
    assert not rectangles(svg, fill="#f0e3b2")


def test_large_boxes_are_scaled_into_the_panel():
    svg = boxes([Pair((0, 0, 1024, 768), (100, 50, 900, 700), "image")])
    (_, _, wide, _), *_ = rectangles(svg, stroke=BLUE)
    assert wide < PANEL
    assert len(root(svg).findall(f"{SVG}line")) == 4


def test_box_without_area_is_refused():
    with pytest.raises(InputError, match="found a box without area in A"):
        boxes([Pair((0, 0, 0, 3), (1, 1, 4, 4), "A")])


def test_curve_runs_through_its_points():
    svg = drawings()["precision_recall"]
    curve = next(p for p in root(svg).iter(f"{SVG}polyline") if p.get("stroke") == BLUE)
    points = [tuple(map(float, pair.split(","))) for pair in curve.get("points").split()]
    assert len(points) == 5
    steps = [(b[0] - a[0], a[1] - b[1]) for a, b in pairwise(points)]
    width, height = steps[1][0] * 3, (points[1][1] - points[0][1]) * 2  # a third of recall; half of precision
    recalls, precisions = CATS.recall, CATS.precision
    for (right, up), r, p in zip(steps, pairwise(recalls), pairwise(precisions), strict=True):
        assert right / width == pytest.approx(r[1] - r[0], abs=1e-3)
        assert up / height == pytest.approx(p[1] - p[0], abs=1e-3)


def test_axes_without_answers_stay_empty():
    svg = figure_for("precision_recall", {"rule": "trapezoid"}, {})
    assert not root(svg).findall(f"{SVG}circle")
    assert "recall" in texts(svg)


@pytest.mark.parametrize(
    ("recall", "precision", "message"),
    [
        ([0.5], [0.5, 1], "1 recalls and 2 precisions"),
        ([0.5], [1.5], "outside 0 to 1"),
        ([float("nan")], [0.5], "outside 0 to 1"),
    ],
)
def test_impossible_curves(recall, precision, message):
    with pytest.raises(InputError, match=message):
        precision_recall([Curve(recall, precision)])


def test_layer_names_all_ten_tensors_and_shows_only_known_shapes():
    said = texts(drawings()["transformer_layer"])
    names = ["Q", "K", "V", "Q per head", "K per head", "V per head", "attention map", "output"]
    for name in [*names, "Dropout-1’s output", "Dropout-2’s output", "split into 5 heads"]:
        assert name in said
    assert said.count("[10, 90, 20]") == 1
    assert said.count("[10, 5, 90, 90]") == 1


def test_a_figure_by_name():
    svg = figure_for("network", EXAMPLE, {})
    assert svg == drawings()["network"]


def test_unknown_figure():
    with pytest.raises(InputError) as caught:
        figure_for("netwrok", {}, {})
    assert caught.value.near == ("network",)
    assert all(name in str(caught.value) for name in FIGURES)


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "precision_recall"])
def test_givens_that_do_not_fit_the_figure_are_named(name):
    with pytest.raises(InputError, match=r"found no \w+ to draw"):
        figure_for(name, {"logits": ["1", "2"]}, {})


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "a & b", '"quoted"', "*x*_y^z\\", "\x00\x1b[31m", "x" * 5000]
)
def test_text_from_a_paper_stays_text(hostile):
    svg = network([[[hostile]]], hostile, [hostile], [hostile])
    svg += boxes([Pair((0, 0, 1, 1), (0, 0, 2, 2), hostile)])
    assert "<script" not in svg
    assert len(svg) < 20000
    assert not re.search("[\x00-\x09\x0b-\x1f]", svg)
    for part in svg.split("</svg>\n")[:2]:
        root(part + "</svg>")


def test_markup_characters_of_a_paper_are_shown_as_they_are():
    assert "*x*_y^z" in texts(boxes([Pair((0, 0, 1, 1), (0, 0, 2, 2), "*x*_y^z")]))


entries = st.one_of(st.integers(), st.text(max_size=8), st.fractions())


@settings(max_examples=40)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=4), entries, entries)
def test_any_network_is_drawn(sizes, weight, bias):
    weights = [[[weight] * after] * before for before, after in pairwise(sizes)]
    root(network(weights, bias, ["tanh"] * len(weights), [weight] * sizes[0]))


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.fractions(-50, 50)] * 4), min_size=1, max_size=6), st.fractions(0, 9))
def test_any_boxes_are_drawn(corners, shift):
    pairs = [
        Pair((x, y, x + 1 + abs(w), y + 1 + abs(h)), (x + shift, y, x + shift + 2, y + Fraction(1, 3)))
        for x, y, w, h in corners
    ]
    svg = boxes(pairs)
    high = float(root(svg).get("height"))
    assert all(y >= 0 and y + tall <= high + 1 for _, y, _, tall in rectangles(svg))


CONVOLUTIONS = {
    "input": [12, 55, 55],
    "layers": [
        {"conv": {"filters": "?", "kernel": "?", "stride": 1, "padding": 0, "output": [6, 49, 49]}},
        {"kind": "conv", "filters": 4, "kernel": 3, "stride": 2, "padding": "?", "output": [4, 25, 25]},
        "relu",
        "flatten",
        {"dense": {"neurons": 128}},
    ],
}


def test_volumes_from_the_givens_of_a_network():
    said = texts(figure_for("volumes", CONVOLUTIONS, {}))
    for label in ("convolution 1", "? filters", "? × ?", "stride 1", "padding 0", "convolution 2", "3 × 3"):
        assert label in said
    assert {"4 filters", "stride 2", "padding ?", "relu", "dense 1", "128", "input", "output"} <= set(said)
    assert [said.count(size) for size in ("12", "55", "6", "49", "4", "25")] == [1, 2, 1, 2, 1, 2]


def test_sizes_that_are_asked_for_stay_open_until_they_are_known():
    lenet = {"input": [1, 28, 28], "layers": [{"conv": {"filters": 6, "kernel": 5}}, {"pool": {"kernel": 2}}]}
    asked = texts(figure_for("volumes", lenet, {}))
    solved = texts(figure_for("volumes", lenet, {"size_1": [6, 24, 24], "size_2": [6, 12, 12]}))
    assert asked.count("?") == 4
    assert asked.count("6") == 2
    assert "?" not in solved
    assert (solved.count("24"), solved.count("12")) == (2, 2)


def test_a_long_network_stands_in_rows():
    layers = [{"conv": {"filters": 8, "kernel": 3, "output": [8, 20 - n, 20 - n]}} for n in range(9)]
    svg = figure_for("volumes", {"input": [3, 22, 22], "layers": layers}, {})
    assert float(root(svg).get("width")) < 800
    assert [f"convolution {n}" in texts(svg) for n in range(1, 10)] == [True] * 9


def test_a_sequence_has_two_sizes():
    said = texts(figure_for("volumes", {"input": [10, 50], "layers": [{"pool": {"kernel": 2}}]}, {}))
    assert (said.count("10"), said.count("50")) == (2, 1)


@pytest.mark.parametrize("layer", [3, {}, {"conv": 3}, {"conv": {}, "pool": {}}, [1]])
def test_layer_that_is_none(layer):
    with pytest.raises(InputError, match=r"layers\[0\]: found .*accepted: a layer such as"):
        figure_for("volumes", {"input": [1, 2, 2], "layers": [layer]}, {})


def test_curves_from_the_answers():
    values = {
        "recall_cat": [Fraction(1, 3), 1],
        "precision_cat": [1, Fraction(3, 4)],
        "AP_cat": Fraction(31, 72),
    }
    said = texts(figure_for("precision_recall", {}, {**values, "mAP": Fraction(49, 90)}))
    assert {"Cat (AP = 0.43)", "mAP = 0.54"} <= set(said)  # as the coursework's own plot has them


def test_boxes_from_the_givens():
    svg = figure_for("boxes", {"pairs": {"A": {"target": [0, 0, 3, 3], "prediction": [1, 1, 4, 4]}}}, {})
    assert svg == boxes(FOUR[:1])
    alone = figure_for("boxes", {"target": [0, 0, 3, 3], "prediction": [1, 1, 4, 4]}, {})
    assert alone == boxes([Pair(FOUR[0].target, FOUR[0].prediction)])
    with pytest.raises(InputError, match="found boxes as 'sides'"):
        figure_for("boxes", {"boxes": "sides", "pairs": {}}, {})


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ({"target": [0, 0, 3, 3]}, "pairs.A: found no prediction to draw"),
        ({"target": [0, 0, 3], "prediction": [1, 1, 4, 4]}, "pairs.A.target: found 3 numbers"),
        ({"target": [0, 0, 3, "x"], "prediction": [1, 1, 4, 4]}, "pairs.A.target: found 'x'"),
    ],
)
def test_boxes_that_cannot_be_drawn(pair, message):
    with pytest.raises(InputError, match=re.escape(message)):
        figure_for("boxes", {"pairs": {"A": pair}}, {})
