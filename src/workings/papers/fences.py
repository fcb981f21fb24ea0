"""Where a paper's blocks begin and end, by CommonMark's own rules, and what their opening lines say.

Whatever looks like a block but would pass for prose (in a list, behind HTML, swallowed by a fence that nobody
closed) is an error: a question must not vanish in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from workings.errors import InputError, echo, nearest, unknown
from workings.papers.fields import marks as read_marks

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind: TypeAlias = Literal["question", "study", "claim"]
KINDS: Final[tuple[Kind, ...]] = ("question", "study", "claim")
MOST_BLOCKS: Final = 1000
OPENING: Final = "```{.question #q2b marks=4}"
"""The opening line of a block, as messages show it."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_FENCE = re.compile(r" {0,3}(?P<marker>`{3,}|~{3,})(?P<info>.*)")
# A fence wherever it may stand by mistake: indented, in a list, in a quotation.
_FENCE_ANYWHERE = re.compile(r"[ \t>*+\-0-9.)]*(?P<marker>`{3,}|~{3,})(?P<info>.*)")
_ATTRIBUTE = re.compile(
    r"""\.(?P<kind>[\w-]*)|\#(?P<name>[^\s"'=]*)|(?P<key>[\w-]+)=(?P<value>"[^"]*"|'[^']*'|[^\s"']*)|\S+"""
)


@dataclass(frozen=True, slots=True)
class Fence:
    """One block's place: its opening line is `first` (from 0), the line behind its closing fence is `end`."""

    kind: Kind
    name: str
    marks: Fraction | None
    first: int
    end: int
    body: str


def find_blocks(lines: Sequence[str]) -> tuple[Fence, ...]:
    """The blocks among the `lines` of a document, in order.

    Raises
    ------
    InputError: an opening line that is not understood, a block that is not closed or that Markdown does not
        take for one, a name used twice, more than `MOST_BLOCKS` blocks.
    """
    found: list[Fence] = []
    accounted: set[int] = set()
    for token in _parser().parse("".join(lines)):
        first, end = token.map or (0, 0)
        if token.type == "fence":
            accounted.update(range(first, end))
            if token.level == 0 and _means_block(token.info):
                found.append(_block(token, lines))
            elif not _means_block(token.info):
                _check_code(token, lines)
            else:
                accounted.discard(first)
        elif token.type == "html_block" and token.content.lstrip().startswith("<!--"):
            accounted.update(range(first, end))
    for index, line in enumerate(lines):
        fence = _FENCE_ANYWHERE.match(line)
        if fence and index not in accounted and _means_block(fence["info"]):
            raise _misplaced(fence).at(line=index + 1)
    _check_names(found)
    return tuple(found)


def _misplaced(fence: re.Match[str]) -> InputError:
    if "`" in fence["info"]:
        return InputError("found a backtick in the opening line of a block", accepted=OPENING)
    return InputError(
        "found a block that Markdown does not read as one, for it is indented "
        "or within a list, a quotation or HTML",
        accepted=f"a line {OPENING} at the left margin, below an empty line",
    )


@cache
def _parser() -> MarkdownIt:
    """CommonMark's block structure; what stands within a paragraph is left to the writers."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _means_block(info: str) -> bool:
    """Whether what follows a fence is meant as a block of ours, rightly spelt or not."""
    info = info.strip()
    if not info.startswith("{"):
        word = re.match(r"\.?(\w+)", info)
        return word is not None and word[1].lower() in KINDS
    words = re.findall(r"\.[\w-]+|^\{\s*[\w-]+", info)
    plain = (re.sub(r"\W", "", word).lower()[:40] for word in words)
    return "marks=" in info or any(get_close_matches(word, KINDS, n=1, cutoff=0.66) for word in plain)


def _block(token: Token, lines: Sequence[str]) -> Fence:
    first, end = cast("list[int]", token.map)
    try:
        kind, name, marks = _attributes(token.info.strip())
    except InputError as error:
        raise error.at(line=first + 1) from None
    missing = InputError("found no end of this block", accepted=f"a line {token.markup} below it")
    for index in range(first + 1, end):
        inner = _FENCE.match(lines[index])
        if inner and (lines[index][0] in "`~" or _means_block(inner["info"])) and not _closes(token, inner):
            missing.problem += f" before the fence on line {index + 1}"
            raise missing.at(line=first + 1, field=name)
    if not _is_closed(token, lines):
        raise missing.at(line=first + 1, field=name)
    return Fence(kind, name, marks, first, end, token.content)


def _closes(token: Token, fence: re.Match[str]) -> bool:
    return fence["marker"].startswith(token.markup) and not fence["info"].strip()


def _is_closed(token: Token, lines: Sequence[str]) -> bool:
    first, end = cast("list[int]", token.map)
    last = _FENCE.match(lines[end - 1])
    return end - 1 > first and last is not None and _closes(token, last)


def _check_code(token: Token, lines: Sequence[str]) -> None:
    """A code fence is prose, but one that nobody closed must not swallow the blocks below it.

    A longer fence around a block shows it as an example, and is fine when it is closed.
    """
    first, end = cast("list[int]", token.map)
    for index in range(first + 1, end):
        inner = _FENCE_ANYWHERE.match(lines[index])
        if inner and _means_block(inner["info"]):
            within = inner["marker"].startswith(token.markup)
            if within or (token.level == 0 and not _is_closed(token, lines)):
                raise InputError(
                    f"found no end of this code before the block on line {index + 1}",
                    accepted=f"a line {token.markup} below the code",
                ).at(line=first + 1)


def _attributes(info: str) -> tuple[Kind, str, Fraction | None]:
    """Kind, name and marks from the braces of an opening line."""
    if not re.fullmatch(r"\{[^{}]*\}", info):
        raise InputError(f"found {echo(info)} behind the fence", accepted=OPENING)
    found: dict[str, str] = {}
    for part in _ATTRIBUTE.finditer(info[1:-1]):
        what, written = _attribute(part)
        if what in found:
            raise InputError(f"found the {what} twice in one opening line", accepted=OPENING)
        found[what] = written
    if "kind" not in found:
        raise InputError("found no kind of block", accepted=OPENING)
    if "name" not in found:
        raise InputError(f"found a {found['kind']} without a name", accepted=f"an #id, as in {OPENING}")
    try:
        marks = read_marks(found["marks"]) if "marks" in found else None
    except InputError as error:
        raise error.at(field=f"{found['name']}.marks") from None
    return cast("Kind", found["kind"]), found["name"], marks


def _attribute(part: re.Match[str]) -> tuple[str, str]:
    """Which attribute one word between the braces gives, and its value."""
    if part["kind"] is not None:
        if part["kind"] not in KINDS:
            raise unknown("kind of block", part["kind"], KINDS)
        return "kind", part["kind"]
    if part["name"] is not None:
        if not _NAME.fullmatch(part["name"]):
            accepted = "letters, digits, _ and -, a letter first, as in #q2b"
            raise InputError(f"found the name {echo('#' + part['name'])}", accepted=accepted)
        return "name", part["name"]
    if part["key"] is None:
        near = [f".{kind}" for kind in nearest(part.group(), KINDS, 1)]
        raise InputError(f"found {echo(part.group())} between the braces", accepted=OPENING, near=near)
    if part["key"] != "marks":
        near = nearest(part["key"], ["marks"])
        raise InputError(f"unknown attribute {echo(part['key'])}", accepted="marks=4", near=near)
    return "marks", part["value"].strip("\"'")


def _check_names(found: Sequence[Fence]) -> None:
    seen: dict[str, int] = {}
    for count, fence in enumerate(found, 1):
        if fence.name in seen:
            raise InputError(
                f"found the name '#{fence.name}' twice, first on line {seen[fence.name]}",
                accepted="a name of its own for every block",
            ).at(line=fence.first + 1)
        seen[fence.name] = fence.first + 1
        if count > MOST_BLOCKS:
            raise InputError(f"found more than {MOST_BLOCKS} blocks", accepted=f"at most {MOST_BLOCKS}").at(
                line=fence.first + 1
            )
