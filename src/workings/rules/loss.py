"""Losses over a batch: class targets as vectors, the sum over examples and their mean."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from workings.algebra.expression import Expr, apply, exact_array
from workings.errors import InputError
from workings.working import Draft

Reduction = Literal["mean", "sum"]
SOURCE = "Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2"


def distributions(target: Any, logits: Any) -> Any:
    """The target of each example as a distribution over classes: a class number becomes a vector with a 1.

    Classes are counted from 0, as torch counts them. Raises `InputError` at the field `target`.
    """
    classes = logits.shape[-1]
    if np.shape(target) == logits.shape:
        _check(target)
        return target
    if np.shape(target) != logits.shape[:-1]:
        raise InputError(
            f"a target of shape {np.shape(target)} for logits of shape {logits.shape}",
            accepted=f"a class from 0 to {classes - 1}, or {classes} probabilities, for each example",
        ).at(field="target")
    numbers = [target] if np.ndim(target) == 0 else target.tolist()
    for number in numbers:
        if number not in range(classes):
            raise InputError(f"found the class {number}", accepted=f"a class from 0 to {classes - 1}").at(
                field="target"
            )
    hot = [[int(k == number) for k in range(classes)] for number in numbers]
    return exact_array(hot[0] if np.ndim(target) == 0 else hot)


def _check(target: Any) -> None:
    rows = target.reshape(-1, target.shape[-1])
    for row in rows.tolist():
        if min(row) < 0 or sum(row) != 1:
            raise InputError(
                f"probabilities that add up to {sum(row)}", accepted="none below 0 and a sum of 1"
            ).at(field="target")


def softmax_cross_entropy(draft: Draft, logits: Expr, target: Expr, *, examples: int = 1) -> None:
    """The steps p = softmax(z) and J = -Σ d log p, divided by the number of examples.

    The sum over a batch is a step of its own, so that its gradient stays p - d.
    """
    p = draft.step("p", apply("softmax", logits, axis=-1), note="e^z over the sum of all e^z", source=SOURCE)
    loss = apply("cross_entropy", p, target, distribution=True)
    if examples > 1:
        loss = draft.step("total", loss, note="over all examples") / examples
    draft.step("J", loss, note=f"the mean of {examples} examples" if examples > 1 else "", source=SOURCE)
