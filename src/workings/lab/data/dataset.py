"""The records that studies use: `Images` and `Sequences`, each in a part to train on, one to validate, one to test.

They are checked when they are made, so a study can trust shapes, types and labels. `digest` names the bytes, so
that a cell knows whether it was trained on the same data; `summary` is the one line that a run prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from workings.errors import InputError, echo

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

PARTS: Final = ("train", "val", "test")
SPLIT_SEED: Final = 0
"""Where data come without a validation or a test part, it is drawn with this seed, whatever the run's seed is."""


class Data(Protocol):
    """What every data set of a study has."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of bytes, shapes and types."""
        ...

    @property
    def summary(self) -> str:
        """Sizes, shapes, classes, values and source, in one line."""
        ...


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
                _check_images(x, f"{part}_x", like=self.train_x)
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
        low = min(int(x.min()) for _, x, _ in self.parts())
        high = max(int(x.max()) for _, x, _ in self.parts())
        return (
            f"{_sizes(len(x) for _, x, _ in self.parts())} {colour}images of {height}×{width}, "
            f"{_balance(self.train_y, self.classes)}, values {low} to {high}; {self.source}"
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
    InputError: a type, shape, length or label is not as above, or a number is not finite; the part and the row
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
                _check_sequences(x, f"{part}_x", like=self.train_x)
                if self.classes:
                    check_labels(y, f"{part}_y", classes=len(self.classes), examples=len(x))
                else:
                    _check_targets(y, f"{part}_y", examples=len(x), like=self.train_y)
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
        if self.classes:
            targets = _balance(self.train_y, self.classes)
        else:
            low = min(float(y.min()) for _, _, y in self.parts())
            high = max(float(y.max()) for _, _, y in self.parts())
            targets = f"{self.train_y.shape[1]} target(s) from {low:.4g} to {high:.4g}".replace("-", "−")
        return (
            f"{_sizes(len(x) for _, x, _ in self.parts())} sequences of {_span(lengths, 'step')} of "
            f"{_count(self.features, 'number')}, {targets}; {self.source}"
        )

    def __repr__(self) -> str:
        return f"Sequences({self.summary})"


def split(n: int, sizes: Sequence[int], seed: int) -> tuple[Array, ...]:
    """The numbers 0 to n − 1, shuffled and cut into pieces of `sizes`: int64 arrays.

    The order is that of `torch.utils.data.random_split(range(n), sizes, torch.Generator().manual_seed(seed))`,
    so that whoever splits that way has the same examples in the same part.

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
    """16 hexadecimal digits of the SHA-256 of names, and of types, shapes and bytes (low byte first) of arrays."""
    hashed = hashlib.sha256(repr(tuple(names)).encode())
    for array in arrays:
        low_first = array.astype(array.dtype.newbyteorder("<"), copy=False)
        hashed.update(f"{low_first.dtype.str}{low_first.shape}".encode())
        hashed.update(np.ascontiguousarray(low_first).data)
    return hashed.hexdigest()[:16]


def check_classes(classes: tuple[str, ...]) -> None:
    """At least two names, none of them twice.

    Raises
    ------
    InputError: otherwise.
    """
    if len(classes) < 2:
        raise InputError(f"found {_count(len(classes), 'class')}", accepted="labels of two classes or more")
    twice = (
        next((name for name in classes if classes.count(name) > 1), None)
        if len(set(classes)) < len(classes)
        else None
    )
    if twice is not None:
        raise InputError(f"the class {echo(twice)} is named twice", accepted="a name for each class")


def check_labels(y: Array, field: str, *, classes: int, examples: int) -> None:
    """int64 [examples], from 0 to classes − 1.

    Raises
    ------
    InputError: otherwise; the row is named.
    """
    _check_type(y, np.int64, 1, field, "labels [n]")
    _check_length(y, field, examples)
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise InputError(f"found the label {y[wrong[0]]}", accepted=f"0 to {classes - 1}").at(
            field=f"{field}[{wrong[0]}]"
        )


def check_finite(values: Array, field: str) -> None:
    """No NaN, no infinity; the first row that has one is named.

    Raises
    ------
    InputError: a value is not a finite number.
    """
    if np.isfinite(values).all():
        return
    row, *rest = np.argwhere(~np.isfinite(values))[0]
    found = values[(row, *rest)]
    place = f"{field}[{', '.join(str(each) for each in (row, *rest))}]"
    raise InputError(f"found {found}", accepted="finite numbers").at(field=place)


def _check_images(x: Array, field: str, like: Array) -> None:
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[1] not in (1, 3)):
        raise InputError(
            f"found {_kind(x)}",
            accepted="uint8 images [n, height, width] or [n, channels, height, width] with 1 or 3 channels",
        ).at(field=field)
    if x.size == 0:
        raise InputError(
            f"found no image, or images without a pixel: {_kind(x)}", accepted="one image or more"
        ).at(field=field)
    if x.shape[1:] != like.shape[1:]:
        raise InputError(
            f"found images of {_shape(x.shape[1:])}", accepted=f"{_shape(like.shape[1:])}, as in training"
        ).at(field=field)


def _check_sequences(x: tuple[Array, ...], field: str, like: tuple[Array, ...]) -> None:
    if not x:
        raise InputError("found no sequence", accepted="one sequence or more").at(field=field)
    features = like[0].shape[-1] if like[0].ndim else 0
    for row, each in enumerate(x):
        place = f"{field}[{row}]"
        _check_type(each, np.float32, 2, place, "sequences [length, features]")
        if each.size == 0:
            raise InputError(
                f"found an empty sequence, [{_shape(each.shape)}]", accepted="a step or more"
            ).at(field=place)
        if each.shape[1] != features:
            raise InputError(
                f"found {_count(each.shape[1], 'number')} a step", accepted=f"{features}, as in train_x[0]"
            ).at(field=place)
    joined = np.concatenate(x)
    if not np.isfinite(joined).all():
        for row, each in enumerate(x):
            check_finite(each, f"{field}[{row}]")


def _check_targets(y: Array, field: str, *, examples: int, like: Array) -> None:
    _check_type(y, np.float32, 2, field, "targets [n, numbers]")
    _check_length(y, field, examples)
    if y.shape[1] == 0 or y.shape[1:] != like.shape[1:]:
        raise InputError(
            f"found {_count(y.shape[1], 'number')} a target",
            accepted=f"{like.shape[1]}, as in training" if like.shape[1] else "one or more",
        ).at(field=field)
    check_finite(y, field)


def _check_type(array: Array, dtype: type[np.generic], axes: int, field: str, form: str) -> None:
    if array.dtype != dtype or array.ndim != axes:
        raise InputError(f"found {_kind(array)}", accepted=f"{np.dtype(dtype).name} {form}").at(field=field)


def _check_length(y: Array, field: str, examples: int) -> None:
    if len(y) != examples:
        raise InputError(f"found {len(y)} for {examples} examples", accepted="one for each example").at(
            field=field
        )


def _kind(array: Array) -> str:
    return f"{array.dtype.name} [{_shape(array.shape)}]"


def _shape(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def _count(number: int, of: str) -> str:
    plural = "" if number == 1 else "es" if of.endswith("s") else "s"
    return f"{_spaced(number)} {of}{plural}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _span(numbers: Iterable[int], of: str) -> str:
    low, *_, high = (
        sorted((*numbers, *numbers)) if not isinstance(numbers, list) else (min(numbers), max(numbers))
    )
    return _count(low, of) if low == high else f"{_spaced(low)} to {_count(high, of)}"


def _sizes(numbers: Iterable[int]) -> str:
    return " + ".join(map(_spaced, numbers))


def _balance(labels: Array, classes: tuple[str, ...]) -> str:
    counts = np.bincount(labels, minlength=len(classes))
    low, high = int(counts.min()), int(counts.max())
    each = _spaced(low) if low == high else f"{_spaced(low)} to {_spaced(high)}"
    return f"{_count(len(classes), 'class')}, {each} a class in training"
