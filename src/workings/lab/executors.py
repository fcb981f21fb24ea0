"""Where work is done: in this process, in several, or on a Ray cluster, with one interface for all.

`parse_on("processes:4").run(function, items, chunk=8)` yields `function(item)` for each item, in the order of
the items, whichever worker was first. Items may come without end: only a few chunks are under way at a time,
so memory stays flat. What `function` raises is raised here, when its turn comes; a worker that dies is an
`InputError` that says on which items.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from workings.errors import InputError, echo, nearest

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PROCESSES: Final = 256
AHEAD: Final = 4
"""Chunks under way, for each worker: enough that none waits for the slowest, few enough for flat memory."""
SMALL: Final = 16_384
"""Bytes that a pipe holds on every system, twice, though nobody reads."""
PATIENCE: Final = 5.0
"""Seconds that a worker has to leave before it is killed."""
ACCEPTED: Final = "inline, processes, processes:4, ray, ray://host:port"


class Executor(Protocol):
    """A place where work is done."""

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, chunk: int = 1
    ) -> Iterator[Result]:
        """`function` of each item, in the order of the items.

        Parameters
        ----------
        function: defined at the top of a module, or a `functools.partial` of one; it travels once a worker.
        items: any number, taken as they are needed.
        chunk: items that travel together; more for work that takes less than a millisecond an item.

        Raises
        ------
        InputError: a worker died, or the cluster can't be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class Inline:
    """The process that asks, one item after the other."""

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, chunk: int = 1
    ) -> Iterator[Result]:
        """See `Executor.run`."""
        _check_chunk(chunk)
        yield from map(function, items)


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine, `count` of them."""

    count: int

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, chunk: int = 1
    ) -> Iterator[Result]:
        """See `Executor.run`."""
        _check_chunk(chunk)
        crew = _Crew(function, self.count)
        try:
            yield from crew.results(_chunks(items, chunk), chunk)
        finally:  # also where nobody wants the rest, and after Ctrl-C
            crew.dismiss()


@dataclass(frozen=True, slots=True)
class Ray:
    """A Ray cluster: the one at `address`, or one of this machine's own."""

    address: str | None = None

    def run(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, chunk: int = 1
    ) -> Iterator[Result]:
        """See `Executor.run`."""
        _check_chunk(chunk)
        ray = _ray()
        ours = not ray.is_initialized()
        if ours:
            self._connect(ray)
        try:
            yield from _on_ray(ray, function, _chunks(items, chunk), chunk)
        finally:
            if ours:
                ray.shutdown()

    def _connect(self, ray: Any) -> None:
        try:
            ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, TimeoutError, RuntimeError, ValueError, OSError) as error:
            said = str(error).strip().split("\n")[0]
            where = f"at {self.address}" if self.address else "on this machine"
            raise InputError(f"no Ray cluster answers {where} ({said[:200]})", accepted=ACCEPTED) from None


def inline() -> Inline:
    """The process that asks."""
    return Inline()


def processes(count: int | None = None) -> Processes:
    """`count` processes of this machine; one a processor that this one may use unless given.

    Raises
    ------
    InputError: not a number from 1 to `MOST_PROCESSES`.
    """
    if count is None:
        count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not 1 <= count <= MOST_PROCESSES:
        raise InputError(f"found {count} processes", accepted=f"1 to {MOST_PROCESSES}")
    return Processes(count)


def ray(address: str | None = None) -> Ray:
    """A Ray cluster.

    Raises
    ------
    InputError: Ray is not installed.
    """
    _ray()
    return Ray(address)


def parse_on(text: str) -> Executor:
    """The executor that `--on` names: inline, processes, processes:4, ray, ray://host:port.

    Raises
    ------
    InputError: another name, or Ray where it is not installed.
    """
    kind, colon, rest = text.strip().partition(":")
    if kind == "inline" and not colon:
        return inline()
    if kind == "processes" and (not colon or (rest.isascii() and rest.isdigit() and len(rest) < 6)):
        return processes(int(rest) if rest else None)
    if kind == "ray" and not colon:
        return ray()
    if kind == "ray" and rest.startswith("//") and rest.rpartition(":")[2].isdigit():
        return ray(text.strip())
    near = nearest(kind, ["inline", "processes", "ray"]) if kind not in ("inline", "processes", "ray") else ()
    raise InputError(f"found {echo(text)}", accepted=ACCEPTED, near=near)


def _check_chunk(chunk: int) -> None:
    if chunk < 1:
        raise InputError(f"found chunks of {chunk}", accepted="1 or more")


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    stream = iter(items)
    while part := list(islice(stream, size)):
        yield part


@dataclass(frozen=True, slots=True)
class _Failure:
    """What `function` raised on one item of a chunk, and the results before it."""

    done: list[Any]
    error: BaseException


def _worked(function: Callable[[Any], Any], part: list[Any]) -> list[Any] | _Failure:
    done: list[Any] = []
    for item in part:
        try:
            done.append(function(item))
        except Exception as error:  # noqa: BLE001  it is raised again where the work was asked for
            if not isinstance(error, InputError):
                error.add_note("In a worker:\n" + "".join(traceback.format_exception(error)))
            return _Failure(done, error)
    return done


def _given_out(result: list[Any] | _Failure) -> Iterator[Any]:
    if isinstance(result, _Failure):
        yield from result.done
        raise result.error
    yield from result


class WorkerDied(InputError):
    """A worker ended without a word; `item` is the first, from 0, of the chunk that it had."""

    def __init__(self, chunk: int, index: int, how: str) -> None:
        self.item = index * chunk
        first, last = self.item + 1, self.item + chunk
        where = f"items {first} to {last}" if chunk > 1 else f"item {first}"
        problem = f"a worker ended without a word on {where} ({how})"
        super().__init__(problem, accepted="fewer workers, or inline")


# --- processes ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    queue: deque[int]  # the chunks it has been given, oldest first


class _Crew:
    """The worker processes of one run.

    A pipe to each, in place of a shared queue, tells which chunk a dead worker had, and no lock can be left
    behind by it.
    """

    def __init__(self, function: Callable[[Any], Any], count: int) -> None:
        self.function = function
        self.count = count
        self.workers: list[_Worker] = []

    def results(self, chunks: Iterator[list[Any]], size: int) -> Iterator[Any]:
        """The results, in order."""
        done: dict[int, list[Any] | _Failure] = {}
        given, wanted = 0, 0
        parcel = _packed(chunks)
        while True:
            while parcel is not None and given - wanted < AHEAD * self.count:
                worker = self._free(len(parcel))
                if worker is None:
                    break
                worker.queue.append(given)
                with suppress(BrokenPipeError, ConnectionResetError):  # it died: `_collect` says on what
                    worker.pipe.send_bytes(parcel)
                given += 1
                parcel = _packed(chunks)
            if wanted == given:
                return
            if wanted in done:
                yield from _given_out(done.pop(wanted))
                wanted += 1
            else:
                self._collect(done, size)

    def _free(self, size: int) -> _Worker | None:
        """A worker for a parcel of so many bytes: an idle one, a new one, or one that has a single chunk.

        To one that is at work goes only what the pipe holds without being read: a large parcel could wait for
        a worker that waits with a large result for us.
        """
        idlest = min(self.workers, key=lambda worker: len(worker.queue), default=None)
        if idlest is not None and not idlest.queue:
            return idlest
        if len(self.workers) < self.count:
            self.workers.append(self._hire())
            return self.workers[-1]
        return idlest if idlest is not None and len(idlest.queue) == 1 and size <= SMALL else None

    def _hire(self) -> _Worker:
        context = _context()
        ours, theirs = context.Pipe()
        inherited = [worker.pipe for worker in self.workers] + [ours]
        process = cast("Any", context).Process(
            target=_serve,
            args=(self.function, theirs, inherited if context.get_start_method() == "fork" else []),
            daemon=True,
        )
        try:
            process.start()
        except (AttributeError, TypeError, OSError) as error:  # pickling, or no process to be had
            raise InputError(f"no worker could be started ({error})", accepted="inline") from None
        theirs.close()
        return _Worker(process, ours, deque())

    def _collect(self, done: dict[int, list[Any] | _Failure], size: int) -> None:
        """Wait for whatever comes first."""
        busy = {worker.pipe: worker for worker in self.workers if worker.queue}
        for pipe in wait(list(busy)):
            worker = busy[cast("Connection", pipe)]
            try:
                result = worker.pipe.recv()
            except (EOFError, OSError):
                worker.process.join(PATIENCE)
                raise WorkerDied(size, worker.queue[0], _how(worker.process.exitcode)) from None
            done[worker.queue.popleft()] = result

    def dismiss(self) -> None:
        """Let every worker go, whatever it is at."""
        for worker in self.workers:
            worker.pipe.close()
            if worker.queue:
                worker.process.terminate()
        for worker in self.workers:
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self.workers.clear()


def _packed(chunks: Iterator[list[Any]]) -> bytes | None:
    """The next chunk as it travels, None where there is no more."""
    part = next(chunks, None)
    return None if part is None else bytes(ForkingPickler.dumps(part))


def _context() -> BaseContext:
    """A fork starts in 10 ms, but is safe only while nothing else runs; torch starts threads of its own."""
    alone = sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules
    return multiprocessing.get_context("fork" if alone else "spawn")


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return f"{name}, as when memory runs out" if name == "SIGKILL" else name
    return f"exit status {code}"


def _serve(function: Callable[[Any], Any], pipe: Connection, inherited: list[Connection]) -> None:
    """A worker: chunks in, results out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked, who then ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in inherited:  # else the pipes would stay open when whoever asked is gone
        other.close()
    with suppress(EOFError, OSError):
        while True:
            result = _worked(function, pipe.recv())
            try:
                pipe.send(result)
            except (AttributeError, TypeError, ValueError) as error:  # it can't be pickled
                what = result.error if isinstance(result, _Failure) else error
                pipe.send(_Failure([], RuntimeError(f"{type(what).__name__}: {what}")))


# --- Ray ----------------------------------------------------------------------------------------------------


def _ray() -> Any:
    try:
        import ray as package  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError(
            "Ray is not installed", accepted="pip install 'workings[cluster]', or processes"
        ) from None
    return cast("Any", package)


def _on_ray(
    package: Any, function: Callable[[Any], Any], chunks: Iterator[list[Any]], size: int
) -> Iterator[Any]:
    work = package.remote(_worked)
    shared = package.put(function)
    window = AHEAD * max(1, int(package.cluster_resources().get("CPU", 1)))
    under_way: deque[Any] = deque()
    index = 0
    try:
        while True:
            for part in islice(chunks, window - len(under_way)):
                under_way.append(work.remote(shared, part))
            if not under_way:
                return
            try:
                result = package.get(under_way[0])
            except package.exceptions.RayTaskError as error:  # `_worked` raises nothing: it was not reached
                said = str(error).strip().rpartition("\n")[2]
                raise InputError(
                    f"the cluster could not begin the work ({said[:200]})",
                    accepted="the same version of workings on every node",
                ) from None
            except package.exceptions.RayError as error:
                raise WorkerDied(size, index, type(error).__name__) from None
            under_way.popleft()
            index += 1
            yield from _given_out(result)
    finally:
        for task in under_way:
            package.cancel(task, force=True)
