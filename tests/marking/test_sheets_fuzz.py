"""The readers of sheets against arbitrary input: sheets or refusals, soon, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workings.errors import InputError
from workings.marking import yaml_sheets
from workings.marking.answers import Numbers, is_blank, read_numbers
from workings.marking.plain_sheets import read_plain
from workings.marking.sheets import READERS, Broken, Rules, Sheet, read_pieces, read_sheets
from workings.yaml_reader import read_yaml

CORPUS = Path(__file__).parent / "corpus"
KNOWN = {"q2b": ("u_1", "h_1"), "q3": ("total",)}

# Pieces that mean something to one of the readers, so that chance meets their rules.
PIECES = st.sampled_from(
    [
        *("student", "answers", "sheets", "q2b", "u_1", "h_1", "q3", "total", "q3.total", "s01", "sep=;"),
        *(
            ": ",
            ":",
            "- ",
            "-",
            "---",
            "...",
            "\n",
            "\n  ",
            "\n    ",
            "\n      ",
            "\r",
            " ",
            "  ",
            "\t",
            "# ",
        ),
        *(
            ",",
            ";",
            "[",
            "]",
            "{",
            "}",
            "(",
            ")",
            '"',
            "'",
            '""',
            "\\",
            "|",
            ">",
            "&a",
            "*a",
            "!!int ",
            "? ",
            "<<",
        ),
        *(
            "1",
            "-1",
            "1.50",
            "3/14",
            "1e-3",
            "·10^-3",
            "12.5 %",
            "\u2212",
            "1,5",
            "61 470",
            "?",
            "~",
            "n/a",
            ".inf",
        ),
        *(
            "```answers\n",
            "```\n",
            "~~~ {.answers}\n",
            "```",
            "\ufeff",
            "\0",
            "\x85",
            "\u2028",
            "é",
            "ᵀ",
            "\ud7ff",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)


def numbers(raw, **rules) -> Numbers | InputError:
    try:
        return read_numbers(raw, **rules)
    except InputError as error:
        return error


def check(found: list[Sheet | Broken]) -> None:
    for one in found:
        if isinstance(one, Broken):
            assert isinstance(one.error, InputError)
            assert one.error.place.file == one.file
            assert len(str(one.error)) < 2000
            continue
        assert one.student.strip() == one.student != ""
        for block, quantities in one.answers.items():
            assert block in KNOWN
            for name, raw in quantities.items():
                assert name in KNOWN[block]
                for mark in (".", ","):
                    if not is_blank(raw):
                        read = numbers(raw, decimal_mark=mark)
                        assert len(str(read)) < 2000 or isinstance(read, Numbers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sheets")


@pytest.mark.parametrize("suffix", READERS)
@given(text=TEXTS, mark=st.sampled_from([".", ","]))
@settings(max_examples=120, deadline=2000)
def test_any_text_gives_sheets_or_refusals(folder, suffix, text, mark):
    path = folder / f"x{suffix}"
    path.write_text(text, encoding="utf-8", newline="")
    check(list(read_sheets([path], known=KNOWN, decimal_mark=mark)))


@pytest.mark.parametrize("suffix", READERS)
@given(data=st.binary(max_size=80))
@settings(max_examples=60, deadline=2000)
def test_any_bytes_give_sheets_or_refusals(folder, suffix, data):
    path = folder / f"x{suffix}"
    path.write_bytes(data)
    check(list(read_sheets([path], known=KNOWN)))


@given(sources=st.lists(TEXTS | st.integers() | st.none() | st.lists(TEXTS, max_size=3), max_size=4))
@settings(max_examples=100, deadline=2000)
def test_any_notebook_gives_a_sheet_or_a_refusal(folder, sources):
    path = folder / "x.ipynb"
    path.write_text(json.dumps({"cells": [{"source": source} for source in sources]}), encoding="utf-8")
    check(list(read_sheets([path], known=KNOWN)))


NAMES = st.sampled_from(["student", "answers", "q2b", "q3", "u_1", "total", "x-y", "null", "true"])
VALUES = st.sampled_from(
    [
        *(
            "1",
            "-1",
            "+1",
            "007",
            "1.50",
            ".5",
            "5.",
            "1e-3",
            "3/14",
            "0x1F",
            "1_000",
            "12.5%",
            "-.5",
            "-a",
            "a b",
        ),
        *(
            "true",
            "null",
            "~",
            "?",
            "yes",
            '""',
            '"a: b"',
            "'a # b'",
            '"− ᵀ"',
            "''",
            "[]",
            "{}",
            "-2(d-y)x^T",
            "(1)",
        ),
        *(
            "a, b",
            "a; b",
            "1 2; 3 4",
            "a,b",
            "= 5",
            "a = 5",
            "a  b",
            "- 1",
            "-",
            "a:b",
            "a#b",
            "a #b",
            "@",
            "%",
            "|",
        ),
        *(
            "[1, -2.50]",
            "[[1, 2], [3, 4]]",
            "[1,2]",
            "[1 ,2 ]",
            "[ 1 2, ?]",
            '["a", b]',
            "[1, 2",
            "{a: 1, b: [2]}",
        ),
        *(
            "{a: {b: 1}}",
            "{a:1}",
            "{a: }",
            "{a}",
            "[a: 1]",
            "[1,]",
            "[,]",
            "{a: 1, a: 2}",
            "[-, 1]",
            "[.]",
            ".",
            ".inf",
        ),
        *(
            "1<2",
            "a%b",
            "[a = b]",
            "[a%b]",
            "a|b",
            "<<",
            "_",
            "__",
            "1:2",
            "12:30:45",
            "2024-01-01",
            "\t1",
            "1\t",
            "é",
        ),
    ]
)
LINES = st.one_of(
    st.tuples(st.integers(0, 6), NAMES, VALUES).map(lambda line: f"{' ' * line[0]}{line[1]}: {line[2]}"),
    st.tuples(st.integers(0, 6), NAMES).map(lambda line: f"{' ' * line[0]}{line[1]}:"),
    st.tuples(st.integers(0, 6), VALUES).map(lambda line: f"{' ' * line[0]}- {line[1]}"),
    VALUES,
    st.sampled_from(["", "# comment", "   # comment", "  "]),
)


@given(st.lists(LINES, min_size=1, max_size=8).map("\n".join))
@settings(max_examples=1500, deadline=2000)
@example("student: s01\nanswers:\n  q3:\n    total: [1,2]")
@example("student:\n  - 1\n  - [2, 3]\nanswers:")
@example("student:\n- 1\nanswers: {a: {b: -1}}")
def test_the_quick_way_reads_what_the_parser_reads(text):
    plain = read_plain(text, 5, lists_as_text=False)
    if plain is None:
        return
    located = read_yaml(text, first_line=5)
    assert plain.fields == located.value
    assert repr(plain.fields) == repr(located.value)  # 1 is not True, nor is 1.50 the same as '1.50' in print
    for way, line in plain.lines.items():
        assert located.lines[way] == line


@given(text=TEXTS | st.lists(LINES, min_size=1, max_size=8).map("\n".join), data=st.binary(max_size=3))
@settings(max_examples=600, deadline=2000)
@example("  # a\n \t\n - a: 1\r- b\n", b"")
@example("sheets: # us\n\n  # x\n student: a", b"\xff")
@example("a: 1\n\nb: \0\n...", b"")
def test_a_small_file_at_a_glance_is_what_its_lines_are(folder, text, data):
    path = folder / "glance.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass") + data)
    glance = repr(list(read_pieces([path], Rules())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_sheets, "small_text", lambda _: None)
        assert repr(list(read_pieces([path], Rules()))) == glance


@given(text=TEXTS, mark=st.sampled_from([".", ","]), thousands=st.sampled_from([None, " ", ",", ".", "'"]))
@settings(max_examples=500, deadline=2000)
def test_any_text_is_numbers_or_refused(text, mark, thousands):
    found = numbers(text, decimal_mark=mark, thousands=thousands)
    if isinstance(found, InputError):
        assert len(str(found)) < 1000
    else:
        assert len(found.entries) == found.values.size == found.decimals.size > 0
        assert all(abs(entry.value) < 10**1500 for entry in found.entries)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_what_a_fuzzer_kept(tmp_path, path):
    data = path.read_bytes()[1:]  # the first byte is the fuzzer's choice of a reader
    for suffix in READERS:
        copy = tmp_path / f"x{suffix}"
        copy.write_bytes(data)
        for mark in (".", ","):
            check(list(read_sheets([copy], decimal_mark=mark, known=KNOWN)))
