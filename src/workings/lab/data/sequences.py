"""Sequences of many lengths from a process in time, each with one number that depends on all its steps.

    x_t = ρ x_{t−1} + √(1 − ρ²) ε_t        inputs in R¹⁰: independent channels of variance 1
    u_t = κ u_{t−1} + σ(γ a·x_t) b·x_t     a hidden state; u_0 = 0
    y   = u_l / s + √ν η                   the target; s is the spread of u_l in the training part

ε_t and η are standard normal, l is uniform from the shortest to the longest length, a and b are fixed unit
vectors at right angles. Channel a opens or closes the way by which channel b enters the state, and the state
forgets with κ, so late steps count more than early ones but early ones count.

E[y | x] is u_l / s, so no predictor's expected squared error is below ν; always predicting the mean costs
about 1 + ν. No network of the study has this form. A tanh network can only approximate the product of gate
and input, and whatever it does with shared weights one with a weight of its own for every step can do as
well. What the process does grant is that its rule is the same at every step, which is what sharing assumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workings.errors import InputError
from workings.lab.data.dataset import Sequences

FEATURES: Final = 10
DIRECTIONS: Final = 7
"""Seed of the directions a and b, which belong to the process and not to a sample of it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Process:
    """The process in numbers.

    Parameters
    ----------
    shortest, longest: lengths of the sequences.
    noise: ν, the variance of what can't be predicted.
    memory: κ, what is left of the state after a step; 0.95 halves it in 13.5 steps.
    gate: γ, how steep the gate is; with 0 it stands half open, and the process is linear.
    coupling: ρ, the correlation of a channel with itself a step later.

    Raises
    ------
    InputError: a number out of its range.
    """

    shortest: int = 10
    longest: int = 40
    noise: float = 0.05
    memory: float = 0.95
    gate: float = 2.0
    coupling: float = 0.6

    def __post_init__(self) -> None:
        for name, fits, accepted in (
            ("shortest", self.shortest >= 1, "1 or more"),
            ("longest", self.longest >= self.shortest, f"{self.shortest} or more, as the shortest"),
            ("noise", 0 <= self.noise <= 1e6, "0 to 1e6"),
            ("memory", 0 <= self.memory <= 1, "0 to 1"),
            ("gate", abs(self.gate) <= 1e3, "-1000 to 1000"),
            ("coupling", abs(self.coupling) <= 1, "-1 to 1"),
        ):
            if not fits:
                raise InputError(f"found {getattr(self, name)}", accepted=accepted).at(field=name)

    def inputs(self, count: int, rng: np.random.Generator) -> Floats:
        """x of `count` sequences, [count, longest, 10]."""
        x = rng.standard_normal((count, self.longest, FEATURES))
        fresh = np.sqrt(1 - self.coupling**2)
        for t in range(1, self.longest):
            x[:, t] = self.coupling * x[:, t - 1] + fresh * x[:, t]
        return x

    def states(self, x: Floats) -> Floats:
        """u after each step, [count, steps], of inputs [count, steps, 10]."""
        a, b = directions()
        drive = (x @ b) * (1 + np.tanh(self.gate * (x @ a) / 2)) / 2  # σ(z), without overflow
        u = np.empty_like(drive)
        state = np.zeros(len(x))
        for t in range(x.shape[1]):
            state = self.memory * state + drive[:, t]
            u[:, t] = state
        return u


def directions() -> tuple[Floats, Floats]:
    """The vectors a and b, which every channel has a part in."""
    a, b = np.random.default_rng(DIRECTIONS).standard_normal((2, FEATURES))
    a /= np.linalg.norm(a)
    b -= (a @ b) * a
    return a, b / np.linalg.norm(b)


def generated(process: Process, sizes: tuple[int, int, int] = (2000, 500, 1000), seed: int = 0) -> Sequences:
    """Sequences of the process, so many to train on, to validate and to test; the parts are drawn apart.

    Raises
    ------
    InputError: fewer than two sequences to train on, or none for another part.
    """
    if sizes[0] < 2 or min(sizes) < 1:
        raise InputError(
            f"found {sizes[0]} + {sizes[1]} + {sizes[2]} sequences",
            accepted="2 or more + 1 or more + 1 or more",
        )
    parts = [_drawn(process, size, np.random.default_rng([seed, part])) for part, size in enumerate(sizes)]
    spread = parts[0][1].std()
    (train_x, train_y), (val_x, val_y), (test_x, test_y) = (
        (x, (u / spread + np.sqrt(process.noise) * eta).astype(np.float32)[:, None]) for x, u, eta in parts
    )
    source = (
        f"generated: hidden state with forgetting (κ = {process.memory:g}) behind a gate, "
        f"noise of variance {process.noise:g}, seed {seed}"
    )
    return Sequences(train_x, train_y, val_x, val_y, test_x, test_y, classes=(), source=source)


def _drawn(
    process: Process, count: int, rng: np.random.Generator
) -> tuple[tuple[NDArray[np.float32], ...], Floats, Floats]:
    """Inputs, last states and noise of `count` sequences."""
    lengths = rng.integers(process.shortest, process.longest, size=count, endpoint=True)
    x = process.inputs(count, rng)
    last = process.states(x)[np.arange(count), lengths - 1]
    sequences = tuple(each[:length].astype(np.float32) for each, length in zip(x, lengths, strict=True))
    return sequences, last, rng.standard_normal(count)
