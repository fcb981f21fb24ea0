"""Marking a class: what it costs beside reading the sheets, in two processes, and as the class grows.

Every round marks sheets that nobody has marked before, and has forgotten the verdicts of the round before.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
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
ROUNDS = 3


def marking() -> Outcome:
    """1 000 sheets marked, the key made and all, against ruamel.yaml reading them."""
    from ruamel.yaml import YAML, YAMLError

    count = 1000
    with tempfile.TemporaryDirectory() as room:
        classes = list(fresh(Path(room), count, ROUNDS))
        ours, peers = iter(classes), iter(classes)

        def peer() -> None:
            for sheet in sorted(next(peers).iterdir()):
                with suppress(YAMLError):
                    YAML(typ="safe").load(sheet.read_text(encoding="utf-8"))

        times = interleaved(lambda: mark(next(ours), "inline"), peer, ROUNDS, 0, before=scheme_of.cache_clear)
    answers = count * QUANTITIES / statistics.median(times[0])
    note = f"{count} fresh sheets × {QUANTITIES} quantities, the key included; {answers:,.0f} a second"
    return Outcome("marking a class, over ruamel.yaml reading its sheets", *times, 2.0, note=note)


def marking_on_two() -> Outcome:
    """10 000 sheets marked by one process against two; the key is made before, the verdicts are not."""
    count = 10_000
    with tempfile.TemporaryDirectory() as room:
        classes = list(fresh(Path(room), count, ROUNDS))
        ours, peers = iter(classes), iter(classes)
        times = interleaved(
            lambda: mark(next(ours), "processes:2"),
            lambda: mark(next(peers), "inline"),
            ROUNDS,
            0,
            before=key_made,
        )
    note = f"{count} fresh sheets; the key made before"
    return Outcome("marking a class: one process over two", *times, 1.8, at_least=True, note=note)


def marking_grows() -> Outcome:
    """10 000 sheets against 1 000, the key made before; below linear, since verdicts are remembered."""
    with tempfile.TemporaryDirectory() as room:
        (large,) = fresh(Path(room), 10_000, 1)
        small = Path(room) / "small"
        small.mkdir()
        for sheet in sorted(large.iterdir())[::10]:
            shutil.copy(sheet, small)
        times = interleaved(
            lambda: mark(large, "inline"), lambda: mark(small, "inline"), ROUNDS, 0, before=key_made
        )
    return Outcome("marking 10 000 sheets, over 1 000", *times, 10.0, note="linear is 10")


def mark(folder: Path, on: str) -> None:
    """What `workings mark papers/examination.md FOLDER -o marks.csv --on ON` does in its process."""
    heard: list[object] = []
    hand_back(PAPER, [folder], say=text, heard=heard.append, to=folder.with_suffix(".csv"), on=on)


def key_made() -> None:
    """A key that no sheet has been compared with."""
    scheme_of.cache_clear()
    scheme_of(PAPER.text, PAPER.file)


def fresh(room: Path, count: int, classes: int) -> Iterator[Path]:
    """Folders of `count` answer sheets each, by other simulated students every time."""
    place = ROOT / "examples" / "class" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", place)
    assert spec is not None
    assert spec.loader is not None
    simulate = sys.modules["simulate"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulate)
    classroom = simulate.Classroom(PAPER)
    for number in range(classes):
        folder = room / f"class-{number}"
        folder.mkdir()
        for one in classroom.draw(count, 1000 + number):
            sheet = write_yaml({"student": one.student, "answers": one.answers})
            (folder / f"{one.student}.yaml").write_text(sheet, encoding="utf-8")
        yield folder
