"""Lead II of the Lobachevsky University Electrocardiography Database: where P, QRS and T begin and end.

200 records of 10 s at 500 samples a second, marked by two cardiologists who saw all twelve leads. The first
and last beats are often unmarked, so a record counts only from its first mark to its last.

Source: Kalyakulina et al. (2020), LUDB: a new open-access validation tool for electrocardiogram delineation
algorithms, PhysioNet, ODC-By 1.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError
from workings.lab.data.archive import members
from workings.lab.data.checks import Array, count, form
from workings.lab.data.content import content
from workings.lab.data.dataset import SPLIT_SEED, split
from workings.lab.data.npy import take_npy
from workings.lab.data.waveforms import Recording, Waveforms

FILE: Final = "ludb_lead2.npz"
RECORDED: Final = 500
"""Samples a second in the file."""
EVERY: Final = 4
"""Sampling is lowered to 125 a second: what tells the end of a T wave lies below 40 Hz."""
TOLERANCE: Final = 150.0
"""Milliseconds: what the standard (AAMI EC57) and those who delineate allow."""
FOLDS: Final = 5
MOST: Final = 20_000_000
"""Samples of all records together: twenty times what the database has."""
VALIDATED: Final = 20
"""Records to validate with: the fold after the test fold is halved; its other half is trained on."""
MARKED: Final = (
    ("T end", 2, 4),
    ("P start", 0, 2),
    ("P end", 0, 4),
    ("QRS start", 1, 2),
    ("QRS end", 1, 4),
    ("T start", 2, 2),
)
"""What is marked: its name, its wave (0 P, 1 QRS, 2 T) and its column in `waves`."""
ACCEPTED: Final = "arrays signal [records, samples], gain [records] and waves [marks, 5]"


def ludb(path: Path, fold: int = 0) -> Waveforms:
    """The records, split into 140 to train on, 20 to validate and 40 to test.

    Parameters
    ----------
    path: the .npz file, or its folder.
    fold: 0 to 4, which fifth of the records is the test part.

    Raises
    ------
    InputError: the file can't be read, or is not of that form.
    """
    file = path / FILE if path.is_dir() else path
    try:
        recordings = _recordings(*_arrays(file))
    except InputError as error:
        raise error.at(file=str(file)) from None
    folds = np.array_split(split(len(recordings), (len(recordings),), SPLIT_SEED)[0], FOLDS)
    beside = folds[(fold + 1) % FOLDS]
    test, val = np.sort(folds[fold]), np.sort(beside[: min(VALIDATED, len(beside) // 2 + 1)])
    train = np.setdiff1d(np.arange(len(recordings)), np.concatenate([test, val]))
    return Waveforms(
        *(tuple(recordings[record] for record in part) for part in (train, val, test)),
        kinds=tuple(name for name, _, _ in MARKED),
        rate=RECORDED / EVERY,
        tolerance=TOLERANCE,
        source=f"LUDB lead II, test fold {fold} of {FOLDS}",
    )


def _recordings(signal: Array, gain: Array, waves: Array) -> list[Recording]:
    """Millivolts at the lower rate, and the marks of each record that has any of a T wave's end."""
    from scipy.signal import resample_poly

    with np.errstate(all="ignore"):  # what is too large becomes no number, which a recording refuses
        lowered = resample_poly(signal / gain[:, None], 1, EVERY, axis=1, padtype="line").astype(np.float32)
    found: list[Recording] = []
    for record, values in enumerate(lowered):
        mine = waves[waves[:, 0] == record + 1]
        seen = mine[:, 2:][mine[:, 2:] >= 0]
        if not seen.size:
            continue
        marks = tuple(_times(mine[mine[:, 1] == wave, column]) for _, wave, column in MARKED)
        span = float(seen.min()) / EVERY, float(seen.max()) / EVERY
        found.append(Recording(f"record {record + 1}", values, marks, span))
    if len(found) < 3 * FOLDS:
        raise InputError(f"found {count(len(found), 'record')} with marks", accepted=f"{3 * FOLDS} or more")
    return found


def _times(samples: Array) -> Array:
    return np.unique(samples[samples >= 0]) / EVERY


def _arrays(file: Path) -> tuple[Array, Array, Array]:
    with content(file) as stream:
        if stream.file is None:
            raise InputError("is a gzip", accepted="an .npz file as it is")
        found = {name.removesuffix(".npy"): take_npy(member) for name, member in members(stream.file)}
        signal, gain, waves = (found.get(name) for name in ("signal", "gain", "waves"))
        if not (
            isinstance(signal, np.ndarray) and isinstance(gain, np.ndarray) and isinstance(waves, np.ndarray)
        ):
            raise InputError(f"found {', '.join(sorted(found)) or 'no array'}", accepted=ACCEPTED)
        _check(signal, gain, waves)
    return signal, gain, waves


def _check(signal: Array, gain: Array, waves: Array) -> None:
    """Types, shapes and ranges, so that what follows can trust them."""
    if signal.dtype.kind not in "iuf" or signal.ndim != 2 or not EVERY <= signal.size <= MOST:
        raise InputError(
            f"found {form(signal)}", accepted=f"numbers [records, samples], at most {MOST} in all"
        ).at(field="signal")
    if gain.dtype.kind not in "iuf" or gain.shape != signal.shape[:1] or not np.all(gain > 0):
        raise InputError(f"found {form(gain)}", accepted="a number above 0 for each record").at(field="gain")
    if waves.dtype.kind not in "iu" or waves.ndim != 2 or waves.shape[1] != 5:
        raise InputError(
            f"found {form(waves)}", accepted="integers [marks, 5]: record, wave, onset, peak, offset"
        ).at(field="waves")
    records, samples = signal.shape
    for column, low, high in ((0, 1, records), (1, 0, 2), *((at, -1, samples - 1) for at in (2, 3, 4))):
        wrong = np.flatnonzero((waves[:, column] < low) | (waves[:, column] > high))
        if wrong.size:
            raise InputError(f"found {waves[wrong[0], column]}", accepted=f"{low} to {high}").at(
                field=f"waves[{wrong[0]}, {column}]"
            )
