"""From the tree of a formula to its expression: one method a rule of the grammar, leaves first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from workings.algebra.calls import FUNCTIONS, called, checked_attribute
from workings.algebra.expression import Expr, apply, const, element, exp, name, scalar_value, summation, words
from workings.algebra.products import (
    Operand,
    Sign,
    elementwise,
    negative,
    product,
    raised,
    side_by_side,
    transposed,
    trouble,
    upright,
)
from workings.algebra.vocabulary import Vocabulary
from workings.errors import InputError
from workings.numerals import number

if TYPE_CHECKING:
    from lark import Token, Tree

Part = Any
"""What a rule of the grammar gives: an Operand, an Attribute, an Exponent, a Function or a literal."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """`label=value` among the arguments of a call."""

    label: str
    value: Any
    at: int


@dataclass(frozen=True, slots=True)
class Exponent:
    """The exponent of a power, or a transpose (None)."""

    operand: Operand | None
    minus: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function without brackets, and its exponent as in tanh² u."""

    op: str
    at: int
    tight: bool
    exponent: Operand | None = None


class Reading:
    """One method a rule of the grammar."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def read(self, tree: Tree[Token]) -> Expr:
        """The tree's value, leaves first and from the left, so that the first trouble is reported."""
        from lark import Tree

        order: list[Tree[Token]] = []
        waiting = [tree]
        while waiting:
            node = waiting.pop()
            order.append(node)
            waiting.extend(child for child in node.children if isinstance(child, Tree))
        done: dict[int, Part] = {}
        for node in reversed(order):
            parts = [done.pop(id(child)) if isinstance(child, Tree) else child for child in node.children]
            done[id(node)] = self._rule(str(node.data))(*parts)
        return done[id(tree)].expr

    def _rule(self, rule: str) -> Callable[..., Part]:
        return getattr(self, f"_{rule}")

    def _start(self, operand: Operand) -> Operand:
        return operand

    def _words(self, token: Token) -> Operand:
        return Operand(words(str(token)))

    # Leaves -------------------------------------------------------------------------------------------------

    def _number(self, token: Token) -> Operand:
        return Operand(const(_value(token)), at=at_of(token), form="number", digits=True)

    def _name(self, token: Token) -> Operand:
        label = str(token)
        if label == "e" and label not in self.vocabulary.ranks:
            return Operand(exp(const(1)), at=at_of(token), form="e")
        return Operand(name(label), self.vocabulary.rank(label), at=at_of(token), form="name")

    # Brackets -----------------------------------------------------------------------------------------------

    def _paren(self, inner: Operand) -> Operand:
        return replace(inner, form="paren", digits=False)

    def _group(self, inner: Operand) -> Operand:
        if inner.form == "paren" and scalar_value(inner.expr) is not None:
            raise trouble(
                inner.at, "a number in brackets in braces", "W_1 for the first W, or W^1 for a power"
            )
        return inner if inner.form == "name" else replace(inner, form="paren", digits=False)

    def _fenced(self, fence: Token, inner: Operand) -> Operand:
        at = at_of(fence)
        if fence == "‖":
            return Operand(apply("sqrt", apply("squared_norm", inner.expr)), at=at, form="norm")
        op = {"|": "absolute", "⌊": "floor", "⌈": "ceil"}[str(fence)]
        return replace(inner, expr=apply(op, inner.expr), at=at, form="other", digits=False)

    def _fraction(self, over: Operand, under: Operand) -> Operand:
        return replace(elementwise("div", over, under), form="paren", digits=False)

    def _tuple(self, *entries: Operand) -> Operand:
        return replace(self._vector(*entries), form="tuple")

    def _vector(self, *entries: Operand) -> Operand:
        first = entries[0]
        for entry in entries:
            if entry.rank != first.rank:
                raise trouble(entry.at, "numbers and vectors in one bracket", "entries of one shape")
        values = [_constant(entry.expr) for entry in entries]
        if any(value is None for value in values):
            parts = (upright(entry) for entry in entries)
            return Operand(apply("stack", *parts, axis=0), first.rank + 1, at=first.at)
        if len({getattr(value, "shape", ()) for value in values}) > 1:
            raise trouble(first.at, "rows of different lengths", "rows of one length")
        return Operand(_stacked(values), first.rank + 1, at=first.at)

    def _subscripted(self, base: Operand, *subscripts: Operand) -> Operand:
        node = base.expr
        unknown = not self.vocabulary.given and node.op != "const"
        free = unknown or (node.op == "name" and node.attrs["name"] not in self.vocabulary.ranks)
        if base.rank < len(subscripts) and not (free and not base.rank):
            count = f"{len(subscripts)} subscript{'s' * (len(subscripts) > 1)}"
            axes = f"{base.rank} ax{'i' if base.rank == 1 else 'e'}s" if base.rank else "no axes"
            raise trouble(base.at, f"{count} of a value of {axes}", "one for each axis")
        for subscript in subscripts:
            _scalar(subscript, "a subscript")
        rank = max(0, base.rank - len(subscripts))
        return Operand(element(base.expr, *(subscript.expr for subscript in subscripts)), rank, at=base.at)

    # Calls --------------------------------------------------------------------------------------------------

    def _call(self, function: Token, *parts: Operand | Attribute) -> Operand:
        args = [part for part in parts if isinstance(part, Operand)]
        stated = [part for part in parts if isinstance(part, Attribute)]
        attrs = {part.label: part.value for part in stated}
        if len(attrs) < len(stated):
            raise trouble(at_of(function), f"an attribute of {function} twice", "each attribute once")
        return self._called(str(function), args, attrs, at_of(function), form="call")

    def _called(self, op: str, args: list[Operand], attrs: Mapping[str, Any], at: int, form: Any) -> Operand:
        try:
            node, rank = called(op, [arg.expr for arg in args], [arg.rank for arg in args], attrs)
        except InputError as error:
            raise trouble(at, error.problem, error.accepted, error.near) from None
        vectors = [arg.across for arg in args if arg.rank == 1]
        return Operand(node, rank, rank == 1 and bool(vectors) and all(vectors), at, form)

    def _attribute(self, label: Token, value: Any) -> Attribute:
        try:
            return Attribute(str(label), checked_attribute(str(label), value), at_of(label))
        except InputError as error:
            raise trouble(at_of(label), error.problem, error.accepted) from None

    def _literal_number(self, *tokens: Token) -> int | Fraction:
        numbers = [_value(token) for token in tokens if token.type == "NUMBER"]
        signs = [str(token) for token in tokens if token.type != "NUMBER"]
        if len(numbers) == 2:
            if signs[-1] != "/" or not numbers[1]:
                raise trouble(at_of(tokens[-1]), "found no number", "a number such as 3, 0.5 or 1/3")
            numbers = [numbers[0] / numbers[1]]
        value = -numbers[0] if signs[:1] == ["-"] else numbers[0]
        return int(value) if value.denominator == 1 else value

    def _literal_constant(self, token: Token) -> bool | None:
        return {"True": True, "False": False, "None": None}[str(token)]

    def _literal_name(self, token: Token) -> str:
        return str(token)

    def _literal_tuple(self, *parts: Any) -> tuple[Any, ...]:
        return parts

    def _literal_slice(self, token: Token, *parts: Any) -> slice:
        if len(parts) > 3:
            raise trouble(at_of(token), f"slice of {len(parts)} numbers", "slice(start, stop, step)")
        return slice(*parts)

    # Powers and products ------------------------------------------------------------------------------------

    def _exponent(self, *parts: Token | Operand) -> Exponent:
        minus = sum(isinstance(part, str) and part == "-" for part in parts) % 2 == 1
        return Exponent(cast("Operand", parts[-1]), minus)

    def _transpose(self, _token: Token) -> Exponent:
        return Exponent(None)

    def _power(self, base: Operand, *tails: Exponent) -> Operand:
        tower: list[Exponent] = []
        for tail in tails:
            if tail.operand is not None:
                tower.append(tail)
            else:
                base, tower = transposed(self._raised(base, tower)), []
        return self._raised(base, tower)

    def _raised(self, base: Operand, tower: list[Exponent]) -> Operand:
        """base^x^y, from the right; a lone T may be a transpose."""
        if not tower:
            return base
        if len(tower) == 1 and self._is_transpose(base, tower[0]):
            return transposed(base)
        exponent: Operand | None = None
        for step in reversed(tower):
            operand = cast("Operand", step.operand)
            if exponent is not None:
                operand = raised(operand, exponent)
            exponent = negative(operand) if step.minus else operand
        return raised(base, cast("Operand", exponent))

    def _is_transpose(self, base: Operand, tail: Exponent) -> bool:
        operand = tail.operand
        written = operand is not None and operand.form == "name" and operand.expr.attrs["name"] == "T"
        return written and not tail.minus and (base.rank > 0 or not self.vocabulary.knows("T"))

    def _function(self, word: Token, exponent: Operand | None = None) -> Function:
        if exponent is not None and (scalar_value(exponent.expr) or 0) <= 0:
            raise trouble(exponent.at, "a function to such a power", "tanh² u, or (tanh u)^n")
        return Function(FUNCTIONS.get(str(word), "sqrt"), at_of(word), word == "√", exponent)

    def _bare(self, *parts: Function | Operand) -> Operand:
        """Functions without brackets, the last one nearest to what it is of."""
        operand = cast("Operand", parts[-1])
        for part in reversed(parts[:-1]):
            function = cast("Function", part)
            if function.tight and operand.form == "power":
                raise trouble(operand.at, "a power under √ without brackets", "√(x²) or (√x)²")
            operand = self._called(function.op, [operand], {}, function.at, form="bare")
            if function.exponent is not None:
                operand = replace(raised(operand, function.exponent), form="bare")
        return operand

    def _juxtaposed(self, *factors: Operand) -> Operand:
        return side_by_side(factors)

    def _product(self, *parts: Token | Operand) -> Operand:
        return product(
            [part if isinstance(part, Operand) else Sign(str(part), at_of(part)) for part in parts]
        )

    def _big(self, index: Token, low: Operand, high: Operand, body: Operand) -> Operand:
        for bound in (low, high):
            _scalar(bound, "a bound of a sum")
        total = summation(body.expr, str(index), low.expr, high.expr)
        return Operand(total, body.rank, body.across, at_of(index))

    def _total(self, *parts: Token | Operand) -> Operand:
        result: Operand | None = None
        minus = False
        for part in parts:
            if not isinstance(part, Operand):
                minus ^= part == "-"
            elif result is None:
                result, minus = negative(part) if minus else part, False
            else:
                result, minus = elementwise("sub" if minus else "add", result, part), False
        return cast("Operand", result)

    def _compare(self, *parts: Token | Operand) -> Operand:
        """a < b; a ≤ x ≤ b is `between`, any other chain holds where each of its comparisons does."""
        operands = [part for part in parts if isinstance(part, Operand)]
        signs = [str(part) for part in parts if not isinstance(part, Operand)]
        if signs in (["≤", "≤"], ["≥", "≥"]):
            low, x, high = operands if signs[0] == "≤" else reversed(operands)
            return self._called("between", [low, x, high], {}, operands[0].at, form="other")
        found = [_compared(*pair) for pair in zip(operands, signs, operands[1:], strict=False)]
        return found[0] if len(found) == 1 else self._called("every", found, {}, operands[0].at, form="other")


def _compared(left: Operand, sign: str, right: Operand) -> Operand:
    if sign in (">", "≥"):
        left, right = right, left
    op = {"<": "less", ">": "less", "≤": "at_most", "≥": "at_most", "=": "equal"}[sign]
    return elementwise(op, left, right)


def at_of(token: Token) -> int:
    """Where a terminal begins in the text, from 0."""
    return token.start_pos or 0


def _value(token: Token) -> Fraction:
    try:
        return number(str(token))
    except InputError as error:
        raise trouble(at_of(token), error.problem, error.accepted) from None


def _scalar(operand: Operand, what: str) -> None:
    if operand.rank:
        raise trouble(operand.at, f"{what} that is a vector or matrix", "a number")


def _constant(node: Expr) -> Any:
    """The value of an entry that is a number, -number, number/number or an array of numbers; else None."""
    if node.op == "const":
        return node.attrs["value"]
    if node.op == "neg":
        value = _constant(node.args[0])
        return None if value is None else -value
    over, under = (scalar_value(arg) for arg in node.args) if node.op == "div" else (None, None)
    return over / under if over is not None and under else None


def _stacked(values: list[Any]) -> Expr:
    """Numbers as a vector, arrays as one of a rank more."""
    import numpy as np

    if isinstance(values[0], Fraction):
        return const(values)
    return Expr("const", (), {"value": np.stack(values)})
