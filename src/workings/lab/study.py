"""What a study is: the question it asks, its data, its arms, what is measured. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from workings.lab.results import CellResult, Results
    from workings.lab.task import Task

FEWEST_SEEDS: Final = 5
"""With fewer seeds no verdict is printed: the interval is wider than the differences people ask about."""

Optimizer = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
Schedule = Literal["constant", "linear", "cosine", "one_cycle"]


class Settings(BaseModel):
    """What every cell is told; a study adds its own fields.

    Every field is part of a cell's name on disk, the thread count and the device too: both change the result.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epochs: int = Field(10, ge=1, le=1_000_000, description="passes over the training examples")
    batch_size: int = Field(64, ge=1, le=10_000_000, description="training examples a step")
    optimizer: Optimizer = Field("sgd", description="rule of the update")
    learning_rate: float = Field(0.1, gt=0, le=1_000, description="step size at its highest")
    momentum: float = Field(0.9, ge=0, lt=1, description="for momentum, nesterov and rmsprop")
    weight_decay: float = Field(0.0, ge=0, description="L2 penalty; decoupled for adamw")
    schedule: Schedule = Field("constant", description="course of the learning rate")
    warmup: float = Field(0.0, ge=0, lt=1, description="share of all steps in which the rate climbs")
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the whole gradient")
    patience: int | None = Field(None, ge=1, description="evaluations without a better one before it stops")
    evaluate_every: int | None = Field(None, ge=1, description="steps between evaluations; an epoch if none")
    average: float | None = Field(
        None, gt=0, lt=1, description="decay of the moving average of the weights that is evaluated"
    )
    select: Literal["best", "last"] = Field("best", description="weights kept: best on validation, or last")
    threads: int = Field(1, ge=1, le=1024, description="processor threads of a cell")
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?)$", description="auto, cpu, cuda, mps"
    )


class Data(Protocol):
    """What a study learns from: any record that says what it is."""

    @property
    def digest(self) -> str:
        """A hash of the content."""
        ...

    @property
    def summary(self) -> str:
        """A line for people: how many, of which shape, from where."""
        ...


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the ways that are compared.

    Parameters
    ----------
    name: short, lower case; `name.key=value` sets something for this arm alone.
    title: what it is called in tables and figures.
    settings: where it differs from the study's settings.
    """

    name: str
    title: str
    settings: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that each cell gives.

    Parameters
    ----------
    label: what it is called on axes and in tables.
    unit: s, ms, epochs; empty for shares.
    better: which way is better.
    digits: decimals shown (of the percentage where `percent`).
    percent: a share, shown in percent.
    timed: measured in seconds, so another run on another machine gives another value.
    of: how it follows from a cell; the value of that name in `Task.test()` unless given.
    pooled: the measure of per-example rows [n, k]; the mean of the first column unless given.
    bars: what an arm must reach on the embedded data.
    bars_given: what it must reach on data that is given; see `Results.bars`.
    """

    label: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    digits: int = 4
    percent: bool = False
    timed: bool = False
    of: Callable[[CellResult], float | None] | None = None
    pooled: Callable[[NDArray[np.float64]], float] | None = None
    bars: Mapping[str, float] = field(default_factory=dict[str, float])
    bars_given: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure of the report: `draw` is given an empty matplotlib figure."""

    name: str
    caption: str
    draw: Callable[[Figure], None]


@dataclass(frozen=True, slots=True)
class Study:
    """A training question and how it is answered.

    Parameters
    ----------
    title: a few words.
    asks: the question, in a sentence.
    settings: the pydantic model of its settings, with their defaults.
    arms: what is compared; `baseline` names the one that the others are compared with.
    metric: the main measure, a key of `measures`.
    watch: the validation value that selects weights and stops early, and which way is better.
    held_out: what was never trained on or chosen by, in a sentence; printed under every figure.
    data: the data under the study's settings, embedded where the path is None. Arms and seeds share it.
    task: what a cell trains; the seed drives the initial weights.
    figures: drawn from what is on disk.
    quick: settings of a reduced run.
    notes: how the data came about, and other things a reader should know.
    revision: raised when code changes so that old cells no longer hold.
    """

    title: str
    asks: str
    settings: type[Settings]
    arms: tuple[Arm, ...]
    baseline: str
    metric: str
    watch: tuple[str, Literal["max", "min"]]
    measures: Mapping[str, Measure]
    held_out: str
    data: Callable[[Any, Path | None], Data]
    task: Callable[[Any, Any, int], Task]
    figures: Callable[[Results], Iterable[Plot]]
    quick: Mapping[str, object] = field(default_factory=dict[str, object])
    notes: str = ""
    revision: int = 1
