"""Sequences written as a table: a row a step, with a column that says which sequence it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.checks import Array
from workings.lab.data.tables import LABELS, Table

CASES: Final = ("sequence", "series", "case", "record", "id")
"""What the column may be called that says which sequence a step belongs to."""
_ACCEPTED: Final = "the columns sequence, label (or target), and one or more of numbers"


def sequences_of(table: Table) -> dict[str, object]:
    """x: arrays [length, features] in the order of the file; y: the label or target of each, as text.

    Raises
    ------
    InputError: a column is missing, the rows of a sequence do not follow each other, or its label changes.
    """
    case, label = _named(table, CASES), _named(table, LABELS)
    if case is None or label is None or not table.names:
        found = ", ".join(map(echo, (*table.text, *table.names)[:20]))
        raise InputError(f"found the columns {found}", accepted=_ACCEPTED)
    begins = [0, *(row for row in range(1, len(case)) if case[row] != case[row - 1])]
    seen: set[str] = set()
    for row in begins:
        if case[row] in seen:
            raise InputError(
                f"the sequence {echo(case[row])} goes on behind another", accepted="its rows together"
            ).at(line=int(table.lines[row]))
        seen.add(case[row])
    _check_labels(table, begins, label)
    x: list[Array] = np.split(table.numbers, begins[1:])
    return {"x": x, "y": [label[row] for row in begins]}


def _named(table: Table, names: Sequence[str]) -> tuple[str, ...] | None:
    return next((table.text[name] for name in names if name in table.text), None)


def _check_labels(table: Table, begins: list[int], label: tuple[str, ...]) -> None:
    for start, end in zip(begins, [*begins[1:], len(label)], strict=True):
        for row in range(start + 1, end):
            if label[row] != label[start]:
                raise InputError(
                    f"found the label {echo(label[row])}",
                    accepted=f"{echo(label[start])}, as in its first row",
                ).at(line=int(table.lines[row]))
