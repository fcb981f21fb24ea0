"""Pictures in folders, one folder a class: photographs and drawings, brought to one size."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.checks import Array
from workings.lab.data.content import LARGEST, shown

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".pgm", ".ppm")
FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")
"""Pillow knows far more, and each is a decoder that damaged files can lead astray."""
MOST_PIXELS: Final = 1 << 26
MOST_ENTRIES: Final = 200_000
"""Bounds: pixels of one picture; files and folders in one folder."""


def has_pictures(folder: Path) -> bool:
    """Whether a picture lies directly in a folder."""
    return any(_is_picture(entry) for entry in entries(folder))


def read_classes(folders: list[Path], shape: tuple[int, int] | None, *, grey: bool) -> dict[str, object]:
    """The pictures of folders that are classes, in the order of names: x uint8, y the folder's name.

    Parameters
    ----------
    shape: height and width that each picture is brought to, whatever its own; None: all must have one size.
    grey: x is [n, height, width], by the weights of ITU-R 601; otherwise [n, 3, height, width].

    Raises
    ------
    InputError: a picture is broken, too large, or of another size; the file is named. A folder has none.
    """
    pictures: list[Array] = []
    names: list[str] = []
    for folder in folders:
        files = [Path(entry.path) for entry in entries(folder) if _is_picture(entry)]
        if not files:
            raise InputError("found no picture", accepted=", ".join(SUFFIXES)).at(file=shown(folder))
        for file in files:
            picture = read_picture(file, shape, grey=grey)
            if pictures and picture.shape != pictures[0].shape:
                raise InputError(
                    f"found a picture of {_size(picture)}, after one of {_size(pictures[0])}",
                    accepted="pictures of one size",
                ).at(file=shown(file))
            pictures.append(picture)
            names.append(folder.name)
            if len(pictures) * picture.nbytes > LARGEST:
                raise InputError("found too many pixels", accepted=f"at most {LARGEST} bytes").at(
                    file=shown(file)
                )
    return {"x": np.stack(pictures), "y": names}


def read_picture(file: Path, shape: tuple[int, int] | None, *, grey: bool) -> Array:
    """A picture as uint8 [height, width], or [3, height, width]; turned as the camera says it was held.

    Raises
    ------
    InputError: it can't be read, or has more than `MOST_PIXELS`; the file is named.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as opened:
                return pixels(opened, shape, grey=grey)
    except InputError as error:
        raise error.at(file=shown(file)) from None
    except Exception as error:  # noqa: BLE001 # decoders of damaged pictures raise whatever they meet
        reason = type(error).__name__
        raise InputError(f"a picture that can't be read ({reason})", accepted=", ".join(FORMATS)).at(
            file=shown(file)
        ) from None


def pixels(picture: Image, shape: tuple[int, int] | None, *, grey: bool) -> Array:
    """The picture as `read_picture` gives it.

    Raises
    ------
    InputError: it has more than `MOST_PIXELS`. What Pillow raises while it decodes is not caught.
    """
    from PIL.Image import Resampling
    from PIL.ImageOps import exif_transpose

    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise InputError(f"a picture of {height}×{width}", accepted=f"at most {MOST_PIXELS} pixels")
    upright = exif_transpose(picture).convert("L" if grey else "RGB")
    if shape is not None and upright.size != (shape[1], shape[0]):
        upright = upright.resize((shape[1], shape[0]), Resampling.BILINEAR)
    array = np.array(upright, np.uint8)
    return array if grey else np.ascontiguousarray(np.moveaxis(array, 2, 0))


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, without what is hidden.

    Raises
    ------
    InputError: it can't be read, or there is too much.
    """
    found: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as listed:
            for entry in listed:
                if not entry.name.startswith((".", "__MACOSX")):
                    found.append(entry)
                if len(found) > MOST_ENTRIES:
                    raise InputError("a folder of too many files", accepted=f"at most {MOST_ENTRIES}").at(
                        file=shown(folder)
                    )
    except OSError as error:
        raise InputError(
            f"can't be read: {error.strerror or type(error).__name__}", accepted="a folder that can be read"
        ).at(file=shown(folder)) from None
    return sorted(found, key=lambda entry: entry.name)


def _is_picture(entry: os.DirEntry[str]) -> bool:
    return entry.name.casefold().endswith(SUFFIXES) and entry.is_file()


def _size(picture: Array) -> str:
    return "×".join(map(str, picture.shape[-2:]))
