"""The page for the class: how the marks are spread, what was hard, what tells students apart, which slips.

Difficulty of an answer is the share of students who have it right (right as rounded and following from their
own earlier values included). Discrimination is the correlation of the answer's mark with the marks of all the
others (the item-rest correlation); where all have it right, or all wrong, there is none.

Source: Ebel & Frisbie (1991), Essentials of Educational Measurement, chapter 13.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import mean, median
from typing import Any, Final

import numpy as np

from workings.algebra.names import latex_name
from workings.errors import InputError
from workings.marking.credit import CREDITED
from workings.marking.sheets import Broken
from workings.papers.feedback import plain
from workings.papers.figures.marks import answers as answers_figure
from workings.papers.figures.marks import histogram
from workings.papers.mark import Marked, Scheme

MOST_SLIPS: Final = 20
MOST_BROKEN: Final = 50
MOST_IN_FIGURE: Final = 120
SIGNS: Final = {
    "right": "✓",
    "right, rounded": "≈",
    "follows": "↳",
    "slip": "\\~",
    "wrong": "✗",
    "unreadable": "?",
    "blank": "○",
}
"""What stands over the columns of the table: words would make it wider than the page."""


class Tally:
    """What the class page needs of each sheet: a byte an answer, a number a student."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.shares: list[float] = []
        self.credits = bytearray()
        self.verdicts: dict[tuple[str, str], Counter[str]] = {
            (name, quantity): Counter() for name, item in scheme.items.items() for quantity in item.worth
        }
        self.slips: Counter[str] = Counter()
        self.places: dict[str, Counter[str]] = {}
        self.feedback: dict[str, str] = {}
        self.broken: list[InputError] = []
        self.broken_count = 0

    def add(self, found: Marked | Broken) -> None:
        """Count a sheet."""
        if isinstance(found, Broken):
            self.broken_count += 1
            if len(self.broken) < MOST_BROKEN:
                self.broken.append(found.error)
            return
        self.shares.append(float(found.share))
        for mark in found.marks:
            self.verdicts[mark.question, mark.quantity][mark.verdict] += 1
            self.credits.append(mark.verdict in CREDITED)
            if mark.slip:
                self.slips[mark.slip] += 1
                self.places.setdefault(mark.slip, Counter())[f"{mark.question}.{mark.quantity}"] += 1

    def worths(self) -> list[float]:
        """Marks of each answer."""
        return [float(worth) for item in self.scheme.items.values() for worth in item.worth.values()]

    def matrix(self) -> Any:
        """1 where a student (row) has an answer (column) right."""
        return np.frombuffer(bytes(self.credits), dtype=np.uint8).reshape(-1, len(self.verdicts))


def discrimination(right: Any, worths: Sequence[float]) -> list[float | None]:
    """For each answer the correlation of its mark with the marks of all the others.

    Parameters
    ----------
    right: students × answers, 1 where right.
    worths: marks of each answer.
    """
    scores = np.asarray(right, dtype=float) * np.asarray(worths, dtype=float)
    totals = scores.sum(axis=1)
    found: list[float | None] = []
    for column in scores.T:
        rest = totals - column
        spread = float(np.std(column)) * float(np.std(rest))
        if spread <= 1e-12:
            found.append(None)
            continue
        products = (column - column.mean()) * (rest - rest.mean())
        found.append(float(products.mean()) / spread)
    return found


def class_page(tally: Tally) -> str:
    """The page as HTML."""
    from workings.papers.typeset import html

    header = tally.scheme.paper.header
    return html(markdown(tally), f"{header.title or 'Marks'}: the class", header.lang)


def markdown(tally: Tally) -> str:
    """The page as Markdown."""
    parts = [_summary(tally)]
    if tally.shares:
        parts += ["## Marks", histogram(tally.shares), *_answers(tally), *_slips(tally)]
    if tally.broken:
        more = tally.broken_count - len(tally.broken)
        rows = [f"- {plain(str(error))}" for error in tally.broken] + ([f"- and {more} more"] if more else [])
        parts += ["## Sheets that could not be marked", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _summary(tally: Tally) -> str:
    count, worth = len(tally.shares), sum(tally.worths())
    sheets = f"{count} {'sheet' if count == 1 else 'sheets'} marked"
    if tally.broken_count:
        sheets += f", {tally.broken_count} could not be"
    if not tally.shares:
        return f"{sheets}."
    low, high = min(tally.shares), max(tally.shares)
    return (
        f"{sheets}, of {worth:g} marks each. Mean {100 * mean(tally.shares):.1f} %, "
        f"median {100 * median(tally.shares):.1f} %, from {100 * low:.1f} % to {100 * high:.1f} %."
    )


def _answers(tally: Tally) -> list[str]:
    right = tally.matrix()
    shares = [float(share) for share in right.mean(axis=0)]
    told = discrimination(right, tally.worths())
    names = [f"{question}.{quantity}" for question, quantity in tally.verdicts]
    found = [verdict for verdict in SIGNS if any(counts[verdict] for counts in tally.verdicts.values())]
    rows = [
        f"| question | | right | tells apart | {' | '.join(SIGNS[verdict] for verdict in found)} |",
        "|:--|:--|--:|--:|" + "--:|" * len(found),
    ]
    for i, ((question, quantity), counts) in enumerate(tally.verdicts.items()):
        working = tally.scheme.items[question].solved.solution.working
        label = latex_name(working.symbols.get(quantity, quantity), working.cost)
        apart = told[i]
        cells = [plain(question), f"${label}$", f"{100 * shares[i]:.0f}\u00a0%"]
        cells.append("–" if apart is None else f"{apart:.2f}".replace("-", "−"))
        cells += [str(counts[verdict]) if counts[verdict] else "" for verdict in found]
        rows.append(f"| {' | '.join(cells)} |")
    text = (
        "*Right* is the share of students who earned the marks. *Tells apart* is the correlation of an "
        "answer with the marks of all the others, from −1 to 1: near 0 or below, those who know the rest do "
        "no better here, and the question deserves a look. A dash: all have it right, or nobody."
    )
    signs = ", ".join(f"{SIGNS[verdict]} {verdict}" for verdict in found)
    few = " With so few students it says little." if len(tally.shares) < 20 else ""
    figure = [answers_figure(names, shares, told)] if len(names) <= MOST_IN_FIGURE else []
    return ["## Answers", text + few, *figure, f"How many have which verdict: {signs}.", "\n".join(rows)]


def _slips(tally: Tally) -> list[str]:
    if not tally.slips:
        return []
    rows = ["| slip | times | where |", "|:--|--:|:-----------|"]
    ordered = sorted(tally.slips.items(), key=lambda pair: (-pair[1], pair[0]))
    for slip, count in ordered[:MOST_SLIPS]:
        places = sorted(tally.places[slip].items(), key=lambda pair: (-pair[1], pair[0]))
        where = ", ".join(f"{plain(place)} ({times})" for place, times in places[:4])
        rows.append(f"| {plain(slip)} | {count} | {where}{' …' if len(places) > 4 else ''} |")
    return ["## Commonest slips", "\n".join(rows)]
