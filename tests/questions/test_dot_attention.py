"""The assignment's attention context, by its printed answer."""

from __future__ import annotations

import numpy as np
import pytest

from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.solution import solve

ASSIGNMENT = {
    "keys": [[0, 1, 4], [-1, 1, 2], [1, 1, 1], [2, 1, 1]],
    "query": ["0.1", 1, -2],
    "scaled": False,
}


def test_the_printed_answer_of_the_assignment():
    solution = solve("dot_attention", ASSIGNMENT, decimals=6)
    assert solution["scores"].astype(float).tolist() == [-7.0, -3.1, -0.9, -0.8]
    weights = np.round(solution["weights"].astype(float), 6)
    assert weights.tolist() == [0.001011, 0.049951, 0.450813, 0.498225]
    assert np.round(solution["context"].astype(float), 3).tolist() == [1.397, 1.0, 1.053]


def test_equal_scores_give_the_mean_of_the_values():
    solution = solve("dot_attention", keys=[[1], [1]], query=[5], values=[[2, 0], [4, 1]])
    assert solution["weights"].astype(float).tolist() == [0.5, 0.5]
    assert solution["context"].astype(float).tolist() == [3, 0.5]


def test_scaling_divides_by_the_root_of_the_length():
    """(1, 1, 1, 1)·(2, 2, 2, 2) / √4 = 4."""
    assert solve("dot_attention", keys=[[1] * 4], query=[2] * 4, scaled=True)["scores"].tolist() == [4]


def test_large_scores_do_not_overflow():
    """Scores 10 000 and 9990: weights 1/(1 + e^-10) and 1/(1 + e^10), in float64 too."""
    solution = solve("dot_attention", keys=[[1000], [999]], query=[10])
    found = solution.working.evaluate(Float64())["weights"]
    assert found == pytest.approx([1 / (1 + np.exp(-10)), 1 / (1 + np.exp(10))], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": [1, 2]}, "query: found 2 numbers; accepted: 3, as long as a key"),
        ({"values": [[1]]}, "values: found 1 rows; accepted: 4, one a key"),
        ({"keys": [1, 2, 3]}, "keys: found a list of numbers; accepted: a list of rows"),
        ({"scaled": "maybe"}, "scaled: found 'maybe'; accepted: true or false"),
        ({"key": [[1]]}, "unknown field 'key'; accepted: keys, query, scaled, values. Did you mean keys"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        solve("dot_attention", {**ASSIGNMENT, **change})
