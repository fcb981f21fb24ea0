"""Self-attention by torch's scaled_dot_product_attention in float64; letters as functions of numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention


def tensor(data):
    if isinstance(data, list):
        return torch.stack([tensor(part) for part in data])
    return torch.tensor(float(Fraction(data)), dtype=torch.float64)


def letters(given, random):
    """Positions i and j of a sequence of n."""
    if not isinstance(given["X"], (dict, str)):
        return {}
    n = random.randint(2, 5)
    return {"n": n, "i": random.randint(1, n), "j": random.randint(1, n)}


def answers(given):
    X = given["X"]
    if isinstance(X, list):
        return attend(given, tensor(X))
    X = {"letters": X, "shape": ["n", 1]} if isinstance(X, str) else X
    letter, (rows, columns) = X["letters"], X["shape"]

    def at(**point):
        x = torch.tensor(np.asarray(point[letter], dtype=float))
        return attend(given, x[:, None] if x.ndim == 1 else x)

    def one(name):
        return lambda **point: at(**point)[name]

    found = {name: one(name) for name in ("Q", "K", "V", "scores", "P", "Z")}
    if rows == "n":
        found["P_i_j"] = lambda **point: at(**point)["P"][point["i"] - 1][point["j"] - 1]
        lone = columns == 1 and all(len(given.get(w, [[1]])[0]) == 1 for w in ("W_Q", "W_K", "W_V"))
        found["Z_i"] = lambda **point: at(**point)["Z"][point["i"] - 1][0 if lone else slice(None)]
    return found


def attend(given, x):
    heads = given.get("heads", 1)
    Q, K, V = (x @ tensor(given[w]) if w in given else x for w in ("W_Q", "W_K", "W_V"))
    per_head = Q.shape[1] // heads
    scale = given.get("scale", "sqrt_d")
    scale = {"sqrt_d": 1 / math.sqrt(per_head), "none": 1.0}.get(scale) or 1 / float(Fraction(scale))
    mask = given.get("mask", "none")
    n = len(x)
    allowed = torch.ones(n, n, dtype=torch.bool)
    if mask == "causal":
        allowed = allowed.tril()
    elif mask != "none":
        allowed = torch.tensor(mask, dtype=torch.bool)
    parts = [array.reshape(n, heads, -1).transpose(0, 1) for array in (Q, K, V)]
    Z = scaled_dot_product_attention(*parts, attn_mask=allowed, scale=scale)
    scores = parts[0] @ parts[1].transpose(1, 2) * scale
    P = torch.softmax(scores.masked_fill(~allowed, -math.inf), -1)
    merged = Z.transpose(0, 1).reshape(n, -1)
    found = {"Q": Q, "K": K, "V": V, "scores": scores[0], "P": P[0], "Z": merged}
    if heads > 1:
        stacks = dict(zip("QKV", parts, strict=True)) | {"scores": scores, "P": P, "Z": Z}
        found = {"Q": Q, "K": K, "V": V, "Z": merged}
        found |= {f"{name}_{i + 1}": stack[i] for name, stack in stacks.items() for i in range(heads)}
    if "W_O" in given:
        found["output"] = merged @ tensor(given["W_O"])
    return {name: value.numpy() for name, value in found.items()}
