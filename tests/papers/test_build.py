"""Papers with their answers, blank papers and answer sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workings import discovery
from workings.errors import InputError
from workings.papers import build as building
from workings.papers.build import answer_sheet, blank, build, markdown
from workings.papers.document import parse, read
from workings.yaml_reader import read_yaml

FIXTURES = Path(__file__).parent / "fixtures"
SMALL = read(FIXTURES / "small.md")


@pytest.fixture(scope="module")
def page() -> str:
    return markdown(SMALL)


def card(text: str, name: str) -> str:
    """One block's card, and the prose up to the next."""
    cards = re.split(r"^(?=::: \{\.(?:question|study|claim) #)", text, flags=re.MULTILINE)
    [found] = [one for one in cards if re.match(rf"::: \{{\.\w+ #{name}[ }}]", one)]
    return found


# With answers


def test_prose_stays_where_it_is(page):
    places = [
        page.index(piece)
        for piece in (
            "The network of the lecture.",
            "#network",
            "> **Answer.** In words: two hidden layers saturate.",
            "Prose between.",
            "#loss",
            "> A quotation that is no answer.",
            "#size",
        )
    ]
    assert places == sorted(places)


def test_a_card_has_givens_steps_answers_and_the_key(page):
    found = card(page, "size")
    assert found.startswith("::: {.question #size marks=1}\n**Given:** $n = 55$")
    assert r"o = 49" in found
    assert "$$\n" in found
    assert "**Answer:** $k = 7$" in found
    assert "| `kernel` | 6 | [wrong]{.wrong} |" in found


def test_a_right_key_takes_one_line(page):
    assert "*The printed key is* [right]{.right}*.*" in markdown(parse(PLAIN.replace("6", "7"), "x.md"))


PLAIN = """```{.question #size}
kind: conv_size
given: {input: 55, kernel: "?", stride: 1, padding: 0, output: 49}
key: {kernel: 6}
```
"""


def test_title_note_and_marks(page):
    found = card(page, "network")
    assert "{.question #network marks=4}\n**Forward**\n" in found
    assert "::: {.note}\nThe lecture rounds at every step.\n:::" in found
    assert "#loss marks=2.5}" in page


def test_the_hand_calculation_says_what_it_has_changed(page):
    found = card(page, "network")
    assert r"&= \begin{pmatrix} 2.48 \\ 7.20 \end{pmatrix}" in found
    assert r"(Without rounding on the way: $\begin{pmatrix} 2.49 \\ 7.20 \end{pmatrix}$.)" in found


def test_a_question_that_goes_on_repeats_neither_givens_nor_steps(page):
    found = card(page, "loss")
    assert "*Goes on from [network](#network).*" in found
    assert "**Given:**" not in found
    assert "u_{1} &=" not in found
    assert "u_{3} &=" in found  # the step between, which nobody has shown yet
    assert r"$y \approx 0.81$" in found


def test_a_key_can_not_break_its_table():
    text = PLAIN.replace("key: {kernel: 6}", 'key: {kernel: "6 | **7** <b> $x$"}')
    row = next(line for line in markdown(parse(text, "x.md")).splitlines() if line.startswith("| `kernel`"))
    assert re.sub(r"\\.", "", row).count("|") == 5
    assert r"6 \| \*\*7\*\* \<b\> \$x\$" in row


def test_progress_hears_each_question():
    heard: list[str] = []
    markdown(SMALL, heard.append)
    assert heard == ["network", "loss", "size", "gradients", "detection", "transfer"]


# Studies and claims without a result


def test_what_has_no_result_says_which_command_makes_it(monkeypatch):
    monkeypatch.setattr(building, "check_names", lambda _: None)
    text = markdown(read(FIXTURES / "pending.md"))
    assert "`workings run mnist_lenet epochs=10 rate=0.5`" in card(text, "mnist")
    assert "`workings claim scale_improves_loss`" in card(text, "scale")


def test_a_name_that_no_file_bears():
    text = PLAIN.replace("conv_size", "conv_sise")
    with pytest.raises(InputError) as refused:
        markdown(parse(text, "exam.md"))
    assert str(refused.value).startswith("exam.md:2: size.kind: unknown question 'conv_sise'; accepted: ")
    assert "Did you mean conv_size" in str(refused.value)


def test_a_question_that_has_no_answer_names_its_line():
    text = PLAIN.replace("output: 49", "output: 99")
    with pytest.raises(InputError, match=r"^exam\.md:3: size\.given") as refused:
        markdown(parse(text, "exam.md"))
    assert "accepted: " in str(refused.value)


# Blank


def test_the_blank_paper_has_no_answer_in_it():
    text = blank(SMALL)
    for piece in ("Answer", "printed key", "More of the answer", "2.48", "0.81", "$$", "[right]"):
        assert piece not in text, piece
    assert "> A quotation that is no answer." in text
    assert "Prose between." in text
    found = card(text, "network")
    assert "**Given:** $x = " in found
    assert "\n\n**Wanted:** $u_{1}$, $h_{1}$, $u_{2}$, $h_{2}$\n:::\n" in found
    assert "*Goes on from [network](#network).*" in card(text, "loss")


def test_a_given_that_is_asked_for_is_not_given():
    text = PLAIN.replace("key: {kernel: 6}", "ask: [stride, kernel]")
    found = blank(parse(text, "x.md"))
    assert "$s = 1$" not in found
    assert "$p = 0$" in found
    assert "**Wanted:** $s$, $k$" in found


def test_the_answer_sheet_can_be_read_back():
    sheet = read_yaml(answer_sheet(SMALL)).value
    assert sheet["student"] is None
    assert {name: list(quantities) for name, quantities in sheet["answers"].items()} == {
        "network": ["u_1", "h_1", "u_2", "h_2"],
        "loss": ["y", "J"],
        "size": ["kernel"],
        "gradients": ["y", "J", "grad_y", "grad_W", "grad_b"],
        "detection": ["recall_cat", "AP_cat"],
        "transfer": ["setting"],
    }
    assert {value for quantities in sheet["answers"].values() for value in quantities.values()} == {None}


# Files


def test_the_page(tmp_path):
    [written] = build(SMALL, tmp_path / "small.html")
    text = written.read_text(encoding="utf-8")
    assert "<title>A small paper</title>" in text
    assert "Deep learning · Nobody · 2024-05-02" in text
    assert text.count("<math") > 20
    assert "$$" not in text
    assert list(tmp_path.iterdir()) == [written]


def test_the_blank_page_and_its_sheet(tmp_path):
    page, sheet = build(SMALL, tmp_path / "small.html", without_answers=True)
    assert sheet.name == "small.answers.yaml"
    assert sheet.read_text(encoding="utf-8") == answer_sheet(SMALL)
    assert "More of the answer" not in page.read_text(encoding="utf-8")


def test_the_same_paper_gives_the_same_page(tmp_path):
    [first] = build(SMALL, tmp_path / "a.html")
    [second] = build(SMALL, tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("small.odt", "unknown format '.odt'; accepted: .html, .pdf, .ipynb, .docx, .md"),
        ("small", "unknown format 'small'; accepted: .html, .pdf, .ipynb, .docx, .md"),
    ],
)
def test_unknown_formats(tmp_path, to, message):
    with pytest.raises(InputError) as refused:
        build(SMALL, tmp_path / to)
    assert str(refused.value) == message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(InputError, match=r"^can't write .*: No such file or directory; accepted: "):
        build(SMALL, tmp_path / "missing" / "small.html")


@pytest.mark.parametrize("kind", discovery.names("workings.questions"))
def test_every_example_builds(kind):
    """Each kind's own example as a block: whatever it prints stands in one card."""
    from workings.papers.yaml_writer import write_yaml

    question = discovery.load("workings.questions", kind, "QUESTION")
    block = write_yaml({"kind": kind, "given": dict(question.example)})
    text = markdown(parse(f"```{{.question #one}}\n{block}```\n", "x.md"))
    assert card(text, "one").count("**Answer:**") == 1
    assert text.count(":::") % 2 == 0
