"""Regression over sequences of varying length: a vanilla RNN, and networks that do not share weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from workings.errors import InputError
from workings.lab.study import Arm, Measure, Optimizer, Plot, Schedule, Settings, Study
from workings.lab.task import Outcome, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from workings.lab.data.dataset import Sequences
    from workings.lab.models.recurrent_packing import Laid
    from workings.lab.models.recurrent_regression import Regressor
    from workings.lab.results import CellResult, Results

    Floats = NDArray[np.float64]

Part = Literal["train", "val", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "val", "test")

NEAR: Final = 1.05
"""Converged is the first epoch whose validation error is within 5 % of the lowest one."""
EVALUATED: Final = 512
"""Sequences that are evaluated at a time."""
BINS: Final = 6
"""Groups of lengths in the figure of error against length."""
MOST_CLASSES: Final = 1000
"""Targets of a class are one-hot, so their memory grows with the number of classes."""
MOST_STEPS: Final = 10_000
"""Steps that may each have weights of their own: with 32 units, 165 MB with the state of Adam."""
MEAN: Final = "mean_predictor_mse"
FLOOR: Final = "noise_floor_mse"
"""Beside the measures of every cell: the two errors between which its own lies."""


class SequenceSettings(Settings):
    """What this study adds."""

    epochs: int = Field(40, ge=1, le=1_000_000, description="passes over the training sequences")
    optimizer: Optimizer = Field("adam", description="rule of the update")
    learning_rate: float = Field(0.005, gt=0, le=1_000, description="step size at its highest")
    schedule: Schedule = Field("cosine", description="course of the learning rate")
    clip_norm: float | None = Field(1.0, gt=0, description="largest norm of the whole gradient")
    hidden: int = Field(32, ge=1, le=4096, description="width of the state, in every network")
    network: Literal["shared", "truncated", "padded"] = Field("shared", description="which of the networks")
    end: Literal["first", "last"] = Field(
        "first", description="the steps that truncation keeps; the end that padding lines up"
    )
    examples: int = Field(2000, ge=2, le=1_000_000, description="generated sequences to train on")
    shortest: int = Field(10, ge=1, le=1000, description="steps of the shortest generated sequence")
    longest: int = Field(40, ge=1, le=1000, description="steps of the longest generated sequence")
    noise: float = Field(0.05, ge=0, le=100, description="variance of the noise in generated targets")
    data_seed: int = Field(
        0, ge=0, le=2**32, description="seed of the generated data, for all arms and seeds"
    )


@dataclass(frozen=True, slots=True)
class Regression:
    """Sequences and their targets as numbers.

    Parameters
    ----------
    sequences: a class is a one-hot target.
    noise: the least expected squared error of any predictor, where it is known.

    Raises
    ------
    InputError: more than `MOST_CLASSES` classes.
    """

    sequences: Sequences
    noise: float | None = None

    def __post_init__(self) -> None:
        if len(self.sequences.classes) > MOST_CLASSES:
            raise InputError(
                f"found {len(self.sequences.classes)} classes", accepted=f"at most {MOST_CLASSES}, or numbers"
            ).at(file=self.sequences.source)

    @property
    def digest(self) -> str:
        """A hash of the content."""
        return self.sequences.digest

    @property
    def summary(self) -> str:
        """What the sequences are, and the two errors between which a network's lies."""
        floor = "" if self.noise is None else f", and no predictor's expected error is below {self.noise:g}"
        return f"{self.sequences.summary}; predicting the mean costs {self.mean_error:.3f}{floor}"

    def inputs(self, part: Part) -> tuple[NDArray[np.float32], ...]:
        """[length, features] each."""
        return getattr(self.sequences, f"{part}_x")

    def targets(self, part: Part) -> NDArray[np.float32]:
        """[n, outputs]."""
        import numpy as np

        y = getattr(self.sequences, f"{part}_y")
        return np.eye(len(self.sequences.classes), dtype=np.float32)[y] if self.sequences.classes else y

    @property
    def mean_error(self) -> float:
        """Mean squared error on the test part of whoever always says the mean of the training targets."""
        y = self.targets("test").astype("float64")
        return float(((y - self.targets("train").astype("float64").mean(axis=0)) ** 2).mean())


def _data(settings: SequenceSettings, path: Path | None) -> Regression:
    if path is not None:
        from workings.lab.data.dataset import Sequences
        from workings.lab.data.reading import read

        return Regression(read(path, Sequences))
    from workings.lab.data.sequences import Process, generated

    process = Process(settings.shortest, settings.longest, settings.noise)
    held_out = max(1, settings.examples // 4), max(1, settings.examples // 2)
    return Regression(generated(process, (settings.examples, *held_out), settings.data_seed), settings.noise)


class RegressionTask(Task):
    """Mean squared error: in training of targets scaled to variance 1, in measures of targets as they are.

    Inputs are scaled to variance 1 as well, both by the training part.
    """

    def __init__(self, data: Regression, settings: SequenceSettings, seed: int) -> None:
        import numpy as np
        import torch

        from workings.lab.models.recurrent_packing import Laid

        device = torch.device(settings.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.model = _network(data, settings).to(device)
        self.data = data
        self.examples = len(data.sequences.train_x)
        steps = np.concatenate(data.sequences.train_x).astype(np.float64)
        mean, spread = steps.mean(axis=0), _or_one(steps.std(axis=0))
        targets = data.targets("train").astype(np.float64)
        self.offset, self.scale = targets.mean(axis=0), float(_or_one(targets.std()))
        self.parts: dict[Part, tuple[Laid, torch.Tensor]] = {}
        for part in PARTS:
            x = [((each - mean) / spread).astype(np.float32) for each in data.inputs(part)]
            y = ((data.targets(part) - self.offset) / self.scale).astype(np.float32)
            laid = Laid([torch.from_numpy(each).to(device) for each in x])
            self.parts[part] = laid, torch.from_numpy(y).to(device)

    def loss(self, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Mean squared error of scaled targets; nothing is left to chance."""
        del generator
        x, y = self.parts["train"]
        return ((self.model(x, chosen) - y[chosen]) ** 2).mean()

    def validate(self) -> dict[str, float]:
        """Errors on the validation part, and on as many of the first training sequences."""
        few = len(self.data.inputs("val"))
        return {
            "val_mse": float(self._errors("val")[0].mean()),
            "train_mse": float(self._errors("train", few)[0].mean()),
        }

    def test(self) -> Outcome:
        """Errors on the test part, sequence by sequence; accuracy where targets are classes."""
        import numpy as np

        errors, predicted = self._errors("test")
        mean_error = self.data.mean_error
        metrics = {"mse": float(errors.mean()), MEAN: mean_error}
        if mean_error > 0:
            metrics["explained"] = 1 - metrics["mse"] / mean_error
        if self.data.noise is not None:
            metrics[FLOOR] = self.data.noise
        if self.data.sequences.classes:
            metrics["accuracy"] = float((predicted.argmax(axis=1) == self.data.sequences.test_y).mean())
        lengths = np.array([len(x) for x in self.data.inputs("test")])
        return Outcome(metrics, {"examples": errors[:, None], "lengths": lengths})

    def _errors(self, part: Part, most: int | None = None) -> tuple[Floats, Floats]:
        """The squared error of each sequence, mean over the outputs, and what was predicted."""
        import numpy as np
        import torch

        x, y = self.parts[part]
        y = y[:most]
        numbers = torch.arange(len(y), device=y.device)
        found = torch.cat([self.model(x, chosen) for chosen in numbers.split(EVALUATED)])
        predicted, told = (each.numpy(force=True).astype(np.float64) for each in (found, y))
        errors = (self.scale * (predicted - told)) ** 2
        return errors.mean(axis=1), self.scale * predicted + self.offset


def _or_one(spread: Floats) -> Floats:
    """What to divide by: 1 where nothing varies."""
    import numpy as np

    return np.where(spread > 0, spread, 1.0)


def _network(data: Regression, settings: SequenceSettings) -> Regressor:
    from workings.lab.models.recurrent_regression import Padded, Shared, Truncated

    lengths = [len(x) for part in PARTS for x in data.inputs(part)]
    sizes = data.sequences.features, settings.hidden, data.targets("train").shape[1]
    kept = min(lengths) if settings.network == "truncated" else max(lengths)
    if settings.network != "shared" and kept > MOST_STEPS:
        raise InputError(
            f"found {kept} steps that would each have weights of their own",
            accepted=f"at most {MOST_STEPS}, or network=shared",
        )
    match settings.network:
        case "shared":
            return Shared(*sizes)
        case "truncated":
            return Truncated(*sizes, steps=kept, end=settings.end)
        case "padded":
            return Padded(*sizes, steps=kept, end=settings.end)


# --- what is measured and drawn -----------------------------------------------------------------------------


def _converged(cell: CellResult) -> float | None:
    """The first epoch whose validation error is within 5 % of the lowest."""
    lowest = min((row["val_mse"] for row in cell.rows), default=0.0)
    return next((row["epoch"] for row in cell.rows if row["val_mse"] <= NEAR * lowest), None)


def _gap(cell: CellResult) -> float | None:
    """Validation error less training error after the last epoch."""
    return cell.rows[-1]["val_mse"] - cell.rows[-1]["train_mse"] if cell.rows else None


def _by_length(results: Results, figure: Figure) -> None:
    """Mean squared error of groups of test sequences of like length, and its 95 % interval over the seeds."""
    import numpy as np
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    from workings.lab import plots
    from workings.lab.statistics import half_width

    shown = [arm for arm in results.arms if results.of(arm.name)]
    rows = plots.legend(figure, {arm.name: arm.title for arm in shown}, results)
    figure.set_size_inches(plots.WIDE * 0.8, 3.2 + 0.19 * rows)
    axes = figure.subplots()
    axes.set_xlabel("steps of the sequence")
    axes.set_ylabel("test MSE")
    if not shown:
        plots.nothing(axes)
        return
    first = results.of(shown[0].name)[0]
    lengths = first.arrays["lengths"]
    groups = np.array_split(np.argsort(lengths, kind="stable"), min(BINS, len(np.unique(lengths))))
    x = [float(lengths[group].mean()) for group in groups]
    for arm in shown:
        errors = np.array([cell.arrays["examples"][:, 0] for cell in results.of(arm.name)])
        values = [errors[:, group].mean(axis=1) for group in groups]
        halves = [half_width(each) if len(each) >= plots.FEWEST_FOR_BAND else 0.0 for each in values]
        look = plots.line_of(results, arm.name)
        axes.errorbar(x, [each.mean() for each in values], yerr=halves, marker="o", capsize=3, **look)
    for name, words in ((MEAN, "predicting the mean"), (FLOOR, "noise floor")):
        if level := first.metrics.get(name):
            axes.axhline(level, color=plots.SOFT, linestyle="--", linewidth=1.1, zorder=1)
            place = axes.get_yaxis_transform()
            axes.text(0.01, level, words, transform=place, va="bottom", color=plots.SOFT, size=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _figures(results: Results) -> Iterable[Plot]:
    from workings.lab.plots import READ_CURVES, Panel, by_arm, curves

    panels = [
        Panel("val_mse", "validation MSE", log=True),
        Panel("train_mse", "training MSE", log=True),
    ]
    yield Plot(
        "curves", f"Error as the training goes. {READ_CURVES}", curves(results, panels, against="epoch")
    )
    yield Plot(
        "lengths",
        f"Error against length: the test sequences in up to {BINS} groups of like length. Dot and whisker: "
        "mean over the seeds and its 95 % interval.",
        lambda figure: _by_length(results, figure),
    )
    yield Plot(
        "by_arm",
        "Test error, epochs until it converged, and validation less training error at the end. Small dots: "
        "seeds; large dot and whisker: mean and 95 % interval.",
        by_arm(results, ["mse", "epochs_to_converge", "gap"]),
    )


NOTES: Final = """\
**Embedded data.** Generated: inputs of ten channels drive a hidden state, one channel's share being let in
by a gate that another opens, and the state forgets 5 % a step; the target is the state after the last
step, scaled to variance 1, and noise (formulas in `lab/data/sequences.py`). No network here has that form,
and what shared weights can do, the padded network could do as well, with equal weights at all steps. What
helps the RNN is that the rule is the same at every step; where it changes with the position, that help is
gone.

**Networks.** All are h_t = tanh(W_x x_t + W_h h_{t−1} + b) with one width and a linear readout of the last
state; all but the RNN have weights of their own for every step. Truncated: the first L steps, L the length
of the shortest sequence in all parts of the data; `recent` keeps the last L in their place. Padded: to the
longest sequence; the mask hands the state over padded steps unchanged, so neither prediction nor loss nor
gradient knows of them. Padding stands in front, so that all sequences end at the same step;
`padded.end=first` puts it behind, which validation error spoke against. On the embedded data they have 1
409, 13 793, 13 793 and 55 073 parameters.

**Measures.** Convergence: the first epoch whose validation MSE is within 5 % of the lowest that the
network reaches, which is early where there is little to learn. Gap: validation MSE less training MSE (of
the first training sequences, as many as validate) after the last epoch. Test MSE is that of the weights
with the lowest validation MSE.

**Fairness.** Each arm has the learning rate out of 0.001, 0.002, 0.005, 0.01 and 0.02 that had the lowest
validation MSE on the embedded data, over two seeds. Weight decay (AdamW, 1) or a width of 64 bring the
padded network's validation MSE from 0.21 to 0.20 or 0.18 and change no order; the RNN's is 0.07."""

STUDY = Study(
    title="Sequences of varying length: shared weights or not",
    asks="Does a vanilla RNN predict better from sequences of varying length than networks that are "
    "truncated or padded and share no weights?",
    settings=SequenceSettings,
    arms=(
        Arm("rnn", "Vanilla RNN", {"network": "shared", "learning_rate": 0.005}),
        Arm(
            "truncated",
            "Truncated, first L",
            {"network": "truncated", "end": "first", "learning_rate": 0.001},
        ),
        Arm(
            "recent",
            "Truncated, last L",
            {"network": "truncated", "end": "last", "learning_rate": 0.001},
        ),
        Arm("padded", "Padded and masked", {"network": "padded", "end": "last", "learning_rate": 0.002}),
    ),
    baseline="rnn",
    metric="mse",
    watch=("val_mse", "min"),
    measures={
        "mse": Measure("Test MSE", better="lower"),
        "explained": Measure("Variance explained", percent=True, digits=1),
        "epochs_to_converge": Measure("Convergence", "epochs", "lower", digits=1, of=_converged),
        "gap": Measure("Validation − training MSE", better="lower", of=_gap),
        "accuracy": Measure("Accuracy", percent=True, digits=1),
        "seconds": Measure("Training time", "s", "lower", digits=1, timed=True, of=lambda cell: cell.seconds),
    },
    held_out="The test sequences are drawn apart (generated data) or the data's own test part; nothing was "
    "trained on them or chosen by them.",
    data=_data,
    task=RegressionTask,
    figures=_figures,
    quick={"epochs": 20, "examples": 1000},
    notes=NOTES,
)
