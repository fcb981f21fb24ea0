"""A convolution replaced by a depthwise and a pointwise one: filters, operations, ratio of the two."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from workings.algebra.expression import Expr, const, name, stack
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Question, Size, Size0, Unknown, UnknownSize
from workings.rules import window
from workings.rules.axes import volume_of
from workings.rules.convolution import product
from workings.rules.window import positions
from workings.working import Draft, Working

Volume = Annotated[Any, BeforeValidator(volume_of(UnknownSize))]
Count = Literal["flops", "macs", "flops_without_first_add"]

SOURCE: Final = "Howard et al., MobileNets (2017), §3.1"


class Given(Givens):
    """A standard convolution from one volume to another, which a separable one is to replace."""

    input: Volume = Field(description="the input volume (D, H, W): numbers or letters; sides may be ?")
    output: Volume = Field(description="the output volume (D, H, W); sides that are ? are worked out")
    kernel: Size = Field(description="F, the side of the kernel")
    stride: Size = Field(default=1, description="S, the stride")
    padding: Size0 = Field(default=0, description="P, the padding on each side")
    count: Count = Field(
        default="flops",
        description="flops: two operations for a multiplication and its addition; macs: one;"
        " flops_without_first_add: n products take n - 1 additions, and a bias one more",
    )
    bias: bool = Field(default=False, description="whether the filters have biases")


def work(given: Given) -> Working:
    """Filters and their sizes, the operations of both ways, and their ratio."""
    for field in ("input", "output"):
        if len(getattr(given, field)) != 3:
            raise InputError(
                f"found {len(getattr(given, field))} sizes", accepted="channels, height and width"
            ).at(field=field)
    draft = Draft()
    depth = _channels(draft, given, "input", "1")
    filters = _channels(draft, given, "output", "2")
    F = draft.given("kernel", given.kernel, symbol="F")
    sides = [_side(draft, given, axis) for axis in (1, 2)]
    draft.step("depthwise_filters", depth, note="one filter a channel of the input", source=SOURCE)
    draft.step("depthwise_size", stack([1, F, F]), note="each sees its own channel only")
    draft.step("pointwise_filters", filters, note="one filter a channel of the output", source=SOURCE)
    draft.step("pointwise_size", stack([depth, 1, 1]), note="each mixes all channels at one position")
    for label, products, outputs in (
        ("standard", [depth, F, F], [filters, *sides]),
        ("depthwise", [F, F], [depth, *sides]),
        ("pointwise", [depth], [filters, *sides]),
    ):
        note = NOTES[given.count] if label == "standard" else ""
        draft.step(label, _operations(given, products) * product(outputs), note=note, source=SOURCE)
    standard, depthwise, pointwise = name("standard"), name("depthwise"), name("pointwise")
    separable = draft.step("separable", depthwise + pointwise)
    letters = any(isinstance(size, Expr) for size in (*given.input, *given.output, given.kernel))
    if letters:  # one fraction each, which shows what is left of them
        draft.step("ratio", depthwise / standard + pointwise / standard)
    else:
        draft.step("ratio", separable / standard)
    if given.count != "flops_without_first_add" or given.bias:
        draft.step(
            "ratio_in_short", 1 / filters + 1 / F**2, note="what is left when the fractions are cut down"
        )
    return draft.done(ASKED)


ASKED: Final = (
    *("depthwise_filters", "depthwise_size", "pointwise_filters", "pointwise_size"),
    *("standard", "depthwise", "pointwise", "separable", "ratio"),
)
NOTES: Final = {
    "flops": "a multiplication and an addition for each weight, at each output",
    "macs": "a multiplication with its addition for each weight, at each output",
    "flops_without_first_add": "n products of an output take n - 1 additions",
}


def _operations(given: Given, products: list[Expr]) -> Expr:
    """The operations of one output, which sums the products."""
    if given.count == "macs":
        return product(products)
    doubled = 2 * product(products)
    return doubled if given.count == "flops" or given.bias else doubled - 1


def _channels(draft: Draft, given: Given, field: Literal["input", "output"], end: str) -> Expr:
    channels = getattr(given, field)[0]
    if isinstance(channels, Unknown):
        raise InputError("found ?", accepted="a number of channels or a letter").at(field=f"{field}[0]")
    return draft.given(f"{field}_channels", channels, symbol=f"D_{end}")


def _side(draft: Draft, given: Given, axis: int) -> Expr:
    """A side of the output: as given, or from the input's; given as numbers, the two have to agree."""
    label, letter = (("height", "H"), ("width", "W"))[axis - 1]
    before, after = given.input[axis], given.output[axis]
    if not isinstance(after, Unknown):
        _check(given, axis)
        return draft.given(label, after, symbol=f"{letter}_2")
    if isinstance(before, Unknown):
        raise InputError("found ? here and in the input", accepted="one of the two").at(
            field=f"output[{axis}]"
        )
    values = {"input": before, "kernel": given.kernel, "stride": given.stride, "padding": given.padding}
    labels = {
        "input": (f"input_{label}", f"{letter}_1"),
        "stride": ("stride", "S"),
        "padding": ("padding", "P"),
    }
    sizes = {"dilation": window.Size(const(1), 1)}
    for role, value in values.items():
        own, sign = labels.get(role, (role, None))
        ref = name(own) if own in draft else draft.given(own, value, symbol=sign)
        sizes[role] = window.Size(ref, None if isinstance(value, Expr) else value)
    return window.output(draft, label, sizes, symbol=f"{letter}_2").ref


def _check(given: Given, axis: int) -> None:
    """Refuse an output that the input does not lead to."""
    sizes: tuple[Any, ...] = (given.input[axis], given.kernel, given.stride, given.padding)
    if any(isinstance(size, (Expr, Unknown)) for size in (*sizes, given.output[axis])):
        return
    side, kernel, stride, padding = sizes
    found = positions({"input": side, "kernel": kernel, "stride": stride, "padding": padding, "dilation": 1})
    if found != given.output[axis]:
        accepted = f"{found}, or ? to have it worked out" if found else "a kernel that fits on the input"
        raise InputError(f"{given.output[axis]} from an input of {given.input[axis]}", accepted=accepted).at(
            field=f"output[{axis}]"
        )


def vary(random: Random) -> dict[str, Any]:
    """Volumes that fit each other, sides worked out now and then, or letters."""
    chosen = {
        "count": random.choice(("flops", "macs", "flops_without_first_add")),
        "bias": random.random() < 0.4,
    }
    if random.random() < 0.2:
        volumes = {"input": ["A", "H", "W"], "output": random.choice((["B", "U", "V"], ["B", "?", "?"]))}
        return {
            **volumes,
            "kernel": "F",
            "stride": random.choice((1, "S")),
            "padding": random.choice((0, "P")),
            **chosen,
        }
    kernel, stride, padding = random.choice((1, 3, 5, 7)), random.choice((1, 1, 2)), random.choice((0, 1, 2))
    sides = [random.randint(8, 60) for _ in range(2)]
    at = {"kernel": kernel, "stride": stride, "padding": padding}
    after = [positions({"input": side, **at, "dilation": 1}) for side in sides]
    hidden = random.random()
    return {
        "input": [random.randint(1, 32), *(("?", "?") if hidden < 0.15 else sides)],
        "output": [random.randint(1, 64), *(("?", "?") if hidden > 0.7 else after)],
        **at,
        **chosen,
    }


QUESTION = Question(
    title="Depthwise separable convolution",
    given=Given,
    work=work,
    vary=vary,
    example={
        "input": [12, 55, 55],
        "output": [6, 49, 49],
        "kernel": 7,
        "stride": 1,
        "padding": 0,
        "count": "flops",
        "bias": False,
    },
    conventions=("count",),
)
