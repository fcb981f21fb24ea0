"""Independent answers to every kind of question: one file a kind, none of which imports `workings`.

`answers(given)` takes the plain data that a kind's `vary` drew and returns every quantity that is asked for:

- a number, a list or an array (compared to 1e-9), or a Python int or an array of ints (compared exactly);
- words (compared letter by letter);
- for a quantity that depends on letters, a function of the letters, by keyword, that returns such a value.

`NOT_CHECKED = {"name": "reason"}` lists what an independent answer would only repeat.
`letters(given, random)`, optional, draws values for the letters where they cannot be any numbers from 2 to 9
(an image at least as large as its kernel).
"""

from __future__ import annotations

import string
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import sympy
import torch
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication,
    parse_expr,
    standard_transformations,
)

torch.set_num_threads(1)  # thousands of tiny calls: handing them to threads takes longer than they do

LETTERS = {letter: sympy.Symbol(letter) for letter in string.ascii_letters}
LETTERS |= {
    name: sympy.Symbol(name) for name in ("alpha", "beta", "gamma", "epsilon", "eta", "lambda", "mu", "sigma")
}


def load(kind: str) -> ModuleType:
    """The oracle of a kind; a kind without one has not been checked and fails."""
    name = f"{__name__}.{kind}"
    assert find_spec(name), f"{kind}.py is missing here: every kind needs an independent answer"
    return import_module(name)


def formula(written) -> sympy.Expr:
    """A number or a formula in letters as a document writes it, by SymPy's own parser."""
    text = str(written)
    if text in LETTERS:
        return LETTERS[text]
    rules = (*standard_transformations, convert_xor, implicit_multiplication)
    return parse_expr(text, local_dict=dict(LETTERS), transformations=rules, evaluate=True)


def has_letters(*written) -> bool:
    """Whether any of these is a formula in letters."""
    return any(formula(part).free_symbols for part in written)


def value(written, letters) -> Fraction | float:
    """A number or a formula with numbers put in for its letters; exact where they are."""
    root = sympy.nsimplify(formula(written), rational=True)
    result = root.subs({symbol: letters[symbol.name] for symbol in root.free_symbols})
    return Fraction(int(result.p), int(result.q)) if result.is_Rational else float(result)
