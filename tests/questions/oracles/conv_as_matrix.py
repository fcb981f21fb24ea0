"""The matrix of a convolution by torch: conv2d of unit images, one column each."""

from __future__ import annotations

import re
from fractions import Fraction

import torch
from torch.nn.functional import conv2d

SIDES = ("H", "W", "M", "N")


def sizes(given, point):
    """H, W, M, N in numbers."""
    known = {**point, "2n": 2 * point["n"], "n + 1": point["n"] + 1} if "n" in point else point
    return [known.get(given[side], given[side]) for side in SIDES]


def places(given):
    """Letters for a place in the output and one in the image: a, b and i, j unless they are taken."""
    taken = {letter for value in given.values() for letter in re.findall("[a-z]", str(value))}
    pairs = [pair for pair in ("ab", "ij", "kl", "pq") if not taken & {*pair}]
    return pairs[0], pairs[1]


def letters(given, random):
    """A filter that fits, a place in the output, and one in the image, mostly under the filter there."""
    point = {"H": random.randint(3, 5), "W": random.randint(3, 5), "M": random.randint(1, 3)}
    point |= {"N": random.randint(1, 3), "n": random.randint(3, 5), "k": random.randint(1, 3)}
    point |= {"a": random.randint(3, 5), "b": random.randint(2, 5)}
    if given["H"] == "N":
        point["N"] = random.randint(3, 5)
    H, W, M, N = sizes(given, point)
    output, image = places(given)
    for place, at, side, length in zip(output, image, (H, W), (M, N), strict=True):
        point[place] = random.randint(1, side - length + 1)
        point[at] = random.randint(max(1, point[place] - 1), min(side, point[place] + length))
    return point


def unit_columns(image, kernel):
    """Column W(i - 1) + j is the output for an image with a 1 at (i, j) alone, unrolled."""
    H, W = image
    units = torch.eye(H * W, dtype=torch.float64).reshape(H * W, 1, H, W)
    return conv2d(units, kernel[None, None]).reshape(H * W, -1).T


def grid(rows, letter, shape, point):
    """A filter or an image in numbers: as given, or of the point's w_11, w_12, ..."""
    if rows is None:
        rows = [[f"{letter}_{i}{j}" for j in range(1, shape[1] + 1)] for i in range(1, shape[0] + 1)]
    numbers = [[point[entry] if entry in point else float(Fraction(entry)) for entry in row] for row in rows]
    return torch.tensor(numbers, dtype=torch.float64)


def answers(given):
    (a, b), (i, j) = places(given)

    def general(point):
        H, W, _, N = sizes(given, point)
        x, w = (torch.tensor(point[label], dtype=torch.float64) for label in "xw")
        row, column = (W - N + 1) * (point[a] - 1) + point[b], W * (point[i] - 1) + point[j]
        matrix = unit_columns((H, W), w)
        return {
            f"z_{a}_{b}": conv2d(x[None, None], w[None, None])[0, 0, point[a] - 1, point[b] - 1].item(),
            "row": row,
            "column": column,
            "rule": matrix[row - 1, column - 1].item(),
            "rows": matrix.shape[0],
            "columns": matrix.shape[1],
        }

    names = (f"z_{a}_{b}", "row", "column", "rule", "rows", "columns")
    found = {name: lambda name=name, **point: general(point)[name] for name in names}
    H, W, M, N = sizes(given, {})
    if isinstance(H, int) and isinstance(W, int):
        found["columns"] = H * W
    if any(isinstance(side, str) for side in (H, W, M, N)):
        return found
    found["rows"] = len(unit_columns((H, W), torch.ones(M, N).double()))

    def matrix(**point):
        return unit_columns((H, W), grid(given.get("kernel"), "w", (M, N), point)).numpy()

    def z(**point):
        kernel, image = (
            grid(given.get("kernel"), "w", (M, N), point),
            grid(given.get("image"), "x", (H, W), point),
        )
        return conv2d(image[None, None], kernel[None, None]).ravel().numpy()

    def numeric(field):
        return field in given and not re.search("[a-z]", str(given[field]))

    found["M"] = matrix() if numeric("kernel") else matrix
    found["z"] = z() if numeric("kernel") and numeric("image") else z
    return found
