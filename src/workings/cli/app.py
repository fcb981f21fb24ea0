"""The commands and their options. Each imports what it needs when it runs: the shell waits for no more."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


def kinds(incomplete: str) -> list[str]:
    """Names of questions that begin as typed, for the shell's completion."""
    from workings.discovery import names

    return [name for name in names("workings.questions") if name.startswith(incomplete)]


app = typer.Typer(
    name="workings",
    help="Work out a deep-learning paper: every question solved step by step, every printed digit proven.",
    epilog="Start with: workings demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Kind(StrEnum):
    """What can be listed."""

    questions = "questions"
    studies = "studies"
    claims = "claims"


class Rounding(StrEnum):
    """When a calculation rounds."""

    end = "end"
    steps = "steps"


class Ties(StrEnum):
    """Where a tie goes."""

    half_up = "half-up"
    half_even = "half-even"


class SolveFormat(StrEnum):
    """How a solution is written."""

    text = "text"
    md = "md"
    latex = "latex"
    html = "html"
    pdf = "pdf"
    json = "json"


class RunSize(StrEnum):
    """How much of a study is trained."""

    quick = "quick"
    full = "full"


class TableFormat(StrEnum):
    """How a table is written."""

    text = "text"
    json = "json"


def studies(incomplete: str) -> list[str]:
    """Names of studies that begin as typed, for the shell's completion."""
    from workings.discovery import names

    return [name for name in names("workings.studies") if name.startswith(incomplete)]


def version(*, wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from workings import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: version(wanted=value),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Work out a deep-learning paper: every question solved step by step, every printed digit proven."""


@app.command("list", epilog="Example: workings list questions")
def list_items(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; everything unless given.")] = None,
    *,
    form: Annotated[TableFormat, typer.Option("--format", help="How to write it.")] = TableFormat.text,
) -> None:
    """List the questions, studies and claims there are."""
    from workings.cli.show import listing

    typer.echo(
        listing([kind.value] if kind else [each.value for each in Kind], as_json=form is TableFormat.json)
    )


@app.command(
    epilog="Examples: workings solve conv_size input=55 kernel=? stride=1 padding=0 output=49   |   "
    "workings solve sgd_step --example > given.yaml && workings solve sgd_step given.yaml --decimals 2"
)
def solve(
    kind: Annotated[
        str, typer.Argument(help="A question; see 'workings list questions'.", show_default=False)
    ],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            help="The givens: a YAML file, - for standard input, or name=value pairs.", show_default=False
        ),
    ] = None,
    *,
    example: Annotated[bool, typer.Option("--example", help="Print a filled-in given file to edit.")] = False,
    ask: Annotated[list[str] | None, typer.Option(help="A quantity wanted; may be repeated.")] = None,
    decimals: Annotated[int | None, typer.Option(help="Decimals shown (4 unless given).")] = None,
    significant: Annotated[
        int | None, typer.Option(help="Significant figures shown, in place of decimals.")
    ] = None,
    rounding: Annotated[
        Rounding, typer.Option(help="Round at the end, or at all steps as on paper.")
    ] = Rounding.end,
    ties: Annotated[Ties, typer.Option(help="Where a tie goes.")] = Ties.half_up,
    form: Annotated[SolveFormat, typer.Option("--format", help="How to write it.")] = SolveFormat.text,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file in place of standard output.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check values and gradients again by other means (torch where it is installed)."
        ),
    ] = False,
) -> None:
    """Work out one question."""
    from workings.cli import show

    if example:
        typer.echo(show.example(kind), nl=False)
        return
    from workings.errors import InputError
    from workings.solution import solve as solve_question

    if output is not None and [str(output)] == given:
        raise InputError(f"{output} holds the givens", accepted="another file to write")
    source = show.read_given(kind, given or [])
    try:
        solution = solve_question(
            kind,
            source.values,
            ask=ask or None,
            decimals=decimals,
            significant=significant,
            rounding=rounding.value,
            rounding_ties=ties.value,
        )
        text = show.solution(solution, form.value)
    except InputError as error:
        raise source.blame(error) from None
    show.write(text, output)
    if verify and not show.verified(solution):
        raise typer.Exit(1)


@app.command(epilog="Example: workings build papers/examination.md -o examination.pdf")
def build(
    paper: Annotated[Path, typer.Argument(help="The paper, in Markdown.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The file to write: .html, .pdf, .ipynb, .docx or .md (.html beside the paper).",
        ),
    ] = None,
    *,
    blank: Annotated[
        bool, typer.Option("--blank", help="Without answers, and an empty answer sheet beside it.")
    ] = False,
    run: Annotated[
        RunSize | None,
        typer.Option(
            "--run", help="Train the paper's studies first: reduced, or in full.", show_default=False
        ),
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder of all runs, where results are looked for.")] = Path(
        "runs"
    ),
    on: Annotated[str, typer.Option(help="Where studies are trained, as for 'workings run'.")] = "auto",
) -> None:
    """Work out a paper and typeset it; studies show the results that are on disk."""
    from workings.cli import show

    if run is not None:
        from workings.cli.lab import train_paper

        train_paper(paper, quick=run is RunSize.quick, to=runs, on=on)
    for path in show.built(paper, output or paper.with_suffix(".html"), blank=blank, runs=runs):
        typer.echo(path)


@app.command(epilog="Example: workings audit papers/examination.md --format json")
def audit(
    paper: Annotated[Path, typer.Argument(help="The paper, in Markdown.", show_default=False)],
    *,
    form: Annotated[TableFormat, typer.Option("--format", help="How to write it.")] = TableFormat.text,
    everything: Annotated[bool, typer.Option("--all", help="List what is right, too.")] = False,
) -> None:
    """Check the printed keys of a paper against certified values."""
    from workings.cli import show

    show.audited(paper, as_json=form is TableFormat.json, everything=everything)


@app.command(epilog="Example: workings mark papers/examination.md sheets -o marks.csv --feedback feedback")
def mark(
    paper: Annotated[Path, typer.Argument(help="The paper, in Markdown.", show_default=False)],
    sheets: Annotated[
        list[Path],
        typer.Argument(
            help="Answer sheets (.yaml, .csv, .ipynb, .md), or folders of them.", show_default=False
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Marks, a row a student; verdicts go into a table beside it."),
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option(help="A folder for a page a student, and one for the class.")
    ] = None,
    on: Annotated[
        str, typer.Option(help="Where to work: inline, processes, processes:4, ray, ray://host:port.")
    ] = "inline",
    form: Annotated[TableFormat, typer.Option("--format", help="How to write it.")] = TableFormat.text,
) -> None:
    """Mark answer sheets; a broken one is reported, and the others are marked."""
    from workings.cli.marking import marked

    if not marked(paper, sheets, to=output, feedback=feedback, on=on, as_json=form is TableFormat.json):
        raise typer.Exit(1)


@app.command(epilog="Example: workings draw papers/examination.md --copies 30 --seed 7 -o copies")
def draw(
    paper: Annotated[Path, typer.Argument(help="The paper, in Markdown.", show_default=False)],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder to write into.", show_default=False)
    ],
    copies: Annotated[int, typer.Option(help="How many variants.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same variants.")] = 0,
) -> None:
    """Draw variants of a paper with other numbers, each with its key."""
    from workings.cli import show

    written, kept = show.drawn(paper, copies, seed, output)
    typer.echo(f"{len(written)} files in {output}")
    for name, count in kept.items():
        sys.stderr.write(f"workings: {name} kept its own numbers in {count} of {copies} copies\n")


@app.command(
    context_settings={"help_option_names": []},
    epilog="Examples: workings run mnist_lenet --quick   |   workings run mnist_lenet epochs=3 "
    "plain.learning_rate=0.05 --seeds 5 --data mnist/   |   workings run mnist_lenet --help",
)
def run(
    context: typer.Context,
    study: Annotated[
        str | None,
        typer.Argument(
            help="A study; see 'workings list studies'.", show_default=False, autocompletion=studies
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Argument(help="name=value for all arms, arm.name=value for one.", show_default=False),
    ] = None,
    *,
    seeds: Annotated[str, typer.Option(help="How many seeds (5), or which (3,7,9).")] = "5",
    arm: Annotated[
        list[str] | None, typer.Option(help="An arm wanted; may be repeated (all unless given).")
    ] = None,
    on: Annotated[
        str,
        typer.Option(help="Where to work: auto, inline, processes, processes:4, ray, ray://host:port."),
    ] = "auto",
    data: Annotated[
        str | None, typer.Option(help="A file or folder in place of the embedded data, or hub:NAME.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The study's reduced settings.")] = False,
    to: Annotated[Path, typer.Option(help="The folder of all runs.")] = Path("runs"),
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="The report: .html, .pdf, .ipynb, .docx, .md (beside the cells)."
        ),
    ] = None,
    log: Annotated[
        list[str] | None, typer.Option(help="Hand the curves on to tensorboard or mlflow; may be repeated.")
    ] = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How to write it.")] = TableFormat.text,
    show_help: Annotated[
        bool, typer.Option("--help", "-h", help="Show this, and the settings of the study.")
    ] = False,
) -> None:
    """Run a study: every arm with every seed; a run that was cut short goes on where it was."""
    from workings.cli import lab

    if show_help:
        typer.echo(context.get_help())
        if study is not None:
            typer.echo("\n" + lab.settings_help(study))
        raise typer.Exit
    if study is None:
        raise typer.BadParameter("which study? See 'workings list studies'", param_hint="study")
    raise typer.Exit(
        lab.ran(
            lab.planned(study, settings or [], seeds=seeds, arms=arm or [], data=data, quick=quick),
            to=to,
            on=on,
            output=output,
            logs=log or [],
            as_json=form is TableFormat.json,
        )
    )


runs_app = typer.Typer(name="runs", help="List, show, compare and delete runs.", no_args_is_help=True)
app.add_typer(runs_app)
ALL_RUNS = Annotated[Path, typer.Option(help="The folder of all runs.")]
RUN_NAME = Annotated[
    str, typer.Argument(help="A run's key, or a study for its newest run.", show_default=False)
]


@runs_app.command("list")
def runs_list(
    *,
    to: ALL_RUNS = Path("runs"),
    form: Annotated[TableFormat, typer.Option("--format", help="How to write it.")] = TableFormat.text,
) -> None:
    """List the runs there are."""
    from workings.cli.lab import listed

    listed(to, as_json=form is TableFormat.json)


@runs_app.command("show")
def runs_show(
    name: RUN_NAME,
    *,
    to: ALL_RUNS = Path("runs"),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the report: .html, .pdf, .ipynb, .docx, .md.")
    ] = None,
) -> None:
    """Show what a run found, from what is on disk."""
    from workings.cli.lab import shown

    shown(name, to, output)


@runs_app.command("compare")
def runs_compare(first: RUN_NAME, second: RUN_NAME, *, to: ALL_RUNS = Path("runs")) -> None:
    """Compare two runs of one study, arm by arm, over the seeds that both have."""
    from workings.cli.lab import compared

    compared(first, second, to)


@runs_app.command("delete")
def runs_delete(
    name: RUN_NAME,
    *,
    to: ALL_RUNS = Path("runs"),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a run, and the cells that no other run has."""
    from workings.lab.runs import delete, find

    folder = find(to, name)
    if not yes:
        typer.confirm(f"Delete {folder}?", abort=True)
    typer.echo(f"deleted {folder.name}, and {delete(folder)} cells that no other run has")


@app.command(epilog="Example: workings demo -o demo")
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write into.")] = Path(
        "workings-demo"
    ),
) -> None:
    """Build the five example papers, audit their printed keys and print the errata."""
    from workings.cli.demo import run

    run(output)
