"""Gradients of a convolution: the midterm's letters, values by hand, against autograd, what is refused."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch.nn import functional

from workings.errors import InputError
from workings.solution import solve


def gradients(**given):
    return solve("conv_input_gradient", **given)


# hand calculation: each output gives its gradient to the two entries under its window
def test_a_row_by_hand():
    found = gradients(kernel=[[2, 3]], image=[[1, 4, 9]], grad_output=[[10, 100]])
    assert found["grad_input"].tolist() == [[20, 230, 300]]
    assert found["grad_kernel"].tolist() == [[1 * 10 + 4 * 100, 4 * 10 + 9 * 100]]


# the midterm's question in letters: I_11 has one term, the middle has all nine
def test_letters_of_the_midterm():
    given = {
        "kernel": {"letters": "w", "shape": [3, 3]},
        "image": [5, 5],
        "grad_output": {"letters": "g", "shape": [3, 3]},
    }
    found = gradients(**given, stride=1, padding=0)
    grad_input, grad_kernel = (found.quantities[name].value for name in ("grad_input", "grad_kernel"))
    assert str(grad_input[0, 0]) == "g_11*w_11"
    middle = {f"g_{a}{b}*w_{4 - a}{4 - b}" for a, b in product((1, 2, 3), repeat=2)}
    assert set(str(grad_input[2, 2]).split(" + ")) == middle
    under = {f"I_{a}{b}*g_{a}{b}" for a, b in product((1, 2, 3), repeat=2)}
    assert set(str(grad_kernel[0, 0]).split(" + ")) == under
    assert found.working["rule"].expr.op == "summation"


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        ((5, 5), (3, 3), (1, 1), (0, 0)),
        ((6, 7), (3, 2), (2, 2), (1, 0)),
        ((8, 5), (2, 3), (3, 1), (0, 2)),
        ((7, 7), (3, 3), (3, 2), (1, 1)),
        ((4, 4), (1, 2), (1, 1), (3, 3)),  # more padding than the kernel reaches
        ((7, 4), (1, 1), (3, 2), (2, 1)),
    ],
)
def test_both_gradients_agree_with_autograd(size, kernel, stride, padding):
    generator = torch.Generator().manual_seed(7)
    image = torch.randint(-9, 9, size, generator=generator).double().requires_grad_()
    weights = torch.randint(-9, 9, kernel, generator=generator).double().requires_grad_()
    output = functional.conv2d(image[None, None], weights[None, None], stride=stride, padding=padding)[0, 0]
    upstream = torch.randint(-9, 9, output.shape, generator=generator).double()
    output.backward(upstream)
    found = gradients(
        kernel=weights.int().tolist(),
        image=image.int().tolist(),
        grad_output=upstream.int().tolist(),
        stride=list(stride),
        padding=list(padding),
    )
    assert found["grad_input"].tolist() == image.grad.int().tolist()
    assert found["grad_kernel"].tolist() == weights.grad.int().tolist()


def test_sizes_in_letters_give_the_rules():
    found = gradients(kernel={"letters": "w", "shape": ["M", "N"]}, image=["H", "W"], padding=1)
    assert found.ask == ("rule", "rule_kernel")
    assert "g" in str(found.working["rule"].expr)


def test_a_large_image_that_is_not_written_out_has_no_gradient_of_the_kernel():
    found = gradients(kernel=[[1, 2], [3, 4]], image=[50, 50], grad_output=[[1] * 49] * 49)
    assert found["grad_input"].shape == (50, 50)
    assert "grad_kernel" not in found.ask


KERNEL = {"kernel": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"image": [5, 5], "grad_output": [[1, 2]]},
            "grad_output: found 1 × 2; accepted: 4 × 4, as the output",
        ),
        ({"image": [1, 5]}, "kernel: a window that spans 2 on an input of 1"),
        ({"image": [5]}, "image: found 1 sizes; accepted: height and width, or rows"),
        (
            {"image": [5, 0]},
            "image[1]: found 0; accepted: a size, a formula in letters, a whole number from 1",
        ),
        ({"image": [5, 5], "kernel": [["x", 1]]}, "kernel: the letter x, which the question uses itself"),
        ({"image": [5, 5], "stride": 0}, "stride: found 0"),
        ({"image": [5, 5], "stride": [1, 1, 1]}, "stride: found three sizes"),
        ({"image": [5, 5], "padding": -1}, "padding: found -1"),
        ({"image": "?"}, "image: found a number; accepted: a list of rows of numbers"),
    ],
)
def test_what_cannot_be_says_what_could(given, message):
    with pytest.raises(InputError) as caught:
        gradients(**{**KERNEL, **given})
    assert str(caught.value).startswith(message)
