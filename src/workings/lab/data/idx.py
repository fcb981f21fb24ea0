"""IDX files, the form in which MNIST comes, packed with gzip or not.

Two zero bytes, one for the type, one for the number of axes; the size of each axis in four bytes, high byte
first; then the values, high byte first, the last axis fastest. Source: LeCun, Cortes & Burges, *The MNIST
database of handwritten digits*, section "File formats".
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.checks import Array
from workings.lab.data.content import LARGEST, Readable, content, ended, take

TYPES: Final = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_AXES: Final = 4


def read_idx(path: Path) -> Array:
    """The array of an IDX file, in this computer's byte order.

    Raises
    ------
    InputError: the file can't be read, is no IDX file, ends early, goes on, or promises over `LARGEST` bytes.
    """
    with content(path) as stream:
        array = take_idx(stream)
        ended(stream, "the values")
    return array


def is_idx(head: bytes) -> bool:
    """Whether a file that begins so is an IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in TYPES and 1 <= head[3] <= MOST_AXES


def take_idx(stream: Readable) -> Array:
    """The array at the beginning of a stream.

    Raises
    ------
    InputError: it is not in the form of IDX, ends early, or promises more than `LARGEST` bytes.
    """
    head = take(stream, 4, "the head of an IDX file")
    if not is_idx(head):
        raise InputError(
            f"begins with {echo(head)}, unlike an IDX file",
            accepted=f"0, 0, a type of {', '.join(f'{code:#04x}' for code in TYPES)}, 1 to {MOST_AXES} axes",
        )
    shape = struct.unpack(f">{head[3]}I", take(stream, 4 * head[3], "the sizes of an IDX file"))
    dtype = np.dtype(TYPES[head[2]])
    size = prod(shape) * dtype.itemsize
    if size > LARGEST:
        raise InputError(
            f"promises {' × '.join(map(str, shape))} values, {size} bytes",
            accepted=f"at most {LARGEST} bytes",
        )
    values = np.frombuffer(take(stream, size, "the values"), dtype)
    return values.reshape(shape).astype(dtype.newbyteorder("="))
