"""Whatever a paper holds, it is read or refused, its text is kept, and it takes a bounded time."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.errors import InputError
from workings.numerals import Numeral
from workings.papers.document import Header, Paper, Prose, parse, render, replace_block
from workings.papers.yaml_writer import write_yaml
from workings.yaml_reader import read_yaml

FIXTURES = Path(__file__).parent / "fixtures"
PAPERS = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.rglob("*.md"))]
SAMPLE = (FIXTURES / "sample.md").read_text(encoding="utf-8")


def outcome(text):
    """The paper, or the error; anything else fails the test."""
    try:
        return parse(text, "exam.md")
    except InputError as error:
        return error


def normal(text):
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def check(text):
    """What holds of any text at all."""
    found = outcome(text)
    if isinstance(found, Paper):
        assert render(found) == found.text == normal(text)
        lines = found.header.source.count("\n")
        for part in found.parts:
            assert part.line == lines + 1
            lines += part.source.count("\n")
    else:
        assert found.place.file == "exam.md"
        assert found.place.line is None or 1 <= found.place.line <= normal(text).count("\n") + 1
        assert len(str(found)) < 1000


pieces = st.sampled_from([
    "---\n", "title: A\n", "decimals: 2\n", "```", "~~~", "````", "{.question #q1}",
    "{.study #s marks=2}", "\n", "{.claim #c1}", "{.qeustion", "#q1", "}", "marks=",
    "```{.question #q1}\n", "```{.question #q2 marks=4}\n", "```\n", "kind: iou\n", "kind: sgd_step\n",
    "study: a\n", "claim: a\n", "from: q1\n", "from: q2\n", "given: {a: ?", "given: {a: 1}\n", "key: [",
    "- ", "> ", "1. ", "    ", "  ", "\t", "<div>\n", "<!--", "-->", "# H\n", "text ", "\r\n", "\r", "\f",
    "\u2028", "\u00e9", "\u0000", "[a]: b\n", "|", "*", "`", "$x$", "\\",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=25).map("".join))
def test_heaps_of_pieces(text):
    check(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text(text):
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PAPERS), st.data())
def test_mutated_papers(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        inserted = data.draw(pieces | st.just("") | st.just(text[start:end] * 2))
        text = text[:start] + inserted + text[end:]
    check(text)


# Generated papers, put together here with the standard library's JSON, come back as they were made.

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
printable = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff")
words = st.text(printable, max_size=10)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
prose = st.lists(
    st.sampled_from(["# Title", "Words of *prose*.", "", "- item", "> said", "`code`"]), max_size=4
)
questions = st.fixed_dictionaries(
    {"kind": names}, optional={"given": st.dictionaries(names, values, max_size=3), "note": words.map(str)}
)
models = st.lists(st.tuples(prose, questions, st.sampled_from([None, "4", "2.5", "3/2"])), max_size=5)


@settings(max_examples=100, deadline=None)
@given(models, st.none() | st.integers(0, 9), st.sampled_from(["```", "~~~~"]))
def test_valid_papers_are_read_as_they_were_made(model, decimals, fence):
    text = "" if decimals is None else f"---\ndecimals: {decimals}\n---\n"
    expected = []
    for index, (lines, fields, marks) in enumerate(model):
        text += "".join(line + "\n" for line in [*lines, ""])
        line = text.count("\n") + 1
        attributes = "" if marks is None else f" marks={marks}"
        body = "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())
        text += f"{fence}{{.question #q{index}{attributes}}}\n{body}{fence}\n"
        expected.append((f"q{index}", marks and Fraction(marks), fields, line))
    text += "The end.\n"
    paper = parse(text)
    assert [(part.name, part.marks, part.fields, part.line) for part in paper.blocks] == expected
    assert paper.header.decimals == decimals
    assert isinstance(paper.parts[-1], Prose)
    assert render(paper) == text
    if decimals is None:
        assert paper.header == Header()


numerals = st.from_regex(r"-?[0-9]{1,4}\.[0-9]{0,4}(e-?[0-9]{1,2})?", fullmatch=True).map(Numeral)
lines = st.text(st.sampled_from("ab `~#:-|>\"'\\\n?{},[]é%&*!@0."), max_size=20)
writable = st.recursive(
    st.none() | st.booleans() | st.integers() | numerals | words | lines | st.just("?"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | lines, inner, max_size=4),
    max_leaves=15,
)
fields = st.dictionaries(names, writable, min_size=1, max_size=4)


def kinds(value):
    """The value with the type of every scalar beside it."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return (type(value), value)


@settings(max_examples=250, deadline=None)
@given(fields)
def test_what_is_written_is_read_back(data):
    assert kinds(read_yaml(write_yaml(data)).value) == kinds(data)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(words | lines, writable, max_size=4), lines)
def test_a_rewritten_block_leaves_all_else(given_fields, note):
    paper = parse(SAMPLE)
    fields = {"kind": "sgd_step", "note": note, "given": given_fields}
    changed = replace_block(paper, "q2b", fields)
    assert kinds(changed.block("q2b").fields) == kinds(fields)
    before, old, after = SAMPLE.partition(paper.block("q2b").source)
    assert old
    assert changed.text == before + changed.block("q2b").source + after
    assert [type(part) for part in changed.parts] == [type(part) for part in paper.parts]
    assert [block.fields for block in changed.blocks[1:]] == [block.fields for block in paper.blocks[1:]]


# Time

SPITEFUL = [
    "```\n", "~~~{.claim #c}\n", "> ", "- ", "1. ", "> - ", "[", "[a]: b\n", "[a]:\n", "<", "<!--\n",
    "<div>\n", "`", "*", "_a_ ", "    x\n", "\t", "a\n", "a\n===\n", "---\n", "- a\n", "> a\n", "![",
    "](", "&amp;", "\\", "|a|b|\n", "# \n", "```{.question #q}\n", "```{.question", "{", "\n", "\r",
]  # fmt: skip


@pytest.mark.parametrize("piece", SPITEFUL)
def test_repetition_takes_time_in_proportion(piece):
    began = time.perf_counter()
    for prefix in ["x", "---\n", "```{.question #q1}\n", "> ", "- a\n\n  "]:
        check(prefix + piece * (6000 // len(piece)))
    assert time.perf_counter() - began < 10
