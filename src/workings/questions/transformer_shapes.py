"""Tensor shapes and parameters of a Transformer layer, with every reading of an unclear figure on request."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from pydantic import Field

from workings.algebra.expression import Expr, chain_sum, const, name, stack
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Natural, Question, Size
from workings.rules import attention, letters
from workings.working import Draft, Working

Part = Literal["projections", "output", "feed_forward", "norms"]
PARTS: tuple[Part, ...] = ("projections", "output", "feed_forward", "norms")

TORCH_WIDTH = 2048
"""torch.nn.TransformerEncoderLayer's width of the feed-forward part where none is given."""

LAYER = "Vaswani et al. (2017), §3.1 to §3.3"


class Given(Givens):
    """Self-attention with H × H projections, in an encoder layer of which any parts may be counted."""

    input: list[Size] = Field(
        description="[B, L, H]: batch, sequence length, hidden size; numbers or letters",
        min_length=3,
        max_length=3,
    )
    heads: Size = Field(description="the number of attention heads, which divides H; a number or a letter")
    parts: list[Part] = Field(
        default=list(PARTS), description="which parts the parameters count: " + ", ".join(PARTS), min_length=1
    )
    norms: Natural = Field(default=2, description="the number of layer norms, where they count")
    feed_forward: Size | None = Field(
        default=None, description="the width of the feed-forward part; 4H unless given"
    )
    bias: bool = Field(default=True, description="whether projections and the feed-forward part have biases")
    dropout_1: Literal["attention", "output"] = Field(
        default="attention", description="what the first dropout follows: the attention map, or the output"
    )
    readings: bool = Field(
        default=False, description="the number of parameters for every reading of 'the layer'"
    )


def work(given: Given) -> Working:
    """The ten shapes, then the parameters part by part."""
    draft = Draft()
    batch, length, hidden, heads = _sizes(draft, given)
    ask = _shapes(draft, given, (batch, length, hidden, heads))
    ask += _parameters(draft, given, hidden)
    if given.readings:
        ask += _readings(draft, hidden, _width(draft, given, hidden))
    return draft.done(ask)


def _sizes(draft: Draft, given: Given) -> list[Expr]:
    """B, L, H and the heads, as numbers or letters."""
    sizes: dict[str, int | Expr] = dict(zip(("B", "L", "H"), given.input, strict=True))
    sizes["A"] = given.heads
    written = {"B": "input[0]", "L": "input[1]", "H": "input[2]", "A": "heads", "F": "feed_forward"}
    letters.check_letters({**sizes, "F": given.feed_forward}, QUANTITIES, written)
    hidden = sizes["H"]
    if isinstance(hidden, int) and isinstance(given.heads, int) and hidden % given.heads:
        raise InputError(
            f"{given.heads} heads for a hidden size of {hidden}",
            accepted=f"a divisor of {hidden}",
            near=_divisors(hidden, given.heads),
        ).at(field="heads")
    return [letters.scalar(draft, label, value, integer=True) for label, value in sizes.items()]


def _divisors(hidden: int, heads: int) -> list[str]:
    """The divisors of H next to the number of heads, below and above."""
    import sympy

    untyped: Any = sympy
    divisors: list[int] = untyped.divisors(hidden)
    below = max(d for d in divisors if d < heads) if heads > 1 else 1
    above = min((d for d in divisors if d > heads), default=below)
    return [str(d) for d in dict.fromkeys((below, above))]


def _shapes(draft: Draft, given: Given, sizes: tuple[Expr, Expr, Expr, Expr]) -> list[str]:
    batch, length, hidden, heads = sizes
    whole = stack([batch, length, hidden])
    for label, what in (("Q", "queries"), ("K", "keys"), ("V", "values")):
        draft.step(
            label,
            whole,
            note=f"the {what}, all heads together: an H × H projection keeps the shape",
            source=LAYER,
        )
    per_head = draft.step(
        "head_size", hidden / heads, symbol="d_k", note="the hidden size shared out among the heads"
    )
    for label in ("Q", "K", "V"):
        draft.step(
            f"{label}_head",
            stack([batch, heads, length, per_head]),
            note=f"{label} per head: batch, head, position, dimension",
        )
    scores = stack([batch, heads, length, length])
    draft.step("attention", scores, note="the softmax of Q Kᵀ: each position over each, per head")
    first = scores if given.dropout_1 == "attention" else whole
    draft.step("dropout_1", first, note=f"dropout keeps the shape of the {given.dropout_1}")
    draft.step("output", whole, note="the heads side by side again, projected")
    draft.step("dropout_2", whole, note="dropout keeps the shape")
    return list(SHAPES)


SHAPES = ("Q", "K", "V", "Q_head", "K_head", "V_head", "attention", "dropout_1", "output", "dropout_2")
QUANTITIES = (*SHAPES, "head_size", "parameters")


def _width(draft: Draft, given: Given, hidden: Expr) -> Expr:
    """F, the width of the feed-forward part."""
    if "F" in draft:
        return name("F")
    if given.feed_forward is not None:
        return letters.scalar(draft, "F", given.feed_forward, integer=True)
    return draft.step(
        "F", const(4) * hidden, note="the width of the feed-forward part, four times H unless given"
    )


def _parameters(draft: Draft, given: Given, hidden: Expr) -> list[str]:
    counted: list[Expr] = []
    for part in dict.fromkeys(given.parts):
        if part == "projections":
            formula, note = attention.projections(hidden, 3, bias=given.bias), "W_Q, W_K and W_V"
        elif part == "output":
            formula, note = attention.projections(hidden, 1, bias=given.bias), "W_O"
        elif part == "feed_forward":
            width = _width(draft, given, hidden)
            formula, note = attention.feed_forward(hidden, width, bias=given.bias), "H → F → H"
        else:
            formula, note = (
                attention.norms(hidden, given.norms),
                f"{given.norms} layer norms, gain and shift each",
            )
        note += " with biases" if given.bias and part != "norms" else ""
        counted.append(draft.step(f"parameters_{part}", formula, note=note, source=LAYER))
    draft.step("parameters", chain_sum(counted), note="the parts that are counted, added")
    return [*(f"parameters_{part}" for part in dict.fromkeys(given.parts)), "parameters"]


def _readings(draft: Draft, hidden: Expr, width: Expr) -> list[str]:
    """The number of parameters for every reading of "the layer" where its figure is not at hand."""

    def square(count: int, *, bias: bool) -> Expr:
        return attention.projections(hidden, count, bias=bias)

    def dense(*, bias: bool) -> Expr:
        return attention.feed_forward(hidden, width, bias=bias)

    one, two = attention.norms(hidden, 1), attention.norms(hidden, 2)
    default = attention.feed_forward(hidden, const(TORCH_WIDTH), bias=True)
    rows = {
        "projections": (square(3, bias=False), "W_Q, W_K and W_V without biases"),
        "projections_bias": (square(3, bias=True), "W_Q, W_K and W_V with biases"),
        "output": (square(4, bias=False), "and W_O, without biases"),
        "output_bias": (square(4, bias=True), "and W_O, with biases"),
        "one_norm": (square(4, bias=True) + one, "with biases and one layer norm"),
        "two_norms": (square(4, bias=True) + two, "with biases and two layer norms"),
        "feed_forward": (
            square(4, bias=False) + dense(bias=False),
            "and the feed-forward part, without biases",
        ),
        "feed_forward_bias": (
            square(4, bias=True) + dense(bias=True),
            "and the feed-forward part, with biases",
        ),
        "layer": (
            square(4, bias=True) + dense(bias=True) + two,
            "the whole encoder layer: with two layer norms",
        ),
        "torch": (square(4, bias=True) + default + two, f"the same with torch's default width {TORCH_WIDTH}"),
    }
    for label, (formula, note) in rows.items():
        draft.step(f"reading_{label}", formula, note=note, source=LAYER)
    return [f"reading_{label}" for label in rows]


def vary(random: Random) -> dict[str, Any]:
    """Sizes in numbers or letters, any parts, widths and numbers of norms."""
    heads = random.choice((1, 2, 4, 5, 8))
    sizes = [random.randint(1, 64), random.randint(1, 128), heads * random.randint(1, 64)]
    given: dict[str, Any] = {"input": sizes, "heads": heads}
    if random.random() < 0.3:
        given |= {"input": ["B", "L", "H"], "heads": random.choice(("A", "h"))}
    elif random.random() < 0.2:
        given["input"] = [sizes[0], "L", sizes[2]]
    given["parts"] = random.sample(PARTS, random.randint(1, 4))
    given["norms"] = random.choice((0, 1, 2))
    given["feed_forward"] = random.choice((None, random.randint(1, 4096), "D"))
    given["bias"] = random.random() < 0.5
    given["dropout_1"] = random.choice(("attention", "output"))
    given["readings"] = random.random() < 0.3
    return given


QUESTION = Question(
    title="Shapes and parameters of a Transformer layer",
    given=Given,
    work=work,
    vary=vary,
    example={
        "input": [10, 90, 20],
        "heads": 5,
        "parts": list(PARTS),
        "norms": 2,
        "bias": True,
        "readings": True,
    },
    conventions=("dropout_1",),
)
