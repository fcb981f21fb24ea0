"""Gradients of a convolution by torch's autograd, in float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


def gradients(kernel, image, upstream, given):
    """dl/dI and dl/dw for dl/dO = upstream."""
    image, kernel = (torch.tensor(np.asarray(part, dtype=float)).requires_grad_() for part in (image, kernel))
    output = functional.conv2d(
        image[None, None], kernel[None, None], stride=pair(given["stride"]), padding=pair(given["padding"])
    )
    output[0, 0].backward(torch.tensor(np.asarray(upstream, dtype=float)))
    return image.grad.numpy(), kernel.grad.numpy()


def shape_of(data, point=None):
    """The shape of a given: of rows, of {letters, shape}, or of two sizes."""
    if isinstance(data, dict):
        data = data["shape"]
    elif isinstance(data[0], list):
        return len(data), len(data[0])
    return tuple(size if isinstance(size, int) else point[size] for size in data)


def entries(data, point, letter):
    """Numbers of a given, its letters taken from the point."""
    if in_numbers(data):
        return np.array([[float(Fraction(entry)) for entry in row] for row in data])
    letter = data["letters"] if isinstance(data, dict) else letter
    rows, columns = shape_of(data)
    joint = "" if max(rows, columns) < 10 else "_"
    return np.array(
        [[point[f"{letter}_{i}{joint}{j}"] for j in range(1, columns + 1)] for i in range(1, rows + 1)]
    )


def answers(given):
    def grad_input(**point):
        image = np.zeros(shape_of(given["image"]))
        parts = entries(given["kernel"], point, "w"), image, entries(given["grad_output"], point, "g")
        return gradients(*parts, given)[0]

    def grad_kernel(**point):
        kernel = np.zeros(shape_of(given["kernel"]))
        parts = kernel, entries(given["image"], point, "I"), entries(given["grad_output"], point, "g")
        return gradients(*parts, given)[1]

    def rule(**point):
        image = np.zeros((point["H"], point["W"]))
        return gradients(point["w"], image, point["g"], given)[0][point["x"] - 1, point["y"] - 1]

    def rule_kernel(**point):
        kernel = np.zeros((point["M"], point["N"]))
        return gradients(kernel, point["I"], point["g"], given)[1][point["i"] - 1, point["j"] - 1]

    found = {"rule": rule, "rule_kernel": rule_kernel}
    if "H" in given["image"]:
        return found
    known = {name: in_numbers(given[name]) for name in ("kernel", "image", "grad_output")}
    found["grad_input"] = grad_input() if known["kernel"] and known["grad_output"] else grad_input
    found["grad_kernel"] = grad_kernel() if known["image"] and known["grad_output"] else grad_kernel
    return found


def in_numbers(data):
    return isinstance(data, list) and isinstance(data[0], list)


def letters(given, random):
    """Sizes that fit each other, and places inside the image and the filter."""
    drawn = {
        "M": random.randint(1, 3),
        "N": random.randint(1, 3),
        "H": random.randint(4, 6),
        "W": random.randint(4, 6),
    }
    (H, W), (M, N) = shape_of(given["image"], drawn), shape_of(given["kernel"], drawn)
    moves = zip((H, W), (M, N), pair(given["stride"]), pair(given["padding"]), strict=True)
    U, V = ((n + 2 * p - k) // s + 1 for n, k, s, p in moves)
    places = {
        "x": random.randint(1, H),
        "y": random.randint(1, W),
        "i": random.randint(1, M),
        "j": random.randint(1, N),
    }
    return {"H": H, "W": W, "M": M, "N": N, "U": U, "V": V, **places}
