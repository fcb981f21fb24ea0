"""Convolution rules: forward against torch's twin, derived backward against autograd and differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from workings.algebra.count import count
from workings.algebra.expression import apply, const, name, total
from workings.algebra.systems import Float64
from workings.rules import convolution
from workings.working import Draft

MOVES = [
    {},
    {"stride": (2, 3)},
    {"padding": (1, 2)},
    {"dilation": (2, 1)},
    {"stride": (2, 1), "padding": (2, 0), "dilation": (1, 2)},
]


def arrays(*shapes, seed=5):
    random = np.random.default_rng(seed)
    return [random.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize("moves", MOVES)
def test_correlation_of_matrices(moves):
    x, w = arrays((7, 8), (3, 2))
    image, kernel = (torch.tensor(part, requires_grad=True) for part in (x, w))
    expected = functional.conv2d(image[None, None], kernel[None, None], **moves)[0, 0]
    (upstream,) = arrays(tuple(expected.shape), seed=6)
    expected.backward(torch.tensor(upstream))
    draft = Draft()
    given = [draft.given(label, value) for label, value in (("x", x), ("w", w), ("g", upstream))]
    output = draft.step("output", convolution.correlation(given[0], given[1], (3, 2), **moves))
    draft.step("J", total(given[2] * output))
    working = draft.done().backward("J", ["x", "w"])
    values = working.evaluate(Float64())
    np.testing.assert_allclose(values["output"], expected.detach(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(values["grad_x"], image.grad, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(values["grad_w"], kernel.grad, rtol=1e-12, atol=1e-12)
    for label in ("x", "w"):
        assert differences(working, label, values) < 1e-6


def differences(working, label, values):
    """The largest error of the gradient against central differences."""

    def cost(value):
        return float(working.evaluate(Float64(), {label: value}, until="J")["J"])

    worst = 0.0
    for index in np.ndindex(values[label].shape):
        step = np.zeros_like(values[label])
        step[index] = 1e-5
        slope = (cost(values[label] + step) - cost(values[label] - step)) / 2e-5
        worst = max(worst, abs(slope - values[f"grad_{label}"][index]))
    return worst


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("moves", MOVES)
def test_layer_of_filters(groups, moves):
    x, w, b = arrays((4, 7, 8), (6, 4 // groups, 3, 2), (6,))
    parts = [torch.tensor(part, requires_grad=True) for part in (x, w, b)]
    expected = functional.conv2d(parts[0][None], parts[1], parts[2], groups=groups, **moves)[0]
    (upstream,) = arrays(tuple(expected.shape), seed=6)
    expected.backward(torch.tensor(upstream))
    draft = Draft()
    x, w, b, g = (draft.given(label, value) for label, value in zip("xwbg", (x, w, b, upstream), strict=True))
    output = draft.step("output", apply("convolution", x, w, b, kernel=(3, 2), groups=groups, **moves))
    draft.step("J", total(g * output))
    values = draft.done().backward("J", ["x", "w", "b"]).evaluate(Float64())
    np.testing.assert_allclose(values["output"], expected.detach(), rtol=1e-12, atol=1e-12)
    for label, part in zip("xwb", parts, strict=True):
        np.testing.assert_allclose(values[f"grad_{label}"], part.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2])
def test_counts_are_those_of_the_expression_and_of_torch(groups):
    """The formulas of a layer, the count pass over its expression, and FlopCounterMode."""
    layer = torch.nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, groups=groups, device="meta")
    with FlopCounterMode(display=False) as counter:
        output = layer(torch.empty(1, 4, 9, 9, device="meta"))
    draft = Draft()
    F = [const(3), const(2)]
    draft.step("parameters", convolution.parameters(const(6), const(4 // groups), F, bias=True))
    sides = [const(side) for side in output.shape[2:]]
    draft.step("macs", convolution.product([const(4 // groups), *F, const(6), *sides]))
    draft.step(
        "exact", convolution.flops(name("macs"), const(output.numel()), "flops_without_first_add", bias=False)
    )
    values = draft.done().evaluate(Float64())
    assert values["parameters"] == sum(parameter.numel() for parameter in layer.parameters())
    assert 2 * values["macs"] == counter.get_total_flops()
    expression = apply(
        "convolution", "x", "w", kernel=(3, 2), stride=(2, 2), padding=(1, 1), dilation=(1, 1), groups=groups
    )
    found = count(expression, {"x": (4, 9, 9), "w": (6, 4 // groups, 3, 2)})
    assert (found.macs, found.flops) == (values["macs"], values["exact"])


def test_products_have_powers_for_equal_neighbours():
    a, b = name("a"), name("b")
    assert [repr(convolution.product(parts)) for parts in ([a, b, b], [a], [])] == ["a · b^2", "a", "1"]


def test_an_entry_outside_is_zero_and_a_kernel_turns():
    draft = Draft()
    x = draft.given("x", np.arange(6.0).reshape(2, 3))
    for i, j in ((1, 1), (2, 3), (0, 1), (3, 1), (1, 4), (1, -5)):
        draft.step(f"x_{i}_{j}".replace("-", "minus"), apply("entry", x, i, j))
    draft.step("turned", apply("rotate_180", x))
    values = draft.done().evaluate(Float64())
    assert [float(value) for label, value in values.items() if label.startswith("x_")] == [0, 5, 0, 0, 0, 0]
    assert values["turned"].tolist() == [[5, 4, 3], [2, 1, 0]]
