"""The five example papers hold every part of the coursework that the project set out to answer."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from workings.papers.audit import audit
from workings.papers.document import Block, check_names, givens, read
from workings.papers.figures import figure_for
from workings.solution import solve

PAPERS = Path(__file__).parents[2] / "papers"
COVERAGE = Path(__file__).parent / "fixtures" / "coverage.txt"
NAMES = ("assignment", "homework", "examination", "report", "midterm")


NOT_PLAINLY_RIGHT = {
    "assignment": {
        ("p1_5", "AP_cat"): "convention",
        ("p1_5", "AP_dog"): "convention",
        ("p1_5", "mAP"): "convention",
    },
    "homework": {},
    "examination": {
        ("q1a2", "example"): "wrong",  # floats
        ("q1b1", "grad_W"): "wrong",  # the other layout
        ("q1b2", "grad_W"): "wrong",  # sizes that do not fit
        ("q2b", "u_2"): "right, rounded",  # exact 2.49
        ("q2c", "u_3"): "right, rounded",  # exact 1.47
        ("q2c", "J"): "right, rounded",  # exact 1.68
        ("q2d", "df_2"): "right, rounded",  # exact 0.03
        ("q2e", "grad_u_2"): "right, rounded",  # exact 0.04
        ("q2e", "grad_u_1"): "right, rounded",  # exact 0.03
        ("q2f", "grad_W_2"): "right, rounded",  # exact 0.04, -0.04, 0.04
        ("q2f", "grad_b_2"): "right, rounded",  # exact 0.04
        ("q2f", "grad_W_1"): "right, rounded",  # exact 0.03, 0.07
        ("q2f", "grad_b_1"): "right, rounded",  # exact 0.03
        ("q4c2", "PE"): "wrong",  # -0.9598 for -0.9589
    },
    "report": {
        ("q1_1b", "rule"): "wrong",  # inside and outside of the window swapped
        ("q1_1c", "dense_1"): "wrong",  # a second factor HW
    },
    "midterm": {},
}
"""Printed values that a reader with a calculator found other than right, before there was a program."""

MARKS = {
    "examination": {"Question 1": 25, "Question 2": 25, "Question 3": 25, "Question 4": 25},
    "midterm": {
        "Convolution": 10,
        "Backpropagation through time": 10,
        "Positional encoding": 10,
        "Design of a model": 25,
        "Training on MNIST": 45,
    },
}
"""What the papers print for each of their questions."""

SOURCES = """
Goodfellow, Bengio & Courville (2016) | Vaswani et al. (2017) | He et al. (2016) | Kaplan et al. (2020)
Hoffmann et al. (2022) | Pan & Yang (2010) | (2015), *Fully Convolutional Networks | Kingma & Welling (2014)
Ioffe & Szegedy (2015) | Goodfellow et al. (2014) | Wu & He (2018) | Glorot & Bengio (2010) | He et al. (2015)
Pascanu, Mikolov & Bengio (2013) | Bahdanau, Cho & Bengio (2015) | Sutskever, Vinyals & Le (2014)
Napoles et al. (2015) | Dahlmeier & Ng (2012) | Keskar et al. (2017) | Smith (2018) | LeCun et al. (1998)
"""

RULES = ("trapezoid", "trapezoid_from_one", "step", "voc2007", "voc2010", "coco101")

LINKS = (
    "https://canvas.wpi.edu/files/7719816/download?download_frd=1",
    "https://canvas.wpi.edu/files/7719811/download?download_frd=1",
    "https://colab.research.google.com/drive/1fGOf6LiPnv7a4nDWNPtVyo1Y0Xh5vp7l",
    "https://colab.research.google.com/drive/17syAcTav5Wtq-n_Rs3P1cQl0szIjLlQS",
    "https://huggingface.co/docs/transformers/index",
    "https://huggingface.co/docs/transformers/training",
    "https://huggingface.co/docs/transformers/tasks/sequence_classification",
)

CONCEPTS = {
    "assignment": ("1.1", "1.2", "1.4", "1.7", "1.8", "1.10"),
    "examination": (
        "1(a)(iii)",
        "1(a)(iv)",
        "1(a)(v)",
        "1(a)(vi)",
        "1(a)(vii)",
        "1(a)(viii)",
        "3(b)(iii)",
        "3(c)(i)",
        "4(b)",
        "4(c)(i)",
        "4(d)",
    ),
    "report": ("Q2.1", "Q2.2", "Q2.3", "Q2.5", "Q3.3"),
    "midterm": ("Conv 3", "BPTT 2", "PE 1", "Model design 1", "Model design 2", "Model design 3"),
}
"""Sections that are answered in words, each with its source."""


@pytest.fixture(scope="module")
def papers():
    return {name: read(PAPERS / f"{name}.md") for name in NAMES}


def sections(paper):
    """Heading and text of every section, what stands before the first heading under '.'."""
    found = [[".", ""]]
    fence = False
    for line in paper.text.splitlines(keepends=True):
        fence ^= line.startswith("```")
        if not fence and (heading := re.match(r"#+ (.*)", line)):
            found.append([heading[1], ""])
        found[-1][1] += line
    return [(heading, text) for heading, text in found]


def section(paper, beginning):
    matching = [text for heading, text in sections(paper) if heading.startswith(beginning)]
    assert matching, f"no heading begins with {beginning!r}"
    return matching[0]


ROWS = [
    line.split(" | ", 3)
    for line in COVERAGE.read_text(encoding="utf-8").splitlines()
    if not line.startswith("# ")
]


def test_the_table_names_every_item_once():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 145))


@pytest.mark.parametrize(("number", "name", "heading", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_every_item_of_the_coursework_is_held(papers, number, name, heading, wanted):
    text = section(papers[name], heading)
    for phrase in wanted.split("; "):
        if phrase.startswith("#"):
            assert f"```{{.question {phrase}" in text, f"item {number}: no block {phrase} under {heading}"
            assert papers[name].block(phrase[1:]).kind == "question"
        else:
            assert phrase in text, f"item {number}: {phrase!r} is not under {heading}"


@pytest.mark.parametrize("name", NAMES)
def test_header_and_blocks_are_read(papers, name):
    paper = papers[name]
    assert paper.header.title
    assert paper.header.lang == "en"
    assert paper.header.decimals is not None
    assert paper.blocks
    for block in paper.blocks:
        assert block.ask or (block.kind == "study" and block.show), f"{block.name} asks for nothing"


def test_the_examination_is_rounded_as_on_paper(papers):
    assert (papers["examination"].header.decimals, papers["examination"].header.rounding) == (2, "steps")
    four = {block.name for block in papers["examination"].blocks if block.fields.get("decimals") == 4}
    assert four == {"q2g_slow_exact", "q2g_fast_exact", "q4a", "q4c2"}


@pytest.mark.parametrize("name", NAMES)
def test_keys_keep_every_digit_as_printed(papers, name):
    """A number of a key is text or an integer: a float would have lost the last zero of 0.80."""
    stack = [block.fields.get("key", {}) for block in papers[name].blocks]
    while stack:
        value = stack.pop()
        assert not isinstance(value, float)
        stack += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []


@pytest.mark.parametrize("name", MARKS)
def test_marks_add_up(papers, name):
    found = {}
    question = ""
    for part in papers[name].parts:
        if isinstance(part, Block):
            found[question] = found.get(question, 0) + (part.marks or 0)
            continue
        for line in part.text.splitlines():
            if heading := re.match(r"# (.+?)(?:[:(]|$)", line):
                question = heading[1].strip()
                continue
            if line.startswith("## ") and "3(c)" not in line:
                continue  # a sum over what follows
            for times, each in re.findall(r"\((?:(\d+) × )?(\d+) marks?\)", line):
                found[question] = found.get(question, 0) + Fraction(int(times or 1) * int(each))
    assert {key: value for key, value in found.items() if value} == MARKS[name]


@pytest.mark.parametrize(
    ("name", "heading"), [(name, heading) for name, headings in CONCEPTS.items() for heading in headings]
)
def test_concepts_are_answered_with_a_source(papers, name, heading):
    text = section(papers[name], heading)
    answer = re.search(r"(?ms)^> \*\*Answer\.\*\*(.*)", text)
    assert answer, "no answer"
    assert re.search(r"^> \*Sources?:\* .*\(\d{4}\)", answer[1], re.MULTILINE), "no source"


@pytest.mark.parametrize("source", [source.strip() for source in re.split(r"[|\n]", SOURCES.strip())])
def test_every_source_is_named(papers, source):
    assert any(source in paper.text for paper in papers.values())


@pytest.mark.parametrize("link", LINKS)
def test_every_link_of_the_homework_is_kept(papers, link):
    assert f"]({link})" in papers["homework"].text


@pytest.mark.parametrize("name", NAMES)
def test_every_question_has_a_file(papers, name):
    check_names(papers[name], ["question"])


@pytest.mark.parametrize("name", NAMES)
def test_every_question_is_solved_and_its_printed_key_judged(papers, name):
    findings = {(found.question, found.quantity): found.verdict for found in audit(papers[name])}
    keys = {(b.name, quantity) for b in papers[name].questions for quantity in b.fields.get("key", {})}
    assert findings.keys() == keys
    assert {key: verdict for key, verdict in findings.items() if verdict != "right"} == NOT_PLAINLY_RIGHT[
        name
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_drawn(papers, name):
    for block in papers[name].questions:
        if figure := block.fields.get("figure"):
            assert figure_for(figure, givens(papers[name], block), {}).startswith("<svg ")


@pytest.mark.parametrize("name", NAMES)
def test_answers_can_be_told_from_questions(papers, name):
    """A paper without answers leaves out the quotations; each begins by saying what it is."""
    quotations = re.findall(r"(?m)(?<!^>)(?:^>.*\n)+", papers[name].text)
    assert quotations
    for quotation in quotations:
        assert re.match(r"> \*\*(Answer|On the printed key)\.\*\*", quotation), quotation[:80]


@pytest.mark.parametrize("name", NAMES)
def test_mathematics_is_balanced(papers, name):
    prose = re.sub(r"(?ms)^```.*?^```$", "", papers[name].text)
    for paragraph in re.split(r"\n(?:>? ?\n)+", prose):
        assert len(re.findall(r"(?<!\\)\$", paragraph)) % 2 == 0, paragraph
        for formula in re.findall(r"\$\$?([^$]+)\$\$?", paragraph):
            plain = formula.replace(r"\{", "").replace(r"\}", "")
            assert plain.count("{") == plain.count("}"), formula
            assert formula.count(r"\left") == formula.count(r"\right"), formula


def test_average_precision_by_every_rule(papers):
    """The assignment's table of conventions against the solver, which has its own tests."""
    rows = re.findall(r"> \| `(\w+)`[^|]*\|((?: [\d.]+ \|){4})", papers["assignment"].text)
    assert [rule for rule, _ in rows] == list(RULES)
    given = givens(papers["assignment"], papers["assignment"].block("p1_5"))
    for rule, cells in rows:
        printed = [
            solve("average_precision", {**given, "rule": rule, "ties": ties}, decimals=4)
            .quantities[name]
            .value
            for name, ties in (
                ("AP_cat", "ordered"),
                ("AP_dog", "ordered"),
                ("mAP", "ordered"),
                ("mAP", "merged"),
            )
        ]
        shown = [float(cell) for cell in cells.split("|")[:4]]
        assert shown == pytest.approx([float(Fraction(str(value))) for value in printed], abs=5e-5)


def test_planned_studies_bear_names_of_the_design(papers):
    planned = {
        "mnist_lenet",
        "mnist_fractions",
        "glyph_cnn",
        "sequence_lengths",
        "waveform_ends",
        "translation",
    }
    planned |= {"medical_tweets", "window_types", "grammar_correction"}
    named = {
        name for paper in papers.values() for name in re.findall(r"the stud(?:y|ies) `(\w+)`", paper.text)
    }
    assert named <= planned
