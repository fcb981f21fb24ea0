"""Answer sheets within a document: a notebook or Markdown as `workings build --blank` hands it out.

Places for answers are fenced blocks named `answers`, each YAML, one of them with the student's name:

    ```answers
    student: s01
    ```

    ```answers
    q2b:
      u_1: [1.3, -4.7, 3.6]
    ```

Everything else is for reading, and is not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

from workings.errors import InputError, echo
from workings.marking.plain_sheets import PlainSheet, read_plain
from workings.marking.sheet import (
    LARGEST_PARSED,
    LARGEST_SHEET,
    Broken,
    LineOf,
    Rules,
    Sheet,
    check_answers,
    check_student,
)
from workings.yaml_reader import read_text_file, read_yaml

LARGEST_DOCUMENT: Final = 20_000_000
"""Bytes of one document: the pictures within a notebook count."""
MOST_FENCES: Final = 2000
EXAMPLE: Final = "a line ```answers, below it 'q2b:' and, indented, 'u_1: [1.3, -4.7, 3.6]', then a line ```"

_FENCE = re.compile(r"[ \t>*+-]{0,12}(?P<marker>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)")
_WORD = re.compile(r"\{?[ ]*\.?(?P<word>[A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class _Fence:
    """The text between two fences, its first line, and the cell it stands in (0: none)."""

    text: str
    line: int
    cell: int


@dataclass(frozen=True, slots=True)
class AnswerFences:
    """The blocks for answers of one document, up to the first that can't be told from the rest.

    Parameters
    ----------
    size: characters of the whole document.
    error: what ended the search, if anything did.
    """

    file: str
    fences: tuple[_Fence, ...]
    size: int
    error: InputError | None

    def sheets(self, rules: Rules) -> Iterator[Sheet | Broken]:
        """The one sheet."""
        document = _Document(self.file, Path(self.file).stem, rules)
        try:
            for fence in self.fences:
                try:
                    document.take(fence)
                except InputError as error:
                    cell = f"cell {fence.cell}" if fence.cell else None
                    raise error.at(line=fence.line, field=cell) from None
            yield document.sheet(self.error)
        except InputError as error:
            yield Broken(document.file, error.place.line, document.student, error.at(file=document.file))


def read_markdown_sheets(path: Path, _rules: Rules) -> Iterator[AnswerFences]:
    """The one piece that a Markdown document is."""

    def fences(text: str) -> Iterator[_Fence]:
        yield from _fences(text.split("\n"), 0)

    yield _document(path, fences)


def read_notebook_sheets(path: Path, _rules: Rules) -> Iterator[AnswerFences]:
    """The one piece that a notebook is; nothing of it is run."""

    def fences(text: str) -> Iterator[_Fence]:
        for number, source in _cells(text):
            try:
                yield from _fences(source.split("\n"), number)
            except InputError as error:
                raise error.at(field=f"cell {number}") from None

    yield _document(path, fences)


def _document(path: Path, fences: Callable[[str], Iterator[_Fence]]) -> AnswerFences:
    found: list[_Fence] = []
    size, error = 0, None
    try:
        text = read_text_file(path, LARGEST_DOCUMENT)
        size = len(text)
        for fence in fences(text):
            if len(found) == MOST_FENCES:
                error = InputError(f"found more than {MOST_FENCES} blocks of answers", accepted="fewer")
                error.at(line=fence.line)
                break
            found.append(fence)
    except InputError as raised:
        error = raised
    return AnswerFences(str(path), tuple(found), size, error)


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """The cells' numbers, from 1, and their texts."""
    try:
        made: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputError("found a notebook that is damaged (not JSON)", accepted="a notebook").at(
            line=line
        ) from None
    cells: Any = cast("dict[str, Any]", made).get("cells") if isinstance(made, dict) else None
    if not isinstance(cells, list):
        raise InputError(f"found {echo(text[:200])}", accepted="a notebook: JSON with a list of cells")
    for number, cell in enumerate(cast("list[Any]", cells), 1):
        source: Any = cast("dict[str, Any]", cell).get("source", "") if isinstance(cell, dict) else ""
        if isinstance(source, list):
            source = "".join(part for part in cast("list[Any]", source) if isinstance(part, str))
        if isinstance(source, str) and ("```" in source or "~~~" in source):
            yield number, source.replace("\r\n", "\n")


def _fences(lines: list[str], cell: int) -> Iterator[_Fence]:
    """The blocks for answers; other code is passed over, whatever is in it."""
    marker = ""
    wanted = False
    start = 0
    for index, line in enumerate(lines):
        fence = _FENCE.fullmatch(line) if "```" in line or "~~~" in line else None
        if fence is None:
            continue
        if not marker:
            marker, start, wanted = fence["marker"], index + 1, _means_answers(fence["info"])
        elif fence["marker"].startswith(marker) and not fence["info"].strip():
            if wanted:
                yield _Fence("\n".join(lines[start:index]), start + 1, cell)
            marker = ""
        elif wanted:
            break
    if marker and wanted:
        raise InputError("found no end of this block of answers", accepted=f"a line {marker} below it").at(
            line=start
        )


def _means_answers(info: str) -> bool:
    word = _WORD.match(info)
    return word is not None and bool(get_close_matches(word["word"].lower(), ["answers"], 1, 0.8))


class _Document:
    """What the blocks of one document say, put together."""

    def __init__(self, file: str, stem: str, rules: Rules) -> None:
        self.file, self.stem, self.rules = file, stem, rules
        self.student: str | None = None
        self.answers: dict[str, dict[str, object]] = {}

    def take(self, fence: _Fence) -> None:
        fields, line_of = _content(fence, self.file, self.rules)
        if "student" in fields and not isinstance(fields["student"], dict):
            if self.student is not None:
                raise InputError("found a student a second time", accepted="one").at(line=fence.line)
            self.student = check_student(fields.pop("student"), otherwise=self.stem)
        for block, quantities in check_answers(fields, self.rules, line_of).items():
            known = self.answers.setdefault(block, {})
            for name, raw in quantities.items():
                if name in known:
                    raise InputError(f"found {block}.{name} a second time", accepted="each answer once").at(
                        line=line_of(("answers", block, name))
                    )
                known[name] = raw

    def sheet(self, error: InputError | None) -> Sheet:
        if error is not None:
            raise error
        if not self.answers and self.student is None:
            raise InputError("found no place with answers", accepted=EXAMPLE)
        return Sheet(check_student(self.student, otherwise=self.stem), self.answers, self.file, 1)


def _content(fence: _Fence, file: str, rules: Rules) -> tuple[dict[str, object], LineOf]:
    """The names and values of one block, and their lines."""
    if not re.sub(r"^[ \t]*#.*$", "", fence.text, flags=re.MULTILINE).strip():
        return {}, lambda _: fence.line
    length = len(fence.text)
    comma = rules.decimal_mark == ","
    plain = read_plain(fence.text, fence.line, lists_as_text=comma) if length <= LARGEST_SHEET else None
    if isinstance(plain, PlainSheet):
        lines = plain.lines
        return dict(plain.fields), lambda path: lines.get(path[1:], lines.get(path[1:2], fence.line))
    if length > LARGEST_PARSED:
        accepted = f"at most {LARGEST_PARSED}"
        raise InputError(f"found {length} characters, {echo(fence.text[:200])}", accepted=accepted)
    located = read_yaml(fence.text, file=file, first_line=fence.line)
    if not isinstance(located.value, dict):
        raise InputError(f"found {echo(located.value)}", accepted=EXAMPLE)
    return dict(cast("dict[str, object]", located.value)), lambda path: located.line_of(path[1:])
