"""LeNet-5 on handwritten digits: plain SGD, and how to get there faster or further."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
from pydantic import Field

from workings.lab.study import Arm, Measure, Plot, Settings, Study
from workings.lab.task import Outcome, Task

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from workings.lab.data.dataset import Images
    from workings.lab.results import CellResult, Results
    from workings.lab.study import Data

GOAL: Final = 0.99
"""Test accuracy whose first reaching is timed."""
LOW: Final = 0.05
"""Training loss whose first reaching is timed."""
FITTED: Final = 5000
"""Training images, at most, whose loss is measured as they are, without distortion or smoothing."""
EVALUATED: Final = 1000
"""Images that are evaluated at a time."""


FAST: Final[dict[str, object]] = {
    "epochs": 2,
    "batch_size": 128,
    "evaluate_every": 25,
    "optimizer": "adam",
    "learning_rate": 0.007,
    "beta_2": 0.95,
    "schedule": "linear",
    "warmup": 0.1,
    "average": 0.98,
    "label_smoothing": 0.02,
    "first_filters": "patches",
}
"""Few steps: large ones that fall to 0, averaged weights, targets that stop short of certainty."""
DISTORTED: Final[dict[str, object]] = {
    "batch_size": 128,
    "evaluate_every": None,
    "optimizer": "adam",
    "learning_rate": 0.003,
    "schedule": "cosine",
    "warmup": 0.05,
    "shift": 1.0,
    "rotation": 10.0,
    "scale": 0.1,
    "shear": 8.0,
    "elastic": 20.0,
}
"""Many images: no training image is seen twice as it is, and the rate falls to 0."""

RACE: Final = ("plain", "momentum", "adam", "fast")
"""Arms that are shown against seconds."""


class MnistSettings(Settings):
    """What the studies of LeNet-5 add."""

    epochs: int = Field(12, ge=1, le=1_000_000, description="passes over the training images")
    evaluate_every: int | None = Field(260, ge=1, description="steps between evaluations; an epoch if none")
    draws: int = Field(
        10_000, ge=1, le=10_000_000, description="images an epoch at least; fewer are gone through repeatedly"
    )
    share: float = Field(1.0, gt=0, le=1, description="share of the training images, drawn by the seed")
    first_filters: Literal["random", "patches"] = Field(
        "random", description="the first layer's start: random, or principal components of patches"
    )
    beta_2: float = Field(0.999, ge=0, lt=1, description="decay of squared gradients, for adam and adamw")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread over all classes")
    shift: float = Field(0.0, ge=0, le=28, description="pixels that images are moved, at most")
    rotation: float = Field(0.0, ge=0, le=180, description="degrees that they are turned, at most")
    scale: float = Field(0.0, ge=0, le=2, description="logarithm of the most that an axis is stretched by")
    shear: float = Field(0.0, ge=0, le=80, description="degrees that upright lines lean, at most")
    elastic: float = Field(0.0, ge=0, le=1000, description="strength α of the elastic distortion, in pixels")


class Recognition(Task):
    """Cross-entropy of LeNet-5 on images that are distorted anew each time they are seen.

    Pixels are divided by their root mean square over the training images. Nothing is subtracted, so the
    background stays 0: what convolutions pad with, and what distortions bring in from outside.
    """

    def __init__(self, data: Images, settings: MnistSettings, seed: int) -> None:
        import torch

        from workings.lab.augment import Distortion
        from workings.lab.models.lenet import LeNet5, start_from_patches

        self.settings = settings
        self.distortion = Distortion(
            settings.shift, settings.rotation, settings.scale, settings.shear, settings.elastic
        )
        self.examples = max(len(data.train_y), settings.draws)
        order = torch.randperm(len(data.train_y), generator=torch.Generator().manual_seed(seed))
        used = order[: max(1, round(settings.share * len(order)))].numpy()
        self.size = _root_mean_square(data.train_x[used]) or 1.0
        parts = {
            "train": (data.train_x[used], data.train_y[used]),
            "val": (data.val_x, data.val_y),
            "test": (data.test_x, data.test_y),
        }
        device = torch.device(settings.device)
        self.parts = {
            part: (torch.tensor(x[:, None], device=device), torch.tensor(y, device=device))
            for part, (x, y) in parts.items()
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = LeNet5(len(data.classes))
        if settings.first_filters == "patches":
            start_from_patches(model, self._scaled(self.parts["train"][0][:FITTED]))
        self.model = model.to(device)

    def loss(self, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Cross-entropy of distorted images, with smoothed labels.

        An epoch has as many draws as there are training images in all, and `draws` at least. Where fewer are
        used, it goes through all of them as often as it can; what is left over of it is drawn at random.
        """
        import torch
        from torch.nn.functional import cross_entropy

        from workings.lab.augment import distort

        images, labels = self.parts["train"]
        count = len(labels)
        left_over = self.examples % count
        again = chosen % count
        if left_over:
            drawn = torch.randint(count, chosen.shape, generator=generator, device=chosen.device)
            again = torch.where(chosen < self.examples - left_over, again, drawn)
        seen = distort(self._scaled(images[again]), self.distortion, generator)
        return cross_entropy(self.model(seen), labels[again], label_smoothing=self.settings.label_smoothing)

    def validate(self) -> dict[str, float]:
        """Loss of training images as they are; loss and accuracy of the validation part; test accuracy.

        The test part is looked at to see when the goal is reached; nothing is chosen by it.
        """
        right, loss = self._judged("val")
        test = float(self._judged("test")[0].mean())
        return {
            "fitted_loss": self._judged("train", FITTED)[1],
            "val_loss": loss,
            "val_accuracy": float(right.mean()),
            "test_accuracy": test,
            "test_error": 1 - test,
        }

    def test(self) -> Outcome:
        """Test accuracy; for each image whether it is recognised."""
        right, _ = self._judged("test")
        return Outcome({"accuracy": float(right.mean())}, {"examples": right[:, None]})

    def parameter_groups(self) -> list[dict[str, Any]]:
        """One group; how long Adam remembers squared gradients is the study's."""
        groups = super().parameter_groups()
        if self.settings.optimizer in ("adam", "adamw"):
            groups[0]["betas"] = (0.9, self.settings.beta_2)
        return groups

    def _scaled(self, images: torch.Tensor) -> torch.Tensor:
        return images.float() / self.size

    def _judged(self, part: str, most: int | None = None) -> tuple[NDArray[np.float64], float]:
        """For each image 1 if it is recognised, else 0; and their mean loss. Of the first `most`."""
        import torch
        from torch.nn.functional import cross_entropy

        images, labels = (each[:most] for each in self.parts[part])
        logits = torch.cat([self.model(self._scaled(batch)) for batch in images.split(EVALUATED)])
        right = (logits.argmax(1) == labels).cpu().numpy().astype(np.float64)
        return right, float(cross_entropy(logits, labels))


def _root_mean_square(images: NDArray[np.uint8]) -> float:
    squares = sum(
        int(np.square(images[i : i + EVALUATED], dtype=np.int64).sum())
        for i in range(0, len(images), EVALUATED)
    )
    return (squares / images.size) ** 0.5


def mnist_data(settings: MnistSettings, path: Path | None) -> Data:
    """MNIST, or scikit-learn's digits where there is no path; settings do not change it."""
    from workings.lab.data.mnist import mnist

    del settings
    return cast("Data", mnist(path))  # pyright does not take a cached property for a property


# --- what is measured and drawn -----------------------------------------------------------------------------


def _recognised(row: Mapping[str, float]) -> bool:
    return row["test_accuracy"] >= GOAL


def _fitted(row: Mapping[str, float]) -> bool:
    return row["fitted_loss"] <= LOW


def _first(
    reached: Callable[[Mapping[str, float]], bool], column: str
) -> Callable[[CellResult], float | None]:
    """Where a cell is seen to be so far for the first time; none if it never is."""
    return lambda cell: next((row[column] for row in cell.rows if reached(row)), None)


def last(column: str) -> Callable[[CellResult], float | None]:
    """What the last evaluation gave."""
    return lambda cell: cell.rows[-1][column] if cell.rows else None


def _figures(results: Results) -> Iterable[Plot]:
    from workings.lab.plots import READ_CURVES, READ_ROWS, Panel, by_arm, curves

    panels = [Panel("fitted_loss", "training loss", log=True), Panel("test_error", "test error", True, True)]
    told = (
        f"The loss is that of {FITTED} training images as they are, without distortion or smoothed labels: "
        "arms can be compared by it. Nothing is chosen by the test error along the way."
    )
    yield Plot("curves", f"Loss and error against steps. {told} {READ_CURVES}", curves(results, panels))
    yield Plot(
        "race",
        f"The same against seconds of training; evaluations do not count. The best recipe, which is not made "
        f"for speed, is left out. {READ_CURVES}",
        curves(results, panels, against="seconds", arms=RACE),
    )
    yield Plot(
        "by_arm",
        "Test accuracy with the weights that were best on validation data; steps until 99 % of the test "
        f"images were first recognised, and until the training loss was down to {LOW}. {READ_ROWS}",
        by_arm(results, ["accuracy", "steps_to_99", "steps_to_low_loss"]),
    )


HELD_OUT: Final = (
    "Tested on images that nothing was trained on or chosen by: MNIST's own 10 000, or 300 of the embedded "
    "digits."
)
NOTES: Final = """\
**Network.** LeNet-5 as it is taught today: ReLU, max-pooling, every map of the first pooling into every
filter of the second convolution, logits at the end; with ten classes 61 706 parameters, in every arm.

**Arms.** Plain SGD has a constant rate, no momentum, no decay, no distortions. After 20 epochs with 0.05, 0.1
and 0.2 the best validation accuracy was 99.15, 99.16 and 99.14 % (mean of two seeds), and of these rates 0.1
needs the fewest steps to 99 %: the race is run against plain SGD at its best. Momentum has the best of 0.005,
0.01 and 0.02 on validation data, Adam its usual rate, from which 0.0005 and 0.002 did not differ. The fast
recipe is two epochs of Adam, whose rate climbs for a tenth of the steps and then falls to 0 in a straight
line, with averaged weights, smoothed labels, a short memory of squared gradients, and first filters that are
principal components of patches of the training images. The best recipe sees every image distorted anew each
time: moved by up to 1 pixel, turned by up to 10°, stretched by up to 10 %, sheared by up to 8°, and bent
elastically (α = 20, σ = 4: 0.8 pixels, root mean square), under a rate that falls along half a cosine.

**The race.** Time is counted to the first evaluation at which 99 % of the test images are recognised, and to
the first at which 5 000 training images, as they are, have a mean cross-entropy of 0.05. There is one every
25 steps in the fast recipe and every 260 in plain SGD, a third of an epoch: that is how late it may be
noticed. Every cell has one thread. Evaluations are off the clock, and so is what goes before the first step,
such as the first filters.

**Embedded data.** The recipes are made for MNIST. On the 1 197 digits that need no file an epoch still draws
10 000 images, so that steps are not too few, and 99 % are 297 of 300 images."""

STUDY = Study(
    title="LeNet-5 on handwritten digits",
    asks="How good does LeNet-5 get with plain SGD, how much sooner can it get there, and how much further?",
    settings=MnistSettings,
    arms=(
        Arm("plain", "Plain SGD"),
        Arm("momentum", "SGD with momentum", {"optimizer": "momentum", "learning_rate": 0.01}),
        Arm("adam", "Adam", {"optimizer": "adam", "learning_rate": 0.001}),
        Arm("fast", "Fast recipe", FAST),
        Arm("best", "Best recipe", {**DISTORTED, "epochs": 20}),
    ),
    baseline="plain",
    metric="accuracy",
    watch=("val_accuracy", "max"),
    measures={
        "accuracy": Measure(
            "Test accuracy", percent=True, digits=2, bars_given={"plain": 0.989, "best": 0.994}
        ),
        "steps_to_99": Measure("Steps to 99 %", better="lower", digits=0, of=_first(_recognised, "step")),
        "steps_to_low_loss": Measure(
            f"Steps to loss {LOW}", better="lower", digits=0, of=_first(_fitted, "step")
        ),
        "fitted_loss": Measure("Training loss in the end", better="lower", of=last("fitted_loss")),
        "seconds_to_99": Measure(
            "Time to 99 %", "s", "lower", digits=1, timed=True, of=_first(_recognised, "seconds")
        ),
        "seconds_to_low_loss": Measure(
            f"Time to loss {LOW}",
            "s",
            "lower",
            digits=1,
            timed=True,
            of=_first(_fitted, "seconds"),
        ),
        "seconds": Measure("Training time", "s", "lower", digits=1, timed=True, of=lambda cell: cell.seconds),
    },
    held_out=HELD_OUT,
    data=mnist_data,
    task=Recognition,
    figures=_figures,
    quick={"draws": 1, "epochs": 8, "fast.epochs": 5, "evaluate_every": None},
    notes=NOTES,
)
