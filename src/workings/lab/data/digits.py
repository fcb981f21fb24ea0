"""The data set that needs no file: 1 797 handwritten digits of 8×8 pixels, which come with scikit-learn.

They are the test part of *Optical Recognition of Handwritten Digits* (Alpaydin & Kaynak, 1998, UCI Machine
Learning Repository), each pixel a count from 0 to 16.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.checks import Array
from workings.lab.data.dataset import SPLIT_SEED, Images, split

SIDE: Final = 28
"""LeNet-5 as taught takes 28×28, with a margin of 2 in its first convolution: the 32×32 of the paper."""
HELD_OUT: Final = 30
"""Images of each digit in the validation part, and as many in the test part; 1 197 remain to train on."""


@cache
def digits() -> Images:
    """scikit-learn's digits as images of 28×28: each pixel repeated 3×3, a margin of 2; 16 becomes 255.

    1 197 to train, 300 to validate, 300 to test, the last two with 30 of each digit, drawn with a fixed seed.

    Raises
    ------
    InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError(
            "the embedded digits come with scikit-learn, which is not installed",
            accepted="pip install 'workings[lab]', or data of your own with --data PATH",
        ) from None
    counts, target = load_digits(return_X_y=True)
    x = enlarge(np.reshape(counts, (-1, 8, 8)))
    y = np.asarray(target, np.int64)
    (order,) = split(len(y), (len(y),), SPLIT_SEED)
    by_digit = [order[y[order] == digit] for digit in range(10)]
    test = np.sort(np.concatenate([rows[:HELD_OUT] for rows in by_digit]))
    val = np.sort(np.concatenate([rows[HELD_OUT : 2 * HELD_OUT] for rows in by_digit]))
    train = np.sort(np.concatenate([rows[2 * HELD_OUT :] for rows in by_digit]))
    return Images(
        *(x[train], y[train]),
        *(x[val], y[val]),
        *(x[test], y[test]),
        classes=tuple("0123456789"),
        source="scikit-learn's digits, 8×8 enlarged",
    )


def enlarge(counts: Array) -> Array:
    """[n, 8, 8] counts from 0 to 16 → uint8 [n, 28, 28]: 3×3 pixels for each, a margin of 2, 16 as 255."""
    bright = np.rint(counts * (255 / 16)).astype(np.uint8)
    margin = (SIDE - 3 * counts.shape[-1]) // 2
    return np.pad(bright.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (margin, margin), (margin, margin)))
