"""Formulas in print, every expected string by hand; LaTeX that LaTeX takes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pypandoc
import pytest

from workings.algebra.expression import (
    Expr,
    apply,
    const,
    element,
    exp,
    floor,
    log,
    name,
    outer,
    sqrt,
    stack,
    summation,
    tanh,
    total,
    where,
    words,
)
from workings.algebra.printer import (
    ATOM,
    NEGATIVE,
    PRODUCT,
    SUM,
    Printer,
    Shown,
    matrix_text,
    number_text,
)
from workings.algebra.shape import shapes_of
from workings.algebra.show import latex, show, text

SHAPES = {
    **dict.fromkeys(("a", "b", "c", "k"), ()),
    **dict.fromkeys(("x", "y", "h_1", "d", "p", "grad_u"), (3,)),
    **dict.fromkeys(("W", "new_W_1"), (3, 2)),
    **dict.fromkeys(("A", "B"), (3, 3)),
    "v": (2,),
}
A, B, C, X, Y, W, V, H = map(name, ("a", "b", "c", "x", "y", "W", "v", "h_1"))


def ranks(root: Expr) -> dict[Expr, int]:
    return {node: len(extents) for node, extents in shapes_of(root, SHAPES).items()}


def check(root: Expr, plain: str, tex: str) -> None:
    assert text(root, ranks=ranks(root)) == plain
    assert latex(root, ranks=ranks(root)) == tex


# Brackets and signs


@pytest.mark.parametrize(
    ("root", "plain", "tex"),
    [
        (A - (B - C), "a − (b − c)", r"a - \left(b - c\right)"),
        (A - (B + C), "a − (b + c)", r"a - \left(b + c\right)"),
        (A - B - C, "a − b − c", "a - b - c"),
        (A + (B - C), "a + (b − c)", r"a + \left(b - c\right)"),
        (-(A + B), "−(a + b)", r"-\left(a + b\right)"),
        (-(A * B), "−a · b", "-a b"),
        (-A * B, "(−a) · b", r"\left(-a\right) b"),
        (A * -B, "a · (−b)", r"a \cdot \left(-b\right)"),
        (A * const(-3), "a · (−3)", r"a \cdot \left(-3\right)"),
        (const(-3) * A, "−3 · a", "-3 a"),
        (A + const(-3), "a + (−3)", r"a + \left(-3\right)"),
        (A - const(-3), "a − (−3)", r"a - \left(-3\right)"),
        (A + const(Fraction(-1, 3)), "a + (−1/3)", r"a + \left(-\frac{1}{3}\right)"),
        (3 - A, "3 − a", "3 - a"),
        ((A + B) * C, "(a + b) · c", r"\left(a + b\right) c"),
        (A * (B + C), "a · (b + c)", r"a \cdot \left(b + c\right)"),  # no function a(...)
        (const(2) * (A + B), "2 · (a + b)", r"2 \left(a + b\right)"),
        (A * const(3), "a · 3", r"a \cdot 3"),
        (const("0.5") * A, "0.5 · a", "0.5 a"),
        (const(2) * const(3), "2 · 3", r"2 \cdot 3"),
        (const(Fraction(1, 3)) * A, "1/3 · a", r"\frac{1}{3} a"),
    ],
    ids=str,
)
def test_sums_and_products(root, plain, tex):
    check(root, plain, tex)


@pytest.mark.parametrize(
    ("root", "plain", "tex"),
    [
        (A / B, "a/b", r"\frac{a}{b}"),
        ((A + B) / C, "(a + b)/c", r"\frac{a + b}{c}"),
        (A / (B * C), "a/(b · c)", r"\frac{a}{b c}"),
        (A / (B / C), "a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
        (A / B / C, "a/b/c", r"\frac{\frac{a}{b}}{c}"),
        (A / B * C, "a/b · c", r"\frac{a}{b} c"),
        (-A / B, "(−a)/b", r"\frac{-a}{b}"),
        (X / C, "x/c", "x / c"),
        (X / (A + B), "x/(a + b)", r"x / \left(a + b\right)"),
        (A**2, "a^2", "a^{2}"),
        (A**B**C, "a^(b^c)", "a^{b^{c}}"),
        ((A**B) ** C, "(a^b)^c", r"\left(a^{b}\right)^{c}"),
        ((-A) ** 2, "(−a)^2", r"\left(-a\right)^{2}"),
        (-(A**2), "−a^2", "-a^{2}"),
        (const(-2) ** 2, "(−2)^2", r"\left(-2\right)^{2}"),
        (A**-1, "a^(−1)", "a^{-1}"),
        ((A * B) ** 2, "(a · b)^2", r"\left(a b\right)^{2}"),
        (2**A, "2^a", "2^{a}"),
        (A ** (B + 1), "a^(b + 1)", "a^{b + 1}"),
        (sqrt(A + B), "sqrt(a + b)", r"\sqrt{a + b}"),
        (exp(-A) + 1, "exp(−a) + 1", "e^{-a} + 1"),
        (exp(X), "exp(x)", r"\exp\left(x\right)"),
        (log(A) * B, "log(a) · b", r"\log\left(a\right) b"),
        (tanh(A * B), "tanh(a · b)", r"\tanh\left(a b\right)"),
        (1 / (1 + exp(-A)), "1/(1 + exp(−a))", r"\frac{1}{1 + e^{-a}}"),
        (apply("absolute", A - B), "abs(a − b)", r"\left|a - b\right|"),
        (apply("sigmoid", X), "sigmoid(x)", r"\sigma\left(x\right)"),
        (apply("maximum", 0, A), "max(0, a)", r"\max\left(0, a\right)"),
    ],
    ids=str,
)
def test_quotients_powers_and_functions(root, plain, tex):
    check(root, plain, tex)


def test_floor():
    """No blank at the end: `$... $` is no mathematics in Markdown."""
    check(floor(A / B), "floor(a/b)", r"\left\lfloor \frac{a}{b}\right\rfloor")
    check(apply("ceil", A) * B, "ceil(a) · b", r"\left\lceil a\right\rceil b")


# Vectors and matrices


@pytest.mark.parametrize(
    ("root", "plain", "tex"),
    [
        (W.T @ X, "Wᵀ x", r"W^{\top}\, x"),
        (W @ V + H, "W v + h_1", r"W\, v + h_{1}"),
        (X @ Y, "xᵀ y", r"x^{\top}\, y"),
        (outer(X, Y), "x yᵀ", r"x\, y^{\top}"),
        (outer(X, -Y), "x (−y)ᵀ", r"x\, \left(-y\right)^{\top}"),
        (-outer(X, Y), "−x yᵀ", r"-x\, y^{\top}"),
        ((X + Y) @ H, "(x + y)ᵀ h_1", r"\left(x + y\right)^{\top}\, h_{1}"),
        (A * outer(X, Y), "a · x yᵀ", r"a x\, y^{\top}"),
        (X * Y, "x ⊙ y", r"x \odot y"),
        ((X + Y) * H, "(x + y) ⊙ h_1", r"\left(x + y\right) \odot h_{1}"),
        (X * (Y * H), "x ⊙ y ⊙ h_1", r"x \odot y \odot h_{1}"),
        (X * (Y / H), "x ⊙ (y/h_1)", r"x \odot \left(y / h_{1}\right)"),
        (const(-2) * (X - Y), "−2 · (x − y)", r"-2 \left(x - y\right)"),
        (name("A") @ name("B"), "A B", r"A\, B"),
        ((name("A") @ name("B")).T @ X, "(A B)ᵀ x", r"\left(A\, B\right)^{\top}\, x"),
        (name("grad_u") * H, "∇u ⊙ h_1", r"\nabla_{u} J \odot h_{1}"),
        (total(X), "sum(x)", r"\textstyle\sum x"),
        (apply("mean", X), "mean(x)", r"\overline{x}"),
        (const(["1", "-0.5"]), "[1, −0.5]", r"\begin{pmatrix} 1 \\ -0.5 \end{pmatrix}"),
        (
            const([["1", "-0.5"], ["1/3", "2"]]),
            "[[1, −0.5], [1/3, 2]]",
            r"\begin{pmatrix} 1 & -0.5 \\ \frac{1}{3} & 2 \end{pmatrix}",
        ),
        (stack([A, B]), "[a, b]", r"\begin{pmatrix} a \\ b \end{pmatrix}"),
        (
            stack([stack([A, B]), stack([C, A])]),
            "[[a, b], [c, a]]",
            r"\begin{pmatrix} a & b \\ c & a \end{pmatrix}",
        ),
    ],
    ids=str,
)
def test_vectors_and_matrices(root, plain, tex):
    check(root, plain, tex)


# Subscripts and superscripts: LaTeX takes one of each


@pytest.mark.parametrize(
    ("root", "plain", "tex"),
    [
        (element(X, 2), "x[2]", "x_{2}"),
        (element(H, 2), "h_1[2]", "{h_{1}}_{2}"),
        (element(H, 2) ** 2, "h_1[2]^2", "{h_{1}}_{2}^{2}"),
        (H**2, "h_1^2", "h_{1}^{2}"),
        (H[0], "h_1[1]", "{h_{1}}_{1}"),
        (X[0:2], "item(x, index=(slice(0, 2, None),))", "x_{1:2}"),
        (W[1, 1:], "item(W, index=(1, slice(1, None, None)))", "W_{2, 2:}"),
        (X[:-1], "item(x, index=(slice(None, -1, None),))", "x_{:-2}"),
        (element(W, name("k"), B + 1), "W[k, b + 1]", "W_{k, b + 1}"),
        (element(X + Y, 1), "(x + y)[1]", r"\left(x + y\right)_{1}"),
        (name("new_W_1").T @ X, "new_W_1ᵀ x", r"{W^{\text{new}}_{1}}^{\top}\, x"),
        (name("grad_u") @ X, "∇uᵀ x", r"\left(\nabla_{u} J\right)^{\top}\, x"),
    ],
    ids=str,
)
def test_scripts(root, plain, tex):
    check(root, plain, tex)


# Sums, cases, words, composites


@pytest.mark.parametrize(
    ("root", "plain", "tex"),
    [
        (
            summation(element(X, "k") * "k", "k", 1, 3),
            "Σ_{k=1}^{3} (x[k] · k)",
            r"\sum_{k=1}^{3} x_{k} k",
        ),
        (
            A * summation(element(X, "k"), "k", 1, 3) + B,
            "a · (Σ_{k=1}^{3} (x[k])) + b",
            r"a \cdot \left(\sum_{k=1}^{3} x_{k}\right) + b",
        ),
        (
            where(apply("less", 0, A), B, -C),
            "where(0 < a, b, −c)",
            r"\begin{cases} b & \text{if } 0 < a \\ -c & \text{otherwise} \end{cases}",
        ),
        (apply("between", A, B, C), "a ≤ b ≤ c", r"a \le b \le c"),
        (
            apply("convolution_matrix", W, height=4, width=3, kernel=(3, 2)),
            "convolution_matrix(W, height=4, width=3, kernel=(3, 2))",
            r"\text{matrix of } W",
        ),
        (words("50 % & more_or_less"), '"50 % & more_or_less"', r"\text{50 \% \& more\_or\_less}"),
        (apply("squared_error", A, B), "squared_error(a, b)", r"\left(b - a\right)^{2}"),
        (
            apply("squared_error", X, name("d")),
            "squared_error(x, d)",
            r"\left(d - x\right)^{\top} \left(d - x\right)",
        ),
        (
            apply("binary_cross_entropy", A, B),
            "binary_cross_entropy(a, b)",
            r"-b \log a - \left(1 - b\right) \log\left(1 - a\right)",
        ),
        (
            apply("cross_entropy", name("p"), name("d"), distribution=True),
            "cross_entropy(p, d)",
            r"-\textstyle\sum d \odot \log p",
        ),
        (apply("squared_norm", X), "squared_norm(x)", r"\lVert x \rVert^{2}"),
        (apply("softmax", X, axis=-1), "softmax(x, axis=-1)", r"\operatorname{softmax}\left(x\right)"),
        (apply("normalise", X, A, B, C), "normalise(x, a, b, c)", r"\frac{x - a}{\sqrt{b + c}}"),
    ],
    ids=str,
)
def test_the_rest(root, plain, tex):
    check(root, plain, tex)


# What is put in for a name


def substituted(root: Expr, style: str = "text", **values: Shown) -> str:
    return show(root, Printer(style, substitution=values, ranks=ranks(root))).text


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (3 - A, "3 − (−2)"),
        (A - 3, "−2 − 3"),
        (A + A, "−2 + (−2)"),
        (2 * A, "2 · (−2)"),
        (A * 2, "(−2) · 2"),
        (A**2, "(−2)^2"),
        (A / 4, "(−2)/4"),
        (4 / A, "4/(−2)"),
        (-A, "−(−2)"),
        (exp(A), "exp(−2)"),
    ],
    ids=str,
)
def test_a_negative_value_gets_brackets(root, expected):
    assert substituted(root, a=Shown("−2", NEGATIVE)) == expected


def test_a_sum_or_a_quotient_put_in_gets_brackets_too():
    assert substituted(A * B, a=Shown("H + 1", SUM), b=Shown("1/3", PRODUCT)) == "(H + 1) · (1/3)"
    assert substituted(A**2, a=Shown("1/3", PRODUCT)) == "(1/3)^2"
    assert substituted(C - A, a=Shown("H − 1", SUM)) == "c − (H − 1)"


def test_a_name_keeps_its_name_where_nothing_is_put_in():
    assert substituted(A * B, a=Shown("2", ATOM)) == "2 · b"
    assert substituted(A * B, "latex", a=Shown("2", ATOM), b=Shown("3", ATOM)) == r"2 \cdot 3"
    assert substituted(X @ Y, "latex", x=Shown(r"\begin{pmatrix} 1 \end{pmatrix}")) == (
        r"\begin{pmatrix} 1 \end{pmatrix}^{\top}\, y"
    )


def test_symbols():
    assert text(name("kernel") - 1, symbols={"kernel": "F"}) == "F − 1"
    assert latex(name("kernel") - 1, symbols={"kernel": "F_h"}) == "F_{h} - 1"


def test_numbers():
    assert number_text(Fraction(-1, 2), "text") == Shown("−0.5", NEGATIVE)
    assert number_text(Fraction(1, 3), "text") == Shown("1/3", PRODUCT)
    assert number_text(Fraction(1, 3), "latex") == Shown(r"\frac{1}{3}", ATOM)
    assert number_text(Fraction(-1, 3), "latex") == Shown(r"-\frac{1}{3}", NEGATIVE)
    assert matrix_text([["1", "2"], ["3", "4"]], "text") == "[[1, 2], [3, 4]]"


def test_depth_is_bounded_by_memory_alone():
    root = A
    for _ in range(5_000):
        root = root + 1
    assert text(root).count(" + 1") == 5_000


# The LaTeX is read by pandoc, whose MathML has an element for each script


@pytest.mark.parametrize(
    "root",
    [
        element(H, 2) ** 2,
        name("new_W_1").T @ X,
        (W @ V) * H / A,
        where(apply("less", 0, A), B, -C),
        summation(element(X, "k") * "k", "k", 1, 3),
        const(np.arange(8).reshape(2, 2, 2).tolist()),
        apply("binary_cross_entropy", A, B),
        floor(A / B) + apply("ceil", C),
    ],
    ids=str,
)
def test_pandoc_reads_the_latex(root):
    page = pypandoc.convert_text(
        f"${latex(root, ranks=ranks(root))}$", "html5", "markdown", extra_args=["--mathml"]
    )
    assert "<math" in page
    assert "<mi></mi>" not in page  # a script without a base
