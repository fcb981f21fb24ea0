"""The key: what it accepts, that it is worked out once; honest rounding; the printed keys of the papers."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest

from workings import discovery
from workings.algebra.parse import LONGEST
from workings.algebra.rounding import Places
from workings.marking import key as keys
from workings.marking.answers import read_numbers
from workings.marking.closeness import is_right
from workings.marking.key import Key
from workings.marking.verdicts import Marker
from workings.papers.audit import findings
from workings.papers.document import read
from workings.papers.draw import sheet_value
from workings.papers.solving import earlier, solve_paper
from workings.solution import solve

PAPERS = sorted((Path(__file__).parents[2] / "papers").glob("*.md"))
KINDS = discovery.names("workings.questions")
VARIANTS = 12

LOGITS = {"logits": ["2.0", "1.0", "0.1"], "target": 0}
LOSS = math.log(1 + math.exp(-1) + math.exp(-1.9))


def loss_key(**options):
    return Key(solve("softmax_cross_entropy", LOGITS, **{"decimals": 3, **options}))


# What is right ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        (f"{LOSS:.3f}", True),
        (f"{LOSS:.9f}", True),
        (f"{LOSS:.2f}", False),
        (f"{LOSS + 0.001:.3f}", False),
        (f"-{LOSS:.3f}", False),
    ],
)
def test_quick_and_slow_comparison_agree(raw, right):
    key, answer = loss_key(), read_numbers(raw)
    assert key.is_right("J", answer) is right
    value, decimals = answer.values.item(), int(answer.decimals)
    assert is_right(value, decimals, key.target("J").item(), key.places) is right


def test_both_ways_of_rounding_a_tie_are_right():
    # the mean of 1 and 2.25 is 1.625: 1.63 half-up, 1.62 half-even
    key = Key(solve("batch_norm", {"batch": [["1.0"], ["2.25"]]}, decimals=2))
    assert [key.is_right("mean", read_numbers([raw])) for raw in ("1.62", "1.63", "1.64")] == [
        True,
        True,
        False,
    ]


def test_whole_numbers_are_whole_by_what_they_come_from():
    sizes = Key(solve("conv_size", {"input": 30, "kernel": 5, "output": "?"}))
    assert sizes.is_whole("output")
    # no overlap: the share of the union is 0, and no whole number for that
    share = Key(solve("iou", {"target": [0, 0, 1, 1], "prediction": [2, 2, 3, 3]}))
    assert share.is_whole("union")
    assert not share.is_whole("iou")
    assert not loss_key().is_whole("J")


def test_whole_numbers_are_exact_whatever_the_precision():
    solution = solve("dense_parameters", {"inputs": 784, "layers": [100]}, significant=2)
    assert solution["total"] == 78500
    for raw, name in ((78500, "right"), (79000, "wrong")):
        assert Marker(solution, {"total": raw}).verdict("total").name == name


def test_tolerance_is_half_a_unit_of_the_asked_place():
    assert loss_key().tolerance("J", np.array([0.417])) == pytest.approx(0.0005, rel=1e-4)
    figures = loss_key(decimals=None, significant=2)
    assert figures.tolerance("J", np.array([0.417, 41.7])) == pytest.approx([0.005, 0.5], rel=1e-4)


def test_clouded_slips():
    # ε = 1e-5 beside a variance of 4.2 shows in the 7th decimal of what is normalised
    given = {"batch": [["1.0"], ["3.0"], ["6.0"]]}
    at_two = Key(solve("batch_norm", given, decimals=2))
    assert "epsilon left out" in at_two.clouded("normalised")
    assert "mean for sum" not in at_two.clouded("mean")
    assert at_two.clouded("mean") == frozenset()
    assert "epsilon left out" not in Key(solve("batch_norm", given, decimals=9)).clouded("normalised")


# Once a paper -----------------------------------------------------------------------------------------------


def test_slips_are_worked_out_once(monkeypatch):
    calls = []
    original = keys.slipped
    monkeypatch.setattr(keys, "slipped", lambda *args, **kw: calls.append(args) or original(*args, **kw))
    key = loss_key()
    assert calls == []  # nothing before the first wrong answer
    for i in range(5):
        assert Marker(key, {"J": f"{-LOSS:.3f}", "p": [0, 0, i]}).verdict("J").slip.name == "sign"
    first = len(calls)
    assert 0 < first <= 2 * len(key.working.steps)
    Marker(key, {"J": "77.123"}).verdict("J")
    assert len(calls) == first


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEPT", 10)
    key = loss_key()
    for i in range(50):
        assert Marker(key, {"J": f"{5 + i}.125"}).verdict("J").name in ("wrong", "slip")
    assert len(key.kept) <= 10
    long = [0] * 3000
    assert Marker(key, {"p": long}).verdict("p").name == "wrong"
    assert all(len(str(kept)) < 5_000 for kept in key.kept)


def test_the_verdict_depends_on_the_answers_alone():
    key = loss_key()
    sheets = [{"J": f"{LOSS:.3f}"}, {"J": "0.4"}, {"p": ["0.5", "0.3", "0.2"], "J": "0.693"}, {"J": "0.693"}]
    shared = [{name: Marker(key, sheet).verdict(name).name for name in sheet} for sheet in sheets]
    alone = [{name: Marker(loss_key(), sheet).verdict(name).name for name in sheet} for sheet in sheets]
    assert shared == alone
    assert shared[2]["J"] == "follows"  # -log 0.5
    assert shared[3]["J"] != "follows"


def test_a_large_question_is_marked_in_bounded_time():
    image = [[(i * j) % 7 for j in range(60)] for i in range(60)]
    solution = solve("conv_apply", {"image": image, "kernel": [[1, 2], [3, 4]]})
    start = time.perf_counter()
    assert Marker(solution, {"output": [[1] * 59] * 59}).verdict("output").name == "wrong"
    assert time.perf_counter() - start < 10


# Honest rounding --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_honest_rounding_at_every_step_is_right_everywhere(kind):
    question = discovery.load("workings.questions", kind, "QUESTION")
    judged = 0
    for seed in range(VARIANTS):
        random = Random(seed)
        solution = solve(kind, question.vary(random), decimals=random.choice((2, 3, 4)), rounding="steps")
        marker = Marker(solution, {name: sheet_value(solution, name) for name in solution.ask})
        for name in solution.ask:
            verdict = marker.verdict(name)
            judged += 1
            assert verdict.name in ("right", "right, rounded"), (seed, name, verdict)
    assert judged


def test_a_formula_as_long_as_the_right_one_is_read():
    """Six attention outputs in six letters: 3 306 characters, where no other formula may have above 2 000."""
    weights = {
        "W_Q": [["1", "0.5"], ["0", "1"]],
        "W_K": [["1", "0"], ["-0.5", "1"]],
        "W_V": [["2", "0"], ["0", "1"]],
    }
    solution = solve("self_attention", {"X": {"letters": "x", "shape": [3, 2]}, **weights})
    right = solution.quantities["Z"].printed.text
    assert len(right) > LONGEST
    assert Marker(solution, {"Z": right}).verdict("Z").name == "right"
    before = time.process_time()
    assert Marker(solution, {"Z": "x_11+" * 18_000 + "1"}).verdict("Z").name == "unreadable"
    assert time.process_time() - before < 1


def test_a_check_is_made_once_an_answer():
    solution = solve("tensor_of_shape", {"shape": [2, 1, 3]})
    asked: list[object] = []

    def check(_given, answer):
        asked.append(answer)
        return None if answer == "[[[1, 2, 3]], [[4, 5, 6]]]" else "not that"

    question = replace(solution.question, checks={"example": check})
    key = Key(replace(solution, question=question))
    for answer in ("[[[1, 2, 3]], [[4, 5, 6]]]", "[1]", "[[[1, 2, 3]], [[4, 5, 6]]]", "[1]"):
        assert Marker(key, {"example": answer}).verdict("example").right == (len(answer) > 3)
    assert len(asked) == 2


# The papers' own keys as a sheet ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_printed_keys_as_a_sheet_get_the_verdicts_of_the_audit(path):
    paper = read(path)
    solved = solve_paper(paper)
    compared = 0
    for block in paper.questions:
        written = {}
        for link in earlier(paper, block):
            written |= solved[link.name].key
        marker = Marker(solved[block.name].solution, {**written, **solved[block.name].key})
        for finding in findings(paper, solved, block):
            verdict = marker.verdict(finding.quantity)
            compared += 1
            if finding.verdict in ("right", "right, rounded"):
                # the audit also takes a key that prints fewer places than the paper asks for
                assert verdict.name == finding.verdict or "fewer places" in finding.note
            elif finding.verdict == "wrong":
                assert verdict.credit == (verdict.name == "follows")
                assert verdict.name in ("slip", "wrong", "follows", "unreadable")
    assert compared or not any(one.key for one in solved.values())


def test_the_misprint_of_the_examination_is_named():
    paper = read(next(path for path in PAPERS if path.stem == "examination"))
    solved = solve_paper(paper)
    [found] = [
        Marker(one.solution, one.key).verdict("PE")
        for one in solved.values()
        if "PE" in one.key and "PE" in one.solution.ask
    ]
    assert (found.name, found.slip.name) == ("slip", "two digits swapped")
    assert "−0.9598 in place of −0.9589" in found.note


def test_significant_figures_count():
    places = Places(significant=3)
    assert is_right(Fraction("0.000417"), 6, Fraction("0.00041703"), places)
    assert not is_right(Fraction(0), 0, Fraction(1, 10_000), places)
