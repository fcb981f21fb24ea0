"""Time series in the .ts format of sktime and aeon: many dimensions, lengths that differ, a label a case.

    @dimensions 12
    @classLabel true 1 2 3
    @data
    1.5,1.4,1.3:0.2,0.1,0.3:...:2

A case is a line: dimensions end at a colon, values at a comma, the label or target comes last. A missing
value is `?` or NaN. Source: the description of the format in sktime, "Loading data from .ts files".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError, echo, unknown
from workings.lab.data.checks import Array, count
from workings.lab.data.content import LARGEST, Readable, content
from workings.lab.data.text_lines import decimal, lines_of

TAGS: Final = (
    *("problemname", "timestamps", "missing", "univariate", "dimensions", "equallength", "serieslength"),
    *("classlabel", "targetlabel", "data"),
)
MOST_CASES: Final = 1_000_000
MOST_CLASSES: Final = 10_000
MOST_DIMENSIONS: Final = 10_000


@dataclass(frozen=True, eq=False)
class Cases:
    """The cases of a file.

    Parameters
    ----------
    x: float32 arrays [length, dimensions], finite.
    labels: one text for each, or empty.
    targets: one number for each, or empty.
    classes: what labels there are, in the order of the header.
    filled: missing values that were put in between their neighbours in time.
    """

    x: Sequence[Array]
    labels: Sequence[str]
    targets: Sequence[float]
    classes: tuple[str, ...]
    filled: int


def read_ts(path: Path) -> Cases:
    """The cases of a file, packed with gzip or not.

    A missing value is put on the line between its neighbours in time, or is that of the nearest one at the
    ends. Steps at the end that miss all dimensions are padding, and are cut off.

    Raises
    ------
    InputError: the file is not in that form; line and dimension are named.
    """
    with content(path) as stream:
        return take_ts(stream)


def take_ts(stream: Readable) -> Cases:
    """As `read_ts`, from a stream."""
    lines = ((line, text.strip()) for line, text in lines_of(stream) if not text.lstrip().startswith("#"))
    return _cases(_head(lines), lines)


@dataclass
class _Head:
    dimensions: int | None = None
    length: int | None = None
    labelled: bool = False
    targets: bool = False
    classes: tuple[str, ...] = ()


def _head(lines: Iterator[tuple[int, str]]) -> _Head:
    """The lines up to @data."""
    head = _Head()
    for line, text in lines:
        tag, *values = text.split()
        try:
            if _take_tag(head, tag, values):
                return head
        except InputError as error:
            raise error.at(line=line) from None
    raise InputError("found no @data", accepted="a .ts file: lines with @, then @data, then the cases")


def _take_tag(head: _Head, tag: str, values: list[str]) -> bool:
    """Note what a line says; whether it is the last one."""
    name = tag[1:].casefold()
    if not tag.startswith("@") or name not in TAGS:
        raise unknown("tag", tag, [f"@{each}" for each in TAGS])
    if name == "timestamps" and _truth(tag, values):
        raise InputError("found @timeStamps true", accepted="values at equal distances: @timeStamps false")
    if name == "univariate" and _truth(tag, values):
        head.dimensions = 1
    elif name == "dimensions":
        head.dimensions = _size(tag, values)
    elif name == "serieslength":
        head.length = _size(tag, values)
    elif name == "targetlabel":
        head.targets = _truth(tag, values)
    elif name == "classlabel":
        head.labelled, head.classes = _truth(tag, values[:1]), tuple(dict.fromkeys(values[1:]))
        if len(head.classes) > MOST_CLASSES:
            raise InputError(f"found {len(head.classes)} classes", accepted=f"at most {MOST_CLASSES}")
    return name == "data"


def _truth(tag: str, values: list[str]) -> bool:
    if len(values) != 1 or values[0].casefold() not in ("true", "false"):
        raise InputError(f"found {tag} {echo(' '.join(values))}", accepted="true or false")
    return values[0].casefold() == "true"


def _size(tag: str, values: list[str]) -> int:
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 9:
        raise InputError(f"found {tag} {echo(' '.join(values))}", accepted="a whole number from 1")
    return int(values[0])


def _cases(head: _Head, lines: Iterator[tuple[int, str]]) -> Cases:
    x: list[Array] = []
    labels: list[str] = []
    targets: list[float] = []
    known = frozenset(head.classes)
    held, filled = 0, 0
    for line, text in lines:
        dimensions = text.split(":")
        try:
            if head.labelled:
                labels.append(_label(dimensions.pop().strip(), known))
            elif head.targets:
                targets.append(_target(dimensions.pop()))
            series, missing = _series(dimensions, head)
        except InputError as error:
            raise error.at(line=line) from None
        x.append(series)
        filled += missing
        held += series.nbytes
        if held > LARGEST or len(x) > MOST_CASES:
            raise InputError("too many cases", accepted=f"{MOST_CASES}, of {LARGEST} bytes").at(line=line)
    if not x:
        raise InputError("found no case", accepted="a line for each case under @data")
    return Cases(x, labels, targets, head.classes, filled)


def _label(text: str, known: frozenset[str]) -> str:
    if text not in known:
        names = sorted(known)[:20]
        raise InputError(
            f"found the label {echo(text)}", accepted=f"those of @classLabel: {', '.join(names)}"
        )
    return text


def _target(text: str) -> float:
    value = decimal(text)
    if value is None or not np.isfinite(value):
        raise InputError(f"found the target {echo(text)}", accepted="a finite number")
    return value


def _series(dimensions: list[str], head: _Head) -> tuple[Array, int]:
    """float32 [length, dimensions], and how many values of it were missing."""
    wanted = len(dimensions) if head.dimensions is None else head.dimensions
    if len(dimensions) != wanted or not 0 < wanted <= MOST_DIMENSIONS:
        found = f"found {count(len(dimensions), 'dimension')}"
        raise InputError(
            found, accepted=f"{min(wanted, MOST_DIMENSIONS) or 1}, a colon behind each, and the label"
        )
    rows = [_values(text, at) for at, text in enumerate(dimensions, start=1)]
    for at, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise InputError(
                f"found {count(len(row), 'value')}", accepted=f"{len(rows[0])}, as in dimension 1"
            ).at(field=f"dimension {at}")
    series = np.array(rows, np.float64).T
    gaps = np.isnan(series)
    if gaps.any():
        there = np.flatnonzero(~gaps.all(axis=1))
        length = int(there[-1]) + 1 if there.size else 0
        series, gaps = series[:length], gaps[:length]
        _fill(series, gaps)
    if not len(series) or (head.length is not None and len(series) > head.length):
        longest = "1 or more" if head.length is None else f"1 to {head.length}, as @seriesLength says"
        raise InputError(f"found {count(len(series), 'value')}", accepted=longest)
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused
        values = np.ascontiguousarray(series, np.float32)
    wrong = np.argwhere(~np.isfinite(values))
    if wrong.size:
        raise InputError("found a number too large for float32", accepted="numbers below 3.4e38").at(
            field=f"dimension {wrong[0][1] + 1}"
        )
    return values, int(gaps.sum())


def _values(text: str, dimension: int) -> list[float]:
    """The numbers of a dimension, NaN for `?`."""
    cells = text.split(",")
    if "_" in text:  # float() takes 1_000
        raise _no_value(next(cell for cell in cells if "_" in cell), dimension)
    try:
        return list(map(float, cells))
    except ValueError:
        pass
    values: list[float] = []
    for cell in cells:
        try:
            values.append(float(cell))
        except ValueError:
            if cell.strip() != "?":
                raise _no_value(cell.strip(), dimension) from None
            values.append(np.nan)
    return values


def _no_value(cell: str, dimension: int) -> InputError:
    accepted = "values without time stamps" if cell.startswith("(") else "numbers, ? where one is missing"
    found = f"found {echo(cell)}" if cell else "found no value"
    return InputError(found, accepted=accepted).at(field=f"dimension {dimension}")


def _fill(series: Array, gaps: Array) -> None:
    """Put missing values on the line between their neighbours, in place."""
    steps = np.arange(len(series))
    for at in np.flatnonzero(gaps.any(axis=0)):
        missing = gaps[:, at]
        if missing.all():
            raise InputError("found no value at all", accepted="a number").at(field=f"dimension {at + 1}")
        series[missing, at] = np.interp(steps[missing], steps[~missing], series[~missing, at])
