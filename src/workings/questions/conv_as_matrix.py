"""A convolution as one matrix: the rule for its entries, the matrix, and the output as its product."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from pydantic import Field

from workings.algebra.expression import apply, const, name, where
from workings.question import Given as Givens
from workings.question import Question, Size
from workings.rules import letters
from workings.working import Draft, Working


class Given(Givens):
    """An image of H × W and a filter of M × N."""

    H: Size = Field(description="height of the image: a number, or a formula in letters")
    W: Size = Field(description="width of the image")
    M: Size = Field(description="height of the filter")
    N: Size = Field(description="width of the filter")


def work(given: Given) -> Working:
    """The rule for the entries of the matrix."""
    draft = Draft()
    sizes = {label: getattr(given, label) for label in "HWMN"}
    H, W, M, N = (letters.scalar(draft, label, sizes[label], integer=True) for label in "HWMN")
    draft.letter("w", (letters.dimension(given.M), letters.dimension(given.N)))
    a, b, i, j = (draft.letter(label, integer=True) for label in "abij")
    draft.step("rows", (H - M + 1) * (W - N + 1))
    draft.step("columns", H * W)
    window = apply("every", apply("between", a, i, a + M - 1), apply("between", b, j, b + N - 1))
    draft.step("rule", where(window, apply("entry", name("w"), i - a + 1, j - b + 1), const(0)))
    return draft.done(ASKED)


ASKED: Final = ("rule", "rows", "columns")


def vary(random: Random) -> dict[str, Any]:
    """Letters."""
    return random.choice(({"H": "H", "W": "W", "M": "M", "N": "N"}, {"H": "n", "W": "n", "M": "k", "N": "k"}))


QUESTION = Question(
    title="A convolution as one matrix",
    given=Given,
    work=work,
    vary=vary,
    example={"H": "H", "W": "W", "M": "M", "N": "N"},
)
