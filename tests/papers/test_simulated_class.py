"""The simulated class: its files agree with each other, and marking finds in it what was put into it."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

from workings.algebra.rounding import round_decimals
from workings.errors import InputError
from workings.marking.answers import is_blank, read_numbers
from workings.marking.sheets import Sheet, read_sheets
from workings.papers.document import read
from workings.papers.mark import mark_sheet, prepare

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "class"
PAPERS = ("examination", "assignment", "homework", "midterm", "report")


def script():
    spec = importlib.util.spec_from_file_location("simulate", FOLDER / "simulate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module
    spec.loader.exec_module(module)
    return module


simulate = script()


@pytest.fixture(scope="module")
def examination():
    return simulate.Classroom(read(ROOT / "papers" / "examination.md"))


def test_a_larger_class_begins_with_a_smaller_one(examination):
    few, more = list(examination.draw(3, 5)), list(examination.draw(6, 5))
    assert few == more[:3]
    assert [one.student for one in more] == ["s01", "s02", "s03", "s04", "s05", "s06"]
    assert few != list(examination.draw(3, 6))


def test_the_committed_sheets_and_the_truth_beside_them_agree():
    sheets = list(read_sheets([FOLDER / "sheets"]))
    assert [sheet.student for sheet in sheets] == [f"s{i:02d}" for i in range(1, 31)]
    with (FOLDER / "truth.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    answers = {
        (sheet.student, block, quantity): raw
        for sheet in sheets
        for block, quantities in sheet.answers.items()
        for quantity, raw in quantities.items()
    }
    assert [(row["student"], row["block"], row["quantity"]) for row in rows] == list(answers)
    done = Counter(row["done"] for row in rows)
    assert {"exact", "rounded", "slip", "follows", "mistyped", "unreadable", "blank"} == set(done)
    for row in rows:
        raw = answers[row["student"], row["block"], row["quantity"]]
        assert is_blank(raw) == (row["done"] == "blank")
        if row["done"] == "unreadable":
            with pytest.raises(InputError):
                read_numbers(raw, shape=())
        assert bool(row["what"]) == (row["done"] in ("slip", "mistyped"))


def test_two_ways_of_rounding_by_hand(examination):
    """h_1 = tanh(1.3), ... = 0.8617, -0.9998, 0.9985; u_2 from them, and from 0.86, -1 and 1.

    W_2 has the columns (3, -2.4, -3) and (0, -4.2, 2.5): 0.8617·3 + 0.9998·2.4 - 0.9985·3 + 0.5 = 2.4891, but
    0.86·3 + 2.4 - 3 + 0.5 = 2.48.
    """
    for habit, first in (("exact", 249), ("rounded", 248)):
        value = examination.honest("q2b", habit)["u_2"]
        entry = simulate._middle(value[0])
        assert round_decimals(entry, 2) * 100 == first


def found_in(name, count, seed):
    """What was done with each answer against what marking says of it."""
    paper = read(ROOT / "papers" / f"{name}.md")
    scheme = prepare(paper)
    for student in simulate.Classroom(paper).draw(count, seed):
        marked = mark_sheet(scheme, Sheet(student.student, student.answers, "sheet", 1))
        marks = {(mark.question, mark.quantity): mark for mark in marked.marks}
        for truth in student.truth:
            yield truth, marks[truth.block, truth.quantity]


def judge(pairs):
    slips = Counter()
    for truth, mark in pairs:
        place = f"{mark.question}.{mark.quantity}: {truth} is {mark.verdict} {mark.slip} ({mark.note})"
        if truth.done in ("exact", "rounded"):
            assert mark.verdict in ("right", "right, rounded"), place
            assert mark.earned == mark.worth, place
        elif truth.done == "follows":
            assert mark.earned == mark.worth, place
        elif truth.done in ("blank", "unreadable"):
            assert mark.verdict == truth.done, place
        elif truth.done == "slip":
            slips[mark.slip == truth.what] += 1
    return slips


@pytest.mark.parametrize("name", PAPERS)
def test_marking_finds_what_was_done(name):
    slips = judge(found_in(name, 12, 1))
    assert slips[True] >= slips.total() * 0.75


@pytest.mark.slow
def test_a_thousand_sheets_over_the_five_papers():
    """Honest work and work continued from a slip lose nothing; 95 % of slips are named."""
    slips = Counter()
    for name in PAPERS:
        slips += judge(found_in(name, 200, 11))
    assert slips.total() > 300
    assert slips[True] >= 0.95 * slips.total()
