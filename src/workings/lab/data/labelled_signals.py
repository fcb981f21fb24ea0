"""Signals and labels as a table: a row a sample, 1 where a waveform ends.

    signal,label             record,signal,label
    0.113,0                  s01,0.113,0
    0.120,1                  s01,0.120,1

With three records or more the parts are whole records; with fewer, each record is cut in time.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.dataset import SPLIT_SEED, split
from workings.lab.data.tables import Table, read_table
from workings.lab.data.waveforms import Recording, Waveforms

ACCEPTED: Final = "a header with the columns signal and label, and perhaps record"
TOLERANCE: Final = 10
"""Samples within which a found end is right, unless milliseconds are set."""
CUTS: Final = (0.6, 0.8)
"""Where a record is cut in time: before the first to train on, after the second to test."""


def labelled_signals(path: Path, rate: float) -> Waveforms:
    """The records of a .csv or .tsv, packed with gzip or not.

    A fifth of the records (one at least) is the test part, another fifth validates.

    Parameters
    ----------
    rate: samples a second.

    Raises
    ------
    InputError: a column is missing, a label is neither 0 nor 1, a record comes twice, or a part has no end.
    """
    table = read_table(path, ("record",))
    try:
        parts = _parts(_records(table))
    except InputError as error:
        raise error.at(file=str(path)) from None
    return Waveforms(*parts, kinds=("end",), rate=rate, tolerance=1000 * TOLERANCE / rate, source=path.name)


def _parts(records: list[Recording]) -> tuple[tuple[Recording, ...], ...]:
    """Recordings to train on, to validate and to test."""
    if len(records) < 3:
        return tuple(zip(*map(_cut, records), strict=True))
    aside = max(1, len(records) // 5)
    order = split(len(records), (len(records) - 2 * aside, aside, aside), SPLIT_SEED)
    return tuple(tuple(records[at] for at in np.sort(each)) for each in order)


def _records(table: Table) -> list[Recording]:
    names = {name.casefold(): name for name in table.names}
    for wanted in ("signal", "label"):
        if wanted not in names:
            raise InputError(f"found no column called {wanted}", accepted=ACCEPTED)
    signal, label = table.column(names["signal"]), table.column(names["label"])
    wrong = np.flatnonzero((label != 0) & (label != 1))
    if wrong.size:
        raise InputError(f"found the label {label[wrong[0]]:g}", accepted="0 or 1").at(
            line=int(table.lines[wrong[0]]), field=names["label"]
        )
    with np.errstate(over="ignore"):
        values = signal.astype(np.float32)
    beyond = np.flatnonzero(~np.isfinite(values))
    if beyond.size:
        raise InputError(f"found {signal[beyond[0]]:g}", accepted="numbers up to 3e38").at(
            line=int(table.lines[beyond[0]]), field=names["signal"]
        )
    record = table.text.get("record", ("signal",) * len(values))
    starts = [at for at in range(len(record)) if at == 0 or record[at] != record[at - 1]]
    found: dict[str, Recording] = {}
    for start, end in zip(starts, [*starts[1:], len(record)], strict=True):
        name = record[start]
        if name in found:
            raise InputError(
                f"the record {echo(name)} begins again", accepted="all rows of a record together"
            ).at(line=int(table.lines[start]), field="record")
        ends = np.flatnonzero(label[start:end]).astype(np.float64)
        found[name] = Recording(name, values[start:end], (ends,), (0.0, end - start - 1.0))
    return list(found.values())


def _cut(record: Recording) -> tuple[Recording, ...]:
    """The record in three pieces, one after the other in time."""
    size = record.signal.size
    cuts = [0, *(int(share * size) for share in CUTS), size]
    if min(np.diff(cuts)) < 1:
        raise InputError(f"found {size} samples", accepted="5 or more").at(field=record.name)
    (ends,) = record.marks
    pieces: list[Recording] = []
    for start, end in pairwise(cuts):
        mine = ends[(ends >= start) & (ends < end)] - start
        span = 0.0, end - start - 1.0
        pieces.append(Recording(f"{record.name} from {start}", record.signal[start:end], (mine,), span))
    return tuple(pieces)
