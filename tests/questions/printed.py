"""The plain text of a step's formula."""

from __future__ import annotations

from workings.algebra.shape import shapes_of
from workings.algebra.show import latex, text


def formula(working, name, printer=text):
    root = working[name].expr
    ranks = {node: len(shape) for node, shape in shapes_of(root, working.shapes).items()}
    return printer(root, ranks=ranks, symbols=working.symbols)


def formula_latex(working, name):
    return formula(working, name, latex)
