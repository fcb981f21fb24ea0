"""Which entries of a large array are printed: the first and the last of each row and column."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

MOST_SHOWN: Final = 12
"""Rows or columns of an array that are printed; the middle of a longer one is left out."""


def shown_part(array: Any) -> Any:
    """The entries of an array that are printed."""
    for axis, extent in enumerate(array.shape):
        if extent > MOST_SHOWN:
            array = ends(array, axis)
    return array


def ends(array: Any, axis: int) -> Any:
    """The first and the last entries along an axis."""
    count, extent = MOST_SHOWN // 2 - 1, array.shape[axis]
    return np.take(array, (*range(count), *range(extent - count, extent)), axis=axis)
