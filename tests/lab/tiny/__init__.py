"""Studies so small that a cell takes milliseconds; a worker that unpickles a cell of one finds them here."""

from __future__ import annotations

import multiprocessing
import sys

from workings import discovery

HERE = ("tests.lab.tiny", "STUDY")

if multiprocessing.parent_process() is not None or "ray" in sys.modules:
    discovery.ITEMS["study"] = HERE
