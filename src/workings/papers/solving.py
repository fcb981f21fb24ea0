"""The questions of a paper, solved: one `Solution` a block, with the paper's own rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from workings.algebra.expression import names_in
from workings.algebra.lines import Line
from workings.errors import InputError
from workings.papers.document import Block, Paper, blame, chain, givens, precision
from workings.solution import Solution, check_quantities, solve

DEFAULT_DECIMALS = 4


@dataclass(frozen=True)
class Solved:
    """A question block and its solution."""

    block: Block
    solution: Solution

    @property
    def key(self) -> Mapping[str, object]:
        """The printed key, quantity by quantity; empty where the paper prints none."""
        return cast("Mapping[str, object]", self.block.checked.get("key", {}))


def solve_block(paper: Paper, block: Block) -> Solved:
    """Solve one question.

    Raises
    ------
    InputError: with the file, the line and the field of the block that is at fault.
    """
    given = givens(paper, block)
    rule = precision(paper, block)
    decimals = (
        rule.decimals if rule.significant is not None or rule.decimals is not None else DEFAULT_DECIMALS
    )
    try:
        solution = solve(
            block.item,
            given,
            ask=block.ask or None,
            decimals=decimals,
            significant=rule.significant,
            rounding=rule.rounding,
            rounding_ties=rule.ties,
        )
    except InputError as error:
        raise _placed(paper, block, error, given) from None
    solved = Solved(block, solution)
    for name in solved.key:
        try:
            check_quantities(solution.working, (name,))
        except InputError as error:
            raise blame(paper, block, error, ("key", name)) from None
    return solved


def _placed(paper: Paper, block: Block, error: InputError, given: Mapping[str, Any]) -> InputError:
    first = (error.place.field or "").replace("[", ".").split(".")[0]
    if first not in given and error.problem.startswith("unknown question"):
        return blame(paper, block, error, ("kind",))
    if first not in given and error.problem.startswith("unknown quantity"):
        return blame(paper, block, error, ("ask",) if block.ask else ())
    return blame(paper, block, error, ("given",) if "given" in block.checked else ())


def solve_paper(paper: Paper) -> dict[str, Solved]:
    """Every question of the paper, by the block's name."""
    return {block.name: solve_block(paper, block) for block in paper.questions}


def needed(solution: Solution) -> list[str]:
    """The asked quantities and every step that they come from, in order."""
    working = solution.working
    wanted = set(solution.ask)
    for step in reversed(working.steps):
        if step.name in wanted:
            wanted.update(label for label in names_in(step.expr) if label in working)
    return [step.name for step in working if step.name in wanted]


def fresh(paper: Paper, solved: Mapping[str, Solved], block: Block) -> list[str]:
    """The steps that this block asks for or is the first to show: what stands before it is not repeated."""
    solution = solved[block.name].solution
    shown: dict[str, Line] = {}
    for link in before(paper, block):
        other = solved[link.name].solution
        shown.update({name: other.lines[name] for name in needed(other) if name in other.lines})
    return [
        name
        for name in needed(solution)
        if name in solution.ask or name not in shown or not solution.lines[name].reads_like(shown[name])
    ]


def before(paper: Paper, block: Block) -> list[Block]:
    """The questions before this one that are of its kind and take their givens from the same place."""
    links = family(paper, block)
    return links[: links.index(block)]


def earlier(paper: Paper, block: Block) -> list[Block]:
    """The questions before this one that are of its kind and have the same givens."""
    if block.checked.get("given") and block.checked.get("from"):
        return []
    return [
        link for link in before(paper, block) if not (link.checked.get("from") and link.checked.get("given"))
    ]


def family(paper: Paper, block: Block) -> list[Block]:
    """The questions of one kind that take their givens from the same place, in order."""
    root = chain(paper, block)[-1]
    return [
        other
        for other in paper.questions
        if chain(paper, other)[-1].name == root.name and other.item == block.item
    ]
