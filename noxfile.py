"""The project's checks, one session each: `nox`, or `nox -s tests`.

They use the environment that nox runs in and never a network: set that up once with
`pip install -c constraints.txt -e '.[dev]'`.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests", "docs"]


@nox.session
def lint(session: nox.Session) -> None:
    """All of ruff's rules, and the formatter's opinion."""
    session.run("ruff", "check", external=True)
    session.run("ruff", "format", "--check", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Pyright, strict on src."""
    session.run("pyright", external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite; further arguments go to pytest (`nox -s tests -- -k typeset`)."""
    session.run("pytest", "-n", "2", "--dist", "loadfile", *session.posargs, external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """What the documentation says is true: links, commands and examples."""
    session.run("pytest", "tests/test_docs.py", *session.posargs, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark against its peer, one after the other so that none disturbs another."""
    for script in sorted(Path("benchmarks").glob("[!_]*.py")):
        session.run("python", str(script), *session.posargs, external=True)
