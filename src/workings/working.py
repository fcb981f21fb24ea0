"""The working: a frozen, ordered list of named steps over named givens.

A rule or a question writes a `Draft` (`given`, `letter`, `step`, `backward`) and gets a `Working` from
`done()`. From the working everything follows: values in any number system, shapes, the printed form,
gradients as steps.

Names are ASCII (`u_1`, `grad_W_1`, `df_1`); `symbols` says how a name is printed where its own spelling is
not what the field writes (`kernel` → `F`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np

from workings.algebra import lines
from workings.algebra.digits import printed
from workings.algebra.evaluate import evaluate
from workings.algebra.expression import (
    Expr,
    expr,
    name,
    names_in,
)
from workings.algebra.lines import LARGEST_SUBSTITUTION, Line, Names, line
from workings.algebra.rationals import NotRationalError, Rationals
from workings.algebra.rounding import Places
from workings.algebra.shape import Shape, shape
from workings.algebra.systems import Balls, Symbols, System, Undecided, Value
from workings.errors import InputError

SMALL: Final = 400
"""Givens and steps up to which rational questions are worked out without loading flint."""

MOST_BITS: Final = 1 << 14
"""Where rising precision stops: a digit that 16 384 bits do not settle is reported as not proven."""


@dataclass(frozen=True, slots=True)
class Given:
    """A given: an exact scalar, an array, a formula in letters (`Expr`), or words."""

    name: str
    value: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A free letter: a scalar (shape ()), or a tensor whose sizes may be letters too.

    `integer` letters stand for positive integers. A `sequence` is a vector of any length, used by subscript.
    """

    name: str
    shape: Shape = ()
    integer: bool = False
    sequence: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a working: a name, its formula over givens and earlier steps, a remark and its source."""

    name: str
    expr: Expr
    note: str = ""
    source: str = ""


@dataclass(frozen=True)
class Working:
    """Givens, letters and steps; nothing changes after it is made."""

    givens: Mapping[str, Given]
    letters: Mapping[str, Letter]
    steps: tuple[Step, ...]
    shapes: Mapping[str, Shape]
    symbols: Mapping[str, str] = field(default_factory=dict[str, str])
    cost: str = "J"
    ask: tuple[str, ...] = ()

    def __getitem__(self, label: str) -> Step:
        return self._steps[label]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __contains__(self, label: object) -> bool:
        return label in self._steps

    @property
    def _steps(self) -> Mapping[str, Step]:
        found = self.__dict__.get("_by_name")
        if found is None:
            found = self.__dict__["_by_name"] = {step.name: step for step in self.steps}
        return found

    def needs(self) -> Mapping[str, frozenset[str]]:
        """For each given and step, the letters that its value depends on."""
        found: dict[str, frozenset[str]] = {label: frozenset((label,)) for label in self.letters}
        for given in self.givens.values():
            value = given.value
            found[given.name] = frozenset(names_in(value)) if isinstance(value, Expr) else frozenset()
        nothing: frozenset[str] = frozenset()
        for step in self.steps:
            inner = [found[label] for label in names_in(step.expr) if found.get(label)]
            found[step.name] = nothing.union(*inner) if inner else nothing
        return found

    def lifted(self, system: System) -> Mapping[str, Value]:
        """The givens that are numbers, in a number system; exact rationals are the same at any precision."""
        kept: dict[type, Mapping[str, Value]] = self.__dict__.setdefault("_lifted", {})
        kind = Balls if isinstance(system, Balls) else type(system)
        if kind not in kept:
            kept[kind] = {
                given.name: system.lift(given.value)
                for given in self.givens.values()
                if not isinstance(given.value, (Expr, str))
            }
        return kept[kind]

    def evaluate(
        self, system: System, givens: Mapping[str, Value] | None = None, until: str | None = None
    ) -> dict[str, Value]:
        """The values of the steps that depend on no letter, by name, givens included.

        `givens` replaces values of givens or of steps (a student's own value is put in this way); `until`
        stops after the step of that name.
        """
        overrides = dict(givens or {})
        values = {**self.lifted(system), **overrides}
        lettered = self.needs() if self.letters else {}
        for step in self.steps:
            if step.name not in overrides and not lettered.get(step.name):
                try:
                    values[step.name] = system.settle(evaluate(step.expr, values, system))
                except InputError as error:
                    raise error.at(field=step.name) from None
                except Undecided as error:
                    raise Undecided(f"{step.name}: {error}") from None
            if step.name == until:
                break
        return values

    def certified(
        self,
        places: Places,
        system: Callable[[int], System] = Balls,
        givens: Mapping[str, Value] | None = None,
    ) -> dict[str, Value]:
        """Values at a precision that settles every digit asked for, or at `MOST_BITS` where none does.

        `system` makes the number system for a number of bits: `Balls`, or `lambda bits: Rounded(bits,
        places)`.
        """
        if system is Balls and not givens:
            rational = self._rational()
            if rational is not None:
                return rational
        from workings.algebra import balls

        bits = 64 + 4 * (places.decimals or places.significant or 0)
        while True:
            last = 2 * bits > MOST_BITS
            with balls.precision(bits):
                try:
                    values = self.evaluate(system(bits), givens)
                    numbers = (values[step.name] for step in self.steps if step.name in values)
                    if last or all(balls.settled(value, places) for value in numbers):
                        return values
                except Undecided as error:
                    if last:
                        raise InputError(
                            f"{error}: not settled at {bits} bits",
                            accepted="values inside the function's domain",
                        ) from None
            bits *= 2

    def _rational(self) -> dict[str, Value] | None:
        """Exact values, where all are rational and few enough for Python's own arithmetic."""
        entries = sum(np.size(given.value) for given in self.givens.values())
        if entries + len(self.steps) > SMALL:
            return None
        try:
            return self.evaluate(Rationals())
        except NotRationalError:
            return None

    def lines(self, places: Places) -> dict[str, Line]:
        """Every step in print, by name, with certified values at `places`."""
        values = {**self.certified(places), **(self.formulas() if self.letters else {})}
        shown = {
            label: printed(value, None if label in self.givens else places) for label, value in values.items()
        }
        parts = {label: one for label, one in shown.items() if np.size(values[label]) <= LARGEST_SUBSTITUTION}
        names = Names(self.symbols, self.cost)
        return {
            step.name: line(
                step.name,
                step.expr,
                shown.get(step.name),
                names=names,
                shapes=self.shapes,
                parts=parts,
                note=step.note,
                source=step.source,
            )
            for step in self.steps
        }

    def _repr_markdown_(self) -> str:
        return lines.markdown(self.lines(Places(decimals=4)).values())

    def _repr_html_(self) -> str:
        return lines.html("Working", self.lines(Places(decimals=4)).values())

    def formulas(self) -> dict[str, Any]:
        """The steps that depend on letters, as SymPy expressions or arrays of them, by name.

        Steps that depend on a tensor whose sizes are letters have a formula and a shape, and no entry here.
        """
        from workings.algebra.letters import simplified

        system = Symbols()
        values = {**self.lifted(system), **self.given_formulas()}
        needs = self.needs()
        results: dict[str, Any] = {}
        for step in self.steps:
            if not needs[step.name] <= values.keys():
                continue
            value = simplified(evaluate(step.expr, values, system))
            values[step.name] = value
            if needs[step.name]:
                results[step.name] = value
        return results

    def given_formulas(self) -> dict[str, Any]:
        """The letters, and the givens that are formulas in them, as SymPy expressions."""
        from workings.algebra.letters import lifted_letters

        values = lifted_letters(self.letters)
        for given in self.givens.values():
            if isinstance(given.value, Expr):
                values[given.name] = evaluate(given.value, values, Symbols())
        return values

    def backward(self, cost: str, wrt: Sequence[str], *, slopes: Mapping[str, str] | None = None) -> Working:
        """The working with the gradients of `cost` appended as steps `grad_<name>`, last layer first."""
        draft = Draft.resume(self)
        draft.backward(cost, wrt, slopes=slopes)
        return draft.done(ask=self.ask)


class Draft:
    """A working while it is written."""

    def __init__(self, cost: str = "J") -> None:
        self.cost = cost
        self.shapes: dict[str, Shape] = {}
        self._givens: dict[str, Given] = {}
        self._letters: dict[str, Letter] = {}
        self._symbols: dict[str, str] = {}
        self._steps: dict[str, Step] = {}

    @classmethod
    def resume(cls, working: Working) -> Draft:
        """A draft that continues a finished working."""
        draft = cls(working.cost)
        draft.shapes = dict(working.shapes)
        draft._givens = dict(working.givens)
        draft._letters = dict(working.letters)
        draft._symbols = dict(working.symbols)
        draft._steps = {step.name: step for step in working.steps}
        return draft

    def given(self, label: str, value: Any, *, symbol: str | None = None, note: str = "") -> Expr:
        """A given of the question: Fraction, int, array, formula in letters, or words."""
        if isinstance(value, int):
            value = Fraction(value)
        self._name(label, symbol, own=_is_name(value, label))
        self._givens[label] = Given(label, value, note)
        if isinstance(value, Expr):
            for inner in names_in(value):
                self._letter_of(inner, label)
        self.shapes[label] = tuple(getattr(value, "shape", ()))
        return name(label)

    def letter(
        self,
        label: str,
        shape: Shape = (),
        *,
        integer: bool = False,
        sequence: bool = False,
        symbol: str | None = None,
    ) -> Expr:
        """A free letter; see `Letter`."""
        self._name(label, symbol)
        self._letters[label] = Letter(label, shape, integer, sequence)
        self.shapes[label] = shape
        return name(label)

    def step(
        self,
        label: str,
        formula: Expr | int | str,
        *,
        note: str = "",
        source: str = "",
        symbol: str | None = None,
    ) -> Expr:
        """One line; returns a reference to it. Its shape is worked out now: a misfit names the step."""
        formula = expr(formula)
        self._name(label, symbol)
        try:
            self.shapes[label] = shape(formula, self.shapes)
        except InputError as error:
            raise error.at(field=label) from None
        self._steps[label] = Step(label, formula, note, source)
        return name(label)

    def _name(self, label: str, symbol: str | None, *, own: bool = False) -> None:
        if label in self._steps or label in self._givens:
            message = f"the name {label!r} is taken: every step is assigned once"
            raise ValueError(message)
        if label in self._letters and not own:
            raise InputError(
                f"the letter {label}, which is also a name of this question", accepted="another letter"
            )
        if symbol:
            self._symbols[label] = symbol

    def _letter_of(self, letter: str, label: str) -> None:
        """Register a letter of the given `label`; H may be its own letter, but not another given's name."""
        other = self._givens.get(letter)
        if letter in self._steps or (other and other.name != label and not _is_name(other.value, letter)):
            raise InputError(
                f"the letter {letter}, which is also a name of this question", accepted="another letter"
            ).at(field=label)
        self._letters.setdefault(letter, Letter(letter, integer=True))
        self.shapes[letter] = self._letters[letter].shape

    def __contains__(self, label: object) -> bool:
        return label in self._steps or label in self._givens or label in self._letters

    def done(self, ask: Iterable[str] = ()) -> Working:
        """The finished working; `ask` names the quantities that answer the question."""
        return Working(
            dict(self._givens),
            dict(self._letters),
            tuple(self._steps.values()),
            dict(self.shapes),
            dict(self._symbols),
            self.cost,
            tuple(ask),
        )

    def backward(
        self, cost: str, wrt: Sequence[str], *, slopes: Mapping[str, str] | None = None, source: str = ""
    ) -> None:
        """Append the gradients of the scalar step `cost` with respect to the names in `wrt`.

        What is asked for becomes a step `grad_<name>`; what is not becomes part of the next formula where it
        is short and used once, else a step too. `slopes` maps an activation's step (`h_1`) to the name that
        f′ gets as a step of its own (`df_1`).
        """
        if self.shapes[cost] != ():
            raise InputError(f"{cost} has the shape {self.shapes[cost]}", accepted="a scalar cost")
        from workings.algebra.backward import backward  # most questions have no gradients: cold start

        for found in backward(self._steps.values(), cost, wrt, self.shapes, slopes):
            self.step(found.name, found.expr, note=found.note, source=source)


def _is_name(value: object, label: str) -> bool:
    """Whether a given is nothing but the letter `label`."""
    return isinstance(value, Expr) and value.op == "name" and value.attrs["name"] == label
