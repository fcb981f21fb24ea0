"""Whatever the text, parsing soon gives an expression, which can be printed and read, or an InputError."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from workings.algebra.expression import Expr, postorder, size
from workings.algebra.parse import LONGEST, parse
from workings.algebra.show import text
from workings.errors import InputError

SECONDS = 5.0
"""Of the processor; a hostile text of 2000 characters took 0.05 s."""

RANKS = {"x": 1, "y": 1, "W": 2, "V": 2, "W_1": 2, "a": 0, "T": 0, "MN": 0, "M": 0, "beta": 0, "h": 1}

WORDS = r"""
0 1 2 3.5 .25 1e3 10% − - + * · × / ÷ @ ⊙ ∘ ^ ** ² ⁻¹ ᵀ ⊤ ⁿ ₁ ₜ₋₁ ( ) [ ] { } | || ‖ ⌊ ⌋ ⌈ ⌉ , = < <= ≥
a b c x y W V W_1 x_k x_{k-1} w_{i,j} h_t MN abc e T k J α β \beta \omega_k ŷ y' x′ 𝑊 new_W_1
exp( log ln tanh² σ( softmax( max( sum( mean( sqrt( √ \sqrt{ \frac{ } {2} \left( \right) where( \,
axis=0 axis= keepdims=True shape=(2,1) index=(slice(1,None,None),) kernel=(2,2) None slice(
∇W_1 ∇_{W_1} J f′(u_1) ∂h/∂a Σ_{k=1}^{T} Σ_{k= \sum_{i=1}^n \mathrm{abc} \top ^T ^{T} ^{-1} _{
' " _ __ \ $ ; ! é 中
"""
PIECES = [*WORDS.split(), " ", "  ", "\n", "\t", "\x00", "\u0302", "\ud7ff"]

REPEATED = r"""
( [ { | || ‖ ⌊ ^ ** _ _{ x_{ x^ x² xᵀ x' x x_1 1 1. 1e 2, - + * / = < √ log exp( σ( W^T \frac{ \sqrt{
Σ_{k=1}^{ Σ_{k= sum_{ ∇ ∇_{x ∂x/ \partial f'( \mathrm{a \left \ " ₁ ₋ ⁻ a| |a [[ [1, axis= sum(x,axis=
x̂ ((x) (x)( a/b a/(b MN MNa 𝑊 α \alpha
"""

FORMULAS = [
    "-2(d-y)x^T + 2\\beta W",
    "HW(H-M+1)(W-N+1)/4 + 3(H-M+1)(W-N+1)/4",
    "σ(W₁ᵀ x + b_1) ⊙ f′(u_1)",
    "softmax(QK^T/√(d_k)) V",
    "Σ_{k=1}^{T} b^{T-k} x_k",
    "-d log y - (1-d) log(1-y)",
    "\\frac{1}{2}\\lVert x - y \\rVert^2 + \\lfloor a/2 \\rfloor",
    "where(a < 1, sum(W, axis=0, keepdims=True), [[1, 2], [3, 1/3]] [1.0, −2])",
    "item(x, index=(slice(1, None, None),)) + ∇_{W_1} J + ∂h/∂a",
    "tanh(|a||b|)^2/(1 + e^{-x_{i,j}})",
]


def check(formula: str, *, known: bool) -> Expr | None:
    """Parse within the time; the expression is small and the message short."""
    begin = time.process_time()
    found, message = None, ""
    try:
        found = parse(formula, ranks=RANKS if known else None)
    except InputError as error:
        message = str(error)
    assert time.process_time() - begin < SECONDS
    assert len(message) < 1000
    if found is not None:
        assert size(found) <= 8 * len(formula)
    return found


@settings(max_examples=300, deadline=None)
@given(formula=st.text(max_size=200), known=st.booleans())
def test_any_text(formula: str, known: bool) -> None:
    check(formula, known=known)


@settings(max_examples=600, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40), known=st.booleans(), blanks=st.booleans())
def test_pieces_of_formulas_in_any_order(pieces: list[str], known: bool, blanks: bool) -> None:
    check((" " if blanks else "").join(pieces), known=known)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A formula with a few places changed, doubled or taken out."""
    formula = draw(st.sampled_from(FORMULAS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(formula)))
        end = draw(st.integers(start, min(len(formula), start + 8)))
        middle = draw(st.sampled_from(["", formula[start:end] * 2, *PIECES]))
        formula = formula[:start] + middle + formula[end:]
    return formula


@settings(max_examples=300, deadline=None)
@given(formula=mutated(), known=st.booleans())
@example(formula=FORMULAS[0], known=True)
def test_mutated_formulas(formula: str, known: bool) -> None:
    found = check(formula, known=known)
    assume(found is not None)
    assert found is not None
    if known or any(node.op == "name" and len(node.attrs["name"]) > 1 for node in postorder(found)):
        return
    shown = text(found)  # without ranks every name is a number, so no product needs to be told apart
    again = text(parse(shown, longest=10 * LONGEST))
    assert text(parse(again, longest=10 * LONGEST)) == again


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("piece", REPEATED.split())
@pytest.mark.parametrize("blank", ["", " "])
def test_repetition(piece: str, blank: str, known: bool) -> None:
    """The same piece over and over, up to the longest formula, and with its brackets closed again."""
    times = LONGEST // len(piece + blank)
    check((piece + blank) * times, known=known)
    closing = {"(": ")", "[": "]", "{": "}", "⌊": "⌋"}
    ends = "".join(closing.get(sign, "") for sign in reversed(piece))
    check((piece + blank) * 90 + "x" + ends * 90, known=known)


def test_time_is_linear_in_the_length() -> None:
    """Eight times the terms take about 8 times as long; were it quadratic, 64 times."""

    def seconds(terms: int) -> float:
        formula = " + ".join(["2 a b^2"] * terms)
        best = float("inf")
        for _ in range(3):
            begin = time.process_time()
            parse(formula, longest=len(formula))
            best = min(best, time.process_time() - begin)
        return best

    seconds(10)
    assert seconds(2400) < 25 * seconds(300)
