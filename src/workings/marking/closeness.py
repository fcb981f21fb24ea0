"""Written numbers beside certified ones: equal at the asked precision, and what digits may stand for."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any, Final

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import exact_value
from workings.algebra.rounding import Places, round_decimals
from workings.marking.answers import Numbers

TRAILING: Final = 12
"""Decimals beyond which the last digit written may be cut off in place of rounded."""


def is_right(written: Fraction, decimals: int, entry: Any, places: Places) -> bool:
    """Whether a written number equals a certified one at the asked precision.

    More decimals than asked for must be right too, up to a last digit cut off in place of rounded.
    """
    exact = exact_value(entry)
    if exact is not None and (written == exact or exact.denominator == 1):
        return written == exact
    low, high = balls.bounds(entry) if exact is None else (exact, exact)
    asked = places.decimals_for(low)  # of the value's own figures: 0 has none of those of 0.0001
    counts = {max(asked, decimals), asked if asked < 0 else max(asked, decimals)}  # 1230 for 1234.5
    unit = Fraction(10) ** -min(counts)
    if not low - unit <= written <= high + unit:  # no rounding goes further; most wrong numbers end here
        return False
    for count, ties in product(counts, ("half-up", "half-even")):
        if at_decimals(entry, count, ties) == written:
            return True
    if decimals <= asked and decimals >= 0:
        return False
    unit = Fraction(1, 10 ** min(decimals, TRAILING)) if decimals >= 0 else Fraction(1, 10**TRAILING)
    near = low - unit < written < high + unit
    return near and at_decimals(entry, asked, "half-up") == round_decimals(written, asked)


def at_decimals(entry: Any, decimals: int, ties: str = "half-up") -> Fraction | None:
    """A certified number to so many decimals; None where its ball does not settle them."""
    exact = exact_value(entry)
    ends = (exact, exact) if exact is not None else balls.bounds(entry)
    low, high = (round_decimals(end, decimals, ties) for end in ends)
    return low if low == high else None


def is_whole(target: Any) -> bool:
    """Whether every entry is a whole number."""
    exact = [exact_value(entry) for entry in np.ravel(target)]
    return all(value is not None and value.denominator == 1 for value in exact)


def contains(values: Any, answer: Numbers) -> bool:
    """Whether every written number lies in its enclosure."""
    entries = zip(np.asarray(values, dtype=object).flat, answer.values.flat, strict=True)
    return all(balls.contains(entry, balls.rational(written)) for entry, written in entries)


def equals(values: Any, answer: Numbers, places: Places) -> bool:
    """Whether every written number is right at the asked precision."""
    entries = zip(
        answer.values.flat, answer.decimals.flat, np.asarray(values, dtype=object).flat, strict=True
    )
    return all(is_right(written, int(decimals), entry, places) for written, decimals, entry in entries)


def refit(answer: Numbers, shape: tuple[int, ...]) -> Numbers | None:
    """The same numbers in another shape, where only axes of one entry differ."""
    if answer.shape == shape:
        return answer
    squeezed = tuple(extent for extent in answer.shape if extent != 1)
    if squeezed != tuple(extent for extent in shape if extent != 1):
        return None
    return Numbers(answer.values.reshape(shape), answer.decimals.reshape(shape))


def as_written(answer: Numbers, certified: Any, places: Places) -> Any:
    """Each written number ± half a unit of its last place; one that is exact stands for itself.

    Exact are a fraction, a number that equals the certified one, and whole numbers where the certified values
    are whole. A number with fewer decimals than asked for was right with zeros in their place, or was wrong.
    """
    certified = np.asarray(certified, dtype=object)
    whole = is_whole(certified)
    result = np.empty(answer.shape, dtype=object)
    for index in np.ndindex(answer.shape):
        written, decimals = answer.values[index], int(answer.decimals[index])
        known = whole or decimals < 0 or exact_value(certified[index]) == written
        last = max(decimals, places.decimals_for(written))
        half = Fraction(0) if known else Fraction(10) ** -last / 2
        result[index] = balls.hull(written - half, written + half)
    return result if result.ndim else result[()]
