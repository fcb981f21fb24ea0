"""Vectors and matrices that are written as text: `[[1, 2], [3, 4]]`, `1 2; 3 4`, `1, 2`, `[1 2; 3 4]`.

Items end at a comma or a blank, rows at a semicolon or, outside brackets, a line's end (within
brackets NumPy breaks its lines anywhere); rows of one item each are a vector. Where the comma is the decimal
mark, only blanks and semicolons separate; where a blank stands between thousands, it separates nothing.
`1,5` outside brackets could be one number or two, and so could `61 470`: they are refused unless it is known
that a list is asked for.
"""

from __future__ import annotations

import re
from typing import Final, cast

from workings.errors import InputError, echo
from workings.marking.written import DecimalMark, Thousands, grouped, normal

LONGEST_ANSWER: Final = 1_000_000
"""Characters of one answer."""
MOST_ENTRIES: Final = 100_000
"""Entries of one answer."""
DEEPEST: Final = 8
"""Axes of one answer."""

_TOKEN = re.compile(r"[\[\]();\n]|,|[^\S\n]+|[^\[\]();,\s]+")
_TOKEN_COMMA = re.compile(r"[\[\]();\n]|,(?=\s)|[^\S\n]+|[^\[\]();\s]+?(?=,\s|[\[\]();\s]|$)")
_TOKEN_BLANK = re.compile(r"[\[\]();\n]|,|[^\S\n]+|[^\[\]();,\s](?:[^\[\]();,\n]*[^\[\]();,\s])?")
_TOKEN_BLANK_COMMA = re.compile(r"[\[\]();\n]|[^\S\n]+|[^\[\]();\s](?:[^\[\]();\n]*[^\[\]();\s])?")
_PAIRS: Final = {"[": "]", "(": ")"}
_STRUCTURE = re.compile(r"[\[\]();,\s]")


def read_layout(
    text: str,
    *,
    decimal_mark: DecimalMark = ".",
    thousands: Thousands | None = None,
    listed: bool | None = None,
) -> object:
    """The text of one number, or nested lists of such texts.

    Parameters
    ----------
    listed: whether a list is asked for, where that is known.

    Raises
    ------
    InputError: brackets that don't match, nothing between two commas, too long, too deep; or text that may be
        one number or several.
    """
    if len(text) > LONGEST_ANSWER:
        raise InputError(f"found {echo(text)}", accepted=f"at most {LONGEST_ANSWER} characters")
    plain = normal(text)
    if not _STRUCTURE.search(plain):
        return plain
    if plain[:1] not in _PAIRS and not listed:
        whole = _one_number(text, plain, decimal_mark, thousands, listed=listed)
        if whole:
            return plain
    return _Layout(text, decimal_mark, thousands).read(plain)


def _one_number(
    text: str, plain: str, decimal_mark: str, thousands: str | None, *, listed: bool | None
) -> bool:
    """Whether text outside brackets is one number, right or wrong, and not a list."""
    if thousands is not None and thousands in plain:
        return grouped(plain.partition(decimal_mark)[0], thousands)
    if ";" in plain or "\n" in plain:
        return False
    if decimal_mark == "," and not re.search(r"\s", plain):
        return True
    if re.fullmatch(r"[^\s,]+,[^\s,]+", plain) or grouped(plain, ","):
        return True  # a decimal comma, or thousands: `read_written` says what is wrong with it
    if grouped(plain, " "):
        return True
    if listed is False:
        raise InputError(f"found {echo(text)}, several numbers", accepted="a single number")
    return False


class _Open:
    """A list whose end has not come yet: its finished rows, and the items of the row that is read."""

    def __init__(self, closing: str) -> None:
        self.closing = closing
        self.rows: list[list[object]] = []
        self.items: list[object] = []
        self.due = False  # a comma has been read, and its item not yet
        self.between: set[str] = set()  # what stands between the items of the row: commas, blanks

    def value(self) -> list[object]:
        if not self.rows:
            return self.items
        rows = [*self.rows, self.items]
        if all(len(row) == 1 for row in rows):
            return [row[0] for row in rows]
        return cast("list[object]", rows)


class _Layout:
    """Reads with a stack of its own: no depth can overflow it."""

    def __init__(self, text: str, decimal_mark: DecimalMark, thousands: Thousands | None) -> None:
        self.text = text
        self.blank = thousands == " "
        if self.blank:
            self.token = _TOKEN_BLANK_COMMA if decimal_mark == "," else _TOKEN_BLANK
        else:
            self.token = _TOKEN_COMMA if decimal_mark == "," else _TOKEN
        self.decimal_mark = decimal_mark
        self.count = 0

    def read(self, plain: str) -> object:
        opened = [_Open("")]
        for match in self.token.finditer(plain):
            sign = match.group()
            if sign in _PAIRS:
                if len(opened) > DEEPEST:
                    raise self._refused(f"more than {DEEPEST} brackets in each other")
                opened.append(_Open(_PAIRS[sign]))
            elif sign in ("]", ")"):
                self._close(opened, sign)
            elif sign == ",":
                self._comma(opened[-1])
            elif sign == ";" or (sign == "\n" and len(opened) == 1):
                self._row(opened[-1])
            elif not sign.isspace():
                if self.blank and " " in sign and not grouped(sign.partition(self.decimal_mark)[0], " "):
                    raise self._refused("a blank that does not stand between thousands")
                self._item(opened[-1], sign)
        if len(opened) > 1:
            raise self._refused(f"no {opened[-1].closing!r} at the end")
        return self._whole(opened[0], bracketed=plain[:1] in _PAIRS)

    def _whole(self, outer: _Open, *, bracketed: bool) -> object:
        if outer.due or (outer.rows and not outer.items):
            raise self._refused("nothing behind the last separator")
        value = outer.value()
        return value[0] if bracketed and len(value) == 1 else value

    def _item(self, inner: _Open, item: object) -> None:
        self.count += 1
        if self.count > MOST_ENTRIES:
            raise self._refused(f"more than {MOST_ENTRIES} entries")
        self._append(inner, item)

    def _append(self, inner: _Open, item: object) -> None:
        if inner.items:
            inner.between.add("comma" if inner.due else "blank")
            if len(inner.between) > 1:  # 1,5 2,5 is not 1 5 2 5
                raise self._refused("both commas and blanks between numbers")
        inner.items.append(item)
        inner.due = False

    def _comma(self, inner: _Open) -> None:
        if self.decimal_mark == ",":
            raise self._refused("a comma with a blank behind it, where the comma is the decimal mark")
        if inner.due or not inner.items:
            raise self._refused("nothing before a comma")
        inner.due = True

    def _row(self, inner: _Open) -> None:
        if not inner.items:
            raise self._refused("an empty row")
        inner.due = False
        if inner.closing and all(isinstance(item, list) for item in inner.items):
            return  # [[1, 2]; [3, 4]]
        inner.rows.append(inner.items)
        inner.items = []
        inner.between.clear()

    def _close(self, opened: list[_Open], sign: str) -> None:
        inner = opened[-1]
        if sign != inner.closing:
            raise self._refused(f"{sign!r} without its {'[' if sign == ']' else '('!r}")
        if not inner.items and inner.rows:
            inner.items = inner.rows.pop()
        if not inner.items:
            raise self._refused("an empty list")
        inner.due = False
        opened.pop()
        self._append(opened[-1], inner.value())

    def _refused(self, what: str) -> InputError:
        comma = self.decimal_mark == ","
        accepted = "[1,5; 2,5] or 1,5 2,5; 3,5 4,5" if comma else "[1, 2], [[1, 2], [3, 4]] or 1 2; 3 4"
        if self.blank:
            accepted = "[1,5; 2,5] or [[1,5]; [2,5]]" if comma else "[1, 2], [[1, 2], [3, 4]] or 1, 2; 3, 4"
        return InputError(f"found {echo(self.text)}: {what}", accepted=accepted)
