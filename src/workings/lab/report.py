"""The report of a run: a pure function of what its cells left on disk.

`markdown(results)` is all of it, `block(results, show)` the part that a paper shows, `as_json(results)` the
numbers. What was measured in seconds stands in a section of its own: the rest is the same, byte for byte,
wherever the cells were trained on machines that compute alike.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal

from workings.errors import InputError, unknown
from workings.files import make_folder, write_file
from workings.lab import tables
from workings.lab.amounts import amount, change, interval, several
from workings.lab.findings import escaped, findings, seconds
from workings.lab.plots import render
from workings.lab.results import Results, dumped
from workings.lab.statistics import compare, mean
from workings.lab.study import FEWEST_SEEDS, Plot

REPORT: Final = "report.md"
NUMBERS: Final = "results.json"
FIGURES: Final = "figures"
PARTS: Final = ("table", "findings", "seconds", "figures", "arms", "settings", "seeds")
"""What a block can show, besides the figures of the study by their names."""

Pictures = Literal["files", "inline"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]*")


def markdown(results: Results, pictures: Pictures = "files") -> str:
    """The report.

    Parameters
    ----------
    pictures: `files`, a document of its own whose figures lie in the folder `FIGURES` beside it; `inline`,
        with the figures inside it and without its title, for a page that has one.
    """
    return _markdown(results, [_drawn(results, plot) for plot in plots(results)], pictures)


def _markdown(results: Results, drawings: Sequence[_Drawing], pictures: Pictures) -> str:
    study = results.study
    sections = [
        ("", f"**Question.** {escaped(study.asks)}"),
        ("Results", tables.compared(results)),
        ("Findings", findings(results)),
        ("Figures", "\n\n".join(one.markdown(pictures) for one in drawings)),
        ("Seconds", _seconds(results)),
        ("Data and settings", _made_of(results)),
        ("Every seed", tables.every_seed(results, timed=False)),
        ("Make it again", f"```sh\n{results.command}\n```"),
        ("Notes", study.notes.strip()),
    ]
    marks = "##" if pictures == "files" else "#"
    text = [f"# {escaped(study.title)}"] if pictures == "files" else []
    text += [f"{marks} {name}\n\n{body}" if name else body for name, body in sections if body]
    return "\n\n".join(text) + "\n"


def block(results: Results, show: Sequence[str] | None = None, pictures: Pictures = "inline") -> str:
    """What a paper shows of a run: parts in the order of their names, and what they were made of.

    Parameters
    ----------
    show: of `PARTS`; or the name of a figure, or a word of the names of several (`curves` for `loss_curves`).
        Unless given: the table, the findings, the first figure.

    Raises
    ------
    InputError: a part that the study does not have.
    """
    there = plots(results)
    if show is None:
        show = ("table", "findings", *(plot.name for plot in there[:1]))
    makers: dict[str, Callable[[], str]] = {
        "table": lambda: tables.compared(results),
        "findings": lambda: findings(results),
        "seconds": lambda: _seconds(results),
        "arms": lambda: tables.arms(results),
        "settings": lambda: tables.settings(results),
        "seeds": lambda: tables.every_seed(results, timed=False),
    }
    parts: list[str] = []
    for name in show:
        chosen = [plot for plot in there if name in (plot.name, "figures")]
        chosen = chosen or [plot for plot in there if name in plot.name.split("_")]
        if name in makers:
            parts.append(makers[name]())
        elif chosen or name == "figures":
            parts += [_drawn(results, plot).markdown(pictures) for plot in chosen]
        else:
            raise unknown("part", name, [*PARTS, *(plot.name for plot in there)])
    cells = f"{several(len(results.arms), 'arm')}, {several(len(results.seeds), 'seed')}"
    told = f"{cells}; {escaped(results.data)}. {escaped(results.study.held_out)} {_code(results.command)}"
    return "\n\n".join(part for part in [*parts, told] if part)


def _code(text: str) -> str:
    """A command on one line of prose; a path may have a backtick in it."""
    marks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if len(marks) > 1 else ""
    return f"{marks}{room}{' '.join(text.split())}{room}{marks}"


def as_json(results: Results) -> dict[str, Any]:
    """The numbers: by arm and measure the mean, the ends of its 95 % interval and the value of each seed.

    What is not known is null.
    """
    return {
        "study": results.name,
        "arms": {
            arm.name: {name: _numbers(results.values(arm.name, name)) for name in results.study.measures}
            for arm in results.arms
        },
        "folder": str(results.folder),
    }


def write(results: Results, folder: Path) -> Path:
    """Write the report, its numbers and its figures into `folder`; the path of the report, written last.

    Raises
    ------
    InputError: the folder can't be written to.
    """
    drawings = [_drawn(results, plot) for plot in plots(results)]
    make_folder(folder / FIGURES)
    for one in drawings:
        if one.svg:
            write_file(folder / FIGURES / f"{one.name}.svg", one.svg)
    write_file(folder / NUMBERS, dumped(as_json(results)) + b"\n")
    write_file(folder / REPORT, _markdown(results, drawings, "files").encode())
    return folder / REPORT


def comparison(first: Results, second: Results) -> Iterator[tuple[str, str, str, str, str]]:
    """Two runs of one study: arm, measure, the mean in either, and the paired difference second − first."""
    shared = [arm.name for arm in first.arms if arm.name in {other.name for other in second.arms}]
    for arm in shared:
        for name, measure in first.study.measures.items():
            one, other = first.values(arm, name), second.values(arm, name)
            if not one and not other:
                continue
            found = compare(other, one)
            ends = f" ({interval(measure, found.difference)})" if found.difference.bounded else ""
            few = "" if len(found.seeds) >= FEWEST_SEEDS else ", no verdict"
            by = f"{change(measure, found.difference.value, signed=True)}{ends}"
            before, after = (amount(measure, mean(values.values()).value) for values in (one, other))
            yield arm, measure.label, before, after, f"{by}, {several(len(found.seeds), 'shared seed')}{few}"


# --- sections -----------------------------------------------------------------------------------------------


def _seconds(results: Results) -> str:
    table = tables.beside(results, timed=True)
    if not table:
        return ""
    said = "Measured on the machine that ran this; another one gives other values."
    parts = [said, table, seconds(results), tables.every_seed(results, timed=True)]
    return "\n\n".join(part for part in parts if part)


def _made_of(results: Results) -> str:
    first, last = results.seeds[0], results.seeds[-1]
    row = len(results.seeds) > 2 and results.seeds == tuple(range(first, last + 1))
    seeds = f"{first} to {last}" if row else ", ".join(map(str, results.seeds))
    lines = [
        f"- **Data:** {escaped(results.data)}{'' if results.source else ' (embedded)'}",
        f"- **Held out:** {escaped(results.study.held_out)}",
        f"- **Seeds:** {seeds}",
    ]
    if results.quick:
        lines.append("- **Reduced:** " + ", ".join(f"`{k} = {v}`" for k, v in results.study.quick.items()))
    return "\n\n".join(["\n".join(lines), tables.arms(results), tables.settings(results)])


# --- figures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A figure of a run; without SVG, the problem that there was."""

    name: str
    caption: str
    svg: bytes
    problem: str = ""

    def markdown(self, pictures: Pictures) -> str:
        """The figure as it stands in a document."""
        if self.problem:
            return f"*The figure `{self.name}` could not be drawn: {escaped(self.problem)}.*"
        where = f"{FIGURES}/{self.name}.svg"
        if pictures == "inline":
            where = f"data:image/svg+xml;base64,{b64encode(self.svg).decode('ascii')}"
        return f"![{escaped(self.caption)}]({where})"


def plots(results: Results) -> list[Plot]:
    """The figures of a study that has results.

    Raises
    ------
    InputError: a name that can't be a file's, or one that is given twice.
    """
    try:
        found = list(results.study.figures(results)) if results.cells else []
    except Exception as error:  # noqa: BLE001  see `_drawn`
        found = [Plot("of_the_study", "", partial(_fail, error))]
    names = [plot.name for plot in found]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1 or name in PARTS:
            accepted = "a name of its own, in lower case, digits and _"
            raise InputError(f"a figure named {name!r}", accepted=accepted)
    return found


def _fail(error: Exception, _figure: object) -> None:
    raise error


def _drawn(results: Results, plot: Plot) -> _Drawing:
    """The figure, or what went wrong: hours of training are not to end without a report for one figure."""
    caption = f"{plot.caption.strip()} {results.study.held_out.strip()}"
    try:
        return _Drawing(plot.name, caption, render(plot, note=caption))
    except Exception as error:  # noqa: BLE001  a study's own code, over results that may lack anything
        said = " ".join(str(error).split())[:200]
        return _Drawing(plot.name, caption, b"", f"{type(error).__name__}: {said}")


def _numbers(values: dict[int, float]) -> dict[str, Any]:
    found = mean(values.values())
    return {
        "mean": _known(found.value),
        "low": _known(found.low),
        "high": _known(found.high),
        "per_seed": {str(seed): _known(value) for seed, value in values.items()},
    }


def _known(value: float) -> float | None:
    return value if isfinite(value) else None
