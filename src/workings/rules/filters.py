"""Image filters by their names, and what each answers to.

Written for cross-correlation, as deep learning has it; a true convolution turns them by 180°.
Source: Gonzalez & Woods, Digital Image Processing (4th edition, 2018), §3.5, §3.6 and §10.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from workings.algebra.expression import exact_array

SOURCE: Final = "Gonzalez & Woods, Digital Image Processing (2018), §3.5, §3.6 and §10.2"


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows of whole numbers over a common denominator, and what the filter does."""

    rows: tuple[tuple[int, ...], ...]
    effect: str
    denominator: int = 1

    def entries(self) -> Any:
        """The filter as an exact array."""
        return exact_array([[Fraction(entry, self.denominator) for entry in row] for row in self.rows])


UPRIGHT: Final = "answers to vertical edges: a difference along the rows"
LEVEL: Final = "answers to horizontal edges: a difference along the columns"

FILTERS: Final = {
    "sobel_x": Filter(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), f"{UPRIGHT}, smoothed across"),
    "sobel_y": Filter(((-1, -2, -1), (0, 0, 0), (1, 2, 1)), f"{LEVEL}, smoothed across"),
    "prewitt_x": Filter(((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), f"{UPRIGHT}, averaged across"),
    "prewitt_y": Filter(((-1, -1, -1), (0, 0, 0), (1, 1, 1)), f"{LEVEL}, averaged across"),
    "scharr_x": Filter(((-3, 0, 3), (-10, 0, 10), (-3, 0, 3)), f"{UPRIGHT}, nearly alike in all directions"),
    "scharr_y": Filter(((-3, -10, -3), (0, 0, 0), (3, 10, 3)), f"{LEVEL}, nearly alike in all directions"),
    "roberts_x": Filter(((1, 0), (0, -1)), "answers to edges that run up to the right"),
    "roberts_y": Filter(((0, 1), (-1, 0)), "answers to edges that run down to the right"),
    "laplacian": Filter(
        ((0, 1, 0), (1, -4, 1), (0, 1, 0)), "answers to edges of every direction, and to points"
    ),
    "laplacian_8": Filter(
        ((1, 1, 1), (1, -8, 1), (1, 1, 1)),
        "answers to edges of every direction, diagonals included, and to points",
    ),
    "sharpen": Filter(((0, -1, 0), (-1, 5, -1), (0, -1, 0)), "sharpens: the image less its Laplacian"),
    "box_blur": Filter(((1, 1, 1), (1, 1, 1), (1, 1, 1)), "blurs: the mean of the window", 9),
    "gaussian": Filter(((1, 2, 1), (2, 4, 2), (1, 2, 1)), "blurs: a weighted mean of the window", 16),
    "identity": Filter(((0, 0, 0), (0, 1, 0), (0, 0, 0)), "leaves the image as it is"),
    "emboss": Filter(((-2, -1, 0), (-1, 1, 1), (0, 1, 2)), "shows edges as a relief lit from one side"),
}
"""By name; some books turn the signs of the Laplacians."""
