"""How composites are printed: by the formula that the field writes, not by what they expand into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workings.algebra.expression import Expr
from workings.algebra.printer import (
    ATOM,
    COMPARISON,
    NEGATIVE,
    POWER,
    PRODUCT,
    SUM,
    Printer,
    Shown,
    generic,
    subscripted,
)


def _squared_norm(p: Printer, _node: Expr, a: Shown) -> Shown:
    return Shown(rf"\lVert {a.text} \rVert^{{2}}", POWER) if p.latex else p.call("squared_norm", a)


def _cross_entropy(p: Printer, node: Expr, y: Shown, d: Shown) -> Shown:
    if not p.latex:
        return p.call(node.op, y, d)  # that d is a distribution matters to its gradient only
    return Shown(rf"-\textstyle\sum {p.bracket(d, POWER)} \odot \log {p.bracket(y, ATOM)}", NEGATIVE)


def _binary_cross_entropy(p: Printer, node: Expr, y: Shown, d: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, y, d)
    target, output = p.bracket(d, POWER), p.bracket(y, PRODUCT)
    sums = r"\textstyle\sum " if p.rank(node.args[0]) else ""
    first = rf"-{sums}{target} \log {p.bracket(y, ATOM)}"
    return Shown(
        rf"{first} - {sums}\left(1 - {p.bracket(d, PRODUCT)}\right) \log\left(1 - {output}\right)", SUM
    )


def _squared_error(p: Printer, node: Expr, y: Shown, d: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, y, d)
    difference = rf"{p.bracket(d, SUM)} - {p.bracket(y, PRODUCT)}"
    if p.rank(node.args[0]) or p.rank(node.args[1]):
        return Shown(rf"\left({difference}\right)^{{\top}} \left({difference}\right)", PRODUCT)
    return Shown(rf"\left({difference}\right)^{{2}}", POWER)


def _xlogy(p: Printer, node: Expr, x: Shown, y: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, x, y)
    return Shown(rf"{p.bracket(x, POWER)} \log {p.bracket(y, ATOM)}", PRODUCT)


def _mean(p: Printer, node: Expr, a: Shown) -> Shown:
    return Shown(rf"\overline{{{a.text}}}") if p.latex else generic(p, node, a)


def _normalise(p: Printer, node: Expr, *args: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, *args)
    x, mean, variance, eps = args
    over = rf"{x.text} - {p.bracket(mean, PRODUCT)}"
    return Shown(rf"\frac{{{over}}}{{\sqrt{{{variance.text} + {eps.text}}}}}", POWER)


def _cross_correlation(p: Printer, node: Expr, x: Shown, kernel: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, x, kernel)
    return Shown(rf"{p.bracket(kernel, POWER)} \star {p.bracket(x, POWER)}", PRODUCT)


def _convolution_matrix(p: Printer, node: Expr, kernel: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, kernel)
    return Shown(rf"\text{{matrix of }} {p.bracket(kernel, POWER)}", PRODUCT)


def _rotate_180(p: Printer, node: Expr, x: Shown) -> Shown:
    return p.call(r"\operatorname{rot}_{180}", x) if p.latex else generic(p, node, x)


def _entry(p: Printer, node: Expr, x: Shown, *subscripts: Shown) -> Shown:
    return subscripted(p, node, x, *subscripts) if p.latex else generic(p, node, x, *subscripts)


def _between(p: Printer, _node: Expr, low: Shown, x: Shown, high: Shown) -> Shown:
    sign = r"\le" if p.latex else "≤"
    return Shown(f" {sign} ".join(p.bracket(part, SUM) for part in (low, x, high)), COMPARISON)


def _every(p: Printer, node: Expr, *conditions: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, *conditions)
    return Shown(r" \text{ and } ".join(condition.text for condition in conditions), COMPARISON)


def _interpolated(p: Printer, node: Expr, precision: Shown, recall: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, precision, recall)
    return Shown(rf"\max_{{{recall.text} \ge r}} {p.bracket(precision, PRODUCT)}", PRODUCT)


def _increments(p: Printer, node: Expr, x: Shown) -> Shown:
    return Shown(rf"\Delta {p.bracket(x, ATOM)}", POWER) if p.latex else generic(p, node, x)


COMPOSITE_ROWS: Final[dict[str, Callable[..., Shown]]] = {
    "xlogy": _xlogy,
    "mean": _mean,
    "interpolated": _interpolated,
    "increments": _increments,
    "normalise": _normalise,
    "cross_correlation": _cross_correlation,
    "convolution_matrix": _convolution_matrix,
    "rotate_180": _rotate_180,
    "entry": _entry,
    "between": _between,
    "every": _every,
    "squared_norm": _squared_norm,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "squared_error": _squared_error,
}
