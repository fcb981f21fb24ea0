"""torch.optim on float64 parameters, the states read out of the optimiser after each step.

What torch does not keep (corrected means, the gradient with weight decay) follows from what it keeps.
"""

from __future__ import annotations

import numpy as np
import torch
from questions.oracles import has_letters, value

CLASSES = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
STATES = {
    "momentum_buffer": "b",
    "square_avg": "v",
    "exp_avg": "m",
    "exp_avg_sq": "v",
}


def letters(given, random):
    """torch takes no negative learning rate."""
    return {"eta": random.random()}


def answers(given):
    if isinstance(given["parameters"], str) and has_letters(given["parameters"]):
        names = run(given, {"w": 1, "g": 1, "h": 1, "eta": 1})
        return {label: lambda label=label, **letters: run(given, letters)[label] for label in names}
    return run(given, {})


def options(given, letters):
    kind = given["optimizer"]
    found = {"lr": float(value(given["learning_rate"], letters))}
    for field in ("momentum", "dampening", "alpha", "eps", "weight_decay"):
        if field in given:
            found[field] = float(value(given[field], letters))
    if kind in ("adam", "adamw"):
        defaults = {"beta_1": "0.9", "beta_2": "0.999"}
        found["betas"] = tuple(
            float(value(given.get(field, default), letters)) for field, default in defaults.items()
        )
    if kind in ("momentum", "nesterov"):
        found = {"momentum": 0.9, "nesterov": kind == "nesterov"} | found
    return found


def run(given, letters):
    def tensor(written):
        number = np.vectorize(lambda part: float(value(part, letters)), otypes=[float])
        return torch.tensor(number(np.array(written, dtype=object)))

    kind, gradients = given["optimizer"], given["gradients"]
    theta = tensor(given["parameters"]).requires_grad_()
    optimizer = CLASSES[kind]([theta], **options(given, letters))
    (group,) = optimizer.param_groups
    found = {}
    for t in range(1, (given.get("steps") or len(gradients)) + 1):
        theta.grad = tensor(gradients[min(t, len(gradients)) - 1])
        if group["weight_decay"] and kind != "adamw":
            found[f"G_{t}"] = theta.grad + group["weight_decay"] * theta.detach()
        optimizer.step()
        found[f"theta_{t}"] = theta.detach().clone()
        for label, state in optimizer.state[theta].items():
            if label in STATES and state is not None:
                found[f"{STATES[label]}_{t}"] = state.clone()
        if "betas" in group:
            for average, beta in zip("mv", group["betas"], strict=True):
                found[f"{average}_hat_{t}"] = found[f"{average}_{t}"] / (1 - beta**t)
    return {label: state.numpy() for label, state in found.items()}
