"""Filters on images: values worked out by hand, every kind of padding, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from workings.algebra.digits import exact_value
from workings.errors import InputError
from workings.solution import solve

STEP = [[0, 0, 0, 1, 1, 1]] * 5  # a vertical edge
RAMP = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def output(image, kernel, **given):
    return solve("conv_apply", image=image, kernel=kernel, **given)["output"].tolist()


# hand calculation: 1 + 2 + 1 where the window lies across the edge, 0 on even ground
def test_sobel_finds_the_edge():
    assert output(STEP, "sobel_x") == [[0, 4, 4, 0]] * 3
    assert output(STEP, "sobel_y") == [[0] * 4] * 3
    assert output(np.transpose(STEP).tolist(), "sobel_y") == [[0] * 3, [4] * 3, [4] * 3, [0] * 3]


def test_a_turned_kernel_turns_the_sign():
    assert output(STEP, "sobel_x", flip=True) == [[0, -4, -4, 0]] * 3


def test_edge_filters_do_not_see_even_ground_and_blurs_keep_it():
    even = [[7] * 5] * 5
    edges = (
        "sobel_x",
        "sobel_y",
        "prewitt_x",
        "prewitt_y",
        "scharr_x",
        "scharr_y",
        "laplacian",
        "laplacian_8",
    )
    for name in edges:
        assert output(even, name) == [[0] * 3] * 3
    for name in ("box_blur", "gaussian", "identity", "sharpen"):
        assert output(even, name) == [[7] * 3] * 3


def test_paddings():
    ones = [[1, 1], [1, 1]]
    assert output(RAMP, ones, padding="valid") == [[8, 12], [20, 24]]
    assert output(RAMP, ones, padding="same") == [[8, 12, 7], [20, 24, 13], [13, 15, 8]]
    full = [[0, 1, 3, 2], [3, 8, 12, 7], [9, 20, 24, 13], [6, 13, 15, 8]]
    assert output(RAMP, ones, padding="full") == output(RAMP, ones, padding=1) == full
    assert output(RAMP, ones, padding=[1, 0]) == [row[1:3] for row in full]
    assert output(RAMP, ones, padding=1, stride=2) == [[0, 3], [9, 24]]
    assert output(RAMP, ones, padding=1, stride=[3, 1]) == [full[0], full[3]]


def test_each_entry_is_written_out():
    found = solve("conv_apply", image=RAMP, kernel=[[2, 0], [-1, "0.5"]])
    assert str(found.working["z_1_1"].expr) == "2 · 0 − 1 · 3 + 0.5 · 4"
    assert found["z_2_2"] == found["output"][1, 1] == 5  # 2·4 - 7 + 0.5·8
    assert "z_1_1" not in solve("conv_apply", image=[[1] * 9] * 9, kernel="identity").working


def test_letters_give_formulas():
    found = solve("conv_apply", image={"letters": "x", "shape": [2, 2]}, kernel=[["a", "b"]])
    assert [str(entry) for entry in found.quantities["output"].value.ravel()] == [
        "a*x_11 + b*x_12",
        "a*x_21 + b*x_22",
    ]


def test_decimals_are_exact():
    value = solve("conv_apply", image=[["0.1", "0.2"]], kernel=[["0.3", "0.1"]]).quantities["output"].value
    assert exact_value(value[0, 0]) == Fraction(1, 20)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kernel": "sobl_x"}, "kernel: unknown filter 'sobl_x'"),
        (
            {"kernel": [[1, 1, 1, 1]]},
            "kernel: a kernel of 4 on an image of 3; accepted: a smaller kernel, or padding",
        ),
        (
            {"kernel": [[1, 2], [3]]},
            "kernel[1]: found a row of 1 beside rows of 2; accepted: rows of one length",
        ),
        (
            {"kernel": [["a", 2], ["b"]]},
            "kernel[1]: found a row of 1 beside rows of 2; accepted: rows of one length",
        ),
        ({"kernel": []}, "kernel: found an empty list"),
        ({"image": [1, 2, 3]}, "image: found a list of numbers; accepted: a list of rows of numbers"),
        ({"image": [["nan", 1]]}, "image[0][0]: found 'nan'"),
        (
            {"image": {"letters": "x", "shape": ["n", 3]}},
            "image: a size that is a letter; accepted: sizes in numbers",
        ),
        (
            {"image": {"letters": "x", "shape": [30, 30]}},
            "image: 900 letters; accepted: at most 400, or numbers",
        ),
        ({"image": {"letter": "x", "shape": [3, 3]}}, "image: unknown field 'letter'"),
        ({"kernel": [["z_1_1"]]}, "the letter z_1_1, which is also a name of this question"),
        ({"padding": "some"}, "padding: unknown padding 'some'"),
        ({"padding": -1}, "padding: found -1"),
        (
            {"padding": "same", "stride": 2},
            "padding: padding same with a stride; accepted: stride 1, or a number",
        ),
        ({"stride": 0}, "stride: found 0"),
        ({"padding": 10**6}, "padding: a padded image of more than 100000 entries; accepted: less padding"),
    ],
)
def test_what_cannot_be_says_what_could(given, message):
    with pytest.raises(InputError) as caught:
        solve("conv_apply", **{"image": RAMP, "kernel": [[1]], **given})
    assert str(caught.value).startswith(message)
