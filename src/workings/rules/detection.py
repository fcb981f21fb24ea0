"""Detection: boxes that overlap, and average precision from a ranking, under each convention in use.

Precision and recall after the k-th detection are TP_k / k and TP_k / (objects there are). What the area under
precision against recall is, depends on the rule: see `AVERAGES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from workings.algebra.expression import Expr, apply, concat, const, name, total
from workings.working import Draft

Rule = Literal["trapezoid", "trapezoid_from_one", "step", "voc2007", "voc2010", "coco101"]

IOU: Final = "Everingham et al., The PASCAL visual object classes challenge (2010), §4.2"
VOC2007: Final = "Everingham et al., The PASCAL visual object classes challenge (2010), §4.2 (eleven points)"
VOC2010: Final = "Everingham et al., The PASCAL VOC challenge: a retrospective (2015), §3.2 (all points)"
COCO: Final = "Lin et al., Microsoft COCO (2014); pycocotools, 101 points of recall"
STEP: Final = "scikit-learn, average_precision_score"


def overlap(lows: tuple[Expr, Expr], highs: tuple[Expr, Expr], *, inclusive: bool) -> Expr:
    """max(0, min(highs) - max(lows)) along one axis, plus 1 where highs are the last pixels inside."""
    length = apply("minimum", *highs) - apply("maximum", *lows)
    return apply("maximum", const(0), length + 1 if inclusive else length)


def side(low: Expr, high: Expr, *, inclusive: bool) -> Expr:
    """The length of a side between two coordinates."""
    return high - low + 1 if inclusive else high - low


def _trapezoid(precision: Expr, recall: Expr) -> Expr:
    """Σ (R_{k+1} - R_k)(P_{k+1} + P_k) / 2, from the first recall that is reached."""
    return apply("trapezoid", precision, recall)


def _trapezoid_from_one(precision: Expr, recall: Expr) -> Expr:
    """The same after a point of recall 0 and precision 1."""
    return apply("trapezoid", concat([const([1]), precision]), concat([const([0]), recall]))


def _step(precision: Expr, recall: Expr) -> Expr:
    """Σ (R_k - R_{k-1}) P_k: no interpolation."""
    return total(apply("increments", recall) * precision)


def _all_points(precision: Expr, recall: Expr) -> Expr:
    """Σ (R_k - R_{k-1}) p(R_k), where p(r) is the greatest precision at a recall of r or more."""
    return total(apply("increments", recall) * apply("interpolated", precision, recall))


def _points(count: int) -> Average:
    """The mean of p(r) over `count` evenly spaced recalls r from 0 to 1."""
    return lambda precision, recall: total(apply("interpolated", precision, recall, points=count)) / count


Average: TypeAlias = Callable[[Expr, Expr], Expr]

AVERAGES: Final[dict[str, tuple[Average, str, str]]] = {
    "trapezoid": (_trapezoid, "trapezia from the first recall reached on; no benchmark uses it", ""),
    "trapezoid_from_one": (_trapezoid_from_one, "trapezia from recall 0 with precision 1", ""),
    "step": (_step, "steps, without interpolation", STEP),
    "voc2007": (_points(11), "r = 0, 0.1, ... 1; the best precision at a recall of r or more", VOC2007),
    "voc2010": (_all_points, "steps under the best precision at each recall or more", VOC2010),
    "coco101": (_points(101), "r = 0, 0.01, ... 1; the best precision at a recall of r or more", COCO),
}
"""The area under precision against recall by each rule, a remark, and the source."""


def average_precision(draft: Draft, label: str, rule: Rule) -> Expr:
    """The step AP_label over the steps precision_label and recall_label."""
    average, note, source = AVERAGES[rule]
    formula = average(name(f"precision_{label}"), name(f"recall_{label}"))
    return draft.step(f"AP_{label}", formula, note=note, source=source)
