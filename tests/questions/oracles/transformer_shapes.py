"""A Transformer layer's shapes by running torch on the meta device; parameters by adding up its modules'."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

META = torch.device("meta")


def letters(given, random):
    """Sizes of which the heads divide the hidden size."""
    heads = random.randint(1, 4)
    point = {"B": random.randint(1, 9), "L": random.randint(1, 9), "D": random.randint(1, 20)}
    return point | {"H": heads * random.randint(1, 5), "A": heads, "h": heads}


def answers(given):
    B, L, H, A = written = (*given["input"], given["heads"])

    def sizes(point):
        return [point[size] if isinstance(size, str) else size for size in written]

    found = {}
    for name in ("Q", "K", "V", "output", "dropout_2"):
        found[name] = function((B, L, H), lambda point: shapes(*sizes(point))["Q"])
    for name in ("Q_head", "K_head", "V_head"):
        found[name] = function(written, lambda point: shapes(*sizes(point))["Q_head"])
    found["attention"] = function((B, A, L), lambda point: shapes(*sizes(point))["attention"])
    first = given.get("dropout_1", "attention")
    found["dropout_1"] = found[first]
    width = given.get("feed_forward")
    bias, norms = given.get("bias", True), given.get("norms", 2)
    parts = list(dict.fromkeys(given["parts"]))

    def counted(names, point):
        hidden = sizes(point)[2]
        inner = 4 * hidden if width is None else point.get(width, width)
        return sum(count(part, hidden, inner, bias, norms) for part in names)

    for part in parts:
        inside = (H, width) if part == "feed_forward" else (H,)
        found[f"parameters_{part}"] = function(inside, lambda point, part=part: counted([part], point))
    every = (H, width) if "feed_forward" in parts else (H,)
    found["parameters"] = function(every, lambda point: counted(parts, point))
    if given.get("readings"):
        found |= readings(given, sizes)
    return found


def function(inside, run):
    """A function of the letters where there are any."""
    return (lambda **point: run(point)) if any(isinstance(size, str) for size in inside) else run(ONES)


ONES = {"B": 1, "L": 1, "H": 1, "A": 1, "h": 1, "D": 1}


def shapes(batch, length, hidden, heads):
    x = torch.empty(batch, length, hidden, device=META)
    q = nn.Linear(hidden, hidden, device=META)(x)
    split = q.unflatten(-1, (heads, hidden // heads)).transpose(1, 2)
    attention = torch.softmax(split @ split.transpose(-1, -2), -1)
    merged = scaled_dot_product_attention(split, split, split).transpose(1, 2).flatten(2)
    assert merged.shape == q.shape
    return {"Q": list(q.shape), "Q_head": list(split.shape), "attention": list(attention.shape)}


def count(part, hidden, width, bias, norms):
    modules = {
        "projections": lambda: [nn.Linear(hidden, hidden, bias=bias, device=META) for _ in range(3)],
        "output": lambda: [nn.Linear(hidden, hidden, bias=bias, device=META)],
        "feed_forward": lambda: [
            nn.Linear(hidden, width, bias=bias, device=META),
            nn.Linear(width, hidden, bias=bias, device=META),
        ],
        "norms": lambda: [nn.LayerNorm(hidden, device=META) for _ in range(norms)],
    }[part]()
    return sum(p.numel() for module in modules for p in module.parameters())


def readings(given, sizes):
    """The ten readings; the last is torch's own layer."""
    width = given.get("feed_forward")
    rows = {
        "projections": ("projections",),
        "output": ("projections", "output"),
        "feed_forward": ("projections", "output", "feed_forward"),
    }

    def total(point, parts, bias, norms):
        hidden = sizes(point)[2]
        inner = 4 * hidden if width is None else point.get(width, width)
        return sum(count(part, hidden, inner, bias, norms) for part in (*parts, "norms"))

    def torch_layer(point):
        hidden, heads = sizes(point)[2:]
        layer = nn.TransformerEncoderLayer(hidden, heads, device=META)
        return sum(p.numel() for p in layer.parameters())

    H = given["input"][2]
    found = {}
    for name, parts in rows.items():
        inside = (H, width) if name == "feed_forward" else (H,)
        for suffix, bias in (("", False), ("_bias", True)):
            found[f"reading_{name}{suffix}"] = function(
                inside, lambda point, parts=parts, bias=bias: total(point, parts, bias, 0)
            )
    for name, norms in (("one_norm", 1), ("two_norms", 2)):
        found[f"reading_{name}"] = function(
            (H,), lambda point, norms=norms: total(point, ("projections", "output"), True, norms)
        )
    layer = ("projections", "output", "feed_forward")
    found["reading_layer"] = function((H, width), lambda point: total(point, layer, True, 2))
    found["reading_torch"] = function((H,), torch_layer)
    return found
