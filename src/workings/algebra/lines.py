"""One line of a working in print: `name = formula = substituted = value`.

A line is built from an expression and from what is printed for the names in it; what those values are and how
they were computed is the caller's matter. Texts, Markdown and LaTeX of many lines are joined here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from workings.algebra.digits import Printed
from workings.algebra.expression import Expr, names_in, postorder, size
from workings.algebra.names import latex_name, text_name
from workings.algebra.printer import Printer, Style
from workings.algebra.shape import Shape, shapes_of
from workings.algebra.show import show

LARGEST_SUBSTITUTION: Final = 36
"""Entries of a value beyond which a formula keeps its name instead."""
LONGEST_SUBSTITUTION: Final = 240
"""Characters of plain text beyond which the substituted form is left out."""
LARGEST_FORMULA: Final = 400
"""Nodes of a formula beyond which it is not printed."""

SIGNS: Final[Mapping[Style, tuple[str, str]]] = {"text": ("=", "≈"), "latex": ("=", r"\approx")}
"""What stands before an exact form, and before one that is not."""


@dataclass(frozen=True, slots=True)
class Names:
    """How names are printed: symbols of their own, and the cost that gradients belong to."""

    symbols: Mapping[str, str]
    cost: str = "J"

    def of(self, label: str, style: Style) -> str:
        """A name in print."""
        label = self.symbols.get(label, label)
        return text_name(label) if style == "text" else latex_name(label, self.cost)


@dataclass(frozen=True, slots=True)
class Line:
    """A step in print. The substituted form is None where it would say nothing more, or too much.

    `unrounded` is what the value would be without rounding on the way, where that prints otherwise;
    `kept` says that the substituted form gives the value without any rounding.
    """

    name: str
    label: Mapping[Style, str]
    formula: Mapping[Style, str]
    substituted: Mapping[Style, str] | None
    exact_parts: bool
    value: Printed | None
    note: str = ""
    source: str = ""
    unrounded: Printed | None = None
    kept: bool = False

    def relations(self, style: Style) -> list[tuple[str, str]]:
        """The right-hand sides with their relation signs, formula first; a form is not repeated."""
        equal, almost = SIGNS[style]
        chain = [(equal, self.formula[style])]
        if self.substituted is not None:
            chain.append((equal if self.exact_parts else almost, self.substituted[style]))
        if self.value is not None and not self._value_repeats():
            chain += [(equal, self.value.shown(style).text)] if self.kept else self.value.chain(style)
        return [pair for i, pair in enumerate(chain) if i == 0 or pair[1] != chain[i - 1][1]]

    def _value_repeats(self) -> bool:
        """Whether the value is the form before it in another order: letters that no step has changed."""
        before = (self.substituted or self.formula)["text"]
        return self.value is not None and self.value.exact and _signs(self.value.text) == _signs(before)

    def reads_like(self, other: Line) -> bool:
        """Whether both print the same."""
        return self.relations("text") == other.relations("text")

    @property
    def remark(self) -> str:
        """The note as a sentence begins; a letter that stands alone is mathematics and stays."""
        begins = self.note[1:2].isalpha() or self.note.startswith("a ")
        return self.note[:1].upper() + self.note[1:] if begins else self.note

    def text(self) -> str:
        """Plain text, relation signs under each other."""
        name = self.label["text"]
        rows = [f"{self.remark}:"] if self.note else []
        for i, (sign, form) in enumerate(self.relations("text")):
            rows.append(f"  {name if i == 0 else ' ' * len(name)} {sign} {form}")
        if self.unrounded:
            rows.append(f"  {' ' * len(name)} (without rounding on the way: {self.unrounded.text})")
        return "\n".join(rows)

    def latex(self) -> str:
        """LaTeX for a display, relation signs under each other."""
        relations = self.relations("latex")
        name = self.label["latex"]
        if len(relations) == 1:
            return f"{name} {relations[0][0]} {relations[0][1]}"
        rows = [f"{name if i == 0 else ''} &{sign} {form}" for i, (sign, form) in enumerate(relations)]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def markdown(self) -> str:
        """The remark, the display, and what rounding on the way has changed."""
        parts = [self.remark.replace("*", r"\*") + ":"] if self.note else []
        parts.append(f"$$\n{self.latex()}\n$$")
        if self.unrounded:
            parts.append(f"(Without rounding on the way: ${self.unrounded.latex}$.)")
        return "\n\n".join(parts)


def line(
    name: str,
    formula: Expr,
    value: Printed | None,
    *,
    names: Names,
    shapes: Mapping[str, Shape],
    parts: Mapping[str, Printed],
    note: str = "",
    source: str = "",
    unrounded: Printed | None = None,
    kept: bool = False,
) -> Line:
    """Print one step.

    Parameters
    ----------
    name, formula, value: the step, and its value in print where it has one.
    names: how names are printed.
    shapes: shapes of the names in the formula; products are printed by them.
    parts: what is printed in place of the names, for those whose values are short; one with dots is left out.
    note, source, unrounded, kept: as in `Line`.
    """
    inner = names_in(formula)
    ranks = {
        node: len(shape)
        for node, shape in shapes_of(
            formula, {label: shapes[label] for label in inner if label in shapes}
        ).items()
    }
    legible = size(formula) <= LARGEST_FORMULA
    here = {label: parts[label] for label in inner if label in parts and parts[label].whole}
    if value is not None and not value.whole and _is_written_out(formula, ranks):
        value = None  # dots would say less than the formula has said
    forms: dict[Style, str] = {}
    filled: dict[Style, str] = {}
    for style in SIGNS:
        forms[style] = (
            show(formula, Printer(style, names.cost, names.symbols, ranks=ranks)).text if legible else "…"
        )
        if here and legible:
            substitution = {label: one.shown(style) for label, one in here.items()}
            filled[style] = show(formula, Printer(style, names.cost, names.symbols, substitution, ranks)).text
    useful = bool(filled) and len(filled["text"]) <= LONGEST_SUBSTITUTION
    return Line(
        name,
        {style: names.of(name, style) for style in SIGNS},
        forms,
        filled if useful else None,
        all(one.exact for one in here.values()),
        value,
        note,
        source,
        unrounded,
        kept,
    )


def _is_written_out(formula: Expr, ranks: Mapping[Expr, int]) -> bool:
    """Whether a formula is its value, entry by entry: a constant, or numbers and letters in rows."""
    plain = (
        node.op in ("stack", "const") or (node.op == "name" and not ranks[node])
        for node in postorder(formula)
    )
    return formula.op != "name" and all(plain)


def markdown(lines: Iterable[Line]) -> str:
    """Markdown with LaTeX mathematics, one display a step."""
    return "\n\n".join(one.markdown() for one in lines)


def html(title: str, lines: Iterable[Line]) -> str:
    """A plain HTML table, for places that show no mathematics."""
    rows = (
        f"<tr><th>{_escaped(one.label['text'])}</th>"
        f"<td>{_escaped(' '.join(f'{sign} {form}' for sign, form in one.relations('text')))}</td></tr>"
        for one in lines
    )
    return f"<table><caption>{_escaped(title)}</caption>{''.join(rows)}</table>"


def _signs(form: str) -> list[str]:
    """The letters, digits and signs of a form, in no order; brackets and products do not count."""
    return sorted(sign for sign in form if sign not in " ()[]{}·*")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
