"""Labels in the forms in which people have them (integers, text, one-hot rows) as positions in a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.checks import Array, count, form

MOST_CLASSES: Final = 10_000
LONGEST_LABEL: Final = 200

_ACCEPTED: Final = "whole numbers, text, or one-hot rows"
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)


def plain_labels(values: object) -> Array | None:
    """int64 [n], text [n], or float64 [n, numbers] where these are numbers; None if it is none of them."""
    array = _array(values)
    if array is None or array.ndim not in (1, 2) or not array.size or array.dtype.kind not in "biufUS":
        return None
    if array.dtype.kind in "US":
        return _text(array) if array.ndim == 1 or array.shape[1] == 1 else None
    if array.dtype.kind == "f":
        return array.reshape(len(array), -1).astype(np.float64)
    if array.ndim == 1 or array.shape[1] == 1:
        return array.reshape(-1).astype(np.int64) if array.max() < 1 << 62 else None
    return np.argmax(array, axis=1).astype(np.int64) if _one_hot(array) else array.astype(np.float64)


def whole(values: Array) -> Array:
    """Labels that came as floats: 3.0 is 3, a one-hot row is its position; anything else stays."""
    if values.dtype.kind != "f" or not np.isfinite(values).all() or values.shape[1] == 0:
        return values
    if values.shape[1] == 1:
        same = (np.rint(values) == values).all() and (np.abs(values) < 1 << 53).all()
        return values[:, 0].astype(np.int64) if same else values
    return np.argmax(values, axis=1).astype(np.int64) if _one_hot(values) else values


def coded(
    labels: Mapping[str, Array], names: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], dict[str, Array]]:
    """The classes, and the labels of each part as positions in them.

    Parameters
    ----------
    labels: int64 [n] or text [n] for each part.
    names: what labels are positions in, or in which order they are classes; if there are too few, left aside.

    Raises
    ------
    InputError: some labels are text and some are numbers, or there are too many classes.
    """
    kinds = {each.dtype.kind for each in labels.values()}
    if len(kinds) != 1:
        raise InputError(
            "found labels that are text beside labels that are numbers", accepted="one of the two"
        )
    found = np.unique(np.concatenate([np.unique(each) for each in labels.values()]))
    if len(found) > MOST_CLASSES:
        raise InputError(f"found {count(len(found), 'class')}", accepted=f"at most {MOST_CLASSES}")
    if kinds == {"i"} and names and found[0] >= 0 and found[-1] < len(names):
        return names, dict(labels)
    if kinds == {"U"} and set(found.tolist()) <= set(names):
        found = np.array(names)
    elif kinds == {"U"} and all(_WHOLE.fullmatch(each) for each in found.tolist()):
        found = np.array(sorted(found.tolist(), key=int))
    order = np.argsort(found)
    places = {part: order[np.searchsorted(found, each, sorter=order)] for part, each in labels.items()}
    return tuple(map(str, found.tolist())), {part: each.astype(np.int64) for part, each in places.items()}


def class_names(values: object) -> tuple[str, ...]:
    """The names in a list of text; none of anything else."""
    array = _array(values)
    if array is None or array.dtype.kind not in "US" or array.ndim != 1 or not 0 < len(array) <= MOST_CLASSES:
        return ()
    return tuple(_text(array).tolist())


def numbers_or_labels(values: Array) -> Array:
    """Text that is numbers throughout, as numbers: a target such as 1.5 is no class, but 1 is one."""
    if values.dtype.kind != "U" or all(_WHOLE.fullmatch(each) for each in values.tolist()):
        return values
    try:
        return np.array([float(each) for each in values.tolist()], np.float64).reshape(-1, 1)
    except ValueError:
        return values


def refused(values: object, field: str) -> InputError:
    """Labels that are none."""
    found = form(values) if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
    if (
        isinstance(values, np.ndarray)
        and values.dtype.kind == "f"
        and values.ndim == 2
        and values.shape[1] == 1
    ):
        wrong = np.flatnonzero(values[:, 0] != np.rint(values[:, 0]))
        if wrong.size:
            return InputError(f"found the label {values[wrong[0], 0]}", accepted=_ACCEPTED).at(
                field=f"{field}[{wrong[0]}]"
            )
    return InputError(f"found labels in the form {found}", accepted=_ACCEPTED).at(field=field)


def _array(values: object) -> Array | None:
    if isinstance(values, np.ndarray):
        return values
    if not isinstance(values, list | tuple):
        return None
    if all(isinstance(each, str | bytes) for each in values):
        if (
            max(map(len, values), default=0) > LONGEST_LABEL
        ):  # NumPy would give each as much room as the longest
            raise InputError(
                "found a label that is a whole text", accepted=f"at most {LONGEST_LABEL} characters"
            )
        return np.array(
            [each if isinstance(each, str) else each.decode("latin-1") for each in values], np.str_
        )
    return as_numbers(values)


def as_numbers(values: Sequence[Any]) -> Array | None:
    """A list of numbers, or of lists of them that are of one length, as an array; None for any other list."""
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError, TypeError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _text(array: Array) -> Array:
    if array.dtype.kind == "S":
        array = np.array([each.decode("latin-1") for each in array.reshape(-1).tolist()], np.str_)
    return np.char.strip(array.reshape(-1))


def _one_hot(rows: Array) -> bool:
    return bool(rows.shape[1] > 1 and ((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())
