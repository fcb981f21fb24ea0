"""Marking a sheet: a paper made ready once, then for each sheet verdicts and marks.

Each question is solved once, and its key made once; a sheet then costs little more than being read.
Questions with the same givens share one key and one view of the sheet, so that what a student wrote in 2(b)
is the parent of what follows from it in 2(e). A question with other givens takes from earlier ones of its
family what is the same in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple, cast

from workings.errors import InputError, unknown
from workings.marking.credit import BLANK
from workings.marking.key import Key
from workings.marking.sheets import Raw, Rules, Sheet
from workings.marking.verdicts import Marker, Verdict
from workings.papers.document import Block, Paper, givens, precision
from workings.papers.solving import Solved, before, solve_paper

LONGEST_RAW: Final = 2_000
"""Characters of a raw answer that are repeated in tables and pages."""
NOTHING: Final = Fraction(0)


class Mark(NamedTuple):
    """The verdict on one answer, and what it earned.

    Parameters
    ----------
    raw: the answer as written, in one line.
    verdict, slip, note: as in `workings.marking.verdicts.Verdict`, the slip by its name.
    feedback: a sentence to the student.
    earned, worth: marks.
    """

    question: str
    quantity: str
    raw: str
    verdict: str
    slip: str
    note: str
    feedback: str
    earned: Fraction
    worth: Fraction


class Marked(NamedTuple):
    """A marked sheet: one `Mark` for each quantity that the paper asks, in the paper's order.

    Parameters
    ----------
    questions: for each question its name, the marks earned and the marks that there were to earn.
    earned, worth: the same in all.
    """

    student: str
    file: str
    line: int
    marks: tuple[Mark, ...]
    questions: tuple[tuple[str, Fraction, Fraction], ...]
    earned: Fraction
    worth: Fraction

    @property
    def share(self) -> Fraction:
        """What was earned of what there was; 0 in a paper without marks."""
        return self.earned / self.worth if self.worth else NOTHING

    def as_json(self) -> dict[str, object]:
        """The stable machine form."""
        return {
            "student": self.student,
            "total": float(self.earned),
            "of": float(self.worth),
            "percentage": float(round(100 * self.share, 2)),
            "questions": {
                name: {"marks": float(earned), "of": float(worth)} for name, earned, worth in self.questions
            },
            "answers": [
                {
                    "question": mark.question,
                    "quantity": mark.quantity,
                    "raw": mark.raw,
                    "verdict": mark.verdict,
                    "slip": mark.slip or None,
                    "marks": float(mark.earned),
                    "of": float(mark.worth),
                    "note": mark.note,
                }
                for mark in self.marks
            ],
        }


@dataclass(frozen=True)
class Item:
    """A question of a paper as it is marked.

    Parameters
    ----------
    worth, full: marks by asked quantity, and in all.
    group: the first question with the same givens and the same places; it lends its key.
    carried: answers to questions with other givens that are the same here, as block and quantity, last first.
    """

    solved: Solved
    worth: Mapping[str, Fraction]
    full: Fraction
    group: str
    carried: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scheme:
    """A paper ready for marking: its questions in order, and a key a group."""

    paper: Paper
    items: Mapping[str, Item]
    keys: Mapping[str, Key]

    @cached_property
    def rules(self) -> Rules:
        """What a sheet may say: the asked quantities by question."""
        known = {name: item.solved.solution.ask for name, item in self.items.items()}
        return Rules(self.paper.header.decimal_mark, known)

    @cached_property
    def full(self) -> Fraction:
        """Marks of the whole paper."""
        return sum((item.full for item in self.items.values()), NOTHING)

    def markers(self, sheet: Sheet) -> dict[str, Marker]:
        """For each question its marker, which knows all that the sheet says before it."""
        shared: dict[str, dict[str, Raw]] = {}
        for name, item in self.items.items():
            answers = shared.setdefault(item.group, {})
            for quantity, raw in sheet.answers.get(name, {}).items():
                answers.setdefault(quantity, raw)
        for item in self.items.values():
            for block, quantity in item.carried:
                if quantity in (said := sheet.answers.get(block, {})):
                    shared[item.group].setdefault(quantity, said[quantity])
        whole = {group: self._marker(group, answers) for group, answers in shared.items()}
        found: dict[str, Marker] = {}
        for name, item in self.items.items():
            own, answers = sheet.answers.get(name, {}), shared[item.group]
            if all(answers[quantity] is raw for quantity, raw in own.items()):
                found[name] = whole[item.group]
            else:  # asked twice, and answered twice
                found[name] = self._marker(item.group, {**answers, **own})
        return found

    def _marker(self, group: str, answers: Mapping[str, Raw]) -> Marker:
        header = self.paper.header
        return Marker(self.keys[group], answers, decimal_mark=header.decimal_mark, thousands=header.thousands)


def prepare(paper: Paper) -> Scheme:
    """Solve a paper for marking.

    Raises
    ------
    InputError: a question that can't be solved, weights of a quantity that is not asked, or a paper without
        questions.
    """
    solved = solve_paper(paper)
    if not solved:
        raise InputError("found no question in the paper", accepted="a block {.question #q1}").at(
            file=paper.file
        )
    items: dict[str, Item] = {}
    for block in paper.questions:
        group = _group(paper, block, items)
        worth = _worth(block, solved[block.name])
        items[block.name] = Item(
            solved[block.name],
            worth,
            sum(worth.values(), NOTHING),
            group,
            tuple(_carried(paper, solved, block, items, group)),
        )
    groups = dict.fromkeys(item.group for item in items.values())
    return Scheme(paper, items, {name: Key(solved[name].solution) for name in groups})


def _group(paper: Paper, block: Block, items: Mapping[str, Item]) -> str:
    """The first question with the same givens and the same places."""
    for other in before(paper, block):
        same_rule = precision(paper, other) == precision(paper, block)
        if same_rule and givens(paper, other) == givens(paper, block):
            return items[other.name].group
    return block.name


def _carried(
    paper: Paper, solved: Mapping[str, Solved], block: Block, items: Mapping[str, Item], group: str
) -> Iterator[tuple[str, str]]:
    """What earlier questions with other givens ask that prints the same here."""
    here = solved[block.name].solution
    for other in reversed(before(paper, block)):
        there = solved[other.name].solution
        if items[other.name].group == group or there.places != here.places:
            continue
        for name in there.ask:
            known = here.quantities.get(name)
            if known and known.printed and known.printed == there.quantities[name].printed:
                yield other.name, name


def _worth(block: Block, solved: Solved) -> dict[str, Fraction]:
    """Marks by asked quantity: the block's marks (the sum of its weights, else 1) split by its weights."""
    ask = solved.solution.ask
    for name in block.weights:
        if name not in ask:
            raise block.blame(unknown("quantity", name, ask), ("weights", name))
    weights = {name: block.weights.get(name, Fraction(1)) for name in ask}
    total = sum(weights.values(), Fraction(0))
    if total == 0:
        raise block.blame(InputError("found weights of 0 alone", accepted="one above 0"), ("weights",))
    marks = block.marks
    if marks is None:
        marks = total if block.weights else Fraction(1)
    return {name: marks * weight / total for name, weight in weights.items()}


def mark_sheet(scheme: Scheme, sheet: Sheet) -> Marked:
    """Mark one sheet."""
    markers = scheme.markers(sheet)
    marks: list[Mark] = []
    questions: list[tuple[str, Fraction, Fraction]] = []
    for name, item in scheme.items.items():
        lost = NOTHING
        own = sheet.answers.get(name, {})
        for quantity, worth in item.worth.items():
            verdict = markers[name].verdict(quantity) if quantity in own else BLANK
            if not verdict.right:
                lost += worth
            marks.append(
                Mark(
                    name,
                    quantity,
                    as_text(own.get(quantity)),
                    verdict.name,
                    verdict.slip.name if verdict.slip else "",
                    verdict.note,
                    feedback(verdict, quantity),
                    worth if verdict.right else NOTHING,
                    worth,
                )
            )
        questions.append((name, item.full - lost if lost else item.full, item.full))
    earned = sum((part for _, part, _ in questions), NOTHING)
    return Marked(sheet.student, sheet.file, sheet.line, tuple(marks), tuple(questions), earned, scheme.full)


def feedback(verdict: Verdict, quantity: str) -> str:
    """A sentence to the student."""
    if verdict.name == "follows":
        root = f"; the first wrong step is {verdict.root}" if verdict.root not in verdict.own else ""
        return f"Right from your own {_listed(verdict.own)}{root}."
    if verdict.name == "slip" and verdict.slip:
        place = verdict.origin if verdict.origin not in ("", quantity) else ""
        where = f" (In {place}.)" if place else ""
        own = f" You went on from your own {_listed(verdict.own)}." if verdict.own else ""
        return f"{verdict.slip.feedback}{where}{own}"
    if verdict.name == "right, rounded":
        return f"Right as rounded; {verdict.note}."
    if verdict.name == "unreadable":
        return f"Not readable: {verdict.note}."
    note = verdict.note
    return f"{note[:1].upper()}{note[1:]}." if verdict.name == "wrong" and note else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def as_text(raw: Raw) -> str:
    """A raw answer in one line, as it was written; lists in brackets."""
    text = " ".join(_spelt(raw).split())
    return text if len(text) <= LONGEST_RAW else f"{text[:LONGEST_RAW]}… ({len(text)} characters)"


def _spelt(raw: Raw) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, (list, tuple)):
        return "[" + ", ".join(_spelt(part) for part in cast("Sequence[Raw]", raw)) + "]"
    return "" if raw is None else str(raw)
