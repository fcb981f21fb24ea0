"""The layers that `conv_network` takes, as a document writes them.

A module of its own because the question's file would grow too long; its underscore keeps it off the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import AliasChoices, BeforeValidator, Field

from workings.errors import InputError, echo, unknown
from workings.question import Given as Givens
from workings.question import Natural, Positive, Size, Unknown, UnknownSize, UnknownSize0
from workings.rules import layers as rule
from workings.rules.axes import per_axis, volume_of
from workings.rules.network import Network, Window
from workings.rules.weights import Weights

ACTIVATIONS: Final = ("relu", "leaky_relu", "tanh", "sigmoid", "softmax", "dropout")


def _padding(written: object) -> Any:
    """A size, ?, or one of the words that frameworks have."""
    if isinstance(written, str) and written.strip() in ("same", "valid"):
        return 0 if written.strip() == "valid" else "same"
    return per_axis(UnknownSize0)(written)


Sizes = Annotated[Any, BeforeValidator(per_axis(UnknownSize))]
Padding = Annotated[Any, BeforeValidator(_padding)]
Volume = Annotated[Any, BeforeValidator(volume_of(UnknownSize))]

DILATION: Any = Field(default=1, description="the dilation, or ?")
PADDING: Any = Field(default=0, description="the padding on each side, or ?, same, valid")
OUTPUT: Any = Field(default=None, description="the output where it is known: channels, then sides")
BIAS: Any = Field(default=None, description="whether there are biases; as in the whole network unless given")
PARAMETERS: Any = Field(default=None, description="the number of parameters, where it is stated")


class Layer(Givens):
    """One layer; `add` writes its steps."""

    def add(self, net: Network, *, bias: bool) -> None:
        """The layer's steps, `bias` being the network's choice."""
        raise NotImplementedError


class Conv(Layer):
    """A convolution over all channels."""

    filters: UnknownSize = Field(
        validation_alias=AliasChoices("filters", "channels"), description="how many, or ?"
    )
    kernel: Sizes = Field(description="the size of a filter, or ?")
    stride: Sizes = Field(default=1, description="the stride, or ?")
    padding: Padding = PADDING
    dilation: Sizes = DILATION
    groups: Positive = Field(default=1, description="groups of channels that do not see each other")
    depth: Size | None = Field(
        default=None, description="the channels that a filter reads, where it is stated"
    )
    bias: bool | None = BIAS
    output: Volume = OUTPUT
    parameters: Positive | None = PARAMETERS

    def add(self, net: Network, *, bias: bool) -> None:
        """A standard or grouped convolution."""
        own = bias if self.bias is None else self.bias
        weights = Weights(known(self.filters), self.groups, self.depth, own, self.parameters)
        rule.convolution(net, weights, _window(self), _opened(self.output))


class Pointwise(Layer):
    """A convolution of 1 × 1."""

    filters: UnknownSize = Field(
        validation_alias=AliasChoices("filters", "channels"), description="how many, or ?"
    )
    stride: Sizes = Field(default=1, description="the stride, or ?")
    bias: bool | None = BIAS
    output: Volume = OUTPUT
    parameters: Positive | None = PARAMETERS

    def add(self, net: Network, *, bias: bool) -> None:
        """A convolution that mixes channels."""
        own = bias if self.bias is None else self.bias
        weights = Weights(known(self.filters), bias=own, parameters=self.parameters)
        rule.convolution(net, weights, Window(1, known(self.stride)), _opened(self.output))


class Depthwise(Layer):
    """A convolution of every channel for itself."""

    kernel: Sizes = Field(description="the size of a filter, or ?")
    stride: Sizes = Field(default=1, description="the stride, or ?")
    padding: Padding = PADDING
    dilation: Sizes = DILATION
    multiplier: Positive = Field(default=1, description="filters a channel")
    bias: bool | None = BIAS
    output: Volume = OUTPUT

    def add(self, net: Network, *, bias: bool) -> None:
        """Filters of depth 1."""
        own = bias if self.bias is None else self.bias
        rule.depthwise(net, self.multiplier, _window(self), _opened(self.output), bias=own)


class TransposedConv(Layer):
    """A convolution backwards, which makes volumes larger."""

    filters: Size = Field(validation_alias=AliasChoices("filters", "channels"), description="how many")
    kernel: Sizes = Field(description="the size of a filter")
    stride: Sizes = Field(default=1, description="the stride")
    padding: Padding = Field(default=0, description="what is cut off on each side")
    dilation: Sizes = Field(default=1, description="the dilation")
    output_padding: Natural = Field(default=0, description="entries added on the right and below")
    groups: Positive = Field(default=1, description="groups of channels that do not see each other")
    bias: bool | None = BIAS

    def add(self, net: Network, *, bias: bool) -> None:
        """A transposed convolution."""
        own = bias if self.bias is None else self.bias
        if self.padding == "same":
            raise InputError("padding same in a transposed convolution", accepted="a number").at(
                field="padding"
            )
        rule.transposed_convolution(
            net, Weights(self.filters, self.groups, bias=own), _window(self), self.output_padding
        )


class Pool(Layer):
    """Pooling of every channel for itself."""

    kernel: Sizes = Field(description="the size of the window, or ?")
    stride: Sizes | None = Field(default=None, description="the stride, or ?; the window's size unless given")
    padding: Padding = PADDING
    dilation: Sizes = DILATION
    ceil_mode: bool = Field(default=False, description="round the output's size up")
    output: Volume = OUTPUT

    def add(self, net: Network, *, bias: bool) -> None:
        """The largest entry of each window."""
        del bias
        rule.pool(net, _window(self), "max_pool", _opened(self.output))


class AveragePool(Pool):
    """Average pooling."""

    def add(self, net: Network, *, bias: bool) -> None:
        """The mean of each window."""
        del bias
        rule.pool(net, _window(self), "avg_pool", _opened(self.output))


class GlobalPool(Layer):
    """The mean of every channel."""

    def add(self, net: Network, *, bias: bool) -> None:
        """One entry a channel."""
        del bias
        rule.global_pool(net)


class Flatten(Layer):
    """The volume as a vector."""

    def add(self, net: Network, *, bias: bool) -> None:
        """All entries in one vector."""
        del bias
        rule.flatten(net)


class Dense(Layer):
    """A fully connected layer."""

    neurons: UnknownSize = Field(
        validation_alias=AliasChoices("neurons", "units"), description="how many, or ?"
    )
    bias: bool | None = BIAS
    output: Volume = OUTPUT
    parameters: Positive | None = PARAMETERS

    def add(self, net: Network, *, bias: bool) -> None:
        """Every neuron reads every entry."""
        own = bias if self.bias is None else self.bias
        rule.dense(
            net, Weights(known(self.neurons), bias=own, parameters=self.parameters), _opened(self.output)
        )


class BatchNorm(Layer):
    """Batch normalisation, channel by channel."""

    affine: bool = Field(default=True, description="whether a scale and a shift are learned")

    def add(self, net: Network, *, bias: bool) -> None:
        """A scale and a shift a channel."""
        del bias
        rule.batch_norm(net, affine=self.affine)


class Activation(Layer):
    """An element-wise function, a softmax, or dropout."""

    function: Literal["relu", "leaky_relu", "tanh", "sigmoid", "softmax", "dropout"] = Field(
        description="which"
    )
    rate: str | float | None = Field(default=None, description="of dropout; it changes no size")

    def add(self, net: Network, *, bias: bool) -> None:
        """The same volume."""
        del bias
        rule.activation(net, self.function)


LAYERS: Final[Mapping[str, type[Layer]]] = {
    "conv": Conv,
    "depthwise": Depthwise,
    "pointwise": Pointwise,
    "transposed_conv": TransposedConv,
    "pool": Pool,
    "max_pool": Pool,
    "avg_pool": AveragePool,
    "global_avg_pool": GlobalPool,
    "flatten": Flatten,
    "dense": Dense,
    "batch_norm": BatchNorm,
    "activation": Activation,
}


def read_layer(written: object) -> Layer:
    """A layer: its kind alone, {kind: {field: value}}, or {kind: ..., field: value}.

    Raises
    ------
    InputError: an unknown kind or field, a missing or a wrong one.
    """
    if isinstance(written, Layer):
        return written
    fields: dict[str, object] = {}
    kind: object = written
    if isinstance(written, Mapping):
        whole = dict(cast("Mapping[str, object]", written))
        kind = whole.pop("kind", None)
        if kind is None and len(whole) == 1:
            ((kind, inner),) = whole.items()
            if inner is not None and not isinstance(inner, Mapping):
                raise InputError(f"found {echo(inner)}", accepted="fields such as {kernel: 3}").at(
                    field=str(kind)
                )
            fields = dict(cast("Mapping[str, object]", inner or {}))
        else:
            fields = whole
    if not isinstance(kind, str):
        raise InputError(f"found {echo(written)}", accepted="a layer such as {conv: {filters: 6, kernel: 5}}")
    if kind in ACTIVATIONS:
        kind, fields = "activation", {"function": kind, **fields}
    if kind not in LAYERS:
        raise unknown("layer", kind, (*LAYERS, *ACTIVATIONS))
    try:
        return LAYERS[kind].read(fields)
    except InputError as error:
        raise error.at(field=kind) from None


def known(value: Any) -> Any:
    """A given with None for what is unknown, axis by axis."""
    if isinstance(value, tuple):
        return tuple(known(part) for part in cast("tuple[Any, ...]", value))
    return None if isinstance(value, Unknown) else value


def _opened(volume: tuple[Any, ...] | None) -> tuple[Any, ...]:
    return () if volume is None else known(volume)


def _window(layer: Conv | Depthwise | TransposedConv | Pool) -> Window:
    """The window of a layer, with None for what is unknown."""
    stride = layer.kernel if layer.stride is None else layer.stride
    if layer.padding == "same" and stride != 1:
        raise InputError("padding same with a stride", accepted="stride 1, or a number").at(field="padding")
    sizes = [known(value) for value in (layer.kernel, stride, layer.padding, layer.dilation)]
    pooling = isinstance(layer, Pool)
    return Window(*sizes, ceil_mode=pooling and layer.ceil_mode, unpadded=pooling and layer.padding == 0)
