r"""The parse pass: formulas as people write them, into expressions; never by `eval` or `sympify`.

Reads plain text, Unicode and light LaTeX alike: `-2(d-y)x^T + 2βW`, `σ(W₁ᵀ x + b_1) ⊙ f′(u_1)`,
`\frac{1}{2}\lVert x \rVert^2`, and everything that `show.text` prints.

How it reads, where writing leaves a choice:

- juxtaposition holds tighter than · * /, these tighter than ⊙: `v ⊙ W x` is v ⊙ (W x), `a/b·c` is (a/b)·c;
- `a/bc` is refused (write (a/b)c or a/(bc)), and so are `2 3`, `log 2x` and `a^bc`;
- `-x^2` is -(x²), `2^3^2` is 2^9; powers are element by element; `e^x` is exp(x) unless e is a known name;
- `x^T` is the transpose where x is a vector or matrix or T no known name, else a power; `x^(T)` is a power;
- in `Σ_{k=1}^{n} a_k b_k + c` the sum goes up to the + ;
- which product is meant follows from the ranks: see `products`; which names there are: see `vocabulary`.

The time is linear in the length: one regular expression, an LALR(1) table, one walk over the tree; nothing
recurses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from workings.algebra.expression import Expr
from workings.algebra.lexemes import Lexeme, scan, spread, without_target
from workings.algebra.products import trouble
from workings.algebra.reading import Reading, at_of
from workings.algebra.terminals import terminals
from workings.algebra.vocabulary import Vocabulary
from workings.errors import InputError, echo

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

LONGEST: Final = 2000
"""Characters of a formula, unless the caller allows more (a printed matrix may be longer)."""


def parse(
    text: str,
    *,
    ranks: Mapping[str, int] | None = None,
    only_known: bool = False,
    target: bool = False,
    longest: int = LONGEST,
) -> Expr:
    """The expression that `text` means.

    Parameters
    ----------
    ranks: the known names and their ranks (0 a number, 1 a vector, 2 a matrix); other names are numbers.
    only_known: refuse names that `ranks` has not.
    target: drop a leading `name =`.
    longest: the most characters that are read.

    Raises
    ------
    InputError: with the column, what was found there and what would be accepted.
    """
    if len(text) > longest:
        raise InputError(f"a formula of {len(text)} characters", accepted=f"at most {longest}")
    for at, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and character not in "\t\r\n":
            raise trouble(at, f"found {echo(character)}", "printed characters")
    lexemes = list(spread(scan(text)))
    if target:
        lexemes = without_target(lexemes)
    if not lexemes:
        raise InputError("an empty formula", accepted="a formula such as 2(a - b)/c")
    vocabulary = Vocabulary(ranks, lexemes, only_known=only_known)
    return Reading(vocabulary).read(_tree(terminals(lexemes, vocabulary), len(text)))


# The grammar ---------------------------------------------------------------------------------------------


@cache
def _grammar() -> Lark:
    """The LALR(1) parser, built once when first needed: importing lark takes 50 ms and building 50 ms."""
    from lark import Lark
    from lark.lexer import Lexer, Token

    class Given(Lexer):
        """Passes on terminals that have been found already."""

        def __init__(self, lexer_conf: Any) -> None:
            """Needs nothing of the configuration."""

        def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:  # noqa: ARG002  lark's interface
            for lexeme in lexer_state:
                yield Token(lexeme.kind, lexeme.text, start_pos=lexeme.at)

    source = Path(__file__).with_name("formula.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer=Given, maybe_placeholders=False)


def _tree(found: list[Lexeme], end: int) -> Tree[Token]:
    from lark.exceptions import UnexpectedToken

    try:
        return cast("Any", _grammar()).parse(found)
    except UnexpectedToken as error:
        token: Any = error.token
        if token.type == "$END":
            raise trouble(end, "found the end", _accepted(_possible(found))) from None
        at = at_of(token)
        before = takewhile(lambda lexeme: (lexeme.kind, lexeme.at) != (token.type, at), found)
        raise trouble(at, f"found {echo(str(token))}", _accepted(_possible(before))) from None


def _possible(found: Iterable[Lexeme]) -> set[str]:
    """The terminals that can follow, before a wrong one made the parser finish what it was reading."""
    from lark.lexer import Token

    state = cast("Any", _grammar()).parse_interactive()
    for lexeme in found:
        state.feed_token(Token(lexeme.kind, lexeme.text))
    return state.accepts()


_SPOKEN: Final = {
    "OPERATOR": "an operator such as + · /", "_COMMA": "a comma", "_RPAR": ")", "_RBRACKET": "]",
    "_RBRACE": "}", "_FENCED": "a closing bar", "CONSTANT": "True or False", "$END": "the end",
}  # fmt: skip


def _accepted(expected: Iterable[str]) -> str:
    """What the grammar would go on with, in words."""
    possible = set(expected)
    operand = ["a number, a name or a bracket"] if "NAME" in possible else ["a number"]
    spoken = operand if "NUMBER" in possible and "OPERATOR" not in possible else []
    spoken += [word for terminal, word in _SPOKEN.items() if terminal in possible]
    return ", ".join(spoken) or " or ".join(sorted(possible)).replace("_CARET", "^")
