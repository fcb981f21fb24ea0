"""The law of the enclosure: it holds the exact answer, the answer rounded at every step, and all in between.

Random workings: a chain of steps over vectors of three, each over earlier ones. A step may be passed on as it
is or rounded; whichever steps are rounded, the value lies in the enclosure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workings.algebra.balls import bounds, precision
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, apply, const, exp, log, name, sqrt, tanh, total, where
from workings.algebra.rounding import Places
from workings.algebra.systems import Balls, Enclosure, Rounded, Undecided

BITS = 256
MATRIX = const([["0.5", "-1", "0.25"], ["1", "0.3", "-0.7"], ["-0.2", "0.9", "0.4"]])

OPERATIONS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / (1 + b * b),
    "power": lambda a, _: a**2,
    "cube": lambda a, _: a**3,
    "exp": lambda a, _: exp(-(a**2)),
    "log": lambda a, b: log(1 + a**2 + b**2),
    "sqrt": lambda a, _: sqrt(apply("absolute", a)),
    "tanh": lambda a, _: tanh(a),
    "sin": lambda a, b: apply("sin", a) * apply("cos", b),
    "sigmoid": lambda a, _: apply("sigmoid", a),
    "softmax": lambda a, _: apply("softmax", a),
    "log_softmax": lambda a, _: apply("log_softmax", a),
    "relu": lambda a, _: apply("relu", a),
    "leaky_relu": lambda a, _: apply("leaky_relu", a),
    "maximum": lambda a, b: apply("maximum", a, b),
    "minimum": lambda a, b: apply("minimum", a, b),
    "where": lambda a, b: where(apply("less", a, b), a, 2 * b),
    "at_most": lambda a, b: apply("at_most", a, b),
    "equal": lambda a, b: apply("equal", a, b),
    "floor": lambda a, _: apply("floor", 10 * a),
    "ceil": lambda a, _: apply("ceil", a),
    "sign": lambda a, _: apply("sign", a),
    "matmul": lambda a, _: MATRIX @ a,
    "sum": lambda a, b: total(a * b) - a,
    "centred": lambda a, _: a - apply("mean", a),
    "normalised": lambda a, _: apply("normalise", a, apply("mean", a), apply("variance", a), const("0.5")),
    "amax": lambda a, _: a - apply("amax", a),
    "cumsum": lambda a, _: apply("cumsum", a),
}


@dataclass(frozen=True)
class Chain:
    """Steps h1, h2, ... over the given h0, and which of them are rounded."""

    given: tuple[Fraction, ...]
    steps: tuple[tuple[str, Expr], ...]
    rounded: tuple[bool, ...]

    def __repr__(self) -> str:
        marks = ["rounded" if mark else "" for mark in self.rounded]
        lines = [f"{op}: {expr!r} {mark}" for (op, expr), mark in zip(self.steps, marks, strict=True)]
        return f"h0 = {list(map(str, self.given))}; " + "; ".join(lines)


@st.composite
def chains(draw) -> Chain:
    entry = st.integers(-3000, 3000).map(lambda n: Fraction(n, 1000))
    given_entries = tuple(draw(st.lists(entry, min_size=3, max_size=3)))
    steps = []
    for i in range(draw(st.integers(1, 5))):
        op = draw(st.sampled_from(sorted(OPERATIONS)))
        first = name(f"h{i}")
        second = name(f"h{draw(st.integers(0, i))}")
        steps.append((op, OPERATIONS[op](first, second)))
    rounded = tuple(draw(st.lists(st.booleans(), min_size=len(steps), max_size=len(steps))))
    return Chain(given_entries, tuple(steps), rounded)


ties = st.sampled_from(["half-up", "half-even"])
some_places = st.one_of(
    st.builds(lambda n, rule: Places(decimals=n, ties=rule), st.integers(0, 6), ties),
    st.builds(lambda n, rule: Places(significant=n, ties=rule), st.integers(1, 6), ties),
)


def worked(chain: Chain, systems) -> list:
    """The entries of every step; `systems` has one for each step, which settles it."""
    values = {"h0": systems[0].lift(np.array(chain.given, dtype=object))}
    results = []
    for i, ((_, expr), system) in enumerate(zip(chain.steps, systems, strict=True), start=1):
        values[f"h{i}"] = system.settle(evaluate(expr, values, system))
        results.append([bounds(entry) for entry in values[f"h{i}"]])
    return results


def check(chain: Chain, places: Places, rounded: tuple[bool, ...]) -> None:
    exact, paper, enclosure = Balls(BITS), Rounded(BITS, places), Enclosure(BITS, places)
    with precision(BITS):
        try:
            path = worked(chain, [paper if mark else exact for mark in rounded])
            around = worked(chain, [enclosure] * len(chain.steps))
        except Undecided:
            assume(False)  # a jump or a tie that no precision settles
        for (op, _), reached, enclosing in zip(chain.steps, path, around, strict=True):
            for (low, high), (least, greatest) in zip(reached, enclosing, strict=True):
                # the path's balls are 10^-70 wide: overlapping is holding, but for that much
                assert least <= high, op
                assert low <= greatest, op


@settings(max_examples=300, deadline=None)
@given(chains(), some_places)
def test_it_holds_the_exact_value_and_every_mixture_of_roundings(chain, places):
    for rounded in ((False,) * len(chain.steps), (True,) * len(chain.steps), chain.rounded):
        check(chain, places, rounded)


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_after_a_rounded_step_every_operation_holds_what_follows(op, data):
    chain = data.draw(chains())
    i = len(chain.steps)
    last = OPERATIONS[op](name(f"h{i}"), name(f"h{data.draw(st.integers(0, i))}"))
    longer = Chain(chain.given, (*chain.steps, (op, last)), (*chain.rounded, True))
    check(longer, data.draw(some_places), longer.rounded)


@given(st.fractions(-1000, 1000, max_denominator=10**6), some_places)
def test_one_step_is_as_narrow_as_its_rounding(value, places):
    with precision(BITS):
        system = Enclosure(BITS, places)
        low, high = bounds(system.settle(system.lift(value)))
    unit = (
        Fraction(1, 10**places.decimals) if places.decimals is not None else significant_unit(value, places)
    )
    neighbours = (value // unit * unit, -(-value // unit) * unit)
    reached = [value, *(n for n in neighbours if 2 * abs(n - value) <= unit)]  # at a tie, both
    slack = Fraction(1, 10**8) * (high - low)
    assert low <= min(reached) <= low + slack
    assert high - slack <= max(reached) <= high


def significant_unit(value: Fraction, places: Places) -> Fraction:
    exponent = (
        0 if value == 0 else int(f"{Decimal(value.numerator) / Decimal(value.denominator):e}".split("e")[1])
    )
    return Fraction(10) ** (exponent + 1 - places.significant)


def settled(expr, places, **given_values):
    system = Enclosure(BITS, places)
    with precision(BITS):
        values = {label: system.lift(value) for label, value in given_values.items()}
        return bounds(system.settle(evaluate(expr, values, system)))


def near(found, expected):
    return all(abs(a - Fraction(b)) < Fraction(1, 10**7) for a, b in zip(found, expected, strict=True))


def test_a_hand_calculation_in_two_steps():
    # 1/3 to two decimals is 0.33, so 100/3 = 33.33... may be 33; rounded to 33.33 at the end
    first = settled(name("x") / 3, Places(decimals=2), x=1)
    assert near(first, ("0.33", "1/3"))
    system = Enclosure(BITS, Places(decimals=2))
    with precision(BITS):
        third = system.settle(system.lift(Fraction(1, 3)))
        found = bounds(system.settle(evaluate(100 * name("x"), {"x": third}, system)))
    assert near(found, ("33", "100/3"))


def test_a_tie_may_go_either_way():
    assert near(settled(name("x"), Places(decimals=2), x=Fraction("1.005")), ("1", "1.01"))
    assert near(settled(name("x"), Places(significant=3), x=Fraction("-1.005")), ("-1.01", "-1"))


def test_what_needs_no_rounding_stays_exact():
    assert settled(name("x") * 2, Places(decimals=2), x=Fraction("0.12")) == (Fraction("0.24"),) * 2


def test_an_open_comparison_is_both_outcomes():
    system = Enclosure(BITS, Places(decimals=1))
    with precision(BITS):
        x = system.settle(system.lift(Fraction("0.04")))  # [0, 0.04]
        assert near(bounds(system.functions["less"](system.lift(Fraction("0.02")), x)), (0, 1))
        low, high = bounds(evaluate(apply("relu", name("x") - const("0.02")), {"x": x}, system))
        assert near((low, high), (0, "0.02"))


def test_a_root_of_what_rounding_takes_to_zero():
    low, high = settled(sqrt(name("x")), Places(decimals=2), x=Fraction(0))
    assert (low, high) == (0, 0)
    system = Enclosure(BITS, Places(decimals=1))
    with precision(BITS):
        x = system.settle(system.lift(Fraction("0.04")))  # [0, 0.04]
        assert near(bounds(evaluate(sqrt(name("x")), {"x": x}, system)), (0, "0.2"))


def test_a_logarithm_of_what_rounding_takes_to_zero_has_no_bound():
    system = Enclosure(BITS, Places(decimals=1))
    with precision(BITS):
        x = system.settle(system.lift(Fraction("0.04")))
        with pytest.raises(Undecided):
            evaluate(log(name("x")), {"x": x}, system)


def test_an_order_that_rounding_leaves_open_is_not_guessed():
    system = Enclosure(BITS, Places(decimals=1))
    with precision(BITS):
        scores = system.settle(system.lift(np.array([Fraction("0.52"), Fraction("0.48")], dtype=object)))
        with pytest.raises(Undecided):
            evaluate(apply("argsort", name("s")), {"s": scores}, system)
