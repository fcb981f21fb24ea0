"""The show pass: LaTeX and plain text from one precedence-aware printer.

One row an operation. The formula and the substituted form come from the same rows: `substitution` replaces
names by what is printed for their values. Plain text is a language that `parse` reads back; vectors are
columns.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from workings.algebra.expression import Expr, postorder
from workings.algebra.printer import (
    ATOM,
    BIG,
    COMPARISON,
    NEGATIVE,
    POWER,
    PRODUCT,
    SUM,
    Printer,
    Shown,
    Style,
    generic,
    matrix_text,
    named,
    number_text,
    subscripted,
)
from workings.algebra.shown_composites import COMPOSITE_ROWS


def show(root: Expr, printer: Printer) -> Shown:
    """The printed form of an expression."""
    done: dict[Expr, Shown] = {}
    for node in postorder(root):
        args = [done[arg] for arg in node.args]
        row = ROWS.get(node.op)
        done[node] = row(printer, node, *args) if row else generic(printer, node, *args)
    return done[root]


def text(root: Expr, **options: Any) -> str:
    """The plain text of an expression; options as in `Printer`."""
    return show(root, Printer("text", **options)).text


def latex(root: Expr, **options: Any) -> str:
    """The LaTeX of an expression; options as in `Printer`."""
    return show(root, Printer("latex", **options)).text


def _constant(p: Printer, node: Expr) -> Shown:
    value = node.attrs["value"]
    if isinstance(value, Fraction):
        return number_text(value, p.style)
    return Shown(matrix_text(_nested(value, p.style), p.style))


def _nested(array: Any, style: Style) -> Any:
    if getattr(array, "ndim", 0):
        return [_nested(part, style) for part in array]
    return number_text(Fraction(repr(float(array))) if isinstance(array, float) else array, style).text


def _add(p: Printer, _node: Expr, a: Shown, b: Shown) -> Shown:
    return Shown(f"{p.bracket(a, SUM)} + {p.bracket(b, BIG)}", SUM)


def _minus(p: Printer) -> str:
    return "-" if p.latex else "−"


def _sub(p: Printer, _node: Expr, a: Shown, b: Shown) -> Shown:
    return Shown(f"{p.bracket(a, SUM)} {_minus(p)} {p.bracket(b, BIG)}", SUM)


def _neg(p: Printer, _node: Expr, a: Shown) -> Shown:
    return Shown(f"{_minus(p)}{p.bracket(a, BIG)}", NEGATIVE)


def _mul(p: Printer, node: Expr, a: Shown, b: Shown) -> Shown:
    if a.level == NEGATIVE and node.args[0].op == "const":  # a sign in front: -2 x, not (-2) x
        product = _mul(p, node, Shown(a.text[1:]), b)
        return Shown(a.text[0] + p.bracket(product, PRODUCT), NEGATIVE)
    left, right = p.bracket(a, PRODUCT), p.bracket(b, PRODUCT if _commutes(p, node) else POWER)
    if p.rank(node.args[0]) and p.rank(node.args[1]):
        return Shown(rf"{left} \odot {right}" if p.latex else f"{left} ⊙ {right}", PRODUCT)
    if not p.latex:
        return Shown(f"{left} · {right}", PRODUCT)
    plain = right[0].isalpha() or right.startswith(("\\left(", "\\nabla", "\\begin"))
    apart = ("\\frac", "\\mathrm")  # words side by side would run together: width height
    close = plain or (right.startswith("\\") and right[1:2].isalpha() and not right.startswith(apart))
    if right.startswith(r"\left("):  # 2 (a + b), but x · (a + b): a letter would read as a function
        close = left[-1].isdigit()
    return Shown(f"{left} {right}" if close else rf"{left} \cdot {right}", PRODUCT)


def _is_hadamard(p: Printer, node: Expr) -> bool:
    """Whether a node is printed with ⊙, which holds less tightly than other products."""
    return node.op == "mul" and all(map(p.rank, node.args))


def _commutes(p: Printer, node: Expr) -> bool:
    """Whether the right factor, although a product, needs no brackets: a·(b·c) and s·(A B) read without."""
    return node.args[1].op == "mul" or (node.args[1].op in ("outer", "matmul") and not p.rank(node.args[0]))


def _div(p: Printer, node: Expr, a: Shown, b: Shown) -> Shown:
    if p.latex and not p.rank(node.args[0]):
        return Shown(rf"\frac{{{a.text}}}{{{b.text}}}", POWER)
    over = p.bracket(a, POWER if _is_hadamard(p, node.args[0]) else PRODUCT)
    return Shown(f"{over} / {p.bracket(b, POWER)}" if p.latex else f"{over}/{p.bracket(b, POWER)}", PRODUCT)


def _power(p: Printer, node: Expr, a: Shown, b: Shown) -> Shown:
    if p.latex:
        return Shown(p.scripted(a, "^", _on_one_line(b.text)), POWER)
    base = p.bracket(a, ATOM)
    if p.rank(node.args[0]) > 1 and b.text.startswith("−"):
        return generic(p, node, a, b)  # W^(−1) would be read as the inverse
    if b.text == "T":
        return Shown(f"{base}^(T)", POWER)  # x^T would be read as the transpose
    return Shown(f"{base}^{p.bracket(b, ATOM)}", POWER)


def _on_one_line(exponent: str) -> str:
    """An exponent that is one fraction as a/b: a fraction up there is too small to read."""
    if not exponent.startswith(r"\frac{"):
        return exponent
    depth, cuts = 0, [5]
    for i, sign in enumerate(exponent):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            cuts.append(i + 1)
    if len(cuts) != 3 or cuts[2] != len(exponent):  # the two parts of the fraction, and nothing behind it
        return exponent
    over, under = exponent[cuts[0] + 1 : cuts[1] - 1], exponent[cuts[1] + 1 : cuts[2] - 1]
    if any(sign in over + under for sign in ("+", "-", r"\frac", "(")) or r"\cdot" in under or " " in under:
        return exponent
    return f"{over}/{under}"


def _exp(p: Printer, node: Expr, a: Shown) -> Shown:
    return Shown(f"e^{{{a.text}}}", POWER) if p.latex and not p.rank(node.args[0]) else named(p, node, a)


def _sqrt(p: Printer, _node: Expr, a: Shown) -> Shown:
    return Shown(rf"\sqrt{{{a.text}}}") if p.latex else p.call("sqrt", a)


def _around(left: str, right: str, plain: str) -> Callable[..., Shown]:
    def row(p: Printer, _node: Expr, a: Shown) -> Shown:
        return Shown(rf"\left{left}{a.text}\right{right}") if p.latex else p.call(plain, a)

    return row


def _infix(latex_sign: str, text_sign: str) -> Callable[..., Shown]:
    def row(p: Printer, _node: Expr, a: Shown, b: Shown) -> Shown:
        sign = latex_sign if p.latex else text_sign
        return Shown(f"{p.bracket(a, SUM)} {sign} {p.bracket(b, SUM)}", COMPARISON)

    return row


def _transposed(p: Printer, node: Expr, a: Shown) -> Shown:
    if node.attrs.get("axes") is not None:
        return generic(p, node, a)
    return Shown(p.scripted(a, "^", r"\top") if p.latex else f"{p.bracket(a, ATOM)}ᵀ", POWER)


def _matmul(p: Printer, node: Expr, a: Shown, b: Shown) -> Shown:
    left, right = node.args
    if p.rank(left) != 1 or left.op == "transpose":
        return _juxtaposed(p, left, a, b)
    if p.rank(right) != 2:
        return _juxtaposed(p, left, _transposed(p, left.T, a), b)
    # A vector is a column, and xᵀ W a row: the product is Wᵀ x.
    if right.op == "transpose" and right.args[0].op in ("name", "const"):
        return _juxtaposed(p, right, show(right.args[0], p), a)
    return _juxtaposed(p, right, _transposed(p, right.T, b), a)


def _juxtaposed(p: Printer, left: Expr, a: Shown, b: Shown) -> Shown:
    """Side by side, which holds tighter than ⊙ and / in the left factor: (A ⊙ B) x, (A/2) x."""
    loose = left.op == "div" or (left.op == "mul" and (not p.latex or _is_hadamard(p, left)))
    space = r"\, " if p.latex else " "
    return Shown(f"{p.bracket(a, POWER if loose else PRODUCT)}{space}{p.bracket(b, POWER)}", PRODUCT)


def _outer(p: Printer, node: Expr, a: Shown, b: Shown) -> Shown:
    left, right = node.args
    return _juxtaposed(p, left, a, _transposed(p, right.T, b))


def _sum(p: Printer, node: Expr, a: Shown) -> Shown:
    if not p.latex:
        return generic(p, node, a)
    return Shown(rf"\textstyle\sum {p.bracket(a, PRODUCT)}", PRODUCT)


def _summation(p: Printer, node: Expr, body: Shown, low: Shown, high: Shown) -> Shown:
    index = p.name(node.attrs["index"]).text
    if p.latex:
        return Shown(rf"\sum_{{{index}={low.text}}}^{{{high.text}}} {p.bracket(body, BIG)}", BIG)
    return Shown(f"Σ_{{{index}={low.text}}}^{{{high.text}}} ({body.text})", BIG)


def _item(p: Printer, node: Expr, x: Shown) -> Shown:
    index = node.attrs["index"]
    if all(isinstance(part, int) and part >= 0 for part in index):
        return subscripted(p, node, x, *(Shown(str(part + 1)) for part in index))
    if p.latex and all(part.step is None for part in index if isinstance(part, slice)):
        return Shown(p.scripted(x, "_", ", ".join(map(_range_latex, index))))
    return generic(p, node, x)


def _range_latex(part: Any) -> str:
    """A subscript from 1, the last being -1; a slice with both its ends, as 1:3."""
    if isinstance(part, int):
        return str(part + 1) if part >= 0 else str(part)
    start = "" if part.start is None else _range_latex(part.start)
    stop = "" if part.stop is None else str(part.stop if part.stop >= 0 else part.stop - 1)
    return f"{start}:{stop}"


def _where(p: Printer, _node: Expr, condition: Shown, then: Shown, otherwise: Shown) -> Shown:
    if not p.latex:
        return p.call("where", condition, then, otherwise)
    return Shown(
        rf"\begin{{cases}} {then.text} & \text{{if }} {condition.text} \\"
        rf" {otherwise.text} & \text{{otherwise}} \end{{cases}}"
    )


def _stack(p: Printer, node: Expr, *parts: Shown) -> Shown:
    if node.attrs.get("axis", 0):
        columns = p.latex and node.attrs["axis"] == 1 and all(p.rank(part) == 1 for part in node.args)
        return _columns(*parts) if columns else generic(p, node, *parts)
    if p.latex and any(p.rank(part) for part in node.args):
        return _rows(p, node, *parts)
    return Shown(matrix_text([part.text for part in parts], p.style))


def _columns(*parts: Shown) -> Shown:
    """A matrix from columns."""
    return Shown(rf"\begin{{pmatrix}} {' & '.join(part.text for part in parts)} \end{{pmatrix}}")


def _rows(p: Printer, node: Expr, *parts: Shown) -> Shown:
    """A matrix from rows that are written out entry by entry; each entry's text stands in its row's."""
    opening, closing = r"\begin{pmatrix} ", r" \end{pmatrix}"
    plain = all(p.rank(part) == 1 and part.op == "stack" for part in node.args)
    if not plain or any(part.text.count("\\begin") > 1 for part in parts):
        return generic(p, node, *parts)
    rows = [part.text.removeprefix(opening).removesuffix(closing).replace(r" \\ ", " & ") for part in parts]
    return Shown(opening + r" \\ ".join(rows) + closing)


def _words(p: Printer, node: Expr) -> Shown:
    words = node.attrs["value"]
    if not p.latex:
        return Shown(f'"{words}"')
    escaped = "".join(f"\\{c}" if c in "%&#_{}$" else c for c in words)
    return Shown(rf"\text{{{escaped}}}")


ROWS: Final[dict[str, Callable[..., Shown]]] = {
    **COMPOSITE_ROWS,
    "const": _constant,
    "words": _words,
    "name": lambda p, node: p.name(node.attrs["name"]),
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "power": _power,
    "exp": _exp,
    "sqrt": _sqrt,
    "absolute": _around("|", "|", "abs"),
    "floor": _around(r"\lfloor ", r"\rfloor", "floor"),
    "ceil": _around(r"\lceil ", r"\rceil", "ceil"),
    "less": _infix("<", "<"),
    "at_most": _infix(r"\le", "≤"),
    "equal": _infix("=", "="),
    "where": _where,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transposed,
    "sum": _sum,
    "summation": _summation,
    "item": _item,
    "element": subscripted,
    "stack": _stack,
    "maximum": named,
    "minimum": named,
}
