"""Progress on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

BETWEEN: Final = 0.1
"""Seconds from one look of a gauge to the next."""


@contextmanager
def bar(total: int) -> Generator[Callable[[str], None]]:
    """Yields a function that is called with a name each time a piece of the work is done."""
    if not sys.stderr.isatty() or total < 1:
        yield lambda _name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)

        def tick(name: str) -> None:
            progress.update(task, advance=1, description=name)

        yield tick


@contextmanager
def gauge(total: int) -> Generator[Callable[[int, str], None]]:
    """Yields a function that is told how much more of `total` is done, and what to say beside the bar.

    What is printed meanwhile stands above the bar where both go to a terminal. No thread keeps it moving:
    worker processes are forked only while there is none.
    """
    if not sys.stderr.isatty() or total < 1:
        yield lambda _more, _said: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns,
        console=Console(stderr=True, soft_wrap=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        task = progress.add_task("", total=total)
        due = time.monotonic()

        def advance(more: int, said: str) -> None:
            nonlocal due
            progress.update(task, advance=more, description=said)
            if time.monotonic() >= due:
                progress.refresh()
                due = time.monotonic() + BETWEEN

        yield advance
