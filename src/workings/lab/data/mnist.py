"""MNIST, or what stands in for it: grey images of 28×28 in ten classes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.content import missing
from workings.lab.data.dataset import SPLIT_SEED, Images, split
from workings.lab.data.digits import digits
from workings.lab.data.idx import read_idx

FILES: Final = {
    "train_x": "train-images-idx3-ubyte",
    "train_y": "train-labels-idx1-ubyte",
    "test_x": "t10k-images-idx3-ubyte",
    "test_y": "t10k-labels-idx1-ubyte",
}


def mnist(path: Path | str | None = None) -> Images:
    """Grey images of 28×28: 50 000 to train, 10 000 to validate, 10 000 to test.

    The 60 000 are split as the course has it: `random_split` into [50000, 10000] with `manual_seed(0)`.

    Parameters
    ----------
    path: a folder with the four IDX files; None: scikit-learn's digits, enlarged.

    Raises
    ------
    InputError: the data can't be read, or are not of that form.
    """
    if path is None:
        return digits()
    folder = Path(path)
    found = {field: read_idx(_file(folder, name)) for field, name in FILES.items()}
    total = len(found["train_x"])
    train, val = split(total, (total - total // 6, total // 6), SPLIT_SEED)
    y = found["train_y"].astype(np.int64)
    return Images(
        *(found["train_x"][train], y[train]),
        *(found["train_x"][val], y[val]),
        *(found["test_x"], found["test_y"].astype(np.int64)),
        classes=tuple("0123456789"),
        source=folder.name,
    )


def _file(folder: Path, name: str) -> Path:
    for each in (name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"):
        if (folder / each).is_file():
            return folder / each
    raise (
        InputError("no MNIST", accepted=", ".join(FILES.values())).at(file=str(folder))
        if folder.is_dir()
        else missing(folder)
    )
