"""NumPy's own files of one array, .npy.

Source: `numpy.lib.format`, its versions 1.0 to 3.0. An object array, as people make it of sequences that
differ in length, has a pickle for content, which is read as data.
"""

from __future__ import annotations

import ast
import struct
from typing import Final

from workings.errors import InputError, echo
from workings.lab.data.content import Readable, ended, take, whole
from workings.lab.data.pickles import LARGEST_PICKLE, read_pickle
from workings.lab.data.raw_arrays import OBJECTS, check_size, from_bytes, plain_dtype, plain_shape

MAGIC: Final = b"\x93NUMPY"
LONGEST_HEAD: Final = 10_000
"""Bytes of the head: what NumPy itself admits."""


def take_npy(stream: Readable) -> object:
    """The array of an .npy file; a list (or what else the pickle holds) where it is an array of objects.

    Raises
    ------
    InputError: it is not in that form, ends early or goes on, is of no plain type, or is too large.
    """
    begin = take(stream, 8, "the head of an .npy file")
    if begin[:6] != MAGIC or begin[6] not in (1, 2, 3):
        raise InputError(
            f"begins with {echo(begin)}, unlike an .npy file", accepted="an .npy file of version 1 to 3"
        )
    width, code = (2, "<H") if begin[6] == 1 else (4, "<I")
    (length,) = struct.unpack(code, take(stream, width, "the head of an .npy file"))
    if length > LONGEST_HEAD:
        raise InputError(f"a head of {length} bytes", accepted=f"at most {LONGEST_HEAD}")
    head = _head(take(stream, length, "the head of an .npy file"))
    dtype, shape = plain_dtype(head.get("descr")), plain_shape(head.get("shape"))
    columns_first = head.get("fortran_order") is True
    size = check_size(dtype, shape)
    if dtype == OBJECTS:
        return read_pickle(whole(stream, LARGEST_PICKLE))
    raw = take(stream, size, "the values")
    ended(stream, "the values")
    return from_bytes(dtype, shape, raw, columns_first=columns_first)


def _head(raw: bytes) -> dict[str, object]:
    """The dictionary of literals at the head of the file."""
    try:
        head = ast.literal_eval(raw.decode("utf-8").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        head = None
    if not isinstance(head, dict) or not {"descr", "shape", "fortran_order"} <= head.keys():
        raise InputError(
            f"an .npy file with the head {echo(raw)}",
            accepted="{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        )
    return head
