"""Standard, depthwise and pointwise convolutions of torch on the meta device, counted by FlopCounterMode."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def answers(given):
    if isinstance(given["kernel"], int):
        return in_numbers(given)

    def at(name):
        return lambda **point: in_numbers(put_in(given, point))[name]

    return {name: at(name) for name in NAMES}


NAMES = (
    *("depthwise_filters", "depthwise_size", "pointwise_filters", "pointwise_size"),
    *("standard", "depthwise", "pointwise", "separable", "ratio"),
)


def in_numbers(given):
    channels, filters = given["input"][0], given["output"][0]
    kernel, stride, padding = given["kernel"], given["stride"], given["padding"]
    if "?" in given["input"][1:] or given["output"][1:] != ["?", "?"]:
        # an input that leads to the given output, whatever the stride was
        sides = [side + kernel - 1 for side in given["output"][1:]]
        stride, padding = 1, 0
    else:
        sides = given["input"][1:]
    bias = given["bias"]
    layers = {
        "standard": nn.Conv2d(channels, filters, kernel, stride, padding, bias=bias, device="meta"),
        "depthwise": nn.Conv2d(
            channels, channels, kernel, stride, padding, groups=channels, bias=bias, device="meta"
        ),
        "pointwise": nn.Conv2d(channels, filters, 1, bias=bias, device="meta"),
    }
    image = torch.empty(1, channels, *sides, device="meta")
    found = {}
    for name, layer in layers.items():
        with FlopCounterMode(display=False) as counter:
            output = layer(image)
        macs = counter.get_total_flops() // 2
        first = output.numel() * (0 if bias else 1)
        found[name] = {"macs": macs, "flops": 2 * macs, "flops_without_first_add": 2 * macs - first}[
            given["count"]
        ]
        if name != "standard":
            image = output
    separable = found["depthwise"] + found["pointwise"]
    return {
        "depthwise_filters": layers["depthwise"].weight.shape[0],
        "depthwise_size": list(layers["depthwise"].weight.shape[1:]),
        "pointwise_filters": layers["pointwise"].weight.shape[0],
        "pointwise_size": list(layers["pointwise"].weight.shape[1:]),
        **found,
        "separable": separable,
        "ratio": float(Fraction(separable, found["standard"])),
    }


def put_in(given, point):
    """The givens with numbers for letters; sides of the output stay as they are drawn."""

    def value(size):
        return point.get(size, size) if isinstance(size, str) else size

    data = {
        name: [value(s) for s in size] if isinstance(size, list) else size for name, size in given.items()
    }
    return {**data, **{name: value(given[name]) for name in ("kernel", "stride", "padding")}}


def letters(given, random):
    """An input that the kernel fits on."""
    drawn = {name: random.randint(1, 9) for name in ("A", "B", "F", "S", "U", "V")}
    return {**drawn, "P": random.randint(0, 3), "H": random.randint(12, 30), "W": random.randint(12, 30)}
