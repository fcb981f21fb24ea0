"""YAML is read as plain data with exact numbers, or refused in words that help."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from workings.errors import InputError
from workings.numerals import Numeral, number
from workings.yaml_reader import (
    DEEPEST,
    LARGEST_TEXT,
    MOST_VALUES,
    Located,
    field_name,
    read_text_file,
    read_yaml,
)

FIXTURES = Path(__file__).parent / "papers" / "fixtures"


def message(text, **options):
    """What a user is told about `text`."""
    with pytest.raises(InputError) as caught:
        read_yaml(text, **options)
    return str(caught.value)


def kinds(value):
    """The value with the type of every scalar beside it, since True == 1 and Numeral("1") == "1"."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return (type(value), value)


# Scalars: YAML 1.2.2, section 10.3.2 (core schema), with the exceptions that the module states.


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12", 12),
        ("-4", -4),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0.80", Numeral("0.80")),
        ("-4.7", Numeral("-4.7")),
        (".5", Numeral(".5")),
        ("5.", Numeral("5.")),
        ("1e-3", Numeral("1e-3")),
        ("1e9999", Numeral("1e9999")),
        ("+3", Numeral("+3")),
        ("007", Numeral("007")),
        ("-0", Numeral("-0")),
        ("9" * 1001, Numeral("9" * 1001)),
        ("3/14", "3/14"),
        ("50%", "50%"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-05-01", "2024-05-01"),
        ("−3", "−3"),
        ("yes", "yes"),
        ("no", "no"),
        ("nan", "nan"),
        ('"0.80"', "0.80"),
        ("'12'", "12"),
        ("'true'", "true"),
    ],
)
def test_scalar(written, expected):
    assert kinds(read_yaml(f"x: {written}").value) == {"x": (type(expected), expected)}


@pytest.mark.parametrize(
    ("written", "value"), [("+3", 3), ("007", 7), ("-0", 0), ("1.50", 1.5), ("1e-3", "1/1000")]
)
def test_numerals_have_the_value_that_people_mean(written, value):
    assert number(read_yaml(f"- {written}").value[0]) == number(value)


@pytest.mark.parametrize("written", ["0x1F", "0o17", "1_000", "12:30", "1e9999", "9" * 1001])
def test_odd_numbers_are_refused_where_a_number_is_needed(written):
    with pytest.raises(InputError, match="accepted: a number"):
        number(read_yaml(f"- {written}").value[0])


@pytest.mark.parametrize("written", [".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN"])
def test_no_infinity_and_no_nan(written):
    said = message(f"x:\n  y: [1, {written}]", file="g.yaml")
    assert said == f"g.yaml:2: x.y[1]: found {written}; accepted: a finite number, or text in quotes"


# The unknown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("given: {input: 55, kernel: ?, stride: 1}", {"given": {"input": 55, "kernel": "?", "stride": 1}}),
        ("{kernel: ?}", {"kernel": "?"}),
        ("{kernel: ? }", {"kernel": "?"}),
        ("{kernel: ?,stride: ?}", {"kernel": "?", "stride": "?"}),
        ("kernel: ?", {"kernel": "?"}),
        ("kernel: ?\nstride: 1", {"kernel": "?", "stride": 1}),
        ("kernel: ?   # the unknown", {"kernel": "?"}),
        ('kernel: "?"', {"kernel": "?"}),
        ("kernel: '?'", {"kernel": "?"}),
        ("size: [?, 3, ?]", {"size": ["?", 3, "?"]}),
        ("- ?\n- 3\n- ?\n", ["?", 3, "?"]),
        ("note: why? because, is it?", {"note": "why? because, is it?"}),
        ("note: '{kernel: ?, a: ? }'", {"note": "{kernel: ?, a: ? }"}),
        ("note: |\n  ? first\n  {kernel: ?}\n", {"note": "? first\n{kernel: ?}\n"}),
        ("? : 3", {"?": 3}),
    ],
)
def test_question_mark_is_text(text, expected):
    assert read_yaml(text).value == expected


def test_a_question_mark_leaves_the_lines_alone():
    located = read_yaml("given:\n  kernel: ?\n  size: [?,\n    ?]\n  stride: 1\n", first_line=10)
    lines = {
        path: located.line_of(("given", *path))
        for path in [("kernel",), ("size", 0), ("size", 1), ("stride",)]
    }
    assert lines == {("kernel",): 11, ("size", 0): 12, ("size", 1): 13, ("stride",): 14}


# Places

TEXT = """\
kind: sgd_step
given:
  x: [1.0,
      2.0]
  layers:
    - {size: 3, activation: tanh}
    - size: 1
      activation:
        sigmoid
key:
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 21),
        (("kind",), 21),
        (("given",), 22),
        (("given", "x"), 23),
        (("given", "x", 0), 23),
        (("given", "x", 1), 24),
        (("given", "layers"), 25),
        (("given", "layers", 0, "activation"), 26),
        (("given", "layers", 1), 27),
        (("given", "layers", 1, "activation"), 29),
        (("key",), 30),
        (("given", "x", 7), 23),
        (("given", "weights", 0, 1), 22),
        (("nothing", "of", "the", "kind"), 21),
    ],
)
def test_line_of(path, line):
    assert read_yaml(TEXT, first_line=21).line_of(path) == line


@pytest.mark.parametrize(
    ("path", "inner", "said"),
    [
        (("given", "x", 1), None, "a.md:24: given.x[1]: found 'abc'"),
        (("given",), "x[1]", "a.md:24: given.x[1]: found 'abc'"),
        ((), "given.layers[1].size", "a.md:27: given.layers[1].size: found 'abc'"),
        (("given", "x"), "[0]", "a.md:23: given.x[0]: found 'abc'"),
        ((), None, "a.md:21: found 'abc'"),
    ],
)
def test_blame(path, inner, said):
    error = InputError("found 'abc'").at(field=inner)
    assert str(read_yaml(TEXT, file="a.md", first_line=21).blame(error, path)) == said


def test_field_names():
    assert field_name(("given", "W", 0, 1)) == "given.W[0][1]"
    assert field_name((0, "answers")) == "[0].answers"
    assert field_name(()) == ""


def test_names_are_text():
    assert read_yaml("{1: a, true: b, 0.5: c, null: d}").value == {
        "1": "a",
        "true": "b",
        "0.5": "c",
        "null": "d",
    }


def test_line_ends_and_byte_order_mark():
    located = read_yaml("\ufeffa: 1\r\nb: 2\rc: 3\n")
    assert located.value == {"a": 1, "b": 2, "c": 3}
    assert [located.line_of((name,)) for name in "abc"] == [1, 2, 3]


# Refusals: the line and the words, as a user reads them

CASE = re.compile(r"^(?P<title>\S.*)\n\.\n(?P<text>(?:.*\n)*?)\.\n(?P<said>.*)\n\.$", re.MULTILINE)
REFUSALS = list(CASE.finditer((FIXTURES / "yaml_refusals.txt").read_text(encoding="utf-8")))


def test_the_table_of_refusals_is_read():
    assert len(REFUSALS) == 39


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["title"])
def test_refusals(case):
    assert message(case["text"], file="g.yaml") == case["said"]


@pytest.mark.parametrize(
    ("character", "shown"), [("\x07", "\\x07"), ("\x00", "\\x00"), ("\u2028", "\\u2028")]
)
def test_unprintable_characters(character, shown):
    assert message(f"a: 1\nb: x{character}") == (
        f"line 2: found the unprintable character '{shown}'; accepted: plain text"
    )


def test_refusals_count_lines_in_the_enclosing_file():
    assert message("a: 1\na: 2", file="exam.md", first_line=31).startswith(
        "exam.md:32: found 'a' twice, first on line 31"
    )
    assert message("a: [1\nb: 2", file="exam.md", first_line=31).startswith("exam.md:32: found no ','")
    assert message("a: 1\n\x01", file="exam.md", first_line=31).startswith(
        "exam.md:32: found the unprintable"
    )


# Bounds


def nested_list(depth):
    return "[" * depth + "]" * depth


def test_depth():
    value = read_yaml(nested_list(DEEPEST)).value
    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == []
    place = "line 1: [0][0][0][0][0][0][0][0][0][0][0][0]…"
    said = "found more than 50 levels of nesting; accepted: at most 50"
    assert message(nested_list(DEEPEST + 1)) == f"{place}: {said}"


@pytest.mark.parametrize("piece", ["[", "- ", '{"a":', "[[", "a:\n "])
def test_depth_far_beyond_the_stack(piece):
    text = piece * 20_000 if piece != "a:\n " else "".join(" " * i + "a:\n" for i in range(1500))
    assert "found more than 50 levels of nesting" in message(text)


def test_size():
    assert message("a" * (LARGEST_TEXT + 1)) == "found 2000001 characters; accepted: at most 2000000"


def test_number_of_values(monkeypatch):
    assert MOST_VALUES == 200_000
    monkeypatch.setattr("workings.yaml_reader.MOST_VALUES", 10)
    assert read_yaml("[1, 2, 3, 4, 5, 6, 7, 8, 9]").value == list(range(1, 10))
    assert (
        message("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]")
        == "line 1: [9]: found more than 10 values; accepted: at most 10"
    )


def test_alias_bomb_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert message(bomb) == "line 1: a: found the anchor '&a'; accepted: the value alone, or text in quotes"


SPITEFUL = [
    "[", "{", "- ", "? ", ": ", "a: ", "'", '"', "#", " ", "\n", "a\n", "-\n", "\t", "[,", "!", "&", "*", "|",
    ">", "%", "---\n", "...\n", "[? ", "{:", '"" ', "\\", "a:\n", ",", "- - ", "!!",
    "a: b: ", "'\n", "# x\n", "\u00e9", "? a\n",
]  # fmt: skip


def outcome(text, **options):
    """What was read, or the error; anything else fails the test."""
    try:
        return read_yaml(text, **options)
    except InputError as error:
        return error


@pytest.mark.parametrize("piece", SPITEFUL)
def test_repetition_takes_time_in_proportion(piece):
    text = piece * (10_000 // len(piece))
    began = time.perf_counter()
    for prefix in ["", "a: ", 'a: "', "a: |\n ", "["]:
        found = outcome(prefix + text)
        assert isinstance(found, Located) or len(str(found)) < 600
    assert time.perf_counter() - began < 10


# Laws

plain_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"), max_size=12
)
exact_integers = st.integers(-(10**30), 10**30)
json_values = st.recursive(
    st.none() | st.booleans() | exact_integers | plain_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(plain_text, json_values, min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(documents, st.booleans(), st.sampled_from([None, 2]))
@example({"😀": "\U0001f600 é"}, True, None)
def test_json_is_read_as_json_means_it(value, ascii_only, indent):
    """Another writer: the standard library's."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert kinds(read_yaml(text).value) == kinds(value)


yaml_names = plain_text.filter(lambda text: text not in {"", "<<"})
yaml_values = st.recursive(
    st.none() | st.booleans() | exact_integers | plain_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(yaml_names, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(yaml_names, yaml_values, min_size=1, max_size=4), st.sampled_from([True, False, None]))
def test_block_and_flow_style_are_read_as_another_program_wrote_them(value, flow):
    """Another writer: ruamel.yaml's emitter, whose YAML never needs what we refuse (anchors are off)."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = flow
    writer.allow_unicode = True
    writer.representer.ignore_aliases = lambda *_: True
    stream = io.StringIO()
    writer.dump(value, stream)
    text = stream.getvalue()
    assume(not ('"' in text and "\\" in text))  # escapes that JSON does not have: refused on purpose
    try:
        assume(YAML(typ="safe", pure=True).load(text) == value)  # it writes {':0': 1} as {:0: 1}, for example
    except YAMLError:
        reject()
    assert kinds(read_yaml(text).value) == kinds(value)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["1", "?", "[1, ?]", "{a: ?, b: 0.5}", "'x: ?'", "|\n  ? text\n  b: c"]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 500),
)
def test_every_line_is_known(entries, first_line):
    """The lines are counted here while the text is put together."""
    text, line, expected = "", first_line, {}
    for index, (blank_lines, value) in enumerate(entries):
        text += "\n" * blank_lines + f"k{index}: {value}\n"
        line += blank_lines
        expected[(f"k{index}",)] = line
        line += 1 + value.count("\n")
    located = read_yaml(text, first_line=first_line)
    assert {path: located.line_of(path) for path in expected} == expected


tokens = st.sampled_from([
    "a", "b", "1", "0.5", ":", ": ", "- ", "-", "?", "? ", ", ", ",", "[", "]", "{", "}", "'", '"', "\\",
    "\n", "\n  ", "\n    ", " ", "#", " #", "|", "|\n", ">-\n", "&a ", "*a", "!", "!!str ", "---\n", "...\n",
    "%", "<<: ", "\t", "\r", "~", "null", ".inf", "\ufeff", "\x85", "\u2028", "\x00", "é", "😀",
    "x: ", "y:\n",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(tokens, max_size=30).map("".join) | st.text(max_size=60))
def test_only_input_errors_come_out(text):
    found = outcome(text, file="g.yaml", first_line=5)
    last = 5 + text.count("\n") + text.count("\r")
    if isinstance(found, Located):
        assert isinstance(found.value, (dict, list))
        assert all(5 <= line <= last for line in found.lines.values())
    else:
        assert found.place.file == "g.yaml"
        assert 5 <= found.place.line <= last


# Files


def test_text_file(tmp_path):
    path = tmp_path / "paper.md"
    path.write_bytes(b"\xef\xbb\xbf# One\r\ntwo\rthree \xc3\xa9\n")
    assert read_text_file(path) == "# One\ntwo\nthree é\n"
    assert read_text_file(str(path)) == "# One\ntwo\nthree é\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\x89PNG\r\n\x00\x1a", "found a binary file; accepted: text in UTF-8"),
        ("# Prüfung".encode("utf-16"), "found text in UTF-16; accepted: text in UTF-8"),
        (b"one\ntwo\nPr\xfcfung\n", "3: found the byte 0xfc, which is not UTF-8; accepted: text in UTF-8"),
        (b"x" * 101, "the file is larger than 100 bytes; accepted: a smaller file"),
    ],
)
def test_bad_files(tmp_path, content, said):
    path = tmp_path / "paper.md"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_text_file(path, limit=100)
    separator = ":" if said[0].isdigit() else ": "
    assert str(caught.value) == f"{path}{separator}{said}"


def test_missing_file_offers_its_neighbours(tmp_path):
    (tmp_path / "examination.md").write_text("x", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_text_file(tmp_path / "examinaton.md")
    assert str(caught.value) == (
        f"{tmp_path / 'examinaton.md'}: no such file. Did you mean {tmp_path / 'examination.md'}?"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "found a folder"),
        ("nowhere/paper.md", "no such file"),
        ("a\0b", "the file cannot be read (embedded null byte)"),
        ("x" * 5000, "the file cannot be read (File name too long)"),
    ],
)
def test_paths_that_are_no_files(tmp_path, name, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(").replace(")", r"\)")):
        read_text_file(f"{tmp_path}/{name}")


def test_file_without_permission(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"paper\.md: the file may not be read \(permission denied\)"):
        read_text_file(tmp_path / "paper.md")


def test_importing_the_reader_loads_no_parser():
    code = "import sys, workings.yaml_reader; print('ruamel.yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
