"""Packing: by hand on three sequences, and against torch's own packed sequences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from workings.errors import InputError
from workings.lab.models.recurrent_packing import Laid, Packed, Packing

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=8)


def numbered(lengths, features=2):
    """Sequences whose every number is another, padded with −1."""
    padded = torch.arange(len(lengths) * max(lengths) * features, dtype=torch.float32)
    padded = padded.reshape(len(lengths), max(lengths), features)
    for sequence, length in zip(padded, lengths, strict=True):
        sequence[length:] = -1
    return padded


class TestByHand:
    """b₁, a₁ a₂ a₃ and c₁ c₂, in the order b, a, c: packed a₁ c₁ b₁ | a₂ c₂ | a₃."""

    packing = Packing.of([1, 3, 2])

    def test_the_longest_comes_first(self):
        assert self.packing.order.tolist() == [1, 2, 0]

    def test_sizes(self):
        assert self.packing.sizes == (3, 2, 1)
        assert (self.packing.batch, self.packing.steps) == (3, 3)

    def test_whose_step_each_row_is(self):
        assert self.packing.sequence.tolist() == [1, 2, 0, 1, 2, 1]
        assert self.packing.time.tolist() == [0, 0, 0, 1, 1, 2]

    def test_where_each_sequence_ends(self):
        assert self.packing.ends.tolist() == [2, 5, 4]

    def test_the_row_of_the_step_before(self):
        assert self.packing.before.tolist() == [0, 1, 3]

    def test_sequences_that_lie_one_after_the_other(self):
        laid = torch.tensor([10, 20, 21, 22, 30, 31])[:, None]
        rows = self.packing.gather(laid, torch.tensor([0, 1, 4]))
        assert rows[:, 0].tolist() == [20, 30, 10, 21, 31, 22]

    def test_sequences_in_a_list(self):
        packed = Packed.of([torch.tensor(each)[:, None] for each in ([10], [20, 21, 22], [30, 31])])
        assert packed.rows[:, 0].tolist() == [20, 30, 10, 21, 31, 22]
        assert packed.padded[..., 0].tolist() == [[10, 0, 0], [20, 21, 22], [30, 31, 0]]

    def test_equal_lengths_keep_their_order(self):
        assert Packing.of([2, 2, 2]).order.tolist() == [0, 1, 2]


class TestLaid:
    laid = Laid([torch.tensor(each)[:, None] for each in ([10, 11], [20, 21, 22], [30])])

    def test_some_of_them_packed(self):
        packed = self.laid.packed(torch.tensor([2, 0]))
        assert packed.rows[:, 0].tolist() == [10, 30, 11]
        assert packed.padded[..., 0].tolist() == [[30, 0], [10, 11]]

    def test_first_steps(self):
        x, there = self.laid.first(torch.tensor([2, 1]), 2)
        assert x[..., 0].tolist() == [[30, 0], [20, 21]]
        assert there.tolist() == [[True, False], [True, True]]

    def test_last_steps(self):
        x, there = self.laid.last(torch.tensor([0, 1, 2]), 3)
        assert x[..., 0].tolist() == [[0, 10, 11], [20, 21, 22], [0, 0, 30]]
        assert there.tolist() == [[False, True, True], [True] * 3, [False, False, True]]

    def test_how_many(self):
        assert len(self.laid) == 3


class TestAgainstTorch:
    @given(LENGTHS)
    def test_rows_sizes_and_order(self, lengths):
        padded = numbered(lengths)
        packing = Packing.of(torch.tensor(lengths))
        theirs = pack_padded_sequence(padded, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        assert list(packing.sizes) == theirs.batch_sizes.tolist()
        by_length = [lengths[index] for index in packing.order]
        assert by_length == [lengths[index] for index in theirs.sorted_indices]
        # Among equals torch may choose another order, so rows are compared with the longest first.
        ordered = padded[packing.order]
        in_order = torch.tensor(by_length)
        assert torch.equal(packing.pack(padded), pack_padded_sequence(ordered, in_order, batch_first=True)[0])

    @given(LENGTHS)
    def test_unpacking_pads_with_zeros(self, lengths):
        padded = numbered(lengths)
        sequences = [each[:length] for each, length in zip(padded, lengths, strict=True)]
        expected = pad_sequence(sequences, batch_first=True)
        assert torch.equal(Packed.of(sequences).padded, expected)
        packing = Packing.of(lengths)
        assert torch.equal(packing.unpack(packing.pack(padded)), expected)

    @given(LENGTHS)
    def test_the_step_before_is_of_the_same_sequence(self, lengths):
        packing = Packing.of(lengths)
        later = slice(len(lengths), None)
        assert torch.equal(packing.sequence[packing.before], packing.sequence[later])
        assert torch.equal(packing.time[packing.before] + 1, packing.time[later])


class TestRefused:
    @pytest.mark.parametrize(
        ("lengths", "message"),
        [
            ([], "lengths: no sequences"),
            (torch.tensor([], dtype=torch.int64), "lengths: no sequences"),
            ([3, 0], r"lengths\[1\]: found 0; accepted: 1 or more"),
            ([-1], r"lengths\[0\]: found -1"),
            ([1.5, 2.0], "one whole number a sequence"),
            ([True, True], "one whole number a sequence"),
            ([[1, 2]], r"lengths of shape \[1, 2\]"),
        ],
    )
    def test_lengths(self, lengths, message):
        with pytest.raises(InputError, match=message):
            Packing.of(lengths)

    @pytest.mark.parametrize("shape", [(2, 3), (3, 3, 1), (2, 2, 1)])
    def test_padded_sequences_of_another_shape(self, shape):
        with pytest.raises(InputError, match=r"accepted: \[2, 3 or more, features\]"):
            Packing.of([3, 1]).pack(torch.zeros(shape))

    @pytest.mark.parametrize(
        ("shapes", "message"),
        [
            ([], "no sequences"),
            ([(2, 3), (0, 3)], r"sequences\[1\]: found the shape \[0, 3\]; accepted: \[1 or more, 3\]"),
            ([(2, 3), (2, 4)], r"sequences\[1\]: found the shape \[2, 4\]"),
            ([(2,)], r"sequences\[0\]: found the shape \[2\]"),
        ],
    )
    def test_sequences(self, shapes, message):
        with pytest.raises(InputError, match=message):
            Packed.of([torch.zeros(shape) for shape in shapes])
