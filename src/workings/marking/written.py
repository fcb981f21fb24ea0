"""One number as people write it, with the digits that it was written to.

Beyond what a document may hold (`workings.numerals`), an answer may have `1.5·10^-3`, `1.5 x 10^-3`, `10⁻³`,
a blank before its percent sign, another dash for a minus, and, where the paper says so, a decimal comma or
marks between thousands. What could be read in two ways is refused, with both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from workings.errors import InputError, echo
from workings.numerals import LARGEST_EXPONENT, LONGEST_NUMERAL, number

DecimalMark = Literal[".", ","]
Thousands = Literal[" ", ",", ".", "'"]

EXACT: Final = -1
"""Decimals and significant figures of a fraction, which has none: it is not rounded."""

ACCEPTED: Final[dict[str, str]] = {
    ".": "a number such as 3, -0.5, 1.5e-3, 1.5·10^-3, 3/14 or 12.5%",
    ",": "a number such as 3, -0,5, 1,5e-3, 1,5·10^-3, 3/14 or 12,5%",
}

_MINUSES: Final = str.maketrans(
    {"−": "-", "–": "-", "﹣": "-", "－": "-", "＋": "+", "\u00a0": " ", "\u202f": " "}
)
_RAISED: Final = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_RAISED_POWER = re.compile(r"10(?P<power>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9})")
# 1.5·10^-3, 1.5 x 10^(-3), 1.5*10**-3, 10^{4}: all of them become 1.5e-3 before anything else is looked at.
_POWER = re.compile(
    r"(?:(?P<factor>[0-9.,])[ ]?[·×⋅∙*xX][ ]?|(?P<alone>(?<![0-9.,])))10[ ]?(?:\^|\*\*)[ ]?"
    r"(?:(?P<bare>[+-]?[0-9]{1,9})|\{(?P<braced>[+-]?[0-9]{1,9})\}|\((?P<round>[+-]?[0-9]{1,9})\))"
    r"(?![0-9.]|[ ]?(?:\^|\*\*))"
)
_PERCENT = re.compile(r"[ ]%")
_PLAIN = re.compile(
    r"[+-]?(?:(?P<over>[0-9]+)/[0-9]+"
    r"|(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?:[eE](?P<exponent>[+-]?[0-9]{1,9}))?)(?P<percent>%?)"
)
_GROUPS: Final = {mark: rf"[+-]?[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+" for mark in " ,.'"}


@dataclass(frozen=True, slots=True)
class Written:
    """A number and how it was written.

    Parameters
    ----------
    value: the exact value.
    decimals: the place of the last digit (`0.80` has 2, `1.5e-3` has 4, `12.5%` has 3), at least 0; `EXACT`
        for a fraction.
    significant: the digits from the first that is not 0 (`0.80` has 2); `EXACT` for a fraction.
    text: as it was written.
    """

    value: Fraction
    decimals: int
    significant: int
    text: str


def read_written(
    raw: object, *, decimal_mark: DecimalMark = ".", thousands: Thousands | None = None
) -> Written:
    """The number that an answer states.

    Parameters
    ----------
    raw: text, or a number that a document gave.
    decimal_mark: what stands before the decimals, as the paper declares it.
    thousands: what stands between thousands, where the paper declares that; otherwise such marks are refused.

    Raises
    ------
    InputError: not one number, or one that can be read in two ways.
    """
    if not isinstance(raw, str):
        value = number(raw)
        text = str(raw)
        if isinstance(raw, int):
            return Written(value, 0, max(1, len(text.lstrip("-"))), text)
        return Written(value, *_digits(text), text) if isinstance(raw, float) else _exact(value, text)
    plain = normal(raw)
    if len(plain) > LONGEST_NUMERAL:
        raise InputError(f"found {echo(raw)}", accepted=ACCEPTED[decimal_mark])
    plain = _without_thousands(raw, plain, decimal_mark, thousands)
    if decimal_mark == ",":
        plain = plain.replace(",", ".")
    elif "," in plain:
        raise InputError(
            f"found {echo(raw)}, with a comma", accepted=f"a decimal point, as in {_pointed(plain)}"
        )
    match = _PLAIN.fullmatch(plain) if plain.isascii() else None
    if match is None or not (match["over"] or match["whole"] or match["part"]):
        raise InputError(f"found {echo(raw)}", accepted=ACCEPTED[decimal_mark])
    if match["exponent"] and abs(int(match["exponent"])) > LARGEST_EXPONENT:
        raise InputError(
            f"found {echo(raw)}, an exponent beyond ±{LARGEST_EXPONENT}", accepted=ACCEPTED[decimal_mark]
        )
    value = number(plain)
    return _exact(value, raw) if match["over"] else Written(value, *_digits_of(match), raw)


def normal(text: str) -> str:
    """`text` with one kind of minus, powers of ten as exponents, and no blank before a percent sign."""
    plain = text.strip().translate(_MINUSES)
    if "10" in plain:
        if not plain.isascii():
            plain = _RAISED_POWER.sub(lambda match: f"10^{match['power'].translate(_RAISED)}", plain)
        if "^" in plain or "**" in plain:
            plain = _POWER.sub(_as_exponent, plain)
    return _PERCENT.sub("%", plain)


def _as_exponent(match: re.Match[str]) -> str:
    factor = match["factor"] if match["factor"] is not None else "1"
    return f"{factor}e{match['bare'] or match['braced'] or match['round']}"


def grouped(plain: str, mark: str) -> bool:
    """Whether digits stand in threes with `mark` between them, as in 61,470."""
    return re.fullmatch(_GROUPS[mark], plain) is not None


def _without_thousands(raw: str, plain: str, decimal_mark: str, thousands: str | None) -> str:
    if thousands is not None and thousands != decimal_mark and thousands in plain:
        whole, mark, part = plain.partition(decimal_mark)
        if grouped(whole, thousands):
            return whole.replace(thousands, "") + mark + part
    for mark in " ,.'":
        if mark not in (decimal_mark, thousands) and mark in plain and grouped(plain, mark):
            joined = plain.replace(mark, "")
            also = f", or {plain.replace('.', ',')}" if mark == "." else ""
            raise InputError(f"found {echo(raw)}, with marks between thousands", accepted=f"{joined}{also}")
    return plain


def _pointed(plain: str) -> str:
    return echo(plain.replace(",", ".")).strip("'") if plain.count(",") == 1 else "1.5"


def _exact(value: Fraction, text: str) -> Written:
    return Written(value, EXACT, EXACT, text)


def _digits(text: str) -> tuple[int, int]:
    match = _PLAIN.fullmatch(text)
    return _digits_of(match) if match else (EXACT, EXACT)


def _digits_of(match: re.Match[str]) -> tuple[int, int]:
    """Decimals and significant figures of a number that was found to be one."""
    whole, part = match["whole"] or "", match["part"] or ""
    decimals = len(part) - int(match["exponent"] or 0) + (2 if match["percent"] else 0)
    return max(0, decimals), max(1, len((whole + part).lstrip("0")))
