"""The RNN by hand against torch.nn.RNN, forward and backward, on batches of sequences of different lengths.

    python benchmarks/recurrent.py [--threads 1 2] [--rounds 15] [--clock wall|cpu]

Both get the same padded batch, lengths, weights and gradient of the states, and give the same gradients of
the weights (checked before). Lengths are uniform from half to one and a half of their mean; packing counts.
The peer comes in two forms. *Packed*: on a `pack_padded_sequence`, as one is told to do with such batches.
torch slices each step out of the product of all inputs, and the backward of every slice is a gradient as
large as that product, so its time grows with the square of the length. *Padded*: on the whole rectangle,
where states past a sequence's end are worked out and then ignored; the peer's quickest form.

Memory is what a first forward and backward adds to the peak of a fresh process, with gradients of weights.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import timing
import torch
from timing import Outcome, interleaved, machine
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from workings.lab.models.recurrent import Rnn
from workings.lab.models.recurrent_packing import Packed, Packing

Pass = Callable[[], object]

TARGETS = {"packed": 2.0, "padded": 1.0}
"""What was asked for; against the other form, not to be slower."""
MEMORY = "--memory"
"""Tells the process that it is the one whose memory is measured."""
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Size:
    """A batch: how many sequences, their mean length, numbers a step, and the width of the state."""

    batch: int
    length: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return f"{self.batch} × {self.length} × {self.inputs} → {self.hidden}"


SIZES = (Size(32, 50, 10, 32), Size(64, 100, 10, 64), Size(64, 100, 32, 128), Size(128, 200, 64, 256))


@dataclass(frozen=True)
class Batch:
    """Padded sequences, and the gradient of the loss with respect to their states, 0 past the ends."""

    x: Tensor
    lengths: Tensor
    gradient: Tensor

    @classmethod
    def of(cls, size: Size) -> Batch:
        """A batch of that size, the same each time."""
        generator = torch.Generator().manual_seed(0)
        low, high = size.length // 2, size.length + size.length // 2
        lengths = torch.randint(low, high + 1, (size.batch,), generator=generator)
        steps = int(lengths.max())
        there = torch.arange(steps) < lengths[:, None]
        gradient = torch.randn(size.batch, steps, size.hidden, generator=generator) * there[..., None]
        return cls(torch.randn(size.batch, steps, size.inputs, generator=generator), lengths, gradient)


def weights(size: Size) -> tuple[Rnn, nn.RNN]:
    """Ours and torch's, with the same weights."""
    torch.manual_seed(0)
    theirs = nn.RNN(size.inputs, size.hidden)
    ours = Rnn(size.inputs, size.hidden)
    with torch.no_grad():
        W_x, W_h, b, c = theirs.parameters()
        for weight, like in zip(ours.parameters(), (W_x, W_h, b + c), strict=True):
            weight.copy_(like)
    return ours, theirs


def by_hand(batch: Batch, model: Rnn) -> Pass:
    """Forward and backward of ours."""
    incoming = Packing.of(batch.lengths).pack(batch.gradient)

    def run() -> None:
        model.zero_grad()
        packing = Packing.of(batch.lengths)
        states, _ = model(Packed(packing.pack(batch.x), packing))
        states.rows.backward(incoming)

    return run


def packed(batch: Batch, model: nn.RNN) -> Pass:
    """Forward and backward of torch's, packed."""

    def pack(padded: Tensor) -> nn.utils.rnn.PackedSequence:
        return pack_padded_sequence(padded, batch.lengths, batch_first=True, enforce_sorted=False)

    incoming = pack(batch.gradient).data

    def run() -> None:
        model.zero_grad()
        states, _ = model(pack(batch.x))
        states.data.backward(incoming)

    return run


def padded(batch: Batch, model: nn.RNN) -> Pass:
    """Forward and backward of torch's, padded, time first as it likes it."""
    incoming = batch.gradient.transpose(0, 1).contiguous()

    def run() -> None:
        model.zero_grad()
        states, _ = model(batch.x.transpose(0, 1))
        states.backward(incoming)

    return run


PEERS = {"packed": packed, "padded": padded}


def same(ours: Rnn, theirs: nn.RNN) -> bool:
    """Whether the gradients agree, as far as float32 goes."""
    pairs = zip(ours.parameters(), theirs.parameters(), strict=False)
    return all(float((a.grad - b.grad).abs().max() / b.grad.abs().max()) < 1e-4 for a, b in pairs)


def make_pass(size: Size, side: str) -> Pass:
    """Forward and backward of one side on a batch of its own."""
    ours, theirs = weights(size)
    batch = Batch.of(size)
    return by_hand(batch, ours) if side == "ours" else PEERS[side](batch, theirs)


def measured(size: Size, rounds: int, peer: str) -> Outcome:
    """Ours and one form of the peer in turns."""
    batch, (ours, theirs) = Batch.of(size), weights(size)
    mine, their = by_hand(batch, ours), PEERS[peer](batch, theirs)
    mine()
    their()
    assert same(ours, theirs), "the two do not compute the same"
    times = interleaved(mine, their, rounds, 2)
    name = f"{size}: `nn.RNN` {peer}, over ours"
    return Outcome(name, *times, TARGETS[peer], at_least=True)


# --- memory -------------------------------------------------------------------------------------------------


def peak(size: Size, side: str) -> float | None:
    """MiB that a forward and backward adds, in a process of its own; None where Linux does not tell."""
    if not STATUS.exists():
        return None
    numbers = map(str, (size.batch, size.length, size.inputs, size.hidden))
    command = [sys.executable, __file__, MEMORY, side, *numbers]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def added(size: Size, side: str) -> float:
    """MiB that the peak of this process rises over what it held before."""
    torch.set_num_threads(1)
    make_pass(replace(size, batch=2, length=4), side)()  # what is loaded at first use is no part of it
    run = make_pass(size, side)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = resident("VmRSS")
    run()
    return resident("VmHWM") - before


def resident(name: str) -> float:
    """A figure of this process's memory in MiB."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def memory(size: Size) -> str:
    """The three sides' memory in a few words."""
    found = {side: peak(size, side) for side in ("ours", *PEERS)}
    return ", ".join(f"{side} {value:.1f} MiB" for side, value in found.items() if value is not None)


def main() -> None:
    """Print a row for each size, form of the peer and number of threads, and memory after them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--clock", choices=["wall", "cpu"], default="wall", help="cpu: all threads' time, for a busy machine"
    )
    parser.add_argument(MEMORY, nargs=5, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.memory:
        side, *numbers = told.memory
        sys.stdout.write(f"{added(Size(*map(int, numbers)), side)}\n")
        return
    if told.clock == "cpu":
        timing.perf_counter = process_time
    print(f"{machine()}, torch {torch.__version__}, {told.clock} time")
    for threads in told.threads:
        torch.set_num_threads(threads)
        for size in SIZES:
            rounds = told.rounds if size.hidden < 256 else max(5, told.rounds // 3)
            for peer in PEERS:
                outcome = measured(size, rounds, peer)
                print(replace(outcome, note=f"{threads} thread{'s' * (threads > 1)}").row(), flush=True)
    for size in SIZES:
        print(f"{size}: memory {memory(size)}", flush=True)


if __name__ == "__main__":
    main()
