"""A filter applied to an image: the output, each entry as the sum of products that it is."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Annotated, Any, Final, cast

import numpy as np
from pydantic import BeforeValidator, Field

from workings.algebra.expression import Expr, apply, const
from workings.errors import InputError, unknown
from workings.question import Given as Givens
from workings.question import Natural, Positive, Question
from workings.questions._grids import LARGEST, Grid, GridGiven, entry_of, read_grid
from workings.rules import convolution
from workings.rules.axes import per_axis, spread
from workings.rules.filters import FILTERS
from workings.rules.filters import SOURCE as FILTER_SOURCE
from workings.working import Draft, Working

MOST_WRITTEN: Final = 16
"""Outputs up to which each is written out."""
LONGEST_SUM: Final = 25
"""Products up to which a sum is written out."""
PADDINGS: Final = ("same", "valid", "full")

Widths = tuple[tuple[int, int], tuple[int, int]]


def read_kernel(written: object) -> Any:
    """A filter's name, or a grid."""
    if not isinstance(written, str):
        return read_grid(written)
    if written not in FILTERS:
        raise unknown("filter", written, FILTERS)
    return written


def read_padding(written: object) -> Any:
    """A number, one an axis, or same, valid, full."""
    if isinstance(written, str) and any(sign.isalpha() for sign in written):
        if written not in PADDINGS:
            raise unknown("padding", written, (*PADDINGS, "a number"))
        return written
    return _pair(per_axis(Natural)(written))


def read_stride(written: object) -> Any:
    """A number, or one an axis."""
    return _pair(per_axis(Positive)(written))


def _pair(value: Any) -> Any:
    if isinstance(value, tuple) and len(cast("tuple[Any, ...]", value)) != 2:
        raise InputError("found three sizes", accepted="one, or one each of height and width")
    return value


class Given(Givens):
    """z_{ab} = Σ_{i,j} w_{ij} x_{s(a-1)+i, s(b-1)+j}, with zeros around the image where it is padded."""

    image: GridGiven = Field(description="rows of numbers, or of letters; {letters: x, shape: [5, 5]}")
    kernel: Annotated[Any, BeforeValidator(read_kernel)] = Field(
        description="rows of numbers or letters, or one of: " + ", ".join(FILTERS)
    )
    padding: Annotated[Any, BeforeValidator(read_padding)] = Field(
        default=0, description="zeros on each side: a number, or one an axis, or same, valid, full"
    )
    stride: Annotated[Any, BeforeValidator(read_stride)] = Field(
        default=1, description="a number, or one an axis"
    )
    flip: bool = Field(
        default=False, description="turn the kernel by 180° first: convolution in the strict sense"
    )


def work(given: Given) -> Working:
    """The padded image, the turned kernel, then the output."""
    draft = Draft()
    named = FILTERS.get(given.kernel) if isinstance(given.kernel, str) else None
    kernel = read_grid(named.entries() if named else given.kernel)
    size = _sides(kernel, "kernel")
    sides = _sides(given.image, "image")
    stride = spread(given.stride, 2)
    widths = _widths(given, size)
    for side, length, width in zip(sides, size, widths, strict=True):
        if length > side + sum(width):
            raise InputError(
                f"a kernel of {length} on an image of {side + sum(width)}",
                accepted="a smaller kernel, or padding",
            ).at(field="kernel")
    x = given.image.enter(draft, "image", symbol="x")
    w = kernel.enter(draft, "kernel", symbol="w")
    if any(map(any, widths)):
        x = draft.step(
            "padded", apply("pad", x, widths=widths, value=0), symbol="x_padded", note="zeros around"
        )
    if given.flip:
        note = "turned by 180°, as convolution in the strict sense has it"
        w = draft.step("turned", apply("rotate_180", w), symbol="w_turned", note=note)
    _write_out(draft, _padded(given.image, widths), _turned(kernel, flip=given.flip), stride)
    formula = convolution.correlation(x, w, size, stride=stride)
    note = f"{given.kernel} {named.effect}" if named else ""
    source = FILTER_SOURCE if named else convolution.SOURCE
    draft.step("output", formula, symbol="z", note=note, source=source)
    return draft.done(["output"])


def _sides(grid: Grid, field: str) -> tuple[int, int]:
    if grid.sides is None:
        raise InputError("a size that is a letter", accepted="sizes in numbers").at(field=field)
    return grid.sides


def _padded(image: Grid, widths: Widths) -> Any:
    rows, columns = (side + sum(width) for side, width in zip(image.entries.shape, widths, strict=True))
    padded = np.full((rows, columns), Fraction(0), dtype=object)
    (top, _), (left, _) = widths
    padded[top : top + image.entries.shape[0], left : left + image.entries.shape[1]] = image.entries
    return padded


def _turned(kernel: Grid, *, flip: bool) -> Any:
    return kernel.entries[::-1, ::-1] if flip else kernel.entries


def _widths(given: Given, size: tuple[int, int]) -> Widths:
    """Zeros before and after, along each axis; where `same` needs an odd number, one more after."""
    if given.padding == "full":
        first, second = ((length - 1, length - 1) for length in size)
    elif given.padding == "same":
        if any(step != 1 for step in spread(given.stride, 2)):
            raise InputError("padding same with a stride", accepted="stride 1, or a number").at(
                field="padding"
            )
        first, second = (((length - 1) // 2, length // 2) for length in size)
    else:
        padding = 0 if given.padding == "valid" else given.padding
        first, second = ((width, width) for width in spread(padding, 2))
    if (given.image.entries.shape[0] + sum(first)) * (given.image.entries.shape[1] + sum(second)) > LARGEST:
        raise InputError(f"a padded image of more than {LARGEST} entries", accepted="less padding").at(
            field="padding"
        )
    return first, second


def _write_out(draft: Draft, image: Any, kernel: Any, stride: tuple[int, int]) -> None:
    """z_11 = w_11 x_11 + w_12 x_12 + ... for the entries of a small output; weights of 0 are left out."""
    height, width = kernel.shape
    rows = range(0, image.shape[0] - height + 1, stride[0])
    columns = range(0, image.shape[1] - width + 1, stride[1])
    if len(rows) * len(columns) > MOST_WRITTEN or kernel.size > LONGEST_SUM:
        return
    for a, top in enumerate(rows, start=1):
        for b, left in enumerate(columns, start=1):
            under = image[top : top + height, left : left + width]
            note = "weights times what lies under them, row by row" if a == b == 1 else ""
            draft.step(f"z_{a}_{b}", _sum_of_products(kernel, under), note=note)


def _sum_of_products(kernel: Any, under: Any) -> Expr:
    """w_11 x_11 + w_12 x_12 + ..., with a minus sign before a negative weight."""
    result: Expr | None = None
    for weight, entry in zip(kernel.flat, under.flat, strict=True):
        if not isinstance(weight, Expr) and weight == 0:
            continue
        if isinstance(weight, Expr) or result is None or weight > 0:
            term = entry_of(weight) * entry_of(entry)
            result = term if result is None else result + term
        else:
            result = result - entry_of(-weight) * entry_of(entry)
    return const(0) if result is None else result


def vary(random: Random) -> dict[str, Any]:
    """Small images in whole or one-decimal numbers, named filters and others, now and then letters."""
    height, width = random.randint(3, 7), random.randint(3, 7)
    given: dict[str, Any] = {
        "image": [[random.randint(0, 9) for _ in range(width)] for _ in range(height)],
        "kernel": random.choice(sorted(FILTERS)),
        "padding": random.choice((0, 1, [0, 2], "same", "valid", "full")),
        "flip": random.random() < 0.4,
    }
    if random.random() < 0.5:
        rows, columns = random.randint(1, 3), random.randint(1, 3)
        given["kernel"] = [[f"{random.randint(-9, 9) / 10:.1f}" for _ in range(columns)] for _ in range(rows)]
    if random.random() < 0.15:
        given["image"] = {"letters": "x", "shape": [3, 4]}
    if random.random() < 0.15:
        given["kernel"] = [["a", "b"], [0, "a"]]
    if given["padding"] != "same":
        given["stride"] = random.choice((1, 2, [1, 2]))
    return given


QUESTION = Question(
    title="A filter applied to an image",
    given=Given,
    work=work,
    vary=vary,
    example={
        "image": [[0, 0, 0, 1, 1, 1]] * 5,
        "kernel": "sobel_x",
        "padding": 0,
        "stride": 1,
    },
)
