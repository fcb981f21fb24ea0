"""A convolutional network layer by layer: sizes, parameters, operations, receptive fields, unknown sizes."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Question
from workings.questions._layers import ACTIVATIONS, LAYERS, Volume, known, read_layer
from workings.rules import layers as rule
from workings.rules.convolution import Convention
from workings.rules.network import Network
from workings.rules.window import positions
from workings.working import Draft, Working

MOST_LAYERS: Final = 1000


class Given(Givens):
    """A network: its input and its layers, first to last. Any size may be ?, where the outputs tell it."""

    input: Volume = Field(description="channels, then sides (C, H, W); a number for a vector; letters or ?")
    layers: list[Annotated[Any, BeforeValidator(read_layer)]] = Field(
        description="the layers, each {kind: {field: value}}: " + ", ".join((*LAYERS, *ACTIVATIONS)),
        min_length=1,
        max_length=MOST_LAYERS,
    )
    bias: bool = Field(default=True, description="whether convolutions and dense layers have biases")
    count: Convention = Field(
        default="flops",
        description="flops: two operations a MAC; flops_without_first_add: one addition fewer an output",
    )
    elementwise: bool = Field(
        default=False, description="whether FLOPs hold pooling, activations and the like"
    )


def work(given: Given) -> Working:
    """Size, parameters, MACs, FLOPs and receptive field of each layer; then the totals."""
    net = Network(Draft(), count=given.count, elementwise=given.elementwise)
    net.begin(known(given.input))
    for index, layer in enumerate(given.layers):
        net.layer = index + 1
        try:
            layer.add(net, bias=given.bias)
        except InputError as error:
            raise error.at(field=f"layers[{index}]") from None
    rule.finish(net)
    return net.draft.done([*net.found, *net.ask])


# --- variants ---------------------------------------------------------------------------------------------


def vary(random: Random) -> dict[str, Any]:
    """Convolutions, pooling and a dense end; often one size hidden, sometimes letters."""
    count = random.choice(("flops", "flops_without_first_add"))
    chosen = {"bias": random.random() < 0.7, "count": count, "elementwise": random.random() < 0.3}
    if random.random() < 0.15:
        return {**random.choice(LETTERED), **chosen}
    axes = random.choice((1, 2, 2, 2, 2))
    volume = [random.randint(1, 4), *[random.randint(14, 33)] * axes]
    if axes == 2 and random.random() < 0.3:
        volume[2] += random.randint(1, 9)
    given: dict[str, Any] = {"input": list(volume), "layers": []}
    for _ in range(random.randint(1, 3)):
        given["layers"] += _block(random, volume)
    if random.random() < 0.2:
        given["layers"].append(
            {"transposed_conv": {"filters": 2, "kernel": 3, "stride": 2, "output_padding": 1}}
        )
    given["layers"] += random.choice(ENDS)
    _hide(random, given)
    return {**given, **chosen}


def _block(random: Random, volume: list[int]) -> list[Any]:
    """A convolution and what follows it; `volume` becomes the output."""
    at = {
        "kernel": random.choice((1, 2, 3, 3, 5)),
        "stride": random.choice((1, 1, 2)),
        "padding": random.choice((0, 1, 2)),
        "dilation": random.choice((1, 1, 1, 2)),
    }
    kind = random.choice(("conv", "conv", "conv", "depthwise", "pointwise"))
    if kind == "pointwise":
        at = {"kernel": 1, "stride": random.choice((1, 2)), "padding": 0, "dilation": 1}
    sides = [positions({"input": side, **at}) for side in volume[1:]]
    if min(sides) < 4:
        return ["relu"]
    filters = random.randint(1, 3) * volume[0]
    fields: dict[str, Any] = {**at, "filters": filters}
    if kind == "depthwise":
        filters = volume[0] * 2
        fields = {**at, "multiplier": 2}
    elif kind == "pointwise":
        fields = {"filters": filters, "stride": at["stride"]}
    elif random.random() < 0.2:
        fields["groups"] = volume[0]
    if kind == "conv" and random.random() < 0.2:
        fields |= {"kernel": 3, "padding": "same", "stride": 1}
        sides = volume[1:]
    volume[:] = [filters, *sides]
    after = random.choice(((), ("relu",), ("batch_norm", {"kind": "activation", "function": "tanh"})))
    layers: list[Any] = [{kind: fields}, *after]
    pool: dict[str, Any] = {"kernel": random.choice((2, 3)), "stride": 2, "ceil_mode": random.random() < 0.3}
    if random.random() < 0.5:
        layers.append({random.choice(("pool", "max_pool", "avg_pool")): pool})
        at = {"padding": 0, "dilation": 1, **pool}
        volume[1:] = [positions({"input": side, **at}, ceil_mode=pool["ceil_mode"]) for side in volume[1:]]
    return layers


def _hide(random: Random, given: dict[str, Any]) -> None:
    """Write ? for one size of the first layer, with what tells it."""
    first = given["layers"][0]
    fields = first["conv"] if isinstance(first, dict) and "conv" in first else {}
    if not fields or fields["padding"] == "same" or "groups" in fields:
        return
    sides = [positions({"input": side, **fields}) for side in given["input"][1:]]
    role = random.choice((None, "kernel", "stride", "padding", "dilation", "filters", "depth", "input"))
    if role in (None, "depth"):
        if role:
            fields["depth"], given["input"][0] = given["input"][0], "?"
        return
    fields["output"] = [fields["filters"], *sides]
    if role == "input":
        given["input"][1:] = ["?"] * len(sides)
        fields["stride"] = 1
        fields["output"] = [fields["filters"], *sides]
    else:
        fields[role] = "?"


ENDS: Final[tuple[list[Any], ...]] = (
    [],
    ["flatten", {"dense": {"neurons": 10}}],
    [{"dense": {"units": 8, "bias": False}}, "relu", "dropout", {"dense": {"neurons": 3}}, "softmax"],
    ["global_avg_pool", {"dense": {"neurons": "?", "output": 5}}],
)
LETTERED: Final[tuple[dict[str, Any], ...]] = (
    {
        "input": ["C", "H", "W"],
        "layers": [
            {"conv": {"filters": "K", "kernel": ["M", "N"]}},
            {"pool": {"kernel": 2}},
            {"dense": {"neurons": "n"}},
        ],
    },
    {
        "input": ["D", "N", "N"],
        "layers": [{"conv": {"filters": "K", "kernel": "F", "stride": "S", "padding": "P"}}, "relu"],
    },
    {
        "input": ["D", "N", "N"],
        "layers": [{"conv": {"filters": 4, "kernel": "?", "output": ["?", "N - 6", "N - 6"]}}],
    },
    {"input": "n", "layers": [{"dense": {"neurons": "m"}}, {"dense": {"neurons": 10}}]},
)

QUESTION = Question(
    title="A convolutional network, layer by layer",
    given=Given,
    work=work,
    vary=vary,
    example={
        "input": [12, 55, 55],
        "layers": [
            {"conv": {"filters": "?", "kernel": "?", "stride": 1, "padding": 0, "output": [6, 49, 49]}},
            {"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "?", "output": [4, 25, 25]}},
            "flatten",
            {"dense": {"neurons": 128}},
        ],
    },
    conventions=("count",),
)
