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
from workings.algebra.digits import Printed, exact_value, plain, printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, names_in, size
from workings.algebra.names import latex_name, text_name
from workings.algebra.rounding import Places
from workings.algebra.shape import Shape, shapes_of
from workings.algebra.show import Printer, Shown, Style, show
from workings.algebra.systems import Balls, Rounded
from workings.errors import InputError, unknown
from workings.question import Question
from workings.working import Step, Working

DEFAULT_PLACES: Final = Places(decimals=4)
LARGEST_SUBSTITUTION: Final = 36
"""Entries of a value beyond which a formula keeps its name instead."""
LONGEST_SUBSTITUTION: Final = 240
"""Characters of plain text beyond which the substituted line is left out."""
LARGEST_FORMULA: Final = 400
"""Nodes of a formula beyond which its steps are not printed."""

EXACT_BITS: Final = 128
"""Bits that tell whether a rounded step is exact; rationals stay rationals at any."""

Rounding = Literal["end", "steps"]


@dataclass(frozen=True, slots=True)
class Line:
    """One step in print: `name = formula = substituted = value`, each part only where it says something."""

    step: Step
    name: str
    name_latex: str
    formula: str
    formula_latex: str
    substituted: tuple[str, str] | None
    substituted_latex: tuple[str, str] | None
    value: Printed | None
    shape: Shape
    unrounded: Printed | None = None
    exact: bool = False

    def relations(self, style: Style) -> list[tuple[str, str]]:
        """The right-hand sides with their relation signs, formula first."""
        formula = self.formula_latex if style == "latex" else self.formula
        middle = self.substituted_latex if style == "latex" else self.substituted
        chain = [("=", formula)]
        if middle is not None:
            chain.append(middle)
        if self.value is not None and self.exact:
            chain.append(("=", self.value.shown(style).text))
        elif self.value is not None:
            chain += self.value.chain(style)
        kept: list[tuple[str, str]] = []
        for relation, form in chain:
            if not kept or form != kept[-1][1]:
                kept.append((relation, form))
        return kept


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
    def lines(self) -> tuple[Line, ...]:
        """Every step in print."""
        return tuple(_line(self, step) for step in self.working)

    def line(self, name: str) -> Line:
        """The step `name` in print."""
        return next(line for line in self.lines if line.step.name == name)

    def as_json(self) -> dict[str, Any]:
        """{"kind", "quantities": {name: {"value", "shape", "text", "latex", "exact"}}, "steps": [...]}."""
        return {
            "kind": self.kind,
            "quantities": {name: self.quantities[name].as_json() for name in self.ask},
            "steps": [
                {
                    "name": line.step.name,
                    "formula": line.formula,
                    "substituted": line.substituted[1] if line.substituted else None,
                    "note": line.step.note,
                    "source": line.step.source,
                    **self.quantities[line.step.name].as_json(),
                }
                for line in self.lines
            ],
        }

    def text(self) -> str:
        """Plain text: each step on its lines, then the answers."""
        blocks: list[str] = []
        for line in self.lines:
            pad = " " * len(line.name)
            rows = [
                f"  {line.name if i == 0 else pad} {relation} {form}"
                for i, (relation, form) in enumerate(line.relations("text"))
            ]
            if line.unrounded:
                rows.append(f"  {pad} (without rounding on the way: {line.unrounded.text})")
            remark = _remark(line)
            blocks.append("\n".join([f"{remark}:" if remark else "", *rows]).strip("\n"))
        answers = [
            f"  {text_name(self.working.symbols.get(name, name))} {_last(self, name)}" for name in self.ask
        ]
        heading = (
            f"{self.question.title} ({self.places}, rounded at {'every step' if self.hand else 'the end'})"
        )
        return "\n\n".join([heading, *blocks, "Answers\n" + "\n".join(answers)])

    def markdown(self) -> str:
        """Markdown with LaTeX mathematics, one display a step."""
        return "\n\n".join(self.block(line) for line in self.lines)

    def block(self, line: Line) -> str:
        """One step in Markdown: its remark, its display, and what rounding on the way has changed."""
        parts = [f"$$\n{self.aligned(line)}\n$$"]
        if remark := _remark(line):
            parts.insert(0, remark.replace("*", r"\*") + ":")
        if line.unrounded:
            parts.append(f"(Without rounding on the way: ${line.unrounded.latex}$.)")
        return "\n\n".join(parts)

    @staticmethod
    def aligned(line: Line) -> str:
        """One step as LaTeX, relation signs under each other."""
        relations = line.relations("latex")
        if len(relations) == 1:
            return f"{line.name_latex} {relations[0][0]} {relations[0][1]}"
        rows = [
            f"{line.name_latex if i == 0 else ''} &{sign} {form}" for i, (sign, form) in enumerate(relations)
        ]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def latex(self) -> str:
        """LaTeX: one display a step, remarks as text."""
        rows: list[str] = []
        for line in self.lines:
            if remark := _remark(line):
                rows.append(remark + ":")
            rows.append(f"\\[\n{self.aligned(line)}\n\\]")
        return "\n".join(rows)

    def _repr_markdown_(self) -> str:
        return f"**{self.question.title}**\n\n{self.markdown()}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{_escaped(line.name)}</th><td>{_escaped(' '.join(f'{r} {f}' for r, f in line.relations('text')))}"
            "</td></tr>"
            for line in self.lines
        )
        return f"<table><caption>{_escaped(self.question.title)}</caption>{rows}</table>"

    def __repr__(self) -> str:
        return self.text()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _remark(line: Line) -> str:
    return line.step.note[:1].upper() + line.step.note[1:]


def _last(solution: Solution, name: str) -> str:
    shown = solution.quantities[name].printed
    if shown is None and name in solution.working:
        shape = ", ".join(str(extent) for extent in solution.quantities[name].shape)
        return f"= {solution.line(name).formula}" + (f"   (shape {shape})" if shape else "")
    return " ".join(f"{relation} {form}" for relation, form in shown.chain("text")) if shown else "is given"


def _line(solution: Solution, step: Step) -> Line:
    working, symbols = solution.working, solution.working.symbols
    label = symbols.get(step.name, step.name)
    inner = names_in(step.expr)
    shapes = shapes_of(step.expr, {name: working.shapes[name] for name in inner if name in working.shapes})
    ranks = {node: len(shape) for node, shape in shapes.items()}
    forms: dict[Style, str] = {}
    middles: dict[Style, str | None] = {}
    substitution, exact = _substitution(solution, step, inner)
    legible = size(step.expr) <= LARGEST_FORMULA
    for style in cast("tuple[Style, ...]", ("text", "latex")):
        printer = Printer(style, working.cost, symbols, ranks=ranks)
        forms[style] = show(step.expr, printer).text if legible else "…"
        filled = Printer(style, working.cost, symbols, substitution[style], ranks)
        middles[style] = show(step.expr, filled).text if substitution[style] and legible else None
    too_long = middles["text"] is None or len(middles["text"]) > LONGEST_SUBSTITUTION
    signs = {"text": "=" if exact else "≈", "latex": "=" if exact else r"\approx"}
    quantity = solution.quantities[step.name]
    return Line(
        step,
        text_name(label),
        latex_name(label, working.cost),
        forms["text"],
        forms["latex"],
        None if too_long else (signs["text"], cast("str", middles["text"])),
        None if too_long else (signs["latex"], cast("str", middles["latex"])),
        quantity.printed,
        quantity.shape,
        quantity.unrounded,
        exact=step.name in solution.hand and _kept_by_rounding(solution, step),
    )


def _equal(hand: Any, value: Any) -> bool:
    """Whether a hand calculation has met the exact value."""
    pairs = zip(np.ravel(hand), np.ravel(value), strict=True)
    return all(a == b if isinstance(a, str) else exact_value(a) == exact_value(b) for a, b in pairs)


def _kept_by_rounding(solution: Solution, step: Step) -> bool:
    """Whether the step's formula at the printed values gives the printed value without rounding."""
    from workings.algebra import balls

    with balls.precision(EXACT_BITS):
        return _equal(solution.hand[step.name], evaluate(step.expr, solution.hand, Balls(EXACT_BITS)))


def _substitution(
    solution: Solution, step: Step, inner: Sequence[str]
) -> tuple[dict[Style, dict[str, Shown]], bool]:
    """What stands for each name in the substituted line, and whether all of it is exact."""
    found: dict[Style, dict[str, Shown]] = {"text": {}, "latex": {}}
    exact = True
    for label in inner:
        value, places = _value_of(solution, label)
        if value is None or np.size(value) > LARGEST_SUBSTITUTION or np.ndim(value) > 2:
            continue
        own = solution.quantities[label].printed if label in solution.quantities else None
        one = own or printed(value, places)
        exact = exact and one.exact
        found["text"][label], found["latex"][label] = one.shown("text"), one.shown("latex")
    return found, exact


def _value_of(solution: Solution, label: str) -> tuple[Any, Places | None]:
    working = solution.working
    if label in working.givens:
        value = working.givens[label].value
        return (_formula_value(solution, label, value), None)
    value = solution.hand.get(label)
    return (solution.values.get(label) if value is None else value), solution.places


def _formula_value(solution: Solution, label: str, value: Any) -> Any:
    if not isinstance(value, Expr):
        return None if isinstance(value, str) else value
    if value.op == "name" and value.attrs["name"] == label:
        return None
    return solution.given_formulas.get(label)


def solve(
    kind: str,
    given: Mapping[str, Any] | None = None,
    /,
    *,
    ask: str | Sequence[str] | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    rounding: Rounding = "end",
    ties: Literal["half-up", "half-even"] = "half-up",
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
    ties: `half-up` (away from zero) or `half-even`.

    Raises
    ------
    InputError: an unknown kind, field or quantity, or givens that have no answer.
    """
    question = cast("Question", discovery.load("workings.questions", kind, "QUESTION"))
    read = question.given.read({**(given or {}), **fields})
    working = question.work(read)
    places = (
        Places(decimals, significant, ties)
        if decimals is not None or significant is not None
        else Places(DEFAULT_PLACES.decimals, None, ties)
    )
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
