"""Two hundred cells and a kill −9 every few seconds: what is lost, doubled, or different.

    python benchmarks/kills.py [STUDY] [--seeds 67] [--every 6] [name=value ...]

`workings run` in two processes is started again and again. At random moments either all of its processes are
killed, or one worker alone, which the run must outlive. In the end the cells are compared byte for byte, and
the reports too, with those of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workings.lab.results import KEPT, RESULT, TIMING

TIMED = re.compile(r"^## Seconds.*?(?=^## |\Z)", flags=re.MULTILINE | re.DOTALL)
"""The part of a report that differs from run to run."""


def command(words: argparse.Namespace, to: Path) -> list[str]:
    """The run."""
    workings = Path(sys.executable).with_name("workings")
    run = [str(workings), "run", words.study, *words.settings, "--quick", "--seeds", str(words.seeds)]
    return [*run, "--on", "processes:2", "--to", str(to)]


def children(parent: int) -> list[int]:
    """The worker processes of a run."""
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def disturbed(words: argparse.Namespace, to: Path) -> tuple[int, int]:
    """Run to the end under kills; returns how many runs and how many lone workers were killed."""
    chance = random.Random(0)
    runs = workers = 0
    while True:
        with subprocess.Popen(
            command(words, to),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            while process.poll() is None:
                try:
                    process.wait(chance.uniform(0.5, 2) * words.every)
                except subprocess.TimeoutExpired:
                    crew = children(process.pid)
                    if crew and chance.random() < 1 / 3:
                        subprocess.run(["kill", "-9", str(chance.choice(crew))], check=False)
                        workers += 1
                    else:
                        subprocess.run(["kill", "-9", "--", f"-{process.pid}"], check=False)
                        runs += 1
            if process.returncode != -signal.SIGKILL:
                assert process.returncode == 0, f"the run ended with {process.returncode}"
                return runs, workers


def content(to: Path, study: str) -> dict[str, bytes]:
    """All cells, without their times."""
    return {
        f"{cell.name}/{name}": (cell / name).read_bytes()
        for cell in (to / study / "cells").iterdir()
        for name in KEPT
        if name != TIMING and (cell / name).exists()
    }


def report(to: Path, study: str) -> str:
    """The report, without the times."""
    (path,) = (to / study).glob("*/report.md")
    return TIMED.sub("", path.read_text(encoding="utf-8"))


def main() -> None:
    """Print the outcome."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("study", nargs="?", default="sequence_lengths")
    words.add_argument("settings", nargs="*")
    words.add_argument("--seeds", type=int, default=67)
    words.add_argument("--every", type=float, default=6)
    told = words.parse_args()
    with tempfile.TemporaryDirectory() as room:
        whole, cut = Path(room) / "whole", Path(room) / "cut"
        start = time.perf_counter()
        subprocess.run(command(told, whole), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        quiet = time.perf_counter() - start
        start = time.perf_counter()
        runs, workers = disturbed(told, cut)
        seconds = time.perf_counter() - start
        ours, theirs = content(cut, told.study), content(whole, told.study)
        cells = sum(name.endswith(RESULT) for name in ours)
        left = [path for path in (cut / told.study / "cells").rglob("*") if path.name.endswith(".part")]
        print(f"{cells} cells; {runs} runs and {workers} lone workers killed")
        print(f"{seconds:.0f} s, undisturbed {quiet:.0f} s")
        print(
            "cells",
            "equal" if ours == theirs else "DIFFERENT",
            "byte for byte;",
            len(left),
            "files left over",
        )
        print("report", "the same" if report(cut, told.study) == report(whole, told.study) else "DIFFERENT")
        shutil.rmtree(room, ignore_errors=True)


if __name__ == "__main__":
    main()
