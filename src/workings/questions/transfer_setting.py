"""What kind of transfer learning a source and a target make, and why."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from pydantic import Field

from workings import question
from workings.algebra.expression import words
from workings.question import Question
from workings.working import Draft, Working

SOURCE = "Pan & Yang, A survey on transfer learning (2010), §2, tables 1 and 2"

Compared = Literal["same", "changed"]
Labels = Literal["unstated", "both", "source", "target", "neither"]


class Given(question.Given):
    """Source and target: domains D = {X, P(X)} and tasks T = {Y, f}."""

    features: Compared = Field(default="same", description="the feature space X: what an input is made of")
    distribution: Compared = Field(default="same", description="the distribution P(X) of the inputs")
    labels: Compared = Field(default="same", description="the label space Y: what an output can be")
    task: Compared = Field(default="same", description="the decision f: X → Y that is to be learned")
    labelled: Labels = Field(
        default="unstated", description="which side has labelled data; unstated: as the setting needs them"
    )


def work(given: Given) -> Working:
    """The domain changes with X or P(X), the task with Y or f; which of them changes decides."""
    domain = _changed(features=given.features, distribution=given.distribution)
    task = _changed(labels=given.labels, task=given.task)
    setting, reason = classify(given.labelled, domain=bool(domain), task=bool(task))
    draft = Draft()
    for label in ("features", "distribution", "labels", "task", "labelled"):
        draft.given(label, getattr(given, label))
    draft.step("domain_change", words(domain or "none"), note="D = {X, P(X)}", source=SOURCE)
    draft.step("task_change", words(task or "none"), note="T = {Y, f}", source=SOURCE)
    draft.step("setting", words(setting), source=SOURCE)
    draft.step("reason", words(reason), source=SOURCE)
    return draft.done(["domain_change", "task_change", "setting", "reason"])


PARTS = {
    "features": "the feature space X",
    "distribution": "the distribution P(X)",
    "labels": "the label space Y",
    "task": "the decision f",
}


def _changed(**compared: Compared) -> str:
    """Which parts change, in words."""
    return " and ".join(PARTS[part] for part, found in compared.items() if found == "changed")


def classify(labelled: Labels, *, domain: bool, task: bool) -> tuple[str, str]:
    """The setting of the taxonomy and the reason; `domain` and `task` say whether each changes."""
    if not domain and not task:
        return "none", "neither domain nor task changes: ordinary learning, with nothing to transfer"
    shift = "; the domain changes as well" if domain else "; the domain stays"
    if task:
        if labelled == "neither":
            return "unsupervised", f"the tasks differ and neither side has labels{shift}"
        if labelled == "source":
            return "outside the taxonomy", (
                "the tasks differ, but the target has no labels to learn its own from: zero-shot learning"
            )
        alone = ", the source has none: self-taught learning" if labelled == "target" else ""
        return (
            "inductive",
            f"the tasks differ, and target labels are needed to learn the new one{alone}{shift}",
        )
    if labelled in ("unstated", "source"):
        return (
            "transductive",
            "the task stays, the domain changes, only the source has labels: domain adaptation",
        )
    if labelled == "neither":
        return "outside the taxonomy", "the task stays and the domain changes, but nobody has labels"
    return "outside the taxonomy", (
        "the task stays and the domain changes, and the target has labels: supervised domain adaptation"
    )


def vary(random: Random) -> dict[str, Any]:
    """Any combination of changes and labels."""
    parts = {part: random.choice(("same", "changed")) for part in PARTS}
    return {**parts, "labelled": random.choice(("unstated", "both", "source", "target", "neither"))}


QUESTION = Question(
    title="The kind of transfer learning",
    given=Given,
    work=work,
    vary=vary,
    example={"features": "same", "distribution": "changed", "labels": "changed", "task": "changed"},
)
