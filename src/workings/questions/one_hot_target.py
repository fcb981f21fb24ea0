"""The size of a one-hot encoded target of semantic segmentation."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from pydantic import Field

from workings import question
from workings.algebra.expression import stack
from workings.question import Question, Size
from workings.rules.letters import check_letters, scalar
from workings.working import Draft, Working

Order = Literal[
    "width_height_classes", "height_width_classes", "classes_height_width", "classes_width_height"
]
SOURCE = "Long, Shelhamer & Darrell, Fully convolutional networks for semantic segmentation (2015), §3"


class Given(question.Given):
    """An image of width × height pixels, each of one of the classes; its channels play no part."""

    width: Size = Field(description="pixels across, or a letter")
    height: Size = Field(description="pixels down, or a letter")
    classes: Size = Field(description="the number of classes, or a letter")
    order: Order = Field(
        default="width_height_classes",
        description="the order of the axes; torch has classes_height_width, TensorFlow height_width_classes",
    )


def work(given: Given) -> Working:
    """A vector with a 1 for its class and 0 elsewhere in place of each pixel's integer."""
    sizes = {"width": given.width, "height": given.height, "classes": given.classes}
    check_letters(sizes, ("shape", "size"))
    draft = Draft()
    axes = {label: scalar(draft, label, value, integer=True) for label, value in sizes.items()}
    draft.step(
        "shape",
        stack([axes[label] for label in given.order.split("_")]),
        note="each pixel bears a vector with a 1 for its class and 0 elsewhere",
        source=SOURCE,
    )
    draft.step("size", axes["width"] * axes["height"] * axes["classes"], note="the number of entries")
    return draft.done(["shape", "size"])


def vary(random: Random) -> dict[str, Any]:
    """An image of a usual size; in every third variant with letters."""
    width, height = random.choice(((1024, 768), (640, 480), (512, 512), (256, 128), (32, 48)))
    classes: Any = random.randint(2, 21)
    if random.random() < 1 / 3:
        width, height = random.choice((("W", "H"), ("W", height), ("2H", "H")))
        classes = random.choice(("K", classes))
    orders = ("width_height_classes", "height_width_classes", "classes_height_width", "classes_width_height")
    return {"width": width, "height": height, "classes": classes, "order": random.choice(orders)}


QUESTION = Question(
    title="Size of a one-hot target",
    given=Given,
    work=work,
    vary=vary,
    example={"width": 1024, "height": 768, "classes": 7, "order": "width_height_classes"},
    conventions=("order",),
)
