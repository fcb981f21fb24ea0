"""Runs the tiny study in a process of its own, to be killed: python lines.py FOLDER SEEDS."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.lab.tiny import HERE
from workings import discovery
from workings.lab import cell
from workings.lab.plan import plan
from workings.lab.run import run


def main() -> None:
    discovery.ITEMS["study"] = HERE
    cell.SAVED_EVERY = cell.TOLD_EVERY = 0.0  # state at every step
    found = run(plan("line", seeds=int(sys.argv[2])), to=Path(sys.argv[1]))
    sys.exit(1 if found.failed else 0)


if __name__ == "__main__":
    main()
