"""What one worker has found out about a wrong answer, the others need not find out again.

Wrong answers recur: half a class meets four fifths of what the whole class meets. So each worker writes the
verdicts that it has worked out into a file of its own, a line of JSON each, and reads what the others wrote.
A verdict follows from the answer and those before it alone, so it makes no difference who has found it; where
there is no common folder, as on several machines, everybody works out everything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, cast

from workings.marking.credit import Verdict
from workings.marking.key import Key
from workings.marking.slips import SLIPS

BY_NAME: Final = {slip.name: slip for slip in SLIPS}
LARGEST: Final = 50_000_000
"""Bytes that one worker writes at most."""


class Journal:
    """One worker's part in the exchange.

    Parameters
    ----------
    folder: of nobody but the workers of one run; gone, or never there, it is no error.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own = folder / f"{os.getpid()}-{token_hex(4)}.jsonl"
        self._written = 0
        self._read: dict[str, int] = {}

    def exchange(self, keys: Mapping[str, Key]) -> None:
        """Write what these keys have found since the last time, and let them know what others found."""
        with suppress(OSError):
            self._tell(keys)
            self._hear(keys)

    def _tell(self, keys: Mapping[str, Key]) -> None:
        lines: list[bytes] = []
        for name, key in keys.items():
            lines += [_line(name, memo, verdict) for memo, verdict in key.news]
            key.news.clear()
        content = b"".join(lines)
        if not content or self._written + len(content) > LARGEST or not self.folder.is_dir():
            return
        with self._own.open("ab", buffering=0) as file:
            self._written += file.write(content)

    def _hear(self, keys: Mapping[str, Key]) -> None:
        for found in os.scandir(self.folder):
            start = self._read.get(found.name, 0)
            if found.name == self._own.name or found.stat().st_size <= start:
                continue
            with Path(found.path).open("rb") as file:
                file.seek(start)
                whole = file.read().rpartition(b"\n")[0]  # of a line that is being written, nothing
            self._read[found.name] = start + len(whole) + bool(whole)
            for line in whole.split(b"\n"):
                _learn(keys, line)


def _line(name: str, memo: Any, verdict: Verdict) -> bytes:
    reading, inner, near = memo
    slip = verdict.slip.name if verdict.slip else None
    said = [verdict.name, verdict.note, slip, verdict.origin, verdict.own, verdict.root]
    entry = [name, reading, None if inner is None else sorted(inner), near, said]
    return json.dumps(entry).encode() + b"\n"


def _learn(keys: Mapping[str, Key], line: bytes) -> None:
    """Keep a verdict as if it had been found here; a damaged line says nothing."""
    try:
        name, (label, spelt, marks), inner, near, said = cast("list[Any]", json.loads(line))
        verdict_name, note, slip, origin, own, root = said
        memo = (
            (label, spelt, tuple(marks)),
            None if inner is None else frozenset(inner),
            tuple(tuple(one) for one in near),
        )
        verdict = Verdict(verdict_name, note, BY_NAME[slip] if slip else None, origin, tuple(own), root)
        keys[name].keep(memo, verdict)
    except (ValueError, TypeError, KeyError, RecursionError):
        return
