"""Every question kind, in `DRAWS` variants, against an independent implementation and against itself.

A kind is checked by being in `src/workings/questions`; its independent answers are in `oracles/<kind>.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction
from random import Random
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest
from pydantic import BaseModel
from questions import oracles
from questions.variants import (
    DRAWS,
    KINDS,
    PACKAGE,
    Variant,
    Watched,
    at_point,
    close,
    exactly,
    gradients,
    is_whole,
    nested,
    question,
    read,
    run,
    sized,
    variants,
    watch_largest,
)

from workings.algebra import balls
from workings.algebra import evaluate as evaluation
from workings.algebra.expression import Expr, names_in
from workings.algebra.parse import parse
from workings.algebra.rounding import Places
from workings.algebra.shape import shapes_of
from workings.algebra.show import Shown, latex, matrix_text, number_text, text
from workings.algebra.systems import Enclosure, Float64, Rounded
from workings.errors import InputError
from workings.validation import alternatives

kinds = pytest.mark.parametrize("kind", KINDS)
CENTS = Places(decimals=2)


@kinds
def test_answers_agree_with_an_independent_implementation(kind):
    skipped = getattr(oracles.load(kind), "NOT_CHECKED", {})
    assert all(skipped.values()), "NOT_CHECKED needs a reason for each name"
    for variant in variants(kind):
        assert variant.working.ask, f"{variant}: nothing is asked for"
        missing = set(variant.working.ask) - variant.answers.keys() - skipped.keys()
        assert not missing, f"{variant}: the oracle has no answer for {sorted(missing)}"
        for name in variant.working.ask:
            if name in variant.answers:
                check_answer(variant, name, variant.answers[name])


def check_answer(variant: Variant, name: str, answer: Any) -> None:
    if variant.needs[name]:
        assert callable(answer), f"{variant}: {name} has letters; the oracle must give a function of them"
        for point in variant.points:
            found, expected = run(variant, Float64(), point)[name], at_point(answer, point)
            assert close(found, expected, 0 if is_whole(expected) else 1e-9), (
                f"{variant} at {point}: {name} is {found}, the oracle has {expected}"
            )
        return
    assert not callable(answer), f"{variant}: {name} has no letters; the oracle must give a value"
    if is_whole(answer):
        found = exactly(variant.certified[name])
        assert found == nested(answer), f"{variant}: {name} is {found}, the oracle has {answer}"
    found = variant.values[name]
    assert close(found, answer, 1e-9), f"{variant}: {name} is {found}, the oracle has {answer}"


@kinds
def test_certified_values_agree_with_float64(kind):
    for variant in variants(kind):
        assert variant.certified.keys() == variant.values.keys()
        for name, value in variant.certified.items():
            assert close(variant.values[name], value, 1e-8), f"{variant}: {name}"


@kinds
def test_gradients_agree_with_central_differences(kind, monkeypatch):
    monkeypatch.setitem(evaluation.ROWS, "amax", watch_largest)
    monkeypatch.setattr(evaluation, "_PLANS", WeakKeyDictionary())  # plans remember their rows
    drawn = checked = 0
    for variant in variants(kind):
        pairs = list(gradients(variant))
        if not pairs:
            continue
        point = variant.points[0]
        values = run(variant, Float64(), point)
        noise = np.random.default_rng(variant.seed)
        for name, label in pairs:
            for direction in directions(np.shape(values[name]), noise):
                drawn += 1
                slope = central_difference(variant, point, values, name, direction)
                if slope is None:
                    continue
                checked += 1
                expected = float(np.sum(values[label] * direction))
                scale = max(1.0, abs(expected), float(np.max(np.abs(values[label]))))
                assert abs(slope - expected) <= 1e-5 * scale, (
                    f"{variant} at {point}: {label} along {direction} is {expected}, differences give {slope}"
                )
    assert 2 * checked >= drawn, f"{kind}: only {checked} of {drawn} differences were away from kinks"


def directions(shape, noise):
    """Every entry of a small array, four of a large one, and a direction of all entries at once."""
    count = int(np.prod(shape))
    for i in noise.choice(count, size=min(count, 4), replace=False):
        unit = np.zeros(count)
        unit[i] = 1
        yield unit.reshape(shape)[()]
    yield noise.normal(size=shape)


def central_difference(variant, point, values, name, direction):
    """The slope of the cost along a direction, or None within 1e-4 of a kink."""

    def cost(distance):
        system = Watched()
        moved = values[name] + distance * direction
        found = run(variant, system, point, {name: moved}, until=variant.working.cost)
        return float(found[variant.working.cost]), system.sides

    if cost(1e-4)[1] != cost(-1e-4)[1]:
        return None
    return (cost(1e-5)[0] - cost(-1e-5)[0]) / 2e-5


@kinds
def test_letters_with_numbers_put_in_give_the_numeric_value(kind):
    for variant in variants(kind):
        for point in variant.points if variant.formulas else ():
            numbers = run(variant, Float64(), point)
            for name, formula in variant.formulas.items():
                found = put_in(formula, variant, point)
                assert close(found, numbers[name], 1e-9), f"{variant} at {point}: {name} = {formula}"


@kinds
def test_numbers_given_in_place_of_letters_give_the_numeric_value(kind):
    tried = read_too = 0
    for variant in variants(kind):
        point = variant.points[0]
        raw = {
            field: numbered(data, getattr(variant.given, field), point) for field, data in variant.raw.items()
        }
        # a letter that only names a size is no letter of the working
        if raw == variant.raw or not letters_of(variant.given) <= variant.working.letters.keys():
            continue
        tried += 1
        try:
            plain = read(kind, variant.seed, raw)
        except InputError:  # more steps than are written out, for instance
            continue
        read_too += 1
        if plain.working.letters.keys() <= point.keys():  # not x_1, x_2, ... where there was a sequence
            check_in_numbers(variant, plain, point)
    assert 2 * read_too >= tried, (
        f"{kind}: only {read_too} of {tried} variants took numbers for their letters"
    )


def check_in_numbers(variant: Variant, plain: Variant, point: dict[str, Any]) -> None:
    """What both ask for has the same value, the letters that are left being those of the point."""
    left = {**plain.points[0], **{name: point[name] for name in point if name in plain.working.letters}}
    for letter in plain.working.letters.values():
        if np.ndim(left[letter.name]) == 1 and isinstance(next(iter(letter.shape), None), int):
            left[letter.name] = left[letter.name][: letter.shape[0]]
    found, expected = run(plain, Float64(), left), run(variant, Float64(), point)
    for name in set(variant.working.ask) & set(plain.working.ask):
        if isinstance(found[name], str) == isinstance(expected[name], str):  # words may stand for a formula
            assert close(found[name], expected[name], 1e-9), f"{plain} for {variant}: {name} is {found[name]}"


def letters_of(value):
    if isinstance(value, Expr):
        return set(names_in(value))
    if isinstance(value, BaseModel):
        value = [part for _, part in value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return set().union(*map(letters_of, parts))


def numbered(data, value, point):
    """A document's data with numbers in place of its formulas in letters."""
    if isinstance(value, Expr) and set(names_in(value)) <= {name for name, _ in scalars(point)}:
        number = float(
            evaluation.evaluate(value, {name: np.float64(n) for name, n in scalars(point)}, Float64())
        )
        return int(number) if number.is_integer() else repr(number)
    if isinstance(data, dict) and isinstance(value, BaseModel):
        # {conv: {...}} is a layer whose kind is not a field of its own
        return {field: numbered(part, getattr(value, field, value), point) for field, part in data.items()}
    if isinstance(data, dict) and isinstance(value, dict):
        return {key: numbered(part, value[key], point) for key, part in data.items()}
    if isinstance(data, list) and isinstance(value, list | tuple):
        return [numbered(part, inner, point) for part, inner in zip(data, value, strict=True)]
    return data


def scalars(point):
    return [(name, value) for name, value in point.items() if np.ndim(value) == 0]


def put_in(formula, variant, point):
    """A SymPy result at a point."""
    if isinstance(formula, np.ndarray):
        flat = [put_in(entry, variant, point) for entry in formula.ravel()]
        return np.array(flat, dtype=np.float64).reshape(formula.shape)
    import sympy

    values = {}
    for letter in variant.working.letters.values():
        if letter.sequence:
            values |= {sympy.Indexed(letter.name, i + 1): x for i, x in enumerate(point[letter.name])}
    symbols = {symbol.name: symbol for symbol in formula.free_symbols}
    for name, symbol in symbols.items():
        if name in point and np.ndim(point[name]) == 0:
            values[symbol] = point[name]
        elif name not in point and "_" in name:
            base, _, subscripts = name.partition("_")
            index = subscripts.split("_") if "_" in subscripts else list(subscripts)
            if base in point and np.ndim(point[base]) == len(index):
                values[symbol] = point[base][tuple(int(i) - 1 for i in index)]
            elif base in point and np.ndim(point[base]) == 1:
                values[symbol] = point[base][int(subscripts) - 1]
    scalars = {symbol: value for symbol, value in values.items() if not isinstance(symbol, sympy.Indexed)}
    return float(formula.subs(scalars).doit().subs(values))


@kinds
def test_rounded_and_certified_values_lie_in_the_enclosure(kind):
    held = 0
    with balls.precision(256):
        for variant in variants(kind):
            enclosed = run_numbers(variant, Enclosure(256, CENTS))
            rounded = run_numbers(variant, Rounded(256, CENTS))
            for name, wide in enclosed.items():
                held += name in variant.working
                assert lies_in(wide, variant.certified[name]), f"{variant}: certified {name} outside {wide}"
                if name in rounded:
                    assert lies_in(wide, rounded[name]), f"{variant}: rounded {name} outside {wide}"
    numeric = sum(step.name in variant.certified for variant in variants(kind) for step in variant.working)
    assert 5 * held >= numeric, f"{kind}: only {held} of {numeric} steps could be enclosed"


def run_numbers(variant, system):
    """As many steps without letters as the system can work out."""
    found = dict(variant.working.lifted(system))
    for step in variant.working.steps:
        if step.name in variant.certified:
            try:
                found[step.name] = system.settle(evaluation.evaluate(step.expr, found, system))
            except (InputError, balls.Undecided):
                break
    return found


def lies_in(wide, value):
    if isinstance(wide, str):
        return wide == value
    for outer, inner in zip(np.ravel(wide), np.ravel(value), strict=True):
        low, high = balls.bounds(outer)
        least, greatest = balls.bounds(balls.lifted(inner))
        if greatest < low or least > high:
            return False
    return True


@kinds
def test_printed_formulas_are_read_back(kind):
    for variant in variants(kind):
        point = variant.points[0]
        values = run(variant, Float64(), point)
        known = {label: len(shape) for label, shape in variant.working.shapes.items()}
        for label, formula in formulas_at(variant, point).items():
            printed = text(formula, ranks=ranks_in(variant, formula))
            read = parse(printed, ranks=known, only_known=True, longest=100_000)
            found = evaluation.evaluate(read, values, Float64())
            assert close(found, values[label], 1e-12), f"{variant}: {label} = {printed} reads as {found}"


@kinds
def test_substituted_formulas_are_read_back(kind):
    for variant in variants(kind):
        point = variant.points[0]
        values = {label: to_digits(value) for label, value in run(variant, Float64(), point).items()}
        for label, formula in formulas_at(variant, point).items():
            inner = {name: put(values[name]) for name in names_in(formula) if np.size(values[name]) <= 36}
            printed = text(formula, ranks=ranks_in(variant, formula), substitution=inner)
            known = {name: np.ndim(value) for name, value in values.items()}
            read = parse(printed, ranks=known, longest=100_000)
            expected = evaluation.evaluate(formula, values, Float64())
            found = evaluation.evaluate(read, values, Float64())
            assert close(found, expected, 1e-9), f"{variant}: {label} = {printed} reads as {found}"


def formulas_at(variant, point):
    return sized(variant, tuple((name, value) for name, value in point.items() if isinstance(value, int)))


def ranks_in(variant, formula):
    shapes = {name: shape for name, shape in variant.working.shapes.items() if name in names_in(formula)}
    return {node: len(shape) for node, shape in shapes_of(formula, shapes).items()}


def to_digits(value):
    """A value as it is printed, to twelve significant digits."""
    if isinstance(value, str):
        return value
    return np.vectorize(lambda entry: float(f"{entry:.12g}"), otypes=[np.float64])(value)[()]


def put(value):
    """What is printed in a name's place."""
    if isinstance(value, str):
        return Shown(f'"{value}"')
    if np.ndim(value) == 0:
        return number_text(Fraction(repr(float(value))), "text")
    return Shown(matrix_text(entry_texts(value), "text"))


def entry_texts(value):
    return [entry_texts(part) for part in value] if np.ndim(value) else put(value).text


@kinds
def test_every_step_prints_as_latex(kind):
    for variant in variants(kind)[:10]:
        for step in variant.working.steps:
            ranks = ranks_in(variant, step.expr)
            shown = latex(step.expr, ranks=ranks, symbols=variant.working.symbols)
            assert not re.search(r"_(\w|\{[^{}]*\})_", shown), f"a double subscript in {shown}"
            assert shown.count("{") == shown.count("}"), shown
            assert shown.count(r"\left") == shown.count(r"\right"), shown


@kinds
def test_variants_are_plain_data_drawn_alike_each_time(kind):
    for variant in variants(kind):
        assert json.loads(json.dumps(variant.raw)) == variant.raw
        assert not has_float(variant.raw), f"{variant}: decimals in a document are text"
        assert question(kind).vary(Random(variant.seed)) == variant.raw


def has_float(data):
    if isinstance(data, dict):
        return any(has_float(part) for part in data.values())
    return any(has_float(part) for part in data) if isinstance(data, list) else isinstance(data, float)


@kinds
def test_variants_reach_every_option(kind):
    asked = question(kind)
    for name in asked.given.model_fields:
        drawn = set()
        for variant in variants(kind):
            value = getattr(variant.given, name)
            drawn |= {repr(part) for part in (value if isinstance(value, list) else [value])}
        left = [option for option in alternatives(asked.given, name) if repr(option) not in drawn]
        assert not left, f"{kind}.{name}: {left} not drawn in {DRAWS} variants"


@kinds
def test_the_example_works_and_fields_are_described(kind):
    asked = question(kind)
    working = asked.work(asked.given.read(asked.example))
    assert working.ask
    assert all(name in working for name in working.ask)
    assert asked.title
    assert sys.modules[f"{PACKAGE}.{kind}"].__doc__
    for name, field in asked.given.model_fields.items():
        assert field.description, f"{kind}.{name} has no description"
    for name in (*asked.conventions, *asked.contested):
        assert alternatives(asked.given, name), f"{kind}.{name} has no fixed choices to try"


@kinds
def test_a_misspelt_field_gets_the_nearest_spelling(kind):
    asked = question(kind)
    name = max(asked.given.model_fields, key=len)
    misspelt = name + name[-1]
    with pytest.raises(InputError, match="unknown field") as caught:
        asked.given.read({**asked.example, misspelt: 1})
    assert name in caught.value.near


def test_importing_the_kinds_loads_no_heavy_package():
    heavy = {"torch", "sympy", "flint", "scipy", "matplotlib", "lark", "sklearn"}
    program = (
        f"import importlib, sys\nfor kind in {KINDS!r}: importlib.import_module('{PACKAGE}.' + kind)\n"
        f"print(*sorted({heavy!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
