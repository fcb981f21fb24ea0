"""The matrix of a convolution by torch: conv2d of unit images, one column each."""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d


def columns(image, kernel):
    """The matrix whose column W(i - 1) + j is the output for an image with a 1 at (i, j), unrolled."""
    H, W = image
    units = torch.eye(H * W, dtype=torch.float64).reshape(H * W, 1, H, W)
    return conv2d(units, kernel[None, None]).reshape(H * W, -1).T


def sizes(given, point):
    return [point[given[side]] if isinstance(given[side], str) else given[side] for side in "HWMN"]


def letters(given, random):
    """A position of the output and one of the image, about half of them under the filter."""
    point = {"M": random.randint(1, 3), "N": random.randint(1, 3), "k": random.randint(1, 3)}
    point |= {"H": random.randint(3, 5), "W": random.randint(3, 5), "n": random.randint(3, 5)}
    H, W, M, N = sizes(given, point)
    a, b = random.randint(1, H - M + 1), random.randint(1, W - N + 1)
    i, j = random.randint(a, min(a + M, H)), random.randint(b, min(b + N, W))
    return {**point, "a": a, "b": b, "i": i, "j": j}


def answers(given):
    def matrix(point):
        H, W, _, _ = sizes(given, point)
        return columns((H, W), torch.tensor(point["w"], dtype=torch.float64))

    def rule(**point):
        _, W, _, N = sizes(given, point)
        row = (W - N + 1) * (point["a"] - 1) + point["b"]
        return matrix(point)[row - 1, W * (point["i"] - 1) + point["j"] - 1].item()

    return {
        "rule": rule,
        "rows": lambda **point: matrix(point).shape[0],
        "columns": lambda **point: matrix(point).shape[1],
    }
