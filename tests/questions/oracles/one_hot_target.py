"""The shape by torch's one_hot of a label map, its axes then moved by name."""

from __future__ import annotations

import torch
from questions.oracles import has_letters, value
from torch.nn import functional


def answers(given):
    def shape(letters):
        size = {axis: int(value(given[axis], letters)) for axis in ("width", "height", "classes")}
        labels = torch.zeros((size["height"], size["width"]), dtype=torch.int64)
        target = functional.one_hot(labels, size["classes"])
        axes = {"height": 0, "width": 1, "classes": 2}
        return list(target.permute([axes[axis] for axis in given["order"].split("_")]).shape)

    def size(letters):
        return int(torch.Size(shape(letters)).numel())

    if has_letters(given["width"], given["height"], given["classes"]):
        return {"shape": lambda **letters: shape(letters), "size": lambda **letters: size(letters)}
    return {"shape": shape({}), "size": size({})}
