"""The expression language itself: building, walking, comparing; nothing is evaluated here but constants."""

from __future__ import annotations

import gc
import weakref
from fractions import Fraction

import numpy as np
import pytest

from workings.algebra.composites import COMPOSITES, expand
from workings.algebra.expression import (
    PRIMITIVES,
    Expr,
    apply,
    chain_sum,
    concat,
    const,
    element,
    exact_array,
    exp,
    expr,
    name,
    names_in,
    outer,
    postorder,
    rebuild,
    same,
    scalar_value,
    size,
    stack,
    substitute,
    summation,
    total,
    where,
    words,
)
from workings.errors import InputError

x, y, W = name("x"), name("y"), name("W")
SHARED = exp(name("x"))


@pytest.mark.parametrize(
    ("built", "op", "swapped"),
    [
        (x + y, "add", False),
        (x - y, "sub", False),
        (x * y, "mul", False),
        (x / y, "div", False),
        (x**y, "power", False),
        (x @ y, "matmul", False),
        ("x" + y, "add", None),
        (2 - x, "sub", True),
        (2 * x, "mul", True),
        (2 / x, "div", True),
        (2**x, "power", True),
        (2 + x, "add", True),
        ("y" @ x, "matmul", None),
    ],
)
def test_operators_build_their_operation_in_order(built, op, swapped):
    assert built.op == op
    if swapped is False:
        assert built.args == (x, y)
    elif swapped:
        assert scalar_value(built.args[0]) == 2
        assert built.args[1] is x
    else:
        assert built.args[0].op == "name"


def test_unary_operators():
    assert ((-x).op, (-x).args) == ("neg", (x,))
    assert (W.T.op, W.T.attrs["axes"]) == ("transpose", None)
    assert x[1:].attrs["index"] == (slice(1, None),)
    assert x[0, 2].attrs["index"] == (0, 2)


def test_a_numpy_array_on_the_left_does_not_loop_over_its_entries():
    product = np.array([1.0, 2.0]) * x
    assert isinstance(product, Expr)
    assert product.op == "mul"
    assert product.args[0].attrs["value"].shape == (2,)


def test_nodes_are_frozen_and_compare_by_identity():
    assert name("x") != name("x")
    assert len({name("x"), name("x")}) == 2
    with pytest.raises(AttributeError):
        x.op = "y"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (3, Fraction(3)),
        (0.1, Fraction(1, 10)),
        ("0.10", Fraction(1, 10)),
        ("3/14", Fraction(3, 14)),
        (Fraction(2, 3), Fraction(2, 3)),
        (1e-3, Fraction(1, 1000)),
    ],
)
def test_constants_are_exact(written, value):
    assert scalar_value(const(written)) == value


def test_a_string_operand_is_a_name_and_a_number_a_constant():
    assert expr("x").op == "name"
    assert scalar_value(expr(0.5)) == Fraction(1, 2)
    assert expr(x) is x


def test_arrays_of_decimals_are_exact():
    found = exact_array([["0.1", "1/3"], ["2", "-4"]])
    assert found.dtype == object
    expected = [[Fraction(1, 10), Fraction(1, 3)], [Fraction(2), Fraction(-4)]]
    assert found.tolist() == expected


def test_a_float_array_is_kept():
    given = np.array([0.1, 0.2])
    assert exact_array(given) is given


@pytest.mark.parametrize(
    "given", [[2**63, -1], [2**53 + 1, 0.5], [0.1, 123456789012345678901], [Fraction(1, 3), 0.5]]
)
def test_no_entry_loses_digits_to_its_neighbours(given):
    expected = [Fraction(str(entry)) for entry in given]
    assert [Fraction(str(entry)) for entry in exact_array(given).tolist()] == expected


@pytest.mark.parametrize(
    "given",
    [
        [[1, 2], [3]],
        [1, [2]],
        [0.5, float("nan")],
        [float("inf")],
        np.array([np.nan]),
        ["a"],
        [1j],
        [None],
        [{"a": 1}],
        ["1e9999"],
        [True],
    ],
)
def test_what_is_not_an_array_of_numbers_is_refused(given):
    with pytest.raises(InputError):
        const(given)


def test_postorder_has_every_node_once_and_arguments_first():
    shared = exp(x)
    root = shared * y + shared
    order = postorder(root)
    assert len(order) == len(set(order)) == size(root) == 5
    place = {node: i for i, node in enumerate(order)}
    assert all(place[arg] < place[node] for node in order for arg in node.args)
    assert order[-1] is root


def test_a_chain_of_twenty_thousand_nodes_needs_no_recursion():
    root: Expr = x
    for _ in range(20_000):
        root = root + y
    assert size(root) == 20_002
    assert names_in(root) == ("x", "y")
    assert size(substitute(root, {"y": const(1)})) == 20_002
    assert same(root, substitute(root, {}))
    watch = weakref.ref(root)
    del root  # must not overflow the stack either
    gc.collect()
    assert watch() is None


def test_expansion_of_a_chain_is_linear():
    def nodes_after(length):
        root: Expr = x
        for _ in range(length):
            root = apply("sigmoid", root)
        return size(expand(root))

    assert [nodes_after(n) for n in (0, 1, 2, 10_000)] == [1, 7, 13, 60_001]


def test_some_composites_can_be_kept():
    root = apply("sigmoid", apply("variance", apply("softmax", x)))
    expanded = expand(root, keep={"sigmoid", "mean"})
    assert expanded.op == "sigmoid"
    found = {node.op for node in postorder(expanded)}
    assert found & COMPOSITES.keys() == {"sigmoid", "mean"}


def test_expansion_keeps_sharing():
    shared = apply("sigmoid", x)
    expanded = expand(shared * shared)
    assert expanded.args[0] is expanded.args[1]


def test_expansion_leaves_only_primitives():
    root = apply("variance", apply("normalise", apply("log_softmax", x), "m", "v", "e"))
    assert {node.op for node in postorder(expand(root))} <= set(PRIMITIVES)
    primitive = x @ y
    assert expand(primitive) is primitive


def test_no_composite_has_the_name_of_a_primitive():
    assert not COMPOSITES.keys() & set(PRIMITIVES)
    assert len(set(PRIMITIVES)) == len(PRIMITIVES)


def test_names_in_order_of_appearance_without_indices_of_sums():
    body = element("x", "i") * name("a")
    assert names_in(summation(body, "i", 1, "n") + y) == ("x", "a", "n", "y")


def test_substitution_keeps_sharing_and_untouched_parts():
    shared = exp(x)
    kept = exp(y)
    found = substitute(shared + shared * kept, {"x": const(2)})
    left, right = found.args
    assert left is right.args[0]
    assert scalar_value(left.args[0]) == 2
    assert right.args[1] is kept


def test_rebuild_returns_the_same_node_where_nothing_changes():
    root = exp(x) + y
    assert rebuild(root, lambda _node: None) is root


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        (x + y, name("x") + name("y"), True),
        (x + y, y + x, False),
        (total(x, 0), total(x, 1), False),
        (const([1, 2]), const([1, 2]), True),
        (const([1, 2]), const([1, 3]), False),
        (x[1:], x[1:], True),
        (x[1:], x[2:], False),
        (exp(x) * exp(x), SHARED * SHARED, True),
    ],
)
def test_same_compares_how_expressions_are_written(a, b, alike):
    assert same(a, b) is alike


def test_builders_make_what_they_say():
    assert outer(x, y).op == "outer"
    assert stack([x, y], axis=1).attrs["axis"] == 1
    assert concat([x, y]).args == (x, y)
    assert where(x, 1, 0).op == "where"
    assert words("sure").attrs["value"] == "sure"
    assert same(chain_sum([x, y, W]), (x + y) + W)
