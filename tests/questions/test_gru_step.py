"""GRU steps by hand: both places of the reset, both meanings of the update gate."""

from __future__ import annotations

from math import exp, tanh

import pytest

from workings.errors import InputError
from workings.solution import solve

ZERO = {f"{kind}_{gate}": 0 for kind in "WU" for gate in "rzn"}
"""Weights with which both gates are 1/2."""
STACKED = {"x": [1], "weight_ih": [[1]] * 3, "weight_hh": [[1]] * 3}


def value(given, name="new_h"):
    return float(solve("gru_step", given, decimals=12)[name])


def test_with_zero_weights_half_of_the_state_is_kept():
    solution = solve("gru_step", ZERO, x=3, h="0.8")
    assert [float(solution[name]) for name in ("r", "z", "n", "new_h")] == [0.5, 0.5, 0, 0.4]


@pytest.mark.parametrize(("reset", "argument"), [("after", 0.5 * (2 + 1)), ("before", 0.5 * 2 + 1)])
def test_the_second_bias_of_the_candidate_is_inside_a_late_reset(reset, argument):
    """U_n h = 2 and c_n = 1 with r = 1/2: r(U_n h + c_n), or U_n(r h) + c_n."""
    given = {**ZERO, "U_n": 2, "c_n": 1, "x": 0, "h": 1, "reset": reset}
    assert value(given, "n") == pytest.approx(tanh(argument), abs=1e-11)


@pytest.mark.parametrize(("update", "expected"), [("keep", 0), ("replace", 1)])
def test_an_update_gate_near_0(update, expected):
    """b_z = -100: keeping nothing gives the candidate, 0; replacing nothing gives the old state, 1."""
    assert value({**ZERO, "b_z": -100, "x": 0, "h": 1, "update": update}) == pytest.approx(
        expected, abs=1e-11
    )


def test_a_scalar_cell_by_hand():
    """x = 1, h = 1/2, all weights 1, no biases, reset before: s_r = s_z = 3/2, s_n = 1 + r/2."""
    gate = 1 / (1 + exp(-1.5))
    candidate = tanh(1 + gate * 0.5)
    given = {**dict.fromkeys(ZERO, 1), "x": 1, "h": "0.5", "reset": "before"}
    assert value(given) == pytest.approx((1 - gate) * candidate + gate * 0.5, abs=1e-11)


def test_stacked_matrices_are_split_in_torchs_order():
    working = solve("gru_step", x=[1], weight_ih=[[1], [2], [3]], weight_hh=[[4], [5], [6]]).working
    given = {name: working.givens[name].value.tolist() for name in ("W_r", "W_z", "W_n", "U_r", "U_z", "U_n")}
    assert given == {"W_r": [[1]], "W_z": [[2]], "W_n": [[3]], "U_r": [[4]], "U_z": [[5]], "U_n": [[6]]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"x": [1, 2]},
            r"W_r is missing; accepted: W and U of each gate \(r, z, n\), or weight_ih and weight_hh",
        ),
        (
            {**STACKED, "weight_ih": [[1]] * 4},
            "weight_ih: found 4 rows for 3 gates; accepted: a multiple of 3",
        ),
        (
            {"x": [1], "weight_ih": [[1]] * 3},
            "weight_hh is missing; accepted: weight_ih and weight_hh together",
        ),
        ({"x": [1], "bias_ih": [1]}, "weight_ih is missing; accepted: weight_ih and weight_hh together"),
        ({**STACKED, "W_r": [[1]]}, "W_r: given beside weight_ih; accepted: one of the two forms"),
        (
            {**STACKED, "layout": "transposed"},
            "layout: transposed with weight_ih and weight_hh; accepted: plain",
        ),
        ({**STACKED, "h": [1, 2]}, "h: found a list of 2; accepted: a list of 1"),
        (
            {**STACKED, "x": [1, 2]},
            "W_r: found 1 rows of 1; accepted: 1 rows of 2, for x a list of 2 and h a list",
        ),
        ({**STACKED, "bias_hh": [1] * 6}, "c_r: found a list of 2; accepted: one number, or a list of 1"),
        ({**STACKED, "reset": "befor"}, "reset: found 'befor'; accepted: after, before. Did you mean before"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("gru_step", given)
