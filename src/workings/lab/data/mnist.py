"""MNIST, or what stands in for it: grey images of 28×28."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workings.errors import InputError
from workings.lab.data.checks import size
from workings.lab.data.dataset import Images
from workings.lab.data.digits import digits
from workings.lab.data.reading import read

SHAPE: Final = (28, 28)


def mnist(path: Path | str | None = None) -> Images:
    """Grey images of 28×28; of MNIST 50 000 to train, 10 000 to validate, 10 000 to test.

    The 60 000 are split as the course has it: `random_split` into [50000, 10000] with `manual_seed(0)`.

    Parameters
    ----------
    path: a folder with the four IDX files; an .npz with x_train, y_train, x_test, y_test; `hub:ylecun/mnist`;
        a table; folders of pictures, which are made grey and brought to 28×28. None: scikit-learn's digits.

    Raises
    ------
    InputError: the data can't be read, or are not of that form.
    """
    if path is None:
        return digits()
    data = read(path, Images, shape=SHAPE, grey=True)
    if data.train_x.shape[1:] != SHAPE:
        raise InputError(
            f"found images of {size(data.train_x.shape[1:])}", accepted=f"grey images of {size(SHAPE)}"
        ).at(file=str(path))
    return data
