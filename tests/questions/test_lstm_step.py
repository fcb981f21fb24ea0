"""LSTM steps by hand."""

from __future__ import annotations

from math import exp, tanh

import pytest

from workings.errors import InputError
from workings.solution import solve

ZERO = {f"{kind}_{gate}": 0 for kind in "WU" for gate in "ifgo"}
"""Weights with which the gates are 1/2 and the candidate is 0."""


def values(given):
    solution = solve("lstm_step", given, decimals=12)
    return {name: float(solution[name]) for name in solution.ask}


def test_with_zero_weights_half_of_the_cell_is_kept():
    found = values({**ZERO, "x": 3, "h": "0.8", "c": 1})
    expected = {"i": 0.5, "f": 0.5, "g": 0, "o": 0.5, "new_c": 0.5, "new_h": 0.5 * tanh(0.5)}
    assert found == pytest.approx(expected, abs=1e-11)


def test_an_open_forget_gate_and_a_shut_input_gate_keep_the_cell():
    found = values({**ZERO, "b_f": 100, "b_i": -100, "x": 1, "c": "0.7"})
    assert found["new_c"] == pytest.approx(0.7, abs=1e-11)


def test_a_scalar_cell_by_hand():
    """x = 1, h = 1/2, c = 2, all weights 1, b_f = 1: s = 3/2 but for s_f = 5/2."""
    gate, forget, candidate = 1 / (1 + exp(-1.5)), 1 / (1 + exp(-2.5)), tanh(1.5)
    cell = forget * 2 + gate * candidate
    found = values({**dict.fromkeys(ZERO, 1), "b_f": 1, "x": 1, "h": "0.5", "c": 2})
    assert found["new_c"] == pytest.approx(cell, abs=1e-11)
    assert found["new_h"] == pytest.approx(gate * tanh(cell), abs=1e-11)


def test_state_and_cell_start_at_zero_unless_given():
    working = solve("lstm_step", x=[1], weight_ih=[[1]] * 8, weight_hh=[[1, 1]] * 8).working
    assert working.givens["h"].value.tolist() == working.givens["c"].value.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [1], "weight_ih": [[1]] * 6, "weight_hh": [[1]] * 4}, "weight_ih: found 6 rows for 4 gates"),
        ({**ZERO, "x": 1, "c": [1, 2]}, "c: found a list of 2; accepted: one number"),
        (
            {**ZERO, "x": [1, 2]},
            "W_i: found one number; accepted: a list of 2, for x a list of 2 and h one number",
        ),
        ({**ZERO, "x": 1, "b_i": [1]}, "b_i: found a list of 1; accepted: one number"),
        ({"x": 1, "W_i": 1, "U_i": 1}, "W_f is missing; accepted: W and U of each gate"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("lstm_step", given)
