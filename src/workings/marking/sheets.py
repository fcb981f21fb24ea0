"""The answer sheets of a class, in any of their forms, one at a time.

| file | what it holds |
|---|---|
| `.yaml`, `.yml`, `.json` | one sheet, or many: documents, a list, a list named `sheets` |
| `.csv`, `.tsv` | one row a student |
| `.ipynb`, `.md` | the document that `workings build --blank` hands out, filled in |

Files are cut into pieces (`read_pieces`), which may be taken apart and marked anywhere; what comes of them
passes the `Register` in the order of the files. A sheet that can't be read is `Broken`, with what was found,
and the others follow. Nothing of a sheet is run.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

from workings.errors import InputError, echo, nearest
from workings.marking.csv_sheets import read_csv_sheets
from workings.marking.notebook_sheets import read_markdown_sheets, read_notebook_sheets
from workings.marking.sheet import Answers, Broken, Piece, Raw, Rules, Sheet
from workings.marking.written import DecimalMark
from workings.marking.yaml_sheets import read_yaml_sheets

__all__ = [
    "READERS",
    "Answers",
    "Broken",
    "HandedIn",
    "Piece",
    "Raw",
    "Register",
    "Rules",
    "Sheet",
    "read_pieces",
    "read_sheets",
    "size_of",
]

READERS: Final[Mapping[str, Callable[[Path, Rules], Iterator[Piece]]]] = {
    ".yaml": read_yaml_sheets,
    ".yml": read_yaml_sheets,
    ".json": read_yaml_sheets,
    ".csv": read_csv_sheets,
    ".tsv": read_csv_sheets,
    ".ipynb": read_notebook_sheets,
    ".md": read_markdown_sheets,
}
"""What cuts a file into pieces, by its suffix."""
MOST_BROKEN: Final = 1000
"""Broken sheets without a good one between them after which a file is given up."""


class HandedIn(Protocol):
    """A sheet, or what was made of one: whose it is, and where it stands."""

    @property
    def student(self) -> str: ...  # noqa: D102  as in `Sheet`
    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> int: ...  # noqa: D102


One = TypeVar("One", bound=HandedIn)


class Register:
    """Who has handed in: the first sheet of a student counts, and a file of nothing but rubbish is given up.

    Memory is that of the students' names.
    """

    def __init__(self) -> None:
        self.given_up: set[str] = set()
        self._first: dict[str, tuple[str, int]] = {}
        self._broken = 0
        self._file = ""

    def admit(self, found: One | Broken) -> Iterator[One | Broken]:
        """The sheet itself, in its place why it does not count, or nothing where its file was given up."""
        if found.file in self.given_up:
            return
        if found.file != self._file:
            self._file, self._broken = found.file, 0
        if isinstance(found, Broken):
            yield found
            self._broken += 1
            if self._broken == MOST_BROKEN:
                self.given_up.add(found.file)
                said = InputError(f"found {MOST_BROKEN} broken sheets in a row; read no further")
                yield Broken(found.file, None, None, said.at(file=found.file))
            return
        self._broken = 0
        first = self._first.get(found.student)
        if first is None:
            self._first[found.student] = found.file, found.line
            yield found
        else:
            yield _second(found, *first)


def _second(found: HandedIn, file: str, line: int) -> Broken:
    error = InputError(
        f"found a second sheet of {echo(found.student)}: {file}:{line} is marked, this one is not",
        accepted="one sheet a student",
    )
    return Broken(found.file, found.line, found.student, error.at(file=found.file, line=found.line))


def read_sheets(
    paths: Iterable[Path],
    *,
    decimal_mark: DecimalMark = ".",
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[Sheet | Broken]:
    """Every sheet of the files, and of every sheet file in the folders, in order.

    Parameters
    ----------
    paths: as for `read_pieces`.
    decimal_mark: as the paper declares it.
    known: the paper's quantities by block; a sheet that names others is `Broken`, with near names.
    """
    rules, register = Rules(decimal_mark, known), Register()
    for piece in read_pieces(paths, rules, register.given_up):
        for found in piece.sheets(rules):
            yield from register.admit(found)


def read_pieces(paths: Iterable[Path], rules: Rules, given_up: Container[str] = ()) -> Iterator[Piece]:
    """The files in pieces of a sheet or so each, in order; memory is that of one piece.

    Parameters
    ----------
    paths: files and folders; of a folder the sheet files directly in it, sorted by name. A file that is named
        twice is read once.
    given_up: files of which no more is wanted; it may grow meanwhile.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            files = _files(Path(path))
        except (InputError, OSError) as error:
            yield _broken(Path(path), error)
            continue
        for file in files:
            if not _is_seen(file, seen):
                yield from _cut(file, rules, given_up)


def size_of(paths: Iterable[Path]) -> int:
    """The bytes of all sheet files, for whoever shows how far the reading has come."""
    total = 0
    for path in paths:
        try:
            total += sum(file.stat().st_size for file in _files(Path(path)))
        except (InputError, OSError, ValueError):  # told where it is read
            continue
    return total


def _cut(file: Path, rules: Rules, given_up: Container[str]) -> Iterator[Piece]:
    try:
        for piece in READERS[file.suffix.lower()](file, rules):
            yield piece
            if str(file) in given_up:
                return
    except (InputError, OSError) as error:
        yield _broken(file, error)


def _is_seen(file: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a file was read already, under whatever name."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return False
    known = (found.st_dev, found.st_ino) in seen
    seen.add((found.st_dev, found.st_ino))
    return known


def _broken(path: Path, error: Exception) -> Broken:
    if not isinstance(error, InputError):
        error = InputError(f"cannot be read ({getattr(error, 'strerror', None) or error})")
    return Broken(str(path), error.place.line, None, error.at(file=str(path)))


def _files(path: Path) -> list[Path]:
    if _is_folder(path):
        listed = (item for item in path.iterdir() if not item.name.startswith("."))
        found = sorted(
            (item for item in listed if item.suffix.lower() in READERS), key=lambda item: item.name
        )
        if not found:
            raise InputError("found no answer sheet in this folder", accepted=", ".join(READERS))
        return found
    if path.suffix.lower() not in READERS:
        raise InputError(
            f"found a file of the kind {echo(path.suffix)}",
            accepted=", ".join(READERS),
            near=nearest(path.suffix, READERS),
        )
    return [path]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except ValueError:  # a NUL in the name
        return False
