"""The rule of the update and the course of its learning rate, from settings."""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from workings.lab.study import Settings


def build(groups: list[dict[str, Any]], settings: Settings) -> torch.optim.Optimizer:
    """The optimiser, over `groups` of parameters."""
    rate, decay, momentum = settings.learning_rate, settings.weight_decay, settings.momentum
    # One kernel for all weights where torch has it: the update of LeNet-5 takes a third of the time.
    on_cpu_or_cuda = all(
        weight.device.type in ("cpu", "cuda") for group in groups for weight in group["params"]
    )
    fused = True if on_cpu_or_cuda else None
    match settings.optimizer:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, weight_decay=decay, fused=fused)
        case "momentum":
            return torch.optim.SGD(groups, lr=rate, weight_decay=decay, momentum=momentum, fused=fused)
        case "nesterov":
            return torch.optim.SGD(
                groups, lr=rate, weight_decay=decay, momentum=momentum, nesterov=momentum > 0, fused=fused
            )
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, weight_decay=decay, momentum=momentum)
        case "adam":
            return torch.optim.Adam(groups, lr=rate, weight_decay=decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=fused)


def course(settings: Settings, step: int, steps: int) -> float:
    """The share of the learning rate at `step` (from 0) of `steps`.

    It climbs in a straight line during the warm-up. After it, with s the share of the remaining steps done:
    constant 1; linear 1 − s; cosine (1 + cos πs)/2; one_cycle the same, after a climb from 1/25 along half a
    cosine (Smith and Topin, 2018), whose warm-up is 0.3 unless set.
    """
    cycle = settings.schedule == "one_cycle"
    climb = (settings.warmup or (0.3 if cycle else 0.0)) * steps
    if step < climb:
        done = (step + 1) / climb if climb > 1 else 1.0
        return 0.04 + 0.96 * (1 - cos(pi * min(1.0, done))) / 2 if cycle else min(1.0, done)
    done = (step - climb) / max(1.0, steps - climb)
    match settings.schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 - done
        case "cosine" | "one_cycle":
            return (1 + cos(pi * done)) / 2
