"""A paper is read once, keeps its text, and every mistake in it is named with its line."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from workings import discovery
from workings.errors import InputError
from workings.numerals import Numeral
from workings.papers import fences
from workings.papers.document import (
    Header,
    Precision,
    Prose,
    blame,
    chain,
    check_names,
    givens,
    parse,
    precision,
    read,
    render,
    replace_block,
    replace_blocks,
)
from workings.papers.yaml_writer import write_yaml
from workings.yaml_reader import read_yaml

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLE = (FIXTURES / "sample.md").read_text(encoding="utf-8")
MESSAGES = (FIXTURES / "bad" / "messages.txt").read_text(encoding="utf-8").splitlines()


def question(name, *lines, attributes=""):
    """The text of a question block."""
    return "\n".join([f"```{{.question #{name}{attributes}}}", *lines, "```", ""])


# A paper of every part, its lines counted by hand in fixtures/sample.md


@pytest.fixture(scope="module")
def paper():
    return read(FIXTURES / "sample.md")


def test_header(paper):
    assert paper.header == Header(
        title="Neural networks, written examination",
        decimals=2,
        rounding="steps",
        source="".join(line + "\n" for line in SAMPLE.split("\n")[:5]),
    )
    assert (paper.header.significant, paper.header.ties, paper.header.lang) == (None, "half-up", "en")
    assert (paper.header.decimal_mark, paper.header.author) == (".", None)


def test_parts_in_order(paper):
    assert [(type(part).__name__, part.line) for part in paper.parts] == [
        ("Prose", 6),
        ("Block", 10),
        ("Prose", 16),
        ("Block", 21),
        ("Block", 28),
        ("Prose", 33),
        ("Block", 36),
        ("Prose", 40),
    ]
    assert [(block.kind, block.name, block.item, block.marks) for block in paper.blocks] == [
        ("question", "q2b", "sgd_step", Fraction(4)),
        ("question", "q2c", "sgd_step", None),
        ("study", "p5", "mnist_lenet", Fraction(10)),
        ("claim", "q1a3", "constant_initialisation", Fraction(2)),
    ]
    assert [block.name for block in paper.questions] == ["q2b", "q2c"]


def test_fields(paper):
    block = paper.block("q2b")
    assert block.fields["given"]["x"] == [Numeral("1.0"), Numeral("2.0")]
    assert block.fields["key"] == {"u_1": [Numeral("1.3"), Numeral("-4.7"), Numeral("3.6")]}
    assert block.ask == ("u_1", "h_1", "u_2", "h_2")
    assert paper.block("q2c").weights == {"u_1": 1, "h_1": Fraction(1, 2)}
    assert paper.block("p5").show == ("curves", "table")
    assert paper.block("q1a3").fields["key"] is False
    assert (block.title, block.note, paper.block("q2c").ask) == (None, None, ())


def test_prose_is_kept_with_its_code_and_its_examples(paper):
    prose = [part.text for part in paper.parts if isinstance(part, Prose)]
    assert prose[1] == '\n```python\nprint("code")\n```\n\n'
    assert prose[3].startswith("````\n```{.question #sample}")
    assert "#hidden" in prose[3]  # a block within an HTML comment is a comment


def test_the_text_comes_back(paper):
    assert render(paper) == SAMPLE == paper.text


def test_lines_of_fields(paper):
    block = paper.block("q2c")
    said = str(block.blame(InputError("found 'abc'"), ("weights", "h_1")))
    assert said == f"{FIXTURES / 'sample.md'}:26: q2c.weights.h_1: found 'abc'"
    assert str(block.blame(InputError("found 'abc'").at(field="given.target"))).endswith(
        "sample.md:24: q2c.given.target: found 'abc'"
    )


def test_an_inherited_given_is_blamed_where_it_stands(paper):
    block = paper.block("q2c")
    said = str(blame(paper, block, InputError("found 'relu'").at(field="given.activations[2]")))
    assert said.endswith("sample.md:12: q2c.given.activations[2]: found 'relu'")
    assert str(blame(paper, block, InputError("found 'x'"), ("given", "target"))).endswith(
        "sample.md:24: q2c.given.target: found 'x'"
    )
    assert str(blame(paper, block, InputError("found 'x'"), ("kind",))).endswith(
        "sample.md:22: q2c.kind: found 'x'"
    )


def test_unknown_block(paper):
    with pytest.raises(InputError) as caught:
        paper.block("q2d")
    assert str(caught.value).endswith(
        "sample.md: unknown block 'q2d'; accepted: p5, q1a3, q2b, q2c. Did you mean q2c, or q2b?"
    )


# Headers and text in all their forms


def test_a_paper_needs_no_header():
    paper = parse("# Question\n\nProse.\n")
    assert paper.header == Header()
    assert paper.parts == (Prose("# Question\n\nProse.\n", 1),)
    assert (paper.blocks, paper.file) == ((), None)


@pytest.mark.parametrize("head", ["---\n---\n", "---\n# nothing yet\n...\n", "\n---  \n\n---\n"])
def test_an_empty_header(head):
    paper = parse(head + "Text.")
    assert paper.header == Header(source=head)
    assert paper.parts == (Prose("Text.", head.count("\n") + 1),)


def test_every_field_of_the_header():
    said = "title: 2024\nsignificant: 3\nrounding: end\nties: half-even\nlang: en-GB\ndecimal_mark: ','\n"
    paper = parse(f"---\n{said}date: 2024-05-01\nauthor: A. Lecturer\ncourse: CS 4180\n---\n")
    assert paper.header == Header(
        title="2024",
        significant=3,
        rounding="end",
        ties="half-even",
        lang="en-GB",
        decimal_mark=",",
        date="2024-05-01",
        author="A. Lecturer",
        course="CS 4180",
        source=paper.text,
    )


def test_line_ends_of_any_system():
    text = "---\ntitle: A\n---\nOne.\n\n```{.claim #c}\nclaim: flat_loss\n```\n"
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text):
        assert parse(other) == parse(text)


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_odd_characters_in_prose_end_no_line(odd):
    paper = parse(f"One{odd}two\n{odd}\n```{{.claim #c}}\nclaim: flat_loss\n```\n")
    assert paper.block("c").line == 3
    assert render(paper) == paper.text


@pytest.mark.parametrize(
    "opening",
    [
        "```{.question #q marks=2.5}",
        "``` { #q   marks='2.5' .question } ",
        '  ````{marks="2.5" .question #q}',
        "~~~~{.question#q marks=5/2}",
    ],
)
def test_opening_lines(opening):
    fence = opening.strip().partition("{")[0].strip()
    block = parse(f"Text\n{opening}\nkind: iou\n{fence}").block("q")
    assert (block.kind, block.marks, block.line, block.item) == ("question", Fraction(5, 2), 2, "iou")


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```\n",
        "```{.python .numberLines #listing}\nprint(1)\n```\n",
        "```{python}\nprint(1)\n```\n",
        "```{=html}\n<b>1</b>\n```\n",
        "```\nkind: iou\n",
        "    kind: iou\n",
        "````\n```{.question #q}\n```\n````\n",
        "~~~\n```{.question #q}\n```\n~~~\n",
        "- item\n\n  ````\n  ```{.question #q}\n  ```\n  ````\n",
        "<!--\n```{.question #q}\n```\n-->\n",
        "Write `{.question #q}` behind a fence.\n",
    ],
)
def test_other_code_is_prose(text):
    assert parse(text).parts == (Prose(text, 1),)


# Mistakes, one paper each: fixtures/bad, with what a user is told in fixtures/bad/messages.txt


@pytest.mark.parametrize("said", MESSAGES, ids=lambda said: said.partition(".md")[0])
def test_bad_papers(said, monkeypatch):
    monkeypatch.chdir(FIXTURES / "bad")
    with pytest.raises(InputError) as caught:
        read(said.partition(":")[0])
    assert str(caught.value) == said


def test_every_bad_paper_has_its_message():
    named = [said.partition(":")[0] for said in MESSAGES]
    assert named == sorted(path.name for path in (FIXTURES / "bad").glob("*.md"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "exam.md: the paper is empty; accepted: Markdown"),
        ("\n  \n", "exam.md: the paper is empty; accepted: Markdown"),
        ("# A\n\n\0", "exam.md:3: found a binary file; accepted: text"),
        ("x" * 2_000_001, "exam.md: found 2000001 characters; accepted: at most 2000000"),
    ],
)
def test_text_that_is_no_paper(text, said):
    with pytest.raises(InputError) as caught:
        parse(text, "exam.md")
    assert str(caught.value) == said


def test_number_of_blocks(monkeypatch):
    assert fences.MOST_BLOCKS == 1000
    monkeypatch.setattr(fences, "MOST_BLOCKS", 2)
    two = question("a", "kind: iou") + question("b", "kind: iou")
    assert len(parse(two).blocks) == 2
    with pytest.raises(InputError, match=r"exam\.md:7: found more than 2 blocks; accepted: at most 2"):
        parse(two + question("c", "kind: iou"), "exam.md")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\x02", "found a binary file"),
        (b"# \xff\n", "which is not UTF-8"),
    ],
)
def test_bad_files(tmp_path, content, said):
    (tmp_path / "paper.md").write_bytes(content)
    with pytest.raises(InputError, match=rf"paper\.md.*{said}"):
        read(tmp_path / "paper.md")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"paper\.md: no such file"):
        read(tmp_path / "paper.md")


# What a block builds on

CHAIN = (
    question("a", "kind: linear_gradients", "given: {x: [1, 2], W: ?, layout: {rows: 1}}")
    + question("b", "kind: linear_gradients", "from: a", "given: {W: 3}")
    + question(
        "c", "kind: softmax_cross_entropy", "from: b", "given: {x: [5], layout: {columns: 2}}", "decimals: 4"
    )
    + question("d", "kind: iou")
)


def test_givens_of_a_chain():
    paper = parse(CHAIN)
    assert givens(paper, paper.block("a")) == {"x": [1, 2], "W": "?", "layout": {"rows": 1}}
    assert givens(paper, paper.block("b")) == {"x": [1, 2], "W": 3, "layout": {"rows": 1}}
    assert givens(paper, paper.block("c")) == {"x": [5], "W": 3, "layout": {"columns": 2}}
    assert givens(paper, paper.block("d")) == {}
    assert [block.name for block in chain(paper, paper.block("c"))] == ["c", "b", "a"]


def test_a_long_chain():
    text = question("q0", "kind: iou", "given: {a: 0}")
    for index in range(1, 900):
        text += question(f"q{index}", "kind: iou", f"from: q{index - 1}", f"given: {{b: {index}}}")
    paper = parse(text)
    assert givens(paper, paper.block("q899")) == {"a": 0, "b": 899}


def test_a_long_circle():
    text = "".join(question(f"q{i}", "kind: iou", f"from: q{(i + 1) % 400}") for i in range(400))
    with pytest.raises(InputError) as caught:
        parse(text, "exam.md")
    way = "q0 (line 1) → q1 (line 5) → q2 (line 9)"
    assert str(caught.value).startswith(f"exam.md:3: q0.from: found q1, which goes round in a circle: {way}")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("header", "own", "expected"),
    [
        ("decimals: 2", "", Precision(decimals=2)),
        ("decimals: 2", "decimals: 4", Precision(decimals=4)),
        ("decimals: 2", "significant: 3", Precision(significant=3)),
        ("significant: 3", "decimals: 0", Precision(decimals=0)),
        ("decimals: 2", "rounding: end", Precision(decimals=2, rounding="end")),
        ("rounding: end", "ties: half-even", Precision(rounding="end", ties="half-even")),
        ("title: A", "", Precision()),
    ],
)
def test_precision(header, own, expected):
    paper = parse(f"---\n{header}\n---\n" + question("q", "kind: iou", own))
    assert precision(paper, paper.block("q")) == expected


def test_names_without_a_file(paper, monkeypatch):
    listed = {
        "workings.questions": ("iou", "sgd_step"),
        "workings.studies": ("mnist_fractions",),
        "workings.claims": ("constant_initialisation",),
    }
    monkeypatch.setattr(discovery, "names", listed.__getitem__)
    check_names(paper, ["question", "claim"])
    with pytest.raises(InputError) as caught:
        check_names(paper)
    said = "unknown study 'mnist_lenet'; accepted: mnist_fractions. Did you mean mnist_fractions?"
    assert str(caught.value).endswith(f"sample.md:29: p5.study: {said}")
    monkeypatch.setitem(listed, "workings.questions", ("sgd_stop",))
    with pytest.raises(InputError, match=r"sample\.md:11: q2b\.kind: unknown question 'sgd_step'.*sgd_stop"):
        check_names(paper)


# Rewriting


def test_replace_block_leaves_all_else(paper):
    fields = {**paper.block("q2b").fields, "given": {"x": [Numeral("1.50"), Fraction(2, 3)], "target": 1}}
    changed = replace_block(paper, "q2b", fields)
    assert render(changed) == SAMPLE.replace(
        SAMPLE.split("\n")[11], "given: {x: [1.50, 2/3], target: 1}"
    ).replace("      # optional: the printed key, to be audited", "")
    assert changed.block("q2b").fields["given"] == {"x": [Numeral("1.50"), "2/3"], "target": 1}
    assert changed.block("q2b").marks == 4
    assert givens(changed, changed.block("q2c"))["target"] == 1


def test_replace_several_blocks_at_once():
    paper = parse("One\n" + CHAIN + "Two", "exam.md")
    changed = replace_blocks(paper, {"a": {"kind": "iou"}, "d": {"kind": "iou", "given": {"n": "?"}}})
    assert [block.fields for block in changed.questions] == [
        {"kind": "iou"},
        paper.block("b").fields,
        paper.block("c").fields,
        {"kind": "iou", "given": {"n": "?"}},
    ]
    assert (changed.text[:4], changed.text[-3:], changed.file) == ("One\n", "Two", "exam.md")


def test_replacing_with_the_same_fields_changes_nothing_twice():
    once = replace_blocks(parse(CHAIN), {block.name: block.fields for block in parse(CHAIN).blocks})
    assert once.text == replace_blocks(once, {block.name: block.fields for block in once.blocks}).text


def test_replace_refuses_what_parsing_refuses(paper):
    with pytest.raises(InputError, match="unknown field of a question 'givn'"):
        replace_block(paper, "q2b", {"kind": "iou", "givn": {}})
    with pytest.raises(InputError, match="unknown block 'q9'"):
        replace_block(paper, "q9", {"kind": "iou"})


def test_an_unclosed_fence_at_the_end_of_the_file():
    paper = parse("```{.claim #c}\nclaim: flat_loss\n```", "exam.md")
    assert replace_block(paper, "c", {"claim": "flat_loss", "key": True}).text == (
        "```{.claim #c}\nclaim: flat_loss\nkey: true\n```"
    )


# The writer's layout


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "{}\n"),
        ({"kind": "iou", "given": {"input": 5, "kernel": "?"}}, "kind: iou\ngiven: {input: 5, kernel: ?}\n"),
        ({"a": None, "b": True, "c": [], "d": {}}, "a: null\nb: true\nc: []\nd: {}\n"),
        ({"a": "true", "b": "0.80", "c": "3/14", "d": ""}, 'a: "true"\nb: "0.80"\nc: 3/14\nd: ""\n'),
        ({"a": Numeral("0.80"), "b": Fraction(4), "c": Fraction(-1, 3)}, "a: 0.80\nb: 4\nc: -1/3\n"),
        ({"a": r"\theta", "b": "it's", "c": 'a "b"'}, """a: '\\theta'\nb: "it's"\nc: "a \\"b\\""\n"""),
        ({"a": "one: two", "b": "x # y", "c": "a, b"}, 'a: "one: two"\nb: "x # y"\nc: "a, b"\n'),
        ({"note": "one\ntwo: 2\n\n  three\n"}, "note: |\n  one\n  two: 2\n\n    three\n"),
        ({"note": "one\ntwo"}, "note: |-\n  one\n  two\n"),
        ({"note": "one\n```\ntwo"}, 'note: "one\\u000a```\\u000atwo"\n'),
        (
            {"given": {"W": [[10000000 + 10 * i + j for j in range(5)] for i in range(3)]}},
            """given:
  W:
    - [10000000, 10000001, 10000002, 10000003, 10000004]
    - [10000010, 10000011, 10000012, 10000013, 10000014]
    - [10000020, 10000021, 10000022, 10000023, 10000024]
""",
        ),
    ],
)  # fmt: skip
def test_layout(fields, text):
    assert write_yaml(fields) == text
    read_back = read_yaml(text).value
    assert {name: str(item) if isinstance(item, Fraction) else item for name, item in fields.items()} == {
        name: str(item) if isinstance(fields[name], Fraction) else item for name, item in read_back.items()
    }


def test_what_cannot_be_written():
    with pytest.raises(TypeError, match="object cannot be written as YAML"):
        write_yaml({"a": [object()]})


def test_importing_documents_loads_no_parser():
    code = "import sys, workings.papers.document; print({'ruamel.yaml', 'markdown_it'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
