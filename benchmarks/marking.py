"""Marking a class: what it costs beside reading the sheets, in two processes, and as the class grows.

Verdicts are remembered from sheet to sheet, so every run begins anew, with none.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from timing import Outcome, interleaved

from workings.cli.marking import text
from workings.papers.document import read
from workings.papers.hand_back import hand_back
from workings.papers.workers import scheme_of
from workings.papers.yaml_writer import write_yaml

ROOT = Path(__file__).resolve().parents[1]
PAPER = read(ROOT / "papers" / "examination.md")
QUANTITIES = 88
ROUNDS = 5


def marking() -> Outcome:
    """1 000 sheets marked, the key made and all, against ruamel.yaml reading them."""
    from ruamel.yaml import YAML, YAMLError

    count = 1000
    with tempfile.TemporaryDirectory() as room:
        sheets = class_of(Path(room), count)

        def peer() -> None:
            for sheet in sorted(sheets.iterdir()):
                with suppress(YAMLError):
                    YAML(typ="safe").load(sheet.read_text(encoding="utf-8"))

        times = interleaved(lambda: mark(sheets), peer, ROUNDS, 0, before=scheme_of.cache_clear)
    rate = count * QUANTITIES / statistics.median(times[0])
    note = f"{count} sheets × {QUANTITIES} quantities, the key included; {rate:,.0f} quantities a second"
    return Outcome("marking a class, over ruamel.yaml reading its sheets", *times, 2.0, note=note)


def marking_on_two() -> Outcome:
    """5 000 sheets marked by one process against two; the key is made before."""
    with tempfile.TemporaryDirectory() as room:
        sheets = class_of(Path(room), 5000)
        times = interleaved(
            lambda: mark(sheets, "processes:2"), lambda: mark(sheets), ROUNDS, 0, before=key_made
        )
    note = "5 000 sheets, the key and its slips made before"
    return Outcome("marking a class: one process over two", *times, 1.8, at_least=True, note=note)


def marking_grows() -> Outcome:
    """5 000 sheets against 500, the key made before; below linear, since wrong answers recur."""
    with tempfile.TemporaryDirectory() as room:
        large, small = class_of(Path(room), 5000), Path(room) / "small"
        small.mkdir()
        for sheet in sorted(large.iterdir())[::10]:
            shutil.copy(sheet, small)
        times = interleaved(lambda: mark(large), lambda: mark(small), ROUNDS, 0, before=key_made)
    return Outcome("marking 5 000 sheets, over 500", *times, 10.0, note="linear is 10")


def mark(sheets: Path, on: str = "inline") -> None:
    """What `workings mark papers/examination.md SHEETS -o marks.csv --on ON` does in its process."""
    heard: list[object] = []
    hand_back(PAPER, [sheets], say=text, heard=heard.append, to=sheets.with_suffix(".csv"), on=on)


def key_made() -> None:
    """A key with its slips, with which no sheet has been compared."""
    scheme_of.cache_clear()
    for key in scheme_of(PAPER.text, PAPER.file).keys.values():
        for label in key.order:
            key.slips(label)


def class_of(room: Path, count: int) -> Path:
    """A folder with the answer sheets of a simulated class."""
    place = ROOT / "examples" / "class" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", place)
    assert spec is not None
    assert spec.loader is not None
    simulate = sys.modules["simulate"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulate)
    folder = room / "class"
    folder.mkdir()
    for one in simulate.Classroom(PAPER).draw(count, 7):
        sheet = write_yaml({"student": one.student, "answers": one.answers})
        (folder / f"{one.student}.yaml").write_text(sheet, encoding="utf-8")
    return folder
