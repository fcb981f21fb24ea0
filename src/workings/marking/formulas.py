"""Answers that are formulas: read, compared at random points, and worked out there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from workings.algebra.evaluate import evaluate
from workings.algebra.expression import Expr, names_in
from workings.algebra.shape import shapes_of
from workings.algebra.systems import Float64, Undecided
from workings.errors import InputError
from workings.marking.answers import Formula, read_formula
from workings.marking.key import Key
from workings.marking.points import Outcome, agree, sized, spelled_out
from workings.marking.written import DecimalMark


class Formulas:
    """Reads and compares the formulas of one question."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.working = key.working

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The axes of every name, and of every printed symbol."""
        ranks = {name: len(shape) for name, shape in self.working.shapes.items()}
        return ranks | {symbol: ranks[name] for name, symbol in self.working.symbols.items() if name in ranks}

    def read(self, label: str, raw: object, decimal_mark: DecimalMark) -> Formula:
        """The formula that was written for `label`.

        Raises
        ------
        InputError: it can't be read, or has a letter that the question has not.
        """
        shown = self.key.solution.quantities[label].printed
        expected = len(shown.text) if shown else 0
        answer = read_formula(raw, self.ranks, decimal_mark=decimal_mark, expected=expected)
        stranger = next((label for label in names_in(answer.expr) if label not in self.ranks), None)
        if stranger is not None:
            raise InputError(f"{stranger!r} is not a letter of the question")
        return answer

    def outcome(self, label: str, answer: Formula) -> Outcome:
        """Whether it agrees with the key, and if not, how it differs."""
        return agree(self.working, label, answer.expr, self.key.worlds)

    def values(self, label: str, answer: Formula) -> tuple[Any, ...]:
        """Its values at the key's worlds; none where it has no value at one of them."""
        expr = spelled_out(self.working, label, answer.expr)
        try:
            with np.errstate(all="ignore"):
                return tuple(
                    evaluate(sized(expr, world.sizes), world.values, Float64()) for world in self.key.worlds
                )
        except (InputError, Undecided):
            return ()

    def fits(self, label: str, values: tuple[Any, ...]) -> bool:
        """Whether values have the shapes of the right ones."""
        wanted = [np.shape(world.values.get(label, 0)) for world in self.key.worlds]
        return bool(values) and [np.shape(value) for value in values] == wanted

    def fault(self, label: str, outcome: Outcome) -> str:
        """What is wrong, and what is right."""
        from workings.algebra.show import text

        expected = self.working[label].expr if label in self.working else self.working.givens[label].value
        shown = self.key.solution.quantities[label].printed
        right = f"right: {shown.text if shown else text(expected, ranks=self._shown_ranks(expected))}"
        reasons = {
            "transposed": f"the transposed layout; {right}",
            "shape": f"another shape; {right}",
            "misfit": f"the sizes do not fit; {right}",
        }
        return reasons.get(outcome, right)

    def _shown_ranks(self, root: Expr) -> Mapping[Expr, int]:
        shapes = shapes_of(root, self.working.shapes)
        return {node: len(shape) for node, shape in shapes.items()}
