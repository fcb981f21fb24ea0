"""Which array is which: parts (train, val, test) and roles (x, y) from the names that people give them.

`x_train`, `trainX`, `train-images-idx3-ubyte`, `JapaneseVowels_TRAIN`, `test/labels`: each says its part, its
role, or both. What has no names is known by its place: (x, y), (train, test), (train, val, test).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.content import LARGEST
from workings.lab.data.labels import class_names

Part: TypeAlias = str
"""train, val or test."""
Role: TypeAlias = str
"""x, y or classes."""

PARTS: Final[dict[str, Part]] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "te", "t10k"), "test"),
}
ROLES: Final[dict[str, Role]] = {
    **dict.fromkeys(("x", "image", "images", "input", "inputs", "sequence", "sequences", "features"), "x"),
    **dict.fromkeys(("y", "label", "labels", "target", "targets"), "y"),
}
KEY_ROLES: Final[dict[str, Role]] = {
    **ROLES,
    **dict.fromkeys(("data", "series", "signals"), "x"),
    **dict.fromkeys(("classes", "names"), "classes"),
}
"""Inside a file more words are clear: a file called data.npz may hold anything, an array called data is x."""
ACCEPTED: Final = "arrays called x and y, or x_train, y_train, x_val, ..., x_test, y_test"

_WORD: Final = re.compile(r"t10k|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LONGEST_NAME: Final = 200
_MOST_NAMES: Final = 20
_MOST_PASSED: Final = 10_000
_PAIRS: Final = {2: ("train", "test"), 3: ("train", "val", "test")}
"""What a tuple of pairs (x, y) is, by the number of pairs."""


@dataclass(frozen=True)
class Place:
    """What is known of a value before it is looked at: its file, the names that lead to it, part and role."""

    file: str
    name: str = ""
    part: Part | None = None
    role: Role | None = None

    def under(self, key: str, roles: Mapping[str, Role] = KEY_ROLES) -> Place:
        """The place of what `key` names here."""
        part, role = meaning(key, roles)
        name = f"{self.name}.{key}" if self.name else key
        return Place(self.file, name, part or self.part, role or self.role)


@dataclass
class Found:
    """The arrays of a data set, each in the slot that its name says.

    Parameters
    ----------
    slots: values with their places, by part (None: not said) and role.
    classes: what the labels are called, if it is said.
    passed: names that say nothing, for the message when something is missing.
    notes: what a reader did to the values, for the summary.
    held: bytes of all arrays.
    """

    slots: dict[tuple[Part | None, Role], tuple[Any, Place]] = field(
        default_factory=dict[tuple[Part | None, Role], tuple[Any, Place]]
    )
    classes: tuple[str, ...] = ()
    passed: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    held: int = 0

    def add(self, value: object, place: Place) -> None:
        """Put a value, or each value in it, into its slot.

        Raises
        ------
        InputError: a slot is taken, or all arrays together are larger than `LARGEST`.
        """
        for leaf, where in _leaves(value, place):
            if where.role is None:
                self.passed.append(where.name or where.file.rsplit("/", 1)[-1])
                if len(self.passed) > _MOST_PASSED:
                    raise InputError("found too many names", accepted=ACCEPTED).at(file=where.file)
                continue
            if where.role == "classes":
                self.classes = self.classes or class_names(leaf)
                continue
            slot = (where.part, where.role)
            if slot in self.slots:
                other = self.slots[slot][1]
                raise InputError(
                    f"{echo(where.name or where.file)} and {echo(other.name or other.file)} are both "
                    f"{' '.join(filter(None, slot))}",
                    accepted="one of them",
                ).at(file=where.file)
            self.slots[slot] = (leaf, where)
            self.held += _bytes(leaf)
            if self.held > LARGEST:
                raise InputError(
                    "the files hold too much together", accepted=f"at most {LARGEST} bytes of arrays"
                ).at(file=where.file)

    def seen(self) -> str:
        """The names that were found, as a message lists them."""
        names = [where.name or slot[1] for slot, (_, where) in self.slots.items()] + self.passed
        more = f", and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return ", ".join(map(echo, names[:_MOST_NAMES])) + more if names else "nothing"


def meaning(name: str, roles: Mapping[str, Role] = ROLES) -> tuple[Part | None, Role | None]:
    """The part and the role that a name says."""
    part: Part | None = None
    role: Role | None = None
    for word in _WORD.findall(name[:_LONGEST_NAME]):
        small = word.casefold()
        if small not in PARTS and small not in roles:  # Xtrain, testy
            if small[1:] in PARTS and small[0] in "xy":
                part, role = part or PARTS[small[1:]], role or roles[small[0]]
            elif small[:-1] in PARTS and small[-1] in "xy":
                part, role = part or PARTS[small[:-1]], role or roles[small[-1]]
        part, said = part or PARTS.get(small), roles.get(small)
        role = said if said == "classes" else role or said  # target_names are names
    return part, role


def _leaves(value: object, place: Place) -> Iterator[tuple[object, Place]]:
    """The arrays and lists in a value with the places that their names or positions give them."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, place.under(str(key)))
    elif place.role is None and isinstance(value, list | tuple) and (parts := _positions(value)):
        for key, inner in zip(parts, value, strict=True):
            yield from _leaves(inner, place.under(key))
    elif isinstance(value, list | tuple | np.ndarray):
        role: Role | None = place.role or (None if place.name else "x")
        yield value, Place(place.file, place.name, place.part, role)
    else:  # a number or a text: no part of the data
        yield value, Place(place.file, place.name, place.part, None)


def _positions(values: Sequence[object]) -> tuple[str, ...]:
    """What the entries of a tuple without names are; empty where it is one list of examples."""
    if len(values) in _PAIRS and all(isinstance(each, list | tuple) and _is_pair(each) for each in values):
        return _PAIRS[len(values)]
    return ("x", "y") if _is_pair(values) else ()


def _is_pair(values: Sequence[object]) -> bool:
    """Whether these are examples and one target for each."""
    if len(values) != 2:
        return False
    x, y = map(_length, values)
    return x is not None and x == y


def _bytes(value: object) -> int:
    """Bytes of an array, or of the arrays in a list."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return sum(map(_bytes, value)) if isinstance(value, list | tuple) else 0


def _length(value: object) -> int | None:
    """Entries of a list or array; None of anything else."""
    if isinstance(value, np.ndarray):
        return len(value) if value.ndim else None
    return len(value) if isinstance(value, list | tuple) else None
