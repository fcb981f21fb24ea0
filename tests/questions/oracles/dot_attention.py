"""Dot-product attention by torch; the context also by its fused kernel."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch.nn.functional import scaled_dot_product_attention


def tensor(data):
    if isinstance(data, list):
        return torch.stack([tensor(part) for part in data])
    return torch.tensor(float(Fraction(data)), dtype=torch.float64)


def answers(given):
    keys, query = tensor(given["keys"]), tensor(given["query"])
    values = tensor(given["values"]) if "values" in given else keys
    scale = len(query) ** -0.5 if given["scaled"] else 1.0
    scores = torch.stack([(key * query).sum() for key in keys]) * scale
    context = scaled_dot_product_attention(query[None, None], keys[None], values[None], scale=scale)
    return {
        "scores": scores.numpy(),
        "weights": torch.softmax(scores, 0).numpy(),
        "context": context[0, 0].numpy(),
    }
