"""One step of gradient descent by torch: modules' functions forward, autograd backward, all in float64."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional

ACTIVATIONS = {
    "identity": lambda u: u,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda u: functional.leaky_relu(u, 0.01),
    "softplus": functional.softplus,
    "softmax": lambda u: torch.softmax(u, -1),
}
LOSSES = {
    "squared": lambda y, d: functional.mse_loss(y, d, reduction="sum"),
    "binary_cross_entropy": lambda y, d: functional.binary_cross_entropy(y, d, reduction="sum"),
    "cross_entropy": lambda y, d: -(d * y.log()).sum(),
}
SLOPED = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus")


def tensor(data) -> Tensor:
    if isinstance(data, list):
        return torch.stack([tensor(part) for part in data])
    return torch.tensor(float(Fraction(data)), dtype=torch.float64)


def answers(given):
    weights = [tensor(w).requires_grad_() for w in given["weights"]]
    biases = given.get("biases", 0)
    biases = biases if isinstance(biases, list) else [biases] * len(weights)
    biases = [
        tensor(b).expand(w.shape[1:]).clone().requires_grad_() for b, w in zip(biases, weights, strict=True)
    ]
    x, target = tensor(given["x"]), tensor(given["target"])
    loss = LOSSES[given.get("loss", "squared")]

    def forward(weights, biases):
        h, us, hs = x, [], []
        for w, b, kind in zip(weights, biases, given["activations"], strict=True):
            us.append(h @ w + b)
            h = ACTIVATIONS[kind](us[-1])
            hs.append(h)
        return us, hs, loss(h, target)

    us, hs, cost = forward(weights, biases)
    found = {"J": cost, "y": hs[-1]}
    for u in us:
        u.retain_grad()
    cost.backward()
    for i, (u, h, kind) in enumerate(zip(us, hs, given["activations"], strict=True), start=1):
        found |= {f"u_{i}": u, f"h_{i}": h, f"grad_u_{i}": u.grad}
        found |= {f"grad_W_{i}": weights[i - 1].grad, f"grad_b_{i}": biases[i - 1].grad}
        if kind in SLOPED:
            at = u.detach().requires_grad_()
            (found[f"df_{i}"],) = torch.autograd.grad(ACTIVATIONS[kind](at).sum(), at)
    if given.get("learning_rate") is not None:
        parameters = [*weights, *biases]
        torch.optim.SGD(parameters, lr=float(Fraction(given["learning_rate"]))).step()
        found |= {f"new_W_{i}": w for i, w in enumerate(weights, start=1)}
        found |= {f"new_b_{i}": b for i, b in enumerate(biases, start=1)}
        found["J_after"] = forward(weights, biases)[2]
    return {name: value.detach().numpy() for name, value in found.items()}
