"""Which names the words of a formula are.

With the known names given, a word of several letters splits into known names (`MN` is M N where both are
known); else single letters multiply, unless the word is a function or a Greek name or has a subscript. A
subscript of a known vector or matrix is an element, `x_k` is `x[k]`; else it belongs to the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workings.algebra.lexemes import Lexeme, inner_names
from workings.algebra.names import GREEK
from workings.algebra.products import trouble
from workings.errors import unknown


class Vocabulary:
    """The names of a formula.

    Parameters
    ----------
    ranks: the known names and their ranks; None where none are known.
    lexemes: of the formula, whose sums bind their indices.
    only_known: refuse all other names.
    """

    def __init__(
        self, ranks: Mapping[str, int] | None, lexemes: Iterable[Lexeme], *, only_known: bool
    ) -> None:
        self.given = ranks is not None
        self.ranks: Mapping[str, int] = {} if ranks is None else ranks
        self.bound = {inner_names(lexeme.text)[0] for lexeme in lexemes if lexeme.kind == "sum"}
        self.only_known = only_known
        self._longest = max(map(len, self.ranks), default=0)

    def knows(self, label: str) -> bool:
        """Whether a name is known or the index of a sum."""
        return label in self.ranks or label in self.bound

    def rank(self, label: str) -> int:
        """A name's rank; gradients and updates have that of what they belong to; 0 where it is unknown."""
        if label in self.ranks:
            return self.ranks[label]
        if label.startswith(("grad_", "new_")):
            return self.rank(label.partition("_")[2])
        return self.ranks.get(f"u_{label[3:]}", 0) if label.startswith("df_") else 0

    def check(self, label: str, at: int) -> None:
        """Refuse an unknown name where only known ones may occur; e is Euler's number."""
        if self.only_known and not self.knows(label) and label != "e":
            error = unknown("name", label, self.ranks)
            raise trouble(at, error.problem, error.accepted, error.near)

    def known_pieces(self, word: str, tail: str) -> list[str] | None:
        """`word` as known names one after the other, the longest first where there is a choice.

        `tail` belongs to the last one: the primes.
        """
        ends = {len(word)}  # places from which the rest of the word is known names
        for start in range(len(word) - 1, -1, -1):
            if any(end in ends and self._is_piece(word, start, end, tail) for end in self._ends(word, start)):
                ends.add(start)
        if 0 not in ends or not word:
            return None
        pieces: list[str] = []
        start = 0
        while start < len(word):
            fits = (end for end in self._ends(word, start) if end in ends)
            end = next(end for end in fits if self._is_piece(word, start, end, tail))
            pieces.append(word[start:end])
            start = end
        return pieces

    def _ends(self, word: str, start: int) -> range:
        """Where a name that begins at `start` may end, the longest first."""
        return range(min(len(word), start + self._longest), start, -1)

    def _is_piece(self, word: str, start: int, end: int, tail: str) -> bool:
        piece = word[start:end]
        return (piece + tail if end == len(word) else piece) in self.ranks

    def element(self, word: str, tail: str) -> tuple[str, list[str]] | None:
        """`x_k` with a known vector x, or with an index k of a sum, as x and its subscripts.

        One subscript of as many letters as a matrix has axes is one for each: w_ij.
        """
        parts = word.split("_")
        for cut in range(len(parts) - 1, 0, -1):
            base, subscripts = "_".join(parts[:cut]) + tail, parts[cut:]
            rank = self.rank(base)
            if rank > 1 and len(subscripts) == 1 and len(subscripts[0]) == rank:
                subscripts = list(subscripts[0])
            free = base not in self.ranks and not self.bound.isdisjoint(subscripts)
            if (rank or free) and all(self._is_subscript(part) for part in subscripts):
                return base, subscripts
        return None

    def _is_subscript(self, part: str) -> bool:
        return part.isdigit() or len(part) == 1 or part in GREEK or self.knows(part)
