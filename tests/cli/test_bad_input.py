"""Whatever is put in, the command says what is wrong and what would be accepted: status 1 or 2, no traceback.

`main` runs in this process, so that an error which is not caught fails its test with its own traceback.
"""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workings.cli import main

FIXTURES = Path(__file__).parents[1] / "papers" / "fixtures"
SMALL = FIXTURES / "small.md"


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs the command; returns the status and what stands on standard error."""

    def run(*args, given: bytes = b"") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["workings", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        start = time.perf_counter()
        with pytest.raises(SystemExit) as left:
            main()
        assert time.perf_counter() - start < 10
        shown = capsys.readouterr()
        assert shown.out == "" or left.value.code == 0
        return int(left.value.code or 0), shown.err

    return run


@pytest.fixture
def refused(call):
    """The message of a command whose input is at fault, without its first word."""

    def run(*args, **options) -> str:
        status, message = call(*args, **options)
        assert status == 1
        assert message.startswith("workings: ")
        assert message.count("\n") == 1
        return message.removeprefix("workings: ").rstrip("\n")

    return run


CONV = ("input=5", "kernel=3", "stride=1", "padding=0")


def conv(**changes: str) -> list[str]:
    pairs = dict(pair.split("=") for pair in CONV) | changes
    return ["solve", "conv_size", *(f"{name}={value}" for name, value in pairs.items())]


# Names


def test_unknown_kind(refused):
    message = refused("solve", "conv_sise", "input=5")
    assert message.startswith("unknown question 'conv_sise'; accepted: average_precision, ")
    assert "Did you mean conv_size" in message
    assert "Did you mean conv_size" in refused("solve", "Conv_Size", "--example")


def test_unknown_field(refused):
    assert refused(*conv(inptu="5")) == (
        "unknown field 'inptu'; accepted: ceil_mode, dilation, input, kernel, output, padding, stride."
        " Did you mean input?"
    )


def test_unknown_quantity(refused):
    message = refused(*conv(), "--ask", "ouptut")
    assert message.startswith("unknown quantity 'ouptut'; accepted: ")
    assert "Did you mean output" in message


def test_missing_field(refused):
    assert refused("solve", "conv_size", "input=5").startswith("kernel is missing; accepted: ")


def test_a_given_twice(refused):
    assert refused("solve", "conv_size", "input=5", "input=6") == "input twice; accepted: each given once"


def test_nothing_given(refused):
    assert refused("solve", "conv_size") == (
        "no givens for conv_size; accepted: a YAML file, - or name=value pairs;"
        " workings solve conv_size --example writes one"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve"],
        ["solve", "conv_size", "--decimals", "many"],
        ["solve", "conv_size", "--format", "docx"],
        ["solve", "conv_size", "--rounding", "late"],
        ["nothing"],
        ["list", "exams"],
        ["draw", str(SMALL)],
        ["draw", str(SMALL), "-o", "x", "--copies", "0"],
        ["build"],
        ["audit", str(SMALL), "--format", "csv"],
    ],
    ids=" ".join,
)
def test_wrong_usage(call, arguments):
    status, message = call(*arguments)
    assert status == 2
    assert "Usage: " in message


# Numbers and shapes


@pytest.mark.parametrize(
    "value", ["0", "-3", "1.5", "nan", "inf", "1e9999", "10_000", "1,5", "x=1", "", "''"]
)
def test_sizes_that_are_none(refused, value):
    message = refused(*conv(stride=value))
    assert message.startswith("stride: ")
    assert "accepted: " in message


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", ".nan", "1e9999", "abc", "0x10", "true", "null", "1/0"]
)
def test_numbers_that_are_none(refused, value):
    message = refused("solve", "softmax_cross_entropy", f"logits=[1, {value}]", "target=[0, 1]")
    assert "logits[1]: " in message
    assert "accepted: " in message


def test_impossible_convolutions(refused):
    assert refused(*conv(kernel="9")) == (
        "kernel: a window that spans 9 on an input of 5; accepted: a span of at most 5,"
        " or a padding of at least 2"
    )
    message = refused("solve", "conv_size", "input=5", "kernel=?", "stride=1", "padding=0", "output=9")
    assert "accepted: " in message
    assert "kernel" in message or "output" in message


@pytest.mark.parametrize(
    ("weights", "field"),
    [
        ("[[[1, 2]]]", "weights[0]"),
        ("[[[1], [2, 3]]]", "weights[0]"),
        ("[[]]", "weights[0]"),
        ("5", "weights"),
    ],
)
def test_shapes_that_do_not_fit(refused, weights, field):
    message = refused(
        "solve", "sgd_step", "x=[1, 2]", "target=0", f"weights={weights}", "activations=[sigmoid]"
    )
    assert message.startswith(field)
    assert "accepted: " in message


def test_a_billion_entries_are_counted(call, monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["workings", "solve", "dense_parameters", "inputs=1000000", "layers=[1000]"]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    # a million weights into each of a thousand units, and a thousand biases
    assert "1000001000" in capsys.readouterr().out


def test_a_billion_entries_are_not_written_down(refused):
    message = refused("solve", "tensor_of_shape", "shape=[1000, 1000, 1000]")
    assert message.startswith("shape: a tensor of 1000000000 entries; accepted: at most ")


def test_more_places_than_there_are(refused):
    assert refused(*conv(), "--decimals", "-1") == "found -1 digits; accepted: 0 to 1000"
    assert refused(*conv(), "--decimals", "1001") == "found 1001 digits; accepted: 0 to 1000"
    assert refused(*conv(), "--significant", "0") == "found 0 digits; accepted: 1 to 1000"
    message = refused(*conv(), "--decimals", "2", "--significant", "2")
    assert message == "decimals and significant; accepted: one of the two"


# YAML and files


def bomb() -> str:
    """Nine lists of nine, nine deep: 9^9 entries, were anchors followed."""
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


YAML_BOMB = bomb()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("# only a remark\n", "accepted: "),
        ("- 1\n- 2\n", "found a list"),
        ("just words", "accepted: "),
        ("input: 5\ninput: 6\n", "input"),
        ("input: [1, 2", "accepted: "),
        ("input: {a: 1", "accepted: "),
        ("input: 'open", "accepted: "),
        ("\tinput: 5", "accepted: "),
        ("input: !!python/object/apply:os.system [ls]\n", "tag"),
        ("input: &a 5\nkernel: *a\n", "anchor"),
        (YAML_BOMB, "anchor"),
        ("input: " + "[" * 500 + "]" * 500, "accepted: "),
        ("input: " + "9" * 5000, "accepted: "),
        ("? [complex]\n: 1\n", "accepted: "),
        ("input: 2024-01-01\n", "accepted: "),
        ("<<: {input: 5}\n", "accepted: "),
    ],
    ids=lambda part: part[:20] if isinstance(part, str) else "",
)
def test_yaml(refused, tmp_path, text, part):
    given = tmp_path / "given.yaml"
    given.write_text(text)
    assert part in refused("solve", "conv_size", given)
    assert part in refused("solve", "conv_size", "-", given=text.encode())


@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_nothing_in_a_file(refused, tmp_path, text):
    (tmp_path / "given.yaml").write_text(text)
    assert refused("solve", "conv_size", tmp_path / "given.yaml").endswith("the file is empty")
    assert refused("solve", "conv_size", "-", given=text.encode()) == (
        "standard input: found nothing; accepted: givens, a line each"
    )


def test_files_that_can_not_be_read(refused, tmp_path):
    assert refused("solve", "conv_size", tmp_path) == f"{tmp_path}: found a folder; accepted: a file"
    (tmp_path / "given.yaml").write_text("input: 5\n")
    assert refused("solve", "conv_size", tmp_path / "givn.yaml") == (
        f"{tmp_path / 'givn.yaml'}: no such file. Did you mean {tmp_path / 'given.yaml'}?"
    )
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)) * 4)
    assert "found a binary file" in refused("solve", "conv_size", binary)
    assert "accepted: text in UTF-8" in refused("solve", "conv_size", "-", given=b"input: \xff\xfe\n")
    (tmp_path / "latin.yaml").write_bytes("input: größe".encode("latin-1"))
    assert "UTF-8" in refused("solve", "conv_size", tmp_path / "latin.yaml")
    assert "accepted: " in refused("solve", "conv_size", "a.yaml", "b.yaml")


def test_standard_input_without_end(refused):
    message = refused("solve", "conv_size", "-", given=b"# " + b"x" * 3_000_000)
    assert message == "standard input: more than 2000000 bytes; accepted: fewer"


# Papers


@pytest.fixture
def paper(tmp_path):
    def write(text: str | bytes) -> Path:
        file = tmp_path / "exam.md"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


SIZE = "given: {input: 5, kernel: 3, stride: 1, padding: 0, output: '?'}"
BLOCK = f"```{{.question #q}}\nkind: conv_size\n{SIZE}\n```\n"


def going_on(name: str, other: str) -> str:
    return f"```{{.question #{name}}}\nkind: conv_size\nfrom: {other}\n```\n\n"


PAPERS = {
    "kind": (BLOCK.replace("conv_size", "conv_sise"), ":2: q.kind: unknown question 'conv_sise'"),
    "field": (BLOCK.replace("input", "inputs"), ":3: q.given: unknown field 'inputs'"),
    "value": (BLOCK.replace("stride: 1", "stride: 0"), ":3: q.given.stride: found 0"),
    "window": (BLOCK.replace("kernel: 3", "kernel: 30"), ":3: q.given.kernel: a window that spans 30"),
    "fence not closed": (BLOCK.removesuffix("```\n"), ":1: "),
    "from itself": (going_on("q", "q"), ":3: q.from: "),
    "from in a circle": (going_on("a", "b") + going_on("b", "a"), ":3: a.from: "),
    "from nobody": (going_on("q", "nobody"), ":3: q.from: "),
    "header": ("---\ndecimals: many\n---\n", ":2: decimals: "),
    "header not closed": ("---\ntitle: x\n", ":1: "),
    "bomb": (f"```{{.question #q}}\n{YAML_BOMB}\n```\n", ":2: "),
    "twice": (BLOCK + BLOCK, ":5: "),
}


@pytest.mark.parametrize("command", ["audit", "build", "draw"])
@pytest.mark.parametrize("case", PAPERS)
def test_papers(refused, paper, tmp_path, command, case):
    text, message = PAPERS[case]
    file = paper(text)
    options = ["-o", tmp_path / "out"] if command == "draw" else []
    found = refused(command, file, *options)
    assert found.startswith(f"{file}{message}")
    assert "accepted: " in found
    assert [item.name for item in tmp_path.iterdir()] == ["exam.md"]


@pytest.mark.parametrize("command", ["audit", "build"])
def test_papers_that_are_none(refused, paper, tmp_path, command):
    assert "no such file" in refused(command, tmp_path / "missing.md")
    assert "found a folder" in refused(command, tmp_path)
    assert "binary" in refused(command, paper(bytes(range(256)) * 8))
    assert refused(command, paper(b"")).endswith("the file is empty")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(refused, tmp_path):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "Permission denied" in refused("build", SMALL, "-o", tmp_path / "closed" / "small.html")
    assert "Permission denied" in refused("draw", SMALL, "-o", tmp_path / "closed" / "copies")


def test_places_that_can_not_be_written_to(refused, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("")
    assert "accepted: a folder that can be written to" in refused(*conv(), "-o", taken / "x.txt")
    assert "accepted: a folder that can be written to" in refused(*conv(), "-o", tmp_path)
    assert "accepted: another folder" in refused("draw", SMALL, "-o", taken)
    assert "accepted: another folder" in refused("draw", SMALL, "-o", taken / "below")
    assert "accepted: " in refused("build", SMALL, "-o", tmp_path / "missing" / "small.html")
    assert refused("build", SMALL, "-o", tmp_path / "small.odt").startswith(
        "unknown format '.odt'; accepted: "
    )
    assert sorted(item.name for item in tmp_path.iterdir()) == ["taken"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk():
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "workings", *conv()]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"No space left on device" in done.stderr


def test_givens_are_not_written_over(refused, tmp_path):
    given = tmp_path / "given.yaml"
    given.write_text("input: 5\n")
    assert refused("solve", "conv_size", given, "-o", given) == (
        f"{given} holds the givens; accepted: another file to write"
    )
    assert given.read_text() == "input: 5\n"
