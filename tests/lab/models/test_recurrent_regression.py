"""Networks that read sequences: with equal weights at all steps they are torch.nn.RNN; padding is ignored."""

from __future__ import annotations

from math import tanh

import pytest
import torch
from torch import nn

from workings.errors import InputError
from workings.lab.models.recurrent_packing import Laid
from workings.lab.models.recurrent_regression import Padded, Shared, Truncated, Unshared

LENGTHS = (3, 6, 1, 6, 4)


def sequences(lengths=LENGTHS, inputs=3):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(length, inputs, generator=generator, dtype=torch.float64) for length in lengths]


def with_torchs_weights(model, peer, readout):
    """Give a regressor the weights of a torch.nn.RNN, at every step, and of a torch.nn.Linear."""
    W_x, W_h, b, c = peer.all_weights[0]
    model = model.double()
    with torch.no_grad():
        if isinstance(model, Shared):
            for weight, like in zip(model.rnn.parameters(), (W_x, W_h, b + c), strict=True):
                weight.copy_(like)
        else:
            model.unshared.W_x.copy_(W_x.T)
            model.unshared.W_h.copy_(W_h.T)
            model.unshared.b.copy_(b + c)
        model.readout.load_state_dict(readout.state_dict())
    return model


def expected(peer, readout, xs):
    """Each sequence by itself through torch's layers."""
    return torch.cat([readout(peer(x)[1]) for x in xs])


@pytest.mark.parametrize(
    ("model", "keep"),
    [
        (Shared(3, 4, 2), slice(None)),
        (Padded(3, 4, 2, steps=6, end="last"), slice(None)),
        (Padded(3, 4, 2, steps=8, end="first"), slice(None)),
        (Padded(3, 4, 2, steps=4, end="last"), slice(-4, None)),
        (Padded(3, 4, 2, steps=4, end="first"), slice(0, 4)),
        (Truncated(3, 4, 2, steps=1, end="first"), slice(0, 1)),
        (Truncated(3, 4, 2, steps=1, end="last"), slice(-1, None)),
    ],
    ids=["shared", "padded", "padded behind", "cut in front", "cut behind", "truncated", "recent"],
)
def test_with_equal_weights_it_is_an_rnn_over_the_steps_it_keeps(model, keep):
    torch.manual_seed(0)
    peer, readout, xs = nn.RNN(3, 4).double(), nn.Linear(4, 2).double(), sequences()
    chosen = torch.tensor([4, 0, 1, 2, 3, 0])
    found = with_torchs_weights(model, peer, readout)(Laid(xs), chosen)
    like = expected(peer, readout, [xs[index][keep] for index in chosen])
    torch.testing.assert_close(found, like, rtol=1e-12, atol=1e-12)


def test_every_step_has_weights_of_its_own():
    """One input, one unit, two steps: h_1 = tanh(2 x_1 + 1), h_2 = tanh(3 x_2 − h_1/2)."""
    model = Unshared(1, 1, 2)
    with torch.no_grad():
        model.W_x.copy_(torch.tensor([2.0, 3.0])[:, None, None])
        model.W_h.copy_(torch.tensor([9.0, -0.5])[:, None, None])
        model.b.copy_(torch.tensor([1.0, 0.0])[:, None, None])
    found = model(torch.tensor([[[0.25], [-0.5]]]))
    assert found.item() == pytest.approx(tanh(3 * -0.5 - 0.5 * tanh(2 * 0.25 + 1)), abs=1e-6)


class TestMask:
    model = Unshared(3, 4, 5)
    there = torch.tensor([[False, False, True, True, True], [False, True, True, False, False]])

    def test_what_padding_holds_changes_nothing(self):
        x = torch.randn(2, 5, 3)
        other = torch.where(self.there[..., None], x, torch.full_like(x, 1e6))
        assert torch.equal(self.model(x, self.there), self.model(other, self.there))

    def test_padding_gets_no_gradient_and_steps_do(self):
        x = torch.randn(2, 5, 3, requires_grad=True)
        self.model(x, self.there).sum().backward()
        assert torch.equal(x.grad.abs().sum(-1) > 0, self.there)

    def test_weights_of_a_step_that_is_padding_everywhere_get_no_gradient(self):
        self.model.zero_grad()
        self.model(torch.randn(2, 5, 3), self.there).sum().backward()
        for weight in self.model.parameters():
            assert not weight.grad[0].any()
            assert weight.grad[2].any()

    def test_a_sequence_without_a_step_stays_at_the_start(self):
        assert not self.model(torch.randn(1, 5, 3), torch.zeros(1, 5, dtype=torch.bool)).any()


def test_parameters():
    """An RNN of 3 inputs and 4 units has 32 weights; unrolled over 5 steps 160; the readout has 2·4 + 2."""
    counted = [
        sum(weight.numel() for weight in model.parameters())
        for model in (
            Shared(3, 4, 2),
            Truncated(3, 4, 2, steps=5, end="first"),
            Padded(3, 4, 2, steps=5, end="last"),
        )
    ]
    assert counted == [32 + 10, 160 + 10, 160 + 10]


def test_initial_weights_are_as_widely_spread_as_the_rnns():
    torch.manual_seed(0)
    weights = torch.cat([weight.flatten() for weight in Unshared(10, 100, 4).parameters()])
    assert weights.abs().max() <= 0.1
    assert weights.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.03)


class TestRefused:
    @pytest.mark.parametrize(
        ("x", "there", "message"),
        [
            ((2, 4, 3), None, r"x: found the shape \[2, 4, 3\]; accepted: \[2, 5, 3\]"),
            ((2, 5), None, r"x: found the shape \[2, 5\]"),
            ((2, 5, 3), (5, 2), r"there: found the shape \[5, 2\]; accepted: \[2, 5\]"),
        ],
    )
    def test_shapes(self, x, there, message):
        with pytest.raises(InputError, match=message):
            Unshared(3, 4, 5)(torch.zeros(x), None if there is None else torch.zeros(there, dtype=torch.bool))

    @pytest.mark.parametrize("name", ["inputs", "hidden", "steps"])
    def test_sizes(self, name):
        with pytest.raises(InputError, match=f"{name}: found 0; accepted: 1 or more"):
            Unshared(**{"inputs": 3, "hidden": 4, "steps": 5, name: 0})
