"""Answer sheets in all their forms, and what is refused of them."""

from __future__ import annotations

import json
import pickle
import time
import tracemalloc
from pathlib import Path

import pytest

from workings.marking.sheets import Broken, Sheet, read_sheets
from workings.numerals import Numeral

KNOWN = {"q2b": ("u_1", "h_1"), "q3": ("total",)}

ONE = """\
# Answers to: a paper
student: s01
answers:
  q2b:
    u_1: [1.3, -4.7, 3.6]
    h_1:
  q3: {total: 3/14}
"""
ANSWERS = {
    "q2b": {"u_1": [Numeral("1.3"), Numeral("-4.7"), Numeral("3.6")], "h_1": None},
    "q3": {"total": "3/14"},
}


@pytest.fixture
def sheets(tmp_path):
    """Write a file and read it."""

    def read(text, name="s01.yaml", **rules):
        path = tmp_path / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8", newline="")
        return list(read_sheets([path], **{"known": KNOWN, **rules}))

    return read


def only(found):
    assert len(found) == 1
    return found[0]


def fault(found):
    broken = only(found)
    assert isinstance(broken, Broken)
    return str(broken.error).removeprefix(str(Path(broken.file).parent) + "/")


# --- YAML ---------------------------------------------------------------------------------------------------


def test_one_sheet(sheets):
    sheet = only(sheets(ONE))
    assert (sheet.student, sheet.answers, sheet.line) == ("s01", ANSWERS, 2)
    assert isinstance(sheet.answers["q2b"]["u_1"][0], Numeral)
    assert sheet.answers["q2b"]["u_1"][0] == "1.3"


@pytest.mark.parametrize(
    "text",
    [
        "{student: s01, answers: {q2b: {u_1: [1.3, -4.7, 3.6], h_1: }, q3: {total: 3/14}}}",
        (
            '{"student": "s01",\n "answers": {"q2b": {"u_1": [1.3, -4.7, 3.6], "h_1": null}, '
            '"q3": {"total": "3/14"}}}'
        ),
        (
            "student: s01\nanswers:\n  q2b:\n    u_1:\n    - 1.3\n    - -4.7\n    - 3.6\n    h_1: ~\n"
            "  q3: {total: '3/14'}\n"
        ),
        "---\n" + ONE,
        "\ufeff" + ONE,
        ONE.replace("\n", "\r\n"),
        ONE.replace("\n", "\r"),
        "- " + ONE.split("\n", 1)[1].replace("\n", "\n  "),
        "sheets:\n- " + ONE.split("\n", 1)[1].replace("\n", "\n  "),
        "sheets: [{student: s01, answers: {q2b: {u_1: [1.3, -4.7, 3.6], h_1: }, q3: {total: 3/14}}}]",
        "sheets:\n  [{student: s01, answers: {q2b: {u_1: [1.3, -4.7, 3.6], h_1: }, q3: {total: 3/14}}}]",
    ],
)
def test_the_same_sheet_in_other_words(sheets, text):
    sheet = only(sheets(text))
    assert (sheet.student, sheet.answers) == ("s01", ANSWERS)


FIRST, BAD, THIRD = "{q3: {total: 1}}", "{q3: {total: [}}", "{q3: {total: 3}}"
MANY = [
    (
        f"---\nstudent: s01\nanswers: {FIRST}\n---\nstudent: s02\nanswers: {BAD}\n"
        f"---\nstudent: s03\nanswers: {THIRD}\n"
    ),
    (
        f"- student: s01\n  answers: {FIRST}\n- student: s02\n  answers: {BAD}\n"
        f"- student: s03\n  answers: {THIRD}\n"
    ),
    (
        f"# us\nsheets:\n  - student: s01\n    answers: {FIRST}\n\n  - student: s02\n    answers: {BAD}\n"
        f"  - student: s03\n    answers: {THIRD}\n"
    ),
    (
        f"- student: s01\n  answers: {FIRST}\n- student: s02\n  answers: {BAD}\n...\n---\n"
        f"- {{student: s03, answers: {THIRD}}}\n"
    ),
    (
        f"-\n  student: s01\n  answers: {FIRST}\n-\n  student: s02\n  answers:\n   q3:\n  total: 5\n  - 7\n"
        f"-\n  student: s03\n  answers: {THIRD}\n"
    ),
]


@pytest.mark.parametrize("text", MANY)
def test_a_mistake_in_one_sheet_does_not_lose_the_others(sheets, text):
    first, second, third = sheets(text)
    assert (first.student, first.answers) == ("s01", {"q3": {"total": 1}})
    assert isinstance(second, Broken)
    assert second.student == "s02"
    assert second.line <= second.error.place.line <= second.line + 6
    assert (third.student, third.answers) == ("s03", {"q3": {"total": 3}})


def test_lines_are_those_of_the_file(sheets):
    found = sheets(MANY[1].replace("[}}", "5}}").replace("total: 3", "totl: 3"))
    assert [one.line for one in found] == [1, 3, 5]
    assert str(found[2].error).endswith(
        "s01.yaml:6: answers.q3: unknown quantity 'totl'; accepted: total. Did you mean total?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s01.yaml: found no sheet; accepted: {student: s01,"),
        ("# nothing\n", "s01.yaml: found no sheet"),
        ("7\n", "s01.yaml:1: found '7'"),
        ("student: s01\n", "s01.yaml:1: found no answers"),
        ("student: s01\nanswers: 5\n", "s01.yaml:2: answers: found 5"),
        ("student: s01\nanswers:\n  q3: 5\n", "s01.yaml:3: answers.q3: found 5"),
        (
            "student: s01\nanswers:\n  q3:\n    total: {a: 1}\n",
            "s01.yaml:4: answers.q3.total: found {'a': 1}",
        ),
        (
            "student: s01\nanswers:\n  q2a:\n    u_1: 1\n",
            "s01.yaml:3: answers: unknown question 'q2a'; accepted: q2b, q3.",
        ),
        ("student: s01\nanswers:\n  q3:\n    u_1: 1\n", "Did you mean q2b.u_1?"),
        (
            "studnt: s01\nanswers: {}\n",
            "s01.yaml:1: unknown field 'studnt'; accepted: answers, student. Did you mean student?",
        ),
        ("student: [a]\nanswers: {}\n", "s01.yaml:1: student: found ['a']"),
        ("student: true\nanswers: {}\n", "s01.yaml:1: student: found True"),
        ("student: s01\nstudent: s02\nanswers: {}\n", "s01.yaml:2: found 'student' twice"),
        ("student: &a s01\nanswers: {q3: {total: *a}}\n", "s01.yaml:1: student: found the anchor"),
        ("student: s01\nanswers: {q3: {total: !!python/object/apply:os.system [id]}}\n", "found the tag"),
        ("student: s01\nanswers: {q3: {total: .inf}}\n", "found .inf"),
        ("student: s\x00\nanswers: {}\n", r"s01.yaml:1: found the unprintable character '\x00'"),
        (b"student: s\xe9\nanswers: {}\n", "s01.yaml:1: found the byte 0xe9, which is not UTF-8"),
        ("student: s01".encode("utf-16"), "s01.yaml: found text in UTF-16"),
        (
            "student: s01\nanswers: {q3: {total: " + "[" * 40 + "]" * 40 + "}}\n",
            "s01.yaml:2: answers.q3.total: found [[[",
        ),
        ("student: s01\nanswers: {q3: {total: " + "[" * 9000 + "}}\n", "more than 50 levels"),
    ],
)
def test_what_is_no_sheet_is_refused_with_its_place(sheets, text, message):
    assert message in fault(sheets(text))


def test_a_sheet_alone_is_named_by_its_file_where_the_name_was_left_out(sheets):
    assert only(sheets("student:\nanswers: {q3: {total: 1}}\n", "mary.answers.yaml")).student == "mary"
    assert only(sheets("answers: {q3: {total: 1}}\n", "s07.yaml")).student == "s07"
    first, second = sheets("- answers: {q3: {total: 1}}\n- answers: {q3: {total: 2}}\n")
    assert isinstance(first, Broken)
    assert isinstance(second, Broken)


@pytest.mark.parametrize(
    ("written", "name"), [("007", "007"), ("12", "12"), ("1.10", "1.10"), ("'  Ann  Lee '", "Ann Lee")]
)
def test_names_are_text(sheets, written, name):
    assert only(sheets(f"student: {written}\nanswers: {{}}\n")).student == name


def test_a_student_has_one_sheet(sheets):
    first, second = sheets("- {student: s01, answers: {}}\n- {student: s01, answers: {}}\n")
    assert isinstance(first, Sheet)
    place = f"{first.file}:2: found a second sheet of 's01': {first.file}:1 is marked, this one is not"
    assert str(second.error).startswith(place)


def test_two_sheets_of_one_student_on_one_line(sheets):
    first, second = sheets("[{student: s01, answers: {}}, {student: s01, answers: {q3: {total: 1}}}]\n")
    assert isinstance(first, Sheet)
    assert isinstance(second, Broken)


def test_a_sheet_that_cannot_be_read_does_not_stand_for_its_student(sheets):
    first, second = sheets("- {student: s01, answers: 5}\n- {student: s01, answers: {}}\n")
    assert (type(first), type(second)) == (Broken, Sheet)


def test_lists_with_decimal_commas_stay_whole(sheets):
    text = (
        "student: s01\nanswers:\n  q2b:\n    u_1: [1,5; 2,5]\n    h_1: [[1,5; 2]; [3; 4]]\n"
        "  q3:\n    total: 1,5\n"
    )
    sheet = only(sheets(text, decimal_mark=","))
    assert sheet.answers == {
        "q2b": {"u_1": "[1,5; 2,5]", "h_1": "[[1,5; 2]; [3; 4]]"},
        "q3": {"total": "1,5"},
    }


def test_code_is_text_and_nothing_else(sheets):
    sheet = only(sheets("student: s01\nanswers: {q3: {total: __import__('os').system('touch x')}}\n"))
    assert sheet.answers["q3"]["total"] == "__import__('os').system('touch x')"
    sheet = only(sheets("student: s01\nanswers: {q3: {total: 10**100**100}}\n"))
    assert sheet.answers["q3"]["total"] == "10**100**100"


# --- tables -------------------------------------------------------------------------------------------------

TABLE = 'student,q2b.u_1,q2b.h_1,q3.total\ns01,"[1.3, -4.7, 3.6]",,3/14\ns02,1 2; 3 4,?,61470\n'
ROWS = [
    ("s01", {"q2b": {"u_1": "[1.3, -4.7, 3.6]", "h_1": ""}, "q3": {"total": "3/14"}}),
    ("s02", {"q2b": {"u_1": "1 2; 3 4", "h_1": "?"}, "q3": {"total": "61470"}}),
]


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "\ufeff" + TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.rstrip("\n"),
        TABLE.replace("student", "Student ").replace("s02,", '"s02",'),
        TABLE + ",,,\n\n",
        TABLE.replace("\n", ",,\n"),
        'student;q2b.u_1;q2b.h_1;q3.total\ns01;[1.3, -4.7, 3.6];;3/14\ns02;"1 2; 3 4";?;61470\n',
        'sep=;\nstudent;q2b.u_1;q2b.h_1;q3.total\ns01;[1.3, -4.7, 3.6];;3/14\ns02;"1 2; 3 4";?;61470\n',
        "student\tq2b.u_1\tq2b.h_1\tq3.total\ns01\t[1.3, -4.7, 3.6]\t\t3/14\ns02\t1 2; 3 4\t?\t61470\n",
    ],
)
def test_a_table(sheets, text):
    assert [(sheet.student, sheet.answers) for sheet in sheets(text, "class.csv")] == ROWS


def test_the_names_may_stand_anywhere(sheets):
    sheet = only(sheets("q3.total,student\n1,s01\n", "class.csv"))
    assert (sheet.student, sheet.answers) == ("s01", {"q3": {"total": "1"}})


def test_lines_within_quotes(sheets):
    first, second = sheets('student,q3.total\ns01,"1 2\n3 4"\ns02,"say ""5"""\n', "class.csv")
    assert first.answers["q3"]["total"] == "1 2\n3 4"
    assert second.answers["q3"]["total"] == 'say "5"'
    assert (first.line, second.line) == (2, 4)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("s02,1,2,3", "found 4 cells in a table of 2 columns"),
        ("s02", "found 1 cells in a table of 2 columns"),
        (",5", "student: found no student"),
        ('s02,"5', "found a quotation mark out of place"),
        ('s02,"5"6', "found a quotation mark out of place"),
        ("s02,\x00", r"found the unprintable character '\x00'"),
        ("s02," + "1" * 200_000, "found a row of 200004 characters, 's02,1111"),
        ("s" * 300 + ",1", "accepted: a name of at most 200"),
    ],
)
def test_a_broken_row_does_not_lose_the_others(sheets, row, message):
    found = sheets(f"student,q3.total\ns01,1\n{row}\ns03,3\ns04,4\n", "class.csv")
    assert [one.student for one in found if isinstance(one, Sheet)] == ["s01", "s03", "s04"]
    broken = only([one for one in found if isinstance(one, Broken)])
    assert message in str(broken.error)
    assert (broken.line, broken.error.place.line) == (3, 3)
    assert len(str(broken.error)) < 600


def test_a_quotation_mark_within_a_plain_cell_stands_for_itself(sheets):
    assert [one.answers["q3"]["total"] for one in sheets('student,q3.total\ns01,5"\ns02,6\n', "c.csv")] == [
        '5"',
        "6",
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("student,q2b.u1", "unknown column 'q2b.u1'; accepted: q2b.u_1, q2b.h_1. Did you mean q2b.u_1"),
        ("student,q2.u_1", "unknown column 'q2.u_1'"),
        ("student,u_1", "Did you mean q2b.u_1"),
        ("student,q3.total,q3.total", "found the column 'q3.total' twice, as columns 2 and 3"),
        ("student,student", "found the column 'student' twice"),
        ("studnt,q3.total", "found no column 'student' in 'studnt,q3.total'"),
        ("s01,1", "found no column 'student'"),
        ("x" * 10_000_000, "found no column 'student' in 'xxx"),
        ("student," + "x" * 10_000_000, "found a row of 10000008 characters"),
    ],
)
def test_a_wrong_head_is_refused_once(sheets, head, message):
    found = fault(sheets(f"{head}\ns01,1\ns02,2\n", "class.csv"))
    assert message in found
    assert found.startswith("class.csv:1: ")


def test_an_empty_table(sheets):
    assert "class.csv: the file is empty" in fault(sheets("", "class.csv"))
    assert sheets("student,q3.total\n", "class.csv") == []


# --- documents ----------------------------------------------------------------------------------------------

DOCUMENT = """\
# A paper

``` answers
# Your name, or number:
student: s01
```

``` python
print("answers")
```

Say what `u_1` is.

```answers
q2b:
  u_1: [1.3, -4.7, 3.6]
  h_1:
```

~~~ {.answers}
q3: {total: 3/14}
~~~
"""


def notebook(*sources):
    return json.dumps(
        {"cells": [{"cell_type": "markdown", "source": source} for source in sources], "nbformat": 4}
    )


def test_markdown(sheets):
    sheet = only(sheets(DOCUMENT, "s01.md"))
    assert (sheet.student, sheet.answers) == ("s01", ANSWERS)


def test_a_notebook(sheets):
    head, middle, tail = DOCUMENT.partition("Say what")
    for text in (
        notebook(DOCUMENT),
        notebook(head, middle + tail),
        notebook(head.splitlines(keepends=True), "", (middle + tail).splitlines(keepends=True)),
    ):
        sheet = only(sheets(text, "s01.ipynb"))
        assert (sheet.student, sheet.answers) == ("s01", ANSWERS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# A paper\n", "s01.md: found no place with answers"),
        (DOCUMENT.replace("q3:", "q4:"), "s01.md:21: answers: unknown question 'q4'"),
        (DOCUMENT.replace("u_1: [", "u_2: ["), "s01.md:16: answers.q2b: unknown quantity 'u_2'"),
        (DOCUMENT.replace("3.6]", "3.6"), "s01.md:17: found no ',' or ']' where the list opened on line 16"),
        (
            DOCUMENT.removesuffix("~~~\n"),
            "s01.md:20: found no end of this block of answers; accepted: a line ~~~",
        ),
        (DOCUMENT.replace("h_1:\n```\n", "h_1:\n"), "s01.md:14: found no end of this block of answers"),
        (DOCUMENT + "```answers\nstudent: s02\n```\n", "s01.md:24: found a student a second time"),
        (DOCUMENT + "```answers\nq3:\n  total: 5\n```\n", "s01.md:25: found q3.total a second time"),
        (DOCUMENT + "```answers\n[1, 2]\n```\n", "s01.md:24: found [1, 2]"),
        (DOCUMENT + "```answers\n" + "1" * 200_000 + "\n```\n", "s01.md:24: found 200000 characters, '111"),
        ("\x00", "s01.md: found a binary file"),
    ],
)
def test_what_is_wrong_in_markdown(sheets, text, message):
    assert message in fault(sheets(text, "s01.md"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "s01.ipynb:1: found a notebook that is damaged (not JSON)"),
        ("[]", "s01.ipynb: found '[]'; accepted: a notebook"),
        ("{}", "s01.ipynb: found '{}'"),
        ('{"cells": 5}', "s01.ipynb: found"),
        ('{"cells": [5, null, {"source": 7}, {"source": [1]}]}', "s01.ipynb: found no place with answers"),
        ("[" * 1_000_000, "s01.ipynb: found a notebook that is damaged"),
        ('{"cells": ' + "1" * 5000 + "}", "s01.ipynb: found a notebook that is damaged"),
        (
            notebook("no answers", DOCUMENT.replace("q3:", "q4:")),
            "s01.ipynb:21: cell 2.answers: unknown question 'q4'",
        ),
    ],
)
def test_what_is_wrong_in_a_notebook(sheets, text, message):
    assert message in fault(sheets(text, "s01.ipynb"))


def test_a_name_left_out_of_a_document_is_its_file_name(sheets):
    assert only(sheets(DOCUMENT.replace("student: s01", "student:"), "mary.md")).student == "mary"


# --- files and folders --------------------------------------------------------------------------------------


def test_a_folder_in_order(tmp_path):
    for name in ("b.yaml", "a.yml", "notes.txt", ".hidden.yaml"):
        (tmp_path / name).write_text("answers: {}\n")
    (tmp_path / "c.csv").write_text("student\ns01\n")
    (tmp_path / "deeper.md").mkdir()
    found = list(read_sheets([tmp_path]))
    assert [one.student for one in found] == ["a", "b", "s01", None]
    assert "found a folder" in str(found[3].error)


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    (tmp_path / "a.yml").write_text("answers: {}\n")
    (tmp_path / "b.yml").write_text("answers: {}\n")
    found = list(read_sheets([tmp_path / "b.yml", tmp_path, tmp_path / "." / "a.yml"]))
    assert [(type(one), one.student) for one in found] == [(Sheet, "b"), (Sheet, "a")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s1.yaml", "no such file. Did you mean"),
        ("s01.txt", "found a file of the kind '.txt'; accepted: .yaml"),
        ("s\0.yaml", "no such file"),
        ("empty", "found no answer sheet in this folder"),
    ],
)
def test_a_path_that_is_no_sheet(tmp_path, name, message):
    (tmp_path / "s01.yaml").write_text(ONE)
    (tmp_path / "empty").mkdir()
    found = list(read_sheets([tmp_path / name, tmp_path / "s01.yaml"]))
    assert message in str(found[0].error)
    assert found[1].student == "s01"


def test_a_file_of_nothing_but_broken_sheets_is_given_up(sheets):
    found = sheets("student,q3.total\n" + ",1\n" * 5000, "class.csv")
    assert len(found) == 1001
    assert "found 1000 broken sheets in a row; read no further" in str(found[-1].error)


def test_sheets_travel_between_processes(sheets):
    for found in (*sheets(ONE), *sheets("student: s01\nanswers: 5\n")):
        again = pickle.loads(pickle.dumps(found))  # noqa: S301  this test's own
        assert again.student == found.student
        if isinstance(found, Broken):
            assert str(again.error) == str(found.error)
        else:
            assert again == found
            assert type(again.answers["q2b"]["u_1"][0]) is Numeral


# --- bounds -------------------------------------------------------------------------------------------------

HOSTILE = {
    "a 10 MB cell.yaml": "student: s01\nanswers: {q3: {total: " + "1" * 10_000_000 + "}}\n",
    "a million entries.yaml": "student: s01\nanswers: {q3: {total: [" + "1, " * 1_000_000 + "1]}}\n",
    "half a million lines.yaml": "student: s01\nanswers:\n  q3:\n    total:\n" + "    - 1\n" * 500_000,
    "deep.yaml": "student: s01\nanswers: {q3: {total: " + "[" * 49_000 + "}}\n",
    "full.yaml": "student: s01\nanswers: {q3: {total: [" + "a, " * 16_000 + "!]}}\n",
    "quotes.yaml": "student: s01\nanswers: {q3: {total: [" + '"a", ' * 9_000 + "!]}}\n",
    "words.yaml": "student: s01\nanswers: {q3: {total: " + "a " * 24_000 + ": }}\n",
    "colons.yaml": "student: s01\nanswers: {q3: {" + "a: " * 16_000 + "}}\n",
    "blanks.yaml": "student: s01\nanswers: {q3: {total: a" + " " * 90_000 + "!\n",
    "NUL.yaml": "\0" * 10_000_000,
    "a 10 MB cell.csv": "student,q3.total\ns01," + "1" * 10_000_000 + "\n",
    "a 10 MB cell in quotes.csv": 'student,q3.total\ns01,"' + "1\n" * 5_000_000 + '"\n',
    "an open quote.csv": 'student,q3.total\ns01,"' + "1\n" * 50_000,
    "columns.csv": "student," + ",".join(f"q{i}.a" for i in range(10_000)) + "\n",
    "NUL.csv": "\0" * 10_000_000,
    "a 10 MB cell.md": "```answers\nstudent: s01\nq3:\n  total: " + "1" * 10_000_000 + "\n```\n",
    "fences.md": "```answers\n```\n" * 100_000,
    "a 10 MB cell.ipynb": notebook("```answers\nstudent: s01\nq3:\n  total: " + "1" * 10_000_000 + "\n```\n"),
    "blanks.md": "```answers" + " " * 1_000_000 + "x`\n",
    "blanks in names.yaml": "student:" + " " * 90_000 + "\n" + "student: " * 9000 + "\nanswers: [",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_enormous_is_refused_within_a_second(tmp_path, name):
    path = tmp_path / name
    path.write_text(HOSTILE[name])
    before = time.process_time()
    found = list(read_sheets([path], known=KNOWN))
    assert time.process_time() - before < 1
    assert isinstance(found[0], Broken)
    assert len(found) <= 1001
    assert all(len(str(one.error)) < 900 for one in found if isinstance(one, Broken))


def test_thousands_of_sheets_take_the_memory_of_a_few(tmp_path):
    def peak(count, text, name):
        path = tmp_path / f"{count}-{name}"
        with path.open("w") as stream:
            if name.endswith(".csv"):
                stream.write("student,q2b.u_1,q3.total\n")
            stream.writelines(text.format(i) for i in range(count))
        tracemalloc.start()
        found = sum(isinstance(sheet, Sheet) for sheet in read_sheets([path], known=KNOWN))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == count
        return most

    many = "---\nstudent: s{0}\nanswers:\n  q2b:\n    u_1: [1.3, -4.7, 3.6]\n  q3: {{total: 3}}\n"
    for text, name in ((many, "class.yaml"), ('s{0},"[1, 2]",3\n', "class.csv")):
        few, lots = peak(50, text, name), peak(5_000, text, name)
        assert lots - few < 5_000 * 350  # of each sheet its student's name and place stay, and nothing else
