"""What the documentation says is there, is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_relative_links_lead_to_files(page):
    targets = [target.partition("#")[0] for target in LINK.findall(page.read_text(encoding="utf-8"))]
    local = [
        target for target in targets if target and "://" not in target and not target.startswith("mailto:")
    ]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_dependency_has_its_line_and_its_pin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    unpinned_extras = ("lab", "text", "web", "cluster", "all")
    asked = {"base": project["dependencies"], **project["optional-dependencies"]}
    for extra, requirements in asked.items():
        for requirement in requirements:
            name = re.split(r"[\[<>=]", requirement)[0]
            if name == "workings":
                continue
            assert name in page, f"{name} is missing in docs/dependencies.md"
            if extra not in unpinned_extras:
                assert f"\n{name}==" in pins, f"{name} is missing in constraints.txt"


def test_the_readme_has_the_two_commands_that_ci_runs():
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    commands = [line for block in blocks for line in block.splitlines() if line.startswith("pip install ")]
    assert len(commands) == 2
    assert commands[0].endswith("workings demo")
    assert "pytest" in commands[1]
