"""A printed form, how tightly it holds together, and the printer that rows ask for names and brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal, cast

from workings.algebra.expression import Expr
from workings.algebra.names import latex_name, text_name
from workings.algebra.rounding import terminating

Style = Literal["latex", "text"]

COMPARISON, SUM, NEGATIVE, BIG, PRODUCT, POWER, ATOM = range(7)
"""How tightly a printed form holds together; an operand that holds less gets brackets. BIG is a Σ."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A printed form and how tightly it holds together."""

    text: str
    level: int = ATOM


@dataclass(frozen=True)
class Printer:
    """What rows need: the style, the names' printed forms, and the ranks that tell products apart."""

    style: Style
    cost: str = "J"
    symbols: Mapping[str, str] = field(default_factory=dict)
    substitution: Mapping[str, Shown] = field(default_factory=dict)
    ranks: Mapping[Expr, int] = field(default_factory=dict)

    @property
    def latex(self) -> bool:
        """Whether the style is LaTeX."""
        return self.style == "latex"

    def name(self, label: str) -> Shown:
        """A name as printed: its substituted value, its symbol, or by the rules of `names`."""
        if label in self.substitution:
            return self.substitution[label]
        label = self.symbols.get(label, label)
        if not self.latex:
            return Shown(text_name(label))
        shown = latex_name(label, self.cost)
        return Shown(shown, POWER if label.startswith("grad_") else ATOM)

    def bracket(self, shown: Shown, level: int) -> str:
        """The text, in brackets where it holds less tightly than `level`."""
        if shown.level >= level:
            return shown.text
        return rf"\left({shown.text}\right)" if self.latex else f"({shown.text})"

    def scripted(self, shown: Shown, mark: str, script: str) -> str:
        """LaTeX with a subscript or superscript; a base that has one already gets braces, as LaTeX asks."""
        base = self.bracket(shown, ATOM)
        taken = not base.startswith((r"\left", r"\begin")) and mark in _outside_braces(base)
        return f"{{{base}}}{mark}{{{script}}}" if taken else f"{base}{mark}{{{script}}}"

    def rank(self, node: Expr) -> int:
        """The number of axes of a node's value."""
        return self.ranks.get(node, 0)

    def call(self, name: str, *args: Shown) -> Shown:
        """f(a, b)."""
        inner = ", ".join(arg.text for arg in args)
        if not self.latex:
            return Shown(f"{name}({inner})")
        command = name if name.startswith("\\") else rf"\operatorname{{{name.replace('_', ' ')}}}"
        if len(args) == 1 and inner.startswith(r"\begin{pmatrix}") and args[0].level == ATOM:
            return Shown(f"{command} {inner}", PRODUCT)
        return Shown(rf"{command}\left({inner}\right)")


def _outside_braces(latex: str) -> str:
    """What stands in no braces."""
    inner = re.compile(r"\{[^{}]*\}")
    while inner.search(latex):
        latex = inner.sub("", latex)
    return latex


def number_text(value: Fraction, style: Style) -> Shown:
    """An exact number: a finite decimal where it has a short one, else a fraction; a real minus sign."""
    spelled = terminating(value)
    if spelled is None:
        over, under = abs(value.numerator), value.denominator
        spelled = rf"\frac{{{over}}}{{{under}}}" if style == "latex" else f"{over}/{under}"
        sign = "-" if value < 0 else ""
        level = NEGATIVE if value < 0 else (ATOM if style == "latex" else PRODUCT)
        return Shown((sign if style == "latex" else sign.replace("-", "−")) + spelled, level)
    return Shown(spelled if style == "latex" else spelled.replace("-", "−"), NEGATIVE if value < 0 else ATOM)


def matrix_text(rows: Any, style: Style) -> str:
    """Nested lists of printed entries: a column for a vector, a matrix for rows, a list of matrices."""
    if style == "text":
        if isinstance(rows, str):
            return rows
        return "[" + ", ".join(matrix_text(row, style) for row in rows) + "]"
    if not rows or isinstance(rows[0], str):
        body = r" \\ ".join(rows)
    elif not rows[0] or isinstance(rows[0][0], str):
        body = r" \\ ".join(" & ".join(row) for row in rows)
    else:
        return r"\left[" + r",\; ".join(matrix_text(row, style) for row in rows) + r"\right]"
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def attribute_text(value: Any) -> str:
    """An attribute in the plain language: ints, fractions, booleans, nested tuples."""
    if isinstance(value, (tuple, list)):
        inner = ", ".join(attribute_text(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, slice):
        part = cast("slice[Any, Any, Any]", value)
        return f"slice({', '.join(map(attribute_text, (part.start, part.stop, part.step)))})"
    return str(value)


def generic(p: Printer, node: Expr, *args: Shown) -> Shown:
    """Any operation without a row: op(arguments, attribute=value), which `parse` reads back."""
    if p.latex:
        return named(p, node, *args)
    said = [(key, value) for key, value in node.attrs.items() if value is not None and value is not False]
    attributes = [f"{key}={attribute_text(value)}" for key, value in said]
    return Shown(f"{node.op}({', '.join([arg.text for arg in args] + attributes)})")


LATEX_FUNCTIONS: Final = {
    "log": r"\log", "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos", "exp": r"\exp",
    "maximum": r"\max", "minimum": r"\min", "amax": r"\max", "sigmoid": r"\sigma",
}  # fmt: skip
TEXT_FUNCTIONS: Final = {"maximum": "max", "minimum": "min"}


def named(p: Printer, node: Expr, *args: Shown) -> Shown:
    """A function by its name: tanh(u), max(a, b)."""
    table = LATEX_FUNCTIONS if p.latex else TEXT_FUNCTIONS
    return p.call(table.get(node.op, node.op), *args)


def subscripted(p: Printer, _node: Expr, x: Shown, *subscripts: Shown) -> Shown:
    """x with subscripts that count from 1: x_{i,j}, in plain text x[i, j]."""
    inner = ", ".join(subscript.text for subscript in subscripts)
    if p.latex:
        return Shown(p.scripted(x, "_", inner))
    base = p.bracket(x, ATOM)
    if base.startswith("["):
        base = f"({base})"  # [1, 2][1] would look like two vectors
    return Shown(f"{base}[{inner}]")
