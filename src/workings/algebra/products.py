"""Which product is meant: decided by the ranks of the factors, vectors being columns.

| factors | read as |
|---|---|
| number, anything | element by element |
| aᵀ b | scalar product, `matmul(a, b)` |
| a bᵀ | `outer(a, b)` |
| A b, A B, aᵀ B | `matmul` |
| a ⊙ b | element by element |
| a b, A bᵀ, a B | refused: it would need a transpose or ⊙ |

Juxtaposition holds tighter than · * / and these hold tighter than ⊙. What may be read in two ways is refused
with both readings: a/bc, two numbers side by side, a function without brackets before a factor (log 2 x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Final, Literal

from workings.algebra.expression import Expr, apply, scalar_value
from workings.errors import InputError

Form = Literal["number", "name", "e", "paren", "tuple", "call", "norm", "power", "bare", "several", "other"]


@dataclass(frozen=True, slots=True)
class Operand:
    """A part of a formula that has been read.

    Parameters
    ----------
    rank: 0 a number, 1 a vector, 2 a matrix; a name of unknown rank counts as a number.
    across: whether a vector stands as a row.
    at: where it begins in the text, from 0.
    form: how it was written, as far as that rules out a reading.
    digits: whether it begins with digits.
    """

    expr: Expr
    rank: int = 0
    across: bool = False
    at: int = 0
    form: Form = "other"
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """An operator between two operands: + - * / @ ⊙."""

    text: str
    at: int


def trouble(at: int, problem: str, accepted: str | None, near: Sequence[str] = ()) -> InputError:
    """An error at a place in the text."""
    return InputError(f"column {at + 1}: {problem}", accepted=accepted, near=near)


def transposed(a: Operand) -> Operand:
    """aᵀ; a vector changes between column and row."""
    if a.rank == 1 and a.expr.op == "transpose":
        return replace(a, expr=a.expr.args[0], across=not a.across, form="other")
    return replace(a, expr=a.expr.T, across=a.rank == 1 and not a.across, form="other")


def upright(a: Operand) -> Expr:
    """The vector of a row as NumPy has it: without the transpose that only says how it stands."""
    return a.expr.args[0] if a.rank == 1 and a.expr.op == "transpose" else a.expr


def negative(a: Operand) -> Operand:
    """-a."""
    return replace(a, expr=-a.expr, form=a.form if a.form in ("bare", "several") else "other", digits=False)


def elementwise(op: str, a: Operand, b: Operand) -> Operand:
    """An operation element by element; refused for a column with a row."""
    if a.rank == b.rank == 1 and a.across != b.across:
        raise trouble(
            b.at, "a column vector with a row vector", "two columns or two rows; for a product x yᵀ or xᵀ y"
        )
    rank = max(a.rank, b.rank)
    across = rank == 1 and (a.across or b.across)
    return Operand(apply(op, a.expr, b.expr), rank, across, a.at, digits=a.digits)


def multiplied(a: Operand, b: Operand) -> Operand:
    """a b: the product that the ranks allow."""
    if not a.rank or not b.rank:
        return elementwise("mul", a, b)
    if a.rank == b.rank == 1:
        if a.across == b.across:
            kind = "rows" if a.across else "columns"
            raise trouble(b.at, f"a product of two {kind}", "aᵀ b, a bᵀ, or a ⊙ b element by element")
        if b.across:
            return Operand(apply("outer", a.expr, upright(b)), 2, at=a.at)
    elif a.rank == 1 and not a.across:
        raise trouble(b.at, "a column vector before a matrix", "xᵀ W, or W x")
    elif b.rank == 1 and b.across:
        raise trouble(b.at, "a matrix before a row vector", "W x with a column x, or xᵀ W")
    return matrix_product(a, b)


def matrix_product(a: Operand, b: Operand) -> Operand:
    """a @ b."""
    if not a.rank or not b.rank:
        raise trouble(b.at, "a matrix product with a number", "vectors and matrices, or ·")
    rank = max(a.rank, b.rank) if a.rank > 1 and b.rank > 1 else a.rank + b.rank - 2
    return Operand(apply("matmul", upright(a), upright(b)), rank, rank == 1 and a.rank == 1, a.at)


def divided(a: Operand, b: Operand) -> Operand:
    """a / b, element by element."""
    if b.form == "several":
        raise trouble(b.at, "several factors after a slash", "(a/b) c or a/(b c)")
    if a.form == "bare":
        raise trouble(a.at, "a function without brackets before a slash", "log(a)/b or log(a/b)")
    return elementwise("div", a, b)


_SIGNS: Final = {"*": multiplied, "/": divided, "@": matrix_product}


def side_by_side(factors: Sequence[Operand]) -> Operand:
    """The product of factors without a sign between them."""
    for before, factor in pairwise(factors):
        if factor.digits:
            raise trouble(factor.at, "a number behind a factor", "a sign between them, such as ·")
        if before.form == "bare" and factor.form not in ("bare", "call"):
            raise trouble(factor.at, "a factor behind a function without brackets", "log(2 x) or log(2)·x")
        if before.form == "name" and factor.form == "tuple":
            raise trouble(before.at, "several values in brackets behind a name", "a function's name, or ·")
    first = next((i for i, factor in enumerate(factors) if factor.rank), 0)
    result = reduce(multiplied, factors[first:])
    if first:  # 2 (d - y) xᵀ is 2 · ((d - y) xᵀ)
        result = multiplied(reduce(multiplied, factors[:first]), result)
    ending: Form = "bare" if factors[-1].form == "bare" else "several"
    return replace(result, form=ending, digits=factors[0].digits)


def product(parts: Sequence[Operand | Sign]) -> Operand:
    """A chain of operands with · * / @ ⊙ between them (a + or - stands before its operand)."""
    terms: list[Operand] = []
    result: Operand | None = None
    sign = ""
    minus = False
    for part in parts:
        if isinstance(part, Sign):
            if part.text in "+-":
                minus ^= part.text == "-"
            else:
                sign = part.text
            continue
        operand = negative(part) if minus else part
        minus = False
        if result is None:
            result = operand
        elif sign == "⊙":
            terms.append(result)
            result = operand
        else:
            result = replace(_SIGNS[sign or "*"](result, operand), form=_ending(operand))
        sign = ""
    assert result is not None  # noqa: S101  the grammar gives at least one operand
    terms.append(result)
    whole = terms[0]
    for term in terms[1:]:
        whole = elementwise("mul", whole, term)
    return whole


def _ending(last: Operand) -> Form:
    """The form of a chain: only its end can rule out a reading."""
    return "bare" if last.form == "bare" else "other"


def raised(base: Operand, exponent: Operand) -> Operand:
    """base^exponent, element by element; e^x is the exponential, ‖x‖² the squared norm."""
    value = exponent.expr
    if base.form == "e":
        return replace(exponent, expr=apply("exp", value), at=base.at, form="power", digits=False)
    if base.form == "norm" and scalar_value(value) == 2:
        return replace(base, expr=base.expr.args[0], form="power")
    if base.rank > 1 and value.op == "neg":
        raise trouble(
            exponent.at, "a matrix to a negative power", "1/W element by element; there is no inverse"
        )
    return replace(elementwise("power", base, exponent), form="power")
