"""Sinusoids for positions: PE(pos, 2i) = sin(pos / base^(2i/d)), PE(pos, 2i+1) = cos(pos / base^(2i/d))."""

from __future__ import annotations

from workings.algebra.expression import Expr, apply, const, exact_array, name, outer, stack, summation, where
from workings.working import Draft

SOURCE = "Vaswani et al., Attention is all you need (2017), §3.5"


def angle(position: Expr, pair: Expr, base: Expr, width: Expr) -> Expr:
    """position / base^(2i/d): the position times the pair's frequency ω_i."""
    return position / base ** (const(2) * pair / width)


def entry(position: Expr, dimension: int, base: Expr, width: Expr) -> Expr:
    """The sine in even dimensions, the cosine in odd ones; dimensions count from 0."""
    return apply("cos" if dimension % 2 else "sin", angle(position, const(dimension // 2), base, width))


def vector(position: Expr, base: Expr, width: Expr, dimensions: int) -> Expr:
    """The code of one position, entry by entry."""
    return stack([entry(position, dimension, base, width) for dimension in range(dimensions)])


def table(draft: Draft, positions: list[int], dimensions: list[int], base: Expr, width: Expr) -> Expr:
    """Steps `frequencies` and `angles` of many entries at once; returns their sines and cosines."""
    pairs = draft.given("i", exact_array([dimension // 2 for dimension in dimensions]))
    even = draft.given("even", exact_array([1 - dimension % 2 for dimension in dimensions]))
    rows = draft.given("positions", exact_array(positions), symbol="pos")
    frequencies = draft.step("frequencies", const(1) / base ** (const(2) * pairs / width), symbol="omega")
    angles = draft.step(
        "angles", outer(rows, frequencies), symbol="A", note="each position times each frequency"
    )
    return where(even, apply("sin", angles), apply("cos", angles))


def similarity(t: Expr, tau: Expr, base: Expr, width: Expr, index: str) -> tuple[Expr, Expr]:
    """p_t · p_τ by pairs of sines and cosines, and as Σ_{k=0}^{d/2-1} cos((t - τ) / base^(2k/d)).

    They agree since sin α sin β + cos α cos β = cos(α - β).
    """
    k = name(index)
    at_t, at_tau = angle(t, k, base, width), angle(tau, k, base, width)
    pair = apply("sin", at_t) * apply("sin", at_tau) + apply("cos", at_t) * apply("cos", at_tau)
    low, high = const(0), width / 2 - 1
    closed = summation(apply("cos", angle(t - tau, k, base, width)), index, low, high)
    return summation(pair, index, low, high), closed
