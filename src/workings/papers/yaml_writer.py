"""Plain data as YAML that `workings.yaml_reader` reads back as the same data, laid out as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from workings.numerals import Numeral
from workings.yaml_reader import scalar

WIDTH: Final = 100
"""Columns up to which a value stays on the line of its name."""

# Text that needs no quotes anywhere, not even between brackets: words, names, short formulas, fractions.
_BARE = re.compile(r"[^\W\d][\w.+*/^()=-]*(?: [\w(][\w.+*/^()=-]*)*|\d{1,9}/\d{1,9}|\?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_ESCAPED = re.compile('[\x00-\x1f"\\\\\x7f-\x9f\u2028\u2029\ufeff]')


def write_yaml(fields: Mapping[str, object]) -> str:
    """The text of a mapping, a name a line; what is too long for a line goes below its name, indented.

    Parameters
    ----------
    fields: names with dict, list, tuple, text, `Numeral`, int, `Fraction`, bool or None, nested.

    Raises
    ------
    TypeError: a value of any other type.
    """
    return "".join(line + "\n" for line in _block(fields, 0)) if fields else "{}\n"


def _block(value: object, indent: int) -> list[str]:
    blanks = " " * indent
    lines: list[str] = []
    if isinstance(value, Mapping):
        for name, item in cast("Mapping[str, object]", value).items():
            lines += _entry(f"{blanks}{_text(name)}:", item, indent)
    else:
        for item in cast("Sequence[object]", value):
            lines += _entry(f"{blanks}-", item, indent)
    return lines


def _entry(label: str, value: object, indent: int) -> list[str]:
    """The lines of one value behind its name or its dash."""
    if isinstance(value, str) and _is_paragraph(value):
        blanks = " " * (indent + 2)
        body = [blanks + line if line else "" for line in value.removesuffix("\n").split("\n")]
        return [f"{label} |" if value.endswith("\n") else f"{label} |-", *body]
    line = f"{label} {_flow(value)}"
    return [line] if len(line) <= WIDTH or _is_row(value) else [label, *_block(value, indent + 2)]


def _is_row(value: object) -> bool:
    """Whether a value stays on one line whatever its length: a scalar, or a list of scalars."""
    if isinstance(value, (list, tuple)):
        return not any(isinstance(item, (list, tuple, Mapping)) for item in cast("Sequence[object]", value))
    return not isinstance(value, Mapping)


def _is_paragraph(text: str) -> bool:
    """Whether text of several lines can stand below a `|` as it is, and not close the fence around it."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and lines[0][:1] not in {"", " "}
        and lines[-1] != ""
        and all(
            line == "" or (line.strip() and line.lstrip()[0] not in "`~" and not _CONTROL.search(line))
            for line in lines
        )
    )


def _flow(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Fraction() | Numeral():
            return str(value)
        case str():
            return _text(value)
        case Mapping():
            pairs = cast("Mapping[str, object]", value).items()
            return "{" + ", ".join(f"{_text(name)}: {_flow(item)}" for name, item in pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(item) for item in cast("Sequence[object]", value)) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written as YAML")


def _text(text: str) -> str:
    """Text without quotes where it reads back as itself, else in double quotes, LaTeX in single ones."""
    if _BARE.fullmatch(text) and type(scalar(text)) is str:
        return text
    if "\\" in text and not _CONTROL.search(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return "\\" + character if character in '"\\' else f"\\u{ord(character):04x}"
