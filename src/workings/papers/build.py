"""A paper with its answers: every question worked out where it stands.

`markdown(paper)` is the whole of it; `workings.papers.typeset` turns that into a page, a print, a notebook or
a Word file. A quotation that opens with **Answer.** or **On the printed key.** is an answer in prose, and is
left out of the blank paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from workings.algebra.digits import plain, printed
from workings.algebra.lines import LARGEST_SUBSTITUTION
from workings.algebra.names import latex_name
from workings.errors import InputError, echo
from workings.files import write_file
from workings.papers.audit import Finding, findings
from workings.papers.document import Block, Paper, check_names, givens
from workings.papers.solving import Solved, before, fresh, solve_block
from workings.papers.studies import RUNS, answer
from workings.solution import Solution

Progress = Callable[[str], None]

ANSWER_OPENS: Final = re.compile(r">\s*\*\*(?:Answer|On the printed key)\.\*\*")
CLASSES: Final = {"right": "right", "right, rounded": "rounded", "wrong": "wrong", "convention": "convention"}
ANSWERS_SUFFIX: Final = ".answers.yaml"
WRITABLE: Final = (".ipynb", ".md")
"""Formats in which a student can write into the document itself."""


def solved_paper(paper: Paper, progress: Progress | None = None) -> dict[str, Solved]:
    """Every question solved, by the block's name; `progress` hears each name as it is done."""
    check_names(paper)
    found: dict[str, Solved] = {}
    for block in paper.questions:
        found[block.name] = solve_block(paper, block)
        if progress:
            progress(block.name)
    return found


def markdown(paper: Paper, progress: Progress | None = None, runs: Path = RUNS) -> str:
    """The paper with its answers, as pandoc's Markdown without a header; studies by the runs on disk.

    Raises
    ------
    InputError: a question that can't be solved, or a name that no file bears.
    """
    solved = solved_paper(paper, progress)
    pieces: list[str] = []
    for part in paper.parts:
        if not isinstance(part, Block):
            pieces.append(part.text)
        elif part.kind == "question":
            pieces.append(_question(paper, solved, part))
        else:
            pieces.append(_tried(part, runs))
    return "\n".join(pieces)


def blank(paper: Paper, *, places: bool = False) -> str:
    """The paper without answers: prose, givens and what is asked.

    With `places`, a block of code named `answers` below each question, to be filled in, and one for the name;
    `workings.marking.notebook_sheets` reads them.
    """
    solved = solved_paper(paper)
    pieces = [_place_to_write(_hints(paper), "student:")] if places else []
    for part in paper.parts:
        if not isinstance(part, Block):
            pieces.append(_without_answers(part.text))
        elif part.kind == "question":
            pieces.append(_asked(paper, solved, part, places=places))
        else:
            pieces.append(_card(part, ""))
    return "\n".join(pieces)


def answer_sheet(paper: Paper) -> str:
    """An empty answer sheet, as YAML: the student's name, and every quantity of every question."""
    solved = solved_paper(paper)
    answers = {name: dict.fromkeys(one.solution.ask) for name, one in solved.items()}
    lines = [f"# Answers to: {paper.header.title or paper.file or 'the paper'}", *_hints(paper)]
    lines += ["student:", "answers:"]
    for name, quantities in answers.items():
        lines.append(f"  {name}:")
        lines += [f"    {quantity}:" for quantity in quantities]
    return "\n".join(lines) + "\n"


def _hints(paper: Paper) -> list[str]:
    """How answers are written, as comments."""
    comma = paper.header.decimal_mark == ","
    vector, matrix = ("[1,5; 2]", "[[1,5; 2]; [3; 4]]") if comma else ("[1.5, 2]", "[[1.5, 2], [3, 4]]")
    return [f"# A vector is {vector}, a matrix {matrix}."]


def _place_to_write(hints: list[str], *lines: str) -> str:
    return "\n".join(["```answers", *hints, *lines, "```", ""])


def build(
    paper: Paper,
    to: Path,
    *,
    without_answers: bool = False,
    progress: Progress | None = None,
    runs: Path = RUNS,
) -> list[Path]:
    """Write the paper to the file `to` (.html, .pdf, .ipynb, .docx, .md) and return what was written.

    With `without_answers`, the blank paper, and beside it an empty answer sheet; a notebook and Markdown have
    places for the answers within, too.
    """
    from workings.papers.typeset import FORMATS, typeset

    if to.suffix.lower() not in FORMATS:
        raise InputError(f"unknown format {echo(to.suffix or to.name)}", accepted=", ".join(FORMATS))
    if paper.file and to.exists() and to.samefile(paper.file):
        raise InputError(f"{echo(str(to))} is the paper itself", accepted="another file to write")
    title = paper.header.title or to.stem
    places = to.suffix.lower() in WRITABLE
    body = blank(paper, places=places) if without_answers else markdown(paper, progress, runs)
    written = [typeset(_byline(paper) + body, title=title, to=to, lang=paper.header.lang)]
    if without_answers:
        sheet = to.with_name(to.stem + ANSWERS_SUFFIX)
        write_file(sheet, answer_sheet(paper).encode())
        written.append(sheet)
    return written


def _byline(paper: Paper) -> str:
    parts = [part for part in (paper.header.course, paper.header.author, paper.header.date) if part]
    return f"*{' · '.join(parts)}*\n\n" if parts else ""


def _without_answers(text: str) -> str:
    """Prose without the quotations that answer."""
    kept: list[str] = []
    dropping = False
    for line in text.split("\n"):
        if ANSWER_OPENS.match(line):
            dropping = True
        elif not line.startswith(">"):
            dropping = False
        if not dropping:
            kept.append(line)
    return "\n".join(kept)


# --- one question -------------------------------------------------------------------------------------------


def _card(block: Block, body: str) -> str:
    marks = f" marks={_marks(block)}" if block.marks is not None else ""
    heading = f"**{block.title}**\n\n" if block.title else ""
    return f"\n::: {{.{block.kind} #{block.name}{marks}}}\n{heading}{body}\n:::\n"


def _marks(block: Block) -> str:
    return f"{float(block.marks):g}" if block.marks is not None else ""


def _question(paper: Paper, solved: Mapping[str, Solved], block: Block) -> str:
    one = solved[block.name]
    steps = [name for name in fresh(paper, solved, block) if name in one.solution.working]
    goes_on, previous = _previous(paper, solved, block)
    asked_for = set(one.solution.ask) - one.solution.working.givens.keys()
    body = [_figure(paper, one), _given(one.solution, previous) if asked_for else "", goes_on]
    body += [one.solution.lines[name].markdown() for name in steps]
    body.append(_answers(one.solution))
    body.append(_key(list(findings(paper, solved, block))))
    if block.note:
        body.append(f"::: {{.note}}\n{block.note}\n:::")
    return _card(block, "\n\n".join(part for part in body if part))


def _previous(paper: Paper, solved: Mapping[str, Solved], block: Block) -> tuple[str, Solution | None]:
    """The remark that a question goes on from another, and that other's solution."""
    links = before(paper, block)
    if not links:
        return "", None
    return f"*Goes on from [{links[-1].name}](#{links[-1].name}).*", solved[links[-1].name].solution


def _asked(paper: Paper, solved: Mapping[str, Solved], block: Block, *, places: bool = False) -> str:
    """The card of the blank paper: figure, givens that are not asked for themselves, and what is wanted.

    With `places`, a place to write each answer follows.
    """
    one = solved[block.name]
    solution = one.solution
    goes_on, previous = _previous(paper, solved, block)
    names = [f"${latex_name(_symbol(solution, name), solution.working.cost)}$" for name in solution.ask]
    parts = (
        _figure(paper, one, answered=False),
        _given(solution, previous, hidden=solution.ask),
        goes_on,
        f"**Wanted:** {', '.join(names)}",
        _place_to_write([], f"{block.name}:", *(f"  {name}:" for name in solution.ask)) if places else "",
    )
    return _card(block, "\n\n".join(part for part in parts if part))


def _figure(paper: Paper, one: Solved, *, answered: bool = True) -> str:
    wanted = one.block.checked.get("figure") or one.block.checked.get("figures")
    if not wanted:
        return ""
    from workings.papers.figures import figure_for

    names = wanted if isinstance(wanted, list) else [wanted]
    quantities = one.solution.quantities if answered else {}
    values = {
        name: plain(quantity.value) for name, quantity in quantities.items() if quantity.value is not None
    }
    drawn: list[str] = []
    for name in cast("list[Any]", names):
        try:
            drawn.append(figure_for(str(name), givens(paper, one.block), values))
        except InputError as error:
            raise one.block.blame(error, ("figure",)) from None
    return "\n\n".join(drawn)


def _symbol(solution: Solution, name: str) -> str:
    return solution.working.symbols.get(name, name)


def _given(solution: Solution, previous: Solution | None = None, hidden: Collection[str] = ()) -> str:
    """The givens in mathematics, the small ones; after a previous question those that differ from its own."""
    forms: list[str] = []
    for given in solution.working.givens.values():
        if given.name in hidden:
            continue
        value = solution.quantities[given.name].value
        known = previous.quantities.get(given.name) if previous else None
        if known and known.printed == solution.quantities[given.name].printed:
            continue
        if value is None or np.size(value) > LARGEST_SUBSTITUTION or np.ndim(value) > 2:
            continue
        label = latex_name(_symbol(solution, given.name), solution.working.cost)
        note = f" ({given.note})" if given.note else ""
        forms.append(f"${label} = {printed(value, None).latex}${note}")
    return f"**Given:** {', '.join(forms)}" if forms else ""


def _answers(solution: Solution) -> str:
    rows: list[str] = []
    for name in solution.ask:
        quantity = solution.quantities[name]
        label = latex_name(_symbol(solution, name), solution.working.cost)
        if quantity.printed is not None:
            form = " ".join(f"{sign} {part}" for sign, part in quantity.printed.chain("latex"))
        else:
            form = f"= {solution.lines[name].formula['latex']}"
        rows.append(f"${label} {form}$")
    return "::: {.answer}\n**Answer:** " + ", ".join(rows) + "\n:::"


def _key(found: list[Finding]) -> str:
    """What the printed key says, where it says something."""
    if not found:
        return ""
    if all(finding.verdict == "right" for finding in found):
        return "*The printed key is* [right]{.right}*.*"
    rows = ["| quantity | printed key | verdict | |", "|:--|:--|:--|:--|"]
    for finding in found:
        shown, note = _cell(finding.printed), _cell(finding.note)
        verdict = f"[{finding.verdict}]{{.{CLASSES[finding.verdict]}}}"
        rows.append(f"| `{finding.quantity}` | {shown} | {verdict} | {note} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    """Text that stands in a table's cell as itself."""
    return re.sub(r"([\\`*_{}\[\]<>|$^~#])", r"\\\1", text.replace("\n", " "))


def _tried(block: Block, runs: Path) -> str:
    """A study with its results, or a study or a claim without: which command makes them."""
    if block.kind == "study":
        return _card(block, answer(block, runs))
    return _card(block, f"No result on disk. This command makes it: `workings claim {block.item}`")
