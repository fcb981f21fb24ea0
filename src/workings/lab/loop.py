"""The training loop: plain PyTorch over tensors in memory. It yields events and prints nothing.

    loop = Loop(task, settings, seed, watch=("val_accuracy", "max"))
    for event in loop.run():
        ...                       # Stepped, Evaluated; between two events `loop.state()` can be kept
    outcome = loop.finish()

A loop that loads the state of another goes on bit for bit as that one would have.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Literal

import torch

from workings.errors import InputError
from workings.lab import optimiser
from workings.lab.device import chance, restore_chance, seed

if TYPE_CHECKING:
    from workings.lab.study import Settings
    from workings.lab.task import Outcome, Task

CHECKED: Final = 50
"""Steps between looks at whether the loss is a number: each look waits for the device."""


class Diverged(InputError):
    """The loss, or what is watched, is no number any more."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step of the optimiser is done; the loss stays on its device until someone asks."""

    step: int
    steps: int
    loss: torch.Tensor


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Validation is done; `row` is a line of the cell's metrics, `seconds` the training time so far."""

    row: dict[str, float]
    seconds: float


Event = Stepped | Evaluated


class Loop:
    """One training.

    Parameters
    ----------
    task: what is trained.
    settings: optimiser, schedule, batch size and the like.
    number: the seed of order, augmentation and dropout; initial weights are the task's.
    watch: the validation value that selects weights and stops early.
    """

    def __init__(
        self, task: Task, settings: Settings, number: int, watch: tuple[str, Literal["max", "min"]]
    ) -> None:
        self.task, self.settings, self.number, self.watch = task, settings, number, watch
        self.model = task.model
        self.device = next(self.model.parameters()).device
        self.optimizer = optimiser.build(task.parameter_groups(), settings)
        self.rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.generator = seed(self.device, number)
        self.batches = math.ceil(task.examples / settings.batch_size)
        self.steps = self.batches * settings.epochs
        self.step = 0
        self.losses: list[torch.Tensor] = []  # since the last evaluation
        self.average = self._weights() if settings.average else {}
        self.best: dict[str, torch.Tensor] = {}
        self.best_value, self.best_step, self.waited = math.nan, 0, 0
        self.seconds = 0.0

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        patience = self.settings.patience
        return self.step >= self.steps or (patience is not None and self.waited >= patience)

    def run(self) -> Iterator[Event]:
        """Train to the end.

        Raises
        ------
        Diverged: the loss is no number any more.
        """
        every = self.settings.evaluate_every or self.batches
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        order: tuple[torch.Tensor, ...] = ()
        drawn = -1
        self.model.train()
        since = perf_counter()
        while not self.done:
            epoch, batch = divmod(self.step, self.batches)
            if epoch != drawn:
                order, drawn = self._order(epoch), epoch
            self._set_rate()
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.task.loss(order[batch], self.generator)
            loss.backward()
            if self.settings.clip_norm:
                torch.nn.utils.clip_grad_norm_(weights, self.settings.clip_norm)
            self.optimizer.step()
            self.step += 1
            latest = loss.detach()
            self.losses.append(latest)
            if self.average:
                self._follow()
            last = self.step == self.steps
            if self.step % every == 0 or last:
                self._check()
                self.seconds += perf_counter() - since
                yield Evaluated(self._evaluate(), self.seconds)
                since = perf_counter()
            elif self.step % CHECKED == 0:
                self._check()
            self.seconds, since = self.seconds + perf_counter() - since, perf_counter()
            yield Stepped(self.step, self.steps, latest)
            since = perf_counter()

    def finish(self) -> Outcome:
        """The test set, once, with the weights that are kept; they stay in the model."""
        if self.best and self.settings.select == "best":
            self.model.load_state_dict(self.best)
        elif self.average:
            self.model.load_state_dict(self.average)
        with self._evaluating():
            return self.task.test()

    # --- a step ---------------------------------------------------------------------------------------------

    def _order(self, epoch: int) -> tuple[torch.Tensor, ...]:
        """The batches of an epoch: of seed and epoch alone, so that all arms see the same order."""
        generator = torch.Generator().manual_seed(self.number * 1_000_003 + epoch)
        order = torch.randperm(self.task.examples, generator=generator).to(self.device)
        return order.split(self.settings.batch_size)

    def _set_rate(self) -> None:
        share = optimiser.course(self.settings, self.step, self.steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average; it is short-sighted at first, else it would hold on to the initial weights."""
        keep = min(self.settings.average or 0.0, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)

    def _check(self) -> None:
        if not bool(torch.isfinite(torch.stack(self.losses)).all()):
            raise Diverged(
                f"the loss is no number any more by step {self.step}",
                accepted="a lower learning_rate, or clip_norm",
            )

    # --- evaluation -----------------------------------------------------------------------------------------

    def _evaluate(self) -> dict[str, float]:
        """Measure on validation data; keep the weights if they are the best so far."""
        row: dict[str, float] = {
            "step": self.step,
            "epoch": self.step / self.batches,
            "train_loss": float(torch.stack(self.losses).cpu().double().mean()),
            "learning_rate": float(self.optimizer.param_groups[0]["lr"]),
        }
        self.losses.clear()
        with self._evaluating():
            kept = self._weights() if self.average else {}
            if self.average:
                self.model.load_state_dict(self.average)
            row.update(self.task.validate())
            self._judge(row)
            if self.average:
                self.model.load_state_dict(kept)
        return row

    def _judge(self, row: dict[str, float]) -> None:
        name, way = self.watch
        value = row[name]
        if not math.isfinite(value):
            raise Diverged(f"{name} is {value} at step {self.step}", accepted="a lower learning_rate")
        better = value > self.best_value if way == "max" else value < self.best_value
        if better or math.isnan(self.best_value):
            self.best_value, self.best_step, self.waited = value, self.step, 0
            self.best = self._weights()
        else:
            self.waited += 1

    @contextmanager
    def _evaluating(self) -> Generator[None]:
        self.model.eval()
        with torch.no_grad():
            yield
        self.model.train()

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    # --- state ----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, Any]]:
        """All that a loop needs to go on: weights, other tensors by name, and numbers."""
        tensors: dict[str, torch.Tensor] = {}
        numbers: dict[str, Any] = {
            "step": self.step,
            "best_value": None if math.isnan(self.best_value) else self.best_value,
            "best_step": self.best_step,
            "waited": self.waited,
            "seconds": self.seconds,
            "optimizer": {},
        }
        for index, found in self.optimizer.state_dict()["state"].items():
            for name, value in found.items():
                if isinstance(value, torch.Tensor):
                    tensors[f"optimizer.{index}.{name}"] = value
                else:
                    numbers["optimizer"].setdefault(str(index), {})[name] = value
        tensors |= {f"chance.{name}": value for name, value in chance(self.device, self.generator).items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        if self.losses:
            tensors["losses"] = torch.stack(self.losses)
        return self._weights(), tensors, numbers

    def load(
        self, weights: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor], numbers: dict[str, Any]
    ) -> None:
        """Go on from the state of another loop of the same task and settings."""
        self.model.load_state_dict(weights)
        groups: dict[str, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            groups.setdefault(kind, {})[rest] = value
        told = self.optimizer.state_dict()
        told["state"] = {int(index): dict(found) for index, found in numbers["optimizer"].items()}
        for name, value in groups.get("optimizer", {}).items():
            index, _, key = name.partition(".")
            told["state"].setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict(told)
        self.average = {name: value.to(self.device) for name, value in groups.get("average", {}).items()}
        self.best = {name: value.to(self.device) for name, value in groups.get("best", {}).items()}
        self.losses = list(groups["losses"][""].to(self.device)) if "losses" in groups else []
        best = numbers["best_value"]
        self.best_value = math.nan if best is None else float(best)
        self.step, self.best_step, self.waited = numbers["step"], numbers["best_step"], numbers["waited"]
        self.seconds = float(numbers["seconds"])
        restore_chance(self.device, self.generator, groups["chance"])
