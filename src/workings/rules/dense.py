"""Dense layers: u = Wᵀx + b, h = f(u), with W of shape (inputs, outputs)."""

from __future__ import annotations

from workings.algebra.expression import Expr, apply, const, name
from workings.errors import unknown
from workings.working import Draft

ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax")
"""Activations by the field's names; `identity` leaves u as it is."""

SOURCE = "Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2 and §6.5"


def activation(kind: str, u: Expr) -> Expr:
    """f(u)."""
    if kind not in ACTIVATIONS:
        raise unknown("activation", kind, ACTIVATIONS)
    return u if kind == "identity" else apply(kind, u)


def layer(draft: Draft, index: int, x: Expr, kind: str, *, output: str) -> Expr:
    """The steps u_l = W_lᵀx + b_l and output = f(u_l) for the givens W_l and b_l of the draft."""
    u = draft.step(f"u_{index}", name(f"W_{index}").T @ x + name(f"b_{index}"), source=SOURCE)
    return draft.step(output, activation(kind, u))


def parameters(inputs: Expr, outputs: Expr, *, bias: bool = True) -> Expr:
    """inputs · outputs weights, and one bias an output."""
    return outputs * (inputs + const(1)) if bias else outputs * inputs
