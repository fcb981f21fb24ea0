"""From the arrays that were found to the records of studies: types, axes, classes, three parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Final, TypeGuard, TypeVar

import numpy as np

from workings.errors import InputError
from workings.lab.data.checks import Array, count, form
from workings.lab.data.content import LARGEST
from workings.lab.data.dataset import SPLIT_SEED, Images, Sequences, split
from workings.lab.data.labels import as_numbers, coded, numbers_or_labels, plain_labels, refused, whole
from workings.lab.data.naming import ACCEPTED, Found, Part, Place

X = TypeVar("X", Array, tuple[Array, ...])

TEST_SHARE: Final = 7
VAL_SHARE: Final = 6
"""Where a part is missing, one in 7 of all examples becomes the test part, and one in 6 of the rest
validates: 5 to 1 to 1, as the course splits MNIST's 70 000."""

_THREE: Final[tuple[Part, ...]] = ("train", "val", "test")


def images(found: Found, source: str) -> Images:
    """Images from what was found.

    Numbers are grey values from 0 to 255, or from 0 to 1; a row of k² numbers is k×k pixels; colours may
    stand before height and width or behind.

    Raises
    ------
    InputError: images or labels are missing, or have another form; the name they bear is named.
    """
    x, y = _pairs(found, _pixels)
    labels = {part: whole(values) for part, values in y.items()}
    for part, values in labels.items():
        if values.ndim != 1:
            raise refused(values, f"{part}_y")
    classes, labels = coded(labels, found.classes)
    x, labels = _three_parts(x, labels, lambda values, rows: values[rows])
    return Images(
        *(x["train"], labels["train"]),
        *(x["val"], labels["val"]),
        *(x["test"], labels["test"]),
        classes=classes,
        source=_source(found, source),
    )


def sequences(found: Found, source: str) -> Sequences:
    """Sequences from what was found: [length, features] each, or [length] where a step is one number.

    Targets that are whole numbers or text are classes; targets with a decimal point are to be predicted.

    Raises
    ------
    InputError: sequences or targets are missing, or have another form; the name they bear is named.
    """
    x, y = _pairs(found, _steps)
    targets = {part: numbers_or_labels(values) for part, values in y.items()}
    classes: tuple[str, ...] = ()
    if all(values.ndim == 1 for values in targets.values()):
        classes, targets = coded(targets, found.classes)
    elif all(values.dtype.kind != "U" for values in targets.values()):
        targets = {part: _single(values.reshape(len(values), -1)) for part, values in targets.items()}
    else:
        raise InputError(
            "found targets that are text beside targets that are numbers", accepted="one of the two"
        )
    x, targets = _three_parts(x, targets, lambda values, rows: tuple(values[row] for row in rows))
    return Sequences(
        *(x["train"], targets["train"]),
        *(x["val"], targets["val"]),
        *(x["test"], targets["test"]),
        classes=classes,
        source=_source(found, source),
    )


def _pairs(found: Found, convert: Callable[[object, Place], X]) -> tuple[dict[Part, X], dict[Part, Array]]:
    """Examples and targets of each part that is there; what says no part is training data."""
    said = {part for part, _ in found.slots}
    if None in said and len(said) > 1:
        raise InputError(f"some arrays say their part and some do not: {found.seen()}", accepted=ACCEPTED)
    if not said & {None, "train"}:
        raise InputError(f"found no training data, but {found.seen()}", accepted=ACCEPTED)
    x: dict[Part, X] = {}
    y: dict[Part, Array] = {}
    for part in said:
        for role, what in (("x", "examples (x)"), ("y", "labels or targets (y)")):
            if (part, role) not in found.slots:
                whose = f"{part} " if part else ""
                raise InputError(f"found no {whose}{what}, but {found.seen()}", accepted=ACCEPTED)
        name = part or "train"
        x[name] = convert(*found.slots[part, "x"])
        y[name] = _targets(*found.slots[part, "y"], examples=len(x[name]))
    return x, y


def _targets(values: object, place: Place, *, examples: int) -> Array:
    labels = plain_labels(values)
    if labels is None:
        raise refused(values, place.name).at(file=place.file)
    if len(labels) != examples:
        raise InputError(
            f"found {count(len(labels), 'label')} for {count(examples, 'example')}", accepted="one for each"
        ).at(file=place.file, field=place.name)
    return labels


def _three_parts(
    x: dict[Part, X], y: dict[Part, Array], take: Callable[[X, Array], X]
) -> tuple[dict[Part, X], dict[Part, Array]]:
    """The parts, those that are missing drawn from the training part by `SPLIT_SEED`."""
    n = len(x["train"])
    test = 0 if "test" in x else n // TEST_SHARE
    val = 0 if "val" in x else (n - test) // VAL_SHARE
    missing = {part: size for part, size in (("val", val), ("test", test)) if part not in x}
    if not missing:
        return x, y
    if not all(missing.values()):
        raise InputError(f"found {count(n, 'example')}", accepted=f"{TEST_SHARE} or more, for three parts")
    pieces = split(n, (n - val - test, val, test), SPLIT_SEED)
    chosen: dict[Part, Array] = dict(zip(_THREE, pieces, strict=True))
    drawn = ("train", *missing)
    all_x, all_y = x["train"], y["train"]
    return (
        {**x, **{part: take(all_x, chosen[part]) for part in drawn}},
        {**y, **{part: all_y[chosen[part]] for part in drawn}},
    )


def _pixels(values: object, place: Place) -> Array:
    """uint8 [n, height, width], or [n, 3, height, width]."""
    array = as_numbers(values) if isinstance(values, list | tuple) else values
    try:
        return _axes(_grey(array))
    except InputError as error:
        raise error.at(file=place.file, field=place.name) from None


def _grey(array: object) -> Array:
    """uint8 from whole numbers from 0 to 255, or from numbers from 0 to 1."""
    if not _is_numbers(array, (2, 3, 4)):
        what = form(array) if isinstance(array, np.ndarray) else "a list that is no array of numbers"
        raise InputError(f"found {what}", accepted="[n, height, width], [n, height, width, 3] or [n, k²]")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    inside = bool(array.min() >= 0 and array.max() <= 255)  # not where there is a NaN
    if inside and array.dtype.kind == "f" and array.max() <= 1:
        return np.rint(array * 255).astype(np.uint8)
    if inside and (array.dtype.kind != "f" or (np.rint(array) == array).all()):
        return array.astype(np.uint8)
    fine = (array >= 0) & (array <= 255) & (np.rint(array) == array)
    spot = tuple(int(each) for each in np.argwhere(~fine)[0])
    raise InputError(
        f"found the grey value {array[spot]} at [{', '.join(map(str, spot))}]",
        accepted="whole numbers from 0 to 255, or numbers from 0 to 1",
    )


def _axes(array: Array) -> Array:
    """Colours before height and width; a single colour has no axis."""
    if array.ndim == 2:
        side = isqrt(array.shape[1])
        if side * side != array.shape[1]:
            found = f"found rows of {count(array.shape[1], 'number')}"
            raise InputError(found, accepted="k² of them, for k×k pixels")
        return array.reshape(len(array), side, side)
    if array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        array = np.ascontiguousarray(np.moveaxis(array, 3, 1))
    return array[:, 0] if array.ndim == 4 and array.shape[1] == 1 else array


def _steps(values: object, place: Place) -> tuple[Array, ...]:
    """float32 [length, features] for each."""
    if not isinstance(values, list | tuple) and not _is_numbers(values, (2, 3)):
        what = form(values) if isinstance(values, np.ndarray) else "no list"
        raise InputError(f"found {what}", accepted="a list of sequences, or [n, length, features]").at(
            file=place.file, field=place.name
        )
    steps = tuple(_sequence(each, place, row) for row, each in enumerate(values))
    if sum(each.nbytes for each in steps) > LARGEST:
        raise InputError("found too many steps", accepted=f"at most {LARGEST} bytes").at(file=place.file)
    return steps


def _sequence(value: object, place: Place, row: int) -> Array:
    array = as_numbers(value) if isinstance(value, Sequence) else value
    if not _is_numbers(array, (1, 2)):
        what = form(array) if isinstance(array, np.ndarray) else f"a {type(value).__name__}"
        raise InputError(f"found {what}", accepted="a sequence [length, features] or [length] of numbers").at(
            file=place.file, field=f"{place.name}[{row}]"
        )
    return _single(array.reshape(len(array), -1))


def _is_numbers(value: object, axes: tuple[int, ...]) -> TypeGuard[Array]:
    """Whether it is an array of numbers, of one entry or more, with so many axes."""
    return (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim in axes and value.size > 0
    )


def _single(array: Array) -> Array:
    """float32; what is too large for it becomes infinite, and is refused when the record is made."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)


def _source(found: Found, source: str) -> str:
    return "; ".join([source, *found.notes])
