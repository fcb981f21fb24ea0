"""Pandoc's MathML with the spacing of a textbook; what TeX does is in The TeXbook, chapter 18 (spacing)."""

from __future__ import annotations

import re

import pytest

from workings.papers import pandoc
from workings.papers.mathematics import as_in_books

THIN = '<mspace width="0.167em"></mspace>'
LOG = '<mrow><mi mathvariant="normal">log</mi><mo>&#8289;</mo></mrow>'


def mathml(latex):
    made = as_in_books(pandoc.convert(f"${latex}$", "html5", ("--mathml",)).decode())
    return re.search(r"<semantics>(.*?)<annotation", made, re.DOTALL)[1]


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        # Operator between ordinaries: a thin space on both sides.
        (r"d\log p", f"<mrow><mi>d</mi><mrow>{THIN}{LOG}{THIN}</mrow><mi>p</mi></mrow>"),
        # None after a relation or an operation, which have their own, and none before a bracket.
        (r"0 \cdot \log(p)", f'<mo>⋅</mo><mrow>{LOG}</mrow><mo stretchy="false" form="prefix">(</mo>'),
        # The space follows the index, not the name.
        (r"\log_2 x", f"<mrow><msub>{LOG}<mn>2</mn></msub>{THIN}</mrow><mi>x</mi>"),
        # Between \left and \right pandoc writes the bare name.
        (r"\left[\log p\right]", f'<mrow><mi mathvariant="normal">log</mi>{THIN}</mrow><mi>p</mi>'),
    ],
)
def test_functions_stand_apart_from_their_arguments(latex, expected):
    assert expected in mathml(latex)


def test_a_name_as_index_keeps_its_place():
    assert mathml(r"x_{\max}") == '<msub><mi>x</mi><mi mathvariant="normal">max</mi></msub>'


@pytest.mark.parametrize("latex", ["f'(x)", r"f^\prime(x)"])
def test_primes_stand_at_full_size(latex):
    assert '<mrow><mi>f</mi><mo lspace="0" rspace="0">′</mo></mrow>' in mathml(latex)


def test_a_prime_stands_beside_an_index():
    assert mathml("f_1'") == '<msub><mrow><mi>f</mi><mo lspace="0" rspace="0">′</mo></mrow><mn>1</mn></msub>'


@pytest.mark.parametrize(
    ("latex", "stretched"),
    [
        (r"\lVert y - d \rVert", False),
        (r"\left\lVert \frac{a}{b} \right\rVert", True),
        (r"\left(\lVert y \rVert + \frac{a}{b}\right)", False),
        (r"\left\lVert \sum_i x_i \right\rVert", True),
    ],
)
def test_norm_bars_stretch_only_round_what_is_tall(latex, stretched):
    bars = re.findall(r'<mo stretchy="(true|false)"[^>]*>[‖∥]</mo>', mathml(latex))
    assert bars == [str(stretched).lower()] * 2


def test_brackets_round_a_line_stay_small_and_round_a_matrix_stretch():
    nested = mathml(r"\left(x \left(d - y\right)^\top\right)")
    assert re.findall(r'stretchy="(\w+)"', nested) == ["false"] * 4
    outer = mathml(r"\left(\left(a\right) \begin{pmatrix} 1 \\ 2 \end{pmatrix}\right)")
    assert re.findall(r'stretchy="(\w+)"', outer) == ["true", "false", "false", "true", "true", "true"]


def test_a_minus_after_a_comma_belongs_to_its_number():
    # Written as pandoc writes it after a comma without space: an identifier, which gets no space of its own.
    assert '<mo>,</mo><mspace width="0.167em"></mspace><mi>−</mi><mn>2</mn>' in mathml(r"(1,\, -2)")
    assert "<mo>−</mo>" in mathml("a - 2")


def test_the_product_of_elements_is_never_a_large_operator():
    assert '<mo largeop="false">⊙</mo>' in mathml(r"a \odot b")


def test_hats_are_accents():
    assert mathml(r"\hat{y}") == '<mover accent="true"><mi>y</mi><mo>\u0302</mo></mover>'


def test_all_else_stays():
    page = "<p>log f' ‖x‖ <mrow><mi>x</mi><mo>=</mo><mi>y</mi></mrow></p>"
    assert as_in_books(page) == page
