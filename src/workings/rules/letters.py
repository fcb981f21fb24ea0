"""Givens that may be letters, as they enter a draft: a number, a letter, or a formula in letters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from workings.algebra.expression import Expr, name, names_in
from workings.errors import InputError, echo
from workings.working import Draft

INDICES = ("k", "j", "i", "m", "r", "q", "s", "index")
"""Names for the index of a sum, in the order of preference."""


def letter_of(value: object) -> str | None:
    """The letter that a given is, or None for a number or a longer formula."""
    return value.attrs["name"] if isinstance(value, Expr) and value.op == "name" else None


def letters_in(*values: object) -> set[str]:
    """All letters that givens are written in."""
    return {label for value in values if isinstance(value, Expr) for label in names_in(value)}


def check_letters(
    givens: Mapping[str, object], quantities: Collection[str] = (), fields: Mapping[str, str] | None = None
) -> None:
    """Refuse a letter that already names another given, or a quantity of the question.

    `fields` says where a given is written if not under its own name. A given that is a lone letter goes by
    that letter, so its own name is free.

    Raises
    ------
    InputError: naming the given and the letter.
    """
    for label, value in givens.items():
        for letter in sorted(letters_in(value)):
            owner = "another given" if letter in givens and letter_of(givens[letter]) is None else None
            owner = "a quantity of the answer" if letter in quantities else owner
            if owner:
                raise InputError(
                    f"the letter {echo(letter)}, which names {owner}", accepted="another letter"
                ).at(field=(fields or {}).get(label, label))


def scalar(
    draft: Draft, label: str, value: object, *, integer: bool = False, symbol: str | None = None
) -> Expr:
    """A given by its label: a number, or a formula whose letters are registered; a lone letter is itself."""
    lone = letter_of(value)
    for letter in sorted(letters_in(value)):
        if letter not in draft:
            draft.letter(letter, integer=integer)
    return draft.given(label, value, symbol=symbol) if lone is None else name(lone)


def dimension(value: int | Expr) -> Any:
    """A size as the shape pass takes it: an int, or a SymPy expression in positive integers."""
    if not isinstance(value, Expr):
        return value
    from workings.algebra.evaluate import evaluate
    from workings.algebra.letters import symbol
    from workings.algebra.systems import Symbols

    return evaluate(value, {label: symbol(label, integer=True) for label in names_in(value)}, Symbols())


def free_name(taken: Collection[str], preferred: str = "k") -> str:
    """A name for an index that no given bears: the preferred one, or another letter customary for indices."""
    return next(label for label in (preferred, *INDICES) if label not in taken)
