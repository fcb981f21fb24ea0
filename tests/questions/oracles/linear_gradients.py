"""torch's linear layer and autograd, at the numbers of the givens or at any point of their letters."""

from __future__ import annotations

import numpy as np
import torch
from questions.oracles import value
from torch.nn import functional

NAMES = ("y", "J", "grad_y", "grad_W", "grad_b")


def answers(given):
    def at(**letters):
        known = {label: given[label] if label in given else letters[label] for label in ("x", "W", "b", "d")}
        x, W, b, d = (torch.tensor(np.array(part, dtype=float)) for part in known.values())
        W.requires_grad_()
        b.requires_grad_()
        transposed = given["layout"] == "y = W^T x + b"
        y = functional.linear(x, W.T if transposed else W, b)
        y.retain_grad()
        cost = functional.mse_loss(y, d, reduction="sum")
        if given["penalty"] == "l2":
            cost = cost + float(value(given.get("beta", "beta"), letters)) * W.square().sum()
        cost.backward()
        found = dict(zip(NAMES, (y, cost, y.grad, W.grad, b.grad), strict=True))
        return {label: found[label].detach().numpy() for label in NAMES}

    if "x" not in given:
        return {label: lambda label=label, **letters: at(**letters)[label] for label in NAMES}
    if given["penalty"] == "none" or given.get("beta") not in (None, "lambda"):
        return at()
    plain = at(beta=0, **{"lambda": 0})
    lettered = {label: lambda label=label, **letters: at(**letters)[label] for label in ("J", "grad_W")}
    return plain | lettered
