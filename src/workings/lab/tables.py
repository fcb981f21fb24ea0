"""The tables of a report: a row an arm, a cell or a setting; every one a pipe table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import nan

from workings.lab.amounts import NOTHING, bare, heading, number, probability
from workings.lab.findings import comparisons, escaped, title
from workings.lab.results import CellResult, Results, dumped
from workings.lab.statistics import Comparison, Estimate, mean
from workings.lab.study import Measure

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row], left: int = 1) -> str:
    """A pipe table; the first `left` columns are words, the others numbers, which no line breaks."""
    marks = [":--" if i < left else "--:" for i in range(len(head))]
    whole = [[*row[:left], *(cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in row[left:])] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *whole])


def compared(results: Results) -> str:
    """The main measure with all that is known of it, then the others."""
    main = results.study.metric
    parts = [] if results.measure(main).timed else [_main(results, main)]
    return "\n\n".join([*parts, beside(results, timed=False)]).strip()


def _main(results: Results, name: str) -> str:
    measure = results.measure(name)
    found = comparisons(results, name)
    bars = results.bars(name)
    columns: list[tuple[str, Callable[[str], str]]] = [
        (_label(measure), lambda arm: _plus_minus(measure, mean(results.values(arm, name).values()))),
        ("seeds", lambda arm: str(len(results.values(arm, name)))),
    ]
    if found:
        unit = "points" if measure.percent else measure.unit
        apart = f"against {title(results, results.study.baseline)}{f' ({escaped(unit)})' if unit else ''}"
        columns += [
            (apart, _of(found, lambda one: _plus_minus(measure, one.difference, signed=True))),
            ("p", _of(found, _p)),
            ("P(better)", _of(found, lambda one: number(_better(one, measure), 2))),
        ]
    if any(arm.name in bars for arm in results.arms):
        sign = "≥" if measure.better == "higher" else "≤"
        columns.append(("asked", lambda arm: f"{sign} {bare(measure, bars[arm])}" if arm in bars else ""))
    rows = [[title(results, arm.name), *(cell(arm.name) for _, cell in columns)] for arm in results.arms]
    shown = table(["arm", *(head for head, _ in columns)], rows)
    notes = ["±: half of the 95 % interval."]
    if found:
        corrected = f", after Holm's correction for {len(found)} comparisons" if len(found) > 1 else ""
        notes.append(f"p: paired t test{corrected}.")
        notes.append("P(better): share of the seeds on which the arm is better, ties half.")
    return f"{shown}\n\n*{' '.join(notes)}*"


def _better(one: Comparison, measure: Measure) -> float:
    return one.ahead if measure.better == "higher" else 1 - one.ahead


def _p(one: Comparison) -> str:
    return NOTHING if one.verdict == "too few seeds" else probability(one.p_holm)


def _of(found: Mapping[str, Comparison], shown: Callable[[Comparison], str]) -> Callable[[str], str]:
    """A cell of each arm that was compared; the baseline's is empty."""
    return lambda arm: shown(found[arm]) if arm in found else ""


def beside(results: Results, *, timed: bool) -> str:
    """Measures beside the main one, mean ± half an interval; the fewer of arms and measures across."""
    names = [
        name
        for name, measure in results.study.measures.items()
        if measure.timed == timed and (timed or name != results.study.metric)
    ]
    names = [name for name in names if any(results.values(arm.name, name) for arm in results.arms)]
    if not names:
        return ""

    def cell(arm: str, name: str) -> str:
        return _beside(results, arm, name)

    arms = [arm.name for arm in results.arms]
    labels = {name: _label(results.measure(name)) for name in names}
    if len(names) > len(arms):
        head = ["measure", *(title(results, arm) for arm in arms)]
        return table(head, [[labels[name], *(cell(arm, name) for arm in arms)] for name in names])
    head = ["arm", *labels.values()]
    return table(head, [[title(results, arm), *(cell(arm, name) for name in names)] for arm in arms])


def _beside(results: Results, arm: str, name: str) -> str:
    measure, values = results.measure(name), results.values(arm, name)
    text = _plus_minus(measure, mean(values.values()))
    missing = values and len(values) < len(results.of(arm))
    return f"{text} ({len(values)} of {len(results.of(arm))})" if missing else text


def _plus_minus(measure: Measure, found: Estimate, *, signed: bool = False) -> str:
    text = bare(measure, found.value, signed=signed)
    return f"{text} ± {bare(measure, (found.high - found.low) / 2)}" if found.bounded else text


def every_seed(results: Results, *, timed: bool) -> str:
    """A row a cell: every measure, those that are timed or those that are not."""
    names = [name for name, measure in results.study.measures.items() if measure.timed == timed]
    if not names or not results.cells:
        return ""
    values = {(cell.arm, name): results.values(cell.arm, name) for cell in results.cells for name in names}

    def row(cell: CellResult) -> Row:
        shown = (bare(results.measure(name), values[cell.arm, name].get(cell.seed, nan)) for name in names)
        return [title(results, cell.arm), str(cell.seed), *shown]

    head = ["arm", "seed", *(_label(results.measure(name)) for name in names)]
    return table(head, [row(cell) for cell in results.cells])


def _label(measure: Measure) -> str:
    return escaped(heading(measure))


def arms(results: Results) -> str:
    """A row an arm: its name in commands, and what it sets otherwise than all."""
    rows = [
        [
            title(results, arm.name),
            f"`{arm.name}`" + (" (baseline)" if arm.name == results.study.baseline else ""),
            ", ".join(f"`{name} = {_plain(value)}`" for name, value in arm.settings.items()) or "nothing",
        ]
        for arm in results.arms
    ]
    return table(["arm", "name", "what differs from the settings below"], rows, left=3)


def settings(results: Results) -> str:
    """A row a setting that all arms share."""
    told = results.settings.model_dump(mode="json")
    fields = type(results.settings).model_fields
    rows = [
        [f"`{name}`", f"`{_plain(value)}`", escaped(fields[name].description or "")]
        for name, value in told.items()
    ]
    return table(["setting", "value", "meaning"], rows, left=3)


def _plain(value: object) -> str:
    """A setting inside code in a table."""
    text = "none" if value is None else value if isinstance(value, str) else dumped(value).decode()
    return text.replace("`", "'").replace("|", "¦")
