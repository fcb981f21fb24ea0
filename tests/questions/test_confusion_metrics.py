"""Precision, recall and F1: the homework's constant predictor, a worked matrix, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from workings.errors import InputError
from workings.solution import solve


def metrics(**given):
    values = solve("confusion_metrics", given).values
    return {name: value for name, value in values.items() if name not in ("TP", "FP", "FN")}


def exact(value):
    return Fraction(str(value))


def test_a_constant_predictor_stays_below_half():
    # 10 of 100 are medical, none is found: F1 of the others is 2·90/(180 + 10); macro F1 is 0.9/(1 + 0.9)
    found = metrics(TP=0, FP=0, FN=10, TN=90)
    assert [exact(found[name]) for name in ("precision", "recall", "F1")] == [0, 0, 0]
    assert exact(found["F1_negative"]) == Fraction(18, 19)
    assert exact(found["macro_F1"]) == Fraction(9, 19)
    assert exact(found["accuracy"]) == exact(found["micro_F1"]) == Fraction(9, 10)


def test_counts_by_hand():
    found = metrics(TP=6, FP=2, FN=4, TN=8)
    assert [exact(found[n]) for n in ("precision", "recall", "F1")] == [
        Fraction(3, 4),
        Fraction(3, 5),
        Fraction(2, 3),
    ]
    assert exact(found["accuracy"]) == Fraction(7, 10)


def test_a_matrix_of_three_classes_by_hand():
    rows = [[2, 1, 0], [1, 3, 1], [0, 0, 4]]
    found = solve("confusion_metrics", matrix=rows).values
    assert [exact(x) for x in found["precision"]] == [Fraction(2, 3), Fraction(3, 4), Fraction(4, 5)]
    assert [exact(x) for x in found["recall"]] == [Fraction(2, 3), Fraction(3, 5), 1]
    assert [exact(x) for x in found["F1"]] == [Fraction(2, 3), Fraction(2, 3), Fraction(8, 9)]
    assert exact(found["macro_F1"]) == Fraction(20, 27)
    assert exact(found["micro_F1"]) == exact(found["accuracy"]) == Fraction(3, 4)
    turned = solve("confusion_metrics", matrix=rows, rows="predicted").values
    assert [str(x) for x in turned["precision"]] == [str(x) for x in found["recall"]]


def test_zero_by_zero_is_a_stated_convention():
    found = metrics(TP=0, FP=0, FN=0, TN=5)
    assert [exact(found[name]) for name in ("precision", "recall", "F1")] == [0, 0, 0]
    found = metrics(TP=0, FP=0, FN=0, TN=5, zero_division="one")
    assert [exact(found[name]) for name in ("precision", "recall", "F1")] == [1, 1, 1]
    # a class that never occurs nor is predicted, in a matrix
    found = solve("confusion_metrics", matrix=[[3, 0], [0, 0]], zero_division="one").values
    assert [exact(x) for x in found["precision"]] == [1, 1]


def test_without_true_negatives_only_the_positive_class_is_worked_out():
    assert solve("confusion_metrics", TP=1, FP=1, FN=2).ask == ("precision", "recall", "F1")


def test_letters_give_formulas():
    found = solve("confusion_metrics", TP="a", FP="b", FN="c")
    assert found["precision"] == "a/(a + b)"
    assert found["F1"] == "2 · a/(2 · a + b + c)"


REFUSED = [
    ({"TP": 1, "FN": 1}, "FP: no FP; accepted: TP, FP and FN, or a matrix"),
    (
        {"TP": -1, "FP": 0, "FN": 0},
        "TP: found -1; accepted: a size, a formula in letters, a whole number from 0 to 10^15",
    ),
    (
        {"TP": 0, "FP": 0, "FN": 0, "TN": 0},
        "TP: found no example at all; accepted: at least one count above 0",
    ),
    (
        {"matrix": [[1, 2, 3], [4, 5, 6]]},
        "matrix: a matrix of 2 × 3; accepted: a square one of 2 to 50 classes",
    ),
    (
        {"matrix": [[1, "0.5"], [0, 1]]},
        "matrix: a cell that is no count, or no example at all; accepted: whole numbers from 0",
    ),
    (
        {"matrix": [[1, 2], [3, 4]], "TP": 1},
        "matrix: a matrix and counts beside it; accepted: one of the two",
    ),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_is_no_count_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        solve("confusion_metrics", given)
    assert str(caught.value) == message
