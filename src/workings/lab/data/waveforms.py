"""Signals and the times at which each waveform in them ends: the record that studies use.

Times are in samples and may be fractions of one; `rate` says how many samples make a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workings.errors import InputError
from workings.lab.data.checks import check_finite, count, first_twice, form, spaced
from workings.lab.data.dataset import digest

Floats = NDArray[np.float64]
Signal = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recording:
    """One signal and what is marked in it.

    Parameters
    ----------
    name: of the recording, as messages and figures show it.
    signal: float32 [n], finite.
    marks: by kind of mark, its times in samples, ascending; the kinds are those of the `Waveforms`.
    span: from where to where somebody looked, in samples. Outside, a mark that is not there says nothing.

    Raises
    ------
    InputError: not as above, or a mark lies outside the span.
    """

    name: str
    signal: Signal
    marks: tuple[Floats, ...]
    span: tuple[float, float]

    def __post_init__(self) -> None:
        try:
            if self.signal.dtype != np.float32 or self.signal.ndim != 1 or not self.signal.size:
                raise InputError(f"found {form(self.signal)}", accepted="float32 [n], one sample or more").at(
                    field="signal"
                )
            check_finite(self.signal, "signal")
            low, high = self.span
            for times in self.marks:
                outside = times[~((times >= low) & (times <= high))]
                if outside.size:
                    raise InputError(
                        f"found a mark at sample {outside[0]:g}", accepted=f"{low:g} to {high:g}"
                    ).at(field="marks")
                if np.any(np.diff(times) <= 0):
                    raise InputError("marks that do not ascend", accepted="each time once").at(field="marks")
        except InputError as error:
            raise error.at(field=self.name) from None


@dataclass(frozen=True, eq=False, repr=False)
class Waveforms:
    """Recordings in three parts.

    Parameters
    ----------
    train, val, test: one recording or more each.
    kinds: what is marked; the first is what is looked for and scored, the others may help in training.
    rate: samples a second.
    tolerance: milliseconds within which a found time is right.
    source: what the data were read or made from, as `summary` and errors name it.

    Raises
    ------
    InputError: a part is empty, or one without a single mark of the first kind.
    """

    train: tuple[Recording, ...]
    val: tuple[Recording, ...]
    test: tuple[Recording, ...]
    kinds: tuple[str, ...]
    rate: float
    tolerance: float
    source: str

    def __post_init__(self) -> None:
        try:
            twice = first_twice(self.kinds)
            if not self.kinds or twice is not None:
                raise InputError(f"found the kinds {self.kinds}", accepted="one or more, each once").at(
                    field="kinds"
                )
            for part, recordings in self.parts():
                for recording in recordings:
                    if len(recording.marks) != len(self.kinds):
                        raise InputError(
                            f"found marks of {len(recording.marks)} kinds", accepted=", ".join(self.kinds)
                        ).at(field=f"{part}.{recording.name}")
                if not any(recording.marks[0].size for recording in recordings):
                    raise InputError(
                        f"found no {self.kinds[0]} in {count(len(recordings), 'recording')}",
                        accepted="recordings to train on, to validate and to test, with marks in each part",
                    ).at(field=part)
        except InputError as error:
            raise error.at(file=self.source) from None

    def parts(self) -> Iterator[tuple[str, tuple[Recording, ...]]]:
        """Name and recordings of the three parts."""
        yield "train", self.train
        yield "val", self.val
        yield "test", self.test

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of signals, marks and what is said of them."""
        names = [*self.kinds, f"{self.rate:g}", f"{self.tolerance:g}"]
        arrays: list[NDArray[np.generic]] = []
        for part, recordings in self.parts():
            for each in recordings:
                names.append(f"{part} {each.name}")
                arrays += [each.signal, np.array(each.span), *each.marks]
        return digest(names, arrays)

    @property
    def summary(self) -> str:
        """Sizes, lengths, rate, marks and source, in one line."""
        sizes = " + ".join(spaced(len(recordings)) for _, recordings in self.parts())
        lengths = [each.signal.size for _, recordings in self.parts() for each in recordings]
        low, high = min(lengths), max(lengths)
        steps = spaced(low) if low == high else f"{spaced(low)} to {spaced(high)}"
        marked = " + ".join(spaced(_marked(recordings)) for _, recordings in self.parts())
        return (
            f"{sizes} recordings of {steps} samples, {self.rate:g} a second, with {marked} times of "
            f"{self.kinds[0]}; {self.source}"
        )

    def __repr__(self) -> str:
        return f"Waveforms({self.summary})"


def _marked(recordings: Sequence[Recording]) -> int:
    return sum(each.marks[0].size for each in recordings)
