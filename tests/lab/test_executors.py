"""Executors: order, flat memory, and what happens when a worker or the user gives up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pytest

from workings.errors import InputError
from workings.lab import executors
from workings.lab.executors import Inline, Processes, Ray, parse_on


def square(x):
    return x * x


def slowest_first(x):
    time.sleep(0.05 if x == 0 else 0)
    return x


def grow(x):
    return bytes(len(x))


def own_process(_):
    return os.getpid()


def fail_at(bad, x):
    if x == bad:
        raise InputError(f"found {x}", accepted="another").at(file="a.yaml", line=3)
    return x


def divide(x):
    return 1 / x


def die_at(bad, how, x):
    if x == bad:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(3)
    return x


def unsendable(x):
    return lambda: x


ALL = [Inline(), Processes(1), Processes(2), Processes(5)]


@pytest.mark.parametrize("executor", ALL, ids=str)
@pytest.mark.parametrize("chunk", [1, 3, 100])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_results_come_in_the_order_of_the_items(executor, chunk, count):
    assert list(executor.run(square, range(count), chunk=chunk)) == [x * x for x in range(count)]


@pytest.mark.parametrize("executor", ALL, ids=str)
def test_large_items_and_large_results_do_not_wait_for_each_other(executor):
    found = list(executor.run(grow, (bytes(3_000_000) for _ in range(12)), chunk=1))
    assert [len(one) for one in found] == [3_000_000] * 12


@pytest.mark.parametrize("executor", ALL, ids=str)
def test_the_slowest_comes_first_if_it_was_first(executor):
    assert list(executor.run(slowest_first, range(20), chunk=1)) == list(range(20))


def test_work_is_spread_and_leaves_this_process():
    found = set(Processes(2).run(own_process, range(40), chunk=1))
    assert len(found) == 2
    assert os.getpid() not in found
    assert set(Inline().run(own_process, range(3))) == {os.getpid()}


@pytest.mark.parametrize("executor", ALL, ids=str)
def test_items_are_taken_as_they_are_needed(executor):
    taken = 0

    def items():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = executor.run(square, items(), chunk=2)
    assert [next(results) for _ in range(3)] == [1, 4, 9]
    assert taken <= 2 * executors.AHEAD * 5 + 2 * 5
    results.close()


@pytest.mark.parametrize("executor", ALL, ids=str)
def test_what_the_function_raises_is_raised_when_its_turn_comes(executor):
    results = executor.run(partial(fail_at, 7), range(20), chunk=3)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(InputError) as caught:
        next(results)
    assert str(caught.value) == "a.yaml:3: found 7; accepted: another"


def test_an_error_in_a_worker_tells_where_it_arose():
    with pytest.raises(ZeroDivisionError) as caught:
        list(Processes(2).run(divide, [1, 0]))
    assert "return 1 / x" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("how", "said"), [("kill", "SIGKILL, as when memory runs out"), ("exit", "exit status 3")]
)
@pytest.mark.parametrize(("chunk", "where"), [(1, "item 8"), (3, "items 7 to 9")])
def test_a_worker_that_dies_is_reported_with_its_items(how, said, chunk, where):
    with pytest.raises(InputError) as caught:
        list(Processes(2).run(partial(die_at, 7, how), range(100), chunk=chunk))
    assert caught.value.problem == f"a worker ended without a word on {where} ({said})"


def test_what_cannot_be_sent_back_is_an_error_and_no_hang():
    with pytest.raises(RuntimeError, match="pickle"):
        list(Processes(2).run(unsendable, range(3)))


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_no_worker_is_left_behind(monkeypatch, start):
    context = executors.multiprocessing.get_context(start)
    monkeypatch.setattr(executors, "_context", lambda: context)
    results = Processes(2).run(own_process, iter(range(1000)), chunk=1)
    workers = {next(results) for _ in range(10)}
    results.close()
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.parametrize("chunk", [0, -1])
@pytest.mark.parametrize("executor", [*ALL, Ray()], ids=str)
def test_a_chunk_has_items(executor, chunk):
    with pytest.raises(InputError):
        list(executor.run(square, [1], chunk=chunk))


SCRIPT = """
    import sys, time
    from workings.lab.executors import Processes

    def work(x):
        time.sleep(0.01)
        return x

    for x in Processes(2).run(work, iter(range(100_000))):
        if x == 10:
            print("going", flush=True)
"""


def start(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "going\n"
    return process


def members(group):
    """The processes of a group that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state, _, owner = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(owner) == group and state != "Z":
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_a_kill_leave_no_worker(tmp_path, sent):
    process = start(tmp_path)
    if sent is signal.SIGINT:
        os.killpg(process.pid, sent)  # a terminal sends Ctrl-C to all of them
    else:
        process.send_signal(sent)
    _, said = process.communicate(timeout=20)
    deadline = time.monotonic() + 5
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members(process.pid) == []
    if sent is signal.SIGINT:
        assert said.count("Traceback") == 1  # of the one who asked, and none of the workers
        assert "KeyboardInterrupt" in said


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "executor"),
    [("inline", Inline()), ("processes:4", Processes(4)), (" processes:1 ", Processes(1))],
)
def test_names_of_executors(text, executor):
    assert parse_on(text) == executor


def test_as_many_processes_as_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert parse_on("processes") == Processes(3)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("", ()),
        ("process", ("processes",)),
        ("processes:", ()),
        ("processes:0", ()),
        ("processes:-1", ()),
        ("processes:1000", ()),
        ("processes:four", ()),
        ("processes:٣", ()),
        ("inline:2", ()),
        ("rya", ("ray",)),
        ("x" * 10_000_000, ()),
    ],
)
def test_other_names_are_refused(text, near):
    with pytest.raises(InputError) as caught:
        parse_on(text)
    assert caught.value.near == near
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["ray", "ray://head:10001"])
def test_ray_that_is_not_installed(monkeypatch, text):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError) as caught:
        parse_on(text)
    assert (
        str(caught.value) == "Ray is not installed; accepted: pip install 'workings[cluster]', or processes"
    )


class FakeRay:
    """The few calls of Ray that are used, done at once; `lost` is the task whose worker dies."""

    class exceptions:  # noqa: N801  as Ray has it
        RayError = type("RayError", (Exception,), {})
        RayTaskError = type("RayTaskError", (RayError,), {})

    def __init__(self, lost=None):
        self.lost, self.calls, self.most, self.cancelled = lost, [], 0, 0
        self.waiting = 0

    def is_initialized(self):
        return False

    def init(self, **settings):
        self.calls.append(("init", settings["address"]))

    def shutdown(self):
        self.calls.append(("shutdown",))

    def put(self, value):
        return value

    def cluster_resources(self):
        return {"CPU": 2.0}

    def remote(self, function):
        ray = self

        class Remote:
            @staticmethod
            def remote(*arguments):
                ray.waiting += 1
                ray.most = max(ray.most, ray.waiting)
                return function(*arguments)

        return Remote

    def get(self, task):
        self.waiting -= 1
        if self.lost in (task if isinstance(task, list) else []):
            raise self.exceptions.RayError
        return task

    def cancel(self, task, *, force):
        self.cancelled += force and task is not None


def test_work_on_ray_is_in_order_and_bounded(monkeypatch):
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    assert list(parse_on("ray://head:10001").run(square, iter(range(100)), chunk=3)) == [
        x * x for x in range(100)
    ]
    assert fake.calls == [("init", "ray://head:10001"), ("shutdown",)]
    assert fake.most == executors.AHEAD * 2


def test_a_task_that_ray_loses_is_reported_and_the_rest_cancelled(monkeypatch):
    fake = FakeRay(lost=49)
    monkeypatch.setitem(sys.modules, "ray", fake)
    results = parse_on("ray").run(square, range(100), chunk=2)
    assert [next(results) for _ in range(6)] == [0, 1, 4, 9, 16, 25]
    with pytest.raises(InputError, match="a worker ended without a word on items 7 to 8"):
        next(results)
    assert fake.cancelled > 0
    assert fake.calls[-1] == ("shutdown",)


@pytest.mark.slow
def test_real_ray():
    pytest.importorskip("ray")
    with pytest.raises(InputError, match=r"no Ray cluster answers at ray://127\.0\.0\.1:1"):
        list(parse_on("ray://127.0.0.1:1").run(square, range(3)))
    # The functions are the standard library's: the cluster's workers can't import this file.
    assert list(parse_on("ray").run(partial(pow, 2), range(20), chunk=4)) == [2**x for x in range(20)]
    with pytest.raises(ValueError, match="invalid literal") as caught:
        list(parse_on("ray").run(int, ["1", "2", "x", "3"], chunk=2))
    assert "in _worked" in caught.value.__notes__[0]
    with pytest.raises(InputError, match="a worker ended without a word on items 1 to 4"):
        list(parse_on("ray").run(os._exit, [3] * 8, chunk=4))
