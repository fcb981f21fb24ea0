"""Cells on disk: their names, and what they come to when they are killed, damaged, or have no room."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workings.errors import InputError
from workings.lab import cell as cells
from workings.lab.cell import Job, mark, work
from workings.lab.plan import plan
from workings.lab.results import KEPT, RESULT, TIMING, WEIGHTS, CellResult, read_cell

LINES = Path(__file__).with_name("lines.py")
SAME = [name for name in KEPT if name != TIMING]
pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def job(tmp_path):
    def make(seed=0, **given) -> Job:
        found = plan("line", given, seeds=[seed], only=["adam"])
        home = tmp_path / "line"
        home.mkdir(exist_ok=True)
        return Job(found.cells[0], home, mark(home))

    return make


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in SAME if (folder / name).exists()}


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {*KEPT, ".lock"}


def test_name_is_of_all_that_matters(job):
    names = {
        job().cell.name,
        job(1).cell.name,
        job(epochs=4).cell.name,
        job(threads=2).cell.name,
        job(weight_decay=1e-9).cell.name,
        plan("line", seeds=1, only=["plain"]).cells[0].name,
    }
    assert len(names) == 6
    assert all(len(name) == 16 for name in names)
    assert job().cell.name == job(epochs="3").cell.name


def test_where_the_data_lies_does_not_matter(job, tmp_path):
    path = tmp_path / "data"
    path.touch()
    assert plan("line", data=path, seeds=1, only=["adam"]).cells[0].name == job().cell.name


def test_finished_cell_is_kept(job):
    assert work(job()).how == "done"
    before = content(job().folder)
    assert set(before) == {
        "settings.json",
        "metrics.jsonl",
        "weights.safetensors",
        "arrays.safetensors",
        RESULT,
    }
    assert not leftovers(job().folder)
    assert work(job()).how == "kept"
    assert content(job().folder) == before


def test_result_says_what_was_measured(job):
    work(job())
    found = read_cell(job().folder)
    assert isinstance(found, CellResult)
    assert found.metrics["mse"] == pytest.approx(found.arrays["examples"].mean())
    assert [row["epoch"] for row in found.rows] == [1, 2, 3]
    assert 0 < found.rows[0]["seconds"] < found.rows[2]["seconds"] == found.seconds
    assert found.settings["optimizer"] == "adam"


def test_killed_between_any_two_steps_it_comes_to_the_same_bytes(job, monkeypatch, tmp_path):
    work(job())
    whole = content(job().folder)
    monkeypatch.setattr(cells, "SAVED_EVERY", 0)
    monkeypatch.setattr(cells, "TOLD_EVERY", 0)

    class Killed(BaseException):
        pass

    (tmp_path / "other").mkdir()
    other = Job(job().cell, tmp_path / "other", mark(tmp_path / "other"))
    hear = cells._Diary.hear
    kills = 0
    for step in range(1, 16):  # 70 examples in batches of 16: 5 steps an epoch, 3 epochs

        def dying(self, event, step=step):
            hear(self, event)
            if event.step == step:
                raise Killed

        monkeypatch.setattr(cells._Diary, "hear", dying)
        try:
            work(other)
        except Killed:
            kills += 1
    monkeypatch.setattr(cells._Diary, "hear", hear)
    assert kills == 15
    assert work(other).how == "done"
    assert content(other.folder) == whole
    assert not leftovers(other.folder)


@pytest.fixture
def left_at(monkeypatch):
    """Leaves a job at a step, as Ctrl-C would."""

    def leave(job: Job, step: int) -> None:
        hear = cells._Diary.hear

        def stopping(self, event):
            if event.step == step:
                (job.home / cells.STOP).touch()
            hear(self, event)

        with monkeypatch.context() as changed:
            changed.setattr(cells, "TOLD_EVERY", 0)
            changed.setattr(cells._Diary, "hear", stopping)
            assert work(job).how == "stopped"
        (job.home / cells.STOP).unlink()

    return leave


def emptied(job: Job) -> dict[str, bytes]:
    """What a whole training gives; the folder is empty afterwards."""
    work(job)
    found = content(job.folder)
    for path in job.folder.iterdir():
        path.unlink()
    return found


def test_a_torn_line_is_cut_off(job, left_at):
    whole = emptied(job())
    left_at(job(), 7)
    with (job().folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"epoch": 2.0, "lear')
    assert work(job()).how == "done"
    assert content(job().folder) == whole


def test_a_file_that_is_not_there_is_not_called_damaged(job):
    work(job())
    (job().folder / RESULT).unlink()
    with pytest.raises(InputError, match=r"can't read .*result\.json.*: No such file"):
        read_cell(job().folder)


@pytest.mark.parametrize("name", [WEIGHTS, RESULT, "metrics.jsonl", "settings.json"])
def test_a_damaged_cell_is_told_and_made_anew(job, name):
    work(job())
    whole = content(job().folder)
    path = job().folder / name
    path.write_bytes(path.read_bytes()[:-9] + b"\0")
    end = work(job())
    assert end.how == "done"
    assert "is not as it was written; the cell was trained anew" in end.reason
    assert content(job().folder) == whole


@pytest.mark.parametrize("damage", ["state.json", "weights-*", "state-*"])
def test_a_damaged_state_is_told_and_not_taken_up(job, left_at, damage):
    whole = emptied(job())
    left_at(job(), 7)
    path = next(job().folder.glob(damage))
    path.write_bytes(path.read_bytes()[:-20])
    end = work(job())
    assert end.how == "done"
    assert "can't be read" in end.reason
    assert "started anew" in end.reason
    assert content(job().folder) == whole
    assert not leftovers(job().folder)


def test_divergence_is_a_result_of_its_own(job):
    diverging = job(learning_rate=1000, optimizer="sgd", clip_norm=None, epochs=40)
    end = work(diverging)
    assert end.how == "failed"
    assert "accepted: a lower learning_rate" in end.reason
    assert json.loads((diverging.folder / "failed.json").read_bytes())["reason"] == end.reason
    assert work(diverging) == end


def test_a_mistake_in_a_step_is_the_cells_own_affair(job):
    end = work(job(fault="raise"))
    assert end.how == "failed"
    assert end.reason.startswith("RuntimeError: this step can't be made (see ")
    assert "Traceback" in (job(fault="raise").folder / "error.txt").read_text()


def test_a_folder_that_is_a_file(job):
    (job().home / "cells").write_text("not a folder")
    end = work(job())
    assert end.how == "failed"
    assert "can't make the folder" in end.reason


def test_two_workers_on_one_cell_train_it_once(job):
    ends = []
    workers = [threading.Thread(target=lambda: ends.append(work(job()).how)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ends) == ["done", "kept"]


def test_a_worker_on_another_disk_sends_the_files(job, monkeypatch, tmp_path):
    work(job())
    monkeypatch.setattr(cells, "gettempdir", lambda: str(tmp_path / "elsewhere"))
    far = Job(job().cell, tmp_path / "not there", "some other word")
    end = work(far)
    assert end.how == "done"
    assert not far.home.exists()
    assert {name: found for name, found in end.files.items() if name != TIMING} == content(job().folder)


@contextmanager
def lines(folder: Path, *, pause: float = 0.0, **options) -> Generator[subprocess.Popen[str]]:
    """Two seeds of three arms in a process of their own."""
    command = [sys.executable, str(LINES), str(folder), "2"]
    told = os.environ | {"TINY_PAUSE": str(pause)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=told, **options) as process:
        yield process


def test_no_room_on_the_disk(tmp_path):
    """A limit on the size of files gives the same error of the system as a full disk."""
    room = (1000, 1000)
    with lines(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, room)) as short:
        _, said = short.communicate(timeout=60)
    assert short.returncode == 1
    assert "Traceback" not in said
    with lines(tmp_path) as roomy:
        assert roomy.wait(60) == 0


@pytest.mark.slow
def test_kill_9_again_and_again(tmp_path):
    """The same in processes that are killed as each new state appears, until one comes to the end."""
    with lines(tmp_path / "whole") as process:
        assert process.wait(120) == 0
    killed = tmp_path / "killed" / "line" / "cells"
    for _ in range(5):
        with lines(tmp_path / "killed", pause=0.05) as process:
            before = {path.name for path in killed.glob("*/state-*")}
            while {path.name for path in killed.glob("*/state-*")} <= before:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
    with lines(tmp_path / "killed") as process:
        assert process.wait(120) == 0
    whole = {path.name: content(path) for path in (tmp_path / "whole" / "line" / "cells").iterdir()}
    assert len(whole) == 6
    assert {path.name: content(path) for path in killed.iterdir()} == whole
    assert not any(leftovers(path) for path in killed.iterdir())
