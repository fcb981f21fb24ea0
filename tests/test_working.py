"""Workings: steps assigned once, values as precise as asked for, and the examination's hand calculation."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
import sympy

from workings.algebra import balls
from workings.algebra.digits import printed
from workings.algebra.expression import apply, element, exp, floor, log, name, sqrt, tanh, words
from workings.algebra.rounding import Places
from workings.algebra.systems import Balls, Float64, Rounded
from workings.errors import InputError
from workings.solution import solve
from workings.working import Draft, Working

TWO = Places(decimals=2)
EVEN = Places(decimals=2, ties="half-even")


def line() -> Draft:
    """y = a x + b, J = y²."""
    draft = Draft()
    a, x, b = draft.given("a", 3), draft.given("x", Fraction(1, 2)), draft.given("b", -1)
    y = draft.step("y", a * x + b, note="a line")
    draft.step("J", y**2)
    return draft


# Names and shapes


def test_every_name_is_assigned_once():
    draft = line()
    for again in (lambda: draft.step("y", 1), lambda: draft.given("y", 1), lambda: draft.step("a", 1)):
        with pytest.raises(ValueError, match=r"^the name '[ya]' is taken: every step is assigned once$"):
            again()


def test_a_letter_is_no_name_of_the_question():
    draft = Draft()
    draft.letter("n", integer=True)
    taken = "which is also a name of this question; accepted: another letter"
    with pytest.raises(InputError) as refused:
        draft.step("n", 1)
    assert str(refused.value) == f"the letter n, {taken}"
    draft = line()
    with pytest.raises(InputError) as refused:
        draft.given("c", name("y") + 1)
    assert str(refused.value) == f"c: the letter y, {taken}"


def test_a_given_may_be_its_own_letter():
    draft = Draft()
    draft.given("H", name("H"))
    draft.given("M", name("H") - 1)
    working = draft.done()
    assert set(working.letters) == {"H"}
    assert working.letters["H"].integer


def test_a_step_whose_shapes_do_not_fit_is_named():
    draft = Draft()
    w, x = draft.given("W", np.ones((2, 3))), draft.given("x", np.ones(2))
    with pytest.raises(InputError) as refused:
        draft.step("u", w @ x)
    assert str(refused.value) == (
        "u: W (2, 3) @ x (2,): inner sizes 3 and 2; accepted: equal inner sizes. Did you mean Wᵀ?"
    )
    assert "u" not in draft


def test_an_unknown_name_in_a_formula():
    draft = line()
    with pytest.raises(
        InputError, match=r"^z: unknown name 'xx'; accepted: J, a, b, x, y\. Did you mean x\?$"
    ):
        draft.step("z", name("xx") * 2)


def test_nothing_changes_after_it_is_made():
    draft = line()
    working = draft.done(ask=["y"])
    draft.step("later", name("y") + 1)
    assert [step.name for step in working] == ["y", "J"]
    assert "later" not in working
    assert "y" in working
    assert working["y"].note == "a line"
    assert working.ask == ("y",)
    with pytest.raises(FrozenInstanceError):
        working.cost = "y"  # pyright: ignore[reportAttributeAccessIssue]


def test_gradients_are_appended_to_a_copy():
    working = line().done()
    longer = working.backward("J", ["x", "a"])
    assert [step.name for step in working] == ["y", "J"]
    values = longer.evaluate(Float64())
    # y = 0.5, dJ/dy = 2y = 1, so dJ/dx = a = 3 and dJ/da = x = 0.5
    assert (values["grad_x"], values["grad_a"]) == (3, 0.5)


# Values


def test_a_value_can_be_put_in_the_place_of_a_given_or_a_step():
    working = line().done()
    assert working.evaluate(Float64())["J"] == 0.25
    assert working.evaluate(Float64(), {"x": np.float64(2)})["J"] == 25
    assert working.evaluate(Float64(), {"y": np.float64(4)})["J"] == 16
    assert "J" not in working.evaluate(Float64(), until="y")


def test_an_error_names_its_step():
    draft = Draft()
    draft.step("ratio", 1 / (draft.given("x", 2) - 2))
    with pytest.raises(InputError) as refused:
        draft.done().certified(TWO)
    assert str(refused.value) == "ratio: a division by zero; accepted: a divisor other than 0"


def test_rationals_stay_exact():
    values = line().done().certified(TWO)
    assert values["J"] == Fraction(1, 4)


def recorded(working: Working, places: Places) -> tuple[dict, list[int]]:
    """Certified values, and the precisions that it took."""
    tried: list[int] = []

    def system(bits: int) -> Balls:
        tried.append(bits)
        return Balls(bits)

    return working.certified(places, system), tried


def near_a_tie(sign: int) -> Working:
    """0.125 ± e^-200: they part from the tie at the 288th binary place."""
    draft = Draft()
    x = draft.given("x", -200)
    draft.step("y", draft.given("tie", Fraction(1, 8)) + sign * exp(x))
    return draft.done()


@pytest.mark.parametrize(("sign", "text"), [(1, "0.13"), (-1, "0.12")])
@pytest.mark.parametrize("places", [TWO, EVEN], ids=["up", "even"])
def test_precision_rises_until_every_digit_is_proven(sign, text, places):
    values, tried = recorded(near_a_tie(sign), places)
    with balls.precision(tried[-1]):
        assert printed(values["y"], places).text == text
    assert tried == sorted(tried)
    assert len(tried) > 1
    assert tried[-1] >= 288 - 3  # 0.125 is 2^-3


def test_an_easy_value_takes_one_precision():
    draft = Draft()
    draft.step("y", tanh(draft.given("x", 1)))
    assert recorded(draft.done(), TWO)[1] == [72]


def test_many_digits():
    """e to 1000 decimals, against the series in rational arithmetic."""
    draft = Draft()
    draft.step("e", exp(draft.given("x", 1)))
    places = Places(decimals=1000)
    values, tried = recorded(draft.done(), places)
    series, term = Fraction(0), Fraction(1)
    for n in range(1, 600):
        series += term
        term /= n
    with balls.precision(tried[-1]):
        text = printed(values["e"], places).text
    assert text[:12] == "2.7182818284"
    assert len(text) == 1002
    assert abs(Fraction(text) - series) < Fraction(1, 10**1000)


def test_what_no_precision_settles_is_refused_with_the_step():
    draft = Draft()
    root = sqrt(draft.given("x", 2))
    draft.step("y", floor(root * root))  # 2, or a hair below it
    with pytest.raises(InputError, match=r"^y: floor: not settled at \d{4,} bits; accepted: values inside"):
        draft.done().certified(TWO)


def test_words_are_values():
    draft = Draft()
    draft.step("kind", words("far"))
    assert draft.done().certified(TWO)["kind"] == "far"


# Letters


def test_letters_and_numbers_apart():
    draft = Draft()
    h, m = draft.given("H", name("H")), draft.given("M", 3)
    draft.step("size", h - m + 1)
    draft.step("double", 2 * m)
    draft.step("both", name("size") * name("double"))
    working = draft.done()
    assert {label: set(needed) for label, needed in working.needs().items()} == {
        "H": {"H"},
        "M": set(),
        "size": {"H"},
        "double": set(),
        "both": {"H"},
    }
    symbol = sympy.Symbol("H", integer=True, positive=True)
    formulas = working.formulas()
    assert set(formulas) == {"size", "both"}
    assert sympy.expand(formulas["size"] - (symbol - 2)) == 0
    assert sympy.expand(formulas["both"] - 6 * (symbol - 2)) == 0
    numbers = working.certified(TWO)
    assert numbers["double"] == 6
    assert "size" not in numbers


def test_a_sequence_of_letters():
    draft = Draft()
    x = draft.letter("x", (2,), sequence=True)
    draft.step("s", element(x, 1) + 2 * element(x, 2))
    base = sympy.IndexedBase("x")
    assert draft.done().formulas()["s"] - (base[1] + 2 * base[2]) == 0


def test_tensors_whose_sizes_are_letters_have_a_shape_and_no_entries():
    n, k = sympy.symbols("n K", integer=True, positive=True)
    draft = Draft()
    w, x = draft.letter("W", (n, k)), draft.letter("x", (n,))
    draft.step("u", w.T @ x)
    working = draft.done()
    assert working.shapes["u"] == (k,)
    assert working.formulas() == {}


# The examination, question 2: "answers rounded up to two decimal places" (inventory, items 96 to 100)

NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 0,
    "weights": [
        [["3.2", "-2.4", "-2.1"], ["-1.2", "-1.4", "2.6"]],
        [["3.0", "0.0"], ["-2.4", "-4.2"], ["-3.0", "2.5"]],
        ["2.0", "-1.0"],
    ],
    "biases": "0.5",
    "activations": ["tanh", "tanh", "sigmoid"],
    "loss": "binary_cross_entropy",
}

PRINTED_KEY = {
    "u_1": ["1.3", "-4.7", "3.6"],
    "h_1": ["0.86", "-1.00", "1.00"],
    "u_2": ["2.48", "7.20"],
    "h_2": ["0.99", "1.00"],
    "u_3": "1.48",
    "y": "0.81",
    "J": "1.66",
    "df_1": ["0.26", "0", "0"],
    "df_2": ["0.02", "0"],
    "grad_u_3": "0.81",
    "grad_u_2": ["0.03", "0"],
    "grad_u_1": ["0.02", "0", "0"],
    "grad_W_3": ["0.80", "0.81"],
    "grad_b_3": "0.81",
    "grad_W_2": [["0.03", "0"], ["-0.03", "0"], ["0.03", "0"]],
    "grad_b_2": ["0.03", "0"],
    "grad_W_1": [["0.02", "0", "0"], ["0.04", "0", "0"]],
    "grad_b_1": ["0.02", "0", "0"],
}

WITHOUT_ROUNDING = {
    "u_2": ["2.49", "7.20"],
    "u_3": "1.47",
    "J": "1.68",
    "df_2": ["0.03", "0"],
    "grad_u_2": ["0.04", "0"],
    "grad_u_1": ["0.03", "0", "0"],
    "grad_W_2": [["0.04", "0"], ["-0.04", "0"], ["0.04", "0"]],
    "grad_W_1": [["0.03", "0", "0"], ["0.07", "0", "0"]],
    "grad_b_2": ["0.04", "0"],
    "grad_b_1": ["0.03", "0", "0"],
}
"""Where the hand calculation has gone off, the values that the inventory gives as exact."""


def fractions(nested):
    if isinstance(nested, list):
        return [fractions(part) for part in nested]
    return Fraction(nested)


def exact(value):
    if isinstance(value, np.ndarray):
        return [exact(part) for part in value]
    return balls.fraction(value)


@pytest.mark.parametrize("quantity", PRINTED_KEY)
def test_rounding_every_step_gives_the_printed_key_digit_for_digit(quantity):
    working = solve("sgd_step", NETWORK).working
    values = working.certified(TWO, lambda bits: Rounded(bits, TWO))
    assert exact(values[quantity]) == fractions(PRINTED_KEY[quantity])


@pytest.mark.parametrize("quantity", PRINTED_KEY)
def test_without_rounding_on_the_way(quantity):
    working = solve("sgd_step", NETWORK).working
    values = working.certified(TWO)
    rounded = balls.rounded(values[quantity], TWO)
    assert exact(rounded) == fractions(WITHOUT_ROUNDING.get(quantity, PRINTED_KEY[quantity]))


def test_the_hand_calculation_by_hand():
    """One chain of the key written out: J = -log(1 - 0.81) = -log 0.19 = 1.6607, so 1.66."""
    draft = Draft()
    y = draft.given("y", Fraction(81, 100))
    draft.step("J", -log(1 - y))
    value = draft.done().certified(Places(decimals=4))["J"]
    assert printed(value, Places(decimals=4)).text == "1.6607"


def test_half_even_is_another_hand_calculation():
    draft = Draft()
    x = draft.given("x", Fraction(1, 8))
    draft.step("z", draft.step("y", x * 1) * 10)
    working = draft.done()
    up = working.certified(TWO, lambda bits: Rounded(bits, TWO))
    even = working.certified(EVEN, lambda bits: Rounded(bits, EVEN))
    assert (exact(up["z"]), exact(even["z"])) == (Fraction(13, 10), Fraction(12, 10))


# Long chains


def test_ten_thousand_steps_do_not_recurse():
    draft = Draft()
    w, h = draft.given("w", 1), draft.given("h_0", 1)
    for t in range(1, 10_001):
        h = draft.step(f"h_{t}", w * h)
    draft.step("J", apply("squared_error", h, 3))
    working = draft.done()
    assert working.evaluate(Float64())["J"] == 4
    assert working.certified(TWO)["J"] == 4
    assert len(working.needs()) == 10_003
