"""Normalisation layers: statistics over an axis, (x - mean) / √(var + ε), scale and shift, what is kept."""

from __future__ import annotations

from fractions import Fraction

from workings.algebra.expression import Expr, apply, const, name, sqrt, total
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


def backward(draft: Draft, x: str, g: Expr, var: Expr, *, batch: bool, source: str = BATCH) -> list[str]:
    """The gradients with respect to normalised, γ, β and x of a cost whose gradient at the output is g.

    With the statistics of the `batch`, x acts through them too:
    ∇x = (∇x̂ - mean ∇x̂ - x̂ ⊙ mean(∇x̂ ⊙ x̂)) / √(var + ε); with those kept, ∇x = ∇x̂ / √(var + ε).
    """
    normalised = name("normalised")
    gradient = draft.step("grad_normalised", g * name("gamma"), source=source)
    draft.step("grad_gamma", total(g * normalised, 0), source=source)
    draft.step("grad_beta", total(g, 0), source=source)
    note = ""
    through = gradient
    if batch:
        through = gradient - apply("mean", gradient, axis=0)
        through = through - normalised * apply("mean", gradient * normalised, axis=0)
        note = "what is taken off comes through the mean and the variance"
    draft.step(f"grad_{x}", through / sqrt(var + name("epsilon")), note=note, source=source)
    return ["grad_normalised", "grad_gamma", "grad_beta", f"grad_{x}"]
