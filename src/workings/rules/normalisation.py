"""Normalisation layers: statistics over an axis, (x - mean) / √(var + ε), scale and shift, what is kept."""

from __future__ import annotations

from fractions import Fraction

from workings.algebra.expression import Expr, apply, const, name
from workings.working import Draft

BATCH = "Ioffe & Szegedy, Batch normalization (2015), algorithm 1; torch.nn.BatchNorm1d"


def statistics(draft: Draft, x: Expr, axis: int, *, source: str = BATCH) -> tuple[Expr, Expr]:
    """The steps mean and var over `axis`; the variance is the biased one, divided by n."""
    mean = draft.step("mean", apply("mean", x, axis=axis), source=source)
    squares = apply("mean", (x - mean) ** 2, axis=axis)
    return mean, draft.step("var", squares, note="biased: divided by n, not by n - 1", source=source)


def affine(draft: Draft, x: Expr, mean: Expr, var: Expr, *, source: str = BATCH) -> Expr:
    """The steps normalised = (x - mean) / √(var + ε) and output = γ normalised + β of the draft's givens."""
    normalised = draft.step(
        "normalised",
        apply("normalise", x, mean, var, name("epsilon")),
        note="each feature by its own statistics",
        source=source,
    )
    return draft.step("output", name("gamma") * normalised + name("beta"), source=source)


def running(draft: Draft, mean: Expr, var: Expr, count: int, *, source: str = BATCH) -> list[str]:
    """The steps new_running_mean and new_running_var of `count` examples: (1 - m) old + m new.

    m is the draft's given `momentum`. The variance that is kept is the unbiased one, var · n / (n - 1).
    """
    m = name("momentum")
    unbiased = draft.step(
        "var_unbiased",
        var * const(Fraction(count, count - 1)),
        note=f"what is kept divides by n - 1: times {count}/{count - 1}",
        source=source,
    )
    for label, fresh in (("running_mean", mean), ("running_var", unbiased)):
        draft.step(f"new_{label}", (1 - m) * name(label) + m * fresh, source=source)
    return ["var_unbiased", "new_running_mean", "new_running_var"]
