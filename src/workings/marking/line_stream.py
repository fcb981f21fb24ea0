"""The lines of a text file, one at a time: a file of any length costs the memory of one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from workings.errors import InputError, nearest
from workings.marking.sheet import LARGEST_SHEET, UNPRINTABLE

UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""


class TextLine(NamedTuple):
    """One line, without its end; of a line longer than a sheet may be only the beginning."""

    number: int
    text: str
    length: int

    @property
    def fault(self) -> InputError | None:
        """What makes the line unreadable whatever it means: a byte that is not UTF-8, a control character."""
        bad = UNPRINTABLE.search(self.text)
        if bad is None:
            return None
        code = ord(bad.group())
        if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that it could not decode
            found = InputError(f"found the byte 0x{code - 0xDC00:02x}, which is not UTF-8", accepted="UTF-8")
        else:
            found = InputError(f"found the unprintable character {bad.group()!r}", accepted="plain text")
        return found.at(line=self.number)


def lines_of(path: Path) -> Iterator[TextLine]:
    """The lines of a file in UTF-8, with or without a byte order mark, ended in the way of any system.

    Raises
    ------
    InputError: no such file, not a file, not readable, or text in UTF-16.
    """
    try:
        yield from _lines(path)
    except InputError as error:
        raise error.at(file=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"the file cannot be read ({getattr(error, 'strerror', None) or error})").at(
            file=str(path)
        ) from None


def small_text(path: Path) -> str | None:
    """A file's text where it is shorter than a sheet may be, its lines ended by a line feed alone.

    None where it is longer, or can't be read: `lines_of` says why.
    """
    try:
        if not path.is_file() or path.stat().st_size >= LARGEST_SHEET:
            return None
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    if len(data) >= LARGEST_SHEET or data[:2] in UTF_16:
        return None
    text = data.decode("utf-8-sig", "surrogateescape")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _lines(path: Path) -> Iterator[TextLine]:
    if not path.is_file():
        if path.exists():
            raise InputError("found something that is not a file", accepted="a file")
        beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        near = [str(path.parent / name) for name in nearest(path.name, beside)]
        raise InputError("no such file", near=near)
    with path.open("rb") as stream:
        if stream.read(2) in UTF_16:
            raise InputError("found text in UTF-16", accepted="text in UTF-8")
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as stream:
        number = 0
        while text := stream.readline(LARGEST_SHEET):
            number += 1
            if text[-1] == "\n":
                yield TextLine(number, text[:-1], len(text) - 1)
                continue
            length = len(text)
            last = text
            while not last.endswith("\n") and (more := stream.readline(LARGEST_SHEET)):
                last = more
                length += len(last)
            yield TextLine(number, text, length - last.endswith("\n"))
