"""A paper: Markdown with a YAML header and fenced blocks, read once, with the line of everything.

Every character of the text belongs to the header, to a block or to the prose between them, so a paper can be
written back exactly, and one block can be rewritten while all else stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from workings import discovery
from workings.errors import InputError, echo, nearest, unknown
from workings.papers.fences import KINDS, Fence, Kind, find_blocks
from workings.papers.fields import BLOCKS, HEADER, check_fields
from workings.papers.yaml_writer import write_yaml
from workings.yaml_reader import LARGEST_TEXT, Located, YamlPath, read_text_file, read_yaml

Rounding: TypeAlias = Literal["steps", "end"]
Ties: TypeAlias = Literal["half-up", "half-even"]

_LONGEST_CHAIN = 8  # links of a wrong chain that a message spells out

_HEADER_FENCE = re.compile(r"---[ \t]*\n?")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEADER_END = re.compile(r"(?:---|\.\.\.)[ \t]*\n?")


@dataclass(frozen=True)
class Precision:
    """How a number is shown and marked: to `decimals` places, or `significant` figures, or as it comes.

    Intermediate values may be rounded too (`steps`) or only results (`end`); `ties` is where a value halfway
    between two goes.
    """

    decimals: int | None = None
    significant: int | None = None
    rounding: Rounding = "steps"
    ties: Ties = "half-up"


@dataclass(frozen=True)
class Header:
    """What the paper says about itself; `source` is the header's own text, fences included."""

    title: str = ""
    decimals: int | None = None
    significant: int | None = None
    rounding: Rounding = "steps"
    ties: Ties = "half-up"
    lang: str = "en"
    decimal_mark: Literal[".", ","] = "."
    thousands: Literal[" ", ".", "'"] | None = None
    date: str | None = None
    author: str | None = None
    course: str | None = None
    source: str = field(default="", repr=False)


@dataclass(frozen=True)
class Prose:
    """Text between blocks, exactly as written."""

    text: str
    line: int

    @property
    def source(self) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True)
class Block:
    """A question, study or claim.

    Parameters
    ----------
    kind: which of the three.
    name: the `#id`, unique in the paper.
    marks: what it is worth, where the paper says so.
    fields: what the block says, as plain data.
    line: the line of its opening fence.
    located: the same data with the line of each part.
    source: the block's own text, fences included.
    checked: the fields in the form that `papers.fields` gives them.
    """

    kind: Kind
    name: str
    marks: Fraction | None
    fields: Mapping[str, object]
    line: int
    located: Located = field(repr=False)
    source: str = field(repr=False)
    checked: Mapping[str, object] = field(repr=False)

    @property
    def item(self) -> str:
        """The name of the question, study or claim that does the work, and of its file."""
        return cast("str", self.checked[_item_field(self.kind)])

    @property
    def ask(self) -> tuple[str, ...]:
        """The quantities that are asked; empty where the block leaves it to the question."""
        return cast("tuple[str, ...]", self.checked.get("ask", ()))

    @property
    def show(self) -> tuple[str, ...]:
        """What is to be shown."""
        return cast("tuple[str, ...]", self.checked.get("show", ()))

    @property
    def weights(self) -> Mapping[str, Fraction]:
        """Marks by quantity."""
        return cast("Mapping[str, Fraction]", self.checked.get("weights", {}))

    @property
    def title(self) -> str | None:
        """A heading of its own."""
        return cast("str | None", self.checked.get("title"))

    @property
    def note(self) -> str | None:
        """A remark printed with it."""
        return cast("str | None", self.checked.get("note"))

    def blame(self, error: InputError, path: YamlPath = ()) -> InputError:
        """`error` with file, line and field of the value at `path`, e.g. `("given", "x", 2)`.

        A field that the error names already (`given.x`, `x[2]`) is taken to lie below `path`.
        """
        return self.located.blame(error, path).at(field=self.name)


Part = Prose | Block


@dataclass(frozen=True)
class Paper:
    """A document: its header and, in order, everything below it.

    Parameters
    ----------
    header: what stands between the `---` lines, or the defaults.
    parts: prose and blocks; their sources behind the header's are the text again.
    file: the file's name, for messages.
    text: the whole text.
    """

    header: Header
    parts: tuple[Part, ...]
    file: str | None
    text: str = field(repr=False)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The questions, studies and claims, in order."""
        return tuple(part for part in self.parts if isinstance(part, Block))

    @property
    def questions(self) -> tuple[Block, ...]:
        """The questions, in order."""
        return tuple(block for block in self.blocks if block.kind == "question")

    @cached_property
    def _by_name(self) -> Mapping[str, Block]:
        return {block.name: block for block in self.blocks}

    def block(self, name: str) -> Block:
        """The block of that name.

        Raises
        ------
        InputError: there is none; near names are offered.
        """
        if name not in self._by_name:
            raise unknown("block", name, self._by_name).at(file=self.file)
        return self._by_name[name]


def read(path: str | Path) -> Paper:
    """The paper in a file.

    Raises
    ------
    InputError: the file cannot be read as text, or the text not as a paper.
    """
    return parse(read_text_file(path), str(path))


def parse(text: str, file: str | None = None) -> Paper:
    """The paper that `text` holds.

    Parameters
    ----------
    text: Markdown; line ends of any system become line feeds.
    file: the file's name, for messages.

    Raises
    ------
    InputError: with file, line and field, what was found and what would be accepted.
    """
    try:
        return _paper(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), file)
    except InputError as error:
        raise error.at(file=file) from None


def render(paper: Paper) -> str:
    """The text of the paper, put together again from its parts."""
    return paper.header.source + "".join(part.source for part in paper.parts)


def replace_block(paper: Paper, name: str, new_fields: Mapping[str, object]) -> Paper:
    """The paper with the YAML of one block rewritten and every other character as it was."""
    return replace_blocks(paper, {name: new_fields})


def replace_blocks(paper: Paper, new_fields: Mapping[str, Mapping[str, object]]) -> Paper:
    """The paper with the YAML of several blocks rewritten and every other character as it was.

    Parameters
    ----------
    new_fields: by name of the block, all its fields in the order in which they are to stand.

    Raises
    ------
    InputError: no such block, or fields that a block may not have.
    """
    for name in new_fields:
        paper.block(name)
    pieces = [paper.header.source]
    for part in paper.parts:
        if isinstance(part, Block) and part.name in new_fields:
            lines = part.source.split("\n")
            closing = len(lines) - (2 if part.source.endswith("\n") else 1)
            body = write_yaml(new_fields[part.name])
            pieces.append("\n".join([lines[0], body + "\n".join(lines[closing:])]))
        else:
            pieces.append(part.source)
    return parse("".join(pieces), paper.file)


def precision(paper: Paper, block: Block) -> Precision:
    """How the block's numbers are shown: its own fields, else the paper's."""
    own, general = block.checked, vars(paper.header)
    places = own if "decimals" in own or "significant" in own else general
    return Precision(
        decimals=cast("int | None", places.get("decimals")),
        significant=cast("int | None", places.get("significant")),
        rounding=cast("Rounding", own.get("rounding", general["rounding"])),
        ties=cast("Ties", own.get("ties", general["ties"])),
    )


def chain(paper: Paper, block: Block) -> tuple[Block, ...]:
    """The block, the one it takes its givens from (`from:`), the one that takes its from, and so on."""
    links = [block]
    while (source := links[-1].checked.get("from")) is not None:
        links.append(paper.block(cast("str", source)))
    return tuple(links)


def givens(paper: Paper, block: Block) -> dict[str, object]:
    """The givens of a question: its own, and those of the blocks it builds on that it does not set anew."""
    merged: dict[str, object] = {}
    for link in reversed(chain(paper, block)):
        merged.update(cast("Mapping[str, object]", link.checked.get("given", {})))
    return merged


def blame(paper: Paper, block: Block, error: InputError, path: YamlPath = ()) -> InputError:
    """As `Block.blame`, with the line of an inherited given where it stands: in the block it comes from."""
    inner = (error.place.field or "").replace("[", ".").split(".")
    steps = [str(part) for part in path] + [part for part in inner if part]
    if len(steps) > 1 and steps[0] == "given":
        for link in chain(paper, block):
            if ("given", steps[1]) in link.located.lines:
                line = link.located.blame(InputError("", place=error.place), path).place.line
                return block.blame(error.at(line=line), path)
    return block.blame(error, path)


def check_names(paper: Paper, kinds: Collection[Kind] = KINDS) -> None:
    """Refuse a block whose question, study or claim has no file.

    Parameters
    ----------
    kinds: the kinds of block that are looked at.

    Raises
    ------
    InputError: no file bears the name; near ones are offered.
    """
    for block in paper.blocks:
        if block.kind in kinds:
            package, _ = discovery.ITEMS[block.kind]
            listed = discovery.names(package)
            if block.item not in listed:
                raise block.blame(unknown(block.kind, block.item, listed), (_item_field(block.kind),))


def _item_field(kind: Kind) -> str:
    return next(iter(BLOCKS[kind]))


def _paper(text: str, file: str | None) -> Paper:
    if not text.strip():
        raise InputError("the paper is empty", accepted="Markdown")
    if len(text) > LARGEST_TEXT:
        raise InputError(f"found {len(text)} characters", accepted=f"at most {LARGEST_TEXT}")
    if "\0" in text:
        raise InputError("found a binary file", accepted="text").at(
            line=text.partition("\0")[0].count("\n") + 1
        )
    lines = cast("list[str]", _LINE.findall(text))
    header, first = _header(lines, file)
    # The header's lines stay as empty ones, so that lines count from the top of the file.
    fences = find_blocks(["\n"] * first + lines[first:])
    paper = Paper(header, _parts(lines, first, fences, file), file, text)
    _check_chains(paper)
    return paper


def _header(lines: list[str], file: str | None) -> tuple[Header, int]:
    """The header, and the line (from 0) on which the rest begins."""
    first = next(index for index, line in enumerate(lines) if line.strip())
    if not _HEADER_FENCE.fullmatch(lines[first]):
        return Header(), 0
    ends = (index for index in range(first + 1, len(lines)) if _HEADER_END.fullmatch(lines[index]))
    end = next(ends, None)
    if end is None:
        raise InputError("found no end of the header", accepted="a line --- below it").at(line=first + 1)
    source = "".join(lines[: end + 1])
    body = "".join(lines[first + 1 : end])
    if not re.sub(r"#.*", "", body).strip():
        return Header(source=source), end + 1
    located = read_yaml(body, file=file, first_line=first + 2)
    said: dict[str, Any] = check_fields(located, HEADER, "the header")
    if "thousands" in said and said["thousands"] == said.get("decimal_mark", Header.decimal_mark):
        raise located.blame(
            InputError("found the decimal mark between thousands", accepted="two different marks"),
            ("thousands",),
        )
    return Header(**said, source=source), end + 1


def _parts(lines: list[str], first: int, fences: tuple[Fence, ...], file: str | None) -> tuple[Part, ...]:
    parts: list[Part] = []
    position = first
    for fence in fences:
        if position < fence.first:
            parts.append(Prose("".join(lines[position : fence.first]), position + 1))
        parts.append(_block(fence, "".join(lines[fence.first : fence.end]), file))
        position = fence.end
    if position < len(lines):
        parts.append(Prose("".join(lines[position:]), position + 1))
    return tuple(parts)


def _block(fence: Fence, source: str, file: str | None) -> Block:
    line = fence.first + 1
    try:
        located, checked = _content(fence, file)
    except InputError as error:
        raise error.at(line=line, field=fence.name) from None
    said = cast("dict[str, object]", located.value)
    return Block(fence.kind, fence.name, fence.marks, said, line, located, source, checked)


def _content(fence: Fence, file: str | None) -> tuple[Located, dict[str, object]]:
    required = _item_field(fence.kind)
    if not fence.body.strip():
        raise InputError("the block is empty", accepted=f"lines such as '{required}: ...'")
    located = read_yaml(fence.body, file=file, first_line=fence.first + 2)
    checked = check_fields(located, BLOCKS[fence.kind], f"a {fence.kind}")
    if required not in checked:
        raise InputError(f"found no '{required}:'", accepted=f"a line '{required}: ...' in a {fence.kind}")
    return located, checked


def _check_chains(paper: Paper) -> None:
    """Every `from:` names an earlier question."""
    earlier: dict[str, Block] = {}
    for block in paper.questions:
        source = cast("str | None", block.checked.get("from"))
        if source is not None and source not in earlier:
            raise block.blame(_bad_source(paper, block, source, list(earlier)), ("from",))
        earlier[block.name] = block


def _bad_source(paper: Paper, block: Block, source: str, earlier: list[str]) -> InputError:
    accepted = (
        f"an earlier question: {', '.join(earlier)}"
        if earlier
        else "givens of its own, for no question stands above"
    )
    named = {other.name: other for other in paper.blocks}
    if source not in named:
        return InputError(
            f"unknown question {echo(source)}", accepted=accepted, near=nearest(source, earlier)
        )
    if named[source].kind != "question":
        return InputError(f"found {source}, which is a {named[source].kind}", accepted=accepted)
    links, seen = [block], set[str]()
    while links[-1].name not in seen and (step := links[-1].checked.get("from")) in named:
        seen.add(links[-1].name)
        links.append(named[cast("str", step)])
    way = " → ".join(f"{link.name} (line {link.line})" for link in links[:_LONGEST_CHAIN])
    turn = "goes round in a circle" if links[-1].name in seen else "stands further down"
    return InputError(f"found {source}, which {turn}: {way}", accepted=accepted)
