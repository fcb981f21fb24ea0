"""Networks that say, sample by sample, how likely a waveform ends there.

All take signals [batch, n] and return logits [batch, kinds, n].
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Literal, cast

import torch
from torch import nn
from torch.nn import functional

RARE: Final = -3.0
"""The bias that the last layer of a U-Net begins with: marks are rare, as σ(−3) = 0.047."""


class Recurrent(nn.Module):
    """Layers of GRU or LSTM cells that read the signal in both directions, and a linear layer at each sample.

    With a GRU, 64 units and two layers this is the coursework's network: 100 353 parameters for one kind.

    Parameters
    ----------
    hidden: units of a layer in each direction.
    dropout: between the layers.
    """

    def __init__(
        self,
        cell: Literal["gru", "lstm"],
        hidden: int = 64,
        layers: int = 2,
        dropout: float = 0.2,
        kinds: int = 1,
    ) -> None:
        super().__init__()
        build = nn.GRU if cell == "gru" else nn.LSTM
        between = dropout if layers > 1 else 0.0
        self.reader = build(1, hidden, layers, batch_first=True, dropout=between, bidirectional=True)
        self.head = nn.Linear(2 * hidden, kinds)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the module."""
        states, _ = self.reader(x[..., None])
        return self.head(states).transpose(1, 2)


class UNet(nn.Module):
    """A U-Net over time: residual blocks, each on half the samples of the one before, and the way back up.

    On the way up each level sees the level below, stretched to its own length, beside what it saw on the way
    down. With five levels and a kernel of 9 samples, what lies 300 samples away still counts.

    Parameters
    ----------
    channels: of each level, from the finest to the coarsest.
    kernel: width of the convolutions, odd.
    dropout: of whole channels, inside a block.

    Source: Ronneberger, Fischer, Brox (2015), U-Net; the blocks are those of He et al. (2016).
    """

    def __init__(
        self, channels: tuple[int, ...], kernel: int = 9, dropout: float = 0.1, kinds: int = 1
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList(_Block(a, b, kernel, dropout) for a, b in pairwise((1, *channels)))
        self.up = nn.ModuleList(_Block(a + b, a, kernel, dropout) for a, b in pairwise(channels))
        self.head = nn.Conv1d(channels[0], kinds, 1)
        with torch.no_grad():
            cast("torch.Tensor", self.head.bias).fill_(RARE)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the module."""
        length = x.shape[-1]
        coarsest = 2 ** len(self.up)
        values = functional.pad(x[:, None], (0, -length % coarsest))
        levels: list[torch.Tensor] = []
        for depth, block in enumerate(self.down):
            values = block(functional.max_pool1d(values, 2) if depth else values)
            levels.append(values)
        for level, block in reversed(list(zip(levels, self.up, strict=False))):
            # Each sample twice. An interpolation looks nicer, but its gradient is not repeatable on a GPU.
            wide = values[..., None].expand(-1, -1, -1, 2).flatten(2)
            values = block(torch.cat([level, wide], dim=1))
        return self.head(values)[..., :length]


class _Block(nn.Module):
    """relu(x + g(x)): two convolutions with batch normalisation, dropout between them."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm1d(outputs),
            nn.ReLU(),
            nn.Dropout1d(dropout),
            nn.Conv1d(outputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm1d(outputs),
        )
        self.straight = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.straight(x) + self.branch(x))
