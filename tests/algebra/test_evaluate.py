"""Every operation against NumPy, torch and mpmath, in every number system (cases: `operations.py`)."""

from __future__ import annotations

import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from algebra.operations import CASES, Case

from workings.algebra.balls import bounds, precision
from workings.algebra.composites import COMPOSITES
from workings.algebra.evaluate import LARGEST_VALUE, MOST_TERMS, evaluate
from workings.algebra.expression import (
    PRIMITIVES,
    Expr,
    apply,
    const,
    element,
    exp,
    log,
    name,
    sqrt,
    summation,
    words,
)
from workings.algebra.rationals import NotRationalError, Rationals
from workings.algebra.systems import Balls, Float64, Symbols, Undecided
from workings.errors import InputError

DIGITS = 50
FLOAT = Float64()
cases = pytest.mark.parametrize("case", CASES, ids=map(str, CASES))


def lifted(case: Case, system):
    return {label: system.lift(value) for label, value in case.givens.items()}


def reference_float64(case: Case):
    arrays = [np.array(value, dtype=np.float64) for value in case.arguments]
    return np.asarray(case.float64(*arrays) if case.float64 else case.digits(*arrays), dtype=np.float64)


def reference_digits(case: Case):
    """The reference at 60 digits; operations that only move entries have one reference for all numbers."""

    def precise(value):
        return np.vectorize(lambda v: mpmath.mpf(v.numerator) / v.denominator, otypes=[object])(value)

    arrays = [
        precise(value)[()] if np.ndim(value) else precise(value).item() for value in case.givens.values()
    ]
    reference = case.digits
    if reference is None:
        try:
            reference = case.float64
            return np.asarray(reference(*arrays))
        except TypeError:
            pytest.fail(f"{case} needs a reference that is not torch")
    return np.asarray(reference(*arrays))


def certified(expr: Expr, values, digits=DIGITS):
    """Both ends of every entry at a precision of `digits` and a little."""
    bits = int(3.33 * digits) + 40
    system = Balls(bits)
    with precision(bits):
        found = evaluate(expr, {label: system.lift(value) for label, value in values.items()}, system)
        entries = np.asarray(found, dtype=object)
        ends = [bounds(entry) for entry in entries.ravel()]
    return entries.shape, ends


def test_every_operation_has_a_case():
    assert {case.op for case in CASES} == {*PRIMITIVES, *COMPOSITES} - {"words"}


@cases
def test_float64_agrees_with_numpy_or_torch(case):
    found = evaluate(case.expr, lifted(case, FLOAT), FLOAT)
    expected = reference_float64(case)
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
    assert isinstance(found, (np.floating, np.ndarray))
    assert found.dtype == np.float64


@cases
def test_certified_agrees_with_float64(case):
    shape, ends = certified(case.expr, case.givens, digits=15)
    expected = reference_float64(case)
    assert shape == expected.shape
    for (low, high), value in zip(ends, expected.ravel().tolist(), strict=True):
        slack = 1e-13 * max(1, abs(value))
        assert low - slack <= value <= high + slack


@cases
def test_certified_agrees_with_mpmath_at_50_digits(case):
    with mpmath.workdps(DIGITS + 15):
        expected = reference_digits(case)
        shape, ends = certified(case.expr, case.givens)
        assert shape == expected.shape
        for (low, high), value in zip(ends, expected.ravel().tolist(), strict=True):
            assert high - low < Fraction(1, 10**DIGITS) * max(1, abs(high))
            number = mpmath.mpf(value)
            slack = mpmath.mpf(10) ** -DIGITS * max(1, abs(number))
            assert abs(mpmath.mpf(low.numerator) / low.denominator - number) < slack


@cases
def test_fractions_give_the_same_exact_values_or_hand_over(case):
    plain, exact = Rationals(), Balls(128)
    try:
        found = evaluate(case.expr, lifted(case, plain), plain)
    except NotRationalError:
        return
    with precision(128):
        expected = np.asarray(evaluate(case.expr, lifted(case, exact), exact), dtype=object)
    found = np.asarray(found, dtype=object)
    assert found.shape == expected.shape
    for entry, other in zip(found.ravel(), expected.ravel(), strict=True):
        assert type(entry) is Fraction
        assert bounds(other) == (entry, entry)


@cases
def test_rational_operations_stay_with_fractions(case):
    names = [
        "exp",
        "log",
        "sqrt",
        "tanh",
        "sin",
        "cos",
        "xlogy",
        "power",
        "sigmoid",
        "softplus",
        "normalise",
        "cross_entropy",
        "softmax",
    ]
    if not any(label in case.op for label in names):  # no other operation has an irrational function in it
        evaluate(case.expr, lifted(case, Rationals()), Rationals())


@cases
def test_letters_with_numbers_put_in_equal_the_numbers(case):
    system = Symbols()
    numbers: dict[sympy.Symbol, sympy.Rational] = {}
    values = {}
    for position, (label, value) in enumerate(case.givens.items()):
        if position in case.whole:
            values[label] = system.lift(value)
            continue
        letters = np.empty(np.shape(value), dtype=object)
        for i, entry in np.ndenumerate(np.asarray(value, dtype=object)):
            letters[i] = sympy.Symbol("_".join([label, *map(str, i)]), real=True)
            numbers[letters[i]] = sympy.Rational(entry.numerator, entry.denominator)
        values[label] = letters[()] if letters.ndim == 0 else letters
    found = np.asarray(evaluate(case.expr, values, system), dtype=object)
    expected = reference_float64(case)
    assert found.shape == expected.shape
    for formula, value in zip(found.ravel(), expected.ravel().tolist(), strict=True):
        put_in = sympy.sympify(formula).subs(numbers)
        assert abs(sympy.N(put_in, 30) - value) <= 1e-12 * max(1, abs(value))


def test_words_are_their_own_value_in_every_system():
    for system in (FLOAT, Balls(64), Symbols()):
        assert system.settle(evaluate(words("fine-tuning"), {}, system)) == "fine-tuning"


def test_shared_nodes_are_worked_out_once(monkeypatch):
    calls = []
    table = {**FLOAT.functions, "exp": lambda x: calls.append(x) or np.exp(x)}
    monkeypatch.setattr(Float64, "functions", table)
    shared = exp("x")
    evaluate(shared * shared + shared, {"x": np.float64(1)}, Float64())
    assert calls == [1]


def chain(length: int) -> Expr:
    root = name("x")
    for _ in range(length // 2):
        root = apply("tanh", root + "b")
    return root


def test_a_chain_of_ten_thousand_steps_is_linear():
    values = {"x": np.float64(1), "b": np.float64(0.1)}
    evaluate(chain(100), values, FLOAT)
    seconds = {}
    for length in (10_000, 100_000):
        root = chain(length)
        start = time.process_time()
        found = evaluate(root, values, FLOAT)
        seconds[length] = time.process_time() - start
        assert found == pytest.approx(fixed_point(0.1), abs=1e-12)
    assert seconds[100_000] < 50 * seconds[10_000]


def fixed_point(b: float) -> float:
    """x = tanh(x + b), by bisection."""
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if np.tanh(middle + b) > middle else (low, middle)
    return low


def test_evaluated_expressions_are_let_go():
    import gc
    import weakref

    root = exp(name("x"))
    evaluate(root, {"x": np.float64(1)}, FLOAT)
    watch = weakref.ref(root)
    del root
    gc.collect()
    assert watch() is None


X3, X2 = const([1, 2, 3]), const([1, 2])


@pytest.mark.parametrize("system", [FLOAT, Balls(64), Symbols()], ids=lambda system: type(system).__name__)
@pytest.mark.parametrize(
    ("expr", "says"),
    [
        (name("y"), "'y' has no value"),
        (apply("softmx", X3), "softmax"),
        (X3 + X2, "sizes 3 and 2"),
        (const([[1, 2], [3, 4], [5, 6]]) @ X3, "inner sizes 2 and 3"),
        (X3 @ const(2), "scalar"),
        (X3[5], "no entry 5 of 3"),
        (X3[0, 0], "subscripts"),
        (element(X3, 0), "from 1"),
        (element(X3, 4), "from 1"),
        (element(X3, "1/2"), "has no value"),
        (element(X3, const("1/2")), "whole number"),
        (apply("take", X3, const([-1])), "0 to 2"),
        (apply("take", X3, const([3])), "0 to 2"),
        (apply("take", X3, const([0.5])), "whole number"),
        (apply("scatter", X3, const([0, 1, 2]), size=2), "0 to 1"),
        (apply("scatter", X3, const([0, 1]), size=2), "one row for each index"),
        (apply("put", X3, shape=(2,), index=(slice(None),)), "does not fill"),
        (apply("reshape", X3, shape=(2, -1)), "divide 3"),
        (apply("broadcast", X3, shape=(2,)), "spread"),
        (apply("transpose", X3, axes=(0, 0)), "each of the 1 axes once"),
        (apply("concat", X3, const([[1]]), axis=0), "equal in all other axes"),
        (apply("stack", X3, X2), "one shape"),
        (apply("sum", X3, axis=1), "no axis 1"),
        (apply("patches", const([[1, 2]]), kernel=(2, 2), stride=(1, 1), dilation=(1, 1)), "span"),
        (apply("patches", const([[1, 2]])), "kernel"),
        (apply("pad", X3, widths=((0, -1),)), "0 or more"),
        (apply("exp", X3, X2), "2 arguments"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_so(system, expr, says):
    with pytest.raises(InputError) as caught:
        evaluate(expr, {}, system)
    assert says in str(caught.value)


@pytest.mark.parametrize("system", [Balls(64), Symbols()], ids=lambda system: type(system).__name__)
def test_a_division_by_zero_and_undefined_functions_are_errors(system):
    for expr in (const(1) / (const(1) - 1), X3 / const([1, 0, 2])):
        with pytest.raises(InputError, match="division by zero"):
            evaluate(expr, {}, system)
    for expr in (log(const(0)), log(const([1, -1])), sqrt(const("-0.01")), log(apply("cos", const(3)))):
        with pytest.raises(InputError, match=r"logarithm|square root"):
            evaluate(expr, {}, system)
    with pytest.raises(InputError, match="negative power"):
        evaluate(const(0) ** const(-1), {}, system)


@pytest.mark.parametrize(
    "expr",
    [
        apply("broadcast", const(1), shape=(10**9,)),
        apply("put", const(1), shape=(10**9,), index=(0,)),
        apply("pad", X3, widths=((0, 10**9),)),
        apply("scatter", X3, X3, size=10**9),
        apply("outer", "wide", "wide"),
        apply("reshape", "wide", shape=(-1, 1)) @ apply("reshape", "wide", shape=(1, -1)),
    ],
    ids=lambda expr: expr.op,
)
def test_a_value_of_a_billion_entries_is_refused_before_it_is_made(expr):
    start = time.process_time()
    with pytest.raises(InputError, match=f"at most {LARGEST_VALUE}"):
        evaluate(expr, {"wide": np.ones(31_623)}, FLOAT)
    assert time.process_time() - start < 1


def test_sums_are_bounded_also_nested():
    def ones(*counts):
        body = const(1)
        for depth, count in enumerate(counts):
            body = summation(body, f"i{depth}", 1, count)
        return evaluate(body, {}, FLOAT)

    assert ones(1000) == 1000
    assert ones(100, 100) == 10_000
    assert ones(0) == 0
    assert ones(-5) == 0
    assert ones(100, 0) == 0
    for too_many in ((MOST_TERMS + 1,), (1000, 1000), (10, MOST_TERMS // 5)):
        with pytest.raises(InputError, match="terms"):
            ones(*too_many)
    assert ones(1000) == 1000  # the bound is given back


def test_the_bounds_of_an_inner_sum_may_use_the_outer_index():
    triangle = summation(summation(name("i") * name("j"), "j", 1, name("i")), "i", 1, 4)
    # Σ i · i(i+1)/2 for i = 1..4: 1 + 6 + 18 + 40
    assert evaluate(triangle, {}, FLOAT) == 65


def test_an_index_hides_a_name_and_gives_it_back():
    root = summation(name("k") ** 2, "k", 1, 3) + name("k")
    assert evaluate(root, {"k": np.float64(100)}, FLOAT) == 1 + 4 + 9 + 100


def test_a_sum_with_a_letter_as_bound_stays_a_sum():
    k, n = sympy.Symbol("k", integer=True), sympy.Symbol("n", integer=True)
    found = evaluate(summation(name("k"), "k", 1, "n"), {"n": n}, Symbols())
    assert sympy.simplify(found.doit() - n * (n + 1) / 2) == 0
    assert k not in found.free_symbols


def test_an_order_that_is_not_known_is_not_guessed():
    third = Balls(64)
    with precision(64), pytest.raises(Undecided):
        evaluate(apply("argsort", apply("stack", sqrt(const(2)), const(2) / sqrt(const(2)))), {}, third)
    letters = np.array([sympy.Symbol("a"), sympy.Symbol("b")], dtype=object)
    with pytest.raises(InputError, match="whole number"):
        evaluate(apply("argsort", "x"), {"x": letters}, Symbols())


def test_sums_over_no_entries_are_zero():
    for system in (FLOAT, Balls(64)):
        found = evaluate(apply("sum", X3[3:]), {}, system)
        assert found == 0
        assert isinstance(found, type(system.scalar(0)))
