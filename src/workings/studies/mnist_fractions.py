"""LeNet-5 on handwritten digits: its accuracy with fewer training images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pydantic import Field

from workings.lab.study import Arm, Measure, Plot, Study
from workings.studies.mnist_lenet import (
    DISTORTED,
    FITTED,
    HELD_OUT,
    MnistSettings,
    Recognition,
    last,
    mnist_data,
)

if TYPE_CHECKING:
    from workings.lab.results import Results

SHARES: Final = (20, 50, 80, 100)
"""Percent of the training images."""
RECIPES: Final[dict[str, tuple[str, dict[str, object]]]] = {
    "plain": ("Plain SGD", {}),
    "improved": ("Improved", DISTORTED),
}
"""By name, the title and what differs from plain SGD."""


class FractionSettings(MnistSettings):
    """The same; no arm needs to be timed on its way."""

    epochs: int = Field(
        10, ge=1, le=1_000_000, description="times that as many images are drawn as there are"
    )
    evaluate_every: int | None = Field(None, ge=1, description="steps between evaluations; an epoch if none")


def _arms() -> Iterable[Arm]:
    for name, (title, own) in RECIPES.items():
        for share in SHARES:
            yield Arm(f"{name}_{share}", f"{title}, {share} %", {**own, "share": share / 100})


def _figures(results: Results) -> Iterable[Plot]:
    from workings.lab.plots import READ_CURVES, READ_SIZES, Panel, against_size, curves

    sizes = {
        f"{name}_{share}": (title, float(share)) for name, (title, _) in RECIPES.items() for share in SHARES
    }
    yield Plot(
        "sizes",
        "Test accuracy against the share of the training images that is used; all cells draw equally many "
        f"images, some of them more often. {READ_SIZES}",
        against_size(results, "accuracy", sizes, label="training images used (%)"),
    )
    panels = [Panel("fitted_loss", "training loss", log=True), Panel("val_loss", "validation loss", log=True)]
    yield Plot(
        "curves",
        f"Loss of {FITTED} training images as they are, at most, and of the validation images, with the "
        f"fewest and with all training images. {READ_CURVES}",
        curves(results, panels, arms=[f"{name}_{share}" for name in RECIPES for share in SHARES[::3]]),
    )


NOTES: Final = """\
**Equal work.** Every cell draws ten times as many images as the whole training part has, 500 000 of MNIST:
with all of them each ten times, with a fifth of them each fifty times. So the shares of a recipe differ in
the images and not in the steps, of which plain SGD makes 7 820 with batches of 64, and the improved recipe
half as many with batches of 128.

**Shares.** Each seed draws its own images; the smaller share lies in the larger one, and both recipes have
the same. The intervals thus hold the chance of which images one has. All arms select their weights on the
same validation images; with 20 % of MNIST these are as many as are trained on.

**Recipes.** As in `mnist_lenet`: plain SGD at a constant rate of 0.1; improved, Adam under a rate that falls
along half a cosine, and images that are moved, turned, stretched, sheared and bent anew each time they are
drawn. Nothing was chosen for a small share."""

STUDY = Study(
    title="LeNet-5 on fewer handwritten digits",
    asks="How does LeNet-5's accuracy fall with fewer training images, and how much of it comes back with "
    "distorted copies and a falling learning rate?",
    settings=FractionSettings,
    arms=tuple(_arms()),
    baseline="plain_100",
    metric="accuracy",
    watch=("val_accuracy", "max"),
    measures={
        "accuracy": Measure("Test accuracy", percent=True, digits=2),
        "fitted_loss": Measure("Training loss in the end", better="lower", of=last("fitted_loss")),
        "val_loss": Measure("Validation loss in the end", better="lower", of=last("val_loss")),
        "seconds": Measure("Training time", "s", "lower", digits=1, timed=True, of=lambda cell: cell.seconds),
    },
    held_out=HELD_OUT,
    data=mnist_data,
    task=Recognition,
    figures=_figures,
    quick={"draws": 1, "epochs": 8},
    notes=NOTES,
)
