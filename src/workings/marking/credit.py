"""Verdicts: their names, what they say, and which of them earn marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from workings.marking.slips import Slip

VerdictName = Literal["right", "right, rounded", "follows", "slip", "wrong", "unreadable", "blank"]

EXACT: Final = ("right", "right, rounded")
"""Right in itself, whatever else was written."""
CREDITED: Final = (*EXACT, "follows")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict, with a remark on what is wrong or how it is right.

    Parameters
    ----------
    note: one line.
    slip: the slip that explains a wrong answer.
    origin: the step that the slip was made in; empty where it was made throughout.
    own: the writer's own earlier values, not right themselves, that the answer was worked out from.
    root: the first wrong step on which the answer rests.
    """

    name: VerdictName
    note: str = ""
    slip: Slip | None = None
    origin: str = ""
    own: tuple[str, ...] = ()
    root: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer earns its marks."""
        return self.name in CREDITED

    @property
    def credit(self) -> int:
        """The share of its marks that the answer earns: 1 or 0."""
        return int(self.right)


RIGHT: Final = Verdict("right")
BLANK: Final = Verdict("blank")
