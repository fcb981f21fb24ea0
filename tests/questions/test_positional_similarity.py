"""Dot products of positional codes: the midterm's letters, and numbers by hand."""

from __future__ import annotations

from math import cos, sin

import pytest
import sympy
from questions.printed import formula, formula_latex

from workings.errors import InputError
from workings.solution import solve


def test_the_midterms_letters():
    working = solve("positional_similarity", {"d_model": "d", "t": "t", "tau": "tau"}).working
    closed = r"\sum_{k=0}^{\frac{d}{2} - 1} \cos\left(\frac{t - \tau}{10000^{2 k/d}}\right)"
    assert formula_latex(working, "p_dot").replace(r"10\,000", "10000") == closed
    assert formula(working, "y_dot_product") == "(x_t + p_t)ᵀ (x_τ + p_τ)"
    assert formula(working, "y_dot") == "x_tᵀ x_τ + x_tᵀ p_τ + p_tᵀ x_τ + p_dot"
    assert "offset alone" in working["y_dot"].note


def test_letters_with_numbers_put_in_agree_with_the_codes():
    """d = 6, t = 2, τ = 5: the codes' dot product, sine by sine and cosine by cosine."""
    found = solve("positional_similarity", d_model="d").working.formulas()["p_dot"]
    values = {"d": 6, "t": 2, "tau": 5}
    number = float(found.subs({letter: values[letter.name] for letter in found.free_symbols}).doit())
    frequencies = [1 / 10000 ** (2 * k / 6) for k in range(3)]
    by_codes = sum(sin(2 * w) * sin(5 * w) + cos(2 * w) * cos(5 * w) for w in frequencies)
    assert number == pytest.approx(by_codes, rel=1e-12)


def test_a_code_with_itself_gives_half_the_size_exactly():
    solution = solve("positional_similarity", d_model=64, t=10, tau=10)
    assert solution["p_dot"] == 32
    assert solution.quantities["p_dot"].printed.exact


@pytest.mark.parametrize(("size", "expected"), [(2, cos(3)), (4, cos(3) + cos(0.03))])
def test_small_sizes_by_hand(size, expected):
    for t, tau in ((1, 4), (10, 7)):
        found = solve("positional_similarity", d_model=size, t=t, tau=tau, decimals=12)["p_dot"]
        assert float(found) == pytest.approx(expected, abs=1e-11)


def test_the_midterms_numbers():
    """d = 64 and an offset of 5: Σ cos(5 / 10000^{k/32}) by a loop."""
    found = solve("positional_similarity", {"d_model": 64, "t": 10, "tau": 15}, decimals=10)["p_dot"]
    assert float(found) == pytest.approx(sum(cos(5 / 10000 ** (k / 32)) for k in range(32)), abs=1e-10)


def test_embeddings_in_numbers_give_four_terms():
    """d = 2: p_0 = (0, 1) and p_0 again; x = (1, 2) and (3, 4): 11 + 2 + 4 + 1 = (1, 3)·(3, 5) = 18."""
    solution = solve("positional_similarity", d_model=2, t=0, tau=0, x_t=[1, 2], x_tau=[3, 4])
    terms = {name: solution[name] for name in ("x_dot", "x_p_dot", "p_x_dot", "p_dot", "y_dot")}
    assert terms == {"x_dot": 11, "x_p_dot": 2, "p_x_dot": 4, "p_dot": 1, "y_dot": 18}
    assert solution["y_dot_product"] == 18


def test_positions_in_letters_with_a_size_in_numbers():
    found = solve("positional_similarity", d_model=4, t="t", tau="s").working.formulas()["p_dot"]
    t, s = sympy.symbols("t s", integer=True, positive=True)
    assert sympy.simplify(found - sympy.cos(t - s) - sympy.cos((t - s) / 100)) == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"d_model": 3}, "d_model: found 3, which is odd; accepted: an even number: .* Did you mean 2, or 4"),
        ({"d_model": 66}, "d_model: found 66; accepted: at most 64 with positions in letters, or a letter"),
        ({"d_model": 20000, "t": 1, "tau": 2}, "d_model: found 20000; accepted: at most 10000"),
        (
            {"d_model": 2, "x_t": [1, 2]},
            "x_tau is missing; accepted: both x_t and x_tau in numbers, or neither",
        ),
        ({"d_model": 2, "x_t": [1, 2], "x_tau": [1]}, "x_tau: found 1 numbers; accepted: 2, as d_model says"),
        (
            {"d_model": "d", "x_t": [1], "x_tau": [1]},
            "x_t: x_t in numbers for a size d; accepted: d_model in",
        ),
        ({"d_model": "x_t"}, "d_model: the letter 'x_t', which names a quantity of the answer"),
        ({"d_model": "d", "base": -1}, "base: found -1; accepted: a number above 0"),
        ({"d_model": "d", "t": -1}, "t: found -1; accepted: a size"),
        ({"t": 3}, "d_model is missing"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("positional_similarity", given)
