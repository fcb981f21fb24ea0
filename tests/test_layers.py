"""The layers of docs/design.md: folders import only folders with a lower number; torch stays in the lab."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import workings

ROOT = Path(workings.__file__).parent

LAYERS = {
    "errors": 0,
    "discovery": 0,
    "numerals": 0,
    "files": 0,
    "validation": 0,
    "yaml_reader": 0,
    "algebra": 1,
    "lab": 1,
    "working": 2,
    "studies": 2,
    "rules": 3,
    "question": 3,
    "questions": 4,
    "solution": 4,
    "marking": 5,
    "claims": 5,
    "papers": 6,
    "api": 7,
    "cli": 7,
    "web": 7,
}
"""Numbers of the folders and top-level files; equals do not know each other, but for the ground floor, on
which everything may rest on `errors` and the readers on `numerals`."""

TORCH_ALLOWED = ("lab", "studies", "claims")
TORCH_FILES = {"marking/torch_twin.py"}
"""`solve --verify` compares with torch where it is installed; nothing else outside the lab may know it."""


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, at the top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def home(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_lower_layers(path: Path) -> None:
    own = home(path)
    if own in ("__init__", "__main__"):
        return
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "workings" or len(parts) < 2 or parts[1] == own or parts[1] == "__version__":
            continue
        target = parts[1]
        assert target in LAYERS, f"{path}: {name} has no layer in this test"
        ground = LAYERS[own] == LAYERS[target] == 0 and own != "errors"
        assert ground or LAYERS[target] < LAYERS[own], (
            f"{path} (layer {LAYERS[own]}) imports {name} (layer {LAYERS[target]})"
        )


def test_every_folder_and_file_has_a_layer() -> None:
    names = {home(path) for path in modules()} - {"__init__", "__main__"}
    assert names <= LAYERS.keys()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_stays_in_the_lab(path: Path) -> None:
    relative = path.relative_to(ROOT)
    if relative.parts[0] in TORCH_ALLOWED or str(relative) in TORCH_FILES:
        return
    assert not any(name.split(".")[0] == "torch" for name in imported(path))
