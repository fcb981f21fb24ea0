"""Softmax, cross-entropy and the gradient with respect to the logits."""

from __future__ import annotations

from random import Random
from typing import Any

from pydantic import Field

from workings import question
from workings.errors import InputError
from workings.question import Question, Size, Tensor, VectorOrMatrix
from workings.rules import letters
from workings.rules.loss import Reduction, distributions, softmax_cross_entropy
from workings.working import Draft, Working

MOST_LETTERS = 20


class Given(question.Given):
    """p = softmax(z) and J = -Σ d log p, natural logarithm, for logits z and target d."""

    logits: VectorOrMatrix | None = Field(
        default=None, description="one number a class; rows of them for several examples"
    )
    target: Tensor | None = Field(
        default=None,
        description="for each example the class, counted from 0, or a probability for each class",
    )
    reduction: Reduction = Field(default="mean", description="whether a batch's loss is the mean or the sum")
    classes: Size | None = Field(
        default=None, description="without logits: the number of classes, for an answer in letters"
    )


def work(given: Given) -> Working:
    """The gradient is p - d, divided by the number of examples where the loss is their mean."""
    draft = Draft()
    if given.logits is None:
        if given.classes is None or given.target is not None:
            raise InputError(
                "no logits", accepted="logits with a target, or a number of classes such as K"
            ).at(field="logits")
        if isinstance(given.classes, int) and given.classes > MOST_LETTERS:
            raise InputError(
                f"{given.classes} logits in letters",
                accepted=f"at most {MOST_LETTERS}, or a letter such as K",
            ).at(field="classes")
        classes = letters.dimension(given.classes)
        letters.check_letters({"classes": given.classes}, ("logits", "d", "p", "J"))
        z, d = draft.letter("logits", (classes,)), draft.letter("d", (classes,))
        examples = 1
    else:
        if given.classes is not None:
            raise InputError("logits and a number of classes", accepted="one of them").at(field="classes")
        if given.target is None:
            raise InputError("logits without a target", accepted=_described("target")).at(field="target")
        z = draft.given("logits", given.logits)
        d = draft.given("d", distributions(given.target, given.logits), note="1 for the class, else 0")
        examples = len(given.logits) if given.logits.ndim > 1 and given.reduction == "mean" else 1
    softmax_cross_entropy(draft, z, d, examples=examples)
    draft.backward("J", ["logits"])
    return draft.done(["p", "J", "grad_logits"])


def _described(field: str) -> str:
    return Given.model_fields[field].description or field


def vary(random: Random) -> dict[str, Any]:
    """One example, a batch, or K classes in letters; targets as classes or as probabilities."""
    if random.random() < 0.15:
        return {"classes": random.choice(("K", "n", 3))}
    classes, examples = random.randint(2, 5), random.choice((None, None, 1, 2, 3))

    def logits() -> list[str]:
        return [f"{random.randint(-30, 30) / 10:.1f}" for _ in range(classes)]

    def target() -> Any:
        kind = random.choice(("class", "class", "probabilities"))
        if kind == "class":
            return random.randrange(classes)
        parts = [random.randint(0, 4) for _ in range(classes - 1)]
        return [f"{part / 20:.2f}" for part in (*parts, 20 - sum(parts))]

    if examples is None:
        return {"logits": logits(), "target": target()}
    targets: list[Any] = [random.randrange(classes) for _ in range(examples)]
    if random.random() < 0.3:
        targets = [[int(k == hot) for k in range(classes)] for hot in targets]
    return {
        "logits": [logits() for _ in range(examples)],
        "target": targets,
        "reduction": random.choice(("mean", "sum")),
    }


QUESTION = Question(
    title="Softmax and cross-entropy",
    given=Given,
    work=work,
    vary=vary,
    example={"logits": ["2.0", "1.0", "0.1"], "target": 0},
    conventions=("reduction",),
)
