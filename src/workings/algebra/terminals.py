"""From lexemes to the terminals of the grammar: brackets in pairs, bars that open or close, calls, words.

One pass; the open brackets are a stack, so nothing recurses, and their depth is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from workings.algebra.calls import ATTRIBUTES, BARE, FUNCTIONS, takes_attributes
from workings.algebra.lexemes import Lexeme, ascii_name, inner_names, primes
from workings.algebra.names import GREEK
from workings.algebra.products import trouble
from workings.algebra.vocabulary import Vocabulary
from workings.errors import echo, nearest, unknown

DEEPEST: Final = 100
"""Brackets inside brackets."""

LONGEST_NAME: Final = 200
"""Characters of one word."""

ALIKE: Final = 0.7
"""How alike (difflib's ratio) an unknown word before a bracket is to the function that was meant: tahn."""

_TERMINALS: Final = {
    **dict.fromkeys("+", "SIGN"),
    **dict.fromkeys("-−–", "SIGN"),
    **dict.fromkeys("*·⋅∙•×/÷∕@⊙∘", "OPERATOR"),
    **dict.fromkeys(("<", "<=", "≤", "⩽", ">", ">=", "≥", "⩾", "=", "=="), "COMPARE"),
    **dict.fromkeys(("^", "**"), "_CARET"),
    ",": "_COMMA",
}
_PLAIN: Final = {
    **dict.fromkeys("-−–", "-"),
    **dict.fromkeys("*·⋅∙•×", "*"),
    **dict.fromkeys("/÷∕", "/"),
    **dict.fromkeys("⊙∘", "⊙"),
    **dict.fromkeys(("<=", "≤", "⩽"), "≤"),
    **dict.fromkeys((">=", "≥", "⩾"), "≥"),
    "==": "=",
}
_COMMANDS: Final = {
    "cdot": "·", "times": "×", "ast": "*", "odot": "⊙", "circ": "⊙", "div": "/",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">",
    "top": "⊤", "intercal": "⊤", "sqrt": "√", "sum": "∑", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "vert": "|", "lvert": "|", "rvert": "|", "frac": "frac", "dfrac": "frac", "tfrac": "frac",
}  # fmt: skip
_OPENING: Final = {
    "(": ("_LPAR", ")", "_RPAR"), "[": ("_LBRACKET", "]", "_RBRACKET"), "{": ("_LBRACE", "}", "_RBRACE"),
    "⌊": ("FENCE", "⌋", "_FENCED"), "⌈": ("FENCE", "⌉", "_FENCED"), "|": ("FENCE", "|", "_FENCED"),
    "‖": ("FENCE", "‖", "_FENCED"),
}  # fmt: skip
_CLOSING: Final = frozenset(")]}⌋⌉")
_ENDS: Final = frozenset(("NUMBER", "NAME", "TRANSPOSE", "_RPAR", "_RBRACKET", "_RBRACE", "_FENCED"))
"""Terminals after which a bar closes and `[` is a subscript."""

_CONSTANTS: Final = ("True", "False", "None")


@dataclass(frozen=True, slots=True)
class _Open:
    """A bracket that waits for its end."""

    at: int
    sign: str
    end: str
    terminal: str
    op: str | None = None


def terminals(lexemes: list[Lexeme], vocabulary: Vocabulary) -> list[Lexeme]:
    """The terminals of a formula in order; names are ASCII names.

    Raises
    ------
    InputError: a word that cannot be read, brackets that do not match or are too deep.
    """
    return _Terminals(lexemes, vocabulary).run()


def _compound(lexeme: Lexeme) -> str:
    """The name of a gradient ∇W_1, a derivative ∂h/∂a or a slope f′(u_1)."""
    if lexeme.kind == "gradient":
        return f"grad_{inner_names(lexeme.text)[0]}"
    if lexeme.kind == "partial":
        over, under = inner_names(lexeme.text)
        return f"d{over}_d{under}"
    inner = inner_names(lexeme.text.partition("(")[2])[0]
    return "_".join(("df", *inner.split("_")[1:]))


class _Terminals:
    """The terminals found so far and the brackets that are open."""

    def __init__(self, lexemes: list[Lexeme], vocabulary: Vocabulary) -> None:
        self.lexemes = lexemes
        self.vocabulary = vocabulary
        self.next = 0
        self.found: list[Lexeme] = []
        self.open: list[_Open] = []
        self.ended: _Open | None = None

    def run(self) -> list[Lexeme]:
        while self.next < len(self.lexemes):
            lexeme = self.lexemes[self.next]
            self.next += 1
            self._read(lexeme)
        if self.open:
            last = self.open[-1]
            raise trouble(last.at, f"found {echo(last.sign)} without its end", echo(last.end))
        return self.found

    def _read(self, lexeme: Lexeme) -> None:
        match lexeme.kind:
            case "number":
                self._give("NUMBER", lexeme, lexeme.text)
            case "word":
                self._word(lexeme)
            case "gradient" | "partial" | "slope":
                self._name(_compound(lexeme), lexeme)
            case "sum":
                self._push(lexeme, "}", "_RBRACE")
                self._give("SUM", lexeme, inner_names(lexeme.text)[0])
            case "sub":
                self._push(lexeme, "}", "_RBRACE")
                self._give("_LSUB", lexeme, "_{")
            case "quoted":
                self._give("WORDS", lexeme, lexeme.text[1:-1])
            case "command":
                self._command(lexeme)
            case _:
                self._sign(lexeme)

    # Signs and brackets -------------------------------------------------------------------------------------

    def _give(self, terminal: str, lexeme: Lexeme, text: str, *, offset: int = 0) -> None:
        self.found.append(Lexeme(terminal, text, lexeme.at + offset))

    def _push(self, lexeme: Lexeme, end: str, terminal: str, op: str | None = None) -> None:
        if len(self.open) >= DEEPEST:
            raise trouble(lexeme.at, f"brackets more than {DEEPEST} deep", "fewer brackets")
        self.open.append(_Open(lexeme.at, lexeme.text, end, terminal, op))

    def _close(self, lexeme: Lexeme, sign: str) -> None:
        if not self.open:
            raise trouble(
                lexeme.at, f"found {echo(sign)} without its beginning", "a formula with brackets in pairs"
            )
        last = self.open.pop()
        if last.end != sign:
            raise trouble(
                lexeme.at,
                f"found {echo(sign)}",
                f"{echo(last.end)}, which ends {echo(last.sign)} of column {last.at + 1}",
            )
        self.ended = last
        self._give(last.terminal, lexeme, sign)

    def _after_operand(self) -> bool:
        return bool(self.found) and self.found[-1].kind in _ENDS

    def _peek(self) -> str:
        return self.lexemes[self.next].text if self.next < len(self.lexemes) else ""

    def _sign(self, lexeme: Lexeme) -> None:
        sign = lexeme.text
        if lexeme.kind == "norm" or sign == "|":
            self._bar(lexeme, "|" if sign == "|" else "‖")
        elif sign == "ᵀ":
            self._give("TRANSPOSE", lexeme, "T")
        elif sign in _CLOSING:
            self._close(lexeme, sign)
        elif sign == "[" and self._after_operand() and self.found[-1].kind != "NUMBER" and not lexeme.spaced:
            self._index(lexeme)
        elif sign in _OPENING:
            terminal, end, closing = _OPENING[sign]
            self._push(lexeme, end, closing)
            self._give(terminal, lexeme, sign)
        elif sign == "⊤":
            self._top(lexeme)
        elif sign == "√":
            self._root(lexeme)
        elif sign == "∑":
            raise trouble(lexeme.at, "a sum without its index", "Σ_{k=1}^{n} (…), or sum(x)")
        else:
            self._give(_TERMINALS[sign], lexeme, _PLAIN.get(sign, sign))

    def _index(self, lexeme: Lexeme) -> None:
        last = self.found[-1].kind
        if (
            last == "_RBRACKET"
            and self.ended is not None
            and self.ended.terminal == last
            and self.ended.op is None
        ):
            raise trouble(
                lexeme.at, "a bracket right behind a bracket", "a blank between for a product, or (…)[1, 2]"
            )
        self._push(lexeme, "]", "_RBRACKET", op="element")
        self._give("_LINDEX", lexeme, "[")

    def _bar(self, lexeme: Lexeme, sign: str) -> None:
        """| and ‖ close where they can, else open; ‖ written as || may be two bars."""
        last = self.open[-1].end if self.open else ""
        if self._after_operand() and last == sign:
            self._close(lexeme, sign)
        elif self._after_operand() and sign == "‖" and last == "|" and lexeme.text == "||":
            self._bar(replace(lexeme, text="|"), "|")
            self._bar(Lexeme("sign", "|", lexeme.at + 1), "|")
        else:
            self._push(lexeme, sign, "_FENCED")
            self._give("FENCE", lexeme, sign)

    def _top(self, lexeme: Lexeme) -> None:
        """^⊤ and ^{⊤}."""
        kinds = [terminal.kind for terminal in self.found[-2:]]
        if kinds[-1:] == ["_CARET"]:
            del self.found[-1:]
        elif kinds == ["_CARET", "_LBRACE"] and self._peek() == "}":
            del self.found[-2:]
            self.open.pop()
            self.next += 1
        else:
            raise trouble(lexeme.at, f"found {echo(lexeme.text)}", "xᵀ or x^T for a transpose")
        self._give("TRANSPOSE", lexeme, "T")

    def _root(self, lexeme: Lexeme) -> None:
        if self._peek() in ("(", "{"):
            self._call(lexeme, "sqrt")
        else:
            self._give("FUNCTION", lexeme, "√")

    def _command(self, lexeme: Lexeme) -> None:
        word = re.sub(r"[\\{}]", "", lexeme.text)
        if word in _COMMANDS:
            sign = _COMMANDS[word]
            if sign == "frac":
                self._give("_FRAC", lexeme, "frac")
            else:
                self._sign(replace(lexeme, kind="sign", text=sign))
        elif word in FUNCTIONS:
            self._function(lexeme, word)
        else:
            error = unknown("command", lexeme.text, (f"\\{known}" for known in (*_COMMANDS, *GREEK, *BARE)))
            raise trouble(lexeme.at, error.problem, None, error.near)

    # Words --------------------------------------------------------------------------------------------------

    def _word(self, lexeme: Lexeme) -> None:
        word = ascii_name(lexeme.text)
        if len(word) > LONGEST_NAME:
            raise trouble(lexeme.at, f"a word of {len(word)} characters", f"at most {LONGEST_NAME}")
        followed = self._peek()
        base = self._base("NUMBER")
        if base and base.text == "e" and self.found[-1].kind == "NUMBER" and not lexeme.spaced:
            raise trouble(lexeme.at, "a factor right behind an exponent of e", "e^(2 x) or e^2 · x")
        if self._states_attribute(word, followed):
            self._give("ATTRIBUTE", lexeme, word)
            self.next += 1
        elif followed == "(" and word in FUNCTIONS and self._means_call(word):
            self._call(lexeme, FUNCTIONS[word])
        elif self.vocabulary.knows(word):
            self._name(word, lexeme)
        elif word in BARE:
            self._function(lexeme, word)
        elif word in _CONSTANTS:
            self._give("CONSTANT", lexeme, word)
        elif word == "slice" and followed == "(":
            self.next += 1
            self._push(lexeme, ")", "_RPAR")
            self._give("SLICE", lexeme, word)
        else:
            self._unknown_word(lexeme, word)

    def _states_attribute(self, word: str, followed: str) -> bool:
        if followed != "=" or not self.found or self.found[-1].kind not in ("CALL", "_COMMA"):
            return False
        op = self.open[-1].op if self.open else None
        possible = word in ATTRIBUTES or (len(word) > 2 and word not in self.vocabulary.ranks)
        return possible and op is not None and takes_attributes(op)

    def _means_call(self, word: str) -> bool:
        """A known name wins over a function's where it is one letter (σ) or a blank follows."""
        spaced = self.lexemes[self.next].spaced
        return word not in self.vocabulary.ranks or not (spaced or word in GREEK or len(word) == 1)

    def _function(self, lexeme: Lexeme, word: str) -> None:
        if self._peek() == "(":
            self._call(lexeme, FUNCTIONS[word])
        elif word in BARE:
            self._give("FUNCTION", lexeme, word)
        else:
            raise trouble(lexeme.at, f"found {echo(lexeme.text)} without brackets", f"{word}(…)")

    def _call(self, lexeme: Lexeme, op: str) -> None:
        """A function and its opening bracket, which may be { after a root."""
        bracket = self.lexemes[self.next]
        self.next += 1
        self._push(replace(bracket, text=lexeme.text + bracket.text), _OPENING[bracket.text][1], "_RPAR", op)
        self._give("CALL", lexeme, op)

    def _name(self, word: str, lexeme: Lexeme, offset: int = 0) -> None:
        kinds = [terminal.kind for terminal in self.found[-2:]]
        transpose = word == "T" and (kinds[-1:] == ["_CARET"] or kinds == ["_CARET", "_LBRACE"])
        if not transpose:
            self.vocabulary.check(word, lexeme.at + offset)
        self._give("NAME", lexeme, word, offset=offset)

    def _base(self, *between: str) -> Lexeme | None:
        """The terminal before a ^ after which there are only signs and the kinds `between`; else None."""
        last = len(self.found) - 1
        while last >= 0 and self.found[last].kind in ("SIGN", *between):
            last -= 1
        return self.found[last - 1] if last > 0 and self.found[last].kind == "_CARET" else None

    def _unknown_word(self, lexeme: Lexeme, word: str) -> None:
        """A word that is not a name as a whole: an element, several names, or a new name."""
        tail = "_prime" * primes(lexeme.text)
        plain = word.removesuffix(tail)
        followed = self._peek()
        if tail and plain in FUNCTIONS and (plain in BARE or followed == "("):
            raise trouble(lexeme.at, f"found {echo(lexeme.text)}", "a derivative written out, or f′(u_1)")
        if lexeme.text[:1] == "T" and self._begins_with_transpose(plain):
            self._name("T", lexeme)
            self._word(replace(lexeme, text=lexeme.text[1:], at=lexeme.at + 1))
            return
        pieces = self.vocabulary.known_pieces(plain, tail)
        if pieces is None and "_" in plain:
            element = self.vocabulary.element(plain, tail)
            if element:
                self._element(lexeme, *element)
            else:
                self._name(word, lexeme)
        elif pieces is None and (plain in GREEK or "{" in lexeme.text):
            self._name(word, lexeme)
        else:
            if pieces is None:
                pieces = re.findall("[A-Za-z][0-9]*", plain)
                _refuse_near_function(lexeme, plain, pieces, followed)
            self._pieces(lexeme, pieces, tail)

    def _pieces(self, lexeme: Lexeme, pieces: list[str], tail: str) -> None:
        """Names side by side."""
        if len(pieces) > 1 and self._base():
            first, rest = pieces[0], "".join(pieces[1:])
            accepted = f"^({first} {rest}) or ^{first} {rest}"
            raise trouble(lexeme.at, f"several names in an exponent, {echo(lexeme.text)}", accepted)
        offset = 0
        for i, piece in enumerate(pieces):
            self._name(piece + (tail if i == len(pieces) - 1 else ""), lexeme, offset)
            offset += len(piece)

    def _begins_with_transpose(self, plain: str) -> bool:
        """Whether a word is T and further names, as in W^Tx_1."""
        base = self._base()
        if base is None or self.found[-1].kind != "_CARET" or plain[0] != "T" or not plain[1:2].isalpha():
            return False
        known = base.kind == "NAME" and self.vocabulary.rank(base.text) > 0
        return known or not self.vocabulary.knows("T")

    def _element(self, lexeme: Lexeme, base: str, subscripts: list[str]) -> None:
        self._name(base, lexeme)
        self._give("_LSUB", lexeme, "_")
        for i, part in enumerate(subscripts):
            if i:
                self._give("_COMMA", lexeme, ",")
            if part.isdigit():
                self._give("NUMBER", lexeme, part)
            else:
                self._name(part, lexeme)
        self._give("_RBRACE", lexeme, "")


def _refuse_near_function(lexeme: Lexeme, word: str, pieces: list[str], followed: str) -> None:
    """A slip in a function's name would else be read as a product of letters."""
    if len(pieces) <= 2:
        return
    if word in FUNCTIONS:
        raise trouble(lexeme.at, f"found {echo(word)} without brackets", f"{word}(…), or a known name")
    for function in BARE:
        if len(function) > 2 and (word.startswith(function) or word.endswith(function)):
            rest = word.removeprefix(function) if word.startswith(function) else word.removesuffix(function)
            raise trouble(lexeme.at, f"found {echo(word)}", f"{function} and {rest} apart, or a known name")
    near = [like for like in nearest(word, FUNCTIONS) if SequenceMatcher(None, word, like).ratio() >= ALIKE]
    if near and followed == "(":
        raise trouble(lexeme.at, f"unknown function {echo(word)}", "a known function or name", near)
