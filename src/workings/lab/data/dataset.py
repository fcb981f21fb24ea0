"""The records that studies use: `Images` and `Sequences`, in three parts: to train on, to validate, to test.

They are checked when they are made, so a study can trust shapes, types and labels. `digest` names the bytes,
so that a cell knows whether it was trained on the same data; `summary` is the one line that a run prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.checks import (
    Array,
    check_classes,
    check_images,
    check_labels,
    check_sequences,
    check_targets,
    count,
    spaced,
)

SPLIT_SEED: Final = 0
"""Draws the validation or test part where data come without one; the same for every seed of a run."""


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Images with one label each.

    Parameters
    ----------
    train_x, val_x, test_x: uint8, [n, height, width] or [n, channels, height, width] with 1 or 3 channels.
    train_y, val_y, test_y: int64 [n], positions in `classes`.
    classes: what the labels are called.
    source: what the data were read or made from, as `summary` and errors name it.

    Raises
    ------
    InputError: a type, shape, length or label is not as above; the part and the row are named.
    """

    train_x: Array
    train_y: Array
    val_x: Array
    val_y: Array
    test_x: Array
    test_y: Array
    classes: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        try:
            check_classes(self.classes)
            for part, x, y in self.parts():
                check_images(x, f"{part}_x", like=self.train_x)
                check_labels(y, f"{part}_y", classes=len(self.classes), examples=len(x))
        except InputError as error:
            raise error.at(file=self.source) from None

    def parts(self) -> Iterator[tuple[str, Array, Array]]:
        """Name, images and labels of the three parts."""
        yield "train", self.train_x, self.train_y
        yield "val", self.val_x, self.val_y
        yield "test", self.test_x, self.test_y

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of bytes, shapes and types."""
        return digest(self.classes, (array for _, x, y in self.parts() for array in (x, y)))

    @cached_property
    def summary(self) -> str:
        """Sizes, shape, classes, values and source, in one line."""
        *channels, height, width = self.train_x.shape[1:]
        colour = "colour " if channels == [3] else ""
        values = _range(x for _, x, _ in self.parts())
        return (
            f"{_sizes(len(x) for _, x, _ in self.parts())} {colour}images of {height}×{width}, "
            f"{_balance(self.train_y, self.classes)}, values {values}; {self.source}"
        )

    def __repr__(self) -> str:
        return f"Images({self.summary})"


@dataclass(frozen=True, eq=False, repr=False)
class Sequences:
    """Sequences of any length, with one target each: a class, or numbers.

    Parameters
    ----------
    train_x, val_x, test_x: float32 arrays [length, features]; lengths differ, features do not.
    train_y, val_y, test_y: int64 [n], positions in `classes`; without classes float32 [n, targets].
    classes: what the labels are called; empty where the targets are numbers.
    source: what the data were read or made from, as `summary` and errors name it.

    Raises
    ------
    InputError: a type, shape, length or label is not as above, or a number is not finite; the part and row
        are named.
    """

    train_x: tuple[Array, ...]
    train_y: Array
    val_x: tuple[Array, ...]
    val_y: Array
    test_x: tuple[Array, ...]
    test_y: Array
    classes: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        try:
            if self.classes:
                check_classes(self.classes)
            for part, x, y in self.parts():
                check_sequences(x, f"{part}_x", like=self.train_x)
                if self.classes:
                    check_labels(y, f"{part}_y", classes=len(self.classes), examples=len(x))
                else:
                    check_targets(y, f"{part}_y", examples=len(x), like=self.train_y)
        except InputError as error:
            raise error.at(file=self.source) from None

    def parts(self) -> Iterator[tuple[str, tuple[Array, ...], Array]]:
        """Name, sequences and targets of the three parts."""
        yield "train", self.train_x, self.train_y
        yield "val", self.val_x, self.val_y
        yield "test", self.test_x, self.test_y

    @property
    def features(self) -> int:
        """Numbers a step."""
        return int(self.train_x[0].shape[1])

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of bytes, shapes and types."""
        return digest(self.classes, (array for _, x, y in self.parts() for array in (*x, y)))

    @cached_property
    def summary(self) -> str:
        """Sizes, lengths, features, targets and source, in one line."""
        lengths = [len(each) for _, x, _ in self.parts() for each in x]
        values = _range(each for _, x, _ in self.parts() for each in x)
        if self.classes:
            targets = _balance(self.train_y, self.classes)
        else:
            targets = f"targets {_range(y for _, _, y in self.parts())}"
        return (
            f"{_sizes(len(x) for _, x, _ in self.parts())} sequences of {_span(lengths, 'step')} of "
            f"{count(self.features, 'number')}, values {values}, {targets}; {self.source}"
        )

    def __repr__(self) -> str:
        return f"Sequences({self.summary})"


def split(n: int, sizes: Sequence[int], seed: int) -> tuple[Array, ...]:
    """The numbers 0 to n − 1, shuffled and cut into pieces of `sizes`: int64 arrays.

    The order is that of `torch.utils.data.random_split(range(n), sizes, Generator().manual_seed(seed))`, so
    that whoever splits that way has the same examples in the same part.

    Raises
    ------
    InputError: the sizes do not add up to n.
    """
    if n != sum(sizes) or min(sizes, default=0) < 0:
        raise InputError(
            f"sizes {', '.join(map(str, sizes))} for {n} examples", accepted=f"sizes that add up to {n}"
        )
    import torch

    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).numpy()
    return tuple(np.split(order, np.cumsum(sizes)[:-1]))


def digest(names: Iterable[str], arrays: Iterable[Array]) -> str:
    """16 hexadecimal digits of the SHA-256 of names, and of types, shapes and bytes of arrays."""
    hashed = hashlib.sha256(repr(tuple(names)).encode())
    for array in arrays:
        low_first = array.astype(array.dtype.newbyteorder("<"), copy=False)
        hashed.update(f"{low_first.dtype.str}{low_first.shape}".encode())
        hashed.update(np.ascontiguousarray(low_first).data)
    return hashed.hexdigest()[:16]


def _span(numbers: Sequence[int], of: str) -> str:
    low, high = min(numbers), max(numbers)
    return count(low, of) if low == high else f"{spaced(low)} to {count(high, of)}"


def _sizes(numbers: Iterable[int]) -> str:
    return " + ".join(map(spaced, numbers))


def _balance(labels: Array, classes: tuple[str, ...]) -> str:
    counts = np.bincount(labels, minlength=len(classes))
    low, high = int(counts.min()), int(counts.max())
    each = spaced(low) if low == high else f"{spaced(low)} to {spaced(high)}"
    return f"{count(len(classes), 'class')}, {each} a class in training"


def _range(arrays: Iterable[Array]) -> str:
    """Lowest and highest value."""
    ends = [(float(array.min()), float(array.max())) for array in arrays]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return f"{low:.4g} to {high:.4g}".replace("-", "−")
