"""Where tensors live, and the state of chance there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import torch

from workings.errors import InputError


def resolve(name: str) -> str:
    """The device that `auto` means here, or the one named.

    Raises
    ------
    InputError: this machine has none.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    kind, _, index = name.partition(":")
    if not there[kind] or (index and int(index) >= torch.cuda.device_count()):
        accepted = ", ".join(["auto", *(kind for kind, found in there.items() if found)])
        raise InputError(f"this machine has no {name}", accepted=accepted).at(field="device")
    return name


@contextmanager
def as_told(name: str, threads: int, number: int) -> Generator[None]:
    """So many threads, repeatable kernels and chance from `number`; everything as it was afterwards."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    memory = cast("Any", torch.utils.deterministic)
    filled = memory.fill_uninitialized_memory
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # It would fill every new tensor: a cost at each step, against mistakes that no kernel of torch makes.
    memory.fill_uninitialized_memory = False
    devices = [torch.device(name)] if name.startswith("cuda") else []
    try:
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(number)
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        memory.fill_uninitialized_memory = filled


def seed(device: torch.device, number: int) -> torch.Generator:
    """Start all chance from `number`; returns a generator of its own on the device."""
    torch.manual_seed(number)  # the accelerators, too
    return torch.Generator(device).manual_seed(number)


def chance(device: torch.device, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """The states of the random number generators, by name."""
    found = {"cpu": torch.get_rng_state(), "task": generator.get_state()}
    if device.type == "cuda":
        found["device"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        found["device"] = torch.mps.get_rng_state()
    return found


def restore_chance(device: torch.device, generator: torch.Generator, found: dict[str, torch.Tensor]) -> None:
    """Go on from states that `chance` gave."""
    torch.set_rng_state(found["cpu"])
    generator.set_state(found["task"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(found["device"], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(found["device"])
