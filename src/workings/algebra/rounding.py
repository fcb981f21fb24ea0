"""Rounding of exact numbers, and their decimal spelling."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, log10
from typing import Final, Literal

from workings.errors import InputError

LARGEST_PLACES: Final = 1000
LONGEST_SPELLING_BITS: Final = 13_900
"""Python spells integers of up to 4300 digits."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many digits: after the point (`decimals`) or in all (`significant`); exactly one of the two.

    `half-up` rounds a tie away from zero, as people do; `half-even` to the even digit, as Python does.
    """

    decimals: int | None = None
    significant: int | None = None
    ties: Literal["half-up", "half-even"] = "half-up"

    def __post_init__(self) -> None:
        if (self.decimals is None) == (self.significant is None):
            raise InputError("decimals and significant", accepted="one of the two")
        least = 0 if self.significant is None else 1
        count = self.decimals if self.significant is None else self.significant
        if not isinstance(count, int) or not least <= count <= LARGEST_PLACES:
            raise InputError(f"found {count} digits", accepted=f"{least} to {LARGEST_PLACES}")

    def __str__(self) -> str:
        if self.decimals is not None:
            return f"{self.decimals} decimal{'s' if self.decimals != 1 else ''}"
        return f"{self.significant} significant figure{'s' if self.significant != 1 else ''}"

    def decimals_for(self, value: Fraction) -> int:
        """Decimals after the point that these places mean for `value`; negative: digits before it."""
        if self.decimals is not None:
            return self.decimals
        assert self.significant is not None  # noqa: S101  __post_init__ holds it
        return self.significant - 1 - magnitude(value)


def magnitude(value: Fraction) -> int:
    """The exponent e with 10^e <= |value| < 10^(e+1); 0 for 0."""
    if value == 0:
        return 0
    over, under = abs(value.numerator), value.denominator
    # from the binary lengths, since Python refuses to spell integers of more than 4300 digits
    guess = floor((over.bit_length() - under.bit_length()) * log10(2))
    while over * 10 ** max(-guess, 0) < under * 10 ** max(guess, 0):
        guess -= 1
    while over * 10 ** max(-guess - 1, 0) >= under * 10 ** max(guess + 1, 0):
        guess += 1
    return guess


def round_exact(value: Fraction, places: Places) -> Fraction:
    """`value` rounded to `places`. A figure that carries (9.996 to three) keeps its last place: 10.0."""
    return round_decimals(value, places.decimals_for(value), places.ties)


def round_decimals(value: Fraction, decimals: int, ties: str = "half-up") -> Fraction:
    """`value` to the nearest multiple of 10^-decimals."""
    scaled = abs(value) * Fraction(10) ** decimals
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest - scaled.denominator
    if twice > 0 or (twice == 0 and (ties == "half-up" or whole % 2 == 1)):
        whole += 1
    result = Fraction(whole) / Fraction(10) ** decimals
    return -result if value < 0 else result


def spell(value: Fraction, decimals: int) -> str:
    """A multiple of 10^-decimals with all its decimals: `spell(Fraction(5, 4), 3)` is `1.250`."""
    units = int(value * 10 ** max(decimals, 0))
    if units.bit_length() > LONGEST_SPELLING_BITS:
        raise InputError(
            f"a number of about {magnitude(value)} digits", accepted="numbers of up to 4200 digits"
        )
    if decimals <= 0:
        return str(units)
    digits = str(abs(units)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def terminating(value: Fraction, longest: int = 12) -> str | None:
    """The finite decimal spelling of `value` where it has one of at most `longest` decimals, else None."""
    under, decimals = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while under % prime == 0 and power <= longest:
            under //= prime
            power += 1
        decimals = max(decimals, power)
    return spell(value, decimals) if under == 1 and decimals <= longest else None
