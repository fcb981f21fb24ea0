r"""YAML as a paper, a sheet or a file of givens may hold it: plain data, exact numbers, every value's line.

YAML 1.2 core schema with these differences, all of them so that nothing is misread in silence:

- a number with a point or an exponent keeps its text (`numerals.Numeral`), and so does an integer that is
  not written the usual way (`+3`, `007`); `0x1F`, `1_000` and `3/14` are text; `.inf` and `.nan` are refused;
- `?` is an ordinary character, for it marks the unknown: `{input: 55, kernel: ?}`;
- a name (the key of a mapping) is always text;
- anchors, aliases, merge keys, tags, directives, several documents and repeated names are refused, and so is
  a backslash in double quotes that may be meant as LaTeX (`"\theta"` would be a tab and `heta`);
- size, depth and number of values are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from workings.errors import InputError, echo, nearest
from workings.numerals import LONGEST_NUMERAL, Numeral

LARGEST_TEXT: Final = 2_000_000
DEEPEST: Final = 50
MOST_VALUES: Final = 200_000
"""Bounds on what one document can ask for: characters, levels of nesting, values."""

_LONGEST_FIELD: Final = 12  # parts of a path that a message spells out

YamlPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: names into mappings, positions from 0 into lists, e.g. `("given", "x", 2)`."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Everything YAML calls printable, less what some programs take for a line end and what nobody can see.
_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPE = re.compile(r"\\(?:(?P<fine>[\\\"/\n]|n(?![A-Za-z])|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})|.)", re.DOTALL)
_BACKSLASH: Final = "single quotes, 'as here', for text with a backslash, or two backslashes for one"
_QUOTES: Final = "text in quotes"
_BETWEEN: Final = "',' between the values and '{}' behind the last"
_SYNTAX: Final = (
    (r"found character '\\t'", "found a tab", "blanks"),
    (r"found character (.+) that cannot start", "found a value that begins with {0}", _QUOTES),
    (
        r"mapping values are not allowed",
        "found a ':' that does not belong to a name",
        "'name: value', indented like the line above; text with ': ' in quotes",
    ),
    (r"could not find expected ':'", "found {here}", "'name: value', with a blank after the ':'"),
    (
        r"expected ',' or '\]'",
        "found no ',' or ']' where the list{since} goes on or ends",
        _BETWEEN.format("]"),
    ),
    (
        r"expected ',' or '}'",
        "found no ',' or '}}' where the mapping{since} goes on or ends",
        _BETWEEN.format("}"),
    ),
    (
        r"behind.*expected <block end>",
        "found {rest} behind a value that has ended",
        "one value; text in quotes",
    ),
    (
        r"expected <block end>",
        "found {rest}, which does not line up with line {start}",
        "the names of a mapping, or the '-' of a list, one below the other",
    ),
    (r"expected the node content", "found {rest} where a value belongs", "a value"),
    (r"quoted scalar; found unexpected", "found a quotation mark that is never closed", "quotes in pairs"),
    (r"quoted scalar", "found a backslash in double quotes that stands for no character", _BACKSLASH),
    (r"an alias|an anchor", "found a value that begins with '*' or '&'", _QUOTES),
    (r"block scalar", "found '|' or '>' with text behind it", "the text on the lines below, indented"),
    (r"directive", "found a line that begins with '%'", "'#' before a comment; text in quotes"),
    (r"sequence entries", "found '- ' behind other text", "every '- ' of a list on a line of its own"),
)
"""What the parser says (a pattern), what a message says instead, and what would be accepted."""
# JSON writes a character beyond U+FFFF as two escapes.
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_STEP = re.compile(r"\[(\d{1,9})\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Located:
    """What was read, and where each part of it stands.

    Parameters
    ----------
    value: dict with text names, list, str, `Numeral`, int, bool or None, nested.
    lines: the line of each value by its path, counted in the enclosing file.
    file: the file's name for messages.
    """

    value: object
    lines: Mapping[YamlPath, int] = field(repr=False)
    file: str | None = None

    def line_of(self, path: YamlPath = ()) -> int:
        """The line of the value at `path` (for a mapping or list: of its name), else of what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def blame(self, error: InputError, path: YamlPath = ()) -> InputError:
        """`error`, placed at `path`; a field that it names already is taken to lie below."""
        inner = tuple(int(i) if i else name for i, name in _STEP.findall(error.place.field or ""))
        return error.at(file=self.file, line=self.line_of((*path, *inner)), field=field_name(path) or None)


def field_name(path: YamlPath) -> str:
    """The path as messages write it: `("given", "x", 2)` is `given.x[2]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path[:_LONGEST_FIELD])
    return text.removeprefix(".") + ("…" if len(path) > _LONGEST_FIELD else "")


def read_yaml(text: str, *, file: str | None = None, first_line: int = 1) -> Located:
    """The mapping or list that `text` holds.

    Parameters
    ----------
    text: YAML, of which JSON is a part.
    file: the file's name for messages.
    first_line: the line of the file on which `text` begins.

    Raises
    ------
    InputError: not YAML, or YAML that the rules at the top of this file refuse.
    """
    try:
        return Located(*_Reading(text, first_line).run(), file)
    except InputError as error:
        raise error.at(file=file) from None


def scalar(written: str) -> str | int | bool | None:
    """What a value without quotes stands for: text, number, true, false or nothing.

    Raises
    ------
    InputError: an infinity or not a number.
    """
    if written in _WORDS:
        return _WORDS[written]
    if _NOT_FINITE.fullmatch(written):
        raise InputError(f"found {written}", accepted="a finite number, or text in quotes")
    if _INTEGER.fullmatch(written) and len(written) <= LONGEST_NUMERAL:
        whole = int(written)
        return whole if str(whole) == written else Numeral(written)
    return Numeral(written) if _DECIMAL.fullmatch(written) else written


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    value: dict[str, object] | list[object]
    path: YamlPath
    name: str | None = None
    name_lines: dict[str, int] = field(default_factory=dict[str, int])


class _Reading:
    """Builds plain data from the parser's events, on a stack of its own: no depth can overflow it."""

    def __init__(self, text: str, first_line: int) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.first_line = first_line
        self.lines: dict[YamlPath, int] = {}
        self.open: list[_Open] = []
        self.roots: list[object] = []
        self.count = 0

    def run(self) -> tuple[object, dict[YamlPath, int]]:
        if len(self.text) > LARGEST_TEXT:
            raise InputError(f"found {len(self.text)} characters", accepted=f"at most {LARGEST_TEXT}")
        if bad := _UNPRINTABLE.search(self.text):
            line = self.first_line + self.text.count("\n", 0, bad.start())
            raise InputError(f"found the unprintable character {bad.group()!r}", accepted="plain text").at(
                line=line
            )
        for event in self._events():
            self._take(event)
        if not self.roots:
            raise InputError("found nothing", accepted="lines such as 'name: value'").at(line=self.first_line)
        return self.roots[0], self.lines

    def _events(self) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        yaml: Any = YAML(typ="safe", pure=True)
        yaml.Scanner = _scanner()
        try:
            yield from yaml.parse(self.text)
        except InputError:
            raise
        except MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (YAMLError, ValueError, OverflowError) as error:  # e.g. "\UFFFFFFFF", which has no character
            raise InputError(f"found text that is not YAML ({echo(str(error))})").at(
                line=self.first_line
            ) from None

    def _line(self, mark: Any) -> int:
        return self.first_line + int(mark.line)

    # Events

    def _take(self, event: Any) -> None:
        line = self._line(event.start_mark)
        try:
            match type(event).__name__:
                case "ScalarEvent":
                    self._refuse_decorations(event)
                    self._scalar(event, line)
                case "MappingStartEvent" | "SequenceStartEvent" as what:
                    self._refuse_decorations(event)
                    self._collection({} if what[0] == "M" else [], line)
                case "MappingEndEvent" | "SequenceEndEvent":
                    self.open.pop()
                case "AliasEvent":
                    self._refuse_alias(event)
                case "DocumentStartEvent":
                    self._document(event)
                case _:  # start and end of the stream, end of a document
                    pass
        except InputError as error:
            path = self._path() if self.open else ()
            raise error.at(line=line, field=field_name(path) or None) from None

    def _document(self, event: Any) -> None:
        if self.roots:
            raise InputError("found a second document after '---'", accepted="one document")
        if event.version or event.tags:
            raise InputError("found a directive (a line that begins with '%') above", accepted="none")

    def _refuse_alias(self, event: Any) -> None:
        accepted = "the value written out, or text in quotes"
        raise InputError(f"found the alias {echo('*' + event.anchor)}", accepted=accepted)

    def _refuse_decorations(self, event: Any) -> None:
        accepted = "the value alone, or text in quotes"
        if event.anchor is not None:
            raise InputError(f"found the anchor {echo('&' + event.anchor)}", accepted=accepted)
        if event.tag is not None:
            raise InputError(f"found the tag {echo(str(event.tag))}", accepted=accepted)

    def _path(self) -> YamlPath:
        """The way to the value that comes next."""
        top = self.open[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return top.path if top.name is None else (*top.path, top.name)

    def _collection(self, value: dict[str, object] | list[object], line: int) -> None:
        if len(self.open) == DEEPEST:
            raise InputError(f"found more than {DEEPEST} levels of nesting", accepted=f"at most {DEEPEST}")
        if self._name_is_due():
            raise InputError(
                f"found a {'list' if isinstance(value, list) else 'mapping'} where a name belongs",
                accepted="'name: value'; text with braces or brackets in quotes",
            )
        path = self._path() if self.open else ()
        self._place(value, line)
        self.open.append(_Open(value, path))

    def _scalar(self, event: Any, line: int) -> None:
        written = str(event.value)
        plain = event.style in (None, "")
        if not plain:
            written = self._quoted(event, written)
        if self._name_is_due():
            self._name(written, line, plain=plain)
            return
        if not self.open:
            blank = ", with a blank after the ':'" if ":" in written else ""
            first = self._source_line(line).strip()
            raise InputError(f"found {echo(first)}", accepted=f"lines such as 'name: value'{blank}")
        name = self.open[-1].name
        if plain and not written and name is not None and ":" in name:
            before, _, after = name.partition(":")
            self.open[-1].name = None
            raise InputError(
                f"found {echo(name)} without a value",
                accepted=f"a blank after the ':', as in {echo(f'{before}: {after}')}",
            )
        self._place(scalar(written) if plain else written, line)

    def _quoted(self, event: Any, written: str) -> str:
        source = self.text[event.start_mark.index : event.end_mark.index]
        if event.style == '"':
            for escape in _ESCAPE.finditer(source):
                if escape["fine"] is None:
                    line = self._line(event.start_mark) + source.count("\n", 0, escape.start())
                    raise InputError(f"found {escape.group()} in double quotes", accepted=_BACKSLASH).at(
                        line=line
                    )
            written = _SURROGATES.sub(_joined, written)
        if bad := _UNPRINTABLE.search(written):
            raise InputError(f"found the unprintable character {bad.group()!r}", accepted="plain text")
        return written

    # Data

    def _name_is_due(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].name is None

    def _name(self, name: str, line: int, *, plain: bool) -> None:
        top = self.open[-1]
        if plain and name == "":
            raise InputError("found a value without a name", accepted="'name: value'")
        if plain and name == "<<":
            raise InputError("found the merge key '<<'", accepted="the values written out")
        if name in top.name_lines:
            twice = f"found {echo(name)} twice, first on line {top.name_lines[name]}"
            raise InputError(twice, accepted="each name once")
        top.name = name
        top.name_lines[name] = line

    def _place(self, value: object, line: int) -> None:
        self.count += 1
        if self.count > MOST_VALUES:
            raise InputError(f"found more than {MOST_VALUES} values", accepted=f"at most {MOST_VALUES}")
        if not self.open:
            self.roots.append(value)
            self.lines[()] = line
            return
        top = self.open[-1]
        path = self._path()
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.name is not None:
            if value is None or isinstance(value, (dict, list)):  # nothing, or it begins on a later line
                line = top.name_lines[top.name]
            top.value[top.name] = value
            top.name = None
        self.lines[path] = line

    def _syntax(self, error: Any) -> InputError:
        """What the parser says, in the words of somebody who does not know the parser."""
        mark = error.problem_mark or error.context_mark
        line, start = self._line(mark), self._line(error.context_mark or mark)
        problem = str(error.problem or error.context)
        said = f"{error.context or ''}; {problem}"
        if "could not find expected ':'" in said or "quoted scalar" in said:
            line = start  # where the name or the quotation begins
        here = self._source_line(line)
        if here[: mark.column].strip():
            said = f"behind other text: {said}"
        parts = {
            "here": echo(here.strip()),
            "rest": echo(here[mark.column :].strip()),
            "since": f" opened on line {start}" if start != line else "",
            "start": start,
        }
        for pattern, found, accepted in _SYNTAX:
            if match := re.search(pattern, said):
                return InputError(found.format(*match.groups(), **parts), accepted=accepted).at(line=line)
        return InputError(f"found text that is not YAML ({problem})", accepted=_QUOTES).at(line=line)

    def _source_line(self, line: int) -> str:
        lines = self.text.split("\n")
        return lines[min(max(line - self.first_line, 0), len(lines) - 1)]


def _joined(pair: re.Match[str]) -> str:
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")


@cache
def _scanner() -> Any:
    """The parser's scanner, for which `?` is a character like any other (elsewhere it announces a name)."""
    from ruamel.yaml import scanner

    base: Any = scanner.Scanner

    def check_key(_: Any) -> bool:
        return False

    def check_plain(self: Any) -> bool:
        return self.reader.peek() == "?" or base.check_plain(self)

    return type("QuestionMarkIsText", (base,), {"check_key": check_key, "check_plain": check_plain})


def read_text_file(path: str | Path, limit: int = LARGEST_TEXT) -> str:
    """The text of a UTF-8 file, its lines ended by a line feed alone, without a byte order mark.

    Parameters
    ----------
    path: the file.
    limit: the largest size, in bytes.

    Raises
    ------
    InputError: no such file, a folder, not readable, empty, too large, or not text in UTF-8.
    """
    where = Path(path)
    try:
        return _decode(_bytes(where, limit))
    except InputError as error:
        raise error.at(file=str(path)) from None


def _bytes(where: Path, limit: int) -> bytes:
    try:
        with where.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        folder = where.parent
        beside = [item.name for item in folder.iterdir()] if folder.is_dir() else []
        near = tuple(str(folder / name) for name in nearest(where.name, beside))
        raise InputError("no such file", near=near) from None
    except IsADirectoryError:
        raise InputError("found a folder", accepted="a file") from None
    except PermissionError:
        raise InputError("the file may not be read (permission denied)") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(f"the file cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(data) > limit:
        raise InputError(f"the file is larger than {limit} bytes", accepted="a smaller file")
    return data


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("found text in UTF-16", accepted="text in UTF-8")
    if b"\0" in data:
        raise InputError("found a binary file", accepted="text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"found the byte 0x{data[error.start]:02x}, which is not UTF-8", accepted="text in UTF-8"
        ).at(line=data.count(b"\n", 0, error.start) + 1) from None
    if not text.strip():
        raise InputError("the file is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")
