"""Points at which formulas are compared: where a letter is a place, it lies inside what it counts."""

from __future__ import annotations

import pytest
import sympy

from workings.algebra.expression import apply, const, element, name, summation, where
from workings.algebra.parse import parse
from workings.marking.points import agree, points
from workings.working import Draft


def windows(kernel: int):
    """z_a = Σ w_k x_{a+k-1}, and the weight of x_i in it: w_{i-a+1} where a ≤ i ≤ a + kernel - 1."""
    draft = Draft()
    w = draft.letter("w", (kernel,))
    x = draft.letter("x", (kernel + 2,))
    a, i = (draft.letter(label, integer=True) for label in "ai")
    draft.step("z_a", summation(element(w, "k") * element(x, a + name("k") - 1), "k", 1, const(kernel)))
    inside = apply("between", a, i, a + (kernel - 1))
    draft.step("weight", where(inside, apply("entry", w, i - a + 1), const(0)))
    return draft.done(["z_a", "weight"])


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_both_cases_of_a_rule_are_met(kernel):
    working = windows(kernel)
    at = points(working)
    weights = [point.values["weight"] for point in at]
    assert any(weights)
    assert not all(weights)
    assert agree(working, "weight", const(0), at) == "different"
    assert agree(working, "weight", parse("entry(w, i - a + 1)", ranks={"w": 1}), at) == "same"
    inside_out = parse(f"where(a ≤ i ≤ a + {kernel} - 1, 0, entry(w, i))", ranks={"w": 1})
    assert agree(working, "weight", inside_out, at) == "different"


def test_a_place_is_inside_wherever_the_cost_of_outside_is_an_error():
    for point in points(windows(2)):
        assert 1 <= point.values["a"] <= 3


def test_a_length_is_no_place():
    """T is what a sum runs up to: it is drawn as a size, and never 1."""
    draft = Draft()
    x = draft.letter("x", (16,), sequence=True)
    T = draft.letter("T", integer=True)
    draft.step("s", element(x, T) + summation(element(x, "t"), "t", 1, T))
    assert all(point.values["T"] >= 2 for point in points(draft.done(["s"])))


def test_differences_of_sizes_differ():
    """H - M and W - N are told apart, although all four rise in the same order each time."""
    M, N, H, W = sizes = sympy.symbols("M N H W", integer=True, positive=True)
    draft = Draft()
    M_, N_, H_, W_ = (draft.letter(str(size), integer=True) for size in sizes)
    draft.letter("w", (M, N))
    draft.letter("x", (H, W))
    draft.step("rows", H_ - M_)
    working = draft.done(["rows"])
    assert agree(working, "rows", W_ - N_, points(working)) == "different"
    assert all(len({*point.sizes.values()}) == 4 for point in points(working))
