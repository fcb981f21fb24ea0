"""`import workings as wk`: what the front page promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import workings as wk
from workings import discovery

SMALL = Path(__file__).parent / "papers" / "fixtures" / "small.md"


def test_solve():
    assert wk.solve("conv_size", input=55, kernel="?", stride=1, padding=0, output=49)["kernel"] == 7


def test_names():
    assert wk.names() == discovery.names("workings.questions")
    assert "sgd_step" in wk.names("question")


def test_build_audit_and_draw(tmp_path):
    [page] = wk.build(SMALL, tmp_path / "small.html")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert [finding.verdict for finding in wk.audit(str(SMALL))].count("wrong") == 3
    written = wk.draw(SMALL, copies=2, seed=7, to=tmp_path / "copies")
    assert len(written) == 4


def test_build_beside_the_paper(tmp_path):
    paper = tmp_path / "exam.md"
    paper.write_text(SMALL.read_text())
    assert wk.build(paper) == [tmp_path / "exam.html"]


def test_every_public_name_is_there():
    assert set(wk.__all__) <= set(dir(wk))
    for name in wk.__all__:
        assert callable(getattr(wk, name))
    with pytest.raises(AttributeError, match="has no attribute 'solv'"):
        _ = wk.solv


def test_importing_loads_nothing_heavy():
    """The cold start is what the shell waits for, and torch is never loaded."""
    code = "import sys, workings, workings.cli; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "sympy", "flint", "pydantic", "torch", "matplotlib", "typer", "rich"}


def test_solving_does_not_load_torch():
    code = (
        "import sys, workings as wk\n"
        "wk.solve('conv_size', input=55, kernel='?', stride=1, padding=0, output=49)['kernel']\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "matplotlib", "sklearn", "pypandoc", "typst"}
