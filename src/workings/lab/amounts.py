"""Measured values as a report prints them: in the measure's unit and digits, with a true minus sign."""

from __future__ import annotations

from math import isfinite
from typing import Final

from workings.lab.statistics import Estimate
from workings.lab.study import Measure

NOTHING: Final = "–"
"""Stands where there is no number."""
LARGEST_PLAIN: Final = 1e7
"""From here on a power of ten is easier to read."""
SMALLEST_P: Final = 0.001

_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """`value` with so many decimals; its first two digits where it would read as nought, three if huge."""
    if not isfinite(value):
        return NOTHING
    size = abs(value)
    text = f"{size:.{digits}f}"
    if size >= LARGEST_PLAIN:
        text = f"{size:.2e}"
    elif size and not float(text):
        text = f"{size:.2g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{mantissa} · 10{str(int(exponent)).translate(_RAISED)}"
    return ("−" if value < 0 else "+" if signed and value > 0 else "") + text


def bare(measure: Measure, value: float, *, signed: bool = False) -> str:
    """A value of the measure without its unit, for a column whose heading has it."""
    return number(value * (100 if measure.percent else 1), measure.digits, signed=signed)


def amount(measure: Measure, value: float) -> str:
    """A value of the measure with its unit."""
    unit = "%" if measure.percent else measure.unit
    text = bare(measure, value)
    return f"{text} {unit}" if unit and text != NOTHING else text


def change(measure: Measure, value: float, *, signed: bool = False) -> str:
    """A difference of two values of the measure with its unit: percentages differ by points."""
    unit = "points" if measure.percent else measure.unit
    text = bare(measure, value, signed=signed)
    return f"{text} {unit}" if unit and text != NOTHING else text


def interval(measure: Measure, found: Estimate) -> str:
    """The two ends, `98.91 to 99.03`; a dash where there are none."""
    return f"{bare(measure, found.low)} to {bare(measure, found.high)}" if found.bounded else NOTHING


def heading(measure: Measure) -> str:
    """The measure's label and unit, as over a column or along an axis."""
    unit = "%" if measure.percent else measure.unit
    return f"{measure.label} ({unit})" if unit else measure.label


def probability(p: float) -> str:
    """A p-value: two significant digits, or that it is below `SMALLEST_P`."""
    if not isfinite(p):
        return NOTHING
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.2g}"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def several(count: int, one: str, many: str = "") -> str:
    """`1 seed`, `5 seeds`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
