"""A training on disk: its state kept and taken up again, its books, and what stays in the end.

While a cell is trained its folder holds, besides the metrics so far, the last state of the loop:
`weights-STEP` and `state-STEP` in safetensors, and `state.json`, which is written after them and names them.
A process may be killed between any two instructions: what `state.json` names is whole, and what the books say
after it is cut off and written again, byte for byte.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save as pack_arrays
from safetensors.torch import load as unpack
from safetensors.torch import save as pack

from workings.errors import InputError
from workings.files import write_file
from workings.lab.results import (
    ARRAYS,
    FAILED,
    KEPT,
    METRICS,
    RESULT,
    SETTINGS,
    TIMING,
    WEIGHTS,
    dumped,
    hashed,
)

if TYPE_CHECKING:
    import torch

    from workings.lab.loop import Evaluated, Loop
    from workings.lab.task import Outcome

STATE: Final = "state.json"
LOCK: Final = ".lock"


class Unreadable(InputError):
    """The state that was left can't be taken up."""


def note(folder: Path, event: Evaluated) -> None:
    """Add a line to the metrics, and one to the times, which differ from run to run."""
    for name, row in ((METRICS, event.row), (TIMING, {"step": event.row["step"], "seconds": event.seconds})):
        with (folder / name).open("ab") as file:
            file.write(dumped(_finite(row)) + b"\n")


def save(loop: Loop, folder: Path) -> None:
    """Keep the state of a loop.

    Raises
    ------
    InputError: the folder can't be written to, or the disk is full; the state before this one stays.
    """
    weights, tensors, numbers = loop.state()
    names = {"weights": f"weights-{loop.step}.safetensors", "state": f"state-{loop.step}.safetensors"}
    for name, content in zip(names.values(), (weights, tensors), strict=True):
        write_file(folder / name, pack(_packable(content)))
    books = {name: (folder / name).stat().st_size for name in (METRICS, TIMING) if (folder / name).exists()}
    write_file(folder / STATE, dumped({"files": names, "books": books, "numbers": numbers}))
    for old in (*folder.glob("weights-*.safetensors"), *folder.glob("state-*.safetensors")):
        if old.name not in names.values():
            old.unlink(missing_ok=True)


def take_up(loop: Loop, folder: Path) -> None:
    """Go on from the state that was left, if one was.

    Raises
    ------
    Unreadable: it is damaged.
    """
    if not (folder / STATE).exists():
        sweep(folder)
        return
    try:
        told = json.loads((folder / STATE).read_bytes())
        weights, tensors = (
            unpack((folder / Path(str(told["files"][key])).name).read_bytes()) for key in ("weights", "state")
        )
        loop.load(weights, tensors, told["numbers"])
        for name in (METRICS, TIMING):
            if name in told["books"]:
                os.truncate(folder / name, int(told["books"][name]))
            else:
                (folder / name).unlink(missing_ok=True)
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RuntimeError,
        SafetensorError,
    ) as error:
        said = str(error).partition("\n")[0][:200]
        raise Unreadable(
            f"the state in {folder} can't be read ({said})", accepted="the files as written"
        ) from None


def finish(folder: Path, loop: Loop, outcome: Outcome) -> None:
    """Write what stays, the result last, and take away what was kept for a crash."""
    write_file(folder / WEIGHTS, pack(_packable(loop.model.state_dict())))
    if outcome.arrays:
        arrays = {name: np.ascontiguousarray(value) for name, value in sorted(outcome.arrays.items())}
        write_file(folder / ARRAYS, pack_arrays(arrays))
    there = [name for name in (SETTINGS, METRICS, WEIGHTS, ARRAYS) if (folder / name).exists()]
    result: dict[str, Any] = {
        "metrics": _finite(outcome.metrics),
        "steps": loop.step,
        "best_step": loop.best_step,
        "parameters": sum(weight.numel() for weight in loop.model.parameters()),
        "files": {name: hashed((folder / name).read_bytes()) for name in there},
    }
    write_file(folder / RESULT, dumped(result))
    sweep(folder, but=KEPT)


def sweep(folder: Path, but: tuple[str, ...] = (SETTINGS, FAILED)) -> None:
    """Take away all files of a cell but its lock and some others."""
    for path in folder.iterdir():
        if path.name not in (*but, LOCK):
            path.unlink(missing_ok=True)


def _finite(values: dict[str, float]) -> dict[str, float]:
    """The values that are numbers: a precision without detections is none, and is left out."""
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _packable(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors that share no memory, on the CPU: safetensors takes no others."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
