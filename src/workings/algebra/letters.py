"""Letters as SymPy symbols, and SymPy results in a tidy form; `systems` knows SymPy too."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final, Protocol

import numpy as np
import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from workings.algebra.evaluate import LARGEST_VALUE
from workings.algebra.names import latex_name, text_name
from workings.algebra.shape import Shape


class Lettered(Protocol):
    """What `lifted_letters` reads of a letter."""

    @property
    def name(self) -> str:
        """Its ASCII name."""
        ...

    @property
    def shape(self) -> Shape:
        """Its extents; () is a scalar."""
        ...

    @property
    def integer(self) -> bool:
        """Whether it stands for a positive integer."""
        ...

    @property
    def sequence(self) -> bool:
        """Whether it is a vector of any length, used by subscript."""
        ...


def lifted_letters(letters: Mapping[str, Lettered]) -> dict[str, Any]:
    """Each letter as a symbol, an array of symbols (x_1, x_2, ...), or an indexed base for a sequence.

    Tensors whose sizes are letters have no entries to write down and are left out.
    """
    found: dict[str, Any] = {}
    for letter in letters.values():
        if letter.sequence:
            found[letter.name] = sympy.IndexedBase(letter.name)
        elif letter.shape == ():
            found[letter.name] = symbol(letter.name, integer=letter.integer)
        elif all(isinstance(extent, int) for extent in letter.shape):
            found[letter.name] = entries(letter.name, letter.shape)
    return found


def symbol(name: str, *, integer: bool = False) -> Any:
    """A positive integer or a real symbol."""
    return sympy.Symbol(name, integer=True, positive=True) if integer else sympy.Symbol(name, real=True)


def entries(name: str, shape: Shape) -> Any:
    """An array of real symbols x_1, x_2, ... or x_11, x_12, ... (x_1_10 where a subscript has two digits)."""
    extents = [int(extent) for extent in shape]
    assert np.prod(extents, dtype=object) <= LARGEST_VALUE  # noqa: S101  workings are not drawn up beyond it
    joint = "" if max(extents) < 10 else "_"
    array = np.empty(extents, dtype=object)
    for index in product(*(range(extent) for extent in extents)):
        array[index] = sympy.Symbol(f"{name}_{joint.join(str(i + 1) for i in index)}", real=True)
    return array


MOST_FACTORED: Final = 8
"""Letters of an entry that is factored; with the 18 of a 3 × 3 window it took 0.2 s for nothing."""


def simplified(value: Any) -> Any:
    """A tidy form of each entry: numbers as they are, sums of products factored where that is shorter."""
    if isinstance(value, np.ndarray):
        result = np.empty(value.shape, dtype=object)
        result.ravel()[:] = [_tidy(entry) for entry in value.ravel()]
        return result
    return _tidy(value)


def _tidy(entry: Any) -> Any:
    if not getattr(entry, "free_symbols", None) or entry.has(sympy.Sum, sympy.Indexed, sympy.Piecewise):
        return entry
    together: Any = sympy.together(entry) if entry.is_rational_function() else entry
    candidates = [entry, together]
    few = len(entry.free_symbols) <= MOST_FACTORED
    if few and together.is_rational_function() and sympy.count_ops(entry) < 300:
        candidates.append(sympy.factor(together))
    return min(candidates, key=lambda form: (sympy.count_ops(form), len(str(form))))


def at_numbers(value: Any, letters: Mapping[str, Lettered], numbers: Mapping[str, Any]) -> Any:
    """A formula in letters, or an array of them, as floats with numbers put in for its letters."""
    known: dict[Any, Any] = {}
    for name, lifted in lifted_letters(letters).items():
        exact = [sympy.Rational(repr(float(number))) for number in np.ravel(numbers[name])]
        if isinstance(lifted, sympy.IndexedBase):
            known |= {lifted[i]: number for i, number in enumerate(exact, start=1)}
        else:
            known |= dict(zip(np.ravel(lifted), exact, strict=True))

    def number(entry: Any) -> float:
        written_out = sympy.sympify(entry, strict=True).subs(known).doit()
        return float(written_out.subs(known).evalf(30))

    return np.frompyfunc(number, 1, 1)(value) if isinstance(value, np.ndarray) else number(value)


def _sum_order(terms: list[Any]) -> list[Any]:
    """The terms of a sum with the first positive one in front: W - N + 1, not -N + W + 1."""
    positive = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
    return [terms[positive], *terms[:positive], *terms[positive + 1 :]]


class _Latex(LatexPrinter):
    """SymPy's LaTeX with sums in the order of `_sum_order`."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return _sum_order(list(super()._as_ordered_terms(expr, order=order)))


class _Plain(StrPrinter):
    """SymPy in the plain formula language that `parse` reads."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return _sum_order(list(super()._as_ordered_terms(expr, order=order)))

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: FBT001, FBT002  SymPy's names
        if expr.exp == sympy.Rational(1, 2):
            return f"sqrt({self._print(expr.base)})"
        return str(super()._print_Pow(expr, rational=rational)).replace("**", "^")

    def _print_Sum(self, expr: Any) -> str:
        body = self._print(expr.function)
        for letter, low, high in expr.limits:
            body = f"Σ_{{{letter}={self._print(low)}}}^{{{self._print(high)}}} ({body})"
        return body

    def _print_Abs(self, expr: Any) -> str:
        inner = self._print(expr.args[0])
        return f"abs({inner})" if "|" in inner else f"|{inner}|"

    def _print_Max(self, expr: Any) -> str:
        return self._in_pairs("max", expr)

    def _print_Min(self, expr: Any) -> str:
        return self._in_pairs("min", expr)

    def _in_pairs(self, word: str, expr: Any) -> str:
        """SymPy's of any number of arguments as ours of two."""
        first, *others = sorted(self._print(arg) for arg in expr.args)
        for other in others:
            first = f"{word}({first}, {other})"
        return first

    def _print_Symbol(self, expr: Any) -> str:
        return text_name(expr.name)

    def _print_Piecewise(self, expr: Any) -> str:
        value, condition = expr.args[0]
        if condition is True or condition == sympy.true:
            return str(self._print(value))
        rest = sympy.Piecewise(*expr.args[1:])
        return f"where({self._print(condition)}, {self._print(value)}, {self._print(rest)})"


def text_of(entry: Any) -> str:
    """A SymPy expression as plain text."""
    return _Plain().doprint(entry).replace("<=", "≤").replace("-", "−").replace("*", " · ")


def latex_of(entry: Any) -> str:
    """A SymPy expression as LaTeX, names printed as `names` prints them."""
    names = {symbol: latex_name(str(symbol)) for symbol in entry.free_symbols if symbol.is_Symbol}
    settings = {"symbol_names": names, "order": "none" if entry.has(sympy.Sum) else None}
    return str(_Latex(settings).doprint(entry))
