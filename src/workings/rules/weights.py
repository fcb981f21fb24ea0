"""Filters and neurons of a layer: how many, how deep, and either of them from the number of parameters.

n filters of depth d and F × F entries have n(d·F² + 1) parameters, n·d·F² without biases; so each of n and d
follows from the other and the count. A dense layer is the same with F = 1 and its inputs as depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workings.algebra.expression import Expr
from workings.errors import InputError
from workings.rules.network import ONE, Network
from workings.rules.window import Size


@dataclass(frozen=True, slots=True)
class Weights:
    """What a layer with weights is given; None where it is unknown or not stated.

    Parameters
    ----------
    outputs: the number of filters or neurons.
    depth: the channels that one filter reads.
    parameters: the number of parameters.
    """

    outputs: Any
    groups: Any = 1
    depth: Any = None
    bias: bool = True
    parameters: int | None = None


def groups_of(net: Network, weights: Weights) -> Size:
    """The groups, as a given where there are several."""
    return ONE if weights.groups == 1 else net.given(net.at("groups"), weights.groups, net.at("g"))


def check_groups(what: str, number: Size, groups: Any) -> None:
    """Refuse channels or filters that do not fall into equal groups."""
    if isinstance(groups, int) and number.value is not None and number.value % groups:
        raise InputError(
            f"{number.value} {what} in {groups} groups", accepted=f"a divisor of {number.value}"
        ).at(field="groups")


def depth_of(net: Network, weights: Weights, area: Size) -> Size:
    """d: the channels that one filter reads."""
    groups = groups_of(net, weights)
    channels = net.volume.channels
    if channels is None:
        return unknown_depth(net, weights, "depth", area, groups)
    check_groups("channels", channels, weights.groups)
    value = channels.value // weights.groups if channels.value and isinstance(weights.groups, int) else None
    if isinstance(weights.depth, int) and value is not None and weights.depth != value:
        raise InputError(f"a depth of {weights.depth} on {channels.value} channels", accepted=str(value)).at(
            field="depth"
        )
    formula = channels.ref if groups is ONE else channels.ref / groups.ref
    net.step("depth", formula, "d", note="a filter is as deep as the channels that it reads")
    net.found.append(net.at("depth"))
    return net.keep(net.at("depth"), net.at("d"), value)


def unknown_depth(net: Network, weights: Weights, what: str, area: Size, groups: Size = ONE) -> Size:
    """The depth or the inputs of a layer as stated, or from its number of parameters.

    They make known what the network's input left open.
    """
    sign = "d" if what == "depth" else "m"
    if weights.depth is not None:
        found = net.given(net.at(what), weights.depth, net.at(sign))
    elif weights.parameters is not None and weights.outputs is not None:
        outputs = net.given(net.at("filters" if what == "depth" else "neurons"), weights.outputs, net.at("n"))
        each = _stated_parameters(net, weights) / outputs.ref
        each = each - 1 if weights.bias else each

        def count(channels: int) -> int | None:
            return count_of(outputs.value, whole_product([channels, area.value]), bias=weights.bias)

        formula = each if area is ONE else each / area.ref
        found = _from_parameters(net, (what, sign), formula, count, weights.parameters)
    else:
        accepted = f"the {what} of this layer, or its number of parameters"
        raise InputError("the channels of the input are ?", accepted=accepted).at(field=what)
    label, input_sign = ("channels_0", "C_0") if net.volume.sides else ("size_0", "n_0")
    if label not in net.draft:
        net.draft.step(label, found.ref if groups is ONE else found.ref * groups.ref, symbol=input_sign)
        net.found.append(label)
    return found


def outputs_of(net: Network, weights: Weights, what: str, stated: Sequence[Any], inner: Size) -> Size:
    """n: the number of filters or neurons, each with `inner` weights: as given, or found."""
    label, sign = net.at(what), net.at("n")
    channels = stated[0] if stated else None
    if weights.outputs is not None:
        found = net.given(label, weights.outputs, sign)
        if isinstance(channels, int) and found.value is not None and channels != found.value:
            problem = f"an output of {channels} channels from {found.value} {what}"
            raise InputError(problem, accepted=f"{found.value}").at(field="output")
        return found
    if channels is not None:
        made = net.given(net.at("channels"), channels, net.at("C"))
        note = "one filter a channel of the output" if what == "filters" else "one neuron an output"
        net.step(what, made.ref, "n", note=note)
        net.found.append(label)
        return net.keep(label, sign, made.value)
    if weights.parameters is None:
        problem = f"the {what} of layer {net.layer} are ?"
        raise InputError(problem, accepted="the output of this layer, or its number of parameters").at(
            field=what
        )

    def count(outputs: int) -> int | None:
        return count_of(outputs, inner.value, bias=weights.bias)

    each = inner.ref + 1 if weights.bias else inner.ref
    return _from_parameters(
        net, (what, "n"), _stated_parameters(net, weights) / each, count, weights.parameters
    )


def _stated_parameters(net: Network, weights: Weights) -> Expr:
    label = net.at("parameters")
    return net.given(label, weights.parameters, label).ref


def _from_parameters(
    net: Network, label: tuple[str, str], formula: Expr, count: Callable[[int], int | None], wanted: int
) -> Size:
    """The whole number that leads to the stated number of parameters, which grows with it in equal steps.

    `label` is its name and its sign.
    """
    what, sign = label
    start, after = count(0), count(1)
    value = None
    if start is not None and after is not None:
        value, rest = divmod(wanted - start, after - start)
        if rest or value < 1:
            near = [f"{count(number)} (with {what} {number})" for number in (value, value + 1) if number >= 1]
            raise InputError(f"no {what} gives {wanted} parameters", accepted=" or ".join(near)).at(
                field="parameters"
            )
    net.step(what, formula, sign)
    net.found.append(net.at(what))
    return net.keep(net.at(what), net.at(sign), value)


def count_of(outputs: int | None, inner: int | None, *, bias: bool) -> int | None:
    """The number of parameters of `outputs` filters or neurons with `inner` weights each."""
    return None if outputs is None or inner is None else outputs * (inner + bias)


def whole_product(factors: Sequence[int | None]) -> int | None:
    """A product of whole numbers, None where one is not known."""
    result = 1
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result
