"""An Elman network by torch: matrix products, autograd through time, float64."""

from __future__ import annotations

from fractions import Fraction

import torch
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
    "squared": lambda y, d: ((d - y) ** 2).sum(),
    "binary_cross_entropy": lambda y, d: functional.binary_cross_entropy(y, d, reduction="sum"),
    "cross_entropy": lambda y, d: -(d * y.log()).sum(),
}


def tensor(data):
    if isinstance(data, list):
        return torch.stack([tensor(part) for part in data])
    return torch.tensor(float(Fraction(data)), dtype=torch.float64)


def answers(given):
    return unrolled(given, feedback="h")


def unrolled(given, feedback):
    """Everything in full matrices (inputs × outputs) first; axes of one are dropped from the answers."""
    transposed = given.get("layout", "transposed") == "transposed"
    x = tensor(given["sequence"])
    x = x[:, None] if x.ndim == 1 else x
    U, W = tensor(given["U"]), tensor(given["W"])
    U, W = (U, W) if transposed else (U.T, W.T)
    parameters = {"U": U, "W": W}
    hidden = U.shape[1]
    f, g = (*given["activations"], "identity")[:2]
    biases = given.get("biases", 0)
    biases = biases if isinstance(biases, list) else [biases, biases]
    parameters["b"] = tensor(biases[0]).expand(hidden).clone()
    outputs = 0
    if given.get("V") is not None:
        V = tensor(given["V"])
        V = V[:, None] if V.ndim == 1 else V if transposed else V.T
        outputs = V.shape[1]
        parameters |= {"V": V, "c": tensor(biases[1]).expand(outputs).clone()}
    parameters = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    fed = tensor(given.get("start", 0)).expand(hidden if feedback == "h" else outputs)
    nodes = {}
    for t, x_t in enumerate(x, start=1):
        nodes[f"s_{t}"] = x_t @ parameters["U"] + fed @ parameters["W"] + parameters["b"]
        nodes[f"h_{t}"] = ACTIVATIONS[f](nodes[f"s_{t}"])
        if outputs:
            nodes[f"o_{t}"] = nodes[f"h_{t}"] @ parameters["V"] + parameters["c"]
            nodes[f"y_{t}"] = ACTIVATIONS[g](nodes[f"o_{t}"])
        fed = nodes[f"{feedback}_{t}"]
    shape = Shaped(outputs, given, transposed, feedback)
    found = {name: shape(name, node) for name, node in nodes.items()}
    if given.get("targets") is not None:
        found |= with_loss(given, nodes, parameters, shape)
    return {name: value.detach().numpy() for name, value in found.items()}


def with_loss(given, nodes, parameters, shape):
    targets, length = given["targets"], len(given["sequence"])
    first = length - len(targets) + 1
    losses = {}
    for t, target in enumerate(targets, start=first):
        d = tensor(target).reshape(nodes[f"y_{t}"].shape)
        losses[f"J_{t}"] = LOSSES[given.get("loss", "squared")](nodes[f"y_{t}"], d)
    cost = sum(losses.values())
    found = {"J": cost} | (losses if len(targets) > 1 else {})
    if given.get("gradients"):
        leaves = {name: node for name, node in nodes.items() if name[0] in "so"} | parameters
        slopes = torch.autograd.grad(cost, list(leaves.values()), allow_unused=True)
        for (name, leaf), slope in zip(leaves.items(), slopes, strict=True):
            found[f"grad_{name}"] = shape(name, torch.zeros_like(leaf) if slope is None else slope)
    return found


class Shaped:
    """The shape in which a quantity is asked for: a lone output, and a lone input, have no axis."""

    def __init__(self, outputs, given, transposed, feedback):
        self.lone_output, self.transposed = outputs == 1, transposed
        self.lone_input = not isinstance(given["sequence"][0], list)
        self.feedback = feedback

    def __call__(self, name, value):
        base = name.partition("_")[0]
        if base in ("o", "y", "c"):
            return value.reshape(()) if self.lone_output else value
        if base == "V" or (base == "W" and self.feedback == "y"):
            if self.lone_output:
                return value.flatten()
        elif base == "U" and self.lone_input:
            return value.flatten()
        return value.T if base in ("U", "W", "V") and not self.transposed else value
