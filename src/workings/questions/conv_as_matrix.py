"""A convolution as one matrix: the rule for its entries, the matrix, and the output as its product."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, Final

import numpy as np
from pydantic import Field

from workings.algebra.composites import LARGEST_MATRIX
from workings.algebra.expression import (
    Expr,
    apply,
    const,
    element,
    name,
    stack,
    summation,
    where,
)
from workings.errors import InputError, echo
from workings.question import Given as Givens
from workings.question import Question, Size
from workings.questions._grids import MOST_LETTERS, Grid, GridGiven, entry_of
from workings.questions._grids import letters as lettered
from workings.rules import convolution, letters, window
from workings.working import Draft, Working

MOST_WRITTEN: Final = 16
"""Columns up to which the matrix is written out entry by entry, as for a 4 × 4 image."""
LARGEST_LETTERED: Final = 20_000
"""Entries of a matrix in letters."""
MOST_PRODUCTS: Final = 400
"""Products of letters that all outputs have together."""

LABELS: Final = {"H": "height", "W": "width", "M": "kernel_height", "N": "kernel_width"}
PAIRS: Final = (("a", "b"), ("i", "j"), ("k", "l"), ("r", "c"), ("p", "q"), ("s", "t"), ("u", "v"))
"""Letters for two subscripts, in the order of preference."""
QUANTITIES: Final = (
    *("w", "x", "z", "rule", "row", "column", "rows", "columns", "output_height", "output_width"),
    *(*LABELS.values(), "kernel", "image", "x_prime"),
)
"""Names that no letter of the givens may bear."""


class Given(Givens):
    """An image x of H × W under a filter w of M × N, which is not turned; no padding, stride 1."""

    H: Size = Field(description="height of the image: a number, or a formula in letters")
    W: Size = Field(description="width of the image")
    M: Size = Field(description="height of the filter")
    N: Size = Field(description="width of the filter")
    kernel: GridGiven | None = Field(
        default=None, description="the filter, M rows of N numbers or letters; w_11, w_12, ... unless given"
    )
    image: GridGiven | None = Field(
        default=None, description="the image, H rows of W numbers or letters; x_11, x_12, ... unless given"
    )


def work(given: Given) -> Working:
    """The double sum and the rule for the entries; with sizes in numbers, the matrix and its product."""
    _check(given)
    draft = Draft()
    ask = _rule(draft, given)
    sides = _sides(given)
    if sides:
        ask += _matrix(draft, given, sides)
    return draft.done(ask)


# --- what is given ----------------------------------------------------------------------------------------


def _sides(given: Given) -> tuple[int, int, int, int] | None:
    """H, W, M and N where all are numbers."""
    found = [size for size in (given.H, given.W, given.M, given.N) if not isinstance(size, Expr)]
    return (found[0], found[1], found[2], found[3]) if len(found) == len(LABELS) else None


def _check(given: Given) -> None:
    """Refuse letters that are taken, a filter that does not fit, and grids of other sizes.

    Raises
    ------
    InputError: naming the field.
    """
    sizes = {label: getattr(given, side) for side, label in LABELS.items()}
    letters.check_letters(sizes, QUANTITIES, {label: side for side, label in LABELS.items()})
    for filter_side, image_side in (("M", "H"), ("N", "W")):
        length, extent = getattr(given, filter_side), getattr(given, image_side)
        if not isinstance(length, Expr) and not isinstance(extent, Expr) and length > extent:
            problem = f"a filter of {length} on an image of {extent}"
            raise InputError(problem, accepted=f"at most {extent}, as {image_side} is").at(field=filter_side)
    for field, sides in (("kernel", "MN"), ("image", "HW")):
        grid: Grid | None = getattr(given, field)
        if grid is not None:
            try:
                _check_grid(given, grid, sides)
            except InputError as error:
                raise error.at(field=field) from None


def _check_grid(given: Given, grid: Grid, sides: str) -> None:
    if not _sides(given):
        raise InputError("entries, where a size is in letters", accepted="H, W, M and N in numbers")
    rows, columns = (getattr(given, side) for side in sides)
    if grid.shape != (rows, columns):
        found = " × ".join(map(repr, grid.shape))
        raise InputError(f"found {found}", accepted=f"{rows} × {columns}, as {' and '.join(sides)} say")
    for letter in sorted(_letters_in(grid)):
        if letter in (*QUANTITIES, "M"):
            problem = f"the letter {echo(letter)}, which names a quantity of the answer"
            raise InputError(problem, accepted="another letter")


def _letters_in(grid: Grid | None) -> set[str]:
    return letters.letters_in(*grid.entries.flat) if grid is not None else set()


# --- the rule ---------------------------------------------------------------------------------------------


def _rule(draft: Draft, given: Given) -> list[str]:
    """z_ab as a double sum, and what follows from it: the weight of every x_ij, by its row and column."""
    taken = letters.letters_in(given.H, given.W, given.M, given.N)
    H, W, M, N = (_size(draft, side, getattr(given, side), taken) for side in LABELS)
    (a, b), (i, j), (k, l), (r, c) = _pairs(taken | _letters_in(given.kernel) | _letters_in(given.image))
    w = draft.letter("w", _unwritten(given.M, given.N))
    x = draft.letter("x", _unwritten(given.H, given.W))
    A, B, I, J = (draft.letter(index, integer=True) for index in (a, b, i, j))
    height = draft.step("output_height", H - M + 1, symbol="H_prime", source=window.SOURCE)
    width = draft.step("output_width", W - N + 1, symbol="W_prime", source=window.SOURCE)
    products = element(w, k, l) * element(x, A + k - 1, B + l - 1)
    draft.step(
        f"z_{a}_{b}",
        summation(summation(products, l, const(1), N), k, const(1), M),
        note=f"the filter lies on the image with its first entry on row {a}, column {b}",
        source=convolution.SOURCE,
    )
    draft.step(
        "row",
        width * (A - 1) + B,
        symbol=r,
        note=f"the place of row {a}, column {b} of the output when it is unrolled row by row",
    )
    draft.step(
        "column",
        W * (I - 1) + J,
        symbol=c,
        note=f"the place of row {i}, column {j} of the image, unrolled likewise",
    )
    inside = apply("every", apply("between", A, I, A + M - 1), apply("between", B, J, B + N - 1))
    draft.step(
        "rule",
        where(inside, apply("entry", w, I - A + 1, J - B + 1), const(0)),
        symbol=f"M_{r}_{c}",
        note=f"the weight of the image at row {i}, column {j} in the output at row {a}, column {b}",
    )
    draft.step("rows", height * width, note="the matrix has a row for each output")
    draft.step("columns", H * W, note="and a column for each entry of the image")
    return [f"z_{a}_{b}", "row", "column", "rule", "rows", "columns"]


def _size(draft: Draft, side: str, size: int | Expr, taken: set[str]) -> Expr:
    """H, W, M or N by its name; itself where that name is a letter of another, as in N × N under 3 × 3."""
    if side not in taken:
        return letters.scalar(draft, LABELS[side], size, integer=True, symbol=side)
    for letter in sorted(letters.letters_in(size)):
        if letter not in draft:
            draft.letter(letter, integer=True)
    return entry_of(size)


def _pairs(taken: set[str]) -> list[tuple[str, str]]:
    """Letters for places in the output, the image and the filter, and for row and column."""
    free = [pair for pair in PAIRS if not taken & {*pair}]
    if len(free) < 4:
        raise InputError(
            f"{len(taken)} letters, which leave none for subscripts", accepted="w_11, w_12, ..."
        ).at(field="kernel")
    row = ("r", "c") if ("r", "c") in free else free[3]
    return [*[pair for pair in free if pair != row][:3], row]


def _unwritten(rows: int | Expr, columns: int | Expr) -> tuple[Any, Any]:
    """A shape in SymPy's numbers, which keeps the letter whole: its subscripts are letters."""
    import sympy

    return tuple(sympy.sympify(letters.dimension(side), strict=True) for side in (rows, columns))


# --- the matrix -------------------------------------------------------------------------------------------


def _matrix(draft: Draft, given: Given, sides: tuple[int, int, int, int]) -> list[str]:
    """The matrix M, and z′ = M x′, where they are small enough to be written down."""
    H, W, M, N = sides
    rows = (H - M + 1) * (W - N + 1)
    most = LARGEST_MATRIX if given.kernel and not given.kernel.has_letters else LARGEST_LETTERED
    if rows * H * W > most or not (given.kernel or M * N <= MOST_LETTERS):
        if given.image is None:
            return []
        problem = f"a matrix of {rows} × {H * W}"
        raise InputError(problem, accepted=f"at most {most} entries").at(field="image")
    kernel = given.kernel or lettered("w", (M, N))
    image = given.image or (lettered("x", (H, W)) if rows * M * N <= MOST_PRODUCTS else None)
    w = kernel.enter(draft, "kernel", symbol="w")
    if H * W <= MOST_WRITTEN:
        matrix = _written(_placed(kernel, (H, W)))
    else:
        matrix = apply("convolution_matrix", w, height=H, width=W, kernel=(M, N))
    draft.step("M", matrix, note="each row is the filter at its place in an image of zeros, unrolled")
    if image is None:
        return ["M"]
    x = image.enter(draft, "image", symbol="x")
    unrolled = (
        _written(image.entries.ravel()) if H * W <= MOST_WRITTEN else apply("reshape", x, shape=(H * W,))
    )
    draft.step("x_prime", unrolled, note="the image unrolled row by row")
    draft.step("z", name("M") @ name("x_prime"), symbol="z_prime", note="the output, unrolled likewise")
    return ["M", "z"]


def _placed(kernel: Grid, size: tuple[int, int]) -> Any:
    """The matrix: a row for each place of the filter, an image of zeros around it, unrolled row by row."""
    (M, N), (H, W) = kernel.entries.shape, size
    rows = np.full(((H - M + 1) * (W - N + 1), H, W), Fraction(0), dtype=object)
    for row, (a, b) in zip(rows, np.ndindex(H - M + 1, W - N + 1), strict=True):
        row[a : a + M, b : b + N] = kernel.entries
    return rows.reshape(len(rows), -1)


def _written(entries: Any) -> Expr:
    """A vector or a matrix entry by entry."""
    return stack([_written(part) if isinstance(part, np.ndarray) else entry_of(part) for part in entries])


def vary(random: Random) -> dict[str, Any]:
    """Sizes in letters; small images and filters in numbers, in letters, or left open."""
    if random.random() < 0.25:
        return random.choice(LETTERED)
    H, W = random.randint(1, 5), random.randint(2, 5)
    given: dict[str, Any] = {
        "H": H,
        "W": W,
        "M": random.randint(1, min(H, 3)),
        "N": random.randint(1, min(W, 3)),
    }

    def grid(rows: int, columns: int, letter: str) -> Any:
        if random.random() < 0.3:
            return [random.choices((letter, "p", "0", "-1"), k=columns) for _ in range(rows)]
        return [[f"{random.randint(-20, 20) / 10:.1f}" for _ in range(columns)] for _ in range(rows)]

    if random.random() < 0.7:
        given["kernel"] = grid(given["M"], given["N"], "a")
    if random.random() < 0.6:
        given["image"] = grid(H, W, "i")
    return given


LETTERED: Final[tuple[dict[str, Any], ...]] = (
    {"H": "H", "W": "W", "M": "M", "N": "N"},
    {"H": "n", "W": "n", "M": "k", "N": "k"},
    {"H": "a", "W": "b", "M": 3, "N": 2},
    {"H": "2n", "W": "n + 1", "M": "n", "N": 2},
    {"H": 5, "W": 6, "M": "M", "N": "N"},
    {"H": "N", "W": "N", "M": 2, "N": 3},
)

QUESTION = Question(
    title="A convolution as one matrix",
    given=Given,
    work=work,
    vary=vary,
    example={
        "H": 3,
        "W": 3,
        "M": 2,
        "N": 2,
        "kernel": [[1, 2], [3, 4]],
        "image": [[1, 0, 2], [0, 1, 0], [3, 0, 1]],
    },
)
