"""Files written whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from workings.errors import InputError, echo


def write_file(to: Path, content: bytes) -> None:
    """Write beside, then rename: whoever reads `to` meanwhile sees the old file or the new one.

    Raises
    ------
    InputError: the folder is missing or can't be written to, or the disk is full.
    """
    part = to.with_name(f".{to.name[:40]}.{token_hex(6)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
        part.replace(to)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"can't write {echo(str(to))}: {reason}", accepted="a folder that can be written to"
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def make_folder(to: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Raises
    ------
    InputError: it can't be made, or a file has its name.
    """
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"can't make the folder {echo(str(to))}: {reason}", accepted="another folder"
        ) from None
