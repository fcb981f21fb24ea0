"""The study blocks of a paper: the runs on disk that answer them, and how these are made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final, cast

from workings.errors import InputError
from workings.papers.document import Block
from workings.papers.yaml_writer import write_yaml

if TYPE_CHECKING:
    from workings.lab.plan import Plan
    from workings.lab.results import Results
    from workings.lab.study import Arm, Settings

SEEDS: Final = 5
RUNS: Final = Path("runs")
"""The folder of all runs, as `workings run --to` has it unless told."""


def planned(block: Block, *, quick: bool) -> Plan:
    """The run that a block asks for.

    Raises
    ------
    InputError: a setting that the study does not have, a value that it can't have, or data that is not there.
    """
    from workings.lab.plan import plan

    _settled(block, quick=quick)  # what is wrong after it is wrong with the data
    try:
        return plan(
            block.item,
            settings(block),
            seeds=cast("int", block.checked.get("seeds", SEEDS)),
            data=data(block),
            quick=quick,
        )
    except InputError as error:
        place = ("data",) if "data" in block.checked else ("study",)
        raise block.blame(InputError(str(error)), place) from None


def results(block: Block, runs: Path) -> Results | None:
    """The run on disk that answers a block, None where there is none.

    A full run is preferred to a reduced one, and a newer to an older one.
    """
    from workings.lab.run import read_run
    from workings.lab.runs import folders

    found = [folder for folder in reversed(folders(runs)) if folder.parent.name == block.item]
    for quick in (False, True):
        for folder in found:
            if _fits(block, folder, quick=quick) and (read := read_run(folder)).cells:
                return read
    return None


def answer(block: Block, runs: Path) -> str:
    """What a study block says: its results, or the command that makes them."""
    found = results(block, runs)
    if found is None:
        return f"No result on disk. This command makes it: `{command(block)}`"
    from workings.lab import report

    try:
        return report.block(found, show=block.show or None)
    except InputError as error:
        raise block.blame(error, ("show",)) from None


def command(block: Block) -> str:
    """The command that makes a block's results."""
    words = [block.item]
    words += [f"{name}={write_yaml({'x': value})[3:].strip()}" for name, value in settings(block).items()]
    words += [f"--seeds {block.checked['seeds']}"] if "seeds" in block.checked else []
    words += [f"--data {quote(data(block) or '')}"] if "data" in block.checked else []
    return f"workings run {' '.join(words)}"


def settings(block: Block) -> Mapping[str, object]:
    """What the block sets."""
    return cast("Mapping[str, object]", block.checked.get("set", {}))


def data(block: Block) -> str | None:
    """Where the block's data is: a path is taken from where the paper lies."""
    given = cast("str | None", block.checked.get("data"))
    beside = Path(block.located.file or "").parent / (given or "")
    return str(beside) if given and beside.exists() else given


def _settled(block: Block, *, quick: bool) -> tuple[Settings, list[tuple[Arm, Settings]]]:
    from workings.lab.cell import load_study
    from workings.lab.plan import settled

    try:
        return settled(load_study(block.item), settings(block), quick=quick)
    except InputError as error:
        raise block.blame(error, ("set",)) from None


def _fits(block: Block, folder: Path, *, quick: bool) -> bool:
    """Whether a run on disk is of this block's settings and data; of any data where the block names none."""
    from workings.lab.plan import resolved_source
    from workings.lab.results import read_json
    from workings.lab.run import RUN

    common, arms = _settled(block, quick=quick)
    try:
        told = read_json(folder / RUN)
        return (
            told["quick"] == quick
            and told["settings"] == common.model_dump(mode="json")
            and {arm["name"]: arm["settings"] for arm in told["arms"]}
            == {arm.name: dict(arm.settings) for arm, _ in arms}
            and ("data" not in block.checked or told["source"] == resolved_source(data(block)))
        )
    except (InputError, KeyError, TypeError):  # a damaged run answers nothing
        return False
