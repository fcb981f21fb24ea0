"""Backpropagation through time in h_t = a x_t + b h_{t-1}: hand calculations, and the midterm's letters."""

from __future__ import annotations

import pytest
import sympy
from questions.printed import formula

from workings.errors import InputError
from workings.solution import solve

NUMBERS = {"a": 2, "b": 3, "h_0": 1, "x": [1, 2, 3], "dl_dh_T": 10}


def test_numbers_by_hand():
    """h = 5, 19, 63; ∂h_3/∂a = 9·1 + 3·2 + 3 = 18; ∂h_3/∂b = 9·1 + 3·5 + 19 = 43."""
    solution = solve("scalar_rnn_bptt", NUMBERS)
    expected = {
        "h_1": 5, "h_2": 19, "h_3": 63, "h_T": 63, "dl_dh_2": 30, "dl_dh_1": 90, "dh_da": 18, "dh_db": 43,
        "grad_a": 180, "grad_b": 430, "grad_a_unrolled": 180, "grad_b_unrolled": 430,
    }  # fmt: skip
    assert {name: solution[name] for name in expected} == expected


def test_one_step_is_the_plain_derivative():
    solution = solve("scalar_rnn_bptt", a=2, b=3, h_0=5, x=[7], dl_dh_T=1)
    assert [solution[name] for name in ("h_T", "grad_a", "grad_b")] == [29, 7, 5]


def at(form, length, **letters):
    """A SymPy form with numbers put in for T, the letters and the sequences (subscripts from 1)."""
    symbols = {symbol.name: symbol for symbol in form.free_symbols}
    known = {
        symbols[name]: value
        for name, value in letters.items()
        if name in symbols and not isinstance(value, list)
    }
    entries = {
        sympy.Indexed(name, i): entry
        for name, value in letters.items() if isinstance(value, list)
        for i, entry in enumerate(value, start=1)
    }  # fmt: skip
    return form.subs({symbols["T"]: length}).doit().subs(known).subs(entries)


def test_letters_give_the_sums_of_the_midterm():
    """∂h_T/∂a = Σ b^{T-k} x_k and ∂h_T/∂b = Σ b^{T-k} h_{k-1}, by loops over T = 1 ... 4."""
    formulas = solve("scalar_rnn_bptt", T="T").working.formulas()
    a, b, start, x = 2, 3, 5, [7, 11, 13, 17]
    for length in (1, 2, 3, 4):
        states = [start]
        for entry in x[:length]:
            states.append(a * entry + b * states[-1])
        by_a = sum(b ** (length - k) * x[k - 1] for k in range(1, length + 1))
        by_b = sum(b ** (length - k) * states[k - 1] for k in range(1, length + 1))
        numbers = {"a": a, "b": b, "h_0": start, "x": x, "h": states[1:], "dl_dh_T": 10}
        for name, expected in {
            "h_T": states[-1], "dh_da": by_a, "dh_db": by_b, "dh_db_in_states": by_b, "grad_a": 10 * by_a,
            "grad_b": 10 * by_b,
        }.items():  # fmt: skip
            assert at(formulas[name], length, **numbers) == expected, (name, length)


def test_letters_with_a_number_of_steps_are_unrolled():
    formulas = solve("scalar_rnn_bptt", T=3).working.formulas()
    a, b, h_0, x_1, x_2, x_3 = (
        sympy.Symbol(name, real=True) for name in ("a", "b", "h_0", "x_1", "x_2", "x_3")
    )
    assert sympy.expand(formulas["dh_db"] - (3 * b**2 * h_0 + 2 * a * b * x_1 + a * x_2)) == 0
    assert sympy.expand(formulas["dh_da"] - (b**2 * x_1 + b * x_2 + x_3)) == 0
    for name in ("grad_a", "grad_b"):
        assert sympy.expand(formulas[name] - formulas[f"{name}_unrolled"]) == 0
    assert sympy.expand(formulas["h_T"] - formulas["h_3"]) == 0


def test_the_midterms_block_solves_as_written():
    solution = solve("scalar_rnn_bptt", {"T": "T", "a": "a", "b": "b", "h_0": "h_0", "x": "x"},
                     ask=["h_T", "dh_da", "dh_db", "grad_a", "grad_b"])  # fmt: skip
    assert formula(solution.working, "dh_da").startswith("Σ_{k=1}^{T}")
    assert formula(solution.working, "grad_a") == "dl_dh_T · dh_T_da"


def test_letters_of_ones_own():
    solution = solve("scalar_rnn_bptt", T="n", a="alpha", b="k", x="u", dl_dh_T="delta")
    # the index of the sum steps aside for the letter k
    assert formula(solution.working, "dh_da") == "Σ_{j=1}^{n} (k^(n − j) · u[j])"
    assert solution.working.symbols["h_T"] == "h_n"


def test_a_thousand_steps_in_numbers():
    """x = 1, b = 1/2, a = 1, h_0 = 0: h_T = 2 - 2^{1-T}."""
    solution = solve("scalar_rnn_bptt", a=1, b="0.5", h_0=0, x=[1] * 1000, dl_dh_T=1)
    assert float(solution["h_T"]) == float(solution["h_1000"]) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"T": 0}, "T: found 0; accepted: a size"),
        ({"T": "2.5"}, "T: found '2.5'"),
        ({"T": 9}, "T: found 9 steps; accepted: at most 8 with letters, or T itself a letter"),
        (
            {"x": [1] * 1001, "a": 1, "b": 1, "h_0": 0, "dl_dh_T": 1},
            "T: found 1001 steps; accepted: at most 1000",
        ),
        ({"T": 3, "x": [1, 2]}, "x: 2 numbers for 3 steps; accepted: one x a step"),
        ({"x": 3}, "x: found 3; accepted: a list of numbers, or one letter such as x"),
        ({"x": "a+b"}, r"x: found 'a\+b'; accepted: a list of numbers, or one letter"),
        ({"x": "a"}, "x: the letter 'a', which names another given; accepted: another letter"),
        ({"a": "b", "b": 2}, "a: the letter 'b', which names another given"),
        ({"a": "h_1", "T": 3}, "a: the letter 'h_1', which names a quantity of the answer"),
        ({"length": 3}, "unknown field 'length'"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("scalar_rnn_bptt", given)
