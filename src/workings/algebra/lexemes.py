"""The smallest parts of a formula: numbers, words, signs; plain text, Unicode and light LaTeX alike.

`scan` cuts the text and changes no meaning; which name a word is and which bar closes are decided in
`vocabulary` and `terminals`. One regular expression, tried once at each place, so the time is linear.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from workings.algebra.names import ACCENTS, GREEK
from workings.errors import InputError, echo


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A part of a formula: its kind, its text, where it begins (from 0), whether a blank stands before."""

    kind: str
    text: str
    at: int
    spaced: bool = False


VARIANTS: Final = {
    "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ς": "sigma", "ℓ": "l",
    "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma",
    "ell": "l",
}  # fmt: skip
"""Other shapes of a letter, and their LaTeX commands."""

_GREEK: Final[dict[str, str]] = {symbol: label for label, symbol in GREEK.items()} | VARIANTS
_MARKS: Final = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_ACCENTED: Final = {
    composed: f"{letter}_{accent}"
    for accent, mark in _MARKS.items()
    for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if len(composed := unicodedata.normalize("NFC", letter + mark)) == 1
}
_BELOW: Final[dict[str, str]] = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True)
)
_ABOVE: Final[dict[str, str]] = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱʲᵏᵐᵗ", "0123456789+-()nijkmt", strict=True))

_symbols = "".join(symbol for symbol in _GREEK if len(symbol) == 1)
_commands = "|".join(
    sorted({*GREEK, *(label for label in VARIANTS if len(label) > 1)}, key=len, reverse=True)
)
_below_letters = "".join(sign for sign, plain in _BELOW.items() if plain.isalnum())
_LETTER = rf"[{_symbols}]|\\(?:{_commands})(?![A-Za-z])"
_ACCENT = rf"\\(?:{'|'.join(ACCENTS)})(?:\{{[A-Za-z]\}}| [A-Za-z])"
_STYLE = r"\\(?:math(?:rm|bf|it|sf)|boldsymbol|bm|operatorname|text|vec)\{[A-Za-z][A-Za-z0-9]*\}"
_BASE = (
    rf"(?:(?:{_LETTER})[0-9]*|{_ACCENT}|{_STYLE}|[{''.join(_ACCENTED)}]"
    r"|[A-Za-z][\u0302\u0303\u0304]|[A-Za-z][A-Za-z0-9]*)"
)
_PART = rf"(?:[A-Za-z0-9]+|{_LETTER})"
_SUBSCRIPT = rf"(?:_{_PART}|_\{{ ?{_PART} ?\}}|[{_below_letters}]+(?![{''.join(_BELOW)}]))"
_NAME = rf"{_BASE}{_SUBSCRIPT}*"
_PRIME = r"(?:['′’]|\^\\prime(?![A-Za-z])|\^\{\\prime\})"
_NABLA = r"(?:∇|\\nabla(?![A-Za-z]))"
_FRAC = r"\\[dt]?frac ?"
_D = r"(?:∂|\\partial(?![A-Za-z])) ?"


_KINDS: Final = {
    "space": r"(?:\s|\\[,;:! ]|\\(?:q?quad|left|right|displaystyle)(?![A-Za-z]))+",
    "gradient": rf"{_NABLA} ?(?:{_NAME}|_(?:\{{ ?{_NAME} ?\}}|{_NAME})(?: ?[JL](?![A-Za-z0-9_]))?)",
    "partial": rf"{_D}{_NAME} ?/ ?{_D}{_NAME}|{_FRAC}\{{ ?{_D}{_NAME} ?\}} ?\{{ ?{_D}{_NAME} ?\}}",
    "slope": rf"f{_PRIME} ?\( ?{_NAME} ?\)",
    "sum": rf"(?:[∑Σ]|\\sum|sum)(?:\\limits)? ?_ ?\{{ ?{_NAME} ?=",
    "number": r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?%?",
    "word": rf"{_NAME}{_PRIME}*",
    "norm": r"(?:‖|\|\||\\\||\\[lr]?Vert(?![A-Za-z]))(?:_\{?[2F]\}?)?",
    "command": r"\\[A-Za-z]+(?:_\{?(?:2|10)\}?)?",
    "quoted": r'"[^"\n]*"',
    "transpose": "ᵀ",
    "above": f"[{''.join(_ABOVE)}]+",
    "below": f"[{''.join(_BELOW)}]+",
    "sub": r"_\{",
    "sign": r"\*\*|<=|>=|==|[-−–+*·⋅∙•×⊙∘/÷∕@^⊤<≤⩽>≥⩾=|()\[\]{}⌊⌋⌈⌉,√∑]",
}
"""What each kind looks like; the first that fits is taken."""


@cache
def _lexeme() -> re.Pattern[str]:
    """All kinds in one expression, compiled when first needed, which takes 15 ms."""
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))


def scan(text: str) -> Iterator[Lexeme]:
    """The lexemes of `text`, in order.

    Raises
    ------
    InputError: a character that no formula has.
    """
    text = "".join(map(_upright, text))
    at, spaced, lexeme = 0, False, _lexeme()
    while at < len(text):
        match = lexeme.match(text, at)
        if match is None:
            raise InputError(
                f"column {at + 1}: found {echo(text[at])}",
                accepted="numbers, names, functions, + - · / ^ ⊙ ᵀ, brackets",
            )
        kind = str(match.lastgroup)
        if kind == "space":
            spaced = True
        else:
            yield Lexeme(kind, match[0], at, spaced)
            spaced = False
        at = match.end()


def _upright(character: str) -> str:
    """Mathematical letters and digits (U+1D400 to U+1D7FF, as copied from a PDF) as plain ones."""
    return (
        unicodedata.normalize("NFKC", character) if "\U0001d400" <= character <= "\U0001d7ff" else character
    )


_COMMAND: Final = re.compile(r"\\(\w+)[{ ](\w+)\}?")
_primes: Final = re.compile(_PRIME)


def ascii_name(written: str) -> str:
    r"""The ASCII name of a word: `W₁` is `W_1`, `\beta` is `beta`, `ŷ` is `y_hat`, `x'` is `x_prime`."""
    name = _primes.sub("", written)
    match = re.match(_BASE, name)
    assert match is not None  # noqa: S101  `scan` matched it
    parts = [_ascii_base(match[0])]
    pieces: list[str] = re.findall(_SUBSCRIPT, name[match.end() :])
    for piece in pieces:
        plain = "".join(_BELOW.get(sign, sign) for sign in piece.strip("_{} \\"))
        parts.append(_GREEK.get(plain, plain))
    return "_".join(parts) + "_prime" * primes(written)


def primes(written: str) -> int:
    """How many primes a word ends in."""
    return len(_primes.findall(written))


def _ascii_base(base: str) -> str:
    if base in _ACCENTED:
        return _ACCENTED[base]
    if base[-1] in _MARKS.values():
        return f"{base[0]}_{next(accent for accent, mark in _MARKS.items() if mark == base[-1])}"
    if command := _COMMAND.fullmatch(base):
        return f"{command[2]}_{command[1]}" if command[1] in ACCENTS else command[2]
    letter = base.rstrip("0123456789")
    return _GREEK.get(letter.lstrip("\\"), letter.lstrip("\\")) + base[len(letter) :]


def inner_names(written: str) -> list[str]:
    """The ASCII names inside a gradient, a derivative or the head of a sum, in order."""
    plain = re.sub(r"^.*_ ?\{(?=.*=$)|∇_?|∂|\\(?:nabla|partial|[dt]?frac)(?![A-Za-z])_?", " ", written)
    return [ascii_name(name) for name in re.findall(_NAME, plain)]


def plain_script(run: str) -> str:
    """A run of superscript or subscript characters as plain text: `⁻¹` → `-1`."""
    return "".join(_ABOVE.get(sign) or _BELOW[sign] for sign in run)


def spread(lexemes: Iterable[Lexeme]) -> Iterator[Lexeme]:
    """Raised and lowered characters as ^{...} and _{...}."""
    for lexeme in lexemes:
        if lexeme.kind not in ("above", "below"):
            yield lexeme
            continue
        above = lexeme.kind == "above"
        yield from [Lexeme("sign", "^", lexeme.at)] if above else []
        yield Lexeme("sign" if above else "sub", "{" if above else "_{", lexeme.at)
        yield from (replace(inner, at=lexeme.at) for inner in scan(plain_script(lexeme.text)))
        yield Lexeme("sign", "}", lexeme.at + len(lexeme.text) - 1)


def without_target(lexemes: list[Lexeme]) -> list[Lexeme]:
    """The lexemes after a leading `name =`."""
    if not lexemes or lexemes[0].kind not in ("word", "gradient", "partial", "slope"):
        return lexemes
    end = 1
    if end < len(lexemes) and lexemes[end].kind == "sub":
        end = 1 + next((i for i, lexeme in enumerate(lexemes) if lexeme.text == "}"), 0)
    return lexemes[end + 1 :] if end < len(lexemes) and lexemes[end].text == "=" else lexemes
