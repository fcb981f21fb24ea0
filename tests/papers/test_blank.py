"""The blank paper as a form: what a student writes into it comes back as answers."""

from __future__ import annotations

import json

import pytest

from workings.marking.sheets import read_sheets
from workings.numerals import Numeral
from workings.papers.build import build
from workings.papers.document import parse

PAPER = """\
---
title: A paper
decimal_mark: "{mark}"
---
# One

```{{.question #q1}}
kind: dense_parameters
given: {{inputs: 2, layers: [5, 5], bias: true}}
ask: [layer_1, total]
```

```{{.question #q2-b}}
kind: softmax_cross_entropy
given: {{logits: [1, 2], target: 0}}
ask: [p]
```
"""
KNOWN = {"q1": ("layer_1", "total"), "q2-b": ("p",)}


def handed_out(folder, suffix, mark="."):
    to = folder / f"blank{suffix}"
    build(parse(PAPER.format(mark=mark)), to, without_answers=True)
    return to


@pytest.mark.parametrize("suffix", [".md", ".ipynb", ".answers.yaml"])
def test_a_form_left_empty_has_every_answer_blank(tmp_path, suffix):
    handed_out(tmp_path, suffix if suffix != ".answers.yaml" else ".md")
    (sheet,) = read_sheets([tmp_path / f"blank{suffix}"], known=KNOWN)
    assert sheet.student == "blank"
    assert sheet.answers == {"q1": {"layer_1": None, "total": None}, "q2-b": {"p": None}}


@pytest.mark.parametrize("suffix", [".md", ".ipynb", ".answers.yaml"])
@pytest.mark.parametrize(
    ("mark", "vector"), [(".", [Numeral("0.27"), Numeral("0.73")]), (",", "[0,27; 0,73]")]
)
def test_a_form_that_was_filled_in(tmp_path, suffix, mark, vector):
    handed_out(tmp_path, suffix if suffix != ".answers.yaml" else ".md", mark)
    form = tmp_path / f"blank{suffix}"
    filled = form.read_text(encoding="utf-8")
    written = "[0.27, 0.73]" if mark == "." else vector
    for place, answer in (("student:", "s01"), ("layer_1:", "15"), ("p:", written)):
        assert filled.count(f" {place}") + filled.count(f"\n{place}") + filled.count(f'"{place}') == 1
        filled = filled.replace(place, f"{place} {answer}")
    if suffix == ".ipynb":
        json.loads(filled)
    form.write_text(filled, encoding="utf-8")
    (sheet,) = read_sheets([form], known=KNOWN, decimal_mark=mark)
    assert sheet.student == "s01"
    assert sheet.answers == {"q1": {"layer_1": 15, "total": None}, "q2-b": {"p": vector}}


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_only_what_can_be_written_into_has_places(tmp_path, suffix):
    text = handed_out(tmp_path, suffix).read_text(encoding="utf-8")
    assert ("layer_1:" in text) == (suffix == ".md")


def test_the_paper_with_its_answers_has_none(tmp_path):
    build(parse(PAPER.format(mark=".")), tmp_path / "full.md")
    assert "student:" not in (tmp_path / "full.md").read_text(encoding="utf-8")
