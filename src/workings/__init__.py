"""Workings: work it out, try it out, back it up.

A deep-learning assignment or examination goes in as a document; every question comes back worked out, with
each printed digit proven, and every training task tried out. `import workings as wk`:

    wk.solve("conv_size", input=55, kernel="?", stride=1, padding=0, output=49)["kernel"]   # 7
    wk.build("exam.md", "exam.html")
    wk.audit("exam.md")
    wk.mark("exam.md", "sheets", to="marks.csv", feedback="feedback")
    wk.draw("exam.md", copies=30, seed=7, to="copies")
    wk.run("mnist_lenet", quick=True)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workings.api import audit, build, draw, mark, names, run
    from workings.errors import InputError
    from workings.solution import Solution, solve

__version__ = "0.1.0"

_HOMES = {
    "solve": "workings.solution",
    "Solution": "workings.solution",
    "InputError": "workings.errors",
    "build": "workings.api",
    "audit": "workings.api",
    "draw": "workings.api",
    "mark": "workings.api",
    "names": "workings.api",
    "run": "workings.api",
}

__all__ = ["InputError", "Solution", "audit", "build", "draw", "mark", "names", "run", "solve"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'workings' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
