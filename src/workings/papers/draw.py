"""Variants of a paper: the same questions with other numbers, each with its key.

What a question is about stays (options, letters, unknowns, the sizes of its lists); its numbers are drawn
anew, so that every slip that would show in the paper's own answers shows in the variant's. Questions that
share their givens (`from:`) stay together. A copy depends on the seed and its own number alone, so a longer
run begins with the copies of a shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Final, cast

import numpy as np

from workings import discovery
from workings.algebra.digits import plain, rounded_value
from workings.algebra.rounding import spell
from workings.errors import InputError
from workings.files import make_folder, write_file
from workings.marking.key import Key
from workings.numerals import Numeral, number, places
from workings.papers.document import Block, Paper, chain, parse, replace_blocks
from workings.papers.document import render as render_paper
from workings.papers.solving import Solved, solve_block
from workings.papers.yaml_writer import write_yaml
from workings.question import Question
from workings.solution import Solution, check_quantities, solve

Progress = Callable[[str], None]
Hidden = Mapping[str, AbstractSet[tuple[str, str]]]
"""For each question the slips that its answers can't show, by quantity."""

ATTEMPTS: Final = 60
"""Draws for one question before its own numbers are kept."""
ENOUGH_UNCHANGED: Final = 5
"""Draws that changed nothing, after which a question has no numbers to change."""


@dataclass(frozen=True)
class Copy:
    """One variant: the paper without its keys, the answers, and the questions that kept their own numbers."""

    paper: Paper
    answers: Mapping[str, Mapping[str, Any]]
    kept: tuple[str, ...]


def draw(paper: Paper, copies: int, seed: int, progress: Progress | None = None) -> Iterator[Copy]:
    """`copies` variants, one after the other.

    Raises
    ------
    InputError: a question of the paper itself can't be solved, or `copies` is not a positive number.
    """
    if not 1 <= copies <= 10_000:
        raise InputError(f"{copies} copies", accepted="1 to 10000")
    hidden = {block.name: _hidden(solve_block(paper, block).solution) for block in paper.questions}
    for i in range(1, copies + 1):
        yield _copy(paper, seed, i, hidden)
        if progress:
            progress(f"copy {i}")


def write(
    paper: Paper, copies: int, seed: int, folder: Path, progress: Progress | None = None
) -> tuple[list[Path], dict[str, int]]:
    """Draw and write `NAME-01.md` and `NAME-01.key.yaml`, ... into a folder.

    Returns the files, and for each question that kept its own numbers in some copies, in how many.
    """
    stem = Path(paper.file or "paper").stem
    width = max(2, len(str(copies)))
    written: list[Path] = []
    kept: dict[str, int] = {}
    for i, copy in enumerate(draw(paper, copies, seed, progress), start=1):
        make_folder(folder)
        name = f"{stem}-{i:0{width}d}"
        for suffix, text in (
            (".md", render_paper(copy.paper)),
            (".key.yaml", write_yaml({"answers": copy.answers})),
        ):
            to = folder / f"{name}{suffix}"
            write_file(to, text.encode())
            written.append(to)
        for question in copy.kept:
            kept[question] = kept.get(question, 0) + 1
    return written, kept


def _copy(paper: Paper, seed: int, index: int, hidden: Hidden) -> Copy:
    fields: dict[str, Mapping[str, object]] = {}
    kept: list[str] = []
    for block in paper.questions:
        own = {name: value for name, value in block.fields.items() if name != "key"}
        fields[block.name] = own
    bare = parse(_without_remarks(render_paper(replace_blocks(paper, fields))), paper.file)
    for block in bare.questions:
        if len(chain(bare, block)) > 1:
            continue
        random = Random(f"{seed}/{index}/{block.name}")  # noqa: S311  no secrets
        varied = _varied(bare, bare.block(block.name), random, hidden)
        if varied is None:
            kept.append(block.name)
        else:
            bare = varied
    answers = {block.name: _answers(solve_block(bare, bare.block(block.name))) for block in bare.questions}
    return Copy(bare, answers, tuple(kept))


def _without_remarks(text: str) -> str:
    """The text without what quotations say on the printed key: it is gone, and spoke of other numbers."""
    kept: list[str] = []
    dropping = False
    for line in text.split("\n"):
        if line.startswith("> **On the printed key.**"):
            dropping = True
        elif line.strip() in ("", ">") or not line.startswith(">"):
            dropping = False
        if not dropping:
            kept.append(line)
    return "\n".join(kept)


def _answers(solved: Solved) -> dict[str, Any]:
    """The answers as an answer sheet would have them: numbers at the places asked for, formulas as text."""
    solution = solved.solution
    return {name: sheet_value(solution, name) for name in solution.ask}


def sheet_value(solution: Solution, name: str) -> Any:
    """One answer as an answer sheet would have it."""
    quantity = solution.quantities[name]
    value = quantity.hand if quantity.hand is not None else quantity.value
    if value is None:
        return solution.lines[name].formula["text"]
    return _written(value, solution)


def _written(value: Any, solution: Solution) -> Any:
    if isinstance(value, np.ndarray):
        return [_written(part, solution) for part in value]
    exact = plain(value)
    if isinstance(exact, (int, str)):
        return exact
    rounded = rounded_value(value, solution.places)
    return (
        exact if rounded is None else Numeral(spell(rounded, max(0, solution.places.decimals_for(rounded))))
    )


def _varied(paper: Paper, block: Block, random: Random, hidden: Hidden) -> Paper | None:
    """The paper with this block's numbers drawn anew, checked with every block that builds on it."""
    question = cast("Question", discovery.load("workings.questions", block.item, "QUESTION"))
    given = cast("Mapping[str, object]", block.checked.get("given", {}))
    family = [other for other in paper.questions if chain(paper, other)[-1].name == block.name]
    unchanged = 0
    for _ in range(ATTEMPTS):
        changed = _changed(given, question.vary(random), random)
        unchanged += changed == given
        if unchanged > ENOUGH_UNCHANGED:  # letters only: there is nothing to draw
            return None
        if changed != given and _works(paper, family, changed):
            candidate = replace_blocks(paper, {block.name: {**block.fields, "given": changed}})
            names = [other.name for other in family]
            found = (_hidden(solve_block(candidate, candidate.block(name)).solution) for name in names)
            if all(one <= hidden[name] for name, one in zip(names, found, strict=True)):
                return candidate
    return None


def _hidden(solution: Solution) -> AbstractSet[tuple[str, str]]:
    """The slips that an answer could not show, since what they give rounds to nearly the same.

    A variant may have those of the paper's own numbers (a normalisation's ε is small by design), no others.
    """
    key = Key(solution)
    return {(name, slip) for name in solution.ask for slip in key.clouded(name)}


def _works(paper: Paper, family: list[Block], changed: Mapping[str, object]) -> bool:
    """Whether every question of the family can be solved with the changed givens; each set is solved once."""
    solved: dict[str, Solution] = {}
    for other in family:
        merged = dict(changed)
        for link in reversed(chain(paper, other)[:-1]):
            merged.update(cast("Mapping[str, object]", link.checked.get("given", {})))
        try:
            key = f"{other.item} {merged}"
            if key not in solved:
                solved[key] = solve(other.item, merged)
                _ = solved[key].values
            check_quantities(solved[key].working, other.ask)
        except InputError:
            return False
    return True


def _changed(given: Mapping[str, object], drawn: Mapping[str, object], random: Random) -> dict[str, object]:
    """`given` with numbers from the question's own draw where they have its form, else moved a little."""
    return {
        name: drawn[name] if name in drawn and _alike(value, drawn[name]) else _moved(value, random)
        for name, value in given.items()
    }


def _alike(a: object, b: object) -> bool:
    """Whether two values are numbers, or lists of the same lengths, written in the same way."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int) and isinstance(b, int):
        return (a in (0, 1)) == (b in (0, 1))
    return _is_decimal(a) and _is_decimal(b)


def _is_decimal(value: object) -> bool:
    return isinstance(value, str) and places(value) is not None


def _is_range(parts: list[object]) -> bool:
    """Whether a list counts: 0, 1, 2, ... are places and no data."""
    return (
        len(parts) > 1
        and all(type(part) is int for part in parts)
        and parts == list(range(cast("int", parts[0]), cast("int", parts[0]) + len(parts)))
    )


def _moved(value: object, random: Random) -> object:
    """The same form with other numbers: decimals keep their places, counts stay close, 0 and 1 stay."""
    if isinstance(value, list):
        parts = cast("list[object]", value)
        return value if _is_range(parts) else [_moved(part, random) for part in parts]
    if isinstance(value, dict):
        return {key: _moved(part, random) for key, part in cast("dict[str, object]", value).items()}
    if isinstance(value, int) and not isinstance(value, bool) and value not in (0, 1):
        return max(2, value + random.randint(-2, 2)) if value > 0 else value + random.randint(-2, 2)
    if isinstance(value, str) and _is_decimal(value):
        digits = places(value) or 0
        exact = number(value)
        bound = max(abs(exact), Fraction(1))
        units = int(bound * 10**digits)
        return Numeral(f"{random.randint(-units if exact < 0 else 0, units) / 10**digits:.{digits}f}")
    return value
