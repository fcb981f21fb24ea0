"""Settings from a command line or a document become checked cells; what can't be is said with what can."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.lab.plan import plan

pytestmark = pytest.mark.usefixtures("tiny")


def setting(found, arm: str, name: str):
    return next(getattr(cell.settings, name) for cell in found.cells if cell.arm == arm)


def test_a_cell_for_each_arm_and_seed():
    found = plan("line", seeds=4)
    assert [(cell.arm, cell.seed) for cell in found.cells] == [
        (arm, seed) for arm in ("plain", "adam", "cycle") for seed in range(4)
    ]
    assert len({cell.name for cell in found.cells}) == 12
    assert found.key == plan("line", seeds=4).key != plan("line", seeds=3).key


def test_who_wins():
    """The study, the arm, the reduced run, the user for all, the user for one arm: the last of them wins."""
    assert setting(plan("line"), "adam", "epochs") == 3
    assert setting(plan("line", quick=True), "adam", "epochs") == 1
    assert setting(plan("line", {"epochs": 7}, quick=True), "adam", "epochs") == 7
    found = plan("line", {"learning_rate": "0.5", "adam.learning_rate": "0.25"})
    assert [setting(found, arm, "learning_rate") for arm in ("plain", "adam", "cycle")] == [0.5, 0.25, 0.5]
    assert setting(plan("line"), "plain", "learning_rate") == 0.05


def test_words_of_a_command_line():
    found = plan(
        "line", {"clip_norm": "none", "threads": "2", "adam.average": "None", "weight_decay": "1e-4"}
    )
    assert setting(found, "adam", "clip_norm") is None
    assert setting(found, "adam", "average") is None
    assert setting(found, "plain", "threads") == 2
    assert setting(found, "plain", "weight_decay") == 1e-4


def test_the_command_makes_the_same_run_again():
    found = plan("line", {"epochs": 2, "adam.average": None}, seeds=[3, 5], only=["adam"], quick=True)
    assert found.command == "workings run line epochs=2 adam.average=null --seeds 3,5 --arm adam --quick"
    again = plan("line", {"epochs": "2", "adam.average": "null"}, seeds=[3, 5], only=["adam"], quick=True)
    assert again.key == found.key


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ({"epoch": 3}, {}, r"unknown field 'epoch'; accepted: .*Did you mean epochs"),
        ({"epochs": "three"}, {}, r"epochs: found 'three'; accepted: a valid integer"),
        ({"epochs": 0}, {}, r"epochs: found 0; accepted: greater than or equal to 1"),
        ({"epochs": "1e400"}, {}, r"epochs: found '1e400'"),
        ({"learning_rate": "nan"}, {}, r"learning_rate: found 'nan'; accepted: a finite number"),
        ({"optimizer": "admw"}, {}, r"optimizer: found 'admw'; accepted: .*Did you mean adamw"),
        ({"adma.epochs": 3}, {}, r"unknown arm 'adma'; accepted: .*Did you mean adam"),
        ({"adam.epoch": 3}, {}, r"unknown field 'epoch'"),
        ({"epochs": "[1"}, {}, r"found '\[1'; accepted: a list"),
        ({"device": "gpu"}, {}, r"device: found 'gpu'; accepted: .*auto\|cpu"),
        ({"device": "cuda:99"}, {}, r"device: this machine has no cuda:99; accepted: auto, cpu"),
        ({}, {"seeds": 0}, r"seeds: found 0 seeds; accepted: 1 to 10000"),
        ({}, {"seeds": [1, 1]}, r"seeds: found '?\[1, 1\]'?; accepted: different whole numbers"),
        ({}, {"only": ["plane"]}, r"unknown arm 'plane'; accepted: .*Did you mean plain"),
        ({}, {"data": "/not/there"}, r"no data in /not/there"),
    ],
)
def test_what_is_refused(given, options, message):
    with pytest.raises(InputError, match=message):
        plan("line", given, **options)


def test_unknown_study():
    with pytest.raises(InputError, match=r"unknown study 'lime'; accepted: line\. Did you mean line"):
        plan("lime")
