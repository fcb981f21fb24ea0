"""The number systems as a whole: what each makes of a given, and a working carried through each by hand."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb, fmpq

from workings.algebra.balls import bounds, fraction, precision
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import apply, const, exp, name, tanh
from workings.algebra.rounding import Places
from workings.algebra.systems import Balls, Enclosure, Float64, Rounded, Symbols, System, elementwise
from workings.errors import InputError

EXACT = [Balls(64), Rounded(64, Places(decimals=2)), Enclosure(64, Places(decimals=2))]
EVERY = [Float64(), *EXACT, Symbols()]
HUNDREDTHS = Places(decimals=2)


def kind(system: System) -> str:
    return type(system).__name__


@pytest.mark.parametrize("system", EVERY, ids=kind)
@pytest.mark.parametrize("given", [3, Fraction(1, 3), 0.1, -2.5e-7])
def test_a_scalar_is_lifted(system, given):
    found = system.lift(given)
    assert float(found if isinstance(system, (Float64, Symbols)) else fraction(found)) == float(
        Fraction(given)
    )


@pytest.mark.parametrize("system", [*EXACT, Symbols()], ids=kind)
def test_a_float_means_its_shortest_decimal(system):
    for given in (0.1, np.float64(0.1), np.array([0.1])):
        found = system.lift(given)
        entry = found[0] if isinstance(given, np.ndarray) else found
        assert entry == (sympy.Rational(1, 10) if isinstance(system, Symbols) else fmpq(1, 10))


@pytest.mark.parametrize("system", EVERY, ids=kind)
def test_an_array_keeps_its_shape(system):
    for shape in ((2, 3), (0,), (1, 1)):
        assert system.lift(np.full(shape, Fraction(1, 2), dtype=object)).shape == shape
        assert system.lift(np.full(shape, 0.5)).shape == shape


@pytest.mark.parametrize("system", [*EXACT, Symbols()], ids=kind)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), np.array([0.5, np.nan]), np.float64("-inf")])
def test_numbers_that_are_none_are_refused(system, wrong):
    with pytest.raises(InputError, match=r"nan|inf"):
        system.lift(wrong)


def test_a_number_too_large_for_a_float64_is_refused():
    for given in (Fraction(10) ** 400, np.array([Fraction(10) ** 400], dtype=object)):
        with pytest.raises(InputError, match=r"1\.8e308"):
            Float64().lift(given)


def test_a_float64_array_is_not_copied():
    given = np.ones(3)
    assert Float64().lift(given) is given


@pytest.mark.parametrize("system", EVERY, ids=kind)
def test_zero_is_zero(system):
    assert system.zero() == 0
    assert type(system.zero()) is type(system.scalar(0))


def test_elementwise_broadcasts_and_passes_scalars():
    def shifted(a, b):
        return 10 * a + b

    over = elementwise(shifted)
    assert over(1, 2) == 12
    assert over(np.array([1, 2], dtype=object), 3).tolist() == [13, 23]
    assert over(np.array([[1], [2]], dtype=object), np.array([3, 4], dtype=object)).tolist() == [
        [13, 14],
        [23, 24],
    ]
    assert elementwise(max, 2)(np.array([1, 5], dtype=object), 3).tolist() == [3, 5]


def test_flint_s_floating_point_flags_are_not_numpy_s():
    def flagged(x):
        np.float64(0) / np.float64(0)
        return x

    before = np.geterr()
    assert elementwise(flagged)(np.array([1, 2], dtype=object)).tolist() == [1, 2]
    assert np.geterr() == before


def carried(system, steps, **given):
    values = {label: system.lift(value) for label, value in given.items()}
    with precision(128):
        for label, expr in steps.items():
            values[label] = system.settle(evaluate(expr, values, system))
    return values


NEURON = {
    "u": name("w") * name("x") + name("b"),
    "h": tanh(name("u")),
    "y": apply("sigmoid", name("v") * name("h")),
    "e": (name("d") - name("y")) ** 2,
}
GIVEN = {
    "w": Fraction("0.35"),
    "x": Fraction("1.3"),
    "b": Fraction("0.1"),
    "v": Fraction(-2),
    "d": Fraction(1),
}


def test_a_hand_calculation_to_two_decimals():
    # u = 0.455 + 0.1 = 0.555 → 0.56; tanh 0.56 = 0.5080 → 0.51; σ(-1.02) = 0.2650 → 0.27;
    # 0.73² = 0.5329 → 0.53
    found = carried(Rounded(128, HUNDREDTHS), NEURON, **GIVEN)
    assert [fraction(found[step]) for step in NEURON] == [
        Fraction(v) for v in ("0.56", "0.51", "0.27", "0.53")
    ]


def test_the_same_to_even_digits():
    # 0.555 → 0.56 (even); 0.50798 → 0.51; 0.26500 (σ(-1.02) = 0.26501...) → 0.27
    even = Rounded(128, Places(decimals=2, ties="half-even"))
    tied = carried(even, {"u": name("x") + const("0.005")}, x=Fraction("0.54"))
    assert fraction(tied["u"]) == Fraction("0.54")
    assert fraction(carried(even, NEURON, **GIVEN)["u"]) == Fraction("0.56")


def test_the_same_in_every_system():
    # the formulas in NumPy: u = 0.555, h = tanh(0.555), y = 1/(1+e^(2h)), e = (1-y)^2
    h = np.tanh(0.555)
    y = 1 / (1 + np.exp(2 * h))
    expected = {"u": 0.555, "h": h, "y": y, "e": (1 - y) ** 2}
    certified = carried(Balls(128), NEURON, **GIVEN)
    around = carried(Enclosure(128, HUNDREDTHS), NEURON, **GIVEN)
    plain = carried(Float64(), NEURON, **GIVEN)
    letters = carried(Symbols(), NEURON, **GIVEN)
    assert fraction(certified["u"]) == Fraction("0.555")
    for step, value in expected.items():
        assert plain[step] == pytest.approx(value, rel=1e-14)
        assert float(letters[step]) == pytest.approx(value, rel=1e-14)
        low, high = bounds(certified[step])
        assert low - Fraction(1, 10**15) < Fraction(value) < high + Fraction(1, 10**15)
        least, greatest = bounds(around[step])
        assert least <= high
        assert low <= greatest
        assert least <= fraction(carried(Rounded(128, HUNDREDTHS), NEURON, **GIVEN)[step]) <= greatest


def test_settling():
    third = arb(1) / 3
    assert Float64().settle(0.5) == 0.5
    assert Balls(64).settle(third) is third
    assert Rounded(64, HUNDREDTHS).settle(third) == fmpq(33, 100)
    assert Symbols().settle(sympy.pi) is sympy.pi
    assert all(system.settle("yes") == "yes" for system in EVERY)


def test_symbols_stay_exact_and_formal():
    a = sympy.Symbol("a", real=True)
    system = Symbols()
    found = evaluate(exp(name("a")) * const("0.1"), {"a": a}, system)
    assert found == sympy.exp(a) / 10
    assert evaluate(name("a") ** const("1/2"), {"a": system.lift(8)}, system) == 2 * sympy.sqrt(2)
    assert evaluate(apply("less", "a", 0), {"a": a}, system).subs(a, -1) == 1


def test_a_symbolic_power_is_bounded():
    start = time.process_time()
    for base, exponent in ((10, 10**100), (Fraction(1, 3), -(10**9))):
        with pytest.raises(InputError, match="smaller exponent"):
            evaluate(const(base) ** const(exponent), {}, Symbols())
    n = sympy.Symbol("n", integer=True)
    assert evaluate(const(2) ** name("n"), {"n": n}, Symbols()) == 2**n
    assert time.process_time() - start < 1


def test_the_largest_of_many_letters():
    letters = np.array(sympy.symbols("a0:20", real=True), dtype=object)
    start = time.process_time()
    found = evaluate(apply("amax", "x"), {"x": letters}, Symbols())
    assert time.process_time() - start < 2
    assert found == sympy.Max(*letters)


def test_evaluation_in_float64_loads_neither_flint_nor_sympy():
    program = (
        "import sys, numpy as np\n"
        "from workings.algebra.evaluate import evaluate\n"
        "from workings.algebra.expression import apply\n"
        "from workings.algebra.systems import Float64\n"
        "print(evaluate(apply('softmax', 'x'), {'x': np.zeros(2)}, Float64())[0])\n"
        "print([m for m in ('flint', 'sympy', 'torch') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["0.5", "[]"]
