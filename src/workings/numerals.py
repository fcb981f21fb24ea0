"""Numbers as people write them, read as text and kept exact: `0.1` is 1/10.

Accepted: a sign (`-`, `+` or the Unicode minus `−`), digits with an optional decimal point, an exponent
(`1e-3`), a fraction of integers (`3/14`), a percent sign (`12.5%`). Refused: NaN and infinities, thousands
separators, underscores, a decimal comma, blanks inside a number, exponents beyond ±`LARGEST_EXPONENT`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from workings.errors import InputError, echo

LARGEST_EXPONENT: Final = 400
LONGEST_NUMERAL: Final = 1000
"""Bounds on the work that one number in a document can ask for."""

ACCEPTED: Final = "a number such as 3, -0.5, 1e-3 or 3/14"

_DECIMAL = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)(?:(?P<over>\d+)/(?P<under>\d+)|(?P<decimal>{_DECIMAL}))(?P<percent>%?)"
)


class Numeral(str):
    """A number kept as it was written, e.g. `0.80` with both digits; its value is `number(self)`."""

    __slots__ = ()


def number(written: object) -> Fraction:
    """The exact value of a number: text as described above, int, float (by its shortest decimal), Fraction.

    Raises
    ------
    InputError: not a number, or one that the bounds refuse.
    """
    if isinstance(written, bool):
        raise InputError(f"found {written}", accepted=ACCEPTED)
    if isinstance(written, (int, Fraction)):
        return Fraction(written)
    if isinstance(written, float):
        written = repr(float(written))  # float64 of NumPy is a float that shows its type
    item = getattr(written, "item", None)
    if not isinstance(written, str) and callable(item):  # a NumPy scalar
        return number(item())
    if not isinstance(written, str):
        raise InputError(f"found {echo(written)}", accepted=ACCEPTED)
    return _read(written)


def _read(text: str) -> Fraction:
    plain = text.strip().replace("−", "-")
    match = _NUMBER.fullmatch(plain) if len(plain) <= LONGEST_NUMERAL and plain.isascii() else None
    if match is None:
        raise InputError(f"found {echo(text)}", accepted=ACCEPTED)
    if match["decimal"]:
        _, _, exponent = match["decimal"].lower().partition("e")
        if exponent and abs(int(exponent)) > LARGEST_EXPONENT:
            raise InputError(f"found {echo(text)}, an exponent beyond ±{LARGEST_EXPONENT}", accepted=ACCEPTED)
        value = Fraction(match["decimal"])
    elif int(match["under"]) == 0:
        raise InputError(f"found {echo(text)}, a division by zero", accepted=ACCEPTED)
    else:
        value = Fraction(int(match["over"]), int(match["under"]))
    if match["percent"]:
        value /= 100
    return -value if match["sign"] == "-" else value


def places(text: str) -> int | None:
    """Decimals written after the point (`0.80`: 2, `12`: 0); None for fractions, percents and exponents."""
    plain = text.strip().replace("−", "-")
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)", plain):
        return None
    return len(plain.partition(".")[2])
