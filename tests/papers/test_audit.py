"""The audit of a small paper, every verdict by hand; errors with the file, the line and the field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workings.errors import InputError
from workings.papers.audit import Finding, audit
from workings.papers.document import parse, read

SMALL = Path(__file__).parent / "fixtures" / "small.md"


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Finding]:
    return {(finding.question, finding.quantity): finding for finding in audit(read(SMALL))}


EXPECTED = {
    # the lecture's hand calculation (inventory, item 96), but for h_2, whose 1.00 is printed as 0.10
    ("network", "u_1"): ("right", ""),
    ("network", "h_1"): ("right", ""),
    ("network", "u_2"): ("right, rounded", "without rounding on the way: [2.49, 7.20]"),
    ("network", "h_2"): ("wrong", "0.1 in place of 1.00"),
    ("loss", "y"): ("right", ""),
    ("loss", "J"): ("right, rounded", "without rounding on the way: 1.68"),
    # 55 - k + 1 = 49
    ("size", "kernel"): ("wrong", "right: 7"),
    ("gradients", "grad_y"): ("right", ""),
    # y = Wᵀx + b is not stated, and the key is right for y = Wx + b
    ("gradients", "grad_W"): ("convention", "right by layout y = W x + b"),
    # 1 · 1/2 + 2/3 · 1/2 = 5/6; trapezia 0.29 or 0.79, eleven points (6 + 5 · 2/3) / 11 = 0.85
    ("detection", "recall_cat"): ("right", ""),
    ("detection", "AP_cat"): ("convention", "0.29 by trapezoid ordered, trapezoid merged; 0.79 by"),
    # P(X) changes, the task does not (Pan and Yang 2010, table 2)
    ("transfer", "setting"): ("wrong", "right: transductive"),
}


@pytest.mark.parametrize("label", EXPECTED, ids=".".join)
def test_verdict(found, label):
    verdict, remark = EXPECTED[label]
    assert found[label].verdict == verdict
    assert remark in found[label].note
    assert bool(remark) == bool(found[label].note)


def test_every_printed_value_is_found_in_the_papers_order(found):
    assert list(found) == list(EXPECTED)


def test_the_machine_form(found):
    rows = json.loads(json.dumps([finding.as_json() for finding in found.values()]))
    assert all(list(row) == ["question", "quantity", "key", "value", "verdict", "note"] for row in rows)
    by_name = {(row["question"], row["quantity"]): row for row in rows}
    assert by_name["size", "kernel"]["key"] == 6
    assert by_name["size", "kernel"]["value"] == 7
    assert by_name["network", "u_2"]["key"] == ["2.48", "7.20"]  # as written
    assert by_name["network", "u_2"]["value"] == pytest.approx([2.48925, 7.19558], abs=1e-5)
    assert by_name["gradients", "grad_W"]["key"] == "-2(d-y)x^T"


def paper(block: str, header: str = "decimals: 2\nrounding: steps"):
    return parse(f"---\n{header}\n---\n\n```{{.question #q}}\n{block}\n```\n", "exam.md")


def verdicts(block: str, **options) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.note) for finding in audit(paper(block, **options))]


def test_a_stated_convention_is_no_excuse():
    block = 'kind: linear_gradients\ngiven: {layout: "y = W^T x + b"}\nkey: {grad_W: "-2(d-y)x^T"}'
    [(verdict, note)] = verdicts(block)
    assert verdict == "wrong"
    assert "right by layout y = W x + b" in note


SIGMOID = """kind: sgd_step
given: {x: [1.0], target: 1, weights: [[1.0]], biases: 0, activations: [sigmoid], loss: binary_cross_entropy}
"""
"""y = 1/(1 + e^-1) = 0.731059"""


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("0.73", "right"),
        ("0.7311", "right"),
        ("0.7", "right, rounded"),  # to fewer places than asked for
        ("0.74", "wrong"),
        ("0.72", "wrong"),
        ('"0,73"', "wrong"),
    ],
)
def test_places(key, verdict):
    [(found, note)] = verdicts(f"{SIGMOID}key: {{y: {key}}}")
    assert found == verdict
    assert ("fewer places" in note) == (key == "0.7")


def test_a_paper_that_rounds_at_the_end_takes_no_rounding_on_the_way():
    """J = -log y = 0.3133: from y = 0.73 it would be 0.3147, so 0.31 both ways; to four places they part."""
    block = f"{SIGMOID}key: {{y: 0.7311, J: 0.3132}}"
    steps = verdicts(block, header="decimals: 4\nrounding: steps")
    end = verdicts(block, header="decimals: 4\nrounding: end")
    assert [verdict for verdict, _ in steps] == ["right", "right, rounded"]
    assert [verdict for verdict, _ in end] == ["right", "wrong"]


def test_a_paper_without_keys_has_nothing_to_find():
    assert verdicts(SIGMOID) == []


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (f"{SIGMOID}key: {{yy: 0.73}}", "exam.md:9: q.key.yy: unknown quantity 'yy'; accepted: "),
        (f"{SIGMOID}ask: [y, z]", "exam.md:9: q.ask: unknown quantity 'z'; accepted: "),
        ("kind: sgd_stepp\ngiven: {x: [1]}", "exam.md:7: q.kind: unknown question 'sgd_stepp'; accepted: "),
        ("kind: sgd_step\ngiven: {xx: [1]}", "exam.md:8: q.given: unknown field 'xx'; accepted: "),
        (
            'kind: conv_size\ngiven:\n  input: 55\n  kernel: "?"\n  stride: 0\n  padding: 0\n  output: 49',
            "exam.md:11: q.given.stride: found 0; accepted: ",
        ),
        ("kind: conv_size\ngiven: {input: 55}", "exam.md:8: q.given: kernel is missing; accepted: "),
    ],
    ids=["key", "ask", "kind", "field", "value", "missing"],
)
def test_an_error_names_file_line_and_field(block, message):
    with pytest.raises(InputError) as refused:
        audit(paper(block))
    assert str(refused.value).startswith(message)
