"""The count pass: arithmetic operations of an expression, from the shapes of its names.

One row an operation; a node that is used twice is worked out once and counts once. Four kinds are kept apart:

- `multiplications` and `additions` of contractions (matrix products, outer products, correlations): an output
  that sums n products takes n multiplications and n - 1 additions. The additions of sums, and of two
  contractions to each other (U x + W h), count here too;
- `bias`: the additions of a name or constant to a contraction;
- `element_wise`: everything done entry by entry: exp, tanh, comparisons, products and sums of two arrays.

Moving and choosing entries (transpose, reshape, padding, windows, where) and the arithmetic of subscripts and
bounds cost nothing; a part of a sum that is the same in every term counts once. Padding is multiplied like
any other entry. Composites count as their formula is printed: softmax is e^z / Σ e^z, without the largest
entry taken off first.

Conventions of the field: MACs are the multiplications of contractions. FLOPs are counted exactly here,
multiplications + additions + bias; many papers write 2·MACs instead, which has one addition more for each
output (right where a bias is added, the first product being added to it).
Source of the second: Sze, Chen, Yang and Emer, "Efficient processing of deep neural networks", Proceedings of
the IEEE 105 (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from workings.algebra.composites import expansion
from workings.algebra.dimensions import Dimension, Shape, entries, listed, spell, tidy
from workings.algebra.expression import BINARY, UNARY, Expr, name, names_in, postorder, rebuild, scalar_value
from workings.algebra.shape import shapes_of
from workings.errors import InputError


@dataclass(frozen=True, slots=True)
class Count:
    """Operations by kind; each an int, or a SymPy expression where sizes are letters."""

    multiplications: Dimension = 0
    additions: Dimension = 0
    bias: Dimension = 0
    element_wise: Dimension = 0

    @property
    def macs(self) -> Dimension:
        """Multiply-accumulate operations: the multiplications of contractions."""
        return self.multiplications

    @property
    def flops(self) -> Dimension:
        """Multiplications, additions and additions of a bias; element-wise operations are left out."""
        return self.multiplications + self.additions + self.bias

    @property
    def operations(self) -> Dimension:
        """All kinds together."""
        return self.flops + self.element_wise

    def __add__(self, other: Count) -> Count:
        return Count(
            self.multiplications + other.multiplications,
            self.additions + other.additions,
            self.bias + other.bias,
            self.element_wise + other.element_wise,
        )

    def over(self, index: str, first: Dimension, last: Dimension) -> Count:
        """The sum of this count over first <= index <= last: a multiple, unless it depends on the index."""

        def total(operations: Dimension) -> Dimension:
            letters = {str(letter) for letter in getattr(operations, "free_symbols", ())}
            if index not in letters:
                return tidy(operations * _tally(last - first + 1))
            return tidy(_sympy().summation(operations, (_letter(index), first, last)))

        return Count(
            total(self.multiplications), total(self.additions), total(self.bias), total(self.element_wise)
        )


def _sympy() -> Any:
    import sympy

    return sympy


def _letter(label: str) -> Any:
    """The positive integer that a name in a bound stands for."""
    return _sympy().Symbol(label, integer=True, positive=True)


Row: TypeAlias = Callable[..., Count]

Role: TypeAlias = Literal["bias", "contraction", "other"]
"""What a value is to an addition: one that may be a bias, a contraction, anything else."""

NOTHING: Final = Count()


def count(root: Expr, shapes: Mapping[str, Shape], *, biases: Collection[str] | None = None) -> Count:
    """The operations that `root` takes, its names having `shapes`.

    Parameters
    ----------
    biases: names that are biases where they are added to a contraction. None: any name is, which is right
        unless an input is added to a contraction (a residual path).

    Raises
    ------
    InputError: shapes that do not fit; a sum whose bounds are not numbers or letters.
    """
    return _total(counts_of(root, shapes, biases=biases))


def counts_of(
    root: Expr, shapes: Mapping[str, Shape], *, biases: Collection[str] | None = None
) -> dict[Expr, Count]:
    """Every node's own operations, without those of its arguments: `count` is their sum."""
    known = shapes_of(root, shapes)
    return _counts(root, known, _roles_of_leaves(known, biases))[0]


def _roles_of_leaves(nodes: Collection[Expr], biases: Collection[str] | None) -> dict[Expr, Role]:
    roles: dict[Expr, Role] = {}
    for node in nodes:
        if node.op == "const":
            roles[node] = "bias"
        elif node.op == "name":
            roles[node] = "bias" if biases is None or node.attrs["name"] in biases else "other"
    return roles


def _counts(
    root: Expr, known: Mapping[Expr, Shape], given: Mapping[Expr, Role], only: Collection[Expr] | None = None
) -> tuple[dict[Expr, Count], Role]:
    """Every node's own operations, and what the root is to an addition.

    `given` has the roles of leaves and of nodes counted elsewhere; `only` these nodes are counted, if any.
    """
    counts: dict[Expr, Count] = {}
    roles: dict[Expr, Role] = {**given}
    for node in postorder(
        root, lambda node: tuple(arg for arg in _counted(node) if only is None or arg in only)
    ):
        of_args: list[Role] = [roles.get(arg, "other") for arg in node.args]
        role = given.get(node) or _role(node.op, of_args)
        if node.op == "summation":
            found = _summation(node, known, roles)
        elif node.op in {"add", "sub"}:
            found = _sum_of_two(known[node], of_args)
        elif node.op in ROWS:
            found = ROWS[node.op](node, known[node], *(known[arg] for arg in node.args))
        else:
            found, role = _expanded(node, known, of_args)
        counts[node], roles[node] = found, role
    return counts, roles[root]


def _counted(node: Expr) -> Sequence[Expr]:
    """The arguments that are counted with a node: no subscripts; of a sum, what is the same in every term."""
    if node.op == "summation":
        return _same_in_every_term(node)
    return node.args[:1] if node.op in {"element", "entry"} else node.args


def _same_in_every_term(node: Expr) -> Sequence[Expr]:
    """The largest parts of a sum's body that do not depend on its index: they are worked out once."""
    body, changing = node.args[0], _changing(node)
    if body not in changing:
        return (body,)
    parts = [
        arg for part in postorder(body) if part in changing for arg in _counted(part) if arg not in changing
    ]
    return list(dict.fromkeys(parts))


def _changing(node: Expr) -> set[Expr]:
    """The parts of a sum's body that depend on its index."""
    index = node.attrs["index"]

    def outside(part: Expr) -> tuple[Expr, ...]:
        """An inner sum over an index of the same name has its own."""
        hides = part.op == "summation" and part.attrs["index"] == index
        return part.args[1:] if hides else part.args

    found: set[Expr] = set()
    for part in postorder(node.args[0], outside):
        is_index = part.op == "name" and part.attrs["name"] == index
        if is_index or any(arg in found for arg in outside(part)):
            found.add(part)
    return found


def _total(counts: Mapping[Expr, Count]) -> Count:
    total = NOTHING
    for found in counts.values():
        if found is not NOTHING:
            total = total + found
    return total


def _role(op: str, of_args: Sequence[Role]) -> Role:
    if op in {"matmul", "outer", "correlate"}:
        return "contraction"
    if op in {"add", "sub"}:
        return "contraction" if "contraction" in of_args and "other" not in of_args else "other"
    if op in PASSING:
        return of_args[0]
    if op in {"concat", "stack"} and len(set(of_args)) == 1:
        return of_args[0]
    return "other"


def _sum_of_two(out: Shape, of_args: Sequence[Role]) -> Count:
    """An addition or a subtraction: of contractions, of a bias, or element-wise."""
    outputs = entries(out)
    if set(of_args) == {"contraction"}:
        return Count(additions=outputs)
    if set(of_args) == {"contraction", "bias"}:
        return Count(bias=outputs)
    return Count(element_wise=outputs)


def _expanded(node: Expr, known: Mapping[Expr, Shape], of_args: Sequence[Role]) -> tuple[Count, Role]:
    """The count of a composite's expansion over names that stand for its arguments."""
    stand_ins = tuple(name(f"argument {i}") for i in range(1, len(node.args) + 1))
    meant = expansion(Expr(node.op, stand_ins, node.attrs))
    given = {new.attrs["name"]: known[arg] for new, arg in zip(stand_ins, node.args, strict=True)}
    inner = shapes_of(meant, given)
    leaves = _roles_of_leaves(inner, None)
    leaves.update(zip(stand_ins, of_args, strict=True))
    counts, role = _counts(meant, inner, leaves)
    return _total(counts), role


def _summation(node: Expr, known: Mapping[Expr, Shape], roles: Mapping[Expr, Role]) -> Count:
    """What changes from term to term once a term, and the additions of the terms."""
    body, low, high = node.args
    first, last = _bound(low, known), _bound(high, known)
    terms, changing = _tally(last - first + 1), _changing(node)
    once = _total(_counts(body, known, roles, changing)[0]) if body in changing else NOTHING
    return once.over(node.attrs["index"], first, last) + Count(
        additions=tidy(_tally(terms - 1) * entries(known[body]))
    )


def _tally(number: Dimension) -> Dimension:
    """A number of terms: 0 where it would be negative; with letters, as it stands."""
    number = tidy(number)
    return max(number, 0) if isinstance(number, int) else number


def _bound(node: Expr, known: Mapping[Expr, Shape]) -> Dimension:
    """A bound of a sum: a whole number, or a SymPy expression in its names and sizes."""
    value = scalar_value(node)
    if value is not None and value.denominator == 1:
        return value.numerator
    if node.op == "extent":
        return _extent(node, known[node.args[0]])
    from workings.algebra.evaluate import evaluate
    from workings.algebra.systems import Symbols

    letters: dict[str, Any] = {}

    def named(part: Expr) -> Expr | None:
        if part.op != "extent" or part.args[0] not in known:
            return None
        label = f"size {len(letters) + 1}"
        letters[label] = _sympy().sympify(_extent(part, known[part.args[0]]), strict=True)
        return name(label)

    formula = rebuild(node, named)
    letters |= {label: _letter(label) for label in names_in(formula) if label not in letters}
    found: Any = evaluate(formula, letters, Symbols())
    if not isinstance(found, _sympy().Expr) or found.is_integer is False:
        raise InputError(f"a sum up to {found}", accepted="bounds that are whole numbers or letters")
    return tidy(found)


def _extent(node: Expr, x: Shape) -> Dimension:
    """The number of entries along the axes of an `extent`."""
    axis = node.attrs.get("axis")
    axes = range(len(x)) if axis is None else listed(axis) or (axis,)
    return tidy(entries(tuple(x[a] for a in axes)))


# Rows: each takes the node, the shape of its result and the shapes of its arguments ------------------------


def _free(*_: Any) -> Count:
    """Entries moved, chosen or named."""
    return NOTHING


def _each(cost: int) -> Row:
    """`cost` element-wise operations an output."""

    def row(_node: Expr, out: Shape, *_: Shape) -> Count:
        return Count(element_wise=cost * entries(out))

    return row


def _contraction(outputs: Dimension, inner: Dimension) -> Count:
    return Count(multiplications=outputs * inner, additions=outputs * _tally(inner - 1))


def _matmul(_node: Expr, out: Shape, a: Shape, _b: Shape) -> Count:
    return _contraction(entries(out), a[-1])


def _outer(_node: Expr, out: Shape, _a: Shape, _b: Shape) -> Count:
    return _contraction(entries(out), 1)


def _correlate(_node: Expr, out: Shape, kernel: Shape, _windows: Shape) -> Count:
    return _contraction(entries(out), entries(kernel[1:]))


def _fewer(x: Shape, out: Shape) -> Dimension:
    """n - 1 for each output of a reduction of n entries to one."""
    return _tally(entries(x) - entries(out))


def _sum(_node: Expr, out: Shape, x: Shape) -> Count:
    return Count(additions=_fewer(x, out))


def _amax(_node: Expr, out: Shape, x: Shape) -> Count:
    """n - 1 comparisons."""
    return Count(element_wise=_fewer(x, out))


def _cumsum(node: Expr, _out: Shape, x: Shape) -> Count:
    axis = node.attrs.get("axis", 0) % len(x)
    return Count(additions=_fewer(x, (*x[:axis], *x[axis + 1 :])))


def _added_entries(_node: Expr, _out: Shape, g: Shape, *_: Shape) -> Count:
    """Entries added into zeros, one addition each."""
    return Count(additions=entries(g))


def _argsort(_node: Expr, _out: Shape, x: Shape) -> Count:
    """n⌈log₂ n⌉ - 2^⌈log₂ n⌉ + 1 comparisons of a merge sort at worst (Knuth, TAOCP 3, 5.2.4)."""
    n = x[0]
    if not isinstance(n, int):
        raise InputError(f"comparisons of a sort of shape {spell(x)}", accepted="a size that is a number")
    rounds = max(n - 1, 0).bit_length()
    return Count(element_wise=n * rounds - 2**rounds + 1)


def _softmax(node: Expr, out: Shape, z: Shape, *_: Shape) -> Count:
    """e^z / Σ e^z: an exponential and a division an entry, and the sum; a mask saves nothing."""
    axis = node.attrs.get("axis", -1) % len(z)
    return Count(element_wise=2 * entries(out), additions=_fewer(z, (*z[:axis], *z[axis + 1 :])))


def _log_softmax(node: Expr, out: Shape, z: Shape) -> Count:
    """z - log Σ e^z: an exponential and a subtraction an entry, the sum, and its logarithm."""
    axis = node.attrs.get("axis", -1) % len(z)
    lines = (*z[:axis], *z[axis + 1 :])
    return Count(element_wise=2 * entries(out) + entries(lines), additions=_fewer(z, lines))


PASSING: Final = frozenset(("transpose", "reshape", "broadcast", "item", "element", "take"))
"""Operations that leave a contraction a contraction, and a bias a bias."""

FREE: Final = frozenset(
    (
        "const",
        "words",
        "name",
        *PASSING,
        "where",
        "concat",
        "stack",
        "put",
        "pad",
        "patches",
        "extent",
        "entry",
    )
)

# add, sub and summation count as what they add: `_counts` sees to them
ROWS: Final[dict[str, Row]] = {
    **dict.fromkeys(FREE, _free),
    **dict.fromkeys((*UNARY, *BINARY), _each(1)),
    "xlogy": _each(2),  # a logarithm and a product
    "matmul": _matmul,
    "outer": _outer,
    "correlate": _correlate,
    "sum": _sum,
    "amax": _amax,
    "cumsum": _cumsum,
    "scatter": _added_entries,
    "fold": _added_entries,
    "argsort": _argsort,
    "softmax": _softmax,
    "masked_softmax": _softmax,
    "log_softmax": _log_softmax,
}
