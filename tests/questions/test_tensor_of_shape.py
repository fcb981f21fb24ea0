"""Tensors written down: the example, and the judgement on other people's."""

from __future__ import annotations

import numpy as np
import pytest

from workings.errors import InputError
from workings.numerals import Numeral
from workings.questions.tensor_of_shape import Given, check_example
from workings.solution import solve


def test_the_examinations_tensor():
    found = solve("tensor_of_shape", shape=[2, 1, 3])
    assert found["example"].tolist() == [[[1, 2, 3]], [[4, 5, 6]]]
    assert (found["entries"], found["depth"]) == (6, 3)


@pytest.mark.parametrize("shape", [[1], [3, 2], [2, 2, 2, 2]])
def test_numpy_reads_the_printed_example_with_that_shape(shape):
    printed = solve("tensor_of_shape", shape=shape, dtype="float").quantities["example"].printed.text
    assert np.array(eval(printed)).shape == tuple(shape)  # noqa: S307  our own brackets and digits
    assert np.array(eval(printed)).dtype == np.float64  # noqa: S307


JUDGED = [
    ([[[1, 2, 3]], [[4, 5, 6]]], None),
    ("[[[1, 2, 3]], [[-4, 5, 6]]]", None),
    ("(((1, 2, 3),), ((4, 5, 6),))", None),
    (
        [[[Numeral("1."), Numeral("2."), Numeral("3.")]], [[Numeral("7."), Numeral("8."), Numeral("9.")]]],
        "its shape is right, but 1. is a float: in Python a decimal point makes one",
    ),
    ([[1, 2, 3], [4, 5, 6]], "its shape is [2, 3], asked for is [2, 1, 3]"),
    ([[[1, 2, 3]], [[4, 5]]], "rows of different lengths"),
    ([[[1, 2, 3]], [[4, 5, "x"]]], "'x' is not a number"),
    ("one two three", "not readable as nested brackets"),
    ("[" * 5000, "not readable as nested brackets"),
    (None, "not readable as nested brackets"),
]


@pytest.mark.parametrize(("answer", "fault"), JUDGED)
def test_an_integer_tensor_is_judged_by_its_structure(answer, fault):
    assert check_example(Given(shape=[2, 1, 3]), answer) == fault


def test_floats_need_a_point():
    given = Given(shape=[2], dtype="float32")
    assert check_example(given, "[1., 2.]") is None
    assert check_example(given, [0.5, 1.5]) is None
    assert (
        check_example(given, [1, 2]) == "its shape is right, but 1 is an integer; a float has a decimal point"
    )


def test_a_tensor_of_a_billion_entries_is_refused_with_its_count():
    with pytest.raises(InputError) as caught:
        solve("tensor_of_shape", shape=[1000, 1000, 1000])
    expected = "shape: a tensor of 1000000000 entries; accepted: at most 10000, which can be written down"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([], "shape: found 0 entries; accepted: at least 1"),
        ([2, 0], "shape[1]: found 0; accepted: a size, a whole number from 1 to 10^15"),
        (["n"], "shape[0]: found 'n'; accepted: a size, a whole number from 1 to 10^15"),
        ([1] * 9, "shape: found 9 entries; accepted: at most 8"),
    ],
)
def test_other_shapes_are_refused(shape, message):
    with pytest.raises(InputError) as caught:
        solve("tensor_of_shape", shape=shape)
    assert str(caught.value) == message
