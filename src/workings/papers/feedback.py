"""A student's page: the verdict on each answer, and the working redone where it first went wrong.

Redone means: from what the student wrote before it, so that the first line of theirs that does not fit stands
beside the line that does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import Printed, exact_value, printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import names_in
from workings.algebra.lines import LARGEST_SUBSTITUTION, Names, line
from workings.algebra.names import latex_name
from workings.algebra.systems import Balls, Rounded, Undecided
from workings.errors import InputError
from workings.marking.answers import is_blank
from workings.marking.closeness import refit
from workings.marking.follow import route
from workings.marking.key import Key
from workings.marking.sheets import Sheet
from workings.marking.verdicts import Marker
from workings.papers.mark import Mark, Marked, Scheme
from workings.papers.marks_csv import marks_text, percentage

PILLS: Final = {"right, rounded": ("rounded", "right, rounded")}
"""Verdicts whose pill has another class than their name."""
MOST_REDONE: Final = 8
"""Steps of one working that are redone."""
BITS: Final = 256
LONGEST_SHOWN: Final = 300
LONGEST_NAME: Final = 80

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def page(scheme: Scheme, sheet: Sheet, marked: Marked) -> str:
    """A student's page as HTML."""
    from workings.papers.typeset import html

    header = scheme.paper.header
    title = f"{header.title or 'Marks'}: {marked.student}"
    return html(markdown(scheme, sheet, marked), title, header.lang)


def page_name(student: str, taken: set[str]) -> str:
    """A file's name for a student's page: safe on every system, and not `taken`, to which it is added."""
    plain = unicodedata.normalize("NFKC", student)
    stem = re.sub(r"[^\w-]+", "-", plain).strip("-_")[:LONGEST_NAME]
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"student-{stem}".rstrip("-")
    name, count = f"{stem}.html", 1
    while name.casefold() in taken:
        count += 1
        name = f"{stem}-{count}.html"
    taken.add(name.casefold())
    return name


def markdown(scheme: Scheme, sheet: Sheet, marked: Marked) -> str:
    """A student's page as Markdown."""
    total = f"**{marks_text(marked.earned, 2)} of {marks_text(marked.worth, 2)} marks**"
    parts = [f"{total} ({percentage(marked.share)} %)", legend(marked.marks)]
    markers = scheme.markers(sheet)
    for name, earned, worth in marked.questions:
        block, solution = scheme.items[name].solved.block, scheme.items[name].solved.solution
        marks = [mark for mark in marked.marks if mark.question == name]
        heading = plain(block.title or solution.question.title)
        score = f"{marks_text(earned, 2)} of {marks_text(worth, 2)} {'mark' if worth == 1 else 'marks'}"
        if all(mark.verdict == "blank" for mark in marks):
            body = f"**{plain(name)}** · {heading} · **{score}** · {pill('blank')}"
            parts.append(f"::: {{.question #{name}}}\n{body}\n:::")
            continue
        rows = ["| | your answer | verdict | |", f"|:{'-' * 14}|:{'-' * 26}|:{'-' * 17}|:{'-' * 43}|"]
        rows += [_row(mark, solution.working.symbols, solution.working.cost) for mark in marks]
        body = [f"**{plain(name)}** · {heading} · **{score}**", "\n".join(rows)]
        first = next((mark for mark in marks if mark.verdict in ("slip", "wrong")), None)
        if first is not None:
            body.append(_redone(markers[name], first.quantity))
        content = "\n\n".join(part for part in body if part)
        parts.append(f"::: {{.question #{name}}}\n{content}\n:::")
    return "\n\n".join(parts) + "\n"


def legend(marks: Sequence[Mark]) -> str:
    """How many answers have which verdict."""
    counts: dict[str, int] = {}
    for mark in marks:
        counts[mark.verdict] = counts.get(mark.verdict, 0) + 1
    return " · ".join(f"{pill(name)} {count}" for name, count in counts.items())


def pill(verdict: str) -> str:
    """A verdict in its colour."""
    name, label = PILLS.get(verdict, (verdict, verdict))
    return f"[{label}]{{.{name}}}"


def plain(text: str) -> str:
    """Text that stands in Markdown, and in a table's cell, as nothing but itself."""
    line = " ".join(text.split())
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)


def _row(mark: Mark, symbols: Mapping[str, str], cost: str) -> str:
    raw = mark.raw if len(mark.raw) <= LONGEST_SHOWN else f"{mark.raw[:LONGEST_SHOWN]}…"
    label = latex_name(symbols.get(mark.quantity, mark.quantity), cost)
    return f"| ${label}$ | {plain(raw)} | {pill(mark.verdict)} | {plain(mark.feedback)} |"


# --- the working redone -------------------------------------------------------------------------------------


def _redone(marker: Marker, label: str) -> str:
    """The steps to `label` from what the student wrote before it, as Markdown; empty for words."""
    key, solution, working = marker.key, marker.solution, marker.key.working
    quantity = solution.quantities[label]
    if label not in working or isinstance(quantity.value, str):
        right = quantity.printed.text if quantity.printed else ""
        return _note(f"Right would be {plain(right)}.") if right and not solution.question.checks else ""
    own = _own(marker, label)
    inner = route(working, label, frozenset(own)).inner
    steps = [step for step in working.steps if step.name in inner][-MOST_REDONE:]
    used = [name for name in own if any(name in names_in(step.expr) for step in steps)]
    shown: list[str] = []
    if any(key.letters.get(step.name) for step in steps) or quantity.value is None:
        shown = [solution.lines[step.name].markdown() for step in steps]
    else:
        try:
            shown = _from_own(key, {name: own[name] for name in used}, [step.name for step in steps])
        except (InputError, Undecided, KeyError, ValueError):  # what the student's numbers do not allow
            shown, used = [solution.lines[step.name].markdown() for step in steps], []
    names = ", ".join(f"${latex_name(working.symbols.get(name, name), working.cost)}$" for name in used)
    symbol = f"${latex_name(working.symbols.get(label, label), working.cost)}$"
    opening = f"{symbol} from your own {names}:" if used else f"{symbol}, worked out:"
    return _note("\n\n".join([opening, *shown]))


def _note(body: str) -> str:
    return f"::: {{.note}}\n{body}\n:::"


def _own(marker: Marker, label: str) -> dict[str, Any]:
    """What the student wrote before a step, exactly as written, where it is numbers of the right shape."""
    key = marker.key
    found: dict[str, Any] = {}
    for name in key.order[: key.order.index(label)]:
        raw = marker.answers.get(name)
        value = key.solution.quantities[name].value
        if is_blank(raw) or value is None or isinstance(value, str) or key.letters.get(name):
            continue
        shape = np.shape(value)
        try:
            numbers = refit(marker.numbers(raw, shape), shape)
        except InputError:
            continue
        if numbers is not None and name in key.working:
            found[name] = numbers.values[()]
    return found


def _from_own(key: Key, own: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """The steps in print, each from the student's numbers and the steps before it."""
    solution, working = key.solution, key.working
    system = Rounded(BITS, solution.places) if solution.rounding == "steps" else Balls(BITS)
    parts: dict[str, Printed] = {}
    for name, quantity in solution.quantities.items():
        if quantity.printed is not None and _is_short(quantity.value):
            parts[name] = quantity.printed
    parts.update({name: printed(value, None) for name, value in own.items() if _is_short(value)})
    shown: list[str] = []
    with balls.precision(BITS):
        scope = {**key.certified, **{name: balls.over(value, balls.lifted) for name, value in own.items()}}
        scope = {**scope, **{name: value for name, value in solution.hand.items() if name not in own}}
        for name in names:
            step = working[name]
            before = evaluate(step.expr, scope, system)
            scope[name] = system.settle(before)
            value = printed(scope[name], solution.places, exact=None if _same(before, scope[name]) else False)
            one = line(
                name,
                step.expr,
                value,
                names=Names(working.symbols, working.cost),
                shapes=working.shapes,
                parts=parts,
                note=step.note,
            )
            shown.append(one.markdown())
            if _is_short(scope[name]):
                parts[name] = value
    return shown


def _same(before: Any, after: Any) -> bool:
    """Whether rounding has changed nothing."""
    pairs = zip(np.ravel(before), np.ravel(after), strict=True)
    return all(exact_value(a) is not None and exact_value(a) == exact_value(b) for a, b in pairs)


def _is_short(value: Any) -> bool:
    return bool(np.size(value) <= LARGEST_SUBSTITUTION and np.ndim(value) <= 2)
