"""Both networks as torch modules on the meta device, their parameters counted."""

from __future__ import annotations

import torch
from torch import nn


def answers(given):
    if any(isinstance(size, str) for size in given.values()):
        return {name: at(given, name) for name in NAMES} | {"cnn_2": 0}
    return in_numbers(**given)


NAMES = ("cnn_1", "cnn_3", "cnn_total", "dense_1", "dense_2", "dense_total")


def at(given, name):
    return lambda **point: in_numbers(**{key: point.get(size, size) for key, size in given.items()})[name]


def in_numbers(*, H, W, M, N, pool, classes, filters, bias):
    features = nn.Sequential(nn.Conv2d(1, filters, (M, N), bias=bias, device="meta"), nn.MaxPool2d(pool))
    units = features(torch.empty(1, 1, H, W, device="meta")).numel()
    layers = {
        "cnn_1": features[0],
        "cnn_2": features[1],
        "cnn_3": nn.Linear(units, classes, bias=bias, device="meta"),
        "dense_1": nn.Linear(H * W, units, bias=bias, device="meta"),
        "dense_2": nn.Linear(units, classes, bias=bias, device="meta"),
    }
    found = {name: sum(part.numel() for part in layer.parameters()) for name, layer in layers.items()}
    cnn = found["cnn_1"] + found["cnn_2"] + found["cnn_3"]
    return {**found, "cnn_total": cnn, "dense_total": found["dense_1"] + found["dense_2"]}


def letters(given, random):
    """Maps of even sides, which pooling by 2 divides."""
    M, N = random.randint(2, 5), random.randint(2, 5)
    H, W = M - 1 + 2 * random.randint(2, 8), N - 1 + 2 * random.randint(2, 8)
    if given["W"] == "H" and given["N"] == "N":
        N = M + 2 * random.randint(0, 1)
    if given["N"] == "M" and given["W"] == "W":
        W = M - 1 + 2 * random.randint(2, 8)
    return {"H": H, "W": W, "M": M, "N": N, "c": random.randint(2, 9)}
