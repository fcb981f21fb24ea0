"""A place in a formula at which a slip can be made.

A rewrite is a function from a place to what may stand there instead: it yields the forms that the node takes
when the slip is made at it, and nothing where it cannot be made. Rewrites know operations and the names of
givens in the field (`padding`, `eta`, `b_1`), and no question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from workings.algebra.expression import Expr
from workings.algebra.shape import Shape


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a step's formula, what stands around it, and what the names in it are.

    Parameters
    ----------
    node: the node, its arguments perhaps rewritten already.
    shape, arg_shapes: the shapes of the node and of its arguments, as they are in the right formula.
    above: the operations that use the node; empty at the root.
    label: the step's name.
    shapes: the shapes of all names that the step may use, earlier steps and givens.
    whole: whether the step's value is made of whole numbers.
    """

    node: Expr
    shape: Shape
    arg_shapes: tuple[Shape, ...]
    above: frozenset[str]
    label: str
    shapes: Mapping[str, Shape]
    whole: bool


Rewrite: TypeAlias = Callable[[Place], Iterator[Expr]]


def is_named(node: Expr, names: re.Pattern[str]) -> bool:
    """Whether a node is a name of that form."""
    return node.op == "name" and names.fullmatch(node.attrs["name"]) is not None
