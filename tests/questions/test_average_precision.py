"""Average precision: the assignment's detections under six rules, by hand, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from workings.errors import InputError
from workings.questions.average_precision import QUESTION
from workings.solution import solve

ASSIGNMENT = dict(QUESTION.example)


def judged(matches, scores=None):
    scores = scores or [1 - i / 100 for i in range(len(matches))]
    return [{"match": m, "score": str(s)} for m, s in zip(matches, scores, strict=True)]


def averages(**given):
    found = solve("average_precision", {**ASSIGNMENT, **given}).values
    return [Fraction(str(found[name])) for name in ("AP_cat", "AP_dog", "mAP")]


def test_the_printed_figures_are_those_of_the_trapezoid_rule():
    cat, dog, mean = averages(rule="trapezoid")
    assert (cat, dog, mean) == (Fraction(31, 72), Fraction(79, 120), Fraction(49, 90))
    printed = (0.4305555555555555, 0.6583333333333333, 0.5444444444444444)
    assert [float(x) for x in (cat, dog, mean)] == pytest.approx(printed, abs=1e-15)


def test_the_ranking_breaks_ties_in_the_order_given():
    found = solve("average_precision", ASSIGNMENT)
    assert found["ranking_cat"].tolist() == [1, 4, 3, 5, 2]
    assert found["ranking_dog"].tolist() == [3, 6, 5, 4, 1, 2]
    assert found["recall_dog"].tolist() == [0.25, 0.5, 0.75, 0.75, 0.75, 1]


# by hand: for cats precision is 1, 1/2, 2/3, 3/4, 3/5 at the recalls 1/3, 1/3, 2/3, 1, 1; for dogs it is
# 1, 1, 1, 3/4, 3/5, 2/3 at the recalls 1/4, 1/2, 3/4, 3/4, 3/4, 1
RULES = {
    # the trapezoid's areas, and 1/3 (1/4) · (1 + 1)/2 before the first point
    "trapezoid_from_one": (Fraction(31, 72) + Fraction(1, 3), Fraction(79, 120) + Fraction(1, 4)),
    "step": ((1 + Fraction(2, 3) + Fraction(3, 4)) / 3, (3 + Fraction(2, 3)) / 4),
    # the best at or beyond: 1 up to 1/3, then 3/4; 1 up to 3/4, then 2/3
    "voc2010": ((1 + 2 * Fraction(3, 4)) / 3, (3 + Fraction(2, 3)) / 4),
    # recalls 0 ... 0.3 (0.7) are reached with 1, the other 7 (3) with 3/4 (2/3)
    "voc2007": ((4 + 7 * Fraction(3, 4)) / 11, (8 + 3 * Fraction(2, 3)) / 11),
    # 0 ... 0.33 are 34 points; 0 ... 0.75 are 76
    "coco101": ((34 + 67 * Fraction(3, 4)) / 101, (76 + 25 * Fraction(2, 3)) / 101),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_other_rules_by_hand(rule):
    cat, dog, mean = averages(rule=rule)
    assert (cat, dog) == RULES[rule]
    assert mean == (cat + dog) / 2


def test_merged_ties_are_one_step():
    # cats at 0.5: both found at once, so recall goes from 1/3 to 1 at precision 3/4
    assert averages(rule="step", ties="merged")[0] == Fraction(1, 3) + Fraction(2, 3) * Fraction(3, 4)
    found = solve("average_precision", {**ASSIGNMENT, "ties": "merged"})
    assert found["recall_cat"].tolist() == pytest.approx([1 / 3, 1 / 3, 1, 1], rel=1e-15)


@pytest.mark.parametrize("rule", [*RULES, "trapezoid"])
def test_a_perfect_detector_scores_1_but_under_the_trapezoid_rule(rule):
    found = solve(
        "average_precision", detections={"cat": judged(["TP"] * 4)}, ground_truth={"cat": 4}, rule=rule
    )
    assert found["mAP"] == (0.75 if rule == "trapezoid" else 1)


@pytest.mark.parametrize("rule", [*RULES, "trapezoid"])
def test_nothing_found_scores_0(rule):
    given = {
        "detections": {"cat": judged(["FP"]), "dog": []},
        "ground_truth": {"cat": 2, "dog": 1},
        "rule": rule,
    }
    found = solve("average_precision", given)
    # precision 1 at recall 0 is a convention of that rule, and has no area here
    assert (found["AP_cat"], found["AP_dog"], found["mAP"]) == (0, 0, 0)


REFUSED = [
    (
        {"ground_truth": {"cat": 3}},
        (
            "ground_truth: detections of 'dog' without its number of objects; "
            "accepted: ground_truth: {dog: ...}"
        ),
    ),
    (
        {"ground_truth": {"cat": 2, "dog": 4}},
        (
            "detections.cat: 3 true positives for 2 objects; "
            "accepted: one an object; a second detection of it is a FP"
        ),
    ),
    (
        {"detections": {"cat": [{"score": 1, "match": "hit"}]}},
        "detections.cat[0].match: found 'hit'; accepted: 'TP' or 'FP'",
    ),
    (
        {"detections": {"cat": [{"score": "high", "match": "TP"}]}},
        "detections.cat[0].score: found 'high'; accepted: a number such as 3, -0.5, 1e-3 or 3/14",
    ),
    (
        {"detections": {}, "ground_truth": {"cat": 0}},
        "ground_truth.cat: found 0 objects, for which recall is not defined; accepted: 1 or more",
    ),
    (
        {"detections": {}, "ground_truth": {"c/d": 1}},
        "ground_truth: the class 'c/d'; accepted: distinct names of letters and digits",
    ),
    (
        {"detections": {"cat": judged(["FP"] * 301)}},
        "detections.cat: found 301 detections; accepted: at most 300",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_cannot_be_ranked_is_refused(change, message):
    with pytest.raises(InputError) as caught:
        solve("average_precision", {**ASSIGNMENT, **change})
    assert str(caught.value) == message


def test_a_rule_that_is_none_gets_near_ones():
    with pytest.raises(InputError, match=r"Did you mean voc2010, or voc2007"):
        averages(rule="voc2012")
