"""Signals made of waveforms whose ends are known, for the study of waveform ends.

    signal = Σ waveforms + wander of the baseline + artefacts + hum + noise, white and coloured

A waveform has one of five shapes over its own time u from 0 to 1:

    lobe      sin(π u^k), as P and T waves
    biphasic  sin(2π u), the second half lower
    spike     straight lines through 0, −q, 1, −s, 0, as a QRS complex
    pulse     up, along a slanted top, and down
    packet    a damped oscillation, as a seismic arrival

Its width, height, polarity and the pause before the next one vary; some begin before the last one has ended.
The label is 1 at its last sample and nowhere else. Artefacts have no label: lone outliers, jumps that
die away, bursts of noise. How noisy a signal is, and which shapes are frequent in it, is drawn for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workings.lab.data.waveforms import Recording, Waveforms

LENGTH: Final = 5100
"""Samples of a signal, as in the coursework's test set."""
RATE: Final = 250.0
"""Samples a second: what makes milliseconds of samples."""
TOLERANCE: Final = 40.0
"""Milliseconds, 10 samples: a fifth of the width of a typical waveform."""

DEEPEST: Final = 0.25
"""Share of a waveform at its end that the next one may begin in. Deeper, the end can't be seen by anyone."""

Floats = NDArray[np.float64]

WIDTHS: Final = {"lobe": 50, "biphasic": 40, "spike": 30, "pulse": 50, "packet": 60}
"""Samples of the typical waveform of each shape."""
SHARES: Final = (3.0, 1.5, 3.0, 2.0, 0.5)
"""How frequent each shape is, as the parameters of a Dirichlet distribution: signals differ in their mix."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How the signals are made; heights are in units of the typical waveform's.

    Parameters
    ----------
    noise: least and greatest standard deviation of the noise.
    pause: mean pause between waveforms, in samples.
    overlap: share of waveforms that the next one begins in.
    inverted: share of waveforms with negative polarity.
    artefacts: mean number of artefacts for each waveform.
    wander: greatest amplitude of each of the three slow waves of the baseline.
    hum: greatest amplitude of the mains' 50 Hz.
    """

    noise: tuple[float, float] = (0.008, 0.04)
    pause: float = 40.0
    overlap: float = 0.04
    inverted: float = 0.2
    artefacts: float = 0.15
    wander: float = 0.2
    hum: float = 0.02


def generated(scene: Scene, sizes: tuple[int, int, int], *, length: int = LENGTH, seed: int = 0) -> Waveforms:
    """So many signals to train on, to validate and to test, each from a seed of its own."""
    parts = [
        tuple(
            recording(scene, length, np.random.default_rng([seed, part, number]), f"{name} {number}")
            for number in range(size)
        )
        for part, (name, size) in enumerate(zip(("train", "val", "test"), sizes, strict=True))
    ]
    return Waveforms(*parts, kinds=("end",), rate=RATE, tolerance=TOLERANCE, source=f"generated, seed {seed}")


def recording(scene: Scene, length: int, rng: np.random.Generator, name: str = "signal") -> Recording:
    """One signal and its ends."""
    low, high = np.log(scene.noise)
    noise = float(np.exp(rng.uniform(low, high)))
    signal, ends = _waveforms(scene, length, rng)
    for _ in range(rng.poisson(scene.artefacts * len(ends))):
        _add_artefact(signal, noise, rng)
    seconds = np.arange(length) / RATE
    for frequency in rng.uniform(0.05, 0.5, 3):
        height, phase = rng.uniform(0, scene.wander), rng.uniform(0, 2 * np.pi)
        signal += height * np.sin(2 * np.pi * frequency * seconds + phase)
    signal += scene.hum * rng.uniform() * np.sin(2 * np.pi * 50 * seconds)
    signal += noise * np.sqrt(0.5) * (rng.standard_normal(length) + _coloured(length, rng))
    return Recording(name, signal.astype(np.float32), (np.array(ends, np.float64),), (0.0, length - 1.0))


def _waveforms(scene: Scene, length: int, rng: np.random.Generator) -> tuple[Floats, list[int]]:
    signal = np.zeros(length)
    ends: set[int] = set()
    shares = rng.dirichlet(SHARES)
    start = int(rng.integers(0, 60))
    while True:
        shape = tuple(WIDTHS)[rng.choice(len(WIDTHS), p=shares)]
        width = int(np.clip(WIDTHS[shape] * np.exp(rng.normal(0, 0.4)), 10, 140))
        if start + width > length:
            return signal, sorted(ends)
        height = np.exp(rng.normal(0, 0.25)) * (-1 if rng.random() < scene.inverted else 1)
        signal[start : start + width] += height * shape_of(shape, width, rng)
        ends.add(start + width - 1)
        if rng.random() < scene.overlap:
            start += max(5, width - int(rng.integers(1, max(2, int(DEEPEST * width)))))
        else:
            start += width + 1 + int(rng.gamma(2, scene.pause / 2))


def shape_of(shape: str, width: int, rng: np.random.Generator) -> Floats:
    """A waveform of so many samples; it is 0 just before the first and just after the last of them."""
    u = np.arange(1, width + 1) / (width + 1)
    match shape:
        case "lobe":
            return np.sin(np.pi * u ** np.exp(rng.uniform(-0.5, 0.5)))
        case "biphasic":
            wave = np.sin(2 * np.pi * u)
            return np.where(wave < 0, rng.uniform(0.3, 1) * wave, wave)
        case "spike":
            peak = rng.uniform(0.35, 0.65)
            q, s = rng.uniform(0.1, 0.4, 2)
            return np.interp(u, [0, 0.45 * peak, peak, 0.55 + 0.45 * peak, 1], [0, -q, 1, -s, 0])
        case "pulse":
            edge = rng.uniform(0.08, 0.25)
            return np.interp(u, [0, edge, 1 - edge, 1], [0, 1, rng.uniform(0.6, 1), 0])
        case _:
            turns, damping = rng.uniform(2.5, 5.5), rng.uniform(0.5, 2)
            taper = np.minimum(1, 12 * np.minimum(u, 1 - u))
            wave = taper * np.exp(-damping * u) * np.sin(2 * np.pi * turns * u)
            return wave / np.abs(wave).max()


def _add_artefact(signal: Floats, noise: float, rng: np.random.Generator) -> None:
    """A lone outlier of up to three samples, a jump that dies away, or a burst of noise."""
    at = int(rng.integers(0, len(signal)))
    match int(rng.integers(3)):
        case 0:
            signal[at : at + int(rng.integers(1, 4))] += rng.normal()
        case 1:
            rest = signal[at:]
            rest += rng.normal(0, 0.5) * np.exp(-np.arange(len(rest)) / rng.uniform(40, 120))
        case _:
            burst = signal[at : at + int(rng.integers(20, 80))]
            burst += rng.normal(0, 3 * noise, len(burst)) * np.hanning(len(burst) + 2)[1:-1]


def _coloured(length: int, rng: np.random.Generator, memory: float = 0.9) -> Floats:
    """z_t = a z_{t−1} + √(1 − a²) ε_t, of variance 1 from the start."""
    from scipy.signal import lfilter

    fresh = rng.standard_normal(length) * np.sqrt(1 - memory**2)
    fresh[0] /= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], fresh))
