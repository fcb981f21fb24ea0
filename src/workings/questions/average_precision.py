"""Average precision of each class of a detector and their mean (mAP), by any of six rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import apply, chain_sum, const, exact_array, name
from workings.errors import InputError, echo
from workings.question import Natural, Number, Question
from workings.rules.detection import Rule, average_precision
from workings.working import Draft, Working

MOST_DETECTIONS = 300
"""A class's detections: interpolated precision compares each with each."""

MOST_CLASSES = 100


def _match(written: object) -> object:
    """TP or FP, however it was written."""
    if isinstance(written, bool) or written in (0, 1):
        return "TP" if written else "FP"
    plain = written.strip().upper() if isinstance(written, str) else written
    return plain if plain in ("TP", "FP") else written


class Detection(question.Given):
    """One detection, already matched with the objects of its class."""

    score: Number = Field(description="the detector's confidence")
    match: Annotated[Literal["TP", "FP"], BeforeValidator(_match)] = Field(
        description="TP where it found an object, FP where it found none or one that was found before"
    )


class Given(question.Given):
    """The judged detections of each class, and how many objects of the class there are."""

    detections: dict[str, list[Detection]] = Field(
        description="for each class its detections, score and match"
    )
    ground_truth: dict[str, Natural] = Field(description="for each class the number of objects that exist")
    rule: Rule = Field(
        default="step",
        description="trapezoid: from the first recall reached; trapezoid_from_one: from recall 0 with "
        "precision 1; step: no interpolation, as scikit-learn; voc2007: 11 points; voc2010: all points; "
        "coco101: 101 points",
    )
    ties: Literal["ordered", "merged"] = Field(
        default="ordered",
        description="detections of one score: one after the other as given, or as one step of the curve",
    )


def work(given: Given) -> Working:
    """The ranking of each class, precision and recall along it, the area under them, and the mean."""
    labels = _labels(given)
    draft = Draft()
    ask: list[str] = []
    for label, spelled in labels.items():
        ask += _class(draft, spelled, given.detections.get(label, []), given.ground_truth[label], given)
    averages = [name(f"AP_{spelled}") for spelled in labels.values()]
    mean = chain_sum(averages) / len(averages) if len(averages) > 1 else averages[0]
    draft.step("mAP", mean, note="the mean over the classes")
    return draft.done([*ask, "mAP"])


def _class(
    draft: Draft, label: str, detections: Sequence[Detection], objects: int, given: Given
) -> list[str]:
    """The steps of one class; returns what is asked for."""
    n = draft.given(f"n_{label}", objects, note="objects that exist")
    if not detections:
        draft.step(f"AP_{label}", const(0), note="nothing was detected")
        return [f"AP_{label}"]
    scores = [detection.score for detection in detections]
    score = draft.given(f"score_{label}", exact_array(scores))
    matches = [int(detection.match == "TP") for detection in detections]
    match = draft.given(
        f"match_{label}", exact_array(matches), note="1 for a true positive, 0 for a false one"
    )
    ranking = draft.step(
        f"ranking_{label}",
        apply("argsort", score, descending=True) + 1,
        note="the detections by falling score, counted from 1; of equal ones the first comes first",
    )
    hits = draft.step(f"hits_{label}", apply("take", match, ranking - 1), note="the matches in that order")
    positives, negatives = apply("cumsum", hits, axis=0), apply("cumsum", 1 - hits, axis=0)
    note = "true positives so far"
    if given.ties == "merged" and len(set(scores)) < len(scores):
        ends = draft.given(
            f"ends_{label}", exact_array(_ends(scores)), note="where each run of equal scores ends"
        )
        positives, negatives = apply("take", positives, ends - 1), apply("take", negatives, ends - 1)
        note = "true positives so far, equal scores as one step"
    tp = draft.step(f"TP_{label}", positives, note=note)
    fp = draft.step(f"FP_{label}", negatives)
    draft.step(f"precision_{label}", tp / (tp + fp))
    draft.step(f"recall_{label}", tp / n)
    average_precision(draft, label, given.rule)
    return [f"{what}_{label}" for what in ("ranking", "precision", "recall", "AP")]


def _ends(scores: Sequence[Fraction]) -> list[int]:
    """The places in the ranking, from 1, at which a run of equal scores ends."""
    ranked = sorted(scores, reverse=True)
    return [i for i, score in enumerate(ranked, start=1) if i == len(ranked) or ranked[i] != score]


def _labels(given: Given) -> Mapping[str, str]:
    """The classes and how their names are spelled in quantities; all checked."""
    if not 0 < len(given.ground_truth) <= MOST_CLASSES:
        raise InputError(f"found {len(given.ground_truth)} classes", accepted=f"1 to {MOST_CLASSES}").at(
            field="ground_truth"
        )
    labels: dict[str, str] = {}
    for label in given.ground_truth:
        spelled = re.sub(r"[ -]", "_", label)
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", spelled) or spelled in labels.values():
            raise InputError(f"the class {echo(label)}", accepted="distinct names of letters and digits").at(
                field="ground_truth"
            )
        labels[label] = spelled
    for label, detections in given.detections.items():
        if label not in labels:
            raise InputError(
                f"detections of {echo(label)} without its number of objects",
                accepted=f"ground_truth: {{{label}: ...}}",
            ).at(field="ground_truth")
        _check(label, detections, given.ground_truth[label])
    for label, objects in given.ground_truth.items():
        if objects == 0:
            raise InputError("found 0 objects, for which recall is not defined", accepted="1 or more").at(
                field=f"ground_truth.{label}"
            )
    return labels


def _check(label: str, detections: Sequence[Detection], objects: int) -> None:
    if len(detections) > MOST_DETECTIONS:
        raise InputError(f"found {len(detections)} detections", accepted=f"at most {MOST_DETECTIONS}").at(
            field=f"detections.{label}"
        )
    positives = sum(detection.match == "TP" for detection in detections)
    if positives > objects:
        raise InputError(
            f"{positives} true positives for {objects} objects",
            accepted="one an object; a second detection of it is a FP",
        ).at(field=f"detections.{label}")


def vary(random: Random) -> dict[str, Any]:
    """One to three classes with ties among the scores, by every rule."""
    detections: dict[str, list[dict[str, Any]]] = {}
    objects: dict[str, int] = {}
    for label in random.sample(("cat", "dog", "bird", "traffic light"), random.randint(1, 3)):
        objects[label] = random.randint(1, 6)
        left = objects[label]
        detections[label] = []
        for _ in range(random.choice((0, 1, 3, 5, 7, 9))):
            match = "TP" if left and random.random() < 0.6 else "FP"
            left -= match == "TP"
            detections[label].append({"score": f"{random.randint(1, 9) / 10}", "match": match})
    return {
        "detections": detections,
        "ground_truth": objects,
        "rule": random.choice(("trapezoid", "trapezoid_from_one", "step", "voc2007", "voc2010", "coco101")),
        "ties": random.choice(("ordered", "merged")),
    }


def _judged(matches: str, scores: str) -> list[dict[str, str]]:
    return [{"score": s, "match": m} for m, s in zip(matches.split(), scores.split(), strict=True)]


QUESTION = Question(
    title="Mean average precision",
    given=Given,
    work=work,
    vary=vary,
    example={
        "detections": {
            "cat": _judged("TP FP TP FP TP", "0.7 0.3 0.5 0.6 0.5"),
            "dog": _judged("FP TP TP FP TP TP", "0.4 0.3 0.9 0.5 0.6 0.7"),
        },
        "ground_truth": {"cat": 3, "dog": 4},
        "rule": "trapezoid",
        "ties": "ordered",
    },
    conventions=("rule", "ties"),
    contested=("rule", "ties"),
)
