"""The gradients of a squared error through a linear layer, with or without an L2 penalty."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import Expr, apply, const, name, outer
from workings.errors import InputError
from workings.question import Matrix, Question, Scalar, Size, Vector
from workings.rules import letters
from workings.working import Draft, Working

MOST_LETTERS = 64
"""Entries of a tensor that stays letters while others are numbers."""

Layout = Literal["y = W^T x + b", "y = W x + b"]
SOURCE = "Goodfellow, Bengio & Courville, Deep Learning (2016), §6.5 and §7.1.1"


def _layout(written: object) -> object:
    """The layout however the transpose, the blanks and the left side were written."""
    if not isinstance(written, str):
        return written
    plain = written.replace(" ", "").replace("ᵀ", "^T").replace(r"^{\top}", "^T").replace("^{T}", "^T")
    known = {"W^Tx+b": "y = W^T x + b", "Wx+b": "y = W x + b"}
    return known.get(plain.removeprefix("y="), written)


class Given(question.Given):
    """A linear layer with the loss J = (d - y)ᵀ(d - y), and β‖W‖² on top with the penalty."""

    n: Size | None = Field(
        default=None, description="inputs: a number or a letter; default: as x or W has, or n"
    )
    K: Size | None = Field(
        default=None, description="outputs: a number or a letter; default: as d or W has, or K"
    )
    layout: Annotated[Layout, BeforeValidator(_layout)] = Field(
        default="y = W^T x + b",
        description="W is n × K in the first, K × n in the second; so is its gradient",
    )
    penalty: Literal["none", "l2"] = Field(default="none", description="l2 adds β‖W‖²; the bias stays out")
    beta: Scalar | None = Field(default=None, description="the weight of the penalty; default: the letter β")
    x: Vector | None = Field(default=None, description="the input, n numbers; without it x stays a letter")
    W: Matrix | None = Field(default=None, description="the weights, as the layout has them")
    b: Vector | None = Field(default=None, description="the bias, K numbers")
    d: Vector | None = Field(default=None, description="the target, K numbers")


def work(given: Given) -> Working:
    """y, J and its gradients: with e = d - y, -2e for y and b, and -2xeᵀ or -2exᵀ for W."""
    transposed = given.layout == "y = W^T x + b"
    n = _size(given, "n", ("x", 0), ("W", 0 if transposed else 1))
    outputs = _size(given, "K", ("d", 0), ("b", 0), ("W", 1 if transposed else 0))
    in_letters = all(getattr(given, label) is None for label in ("x", "W", "b", "d"))
    sizes = (n, outputs) if transposed else (outputs, n)
    if in_letters:  # the formulas are the answer; entries of letters are not written out
        n, outputs = (
            letters.dimension(name(label)) if isinstance(size, int) else size
            for label, size in (("n", n), ("K", outputs))
        )
    matrix = (n, outputs) if transposed else (outputs, n)
    shapes = {"x": (n,), "W": matrix, "b": (outputs,), "d": (outputs,)}
    if given.beta is not None and given.penalty == "none":
        raise InputError("a penalty's weight without a penalty", accepted="beta with penalty: l2").at(
            field="beta"
        )
    letters.check_letters({"n": given.n, "K": given.K, "beta": given.beta}, (*shapes, "y", "J"))
    draft = Draft()
    x, W, b, d = (_tensor(draft, label, getattr(given, label), shape) for label, shape in shapes.items())
    y = draft.step("y", (W.T if transposed else W) @ x + b)
    cost = apply("squared_error", y, d)
    penalty = None
    if given.penalty == "l2":
        penalty = letters.scalar(draft, "beta", name("beta") if given.beta is None else given.beta)
        cost = cost + penalty * apply("squared_norm", W)
    draft.step("J", cost, source=SOURCE)
    if in_letters:
        _closed_forms(draft, sizes, transposed=transposed, penalty=penalty)
    else:
        draft.backward("J", ["y", "W", "b"], source=SOURCE)
    return draft.done(["y", "J", "grad_y", "grad_W", "grad_b"])


def _closed_forms(draft: Draft, sizes: tuple[Any, Any], *, transposed: bool, penalty: Expr | None) -> None:
    """The gradients in the letters of the question itself, as is asked where there are no numbers."""
    x, y, d = name("x"), name("y"), name("d")
    draft.step(
        "grad_y", const(-2) * (d - y), note="the square's derivative, and -1 from d - y", source=SOURCE
    )
    slope = const(-2) * (outer(x, d - y) if transposed else outer(d - y, x))
    draft.step(
        "grad_W",
        slope if penalty is None else slope + 2 * penalty * name("W"),
        note=f"{'x (∇_y J)ᵀ' if transposed else '(∇_y J) xᵀ'}, as W of the shape {sizes[0]} × {sizes[1]}",
        source=SOURCE,
    )
    draft.step("grad_b", const(-2) * (d - y), note="∂y/∂b is the identity", source=SOURCE)


def _size(given: Given, label: str, *sources: tuple[str, int]) -> Any:
    """A size as stated and as the numbers have it: an int, or a letter."""
    stated = getattr(given, label)
    for field, axis in sources:
        array = getattr(given, field)
        if array is None:
            continue
        extent = array.shape[axis]
        if stated is None:
            stated = extent
        elif isinstance(stated, Expr) or stated != extent:
            what = "numbers" if array.ndim == 1 else ("rows", "columns")[axis]
            raise InputError(
                f"found {extent} {what} for {label} = {stated}",
                accepted=f"{stated}, as {given.layout} has it",
            ).at(field=field)
    return letters.dimension(name(label) if stated is None else stated)


def _tensor(draft: Draft, label: str, value: Any, shape: tuple[Any, ...]) -> Expr:
    """A given in numbers, or a free letter of that shape."""
    if value is not None:
        return draft.given(label, value)
    if all(isinstance(extent, int) for extent in shape) and prod(shape) > MOST_LETTERS:
        raise InputError(
            f"{label} as {prod(shape)} letters beside numbers",
            accepted=f"numbers, or at most {MOST_LETTERS} letters",
        ).at(field=label)
    return draft.letter(label, shape)


def vary(random: Random) -> dict[str, Any]:
    """All in letters, sizes in numbers, or all in numbers."""
    layout = random.choice(("y = W^T x + b", "y = W x + b"))
    given: dict[str, Any] = {"layout": layout, "penalty": random.choice(("none", "l2"))}
    if given["penalty"] == "l2" and random.random() < 0.5:
        given["beta"] = random.choice(("0.1", "0.5", "lambda"))
    n, outputs = random.randint(1, 4), random.randint(1, 3)
    kind = random.choice(("letters", "sizes", "numbers", "numbers"))
    if kind == "letters":
        return given | random.choice(({"n": "n", "K": "K"}, {"n": "m", "K": 3}, {"n": "2m", "K": "m"}, {}))
    if kind == "sizes":
        return given | {"n": n, "K": outputs}

    def tenths(count: int) -> list[str]:
        return [f"{random.randint(-20, 20) / 10:.1f}" for _ in range(count)]

    rows, columns = (n, outputs) if layout == "y = W^T x + b" else (outputs, n)
    numbers = {"x": tenths(n), "W": [tenths(columns) for _ in range(rows)], "b": tenths(outputs)}
    return given | numbers | {"d": tenths(outputs)}


QUESTION = Question(
    title="Gradients of a linear layer",
    given=Given,
    work=work,
    vary=vary,
    example={"n": "n", "K": "K", "layout": "y = W^T x + b", "penalty": "none"},
    conventions=("layout",),
)
