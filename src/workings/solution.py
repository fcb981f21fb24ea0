"""Solving one question: givens in, a `Solution` out whose steps are formula → substitution → value.

`solve("conv_size", input=55, kernel="?", stride=1, padding=0, output=49)["kernel"]` is 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, cast

import numpy as np

from workings import discovery
from workings.algebra import lines
from workings.algebra.digits import Printed, exact_value, plain, printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr
from workings.algebra.lines import LARGEST_SUBSTITUTION, Line, Names, line
from workings.algebra.names import text_name
from workings.algebra.rounding import Places
from workings.algebra.shape import Shape
from workings.algebra.systems import Balls, Rounded
from workings.errors import InputError, echo, unknown
from workings.question import Question
from workings.working import Step, Working

DEFAULT_PLACES: Final = Places(decimals=4)
MOST_AXES: Final = 2
"""Axes of a value that is written into a formula."""
EXACT_BITS: Final = 128
"""Bits that tell whether a rounded step is exact; rationals stay rationals at any."""

Rounding = Literal["end", "steps"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """An answer: its value (exact rational, ball, SymPy form or words), shape and printed form.

    `hand` is the value of a calculation rounded at every step, where the paper's rule is `steps`; `unrounded`
    is then what it would have been without rounding on the way, if that prints otherwise.
    """

    name: str
    value: Any
    shape: Shape
    printed: Printed | None
    hand: Any = None
    unrounded: Printed | None = None

    def as_json(self) -> dict[str, Any]:
        """The stable machine form."""
        shown = self.printed
        return {
            "value": None
            if self.value is None
            else plain(self.hand if self.hand is not None else self.value),
            "shape": [extent if isinstance(extent, int) else str(extent) for extent in self.shape],
            "text": shown.text if shown else None,
            "latex": shown.latex if shown else None,
            "exact": bool(shown and shown.exact),
        }


@dataclass(frozen=True)
class Solution:
    """A solved question. Indexing gives plain Python values: `solution["J"]`."""

    kind: str
    question: Question
    given: Any
    working: Working
    places: Places
    rounding: Rounding
    ask: tuple[str, ...]

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Certified values of the numeric steps, SymPy forms of those with letters, by name."""
        numbers = self.working.certified(self.places)
        return {**numbers, **self.working.formulas()} if self.working.letters else numbers

    @cached_property
    def given_formulas(self) -> Mapping[str, Any]:
        """The givens that are formulas in letters, as SymPy forms."""
        return self.working.given_formulas() if self.working.letters else {}

    @cached_property
    def hand(self) -> Mapping[str, Any]:
        """Values with every step rounded, as on paper; empty where the rule is to round at the end."""
        if self.rounding == "end":
            return {}
        return self.working.certified(self.places, lambda bits: Rounded(bits, self.places))

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        """Every given and step by name, in order; `ask` says which of them are the answers."""
        found: dict[str, Quantity] = {}
        for given in self.working.givens.values():
            value = (
                self.given_formulas.get(given.name)
                if isinstance(given.value, Expr)
                else self.values.get(given.name)
            )
            value = given.value if isinstance(given.value, str) else value
            shown = printed(value, None) if value is not None else None
            found[given.name] = Quantity(given.name, value, self.working.shapes[given.name], shown)
        for step in self.working:
            value, hand = self.values.get(step.name), self.hand.get(step.name)
            shown = printed(value, self.places) if value is not None else None
            unrounded = None
            if hand is not None and not _equal(hand, value):
                by_hand = printed(hand, self.places, exact=False)
                unrounded = (
                    shown if shown and by_hand.text != printed(value, self.places, exact=False).text else None
                )
                shown = by_hand
            found[step.name] = Quantity(
                step.name, value, self.working.shapes[step.name], shown, hand, unrounded
            )
        return found

    def __getitem__(self, name: str) -> Any:
        if name not in self.quantities:
            raise unknown("quantity", name, self.quantities)
        quantity = self.quantities[name]
        value = quantity.hand if quantity.hand is not None else quantity.value
        if value is None:
            return self.working[name].expr if name in self.working else None
        result = plain(value)
        return np.array(result) if isinstance(result, list) else result

    @cached_property
    def lines(self) -> Mapping[str, Line]:
        """Every step in print, by name."""
        working = self.working
        names = Names(working.symbols, working.cost)
        parts = {
            label: one.printed
            for label, one in self.quantities.items()
            if one.printed is not None and _is_short(one) and not self._stands_for_itself(label)
        }
        return {
            step.name: line(
                step.name,
                step.expr,
                self.quantities[step.name].printed,
                names=names,
                shapes=working.shapes,
                parts=parts,
                note=step.note,
                source=step.source,
                unrounded=self.quantities[step.name].unrounded,
                kept=step.name in self.hand and _kept_by_rounding(self, step),
            )
            for step in working
        }

    def _stands_for_itself(self, label: str) -> bool:
        """Whether a given is a letter of its own name, or words: nothing that could be put in its place."""
        given = self.working.givens.get(label)
        if given is None or not isinstance(given.value, (Expr, str)):
            return False
        return isinstance(given.value, str) or given.value.attrs.get("name") == label

    def as_json(self) -> dict[str, Any]:
        """{"kind", "quantities": {name: {"value", "shape", "text", "latex", "exact"}}, "steps": [...]}."""
        return {
            "kind": self.kind,
            "quantities": {name: self._quantity_json(name) for name in self.ask},
            "steps": [
                {
                    "name": name,
                    "formula": one.formula["text"],
                    "substituted": one.substituted["text"] if one.substituted else None,
                    "note": one.note,
                    "source": one.source,
                    **self._quantity_json(name),
                }
                for name, one in self.lines.items()
            ],
        }

    def _quantity_json(self, name: str) -> dict[str, Any]:
        """A quantity; one whose sizes are letters has its formula for an answer, and no value."""
        found = self.quantities[name].as_json()
        if found["text"] is None and name in self.working:
            formula = self.lines[name].formula
            found |= {"text": formula["text"], "latex": formula["latex"], "exact": True}
        return found

    def text(self) -> str:
        """Plain text: each step on its lines, then the answers."""
        answers = [
            f"  {text_name(self.working.symbols.get(name, name))} {_last(self, name)}" for name in self.ask
        ]
        heading = (
            f"{self.question.title} ({self.places}, rounded at {'every step' if self.hand else 'the end'})"
        )
        return "\n\n".join(
            [heading, *(one.text() for one in self.lines.values()), "Answers\n" + "\n".join(answers)]
        )

    def markdown(self) -> str:
        """Markdown with LaTeX mathematics, one display a step."""
        return lines.markdown(self.lines.values())

    def latex(self) -> str:
        """LaTeX: one display a step, remarks as text."""
        rows: list[str] = []
        for one in self.lines.values():
            if one.note:
                rows.append(f"{one.remark}:")
            rows.append(f"\\[\n{one.latex()}\n\\]")
        return "\n".join(rows)

    def _repr_markdown_(self) -> str:
        return f"**{self.question.title}**\n\n{self.markdown()}"

    def _repr_html_(self) -> str:
        return lines.html(self.question.title, self.lines.values())

    def __repr__(self) -> str:
        return self.text()


def _last(solution: Solution, name: str) -> str:
    shown = solution.quantities[name].printed
    if shown is None and name in solution.working:
        shape = ", ".join(str(extent) for extent in solution.quantities[name].shape)
        return f"= {solution.lines[name].formula['text']}" + (f"   (shape {shape})" if shape else "")
    return " ".join(f"{relation} {form}" for relation, form in shown.chain("text")) if shown else "is given"


def _is_short(quantity: Quantity) -> bool:
    return bool(np.size(quantity.value) <= LARGEST_SUBSTITUTION and np.ndim(quantity.value) <= MOST_AXES)


def _equal(hand: Any, value: Any) -> bool:
    """Whether a hand calculation has met the exact value."""
    pairs = zip(np.ravel(hand), np.ravel(value), strict=True)
    return all(a == b if isinstance(a, str) else exact_value(a) == exact_value(b) for a, b in pairs)


def _kept_by_rounding(solution: Solution, step: Step) -> bool:
    """Whether the step's formula at the printed values gives the printed value without rounding."""
    from workings.algebra import balls

    with balls.precision(EXACT_BITS):
        return _equal(solution.hand[step.name], evaluate(step.expr, solution.hand, Balls(EXACT_BITS)))


def solve(
    kind: str,
    given: Mapping[str, Any] | None = None,
    /,
    *,
    ask: str | Sequence[str] | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    rounding: Rounding = "end",
    rounding_ties: Literal["half-up", "half-even"] = "half-up",
    **fields: Any,
) -> Solution:
    """Work out a question.

    Parameters
    ----------
    kind: a name of `workings list questions`.
    given: the givens, as a mapping or as keyword arguments.
    ask: the quantities asked for; all of the kind's own unless given.
    decimals, significant: digits shown, one of the two; 4 decimals unless given.
    rounding: `end` computes exactly and rounds what is shown; `steps` rounds every step, as on paper.
    rounding_ties: `half-up` (away from zero) or `half-even`; `ties` itself is a given of some kinds.

    Raises
    ------
    InputError: an unknown kind, field or quantity, or givens that have no answer.
    """
    question = cast("Question", discovery.load("workings.questions", kind, "QUESTION"))
    if not isinstance(cast("object", given or {}), Mapping):
        raise InputError(f"found {echo(given)}", accepted="a mapping of givens, or keyword arguments")
    read = question.given.read({**(given or {}), **fields})
    working = question.work(read)
    if rounding_ties not in ("half-up", "half-even"):
        raise InputError(f"rounding_ties {echo(rounding_ties)}", accepted="half-up or half-even")
    if decimals is None and significant is None:
        decimals = DEFAULT_PLACES.decimals
    places = Places(decimals, significant, rounding_ties)
    if rounding not in ("end", "steps"):
        raise InputError(f"rounding {rounding!r}", accepted="end or steps")
    wanted = (ask,) if isinstance(ask, str) else tuple(ask or working.ask)
    check_quantities(working, wanted)
    return Solution(kind, question, read, working, places, rounding, wanted)


def check_quantities(working: Working, names: Iterable[str]) -> None:
    """Refuse a name that is neither a step nor a given; near ones are offered."""
    for name in names:
        if name not in working and name not in working.givens:
            raise unknown("quantity", name, [*working.givens, *(step.name for step in working)])
