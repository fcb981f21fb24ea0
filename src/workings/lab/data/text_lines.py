"""The lines of a text file, numbered, each of a bounded length; and the decimal numbers in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workings.errors import InputError
from workings.lab.data.content import LARGEST, Readable

LONGEST_LINE: Final = 4_000_000
"""Bytes: one case of a long recording is one line of a .ts file."""
MOST_BLANK: Final = 10_000
_PIECE: Final = 1 << 20


def lines_of(stream: Readable) -> Iterator[tuple[int, str]]:
    """Number from 1 and text of each line that is not blank; UTF-8.

    Raises
    ------
    InputError: the text is not UTF-8, has the character NUL or an endless line, or is too long.
    """
    blank = 0
    for number, raw in enumerate(_raw_lines(stream), start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError("found bytes that are no text", accepted="text in UTF-8").at(
                line=number
            ) from None
        if "\0" in line:
            raise InputError("found the character NUL", accepted="text in UTF-8").at(line=number)
        if line.strip():
            yield number, line
        else:
            blank += 1
            if blank > MOST_BLANK:
                raise InputError("found blank lines without end", accepted="lines of data").at(line=number)


def decimal(cell: str) -> float | None:
    """The number that a cell holds (perhaps nan or inf), or None. Unlike Python, 1_000 is none."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _raw_lines(stream: Readable) -> Iterator[bytes]:
    """The lines without their ends."""
    rest, total, number = b"", 0, 0
    while piece := stream.read(_PIECE):
        total += len(piece)
        if total > LARGEST:
            raise InputError(f"holds more than {LARGEST} bytes", accepted="a smaller file")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            number += 1
            yield line.removesuffix(b"\r")
        if len(rest) > LONGEST_LINE:
            raise InputError(
                f"found a line of more than {LONGEST_LINE} bytes", accepted="lines of a table"
            ).at(line=number + 1)
    if rest:
        yield rest.removesuffix(b"\r")
