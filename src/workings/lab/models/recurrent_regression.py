"""Networks that read a sequence and say a number at its end: with shared weights, and without.

Each takes sequences as `Laid` and the numbers of those wanted, and gives [batch, outputs] as they were named.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from workings.errors import InputError
from workings.lab.models.recurrent import Rnn
from workings.lab.models.recurrent_packing import Laid, spelled

End = Literal["first", "last"]


class Regressor(nn.Module, ABC):
    """y = V h_l + c of the state h_l after a sequence's last step."""

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        self.readout = nn.Linear(hidden, outputs)

    @abstractmethod
    def state(self, sequences: Laid, chosen: Tensor) -> Tensor:
        """h_l, [batch, hidden]."""

    def forward(self, sequences: Laid, chosen: Tensor) -> Tensor:
        """y, [batch, outputs], of the sequences `chosen` (int64 [batch])."""
        return self.readout(self.state(sequences, chosen))


class Shared(Regressor):
    """The vanilla RNN: one set of weights for all steps, however many there are."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(hidden, outputs)
        self.rnn = Rnn(inputs, hidden)

    def state(self, sequences: Laid, chosen: Tensor) -> Tensor:
        """h_l, [batch, hidden]."""
        return self.rnn(sequences.packed(chosen))[1][-1]


class Truncated(Regressor):
    """Weights of its own for each of the first or last L steps; all other steps are thrown away.

    Parameters
    ----------
    steps: L, no more than the shortest sequence has.
    end: which steps are kept.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, *, steps: int, end: End) -> None:
        super().__init__(hidden, outputs)
        self.unshared, self.end = Unshared(inputs, hidden, steps), end

    def state(self, sequences: Laid, chosen: Tensor) -> Tensor:
        """h_L, [batch, hidden]."""
        take = sequences.first if self.end == "first" else sequences.last
        return self.unshared(take(chosen, self.unshared.steps)[0])


class Padded(Regressor):
    """Weights of its own for each of T steps; sequences are padded to T, and the padding is masked.

    Parameters
    ----------
    steps: T, as many as the longest sequence has; of a longer one the end is left out that is not lined up.
    end: which end of the sequences is lined up: with `last` the padding is in front, and all end at step T.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, *, steps: int, end: End) -> None:
        super().__init__(hidden, outputs)
        self.unshared, self.end = Unshared(inputs, hidden, steps), end

    def state(self, sequences: Laid, chosen: Tensor) -> Tensor:
        """h_T, [batch, hidden], which padding has left as it was."""
        take = sequences.first if self.end == "first" else sequences.last
        return self.unshared(*take(chosen, self.unshared.steps))


class Unshared(nn.Module):
    """A recurrent network unrolled over T steps, none of which shares its weights with another.

    h_t = tanh(W_x⁽ᵗ⁾ x_t + W_h⁽ᵗ⁾ h_{t−1} + b⁽ᵗ⁾) where step t is there, h_t = h_{t−1} where it is padding,
    and h_0 = 0. So neither the state nor any gradient depends on the numbers of a padded step.

    Weights begin uniform in ±1/√hidden, as those of `Rnn`.

    Parameters
    ----------
    inputs: numbers a step.
    hidden: width of the state.
    steps: T.

    Raises
    ------
    InputError: a size below 1.
    """

    def __init__(self, inputs: int, hidden: int, steps: int) -> None:
        super().__init__()
        for name, size in {"inputs": inputs, "hidden": hidden, "steps": steps}.items():
            if size < 1:
                raise InputError(f"found {size}", accepted="1 or more").at(field=name)
        self.steps = steps
        self.W_x = nn.Parameter(torch.empty(steps, inputs, hidden))
        self.W_h = nn.Parameter(torch.empty(steps, hidden, hidden))
        self.b = nn.Parameter(torch.empty(steps, 1, hidden))
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """The state after step T, [batch, hidden].

        Parameters
        ----------
        x: [batch, steps, inputs].
        there: bool [batch, steps], False where x is padding; all are there unless given.

        Raises
        ------
        InputError: a shape does not fit.
        """
        wanted = [len(x), self.steps, self.W_x.shape[1]]
        if list(x.shape) != wanted:
            raise InputError(f"found the shape {spelled(x)}", accepted=str(wanted)).at(field="x")
        if there is not None and list(there.shape) != wanted[:2]:
            raise InputError(f"found the shape {spelled(there)}", accepted=str(wanted[:2])).at(field="there")
        from_x = torch.baddbmm(self.b, x.transpose(0, 1), self.W_x)
        h = x.new_zeros(len(x), self.W_h.shape[2])
        # Unbound at once: a slice a step would give each a gradient as large as all weights together.
        for t, (s, W) in enumerate(zip(from_x.unbind(), self.W_h.unbind(), strict=True)):
            new = torch.tanh(torch.addmm(s, h, W))
            h = new if there is None else torch.where(there[:, t, None], new, h)
        return h
