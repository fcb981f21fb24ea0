"""Sizes and laws of the networks. Expected numbers of parameters: by hand, and as the coursework has them."""

from __future__ import annotations

import pytest
import torch

from workings.lab.models.waveform import Recurrent, UNet


def parameters(model):
    return sum(weight.numel() for weight in model.parameters())


def both():
    torch.manual_seed(0)
    return [Recurrent("gru", 4), Recurrent("lstm", 4, layers=1), UNet((3, 4, 5), kernel=5, kinds=2)]


def test_the_courseworks_network_has_100_353_parameters():
    """Layers of 25 728 and 74 496, and a head of 129."""
    model = Recurrent("gru", 64, 2)
    assert parameters(model) == 25_728 + 74_496 + 129
    assert model.reader.dropout == 0.2
    assert model.reader.bidirectional


def test_the_lstm_has_a_fourth_gate():
    """4/3 of the GRU's layers, and the same head."""
    assert parameters(Recurrent("lstm", 64, 2)) == 4 * (25_728 + 74_496) // 3 + 129


def test_parameters_of_a_unet():
    """Levels of 3 and 4 channels, kernels of 5 samples.

    Down: 1·3·5 + 3·3·5 and 1·3 + 3 straight; 3·4·5 + 4·4·5 and 3·4 + 4. Up, 7 → 3: 7·3·5 + 3·3·5 and 7·3 + 3.
    Two normalisations a block, of 2 a channel. Head: 3·2 + 2.
    """
    down = (15 + 45 + 6 + 12) + (60 + 80 + 16 + 16)
    up = 105 + 45 + 24 + 12
    assert parameters(UNet((3, 4), kernel=5, kinds=2)) == down + up + 8


@pytest.mark.parametrize("length", [1, 7, 64, 101])
@pytest.mark.parametrize("model", both())
def test_a_logit_for_each_kind_at_each_sample(model, length):
    kinds = 2 if isinstance(model, UNet) else 1
    assert model.eval()(torch.randn(3, length)).shape == (3, kinds, length)


@pytest.mark.parametrize("model", both())
def test_signals_of_a_batch_do_not_see_each_other(model):
    x = torch.randn(3, 40)
    model.eval()
    assert torch.allclose(model(x)[1:2], model(x[1:2]), atol=1e-6)


def test_a_unet_moves_with_the_signal():
    """Moved by a multiple of what its coarsest level pools, far from both ends."""
    model = UNet((3, 4, 5), kernel=3).eval()
    x = torch.randn(1, 400)
    here, there = model(x)[0, 0], model(x.roll(8, dims=1))[0, 0]
    assert torch.allclose(here[100:300], there[108:308], atol=1e-5)


def test_a_recurrent_network_sees_all_of_the_signal():
    model = Recurrent("gru", 4).eval()
    x = torch.randn(1, 60, requires_grad=True)
    model(x)[0, 0, 30].backward()
    assert torch.all(x.grad != 0)


def test_marks_are_rare_at_first():
    """σ(−3) = 0.047 where the head's input is 0."""
    torch.manual_seed(0)
    model = UNet((4, 4)).eval()
    with torch.no_grad():
        model.head.weight.zero_()
    assert torch.allclose(torch.sigmoid(model(torch.randn(1, 50))), torch.tensor(0.0474), atol=1e-4)
