"""The bytes of a file, unpacked where it is a gzip, and never more of them than was asked for."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import Final, Protocol

from workings.errors import InputError, echo, nearest

LARGEST: Final = 1 << 30
"""Bytes of one data set's file, unpacked: what a course's computer can hold several times over."""
MOST_MEMBERS: Final = 20_000
"""Members of one gzip. `bgzip` writes one for each 64 kB; a file of empty ones must not hold us up."""
LONGEST_PATH: Final = 300
AGAIN: Final = "the whole file: get it again"

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1 << 16
_SLICE: Final = 1 << 20


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, fewer only at the end."""
        ...


class Content:
    """A stream that shows its beginning before it is read.

    Parameters
    ----------
    stream: the bytes.
    file: the file itself where nothing had to be unpacked; a zip needs it, to move about in.
    """

    def __init__(self, stream: Readable, file: io.BufferedIOBase | None = None) -> None:
        self._stream = stream
        self._head = b""
        self.file = file

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, left where they are; fewer only at the end."""
        if len(self._head) < size:
            self._head += upto(self._stream, size - len(self._head))
        return self._head[:size]

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, fewer only at the end."""
        got, self._head = self._head[:size], self._head[size:]
        return got + self._stream.read(size - len(got)) if len(got) < size else got


@contextmanager
def content(path: Path) -> Generator[Content]:
    """The bytes of a file; of what is in it, where it is a gzip (by its first bytes, not its name).

    Raises
    ------
    InputError: the file is missing, can't be read, or is no plain file; what goes wrong in the block is put
        down to this file.
    """
    try:
        with _open(path) as file:
            packed = file.peek(2)[:2] == _GZIP
            yield Content(_Inflated(file)) if packed else Content(file, file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"can't be read: {reason}", accepted="a file that can be read").at(
            file=shown(path)
        ) from None
    except InputError as error:
        raise error.at(file=shown(path)) from None


def take(stream: Readable, count: int, what: str) -> bytes:
    """Exactly `count` bytes; memory grows with what is there, not with `count`.

    Raises
    ------
    InputError: the stream ends early.
    """
    got = upto(stream, count)
    if len(got) < count:
        raise InputError(f"the file ends after {len(got)} of the {count} bytes of {what}", accepted=AGAIN)
    return got


def upto(stream: Readable, count: int) -> bytes:
    """At most `count` bytes, fewer only where the stream ends."""
    held = io.BytesIO()
    while (left := count - held.tell()) > 0 and (piece := stream.read(min(left, _SLICE))):
        held.write(piece)
    return held.getvalue()


def whole(stream: Readable, limit: int = LARGEST) -> bytes:
    """All bytes that are left.

    Raises
    ------
    InputError: there are more than `limit`.
    """
    got = upto(stream, limit + 1)
    if len(got) > limit:
        raise InputError(f"holds more than {limit} bytes", accepted="a smaller file")
    return got


def ended(stream: Readable, what: str) -> None:
    """Nothing follows.

    Raises
    ------
    InputError: the stream goes on.
    """
    if stream.read(1):
        raise InputError(f"bytes follow behind {what}", accepted="a file that ends there: get it again")


def shown(path: Path | str) -> str:
    """A path as a message names it: as it is, or cut and escaped where it is too long or can't be printed."""
    text = str(path)
    return text if text.isprintable() and len(text) <= LONGEST_PATH else echo(text)


def missing(path: Path) -> InputError:
    """A file or folder that is not there; names like it that are there are offered."""
    try:
        beside = [entry.name for entry, _ in zip(os.scandir(path.parent), range(1000), strict=False)]
    except OSError:
        beside = []
    near = nearest(path.name, sorted(beside))
    return InputError("is not there", accepted="a file or a folder that is", near=near).at(file=shown(path))


def _open(path: Path) -> io.BufferedReader:
    try:
        # Without O_NONBLOCK, opening a named pipe waits for whoever writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        raise missing(path) from None
    except ValueError:  # a NUL in the name
        raise InputError("has a name that no file can have", accepted="a file's name") from None
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError("is no plain file", accepted="a file of data")
    return os.fdopen(descriptor, "rb")


class _Inflated:
    """The content of a gzip. Unlike the library's, it takes neither names nor empty members byte by byte."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._packed = b""
        self._members = 0
        self._inflater: zlib._Decompress | None = None  # pyright: ignore[reportPrivateUsage] # the only name

    def read(self, size: int, /) -> bytes:
        got = io.BytesIO()
        while (left := size - got.tell()) > 0 and (piece := self._piece(left)) is not None:
            got.write(piece)
        return got.getvalue()

    def _piece(self, size: int) -> bytes | None:
        """Some bytes, perhaps none; None at the end."""
        if self._inflater is None:
            self._packed = self._packed or self._file.read(_PIECE)
            if not self._packed:
                return None
            self._members += 1
            if self._members > MOST_MEMBERS:
                raise InputError(f"a gzip of more than {MOST_MEMBERS} members", accepted="one member")
            self._inflater = zlib.decompressobj(wbits=31)
        try:
            piece = self._inflater.decompress(self._packed, size)
        except zlib.error:
            raise InputError("a damaged gzip", accepted=AGAIN) from None
        if self._inflater.eof:
            self._packed = self._inflater.unused_data
            self._inflater = None
        else:
            self._packed = self._inflater.unconsumed_tail
            if not self._packed and not piece:
                self._packed = self._file.read(_PIECE)
                if not self._packed:
                    raise InputError("a gzip that breaks off", accepted=AGAIN)
        return piece
