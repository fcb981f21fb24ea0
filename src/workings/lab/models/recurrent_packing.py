"""Sequences of different lengths in one matrix, without padding.

The sequences are sorted by length, longest first. The matrix has the first step of each, then the second step
of those that have one, and so on; a sequence keeps its place within a step until it ends:

    a  a₁ a₂ a₃
    b  b₁ b₂            →    a₁ b₁ c₁ | a₂ b₂ | a₃
    c  c₁

So a step of a recurrent network is one product with the first rows of the step before. It is the order of
`torch.nn.utils.rnn.PackedSequence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workings.errors import InputError

Lengths = Tensor | Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """Where each step of each sequence lies. N is the sum of the lengths, T the greatest one.

    Parameters
    ----------
    order: int64 [batch], the sequences by length: order[0] is the longest, equals as they came.
    sizes: how many sequences have a step t, for t from 0 to T − 1.
    sequence: int64 [N], whose step a row is, as the sequences came.
    time: int64 [N], which step it is, from 0.
    ends: int64 [batch], the row of each sequence's last step, as the sequences came.
    before: int64 [N − batch], the row of the step before, for the rows after those of the first step.
    """

    order: Tensor
    sizes: tuple[int, ...]
    sequence: Tensor
    time: Tensor
    ends: Tensor
    before: Tensor

    @classmethod
    def of(cls, lengths: Lengths, device: torch.device | str = "cpu") -> Packing:
        """The packing of sequences with these lengths, its tensors on `device`.

        Raises
        ------
        InputError: no sequences, or a length that is no whole number above 0.
        """
        told = _whole(lengths)
        batch, longest = len(told), int(told.max())
        by_length, order = told.sort(descending=True, stable=True)
        sizes = batch - torch.bincount(told).cumsum(0)[:longest]
        starts = sizes.cumsum(0) - sizes
        time = torch.arange(longest).repeat_interleave(sizes)
        place = torch.arange(len(time)) - starts[time]  # within its step
        ends = torch.empty_like(order)
        ends[order] = starts[by_length - 1] + torch.arange(batch)
        before = starts[time[batch:] - 1] + place[batch:]
        indices = (order, order[place], time, ends, before)
        order, sequence, time, ends, before = (index.to(device) for index in indices)
        return cls(order, tuple(sizes.tolist()), sequence, time, ends, before)

    @property
    def batch(self) -> int:
        """The number of sequences."""
        return self.sizes[0]

    @property
    def steps(self) -> int:
        """The length of the longest sequence."""
        return len(self.sizes)

    def pack(self, padded: Tensor) -> Tensor:
        """[batch, time, features] → [N, features]; what stands past a sequence's end is left out.

        Raises
        ------
        InputError: another number of axes or sequences, or fewer steps than the longest sequence has.
        """
        if padded.dim() != 3 or len(padded) != self.batch or padded.shape[1] < self.steps:
            raise InputError(
                f"found sequences of shape {spelled(padded)}",
                accepted=f"[{self.batch}, {self.steps} or more, features]",
            )
        return self.gather(padded.flatten(0, 1), torch.arange(self.batch) * padded.shape[1])

    def gather(self, laid: Tensor, starts: Tensor) -> Tensor:
        """The packed rows of sequences that lie one after the other.

        Parameters
        ----------
        laid: [steps of all, features].
        starts: int64 [batch], the row of `laid` at which each sequence begins.
        """
        return laid.index_select(0, starts.to(laid.device)[self.sequence] + self.time)

    def unpack(self, rows: Tensor) -> Tensor:
        """[N, features] → [batch, T, features], with zeros past the ends."""
        padded = rows.new_zeros(self.batch, self.steps, rows.shape[1])
        return padded.index_put((self.sequence, self.time), rows)


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Sequences as one matrix.

    Parameters
    ----------
    rows: [N, features], a row a step.
    packing: whose steps they are.
    """

    rows: Tensor
    packing: Packing

    @staticmethod
    def of(sequences: Sequence[Tensor]) -> Packed:
        """Pack tensors of the shapes [length, features].

        Raises
        ------
        InputError: none, an empty one, one with other axes, or with another number of features.
        """
        return Laid(sequences).packed(torch.arange(len(sequences)))

    @property
    def padded(self) -> Tensor:
        """[batch, T, features], with zeros past the ends."""
        return self.packing.unpack(self.rows)


class Laid:
    """Many sequences on a device, one after the other in one matrix, from which batches are taken.

    Parameters
    ----------
    sequences: [length, features] each.

    Raises
    ------
    InputError: none, an empty one, one with other axes, or with another number of features.
    """

    def __init__(self, sequences: Sequence[Tensor]) -> None:
        _check(sequences)
        self.lengths = torch.tensor([len(each) for each in sequences])
        self.rows = torch.cat(list(sequences))
        self.starts = (self.lengths.cumsum(0) - self.lengths).to(self.rows.device)
        self.ends = self.starts + self.lengths.to(self.rows.device)

    def __len__(self) -> int:
        return len(self.lengths)

    def packed(self, chosen: Tensor) -> Packed:
        """The sequences `chosen` (int64 [batch]), packed."""
        packing = Packing.of(self.lengths[chosen.cpu()], self.rows.device)
        return Packed(packing.gather(self.rows, self.starts[chosen]), packing)

    def first(self, chosen: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The first steps, [batch, steps, features], and whether they are there, [batch, steps].

        Shorter sequences are padded with zeros behind.
        """
        time = torch.arange(steps, device=self.rows.device)
        return self._at(self.starts[chosen][:, None] + time, chosen)

    def last(self, chosen: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """The last steps, [batch, steps, features], and whether they are there, [batch, steps].

        Shorter sequences are padded with zeros in front.
        """
        time = torch.arange(-steps, 0, device=self.rows.device)
        return self._at(self.ends[chosen][:, None] + time, chosen)

    def _at(self, rows: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        there = (rows >= self.starts[chosen][:, None]) & (rows < self.ends[chosen][:, None])
        found = self.rows[rows.clamp(0, len(self.rows) - 1)]
        return found.masked_fill(~there[..., None], 0.0), there


def spelled(tensor: Tensor) -> str:
    """A shape as messages have it: [2, 3]."""
    return str(list(tensor.shape))


def _check(sequences: Sequence[Tensor]) -> None:
    if not sequences:
        raise InputError("no sequences", accepted="one or more")
    features: object = sequences[0].shape[1] if sequences[0].dim() == 2 else "features"
    for index, each in enumerate(sequences):
        if each.dim() != 2 or not len(each) or each.shape[1] != features:
            raise InputError(f"found the shape {spelled(each)}", accepted=f"[1 or more, {features}]").at(
                field=f"sequences[{index}]"
            )


def _whole(lengths: Lengths) -> Tensor:
    told = torch.as_tensor(lengths).cpu()
    if not told.numel():
        raise InputError("no sequences", accepted="one or more").at(field="lengths")
    if told.dim() != 1 or told.is_floating_point() or told.is_complex() or told.dtype == torch.bool:
        raise InputError(
            f"found lengths of shape {spelled(told)} and type {told.dtype}",
            accepted="one whole number a sequence",
        ).at(field="lengths")
    if int(told.min()) < 1:
        at = int(told.argmin())
        raise InputError(f"found {int(told[at])}", accepted="1 or more").at(field=f"lengths[{at}]")
    return told.to(torch.int64)
