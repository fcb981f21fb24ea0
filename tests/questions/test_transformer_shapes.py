"""The homework's Transformer layer: the ten shapes and every reading of its parameters."""

from __future__ import annotations

import pytest
import sympy

from workings.errors import InputError
from workings.solution import solve

HOMEWORK = {"input": [10, 90, 20], "heads": 5}
SHAPES = {
    "Q": [10, 90, 20],
    "K": [10, 90, 20],
    "V": [10, 90, 20],
    "Q_head": [10, 5, 90, 4],
    "K_head": [10, 5, 90, 4],
    "V_head": [10, 5, 90, 4],
    "attention": [10, 5, 90, 90],
    "dropout_1": [10, 5, 90, 90],
    "output": [10, 90, 20],
    "dropout_2": [10, 90, 20],
}
READINGS = {
    "reading_projections": 1200,
    "reading_projections_bias": 1260,
    "reading_output": 1600,
    "reading_output_bias": 1680,
    "reading_one_norm": 1720,
    "reading_two_norms": 1760,
    "reading_feed_forward": 4800,
    "reading_feed_forward_bias": 4980,
    "reading_layer": 5060,
    "reading_torch": 85748,
}


def test_the_ten_shapes_of_the_homework():
    solution = solve("transformer_shapes", HOMEWORK)
    assert {name: solution[name].tolist() for name in SHAPES} == SHAPES


def test_every_reading_of_the_homeworks_eleventh_item():
    solution = solve("transformer_shapes", HOMEWORK, readings=True)
    assert {name: solution[name] for name in solution.ask if name.startswith("reading")} == READINGS


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        ({}, 5060),
        ({"parts": ["projections"]}, 1260),
        ({"parts": ["projections"], "bias": False}, 1200),
        ({"parts": ["projections", "output"]}, 1680),
        ({"parts": ["projections", "output", "norms"], "norms": 1}, 1720),
        ({"parts": ["projections", "output", "norms"]}, 1760),
        ({"parts": ["projections", "output", "feed_forward"], "bias": False}, 4800),
        ({"feed_forward": 2048}, 85748),
    ],
)
def test_parameters_count_the_parts_that_are_named(change, parameters):
    assert solve("transformer_shapes", {**HOMEWORK, **change})["parameters"] == parameters


def test_the_other_reading_of_the_first_dropout():
    assert solve("transformer_shapes", HOMEWORK, dropout_1="output")["dropout_1"].tolist() == [10, 90, 20]


def test_letters_give_twelve_squares_and_thirteen():
    formulas = solve("transformer_shapes", input=["B", "L", "H"], heads="A").working.formulas()
    batch, length, hidden, heads = (sympy.Symbol(x, integer=True, positive=True) for x in "BLHA")
    assert sympy.expand(formulas["parameters"]) == 12 * hidden**2 + 13 * hidden
    assert formulas["attention"].tolist() == [batch, heads, length, length]
    assert formulas["Q_head"].tolist() == [batch, heads, length, hidden / heads]


def test_sizes_beyond_any_memory_are_counted():
    """12·10¹⁸ + 13·10⁹."""
    solution = solve("transformer_shapes", input=[10**9] * 3, heads=10)
    assert solution["parameters"] == 12 * 10**18 + 13 * 10**9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"heads": 7},
            r"heads: 7 heads for a hidden size of 20; accepted: a divisor of 20\. Did you mean 5, or 10\?",
        ),
        ({"heads": 30}, r"accepted: a divisor of 20\. Did you mean 20\?"),
        ({"heads": 0}, "heads: found 0; accepted: a size"),
        ({"input": [10, 90]}, "input: found 2 entries; accepted: at least 3"),
        ({"input": [10, 90, -20]}, r"input\[2\]: found -20; accepted: a size"),
        ({"input": [10, 90, "1e9999"]}, r"input\[2\]: .*an exponent beyond ±400"),
        ({"parts": ["ff"]}, r"parts\[0\]: found 'ff'; accepted: projections, output, feed_forward, norms"),
        ({"parts": []}, "parts: found 0 entries; accepted: at least 1"),
        ({"input": ["Q", "L", "H"], "heads": "A"}, r"input\[0\]: the letter 'Q', which names a quantity"),
        ({"input": ["F", "L", "H"], "heads": "A"}, r"input\[0\]: the letter 'F', which names another given"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        solve("transformer_shapes", {**HOMEWORK, **change})


def test_the_nearest_divisors_of_a_large_prime_are_found_at_once():
    with pytest.raises(InputError, match="Did you mean 1, or 999999999999989"):
        solve("transformer_shapes", input=[1, 1, 999_999_999_999_989], heads=7)
