"""The layers of a network: what each does to the volume, its parameters, its operations, its receptive field.

Counted are the multiply-accumulate operations (MACs) of convolutions and dense layers, and floating-point
operations (FLOPs) by the convention that the question states. Element-wise work counts only where that is
asked for: one operation an entry for an activation (3 for a softmax, less one), F² - 1 comparisons an output
for max pooling, F² - 1 additions and a division for average pooling, 2 an entry for batch normalisation with
fixed statistics, none for dropout.

Sources: Dumoulin & Visin (2016), chapters 2-5; Sze, Chen, Yang & Emer, Proceedings of the IEEE 105 (2017);
Araujo, Norris & Sim, Computing receptive fields of convolutional neural networks (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from workings.algebra.expression import Expr, chain_sum, const, name, stack
from workings.errors import InputError
from workings.rules import convolution as rule
from workings.rules import dense as neuron
from workings.rules.axes import AXES
from workings.rules.convolution import product
from workings.rules.network import ONE, Network, Slid, Volume, Window
from workings.rules.weights import (
    Weights,
    check_groups,
    count_of,
    depth_of,
    groups_of,
    outputs_of,
    unknown_depth,
    whole_product,
)
from workings.rules.window import Size

FIELD_SOURCE: Final = (
    "Araujo, Norris & Sim, Computing receptive fields of convolutional neural networks (2019)"
)
ZERO: Final = const(0)


# --- layers with weights ----------------------------------------------------------------------------------


def convolution(net: Network, weights: Weights, over: Window, stated: Sequence[Any] = ()) -> None:
    """n filters that slide over all channels of their group; `stated` is the output, channels first."""
    slid = net.slide(over, stated[1:])
    spans = slid.spans()
    area = Size(product(spans or []), whole_product([each.value if each else None for each in slid.kernel]))
    depth = depth_of(net, weights, area)
    filters = outputs_of(
        net, weights, "filters", stated, Size(depth.ref * area.ref, whole_product([depth.value, area.value]))
    )
    check_groups("filters", filters, weights.groups)
    _weigh(net, filters, depth, slid, weights.parameters, bias=weights.bias)


def _weigh(net: Network, filters: Size, depth: Size, slid: Slid, stated: int | None, *, bias: bool) -> None:
    """The quantities of a convolution."""
    net.volume = Volume(filters, slid.sides)
    size(net)
    spans, outputs = slid.spans(), net.volume.extents()
    if spans is None:
        leave_open(net)
    else:
        area = whole_product([each.value if each else None for each in slid.kernel])
        value = count_of(filters.value, whole_product([depth.value, area]), bias=bias)
        parameters(net, rule.parameters(filters.ref, depth.ref, spans, bias=bias), stated, value)
        inner = spans if depth is ONE else [depth.ref, *spans]
        operations(net, product([*inner, *outputs]) if outputs else None, outputs, bias=bias)
    receptive_field(net, slid)


def depthwise(net: Network, multiplier: int, over: Window, stated: Sequence[Any] = (), *, bias: bool) -> None:
    """`multiplier` filters of depth 1 for every channel."""
    channels = net.volume.channels
    if channels is None:
        raise InputError("the channels of the input are ?", accepted="a number or a letter").at(field="input")
    slid = net.slide(over, stated[1:])
    value = None if channels.value is None else channels.value * multiplier
    note = "one filter a channel" if multiplier == 1 else "the same number of filters for every channel"
    net.step("filters", channels.ref if multiplier == 1 else multiplier * channels.ref, "n", note=note)
    _weigh(net, net.keep(net.at("filters"), net.at("n"), value), ONE, slid, None, bias=bias)


def dense(net: Network, weights: Weights, stated: Sequence[Any] = ()) -> None:
    """Neurons that read every entry; a volume is unrolled first."""
    if net.volume.sides:
        entries = _entries(net)
        label, sign = net.at("inputs"), net.at("m")
        net.step("inputs", entries.ref, "m", note="the volume is unrolled into a vector")
        net.volume = Volume(net.keep(label, sign, entries.value))
    net.field = None
    inputs = net.volume.channels or unknown_depth(net, weights, "inputs", ONE)
    neurons = outputs_of(net, weights, "neurons", stated, inputs)
    net.volume = Volume(neurons)
    size(net)
    value = count_of(neurons.value, inputs.value, bias=weights.bias)
    parameters(net, neuron.parameters(inputs.ref, neurons.ref, bias=weights.bias), weights.parameters, value)
    operations(net, inputs.ref * neurons.ref, [neurons.ref], bias=weights.bias)


def transposed_convolution(net: Network, weights: Weights, over: Window, extra: int = 0) -> None:
    """A convolution backwards: sides of (N - 1)S - 2P + D(F - 1) + 1 + `extra`.

    Every entry of the input is multiplied by the whole of each filter, so its MACs count the input's entries.
    """
    if net.volume.channels is None or None in net.volume.sides:
        raise InputError(
            "a transposed convolution of an input with ?", accepted="an input in numbers or letters"
        )
    inputs = net.volume.extents() or []
    channels, groups = net.volume.channels, groups_of(net, weights)
    check_groups("channels", channels, weights.groups)
    filters = net.given(net.at("filters"), weights.outputs, net.at("n"))
    check_groups("filters", filters, weights.groups)
    slid = net.grow(over, extra)
    spans = slid.spans() or []
    net.volume = Volume(filters, slid.sides)
    size(net)
    each = filters.ref if groups is ONE else filters.ref / groups.ref
    formula = product([channels.ref, *spans]) * each
    parameters(net, formula + filters.ref if weights.bias else formula)
    outputs = net.volume.extents()
    operations(net, product([*inputs, *spans]) * each, outputs, bias=weights.bias, scattered=True)
    net.field = None


# --- layers without weights -------------------------------------------------------------------------------


def pool(net: Network, over: Window, kind: str, stated: Sequence[Any] = ()) -> None:
    """Max or average pooling of every channel for itself."""
    slid = net.slide(over, stated[1:])
    net.volume = Volume(net.volume.channels, slid.sides)
    size(net)
    parameters(net, ZERO)
    spans, outputs = slid.spans(), net.volume.extents()
    each = None if spans is None else product(spans) - 1 if kind == "max_pool" else product(spans)
    elementwise(net, each, outputs)
    receptive_field(net, slid)


def global_pool(net: Network) -> None:
    """The mean of every channel: a vector."""
    if not net.volume.sides:
        raise InputError("global pooling of a vector", accepted="a volume with channels and sides")
    before = net.volume.extents()
    net.volume, net.field = Volume(net.volume.channels), None
    size(net)
    parameters(net, ZERO)
    elementwise(net, ONE.ref, before)


def flatten(net: Network) -> None:
    """All entries in one vector."""
    entries = _entries(net)
    net.answer("size", entries.ref)
    net.volume = Volume(net.keep(net.at("size"), net.at("size"), entries.value))
    net.field = None
    parameters(net, ZERO)
    elementwise(net, ZERO, [])


def batch_norm(net: Network, *, affine: bool) -> None:
    """A scale and a shift a channel; running statistics are not learned."""
    size(net)
    channels = net.volume.channels
    if channels is None:
        leave_open(net)
        return
    parameters(
        net, 2 * channels.ref if affine else ZERO, note="a scale and a shift a channel" if affine else ""
    )
    elementwise(net, const(2), net.volume.extents())


def activation(net: Network, kind: str) -> None:
    """An element-wise function, or a softmax of a vector."""
    size(net)
    parameters(net, ZERO)
    extents = net.volume.extents()
    if kind == "softmax" and extents:
        operations(net, ZERO, None, flops=3 * product(extents) - 1 if net.elementwise else ZERO)
    else:
        elementwise(net, ZERO if kind == "dropout" else ONE.ref, extents)


def _entries(net: Network) -> Size:
    """C · H · W."""
    extents = net.volume.extents()
    if extents is None:
        raise InputError("a volume with an unknown size is unrolled", accepted="sizes that have one value")
    values = [each.value if each else None for each in (net.volume.channels, *net.volume.sides)]
    return Size(product(extents), whole_product(values))


# --- quantities of a layer --------------------------------------------------------------------------------


def size(net: Network, note: str = "") -> None:
    """size_l: channels and sides, or the length of a vector."""
    extents = net.volume.extents()
    if extents is not None:
        net.answer("size", stack(extents) if len(extents) > 1 else extents[0], note=note)


def parameters(
    net: Network, formula: Expr, stated: int | None = None, value: int | None = None, *, note: str = ""
) -> None:
    """parameters_l, which must be what the question states."""
    if stated is not None and value is not None and stated != value:
        problem = f"{stated} parameters, where {value} come out"
        raise InputError(problem, accepted=f"{value}, or ? for one of the sizes").at(field="parameters")
    label = net.at("parameters")
    if label in net.draft:  # a size was found from it
        _add(net, "parameters", name(label))
        return
    _add(net, "parameters", net.answer("parameters", formula, note=note), formula)


def operations(
    net: Network,
    macs: Expr | None,
    outputs: Sequence[Expr] | None,
    *,
    bias: bool = True,
    scattered: bool = False,
    flops: Expr | None = None,
) -> None:
    """macs_l and flops_l; None where a size that they need has no single value."""
    if macs is None:
        leave_open(net, ("macs", "flops"))
        return
    found = net.answer("macs", macs, source=rule.COUNT_SOURCE if macs is not ZERO else "")
    _add(net, "macs", found, macs)
    if flops is None:
        flops = rule.flops(found, product(outputs or []), net.count, bias=bias or scattered)
        if scattered and bias and net.count != "flops":
            flops = flops + product(outputs or [])
    _add(net, "flops", net.answer("flops", flops), flops)


def elementwise(net: Network, each: Expr | None, outputs: Sequence[Expr] | None) -> None:
    """No MACs, and `each` operation an output where element-wise work counts."""
    if not net.elementwise or each is ZERO:
        operations(net, ZERO, None, flops=ZERO)
    elif each is None or outputs is None:
        leave_open(net, ("macs", "flops"))
    else:
        operations(net, ZERO, None, flops=product(outputs) if each is ONE.ref else each * product(outputs))


def leave_open(net: Network, totals: Sequence[str] = ("parameters", "macs", "flops")) -> None:
    """Totals that cannot be given, since a size has several solutions."""
    for total in totals:
        net.totals[total] = None


def _add(net: Network, total: str, ref: Expr, formula: Expr | None = None) -> None:
    parts = net.totals[total]
    if parts is not None and formula is not ZERO:
        parts.append(ref)


def receptive_field(net: Network, slid: Slid) -> None:
    """R_l = R_{l-1} + D_l (F_l - 1) J_{l-1} and J_l = J_{l-1} S_l along each axis."""
    if net.field is None or None in (*slid.kernel, *slid.stride, *slid.dilation):
        net.field = None
        return
    square = len({id(part) for part in slid.kernel}) == len({id(part) for part in slid.stride}) == 1
    square = square and len({id(field) for field, _ in net.field}) == 1
    ends = ("",) if square or len(slid.kernel) == 1 else AXES[len(slid.kernel)]
    grown: list[tuple[Expr, Expr]] = []
    for end, (field, jump), kernel, stride, dilation in zip(
        ends, net.field, slid.kernel, slid.stride, slid.dilation, strict=False
    ):
        if kernel is None or stride is None or dilation is None:
            continue
        step = kernel.ref - 1 if dilation is ONE else dilation.ref * (kernel.ref - 1)
        wider = field + (step if jump.op == "const" else step * jump)
        further = stride.ref if jump.op == "const" else jump * stride.ref
        label = f"{net.at('receptive_field')}{end}"
        seen = net.draft.step(label, wider, symbol=f"{net.at('R')}{end}", source=FIELD_SOURCE)
        grown.append((seen, net.draft.step(f"{net.at('jump')}{end}", further, symbol=f"{net.at('J')}{end}")))
    net.field = grown * len(slid.kernel) if len(ends) == 1 else grown
    if len(ends) > 1:
        net.step("receptive_field", stack([field for field, _ in grown]), "R")
    net.ask.append(net.at("receptive_field"))


def finish(net: Network) -> None:
    """The totals over all layers."""
    for label, total in (("total", "parameters"), ("total_macs", "macs"), ("total_flops", "flops")):
        parts = net.totals[total]
        if parts is not None:
            net.draft.step(label, chain_sum(parts) if parts else ZERO)
            net.ask.append(label)
