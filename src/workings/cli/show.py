"""What the commands read and print."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workings import discovery
from workings.errors import InputError, echo
from workings.numerals import Numeral, places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workings.papers.audit import Finding
    from workings.question import Question
    from workings.solution import Solution
    from workings.yaml_reader import Located

SINGULAR = {"questions": "question", "studies": "study", "claims": "claim"}
LARGEST_GIVEN = 2_000_000
WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")


def listing(kinds: Sequence[str], *, as_json: bool) -> str:
    """The items there are, with their titles."""
    found: dict[str, dict[str, str]] = {}
    for kind in kinds:
        package, attribute = discovery.ITEMS[SINGULAR[kind]]
        items = {name: discovery.load(package, name, attribute) for name in discovery.names(package)}
        found[kind] = {name: str(getattr(item, "title", "")) for name, item in items.items()}
    if as_json:
        return json.dumps(found, ensure_ascii=False, indent=1)
    blocks: list[str] = []
    for kind, items in found.items():
        width = max((len(name) for name in items), default=0)
        rows = [f"  {name:{width}}  {title}" for name, title in items.items()] or ["  none yet"]
        blocks.append("\n".join([kind.capitalize(), *rows]))
    return "\n\n".join(blocks)


def load_question(kind: str) -> Question:
    """The definition of a question."""
    package, attribute = discovery.ITEMS["question"]
    return cast("Question", discovery.load(package, kind, attribute))


def example(kind: str) -> str:
    """A filled-in given file: each given with what it means."""
    from workings.papers.yaml_writer import write_yaml

    question = load_question(kind)
    lines = [f"# {question.title}", f"# workings solve {kind} given.yaml", ""]
    for name, field in question.given.model_fields.items():
        if name in question.example:
            lines.append(f"# {field.description}")
            lines.append(write_yaml({name: _unquoted(question.example[name])}).rstrip("\n"))
        else:
            default = "" if field.is_required() else " (may be left out)"
            lines.append(f"# {name}:{default} {field.description}")
    return "\n".join(lines) + "\n"


def _unquoted(value: Any) -> Any:
    """Decimals that a definition holds as text, as the bare numbers that they are in a document."""
    if isinstance(value, (list, tuple)):
        return [_unquoted(part) for part in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {key: _unquoted(part) for key, part in cast("dict[str, Any]", value).items()}
    return Numeral(value) if isinstance(value, str) and places(value) is not None else value


@dataclass(frozen=True)
class GivenSource:
    """Givens, and where each of them was read."""

    values: Mapping[str, Any]
    located: Located | None = None

    def blame(self, error: InputError) -> InputError:
        """`error` with the file and the line of the given that is at fault."""
        return self.located.blame(error) if self.located else error


def read_given(kind: str, given: Sequence[str]) -> GivenSource:
    """Givens from a file, from standard input, or from name=value pairs."""
    if not given:
        raise InputError(
            f"no givens for {kind}",
            accepted=f"a YAML file, - or name=value pairs; workings solve {kind} --example writes one",
        )
    if all("=" in part for part in given):
        return GivenSource(_pairs(given))
    from workings.yaml_reader import read_text_file, read_yaml

    if len(given) > 1:
        raise InputError(
            f"found {' '.join(echo(part) for part in given)}", accepted="one file, -, or name=value pairs"
        )
    source = given[0]
    file = "standard input" if source == "-" else source
    text = _standard_input() if source == "-" else read_text_file(source)
    if not text.strip():
        raise InputError("found nothing", accepted="givens, a line each").at(file=file)
    located = read_yaml(text, file=file)
    if not isinstance(located.value, dict):
        raise InputError("found a list", accepted="lines such as 'name: value'").at(file=file)
    return GivenSource(cast("dict[str, Any]", located.value), located)


def _standard_input() -> str:
    """The text of standard input."""
    data = sys.stdin.buffer.read(LARGEST_GIVEN + 1)
    if len(data) > LARGEST_GIVEN:
        raise InputError(f"more than {LARGEST_GIVEN} bytes", accepted="fewer").at(file="standard input")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("found no text", accepted="text in UTF-8").at(file="standard input") from None


def _pairs(given: Sequence[str]) -> dict[str, Any]:
    """Givens written name=value, each value as YAML has it; whole numbers and ? need no reader."""
    pairs: dict[str, Any] = {}
    for part in given:
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name in pairs:
            raise InputError(f"{name} twice", accepted="each given once")
        if WHOLE.fullmatch(value):
            pairs[name] = int(value)
        elif value == "?":
            pairs[name] = value
        else:
            from workings.yaml_reader import read_yaml

            pairs.update(cast("dict[str, Any]", read_yaml(f"{name}: {value}").value))
    return pairs


def solution(found: Solution, form: str) -> str | bytes:
    """A solution in one of the formats."""
    if form == "json":
        return json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n"
    if form == "text":
        return found.text() + "\n"
    if form == "latex":
        return found.latex() + "\n"
    body = found.markdown() + "\n"
    if form == "md":
        return f"# {found.question.title}\n\n{body}"
    from workings.papers import typeset

    return (
        typeset.pdf(body, found.question.title) if form == "pdf" else typeset.html(body, found.question.title)
    )


def write(content: str | bytes, to: Path | None) -> None:
    """To a file, or to standard output."""
    if to is not None:
        from workings.files import write_file

        write_file(to, content if isinstance(content, bytes) else content.encode())
    elif isinstance(content, bytes):
        if sys.stdout.isatty():
            raise InputError("a PDF on the screen", accepted="-o FILE.pdf")
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content)


def verified(found: Solution) -> bool:
    """Check the solution again by other means, and say on standard error how it went; whether all passed."""
    from workings.marking.verify import verify

    checks = verify(found)
    for check in checks:
        sys.stderr.write(f"{check}\n")
    return all(check.passed for check in checks)


def built(paper: Path, to: Path, *, blank: bool, runs: Path) -> list[Path]:
    """Build a paper, with progress on a terminal."""
    from workings.cli.progress import bar
    from workings.papers.build import build
    from workings.papers.document import read

    source = read(paper)
    with bar(len(source.questions)) as tick:
        return build(source, to, without_answers=blank, progress=tick, runs=runs)


def audited(paper: Path, *, as_json: bool, everything: bool) -> None:
    """Print the audit of one paper."""
    from workings.papers.audit import audit
    from workings.papers.document import read

    found = audit(read(paper))
    if as_json:
        sys.stdout.write(
            json.dumps([finding.as_json() for finding in found], ensure_ascii=False, indent=1) + "\n"
        )
        return
    shown = found if everything else [finding for finding in found if finding.verdict != "right"]
    if shown:
        print_table(errata(shown), width=None)
    sys.stdout.write(f"{summary(found)}\n")


def summary(found: Sequence[Finding]) -> str:
    """How many printed values have which verdict."""
    names = ("right", "right, rounded", "convention", "wrong")
    counts = {name: sum(finding.verdict == name for finding in found) for name in names}
    return f"{len(found)} printed values: " + "; ".join(
        f"{count} {name}" for name, count in counts.items() if count
    )


def errata(found: Iterable[Finding], *, title: str | None = None) -> Any:
    """Findings as a table."""
    from rich.table import Table
    from rich.text import Text

    styles = {"right": "green", "right, rounded": "cyan", "convention": "yellow", "wrong": "bold red"}
    table = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in ("question", "quantity", "printed", "verdict", "note"):
        table.add_column(column, overflow="fold")
    for finding in found:
        table.add_row(
            *(Text(part) for part in (finding.question, finding.quantity, finding.printed)),
            Text(finding.verdict, style=styles[finding.verdict]),
            Text(finding.note),
        )
    return table


def print_table(table: Any, *, width: int | None) -> None:
    """A table on standard output: as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    console = Console(width=width or (None if sys.stdout.isatty() else 140), highlight=False)
    console.print(table)


def drawn(paper: Path, copies: int, seed: int, folder: Path) -> tuple[list[Path], Mapping[str, int]]:
    """Draw variants, with progress on a terminal."""
    from workings.cli.progress import bar
    from workings.papers.document import read
    from workings.papers.draw import write as write_copies

    with bar(copies) as tick:
        return write_copies(read(paper), copies, seed, folder, progress=tick)
