"""Attention: scores, their softmax, weighted values; the parameters of a Transformer layer.

Rows of Q, K and V are positions; a mask has 1 where a position may be attended to, 0 where not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from workings.algebra import derive
from workings.algebra.expression import Expr, apply, chain_sum, const, element, exp, name, summation
from workings.working import Draft

SOURCE = "Vaswani et al., Attention is all you need (2017), §3.2"
DOT = "Luong, Pham & Manning (2015), §3.1; Vaswani et al. (2017), §3.2.1"


def scores(queries: Expr, keys: Expr, divisor: Expr | None = None) -> Expr:
    """Q Kᵀ, over the divisor where there is one: (positions, positions)."""
    product = queries @ keys.T
    return product if divisor is None else product / divisor


def head(draft: Draft, suffix: str, divisor: Expr | None, mask: Expr | None) -> Expr:
    """Steps scores, P and Z of one head, its names ending in `suffix` ("" or "_1"), over steps Q, K, V alike.

    S = Q Kᵀ / divisor, P = softmax(S) row by row, Z = P V.
    """
    q, k, v = (name(f"{label}{suffix}") for label in "QKV")
    s = draft.step(f"scores{suffix}", scores(q, k, divisor), symbol=f"S{suffix}", source=SOURCE)
    if mask is None:
        p = draft.step(f"P{suffix}", apply("softmax", s), note="softmax of each row")
    else:
        note = "softmax of each row over what the mask lets through"
        p = draft.step(f"P{suffix}", apply("masked_softmax", s, mask), note=note)
    return draft.step(f"Z{suffix}", p @ v)


@dataclass(frozen=True, slots=True)
class Position:
    """The weights and the output of one position, written out as sums over all n positions.

    `exponent(j)` is the position's score against position j, `value(j)` the value there; `index` is a name
    that neither holds.
    """

    exponent: Callable[[Expr], Expr]
    value: Callable[[Expr], Expr]
    length: Expr
    index: str

    def weight(self, other: Expr) -> Expr:
        """P_ij = e^{s_ij} / Σ_k e^{s_ik}."""
        return exp(self.exponent(other)) / self._total()

    def output(self) -> Expr:
        """Z_i = Σ_k e^{s_ik} v_k / Σ_k e^{s_ik}."""
        k = name(self.index)
        body = exp(self.exponent(k)) * self.value(k)
        return summation(body, self.index, const(1), self.length) / self._total()

    def _total(self) -> Expr:
        return summation(exp(self.exponent(name(self.index))), self.index, const(1), self.length)


def of_rows(
    position: Expr, width: Expr, divisor: Expr | None, length: Expr, indices: tuple[str, str]
) -> Position:
    """A position over the rows of Q, K and V: s_ij = Σ_c Q_ic K_jc / divisor; indices k, c."""
    k, c = indices

    def exponent(other: Expr) -> Expr:
        products = element("Q", position, name(c)) * element("K", other, name(c))
        score = summation(products, c, const(1), width)
        return score if divisor is None else score / divisor

    return Position(exponent, lambda other: element("V", other), length, k)


def of_numbers(
    x: Expr, position: Expr, factors: tuple[Fraction, Fraction], length: Expr, index: str
) -> Position:
    """A position over numbers x_1 ... x_n: s_ij = f x_i x_j and v_j = g x_j with the factors f and g."""
    f, g = (const(factor) for factor in factors)

    def exponent(other: Expr) -> Expr:
        return derive.times(f, element(x, position)) * element(x, other)

    return Position(exponent, lambda other: derive.times(g, element(x, other)), length, index)


# --- parameters of a Transformer layer ----------------------------------------------------------------------


def projections(hidden: Expr, count: int, *, bias: bool) -> Expr:
    """`count` matrices H × H, each with H biases."""
    once = hidden**2 + hidden if bias else hidden**2
    return once if count == 1 else const(count) * once


def feed_forward(hidden: Expr, width: Expr, *, bias: bool) -> Expr:
    """Two matrices H × F and F × H, with F and H biases."""
    weights = const(2) * hidden * width
    return chain_sum([weights, width, hidden]) if bias else weights


def norms(hidden: Expr, count: int) -> Expr:
    """Layer norms with a gain and a shift of H numbers each."""
    return const(2 * count) * hidden
