"""T-wave ends of LUDB lead II: this project's detector and neurokit2's delineation on the same records.

    python benchmarks/delineation.py [FOLDER] [--cells runs/waveform_ends/cells] [--fold 0]

neurokit2 is none of the project's dependencies (pip install neurokit2), and the records are not shipped;
where one of them is missing, this says so and measures nothing. Both sides are scored by one function,
`workings.lab.metrics.events.compare`: 150 ms, one to one, between a record's first and last mark. The
detector's rows are those of a finished run, `workings run waveform_ends --data FOLDER`. neurokit2 has nothing
to train, so it is scored on the test records of that run and on all 200.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from workings.errors import InputError
from workings.lab.data.ludb import FILE, RECORDED, TOLERANCE, ludb
from workings.lab.metrics.classification import f1, precision, recall
from workings.lab.metrics.events import Comparison, compare
from workings.lab.results import CellResult, read_cell

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ludb_lead2"
METHODS = ("dwt", "cwt", "peak", "prominence")
HEAD = (
    "| on | by | F1 (%) | precision (%) | recall (%) | error (ms) | a record (ms) |\n"
    "|:--|:--|--:|--:|--:|--:|--:|"
)


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", nargs="?", type=Path, default=DATA, help="the folder of ludb_lead2.npz")
    asked.add_argument("--cells", type=Path, help="the cells of a finished run")
    asked.add_argument("--fold", type=int, default=0, choices=range(5), help="the test fold of that run")
    given, _ = asked.parse_known_args()  # what is meant for other benchmarks (--write) is theirs
    try:
        import neurokit2
    except ImportError:
        print("delineation: neurokit2 is not installed (pip install neurokit2); nothing measured")
        return
    if not (given.data / FILE).is_file():
        print(f"delineation: no {FILE} in {given.data}; nothing measured")
        return
    data = ludb(given.data, given.fold)
    tested = {int(each.name.split()[1]) for each in data.test}
    print(HEAD)
    if given.cells:
        trained(given.cells, data.digest)
    recordings = {
        int(each.name.split()[1]): each for part in (data.train, data.val, data.test) for each in part
    }
    with np.load(given.data / FILE) as raw:
        signals = raw["signal"] / raw["gain"][:, None]
    for method in METHODS:
        scores: dict[int, Comparison] = {}
        failed = 0
        began = perf_counter()
        for number, recording in sorted(recordings.items()):
            found = delineated(neurokit2, signals[number - 1], method)
            failed += found is None
            scale = 1000 / data.rate
            low, high = recording.span
            true = recording.marks[0] * scale
            times = np.empty(0) if found is None else found
            scores[number] = compare(times, true, TOLERANCE, (low * scale, high * scale))
        seconds = (perf_counter() - began) / len(recordings)
        note = f" ({failed} records fail)" if failed else ""
        row(f"test fold {given.fold}", f"neurokit2 {method}", [scores[each] for each in tested], seconds)
        row("all 200 records", f"neurokit2 {method}{note}", list(scores.values()), seconds)


def delineated(neurokit2: Any, signal: np.ndarray, method: str) -> np.ndarray | None:
    """T-wave ends in ms by neurokit2's own chain (clean, peaks, delineate); None where it raises."""
    # It warns of empty means, and raises ValueError, ZeroDivisionError and others where it finds too few
    # beats: whatever it is, such a record has no ends.
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        clean = neurokit2.ecg_clean(signal, sampling_rate=RECORDED)
        _, peaks = neurokit2.ecg_peaks(clean, sampling_rate=RECORDED)
        _, waves = neurokit2.ecg_delineate(clean, peaks, sampling_rate=RECORDED, method=method)
        ends = np.asarray(waves["ECG_T_Offsets"], np.float64)
        return ends[np.isfinite(ends)] * 1000 / RECORDED
    return None


def trained(cells: Path, digest: str) -> None:
    """A row for each cell of the run that had these data."""
    import json

    for folder in sorted(cells.iterdir()):
        cell = read_cell(folder)
        if not isinstance(cell, CellResult):
            continue
        if json.loads((folder / "settings.json").read_text())["data"] != digest:
            continue
        rows, errors = cell.arrays["examples"], cell.arrays["errors"]
        print(line("test fold", f"{cell.arm}, seed {cell.seed}", rows, errors, None))


def row(on: str, by: str, scores: Sequence[Comparison], seconds: float) -> None:
    """Print a row of the table."""
    rows = np.array([score.counts for score in scores], np.float64)
    print(line(on, by, rows, np.concatenate([score.errors for score in scores]), seconds), flush=True)


def line(on: str, by: str, rows: np.ndarray, errors: np.ndarray, seconds: float | None) -> str:
    """A row of the table."""
    shares = " | ".join(f"{100 * measure(rows):.2f}" for measure in (f1, precision, recall))
    spread = f"{errors.mean():+.1f} ± {errors.std(ddof=1):.1f}".replace("-", "−")
    time = "" if seconds is None else f"{1000 * seconds:.0f}"
    return f"| {on} | {by} | {shares} | {spread} | {time} |"


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
