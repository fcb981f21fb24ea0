"""Formulas as people write them. Expected values are worked out by hand, as the comments show."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from workings.algebra.balls import fraction, precision
from workings.algebra.calls import STRUCTURAL_SIGNATURES
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import STRUCTURAL, Expr, names_in, same
from workings.algebra.parse import parse
from workings.algebra.shape import shapes_of
from workings.algebra.show import text
from workings.algebra.systems import Balls, Float64
from workings.errors import InputError

NUMBERS = {"a": 2, "b": 3, "c": 5, "d": 7, "x": 4, "y": 10, "n": 6}
"""What the letters stand for unless a test says otherwise."""

ARRAYS: dict[str, Any] = {
    "x": [1, 2], "y": [3, 5], "z": [1, 0, 2], "W": [[1, 2, 3], [4, 5, 6]], "M": [[1, 2], [3, 4]],
    "a": 2, "k": 3, "T": 3, "h": [10, 20, 30],
}  # fmt: skip


def exact(root: Expr, values: dict[str, Any]) -> Any:
    """The value in rationals, as nested lists of Fractions."""
    with precision(64):
        lifted = {label: Balls(64).lift(_fractions(value)) for label, value in values.items()}
        found = evaluate(root, lifted, Balls(64))
        return np.vectorize(fraction, otypes=[object])(found).tolist()


def _fractions(value: Any) -> Any:
    if np.ndim(value) == 0:
        return Fraction(str(value))
    return np.vectorize(lambda entry: Fraction(str(entry)), otypes=[object])(np.array(value, dtype=object))


def number_of(formula: str, values: dict[str, Any] = NUMBERS) -> Any:
    return exact(parse(formula, ranks=dict.fromkeys(values, 0)), values)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("3", 3),
        ("0.1", "1/10"),
        ("1e-3", "1/1000"),
        ("−7", -7),
        ("12.5%", "1/8"),
        (".5 + 2.", "5/2"),
        ("1 + 2·3", 7),
        ("8 - 3 - 2", 3),
        ("8 − (3 – 2)", 7),
        ("2 * 3 × 4 · 5", 120),
        ("12/3/2", 2),
        ("12/3·2", 8),
        ("12 ÷ 4", 3),
        ("-2^2", -4),
        ("(-2)^2", 4),
        ("2^3^2", 512),
        ("2**-1", "1/2"),
        ("2^-1^2", "1/2"),  # 2^(-(1²))
        ("-a", -2),
        ("--a", 2),
        ("a - -b", 5),
        ("a·-b", -6),
        ("a²", 4),
        ("a⁻¹", "1/2"),
        ("a²³", 2**23),
        ("ab", 6),
        ("abc", 30),
        ("2a", 4),
        ("2ab^2", 36),
        ("a b/c", "6/5"),
        ("ab/c·d", "42/5"),
        ("a/b·c", "10/3"),
        ("a(b + c)", 16),
        ("(a + b)(b + c)", 40),
        ("(a + b)(b + c)/4", 10),
        ("2(a)(b)c", 60),
        ("a^b c", 40),
        ("e_1^2x", 36),
        ("a^2 x", 16),
        ("a^2b", 12),
        ("a^(2b)", 64),
        ("a^{2b}", 64),
        ("|a - b|", 1),
        ("|a||b|", 6),
        ("2|a − c| b", 18),
        ("abs(a - b)", 1),
        ("⌊c/2⌋ + ⌈c/2⌉", 5),
        ("floor(-c/2)", -3),
        ("sqrt(x)", 2),
        ("√x + √(x) + √9", 7),
        ("max(a, b, c) - min(a, b)", 3),
        ("sign(a - b)", -1),
        ("a < b", 1),
        ("b <= a", 0),
        ("b > a", 1),
        ("b ≥ 3", 1),
        ("a + 1 = b", 1),
        ("where(a < b, c, d)", 5),
        ("a ≤ b <= c", 1),
        ("c ≥ a >= b", 0),
        ("a < b < c", 1),
        ("a < c < b", 0),
        ("x - a = a = x/2", 1),
        ("2 where(1 ≤ n ≤ b + 2, 1, 0) + 4", 4),
        ("Σ_{i=1}^{n} i", 21),
        ("∑_{i=1}^n (2 i - 1) + 1", 37),  # 36 + 1
        ("2Σ_{i=1}^{3} i^2", 28),
        ("Σ_{i=1}^{2} Σ_{j=1}^{2} i j", 9),
        ("1/n Σ_{i=1}^{n} i", "7/2"),
        ("sum_{i=0}^{2} a^i", 7),
        ("(−2) · x", -8),
        ("x_prime + y", 11),
    ],
)
def test_numbers(formula: str, value: int | str) -> None:
    assert number_of(formula, NUMBERS | {"x_prime": 1, "e_1": 3}) == Fraction(value)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("exp(1/2)", math.sqrt(math.e)),
        ("e^{-a}", 1 / math.e**2),
        ("e^-a^2", math.e**-4),
        ("2e", 2 * math.e),
        ("log(a) + ln b", math.log(2) + math.log(3)),
        ("-a log b - (1-a) log(1/b)", -2 * math.log(3) + math.log(1 / 3)),
        ("log_2(8) + log2 8 + \\log_{10} 100 + lg(10)", 3 + 3 + 2 + 1),
        ("tanh(1)", (math.e - 1 / math.e) / (math.e + 1 / math.e)),
        ("1 - tanh²(a)", 1 / math.cosh(2) ** 2),
        ("1 - tanh^2 a", 1 / math.cosh(2) ** 2),
        ("σ(a)", 1 / (1 + math.e**-2)),
        ("sigmoid(-a)", 1 / (1 + math.e**2)),
        ("sin a cos a", math.sin(4) / 2),  # half the sine of twice the angle
        ("log log x", math.log(math.log(4))),
        ("log x^2", 2 * math.log(4)),
        ("√2·a", 2 * math.sqrt(2)),
    ],
)
def test_functions(formula: str, value: float) -> None:
    values = {label: Float64().lift(Fraction(number)) for label, number in NUMBERS.items()}
    root = parse(formula, ranks=dict.fromkeys(values, 0))
    assert evaluate(root, values, Float64()) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("x^T y", 13),  # 1·3 + 2·5
        ("xᵀ y", 13),
        ("x y^T", [[3, 5], [6, 10]]),
        ("xy^T", [[3, 5], [6, 10]]),
        ("-2(y-x)x^T", [[-4, -8], [-6, -12]]),  # (2, 3)ᵀ (1, 2)
        ("W z", [7, 16]),  # (1 + 6, 4 + 12)
        ("Wz", [7, 16]),
        ("W^T x", [9, 12, 15]),
        ("W^\\top x", [9, 12, 15]),
        ("W^{\\top}x", [9, 12, 15]),
        ("W^Tx", [9, 12, 15]),
        ("W^Tx_1", [[1, 4], [2, 5], [3, 6]]),  # Wᵀ · x_1, which is 1
        ("Wᵀ x", [9, 12, 15]),
        ("xᵀ W", [9, 12, 15]),
        ("xᵀ W z", 39),  # 9 + 30
        ("x xᵀ y", [13, 26]),
        ("M M", [[7, 10], [15, 22]]),
        ("M @ x", [5, 11]),
        ("a M x", [10, 22]),
        ("M x a", [10, 22]),
        ("x ⊙ y", [3, 10]),
        ("x ⊙ M x", [5, 22]),  # ⊙ holds less tightly
        ("M x ⊙ y/2", ["15/2", "55/2"]),
        ("x/y", ["1/3", "2/5"]),
        ("1/x", [1, "1/2"]),
        ("x²", [1, 4]),
        ("(x + y)ᵀ", [4, 7]),
        ("((x + y)ᵀ)ᵀ ⊙ x", [4, 14]),
        ("‖y - x‖²", 13),  # 4 + 9
        ("||y - x||_2^2", 13),
        ("\\lVert x \\rVert^2", 5),
        ("norm([3, 4])", 5),
        ("[1, -2] + x", [2, 0]),
        ("(1.5, 2) + x", ["5/2", 4]),
        ("[[1, 2], [3, 4]] [1.0, −2]", [-3, -5]),
        ("[a, a + 1]", [2, 3]),
        ("[x, y]", [[1, 2], [3, 5]]),
        ("[x, y]ᵀ", [[1, 3], [2, 5]]),
        ("[1/2, -1/4]", ["1/2", "-1/4"]),
        ("x_1 + x_2", 3),
        ("x_k", 30),
        ("x_{k-1}", 20),
        ("h[k]", 30),
        ("h_k", 30),
        ("W_{1,3}", 3),
        ("W_23", 6),
        ("W[2, 1]", 4),
        ("W_2", [4, 5, 6]),
        ("Σ_{i=1}^{T} h_i z_i", 70),  # 10 + 60
        ("Σ_{i=1}^T i·h[i]", 140),
        ("sum(W)", 21),
        ("sum(W, axis=0)", [5, 7, 9]),
        ("mean(W, axis=1, keepdims=True)", [[2], [5]]),
        ("max(W)", 6),
        ("min(W, axis=0)", [1, 2, 3]),
        ("reshape(W, shape=(3, 2))", [[1, 2], [3, 4], [5, 6]]),
        ("item(h, index=(slice(1, None, None),))", [20, 30]),
        ("trapezoid(y, x)", 4),  # (2 - 1)(5 + 3)/2
        ("squared_error(y, x)", 13),
        ("dot(x, y)", 13),
        ("outer(x, y)", [[3, 5], [6, 10]]),
        ("a^T", 8),  # T is a known number and a is no vector: a power
        ("a^{T-1}", 4),
        ("x^(T)", [1, 8]),
    ],
)
def test_vectors_and_matrices(formula: str, value: Any) -> None:
    values = ARRAYS | ({"x": [10, 20, 30]} if formula in ("x_k", "x_{k-1}") else {})
    ranks = {label: np.ndim(given) for label, given in values.items()}
    wanted = np.vectorize(Fraction, otypes=[object])(np.array(value, dtype=object)).tolist()
    assert exact(parse(formula, ranks=ranks), values) == wanted


@pytest.mark.parametrize(
    ("key", "value"),
    [
        # H = 9, W = 7, M = 4, N = 2, P = 1, S = 2
        ("W-N+1", 6),
        ("(W-N+2P)/S+1", "9/2"),  # (7 - 2 + 2)/2 + 1
        ("MN + 3(H-M+1)(W-N+1)/4", 35),  # 8 + 3·6·6/4
        ("HW(H-M+1)(W-N+1)/4 + 3(H-M+1)(W-N+1)/4", 594),  # 63·9 + 27
        ("W'(a-1)+b", 11),  # W' = W - N + 1 = 6, a = 2, b = 5
    ],
)
def test_printed_keys_in_letters(key: str, value: int | str) -> None:
    values = {"H": 9, "W": 7, "M": 4, "N": 2, "P": 1, "S": 2, "a": 2, "b": 5, "W_prime": 6}
    assert exact(parse(key, ranks=dict.fromkeys(values, 0)), values) == Fraction(value)
    assert exact(parse(key), values) == Fraction(value)


def test_printed_gradients_of_a_linear_layer() -> None:
    values: dict[str, Any] = {
        "d": [5, 1],
        "y": [2, 3],
        "x": [1, 4, 2],
        "W": [[1, 0, 2], [0, 3, 1]],
        "beta": "0.5",
    }
    ranks = {"d": 1, "y": 1, "x": 1, "W": 2, "beta": 0}
    # d - y = (3, -2); -2 (3, -2)ᵀ (1, 4, 2) = [[-6, -24, -12], [4, 16, 8]]; 2·0.5·W = W
    assert exact(parse("-2(d-y)x^T", ranks=ranks), values) == [[-6, -24, -12], [4, 16, 8]]
    for key in ("-2(d-y)x^T + 2\\beta W", "-2(d-y)x^T + 2βW", "−2 (d − y) xᵀ + 2 · beta · W"):
        assert exact(parse(key, ranks=ranks), values) == [[-5, -24, -10], [4, 19, 9]]


def test_printed_projections_of_attention() -> None:
    values: dict[str, Any] = {"Q": [[3], [5]], "x_prime": [[3], [5]], "W_Q": [[1]]}
    root = parse("Q=x'W_Q=x'", ranks=dict.fromkeys(values, 2))
    assert exact(root, values) == [[1], [1]]
    assert exact(root, values | {"W_Q": [[2]]}) == [[0], [0]]
    assert exact(parse("Q=x'W_Q", ranks=dict.fromkeys(values, 2), target=True), values) == [[3], [5]]


def test_recurrence_and_positional_encoding() -> None:
    # h_t = a x_t + b h_{t-1} with x = (1, 2, 4), a = 3, b = 2, h_1 = 3: h_3 = a Σ b^{T-k} x_k = 3 (4 + 4 + 4)
    values: dict[str, Any] = {"a": 3, "b": 2, "x": [1, 2, 4], "h": [3, 12], "t": 3, "T": 3, "d": 4, "k": 1}
    ranks = {label: np.ndim(value) for label, value in values.items()}
    assert exact(parse("h_t = a x_t + b h_{t-1}", ranks=ranks, target=True), values) == 36
    assert exact(parse("a Σ_{k=1}^{T} b^{T-k} x_k", ranks=ranks), values) == 36
    root = parse("sin(omega_k t)", ranks={"omega_k": 0, "t": 0})
    assert names_in(root) == ("omega_k", "t")
    assert same(parse(r"\sin(\omega_k t)"), root)
    frequency = parse("1/10000^{2k/d}", ranks=ranks)
    floats = {label: Float64().lift(_fractions(value)) for label, value in values.items()}
    assert evaluate(frequency, floats, Float64()) == pytest.approx(0.01)  # 10000^(-1/2)


def test_scaled_attention() -> None:
    """Softmax of (1·1/√1, 0) row by row, by hand for one query and two keys."""
    values = {"Q": [[1.0]], "K": [[1.0], [0.0]], "V": [[10.0], [20.0]], "d_k": 1.0}
    root = parse("softmax(QK^T/√d_k) V", ranks={"Q": 2, "K": 2, "V": 2, "d_k": 0})
    found = evaluate(root, {label: np.array(value) for label, value in values.items()}, Float64())
    weight = math.e / (math.e + 1)
    np.testing.assert_allclose(found, [[10 * weight + 20 * (1 - weight)]])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("alpha", "alpha"), ("α", "alpha"), (r"\alpha", "alpha"), ("ε", "epsilon"),
        (r"\varepsilon", "epsilon"), ("W_1", "W_1"), ("W_{1}", "W_1"), ("W₁", "W_1"),
        ("W_Q", "W_Q"), (r"\mathbf{W}_Q", "W_Q"),
        ("𝑊₁", "W_1"), ("d_model", "d_model"), (r"d_{model}", "d_model"), ("λ_2", "lambda_2"),
        ("σ_max", "sigma_max"), ("x_α", "x_alpha"), ("∇W_1", "grad_W_1"), ("∇_W_1", "grad_W_1"),
        ("∇_{W_1} J", "grad_W_1"), ("∇_{W₁}J", "grad_W_1"), (r"\nabla_{W_1} J", "grad_W_1"),
        ("grad_W_1", "grad_W_1"), ("f′(u_1)", "df_1"), ("f'(u_1)", "df_1"), ("df_1", "df_1"),
        ("f′(u_h)", "df_h"), ("∂h/∂a", "dh_da"), (r"\frac{\partial h}{\partial a}", "dh_da"),
        (r"\partial h_T / \partial a", "dh_T_da"), ("x'", "x_prime"), ("x′", "x_prime"),
        ("y_hat", "y_hat"), ("\u0177", "y_hat"), ("y\u0302", "y_hat"), (r"\hat{y}", "y_hat"),
        ("h1", "h1"), ("new_W_1", "new_W_1"),
    ],
)  # fmt: skip
def test_names(written: str, name: str) -> None:
    assert parse(written).attrs["name"] == name
    assert parse(written, ranks={name: 0}, only_known=True).attrs["name"] == name


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\frac{a + b}{2}", "(a + b)/2"),
        (r"\dfrac{1}{2} a", "1/2 · a"),
        (r"\sqrt{a + 1}", "sqrt(a + 1)"),
        (r"\tanh\left( a \right)", "tanh(a)"),
        (r"a \cdot b \times c", "a · b · c"),
        (r"x \odot y", "x ⊙ y"),
        (r"\left|a - b\right|", "abs(a − b)"),
        (r"\lfloor a \rfloor \le b", "floor(a) ≤ b"),
        (r"\sum_{k=1}^{n} k^{2}", "Σ_{k=1}^{n} (k^2)"),
        (r"\operatorname{softmax}(x)", "softmax(x)"),
        (r"\log y", "log(y)"),
        (r"a\,b\;c", "a · b · c"),
    ],
)
def test_light_latex(latex: str, plain: str) -> None:
    ranks = dict.fromkeys("abcnxy", 0) | ({"x": 1, "y": 1} if "odot" in latex else {})
    root = parse(latex, ranks=ranks)
    assert same(root, parse(plain, ranks=ranks))


def test_a_word_splits_into_known_names() -> None:
    assert names_in(parse("MN", ranks={"M": 0, "N": 0})) == ("M", "N")
    assert names_in(parse("MN", ranks={"MN": 0, "M": 0, "N": 0})) == ("MN",)
    assert names_in(parse("W_1x", ranks={"W_1": 2, "x": 1})) == ("W_1", "x")
    assert names_in(parse("abcab", ranks={"ab": 0, "abc": 0})) == ("abc", "ab")
    assert names_in(parse("abcd", ranks={"ab": 0, "abc": 0, "cd": 0})) == (
        "ab",
        "cd",
    )  # not abc and an unknown d
    assert names_in(parse("total", ranks={"total": 0})) == ("total",)
    assert names_in(parse("xyz")) == ("x", "y", "z")
    assert names_in(parse("kernel stride", ranks={"kernel": 0, "stride": 0})) == ("kernel", "stride")


def test_names_win_over_functions_and_constants() -> None:
    ranks = {"e": 0, "sigma": 0, "mean": 0, "x": 0}
    values = {"e": 3, "sigma": 2, "mean": 7, "x": 5}
    assert exact(parse("e^2", ranks=ranks), values) == 9
    assert exact(parse("σ(x + 1)", ranks=ranks), values) == 12
    assert exact(parse("2 mean", ranks=ranks), values) == 14
    assert parse("mean(x)", ranks=ranks).op == "mean"


def test_ranks_of_gradients_follow_from_their_names() -> None:
    root = parse("∇u_1 xᵀ + new_W_1 ⊙ W_1", ranks={"u_1": 1, "x": 1, "W_1": 2})
    assert [node.op for node in (root, root.args[0], root.args[1])] == ["add", "outer", "mul"]
    assert parse("f′(u_1)ᵀ x", ranks={"u_1": 1, "x": 1}).op == "matmul"


def test_a_leading_name_may_be_dropped() -> None:
    for written in (
        "J = a + b",
        "∇W_1 = a + b",
        "y_hat = a + b",
        "h_{t+1} = a + b",
        "total= a + b",
        "f′(u_1) = a + b",
        "a + b",
    ):
        assert text(parse(written, target=True)) == "a + b"
    assert parse("J = a + b").op == "equal"
    assert parse("2 = a", target=True).op == "equal"


def test_words() -> None:
    assert parse('"inductive transfer"').attrs["value"] == "inductive transfer"


def test_numerals_stay_exact() -> None:
    digits = "0.1234567890123456789012345678901234567890"
    assert number_of(digits) == Fraction(digits)


def test_parsing_does_no_arithmetic() -> None:
    assert text(parse("10**100**100")) == "10^(100^100)"


def test_a_long_matrix_needs_leave() -> None:
    row = "[" + ", ".join(["0.25"] * 50) + "]"
    matrix = "[" + ", ".join([row] * 20) + "]"
    with pytest.raises(InputError, match=r"a formula of .* characters; accepted: at most 2000"):
        parse(matrix)
    assert shapes_of(root := parse(matrix, longest=len(matrix)), {})[root] == (20, 50)


def test_every_operation_has_a_signature() -> None:
    assert set(STRUCTURAL_SIGNATURES) == set(STRUCTURAL)
