"""A network with dropout, batch normalisation and augmentation by noise, fitted to a noisy plane."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import numpy as np
import torch
from pydantic import Field

from workings.errors import InputError
from workings.lab.study import Arm, Measure, Settings, Study
from workings.lab.task import Outcome, Task


class LineSettings(Settings):
    epochs: int = Field(3, ge=1, description="passes")
    batch_size: int = Field(16, ge=1, description="examples a step")
    hidden: int = Field(8, ge=1, description="hidden units")
    fault: str = Field("", description="what goes wrong in a step: raise, die")


@dataclass(frozen=True)
class Plane:
    x: np.ndarray
    y: np.ndarray
    digest: str = "plane-1"
    summary: str = "100 points of a plane"


def plane(settings: LineSettings, path: Path | None) -> Plane:
    if path is not None and not path.exists():
        raise InputError(f"no data in {path}", accepted="a file")
    random = np.random.default_rng(0)
    x = random.normal(size=(100, 3)).astype(np.float32)
    return Plane(x, (x @ np.array([1.0, -2.0, 0.5]) + random.normal(scale=0.1, size=100)).astype(np.float32))


class LineTask(Task):
    examples = 70

    def __init__(self, data: Plane, settings: LineSettings, _seed: int) -> None:
        device = torch.device(settings.device)
        self.pause, self.fault = float(os.environ.get("TINY_PAUSE", "0")), settings.fault
        self.model = torch.nn.Sequential(
            torch.nn.Linear(3, settings.hidden),
            torch.nn.BatchNorm1d(settings.hidden),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.2),
            torch.nn.Linear(settings.hidden, 1),
        ).to(device)
        self.x, self.y = torch.tensor(data.x, device=device), torch.tensor(data.y, device=device)

    def loss(self, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        sleep(self.pause)
        if self.fault == "raise":
            raise RuntimeError("this step can't be made")
        if self.fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        x = self.x[chosen] + 0.01 * torch.randn(len(chosen), 3, generator=generator, device=self.x.device)
        return torch.nn.functional.mse_loss(self.model(x)[:, 0], self.y[chosen])

    def errors(self, part: slice) -> torch.Tensor:
        return (self.model(self.x[part])[:, 0] - self.y[part]) ** 2

    def validate(self) -> dict[str, float]:
        return {"val_mse": float(self.errors(slice(70, 85)).mean())}

    def test(self) -> Outcome:
        errors = self.errors(slice(85, 100)).double().numpy(force=True)
        return Outcome({"mse": float(errors.mean())}, {"examples": errors[:, None]})


STUDY = Study(
    title="A plane",
    asks="Which rule fits a plane best?",
    settings=LineSettings,
    arms=(
        Arm("plain", "Plain", {"optimizer": "sgd", "learning_rate": 0.05}),
        Arm("adam", "Adam", {"optimizer": "adam", "learning_rate": 0.02, "average": 0.9, "clip_norm": 1.0}),
        Arm("cycle", "One cycle", {"optimizer": "nesterov", "schedule": "one_cycle", "patience": 50}),
    ),
    baseline="plain",
    metric="mse",
    watch=("val_mse", "min"),
    measures={"mse": Measure("Test MSE", better="lower")},
    held_out="15 points that no step saw.",
    data=plane,
    task=LineTask,
    figures=lambda _results: (),
    quick={"epochs": 1},
)
