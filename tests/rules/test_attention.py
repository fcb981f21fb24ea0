"""Attention rules: forward against torch's kernels, derived backward against autograd and differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from rules.test_recurrent import check_backward, tensors
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from workings.algebra.expression import apply, const, name, sqrt, stack
from workings.algebra.systems import Float64
from workings.rules import attention
from workings.working import Draft

LENGTH, WIDTH, DEPTH = 4, 3, 2
CAUSAL = np.tril(np.ones((LENGTH, LENGTH)))
MASKS = {
    "none": None,
    "causal": CAUSAL,
    "holes": np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]),
}


def one_head(mask, scale):
    noise, draft = np.random.default_rng(4), Draft()
    for label, shape in {"Q": (LENGTH, WIDTH), "K": (LENGTH, WIDTH), "V": (LENGTH, DEPTH)}.items():
        draft.given(label, noise.normal(size=shape))
    divisor = {"sqrt_d": sqrt(const(WIDTH)), "none": None, "2.5": const("2.5")}[scale]
    given = None if mask is None else draft.given("mask", mask.astype(float))
    attention.head(draft, "", divisor, given)
    draft.step("J", apply("squared_norm", name("Z")))
    draft.backward("J", ["Q", "K", "V"])
    return draft.done()


@pytest.mark.parametrize("scale", ["sqrt_d", "none", "2.5"])
@pytest.mark.parametrize("mask", MASKS)
def test_a_head_is_torchs_scaled_dot_product_attention(mask, scale):
    working = one_head(MASKS[mask], scale)
    leaves = tensors(working, "Q", "K", "V")
    allowed = None if MASKS[mask] is None else torch.tensor(MASKS[mask] > 0)
    factor = {"sqrt_d": None, "none": 1.0, "2.5": 0.4}[scale]
    Z = scaled_dot_product_attention(*leaves.values(), attn_mask=allowed, scale=factor)
    values = working.evaluate(Float64())
    np.testing.assert_allclose(values["Z"], Z.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(values["P"].sum(axis=1), np.ones(LENGTH), rtol=1e-12)
    check_backward(working, (Z**2).sum(), leaves)


def test_masked_weights_are_exactly_zero():
    values = one_head(CAUSAL, "sqrt_d").evaluate(Float64())
    assert (values["P"][CAUSAL == 0] == 0).all()


def test_softmax_of_letters_has_no_largest_entry():
    """e^u / (e^u + e^v), without the shift by max(u, v) that numbers are safe with."""
    import sympy

    u, v = (sympy.Symbol(label, real=True) for label in "uv")
    draft = Draft()
    draft.letter("u")
    draft.letter("v")
    draft.step("p", apply("softmax", stack(["u", "v"])))
    draft.step("q", apply("masked_softmax", stack(["u", "v"]), const([1, 0])))
    formulas = draft.done().formulas()
    assert formulas["p"][0] == sympy.exp(u) / (sympy.exp(u) + sympy.exp(v))
    assert formulas["q"].tolist() == [1, 0]


def test_a_position_written_out_is_its_row():
    """Weights and outputs as sums over positions, against softmax and product of the same numbers."""
    working = one_head(None, "sqrt_d")
    values = working.evaluate(Float64())
    draft = Draft.resume(working)
    position = attention.of_rows(const(2), const(WIDTH), sqrt(const(WIDTH)), const(LENGTH), ("k", "c"))
    draft.step("weight", position.weight(const(3)))
    draft.step("row", position.output())
    found = draft.done().evaluate(Float64())
    assert found["weight"] == pytest.approx(values["P"][1, 2], rel=1e-12)
    np.testing.assert_allclose(found["row"], values["Z"][1], rtol=1e-12)


def test_a_position_over_numbers_with_its_factors():
    """x = (0.5, -1, 2), f = 3/2, g = -2, position 1, by hand."""
    from fractions import Fraction

    draft = Draft()
    x = draft.given("x", np.array([0.5, -1.0, 2.0]))
    factors = (Fraction(3, 2), Fraction(-2))
    draft.step("z", attention.of_numbers(x, const(1), factors, const(3), "k").output())
    powers = [math.exp(1.5 * 0.5 * entry) for entry in (0.5, -1, 2)]
    expected = sum(p * -2 * entry for p, entry in zip(powers, (0.5, -1, 2), strict=True)) / sum(powers)
    assert draft.done().evaluate(Float64())["z"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("hidden", "width"), [(20, 80), (6, 10)])
def test_parameters_of_a_layer_are_torchs(hidden, width, bias):
    layer = nn.TransformerEncoderLayer(hidden, 2, width, bias=bias, device="meta")
    counts = {label: sum(p.numel() for p in part.parameters()) for label, part in layer.named_children()}
    draft = Draft()
    H, F = draft.given("H", hidden), draft.given("F", width)
    draft.step("attention", attention.projections(H, 3, bias=bias) + attention.projections(H, 1, bias=bias))
    draft.step("feed_forward", attention.feed_forward(H, F, bias=bias))
    found = draft.done().evaluate(Float64())
    assert found["attention"] == counts["self_attn"]
    assert found["feed_forward"] == counts["linear1"] + counts["linear2"]


def test_layer_norms_have_a_gain_and_a_shift():
    draft = Draft()
    draft.step("norms", attention.norms(draft.given("H", 20), 2))
    expected = 2 * sum(p.numel() for p in nn.LayerNorm(20, device="meta").parameters())
    assert draft.done().evaluate(Float64())["norms"] == expected
