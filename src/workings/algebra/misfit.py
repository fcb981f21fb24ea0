"""What an error about shapes says: the operation as written, with every operand's shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workings.algebra.dimensions import Shape, spell
from workings.algebra.expression import Expr
from workings.errors import InputError


def called(node: Expr) -> str:
    """A short name of an operand."""
    if node.op == "name":
        return str(node.attrs["name"])
    if node.op == "transpose" and node.args[0].op == "name":
        return f"{called(node.args[0])}ᵀ"
    return "constant" if node.op == "const" else f"{node.op}(…)"


def operand(node: Expr, of: Shape) -> str:
    """An operand with its shape: `W (3, 2)`."""
    return f"{called(node)} {spell(of)}"


SIGNS: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/", "power": "^", "matmul": "@"}


def phrase(node: Expr, of_args: Sequence[Shape]) -> str:
    """The operation with its operands' shapes: `W (3, 2) @ x (3,)`."""
    operands = [operand(arg, found) for arg, found in zip(node.args, of_args, strict=False)]
    sign = SIGNS.get(node.op)
    return f" {sign} ".join(operands) if sign else f"{node.op} of {', '.join(operands)}"


def misfit(node: Expr, of_args: Sequence[Shape], why: str, accepted: str) -> InputError:
    """Operands that do not fit, why, and what would."""
    return InputError(f"{phrase(node, of_args)}: {why}", accepted=accepted)
