"""GRU and LSTM cells: against torch's, the questions' own working, and finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from workings.errors import InputError
from workings.lab.models.cells import Gates, Gru, Lstm, elman_cell, gru_cell, lstm_cell, through
from workings.lab.models.recurrent_packing import Packed
from workings.solution import solve

LENGTHS = (3, 1, 5, 5)
VARIANTS = [(reset, update) for reset in ("after", "before") for update in ("keep", "replace")]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def gates(count, inputs=3, hidden=2):
    rows = count * hidden
    return Gates(
        normal(rows, inputs), normal(rows, hidden, seed=1), normal(rows, seed=2), normal(rows, seed=3)
    )


@pytest.mark.parametrize(("ours", "theirs"), [(Gru, nn.GRU), (Lstm, nn.LSTM)])
def test_layers_equal_torchs_in_states_and_all_gradients(ours, theirs):
    torch.manual_seed(0)
    model, peer = ours(3, 4).double(), theirs(3, 4).double()
    pairs = list(zip(model.gates, peer.all_weights[0], strict=True))
    with torch.no_grad():
        for weight, like in pairs:
            weight.copy_(like)
    xs = [[normal(length, 3, seed=length).requires_grad_() for length in LENGTHS] for _ in range(2)]
    states, last = model(Packed.of(xs[0]))
    found, their_last = peer(pack_sequence(xs[1], enforce_sorted=False))
    their_states = pad_packed_sequence(found, batch_first=True)[0]
    close(states.padded, their_states)
    last = last if isinstance(last, tuple) else (last,)
    their_last = their_last if isinstance(their_last, tuple) else (their_last,)
    for part, like in zip(last, their_last, strict=True):
        close(part, like[0])

    to_states = normal(*their_states.shape)
    for reached, ends in ((states.padded, last), (their_states, their_last)):
        ((reached * to_states).sum() + sum((end**2).sum() for end in ends)).backward()
    for x, like in zip(*xs, strict=True):
        close(x.grad, like.grad)
    for weight, like in pairs:
        close(weight.grad, like.grad)


def test_layers_take_a_start():
    torch.manual_seed(0)
    model, peer = Lstm(3, 4).double(), nn.LSTM(3, 4).double()
    with torch.no_grad():
        for weight, like in zip(model.gates, peer.all_weights[0], strict=True):
            weight.copy_(like)
    xs, h, cell = [normal(length, 3) for length in LENGTHS], normal(4, 4, seed=1), normal(4, 4, seed=2)
    _, (end, end_cell) = model(Packed.of(xs), (h, cell))
    _, (like, like_cell) = peer(pack_sequence(xs, enforce_sorted=False), (h[None], cell[None]))
    close(end, like[0])
    close(end_cell, like_cell[0])


@pytest.mark.parametrize(("reset", "update"), VARIANTS)
def test_the_gru_of_the_question(reset, update):
    """The working of the question `gru_step`, which is worked out in exact numbers."""
    weights, x, h = gates(3), normal(3, seed=4), normal(2, seed=5)
    given = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True))
    given = {name: value.tolist() for name, value in {**given, "x": x, "h": h}.items()}
    expected = solve("gru_step", given, reset=reset, update=update)["new_h"]
    found = gru_cell(x[None], h[None], weights, reset=reset, update=update)
    close(found[0], torch.from_numpy(expected))


def test_the_lstm_of_the_question():
    weights, x, h, c = gates(4), normal(3, seed=4), normal(2, seed=5), normal(2, seed=6)
    given = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True))
    given = {name: value.tolist() for name, value in {**given, "x": x, "h": h, "c": c}.items()}
    expected = solve("lstm_step", given)
    found = lstm_cell(x[None], h[None], c[None], weights)
    for name, part in zip(("new_h", "new_c"), found, strict=True):
        close(part[0], torch.from_numpy(expected[name]))


def test_the_elman_network_of_the_question():
    W, U, b, xs = normal(2, 3), normal(2, 2, seed=1), normal(2, seed=2), normal(2, 3, seed=3)
    given = {"U": W, "W": U, "sequence": xs}
    solution = solve(
        "elman_rnn",
        {name: value.tolist() for name, value in given.items()},
        biases=[b.tolist()],
        activations=["tanh"],
        layout="plain",
    )
    h = torch.zeros(2, dtype=torch.float64)
    for t, x in enumerate(xs, start=1):
        h = elman_cell(x, h, W, U, b)
        close(h, torch.from_numpy(solution[f"h_{t}"]))


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(("reset", "update"), VARIANTS)
def test_first_and_second_derivatives_of_the_gru(check, reset, update):
    def cell(x, h, *weights):
        return gru_cell(x, h, Gates(*weights), reset=reset, update=update)

    given = [normal(2, 3, seed=4), normal(2, 2, seed=5), *gates(3)]
    assert check(cell, [each.requires_grad_() for each in given])


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_first_and_second_derivatives_of_the_lstm(check):
    def cell(x, h, c, *weights):
        return lstm_cell(x, h, c, Gates(*weights))

    given = [normal(2, 3, seed=4), normal(2, 2, seed=5), normal(2, 2, seed=6), *gates(4)]
    assert check(cell, [each.requires_grad_() for each in given])


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_first_and_second_derivatives_of_elmans_cell(check):
    given = [normal(2, 3), normal(2, 2), normal(2, 3, seed=1), normal(2, 2, seed=2), normal(2, seed=3)]
    assert check(elman_cell, [each.requires_grad_() for each in given])


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "shape", "message"),
        [
            ("W", (6, 4), r"W: found the shape \[6, 4\]; accepted: \[6, 3\]"),
            ("U", (4, 2), r"U: found the shape \[4, 2\]; accepted: \[6, 2\]"),
            ("b", (2,), r"b: found the shape \[2\]; accepted: \[6\]"),
            ("c", (8,), r"c: found the shape \[8\]; accepted: \[6\]"),
        ],
    )
    def test_weights(self, field, shape, message):
        with pytest.raises(InputError, match=message):
            gru_cell(normal(1, 3), normal(1, 2), gates(3)._replace(**{field: normal(*shape)}))

    def test_states(self):
        with pytest.raises(InputError, match=r"cell: found the shape \[2, 2\]; accepted: \[1, 2\]"):
            lstm_cell(normal(1, 3), normal(1, 2), normal(2, 2), gates(4))

    def test_inputs_of_a_layer(self):
        with pytest.raises(InputError, match=r"x: found the shape \[2, 4\]; accepted: \[N, 3\]"):
            Gru(3, 4)(Packed.of([torch.zeros(2, 4)]))

    def test_a_start_for_other_sequences(self):
        with pytest.raises(InputError, match=r"start: found the shape \[2, 4\]; accepted: \[1, hidden\]"):
            Gru(3, 4)(Packed.of([torch.zeros(2, 3)]), torch.zeros(2, 4))

    @pytest.mark.parametrize("kind", [Gru, Lstm])
    def test_sizes(self, kind):
        with pytest.raises(InputError, match="hidden: found 0"):
            kind(3, 0)


def test_what_a_cell_leaves_at_the_ends_of_sequences():
    """A cell that counts: each sequence ends at its own length."""
    packed = Packed.of([torch.zeros(length, 1) for length in LENGTHS])
    _, (count,) = through(lambda _x, state: (state[0] + 1,), packed, (torch.zeros(4, 1),))
    assert count[:, 0].tolist() == list(LENGTHS)
