"""Settings of transfer learning, after tables 1 and 2 of Pan & Yang (2010)."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def setting(**given):
    return solve("transfer_setting", **given)["setting"]


def test_the_step_counter_is_inductive_with_a_shift_of_domain():
    found = solve(
        "transfer_setting", features="same", distribution="changed", labels="changed", task="changed"
    )
    assert found["setting"] == "inductive"
    assert found["domain_change"] == "the distribution P(X)"
    assert found["task_change"] == "the label space Y and the decision f"
    assert "the domain changes as well" in found["reason"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "none"),
        ({"task": "changed"}, "inductive"),
        ({"task": "changed", "labelled": "target"}, "inductive"),
        ({"labels": "changed", "features": "changed", "labelled": "neither"}, "unsupervised"),
        ({"distribution": "changed"}, "transductive"),
        ({"features": "changed", "labelled": "source"}, "transductive"),
    ],
)
def test_rows_of_the_tables(given, expected):
    assert setting(**given) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"task": "changed", "labelled": "source"}, "zero-shot learning"),
        ({"distribution": "changed", "labelled": "both"}, "supervised domain adaptation"),
        ({"distribution": "changed", "labelled": "neither"}, "nobody has labels"),
    ],
)
def test_what_the_tables_leave_out_is_said_to_be_outside(given, reason):
    found = solve("transfer_setting", **given)
    assert found["setting"] == "outside the taxonomy"
    assert reason in found["reason"]


def test_other_words_are_refused():
    with pytest.raises(InputError) as caught:
        setting(task="different")
    assert str(caught.value) == "task: found 'different'; accepted: same, changed"
