"""How a value is printed: its digits, and whether what is printed is exact.

"=" may stand before a printed value only where `exact` is true; every digit of the others is proven, because
both ends of their ball round to it. Exact values keep their own spelling where it is no longer than the
places asked for (`1.3`, not `1.30`), unless they stand in a vector beside rounded ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from workings.algebra.elision import MOST_SHOWN, ends
from workings.algebra.printer import ATOM, NEGATIVE, PRODUCT, SUM, Shown, Style, matrix_text
from workings.algebra.rounding import Places, magnitude, round_decimals, round_exact, spell, terminating

LARGEST_DENOMINATOR: Final = 10_000
"""A fraction with a larger denominator says less than its decimals."""
LONGEST_EXACT: Final = 6
"""Decimals up to which an exact value is spelt out before it is rounded: 1.285 ≈ 1.29."""
LARGEST_WHOLE: Final = 30
"""Digits of a whole number that are written out."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A value in print: the last form in the chain `= 55/294 ≈ 0.187`, and any exact one before it.

    An array is `whole` where no row or column of it is left out.
    """

    text: str
    latex: str
    exact: bool
    before_text: str | None = None
    before_latex: str | None = None
    level: int = ATOM
    whole: bool = True

    def shown(self, style: Style) -> Shown:
        """The value as a part of a substituted formula."""
        return Shown(self.latex if style == "latex" else self.text, self.level)

    def chain(self, style: Style) -> list[tuple[str, str]]:
        """Pairs of a relation sign and a form: [("=", "55/294"), ("≈", "0.187")]."""
        almost = r"\approx" if style == "latex" else "≈"
        last = self.latex if style == "latex" else self.text
        before = self.before_latex if style == "latex" else self.before_text
        first = [("=", before)] if before is not None else []
        return [*first, ("=" if self.exact else almost, last)]


def printed(value: Any, places: Places | None, *, exact: bool | None = None) -> Printed:
    """A value in print: `fmpq`, `arb` or Fraction entries, SymPy entries, or words.

    Without `places` the value is printed exactly. `exact=False` says that the value was rounded before it
    came here, so it gets all its places and never an equals sign.
    """
    if isinstance(value, str):
        escaped = "".join(f"\\{c}" if c in "%&#_{}$" else c for c in value)
        return Printed(value, rf"\text{{{escaped}}}", exact=True)
    if isinstance(value, np.ndarray):
        return _array(value, places, known=exact is not False)
    if _is_symbolic(value):
        text, latex, level = _formula(value)
        return Printed(text, latex, exact=True, level=level)
    return _scalar(value, places, known=exact is not False)


def _is_symbolic(entry: Any) -> bool:
    return hasattr(entry, "free_symbols") and not getattr(entry, "is_Rational", False)


def exact_value(entry: Any) -> Fraction | None:
    """The entry as a Fraction where it is known exactly, else None."""
    if isinstance(entry, (int, Fraction)):
        return Fraction(entry)
    if isinstance(entry, (float, np.floating)):
        return Fraction(repr(float(entry)))
    if hasattr(entry, "is_Rational"):
        return Fraction(int(entry.p), int(entry.q)) if entry.is_Rational else None
    from workings.algebra import balls

    return balls.fraction(entry) if balls.is_exact(entry) else None


def rounded_value(entry: Any, places: Places) -> Fraction | None:
    """The entry rounded to `places`; None where no precision settled it."""
    exact = exact_value(entry)
    if exact is not None:
        return round_exact(exact, places)
    from workings.algebra import balls
    from workings.algebra.systems import Undecided

    try:
        return balls.round_entry(entry, places)
    except Undecided:
        return None


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _whole(value: int) -> tuple[str, str] | None:
    digits = str(abs(value)) if abs(value) < 10**LARGEST_WHOLE else None
    if digits is None:
        return None
    grouped = f"{abs(value):,}".replace(",", r"\,") if len(digits) > 4 else digits
    sign = "-" if value < 0 else ""
    return _minus(sign) + digits, sign + grouped


def _decimal(value: Fraction, places: Places) -> tuple[str, str]:
    """A rounded value with all its places; scientific where plain digits would be zeros."""
    decimals = places.decimals_for(value)
    if places.significant and (decimals > places.significant + 4 or decimals < -4):
        return _scientific(value, places.significant)
    if abs(value) >= 10**LARGEST_WHOLE:
        return _scientific(value, 6)
    plain = spell(value, decimals)
    if value == 0:
        plain = plain.lstrip("-")
    return _minus(plain), plain


def _scientific(value: Fraction, figures: int) -> tuple[str, str]:
    exponent = magnitude(value)
    mantissa = spell(round_decimals(value / Fraction(10) ** exponent, figures - 1), figures - 1)
    power = str(exponent)
    return f"{_minus(mantissa)}·10^({_minus(power)})", rf"{mantissa} \cdot 10^{{{power}}}"


def _scalar(entry: Any, places: Places | None, *, known: bool = True) -> Printed:
    exact = exact_value(entry) if known else None
    if exact is not None:
        short = _exact_scalar(exact, places)
        if short is not None:
            return short
    assert places is not None  # noqa: S101  _exact_scalar prints every value where no places are asked for
    value = rounded_value(entry, places)
    if value is None:
        loose = entry.str(6, radius=True)
        return Printed(loose, rf"\text{{{loose}}}", exact=False)
    text, latex = _decimal(value, places)
    level = PRODUCT if "·" in text else NEGATIVE if value < 0 else ATOM
    before = _fraction(exact) if exact is not None else None
    return Printed(text, latex, False, before and before[0], before and before[1], level)


def _exact_scalar(value: Fraction, places: Places | None) -> Printed | None:
    """The exact spelling where no digit of it is lost at these places."""
    level = NEGATIVE if value < 0 else ATOM
    if value.denominator == 1:
        whole = _whole(value.numerator)
        if whole:
            return Printed(*whole, exact=True, level=level)
        if places is None:
            return Printed(*_scientific(value, 6), exact=False, level=PRODUCT)
        return None
    spelled = terminating(value, LONGEST_EXACT * 2)
    if spelled is not None and (places is None or round_exact(value, places) == value):
        return Printed(_minus(spelled), spelled, exact=True, level=level)
    if places is None:
        fraction = _fraction(value, LARGEST_DENOMINATOR**8)
        text, latex = fraction or _scientific(value, 12)
        return Printed(text, latex, exact=fraction is not None, level=PRODUCT)
    return None


def _fraction(value: Fraction, largest: int = LARGEST_DENOMINATOR) -> tuple[str, str] | None:
    """The exact form that stands before the rounded one: a short decimal, or a fraction with small terms."""
    spelled = terminating(value, LONGEST_EXACT) if abs(value) < 10**LARGEST_WHOLE else None
    if spelled is not None:
        return _minus(spelled), spelled
    if value.denominator > largest or abs(value.numerator) > largest:
        return None
    sign = "-" if value < 0 else ""
    return (
        f"{_minus(sign)}{abs(value.numerator)}/{value.denominator}",
        rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}",
    )


def _array(array: Any, places: Places | None, *, known: bool = True) -> Printed:
    entries = list(array.ravel())
    if any(_is_symbolic(entry) for entry in entries):
        forms = {id(entry): _formula(entry)[:2] for entry in entries}
        return _laid_out(array, lambda entry: forms[id(entry)], exact=True)
    few = known and len(entries) <= MOST_SHOWN**3
    exact = [exact_value(entry) for entry in entries] if few else [None]
    if all(value is not None for value in exact):
        short = [_exact_scalar(value, places) for value in exact if value is not None]
        if all(one is not None and one.exact for one in short):
            return _laid_out(
                array, lambda entry: _forms(_exact_scalar(exact_or_zero(entry), places)), exact=True
            )
    if places is None:
        return _laid_out(array, lambda entry: _forms(_scalar(entry, None)), exact=True)
    return _laid_out(array, lambda entry: _rounded_forms(entry, places), exact=False)


def exact_or_zero(entry: Any) -> Fraction:
    """The exact value of an entry that is known to have one."""
    value = exact_value(entry)
    return value if value is not None else Fraction(0)


def _forms(one: Printed | None) -> tuple[str, str]:
    assert one is not None  # noqa: S101
    return one.text, one.latex


def _rounded_forms(entry: Any, places: Places) -> tuple[str, str]:
    exact = exact_value(entry)
    if exact is not None and exact.denominator == 1 and places.significant is not None:
        return (
            _forms(_exact_scalar(exact, places)) if abs(exact) < 10**LARGEST_WHOLE else _scientific(exact, 6)
        )
    value = rounded_value(entry, places)
    if value is None:
        loose = entry.str(6, radius=True)
        return loose, rf"\text{{{loose}}}"
    return _decimal(value, places)


def _laid_out(array: Any, forms: Callable[[Any], tuple[str, str]], *, exact: bool) -> Printed:
    complete = max(array.shape) <= MOST_SHOWN
    return Printed(
        matrix_text(_nested(array, lambda entry: forms(entry)[0], Dots("…", "…")), "text"),
        matrix_text(_nested(array, lambda entry: forms(entry)[1], Dots(r"\cdots", r"\vdots")), "latex"),
        exact=exact and complete,
        whole=complete,
    )


@dataclass(frozen=True, slots=True)
class Dots:
    """What stands for entries left out along a row, and down a column."""

    along: str
    down: str


def _nested(array: Any, form: Callable[[Any], str], dots: Dots, depth: int = 0) -> Any:
    if array.ndim == 0:
        return form(array[()])
    parts = array if len(array) <= MOST_SHOWN else ends(array, 0)
    shown = [
        _nested(part, form, dots, depth + 1) if isinstance(part, np.ndarray) else form(part) for part in parts
    ]
    if parts is not array:
        shown.insert(
            MOST_SHOWN // 2 - 1, _gap(shown[0], dots.down if array.ndim > 1 or depth == 0 else dots.along)
        )
    return shown


def _gap(like: Any, mark: str) -> Any:
    return mark if isinstance(like, str) else [_gap(part, mark) for part in like]


def _formula(entry: Any) -> tuple[str, str, int]:
    """A SymPy expression as plain text that `parse` reads, as LaTeX, and how tightly it holds."""
    from workings.algebra.letters import latex_of, text_of

    exact = exact_value(entry)
    if exact is not None:
        one = _exact_scalar(exact, None)
        assert one is not None  # noqa: S101
        return one.text, one.latex, one.level
    level = SUM if getattr(entry, "is_Add", False) else PRODUCT if getattr(entry, "is_Mul", False) else ATOM
    if type(entry).__name__ == "Sum":
        level = PRODUCT
    if getattr(entry, "could_extract_minus_sign", bool)():
        level = min(level, NEGATIVE)
    return text_of(entry), latex_of(entry), level


def plain(value: Any) -> Any:
    """A value for JSON and Python: int where whole, float, nested lists, or text."""
    if isinstance(value, np.ndarray):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return value
    exact = exact_value(value) if not _is_symbolic(value) else None
    if exact is not None and exact.denominator == 1:
        return int(exact)
    if _is_symbolic(value):
        return _formula(value)[0]
    return float(exact) if exact is not None else float(value)
