"""Sizes along the axes of an image: one for all axes, or one each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from workings.algebra.expression import Expr, same
from workings.errors import InputError

Reader: TypeAlias = Callable[[object], Any]

MOST_AXES: Final = 3

AXES: Final = {1: ("",), 2: ("_H", "_W"), 3: ("_D", "_H", "_W")}
"""Endings of names, by the number of axes: depth, height and width."""


def per_axis(size: Any) -> Reader:
    """A reader of one `size` for all axes, or of a list with one an axis, which becomes a tuple.

    `size` is a type of `workings.question` with its own reader, such as `Size`. A list of one is its entry.
    """
    read = reader_of(size)

    def read_all(written: object) -> Any:
        if not isinstance(written, (list, tuple)):
            return read(written)
        found: tuple[Any, ...] = read_list(read, cast("list[object]", written), MOST_AXES)
        return found[0] if len(found) == 1 else found

    return read_all


def volume_of(size: Any) -> Reader:
    """A reader of a volume: channels, then a size an axis, as a tuple; a lone size is a vector's."""
    read = reader_of(size)

    def read_volume(written: object) -> tuple[Any, ...]:
        if not isinstance(written, (list, tuple)):
            return (read(written),)
        return read_list(read, cast("list[object]", written), 1 + MOST_AXES)

    return read_volume


def reader_of(size: Any) -> Reader:
    """The reader that a type of `workings.question` carries."""
    return size.__metadata__[0].func


def read_list(read: Reader, parts: list[object] | tuple[object, ...], most: int) -> tuple[Any, ...]:
    """Every part read; an error names the part that is wrong."""
    if not 1 <= len(parts) <= most:
        raise InputError(f"found {len(parts)} sizes", accepted=f"1 to {most} sizes")
    found: list[Any] = []
    for i, part in enumerate(parts):
        try:
            found.append(read(part))
        except InputError as error:
            raise error.at(field=f"[{i}]") from None
    return tuple(found)


def axis_count(fields: dict[str, Any]) -> int:
    """The number of axes that several per-axis givens agree on; 1 where none is a list.

    Raises
    ------
    InputError: lists of different lengths; the second field is named.
    """
    first: tuple[str, int] | None = None
    for label, value in fields.items():
        if not isinstance(value, tuple):
            continue
        length = len(cast("tuple[Any, ...]", value))
        if first is None:
            first = (label, length)
        elif length != first[1]:
            raise InputError(
                f"{length} sizes where {first[0]} has {first[1]}", accepted=f"one size, or {first[1]}"
            ).at(field=label)
    return first[1] if first else 1


def spread(value: Any, axes: int) -> tuple[Any, ...]:
    """A per-axis given with one value for every axis."""
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,) * axes


def alike(a: Any, b: Any) -> bool:
    """Whether two sizes are the same number, or letters written alike."""
    if isinstance(a, Expr) and isinstance(b, Expr):
        return same(a, b)
    return not isinstance(a, Expr) and not isinstance(b, Expr) and a == b
