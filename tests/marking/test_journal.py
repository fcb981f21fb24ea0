"""What workers tell each other: the same verdicts as if each had found them, and nothing else."""

from __future__ import annotations

import pytest

from workings.marking.journal import Journal
from workings.marking.key import Key
from workings.marking.verdicts import Marker
from workings.solution import solve

NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 1,
    "weights": [[["0.2", "-0.4"], ["0.3", "0.1"]], ["0.5", "-0.7"]],
    "biases": "0.3",
    "activations": ["tanh", "sigmoid"],
    "loss": "squared",
}
SHEETS = [
    # without the bias, and on from there: tanh 0.8, tanh -0.2; 0.5 · 0.66 + 0.7 · 0.20 + 0.3; its sigmoid
    {"u_1": ["0.8", "-0.2"], "h_1": ["0.66", "-0.20"], "u_2": "0.77", "y": "0.68"},
    {"u_1": ["1.1", "0.1"], "h_1": ["0.80", "0.10"], "u_2": "5", "y": "0.99"},
    {"u_1": ["1.1", "1.0"], "y": "12 %"},
]


@pytest.fixture
def solution():
    return solve("sgd_step", NETWORK, decimals=2, rounding="steps")


def verdicts(key):
    markers = [(Marker(key, sheet), sheet) for sheet in SHEETS]
    return [{name: marker.verdict(name) for name in sheet} for marker, sheet in markers]


def exchange(folder, key):
    Journal(folder).exchange({"q": key})


def test_what_one_has_found_another_need_not_work_out(solution, tmp_path, monkeypatch):
    first, second = Key(solution), Key(solution)
    found = verdicts(first)
    assert {one.name for sheet in found for one in sheet.values()} >= {"slip", "follows", "wrong", "right"}
    exchange(tmp_path, first)
    exchange(tmp_path, second)

    def fail(*_):
        raise AssertionError("worked out again")

    monkeypatch.setattr(Marker, "_not_right", fail)
    assert verdicts(second) == found


def test_only_what_is_new_is_told(solution, tmp_path):
    key, journal = Key(solution), Journal(tmp_path)
    verdicts(key)
    journal.exchange({"q": key})
    (file,) = tmp_path.iterdir()
    lines = file.read_text().splitlines()
    assert 0 < len(lines) == len(set(lines))
    verdicts(key)
    journal.exchange({"q": key})
    assert file.read_text().splitlines() == lines


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(solution, tmp_path):
    first, second, journal = Key(solution), Key(solution), Journal(tmp_path)
    verdicts(first)
    exchange(tmp_path, first)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    for end, lines in ((ends[0] - 5, 0), (ends[0], 1), (ends[0] + 3, 1), (len(content), len(ends))):
        file.write_bytes(content[:end])
        journal.exchange({"q": second})
        assert len(second.kept) == lines


@pytest.mark.parametrize(
    "line", ["", "nonsense", "[]", "[1, 2, 3, 4, 5]", '{"a": 1}', "[" * 90_000, "\0\xff"]
)
def test_a_damaged_line_says_nothing(solution, tmp_path, line):
    (tmp_path / "x.jsonl").write_text(f"{line}\n", encoding="latin-1")
    key = Key(solution)
    exchange(tmp_path, key)
    assert not key.kept


def test_where_there_is_no_common_folder_everybody_works_alone(solution, tmp_path):
    key = Key(solution)
    found = verdicts(key)
    exchange(tmp_path / "elsewhere", key)
    assert not (tmp_path / "elsewhere").exists()
    assert verdicts(key) == found
