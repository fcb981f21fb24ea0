"""Dot products of sinusoidal positional codes, and of embeddings with the codes added."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from pydantic import Field

from workings.algebra.expression import Expr, chain_sum, const, name
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Number, Question, Size, Size0, Vector
from workings.rules import letters, positional
from workings.working import Draft, Working

MOST_LETTERED = 64
"""d_model beyond which positions in letters would give formulas of more than 32 terms."""

MOST_DIMENSIONS = 10_000


class Given(Givens):
    """y_t = x_t + p_t; p_t holds sin(ω_k t), cos(ω_k t), k = 0 ... d/2 - 1, ω_k = 1 / base^(2k/d)."""

    d_model: Size = Field(description="the embedding's size d, even; a number or a letter")
    t: Size0 = Field(default=name("t"), description="one position, a number or a letter")
    tau: Size0 = Field(default=name("tau"), description="the other position, a number or a letter")
    base: Number = Field(default=Fraction(10000), description="what the wavelengths are powers of")
    x_t: Vector | None = Field(
        default=None, description="the embedding at t, d numbers; a letter where d is one"
    )
    x_tau: Vector | None = Field(
        default=None, description="the embedding at τ, d numbers; a letter where d is one"
    )


def work(given: Given) -> Working:
    """p_t · p_τ by pairs and in closed form; y_t · y_τ as four terms."""
    _check(given)
    draft = Draft()
    fields = {"d": given.d_model, "t": given.t, "tau": given.tau}
    letters.check_letters(fields, QUANTITIES, {"d": "d_model"})
    width, t, tau = (letters.scalar(draft, label, value, integer=True) for label, value in fields.items())
    base = const(given.base)
    index = letters.free_name(letters.letters_in(*fields.values()))
    pairs, closed = positional.similarity(t, tau, base, width, index)
    note = "the product of the codes p_t and p_τ by pairs of sines and cosines"
    draft.step("p_dot_pairs", pairs, note=note, source=positional.SOURCE)
    note = "the same, since sin α sin β + cos α cos β = cos(α - β): only the offset is left"
    draft.step("p_dot", closed, note=note)
    if given.x_t is None and not isinstance(given.d_model, Expr):
        return draft.done(["p_dot"])
    x_t, p_t, x_tau, p_tau = _embeddings(draft, given, (base, width, t, tau))
    draft.step("y_dot_product", (x_t + p_t) @ (x_tau + p_tau), note="the embeddings with their codes added")
    terms = {"x_dot": x_t @ x_tau, "x_p_dot": x_t @ p_tau, "p_x_dot": p_t @ x_tau}
    ask = ["p_dot", "y_dot"]
    if given.x_t is not None:
        terms = {label: draft.step(label, term, note=NOTES[label]) for label, term in terms.items()}
        ask = ["p_dot", *terms, "y_dot"]
    draft.step("y_dot", chain_sum([*terms.values(), name("p_dot")]), note=IMPACT)
    return draft.done(ask)


QUANTITIES = ("p_dot_pairs", "p_dot", "x_t", "x_tau", "p_t", "p_tau", "x_dot", "x_p_dot", "p_x_dot", "y_dot")

NOTES = {
    "x_dot": "content with content, as without codes",
    "x_p_dot": "content with the other position",
    "p_x_dot": "position with the other content",
}

IMPACT = (
    "multiplied out: attention scores gain p_t · p_τ, which depends on the offset alone, is greatest, d/2, at"
    " offset 0 and on the whole falls with distance; the mixed terms depend on content and absolute position"
)


def _check(given: Given) -> None:
    if given.base <= 0:
        raise InputError(f"found {given.base}", accepted="a number above 0").at(field="base")
    if (given.x_t is None) != (given.x_tau is None):
        missing = "x_t" if given.x_t is None else "x_tau"
        raise InputError(f"{missing} is missing", accepted="both x_t and x_tau in numbers, or neither")
    width = given.d_model
    if isinstance(width, Expr):
        if given.x_t is not None:
            raise InputError(f"x_t in numbers for a size {width!r}", accepted="d_model in numbers").at(
                field="x_t"
            )
        return
    if width % 2:
        raise InputError(
            f"found {width}, which is odd",
            accepted="an even number: sines and cosines come in pairs",
            near=[str(width - 1), str(width + 1)] if width > 1 else ["2"],
        ).at(field="d_model")
    lettered = isinstance(given.t, Expr) or isinstance(given.tau, Expr)
    if width > (MOST_LETTERED if lettered else MOST_DIMENSIONS):
        accepted = (
            f"at most {MOST_LETTERED} with positions in letters, or a letter"
            if lettered
            else f"at most {MOST_DIMENSIONS}"
        )
        raise InputError(f"found {width}", accepted=accepted).at(field="d_model")
    for field in ("x_t", "x_tau"):
        x = getattr(given, field)
        if x is not None and len(x) != width:
            raise InputError(f"found {len(x)} numbers", accepted=f"{width}, as d_model says").at(field=field)


def _embeddings(draft: Draft, given: Given, parts: tuple[Expr, Expr, Expr, Expr]) -> list[Expr]:
    """x_t, p_t, x_tau, p_tau: in numbers where they are given, else letters of d entries."""
    if isinstance(given.d_model, Expr):
        shape = (letters.dimension(given.d_model),)
        return [draft.letter(label, shape) for label in ("x_t", "p_t", "x_tau", "p_tau")]
    base, width, *positions = parts
    found: list[Expr] = []
    for label, x, position in zip(("t", "tau"), (given.x_t, given.x_tau), positions, strict=True):
        found.append(draft.given(f"x_{label}", x))
        code = positional.vector(position, base, width, given.d_model)
        found.append(draft.step(f"p_{label}", code, note="sine and cosine in turn", source=positional.SOURCE))
    return found


def vary(random: Random) -> dict[str, Any]:
    """Sizes and positions in numbers or letters, embeddings in numbers at times."""
    numbers = random.random() < 0.5
    given: dict[str, Any] = {
        "d_model": random.choice((2, 4, 6, 16)) if numbers else "d",
        "t": random.choice(("t", random.randint(0, 30))),
        "tau": random.choice(("tau", random.randint(0, 30))),
    }
    if random.random() < 0.3:
        given["base"] = random.choice(("100", "2000.5"))
    if numbers and random.random() < 0.6:
        for label in ("x_t", "x_tau"):
            given[label] = [f"{random.randint(-15, 15) / 10:.1f}" for _ in range(given["d_model"])]
    return given


QUESTION = Question(
    title="Similarity of positional codes",
    given=Given,
    work=work,
    vary=vary,
    example={"d_model": "d", "t": "t", "tau": "tau"},
)
