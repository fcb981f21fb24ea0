"""The commands from end to end, each as people type it, in a process of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from workings import __version__, discovery
from workings.cli.demo import PAPERS, folder

FIXTURES = Path(__file__).parents[1] / "papers" / "fixtures"
SMALL = FIXTURES / "small.md"
CONV = ["conv_size", "input=55", "kernel=?", "stride=1", "padding=0", "output=49"]


def workings(*args, given: str | bytes | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess:
    data = given.encode() if isinstance(given, str) else given
    command = [sys.executable, "-m", "workings", *map(str, args)]
    return subprocess.run(command, input=data, capture_output=True, cwd=cwd, check=False)


def output(*args, **options) -> str:
    """Standard output of a command that succeeds and has nothing to complain of."""
    done = workings(*args, **options)
    assert done.stderr.decode() == ""
    assert done.returncode == 0
    return done.stdout.decode()


def complaint(*args, code: int, **options) -> str:
    """Standard error of a command that fails; no traceback."""
    done = workings(*args, **options)
    message = done.stderr.decode()
    assert done.returncode == code, message
    assert "Traceback" not in message
    assert done.stdout == b""
    return message


# workings list


def test_list():
    text = output("list")
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "Questions",
        "Studies",
        "Claims",
    ]
    for kind in discovery.names("workings.questions"):
        assert re.search(rf"^  {kind} +\S", text, re.MULTILINE), kind


def test_list_one_kind_for_machines():
    found = json.loads(output("list", "questions", "--format", "json"))
    assert list(found) == ["questions"]
    assert set(found["questions"]) == set(discovery.names("workings.questions"))
    assert all(found["questions"].values())


def test_version_and_help():
    assert output("--version").strip() == __version__
    text = output("--help")
    assert "Usage: " in text
    assert all(command in text for command in ("list", "solve", "build", "audit", "draw", "demo"))


# workings solve


def test_solve_with_pairs():
    assert output("solve", *CONV).splitlines()[-2:] == ["Answers", "  k = 7"]


def test_solve_a_file_and_standard_input(tmp_path):
    text = "input: 55\nkernel: '?'\nstride: 1\npadding: 0\noutput: 49\n"
    (tmp_path / "given.yaml").write_text(text)
    assert output("solve", "conv_size", tmp_path / "given.yaml") == output("solve", *CONV)
    assert output("solve", "conv_size", "-", given=text) == output("solve", *CONV)


@pytest.mark.parametrize("kind", ["sgd_step", "average_precision", "scalar_rnn_bptt"])
def test_an_example_can_be_edited_and_solved(kind):
    example = output("solve", kind, "--example")
    assert example.startswith("# ")
    assert "Answers" in output("solve", kind, "-", given=example)


def test_solve_for_machines():
    found = json.loads(output("solve", *CONV, "--format", "json"))
    assert list(found) == ["kind", "quantities", "steps"]
    assert found["quantities"]["kernel"] == {
        "value": 7,
        "shape": [],
        "text": "7",
        "latex": "7",
        "exact": True,
    }


def test_solve_as_markdown_latex_and_a_page():
    markdown = output("solve", *CONV, "--format", "md")
    assert markdown.startswith("# ")
    assert "$$\n" in markdown
    latex = output("solve", *CONV, "--format", "latex")
    assert latex.count(r"\[") == latex.count(r"\]") > 0
    page = output("solve", *CONV, "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "<math" in page


def test_solve_as_a_print(tmp_path):
    assert workings("solve", *CONV, "--format", "pdf").stdout.startswith(b"%PDF-")
    assert output("solve", *CONV, "--format", "pdf", "-o", tmp_path / "conv.pdf") == ""
    assert (tmp_path / "conv.pdf").read_bytes().startswith(b"%PDF-")


NETWORK = """
x: [1.0, 2.0]
target: 0
weights: [[[3.2, -2.4, -2.1], [-1.2, -1.4, 2.6]], [[3.0, 0.0], [-2.4, -4.2], [-3.0, 2.5]], [2.0, -1.0]]
biases: 0.5
activations: [tanh, tanh, sigmoid]
loss: binary_cross_entropy
"""


def test_places_rounding_and_what_is_asked():
    """The examination's key: u_2 = (2.48, 7.20) by hand, (2.49, 7.20) without rounding on the way."""

    def answers(*options) -> list[str]:
        text = output("solve", "sgd_step", "-", "--ask", "u_2", "--ask", "y", *options, given=NETWORK)
        return text.partition("Answers\n")[2].splitlines()

    assert answers("--decimals", "2", "--rounding", "steps") == ["  u_2 ≈ [2.48, 7.20]", "  y ≈ 0.81"]
    assert answers("--decimals", "2") == ["  u_2 ≈ [2.49, 7.20]", "  y ≈ 0.81"]
    assert answers("--significant", "3") == ["  u_2 ≈ [2.49, 7.20]", "  y ≈ 0.813"]


def test_where_a_tie_goes():
    text = "x: [0.125]\ntarget: 0\nweights: [[1]]\nactivations: [identity]\n"
    for ties, u in (("half-up", "0.13"), ("half-even", "0.12")):
        found = output(
            "solve", "sgd_step", "-", "--decimals", "2", "--ties", ties, "--ask", "u_1", given=text
        )
        assert found.splitlines()[-1].endswith(f"≈ {u}")


def test_verify():
    done = workings("solve", "sgd_step", "-", "--verify", given=NETWORK)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("One step of gradient descent")
    checks = done.stderr.decode().splitlines()
    assert [check.partition(": ")[0] for check in checks] == [
        "certified against float64",
        "printed formulas read back",
        "gradients against central differences",
        "forward against torch",
        "gradients against torch autograd",
    ]
    assert all(
        re.search(r": passed, \d+ values, largest difference \d\.\de[+-]\d\d$", check) for check in checks
    )


# workings build


def test_build_beside_the_paper(tmp_path):
    paper = tmp_path / "exam.md"
    paper.write_text(SMALL.read_text())
    assert output("build", paper) == f"{tmp_path / 'exam.html'}\n"
    assert (tmp_path / "exam.html").read_text().startswith("<!DOCTYPE html>")


def test_build_every_format(tmp_path):
    for suffix in (".html", ".pdf", ".ipynb", ".docx", ".md"):
        to = tmp_path / f"small{suffix}"
        assert output("build", SMALL, "-o", to) == f"{to}\n"
        assert to.stat().st_size > 1000
    assert (tmp_path / "small.pdf").read_bytes().startswith(b"%PDF-")
    nbformat.validate(nbformat.read(tmp_path / "small.ipynb", as_version=4))
    with zipfile.ZipFile(tmp_path / "small.docx") as word:
        assert "<m:oMath" in word.read("word/document.xml").decode()
    assert (tmp_path / "small.md").read_text().startswith("# A small paper\n")


def test_build_the_blank_paper(tmp_path):
    to = tmp_path / "blank.html"
    sheet = tmp_path / "blank.answers.yaml"
    assert output("build", SMALL, "--blank", "-o", to) == f"{to}\n{sheet}\n"
    assert "More of the answer" not in to.read_text()
    assert "    grad_W:\n" in sheet.read_text()


def test_a_paper_is_not_written_over(tmp_path):
    paper = tmp_path / "exam.md"
    paper.write_text(SMALL.read_text())
    assert "is the paper itself" in complaint("build", paper, "-o", paper, code=1)
    assert paper.read_text() == SMALL.read_text()


# workings audit


def test_audit():
    text = output("audit", SMALL)
    assert text.splitlines()[-1] == ("12 printed values: 5 right; 2 right, rounded; 2 convention; 3 wrong")
    assert re.search(r"^size +kernel +6 +wrong", text, re.MULTILINE)
    assert "u_1" not in text
    assert "u_1" in output("audit", SMALL, "--all")


def test_audit_for_machines():
    rows = json.loads(output("audit", SMALL, "--format", "json"))
    assert len(rows) == 12
    assert all(
        list(row) == ["question", "quantity", "key", "value", "verdict", "note"]
        and row["verdict"] in ("right", "right, rounded", "wrong", "convention")
        for row in rows
    )


# workings draw


def test_draw(tmp_path):
    def copies(count: int, name: str) -> dict[str, bytes]:
        done = workings("draw", SMALL, "--copies", count, "--seed", 7, "-o", tmp_path / name)
        assert done.returncode == 0
        assert done.stdout.decode() == f"{2 * count} files in {tmp_path / name}\n"
        assert "workings: transfer kept its own numbers" in done.stderr.decode()
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}

    three, again, five = copies(3, "a"), copies(3, "b"), copies(5, "c")
    assert three == again
    assert three.items() <= five.items()
    assert len(set(five.values())) == 10
    # a copy is a paper like any other
    assert json.loads(output("audit", tmp_path / "a" / "small-01.md", "--format", "json")) == []


# workings demo


@pytest.mark.slow
@pytest.mark.slow
def test_demo(tmp_path):
    done = workings("demo", "-o", tmp_path / "demo")
    text, told = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, told
    assert all(line.startswith("workings: ") for line in told.splitlines())  # how the training goes
    assert re.search(r"^\d+ networks trained in \d+\.\d s\.$", text, re.MULTILINE)
    assert "data:image/svg+xml;base64," in (tmp_path / "demo" / "midterm.html").read_text()
    assert (tmp_path / "demo" / "runs" / "mnist_lenet").is_dir()
    assert re.search(
        r"^\d+ questions worked out in \d+\.\d s\. \d+ printed values: \d+ right; ", text, re.MULTILINE
    )
    for name in PAPERS:
        assert (tmp_path / "demo" / f"{name}.html").read_text().startswith("<!DOCTYPE html>")
        assert (tmp_path / "demo" / f"{name}.md").read_text() == (folder() / f"{name}.md").read_text()
    assert "Errata: " in text
    assert "-0.9598" in text  # the printed key of the examination, two digits swapped


# Pipes and signals


def test_a_reader_that_has_gone():
    command = f"{sys.executable} -m workings list --format json | head -c 5"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.stdout == b'{\n "q'
    assert done.stderr == b""


@pytest.mark.parametrize("loaded", [b"workings.errors\n", b"typer._click.core\n", b"workings.yaml_reader\n"])
def test_control_c(loaded):
    """While modules are loaded, and while it waits for standard input."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "workings", "solve", "sgd_step", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    seen = b""
    while loaded not in seen:
        seen += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    messages = [line for line in rest.decode().splitlines() if not line.startswith("import time:")]
    assert process.returncode == 130
    assert messages in ([], ["workings: stopped"])
    assert out == b""


def test_other_encodings_of_the_terminal(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "−" in output("solve", "conv_size", "input=H", "kernel=M", "stride=1", "padding=0", "output=?")
