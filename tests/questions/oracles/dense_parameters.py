"""Parameters counted by torch, which allocates a Linear layer on the meta device and adds its sizes up."""

from __future__ import annotations

from itertools import pairwise

from questions.oracles import has_letters, value
from torch import nn


def answers(given):
    sizes = [given["inputs"], *given["layers"]]

    def counts(letters):
        widths = [int(value(size, letters)) for size in sizes]
        layers = [nn.Linear(n, m, bias=given.get("bias", True), device="meta") for n, m in pairwise(widths)]
        return [sum(p.numel() for p in layer.parameters()) for layer in layers]

    found = {}
    for i in range(1, len(sizes)):
        if has_letters(sizes[i - 1], sizes[i]):
            found[f"layer_{i}"] = lambda i=i, **letters: counts(letters)[i - 1]
        else:
            found[f"layer_{i}"] = counts(dict.fromkeys("nmKHD", 1))[i - 1]
    found["total"] = (lambda **letters: sum(counts(letters))) if has_letters(*sizes) else sum(counts({}))
    return found
