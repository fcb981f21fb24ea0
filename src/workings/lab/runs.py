"""The runs on disk: found by name, listed, deleted."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from workings.errors import InputError, unknown
from workings.lab.results import Results, read_json
from workings.lab.run import RUN, read_run


def folders(to: Path) -> list[Path]:
    """The folders of all runs below `to`, the newest last."""
    found = [path.parent for path in to.glob(f"*/*/{RUN}")]
    return sorted(found, key=lambda folder: (folder / RUN).stat().st_mtime)


def find(to: Path, name: str) -> Path:
    """The run of that name: its key or the beginning of it, `study/key`, or `study` for its newest run.

    Raises
    ------
    InputError: there is none, or several begin so.
    """
    there = folders(to)
    if not there:
        raise InputError(f"no runs in {to}", accepted="a folder given to 'workings run' as --to")
    exact = [folder for folder in there if name in (folder.name, f"{folder.parent.name}/{folder.name}")]
    if exact:
        return exact[-1]
    if of_study := [folder for folder in there if folder.parent.name == name]:
        return of_study[-1]
    begun = [folder for folder in there if name and folder.name.startswith(name)]
    if len(begun) > 1:
        listed = ", ".join(folder.name for folder in begun)
        raise InputError(f"{len(begun)} runs begin with {name!r}", accepted=listed)
    if not begun:
        raise unknown("run", name, [folder.name for folder in there])
    return begun[0]


def read_all(to: Path) -> list[Results | InputError]:
    """Every run, or why it can't be read; the newest last."""
    found: list[Results | InputError] = []
    for folder in folders(to):
        try:
            found.append(read_run(folder))
        except InputError as error:
            found.append(error)
    return found


def delete(folder: Path) -> int:
    """Take away a run, its report, and those of its cells that no other run has; returns how many cells.

    Raises
    ------
    InputError: something can't be deleted.
    """
    home = folder.parent
    ours = _cells(folder)
    theirs: set[str] = set()
    for other in home.glob(f"*/{RUN}"):
        if other.parent != folder:
            theirs |= _cells(other.parent)
    gone = [home / "cells" / name for name in sorted(ours - theirs)]
    try:
        for cell in gone:
            if cell.exists():
                shutil.rmtree(cell)
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(
            f"can't delete {error.filename}: {error.strerror}", accepted="a folder of your own"
        ) from None
    for empty in (home / "cells", home):
        with suppress(OSError):
            if empty == home and {path.name for path in home.iterdir()} == {".place"}:
                (home / ".place").unlink()
            empty.rmdir()
    return len(gone)


def _cells(folder: Path) -> set[str]:
    """The names of a run's cells; none where its file can't be read."""
    with suppress(InputError, KeyError, TypeError):
        return {str(name) for arm in read_json(folder / RUN)["arms"] for name in arm["cells"]}
    return set()
