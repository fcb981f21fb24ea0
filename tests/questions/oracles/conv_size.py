"""Sizes of windows by torch: every candidate is tried on an image of zeros, and what fits is kept."""

from __future__ import annotations

import torch
from torch.nn import functional

ROLES = ("input", "kernel", "stride", "padding", "dilation", "output")
MOST = 700


def output(at, ceil_mode):
    """The output of a layer on zeros; None where torch refuses it."""
    image = torch.zeros(1, 1, at["input"])
    options = {name: at[name] for name in ("stride", "padding", "dilation")}
    try:
        if ceil_mode:
            return functional.max_pool1d(image, at["kernel"], ceil_mode=True, **options).shape[-1]
        return functional.conv1d(image, torch.zeros(1, 1, at["kernel"]), **options).shape[-1]
    except RuntimeError:
        return None


def solutions(role, at, ceil_mode):
    """All values of a size; without end where the last candidate still fits."""
    least = 0 if role == "padding" else 1
    found = [value for value in range(least, MOST) if output({**at, role: value}, ceil_mode) == at["output"]]
    if found[-1] == MOST - 1:
        return f"every whole number from {found[0]}"
    return found[0] if len(found) == 1 else found


def along(at, ceil_mode):
    role = next((name for name in ROLES if at[name] == "?"), None)
    if role == "output":
        return role, output(at, ceil_mode)
    if role is None:
        found = output(at, ceil_mode)
        return role, (found, "yes" if found == at["output"] else "no")
    return role, solutions(role, at, ceil_mode)


def answers(given):
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "output": "?"}
    fields = {name: given.get(name, defaults.get(name)) for name in ROLES}
    if any(letter.isalpha() for letter in str(list(fields.values()))):
        return lettered(fields)
    ceil_mode = given["ceil_mode"]
    count = len(fields["input"]) if isinstance(fields["input"], list) else 1
    ends = ("_H", "_W")[:count] if count > 1 else ("",)
    found = {}
    for i, end in enumerate(ends):
        at = {name: value[i] if isinstance(value, list) else value for name, value in fields.items()}
        role, value = along(at, ceil_mode)
        if role is None:
            found[f"computed{end}"], found[f"fits{end}"] = value
        else:
            found[f"{role}{end}"] = value
    if count > 1 and role is not None:
        found[role] = [found[f"{role}{end}"] for end in ends]
    return found


def starts(n, k, s=1, p=0, d=1):
    """Windows counted one by one."""
    return len(range(0, n + 2 * p - d * (k - 1), s))


def lettered(fields):
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    match fields:
        case {"input": ("H", "W"), "kernel": ("M", "N")}:
            return {"output": lambda H, W, M, N: [starts(H, M), starts(W, N)]}
        case {"input": ("H", "W")}:
            return {"output": lambda H, W, F, S, P: [starts(H, F, S, P), starts(W, F, S, P)]}
        case {"dilation": "d"}:
            return {"output": lambda n, k, d: starts(n, k, 2, 0, d)}
        case {"kernel": "?"}:
            return {"kernel": lambda W, N: next(k for k in range(1, W + 1) if starts(W, k) == starts(W, N))}
        case {"padding": "?", "stride": 1}:
            return {"padding": lambda n, k: next(p / 2 for p in range(99) if n + p - k + 1 == n)}
        case {"padding": "?"}:
            return {
                "padding": "every whole number from p_low up to p_high",
                "padding_low": lambda n, k: next(p / 2 for p in range(99) if (n + p - k) // 2 + 1 == n),
                "padding_high": lambda n, k: next(
                    p / 2 for p in range(99, 0, -1) if (n + p - k) // 2 + 1 == n
                ),
            }
        case {"padding": 1}:
            return {"computed": lambda n, k: starts(n, k, p=1), "fits": "yes"}
    raise AssertionError(fields)


def letters(given, random):
    """An input that every window fits on."""
    drawn = {name: random.randint(1, 4) for name in ("M", "N", "F", "k", "S", "d")}
    return {**drawn, "P": random.randint(0, 3), **{name: random.randint(12, 30) for name in ("H", "W", "n")}}
