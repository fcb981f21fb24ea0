"""Depthwise separable convolutions: the examination's key, conventions, letters, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from workings.errors import InputError
from workings.solution import solve

EXAMINATION = {"input": [12, 55, 55], "output": [6, 49, 49], "kernel": 7}


def separable(**given):
    return solve("depthwise_separable", **{**EXAMINATION, **given})


# the printed key of the examination
def test_filters_and_flops_of_the_examination():
    found = separable(stride=1, padding=0, count="flops", bias=False)
    assert (found["depthwise_filters"], found["pointwise_filters"]) == (12, 6)
    assert found["depthwise_size"].tolist() == [1, 7, 7]
    assert found["pointwise_size"].tolist() == [12, 1, 1]
    counts = [found[name] for name in ("standard", "depthwise", "pointwise", "separable")]
    assert counts == [16_941_456, 2_823_576, 345_744, 3_169_320]
    ratio = found.quantities["ratio"].value
    assert Fraction(int(ratio.numerator), int(ratio.denominator)) == Fraction(55, 294)


# 2·588 - 1 = 1175 operations for each of 6·49·49 outputs; 2·49 - 1 and 2·12 - 1 for the parts
def test_one_addition_fewer_an_output():
    exact = separable(count="flops_without_first_add")
    assert exact["standard"] == 1175 * 6 * 2401
    assert (exact["depthwise"], exact["pointwise"]) == (97 * 12 * 2401, 23 * 6 * 2401)
    biased = separable(count="flops_without_first_add", bias=True)
    assert biased["standard"] == 16_941_456


def test_macs_are_half_the_flops_and_a_bias_changes_neither():
    assert separable(count="macs", bias=True)["standard"] == 8_470_728
    assert separable(bias=True)["standard"] == 16_941_456


def test_sides_are_worked_out_where_they_are_unknown():
    found = separable(output=[6, "?", "?"], input=[12, 55, 60], kernel=3, stride=2, padding=1)
    assert (found["height"], found["width"]) == (28, 30)
    assert separable(input=[12, "?", "?"])["standard"] == 16_941_456


# Howard et al. (2017), §3.1: 1/N + 1/D_K²
def test_letters_leave_the_papers_ratio():
    found = separable(input=["M", "H", "W"], output=["N", "U", "V"], kernel="K").quantities["ratio"].value
    at = {symbol: {"N": 6, "K": 7}[symbol.name] for symbol in found.free_symbols}
    assert found.subs(at) == Fraction(55, 294)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"output": [6, 48, 49]},
            "output[1]: 48 from an input of 55; accepted: 49, or ? to have it worked out",
        ),
        (
            {"kernel": 60, "output": [6, 1, 1]},
            "output[1]: 1 from an input of 55; accepted: a kernel that fits on the input",
        ),
        ({"input": [12, 55]}, "input: found 2 sizes; accepted: channels, height and width"),
        ({"input": ["?", 55, 55]}, "input[0]: found ?; accepted: a number of channels or a letter"),
        (
            {"input": [12, "?", 55], "output": [6, "?", 49]},
            "output[1]: found ? here and in the input; accepted: one of the two",
        ),
        (
            {"count": "flop"},
            "count: found 'flop'; accepted: flops, macs, flops_without_first_add. Did you mean flops?",
        ),
    ],
)
def test_what_cannot_be_says_what_could(given, message):
    with pytest.raises(InputError) as caught:
        separable(**given)
    assert str(caught.value) == message
