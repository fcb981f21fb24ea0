"""What a formula may call: any operation of the language by its name, and the names that people give to some.

One row an operation that takes attributes or whose rank is not the highest of its arguments'. A composite has
none: its expansion shows how many arguments it takes, which attributes it reads and the rank of its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, cast

from workings.algebra.composites import COMPOSITES
from workings.algebra.expression import (
    BINARY,
    NO_ATTRIBUTES,
    UNARY,
    Expr,
    apply,
    const,
    log,
    name,
    names_in,
    postorder,
    sqrt,
)
from workings.errors import InputError, echo, unknown

Ranks = Sequence[int]
Attributes = Mapping[str, Any]

MANY: Final = 1_000_000
"""Arguments of a stack; also the largest size, width or axis that an attribute may state."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How many arguments, which attributes (required with a *), and the rank of the value."""

    least: int
    most: int
    attributes: str = ""
    rank: Callable[[Ranks, Attributes], int] = lambda ranks, _: max(ranks, default=0)

    @property
    def known(self) -> tuple[str, ...]:
        """Attributes that may be stated."""
        return tuple(self.attributes.replace("*", "").split())

    @property
    def required(self) -> tuple[str, ...]:
        """Attributes that must be stated."""
        return tuple(word[:-1] for word in self.attributes.split() if word.endswith("*"))


def _several(value: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)


def _reduced(ranks: Ranks, attrs: Attributes) -> int:
    """Axes left by a sum."""
    if attrs.get("keepdims"):
        return ranks[0]
    axis = attrs.get("axis")
    return 0 if axis is None else ranks[0] - len(_several(axis))


def _of_shape(_ranks: Ranks, attrs: Attributes) -> int:
    return len(_several(attrs["shape"]))


def _product(ranks: Ranks, _attrs: Attributes) -> int:
    a, b = ranks
    return max(a, b) if a > 1 and b > 1 else a + b - 2


def _item(ranks: Ranks, attrs: Attributes) -> int:
    return ranks[0] - sum(not isinstance(part, slice) for part in _several(attrs["index"]))


def _first(ranks: Ranks, _attrs: Attributes) -> int:
    return ranks[0]


STRUCTURAL_SIGNATURES: Final[dict[str, Signature]] = {
    "where": Signature(3, 3),
    "matmul": Signature(2, 2, rank=_product),
    "outer": Signature(2, 2, rank=lambda ranks, _: sum(ranks)),
    "transpose": Signature(1, 1, "axes"),
    "reshape": Signature(1, 1, "shape*", _of_shape),
    "broadcast": Signature(1, 1, "shape*", _of_shape),
    "sum": Signature(1, 1, "axis keepdims", _reduced),
    "amax": Signature(1, 1, "axis keepdims", _reduced),
    "concat": Signature(1, MANY, "axis", lambda ranks, _: max(1, *ranks)),
    "stack": Signature(1, MANY, "axis", lambda ranks, _: 1 + max(ranks)),
    "item": Signature(1, 1, "index*", _item),
    "element": Signature(2, 9, rank=lambda ranks, _: ranks[0] - len(ranks) + 1),
    "take": Signature(2, 2, rank=lambda ranks, _: ranks[0] - 1 + ranks[1]),
    "scatter": Signature(2, 2, "size*", lambda ranks, _: ranks[0] - ranks[1] + 1),
    "put": Signature(1, 1, "shape* index*", _of_shape),
    "pad": Signature(1, 1, "widths* value"),
    "patches": Signature(1, 1, "kernel* stride* dilation*", lambda ranks, _: ranks[0] + 2),
    "correlate": Signature(2, 2, "groups", lambda _ranks, _: 3),
    "extent": Signature(1, 1, "axis", lambda _ranks, _: 0),
    "fold": Signature(1, 1, "height* width* stride* dilation*", lambda _ranks, _: 3),
    "cumsum": Signature(1, 1, "axis reverse"),
    "argsort": Signature(1, 1, "descending"),
    "summation": Signature(3, 3, "index*", _first),
}
SIGNATURES: Final[dict[str, Signature]] = {
    **dict.fromkeys(UNARY, Signature(1, 1)),
    **dict.fromkeys(BINARY, Signature(2, 2)),
    **STRUCTURAL_SIGNATURES,
}

ALIASES: Final = {
    "ln": "log", "lg": "log10", "abs": "absolute", "Abs": "absolute", "sgn": "sign", "ceiling": "ceil",
    "max": "maximum", "min": "minimum", "Max": "maximum", "Min": "minimum", "sigma": "sigmoid",
    "ReLU": "relu", "var": "variance", "dot": "matmul",
}  # fmt: skip
"""Other words for operations."""

SPECIAL: Final = ("log2", "log_2", "log10", "log_10", "norm")
"""Words for short formulas."""

FUNCTIONS: Final[Mapping[str, str]] = {
    **{op: op for op in (*SIGNATURES, *COMPOSITES, *SPECIAL)},
    **ALIASES,
}
"""Every word that may stand before `(`, and its operation."""

BARE: Final = frozenset(
    (
        "log",
        "ln",
        "lg",
        "log2",
        "log_2",
        "log10",
        "log_10",
        "exp",
        "sqrt",
        "tanh",
        "sin",
        "cos",
        "sign",
        "sgn",
    )
) | {"softmax", "sigmoid", "relu", "ReLU"}
"""Functions that may stand without brackets, as in log y."""


def _is_whole(value: Any, least: int = -MANY) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MANY


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def _is_axes(value: Any) -> bool:
    return value is None or all(map(_is_whole, _several(value)))


def _is_shape(value: Any) -> bool:
    return all(_is_whole(part, -1) for part in _several(value))


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(_several(value)) == 2
        and all(_is_whole(n, 1) for n in _several(value))
    )


def _is_widths(value: Any) -> bool:
    """Whole numbers, or pairs of them: before and after each axis."""
    return all(_is_whole(width, 0) for part in _several(value) for width in _several(part))


def _is_index(value: Any) -> bool:
    """A name, or whole numbers and slices of them."""
    parts = _several(value)
    ends = [end for part in parts if isinstance(part, slice) for end in (part.start, part.stop, part.step)]
    numbers = [part for part in parts if not isinstance(part, slice)]
    numbers += [end for end in ends if end is not None]
    return isinstance(value, str) or all(map(_is_whole, numbers))


_KINDS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    **dict.fromkeys(
        ("keepdims", "reverse", "descending"), (lambda value: isinstance(value, bool), "True or False")
    ),
    **dict.fromkeys(("value", "slope"), (_is_number, "a number")),
    **dict.fromkeys(
        ("size", "height", "width", "groups"), (lambda value: _is_whole(value, 1), "a size such as 3")
    ),
    **dict.fromkeys(("kernel", "stride", "dilation"), (_is_pair, "two sizes such as (3, 3)")),
    **dict.fromkeys(("widths", "padding"), (_is_widths, "whole numbers of 0 or more, or pairs of them")),
    **dict.fromkeys(("axis", "axes"), (_is_axes, "a whole number, or several in brackets")),
    "shape": (_is_shape, "sizes such as (2, 3)"),
    "index": (_is_index, "whole numbers and slices in brackets, or a name"),
}
ATTRIBUTES: Final = frozenset(_KINDS)
"""Words that may stand before `=` inside a call."""


def takes_attributes(op: str) -> bool:
    """Whether `word=value` among the arguments of `op` states an attribute."""
    return (
        op in COMPOSITES
        or bool(op in SIGNATURES and SIGNATURES[op].attributes)
        or op in ("maximum", "minimum")
    )


def checked_attribute(label: str, value: Any) -> Any:
    """The value of an attribute, of the kind that `label` needs."""
    fits, accepted = _KINDS.get(label, (lambda _: True, ""))
    if not fits(value):
        raise InputError(f"{label}={echo(str(value))[1:-1]}", accepted=accepted)
    return _several(value) if label == "index" and not isinstance(value, str) else value


def called(op: str, args: Sequence[Expr], ranks: Ranks, attrs: Attributes) -> tuple[Expr, int]:
    """The node for a call and the rank of its value.

    Raises
    ------
    InputError: a number of arguments or an attribute that the operation does not take.
    """
    if op in SPECIAL:
        _count(op, len(args), Signature(1, 1), attrs)
        return _special(op, args[0]), ranks[0] if op != "norm" else 0
    if op in ("maximum", "minimum") and (len(args) != 2 or attrs):
        return _extreme(op, args, ranks, attrs)
    if op in SIGNATURES:
        _count(op, len(args), SIGNATURES[op], attrs)
        node = Expr(op, tuple(args), dict(attrs) or NO_ATTRIBUTES)
        return node, max(0, SIGNATURES[op].rank(ranks, attrs))
    return Expr(op, tuple(args), dict(attrs) or NO_ATTRIBUTES), _composite_rank(op, ranks, attrs)


def _count(op: str, found: int, signature: Signature, attrs: Attributes) -> None:
    if not signature.least <= found <= signature.most:
        least, most = signature.least, signature.most
        wanted = f"{least}" if least == most else f"{least} or more" if most == MANY else f"{least} to {most}"
        raise InputError(f"{op} of {found} arguments", accepted=f"{wanted} argument{'s' * (wanted != '1')}")
    for label in attrs:
        if label not in signature.known:
            raise unknown(f"attribute of {op}", label, signature.known)
    for label in signature.required:
        if attrs.get(label) is None:
            raise InputError(f"{op} without {label}", accepted=f"{op}(…, {label}=…)")


def _special(op: str, x: Expr) -> Expr:
    if op == "norm":
        return sqrt(apply("squared_norm", x))
    return log(x) / log(const(int(op.removeprefix("log").removeprefix("_"))))


def _extreme(op: str, args: Sequence[Expr], ranks: Ranks, attrs: Attributes) -> tuple[Expr, int]:
    """max or min of one value (over its entries) or of several."""
    if len(args) == 1:
        _count("max", 1, SIGNATURES["amax"], attrs)
        x = args[0] if op == "maximum" else -args[0]
        largest = apply("amax", x, **attrs)
        return largest if op == "maximum" else -largest, max(0, _reduced(ranks, attrs))
    _count(op, len(args), Signature(1, MANY), attrs)
    result = args[0]
    for arg in args[1:]:
        result = apply(op, result, arg)
    return result, max(ranks)


class _Recorded(dict[str, Any]):
    """Attributes that remember which of them were read."""

    def __init__(self, attrs: Attributes) -> None:
        super().__init__(attrs)
        self.read: set[str] = set()

    def __getitem__(self, label: str) -> Any:
        self.read.add(label)
        return super().__getitem__(label)

    def get(self, label: str, default: Any = None) -> Any:
        self.read.add(label)
        return super().get(label, default)


def _composite_rank(op: str, ranks: Ranks, attrs: Attributes) -> int:
    """The rank of a composite's value; refuses arguments and attributes that its expansion does not read."""
    stand_ins = {f"argument {i}": rank for i, rank in enumerate(ranks, 1)}
    recorded = _Recorded(attrs)
    expansion = COMPOSITES[op]
    usage = f"{op}: {(expansion.__doc__ or '').strip().splitlines()[0]}"
    try:
        root = expansion(Expr(op, tuple(map(name, stand_ins)), recorded))
    except KeyError as error:
        raise InputError(f"{op} without {error}", accepted=usage) from error
    except InputError:
        raise
    except (IndexError, TypeError, ValueError) as error:
        raise InputError(f"{op} of {len(ranks)} arguments", accepted=usage) from error
    for label in attrs:
        if label not in recorded.read:
            raise unknown(f"attribute of {op}", label, recorded.read)
    if len(names_in(root)) != len(ranks):
        raise InputError(f"{op} of {len(ranks)} arguments", accepted=usage)
    return _rank(root, stand_ins)


def _rank(root: Expr, names: Mapping[str, int]) -> int:
    """The rank of an expansion's value."""
    found: dict[Expr, int] = {}
    for node in postorder(root):
        of_args = [found[arg] for arg in node.args]
        if node.op == "name":
            found[node] = names.get(node.attrs["name"], 0)  # 0: an index that the expansion sums over
        elif node.op in SIGNATURES:
            found[node] = max(0, SIGNATURES[node.op].rank(of_args, node.attrs))
        elif node.op in COMPOSITES:
            found[node] = _composite_rank(node.op, of_args, node.attrs)
        else:
            found[node] = getattr(node.attrs.get("value"), "ndim", 0)
    return found[root]
