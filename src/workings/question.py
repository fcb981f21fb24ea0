"""What a question is, and the types of its givens.

A question's file has `class Given(question.Given)`, the function `work(given) -> Working`, the function
`vary(random) -> dict` that draws a variant, and `QUESTION = Question(...)`. Nothing else is registered.

Numbers are exact: `0.1` in a document is 1/10. A given that may be a letter takes a formula in letters
(`"H - M + 1"`); a given that may be the unknown takes `?`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from workings.algebra.expression import Expr, exact_array
from workings.algebra.expression import name as letter
from workings.errors import InputError, echo
from workings.numerals import number
from workings.validation import readable
from workings.working import Working

LARGEST_SIZE: Final = 10**15
"""Sizes beyond it are refused: no tensor has them, and products of them only print noise."""

MOST_ENTRIES: Final = 1_000_000
"""Entries of one array in a document."""


TRUTHS: Final = ("equal", "less", "at_most", "between", "every")
"""Formulas that hold or do not hold, and are no numbers."""

NOT_FINITE: Final = ("nan", "inf", "infinity")
"""Words that are no products of letters."""


WORD: Final = re.compile(r"[a-z]{3,}(?:_[a-z0-9]+)*")
"""A given in words, such as `width`, names one letter; shorter or capital ones (`MN`) are products."""


class Unknown:
    """The given that is asked for, written `?`."""

    _only: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """The same one each time, so that `is UNKNOWN` tells it."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = Unknown()


def read_scalar(written: object) -> Fraction | Expr:
    """A number, or a formula in letters."""
    if isinstance(written, Expr):
        return written
    if isinstance(written, str) and any(letter.isalpha() for letter in written):
        if written.strip().lstrip("+-−").casefold() in NOT_FINITE:
            raise InputError(f"found {echo(written)}", accepted="a finite number, or a formula in letters")
        try:
            return number(written)
        except InputError:
            from workings.algebra.parse import parse

            if WORD.fullmatch(written.strip()):  # one name, not a product of its letters
                return letter(written.strip())
            formula = parse(written)
            if formula.op in TRUTHS:
                raise InputError(
                    f"found {echo(written)}", accepted="a number, or a formula in letters"
                ) from None
            return formula
    return number(written)


def read_integer(written: object, least: int, what: str) -> int:
    """A whole number of at least `least`."""
    value = number(written)
    if value.denominator != 1 or not least <= value <= LARGEST_SIZE:
        raise InputError(f"found {echo(written)}", accepted=f"{what}, a whole number from {least} to 10^15")
    return int(value)


def _size(least: int, *, letters: bool, unknown: bool) -> Callable[[object], object]:
    what = (
        "a size"
        + (", a formula in letters" if letters else "")
        + (", or ? for the unknown" if unknown else "")
    )

    def read(written: object) -> object:
        if isinstance(written, (Expr, Unknown)):
            if isinstance(written, Expr) and not letters:
                raise InputError(f"found the formula {written!r}", accepted=what)
            return written
        if isinstance(written, str) and written.strip() == "?":
            if not unknown:
                raise InputError("found '?'", accepted=what)
            return UNKNOWN
        if letters and isinstance(written, str) and any(letter.isalpha() for letter in written):
            return read_scalar(written)
        try:
            return read_integer(written, least, what)
        except InputError as error:
            raise InputError(
                error.problem, accepted=f"{what}, a whole number from {least} to 10^15"
            ) from None

    return read


def read_array(written: object, ranks: Sequence[int]) -> Any:
    """Nested lists of numbers as an array of exact numbers, one number as a Fraction.

    A float64 array from Python stays as it is.
    """
    rank = _rank(written)
    if isinstance(written, np.ndarray):
        array = written
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError("found NaN or an infinity", accepted="finite numbers")
    else:
        _rectangular(written, rank)
        array = np.asarray(written, dtype=object)
    if array.ndim not in ranks:
        kinds = " or ".join(RANK_NAMES.get(r, f"{r} axes") for r in ranks)
        raise InputError(f"found {RANK_NAMES.get(array.ndim, f'{array.ndim} axes')}", accepted=kinds)
    if not 0 < array.size <= MOST_ENTRIES * 10:
        raise InputError(f"found {array.size} entries", accepted=f"1 to {MOST_ENTRIES * 10}")
    if array.dtype == object:
        for index, entry in np.ndenumerate(array):
            try:
                number(entry)
            except InputError as error:
                raise error.at(field="".join(f"[{i}]" for i in index) or None) from None
    return exact_array(array) if array.ndim else number(array.item())


RANK_NAMES: Final = {
    0: "a number",
    1: "a list of numbers",
    2: "a list of rows of numbers",
    3: "a list of matrices",
}


def _rank(written: object) -> int:
    if isinstance(written, np.ndarray):
        return written.ndim
    rank = 0
    while isinstance(written, (list, tuple)):
        rank += 1
        if not written or rank > 8:
            raise InputError(
                "found an empty list" if not written else "found lists nested too deep", accepted="numbers"
            )
        written = written[0]
    return rank


def _rectangular(written: object, rank: int) -> tuple[int, ...]:
    """The shape of nested lists; an error names the first part that does not fit."""
    if rank == 0:
        if isinstance(written, (list, tuple)):
            raise InputError("found a list where its neighbours are numbers", accepted="rows of one length")
        return ()
    if not isinstance(written, (list, tuple)):
        raise InputError(
            f"found {echo(written)} where its neighbours are lists", accepted="rows of one length"
        )
    first: tuple[int, ...] | None = None
    for i, part in enumerate(written):
        try:
            found = _rectangular(part, rank - 1)
        except InputError as error:
            raise error.at(field=f"[{i}]") from None
        if first is None:
            first = found
        elif found != first:
            raise InputError(
                f"found a row of {found[0] if found else 0} beside rows of {first[0]}",
                accepted="rows of one length",
            ).at(field=f"[{i}]")
    return (len(written), *(first or ()))


def _array(*ranks: int) -> BeforeValidator:
    return BeforeValidator(lambda written: read_array(written, ranks))


Number = Annotated[Fraction, BeforeValidator(number)]
"""An exact number."""
Scalar = Annotated[Fraction | Expr, BeforeValidator(read_scalar)]
"""A number, or a formula in letters."""
Positive = Annotated[int, BeforeValidator(_size(1, letters=False, unknown=False))]
"""A whole number from 1."""
Natural = Annotated[int, BeforeValidator(_size(0, letters=False, unknown=False))]
"""A whole number from 0."""
Size = Annotated[int | Expr, BeforeValidator(_size(1, letters=True, unknown=False))]
"""A whole number from 1, or a formula in letters."""
Size0 = Annotated[int | Expr, BeforeValidator(_size(0, letters=True, unknown=False))]
"""A whole number from 0, or a formula in letters."""
UnknownSize = Annotated[int | Expr | Unknown, BeforeValidator(_size(1, letters=True, unknown=True))]
"""A whole number from 1, a formula in letters, or `?`."""
UnknownSize0 = Annotated[int | Expr | Unknown, BeforeValidator(_size(0, letters=True, unknown=True))]
"""A whole number from 0, a formula in letters, or `?`."""
Vector = Annotated[Any, _array(1)]
"""A list of numbers: an array (n,)."""
Matrix = Annotated[Any, _array(2)]
"""A list of rows: an array (rows, columns)."""
Tensor = Annotated[Any, _array(0, 1, 2, 3, 4)]
"""Nested lists of numbers."""
VectorOrMatrix = Annotated[Any, _array(1, 2)]
NumberOrVector = Annotated[Any, _array(0, 1)]


class Given(BaseModel):
    """The givens of one question. Subclasses have one documented field a given."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def read(cls, data: Mapping[str, object]) -> Self:
        """Check and read givens.

        Raises
        ------
        InputError: an unknown or a missing field, or a value of the wrong kind; the field is named.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise readable(error, cls) from None


G = TypeVar("G", bound=Given)


@dataclass(frozen=True)
class Question:
    """One kind of question.

    Parameters
    ----------
    title: a few words, for lists and headings.
    given: the model of the givens.
    work: the working that answers it; its `ask` lists the quantities asked for by default.
    vary: draws the givens of a variant, as plain data that a document could hold.
    example: filled-in givens, as a document holds them.
    conventions: fields of fixed choices that an answer may silently have taken otherwise; the audit tries
        them.
    contested: those of them on which the field itself disagrees, so that even a match is reported as a
        convention.
    checks: for quantities that have many right answers, a function of the givens and the raw answer that says
        what is wrong with it, or None where nothing is.
    """

    title: str
    given: type[Given]
    work: Callable[[Any], Working]
    vary: Callable[[Random], dict[str, Any]]
    example: Mapping[str, Any]
    conventions: Sequence[str] = field(default_factory=tuple)
    contested: Sequence[str] = field(default_factory=tuple)
    checks: Mapping[str, Callable[[Any, object], str | None]] = field(default_factory=dict)
