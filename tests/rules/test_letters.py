"""Givens in letters: what is registered, what is refused, and what becomes a size."""

from __future__ import annotations

import pytest
import sympy

from workings.algebra.expression import name
from workings.errors import InputError
from workings.rules import letters
from workings.working import Draft

n = sympy.Symbol("n", integer=True, positive=True)


def test_a_number_is_a_given_and_a_lone_letter_is_itself():
    draft = Draft()
    letters.scalar(draft, "a", 3)
    assert letters.scalar(draft, "b", name("beta")).attrs["name"] == "beta"
    working = draft.done()
    assert working.givens.keys() == {"a"}
    assert not working.letters["beta"].integer


def test_a_formula_is_a_given_over_its_letters():
    draft = Draft()
    letters.scalar(draft, "H", 2 * name("m"), integer=True)
    working = draft.done()
    assert working.givens.keys() == {"H"}
    assert working.letters["m"].integer


def test_sizes_are_numbers_or_positive_integers_of_sympy():
    assert letters.dimension(7) == 7
    assert letters.dimension(2 * name("n") + 1) == 2 * n + 1


@pytest.mark.parametrize(
    ("givens", "message"),
    [
        ({"a": name("b"), "b": 2}, "a: the letter 'b', which names another given; accepted: another letter"),
        ({"a": name("y")}, "a: the letter 'y', which names a quantity of the answer"),
        ({"T": 2 * name("y")}, r"input\[0\]: the letter 'y', which names a quantity"),
    ],
)
def test_a_letter_that_names_something_else_is_refused(givens, message):
    with pytest.raises(InputError, match=message):
        letters.check_letters(givens, ("y",), {"T": "input[0]"})


def test_a_letter_may_be_its_own_given_or_take_the_free_name_of_another():
    letters.check_letters({"a": name("a"), "b": name("a")})
    letters.check_letters({"a": name("b"), "b": name("c")})


def test_indices_step_aside_for_letters():
    assert letters.free_name(()) == "k"
    assert letters.free_name({"k", "j"}) == "i"
    assert letters.free_name({"c"}, "c") == "k"
