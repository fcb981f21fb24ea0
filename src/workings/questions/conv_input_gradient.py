"""Gradients of a convolution: with respect to its input and to its kernel, as rules and as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Final, cast

from pydantic import BeforeValidator, Field

from workings.algebra.expression import Expr, apply, const, name, summation
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Natural, Positive, Question, Size
from workings.questions._grids import MOST_LETTERS, Grid, GridGiven, letters, read_grid
from workings.rules import convolution, window
from workings.rules.axes import per_axis, reader_of, spread
from workings.rules.letters import dimension
from workings.working import Draft, Working

SOURCE: Final = (
    "Goodfellow, Bengio & Courville, Deep Learning (2016), §9.5; Dumoulin & Visin (2016), chapter 4"
)


RESERVED: Final = frozenset((*"HWMNUV", *"wIg", *"xyij", *"ab"))
"""Sizes, tensors, places and indices of the rules."""


def read_image(written: object) -> Grid:
    """A grid, or the two sizes of an image of letters I_11, I_12, ..."""
    sizes = cast("list[object]", written) if isinstance(written, (list, tuple)) else []
    if not sizes or isinstance(sizes[0], (list, tuple)):
        return read_grid(written)
    if len(sizes) != 2:
        raise InputError(f"found {len(sizes)} sizes", accepted="height and width, or rows")
    read = reader_of(Size)
    found: list[int | Expr] = []
    for i, size in enumerate(sizes):
        try:
            found.append(read(size))
        except InputError as error:
            raise error.at(field=f"[{i}]") from None
    height, width = found
    if isinstance(height, int) and isinstance(width, int) and height * width > MOST_LETTERS:
        return Grid(None, (height, width), "I")
    return letters("I", (height, width))


def read_pair(size: Any) -> Any:
    """A reader of one number for both axes, or one each, as a pair."""
    read = per_axis(size)

    def read_both(written: object) -> tuple[Any, Any]:
        value = spread(read(written), 2)
        if len(value) != 2:
            raise InputError("found three sizes", accepted="one, or one each of height and width")
        return value[0], value[1]

    return read_both


class Given(Givens):
    """O_{ab} = Σ_{i,j} w_{ij} I_{s(a-1)+i-p, s(b-1)+j-p}, and a loss l on O with ∂l/∂O = g."""

    kernel: GridGiven = Field(description="w: rows of numbers or letters, or {letters: w, shape: [3, 3]}")
    image: Annotated[Grid, BeforeValidator(read_image)] = Field(
        description="I: its two sizes, or rows of numbers or letters, or {letters: I, shape: [5, 5]}"
    )
    grad_output: GridGiven | None = Field(
        default=None, description="g = ∂l/∂O: rows of numbers or letters; g_11, g_12, ... unless given"
    )
    stride: Annotated[Any, BeforeValidator(read_pair(Positive))] = Field(
        default=(1, 1), description="a number, or one an axis"
    )
    padding: Annotated[Any, BeforeValidator(read_pair(Natural))] = Field(
        default=(0, 0), description="zeros on each side: a number, or one an axis"
    )


@dataclass(frozen=True, slots=True)
class Along:
    """One axis: input, kernel, stride, padding and output, as references and, where they are, as numbers."""

    sizes: window.Axis
    output: window.Size

    def ref(self, role: str) -> Expr:
        """A size as it is printed."""
        return self.sizes[role].ref

    def number(self, role: str) -> int:
        """A size as a number."""
        value = (self.output if role == "output" else self.sizes[role]).value
        assert value is not None  # noqa: S101  asked for where all sizes are numbers
        return value

    @property
    def left_over(self) -> int:
        """Entries at the end of the padded image that no window reaches."""
        moved = (self.number("output") - 1) * self.number("stride")
        return self.number("input") + 2 * self.number("padding") - self.number("kernel") - moved


def work(given: Given) -> Working:
    """Both rules; with sizes in numbers, both gradients."""
    for field in ("kernel", "image", "grad_output"):
        grid: Grid | None = getattr(given, field)
        if grid is not None:
            grid.refuse(RESERVED, field)
    draft = Draft("l")
    height, width = (_along(draft, given, axis) for axis in (0, 1))
    upstream = _upstream(given, height, width)
    _rules(draft, given, height, width)
    if None in (height.output.value, width.output.value) or upstream is None:
        return draft.done(["rule", "rule_kernel"])
    ask = ["rule", "rule_kernel"]
    g = upstream.enter(draft, "grad_output", symbol="g")
    if given.kernel.entries is not None:
        _input_gradient(draft, given.kernel.enter(draft, "kernel", symbol="w"), g, height, width)
        ask.append("grad_input")
    if given.image.entries is not None:
        _kernel_gradient(draft, given.image.enter(draft, "image", symbol="I"), g, height, width)
        ask.append("grad_kernel")
    return draft.done(ask)


def _along(draft: Draft, given: Given, axis: int) -> Along:
    """The sizes along one axis; stride 1 and padding 0 are not spoken of."""
    ending = ("height", "width")[axis]
    sizes: dict[str, window.Size] = {"dilation": window.Size(const(1), 1)}
    for role, value, sign in (
        ("input", given.image.shape[axis], "HW"[axis]),
        ("kernel", given.kernel.shape[axis], "MN"[axis]),
    ):
        ref = draft.given(f"{role}_{ending}", value, symbol=sign)
        sizes[role] = window.Size(ref, None if isinstance(value, Expr) else value)
    for role, pair, usual in (("stride", given.stride, 1), ("padding", given.padding, 0)):
        label = role if pair[0] == pair[1] else f"{role}_{ending}"
        sign = role[0] if pair[0] == pair[1] else f"{role[0]}_{ending[0]}"
        if pair[axis] == usual:
            ref = const(usual)
        else:
            ref = name(label) if label in draft else draft.given(label, pair[axis], symbol=sign)
        sizes[role] = window.Size(ref, pair[axis])
    label = f"output_{ending}"
    return Along(sizes, window.output(draft, label, sizes, symbol=f"{'HW'[axis]}_prime"))


def _upstream(given: Given, height: Along, width: Along) -> Grid | None:
    """g, whose shape has to be the output's; None where the sizes are letters."""
    rows, columns = height.output.value, width.output.value
    if rows is None or columns is None:
        return None
    if given.grad_output is None:
        return letters("g", (rows, columns)) if rows * columns <= MOST_LETTERS else None
    if given.grad_output.entries is None or given.grad_output.shape != (rows, columns):
        found = " × ".join(map(str, given.grad_output.shape))
        raise InputError(f"found {found}", accepted=f"{rows} × {columns}, as the output").at(
            field="grad_output"
        )
    return given.grad_output


def _rules(draft: Draft, given: Given, height: Along, width: Along) -> None:
    """∂l/∂I at row x and column y, and ∂l/∂w at row i and column j, as sums over the output."""
    w = draft.letter("w", _letter_shape(given.kernel.shape, "MN"))
    image = draft.letter("I", _letter_shape(given.image.shape, "HW"))
    g = draft.letter("g", _letter_shape((1, 1), "UV"))
    x, y, i, j = (draft.letter(label, integer=True) for label in "xyij")
    if all(along.sizes["stride"].value == 1 for along in (height, width)):
        rows, columns = (_back(at, along, index) for at, along, index in ((x, height, "i"), (y, width, "j")))
        body = apply("entry", w, "i", "j") * apply("entry", g, rows, columns)
        inner = summation(body, "j", 1, width.ref("kernel"))
        total = summation(inner, "i", 1, height.ref("kernel"))
        note = (
            "I_xy enters the output at (x - i + 1, y - j + 1) with the weight w_ij; g = ∂l/∂O, and 0 outside"
        )
    else:
        rows, columns = (_under(at, along, index) for at, along, index in ((x, height, "a"), (y, width, "b")))
        body = apply("entry", g, "a", "b") * apply("entry", w, rows, columns)
        inner = summation(body, "b", 1, width.output.ref)
        total = summation(inner, "a", 1, height.output.ref)
        note = "the output at (a, b) sees I_xy under that weight; g = ∂l/∂O, and w is 0 outside"
    draft.step("rule", total, symbol="dl_dI_x_y", note=note, source=SOURCE)
    seen = (_moved(along, index, at) for along, index, at in ((height, "a", i), (width, "b", j)))
    body = apply("entry", g, "a", "b") * apply("entry", image, *seen)
    inner = summation(body, "b", 1, width.output.ref)
    total = summation(inner, "a", 1, height.output.ref)
    note = "w_ij meets this entry of the image at the output (a, b); zeros around the image count as such"
    draft.step("rule_kernel", total, symbol="dl_dw_i_j", note=note, source=SOURCE)


def _letter_shape(shape: Sequence[int | Expr], signs: str) -> tuple[Any, ...]:
    """Letters for sizes, in which a rule holds whatever the numbers are."""
    pairs = zip(shape, signs, strict=True)
    return tuple(dimension(size if isinstance(size, Expr) else name(sign)) for size, sign in pairs)


def _back(at: Expr, along: Along, index: str) -> Expr:
    """x + p - i + 1: where the window begins that has entry i on x."""
    padding = along.sizes["padding"]
    return (at + padding.ref if padding.value else at) - name(index) + 1


def _under(at: Expr, along: Along, index: str) -> Expr:
    """x + p - s(a - 1): the entry of window a that lies on x."""
    padding = along.sizes["padding"]
    return (at + padding.ref if padding.value else at) - _start(along, index)


def _moved(along: Along, index: str, at: Expr) -> Expr:
    """s(a - 1) + i - p: the place of entry i of window a."""
    padding = along.sizes["padding"]
    place = _start(along, index) + at
    return place - padding.ref if padding.value else place


def _start(along: Along, index: str) -> Expr:
    stride = along.sizes["stride"]
    return name(index) - 1 if stride.value == 1 else stride.ref * (name(index) - 1)


def _input_gradient(draft: Draft, w: Expr, g: Expr, height: Along, width: Along) -> None:
    """The turned kernel slid over the gradient, with zeros between (stride) and around."""
    both = (height, width)
    spread_out = tuple((along.number("output") - 1) * along.number("stride") + 1 for along in both)
    if any(along.number("stride") > 1 for along in both):
        index = tuple(
            slice(0, size, along.number("stride")) for size, along in zip(spread_out, both, strict=True)
        )
        note = "the stride leaves zeros between the entries"
        g = draft.step("spread", apply("put", g, shape=spread_out, index=index), symbol="g_spread", note=note)
    before = [along.number("kernel") - 1 - along.number("padding") for along in both]
    after = [width_ + along.left_over for width_, along in zip(before, both, strict=True)]
    cut = [max(0, -width_) for width_ in before]  # padding beyond the kernel: zeros that nothing else sees
    widths = tuple((max(0, b), max(0, a)) for b, a in zip(before, after, strict=True))
    if any(map(any, widths)):
        note = "zeros around, so that every entry of the image is reached"
        g = draft.step("padded", apply("pad", g, widths=widths, value=0), symbol="g_padded", note=note)
    turned = draft.step("turned", apply("rotate_180", w), symbol="w_turned", note="the kernel turned by 180°")
    size = (height.number("kernel"), width.number("kernel"))
    formula = convolution.correlation(g, turned, size)
    if any(cut) or any(a < 0 for a in after):
        formula = formula[
            tuple(slice(start, start + along.number("input")) for start, along in zip(cut, both, strict=True))
        ]
    draft.step("grad_input", formula, symbol="grad_I", source=SOURCE)


def _kernel_gradient(draft: Draft, image: Expr, g: Expr, height: Along, width: Along) -> None:
    """The gradient slid over the padded image, its entries as far apart as the stride."""
    both = (height, width)
    stride = (height.number("stride"), width.number("stride"))
    padding = (height.number("padding"), width.number("padding"))
    size = (height.number("output"), width.number("output"))
    formula = convolution.correlation(image, g, size, padding=padding, dilation=stride)
    if any(along.left_over for along in both):
        formula = formula[tuple(slice(0, along.number("kernel")) for along in both)]
    note = "the gradient slid over the image" + (", its entries a stride apart" if max(stride) > 1 else "")
    draft.step("grad_kernel", formula, symbol="grad_w", note=note, source=SOURCE)


def vary(random: Random) -> dict[str, Any]:
    """Small sizes in numbers and letters, strides, paddings; or sizes in letters."""
    given: dict[str, Any] = {
        "stride": random.choice((1, 1, 2, [1, 2], 3)),
        "padding": random.choice((0, 0, 1, [0, 2])),
    }
    if random.random() < 0.15:
        return {**given, "kernel": {"letters": "w", "shape": ["M", "N"]}, "image": ["H", "W"]}
    side, kernel = [random.randint(4, 7) for _ in range(2)], [random.randint(1, 3) for _ in range(2)]
    strides, paddings = (spread(tuple(v) if isinstance(v, list) else v, 2) for v in given.values())
    output = [(n + 2 * p - k) // s + 1 for n, k, s, p in zip(side, kernel, strides, paddings, strict=True)]

    def rows(shape: list[int], letter: str, *, sizes: bool = False) -> Any:
        if random.random() < 0.25:
            return shape if sizes else {"letters": letter, "shape": shape}
        return [[f"{random.randint(-20, 20) / 10:.1f}" for _ in range(shape[1])] for _ in range(shape[0])]

    return {
        **given,
        "kernel": rows(kernel, "w"),
        "image": rows(side, "I", sizes=random.random() < 0.7),
        "grad_output": rows(output, "g"),
    }


QUESTION = Question(
    title="Gradients of a convolution",
    given=Given,
    work=work,
    vary=vary,
    example={
        "kernel": {"letters": "w", "shape": [3, 3]},
        "image": [5, 5],
        "grad_output": {"letters": "g", "shape": [3, 3]},
        "stride": 1,
        "padding": 0,
    },
)
