"""The command line: parse, call one function, show.

Exit status 0 fine, 1 the input is at fault, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def main() -> None:
    """The `workings` command."""
    # pydantic would look through every installed package for plugins of its own; we use none, and one waits.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # the mathematics has signs that other encodings have not
    try:
        _run()
    except KeyboardInterrupt:
        sys.stderr.write("workings: stopped\n")
        sys.exit(130)
    except OSError as error:
        # What is left to write goes nowhere: Python would complain once more as it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader has gone: workings list | head
            sys.exit(141)
        sys.stderr.write(f"workings: {error}\n")
        sys.exit(1)


def _run() -> None:
    """Load the commands, which takes a moment in which people may press Ctrl-C, and run the one asked for."""
    from workings.errors import InputError

    try:
        from workings.cli.app import app

        try:
            app()
        finally:
            sys.stdout.flush()  # a full disk is found out here, not while Python shuts down
    except InputError as error:
        sys.stderr.write(f"workings: {error}\n")
        sys.exit(1)
