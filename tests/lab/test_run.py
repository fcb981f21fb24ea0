"""Runs: the same bytes wherever they are trained, whatever dies, and whenever someone presses Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workings.errors import InputError
from workings.lab.plan import plan
from workings.lab.results import KEPT, TIMING, CellResult
from workings.lab.run import read_run, run, under_way
from workings.lab.runs import delete, find, folders, read_all

pytestmark = pytest.mark.usefixtures("tiny")


def contents(home: Path) -> dict[str, bytes]:
    return {
        f"{cell.name}/{name}": (cell / name).read_bytes()
        for cell in (home / "line" / "cells").iterdir()
        for name in KEPT
        if name != TIMING and (cell / name).exists()
    }


def hows(found: list) -> list[str]:
    return [end.how for end in found]


def test_results_are_read_back(tmp_path):
    found = run(plan("line", {"epochs": 2}, seeds=3), to=tmp_path)
    assert [arm.name for arm in found.arms] == ["plain", "adam", "cycle"]
    assert found.values("adam", "mse") == {
        cell.seed: cell.metrics["mse"] for cell in found.cells if cell.arm == "adam"
    }
    assert [cell.seed for cell in found.of("cycle")] == [0, 1, 2]
    assert (found.data, found.source, found.failed) == ("100 points of a plane", None, ())
    assert found.settings.epochs == 2
    again = read_run(found.folder)
    assert [cell.metrics for cell in again.cells] == [cell.metrics for cell in found.cells]
    assert again.command == "workings run line epochs=2 --seeds 3"
    with pytest.raises(InputError, match="unknown measure 'msee'"):
        found.values("adam", "msee")


def test_more_seeds_train_only_what_is_new(tmp_path):
    ends: list = []
    run(plan("line", seeds=2), to=tmp_path)
    run(plan("line", seeds=3), to=tmp_path, heard=ends.append)
    assert hows(ends) == ["kept", "kept", "done"] * 3


def test_a_failed_cell_does_not_hold_up_the_others(tmp_path):
    found = run(plan("line", {"adam.fault": "raise"}, seeds=2), to=tmp_path)
    assert len(found.cells) == 4
    assert [(failure.arm, failure.seed) for failure in found.failed] == [("adam", 0), ("adam", 1)]


def test_a_diverged_cell_is_among_the_results_as_failed(tmp_path):
    told = {"plain.learning_rate": 1000, "plain.epochs": 50}
    found = run(plan("line", told, seeds=1), to=tmp_path)
    (failure,) = found.failed
    assert failure.arm == "plain"
    assert "a lower learning_rate" in failure.reason


@pytest.mark.slow
def test_processes_give_the_same_bytes_and_outlive_a_death(tmp_path):
    inline = run(plan("line", seeds=2), to=tmp_path / "inline")
    spread = run(plan("line", seeds=2), to=tmp_path / "spread", on="processes:2")
    assert contents(tmp_path / "spread") == contents(tmp_path / "inline")
    assert [cell.metrics for cell in spread.cells] == [cell.metrics for cell in inline.cells]

    ends: list = []
    found = run(
        plan("line", {"adam.fault": "die"}, seeds=1),
        to=tmp_path / "spread",
        on="processes:2",
        heard=ends.append,
    )
    assert sorted(hows(ends)) == ["failed", "kept", "kept"]
    assert "its worker died 2 times" in next(end.reason for end in ends if end.how == "failed")
    assert [failure.arm for failure in found.failed] == ["adam"]


@pytest.mark.slow
def test_ctrl_c_keeps_the_state(tmp_path):
    run(plan("line", seeds=2), to=tmp_path / "whole")
    command = [sys.executable, str(Path(__file__).with_name("lines.py")), str(tmp_path / "cut")]
    with subprocess.Popen([*command, "2"], env={"TINY_PAUSE": "0.1"}, stderr=subprocess.PIPE) as process:
        while not list((tmp_path / "cut").glob("line/cells/*/progress.json")):
            assert process.poll() is None
            time.sleep(0.01)
        found = under_way(plan("line", seeds=2), tmp_path / "cut" / "line")
        assert [(cell.arm, cell.seed, cell.steps, cell.epochs) for cell in found] == [("plain", 0, 15, 3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1  # cells are left
        assert process.stderr.read() == b""
    assert list((tmp_path / "cut").glob("line/cells/*/state.json"))
    run(plan("line", seeds=2), to=tmp_path / "cut")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_runs_are_found_by_name_and_deleted_with_what_is_theirs_alone(tmp_path):
    with pytest.raises(InputError, match="no runs in"):
        find(tmp_path, "line")
    two = run(plan("line", seeds=2), to=tmp_path).folder
    three = run(plan("line", seeds=3), to=tmp_path).folder
    assert set(folders(tmp_path)) == {two, three}
    assert (
        find(tmp_path, two.name) == find(tmp_path, f"line/{two.name}") == find(tmp_path, two.name[:5]) == two
    )
    assert find(tmp_path, "line") == three
    with pytest.raises(InputError, match="unknown run 'nope'"):
        find(tmp_path, "nope")
    assert delete(three) == 3
    kept = read_run(two)
    assert len(kept.cells) == 6
    assert all(isinstance(cell, CellResult) for cell in kept.cells)
    assert delete(two) == 6
    assert not (tmp_path / "line").exists()


def test_a_damaged_run_is_told_beside_the_others(tmp_path):
    good = run(plan("line", seeds=1), to=tmp_path).folder
    bad = run(plan("line", seeds=2), to=tmp_path).folder
    (bad / "run.json").write_text('{"study": "line"}')
    found = read_all(tmp_path)
    assert sorted(type(each).__name__ for each in found) == ["InputError", "Results"]
    (good / "run.json").write_bytes(b"\xff\xfe")
    assert all(isinstance(each, InputError) for each in read_all(tmp_path))


def test_a_missing_cell_is_a_failure_that_says_so(tmp_path):
    found = run(plan("line", seeds=1), to=tmp_path)
    (found.cells[0].folder / "result.json").unlink()
    assert [(each.arm, each.reason) for each in read_run(found.folder).failed] == [("plain", "not finished")]
