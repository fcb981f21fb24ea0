# ruff: noqa: INP001  a script, not a package
"""A simulated class: answer sheets, and the truth about each answer beside them.

    python examples/class/simulate.py [--paper papers/examination.md] [--students 30] [--seed 7] [-o FOLDER]

Every student rounds in a way of his or her own (at every step, or at the end alone) and works honestly; then
some make a slip in one formula and go on correctly from what came out, some mistype an answer, some leave
answers out. `truth.csv` says for every answer what was done:

| done | meaning |
|---|---|
| `exact` | honest work, rounded at the end |
| `rounded` | honest work, rounded at every step as the paper allows |
| `slip` | a known slip in the formula; `what` names it, `step` the step in which it was made |
| `follows` | honest work from a wrong value of one's own |
| `mistyped` | worked out rightly and miswritten; `what` says how |
| `unreadable` | not a number |
| `blank` | left out |

The same seed gives the same class, and a larger class begins with a smaller one.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from workings.algebra import balls
from workings.algebra.digits import exact_value, rounded_value
from workings.algebra.evaluate import evaluate
from workings.algebra.rounding import spell
from workings.algebra.systems import Balls, Rounded, Undecided
from workings.errors import InputError
from workings.files import make_folder, write_file
from workings.marking.key import Key
from workings.marking.slips import Slip, slipped, swapped
from workings.numerals import Numeral
from workings.papers.document import Paper, chain, precision, read
from workings.papers.draw import sheet_value
from workings.papers.solving import solve_paper
from workings.papers.yaml_writer import write_yaml
from workings.solution import Solution

BITS = 192
UNITS = 3
"""A slip counts where it moves some entry of the answer by more than so many units of the last place."""
UNREADABLE = (
    "see above",
    "0.5.1",
    "1O.5",
    "7 1/",
    "x=3",
    "[1, 2",
    "--4",
    "1,48",
    "2e",
    "about 3",
    "12 345",
    "??",
)
LEFT_OUT = (None, "", "-", "?", "n/a")


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a student makes a slip in a formula, mistypes, writes what nobody can read, leaves out."""

    slip: float = 0.5
    mistyped: float = 0.3
    unreadable: float = 0.15
    blank: float = 0.3


@dataclass(frozen=True, slots=True)
class Truth:
    """What was done with one answer."""

    block: str
    quantity: str
    done: str
    what: str = ""
    step: str = ""


@dataclass(frozen=True)
class Simulated:
    """One student's sheet, and the truth about it."""

    student: str
    answers: Mapping[str, Mapping[str, Any]]
    truth: tuple[Truth, ...]


@dataclass(frozen=True)
class Made:
    """A slip: where, which, and the values of the steps with it and after it, by block."""

    block: str
    step: str
    slip: Slip
    value: Any


@dataclass
class Classroom:
    """A paper solved once, from which any number of students are drawn."""

    paper: Paper
    solutions: Mapping[str, Solution] = field(init=False)
    _honest: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _keys: dict[str, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.solutions = {name: one.solution for name, one in solve_paper(self.paper).items()}

    def draw(self, count: int, seed: int, rates: Rates | None = None) -> Iterator[Simulated]:
        """`count` students, one after the other; each depends on the seed and the number alone."""
        for i in range(1, count + 1):
            random = Random(f"{seed}/{self.paper.header.title}/{i}")  # noqa: S311  no secrets
            yield self._student(f"s{i:02d}", random, rates or Rates())

    # --- honest work ----------------------------------------------------------------------------------------

    def _system(self, block: str, habit: str) -> Any:
        solution = self.solutions[block]
        rounds = habit == "rounded" and solution.rounding == "steps"
        return Rounded(BITS, solution.places) if rounds else Balls(BITS)

    def honest(self, block: str, habit: str) -> dict[str, Any]:
        """The values of all steps as a student of that habit gets them; those in letters are left out."""
        key = (block, habit)
        if key not in self._honest:
            self._honest[key] = self._worked(block, habit, {})
        return self._honest[key]

    def _worked(self, block: str, habit: str, own: Mapping[str, Any]) -> dict[str, Any]:
        with balls.precision(BITS):
            return self.solutions[block].working.evaluate(self._system(block, habit), own)

    def written(self, block: str, quantity: str, values: Mapping[str, Any]) -> Any:
        """An answer as it stands on the sheet."""
        solution = self.solutions[block]
        value = values.get(quantity)
        known = solution.quantities[quantity].value
        if quantity in solution.question.checks or value is None or isinstance(known, str):
            return sheet_value(solution, quantity)
        return _spelt(value, solution)

    # --- slips ----------------------------------------------------------------------------------------------

    @cached_property
    def worlds(self) -> Mapping[str, tuple[str, ...]]:
        """For each question itself and the later ones of its kind that work to the same places."""
        found: dict[str, tuple[str, ...]] = {}
        blocks = list(self.paper.questions)
        for i, block in enumerate(blocks):
            rule = (chain(self.paper, block)[-1].name, block.item, precision(self.paper, block))
            found[block.name] = tuple(
                other.name
                for other in blocks[i:]
                if (chain(self.paper, other)[-1].name, other.item, precision(self.paper, other)) == rule
            )
        return found

    def _key(self, block: str) -> Key:
        if block not in self._keys:
            self._keys[block] = Key(self.solutions[block])
        return self._keys[block]

    def slip(self, habit: str, random: Random) -> Made | None:
        """A slip in some step of some question, after which some answer is another."""
        for _ in range(40):
            block = random.choice(list(self.solutions))
            solution = self.solutions[block]
            honest = self.honest(block, habit)
            steps = [
                name
                for name in solution.ask
                if name in solution.working
                and name not in solution.question.checks
                and not isinstance(honest.get(name, ""), str)
            ]
            if not steps:
                continue
            step = random.choice(steps)
            made = list(self._slips(block, step, habit))
            if made:
                names = list(dict.fromkeys(one.slip.name for one in made))
                chosen = random.choice(names)
                return random.choice([one for one in made if one.slip.name == chosen])
        return None

    def _slips(self, block: str, step: str, habit: str) -> Iterator[Made]:
        """The slips in one step that change it; of those with one outcome the simplest."""
        solution, values = self.solutions[block], self.honest(block, habit)
        right, unit = values[step], Fraction(1, 10 ** max(0, solution.places.decimals_for(Fraction(1))))
        seen = {repr(_spelt(right, solution))}
        with balls.precision(BITS):
            for form in slipped(solution.working[step].expr, self._key(block).context(step)):
                if form.reshaped:
                    continue
                try:
                    system = self._system(block, habit)
                    value = system.settle(evaluate(form.expr, values, system))
                    spelling = repr(_spelt(value, solution))
                except (InputError, Undecided, KeyError, ArithmeticError):
                    continue
                if spelling in seen or not _any(value) or not _apart(value, right, UNITS * unit):
                    continue
                seen.add(spelling)
                yield Made(block, step, form.slip, value)

    # --- a student ------------------------------------------------------------------------------------------

    def _student(self, name: str, random: Random, rates: Rates) -> Simulated:
        habit = random.choice(["exact", "rounded"])
        made = self.slip(habit, random) if random.random() < rates.slip else None
        answers: dict[str, dict[str, Any]] = {}
        truth: dict[tuple[str, str], Truth] = {}
        for block, solution in self.solutions.items():
            values = self.honest(block, habit)
            if made is not None and block in self.worlds[made.block]:
                values = self._after(made, block, habit)
            answers[block] = {}
            for quantity in solution.ask:
                answers[block][quantity] = self.written(block, quantity, values)
                truth[block, quantity] = self._truth(block, quantity, values, habit, made)
        self._spoil(answers, truth, random, rates)
        return Simulated(name, answers, tuple(truth.values()))

    def _after(self, made: Made, block: str, habit: str) -> dict[str, Any]:
        """The values in a question, going on from the slip."""
        mine, theirs = self.honest(block, habit), self.honest(made.block, habit)
        same = made.step in mine and repr(_spelt(mine[made.step], self.solutions[block])) == repr(
            _spelt(theirs[made.step], self.solutions[block])
        )
        try:
            return self._worked(block, habit, {made.step: made.value}) if same else mine
        except (InputError, Undecided, ArithmeticError):
            return mine

    def _truth(
        self, block: str, quantity: str, values: Mapping[str, Any], habit: str, made: Made | None
    ) -> Truth:
        honest = self.honest(block, habit)
        solution = self.solutions[block]
        if (
            made is not None
            and quantity == made.step
            and block in self.worlds[made.block]
            and values is not honest
        ):
            return Truth(block, quantity, "slip", made.slip.name, made.step)
        changed = values is not honest and repr(self.written(block, quantity, values)) != repr(
            self.written(block, quantity, honest)
        )
        if changed and made is not None:
            return Truth(block, quantity, "follows", "", made.step)
        rounds = habit == "rounded" and solution.rounding == "steps" and quantity in solution.working
        return Truth(block, quantity, "rounded" if rounds else "exact")

    def _spoil(
        self,
        answers: dict[str, dict[str, Any]],
        truth: dict[tuple[str, str], Truth],
        random: Random,
        rates: Rates,
    ) -> None:
        """Typing errors and answers left out, among what was right; what follows was worked out before."""
        sound = [place for place, one in truth.items() if one.done in ("exact", "rounded")]
        random.shuffle(sound)
        if sound and random.random() < rates.mistyped:
            for block, quantity in sound:
                found = _mistyped(answers[block][quantity], random)
                if found is not None:
                    how, answers[block][quantity] = found
                    truth[block, quantity] = Truth(block, quantity, "mistyped", how)
                    sound.remove((block, quantity))
                    break
        if sound and random.random() < rates.unreadable:
            block, quantity = sound.pop()
            if isinstance(answers[block][quantity], (int, Numeral)):
                answers[block][quantity] = random.choice(UNREADABLE)
                truth[block, quantity] = Truth(block, quantity, "unreadable")
        if random.random() < rates.blank:
            for block, quantity in sound[: random.randint(1, 4)]:
                answers[block][quantity] = random.choice(LEFT_OUT)
                truth[block, quantity] = Truth(block, quantity, "blank")


def _spelt(value: Any, solution: Solution) -> Any:
    """A value as it is written: to the places of the paper, whole numbers without decimals."""
    if isinstance(value, np.ndarray):
        return [_spelt(part, solution) for part in value]
    exact = exact_value(value)
    if exact is not None and exact.denominator == 1:
        return int(exact)
    rounded = rounded_value(value, solution.places)
    if rounded is None:
        raise Undecided("a tie")
    return Numeral(spell(rounded, max(0, solution.places.decimals_for(rounded))))


def _any(value: Any) -> bool:
    """Whether some entry is not 0: nobody can tell how a 0 came about."""
    return any(_middle(entry) != 0 for entry in np.ravel(np.asarray(value, dtype=object)))


def _apart(value: Any, right: Any, gap: Fraction) -> bool:
    pairs = zip(
        np.ravel(np.asarray(value, dtype=object)), np.ravel(np.asarray(right, dtype=object)), strict=True
    )
    return any(abs(_middle(a) - _middle(b)) > gap for a, b in pairs)


def _middle(entry: Any) -> Fraction:
    exact = exact_value(entry)
    if exact is not None:
        return exact
    low, high = balls.bounds(entry)
    return (low + high) / 2


def _mistyped(answer: Any, random: Random) -> tuple[str, Any] | None:
    """A number, or one of a list, with two digits swapped or its minus left out."""
    if isinstance(answer, list):
        places = list(range(len(answer)))
        random.shuffle(places)
        for i in places:
            found = _mistyped(answer[i], random)
            if found is not None:
                return found[0], [*answer[:i], found[1], *answer[i + 1 :]]
        return None
    if isinstance(answer, bool) or not isinstance(answer, (int, Numeral)):
        return None
    value, decimals = Fraction(str(answer)), len(str(answer).partition(".")[2])
    ways: list[tuple[str, Fraction]] = [
        ("two digits swapped", other) for other in sorted(swapped(value, decimals))
    ]
    if value < 0:
        ways.append(("minus left out", -value))
    if not ways:
        return None
    how, other = random.choice(ways)
    return how, Numeral(spell(other, decimals)) if decimals else int(other)


# --- files --------------------------------------------------------------------------------------------------


def truth_table(students: list[Simulated]) -> str:
    """The truth as a table: student, block, quantity, done, what, step."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["student", "block", "quantity", "done", "what", "step"])
    for one in students:
        table.writerows(
            [one.student, row.block, row.quantity, row.done, row.what, row.step] for row in one.truth
        )
    return stream.getvalue()


def main() -> None:
    """Write `sheets/s01.yaml`, ... and `truth.csv`."""
    parser = argparse.ArgumentParser(description="Write the answer sheets of a simulated class.")
    parser.add_argument("--paper", type=Path, default=Path("papers/examination.md"))
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args()
    students = list(Classroom(read(chosen.paper)).draw(chosen.students, chosen.seed))
    make_folder(chosen.output)
    make_folder(chosen.output / "sheets")
    for one in students:
        text = write_yaml({"student": one.student, "answers": one.answers})
        write_file(chosen.output / "sheets" / f"{one.student}.yaml", text.encode())
    write_file(chosen.output / "truth.csv", truth_table(students).encode())


if __name__ == "__main__":
    main()
