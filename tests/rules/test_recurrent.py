"""Recurrent rules: forward against torch's own layers, derived backward against autograd and differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from workings.algebra.expression import apply, chain_sum, name
from workings.algebra.systems import Float64
from workings.rules import recurrent
from workings.working import Draft

INPUTS, HIDDEN, OUTPUTS, LENGTH = 3, 4, 2, 3


def tensors(working, *labels):
    """Givens of a working as leaves of torch's graph."""
    return {label: torch.tensor(working.givens[label].value, requires_grad=True) for label in labels}


def check_backward(working, cost, leaves):
    """Derived gradients against autograd of torch's cost, and against central differences of ours."""
    values = working.evaluate(Float64())
    assert float(values["J"]) == pytest.approx(float(cost.detach()), rel=1e-12)
    slopes = torch.autograd.grad(cost, list(leaves.values()))
    noise = np.random.default_rng(0)
    for label, slope in zip(leaves, slopes, strict=True):
        found = values[f"grad_{label}"]
        np.testing.assert_allclose(found, slope.numpy(), rtol=1e-10, atol=1e-12, err_msg=label)
        direction = noise.normal(size=np.shape(found))
        ends = [
            working.evaluate(Float64(), {label: values[label] + step * direction}, until="J")["J"]
            for step in (1e-6, -1e-6)
        ]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(np.sum(found * direction), rel=1e-6, abs=1e-8)


def network(feedback, layout, seed=1):
    """A draft of a network with random weights, unrolled, with the cost ‖y_1‖² + ... + ‖y_T‖²."""
    noise, draft = np.random.default_rng(seed), Draft()
    fed = HIDDEN if feedback == "h" else OUTPUTS
    for label, shape in {"U": (INPUTS, HIDDEN), "W": (fed, HIDDEN), "V": (HIDDEN, OUTPUTS)}.items():
        draft.given(label, noise.normal(size=shape if layout == "transposed" else shape[::-1]))
    draft.given("b", noise.normal(size=HIDDEN))
    draft.given("c", noise.normal(size=OUTPUTS))
    draft.given(f"{feedback}_0", noise.normal(size=fed))
    for t in range(1, LENGTH + 1):
        draft.given(f"x_{t}", noise.normal(size=INPUTS))
    recurrent.unroll(draft, LENGTH, feedback=feedback, activations=("tanh", "sigmoid"), layout=layout)
    draft.step("J", chain_sum(apply("squared_norm", name(f"y_{t}")) for t in range(1, LENGTH + 1)))
    return draft


def test_elman_states_are_those_of_torchs_rnn():
    working = network("h", "plain").done()
    layer = nn.RNN(INPUTS, HIDDEN, dtype=torch.float64)
    given = {label: torch.tensor(working.givens[label].value) for label in ("U", "W", "b", "h_0")}
    for parameter, value in zip(layer.parameters(), (given["U"], given["W"], given["b"]), strict=False):
        parameter.data = value
    layer.bias_hh_l0.data.zero_()
    x = torch.stack([torch.tensor(working.givens[f"x_{t}"].value) for t in range(1, LENGTH + 1)])
    states, _ = layer(x, given["h_0"][None])
    values = working.evaluate(Float64())
    for t in range(1, LENGTH + 1):
        np.testing.assert_allclose(values[f"h_{t}"], states[t - 1].detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("layout", ["transposed", "plain"])
@pytest.mark.parametrize("feedback", ["h", "y"])
def test_gradients_through_time(feedback, layout):
    draft = network(feedback, layout)
    parameters = ("U", "W", "b", "V", "c", f"{feedback}_0")
    draft.backward("J", parameters)
    working = draft.done()
    leaves = tensors(working, *parameters)
    U, W, V = (leaves[label] if layout == "transposed" else leaves[label].T for label in "UWV")
    fed, cost = leaves[f"{feedback}_0"], 0
    for t in range(1, LENGTH + 1):
        h = torch.tanh(torch.tensor(working.givens[f"x_{t}"].value) @ U + fed @ W + leaves["b"])
        y = torch.sigmoid(h @ V + leaves["c"])
        fed = h if feedback == "h" else y
        cost = cost + (y**2).sum()
    check_backward(working, cost, leaves)


def cell(gates, layout, biases="bc", seed=2):
    """A draft with the givens of a gated cell."""
    noise, draft = np.random.default_rng(seed), Draft()
    draft.given("x", noise.normal(size=INPUTS))
    draft.given("h", noise.normal(size=HIDDEN))
    for gate in gates:
        for kind, extent in (("W", INPUTS), ("U", HIDDEN)):
            shape = (HIDDEN, extent) if layout == "plain" else (extent, HIDDEN)
            draft.given(f"{kind}_{gate}", noise.normal(size=shape))
        for kind in biases:
            draft.given(f"{kind}_{gate}", noise.normal(size=HIDDEN))
    return draft


def stacked(leaves, gates):
    return [torch.cat([leaves[f"{kind}_{gate}"] for gate in gates]) for kind in "WUbc"]


def labels_of(gates):
    return [f"{kind}_{gate}" for gate in gates for kind in "WUbc"]


def test_gru_with_a_late_reset_is_torchs():
    draft = cell("rzn", "plain")
    recurrent.gru_cell(draft, "plain", reset="after", update="keep")
    draft.step("J", apply("squared_norm", name("new_h")))
    draft.backward("J", [*labels_of("rzn"), "x", "h"])
    working = draft.done()
    leaves = tensors(working, *labels_of("rzn"), "x", "h")
    new = torch.gru_cell(leaves["x"][None], leaves["h"][None], *stacked(leaves, "rzn"))[0]
    np.testing.assert_allclose(working.evaluate(Float64())["new_h"], new.detach().numpy(), rtol=1e-12)
    check_backward(working, (new**2).sum(), leaves)


@pytest.mark.parametrize("layout", ["plain", "transposed"])
@pytest.mark.parametrize("update", ["keep", "replace"])
@pytest.mark.parametrize("reset", ["after", "before"])
def test_gru_in_every_convention(reset, update, layout):
    draft = cell("rzn", layout, biases="b")
    recurrent.gru_cell(draft, layout, reset=reset, update=update)
    draft.step("J", apply("squared_norm", name("new_h")))
    labels = [label for label in labels_of("rzn") if label[0] != "c"]
    draft.backward("J", [*labels, "x", "h"])
    working = draft.done()
    leaves = tensors(working, *labels, "x", "h")
    w = {
        label: leaf.T if layout == "transposed" and leaf.ndim == 2 else leaf for label, leaf in leaves.items()
    }
    x, h = leaves["x"], leaves["h"]
    r = torch.sigmoid(w["W_r"] @ x + w["U_r"] @ h + w["b_r"])
    z = torch.sigmoid(w["W_z"] @ x + w["U_z"] @ h + w["b_z"])
    inner = r * (w["U_n"] @ h) if reset == "after" else w["U_n"] @ (r * h)
    n = torch.tanh(w["W_n"] @ x + w["b_n"] + inner)
    new = (1 - z) * n + z * h if update == "keep" else (1 - z) * h + z * n
    check_backward(working, (new**2).sum(), leaves)


def test_lstm_is_torchs():
    draft = cell("ifgo", "plain")
    draft.given("c", np.random.default_rng(3).normal(size=HIDDEN))
    recurrent.lstm_cell(draft, "plain")
    draft.step("J", apply("squared_norm", name("new_h")) + apply("squared_norm", name("new_c")))
    draft.backward("J", [*labels_of("ifgo"), "x", "h", "c"])
    working = draft.done()
    leaves = tensors(working, *labels_of("ifgo"), "x", "h", "c")
    h, c = torch.lstm_cell(
        leaves["x"][None], (leaves["h"][None], leaves["c"][None]), *stacked(leaves, "ifgo")
    )
    values = working.evaluate(Float64())
    np.testing.assert_allclose(values["new_h"], h[0].detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(values["new_c"], c[0].detach().numpy(), rtol=1e-12)
    check_backward(working, (h**2).sum() + (c**2).sum(), leaves)


small = st.integers(-9, 9)


@settings(max_examples=40, deadline=None)
@given(a=small, b=small, start=small, x=st.lists(small, min_size=1, max_size=6))
def test_the_scalar_recurrence_in_closed_form_is_its_loop(a, b, start, x):
    """Whole numbers, so that sums are exact; derivatives by the recurrences of h_t, ∂h_t/∂a and ∂h_t/∂b."""
    h, by_a, by_b = start, 0, 0
    for entry in x:
        h, by_a, by_b = a * entry + b * h, entry + b * by_a, h + b * by_b
    draft = Draft()
    given_x = draft.given("x", np.array(x, dtype=object))
    parts = [draft.given(label, value) for label, value in (("a", a), ("b", b), ("h_0", start))]
    closed = recurrent.ScalarRecurrence(*parts, given_x, draft.given("T", len(x)), "k")
    draft.step("h_T", closed.last_state())
    draft.step("dh_da", closed.by_a())
    draft.step("dh_db", closed.by_b())
    values = draft.done().evaluate(Float64())
    assert [values[label] for label in ("h_T", "dh_da", "dh_db")] == [h, by_a, by_b]


@pytest.mark.parametrize(
    ("shape", "words"),
    [((), "one number"), ((2,), "a list of 2"), ((2, 3), "2 rows of 3"), ((1, 1, 1), "3 axes")],
)
def test_shapes_in_words(shape, words):
    assert recurrent.spelled(shape) == words
