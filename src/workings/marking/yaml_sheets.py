"""Answer sheets in YAML: one in a file, or many as documents (`---`), as a list, or as a list named `sheets`.

A file of many is cut into its sheets before anything is parsed, so that memory stays that of one sheet and a
mistake in one does not lose the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from workings.errors import InputError, echo, unknown
from workings.marking.line_stream import TextLine, lines_of, small_text
from workings.marking.plain_sheets import PlainSheet, read_plain
from workings.marking.sheet import (
    EXAMPLE,
    LARGEST_PARSED,
    LARGEST_SHEET,
    UNPRINTABLE,
    Broken,
    LineOf,
    Rules,
    Sheet,
    check_answers,
    check_student,
)
from workings.yaml_reader import Located, read_yaml

FIELDS = ("student", "answers")

_BREAK = re.compile(r"(?:---|\.\.\.)(?:[ \t].*)?")
_DASH = re.compile(r" *-(?=[ \t]|$)")
_SHEETS = re.compile(r"sheets:[ \t]*(?:#.*)?")
_CONTENT = re.compile(r"^[ \t]*[^ \t\n#].*", re.MULTILINE)
_SEVERAL = re.compile(r"^(?:-|\.\.\.|sheets:)", re.MULTILINE)
_STUDENT = re.compile(r"^[ {\t-]*student:[ \t]+(?P<name>[^\s#,{}\[\]][^#,{}\[\]\n]{0,199})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class YamlPiece:
    """The text of one sheet, or of one document whose list is not one item a line.

    Parameters
    ----------
    text: of what is too long, the beginning.
    length: characters in the file.
    fault: what makes a line unreadable, whatever it means.
    alone: whether the file holds nothing else, so that its name can stand for the student's.
    """

    file: str
    line: int
    text: str
    length: int
    fault: InputError | None
    alone: bool

    @property
    def size(self) -> int:
        """See `Piece.size`."""
        return self.length

    def sheets(self, rules: Rules) -> Iterator[Sheet | Broken]:
        """The sheet, or the several that one list holds."""
        return _sheets(self, rules)


@dataclass(slots=True)
class _Cut:
    """The lines of one piece, as far as they are within bounds."""

    line: int
    lines: list[str] = field(default_factory=list[str])
    length: int = 0
    fault: InputError | None = None

    def add(self, line: TextLine, text: str) -> None:
        within = self.length <= LARGEST_SHEET
        self.length += line.length + 1
        if within:  # of what is too long, the beginning is kept for the message
            self.fault = self.fault or line.fault
            self.lines.append(text if self.length <= LARGEST_SHEET else text[:200])

    def piece(self, file: str, *, alone: bool) -> YamlPiece:
        text = "\n".join(self.lines) + "\n"
        return YamlPiece(file, self.line, text, self.length, self.fault, alone)


def read_yaml_sheets(path: Path, _rules: Rules) -> Iterator[YamlPiece | Broken]:
    """The pieces of a file, one after the other."""
    file = str(path)
    text = small_text(path)
    whole = None if text is None else _whole(file, text)
    if whole is not None:
        yield whole
        return
    held: _Cut | None = None
    count = 0
    for cut in _cuts(lines_of(path)):
        if held is not None:
            yield held.piece(file, alone=False)
        held = cut
        count += 1
    if held is None:
        yield Broken(file, None, None, InputError("found no sheet", accepted=EXAMPLE).at(file=file))
    else:
        yield held.piece(file, alone=count == 1)


def _whole(file: str, text: str) -> YamlPiece | None:
    """The one piece that a text is, told without looking at each line; None where there may be several."""
    start = _CONTENT.search(text)
    if start is None or _SEVERAL.search(text):
        return None
    line = text.count("\n", 0, start.start()) + 1
    text = text[start.start() :]
    bad = UNPRINTABLE.search(text)
    fault = None
    if bad is not None:
        fault = TextLine(line + text.count("\n", 0, bad.start()), bad.group(), 1).fault
    if text[-1] != "\n":
        text += "\n"
    return YamlPiece(file, line, text, len(text), fault, alone=True)


def _cuts(lines: Iterator[TextLine]) -> Iterator[_Cut]:
    cutter = _Cutter()
    for line in lines:
        finished = cutter.take(line)
        if finished is not None:
            yield finished
    finished = cutter.end()
    if finished is not None:
        yield finished


class _Cutter:
    """Where one sheet ends and the next begins."""

    def __init__(self) -> None:
        self.piece: _Cut | None = None
        self.header: TextLine | None = None  # the line `sheets:`, until it is known what follows
        self.dash: int | None = None  # the indentation of the list's dashes

    def end(self) -> _Cut | None:
        """The piece that is finished, and what follows begins anew."""
        if self.piece is None and self.header is not None:
            self._begin(self.header)
        finished, self.piece, self.header, self.dash = self.piece, None, None, None
        return finished

    def take(self, line: TextLine) -> _Cut | None:
        """One line more; the piece that it finishes, if it does."""
        text, finished = line.text, None
        if self.piece is not None and self._is_inside(text):  # as most lines are
            self.piece.add(line, text)
            return None
        if _BREAK.fullmatch(text):
            finished = self.end()
            text = "   " + text[3:] if text[0] == "-" else ""
        bare = text.lstrip(" \t")
        if not bare or bare[0] == "#":
            if self.piece is not None:
                self.piece.add(line, text)
            return finished
        if self.piece is None and self.header is None and self.dash is None and _SHEETS.fullmatch(text):
            self.header = line
            return finished
        indent = len(text) - len(text.lstrip(" "))
        if _DASH.match(text) and self._is_item(indent):
            finished, self.piece = finished or self.piece, _Cut(line.number)
            text = " " * (indent + 1) + text[indent + 1 :]
        elif self.piece is None or (self.dash is not None and indent <= self.dash):
            finished, self.piece = finished or self.piece, None
            self._begin(line)
        if self.piece is not None:
            self.piece.add(line, text)
        return finished

    def _begin(self, line: TextLine) -> None:
        """A piece that is no item of a list; a line `sheets:` above belongs to it after all."""
        self.piece = _Cut((self.header or line).number)
        if self.header is not None:
            self.piece.add(self.header, self.header.text)
            self.header = None

    def _is_item(self, indent: int) -> bool:
        if self.dash is None and self.piece is None and (self.header is not None or indent == 0):
            self.dash, self.header = indent, None
        return indent == self.dash

    def _is_inside(self, text: str) -> bool:
        """Whether a line can't be the end of a piece, by its indentation alone."""
        return text[:1] == " " if self.dash is None else text.startswith(" " * (self.dash + 1))


def _sheets(piece: YamlPiece, rules: Rules) -> Iterator[Sheet | Broken]:
    file = piece.file
    try:
        plain, located = _parsed(piece, rules)
    except InputError as error:
        yield Broken(file, piece.line, _named(piece.text), error.at(file=file, line=piece.line))
        return
    otherwise = Path(file).stem.removesuffix(".answers") if piece.alone else None
    if plain is not None:
        yield _sheet(plain.fields, _lines_of_plain(plain, piece.line), file, rules, otherwise)
    elif located is not None:
        value, start = located.value, ()
        if isinstance(value, dict) and list(cast("dict[str, object]", value)) == ["sheets"]:
            value, start = cast("dict[str, Any]", value)["sheets"], ("sheets",)
        if not isinstance(value, list):
            yield _sheet(value, _lines_of_located(located, start), file, rules, otherwise)
            return
        for i, item in enumerate(cast("list[object]", value)):
            yield _sheet(item, _lines_of_located(located, (*start, i)), file, rules, None)


def _parsed(piece: YamlPiece, rules: Rules) -> tuple[PlainSheet | None, Located | None]:
    if piece.fault is not None:
        raise piece.fault
    plain = None
    if piece.length <= LARGEST_SHEET:
        plain = read_plain(piece.text, piece.line, lists_as_text=rules.decimal_mark == ",")
    if plain is None and piece.length > LARGEST_PARSED:
        raise InputError(
            f"found {piece.length} characters for one sheet, {echo(piece.text[-200:].strip())}",
            accepted=f"at most {LARGEST_PARSED}; of many sheets each behind a '- ' on a line of its own",
        )
    return plain, None if plain else read_yaml(piece.text, file=piece.file, first_line=piece.line)


def _named(text: str) -> str | None:
    found = _STUDENT.search(text[:LARGEST_SHEET])
    return found["name"].strip(" '\"") or None if found else None


def _lines_of_plain(plain: PlainSheet, first: int) -> LineOf:
    def line_of(path: tuple[str, ...]) -> int:
        return next(
            (plain.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in plain.lines), first
        )

    return line_of


def _lines_of_located(located: Located, start: tuple[str | int, ...]) -> LineOf:
    def line_of(path: tuple[str, ...]) -> int:
        return located.line_of((*start, *path))

    return line_of


def _sheet(value: object, line_of: LineOf, file: str, rules: Rules, otherwise: str | None) -> Sheet | Broken:
    line = line_of(())
    student: str | None = None
    try:
        fields = _fields(value, line_of)
        student = check_student(fields.get("student"), otherwise=otherwise)
        return Sheet(student, check_answers(fields["answers"], rules, line_of), file, line)
    except InputError as error:
        return Broken(file, line, student, error.at(file=file, line=line))


def _fields(value: object, line_of: LineOf) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InputError(f"found {echo(value)}", accepted=f"a sheet such as {EXAMPLE}")
    fields = cast("dict[str, object]", value)
    for name in fields:
        if name not in FIELDS:
            raise unknown("field", name, FIELDS).at(line=line_of((name,)))
    if "answers" not in fields:
        raise InputError("found no answers", accepted=f"a sheet such as {EXAMPLE}")
    return fields
