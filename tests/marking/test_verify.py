"""`solve --verify`: every kind passes, and what is broken on purpose fails the check that is there for it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from algebra.operations import CASES, Case

from workings import discovery
from workings.algebra import composites, letters, show
from workings.algebra.composites import COMPOSITES
from workings.algebra.expression import PRIMITIVES, Expr, apply, name
from workings.algebra.systems import Float64
from workings.marking import torch_twin
from workings.marking.verify import Check, _gap, central_difference, verify
from workings.solution import Solution, solve
from workings.working import Draft

KINDS = discovery.names("workings.questions")
IN_WORDS = {"transfer_setting"}
"""Kinds that answer in words: there is nothing to compute again."""
VARIANTS = 6


def failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


def one_of(kind: str) -> object:
    return discovery.load("workings.questions", kind, "QUESTION")


# Every kind passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_example_and_variants_pass(kind):
    question = one_of(kind)
    drawn = [dict(question.example), *(question.vary(Random(seed)) for seed in range(VARIANTS))]
    for given in drawn:
        checks = verify(solve(kind, given))
        assert not failed(checks), (given, [str(check) for check in checks])
        if kind not in IN_WORDS:
            compared = {check.name: check.values for check in checks}
            assert compared["certified against float64"] > 0
            assert compared["printed formulas read back"] == compared["certified against float64"]
            assert compared["forward against torch"] > 0


def test_letters_are_checked_by_numbers_in_their_place():
    checks = {
        check.name: check for check in verify(solve("scalar_rnn_bptt", one_of("scalar_rnn_bptt").example))
    }
    assert checks["formulas in letters against float64"].values >= 5  # h_T, dh_da, dh_db, grad_a, grad_b
    assert checks["forward against torch"].values >= 5


# Whatever is broken fails -----------------------------------------------------------------------------------


def network(**changes) -> Solution:
    given = {
        "x": ["1.0", "-0.5"],
        "target": 1,
        "weights": [[["0.3", "-0.2"], ["0.8", "0.1"]], ["0.7", "-0.4"]],
        "biases": "0.1",
        "activations": ["tanh", "sigmoid"],
        "loss": "binary_cross_entropy",
    }
    return solve("sgd_step", given | changes)


def with_step(solution: Solution, label: str, change) -> Solution:
    """The solution with one step's formula changed."""
    steps = tuple(
        replace(step, expr=change(step.expr)) if step.name == label else step for step in solution.working
    )
    return replace(solution, working=replace(solution.working, steps=steps))


GRADIENT_CHECKS = {"gradients against central differences", "gradients against torch autograd"}


def test_the_network_itself_passes():
    assert failed(verify(network())) == set()


@pytest.mark.parametrize("label", ["grad_u_1", "grad_W_1", "grad_W_2", "grad_b_2"])
def test_a_gradient_with_the_wrong_sign_fails(label):
    broken = with_step(network(), label, lambda formula: -formula)
    assert failed(verify(broken)) == GRADIENT_CHECKS


def test_a_gradient_without_its_slope_fails():
    broken = with_step(network(), "grad_u_1", lambda formula: formula.args[0])
    assert show.text(network().working["grad_u_1"].expr) == "∇u_2 · W_2 · f′(u_1)"
    assert show.text(broken.working["grad_u_1"].expr) == "∇u_2 · W_2"
    assert failed(verify(broken)) >= GRADIENT_CHECKS


def test_a_gradient_in_the_transposed_layout_fails():
    broken = with_step(network(), "grad_W_1", lambda formula: formula.T)
    assert failed(verify(broken)) == GRADIENT_CHECKS


def test_a_forgotten_path_through_a_value_used_twice_fails():
    """J = s², s = w + w²; the gradient of w without its second path."""
    draft = Draft()
    w = draft.given("w", 3)
    s = draft.step("s", w + w**2)
    draft.step("J", s**2)
    draft.step("grad_s", 2 * s)
    draft.step("grad_w", name("grad_s") * 1)
    solution = replace(network(), working=draft.done(["grad_w"]), ask=("grad_w",))
    found = {check.name: check for check in verify(solution)}
    assert failed(list(found.values())) == GRADIENT_CHECKS
    assert found["gradients against torch autograd"].note == "worst: grad_w"
    # true gradient 2·12·(1 + 6) = 168, written 24: (168 - 24) / 24 of what is written
    assert found["gradients against torch autograd"].largest == pytest.approx(6)


def exponent_without_its_sign(node):
    """1 / (1 + e^u)."""
    return 1 / (1 + apply("exp", node.args[0]))


def not_normalised(node):
    """e^z."""
    return apply("exp", node.args[0])


def half_of_it(node):
    """-d log y."""
    return -apply("xlogy", node.args[1], node.args[0])


def halved(node):
    """Σ (d - y)² / 2."""
    return apply("sum", (node.args[0] - node.args[1]) ** 2) / 2


def absolute(node):
    """|u|."""
    return apply("absolute", node.args[0])


@pytest.mark.parametrize(
    ("composite", "wrong", "changes"),
    [
        ("sigmoid", exponent_without_its_sign, {}),
        ("binary_cross_entropy", half_of_it, {"target": 0}),
        ("relu", absolute, {"activations": ["relu", "sigmoid"], "biases": "-0.5"}),
        ("squared_error", halved, {"activations": ["tanh", "identity"], "loss": "squared"}),
        (
            "softmax",
            not_normalised,
            {
                "weights": [[["0.3", "-0.2"], ["0.8", "0.1"]]],
                "activations": ["softmax"],
                "target": [0, 1],
                "loss": "cross_entropy",
            },
        ),
    ],
)
def test_a_wrong_formula_of_a_composite_fails_against_torch(monkeypatch, composite, wrong, changes):
    assert failed(verify(network(**changes))) == set()
    monkeypatch.setitem(composites.COMPOSITES, composite, wrong)
    assert "forward against torch" in failed(verify(network(**changes)))


def test_a_wrongly_printed_formula_fails(monkeypatch):
    monkeypatch.setitem(show.ROWS, "sub", show.ROWS["add"])
    assert failed(verify(network())) == {"printed formulas read back"}


def test_a_formula_that_can_not_be_read_back_fails(monkeypatch):
    monkeypatch.setitem(show.ROWS, "tanh", lambda *_: show.Shown("tanh h("))
    assert failed(verify(network())) == {"printed formulas read back"}


def test_a_certified_value_that_is_off_in_its_eighth_digit_fails():
    broken = network()
    values = dict(broken.values)
    values["u_1"] = np.array([float(entry) + 1e-8 for entry in values["u_1"]])
    broken.__dict__["values"] = values
    assert failed(verify(broken)) == {"certified against float64"}


def test_a_wrong_formula_in_letters_fails(monkeypatch):
    monkeypatch.setattr(letters, "simplified", lambda value: value + 1)
    found = verify(solve("scalar_rnn_bptt", one_of("scalar_rnn_bptt").example))
    assert failed(found) == {"formulas in letters against float64"}


def test_without_torch_the_other_checks_remain(monkeypatch):
    monkeypatch.setattr("workings.marking.verify.find_spec", lambda _: None)
    checks = verify(with_step(network(), "grad_u_1", lambda formula: -formula))
    assert failed(checks) == {"gradients against central differences"}
    assert str(checks[-1]) == "torch: nothing to compare (not installed)"


def test_nothing_that_is_not_a_number_passes():
    assert _gap(np.nan, 1.0) == np.inf
    assert _gap(1.0, np.nan) == np.inf
    assert _gap([1.0, 2.0], [[1.0, 2.0]]) == np.inf
    assert _gap([1.0, np.nan], [1.0, 2.0]) == np.inf
    assert _gap([1e6, 1.0], [1e6 + 1, 1.0]) == pytest.approx(1e-6)
    assert str(Check("torch", 0, 0.0, passed=True, note="not installed")) == (
        "torch: nothing to compare (not installed)"
    )


def test_central_difference_of_a_cubic():
    """d/dx Σ x³ = 3x², to the h² of the method."""
    at = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert central_difference(lambda x: float((x**3).sum()), at) == pytest.approx(3 * at**2, abs=1e-6)


# torch's twin of every operation ----------------------------------------------------------------------------


def test_every_operation_has_a_row_or_an_expansion():
    missing = {*PRIMITIVES, *COMPOSITES} - {*torch_twin.ROWS, *COMPOSITES} - {"name", "words", "summation"}
    assert missing == set()
    assert set(torch_twin.ROWS) <= {*PRIMITIVES, *COMPOSITES}


@pytest.mark.parametrize("case", CASES, ids=map(str, CASES))
def test_row_against_the_reference_of_the_operation(case: Case):
    arrays = [np.array(value, dtype=np.float64) for value in case.arguments]
    reference = case.float64(*arrays) if case.float64 else case.digits(*arrays)
    values = {label: torch_twin.tensor(array) for label, array in zip(case.names, arrays, strict=True)}
    found = torch_twin.evaluate(case.expr, values)
    assert found.dtype == torch.float64
    assert tuple(found.shape) == np.shape(reference)
    np.testing.assert_allclose(found.numpy(), np.asarray(reference, dtype=np.float64), rtol=1e-12, atol=1e-12)


def test_steps_with_letters_or_words_are_left_out():
    draft = Draft()
    n, x = draft.letter("n", integer=True), draft.given("x", 2)
    draft.step("lettered", n * x)
    draft.step("number", x * 3)
    draft.step("after", name("lettered") + 1)
    draft.step("said", Expr("words", (), {"value": "both"}))
    found = torch_twin.forward_and_gradients(draft.done())
    assert [(title, list(values)) for title, values in found] == [("forward against torch", ["number"])]
    assert found[0][1]["number"] == 6


def test_a_gradient_of_what_the_cost_does_not_use_is_zero():
    draft = Draft()
    a, b = draft.given("a", 2), draft.given("b", 5)
    draft.step("unused", b * 2)
    draft.step("J", a**2)
    draft.backward("J", ["a", "b", "unused"])
    found = dict(torch_twin.forward_and_gradients(draft.done()))["gradients against torch autograd"]
    assert {label: float(value) for label, value in found.items()} == {
        "grad_a": 4,
        "grad_b": 0,
        "grad_unused": 0,
    }


def test_softplus_far_out_is_not_cut_short():
    """log(1 + e^u) = u + e^-u to first order: torch's own threshold of 20 would drop the second term."""
    u = 21.0
    found = torch_twin.evaluate(apply("softplus", "u"), {"u": torch_twin.tensor(u)})
    assert found.item() - u == pytest.approx(np.exp(-u), rel=1e-3)
    assert Float64().lift(u) == u
