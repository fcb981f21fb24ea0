"""What NumPy's pickles call, row by row, done from bytes alone: no call goes to NumPy's own unpickling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

from workings.errors import InputError, echo
from workings.lab.data.checks import Array
from workings.lab.data.raw_arrays import OBJECTS, check_size, from_bytes, plain_dtype, plain_shape

if TYPE_CHECKING:
    import numpy as np

ACCEPTED: Final = "NumPy arrays, lists, tuples, dictionaries, numbers and text"


@dataclass(slots=True, eq=False)
class Global:
    """A name that a pickle asks for; it stands for a row of `CALLED`, never for the object."""

    name: str


@dataclass(slots=True, eq=False)
class Dtype:
    """The type of an array, as text and byte order."""

    text: str
    order: str = ""

    def fill(self, state: object) -> None:
        """Take the byte order from (version, order, subtype, names, fields, ...).

        Raises
        ------
        InputError: it is no plain type.
        """
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise refused("an array of", "records")
        self.order = text_of(state[1])

    def plain(self) -> np.dtype[np.generic]:
        """The type, if it is a plain one.

        Raises
        ------
        InputError: otherwise.
        """
        dtype = plain_dtype(self.text)
        return dtype.newbyteorder(">") if self.order == ">" else dtype


@dataclass(slots=True, eq=False)
class Shell:
    """An array that is made first and filled later."""

    value: Array | None = None
    objects: list[Any] | None = None
    shape: tuple[int, ...] = ()

    def fill(self, state: object) -> None:
        """Take shape, type, order and content from ([version,] shape, dtype, columns_first, bytes or list).

        Raises
        ------
        InputError: they do not fit together.
        """
        if self.value is not None or not isinstance(state, tuple) or len(state) not in (4, 5):
            raise refused("a second state for", "an array")
        shape, dtype, columns_first, content = state[-4:]
        self.shape, kind = plain_shape(shape), dtype_of(dtype)
        if kind != OBJECTS:
            self.value = from_bytes(kind, self.shape, bytes_of(content), columns_first=bool(columns_first))
            return
        check_size(kind, self.shape)
        if not isinstance(content, list) or len(content) != prod(self.shape):
            raise refused("an object array with the wrong number of", "entries")
        if columns_first and len(self.shape) > 1:
            raise refused("an object array in the order of", "columns")
        self.objects = content


def reconstruct(kind: object, *_: object) -> Shell:
    """`numpy._core.multiarray._reconstruct(numpy.ndarray, (0,), b"b")`: an array to be filled."""
    if not (isinstance(kind, Global) and kind.name == "numpy.ndarray"):
        raise refused("a kind of array", kind)
    return Shell()


def from_buffer(raw: object, dtype: object, shape: object, order: object = "C", *_: object) -> Shell:
    """`numpy._core.numeric._frombuffer(bytes, dtype, shape, order)`, which protocol 5 uses."""
    kind = dtype_of(dtype)
    if kind == OBJECTS:
        raise refused("bytes for an array of type", "object")
    return Shell(from_bytes(kind, plain_shape(shape), bytes_of(raw), columns_first=order == "F"))


def scalar(dtype: object, raw: object, *_: object) -> object:
    """`numpy._core.multiarray.scalar(dtype, bytes)`: a number of NumPy's, here one of Python's."""
    kind = dtype_of(dtype)
    if kind == OBJECTS:
        raise refused("a single value of type", "object")
    return from_bytes(kind, (), bytes_of(raw), columns_first=False).item()


def dtype(text: object, *_: object) -> Dtype:
    """`numpy.dtype("f8", False, True)`."""
    return Dtype(text_of(text))


def encode(text: object, encoding: object = "", *_: object) -> bytes:
    """`_codecs.encode(text, "latin1")`: how Python 3 writes bytes for Python 2."""
    if encoding not in ("latin1", "latin-1"):
        raise refused("bytes by way of an", "encoding")
    return text_of(text).encode("latin-1")


def plain_bytes(raw: object = b"", *_: object) -> bytes:
    """`bytes()` and `bytearray(bytes)`."""
    return bytes_of(raw)


CALLED: Final[dict[str, Callable[..., object]]] = {
    "numpy.core.multiarray._reconstruct": reconstruct,
    "numpy._core.multiarray._reconstruct": reconstruct,
    "numpy.core.multiarray.scalar": scalar,
    "numpy._core.multiarray.scalar": scalar,
    "numpy.core.numeric._frombuffer": from_buffer,
    "numpy._core.numeric._frombuffer": from_buffer,
    "numpy.dtype": dtype,
    "_codecs.encode": encode,
    "builtins.bytes": plain_bytes,
    "builtins.bytearray": plain_bytes,
    "__builtin__.bytes": plain_bytes,
    "__builtin__.bytearray": plain_bytes,
}
"""What a pickle may call, and what is done in its place."""
NAMED: Final = frozenset({*CALLED, "numpy.ndarray"})


def call(called: object, arguments: object) -> object:
    """What stands in the table for a call.

    Raises
    ------
    InputError: it is not in the table, or its arguments are not what NumPy writes.
    """
    act = CALLED.get(called.name) if isinstance(called, Global) else None
    if act is None or not isinstance(arguments, tuple):
        raise refused("a call of", called)
    try:
        return act(*arguments)
    except TypeError:  # too few arguments; the functions themselves check the types
        raise refused("a call without its arguments, of", called) from None


def text_of(value: object) -> str:
    """Text, or the text that bytes of Python 2 are."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise refused("in place of text", value)


def bytes_of(value: object) -> bytes:
    """Bytes, or what a text of Python 2 stands for."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("latin-1")
    raise refused("in place of bytes", value)


def dtype_of(value: object) -> np.dtype[np.generic]:
    """The type of an array that a pickle describes."""
    if not isinstance(value, Dtype):
        raise refused("in place of an array's type", value)
    return value.plain()


def refused(what: str, found: object) -> InputError:
    """Something that plain data does not have; named, never shown, for showing could take for ever."""
    if isinstance(found, Global):
        name = found.name
    else:
        name = found if isinstance(found, str) else type(found).__name__
    return InputError(f"found {what} {echo(name)} in a pickle", accepted=ACCEPTED)
