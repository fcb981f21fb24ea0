"""Parameters of a small convolutional network against a dense one with as many units as its pooled map."""

from __future__ import annotations

from random import Random
from typing import Any

from pydantic import Field

from workings.algebra.expression import Expr, const, floor, name
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Question, Size
from workings.rules import dense, window
from workings.rules.convolution import product
from workings.working import Draft, Working

SOURCE = "Goodfellow, Bengio & Courville, Deep Learning (2016), §9.2"


class Given(Givens):
    """(i) One convolution, pooling, a dense output; (ii) a dense hidden layer as large as the pooled map.

    Stride 1, no padding, one channel. Any size may be a letter.
    """

    H: Size = Field(description="the height of the image")
    W: Size = Field(description="the width of the image")
    M: Size = Field(description="the height of a filter")
    N: Size = Field(description="the width of a filter")
    pool: Size = Field(default=2, description="the side of the pooling window, which is also its stride")
    classes: Size = Field(default=3, description="the number of outputs")
    filters: Size = Field(default=1, description="the number of filters")
    bias: bool = Field(default=False, description="whether filters and neurons have biases")


def work(given: Given) -> Working:
    """The parameters of every layer, and both totals."""
    for side, filter_ in (("H", "M"), ("W", "N")):
        large, small = getattr(given, side), getattr(given, filter_)
        if isinstance(large, int) and isinstance(small, int) and small > large:
            problem = f"a filter of {small} on an image of {large}"
            raise InputError(problem, accepted=f"at most {large}").at(field=filter_)
    draft = Draft()
    H, W, M, N = (draft.given(label, getattr(given, label)) for label in "HWMN")
    pool = draft.given("pool", given.pool, symbol="p")
    classes = draft.given("classes", given.classes, symbol="c")
    filters = const(1) if given.filters == 1 else draft.given("filters", given.filters, symbol="n")
    height = _pooled(draft, given, "height", H - M + 1, pool)
    width = _pooled(draft, given, "width", W - N + 1, pool)
    sides = [height, width] if filters.op == "const" else [filters, height, width]
    units = draft.step("units", product(sides), note="entries of the pooled map, and hidden units beside it")
    bias = given.bias
    each = M * N + 1 if bias else M * N
    cnn_1 = each if filters.op == "const" else each * filters
    draft.step("cnn_1", cnn_1, note="the convolution: the filter is shared by all positions", source=SOURCE)
    draft.step("cnn_2", const(0), note="pooling has nothing to learn")
    draft.step("cnn_3", dense.parameters(units, classes, bias=bias), note="every output reads the pooled map")
    draft.step("cnn_total", name("cnn_1") + name("cnn_2") + name("cnn_3"))
    note = "every hidden unit reads the whole image"
    draft.step("dense_1", dense.parameters(H * W, units, bias=bias), note=note)
    draft.step("dense_2", dense.parameters(units, classes, bias=bias), note="every output reads all units")
    draft.step("dense_total", name("dense_1") + name("dense_2"))
    return draft.done(["cnn_1", "cnn_2", "cnn_3", "cnn_total", "dense_1", "dense_2", "dense_total"])


def _pooled(draft: Draft, given: Given, side: str, convolved: Expr, pool: Expr) -> Expr:
    """A side after the convolution and after pooling; with letters taken to be a multiple of the pool."""
    large, small = (given.H, given.M) if side == "height" else (given.W, given.N)
    letter = side[0].upper()
    note = "stride 1, no padding"
    before = draft.step(f"map_{side}", convolved, symbol=f"{letter}_1", note=note, source=window.SOURCE)
    if isinstance(large, Expr) or isinstance(small, Expr) or isinstance(given.pool, Expr):
        note = "taken to be a multiple of the pooling window"
        return draft.step(f"pooled_{side}", before / pool, symbol=f"{letter}_2", note=note)
    if given.pool > large - small + 1:
        problem = f"pooling over {given.pool} on a map of {large - small + 1}"
        raise InputError(problem, accepted="a smaller window").at(field="pool")
    return draft.step(f"pooled_{side}", floor(before / pool), symbol=f"{letter}_2")


def vary(random: Random) -> dict[str, Any]:
    """Sizes in numbers, or the report's letters."""
    common = {
        "classes": random.choice((3, 10, random.randint(2, 100))),
        "filters": random.choice((1, 1, random.randint(2, 16))),
        "bias": random.random() < 0.5,
    }
    if random.random() < 0.35:
        letters = {"H": "H", "W": random.choice(("W", "H")), "M": "M", "N": random.choice(("N", "M"))}
        return {**letters, "pool": 2, **common, "classes": random.choice((3, "c"))}
    images = {"H": random.randint(12, 64), "W": random.randint(12, 64)}
    filters = {"M": random.randint(1, 7), "N": random.randint(1, 7)}
    return {**images, **filters, "pool": random.randint(1, 4), **common}


QUESTION = Question(
    title="Parameters of a convolutional and of a dense network",
    given=Given,
    work=work,
    vary=vary,
    example={"H": "H", "W": "W", "M": "M", "N": "N", "pool": 2, "classes": 3, "bias": False},
)
