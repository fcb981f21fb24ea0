"""Precision, recall and F1 of each class, their macro and micro means, from counts or a confusion matrix."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, Literal

from pydantic import Field

from workings import question
from workings.algebra.expression import Expr, apply, const, element, name, stack, total, where
from workings.errors import InputError
from workings.question import Matrix, Question, Size0
from workings.rules.letters import check_letters, scalar
from workings.working import Draft, Working

MOST_CLASSES = 50
SOURCE = "scikit-learn, precision_recall_fscore_support; Manning, Raghavan & Schütze (2008), §8.3 and §13.6"

MICRO = "over all classes: an error is one class's FP and another's FN"

COUNTS = ("TP", "FP", "FN", "TN")
METRICS = ("precision", "recall", "F1")
QUANTITIES = tuple(f"{before}{metric}" for before in ("", "macro_", "micro_") for metric in METRICS)


class Given(question.Given):
    """Two classes by their counts, or several by a confusion matrix."""

    TP: Size0 | None = Field(default=None, description="true positives: a count or a letter")
    FP: Size0 | None = Field(default=None, description="false positives")
    FN: Size0 | None = Field(default=None, description="false negatives")
    TN: Size0 | None = Field(
        default=None, description="true negatives; without them only the positive class is worked out"
    )
    matrix: Matrix | None = Field(default=None, description="the confusion matrix, a count in each cell")
    rows: Literal["actual", "predicted"] = Field(
        default="actual", description="what the rows of the matrix are; scikit-learn has the actual classes"
    )
    zero_division: Literal["zero", "one"] = Field(
        default="zero",
        description="what 0/0 is taken as, for a class that never occurs or is never predicted",
    )


def work(given: Given) -> Working:
    """Precision TP/(TP + FP), recall TP/(TP + FN), F1 = 2TP/(2TP + FP + FN), and the means over classes."""
    counts = {label: getattr(given, label) for label in COUNTS}
    if given.matrix is not None:
        if any(count is not None for count in counts.values()):
            raise InputError("a matrix and counts beside it", accepted="one of the two").at(field="matrix")
        return _from_matrix(given)
    for label in ("TP", "FP", "FN"):
        if counts[label] is None:
            raise InputError(f"no {label}", accepted="TP, FP and FN, or a matrix").at(field=label)
    return _from_counts(given)


def _from_counts(given: Given) -> Working:
    counts = {label: getattr(given, label) for label in COUNTS if getattr(given, label) is not None}
    check_letters(counts, (*QUANTITIES, "accuracy"))
    draft = Draft()
    cells = {label: scalar(draft, label, count, integer=True) for label, count in counts.items()}
    _metrics(draft, given, "", {"TP": "TP", "FP": "FP", "FN": "FN"}, cells)
    ask = list(METRICS)
    if "TN" not in cells:
        return draft.done(ask)
    negative = {"TP": "TN", "FP": "FN", "FN": "FP"}
    _metrics(draft, given, "_negative", negative, cells)
    everything = cells["TP"] + cells["FP"] + cells["FN"] + cells["TN"]
    if not any(isinstance(count, Expr) for count in counts.values()) and sum(counts.values()) == 0:
        raise InputError("found no example at all", accepted="at least one count above 0").at(field="TP")
    for metric in METRICS:
        mean = (name(metric) + name(f"{metric}_negative")) / 2
        draft.step(f"macro_{metric}", mean, note="the mean over both classes", source=SOURCE)
    right, wrong = cells["TP"] + cells["TN"], cells["FP"] + cells["FN"]
    for metric, formula in {
        "precision": right / (right + wrong),
        "recall": right / (right + wrong),
        "F1": 2 * right / (2 * right + wrong + wrong),
    }.items():
        draft.step(f"micro_{metric}", formula, note=MICRO, source=SOURCE)
    draft.step("accuracy", right / everything)
    return draft.done([*ask, *(f"{metric}_negative" for metric in METRICS), *QUANTITIES[3:], "accuracy"])


def _metrics(draft: Draft, given: Given, suffix: str, roles: dict[str, str], cells: dict[str, Expr]) -> None:
    """The three steps of one class; `roles` says which cell plays TP, FP and FN for it."""
    tp, fp, fn = (cells[roles[role]] for role in ("TP", "FP", "FN"))
    numbers = {role: getattr(given, cell) for role, cell in roles.items()}
    formulas = {
        "precision": (tp, tp + fp, ("TP", "FP")),
        "recall": (tp, tp + fn, ("TP", "FN")),
        "F1": (2 * tp, 2 * tp + fp + fn, ("TP", "FP", "FN")),
    }
    for metric, (over, under, parts) in formulas.items():
        empty = all(not isinstance(numbers[part], Expr) and numbers[part] == 0 for part in parts)
        what = "of the negative class" if suffix else ""
        if empty:
            taken = 1 if given.zero_division == "one" else 0
            draft.step(f"{metric}{suffix}", const(taken), note=f"0/0, taken as {taken} {what}".strip())
        else:
            draft.step(f"{metric}{suffix}", over / under, note=what, source=SOURCE)


def _from_matrix(given: Given) -> Working:
    matrix: Any = given.matrix
    count = len(matrix)
    if matrix.shape != (count, count) or not 2 <= count <= MOST_CLASSES:
        raise InputError(
            f"a matrix of {' × '.join(map(str, matrix.shape))}",
            accepted=f"a square one of 2 to {MOST_CLASSES} classes",
        ).at(field="matrix")
    cells = [Fraction(cell) for cell in matrix.ravel().tolist()]
    if any(cell < 0 or cell.denominator != 1 for cell in cells) or not any(cells):
        raise InputError("a cell that is no count, or no example at all", accepted="whole numbers from 0").at(
            field="matrix"
        )
    draft = Draft()
    m = draft.given("M", matrix, note=f"rows: {given.rows} classes")
    tp = draft.step("TP", stack([element(m, i, i) for i in range(1, count + 1)]), note="the diagonal")
    actual, predicted = (1, 0) if given.rows == "actual" else (0, 1)
    fp = draft.step("FP", total(m, predicted) - tp, note="predicted as the class, less those that are")
    fn = draft.step("FN", total(m, actual) - tp, note="of the class, less those that were found")
    zero = given.zero_division
    _ratio(draft, "precision", (tp, tp + fp), matrix.sum(axis=predicted), zero)
    _ratio(draft, "recall", (tp, tp + fn), matrix.sum(axis=actual), zero)
    _ratio(draft, "F1", (2 * tp, 2 * tp + fp + fn), matrix.sum(axis=0) + matrix.sum(axis=1), zero)
    for metric in METRICS:
        mean = apply("mean", name(metric))
        draft.step(f"macro_{metric}", mean, note="the mean over the classes", source=SOURCE)
    for metric, formula in {
        "precision": total(tp) / total(tp + fp),
        "recall": total(tp) / total(tp + fn),
        "F1": 2 * total(tp) / total(2 * tp + fp + fn),
    }.items():
        draft.step(f"micro_{metric}", formula, note=MICRO, source=SOURCE)
    draft.step("accuracy", total(tp) / total(m), note="the diagonal's share")
    return draft.done(["TP", "FP", "FN", *QUANTITIES, "accuracy"])


def _ratio(draft: Draft, label: str, parts: tuple[Expr, Expr], numbers: Any, zero: str) -> None:
    """The step over / under of two parts, with 0/0 taken as the convention says where it occurs."""
    over, under = parts
    if all(number != 0 for number in numbers):
        draft.step(label, over / under, note="class by class", source=SOURCE)
        return
    taken = 1 if zero == "one" else 0
    guarded = where(under, over / apply("maximum", under, const(1)), const(taken))
    draft.step(label, guarded, note=f"class by class; 0/0 is taken as {taken}", source=SOURCE)


def vary(random: Random) -> dict[str, Any]:
    """Counts, now and then with zeros or letters, or a matrix of two to five classes."""
    given: dict[str, Any] = {"zero_division": random.choice(("zero", "zero", "one"))}
    kind = random.choice(("counts", "counts", "letters", "matrix", "matrix"))

    def count(high: int = 40) -> int:
        return random.choice((0, random.randint(0, high), random.randint(1, high)))

    if kind == "matrix":
        classes = random.randint(2, 5)
        rows = [[count(9) for _ in range(classes)] for _ in range(classes)]
        rows[0][0] += 1
        if random.random() < 0.3:
            hidden = random.randrange(1, classes)
            rows = [[0 if hidden in (i, j) else n for j, n in enumerate(row)] for i, row in enumerate(rows)]
        return given | {"matrix": rows, "rows": random.choice(("actual", "predicted"))}
    cells: dict[str, Any] = {label: count() for label in COUNTS}
    if kind == "letters":
        cells |= dict(zip(COUNTS, "abcd", strict=True))
        if random.random() < 0.5:
            cells["FN"] = random.randint(0, 9)
    elif not any(cells.values()):
        cells["TN"] = 1
    if random.random() < 0.2:
        del cells["TN"]
    return given | cells


QUESTION = Question(
    title="Precision, recall and F1",
    given=Given,
    work=work,
    vary=vary,
    example={"TP": 0, "FP": 0, "FN": 10, "TN": 90},
    conventions=("rows", "zero_division"),
)
