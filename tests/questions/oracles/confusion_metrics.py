"""scikit-learn on the labels that the counts stand for, written out one by one."""

from __future__ import annotations

import numpy as np
from questions.oracles import has_letters, value
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

METRICS = ("precision", "recall", "F1")


def metrics(matrix, zero):
    """Per class, macro and micro, of a matrix whose rows are the actual classes."""
    matrix = np.array(matrix)
    classes = range(len(matrix))
    pairs = [(i, j) for i in classes for j in classes for _ in range(matrix[i, j])]
    actual, predicted = [i for i, _ in pairs], [j for _, j in pairs]
    found = {}
    for average, before in ((None, ""), ("macro", "macro_"), ("micro", "micro_")):
        scores = precision_recall_fscore_support(
            actual, predicted, labels=list(classes), average=average, zero_division=zero
        )
        found |= {f"{before}{metric}": score for metric, score in zip(METRICS, scores[:3], strict=True)}
    return found | {"accuracy": accuracy_score(actual, predicted)}


def answers(given):
    zero = {"zero": 0.0, "one": 1.0}[given["zero_division"]]
    if "matrix" in given:
        matrix = np.array(given["matrix"])
        matrix = matrix if given["rows"] == "actual" else matrix.T
        right = np.diag(matrix)
        found = {"TP": right, "FP": matrix.sum(0) - right, "FN": matrix.sum(1) - right}
        return found | metrics(matrix, zero)

    def two(letters):
        cells = {label: int(value(given.get(label, 0), letters)) for label in ("TP", "FP", "FN", "TN")}
        found = metrics([[cells["TN"], cells["FP"]], [cells["FN"], cells["TP"]]], zero)
        for metric in METRICS:
            found[f"{metric}_negative"], found[metric] = (float(score) for score in found[metric])
        return found

    labels = [label for label in ("TP", "FP", "FN", "TN") if label in given]
    if not has_letters(*(given[label] for label in labels)):
        return two({})
    names = two(dict.fromkeys("abcd", 1))
    return {name: lambda name=name, **letters: two(letters)[name] for name in names}
