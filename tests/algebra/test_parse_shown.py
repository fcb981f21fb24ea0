"""What the printer prints as text, the parser reads back: same value in float64 and in balls, same print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from algebra.operations import CASES, Case
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workings.algebra.balls import bounds, precision
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import (
    Expr,
    apply,
    const,
    element,
    exp,
    name,
    outer,
    sqrt,
    summation,
    tanh,
    total,
    where,
    words,
)
from workings.algebra.letters import text_of
from workings.algebra.parse import parse
from workings.algebra.shape import Shape, shapes_of
from workings.algebra.show import text
from workings.algebra.systems import Balls, Float64, Undecided
from workings.errors import InputError

SHAPES: dict[str, Shape] = {
    "a": (), "beta": (), "T": (), "kernel": (), "loss": (), "k": (),
    "x": (2,), "u_1": (2,), "grad_b_1": (2,), "z": (3,), "y_hat": (3,), "df_1": (2,),
    "W": (2, 3), "W_1": (2, 3), "V": (3, 2), "M": (2, 2), "lambda_2": (3, 3), "new_M": (2, 2),
}  # fmt: skip
RANKS = {label: len(shape) for label, shape in SHAPES.items()}


def printed(root: Expr, shapes: dict[str, Shape]) -> str:
    ranks = {node: len(shape) for node, shape in shapes_of(root, shapes).items()}
    return text(root, ranks=ranks)


def same(found: Any, wanted: Any) -> bool:
    """Balls that overlap, rationals that are equal, entry by entry."""
    if np.shape(found) != np.shape(wanted):
        return False
    pairs = zip(np.ravel(np.asarray(found)), np.ravel(np.asarray(wanted)), strict=True)
    for a, b in pairs:
        try:
            (low, high), (least, most) = bounds(a), bounds(b)
        except Undecided:  # a ball without ends
            continue
        if high < least or most < low:
            return False
    return True


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation_is_read_back(case: Case) -> None:
    shapes = {label: np.shape(value) for label, value in case.givens.items()}
    read = parse(printed(case.expr, shapes), ranks={label: len(shape) for label, shape in shapes.items()})
    values = {label: Float64().lift(value) for label, value in case.givens.items()}
    found, wanted = (evaluate(expression, values, Float64()) for expression in (read, case.expr))
    np.testing.assert_array_equal(found, wanted)


# Random expressions --------------------------------------------------------------------------------------

NUMBERS = [Fraction(number) for number in ("2", "0.5", "-3", "1/3", "-2/7", "1", "12.25", "0")]
EXPONENTS = [const(2), const(3), const(-1), const("1/2"), name("T"), name("a")]
BINARY = ["add", "sub", "mul", "maximum", "minimum", "div"]
UNARY = ["neg", "tanh", "sin", "absolute", "sigmoid", "relu", "cos", "floor"]


def leaf(pick: Callable[[Sequence[Any]], Any], shape: Shape) -> Expr:
    """A name or a constant of a shape."""
    named = [label for label, of in SHAPES.items() if of == shape and label != "k"]
    if named and pick([True, True, False]):
        return name(pick(named))
    if shape == ():
        return const(pick(NUMBERS))
    numbers = [pick(NUMBERS) for _ in range(int(np.prod(shape)))]
    return const(np.array(numbers, dtype=object).reshape(shape))


def grown(pick: Callable[[Sequence[Any]], Any], shape: Shape, depth: int) -> Expr:
    """An expression of a shape, with every kind of operation that the printer treats in its own way."""
    if depth == 0:
        return leaf(pick, shape)

    def of(*shape: int) -> Expr:
        return grown(pick, shape, depth - 1)

    def alike() -> Expr:
        return of(*shape)

    k = pick([2, 3])
    options: list[Callable[[], Expr]] = [
        lambda: leaf(pick, shape),
        lambda: apply(pick(BINARY), alike(), alike()),
        lambda: apply(pick(BINARY), alike(), alike()),
        lambda: apply(pick(["mul", "add", "sub"]), of(), alike()),
        lambda: apply(pick(["mul", "div", "sub"]), alike(), of()),
        lambda: apply(pick(UNARY), alike()),
        lambda: alike() ** pick(EXPONENTS),
        lambda: exp(tanh(alike())),
        lambda: sqrt(apply("absolute", alike())),
        lambda: where(apply(pick(["less", "at_most", "equal"]), alike(), alike()), alike(), alike()),
    ]
    if shape == ():
        options += [
            lambda: of(k) @ of(k),
            lambda: apply("squared_norm", of(k)),
            lambda: apply("squared_error", of(k), of(k)),
            lambda: total(of(2, 3)),
            lambda: of(3)[pick([0, 2, -3])],
            lambda: element(of(3), pick([1, 2, 3])),
            lambda: element(of(2, 3), pick([1, 2]), pick([1, 3])),
            lambda: summation(element(of(3), "k") * of() * "k", "k", 1, 3),
            lambda: summation(of() + "k", "k", 0, 2),
        ]
    elif len(shape) == 1:
        (n,) = shape
        options += [
            lambda: of(n, k) @ of(k),
            lambda: of(k) @ of(k, n),
            lambda: of(k) @ of(n, k).T,
            lambda: apply("stack", *(of() for _ in range(n)), axis=0),
            lambda: apply("softmax", alike(), axis=-1),
            lambda: total(of(2, n), 0),
            lambda: element(of(3, n), 2),
            lambda: apply("mean", of(n, 3), axis=1),
        ]
    else:
        n, m = shape
        options += [
            lambda: of(n, k) @ of(k, m),
            lambda: outer(of(n), of(m)),
            lambda: of(m, n).T,
            lambda: apply("stack", *(of(m) for _ in range(n)), axis=0),
            lambda: alike() + of(m),
            lambda: apply("softmax", alike(), axis=0),
        ]
    return pick(options)()


@st.composite
def expressions(draw: st.DrawFn) -> Expr:
    def pick(options: Sequence[Any]) -> Any:
        return options[draw(st.integers(0, len(options) - 1))]

    shape = pick([(), (2,), (3,), (2, 3), (3, 2), (2, 2), (3, 3)])
    return grown(pick, shape, pick([1, 2, 3]))


def draw_values(seed: int) -> dict[str, Any]:
    """Exact givens with two decimals, none of them 0; exponents are small."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {"T": Fraction(2)}
    for label, shape in SHAPES.items():
        entries = [Fraction(int(n), 100) for n in random.integers(10, 200, int(np.prod(shape)))]
        values.setdefault(label, np.array(entries, dtype=object).reshape(shape) if shape else entries[0])
    return values


@settings(max_examples=200, deadline=None)
@given(root=expressions(), seed=st.integers(0, 1000))
def test_printed_expressions_are_read_back(root: Expr, seed: int) -> None:
    shown = printed(root, SHAPES)
    read = parse(shown, ranks=RANKS, longest=1_000_000)
    again = printed(read, SHAPES)  # a·(b·c) may have become (a·b)·c, which prints alike from then on
    assert printed(parse(again, ranks=RANKS, longest=1_000_000), SHAPES) == again
    givens = draw_values(seed)
    with precision(128):
        values = {label: Balls(128).lift(value) for label, value in givens.items()}
        try:
            wanted = evaluate(root, values, Balls(128))
        except (InputError, Undecided):
            assume(condition=False)
        assert same(evaluate(read, values, Balls(128)), wanted)
    floats = {label: Float64().lift(value) for label, value in givens.items()}
    found, wanted = (evaluate(expression, floats, Float64()) for expression in (read, root))
    assert np.shape(found) == np.shape(wanted)
    if np.isfinite(wanted).all():
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9 * (1 + np.max(np.abs(wanted))))


def test_words_are_read_back() -> None:
    assert parse(text(words("inductive transfer"))).attrs["value"] == "inductive transfer"


a, b, c = sympy.symbols("a b c", real=True)
LETTERED = [
    (sympy.Abs(a), "|a|", 1.5),
    (sympy.Abs(a * sympy.Abs(b) - 4), "abs(a · |b| − 4)", 7.0),
    (sympy.Max(a, b, c), "max(max(a, b), c)", 2.0),
    (sympy.Min(a, b), "min(a, b)", -1.5),
    (a / (sympy.Abs(c) + 1), "a/(|c| + 1)", -0.75),
]


@pytest.mark.parametrize(("entry", "printed", "value"), LETTERED, ids=str)
def test_what_sympy_prints_is_read_back(entry, printed, value):
    """At a = -1.5, b = 2, c = 1; the printed form in our words, which has two arguments to a maximum."""
    shown = text_of(entry)
    assert shown == printed
    found = evaluate(parse(shown), {"a": -1.5, "b": 2.0, "c": 1.0}, Float64())
    assert found == value
