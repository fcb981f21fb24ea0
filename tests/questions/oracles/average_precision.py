"""scikit-learn for the step rule with merged ties; for the others plain Python on lists of exact fractions.

The interpolating rules follow the benchmarks' own programs, not the formula of the working: they make
precision monotone from the right (VOC 2010 and COCO) or take the largest beyond eleven recalls (VOC 2007).
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from itertools import pairwise

from sklearn.metrics import average_precision_score


def answers(given):
    found, averages = {}, []
    for label, objects in given["ground_truth"].items():
        detections = given["detections"].get(label, [])
        spelled = label.replace(" ", "_")
        average = Fraction(0)
        if detections:
            order, recall, precision = curve(detections, objects, merged=given["ties"] == "merged")
            average = AVERAGES[given["rule"]](recall, precision)
            if given["rule"] == "step" and given["ties"] == "merged":
                average = by_sklearn(detections, objects)
            found[f"ranking_{spelled}"] = order
            found[f"recall_{spelled}"] = [float(r) for r in recall]
            found[f"precision_{spelled}"] = [float(p) for p in precision]
        found[f"AP_{spelled}"] = float(average)
        averages.append(float(average))
    found["mAP"] = sum(averages) / len(averages)
    return found


def curve(detections, objects, *, merged):
    """The order of the detections from 1, and recall and precision after each of them."""
    order = sorted(range(len(detections)), key=lambda i: -Fraction(detections[i]["score"]))
    recall, precision, last, positives = [], [], None, 0
    for rank, i in enumerate(order, start=1):
        positives += detections[i]["match"] == "TP"
        if merged and detections[i]["score"] == last:
            recall.pop()
            precision.pop()
        last = detections[i]["score"]
        recall.append(Fraction(positives, objects))
        precision.append(Fraction(positives, rank))
    return [i + 1 for i in order], recall, precision


def by_sklearn(detections, objects):
    """scikit-learn knows no missed objects, so the area is scaled by the share of objects that were found."""
    hits = [int(d["match"] == "TP") for d in detections]
    if not any(hits):
        return 0
    return average_precision_score(hits, [float(d["score"]) for d in detections]) * sum(hits) / objects


def trapezoid(recall, precision):
    points = list(zip(recall, precision, strict=True))
    return sum(((r1 - r0) * (p0 + p1) / 2 for (r0, p0), (r1, p1) in pairwise(points)), Fraction(0))


def step(recall, precision):
    return sum((r1 - r0) * p for (r0, r1), p in zip(pairwise([0, *recall]), precision, strict=True))


def monotone(precision):
    """Precision made to fall from left to right, going backwards, as the benchmarks do it."""
    result = list(precision)
    for i in range(len(result) - 1, 0, -1):
        result[i - 1] = max(result[i - 1], result[i])
    return result


def voc2007(recall, precision):
    total = Fraction(0)
    for tenth in range(11):
        beyond = [p for r, p in zip(recall, precision, strict=True) if 10 * r >= tenth]
        total += max(beyond, default=0)
    return total / 11


def coco(recall, precision):
    envelope = [*monotone(precision), Fraction(0)]
    return sum(envelope[bisect_left(recall, Fraction(i, 100))] for i in range(101)) / Fraction(101)


AVERAGES = {
    "trapezoid": trapezoid,
    "trapezoid_from_one": lambda r, p: trapezoid([Fraction(0), *r], [Fraction(1), *p]),
    "step": step,
    "voc2007": voc2007,
    "voc2010": lambda r, p: step(r, monotone(p)),
    "coco101": coco,
}
