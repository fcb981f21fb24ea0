"""Normalisation against torch, on arrays larger than anyone writes down."""

from __future__ import annotations

import numpy as np
import torch

from workings.algebra.expression import const, name
from workings.algebra.systems import Float64
from workings.rules.normalisation import affine, backward, running, statistics
from workings.working import Draft


def test_a_batch_of_64_by_32_is_normalised_as_torch_does_it():
    noise = np.random.default_rng(0)
    batch, g = noise.normal(3, 2, size=(64, 32)), noise.normal(size=(64, 32))
    gamma, beta, mean, var = (noise.uniform(0.5, 2, size=32) for _ in range(4))
    draft = Draft()
    x = draft.given("batch", batch)
    upstream = draft.given("g", g)
    givens = {"gamma": gamma, "beta": beta, "running_mean": mean, "running_var": var}
    for label, value in givens.items():
        draft.given(label, value)
    draft.given("epsilon", const("1e-5").attrs["value"])
    draft.given("momentum", const("0.1").attrs["value"])
    of_batch = statistics(draft, x, axis=0)
    affine(draft, x, *of_batch)
    running(draft, *of_batch, 64)
    backward(draft, "batch", upstream, name("var"), batch=True)
    values = draft.done().evaluate(Float64())

    layer = torch.nn.BatchNorm1d(32, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(gamma))
        layer.bias.copy_(torch.tensor(beta))
        layer.running_mean.copy_(torch.tensor(mean))
        layer.running_var.copy_(torch.tensor(var))
    inputs = torch.tensor(batch, requires_grad=True)
    output = layer(inputs)
    output.backward(torch.tensor(g))
    expected = {
        "output": output.detach(),
        "new_running_mean": layer.running_mean,
        "new_running_var": layer.running_var,
        "grad_gamma": layer.weight.grad,
        "grad_beta": layer.bias.grad,
        "grad_batch": inputs.grad,
    }
    for label, tensor in expected.items():
        np.testing.assert_allclose(values[label], tensor.numpy(), rtol=1e-9, atol=1e-12, err_msg=label)
