"""What a cell trains: a model, its loss on chosen training examples, and what is measured of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the test set says.

    Parameters
    ----------
    metrics: a number by name.
    arrays: kept beside, for figures; `examples` [n, k] are the per-example rows that are resampled.
    """

    metrics: dict[str, float]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])


class Task(ABC):
    """One training problem.

    Attributes
    ----------
    model: on the device that it is trained on; data and loss weights lie there too.
    examples: how many training examples there are.
    """

    model: torch.nn.Module
    examples: int

    @abstractmethod
    def loss(self, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The mean loss of the training examples `chosen` (indices, int64); chance comes from `generator`."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Measures on validation data, as the training goes; called in evaluation mode, without gradients."""

    @abstractmethod
    def test(self) -> Outcome:
        """Measures on the test set, once, with the weights that were selected."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for the optimiser; one with all parameters unless overridden."""
        return [{"params": [weight for weight in self.model.parameters() if weight.requires_grad]}]
