"""Follow-through: work that goes on rightly from a wrong step, and answers that make the next ones free."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from workings import discovery
from workings.algebra import balls
from workings.algebra.evaluate import evaluate
from workings.algebra.systems import Rounded, Undecided
from workings.errors import InputError
from workings.marking.follow import MOST_DIFFERING, route, subsets
from workings.marking.key import Key
from workings.marking.verdicts import Marker
from workings.papers.draw import _written
from workings.solution import Solution, solve

KINDS = [kind for kind in discovery.names("workings.questions") if kind != "transfer_setting"]
NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 1,
    "weights": [[["0.2", "-0.4"], ["0.3", "0.1"]], ["0.5", "-0.7"]],
    "biases": "0.3",
    "activations": ["tanh", "sigmoid"],
    "loss": "squared",
}


def network(**options):
    return solve("sgd_step", NETWORK, **{"decimals": 2, "rounding": "steps", **options})


def verdicts(solution, answers):
    marker = Marker(solution, answers)
    return {label: marker.verdict(label) for label in answers}


# A chain by hand: u_1 = Wᵀx + b = (1.1, 0.1), written without the bias as (0.8, -0.2) -----------------------

ON_FROM_U_1 = {"h_1": ["0.66", "-0.20"], "u_2": "0.77", "y": "0.68", "J": "0.10"}
"""tanh 0.8, tanh -0.2; 0.5 · 0.66 + 0.7 · 0.20 + 0.3; its sigmoid; (1 - 0.68)²"""


def test_the_chain_of_the_hand_calculation():
    h = [math.tanh(0.8), math.tanh(-0.2)]
    assert [f"{value:.2f}" for value in h] == ON_FROM_U_1["h_1"]
    assert f"{0.5 * 0.66 + 0.7 * 0.20 + 0.3:.2f}" == ON_FROM_U_1["u_2"]
    assert f"{1 / (1 + math.exp(-0.77)):.2f}" == ON_FROM_U_1["y"]
    assert f"{(1 - 0.68) ** 2:.2f}" == ON_FROM_U_1["J"]


def test_a_first_slip_costs_its_own_marks_only():
    found = verdicts(network(), {"u_1": ["0.8", "-0.2"], **ON_FROM_U_1})
    assert {label: one.name for label, one in found.items()} == {
        "u_1": "slip",
        "h_1": "follows",
        "u_2": "follows",
        "y": "follows",
        "J": "follows",
    }
    assert [one.credit for one in found.values()] == [0, 1, 1, 1, 1]
    assert found["u_1"].slip.name == "bias left out"
    assert all(found[label].root == "u_1" for label in ON_FROM_U_1)
    assert found["y"].note.startswith("follows from own u_2; the first wrong step is u_1; right: 0.6")


def test_what_follows_from_an_unexplained_value_is_right_too():
    # u_1 = (0.5, 0.4) comes from nowhere: h_1 = tanh, u_2 = 0.5 · 0.46 - 0.7 · 0.38 + 0.3 = 0.264
    found = verdicts(network(), {"u_1": ["0.5", "0.4"], "h_1": ["0.46", "0.38"], "u_2": "0.26"})
    assert [one.name for one in found.values()] == ["wrong", "follows", "follows"]


def test_the_key_may_be_taken_up_again():
    right = {"u_2": "0.63", "y": "0.65"}  # from the right h_1 = (0.80, 0.10)
    found = verdicts(network(), {"u_1": ["0.8", "-0.2"], "h_1": ["0.66", "-0.20"], **right})
    assert [one.name for one in found.values()] == ["slip", "follows", "right", "right"]


def test_a_blank_step_is_worked_out_from_what_stands_before_it():
    found = verdicts(network(), {"u_1": ["0.8", "-0.2"], "h_1": None, "u_2": "0.77"})
    assert [one.name for one in found.values()] == ["slip", "blank", "follows"]
    assert found["u_2"].own == ("u_1",)


@pytest.mark.parametrize("raw", [None, "", "-", "[0.66, oops]"])
def test_blank_and_unreadable_parents_take_the_keys_value(raw):
    found = verdicts(network(), {"h_1": raw, "u_2": "0.63", "y": "0.65"})
    assert found["h_1"].name in ("blank", "unreadable")
    assert [found["u_2"].name, found["y"].name] == ["right", "right"]


def test_a_slip_on_top_of_an_earlier_one():
    # from the wrong h_1 = (0.66, -0.20), and the bias left out again: 0.33 + 0.14 = 0.47
    found = verdicts(network(), {"u_1": ["0.8", "-0.2"], "h_1": ["0.66", "-0.20"], "u_2": "0.47"})
    assert found["u_2"].name == "slip"
    assert found["u_2"].slip.name == "bias left out"
    assert found["u_2"].own == ("h_1",)
    assert "from own h_1" in found["u_2"].note


def test_a_wrong_step_of_its_own_does_not_follow():
    found = verdicts(network(), {"u_1": ["0.8", "-0.2"], "h_1": ["0.91", "0.42"]})
    assert found["h_1"].name == "wrong"
    assert found["h_1"].credit == 0


def test_rounding_at_the_end_follows_too():
    found = verdicts(
        network(rounding="end", decimals=4), {"u_1": ["0.8", "-0.2"], "h_1": ["0.6640", "-0.1974"]}
    )
    assert [one.name for one in found.values()] == ["slip", "follows"]


def test_whole_numbers_follow_exactly():
    # 3 · (2 + 1) = 9 written as 8, 4 · (3 + 1) = 16: the total 24 follows, 25 is the key's, 29 is neither
    solution = solve("dense_parameters", {"inputs": 2, "layers": [3, 4]})
    for total, name in ((24, "follows"), (25, "right"), (29, "wrong")):
        found = verdicts(solution, {"layer_1": 8, "layer_2": 16, "total": total})
        assert found["total"].name == name, total


def test_formulas_follow():
    # M N without its bias or with two of them; the total takes up what was written, and classes · units
    solution = solve("cnn_versus_dense", {"H": "H", "W": "W", "M": "M", "N": "N", "pool": 2, "classes": 10})
    units = "(H - M + 1)(W - N + 1)/4"
    found = verdicts(solution, {"cnn_1": "M N + 5", "cnn_2": 0, "cnn_total": f"M N + 5 + 10 {units}"})
    assert [one.name for one in found.values()] == ["wrong", "right", "follows"]
    found = verdicts(solution, {"cnn_1": "M N + 5", "cnn_2": 0, "cnn_total": f"M N + 6 + 10 {units}"})
    assert found["cnn_total"].credit == 0


# Answers that would make later ones free --------------------------------------------------------------------


def test_zeros_earn_nothing_further():
    zeros = {
        "u_1": [0, 0],
        "h_1": [0, 0],
        "u_2": "0.3",
        "df_1": [1, 1],
        "grad_u_1": [0, 0],
        "grad_W_1": [[0, 0], [0, 0]],
        "grad_b_1": [0, 0],
    }
    found = verdicts(network(), zeros)
    assert [one.credit for one in found.values()] == [0, 0, 0, 0, 0, 0, 0], found


def test_zeros_in_the_middle_do_not_make_the_weights_free():
    # h_1 = 0 leaves u_2 = b whatever the weights are
    found = verdicts(network(), {"u_1": ["1.1", "0.1"], "h_1": [0, 0], "u_2": "0.3"})
    assert [one.credit for one in found.values()] == [1, 0, 0]


def test_zeros_that_were_worked_out_are_no_trick():
    # ReLU of a preactivation with the wrong sign: its zeros follow, and so does what comes of them
    given = {**NETWORK, "activations": ["relu", "identity"]}
    answers = {"u_1": ["-1.1", "-0.1"], "h_1": [0, 0], "u_2": "0.3"}
    found = verdicts(solve("sgd_step", given, decimals=2, rounding="steps"), answers)
    assert [one.name for one in found.values()] == ["slip", "follows", "follows"]


# Routes and subsets -----------------------------------------------------------------------------------------


def test_a_route_goes_to_the_nearest_written_answers():
    working = network().working
    assert route(working, "u_2", {"u_1"}).parents == ("u_1",)
    assert [step.name for step in route(working, "u_2", {"u_1"}).steps] == ["h_1", "u_2"]
    assert route(working, "u_2", {"u_1", "h_1"}).parents == ("h_1",)
    assert route(working, "J", set()).parents == ()
    assert [step.name for step in route(working, "J", set()).steps] == ["J"]


def test_subsets_are_bounded():
    few, many = list("abc"), [f"p_{i}" for i in range(MOST_DIFFERING + 20)]
    assert len(list(subsets(few))) == 7
    assert next(subsets(few)) == ("a", "b", "c")
    assert len(list(subsets(many))) == len(many) + 1
    assert list(subsets([])) == []


# Every kind: after one slip, rightly continued --------------------------------------------------------------


def carried_on(solution: Solution, label: str, form) -> dict[str, object] | None:
    """Every answer, rounded at every step, with a slip in one step and all others right from there."""
    needs = solution.working.needs()
    with balls.precision(256):
        system = Rounded(256, solution.places)
        values = dict(solution.working.lifted(system))
        try:
            for step in solution.working:
                if not needs[step.name]:
                    formula = form if step.name == label else step.expr
                    values[step.name] = system.settle(evaluate(formula, values, system))
        except (InputError, Undecided):
            return None
    asked = [name for name in solution.ask if name in values and not isinstance(values[name], str)]
    return {name: _written(values[name], solution) for name in asked}


@pytest.mark.parametrize("kind", KINDS)
def test_correctly_continued_work_loses_no_further_marks(kind):
    question = discovery.load("workings.questions", kind, "QUESTION")
    tried = 0
    for seed in range(4):
        random = Random(seed)
        solution = solve(kind, question.vary(random), decimals=3, rounding="steps")
        key = Key(solution)
        numeric = [
            label for label in solution.ask if label in solution.working and not key.letters.get(label)
        ]
        numeric = [label for label in numeric if label not in question.checks]
        for label in random.sample(numeric, min(2, len(numeric))):
            forms = [form for form in key.forms(label) if not form.reshaped]
            for form in random.sample(forms, min(3, len(forms))):
                sheet = carried_on(solution, label, form.expr)
                if sheet is None or not np.any(np.asarray(sheet[label], dtype=object) != 0):
                    continue
                marker = Marker(key, sheet)
                tried += 1
                for other in sheet:
                    verdict = marker.verdict(other)
                    assert other == label or verdict.credit == 1, (seed, label, form.slip, other, verdict)
    assert tried or not numeric


def test_what_was_rounded_goes_on_through_steps_that_nobody_wrote():
    # grad_s_2 has lost a term; grad_o_1 from it is off in its last place only, and right as rounded. What is
    # not asked for, grad_h_1, comes from those digits, and grad_s_1 from it
    question = discovery.load("workings.questions", "jordan_rnn", "QUESTION")
    solution = solve("jordan_rnn", question.vary(Random(24)), decimals=3, rounding="steps")
    key = Key(solution)
    form = next(form for form in key.forms("grad_s_2") if form.slip.name == "term left out")
    sheet = carried_on(solution, "grad_s_2", form.expr)
    found = verdicts(key, sheet)
    assert found["grad_s_2"].slip.name == "term left out"
    assert found["grad_o_1"].name == "right, rounded"
    assert found["grad_s_1"].credit == 1
