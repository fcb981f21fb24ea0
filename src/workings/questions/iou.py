"""Intersection over union of a target box and a predicted box, or of several pairs at once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Any, Literal

from pydantic import Field

from workings import question
from workings.algebra.expression import Expr, exact_array, name, stack
from workings.errors import InputError
from workings.question import Question, Vector
from workings.rules.detection import IOU, overlap, side
from workings.working import Draft, Working

MOST_PAIRS = 1000

Boxes = Literal["corners", "centre", "width_height", "sides"]


class Pair(question.Given):
    """A target box and a predicted one."""

    target: Vector = Field(description="the box that was marked, four numbers; with sides: width, height")
    prediction: Vector = Field(description="the box that was predicted, written like the target")
    overlap: Vector | None = Field(
        default=None, description="with sides: width and height of the intersection"
    )


class Given(question.Given):
    """One pair of boxes, or several by name."""

    pairs: dict[str, Pair] | None = Field(
        default=None, description="several pairs by name, each with target and prediction"
    )
    target: Vector | None = Field(default=None, description="of a single pair: the box that was marked")
    prediction: Vector | None = Field(
        default=None, description="of a single pair: the box that was predicted"
    )
    overlap: Vector | None = Field(
        default=None, description="of a single pair, with sides: width and height of the intersection"
    )
    boxes: Boxes = Field(
        default="corners",
        description="corners: x1, y1, x2, y2; centre: x, y of the middle, width, height; "
        "width_height: x, y of the first corner, width, height; sides: width, height, and the overlap's",
    )
    inclusive: bool = Field(
        default=False, description="corners are the first and last pixel inside, so a side is x2 - x1 + 1"
    )


COORDINATES = {
    "corners": ("x_1", "y_1", "x_2", "y_2"),
    "centre": ("x", "y", "w", "h"),
    "width_height": ("x_1", "y_1", "w", "h"),
    "sides": ("w", "h"),
}
"""What the numbers of a box are, by the way of writing it; in print x_1_P is the x₁ of the prediction."""


def work(given: Given) -> Working:
    """Sides of the intersection, areas, union and their ratio; vectors with an entry a pair for several."""
    pairs = _pairs(given)
    draft = Draft()
    several = given.pairs is not None
    for box, field in (("T", "target"), ("P", "prediction"), ("I", "overlap")):
        rows = [getattr(pair, field) for pair in pairs.values()]
        if field == "overlap" and given.boxes != "sides":
            continue
        for i, coordinate in enumerate(COORDINATES[given.boxes]):
            column = [row[i] for row in rows]
            note = f"pairs {', '.join(pairs)}" if several and box == "T" and i == 0 else ""
            draft.given(f"{coordinate}_{box}", exact_array(column) if several else column[0], note=note)
    if given.boxes != "sides":
        _corners(draft, given)
    area: dict[str, Expr] = {}
    for box, label in (("T", "area_target"), ("P", "area_prediction"), ("I", "intersection")):
        area[box] = draft.step(label, name(f"w_{box}") * name(f"h_{box}"), source=IOU)
    draft.step("areas", stack([area["T"], area["P"]], axis=1 if several else 0), note="target and prediction")
    union = draft.step(
        "union", area["T"] + area["P"] - area["I"], note="the shared part counts once", source=IOU
    )
    draft.step("iou", area["I"] / union, source=IOU)
    return draft.done(["area_target", "area_prediction", "areas", "intersection", "union", "iou"])


def _corners(draft: Draft, given: Given) -> None:
    """Low and high ends of the boxes, and the sides of boxes and intersection."""
    for box in "TP":
        for axis, length in (("x", "w"), ("y", "h")):
            low, high = f"{axis}_1_{box}", f"{axis}_2_{box}"
            if given.boxes == "corners":
                formula = side(name(low), name(high), inclusive=given.inclusive)
                draft.step(
                    f"{length}_{box}", formula, note="both end pixels count" if given.inclusive else ""
                )
                continue
            if given.boxes == "centre":
                draft.step(low, name(f"{axis}_{box}") - name(f"{length}_{box}") / 2)
            draft.step(high, name(low) + name(f"{length}_{box}"))
    for axis, length in (("x", "w"), ("y", "h")):
        lows: tuple[Expr, Expr] = (name(f"{axis}_1_T"), name(f"{axis}_1_P"))
        highs: tuple[Expr, Expr] = (name(f"{axis}_2_T"), name(f"{axis}_2_P"))
        draft.step(
            f"{length}_I",
            overlap(lows, highs, inclusive=given.inclusive),
            note="from the later start to the earlier end, 0 where the boxes are apart",
            source=IOU,
        )


def _pairs(given: Given) -> Mapping[str, Pair]:
    """The pairs by name, each checked."""
    single = {field: getattr(given, field) for field in ("target", "prediction", "overlap")}
    if given.pairs is not None:
        if any(box is not None for box in single.values()):
            raise InputError("pairs, and boxes beside them", accepted="one of the two").at(field="pairs")
        if not 0 < len(given.pairs) <= MOST_PAIRS:
            raise InputError(f"found {len(given.pairs)} pairs", accepted=f"1 to {MOST_PAIRS}").at(
                field="pairs"
            )
        for label, pair in given.pairs.items():
            _check(given, pair, f"pairs.{label}")
        return given.pairs
    for field in ("target", "prediction"):
        if single[field] is None:
            raise InputError(f"no {field}", accepted="target and prediction, or pairs of them").at(
                field=field
            )
    pair = Pair.model_construct(**single)
    _check(given, pair, "")
    return {"": pair}


def _check(given: Given, pair: Pair, place: str) -> None:
    if given.inclusive and given.boxes != "corners":
        raise InputError(f"inclusive pixels with {given.boxes}", accepted="boxes: corners").at(
            field="inclusive"
        )
    count = len(COORDINATES[given.boxes])
    fields = ("target", "prediction", "overlap") if given.boxes == "sides" else ("target", "prediction")
    for field in fields:
        box = getattr(pair, field)
        spot = f"{place}.{field}".lstrip(".")
        if box is None or len(box) != count:
            raise InputError(
                f"found {0 if box is None else len(box)} numbers",
                accepted=", ".join(COORDINATES[given.boxes]),
            ).at(field=spot)
        least = 0 if field == "overlap" else None
        for axis, length in zip(("width", "height"), _sides(given, box), strict=True):
            if length < 0 or (least is None and length == 0):
                raise InputError(f"a {axis} of {length}", accepted=f"a {axis} above 0").at(field=spot)
    if given.boxes == "sides" and pair.overlap is not None:
        for i, axis in enumerate(("width", "height")):
            if pair.overlap[i] > min(pair.target[i], pair.prediction[i]):
                raise InputError(
                    f"an overlap wider than a box: a {axis} of {pair.overlap[i]}",
                    accepted=f"at most {min(pair.target[i], pair.prediction[i])}",
                ).at(field=f"{place}.overlap".lstrip("."))
    elif pair.overlap is not None:
        raise InputError(f"an overlap with {given.boxes}", accepted="boxes: sides").at(
            field=f"{place}.overlap".lstrip(".")
        )


def _sides(given: Given, box: Any) -> tuple[Fraction, Fraction]:
    if given.boxes != "corners":
        return box[-2], box[-1]
    extra = 1 if given.inclusive else 0
    return box[2] - box[0] + extra, box[3] - box[1] + extra


def vary(random: Random) -> dict[str, Any]:
    """One pair or several of boxes that often overlap, written in each way."""
    boxes = random.choice(("corners", "centre", "width_height", "sides"))
    tenths = random.random() < 0.3

    def written(number: int) -> Any:
        return f"{number / 10:.1f}" if tenths else number

    def pair() -> dict[str, Any]:
        found: dict[str, list[int]] = {}
        for field in ("target", "prediction"):
            x, y, w, h = (
                *(random.randint(0, 6) for _ in range(2)),
                *(random.randint(1, 6) for _ in range(2)),
            )
            found[field] = {
                "corners": [x, y, x + w, y + h],
                "centre": [x, y, w, h],
                "width_height": [x, y, w, h],
                "sides": [w, h],
            }[boxes]
        if boxes == "sides":
            both = zip(found["target"], found["prediction"], strict=True)
            found["overlap"] = [random.randint(0, min(sides)) for sides in both]
        return {field: [written(number) for number in numbers] for field, numbers in found.items()}

    given: dict[str, Any] = {"boxes": boxes}
    if boxes == "corners":
        given["inclusive"] = random.random() < 0.4
    if random.random() < 0.4:
        return given | pair()
    return given | {"pairs": {label: pair() for label in "ABCD"[: random.randint(1, 4)]}}


QUESTION = Question(
    title="Intersection over union",
    given=Given,
    work=work,
    vary=vary,
    example={
        "pairs": {
            "A": {"target": [0, 0, 3, 3], "prediction": [1, 1, 4, 4]},
            "B": {"target": [1, 1, 4, 4], "prediction": [0, 0, 5, 5]},
            "C": {"target": [1, 0, 4, 3], "prediction": [0, 1, 5, 3]},
            "D": {"target": [0, 0, 3, 3], "prediction": [1, 0, 4, 3]},
        },
    },
)
