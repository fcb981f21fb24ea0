"""Intersection over union: the assignment's four pairs, every notation, and what is refused."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve

PAIRS = {
    "A": {"target": [0, 0, 3, 3], "prediction": [1, 1, 4, 4]},
    "B": {"target": [1, 1, 4, 4], "prediction": [0, 0, 5, 5]},
    "C": {"target": [1, 0, 4, 3], "prediction": [0, 1, 5, 3]},
    "D": {"target": [0, 0, 3, 3], "prediction": [1, 0, 4, 3]},
}


def test_the_assignments_table():
    found = solve("iou", pairs=PAIRS)
    assert found["area_target"].tolist() == [9, 9, 9, 9]
    assert found["area_prediction"].tolist() == [9, 25, 10, 9]
    assert found["areas"].tolist() == [[9, 9], [9, 25], [9, 10], [9, 9]]
    assert found["intersection"].tolist() == [4, 9, 6, 6]
    assert found["union"].tolist() == [14, 25, 13, 12]
    assert [str(ratio) for ratio in found.values["iou"]] == ["2/7", "9/25", "6/13", "1/2"]


# boxes of 4 × 2 and 2 × 4 that share 2 × 2: 4 / (8 + 8 - 4)
WRITTEN = [
    {"target": [0, 0, 4, 2], "prediction": [2, 0, 4, 4]},
    {"target": [2, 1, 4, 2], "prediction": [3, 2, 2, 4], "boxes": "centre"},
    {"target": [0, 0, 4, 2], "prediction": [2, 0, 2, 4], "boxes": "width_height"},
    {"target": [4, 2], "prediction": [2, 4], "overlap": [2, 2], "boxes": "sides"},
    {"target": [0, 0, 3, 1], "prediction": [2, 0, 3, 3], "inclusive": True},
]


@pytest.mark.parametrize("given", WRITTEN)
def test_the_same_boxes_in_every_notation(given):
    found = solve("iou", given)
    assert (found["intersection"], found["union"]) == (4, 12)
    assert str(found.values["iou"]) == "1/3"


def test_boxes_apart_and_boxes_that_only_touch():
    assert solve("iou", target=[0, 0, 1, 1], prediction=[5, 5, 6, 6])["iou"] == 0
    assert solve("iou", target=[0, 0, 1, 1], prediction=[1, 0, 2, 1])["iou"] == 0
    # as pixels they share a column of 2 of 4 + 4 - 2
    pixels = solve("iou", target=[0, 0, 1, 1], prediction=[1, 0, 2, 1], inclusive=True)
    assert str(pixels.values["iou"]) == "1/3"


REFUSED = [
    ({}, "target: no target; accepted: target and prediction, or pairs of them"),
    (
        {"target": [0, 0, 1], "prediction": [0, 0, 1, 1]},
        "target: found 3 numbers; accepted: x_1, y_1, x_2, y_2",
    ),
    (
        {"target": [3, 0, 1, 1], "prediction": [0, 0, 1, 1]},
        "target: a width of -2; accepted: a width above 0",
    ),
    (
        {"target": [0, 0, 1, 1], "prediction": [0, 0, 1, 0]},
        "prediction: a height of 0; accepted: a height above 0",
    ),
    (
        {"pairs": {"A": {"target": [0, 0, 1, 1], "predicted": [0, 0, 1, 1]}}},
        "pairs.A: unknown field 'predicted'; accepted: overlap, prediction, target. Did you mean prediction?",
    ),
    ({"pairs": {}}, "pairs: found 0 pairs; accepted: 1 to 1000"),
    (
        {"target": [1, 1], "prediction": [2, 2], "overlap": [2, 1], "boxes": "sides"},
        "overlap: an overlap wider than a box: a width of 2; accepted: at most 1",
    ),
    (
        {"target": [0, 0, 1, 1], "prediction": [0, 0, 1, 1], "boxes": "centre", "inclusive": True},
        "inclusive: inclusive pixels with centre; accepted: boxes: corners",
    ),
    (
        {"target": ["nan", 0, 1, 1], "prediction": [0, 0, 1, 1]},
        "target[0]: found 'nan'; accepted: a number such as 3, -0.5, 1e-3 or 3/14",
    ),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_is_no_box_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        solve("iou", given)
    assert str(caught.value) == message
