"""Convolutional networks: the examination's key, published networks, unknown sizes, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from workings.errors import InputError
from workings.solution import solve

LENET = [
    {"conv": {"filters": 6, "kernel": 5, "padding": 2}},
    {"pool": {"kernel": 2, "stride": 2}},
    {"conv": {"filters": 16, "kernel": 5}},
    {"pool": {"kernel": 2, "stride": 2}},
    "flatten",
    *({"dense": {"neurons": neurons}} for neurons in (120, 84, 10)),
]


def vgg_16():
    layers = []
    for filters in (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", *(512, 512, 512, "pool") * 2):
        layer = {"max_pool": {"kernel": 2}}
        layers.append(
            layer if filters == "pool" else {"conv": {"channels": filters, "kernel": 3, "padding": 1}}
        )
    return [*layers, "flatten", *({"dense": {"units": units}} for units in (4096, 4096, 1000))]


def alexnet(filters, groups):
    settings = zip(filters, (11, 5, 3, 3, 3), (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), groups, strict=True)
    names = ("filters", "kernel", "stride", "padding", "groups")
    convs = [{"conv": dict(zip(names, values, strict=True))} for values in settings]
    pool = {"pool": {"kernel": 3, "stride": 2}}
    dense = [{"dense": {"neurons": neurons}} for neurons in (4096, 4096, 1000)]
    return [convs[0], pool, convs[1], pool, *convs[2:], pool, "flatten", *dense]


def network(size, layers, **options):
    return solve("conv_network", input=size, layers=layers, **options)


# the printed key of the examination
def test_sizes_of_the_examination():
    found = network(
        [12, 55, 55],
        [
            {"conv": {"filters": "?", "kernel": "?", "stride": 1, "padding": 0, "output": [6, 49, 49]}},
            {"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "?", "output": [4, 25, 25]}},
            {"flatten": {}},
            {"dense": {"neurons": 128}},
        ],
    )
    asked = ("filters_1", "depth_1", "kernel_1", "depth_2", "padding_2", "size_3")
    assert [found[name] for name in asked] == [6, 12, 7, 6, 1, 2500]
    assert [found[f"parameters_{i}"] for i in (1, 2, 4)] == [3534, 220, 320128]
    assert found["flops_1"] == 16_941_456


# LeCun et al. (1998), in the usual modern form: 156 + 2416 + 48120 + 10164 + 850
def test_lenet_has_61706_parameters():
    found = network([1, 28, 28], LENET)
    assert [found[f"parameters_{i}"] for i in (1, 3, 6, 7, 8)] == [156, 2416, 48120, 10164, 850]
    assert found["total"] == 61706
    assert found["size_4"].tolist() == [16, 5, 5]


# torchvision's model pages: parameters, and GFLOPS (multiply-adds); Araujo et al. (2019): receptive fields
def test_published_networks():
    vgg = network([3, 224, 224], vgg_16())
    assert vgg["total"] == 138_357_544
    assert round(vgg["total_macs"] / 1e9, 2) == 15.47
    assert vgg["receptive_field_18"] == 212
    small = network([3, 224, 224], alexnet((64, 192, 384, 256, 256), (1,) * 5))
    assert small["total"] == 61_100_840
    assert round(small["total_macs"] / 1e9, 2) == 0.71
    assert small["receptive_field_8"] == 195
    # Krizhevsky et al. (2012), "60 million parameters": two groups in layers 2, 4 and 5
    assert network([3, 224, 224], alexnet((96, 256, 384, 384, 256), (1, 2, 1, 2, 2)))["total"] == 60_965_224


def test_receptive_field_is_where_the_gradient_reaches():
    layers = [(3, 1, 1), (2, 2, 1), (3, 1, 2), (4, 3, 1)]  # kernel, stride, dilation
    windows = [{"conv": {"filters": 1, "kernel": k, "stride": s, "dilation": d}} for k, s, d in layers]
    convs = nn.Sequential(*(nn.Conv2d(1, 1, k, s, dilation=d, dtype=torch.float64) for k, s, d in layers))
    for parameter in convs.parameters():
        nn.init.constant_(parameter, 0.5)
    image = torch.ones(1, 1, 60, 60, dtype=torch.float64, requires_grad=True)
    convs(image)[0, 0, 2, 2].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert network([1, 60, 60], windows)["receptive_field_4"] == int(rows.max() - rows.min()) + 1


# hand calculation
def test_a_number_of_parameters_tells_a_size():
    given = {"kernel": 3, "parameters": 1168}
    assert network([8, 10, 10], [{"conv": {**given, "filters": "?"}}])["filters_1"] == 16  # 1168 / (8·9 + 1)
    found = network(["?", 10, 10], [{"conv": {**given, "filters": 16}}, "relu"])
    assert (found["depth_1"], found["channels_0"], found["total"]) == (8, 8, 1168)
    dense = network("?", [{"dense": {"neurons": 10, "parameters": 850}}])
    assert (dense["inputs_1"], dense["size_0"]) == (84, 84)
    assert network(84, [{"dense": {"neurons": "?", "parameters": 850}}])["neurons_1"] == 10


def test_a_size_with_several_solutions_leaves_open_what_needs_it():
    layers = [
        {"conv": {"filters": 2, "kernel": "?", "stride": 2, "output": [2, 4, 4]}},
        {"conv": {"filters": 1, "kernel": 4}},
    ]
    found = network([3, 10, 10], layers)
    assert found["kernel_1"].tolist() == [3, 4]
    assert found["size_2"].tolist() == [1, 1, 1]
    assert found["macs_2"] == 2 * 16
    assert not {"parameters_1", "macs_1", "total", "total_macs", "receptive_field_2"} & set(found.ask)


def test_an_unknown_input_is_found_from_the_first_output():
    layers = [{"conv": {"filters": 6, "kernel": 5, "output": [6, 28, 28]}}, {"pool": {"kernel": 2}}]
    found = network([1, "?", "?"], layers)
    assert (found["side_0"], found["size_2"].tolist()) == (32, [6, 14, 14])
    layers[0]["conv"]["output"] = [6, 28, 24]
    found = network([1, "?", "?"], layers)
    assert (found["height_0"], found["width_0"]) == (32, 28)


def test_sides_and_kernels_may_differ():
    found = network(
        [2, 12, 9], [{"conv": {"filters": 4, "kernel": [5, 2], "stride": [1, 2], "padding": [0, 1]}}]
    )
    assert found["size_1"].tolist() == [4, 8, 5]
    assert found["parameters_1"] == (2 * 10 + 1) * 4
    assert found["receptive_field_1"].tolist() == [5, 2]
    hidden = {"filters": 4, "kernel": ["?", "?"], "output": [4, 8, 8]}
    assert network([2, 12, 9], [{"conv": hidden}])["kernel_1"].tolist() == [5, 2]
    assert network([4, 100], [{"conv": {"filters": 8, "kernel": 3}}])["size_1"].tolist() == [8, 98]
    video = network([3, 16, 112, 112], [{"conv": {"filters": 64, "kernel": 3, "padding": 1}}])
    assert (video["size_1"].tolist(), video["parameters_1"]) == ([64, 16, 112, 112], 5248)  # 3·27·64 + 64


def test_counts_by_convention():
    conv = [{"conv": {"filters": 2, "kernel": 3, "bias": False}}]  # 2·3·3 outputs of 9 products each
    assert network([1, 5, 5], conv)["flops_1"] == 324
    exact = network([1, 5, 5], conv, count="flops_without_first_add")
    assert (exact["macs_1"], exact["flops_1"]) == (162, 306)
    biased = network([1, 5, 5], [{"conv": {"filters": 2, "kernel": 3}}], count="flops_without_first_add")
    assert biased["flops_1"] == 324
    layers = ["batch_norm", "relu", {"avg_pool": {"kernel": 2}}, "global_avg_pool", "dropout", "softmax"]
    each = network([2, 4, 4], layers, elementwise=True)
    assert [each[f"flops_{i}"] for i in range(1, 7)] == [64, 32, 32, 8, 0, 5]
    assert network([2, 4, 4], layers)["total_flops"] == 0


def test_counts_of_large_volumes_are_exact():
    found = network([10**9, 10**9, 10**9], [{"conv": {"filters": 10**9, "kernel": 3, "padding": 1}}])
    assert found["parameters_1"] == 9 * 10**18 + 10**9
    assert found["macs_1"] == 9 * 10**36


def test_letters_give_formulas():
    found = network(
        ["D", "N", "N"], [{"conv": {"filters": "K", "kernel": "F", "stride": "S", "padding": "P"}}]
    )
    formula = found.quantities["parameters_1"].value
    values = {symbol: {"D": 12, "F": 7, "K": 6}[symbol.name] for symbol in formula.free_symbols}
    assert formula.subs(values) == 3534


REFUSED = [
    ([{"conv": {"filters": 6, "kernal": 5}}], "layers[0].conv", "unknown field 'kernal'; accepted: bias"),
    ([{"convv": {}}], "layers[0]: unknown layer 'convv'", "conv"),
    ([{"conv": {"kernel": 5}}], "layers[0].conv: filters is missing", "how many"),
    ([7], "layers[0]: found 7", "a layer such as"),
    ([{"conv": 3}], "layers[0].conv: found 3", "fields such as"),
    ([{"conv": {"filters": 6, "kernel": 5}, "pool": {}}], "layers[0]: found", "a layer such as"),
    (
        [{"conv": {"filters": 1, "kernel": 60}}],
        "layers[0].kernel: a window that spans 60 on an input of 55",
        "at most 55",
    ),
    (
        ["flatten", {"conv": {"filters": 1, "kernel": 3}}],
        "layers[1]: a window on a vector",
        "not flattened yet",
    ),
    (["flatten", "global_avg_pool"], "layers[1]: global pooling of a vector", "a volume"),
    (
        [{"conv": {"filters": 4, "kernel": 3, "padding": "?", "output": [4, 54, 54]}}],
        "layers[0].output: no padding gives an output of 54 with input 55, kernel 3, stride 1",
        "an output of 53 (with padding 0) or 55 (with padding 1)",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "output": [4, 52, 52]}}],
        "layers[0].output: an output of 52, where 53 comes out",
        "? for one of the sizes",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "output": [5, 53, 53]}}],
        "layers[0].output: an output of 5 channels from 4 filters",
        "4",
    ),
    ([{"conv": {"filters": 4, "kernel": "?"}}], "layers[0].output: the kernel of layer 1 is ?", "the output"),
    (
        [{"conv": {"filters": "?", "kernel": 3}}],
        "layers[0].filters: the filters of layer 1 are ?",
        "the output",
    ),
    (
        [{"conv": {"filters": 4, "kernel": "?", "padding": "?", "output": [4, 9, 9]}}],
        "layers[0]: kernel and padding are asked for",
        "one ?",
    ),
    (
        [{"conv": {"filters": "?", "kernel": 3, "parameters": 500}}],
        "layers[0].parameters: no filters gives 500 parameters",
        "436 (with filters 4) or 545 (with filters 5)",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "parameters": 435}}],
        "layers[0].parameters: 435 parameters, where 436 come out",
        "436",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "groups": 5}}],
        "layers[0].groups: 12 channels in 5 groups",
        "divisor",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "groups": 3}}],
        "layers[0].groups: 4 filters in 3 groups",
        "divisor",
    ),
    (
        [{"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "same"}}],
        "layers[0].padding: padding same with a stride",
        "stride 1",
    ),
    ([{"dense": {"neurons": 0}}], "layers[0].dense.neurons: found 0", "a whole number from 1"),
    (
        [{"conv": {"filters": 4, "kernel": [3, 3, 3]}}],
        "layers[0].kernel: 3 sizes for 2 sides",
        "one size, or 2",
    ),
    ([], "layers:", "at least 1"),
]


@pytest.mark.parametrize(("layers", "problem", "accepted"), REFUSED)
def test_what_cannot_be_says_what_could(layers, problem, accepted):
    with pytest.raises(InputError) as caught:
        network([12, 55, 55], layers)
    assert str(caught.value).startswith(problem)
    assert accepted in str(caught.value)


def test_an_input_that_nothing_tells_is_refused():
    with pytest.raises(InputError, match="the channels of the input are"):
        network(["?", 8, 8], [{"conv": {"filters": 4, "kernel": 3}}])
    with pytest.raises(InputError, match="found 0 sizes"):
        network([], ["relu"])
    with pytest.raises(InputError, match="layers"):
        network([3, 8, 8], ["relu"] * 1001)
