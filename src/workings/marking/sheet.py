"""An answer sheet as it was handed in: the student, and the raw answers by block and quantity.

Files are cut into pieces, which cost little to make and to send; whoever marks a piece takes it apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from workings.errors import InputError, echo, nearest, unknown

LARGEST_SHEET: Final = 100_000
"""Characters of one sheet; the examination's, filled in, has 3 000."""
LARGEST_PARSED: Final = 50_000
"""Characters of one sheet in a layout for which it takes a YAML parser, at ten seconds a million."""
DEEPEST_ANSWER: Final = 20
LONGEST_NAME: Final = 200

Raw: TypeAlias = object
"""An answer as written: None, text, `Numeral`, int, bool, or nested lists of these."""
Answers: TypeAlias = Mapping[str, Mapping[str, Raw]]
LineOf: TypeAlias = Callable[[tuple[str, ...]], int]
"""The line of an answer, by the way to it: `("answers", "q2b", "u_1")`."""

EXAMPLE: Final = "{student: s01, answers: {q2b: {u_1: [1.3, -4.7, 3.6]}}}"

UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one student handed in.

    Parameters
    ----------
    answers: raw answers, exactly as written, by block and quantity; what was left out is missing.
    file, line: where the sheet begins.
    """

    student: str
    answers: Answers
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A sheet that can't be marked; `student` is None where not even the name can be read."""

    file: str
    line: int | None
    student: str | None
    error: InputError

    @property
    def size(self) -> int:
        """See `Piece.size`."""
        return 0

    def sheets(self, _rules: Rules) -> Iterator[Sheet | Broken]:
        """See `Piece.sheets`: what could not be cut out is a piece as it is."""
        yield self


@dataclass(frozen=True, slots=True)
class Rules:
    """What a reader has to know of the paper: its decimal mark, and its quantities by block."""

    decimal_mark: Literal[".", ","] = "."
    known: Mapping[str, tuple[str, ...]] | None = None
    columns: frozenset[str] = field(default=frozenset(), compare=False)


class Piece(Protocol):
    """The text of one sheet, or of a few that can't be told apart without reading them."""

    @property
    def size(self) -> int:
        """Its length in characters."""
        ...

    def sheets(self, rules: Rules, /) -> Iterator[Sheet | Broken]:
        """The sheets that it holds."""
        ...


def check_student(written: object, *, otherwise: str | None = None) -> str:
    """The student's name; `otherwise` stands in where it was left out.

    Raises
    ------
    InputError: no name, or one that is not a line of text.
    """
    if isinstance(written, (bool, list, dict)):
        raise InputError(f"found {echo(written)}", accepted="the student's name or number").at(
            field="student"
        )
    name = "" if written is None else " ".join(str(written).split())
    if not name:
        if otherwise is None:
            raise InputError("found no student", accepted=f"a sheet such as {EXAMPLE}").at(field="student")
        return otherwise
    if len(name) > LONGEST_NAME or UNPRINTABLE.search(name):
        accepted = f"a name of at most {LONGEST_NAME} printable characters"
        raise InputError(f"found {echo(name)}", accepted=accepted).at(field="student")
    return name


def check_answers(written: object, rules: Rules, line_of: LineOf) -> Answers:
    """The answers by block and quantity.

    Raises
    ------
    InputError: not blocks with quantities with answers, a block or a quantity that the paper has not, an
        answer that is a mapping or nested too deep.
    """
    found: dict[str, dict[str, Raw]] = {}
    for block, quantities in _mapping(written, ("answers",), line_of).items():
        path = ("answers", block)
        if rules.known is not None and block not in rules.known:
            raise unknown("question", block, rules.known).at(line=line_of(path), field="answers")
        inner = _mapping(quantities, path, line_of)
        for name, raw in inner.items():
            check_quantity(rules, block, name, line_of)
            if not isinstance(raw, str) and not _is_answer(raw):
                raise InputError(f"found {echo(raw)}", accepted="a number, text, or lists of them").at(
                    line=line_of((*path, name)), field=".".join((*path, name))
                )
        found[block] = inner
    return found


def check_quantity(rules: Rules, block: str, name: str, line_of: LineOf) -> None:
    """Refuse a quantity that the block has not."""
    if rules.known is not None and name not in rules.known[block]:
        error = unknown("quantity", name, rules.known[block])
        if not error.near:
            others = {f"{other}.{label}" for other, labels in rules.known.items() for label in labels}
            error.near = nearest(name, (other for other in others if other.endswith(f".{name}")))
        raise error.at(line=line_of(("answers", block, name)), field=f"answers.{block}")


def _mapping(written: object, path: tuple[str, ...], line_of: LineOf) -> dict[str, Any]:
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise InputError(f"found {echo(written)}", accepted=f"names with answers, as in {EXAMPLE}").at(
            line=line_of(path), field=".".join(path)
        )
    return cast("dict[str, Any]", written)


def _is_answer(raw: object) -> bool:
    """Whether an answer holds nothing but lists of scalars, without recursion."""
    level = [raw]
    for _ in range(DEEPEST_ANSWER):
        lists = [cast("list[object]", item) for item in level if isinstance(item, list)]
        if any(not isinstance(item, (list, str, int, type(None))) for item in level):
            return False
        if not lists:
            return True
        level = [part for item in lists for part in item]
    return False
