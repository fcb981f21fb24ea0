"""The readers of sheets under a coverage-guided fuzzer (atheris, which is no dependency of the project).

    python tests/marking/fuzz_sheets.py -max_total_time=600 FOLDER tests/marking/corpus

The first byte of an input says which reader and which decimal mark; `test_sheets_fuzz.py` replays the
corpus with every reader. The run ends, with the input on disk, at any other error than an `InputError`, at an
input that takes seconds, and where the quick reader and the parser differ.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["workings", "ruamel", "csv", "json"]):
    from workings.errors import InputError
    from workings.marking.answers import is_blank, read_numbers
    from workings.marking.plain_sheets import read_plain
    from workings.marking.sheets import Broken, read_sheets
    from workings.yaml_reader import read_yaml

KNOWN = {"q2b": ("u_1", "h_1"), "q3": ("total",)}
SUFFIXES = (".yaml", ".csv", ".ipynb", ".md")
FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108  own folder


def one_input(data: bytes) -> None:
    """Read the input with one reader, and every answer in it."""
    if not data:
        return
    choice, data = data[0], data[1:]
    suffix, mark = SUFFIXES[choice % 4], "." if choice & 4 else ","
    path = FOLDER / f"x{suffix}"
    path.write_bytes(data)
    for found in read_sheets([path], decimal_mark=mark, known=KNOWN if choice & 8 else None):
        if isinstance(found, Broken):
            assert isinstance(found.error, InputError)
            assert len(str(found.error)) < 2000
            continue
        for quantities in found.answers.values():
            for raw in quantities.values():
                if not is_blank(raw):
                    try:
                        read_numbers(raw, decimal_mark=mark)
                    except InputError:
                        continue
    if suffix == ".yaml":
        same_as_the_parser(data)


def same_as_the_parser(data: bytes) -> None:
    """The quick reader gives up, or reads what the parser reads."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    plain = read_plain(text, 1, lists_as_text=False)
    if plain is not None:
        located = read_yaml(text)
        assert repr(plain.fields) == repr(located.value)
        assert all(located.lines[way] == line for way, line in plain.lines.items())


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=2", "-max_len=600"], one_input)
    atheris.Fuzz()
