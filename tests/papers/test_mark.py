"""Marks, tables and pages of a class.

The network is that of the example examination: u₁ = W₁ᵀx + b₁ = (0.8, −5.2, 3.1) + 0.5 by hand.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from importlib.util import find_spec
from math import log, tanh
from pathlib import Path

import numpy as np
import pytest

from workings.cli.marking import json_text
from workings.errors import InputError
from workings.marking.sheets import Broken, Sheet, size_of
from workings.papers.class_page import Tally, class_page, discrimination
from workings.papers.document import parse
from workings.papers.feedback import markdown, page, page_name, plain
from workings.papers.figures.marks import histogram
from workings.papers.hand_back import hand_back
from workings.papers.mark import as_text, mark_sheet, prepare
from workings.papers.marks_csv import Tables, cell, marks_text, rows
from workings.papers.workers import mark

DENSE = """```{.question #q1 marks=6}
kind: dense_parameters
given: {inputs: 2, layers: [5, 5], bias: true}
ask: [layer_1, layer_2, total]
WEIGHTS
```
"""
NETWORK = """```{.question #q2a marks=1}
kind: sgd_step
given:
  x: [1.0, 2.0]
  target: 0
  weights: [[[3.2, -2.4, -2.1], [-1.2, -1.4, 2.6]], [[3.0, 0.0], [-2.4, -4.2], [-3.0, 2.5]], [2.0, -1.0]]
  biases: 0.5
  activations: [tanh, tanh, sigmoid]
  loss: binary_cross_entropy
ask: [u_1]
```

```{.question #q2b marks=2}
kind: sgd_step
from: q2a
ask: [h_1, y, J]
```

```{.question #slow}
kind: sgd_step
from: q2a
given: {learning_rate: 0.1}
ask: [grad_b_1, new_b_1]
```

```{.question #fast}
kind: sgd_step
from: q2a
given: {learning_rate: 1}
ask: [new_b_1, u_1]
```
"""
PAPER = f"---\ntitle: Test\ndecimals: 2\nrounding: steps\n---\n{DENSE.replace('WEIGHTS', '')}\n{NETWORK}"


@pytest.fixture(scope="module")
def scheme():
    return prepare(parse(PAPER, "paper.md"))


def dense(weights: str, marks: str = "marks=6"):
    return prepare(parse(DENSE.replace("WEIGHTS", weights).replace("marks=6", marks), "paper.md"))


def sheet(student: str = "s01", **answers) -> Sheet:
    return Sheet(student, answers, "sheets.yaml", 1)


def verdicts(marked) -> dict[str, str]:
    return {f"{one.question}.{one.quantity}": one.verdict for one in marked.marks if one.raw}


# --- marks --------------------------------------------------------------------------------------------------


def test_marks_are_split_by_weights():
    # 2·5 = 10 leaves the five biases out of layer_1; 10 + 30 = 40 follows from it
    scheme = dense("weights: {total: 4}")
    marked = mark_sheet(scheme, sheet(q1={"layer_1": "10", "layer_2": "30", "total": "40"}))
    assert [one.verdict for one in marked.marks] == ["slip", "right", "follows"]
    assert [one.slip for one in marked.marks] == ["bias left out", "", ""]
    assert [one.worth for one in marked.marks] == [1, 1, 4]
    assert (marked.earned, marked.worth) == (5, 6)


@pytest.mark.parametrize(
    ("weights", "marks", "worth"),
    [
        ("", "marks=6", [2, 2, 2]),
        ("", "", [Fraction(1, 3)] * 3),
        ("weights: {layer_1: 2, layer_2: 0.5, total: 1}", "", [2, Fraction(1, 2), 1]),
        ("weights: {layer_1: 0, layer_2: 0, total: 1}", "marks=6", [0, 0, 6]),
    ],
)
def test_worth(weights, marks, worth):
    assert list(dense(weights, marks).items["q1"].worth.values()) == worth


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("weights: {totl: 1}", "Did you mean total"),
        ("weights: {layer_1: 0, layer_2: 0, total: 0}", "above 0"),
    ],
)
def test_weights_that_say_nothing(weights, says):
    with pytest.raises(InputError, match=says) as caught:
        dense(weights)
    assert (caught.value.place.file, caught.value.place.line) == ("paper.md", 5)


def test_an_earlier_question_holds_the_parents(scheme):
    # without the bias u₁ = (0.8, −5.2, 3.1); its tanh, to two decimals, in another question
    h_1 = [f"{tanh(u):.2f}" for u in (0.8, -5.2, 3.1)]
    marked = mark_sheet(scheme, sheet(q2a={"u_1": ["0.8", "-5.2", "3.1"]}, q2b={"h_1": h_1}))
    assert verdicts(marked) == {"q2a.u_1": "slip", "q2b.h_1": "follows"}
    assert next(one for one in marked.marks if one.quantity == "h_1").feedback == "Right from your own u_1."


def test_what_a_question_changes_is_not_carried_over(scheme):
    # new_b_1 depends on the learning rate, u_1 and grad_b_1 do not
    assert set(scheme.items["fast"].carried) == {
        ("slow", "grad_b_1"), ("q2a", "u_1"), ("q2b", "h_1"), ("q2b", "y"), ("q2b", "J")
    }  # fmt: skip
    assert scheme.items["q2b"].group == "q2a"


def test_a_quantity_asked_twice_is_marked_twice(scheme):
    marked = mark_sheet(scheme, sheet(q2a={"u_1": ["1.3", "-4.7", "3.6"]}, fast={"u_1": ["7", "7", "7"]}))
    assert verdicts(marked) == {"q2a.u_1": "right", "fast.u_1": "wrong"}


@pytest.mark.parametrize(
    ("header", "written", "verdict"),
    [
        ("thousands: space", "10 164", "right"),
        ("thousands: space", "10164", "right"),
        ("thousands: apostrophe", "10'164", "right"),
        ("{thousands: point, decimal_mark: ','}", "10.164", "right"),
        ("decimals: 2", "10 164", "unreadable"),
        ("thousands: space", "10 16 4", "unreadable"),
        ("thousands: space", "10,164", "unreadable"),
    ],
)
def test_marks_between_thousands_where_the_paper_declares_them(tmp_path, header, written, verdict):
    # 120·84 weights and 84 biases
    block = "kind: dense_parameters\ngiven: {inputs: 120, layers: [84], bias: true}\nask: [total]"
    paper = parse(f"---\n{header}\n---\n```{{.question #q1}}\n{block}\n```\n", "paper.md")
    (tmp_path / "s.yaml").write_text(f"answers:\n  q1:\n    total: {written}\n")
    (tmp_path / "t.csv").write_text(f'student,q1.total\nt,"{written}"\n')
    found = list(mark(paper, [tmp_path]))
    assert [one.marks[0].verdict for one in found] == [verdict] * 2


def test_an_empty_sheet_is_blank(scheme):
    marked = mark_sheet(scheme, sheet())
    assert {one.verdict for one in marked.marks} == {"blank"}
    assert marked.earned == 0
    assert marked.worth == 6 + 1 + 2 + 1 + 1


def test_raw_answers_in_one_line():
    assert as_text([["1", 2], [None, "x\ny"]]) == "[[1, 2], [, x y]]"
    assert len(as_text("9" * 10_000)) < 2_100


# --- tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("-0.5", "-0.5"),
        ("+3", "+3"),
        ("-1e-3", "-1e-3"),
        ("[-1, 2]", "[-1, 2]"),
        ("=1+1", "'=1+1"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2(d-y)", "'-2(d-y)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
    ],
)
def test_no_cell_is_a_formula(written, shown):
    assert cell(written) == shown


@pytest.mark.parametrize(
    ("marks", "text"), [(Fraction(5), "5"), (Fraction(1, 2), "0.5"), (Fraction(2, 3), "0.6667")]
)
def test_marks_in_print(marks, text):
    assert marks_text(marks) == text


def test_tables(scheme, tmp_path):
    to = tmp_path / "marks.csv"
    with Tables(to, list(scheme.items)) as tables:
        tables.add(rows(mark_sheet(scheme, sheet("=a, b", q1={"layer_1": "15", "total": "1234"}))))
    with to.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["student", "q1", "q2a", "q2b", "slow", "fast", "total", "percentage"],
            ["'=a, b", "2", "0", "0", "0", "0", "2", "18.2"],  # 2 of 11
        ]
    with (tmp_path / "marks.verdicts.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [(row["quantity"], row["verdict"], row["marks"]) for row in read[:3]] == [
        ("layer_1", "right", "2"), ("layer_2", "blank", "0"), ("total", "wrong", "0")
    ]  # fmt: skip
    assert read[2]["note"] == "right: 45"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_table_is_written_whole_or_not_at_all(tmp_path):
    to = tmp_path / "marks.csv"
    to.write_text("old")
    with pytest.raises(KeyboardInterrupt), Tables(to, []):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]
    assert to.read_text() == "old"


def test_a_table_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="can't write"), Tables(tmp_path / "no" / "marks.csv", []):
        pass
    with pytest.raises(InputError, match="is a folder"):
        Tables(tmp_path, [])


# --- pages --------------------------------------------------------------------------------------------------


def test_names_of_pages():
    taken = {"class.html"}
    names = [page_name(name, taken) for name in ("Ada", "ada", "class", "../../x", "CON", "///", "Zoë B.")]
    assert names == [
        "Ada.html", "ada-2.html", "class-2.html", "x.html", "student-CON.html", "student.html", "Zoë-B.html"
    ]  # fmt: skip


def test_a_page_shows_names_and_answers_as_they_are(scheme):
    evil = sheet("<script>x</script> $y$", q1={"total": "<img src=x onerror=y> | $$z$$ ::: `q`"})
    html = page(scheme, evil, mark_sheet(scheme, evil))
    assert "&lt;script&gt;x&lt;/script&gt; $y$" in html
    assert "&lt;img src=x onerror=y&gt; | $$z$$ ::: `q`" in html
    assert "<script" not in html
    assert "<img" not in html


def test_the_working_is_redone_from_own_numbers(scheme):
    # y = 0.81 is right as rounded, so J = −log(1 − 0.81) = 1.66, and not 0.77
    said = sheet(q2b={"y": "0.81", "J": "0.77"})
    text = markdown(scheme, said, mark_sheet(scheme, said))
    assert f"{-log(1 - 0.81):.2f}" == "1.66"
    assert "$J$ from your own $y$:" in text
    working = text.partition("from your own")[2].partition(":::")[0]
    assert "0.81" in working
    assert "1.66" in working


def test_whole_numbers_stay_whole_when_redone(scheme):
    said = sheet(q1={"layer_1": "10"})
    assert "= 15\n" in markdown(scheme, said, mark_sheet(scheme, said))


def test_plain_text_means_nothing():
    assert plain("a|b *c* [d](e)\n# f") == r"a\|b \*c\* \[d\]\(e\) \# f"


def test_discrimination_is_the_item_rest_correlation():
    right = np.random.default_rng(5).integers(0, 2, size=(40, 6))
    right[:, 3] = 1
    worths = [1, 2, 3, 1, 0.5, 4]
    found = discrimination(right, worths)
    scores = right * worths
    for i in (0, 1, 2, 4, 5):
        rest = np.delete(scores, i, axis=1).sum(axis=1)
        assert found[i] == pytest.approx(np.corrcoef(scores[:, i], rest)[0, 1])
    assert found[3] is None


def test_the_histogram_counts_every_student():
    drawn = histogram([0, 0.05, 0.1, 0.999, 1])
    assert [drawn.count(f'font-size="12" fill="#1f2328" text-anchor="middle">{n}<') for n in (1, 2)] == [1, 2]
    assert "students" in drawn
    assert "share of the marks (%)" in drawn


def test_the_class_page(scheme):
    tally = Tally(scheme)
    for student, first in (("a", "15"), ("b", "10"), ("c", "10")):
        tally.add(mark_sheet(scheme, sheet(student, q1={"layer_1": first})))
    tally.add(Broken("x.yaml", 3, None, InputError("found <b>").at(file="x.yaml", line=3)))
    html = class_page(tally)
    assert "3 sheets marked, 1 could not be, of 11 marks each." in html
    assert "bias left out" in html
    assert "q1.layer_1 (2)" in html
    assert "x.yaml:3: found &lt;b&gt;" in html
    assert "33\u00a0%" in html


# --- a class ------------------------------------------------------------------------------------------------

SHEETS = """- {student: ada, answers: {q1: {layer_1: 15, layer_2: 30, total: 45}}}
- {student: bob, answers: {q1: {layer_1: 10, layer_2: 30, total: 40}}}
- {student: eve, answers: {q9: {layer_1: 10}}}
- {student: ada, answers: {}}
- {answers: {}}
- {student: zed, answers: {q1: {totl: 45}}}
- {student: max, answers: {q2b: {h_1: what}}}
"""


def alone(_marked, alone) -> bool:
    return alone


def handed_back(sheets, paper="paper.md", say=json_text, **wanted):
    heard: list[object] = []
    hand_back(parse(PAPER, paper), sheets, say=say, heard=lambda said: heard.append(one(said)), **wanted)
    return heard


def one(said):
    return str(said.error) if isinstance(said, Broken) else said


@pytest.fixture
def sheets(tmp_path) -> Path:
    path = tmp_path / "sheets.yaml"
    path.write_text(SHEETS)
    return path


def test_broken_sheets_are_reported_and_the_others_marked(sheets):
    found = list(mark(parse(PAPER, "paper.md"), [sheets]))
    assert [one.student for one in found if not isinstance(one, Broken)] == ["ada", "bob", "max"]
    said = [str(one.error) for one in found if isinstance(one, Broken)]
    assert [text.partition(": ")[0] for text in said] == [f"{sheets}:{line}" for line in (3, 4, 5, 6)]
    for text, part in zip(said, ("q9", "second sheet", "no student", "Did you mean total"), strict=True):
        assert part in text


@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_a_file_of_rubbish_is_given_up_wherever_the_work_is_done(tmp_path, on):
    (tmp_path / "a.csv").write_text("student,q1.total\n" + ",1\n" * 3000 + "ada,45\n")
    (tmp_path / "b.yaml").write_text("student: ada\nanswers: {}\n")
    found = list(mark(parse(PAPER, "paper.md"), [tmp_path], on=on))
    assert [one.student for one in found] == [None] * 1001 + ["ada"]
    assert "read no further" in str(found[1000].error)
    assert found[1001].file.endswith("b.yaml")


def test_no_sheets(tmp_path):
    with pytest.raises(InputError, match="no answer sheets"):
        list(mark(parse(PAPER, "paper.md"), []))
    missing = list(mark(parse(PAPER, "paper.md"), [tmp_path / "none.yaml"]))
    assert [isinstance(one, Broken) for one in missing] == [True]


def test_what_is_said_of_a_sheet_depends_on_whether_it_is_alone(sheets, tmp_path):
    (tmp_path / "one.yaml").write_text("answers: {}\n")
    assert handed_back([tmp_path / "one.yaml"], say=alone) == [True]
    assert handed_back([sheets], say=alone)[0] is False


RAY = pytest.param(
    "ray",
    marks=[pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")],
)


@pytest.mark.parametrize("on", ["processes:2", RAY])
def test_workers_write_the_same_bytes(sheets, tmp_path, on):
    written: list[dict[str, bytes]] = []
    for place in ("inline", on):
        folder = tmp_path / place.partition(":")[0]
        folder.mkdir()
        heard = handed_back([sheets], to=folder / "marks.csv", feedback=folder / "pages", on=place)
        files = {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        written.append({**files, "heard": "".join(map(str, heard)).encode()})
    assert written[0] == written[1]
    assert {Path(name).name for name in written[0]} == {
        "marks.csv", "marks.verdicts.csv", "ada.html", "bob.html", "max.html", "class.html", "heard"
    }  # fmt: skip


@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_every_character_is_counted_once(sheets, on):
    told: list[int] = []
    handed_back([sheets], on=on, ticked=told.append)
    assert sum(told) == size_of([sheets]) == len(SHEETS)


def test_nothing_that_is_read_is_written_over(sheets, tmp_path):
    own = tmp_path / "paper.md"
    own.write_text(PAPER)
    for to in (own, sheets):
        before = to.read_bytes()
        with pytest.raises(InputError, match="is read, too"):
            handed_back([sheets], paper=str(own), to=to)
        assert to.read_bytes() == before


def test_a_paper_without_questions():
    with pytest.raises(InputError, match="no question"):
        prepare(parse("# Nothing\n", "paper.md"))
