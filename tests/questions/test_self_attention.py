"""Self-attention: the report's general n × 1 input, masks and heads by hand."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from questions.printed import formula, formula_latex

from workings.errors import InputError
from workings.solution import solve

REPORT = {
    "X": {"letters": "x", "shape": ["n", 1]},
    "W_Q": [[1]],
    "W_K": [[1]],
    "W_V": [[1]],
    "heads": 1,
    "scale": 1,
}
SEQUENCE = [[1, 0], [0, 1], [1, 1]]


def test_the_reports_input_in_letters():
    """P_ij = e^{x_i x_j} / Σ_k e^{x_i x_k} and Z_i = Σ_j e^{x_i x_j} x_j / Σ_k e^{x_i x_k}."""
    working = solve("self_attention", REPORT).working
    n = sympy.Symbol("n", integer=True, positive=True)
    assert [working.shapes[name] for name in ("Q", "K", "V", "P", "Z")] == [
        (n, 1),
        (n, 1),
        (n, 1),
        (n, n),
        (n, 1),
    ]
    assert formula(working, "Q") == "X W_Q"
    assert formula_latex(working, "P_i_j") == r"\frac{e^{x_{i} x_{j}}}{\sum_{k=1}^{n} e^{x_{i} x_{k}}}"
    total = r"\sum_{k=1}^{n} e^{x_{i} x_{k}}"
    assert formula_latex(working, "Z_i") == rf"\frac{{{total} x_{{k}}}}{{{total}}}"
    assert formula_latex(working, "X") == r"\begin{pmatrix} x \end{pmatrix}"


def test_a_letter_alone_is_a_column_of_n():
    assert formula(solve("self_attention", X="x").working, "P_i_j") == formula(
        solve("self_attention", REPORT).working, "P_i_j"
    )


def test_letters_with_a_number_of_positions_give_closed_forms():
    """For n = 2: Z_1 = (x_1 e^{x_1²} + x_2 e^{x_1 x_2}) / (e^{x_1²} + e^{x_1 x_2})."""
    formulas = solve("self_attention", {**REPORT, "X": {"letters": "x", "shape": [2, 1]}}).working.formulas()
    a, b = sympy.symbols("x_1 x_2", real=True)
    first, second = sympy.exp(a**2), sympy.exp(a * b)
    assert sympy.simplify(formulas["Z"][0, 0] - (a * first + b * second) / (first + second)) == 0
    assert not any(entry.has(sympy.Max) for entry in formulas["P"].ravel())


def test_weights_of_one_number_enter_the_closed_form():
    """w_Q w_K / scale = 2·3/1.5 = 4 in the exponents, w_V = 5 in front."""
    given = {**REPORT, "W_Q": [[2]], "W_K": [[3]], "W_V": [[5]], "scale": "1.5"}
    working = solve("self_attention", given).working
    assert formula_latex(working, "Z_i").startswith(r"\frac{\sum_{k=1}^{n} e^{4 x_{i} x_{k}} \cdot 5 x_{k}")


def test_letters_in_both_sizes_are_written_by_rows():
    working = solve("self_attention", X={"letters": "X", "shape": ["n", "d"]}).working
    assert formula_latex(working, "scores") == r"Q\, K^{\top} / \sqrt{d}"
    assert r"\sum_{c=1}^{d} Q_{i, c} K_{j, c}" in formula_latex(working, "P_i_j")


def test_a_causal_mask_lets_the_first_position_see_itself_only():
    solution = solve("self_attention", X=SEQUENCE, mask="causal")
    P = solution["P"].astype(float)
    assert P[0].tolist() == [1, 0, 0]
    assert P[1, 2] == 0
    assert solution["Z"][0].astype(float).tolist() == [1, 0]


def test_a_mask_written_out_equals_the_causal_one():
    mask = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    for written in (mask, [[bool(entry) for entry in row] for row in mask]):
        by_rows = solve("self_attention", X=SEQUENCE, mask=written)
        assert (by_rows["Z"] == solve("self_attention", X=SEQUENCE, mask="causal")["Z"]).all()


def test_masked_scores_far_above_the_others_do_not_matter():
    """Position 1 may see only itself, although its score against position 2 is 10⁶ higher."""
    solution = solve("self_attention", X=[[1000], [2000]], mask=[[1, 0], [1, 1]], scale="none")
    assert solution["P"][0].astype(float).tolist() == [1, 0]


def test_two_heads_of_the_identity_attend_within_their_columns():
    """Head 1 has columns 1, head 2 columns 2: scores by hand are outer products of the columns."""
    solution = solve("self_attention", X=[[1, 2], [3, 4]], heads=2)
    assert solution["scores_1"].tolist() == [[1, 3], [3, 9]]
    assert solution["scores_2"].tolist() == [[4, 8], [8, 16]]
    assert solution["Q"].tolist() == [[1, 2], [3, 4]]
    assert np.shape(solution["Z"]) == (2, 2)


@pytest.mark.parametrize(("scale", "score"), [("sqrt_d", 2), ("none", 4), ("0.5", 8)])
def test_the_scale_divides_the_scores(scale, score):
    """x = (1, 1, 1, 1) against itself is 4, and √4 = 2."""
    assert solve("self_attention", X=[[1] * 4], scale=scale)["scores"].tolist() == [[score]]


def test_an_output_projection_follows_the_heads():
    assert solve("self_attention", X=[[1, 2]], heads=2, W_O=[[1], [10]])["output"].tolist() == [[21]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"X": SEQUENCE, "heads": 3},
            "heads: found 3 heads for 2 columns of Q; accepted: a number that divides",
        ),
        ({"X": SEQUENCE, "W_Q": [[1]]}, "W_Q: found 1 rows; accepted: 2, as X has columns"),
        ({"X": SEQUENCE, "W_Q": [[1], [1]]}, "W_K: found 2 columns; accepted: 1, as W_Q has"),
        ({"X": SEQUENCE, "W_O": [[1]]}, "W_O: found 1 rows; accepted: 2, as Z has columns"),
        ({"X": SEQUENCE, "mask": [[1]]}, "mask: found 1 rows of 1; accepted: 3 rows of 3, as X has rows"),
        (
            {"X": [[1], [2]], "mask": [[1, 1], [0, 0]]},
            r"mask\[1\]: lets nothing through; accepted: a 1 in every",
        ),
        (
            {"X": [[1]], "mask": [[2]]},
            "mask: found 2 in the mask; accepted: 1 where a position may be attended",
        ),
        ({"X": [[1]], "mask": "casual"}, "mask: found 'casual'; accepted: none, causal, or rows of 0 and 1"),
        ({"X": [[1]], "scale": "sqrt"}, "scale: found 'sqrt'; accepted: sqrt_d, none, or a number"),
        ({"X": [[1]], "scale": 0}, "scale: found 0; accepted: a number above 0"),
        ({"X": [1, 2]}, "X: found a list of numbers; accepted: a list of rows"),
        ({"X": {"letter": "x"}}, "X: unknown field 'letter'; accepted: letters, shape. Did you mean letters"),
        ({"X": {"letters": "x", "shape": ["n"]}}, r"X\.shape: found \['n'\]; accepted: two sizes"),
        ({"X": {"letters": "x", "shape": ["n", 0]}}, r"X\.shape\[1\]: found 0; accepted: a size or a letter"),
        ({"X": {"letters": "n", "shape": ["n", 1]}}, "X: the letter 'n' for the input and a size"),
        ({"X": {"letters": "x", "shape": [10, 10]}}, "X: found 10 × 10 letters; accepted: at most 36"),
        ({"X": "x", "mask": "causal"}, "mask: a mask for n positions; accepted: a number of positions"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("self_attention", given)
