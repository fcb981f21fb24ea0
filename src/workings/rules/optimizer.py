"""Optimisers' updates, one step t at a time, in the conventions of torch.optim.

g_t is the gradient at θ_{t-1}; every operation is element by element. Momentum keeps the buffer
b_t = μ b_{t-1} + (1 - τ) g_t with b_1 = g_1 and the learning rate outside of it. Adam's ε stands outside the
root, and its averages are corrected for their start at 0. Weight decay adds λθ to the gradient; in AdamW it
shrinks θ itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from workings.algebra.expression import Expr, name, sqrt
from workings.working import Draft

Optimizer = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
Settings: TypeAlias = Mapping[str, Expr]
"""The hyper-parameters that are not 0, by the names of `DEFAULTS`."""

SGD: Final = "Goodfellow, Bengio & Courville, Deep Learning (2016), §8.3; torch.optim.SGD"
MOMENTUM: Final = (
    "Sutskever et al., On the importance of initialization and momentum (2013), §2; torch.optim.SGD"
)
RMSPROP: Final = "Hinton, Neural networks for machine learning, lecture 6e (2012); torch.optim.RMSprop"
ADAM: Final = "Kingma & Ba, Adam (2015), algorithm 1; torch.optim.Adam"
ADAMW: Final = (
    "Loshchilov & Hutter, Decoupled weight decay regularization (2019), algorithm 2; torch.optim.AdamW"
)

DEFAULTS: Final[dict[str, dict[str, Fraction]]] = {
    "sgd": {"eta": Fraction("0.001"), "lambda": Fraction(0)},
    "momentum": {
        "eta": Fraction("0.001"),
        "mu": Fraction("0.9"),
        "tau": Fraction(0),
        "lambda": Fraction(0),
    },
    "nesterov": {"eta": Fraction("0.001"), "mu": Fraction("0.9"), "lambda": Fraction(0)},
    "rmsprop": {
        "eta": Fraction("0.01"),
        "alpha": Fraction("0.99"),
        "epsilon": Fraction("1e-8"),
        "mu": Fraction(0),
        "lambda": Fraction(0),
    },
    "adam": {
        "eta": Fraction("0.001"),
        "beta_1": Fraction("0.9"),
        "beta_2": Fraction("0.999"),
        "epsilon": Fraction("1e-8"),
        "lambda": Fraction(0),
    },
}
"""torch's own, and momentum 0.9 for the two optimisers that are named after it."""
DEFAULTS["adamw"] = {**DEFAULTS["adam"], "lambda": Fraction("0.01")}


def update(draft: Draft, optimizer: Optimizer, t: int, settings: Settings) -> list[str]:
    """The steps of update t on the draft's theta_{t-1} and g_t; returns their names, theta_t last."""
    rule, source = RULES[optimizer]
    found: list[str] = []

    def step(label: str, formula: Expr, note: str = "") -> Expr:
        found.append(f"{label}_{t}")
        return draft.step(f"{label}_{t}", formula, note=note, source=source)

    g = name(f"g_{t}")
    if "lambda" in settings and optimizer != "adamw":
        g = step("G", g + settings["lambda"] * name(f"theta_{t - 1}"), "weight decay joins the gradient")
    rule(step, t, g, settings)
    return found


SQUARES: Final = "running mean of the squared gradient"
Step: TypeAlias = Callable[..., Expr]


def _sgd(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """θ_t = θ_{t-1} - η g_t."""
    step("theta", name(f"theta_{t - 1}") - settings["eta"] * g)


def _buffer(step: Step, t: int, g: Expr, settings: Settings) -> Expr:
    """b_t = μ b_{t-1} + (1 - τ) g_t, and b_1 = g_1."""
    if t == 1 or "mu" not in settings:
        return step("b", g, "the first buffer is the gradient itself" if t == 1 else "")
    fresh = (1 - settings["tau"]) * g if "tau" in settings else g
    return step("b", settings["mu"] * name(f"b_{t - 1}") + fresh)


def _momentum(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """θ_t = θ_{t-1} - η b_t."""
    step("theta", name(f"theta_{t - 1}") - settings["eta"] * _buffer(step, t, g, settings))


def _nesterov(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """θ_t = θ_{t-1} - η (g_t + μ b_t)."""
    b = _buffer(step, t, g, settings)
    ahead = g + settings["mu"] * b if "mu" in settings else g
    step("theta", name(f"theta_{t - 1}") - settings["eta"] * ahead, "one step of momentum ahead")


def _average(before: str, t: int, decay: Expr | None, fresh: Expr) -> Expr:
    """a_t = decay · a_{t-1} + (1 - decay) · fresh, with a_0 = 0."""
    if decay is None:
        return fresh
    weighted = (1 - decay) * fresh
    return weighted if t == 1 else decay * name(f"{before}_{t - 1}") + weighted


def _rmsprop(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """v_t = α v_{t-1} + (1 - α) g_t², θ_t = θ_{t-1} - η g_t / (√v_t + ε)."""
    v = step("v", _average("v", t, settings.get("alpha"), g**2), SQUARES)
    if "mu" not in settings:
        step("theta", name(f"theta_{t - 1}") - settings["eta"] * g / _root(v, settings))
        return
    scaled = g / _root(v, settings)
    b = step("b", scaled if t == 1 else settings["mu"] * name(f"b_{t - 1}") + scaled)
    step("theta", name(f"theta_{t - 1}") - settings["eta"] * b)


def _root(v: Expr, settings: Settings) -> Expr:
    return sqrt(v) + settings["epsilon"] if "epsilon" in settings else sqrt(v)


def _adam(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """m_t, v_t, m̂_t = m_t / (1 - β₁ᵗ), v̂_t = v_t / (1 - β₂ᵗ), θ_t = θ_{t-1} - η m̂_t / (√v̂_t + ε)."""
    step("theta", name(f"theta_{t - 1}") - _adam_change(step, t, g, settings))


def _adam_change(step: Step, t: int, g: Expr, settings: Settings) -> Expr:
    m = step("m", _average("m", t, settings.get("beta_1"), g), "running mean of the gradient")
    v = step("v", _average("v", t, settings.get("beta_2"), g**2), SQUARES)
    m_hat = step("m_hat", _corrected(m, settings.get("beta_1"), t), "corrected for the start at 0")
    v_hat = step("v_hat", _corrected(v, settings.get("beta_2"), t))
    return settings["eta"] * m_hat / _root(v_hat, settings)


def _corrected(average: Expr, decay: Expr | None, t: int) -> Expr:
    if decay is None:
        return average
    return average / (1 - (decay if t == 1 else decay**t))


def _adamw(step: Step, t: int, g: Expr, settings: Settings) -> None:
    """As Adam, with θ_{t-1} shrunk by ηλθ_{t-1} apart from the gradient."""
    theta, change = name(f"theta_{t - 1}"), _adam_change(step, t, g, settings)
    kept = theta - settings["eta"] * settings["lambda"] * theta if "lambda" in settings else theta
    step("theta", kept - change, "the decay bypasses the averages")


RULES: Final[dict[str, tuple[Callable[[Step, int, Expr, Settings], None], str]]] = {
    "sgd": (_sgd, SGD),
    "momentum": (_momentum, MOMENTUM),
    "nesterov": (_nesterov, MOMENTUM),
    "rmsprop": (_rmsprop, RMSPROP),
    "adam": (_adam, ADAM),
    "adamw": (_adamw, ADAMW),
}
