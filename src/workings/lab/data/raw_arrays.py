"""Arrays from their bytes: plain types only, and exactly as many bytes as the shape asks for."""

from __future__ import annotations

import re
from math import prod
from typing import Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.checks import Array, size
from workings.lab.data.content import LARGEST

MOST_AXES: Final = 8
OBJECTS: Final = np.dtype(object)
_DTYPE: Final = re.compile(r"[<>=|]?(?:\?|b1|[iu][1248]|f[248]|[SU][1-9][0-9]{0,5})", re.ASCII)
_OBJECT: Final = re.compile(r"[<>=|]?O[0-9]?", re.ASCII)


def plain_dtype(text: object) -> np.dtype[np.generic]:
    """The type of that name: truth values, integers, floats, text, and `OBJECTS`.

    Raises
    ------
    InputError: any other, records and dates among them.
    """
    if isinstance(text, str) and _DTYPE.fullmatch(text):
        return np.dtype(text)
    if isinstance(text, str) and _OBJECT.fullmatch(text):
        return OBJECTS
    raise InputError(
        f"found an array of type {echo(text)}",
        accepted="numbers ('<f4', '|u1', '<i8', ...), truth values or text",
    )


def plain_shape(value: object) -> tuple[int, ...]:
    """The sizes of an array's axes.

    Raises
    ------
    InputError: they are not integers from 0, or are more than `MOST_AXES`.
    """
    if (
        isinstance(value, tuple)
        and len(value) <= MOST_AXES
        and all(type(each) is int and each >= 0 for each in value)
    ):
        return value
    raise InputError("found an array of no proper shape", accepted=f"at most {MOST_AXES} sizes from 0")


def check_size(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> int:
    """Bytes of an array.

    Raises
    ------
    InputError: there are more than `LARGEST`.
    """
    needed = prod(shape) * dtype.itemsize
    if needed > LARGEST or max(shape, default=0) > LARGEST:
        raise InputError(f"promises an array of {size(shape)}", accepted=f"at most {LARGEST} bytes")
    return needed


def from_bytes(
    dtype: np.dtype[np.generic], shape: tuple[int, ...], raw: bytes, *, columns_first: bool
) -> Array:
    """An array of its own, in this computer's byte order.

    Raises
    ------
    InputError: the bytes are too few, too many, or no text where the type is text.
    """
    needed = check_size(dtype, shape)
    if needed != len(raw):
        raise InputError(
            f"found {len(raw)} bytes for an array {size(shape)} of {dtype.name}", accepted=f"{needed} bytes"
        )
    if dtype.kind == "b":  # anything but 0 and 1 in a byte of truth would be neither
        values = np.frombuffer(raw, np.uint8) != 0
    else:
        values = np.frombuffer(raw, dtype).astype(dtype.newbyteorder("="))
    if dtype.kind == "U" and values.size and int(values.view(np.uint32).max()) > 0x10FFFF:
        raise InputError("found text that is not Unicode", accepted="an array of text")
    return values.reshape(shape, order="F" if columns_first else "C")
