"""The audit: the printed keys of a paper against certified values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from workings.algebra.digits import plain
from workings.algebra.rounding import Places
from workings.errors import InputError
from workings.marking.answers import read_numbers
from workings.marking.closeness import is_right
from workings.marking.verdicts import Marker, Verdict
from workings.papers.document import Block, Paper
from workings.papers.solving import Solved, earlier, solve_paper
from workings.solution import Solution
from workings.validation import alternatives

VerdictName = Literal["right", "right, rounded", "wrong", "convention"]

MOST_COMBINATIONS = 48
"""Conventions that are tried together for one question."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One printed value: what it should be, the verdict and why."""

    question: str
    quantity: str
    key: Any
    value: Any
    text: str
    verdict: VerdictName
    note: str

    @property
    def printed(self) -> str:
        """The key as the paper prints it, lists in brackets."""
        return _in_brackets(self.key)

    def as_json(self) -> dict[str, Any]:
        """The stable machine form."""
        return {
            "question": self.question,
            "quantity": self.quantity,
            "key": self.key,
            "value": self.value,
            "verdict": self.verdict,
            "note": self.note,
        }


def audit(paper: Paper) -> list[Finding]:
    """Every printed value of every question, in the paper's order.

    Raises
    ------
    InputError: a question that can't be solved, or a key for a quantity that the question has not.
    """
    solved = solve_paper(paper)
    return [finding for block in paper.questions for finding in findings(paper, solved, block)]


def findings(paper: Paper, solved: Mapping[str, Solved], block: Block) -> Iterator[Finding]:
    """The findings on one question; what earlier questions with the same givens print counts as written."""
    solution, key = solved[block.name].solution, solved[block.name].key
    written: dict[str, object] = {}
    for link in earlier(paper, block):
        written |= solved[link.name].key
    marker = _marker(paper, solution, {**written, **key})
    for name in solution.quantities:
        if name not in key:
            continue
        raw = key[name]
        verdict = marker.verdict(name)
        found, note = _as_finding(verdict)
        if verdict.name == "right" and solution.question.contested:
            others = _others(solution, name)
            if others:
                found, note = "convention", f"right by {_conventions(solution)}; {others}"
        elif found == "wrong":
            under = _right_under(paper, solution, name, raw) if solution.question.conventions else None
            if under:
                stated = solution.given.model_fields_set.issuperset(solution.question.conventions)
                found = "wrong" if stated else "convention"
                note = f"{note} by {_conventions(solution)}; the printed value is right by {under}"
            elif coarse(paper, solution, name, raw):
                found, note = "right, rounded", f"to fewer places than asked for; {note}"
        quantity = solution.quantities[name]
        text = quantity.printed.text if quantity.printed else solution.lines[name].formula["text"]
        value = plain(quantity.value) if quantity.value is not None else text
        yield Finding(block.name, name, _plain_key(raw), value, text, found, note)


def _marker(paper: Paper, solution: Solution, answers: Mapping[str, object]) -> Marker:
    header = paper.header
    return Marker(solution, answers, decimal_mark=header.decimal_mark, thousands=header.thousands)


def _as_finding(verdict: Verdict) -> tuple[VerdictName, str]:
    """A verdict on an answer as one on a printed key, which earns no marks for following from a wrong one."""
    if verdict.name in ("right", "right, rounded"):
        return verdict.name, verdict.note
    prefix = "not readable: " if verdict.name == "unreadable" else ""
    return "wrong", prefix + verdict.note.replace("from own ", "from the printed ")


def coarse(paper: Paper, solution: Solution, name: str, raw: object) -> bool:
    """Whether a printed number is right to its own decimals, which are fewer than the paper asks for."""
    value = solution.values.get(name)
    if value is None or isinstance(value, str) or name not in solution.working:
        return False
    try:
        header = paper.header
        printed = read_numbers(raw, decimal_mark=header.decimal_mark, thousands=header.thousands)
    except InputError:
        return False
    target = np.asarray(value, dtype=object)
    if printed.shape != target.shape:
        return False
    entries = zip(printed.values.flat, printed.decimals.flat, target.flat, strict=True)
    return all(
        is_right(written, int(decimals), entry, Places(decimals=max(1, int(decimals))))
        for written, decimals, entry in entries
    )


def _in_brackets(key: Any) -> str:
    return f"[{', '.join(_in_brackets(part) for part in key)}]" if isinstance(key, list) else str(key)


def _plain_key(raw: object) -> Any:
    if isinstance(raw, (list, tuple)):
        return [_plain_key(part) for part in raw]
    return raw if isinstance(raw, (int, bool)) else str(raw)


def _conventions(solution: Solution, given: Any = None) -> str:
    source = solution.given if given is None else given
    fields = dict.fromkeys((*solution.question.contested, *solution.question.conventions))
    return ", ".join(f"{name} {getattr(source, name)}" for name in fields)


def _variants(solution: Solution, fields: tuple[str, ...]) -> Iterator[tuple[Any, Solution]]:
    """The same question under every other combination of conventions."""
    choices = [alternatives(type(solution.given), name) for name in fields]
    for combination in list(product(*choices))[:MOST_COMBINATIONS]:
        changed = dict(zip(fields, combination, strict=True))
        if all(getattr(solution.given, name) == value for name, value in changed.items()):
            continue
        given = solution.given.model_copy(update=changed)
        try:
            working = solution.question.work(given)
        except InputError:
            continue
        yield (
            given,
            Solution(
                solution.kind,
                solution.question,
                given,
                working,
                solution.places,
                solution.rounding,
                solution.ask,
            ),
        )


def _others(solution: Solution, name: str) -> str:
    """What the other contested conventions give, where that is something else."""
    own = solution.quantities[name].printed
    listed: dict[str, list[str]] = {}
    for given, other in _variants(solution, tuple(solution.question.contested)):
        quantity = other.quantities.get(name)
        if quantity is None or quantity.printed is None or (own and quantity.printed.text == own.text):
            continue
        label = " ".join(str(getattr(given, field)) for field in solution.question.contested)
        listed.setdefault(quantity.printed.text, []).append(label)
    return "; ".join(f"{text} by {', '.join(labels)}" for text, labels in listed.items())


def _right_under(paper: Paper, solution: Solution, name: str, raw: object) -> str | None:
    """The conventions under which a printed value would be right."""
    for given, other in _variants(solution, tuple(dict.fromkeys(solution.question.conventions))):
        if name in other.working and _marker(paper, other, {name: raw}).is_right(name):
            return _conventions(solution, given)
    return None
