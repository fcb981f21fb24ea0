"""What examples, labels and targets must be; what is not is refused with its field and row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from workings.errors import InputError, echo

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def check_classes(classes: tuple[str, ...]) -> None:
    """Two names or more, none of them twice, all of them fit to print.

    Raises
    ------
    InputError: otherwise.
    """
    if len(classes) < 2:
        raise InputError(f"found {count(len(classes), 'class')}", accepted="labels of two classes or more")
    twice = first_twice(classes)
    if twice is not None:
        raise InputError(f"the class {echo(twice)} is named twice", accepted="a name for each class")
    for name in classes:
        if not name.strip() or not name.isprintable():
            raise InputError(f"found the class {echo(name)}", accepted="a name that can be printed")


def check_images(x: Array, field: str, like: Array) -> None:
    """uint8 [n, height, width] or [n, channels, height, width], the shape of one image that of `like`.

    Raises
    ------
    InputError: otherwise, or there is none.
    """
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[1] not in (1, 3)):
        raise InputError(
            f"found {form(x)}",
            accepted="uint8 images [n, height, width] or [n, channels, height, width] with 1 or 3 channels",
        ).at(field=field)
    if x.size == 0:
        raise InputError(f"found {form(x)}", accepted="one image or more, of one pixel or more").at(
            field=field
        )
    if x.shape[1:] != like.shape[1:]:
        raise InputError(
            f"found images of {size(x.shape[1:])}", accepted=f"{size(like.shape[1:])}, as in training"
        ).at(field=field)


def check_sequences(x: tuple[Array, ...], field: str, like: tuple[Array, ...]) -> None:
    """float32 [length, features], finite, of any length, features as in `like[0]`.

    Raises
    ------
    InputError: otherwise, or there is none; the row is named.
    """
    if not x:
        raise InputError("found no sequence", accepted="one sequence or more").at(field=field)
    features = like[0].shape[-1] if like[0].ndim else 0
    for row, each in enumerate(x):
        place = f"{field}[{row}]"
        _check_type(each, np.float32, 2, place, "[length, features]")
        if each.size == 0:
            raise InputError(
                f"found an empty sequence, {size(each.shape)}",
                accepted="one step or more, of one number or more",
            ).at(field=place)
        if each.shape[1] != features:
            raise InputError(
                f"found {count(each.shape[1], 'number')} a step", accepted=f"{features}, as in train_x[0]"
            ).at(field=place)
        check_finite(each, place)


def check_labels(y: Array, field: str, *, classes: int, examples: int) -> None:
    """int64 [examples], from 0 to classes − 1.

    Raises
    ------
    InputError: otherwise; the row is named.
    """
    _check_type(y, np.int64, 1, field, "labels [n]")
    _check_length(y, field, examples)
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise InputError(f"found the label {y[wrong[0]]}", accepted=f"0 to {classes - 1}").at(
            field=f"{field}[{wrong[0]}]"
        )


def check_targets(y: Array, field: str, *, examples: int, like: Array) -> None:
    """float32 [examples, numbers], finite, as many numbers as in `like`.

    Raises
    ------
    InputError: otherwise; the row is named.
    """
    _check_type(y, np.float32, 2, field, "targets [n, numbers]")
    _check_length(y, field, examples)
    if y.shape[1] == 0 or y.shape[1:] != like.shape[1:]:
        raise InputError(
            f"found {count(y.shape[1], 'number')} a target",
            accepted=f"{like.shape[1]}, as in training" if like.shape[1] else "one or more",
        ).at(field=field)
    check_finite(y, field)


def check_finite(values: Array, field: str) -> None:
    """No NaN, no infinity; the first place that has one is named.

    Raises
    ------
    InputError: a value is not a finite number.
    """
    finite = np.isfinite(values)
    if finite.all():
        return
    spot = tuple(int(each) for each in np.argwhere(~finite)[0])
    raise InputError(f"found {values[spot]}", accepted="finite numbers").at(
        field=f"{field}[{', '.join(map(str, spot))}]"
    )


def first_twice(names: Iterable[str]) -> str | None:
    """The first name that has been there before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def form(array: Array) -> str:
    """Type and shape, as a message names them."""
    return f"{array.dtype.name} {size(array.shape)}"


def size(shape: tuple[int, ...]) -> str:
    """A shape, as a message names it."""
    return f"[{', '.join(map(str, shape))}]"


def count(number: int, of: str) -> str:
    """1 class, 2 classes, 60 000 images."""
    plural = "" if number == 1 else "es" if of.endswith("s") else "s"
    return f"{spaced(number)} {of}{plural}"


def spaced(number: int) -> str:
    """60000 as 60 000."""
    return f"{number:,}".replace(",", " ")


def _check_type(array: Array, dtype: type[np.generic], axes: int, field: str, what: str) -> None:
    if array.dtype != dtype or array.ndim != axes:
        raise InputError(f"found {form(array)}", accepted=f"{np.dtype(dtype).name} {what}").at(field=field)


def _check_length(y: Array, field: str, examples: int) -> None:
    if len(y) != examples:
        raise InputError(
            f"found {count(len(y), 'row')} for {count(examples, 'example')}", accepted="one for each example"
        ).at(field=field)
