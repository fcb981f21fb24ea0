"""What a slip does to one node of a formula: a function from a place to what may stand there instead.

Each function yields the forms that the node takes when the slip is made at it, and nothing where it can't be
made. They know operations and the field's names of givens (`padding`, `eta`, `b_1`), and no question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from workings.algebra.expression import Expr, apply, const, log, name, names_in, scalar_value, sqrt
from workings.algebra.shape import Shape

BIAS: Final = re.compile(r"b(_\w+)?|c(_\w+)?|bias(_\w+)?|beta")
PADDING: Final = re.compile(r"padding(_\w+)?")
STRIDE: Final = re.compile(r"(stride|jump)(_\w+)?")
DILATION: Final = re.compile(r"dilation(_\w+)?")
RATE: Final = re.compile(r"eta|learning_rate")
SLOPE: Final = re.compile(r"df_\w+")
NUMBERED: Final = re.compile(r"(\w*?)_(\d+)")
ACTIVATIONS: Final = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus")
COUNTS: Final = re.compile(r"(layer|parameters|total|reading|dense|cnn|standard|depthwise|pointwise)(_\w+)?")
"""Steps that count parameters or operations: an added 1 in them is a bias."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a step's formula, what stands around it, and what the names in it are.

    Parameters
    ----------
    node: the node, its arguments perhaps rewritten already.
    shape, arg_shapes: the shapes of the node and of its arguments, as they are in the right formula.
    above: the operations that use the node; empty at the root.
    label: the step's name.
    shapes: the shapes of all names that the step may use, earlier steps and givens.
    whole: whether the step's value is made of whole numbers.
    """

    node: Expr
    shape: Shape
    arg_shapes: tuple[Shape, ...]
    above: frozenset[str]
    label: str
    shapes: Mapping[str, Shape]
    whole: bool


Rewrite: TypeAlias = Callable[[Place], Iterator[Expr]]


def _is(node: Expr, names: re.Pattern[str]) -> bool:
    return node.op == "name" and names.fullmatch(node.attrs["name"]) is not None


def _value(node: Expr) -> Fraction | None:
    return scalar_value(node)


def _factors(node: Expr) -> list[str]:
    """The names that a product is made of, powers written out; a sum has none."""
    found: list[str] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.op in ("mul", "matmul"):
            waiting.extend(part.args)
        elif part.op == "power" and part.args[0].op == "name":
            found += [part.args[0].attrs["name"]] * int(_value(part.args[1]) or 1)
        elif part.op == "name":
            found.append(part.attrs["name"])
    return found


# --- what a layer is made of --------------------------------------------------------------------------------


def bias(place: Place) -> Iterator[Expr]:
    """W x + b → W x; (n + 1) m → n m and H² + H → H² in a count of parameters."""
    node = place.node
    if node.op != "add":
        return
    for term, rest, shape in zip(node.args, node.args[::-1], place.arg_shapes[::-1], strict=True):
        if _is(term, BIAS) and shape == place.shape:
            yield rest
        elif COUNTS.fullmatch(place.label) and not place.shape:
            factors, others = _factors(term), _factors(rest)
            one = _value(term) == 1 and ("mul" in place.above or rest.op == "mul")
            part = bool(factors) and len(factors) < len(others) and all(f in others for f in factors)
            if one or part:
                yield rest


def bias_added(place: Place) -> Iterator[Expr]:
    """n m → (n + 1) m in a count of parameters."""
    node = place.node
    if (
        COUNTS.fullmatch(place.label)
        and not place.above
        and node.op == "mul"
        and len(node.args) == 2
        and all(part.op == "name" for part in node.args)
    ):
        yield node + node.args[0]
        yield node + node.args[1]


def activation(place: Place) -> Iterator[Expr]:
    """f(u) → u."""
    if place.node.op in (*ACTIVATIONS, "softmax"):
        yield place.node.args[0]


def other_activation(place: Place) -> Iterator[Expr]:
    """Tanh for the sigmoid, the sigmoid for tanh, ReLU for its leaky form and the other way round."""
    other = {"sigmoid": "tanh", "tanh": "sigmoid", "relu": "leaky_relu", "leaky_relu": "relu"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)
    slope = _slope_of(place.node)
    if slope is not None:
        h, kind = slope
        yield h * (1 - h) if kind == "tanh" else 1 - h**2


def _slope_of(node: Expr) -> tuple[Expr, str] | None:
    """The activation's value in 1 - h² (tanh) or h (1 - h) (sigmoid)."""
    if node.op == "sub" and _value(node.args[0]) == 1 and node.args[1].op == "power":
        h, exponent = node.args[1].args
        return (h, "tanh") if _value(exponent) == 2 and h.op == "name" else None
    if node.op == "mul" and node.args[1].op == "sub":
        one, h = node.args[1].args
        same = h.op == "name" == node.args[0].op and h.attrs["name"] == node.args[0].attrs["name"]
        return (h, "sigmoid") if same and _value(one) == 1 else None
    return None


def slope(place: Place) -> Iterator[Expr]:
    """∇h · f′(u) → ∇h, whether f′ is a step of its own or written out."""
    node = place.node
    if node.op != "mul":
        return
    for factor, rest, shape in zip(node.args, node.args[::-1], place.arg_shapes[::-1], strict=True):
        derivative = _is(factor, SLOPE) or _slope_of(factor) or factor.op == "step"
        if derivative and shape == place.shape:
            yield rest


def transpose_left_out(place: Place) -> Iterator[Expr]:
    """Aᵀ → A; a bᵀ → b aᵀ."""
    if place.node.op == "transpose":
        yield place.node.args[0]
    elif place.node.op == "outer":
        yield apply("outer", *place.node.args[::-1])


def transpose_added(place: Place) -> Iterator[Expr]:
    """A B → Aᵀ B, A Bᵀ; the result itself turned."""
    node = place.node
    if node.op == "matmul":
        a, b = node.args
        if len(place.arg_shapes[0]) == 2 and a.op != "transpose":
            yield a.T @ b
        if len(place.arg_shapes[1]) == 2 and b.op != "transpose":
            yield a @ b.T
    elif not place.above and len(place.shape) == 2 and node.op not in ("transpose", "outer"):
        yield node.T


def elementwise(place: Place) -> Iterator[Expr]:
    """A B → A ⊙ B."""
    if place.node.op == "matmul":
        yield place.node.args[0] * place.node.args[1]


def order(place: Place) -> Iterator[Expr]:
    """A B → B A."""
    if place.node.op == "matmul":
        yield place.node.args[1] @ place.node.args[0]


def rate(place: Place) -> Iterator[Expr]:
    """w - η ∇w → w - ∇w."""
    node = place.node
    if node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if _is(factor, RATE):
                yield rest


# --- factors, signs and powers ------------------------------------------------------------------------------


def factor_two(place: Place) -> Iterator[Expr]:
    """2 a → a, and -2 a → -a."""
    node = place.node
    if node.op != "mul":
        return
    for factor, rest in zip(node.args, node.args[::-1], strict=True):
        if _value(factor) == 2:
            yield rest
        elif _value(factor) == -2:
            yield -rest


def macs(place: Place) -> Iterator[Expr]:
    """2 · MACs → MACs, in a step that counts operations."""
    counts = place.label.startswith(("flops", "total_flops")) or COUNTS.fullmatch(place.label)
    if counts and not place.label.startswith(("parameters", "layer", "reading")) and not place.shape:
        yield from factor_two(place)


def half(place: Place) -> Iterator[Expr]:
    """a / 2 → a."""
    node = place.node
    if node.op == "div" and _value(node.args[1]) == 2:
        yield node.args[0]
    elif node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if _value(factor) == Fraction(1, 2):
                yield rest


def two_added(place: Place) -> Iterator[Expr]:
    """A → 2a, of the whole result."""
    if not place.above:
        yield 2 * place.node


def half_added(place: Place) -> Iterator[Expr]:
    """A → a / 2, of the whole result."""
    if not place.above:
        yield place.node / 2


def sign(place: Place) -> Iterator[Expr]:
    """A → -a, of the whole result."""
    if not place.above:
        yield -place.node


def inner_sign(place: Place) -> Iterator[Expr]:
    """A + b → a - b, a - b → a + b, and -a → a within a formula."""
    node = place.node
    if node.op == "add":
        yield node.args[0] - node.args[1]
    elif node.op == "sub":
        yield node.args[0] + node.args[1]
    elif node.op == "neg" and place.above:
        yield node.args[0]


def reversed_difference(place: Place) -> Iterator[Expr]:
    """A - b → b - a, within a formula."""
    if place.node.op == "sub" and place.above and all(_value(arg) is None for arg in place.node.args):
        yield place.node.args[1] - place.node.args[0]


def complement(place: Place) -> Iterator[Expr]:
    """1 - z → z."""
    if place.node.op == "sub" and _value(place.node.args[0]) == 1:
        yield place.node.args[1]


def gates(place: Place) -> Iterator[Expr]:
    """(1 - z) a + z b → z a + (1 - z) b."""
    node = place.node
    if node.op == "add" and all(part.op == "mul" for part in node.args):
        (first, a), (second, b) = node.args[0].args, node.args[1].args
        if "sub" in (first.op, second.op) and set(names_in(first)) == set(names_in(second)):
            yield second * a + first * b


def scale(place: Place) -> Iterator[Expr]:
    """A / √d → a."""
    node = place.node
    if node.op == "div" and node.args[1].op == "sqrt" and not place.arg_shapes[1]:
        yield node.args[0]


def square(place: Place) -> Iterator[Expr]:
    """a² → a."""
    if place.node.op == "power" and place.node.args[1].op == "const":
        yield place.node.args[0]


def twice_for_square(place: Place) -> Iterator[Expr]:
    """a² → 2a."""
    if place.node.op == "power" and _value(place.node.args[1]) == 2:
        yield 2 * place.node.args[0]


def root(place: Place) -> Iterator[Expr]:
    """√a → a; d for √d in a scale."""
    if place.node.op == "sqrt":
        yield place.node.args[0]


def root_added(place: Place) -> Iterator[Expr]:
    """A sum of squares → its root, of the whole result."""
    if not place.above and place.node.op == "sum" and place.node.args[0].op == "power":
        yield sqrt(place.node)


def eps(place: Place) -> Iterator[Expr]:
    """√(a + ε) → √a."""
    node = place.node
    if node.op == "add":
        for term, rest in zip(node.args, node.args[::-1], strict=True):
            if term.op == "name" and term.attrs["name"] in ("eps", "epsilon"):
                yield rest


def eps_inside(place: Place) -> Iterator[Expr]:
    """√v + ε → √(v + ε)."""
    node = place.node
    if node.op == "add" and node.args[0].op == "sqrt" and not place.arg_shapes[1]:
        yield sqrt(node.args[0].args[0] + node.args[1])
    elif node.op == "sqrt" and node.args[0].op == "add":
        inner = node.args[0]
        if inner.args[1].op == "name" and inner.args[1].attrs["name"] in ("eps", "epsilon"):
            yield sqrt(inner.args[0]) + inner.args[1]


# --- windows and counts -------------------------------------------------------------------------------------


def _zero(names: re.Pattern[str], neutral: int) -> Rewrite:
    def rewrite(place: Place) -> Iterator[Expr]:
        if _is(place.node, names):
            yield const(neutral)

    return rewrite


padding: Final = _zero(PADDING, 0)
stride: Final = _zero(STRIDE, 1)
dilation: Final = _zero(DILATION, 1)


def window_padding(place: Place) -> Iterator[Expr]:
    """A convolution without its padding; padding twice as large or half as large has its own."""
    if "padding" in place.node.attrs:
        attrs = {key: value for key, value in place.node.attrs.items() if key != "padding"}
        yield Expr(place.node.op, place.node.args, attrs)
    elif place.node.op == "pad":
        yield place.node.args[0]


def window_stride(place: Place) -> Iterator[Expr]:
    """A window that moves one step at a time."""
    if "stride" in place.node.attrs:
        yield Expr(place.node.op, place.node.args, {**place.node.attrs, "stride": (1, 1)})


def turned_kernel(place: Place) -> Iterator[Expr]:
    """A kernel turned by 180°, or not turned where it has to be."""
    node = place.node
    if node.op == "rotate_180":
        yield node.args[0]
    elif node.op == "cross_correlation" and node.args[1].op != "rotate_180":
        image, kernel = node.args
        yield Expr(node.op, (image, apply("rotate_180", kernel)), node.attrs)


def padding_once(place: Place) -> Iterator[Expr]:
    """2p → p."""
    node = place.node
    if node.op == "mul":
        for factor, rest in zip(node.args, node.args[::-1], strict=True):
            if _value(factor) == 2 and _is(rest, PADDING):
                yield rest


def other_rounding(place: Place) -> Iterator[Expr]:
    """⌊a⌋ ↔ ⌈a⌉."""
    other = {"floor": "ceil", "ceil": "floor"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)


def unrounded(place: Place) -> Iterator[Expr]:
    """⌊a⌋ → a."""
    if place.node.op in ("floor", "ceil"):
        yield place.node.args[0]


def one_left_out(place: Place) -> Iterator[Expr]:
    """A + 1 → a, a - 1 → a."""
    node = place.node
    if node.op == "add":
        for term, rest in zip(node.args, node.args[::-1], strict=True):
            if _value(term) == 1:
                yield rest
    elif node.op == "sub" and _value(node.args[1]) == 1:
        yield node.args[0]


def one_added(place: Place) -> Iterator[Expr]:
    """A difference of sizes, or a whole result that is a count: one more, one less."""
    node = place.node
    difference = node.op == "sub" and all(_value(arg) is None for arg in node.args)
    if place.whole and (difference or (not place.above and not place.shape)):
        yield node + 1
        if not place.above:
            yield node - 1


def position(place: Place) -> Iterator[Expr]:
    """Positions counted from 1: 5 / b^(2k/d) → 6 / b^(2k/d)."""
    node = place.node
    if node.op == "div" and node.args[1].op == "power":
        yield (node.args[0] + 1) / node.args[1]
        yield (node.args[0] - 1) / node.args[1]


def neighbour(place: Place) -> Iterator[Expr]:
    """h_2 → h_1, h_3: another step in time, another layer."""
    node = place.node
    found = NUMBERED.fullmatch(node.attrs["name"]) if node.op == "name" else None
    if found:
        stem, index = found[1], int(found[2])
        for other in (f"{stem}_{index - 1}", f"{stem}_{index + 1}"):
            if other in place.shapes and place.shapes[other] == place.shape:
                yield name(other)


def old_value(place: Place) -> Iterator[Expr]:
    """new_W → W, m_hat → m: the value before the update."""
    label = place.node.attrs["name"] if place.node.op == "name" else ""
    for other in (label.removeprefix("new_"), label.replace("_hat", ""), label.replace("_unbiased", "")):
        if other != label and other in place.shapes and place.shapes[other] == place.shape:
            yield name(other)


# --- functions and sums -------------------------------------------------------------------------------------


def _base(base: int) -> Rewrite:
    def rewrite(place: Place) -> Iterator[Expr]:
        node = place.node
        if node.op in ("log", "xlogy"):
            yield node / log(const(base))

    return rewrite


log_2: Final = _base(2)
log_10: Final = _base(10)

DEGREE: Final = Fraction("0.017453292519943295769236907684886127134428718885417")
"""π / 180."""


def degrees(place: Place) -> Iterator[Expr]:
    """sin x → sin(x π / 180)."""
    if place.node.op in ("sin", "cos"):
        yield apply(place.node.op, place.node.args[0] * const(DEGREE))


def cosine(place: Place) -> Iterator[Expr]:
    """Sin ↔ cos."""
    other = {"sin": "cos", "cos": "sin"}
    if place.node.op in other:
        yield apply(other[place.node.op], *place.node.args)


def _reduced(place: Place, op: str) -> Expr:
    attrs = {"axis": place.node.attrs.get("axis"), "keepdims": place.node.attrs.get("keepdims", False)}
    return Expr(op, place.node.args, attrs)


def mean_for_sum(place: Place) -> Iterator[Expr]:
    """Σ x → Σ x / n; a + b + c → (a + b + c) / 3."""
    node = place.node
    if node.op == "sum":
        yield _reduced(place, "mean")
    elif not place.above and node.op == "add" and not place.shape:
        terms = 1
        part = node
        while part.op == "add":
            terms, part = terms + 1, part.args[0]
        yield node / terms


def sum_for_mean(place: Place) -> Iterator[Expr]:
    """Σ x / n → Σ x; (a + b) / n → a + b."""
    node = place.node
    if node.op == "mean":
        yield _reduced(place, "sum")
    elif node.op == "div" and node.args[0].op == "add" and _value(node.args[1]) is not None:
        yield node.args[0]


def largest_for_sum(place: Place) -> Iterator[Expr]:
    """Σ x → max x."""
    if place.node.op in ("sum", "mean"):
        yield _reduced(place, "amax")


def least_for_largest(place: Place) -> Iterator[Expr]:
    """Max ↔ min."""
    other = {"maximum": "minimum", "minimum": "maximum"}
    if place.node.op in other and all(_value(arg) is None for arg in place.node.args):
        yield apply(other[place.node.op], *place.node.args)


def clip(place: Place) -> Iterator[Expr]:
    """max(0, a) → a."""
    node = place.node
    if node.op == "maximum" and _value(node.args[0]) == 0:
        yield node.args[1]


def unbiased(place: Place) -> Iterator[Expr]:
    """A variance over n → over n - 1."""
    node = place.node
    if node.op == "mean" and node.args[0].op == "power":
        n = apply("extent", node.args[0], axis=node.attrs.get("axis"))
        yield node * n / (n - 1)


def unnormalised(place: Place) -> Iterator[Expr]:
    """Softmax(z) → e^z."""
    if place.node.op in ("softmax", "masked_softmax"):
        yield apply("exp", place.node.args[0])


def other_axis(place: Place) -> Iterator[Expr]:
    """A softmax, a sum or a mean along the other axis of a matrix."""
    node = place.node
    if node.op in ("softmax", "mean", "sum", "masked_softmax") and len(place.arg_shapes[0]) == 2:
        axis: Any = node.attrs.get("axis", -1 if "softmax" in node.op else None)
        if isinstance(axis, int):
            yield Expr(node.op, node.args, {**node.attrs, "axis": 1 - axis % 2})


def mask(place: Place) -> Iterator[Expr]:
    """A softmax over all entries, hidden ones too."""
    if place.node.op == "masked_softmax":
        axis = place.node.attrs.get("axis", -1)
        yield Expr("softmax", place.node.args[:1], {"axis": axis})


def inverted(place: Place) -> Iterator[Expr]:
    """A / b → b / a."""
    node = place.node
    if node.op == "div" and place.arg_shapes[0] == place.arg_shapes[1]:
        yield node.args[1] / node.args[0]


def product_for_quotient(place: Place) -> Iterator[Expr]:
    """A / b → a b."""
    if place.node.op == "div":
        yield place.node.args[0] * place.node.args[1]


def product_for_sum(place: Place) -> Iterator[Expr]:
    """A + b → a b."""
    if place.node.op == "add" and all(_value(arg) is None for arg in place.node.args):
        yield place.node.args[0] * place.node.args[1]


def sum_for_product(place: Place) -> Iterator[Expr]:
    """A b → a + b."""
    if place.node.op == "mul" and all(_value(arg) is None for arg in place.node.args):
        yield place.node.args[0] + place.node.args[1]


def intersection(place: Place) -> Iterator[Expr]:
    """A + b - intersection → a + b."""
    node = place.node
    if node.op == "sub" and any("intersection" in label for label in names_in(node.args[1])):
        yield node.args[0]


def denominator(place: Place) -> Iterator[Expr]:
    """A / b → a."""
    if place.node.op == "div":
        yield place.node.args[0]


def term(place: Place) -> Iterator[Expr]:
    """A + b → a, b; a - b → a, -b; the longer a sum, the more of its terms in turn."""
    node = place.node
    if node.op in ("add", "sub"):
        a, b = node.args
        if _value(a) is None and _value(b) is None:
            yield a
            if a.op not in ("add", "sub"):
                yield b if node.op == "add" else -b


def factor(place: Place) -> Iterator[Expr]:
    """A b → a, b."""
    node = place.node
    if node.op in ("mul", "matmul"):
        shapes = place.arg_shapes
        for dropped, rest, shape in ((1, 0, shapes[0]), (0, 1, shapes[1])):
            gone = node.args[dropped]
            if shape == place.shape and gone.op not in ("mul", "matmul", "const"):
                yield node.args[rest]
