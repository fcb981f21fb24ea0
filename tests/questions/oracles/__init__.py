"""Independent answers to every kind of question: one file a kind, none of which imports `workings`.

`answers(given)` takes the plain data that a kind's `vary` drew and returns every quantity that is asked for:

- a number, a list or an array (compared to 1e-9), or a Python int or an array of ints (compared exactly);
- words (compared letter by letter);
- for a quantity that depends on letters, a function of the letters, by keyword, that returns such a value.

`NOT_CHECKED = {"name": "reason"}` lists what an independent answer would only repeat.
`letters(given, random)`, optional, draws values for the letters where they cannot be any numbers from 2 to 9 (an
image at least as large as its kernel).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def load(kind: str) -> ModuleType:
    """The oracle of a kind; a kind without one has not been checked and fails."""
    name = f"{__name__}.{kind}"
    assert find_spec(name), f"{kind}.py is missing here: every kind needs an independent answer"
    return import_module(name)
