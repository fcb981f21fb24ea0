"""The one error that a user sees: what was found, where, and what would be accepted.

Code deep down raises `InputError` with what it knows; each layer above adds the part of the place that it
knows (`error.at(field="given.x")`, `error.at(file="exam.md", line=12)`), so context is added once and the
message reads `exam.md:12: q2b.given.x: found 'abc'; accepted: a number such as 0.5 or 3/14`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

LONGEST_ECHO = 120
"""Characters of the user's own text that a message repeats; a 10 MB cell must not come back whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input is at fault. Every part may be unknown; `line` counts from 1."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        spot = self.file or ""
        if self.line is not None:
            spot = f"{spot}:{self.line}" if spot else f"line {self.line}"
        return ": ".join(part for part in (spot, self.field or "") if part)


class InputError(ValueError):
    """The input is at fault (exit status 1, no traceback).

    Parameters
    ----------
    problem: what was found, in a few words.
    accepted: what would be accepted in its place.
    near: right spellings close to the one found (see `nearest`).
    place: file, line and field, as far as they are known where the error is raised.
    """

    def __init__(
        self,
        problem: str,
        *,
        accepted: str | None = None,
        near: Iterable[str] = (),
        place: Place | None = None,
    ) -> None:
        self.problem = problem
        self.accepted = accepted
        self.near = tuple(near)
        self.place = place or Place()
        super().__init__(problem)

    def at(self, *, file: str | None = None, line: int | None = None, field: str | None = None) -> InputError:
        """Add context and return the same error: fields join with a dot, the innermost file and line stay."""
        here = self.place
        joined = ".".join(part for part in (field, here.field) if part) or None
        self.place = replace(
            here,
            file=here.file or file,
            line=here.line if here.line is not None else line,
            field=joined.replace(".[", "[") if joined else None,
        )
        return self

    def __str__(self) -> str:
        text = self.problem
        if self.accepted:
            text += f"; accepted: {self.accepted}"
        if self.near:
            text += f". Did you mean {', or '.join(self.near)}?"
        place = str(self.place)
        return f"{place}: {text}" if place else text


def echo(value: object) -> str:
    """`value` as a message repeats it: quoted, escaped, cut to `LONGEST_ECHO` characters."""
    text = repr(value if not isinstance(value, str) else str(value))
    return text if len(text) <= LONGEST_ECHO else f"{text[: LONGEST_ECHO - 1]}… ({len(text)} characters)"


def nearest(name: str, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The names closest in spelling to `name`, best first; capital letters do not count."""
    spelt: dict[str, list[str]] = {}
    for each in names:
        spelt.setdefault(each.casefold(), []).append(each)
    close = get_close_matches(str(name)[:LONGEST_ECHO].casefold(), list(spelt), n=count, cutoff=0.5)
    return tuple(each for folded in close for each in spelt[folded])[:count]


def unknown(what: str, name: object, names: Iterable[str]) -> InputError:
    """An unknown name: says so, offers near ones, and lists what is accepted."""
    listed = sorted(names)
    return InputError(
        f"unknown {what} {echo(name)}",
        accepted=", ".join(listed) if listed else "none",
        near=nearest(str(name), listed),
    )
