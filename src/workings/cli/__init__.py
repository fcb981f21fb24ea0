"""The command line: parse, call one function, show.

Exit status 0 fine, 1 the input is at fault, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `workings` command."""
    from workings.cli.app import app
    from workings.errors import InputError

    try:
        app()
    except InputError as error:
        sys.stderr.write(f"workings: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("workings: stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`workings list | head`); Python would complain once more as it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
