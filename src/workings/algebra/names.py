"""How an ASCII name is printed: `u_1`, `grad_W_1` (∇_{W₁}J), `df_1` (f′(u₁)), `dh_da` (∂h/∂a), `new_b_2`.

The plain form can be read back by `parse`; the LaTeX form is for typesetting. A working may give a name a
symbol of its own (`kernel` → `F`), which is then printed by the same rules.
"""

from __future__ import annotations

import re
from typing import Final

GREEK: Final = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
"""Greek letters by their ASCII names."""

ACCENTS: Final = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde"}

_PARTIAL = re.compile(r"d([A-Za-z](?:_\w+?)?)_d([A-Za-z](?:_\w+)?)")
_SLOPE = re.compile(r"df_(\w+)")


def latex_name(label: str, cost: str = "J") -> str:
    """The LaTeX of an ASCII name; gradients are those of `cost`."""
    if label.startswith("grad_"):
        return rf"\nabla_{{{latex_name(label[5:], cost)}}} {latex_name(cost)}"
    if label.startswith("new_"):
        return _with_superscript(latex_name(label[4:], cost), r"\text{new}")
    if match := _SLOPE.fullmatch(label):
        return rf"f'(u_{{{_subscript(match[1])}}})"
    if match := _PARTIAL.fullmatch(label):
        return rf"\frac{{\partial {latex_name(match[1])}}}{{\partial {latex_name(match[2])}}}"
    base, *rest = label.split("_")
    primes = "".join("'" for part in rest if part == "prime")
    accents = [part for part in rest if part in ACCENTS]
    subscripts = [_subscript(part) for part in rest if part != "prime" and part not in ACCENTS]
    symbol, number = _letters(base)
    subscripts = [number, *subscripts] if number else subscripts  # x1_T: LaTeX takes no second subscript
    for accent in accents:
        symbol = f"{ACCENTS[accent]}{{{symbol}}}"
    return symbol + primes + (f"_{{{','.join(subscripts)}}}" if subscripts else "")


def _with_superscript(symbol: str, superscript: str) -> str:
    base, underscore, subscript = symbol.partition("_")
    return f"{base}^{{{superscript}}}{underscore}{subscript}"


def _letters(word: str) -> tuple[str, str]:
    """The symbol, and the digits that a single letter carries as its first subscript: W1 is W_1."""
    if match := re.fullmatch(r"([A-Za-z])(\d+)", word):
        return match[1], match[2]
    if word in GREEK:
        return f"\\{word}", ""
    return (word if len(word) == 1 else rf"\mathrm{{{word}}}"), ""


def _subscript(part: str) -> str:
    if part in GREEK:
        return f"\\{part}"
    return part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}"


def text_name(label: str) -> str:
    """The plain spelling of an ASCII name: Greek letters, ∇ and a prime at its end, otherwise as it is."""
    if label.startswith("grad_"):
        inner = label.removeprefix("grad_")
        return f"∇{_spelt(inner) if inner.endswith('_prime') else text_name(inner)}"  # ∇x′ is not read
    if match := _SLOPE.fullmatch(label):
        return f"f′(u_{match[1]})"
    if label.endswith("_prime") and label != "f_prime":  # f′(…) would be read as a slope
        return f"{_spelt(label.removesuffix('_prime'))}′"
    return _spelt(label)


def _spelt(label: str) -> str:
    return "_".join(GREEK.get(part, part) for part in label.split("_"))
