"""Zip files, .npz among them: few members, each bounded, packed by the two ways that everyone uses."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import IO, Final

from workings.errors import InputError, echo
from workings.lab.data.content import AGAIN, LARGEST, Content

MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
MOST_MEMBERS: Final = 1000

_WAYS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END: Final = b"PK\x05\x06"
_END_LENGTH: Final = 22
_END_OF_LARGE: Final = b"PK\x06\x07"
_LONGEST_COMMENT: Final = 1 << 16
_LONGEST_DIRECTORY: Final = 1 << 18


def members(file: BufferedIOBase) -> Iterator[tuple[str, Content]]:
    """Names and contents of the files in a zip, in its order; folders and what macOS adds are left out.

    Raises
    ------
    InputError: it is damaged, has more than `MOST_MEMBERS`, promises more than `LARGEST` bytes, or a member
        is encrypted or packed in another way than deflate.
    """
    with _damage():
        _check_directory(file)
        archive = zipfile.ZipFile(file)
    # ZipInfo.is_dir stumbles over a name that damage has emptied.
    infos = [info for info in archive.infolist() if not (info.filename or "/").endswith("/")]
    infos = [info for info in infos if not _hidden(info.filename)]
    if len(infos) > MOST_MEMBERS:
        raise InputError(f"a zip of {len(infos)} files", accepted=f"at most {MOST_MEMBERS}; else a folder")
    if sum(info.file_size for info in infos) > LARGEST:
        raise InputError("a zip that unpacks into too much", accepted=f"at most {LARGEST} bytes")
    for info in infos:
        if info.compress_type not in _WAYS or info.flag_bits & 1:
            raise InputError(
                f"the file {echo(info.filename)} in it is encrypted, or packed in a rare way",
                accepted="a zip as NumPy and everyday programs write it",
            )
        with _damage():
            stream = archive.open(info)
        yield info.filename, Content(_Member(stream))


class _Member:
    """A file in a zip."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        with _damage():
            return self._stream.read(size)


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _check_directory(file: BufferedIOBase) -> None:
    """A long directory is refused before the library reads the whole of it."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _LONGEST_COMMENT - _END_LENGTH - len(_END_OF_LARGE) - 16))
    tail = file.read()
    start = tail.rfind(_END)
    if start < 0 or len(tail) < start + _END_LENGTH:
        raise InputError("a damaged zip", accepted=AGAIN)
    (directory,) = struct.unpack_from("<I", tail, start + 12)
    if directory > _LONGEST_DIRECTORY or tail[max(0, start - 20) :].startswith(_END_OF_LARGE):
        raise InputError("a zip of very many or very large files", accepted=f"at most {MOST_MEMBERS} files")


@contextmanager
def _damage() -> Generator[None]:
    """What the library raises over a zip that is not whole, as a refusal."""
    try:
        yield
    except InputError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ValueError,
        OSError,
        EOFError,
        RuntimeError,
        OverflowError,
    ):
        raise InputError("a damaged zip", accepted=AGAIN) from None
