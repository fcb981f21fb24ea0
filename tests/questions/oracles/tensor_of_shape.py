"""Nested lists, filled by recursion over the axes."""

from __future__ import annotations

from itertools import count


def answers(given):
    numbers = count(1) if given["dtype"] == "integer" else (k + 0.5 for k in count())

    def nested(shape):
        return [nested(shape[1:]) for _ in range(shape[0])] if shape else next(numbers)

    def leaves(part):
        return sum(map(leaves, part)) if isinstance(part, list) else 1

    def depth(part):
        return 1 + depth(part[0]) if isinstance(part, list) else 0

    example = nested(given["shape"])
    return {"example": example, "entries": leaves(example), "depth": depth(example)}
