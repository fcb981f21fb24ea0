"""Networks by torch: modules on the meta device for sizes and parameters, FlopCounterMode for operations.

What is hidden is found by trying every value.
"""

from __future__ import annotations

import copy
import math
from random import Random

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

CONVS = {1: nn.Conv1d, 2: nn.Conv2d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d}
MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
MEAN_POOLS = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
FUNCTIONS = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "softmax": nn.Softmax(-1), "dropout": nn.Dropout()}
ROLES = ("kernel", "stride", "padding", "dilation")


def read(layer):
    """(kind, fields) of a layer however it is written."""
    if isinstance(layer, str):
        layer = {layer: {}}
    if "kind" in layer:
        fields = dict(layer)
        kind = fields.pop("kind")
    else:
        ((kind, fields),) = layer.items()
    fields = dict(fields)
    return (fields["function"], {}) if kind == "activation" else (kind, fields)


def module(kind, fields, shape, bias):
    """The torch module of a layer on an input of `shape`."""
    axes, channels = len(shape) - 1, shape[0]
    bias = fields.get("bias", bias)
    if kind in FUNCTIONS:
        return FUNCTIONS[kind]
    if kind == "dense":
        neurons = fields.get("neurons", fields.get("units"))
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), neurons, bias=bias, device="meta"))
    if kind == "flatten":
        return nn.Flatten()
    if kind == "batch_norm":
        return NORMS[axes](channels, device="meta")
    if kind == "global_avg_pool":
        return nn.Sequential(nn.AdaptiveAvgPool1d(1) if axes == 1 else nn.AdaptiveAvgPool2d(1), nn.Flatten())
    options = {role: fields.get(role, 0 if role == "padding" else 1) for role in ROLES}
    if kind in ("pool", "max_pool", "avg_pool"):
        pools = MEAN_POOLS if kind == "avg_pool" else MAX_POOLS
        return pools[axes](fields["kernel"], fields.get("stride"), ceil_mode=fields.get("ceil_mode", False))
    kernel = options.pop("kernel")
    if kind == "transposed_conv":
        options["output_padding"] = fields["output_padding"]
        return TRANSPOSED[axes](channels, fields["filters"], kernel, bias=bias, device="meta", **options)
    filters = channels * fields["multiplier"] if kind == "depthwise" else fields["filters"]
    groups = channels if kind == "depthwise" else fields.get("groups", 1)
    return CONVS[axes](channels, filters, kernel, groups=groups, bias=bias, device="meta", **options)


def made(kind, fields, shape, bias):
    """The output's shape, or None where torch refuses the layer."""
    try:
        layer = module(kind, fields, shape, bias)
        return list(layer.eval()(torch.empty(1, *shape, device="meta")).shape[1:])
    except (RuntimeError, ValueError):
        return None


def found(given):
    """The givens without ?, and all values of what was hidden; those that have several stay hidden."""
    given = copy.deepcopy(given)
    layers = [read(layer) for layer in given["layers"]]
    hidden = {}
    kind, fields = layers[0]
    shape = flat(given["input"])
    if shape[0] == "?":
        shape[0] = hidden["channels_0"] = fields["depth"]
    for index, (_, inner) in enumerate(layers, start=1):
        for role in ("filters", "neurons"):
            if inner.get(role) == "?":
                output = inner["output"]
                inner[role] = hidden[f"{role}_{index}"] = output[0] if isinstance(output, list) else output
    if "?" in shape[1:]:
        sides = []
        for axis, side in enumerate(fields["output"][1:]):
            one = [
                n
                for n in range(1, 90)
                if made(kind, fields, [shape[0], n, n][: len(shape)], True)
                == [fields["filters"], *[side] * (len(shape) - 1)]
            ]
            assert len(one) == 1, (axis, one)
            sides += one
        shape[1:] = sides
        names = ("side_0",) if len(set(sides)) == 1 and len(sides) == 2 else ("height_0", "width_0")
        hidden |= dict(zip(names if len(sides) == 2 else ("length_0",), sides, strict=False))
    role = next((role for role in ROLES if fields.get(role) == "?"), None)
    if role:
        candidates = range(0 if role == "padding" else 1, 90)
        sides = fields["output"][1:]
        outputs = {value: made(kind, {**fields, role: value}, shape, True) for value in candidates}
        values = [value for value, output in outputs.items() if output and output[1:] == sides]
        assert values, fields
        endless = values[-1] == 89
        hidden[f"{role}_1"] = (
            f"every whole number from {values[0]}" if endless else values if len(values) > 1 else values[0]
        )
        fields[role] = values[0]
    return shape, layers, hidden


def answers(given):
    if any(isinstance(size, str) and size.isalpha() for size in flat(given["input"])):
        return lettered(given)
    shape, layers, result = found(given)
    exact = given["count"] == "flops_without_first_add"
    totals = {"parameters": 0, "macs": 0, "flops": 0}
    windows = []
    for index, (kind, fields) in enumerate(layers, start=1):
        layer = module(kind, fields, shape, given["bias"]).eval()
        with FlopCounterMode(display=False) as counter:
            output = list(layer(torch.empty(1, *shape, device="meta")).shape[1:])
        macs = counter.get_total_flops() // 2
        has_bias = any(name.endswith("bias") for name, _ in layer.named_parameters())
        flops = 2 * macs
        if exact and macs:
            flops = extra_exact(kind, macs, output, has_bias)
        if given["elementwise"]:
            flops += elementwise(kind, fields, shape, output)
        found_here = {
            "parameters": sum(parameter.numel() for parameter in layer.parameters()),
            "macs": macs,
            "flops": flops,
        }
        for label, value in found_here.items():
            result[f"{label}_{index}"] = value
            totals[label] += value
        result[f"size_{index}"] = output if len(output) > 1 else output[0]
        result[f"depth_{index}"] = 1 if kind == "depthwise" else shape[0] // fields.get("groups", 1)
        if kind in ("conv", "pointwise", "depthwise", "pool", "max_pool", "avg_pool"):
            stride = fields.get("stride", fields["kernel"] if "pool" in kind else 1)
            windows.append((fields.get("kernel", 1), stride, fields.get("dilation", 1)))
            result[f"receptive_field_{index}"] = seen(windows)
        shape = output
    return result | {
        "total": totals["parameters"],
        "total_macs": totals["macs"],
        "total_flops": totals["flops"],
    }


def extra_exact(kind, macs, output, has_bias):
    """n products and n - 1 additions an output, and a bias; a transposed convolution adds into zeros."""
    outputs = math.prod(output)
    if kind == "transposed_conv":
        return 2 * macs + outputs * has_bias
    products = macs // outputs
    return outputs * (products + products - 1 + has_bias)


def elementwise(kind, fields, shape, output):
    """Comparisons, divisions and the like, output by output."""
    axes, entries = len(shape) - 1, math.prod(output)
    if kind in ("pool", "max_pool"):
        return entries * (fields["kernel"] ** axes - 1)
    if kind == "avg_pool":
        return entries * fields["kernel"] ** axes
    if kind == "global_avg_pool":
        return math.prod(shape)
    return {"batch_norm": 2 * entries, "relu": entries, "tanh": entries, "softmax": 3 * entries - 1}.get(
        kind, 0
    )


def seen(windows):
    """The receptive field of one output, from the last layer back to the input."""
    if any(isinstance(kernel, list) for kernel, _, _ in windows):
        split = [[(k[i] if isinstance(k, list) else k, s, d) for k, s, d in windows] for i in range(2)]
        return [seen(along) for along in split]
    field = 1
    for kernel, stride, dilation in reversed(windows):
        field = (field - 1) * stride + dilation * (kernel - 1) + 1
    return field


def flat(sizes):
    return sizes if isinstance(sizes, list) else [sizes]


def lettered(given):
    """The same network with numbers for its letters, at every point anew; what never changes is a number."""

    def at(name):
        return lambda **point: answers(put_in(given, point))[name]

    first, *others = [answers(put_in(given, letters(given, Random(seed)))) for seed in range(8)]
    fixed = {name for name, value in first.items() if all(other[name] == value for other in others)}
    if "'?'" in str(given):  # what was found from letters has them in its formula
        fixed = set()
    return {name: value if name in fixed else at(name) for name, value in first.items()}


def put_in(data, point):
    """Plain data with numbers for letters; the one formula that occurs is N - 6."""
    if isinstance(data, dict):
        return {key: value if key == "kind" else put_in(value, point) for key, value in data.items()}
    if isinstance(data, list):
        return [put_in(part, point) for part in data]
    if data == "N - 6":
        return point["N"] - 6
    return point[data] if isinstance(data, str) and data in point else data


def letters(given, random):
    """Sides that every window fits on."""
    small = {name: random.randint(1, 4) for name in ("C", "D", "K", "M", "F", "S", "n", "m")}
    large = {name: random.randint(12, 20) for name in ("H", "W")}
    square = given["input"] == ["D", "N", "N"]
    return {
        **small,
        **large,
        "P": random.randint(0, 2),
        "N": random.randint(12, 20) if square else random.randint(1, 4),
    }
