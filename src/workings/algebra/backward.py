"""Gradients through a chain of named steps: the derive pass, step by step, from the cost back.

What is asked for becomes a line `grad_<name>`; what is not is written into the next formula where that stays
short and uses it once, else it becomes a line too. A value that several steps use gets the sum of its
gradients, written out. Nothing here recurses, and the time is linear in the number of steps.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from workings.algebra import derive
from workings.algebra.adjoints import sum_of, times
from workings.algebra.expression import Expr, apply, const, name, names_in, postorder, rebuild, size
from workings.algebra.shape import Shape

LONGEST_INLINE: Final = 12
"""An adjoint of more nodes than this becomes a line of its own, also where it is used once."""

FUSED: Final = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}
"""Losses whose gradient with respect to the activation's argument is p - d, and that activation."""


class Assigned(Protocol):
    """What is read of a step."""

    @property
    def name(self) -> str:
        """The name that the step gives its value."""
        ...

    @property
    def expr(self) -> Expr:
        """Its formula over givens and earlier steps."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line to append: `grad_<name>`, or the slope f′ of an activation."""

    name: str
    expr: Expr
    note: str = ""


def backward(
    steps: Iterable[Assigned],
    cost: str,
    wrt: Sequence[str],
    shapes: Mapping[str, Shape],
    slopes: Mapping[str, str] | None = None,
) -> list[Line]:
    """The lines that end in the gradients of the scalar step `cost` with respect to the names in `wrt`.

    Parameters
    ----------
    steps: the forward steps, in order.
    shapes: the shapes of every name.
    slopes: for an activation's step (`h_1`), the name that its f′ gets as a line of its own (`df_1`).
    """
    walk = _Walk(_until(steps, cost), cost, frozenset(wrt), shapes, slopes or {})
    return walk.lines(wrt)


def _until(steps: Iterable[Assigned], last: str) -> dict[str, Assigned]:
    found: dict[str, Assigned] = {}
    for step in steps:
        found[step.name] = step
        if step.name == last:
            break
    return found


@dataclass
class _Walk:
    """The state of one walk: what is known of each name on the way back."""

    steps: Mapping[str, Assigned]
    cost: str
    wanted: frozenset[str]
    given_shapes: Mapping[str, Shape]
    slopes: Mapping[str, str]
    users: dict[str, int] = field(init=False)
    """How many steps use each name that is wanted or depends on a wanted one; no other name is in it."""
    parts: dict[str, list[Expr]] = field(default_factory=dict[str, list[Expr]])
    """What each later step adds to the gradient of a name."""
    found: dict[str, Line] = field(default_factory=dict[str, Line])

    def __post_init__(self) -> None:
        self.added: dict[str, Shape] = {}
        self.shapes = ChainMap(self.added, dict(self.given_shapes))
        self.users = dict.fromkeys(self.wanted, 0)
        for step in self.steps.values():
            inner = self.active(step.expr)
            if inner:
                self.users.setdefault(step.name, 0)
            for label in inner:
                self.users[label] += 1

    def active(self, formula: Expr) -> list[str]:
        """The names in a formula whose gradient is wanted, or leads to one that is."""
        return [label for label in names_in(formula) if label in self.users]

    def lines(self, wrt: Sequence[str]) -> list[Line]:
        """Walk from the cost back, then write down what is left of what was asked for."""
        self.parts[self.cost] = [const(1)]
        for step in reversed(list(self.steps.values())):
            if step.name in self.users and step.name in self.parts:
                self.through(step)
        for label in wrt:
            if label in self.parts:
                self.line(label, sum_of(self.parts.pop(label)))
            elif f"grad_{label}" not in self.found:
                extents = self.shapes[label]
                zero = apply("broadcast", const(0), shape=extents) if extents else const(0)
                self.line(label, zero, note=f"{self.cost} does not depend on it")
        return list(self.found.values())

    def line(self, label: str, adjoint: Expr, note: str = "") -> Expr:
        """The gradient of `label` as a line of its own; returns a reference to it."""
        found = Line(f"grad_{label}", adjoint, note)
        self.found[found.name] = found
        self.added[found.name] = self.shapes[label]
        return name(found.name)

    def through(self, step: Assigned) -> None:
        """From a step's gradient to what it adds to those of the names in its formula."""
        adjoint = sum_of(self.parts.pop(step.name))
        if step.name in self.wanted:
            adjoint = self.line(step.name, adjoint)
        formula, activation = self.fused(step.expr)
        inner = self.active(formula)
        if step.name in self.slopes and len(inner) == 1:
            slope = self.slope(step, self.slopes[step.name], inner[0])
            found = {inner[0]: times(self.once(step.name, adjoint, lambda: 1), slope)}
        elif inner:
            found = self.by_rule(step, formula, inner, adjoint, activation)
        else:
            found = {}
        for label, gradient in found.items():
            self.parts.setdefault(label, []).append(gradient)

    def by_rule(
        self, step: Assigned, formula: Expr, inner: list[str], adjoint: Expr, activation: Assigned | None
    ) -> dict[str, Expr]:
        """What the derive pass gives, with the step's value and its activation under their names again."""
        names = {step.expr: name(step.name)}
        if activation is not None:
            names[activation.expr] = name(activation.name)
        seed = adjoint
        if adjoint.op not in ("name", "const"):
            seed = name(f"grad_{step.name}")
            self.added[f"grad_{step.name}"] = self.shapes[step.name]
        found = derive.gradients(formula, seed, inner, self.shapes)
        if seed is not adjoint:
            names[seed] = self.once(step.name, adjoint, lambda: _uses(found.values(), seed))
        return {label: rebuild(gradient, names.get) for label, gradient in found.items()}

    def once(self, label: str, adjoint: Expr, uses: Callable[[], int]) -> Expr:
        """The adjoint itself where the next formula stays readable with it, else the name of a line."""
        if adjoint.op in ("name", "const") or (size(adjoint) <= LONGEST_INLINE and uses() <= 1):
            return adjoint
        return self.line(label, adjoint)

    def slope(self, step: Assigned, label: str, argument: str) -> Expr:
        """f′ as a line of its own; returns a reference to it."""
        if label not in self.shapes:
            self.found[label] = Line(label, derive.slope(step.expr.op, argument, step.name))
            self.added[label] = self.shapes[step.name]
        return name(label)

    def fused(self, formula: Expr) -> tuple[Expr, Assigned | None]:
        """A loss with its activation written in, where nothing else needs the activation's own gradient."""
        if formula.op in FUSED and formula.args[0].op == "name":
            label = formula.args[0].attrs["name"]
            step = self.steps.get(label)
            alone = label not in self.wanted and self.users.get(label) == 1
            if step is not None and alone and step.expr.op == FUSED[formula.op]:
                return Expr(formula.op, (step.expr, *formula.args[1:]), formula.attrs), step
        return formula, None


def _uses(found: Iterable[Expr], seed: Expr) -> int:
    """How often gradients hold the seed."""
    return sum(
        (gradient is seed) + sum(arg is seed for node in postorder(gradient) for arg in node.args)
        for gradient in found
    )
