"""Formulas compared at points: how two may differ, and where the points lie."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from workings.algebra.expression import apply, const, element, name, summation, where
from workings.algebra.parse import parse
from workings.algebra.systems import Float64
from workings.errors import InputError
from workings.marking.points import agree, at_point, points
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


# How two formulas differ


def linear():
    """∇_W (d - y)ᵀ(d - y) = x (-2 (d - y))ᵀ for y = Wᵀx, W of n × K."""
    n, k = sympy.symbols("n K", integer=True, positive=True)
    draft = Draft()
    w, x, d = draft.letter("W", (n, k)), draft.letter("x", (n,)), draft.letter("d", (k,))
    y = draft.step("y", w.T @ x)
    draft.step("J", apply("squared_error", y, d))
    draft.backward("J", ["W"])
    return draft.done(["grad_W"])


RANKS = {"W": 2, "x": 1, "d": 1, "y": 1, "J": 0, "grad_W": 2}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("-2 x (d - y)^T", "same"),
        ("2 x (y - d)^T", "same"),
        ("x (-2 (d - W^T x))^T", "same"),
        ("-2 (d - y) x^T", "transposed"),  # the printed key of the examination
        ("2 x (d - y)^T", "different"),
        ("-2 x (d + y)^T", "different"),
        ("-2 (d - y)", "shape"),
        ("-2 x", "shape"),
        ("0", "shape"),
        ("x + d", "misfit"),
        ("W x", "misfit"),
        ("log(0 - J) W", "different"),  # no value
    ],
)
def test_outcomes(answer, outcome):
    working = linear()
    assert agree(working, "grad_W", parse(answer, ranks=RANKS), points(working)) == outcome


def test_sizes_that_are_letters_are_distinct():
    """A transposed matrix shows itself by its shape alone."""
    for point in points(linear()):
        assert len(set(point.sizes.values())) == 2
        assert point.values["W"].shape == (point.sizes["n"], point.sizes["K"])


def test_the_same_points_each_time():
    first, second = points(linear()), points(linear())
    assert [point.values["J"] for point in first] == [point.values["J"] for point in second]
    assert len({float(point.values["J"]) for point in first}) == len(first)


def test_a_target_that_is_a_distribution_is_one():
    """p - d is the gradient of -Σ d log p for Σ d = 1 alone."""
    draft = Draft()
    z, d = draft.letter("z", (3,)), draft.letter("d", (3,))
    p = draft.step("p", apply("softmax", z))
    draft.step("J", apply("cross_entropy", p, d, distribution=True))
    draft.backward("J", ["z"])
    working = draft.done(["grad_z"])
    at = points(working)
    assert all(point.values["d"].sum() == pytest.approx(1) and (point.values["d"] > 0).all() for point in at)
    ranks = {"p": 1, "d": 1, "z": 1}
    assert agree(working, "grad_z", parse("softmax(z) - d", ranks=ranks), at) == "same"
    assert agree(working, "grad_z", parse("d - p", ranks=ranks), at) == "different"


def test_a_formula_without_a_value_anywhere():
    draft = Draft()
    draft.step("y", apply("log", -(draft.letter("a") ** 2)))
    with pytest.raises(InputError) as refused:
        points(draft.done(["y"]))
    assert str(refused.value) == (
        "no point at which the formula has a value; accepted: a formula with a value"
    )


def test_a_working_at_a_point_has_numbers_throughout():
    working = linear()
    point = points(working, tries=1)[0]
    numeric = at_point(working, point)
    assert not numeric.letters
    values = numeric.evaluate(Float64())
    assert values["J"] == pytest.approx(point.values["J"], rel=1e-12)
    x, y, d = (point.values[label] for label in "xyd")
    assert values["grad_W"] == pytest.approx(np.outer(x, -2 * (d - y)), rel=1e-12)
    assert numeric.shapes["W"] == point.values["W"].shape
