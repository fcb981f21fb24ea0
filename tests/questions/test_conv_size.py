"""Sizes of a window: textbook values, every unknown, letters, and what is refused.

Hand calculation unless a line says otherwise.
"""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def answer(name, **given):
    return solve("conv_size", **given)[name]


# Dumoulin & Visin (2016), figures of chapters 2 and 4: (input, kernel, stride, padding) -> output
FIGURES = {
    (4, 3, 1, 0): 2,
    (5, 4, 1, 2): 6,
    (5, 3, 1, 1): 5,
    (5, 3, 1, 2): 7,
    (5, 3, 2, 0): 2,
    (5, 3, 2, 1): 3,
    (6, 3, 2, 1): 3,
}


@pytest.mark.parametrize(("sizes", "output"), FIGURES.items())
def test_outputs_of_the_guides_figures(sizes, output):
    n, k, s, p = sizes
    assert answer("output", input=n, kernel=k, stride=s, padding=p) == output


def test_dilated_output_of_the_guides_section_on_dilation():
    assert answer("output", input=7, kernel=3, dilation=2) == 3


# the examination's volumes: 49 = (55 - F)/1 + 1 and 25 = (49 - 3 + 2p)/2 + 1
def test_kernel_and_padding_of_the_examination():
    assert answer("kernel", input=55, kernel="?", stride=1, padding=0, output=49) == 7
    assert answer("padding", input=49, kernel=3, stride=2, padding="?", output=25) == 1


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        ("input", {"input": "?", "kernel": 3, "stride": 3, "padding": 1, "output": 10}, [28, 29, 30]),
        ("input", {"input": "?", "kernel": 3, "padding": 1, "output": 10}, 10),
        ("kernel", {"input": 10, "kernel": "?", "stride": 4, "output": 2}, [3, 4, 5, 6]),
        ("kernel", {"input": 10, "kernel": "?", "dilation": 3, "output": 4}, 3),
        ("stride", {"input": 49, "kernel": 3, "stride": "?", "padding": 1, "output": 25}, 2),
        ("stride", {"input": 20, "kernel": 2, "stride": "?", "output": 3}, [7, 8, 9]),
        ("padding", {"input": 9, "kernel": 2, "stride": 5, "padding": "?", "output": 3}, [2, 3]),
        ("dilation", {"input": 49, "kernel": 3, "padding": 1, "dilation": "?", "output": 47}, 2),
        ("stride", {"input": 9, "kernel": 3, "stride": "?", "output": 1}, "every whole number from 7"),
        ("dilation", {"input": 9, "kernel": 1, "dilation": "?", "output": 9}, "every whole number from 1"),
    ],
)
def test_every_whole_solution_is_listed(asked, given, expected):
    found = answer(asked, **given)
    assert (
        found if isinstance(found, str) else found.tolist() if hasattr(found, "tolist") else found
    ) == expected


# torch 2.13: max_pool1d(zeros(n), k, s, p, ceil_mode=True)
@pytest.mark.parametrize(
    ("sizes", "output"),
    [((32, 3, 2, 0), 16), ((32, 5, 3, 1), 11), ((7, 2, 2, 1), 4), ((5, 3, 3, 1), 2), ((2, 3, 2, 0), 1)],
)
def test_ceil_mode_leaves_out_a_window_that_begins_in_the_padding(sizes, output):
    n, k, s, p = sizes
    assert answer("output", input=n, kernel=k, stride=s, padding=p, ceil_mode=True) == output


def at(formula, **letters):
    return formula.subs({symbol: letters[symbol.name] for symbol in formula.free_symbols})


def formula(name, **given):
    return solve("conv_size", **given).quantities[name].value


def test_letters_give_a_formula_with_a_floor_only_where_the_stride_is_not_1():
    height, width = formula("output", input=["H", "W"], kernel=["M", "N"], stride=1, padding=0, output="?")
    assert str(height) == "H - M + 1"
    assert [at(width, W=9, N=4), at(width, W=4, N=4)] == [6, 1]
    strided = formula("output", input="n", kernel="k", stride=2)
    assert [at(strided, n=7, k=2), at(strided, n=8, k=2)] == [3, 4]


def test_letters_may_be_solved_for():
    assert str(formula("kernel", input="W", kernel="?", output="W - N + 1")) == "N"
    assert at(formula("padding", input="n", kernel="k", padding="?", output="n"), k=5) == 2


def test_axes_are_answered_together_where_each_has_one_value():
    assert answer("output", input=[55, 40], kernel=7, stride=[1, 2]).tolist() == [49, 17]
    assert answer("kernel", input=[8, 9], kernel=["?", "?"], output=[6, 5]).tolist() == [3, 5]
    found = solve("conv_size", input=[55, 40], kernel=["?", "?"], stride=2, padding=1, output=[26, 18])
    assert found["kernel_H"].tolist() == [6, 7]
    assert found["kernel_W"].tolist() == [7, 8]
    assert answer("kernel", input=[55, 40], kernel="?", stride=2, padding=1, output=[26, 18]) == 7


def test_a_given_output_is_checked():
    assert answer("fits", input=49, kernel=3, stride=2, padding=1, output=25) == "yes"
    wrong = solve("conv_size", input=49, kernel=3, stride=2, padding=1, output=24)
    assert (wrong["computed"], wrong["fits"]) == (25, "no")
    assert answer("fits", input="n", kernel="k", padding=1, output="n - k + 3") == "yes"
    assert answer("fits", input="n", kernel="k", padding=1, output="n - k + 2") == "no"


def test_rounding_on_the_way_moves_no_size():
    """The bound 497/498 = 0.998 is 1.00 to two decimals, which no stride of 1 lies above."""
    given = {"input": 500, "kernel": 3, "stride": "?", "output": 498}
    assert solve("conv_size", decimals=2, rounding="steps", **given)["stride"] == 1


def test_a_very_large_input_costs_nothing():
    assert answer("output", input=10**9, kernel=3, stride=2) == 499_999_999


REFUSED = [
    (
        {"input": 49, "kernel": 2, "stride": 3, "padding": "?", "output": 15},
        "output: no padding gives an output of 15 with input 49, kernel 2, stride 3",
        "an output of 16 (with padding 0)",
    ),
    (
        {"input": 50, "kernel": 3, "stride": 1, "padding": "?", "output": 51},
        "output: no padding gives an output of 51 with input 50, kernel 3, stride 1",
        "an output of 50 (with padding 1) or 52 (with padding 2)",
    ),
    (
        {"input": 55, "kernel": "?", "output": 60},
        "output: no kernel gives an output of 60 with input 55, stride 1, padding 0",
        "an output of 55 (with kernel 1)",
    ),
    (
        {"input": 9, "kernel": 3, "stride": "?", "output": 5},
        "output: no stride gives an output of 5 with input 9, kernel 3, padding 0",
        "an output of 4 (with stride 2) or 7 (with stride 1)",
    ),
    (
        {"input": 5, "kernel": 7},
        "kernel: a window that spans 7 on an input of 5",
        "a span of at most 5, or a padding of at least 1",
    ),
    (
        {"input": [8, 9], "kernel": "?", "output": [6, 5]},
        "kernel: no kernel serves all axes: 3 along H, 5 along W",
        '["?", "?"], one an axis',
    ),
    (
        {"input": 9, "kernel": 3, "padding": 2, "stride": 2, "ceil_mode": True},
        "padding: a padding of 2 for a window that spans 3, in ceil mode",
        "a padding of at most 1",
    ),
    ({"input": 3, "kernel": "?"}, "output: kernel is asked for, and no output is given", "the output"),
    ({"input": "?", "kernel": "?", "output": 4}, "kernel: input and kernel are asked for", "one ? an axis"),
    ({"input": [1, 2, 3, 4], "kernel": 1}, "input: found 4 sizes", "1 to 3 sizes"),
    ({"input": [5, 6], "kernel": [2, 2, 2]}, "kernel: 3 sizes where input has 2", "one size, or 2"),
    (
        {"input": "?", "kernel": 3, "stride": 10**6, "output": 4},
        "input: every input from about 3000003 to about 4000002 would do",
        "sizes that leave at most 1000 solutions",
    ),
    (
        {"input": [5, 6], "kernel": [2, 0]},
        "kernel[1]: found 0",
        "a size, a formula in letters, or ? for the unknown, a whole number from 1 to 10^15",
    ),
]


@pytest.mark.parametrize(("given", "problem", "accepted"), REFUSED)
def test_what_cannot_be_says_what_could(given, problem, accepted):
    with pytest.raises(InputError) as caught:
        solve("conv_size", **given)
    assert str(caught.value) == f"{problem}; accepted: {accepted}"


@pytest.mark.parametrize("size", [0, -3, 2.5, "nan", "inf", "1e9999", "", None, {}, [[1]], True])
def test_what_is_no_size_is_refused(size):
    with pytest.raises(InputError, match="input"):
        solve("conv_size", input=size, kernel=3)
