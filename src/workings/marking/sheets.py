"""The answer sheets of a class, in any of their forms, one at a time.

| file | what it holds |
|---|---|
| `.yaml`, `.yml`, `.json` | one sheet, or many: documents, a list, a list named `sheets` |
| `.csv`, `.tsv` | one row a student |
| `.ipynb`, `.md` | the document that `workings build --blank` hands out, filled in |

A sheet that can't be read is `Broken`, with what was found, and the others follow. Nothing of a sheet is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from workings.errors import InputError, echo, nearest
from workings.marking.csv_sheets import read_csv_sheets
from workings.marking.notebook_sheets import read_markdown_sheets, read_notebook_sheets
from workings.marking.sheet import Answers, Broken, Raw, Rules, Sheet
from workings.marking.yaml_sheets import read_yaml_sheets

__all__ = ["READERS", "Answers", "Broken", "Raw", "Sheet", "read_sheets"]

READERS: Final[Mapping[str, Callable[[Path, Rules], Iterator[Sheet | Broken]]]] = {
    ".yaml": read_yaml_sheets,
    ".yml": read_yaml_sheets,
    ".json": read_yaml_sheets,
    ".csv": read_csv_sheets,
    ".tsv": read_csv_sheets,
    ".ipynb": read_notebook_sheets,
    ".md": read_markdown_sheets,
}
"""What reads a file, by its suffix."""
MOST_BROKEN: Final = 1000
"""Broken sheets without a good one between them after which a file is given up."""


def read_sheets(
    paths: Iterable[Path],
    *,
    decimal_mark: Literal[".", ","] = ".",
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[Sheet | Broken]:
    """Every sheet of the files, and of every sheet file in the folders, in order.

    Memory is that of one sheet and of the students' names so far: a second sheet of one student is `Broken`.

    Parameters
    ----------
    paths: files and folders; of a folder the sheet files directly in it, sorted by name.
    decimal_mark: as the paper declares it.
    known: the paper's quantities by block; a sheet that names others is `Broken`, with near names.
    """
    rules = Rules(decimal_mark, known)
    seen: dict[str, tuple[str, int]] = {}
    for path in paths:
        for found in _read(Path(path), rules):
            if isinstance(found, Broken):
                yield found
            elif found.student in seen:
                file, line = seen[found.student]
                error = InputError(
                    f"found a second sheet of {echo(found.student)}, the first being {file}:{line}",
                    accepted="one sheet a student",
                ).at(file=found.file, line=found.line)
                yield Broken(found.file, found.line, found.student, error)
            else:
                seen[found.student] = found.file, found.line
                yield found


def _read(path: Path, rules: Rules) -> Iterator[Sheet | Broken]:
    """The sheets of one argument."""
    try:
        files = _files(path)
    except (InputError, OSError) as error:
        yield _broken(path, error)
        return
    for file in files:
        broken = 0
        try:
            for found in READERS[file.suffix.lower()](file, rules):
                yield found
                broken = broken + 1 if isinstance(found, Broken) else 0
                if broken == MOST_BROKEN:
                    yield _broken(file, InputError(f"found {broken} broken sheets in a row; read no further"))
                    break
        except (InputError, OSError) as error:
            yield _broken(file, error)


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
