"""What the header of a paper and each kind of block may say: one table a kind, one row a field.

A row's check takes the value as it was read and returns it in the form that the program uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, TypeAlias, cast

from workings.errors import InputError, echo, unknown
from workings.numerals import Numeral, number
from workings.yaml_reader import Located

Check: TypeAlias = Callable[[object], object]

MOST_PLACES: Final = 100
"""The most decimals or significant figures that a paper may ask for."""

THOUSANDS: Final[Mapping[str, str]] = {"space": " ", "point": ".", "apostrophe": "'"}
"""What may stand between thousands, by its name; no comma, which stands between the entries of a list."""

_ITEM = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


def text(value: object) -> str:
    """Text; a bare number is taken as written (`date: 2024`)."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"found {_shown(value)}", accepted="text")


def anything(value: object) -> object:
    """Any value but nothing at all."""
    return value


def mapping(value: object) -> Mapping[str, object]:
    """Names with values."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise InputError(f"found {_shown(value)}", accepted="a mapping such as {x: 1, y: 2}")


def names(value: object) -> tuple[str, ...]:
    """One name or a list of names, none of them twice."""
    accepted = "a name or a list of names such as [u_1, h_1]"
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    if not listed:
        raise InputError("found an empty list", accepted=accepted)
    found: list[str] = []
    for item in listed:
        if not isinstance(item, str) or isinstance(item, Numeral) or not item.strip():
            raise InputError(f"found {_shown(item)}", accepted=accepted)
        if item in found:
            raise InputError(f"found {echo(item)} twice", accepted="each name once")
        found.append(item)
    return tuple(found)


def item(value: object) -> str:
    """The name of a question, study or claim, which is also the name of its file."""
    if isinstance(value, str) and _ITEM.fullmatch(value):
        return value
    raise InputError(f"found {_shown(value)}", accepted="a name of lower-case letters, digits and _")


def marks(value: object) -> Fraction:
    """A number of marks, 0 or more."""
    accepted = "a number of marks such as 4 or 2.5"
    try:
        found = number(value)
    except InputError:
        raise InputError(f"found {_shown(value)}", accepted=accepted) from None
    if not 0 <= found <= 1_000_000 or str(value).endswith("%"):
        raise InputError(f"found {_shown(value)}", accepted=accepted)
    return found


def weights(value: object) -> Mapping[str, Fraction]:
    """Marks by quantity."""
    found: dict[str, Fraction] = {}
    for name, given in mapping(value).items():
        try:
            found[name] = marks(given)
        except InputError as error:
            raise error.at(field=name) from None
    return found


def true_or_false(value: object) -> bool:
    """The printed answer to a true-or-false question."""
    if isinstance(value, bool):
        return value
    raise InputError(f"found {_shown(value)}", accepted="true or false")


def language(value: object) -> str:
    """A language tag (BCP 47)."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value
    raise InputError(f"found {_shown(value)}", accepted="a language tag such as en or en-GB")


def thousands(value: object) -> str:
    """What stands between thousands, by its name."""
    if isinstance(value, str) and value in THOUSANDS:
        return THOUSANDS[value]
    raise InputError(f"found {_shown(value)}", accepted=", ".join(THOUSANDS))


def whole(least: int) -> Check:
    """An integer from `least` to `MOST_PLACES`."""

    def check(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_PLACES:
            return value
        raise InputError(f"found {_shown(value)}", accepted=f"an integer from {least} to {MOST_PLACES}")

    return check


def one_of(*words: str) -> Check:
    """One of a few words."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise InputError(f"found {_shown(value)}", accepted=" or ".join(words))

    return check


ROUNDING: Final[Mapping[str, Check]] = {
    "decimals": whole(0),
    "significant": whole(1),
    "rounding": one_of("steps", "end"),
    "ties": one_of("half-up", "half-even"),
}
HEADER: Final[Mapping[str, Check]] = {
    "title": text,
    **ROUNDING,
    "lang": language,
    "decimal_mark": one_of(".", ","),
    "thousands": thousands,
    "date": text,
    "author": text,
    "course": text,
}
_ANY_BLOCK: Final[Mapping[str, Check]] = {"title": text, "note": text, "show": names}
BLOCKS: Final[Mapping[str, Mapping[str, Check]]] = {
    "question": {
        "kind": item,
        "given": mapping,
        "from": text,
        "ask": names,
        "key": mapping,
        "weights": weights,
        **ROUNDING,
        **_ANY_BLOCK,
        "figure": anything,
        "figures": anything,
    },
    "study": {"study": item, "set": mapping, "data": text, "seeds": whole(1), **_ANY_BLOCK},
    "claim": {"claim": item, "key": true_or_false, **_ANY_BLOCK},
}
"""The fields of each kind of block. The first names the file that does the work, and must be there."""


def check_fields(located: Located, table: Mapping[str, Check], what: str) -> dict[str, object]:
    """The fields of `located`, each in the form that its row of `table` returns.

    Parameters
    ----------
    located: what was read.
    table: the fields that are accepted.
    what: the thing that has the fields, for messages: `a question`, `the header`.

    Raises
    ------
    InputError: not a mapping, an unknown field (near ones are offered), or a value that a check refuses.
    """
    if isinstance(located.value, list):
        raise located.blame(InputError("found a list", accepted="lines such as 'name: value'"))
    checked: dict[str, object] = {}
    for name, value in cast("dict[str, object]", located.value).items():
        if name not in table:
            error = unknown(f"field of {what}", name, table)
            raise error.at(file=located.file, line=located.line_of((name,)))
        try:
            if value is None:
                raise InputError("found nothing", accepted="a value")  # noqa: TRY301 - placed with the others
            checked[name] = table[name](value)
        except InputError as error:
            raise located.blame(error, (name,)) from None
    if "decimals" in checked and "significant" in checked:
        twice = InputError("found decimals as well as significant", accepted="one of the two")
        raise twice.at(file=located.file, line=located.line_of(("significant",)))
    return checked


def _shown(value: object) -> str:
    """A value as messages name it: text and numbers themselves, of anything larger only what it is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return str(value) if isinstance(value, (int, Numeral)) and len(str(value)) <= 40 else echo(value)
