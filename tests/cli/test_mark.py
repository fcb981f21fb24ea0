"""`workings mark` from end to end, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import workings as wk
from workings.marking.sheets import Broken

PAPER = """# Exam

```{.question #q1 marks=3}
kind: dense_parameters
given: {inputs: 2, layers: [5, 5], bias: true}
ask: [layer_1, layer_2, total]
```
"""
GOOD = "{student: ada, answers: {q1: {layer_1: 15, layer_2: 30, total: 45}}}\n"
SLIPPED = "{student: bob, answers: {q1: {layer_1: 10, layer_2: 30, total: 40}}}\n"


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "paper.md").write_text(PAPER)
    (tmp_path / "one.yaml").write_text(SLIPPED)
    (tmp_path / "class.yaml").write_text(f"- {GOOD}- {SLIPPED}")
    (tmp_path / "broken.yaml").write_text(
        f"- {GOOD}- {{student: eve, answers: {{q2: {{u: 1}}}}}}\n- {SLIPPED}"
    )
    return tmp_path


def workings(folder: Path, *args) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workings", "mark", *map(str, args)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, check=False)


def test_one_sheet_is_shown_answer_by_answer(folder):
    done = workings(folder, "paper.md", "one.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert " ".join(lines[0].split()) == "q1.layer_1 slip You left the bias out. [bias left out; right: 15]"
    assert lines[1].split() == ["q1.layer_2", "right"]
    assert lines[2].startswith("q1.total    follows")
    assert "2 of 3" in lines[4]
    assert lines[-1] == "1 sheet marked"


def test_a_class_is_a_line_a_student(folder):
    done = workings(folder, "paper.md", "class.yaml", "-o", "marks.csv")
    assert done.returncode == 0
    assert [line.split()[:4] for line in done.stdout.splitlines()] == [
        ["ada", "3", "of", "3"],
        ["bob", "2", "of", "3"],
        ["2", "sheets", "marked"],
    ]
    assert (folder / "marks.csv").read_text() == (
        "student,q1,total,percentage\nada,3,3,100.0\nbob,2,2,66.7\n"
    )
    assert done.stderr.splitlines() == [
        "workings: wrote marks.csv",
        "workings: wrote marks.verdicts.csv",
    ]


@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_a_broken_sheet_does_not_stop_the_others(folder, on):
    done = workings(folder, "paper.md", "broken.yaml", "--format", "json", "--on", on)
    assert done.returncode == 1
    assert done.stderr.startswith("workings: broken.yaml:2: answers: unknown question 'q2'; accepted: q1")
    assert [(one["student"], one["total"], one["of"]) for one in json.loads(done.stdout)] == [
        ("ada", 3, 3),
        ("bob", 2, 3),
    ]


def test_json(folder):
    done = workings(folder, "paper.md", "one.yaml", "--format", "json")
    assert json.loads(done.stdout) == [
        {
            "student": "bob",
            "total": 2,
            "of": 3,
            "percentage": 66.67,
            "questions": {"q1": {"marks": 2, "of": 3}},
            "answers": [
                {"question": "q1", "quantity": "layer_1", "raw": "10", "verdict": "slip",
                 "slip": "bias left out", "marks": 0, "of": 1, "note": "bias left out; right: 15"},
                {"question": "q1", "quantity": "layer_2", "raw": "30", "verdict": "right",
                 "slip": None, "marks": 1, "of": 1, "note": ""},
                {"question": "q1", "quantity": "total", "raw": "40", "verdict": "follows", "slip": None,
                 "marks": 1, "of": 1,
                 "note": "follows from own layer_1; the first wrong step is layer_1; right: 45"},
            ],
        }
    ]  # fmt: skip


def test_pages(folder):
    done = workings(folder, "paper.md", "class.yaml", "--feedback", "pages/of/class")
    assert done.returncode == 0
    found = sorted(path.name for path in (folder / "pages" / "of" / "class").iterdir())
    assert found == ["ada.html", "bob.html", "class.html"]


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("on", ["inline", "processes:2"])
def test_a_gauge_on_a_terminal_leaves_what_is_printed_alone(folder, on):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workings", "mark", "paper.md", "class.yaml", "--on", on]
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=folder, stdout=printed, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # how Linux says that nobody writes any more
            while more := os.read(ours, 4096):
                seen += more
    os.close(ours)
    assert process.wait() == 0
    assert "2 sheets marked" in seen.decode()
    assert (folder / "printed").read_text() == workings(folder, "paper.md", "class.yaml").stdout


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["paper.md"], 2, "SHEETS"),
        (["paper.md", "none.yaml"], 1, "none.yaml: "),
        (["paper.md", "one.txt"], 1, "one.txt: found a file of the kind '.txt'"),
        (["none.md", "one.yaml"], 1, "none.md"),
        (["paper.md", "one.yaml", "-o", "no/marks.csv"], 1, "can't write 'no/marks.csv'"),
        (["paper.md", "one.yaml", "-o", "paper.md"], 1, "'paper.md' is read, too"),
        (["paper.md", "one.yaml", "--feedback", "one.yaml"], 1, "can't make the folder 'one.yaml'"),
        (["paper.md", "one.yaml", "--on", "proceses"], 1, "Did you mean processes"),
    ],
)
def test_bad_input(folder, args, code, says):
    done = workings(folder, *args)
    assert done.returncode == code
    assert says.casefold() in done.stderr.casefold()
    assert "Traceback" not in done.stderr
    assert (folder / "paper.md").read_text() == PAPER


def test_from_python(folder):
    found = wk.mark(folder / "paper.md", folder / "broken.yaml", to=folder / "marks.csv")
    assert [one.student for one in found] == ["ada", "eve", "bob"]
    assert isinstance(found[1], Broken)
    assert found[2].earned == 2
    assert (folder / "marks.csv").exists()
