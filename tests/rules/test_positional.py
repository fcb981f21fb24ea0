"""Positional rules: entries, tables and vectors alike, and the closed form of the dot product as a law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.algebra.expression import const
from workings.algebra.systems import Float64
from workings.rules import positional
from workings.working import Draft


def by_loop(position, width, base):
    """Vaswani et al. (2017), §3.5, one entry at a time."""
    code = []
    for dimension in range(width):
        angle = position / base ** ((dimension - dimension % 2) / width)
        code.append(np.cos(angle) if dimension % 2 else np.sin(angle))
    return np.array(code)


def test_a_table_and_a_vector_are_the_loop():
    draft = Draft()
    width, base = draft.given("d", 7), draft.given("base", 100)
    draft.step("PE", positional.table(draft, [0, 3, 50], list(range(7)), base, width))
    draft.step("p", positional.vector(const(3), base, width, 7))
    values = draft.done().evaluate(Float64())
    np.testing.assert_allclose(values["PE"], [by_loop(t, 7, 100) for t in (0, 3, 50)], rtol=0, atol=1e-12)
    np.testing.assert_allclose(values["p"], by_loop(3, 7, 100), rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(t=st.integers(0, 300), tau=st.integers(0, 300), half=st.integers(1, 8), base=st.integers(2, 20000))
def test_the_closed_form_is_the_dot_product_of_the_codes(t, tau, half, base):
    draft = Draft()
    parts = [
        draft.given(label, value) for label, value in (("t", t), ("tau", tau), ("b", base), ("d", 2 * half))
    ]
    pairs, closed = positional.similarity(*parts, "k")
    draft.step("pairs", pairs)
    draft.step("closed", closed)
    values = draft.done().evaluate(Float64())
    expected = by_loop(t, 2 * half, base) @ by_loop(tau, 2 * half, base)
    assert values["pairs"] == pytest.approx(expected, abs=1e-9)
    assert values["closed"] == pytest.approx(expected, abs=1e-9)


def test_the_similarity_depends_on_the_offset_alone():
    draft = Draft()
    width = draft.given("d", 8)
    for label, (t, tau) in {"near": (3, 10), "far": (1003, 1010)}.items():
        draft.step(label, positional.similarity(const(t), const(tau), const(10000), width, "k")[1])
    values = draft.done().evaluate(Float64())
    assert values["near"] == pytest.approx(values["far"], rel=1e-12)
