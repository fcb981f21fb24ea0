"""A class's sheets, marked by whoever is there: this process, several, or a cluster.

The main process cuts files into pieces and puts in order what comes back. Whoever has a piece takes it apart,
marks it and writes what is wanted of it: rows of tables as text, a page. So the main process has next to
nothing to do with a sheet, and little travels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from workings.errors import InputError
from workings.lab.executors import Inline, inline, parse_on
from workings.marking.journal import Journal
from workings.marking.sheets import READERS, Broken, HandedIn, Piece, Register, Sheet, read_pieces
from workings.papers.document import Paper, parse
from workings.papers.mark import Marked, Scheme, mark_sheet, prepare

Done = TypeVar("Done", bound=HandedIn)

CHUNK: Final = 4
"""Pieces that travel together: some 12 KB, few enough for a pipe to hold them while a worker is busy."""


@lru_cache(maxsize=2)
def scheme_of(text: str, file: str | None) -> Scheme:
    """The scheme of a paper's text, made once in each process."""
    return prepare(parse(text, file))


def mark(paper: Paper, paths: Iterable[Path], *, on: str = "inline") -> Iterator[Marked | Broken]:
    """The sheets of files and folders, marked one by one as they are read; a broken one comes back as it is.

    Parameters
    ----------
    on: where the work is done: inline, processes, processes:4, ray, ray://host:port.

    Raises
    ------
    InputError: a paper that can't be solved, no sheets, or a place that can't be reached.
    """
    return Pile(paper, paths).each(mark_sheet, on=on)


class Pile:
    """The sheets of a class, yet to be marked.

    Parameters
    ----------
    alone: whether there is but one piece to be marked, and so as a rule one sheet.
    """

    def __init__(self, paper: Paper, paths: Iterable[Path]) -> None:
        listed = list(paths)
        if not listed:
            accepted = f"files such as {', '.join(READERS)}, or folders"
            raise InputError("found no answer sheets", accepted=accepted)
        self.paper = paper
        self.scheme = scheme_of(paper.text, paper.file)
        self._register = Register()
        pieces = read_pieces(listed, self.scheme.rules, self._register.given_up)
        first = list(islice(pieces, 2))
        self.alone = len(first) < 2
        self._pieces = chain(first, pieces)

    def each(
        self,
        work: Callable[[Scheme, Sheet], Done],
        *,
        on: str = "inline",
        ticked: Callable[[int], None] = lambda _size: None,
    ) -> Iterator[Done | Broken]:
        """`work` on each sheet, in order; of a student's second sheet why it does not count.

        Parameters
        ----------
        work: what can be pickled: a function at the top of a module, or a record.
        ticked: is told of each piece, in characters, when it is done.
        """
        executor = parse_on(on)
        sizes: deque[int] = deque()

        def counted() -> Iterator[Piece]:
            for piece in self._pieces:
                sizes.append(piece.size)
                yield piece

        place = inline() if self.alone else executor
        with ExitStack() as stack:
            shared = None
            if not isinstance(place, Inline):
                room = TemporaryDirectory(prefix="workings-", ignore_cleanup_errors=True)
                shared = stack.enter_context(room)
            task = partial(_on_piece, work, self.paper.text, self.paper.file, shared)
            for found in place.run(task, counted(), chunk=CHUNK):
                for one in found:
                    yield from self._register.admit(one)
                ticked(sizes.popleft())


@lru_cache(maxsize=2)
def journal_in(folder: str) -> Journal:
    """The journal that this process keeps in a run."""
    return Journal(Path(folder))


def _on_piece(
    work: Callable[[Scheme, Sheet], Done], text: str, file: str | None, shared: str | None, piece: Piece
) -> list[Done | Broken]:
    """`work` on the sheets of one piece, by one of several who tell each other what they find."""
    scheme = scheme_of(text, file)
    found: list[Done | Broken] = []
    for sheet in piece.sheets(scheme.rules):
        if isinstance(sheet, Broken):
            found.append(sheet)
            continue
        try:
            found.append(work(scheme, sheet))
        except InputError as error:
            said = error.at(file=sheet.file, line=sheet.line)
            found.append(Broken(sheet.file, sheet.line, sheet.student, said))
    if shared is not None:
        journal_in(shared).exchange(scheme.keys)
    return found
