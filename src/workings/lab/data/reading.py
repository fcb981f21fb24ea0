"""Data from wherever people have them: a file, a folder, a zip, the hub. What it is, its first bytes say.

| form | what is in it |
|---|---|
| IDX, .npy, .npz, packed with gzip or not | arrays; an object array is a list |
| .pkl, .pickle | arrays, lists, tuples, dictionaries, numbers and text, and nothing else |
| .csv, .tsv | a row an image with its label; or a row a step, with the columns sequence and label |
| .ts | sequences, in the format of sktime and aeon |
| .zip | any of these |
| a folder | any of these; or a folder of pictures for each class; train and test apart or not |
| hub:NAME | images of the Hugging Face hub, with the package `datasets` |
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final, TypeVar, cast

from workings.errors import InputError
from workings.lab.data import archive, assembly, hub, idx, npy
from workings.lab.data.content import Content, content, ended, shown, whole
from workings.lab.data.dataset import Images, Sequences
from workings.lab.data.naming import ROLES, Found, Part, Place, meaning
from workings.lab.data.pickles import LARGEST_PICKLE, read_pickle
from workings.lab.data.pictures import entries, has_pictures, read_classes
from workings.lab.data.sequence_tables import CASES, sequences_of
from workings.lab.data.tables import LABELS, Table, take_table
from workings.lab.data.ts import Cases, take_ts

Record = TypeVar("Record", Images, Sequences)

SUFFIXES: Final = (".npy", ".npz", ".csv", ".tsv", ".ts", ".pkl", ".pickle", ".zip", "-ubyte")
"""How names of data files end, before `.gz`."""
DEEPEST_FOLDER: Final = 4
DEEPEST_ZIP: Final = 2
MOST_FILES: Final = 200
ACCEPTED: Final = "IDX, .npy, .npz, .csv, .tsv, .ts, .pkl, .zip, or a folder of pictures for each class"

_HEAD: Final = 1024
_PICKLES: Final = (".pkl", ".pickle", ".p")
_TAR: Final = b"ustar"
_TAR_AT: Final = 257


def read(
    path: Path | str, want: type[Record], *, shape: tuple[int, int] | None = None, grey: bool = False
) -> Record:
    """The data of a file or folder, or of the hub where the path begins with `hub:`.

    What has no validation or test part gets one, drawn from the training part with a fixed seed.

    Parameters
    ----------
    want: `Images` or `Sequences`.
    shape: height and width that pictures are brought to; None: all must have one size.
    grey: pictures lose their colours.

    Raises
    ------
    InputError: it can't be read, or holds something else; file, name and row are named.
    """
    text = str(path)
    reader = _Reader(want, shape, grey)
    assemble = assembly.images if want is Images else assembly.sequences
    try:
        if text.startswith("hub:"):
            pictures = hub.load(text.removeprefix("hub:"), shape, grey=grey)
            reader.found.add(pictures, Place(shown(text)))
            source = shown(text)
        else:
            reader.path(Path(text))
            source = shown(Path(text).absolute().name)
        return cast("Callable[[Found, str], Record]", assemble)(reader.found, source)
    except InputError as error:
        raise error.at(file=shown(text)) from None


@dataclass(frozen=True)
class _Reader:
    """What is wanted, and what was found so far."""

    want: type[Images | Sequences]
    shape: tuple[int, int] | None
    grey: bool
    found: Found = field(default_factory=Found)

    def path(self, path: Path) -> None:
        """A file, or a folder."""
        if os.path.isdir(path):  # noqa: PTH112 # unlike Path.is_dir, false for a name that is too long
            self._folder(path, None, 0)
        else:
            self._file(path, Place(shown(path), part=meaning(_stem(path.name))[0]))

    def _folder(self, path: Path, part: Part | None, depth: int) -> None:
        """Files of data; or folders that are parts, or that are classes; or one folder with any of these."""
        listed = entries(path)
        files = _data_files([entry.name for entry in listed if entry.is_file()])
        folders = [Path(entry.path) for entry in listed if entry.is_dir()]
        parts = {each: its for each in folders if (its := meaning(each.name)[0])}
        if len(files) > MOST_FILES:
            raise InputError(f"found {len(files)} files of data", accepted=f"at most {MOST_FILES}").at(
                file=shown(path)
            )
        if files:
            for name in files:
                self._file(path / name, Place(shown(path / name), part=part).under(_stem(name), ROLES))
        elif parts and depth < DEEPEST_FOLDER:
            for each, its in parts.items():
                self._folder(each, its, depth + 1)
        elif self.want is Images and (classes := [each for each in folders if has_pictures(each)]):
            pictures = read_classes(classes, self.shape, grey=self.grey)
            self.found.add(pictures, Place(shown(path), part=part))
        elif len(folders) == 1 and depth < DEEPEST_FOLDER:
            self._folder(folders[0], part, depth + 1)
        else:
            raise InputError("found no data in the folder", accepted=ACCEPTED).at(file=shown(path))

    def _file(self, path: Path, place: Place) -> None:
        with content(path) as stream:
            self._content(path.name, stream, place, 0)

    def _content(self, name: str, stream: Content, place: Place, depth: int) -> None:
        """What is in a file, or in a file in a zip."""
        head = stream.peek(_HEAD)
        if not head.startswith(archive.MAGIC):
            self.found.add(self._value(name, head, stream), place)
            return
        if depth == DEEPEST_ZIP:
            raise InputError("a zip in a zip in a zip", accepted="a zip of data")
        inner = list(archive.members(stream.file or BytesIO(whole(stream))))
        for member, its in inner:
            below = place if len(inner) == 1 else place.under(_stem(member))
            try:
                self._content(member, its, below, depth + 1)
            except InputError as error:
                raise error.at(field=member) from None

    def _value(self, name: str, head: bytes, stream: Content) -> object:
        """What is in a file, told by its first bytes, and by its name where they say nothing."""
        small = name.casefold().removesuffix(".gz")
        if head.startswith(npy.MAGIC):
            return npy.take_npy(stream)
        if idx.is_idx(head):
            array = idx.take_idx(stream)
            ended(stream, "the values")
            return array
        if (head[:1] == b"\x80" and head[1:2] <= b"\x05") or small.endswith(_PICKLES):
            return read_pickle(whole(stream, LARGEST_PICKLE))
        if head[_TAR_AT:].startswith(_TAR) or not head or b"\0" in head:
            what = "a tar" if head[_TAR_AT:].startswith(_TAR) else "an empty file" if not head else "a file"
            raise InputError(f"{what} of no known form", accepted=ACCEPTED)
        if small.endswith(".ts") or head.startswith(b"@"):
            return self._cases(take_ts(stream))
        return self._table(take_table(stream, (*LABELS, *CASES)))

    def _cases(self, cases: Cases) -> dict[str, object]:
        if cases.filled:
            self.found.notes.append(f"{cases.filled} missing values put in between their neighbours")
        targets = {"y": list(cases.labels or cases.targets)} if cases.labels or cases.targets else {}
        return {"x": list(cases.x), "classes": list(cases.classes), **targets}

    def _table(self, table: Table) -> dict[str, object]:
        if self.want is Sequences:
            return sequences_of(table)
        labels = next((table.text[name] for name in LABELS if name in table.text), None)
        return {"x": table.numbers} if labels is None else {"x": table.numbers, "y": list(labels)}


def _data_files(names: list[str]) -> list[str]:
    """The names of files that hold data; one that lies there packed as well is taken as it is."""
    data = [name for name in names if name.casefold().removesuffix(".gz").endswith(SUFFIXES)]
    return [name for name in data if not (name.endswith(".gz") and name.removesuffix(".gz") in data)]


def _stem(name: str) -> str:
    """A file's name without folders and without the endings that say its form."""
    stem = name.rsplit("/", 1)[-1].removesuffix(".gz")
    return stem.rsplit(".", 1)[0] if stem.casefold().endswith(SUFFIXES) and "." in stem else stem
