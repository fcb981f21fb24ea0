"""The RNN by hand: against two steps worked out, torch.nn.RNN, a plain unrolling and finite differences."""

from __future__ import annotations

from math import tanh

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from workings.errors import InputError
from workings.lab.models.cells import elman_cell
from workings.lab.models.recurrent import Rnn, elman
from workings.lab.models.recurrent_packing import Packed, Packing

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
    ),
]
LENGTHS = [
    pytest.param([3, 5, 1, 5, 2], id="unsorted"),
    pytest.param([4, 4, 4], id="equal"),
    pytest.param([1, 1], id="ones"),
    pytest.param([6], id="single"),
    pytest.param([1, 40], id="far apart"),
]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def twins(inputs, hidden, layers, nonlinearity):
    """torch.nn.RNN and ours with the same weights; its two biases add up to our one."""
    torch.manual_seed(0)
    theirs = nn.RNN(inputs, hidden, layers, nonlinearity=nonlinearity, batch_first=True).double()
    ours = Rnn(inputs, hidden, layers, nonlinearity).double()
    with torch.no_grad():
        for layer, (W_x, W_h, b, c) in enumerate(theirs.all_weights):
            ours.W_x[layer].copy_(W_x)
            ours.W_h[layer].copy_(W_h)
            ours.b[layer].copy_(b + c)
    return ours, theirs


class TestByHand:
    """One input, one unit: W_x = 2, W_h = −1/2, b = 1/4, x = (1, −1), h_0 = 0."""

    h_1 = tanh(2 + 0.25)
    h_2 = tanh(-2 - 0.5 * h_1 + 0.25)

    def layer(self):
        weights = [torch.tensor(each, dtype=torch.float64) for each in ([[2.0]], [[-0.5]], [0.25])]
        x = Packed.of([torch.tensor([[1.0], [-1.0]], dtype=torch.float64)])
        return x, [weight.requires_grad_() for weight in weights]

    def test_states(self):
        x, weights = self.layer()
        states, last = elman(x, *weights)
        assert states.rows[:, 0].tolist() == pytest.approx([self.h_1, self.h_2], abs=1e-15)
        assert last.item() == states.rows[1].item()

    def test_gradients_through_both_steps(self):
        """With δ_2 = 1 − h_2² and δ_1 = (1 − h_1²)(−1/2)δ_2: ∂h_2/∂W_x = δ_2 x_2 + δ_1 x_1, and so on."""
        x, weights = self.layer()
        elman(x, *weights)[1].sum().backward()
        second = 1 - self.h_2**2
        first = (1 - self.h_1**2) * -0.5 * second
        expected = [second * -1 + first * 1, second * self.h_1, second + first]
        assert [weight.grad.item() for weight in weights] == pytest.approx(expected, abs=1e-15)


class TestAgainstTorch:
    @pytest.mark.parametrize("device", DEVICES)
    @pytest.mark.parametrize("lengths", LENGTHS)
    @pytest.mark.parametrize(("layers", "nonlinearity"), [(1, "tanh"), (1, "relu"), (3, "tanh"), (2, "relu")])
    def test_states_and_all_gradients(self, lengths, layers, nonlinearity, device):
        ours, theirs = (model.to(device) for model in twins(3, 4, layers, nonlinearity))
        batch, longest = len(lengths), max(lengths)
        x, start = normal(batch, longest, 3), normal(layers, batch, 4, seed=1)
        x_1, x_2, start_1, start_2 = (
            each.to(device, copy=True).requires_grad_() for each in (x, x, start, start)
        )

        states, last = ours(x_1, torch.tensor(lengths), start=start_1)
        packed = pack_padded_sequence(x_2, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        found, their_last = theirs(packed, start_2)
        their_states, _ = pad_packed_sequence(found, batch_first=True)
        close(states, their_states)
        close(last, their_last)

        to_states = normal(*states.shape, seed=2).to(device)
        to_last = normal(*last.shape, seed=3).to(device)
        for model_states, model_last in ((states, last), (their_states, their_last)):
            ((model_states * to_states).sum() + (model_last * to_last).sum()).backward()
        close(x_1.grad, x_2.grad)
        close(start_1.grad, start_2.grad)
        for layer, (W_x, W_h, b, c) in enumerate(theirs.all_weights):
            close(ours.W_x[layer].grad, W_x.grad)
            close(ours.W_h[layer].grad, W_h.grad)
            close(ours.b[layer].grad, b.grad)
            close(ours.b[layer].grad, c.grad)

    def test_without_a_start_it_is_zeros(self):
        ours, theirs = twins(3, 4, 1, "tanh")
        x = normal(2, 5, 3)
        (states, last), (their_states, their_last) = ours(x), theirs(x)
        close(states, their_states)
        close(last, their_last)
        last.sum().backward()
        their_last.sum().backward()
        close(ours.W_h[0].grad, theirs.weight_hh_l0.grad)

    def test_gradient_of_many_rows(self, monkeypatch):
        """With blocks of few rows the gradient of W_h is put together from many."""
        ours, theirs = twins(3, 4, 1, "tanh")
        monkeypatch.setattr("workings.lab.models.recurrent.BLOCK", 20)
        x = normal(7, 9, 3)
        ours(Packed.of(list(x)))[0].rows.sum().backward()  # its gradient comes without memory of its own
        theirs(x)[0].sum().backward()
        close(ours.W_h[0].grad, theirs.weight_hh_l0.grad)

    def test_initial_weights_are_as_widely_spread(self):
        torch.manual_seed(0)
        weights = torch.cat([weight.flatten() for weight in Rnn(40, 100).parameters()])
        assert weights.abs().max() <= 0.1
        assert weights.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.03)


def test_equals_the_cell_step_by_step():
    """A sequence by itself through the plain cell, with autograd's own gradients."""
    weights = [normal(4, 3), normal(4, 4, seed=1), normal(4, seed=2)]
    sequences = [normal(length, 3, seed=length) for length in (2, 5, 3)]
    starts = normal(3, 4, seed=9)
    found = []
    for way in ("ours", "cell"):
        leaves = [weight.clone().requires_grad_() for weight in weights]
        if way == "ours":
            _, last = elman(Packed.of(sequences), *leaves, start=starts)
        else:
            ends = []
            for start, sequence in zip(starts, sequences, strict=True):
                h = start
                for x in sequence:
                    h = elman_cell(x, h, *leaves)
                ends.append(h)
            last = torch.stack(ends)
        (last**2).sum().backward()
        found.append((last, *(leaf.grad for leaf in leaves)))
    for ours, cell in zip(*found, strict=True):
        close(ours, cell)


@pytest.mark.parametrize("lengths", LENGTHS[:4])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("uses", ["states", "last", "both"])
def test_gradients_against_finite_differences(lengths, nonlinearity, uses):
    packing = Packing.of(lengths)

    def layer(x, start, *weights):
        states, last = elman(Packed(x, packing), *weights, start=start, nonlinearity=nonlinearity)
        return {"states": states.rows, "last": last, "both": (states.rows, last)}[uses]

    given = (normal(sum(lengths), 2), normal(len(lengths), 3), normal(3, 2), normal(3, 3), normal(3))
    assert gradcheck(layer, [each.requires_grad_() for each in given])


def test_a_second_derivative_is_refused():
    x, weights = TestByHand().layer()
    loss = elman(x, *weights)[1].sum()
    with pytest.raises(InputError, match=r"a second derivative \(create_graph=True\).*cells.elman_cell"):
        torch.autograd.grad(loss, weights, create_graph=True)


class TestWhatItLeavesAlone:
    def test_past_the_ends(self):
        """What stands there changes nothing, even if it is no number, and its gradient is 0."""
        model = Rnn(3, 4)
        x = torch.randn(2, 5, 3)
        x[0, 2:] = float("nan")
        x.requires_grad_()
        states, last = model(x, [2, 5])
        last.sum().backward()
        assert torch.isfinite(last).all()
        assert not states[0, 2:].any()
        assert not x.grad[0, 2:].any()
        assert x.grad[0, :2].all()

    def test_the_gradient_that_comes_in(self):
        """Other nodes may use the same tensor; the states' gradient is worked on in place, so on a copy."""
        states, _ = Rnn(3, 4)(Packed.of([torch.randn(5, 3), torch.randn(2, 3)]))
        incoming = torch.ones_like(states.rows)
        states.rows.backward(incoming)
        assert torch.equal(incoming, torch.ones(7, 4))

    def test_inputs_that_want_no_gradient_and_weights_that_are_frozen(self):
        model = Rnn(3, 4)
        model.W_h.requires_grad_(requires_grad=False)
        x = torch.randn(2, 5, 3)
        model(x)[1].sum().backward()
        assert x.grad is None
        assert model.W_h[0].grad is None
        assert model.W_x[0].grad.any()

    def test_the_same_twice(self):
        model, x = Rnn(3, 4, layers=2), torch.randn(6, 5, 3)
        found = []
        for _ in range(2):
            model.zero_grad()
            model(x, [5, 1, 3, 3, 2, 5])[1].sum().backward()
            found.append([weight.grad.clone() for weight in model.parameters()])
        assert all(torch.equal(first, second) for first, second in zip(*found, strict=True))


class TestForms:
    def test_packed_in_packed_out(self):
        model = Rnn(3, 4, layers=2)
        sequences = [torch.randn(length, 3) for length in (2, 4)]
        packed = Packed.of(sequences)
        states, last = model(packed)
        assert isinstance(states, Packed)
        padded_states, padded_last = model(packed.padded, [2, 4])
        assert torch.equal(states.padded, padded_states)
        assert torch.equal(last, padded_last)

    def test_last_is_the_state_at_each_end(self):
        states, last = Rnn(3, 4)(torch.randn(3, 5, 3), [4, 1, 5])
        assert torch.equal(last[0], torch.stack([states[0, 3], states[1, 0], states[2, 4]]))

    def test_more_time_than_the_longest_needs(self):
        model, x = Rnn(3, 4), torch.randn(2, 9, 3)
        assert model(x, [2, 4])[0].shape == (2, 4, 4)
        assert torch.equal(model(x, [2, 4])[1], model(x[:, :4], [2, 4])[1])

    def test_without_lengths_all_are_full(self):
        model, x = Rnn(3, 4), torch.randn(2, 5, 3)
        assert torch.equal(model(x)[1], model(x, [5, 5])[1])

    def test_parameters(self):
        """4·3 + 4·4 + 4 = 32 in the first layer, 4·4 + 4·4 + 4 = 36 in each other."""
        assert sum(weight.numel() for weight in Rnn(3, 4, layers=3).parameters()) == 32 + 36 + 36

    def test_it_prints_its_sizes(self):
        assert "3, 4, layers=2, nonlinearity='tanh'" in str(Rnn(3, 4, layers=2))


class TestRefused:
    @pytest.mark.parametrize(
        ("shape", "lengths", "message"),
        [
            ((0, 5, 3), None, r"x: found the shape \[0, 5, 3\]"),
            ((2, 0, 3), None, r"x: found the shape \[2, 0, 3\]"),
            ((5, 3), None, r"accepted: \[batch, time, inputs\]"),
            ((2, 5, 3), [], "lengths: no sequences"),
            ((2, 5, 3), [5, 6], r"lengths: found 2 lengths up to 6 for the shape \[2, 5, 3\]"),
            ((2, 5, 3), [5], "accepted: 2 lengths up to 5"),
            ((2, 5, 3), [5, 0], r"lengths\[1\]: found 0"),
            ((2, 5, 4), None, "x: found 4 numbers a step; accepted: 3"),
        ],
    )
    def test_inputs(self, shape, lengths, message):
        with pytest.raises(InputError, match=message):
            Rnn(3, 4)(torch.zeros(shape), lengths)

    def test_a_start_of_another_shape(self):
        with pytest.raises(InputError, match=r"start: found the shape \[2, 4\]; accepted: \[1, 2, 4\]"):
            Rnn(3, 4)(torch.zeros(2, 5, 3), start=torch.zeros(2, 4))

    @pytest.mark.parametrize(
        ("place", "shape", "message"),
        [
            (0, (4, 2), r"W_x: found the shape \[4, 2\]; accepted: \[4, 3\]"),
            (1, (3, 4), r"W_h: found the shape \[3, 4\]; accepted: \[4, 4\]"),
            (2, (5,), r"b: found the shape \[5\]; accepted: \[4\]"),
        ],
    )
    def test_weights(self, place, shape, message):
        weights = [torch.zeros(4, 3), torch.zeros(4, 4), torch.zeros(4)]
        weights[place] = torch.zeros(shape)
        with pytest.raises(InputError, match=message):
            elman(Packed.of([torch.zeros(2, 3)]), *weights)

    def test_another_type(self):
        with pytest.raises(InputError, match=r"x: found torch.float64; accepted: torch.float32, as W_h"):
            Rnn(3, 4)(torch.zeros(2, 5, 3, dtype=torch.float64))

    @pytest.mark.parametrize("sizes", [{"inputs": 0}, {"hidden": 0}, {"layers": 0}])
    def test_sizes(self, sizes):
        with pytest.raises(InputError, match=f"{next(iter(sizes))}: found 0; accepted: 1 or more"):
            Rnn(**{"inputs": 3, "hidden": 4, **sizes})

    def test_another_nonlinearity(self):
        with pytest.raises(InputError, match=r"unknown nonlinearity 'tan'.*tanh"):
            Rnn(3, 4, nonlinearity="tan")
