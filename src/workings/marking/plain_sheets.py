r"""The quick way through a sheet in YAML: what people leave of a handed-out form, line by line.

    student: s01
    answers:
      q2b:
        u_1: [1.3, -4.7, 3.6]
      q2c: {u_3: 1.48, y: 0.81}

A YAML parser takes 15 ms for the sheet of an examination, this less than 1 ms. It knows names of letters and
digits, plain and quoted text and lists, and gives up (None) at anything else: then the parser reads it. What
both read, they read alike, which a test holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from workings.errors import InputError
from workings.marking.sheet import DEEPEST_ANSWER, UNPRINTABLE
from workings.yaml_reader import scalar

MOST_LEVELS: Final = 4
"""Mappings within each other: the sheet, its answers, a block and what should not be there."""

Way: TypeAlias = tuple[str, ...]

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
_LINE = re.compile(rf"(?P<indent> *)(?:(?P<dash>-)[ ]+|(?P<name>{_NAME}):(?:[ ]+|$))(?P<value>\S.*)?")
# No ':' and no '#', so that neither a name nor a comment can hide in plain text.
_FIRST: Final = r"(?:[A-Za-z0-9_+(]|[-.](?=[A-Za-z0-9_.(]))"
_REST: Final = r"A-Za-z0-9_.+\-*/^()=|%"
_PLAIN = re.compile(rf"{_FIRST}[{_REST} ,;<>]*|\?")
_INSIDE: Final = r"\x20\x21\x23-\x26\x28-\x5b\x5d-\x7e\xa1-\u2027\u2030-\ud7ff"  # no quotes, no backslash
_QUOTED: Final = rf"\"[{_INSIDE}']*\"|'[{_INSIDE}\"]*'"
_WHOLE_QUOTED = re.compile(_QUOTED)
_TOKEN = re.compile(
    rf"[ ]*(?:(?P<sign>[\[\]{{}},])|(?P<name>{_NAME}):(?=[ ])"
    rf"|(?:(?P<quoted>{_QUOTED})|(?P<plain>\?|{_FIRST}[{_REST}]*(?:[ ]+[{_REST}]+)*))(?=[ ]*[\]}},]))"
)


@dataclass(frozen=True, slots=True)
class PlainSheet:
    """What was read, and the lines of the names."""

    fields: Mapping[str, Any]
    lines: Mapping[Way, int]


class _GiveUpError(Exception):
    """The text needs the parser."""


def read_plain(text: str, first_line: int, *, lists_as_text: bool) -> PlainSheet | None:
    """The fields of a sheet, or None where it takes a YAML parser to read them.

    Parameters
    ----------
    first_line: the line of the file on which `text` begins.
    lists_as_text: keep `[1,5; 2,5]` as text: where the comma is the decimal mark, YAML would tear it apart.
    """
    if "\r" in text or UNPRINTABLE.search(text):
        return None
    reading = _Reading(lists_as_text=lists_as_text)
    try:
        for number, line in enumerate(text.split("\n"), first_line):
            bare = line.strip(" ")
            if bare and bare[0] != "#":
                reading.take(line, number)
    except (_GiveUpError, InputError):
        return None
    return PlainSheet(reading.fields, reading.lines) if reading.fields else None


class _Reading:
    """The mappings that are open, outermost first, each with its indentation and the way to it."""

    def __init__(self, *, lists_as_text: bool) -> None:
        self.lists_as_text = lists_as_text
        self.fields: dict[str, Any] = {}
        self.lines: dict[Way, int] = {}
        self.opened: list[tuple[int, dict[str, Any], Way]] = []
        self.last: str | None = None  # the name on the line above, where no value stood behind it
        self.items: tuple[int, list[Any]] | None = None  # the list whose dashes are read

    def take(self, line: str, number: int) -> None:
        match = _LINE.fullmatch(line.rstrip(" "))
        if match is None:
            raise _GiveUpError
        indent, written = len(match["indent"]), match["value"]
        if match["dash"]:
            self._item(indent, written)
            return
        self.items = None
        values, way = self._holder(indent)
        name = match["name"]
        if name in values or len(way) == MOST_LEVELS:
            raise _GiveUpError
        self.lines[*way, name] = number
        values[name] = None
        self.last = name
        if written is not None:
            self.last = None
            values[name] = self._value(written)
            self._note(values[name], (*way, name), number)

    def _holder(self, indent: int) -> tuple[dict[str, Any], Way]:
        """The mapping to which a name at this indentation belongs."""
        if not self.opened:
            self.opened.append((indent, self.fields, ()))
        elif self.last is not None and indent > self.opened[-1][0]:
            _, values, way = self.opened[-1]
            inner = values[self.last] = cast("dict[str, Any]", {})
            self.opened.append((indent, inner, (*way, self.last)))
        while self.opened and indent < self.opened[-1][0]:
            self.opened.pop()
        if not self.opened or indent != self.opened[-1][0]:
            raise _GiveUpError
        return self.opened[-1][1], self.opened[-1][2]

    def _item(self, indent: int, written: str | None) -> None:
        """One item of a list that stands below its name."""
        if self.items is None:
            if self.last is None or indent < self.opened[-1][0]:
                raise _GiveUpError
            self.items = (indent, [])
            self.opened[-1][1][self.last] = self.items[1]
            self.last = None
        if indent != self.items[0] or written is None or self.lists_as_text:
            raise _GiveUpError
        value = self._value(written)
        if isinstance(value, dict):
            raise _GiveUpError
        self.items[1].append(value)

    def _value(self, written: str) -> Any:
        if written[0] in "[{":
            if not self.lists_as_text:
                return _Flow().read(written)
            if written[0] == "[" and written[-1] == "]" and not set("#\"'") & set(written):
                return written
        elif _PLAIN.fullmatch(written):
            return scalar(written)
        elif _WHOLE_QUOTED.fullmatch(written):
            return written[1:-1]
        raise _GiveUpError

    def _note(self, value: Any, way: Way, number: int) -> None:
        """The line of the names in a mapping that stands on one line."""
        if isinstance(value, dict):
            for name, inner in cast("dict[str, Any]", value).items():
                self.lines[*way, name] = number
                self._note(inner, (*way, name), number)


class _Flow:
    """A list or a mapping on one line, read with a stack of its own."""

    def __init__(self) -> None:
        self.opened: list[tuple[list[Any] | dict[str, Any], str | None]] = []  # each with its own name
        self.name: str | None = None
        self.due = True  # a value may come: behind an opening bracket, a comma or a name

    def read(self, text: str) -> Any:
        position = 0
        while match := _TOKEN.match(text, position):
            position = match.end()
            sign = match["sign"]
            if sign is None:
                self._scalar(match)
            elif sign == ",":
                self._comma()
            elif sign in "[{":
                self._open(sign)
            else:
                value = self._close(sign)
                if not self.opened:
                    if position != len(text):
                        break
                    return value
        raise _GiveUpError

    def _scalar(self, match: re.Match[str]) -> None:
        if not self.due:
            raise _GiveUpError
        if match["name"] is not None:
            holder = self.opened[-1][0]
            if self.name is not None or isinstance(holder, list) or match["name"] in holder:
                raise _GiveUpError
            self.name = match["name"]
        else:
            self._put(match["quoted"][1:-1] if match["quoted"] is not None else scalar(match["plain"]))

    def _comma(self) -> None:
        if self.due:
            raise _GiveUpError
        self.due = True

    def _open(self, sign: str) -> None:
        if not self.due or len(self.opened) == DEEPEST_ANSWER:
            raise _GiveUpError
        self.opened.append(([] if sign == "[" else {}, self.name))
        self.name = None

    def _close(self, sign: str) -> Any:
        value, name = self.opened.pop()
        if isinstance(value, list) is not (sign == "]") or self.name is not None or (self.due and value):
            raise _GiveUpError
        self.name = name
        if self.opened:
            self._put(value)
        return value

    def _put(self, value: Any) -> None:
        holder = self.opened[-1][0]
        if isinstance(holder, list) is not (self.name is None):
            raise _GiveUpError
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[cast("str", self.name)] = value
        self.name, self.due = None, False
