"""The training loop against a bare one, Lightning and the Hugging Face Trainer; processes against threads.

    python benchmarks/loop.py [--rounds 15] [--clock wall|cpu]; python benchmarks/loop.py --spread

LeNet-5 at batch 64, plain SGD, on 6 400 images of noise in memory: they take turns in one process. Lightning
and the Trainer get the same model, rule and data in a DataLoader over the same tensors, without logs,
checkpoints or bars. Each is left out where it is missing: pip install lightning transformers accelerate.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import timing
import torch
from timing import Outcome, interleaved, machine

from workings.lab.loop import Loop
from workings.lab.models.lenet import LeNet5
from workings.lab.study import Settings
from workings.lab.task import Outcome as Tested
from workings.lab.task import Task

IMAGES, BATCH, RATE = 6400, 64, 0.05
X = torch.rand(IMAGES, 1, 28, 28, generator=torch.Generator().manual_seed(0))
Y = torch.randint(10, (IMAGES,), generator=torch.Generator().manual_seed(1))


class Noise(Task):
    """Images that can't be told apart: what counts is the time."""

    examples = IMAGES

    def __init__(self) -> None:
        self.model = LeNet5()

    def loss(self, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:  # noqa: ARG002  no chance
        """Cross-entropy."""
        return torch.nn.functional.cross_entropy(self.model(X[chosen]), Y[chosen])

    def validate(self) -> dict[str, float]:
        """Nothing: evaluation is not what is timed."""
        return {"val_loss": 0.0}

    def test(self) -> Tested:
        """Nothing."""
        return Tested({})


def ours() -> Callable[[], object]:
    """An epoch of our loop, every event heard."""
    task = Noise()
    settings = Settings(epochs=1, batch_size=BATCH, learning_rate=RATE)

    def epoch() -> None:
        for _ in Loop(task, settings, 0, ("val_loss", "min")).run():
            pass

    return epoch


def bare() -> Callable[[], object]:
    """An epoch in the fewest lines, with the same fused update."""
    model = LeNet5()
    rule = torch.optim.SGD(model.parameters(), lr=RATE, fused=True)

    def epoch() -> None:
        for chosen in torch.randperm(IMAGES).split(BATCH):
            rule.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(X[chosen]), Y[chosen])
            loss.backward()
            rule.step()

    return epoch


def lightning() -> Callable[[], object]:
    """An epoch of Lightning's Trainer."""
    from lightning.pytorch import LightningModule, Trainer

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = LeNet5()

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _index: int) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=RATE, fused=True)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), BATCH, shuffle=True)
    quiet = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )

    def epoch() -> None:
        Trainer(max_epochs=1, accelerator="cpu", **quiet).fit(Module(), data)

    return epoch


def hugging_face() -> Callable[[], object]:
    """An epoch of the Trainer of transformers."""
    from transformers import Trainer, TrainingArguments

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = LeNet5()

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": torch.nn.functional.cross_entropy(self.model(x), labels)}

    class Rows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
        def __len__(self) -> int:
            return IMAGES

        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            return {"x": X[index], "labels": Y[index]}

    def epoch() -> None:
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                folder,
                num_train_epochs=1,
                per_device_train_batch_size=BATCH,
                learning_rate=RATE,
                optim="sgd",
                lr_scheduler_type="constant",
                max_grad_norm=0,
                report_to="none",
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                use_cpu=True,
            )
            Trainer(Wrapped(), arguments, train_dataset=Rows()).train()

    return epoch


def spread() -> tuple[Callable[[], object], Callable[[], object]]:
    """Two cells in two processes of one thread, and the two one after the other with two threads."""
    script = (
        "import sys, torch; sys.path.insert(0, sys.argv[2]); torch.set_num_threads(int(sys.argv[1]));"
        "import loop; epoch = loop.ours(); [epoch() for _ in range(int(sys.argv[3]))]"
    )
    here = str(Path(__file__).resolve().parent)

    def command(threads: int, epochs: int) -> list[str]:
        return [sys.executable, "-c", script, str(threads), here, str(epochs)]

    def two_processes() -> None:
        both = [subprocess.Popen(command(1, 10)) for _ in range(2)]
        assert all(process.wait() == 0 for process in both)

    def two_threads() -> None:
        subprocess.run(command(2, 20), check=True)

    return two_processes, two_threads


def loop_rows(rounds: int) -> list[Outcome]:
    """Our loop against others."""
    rows = [Outcome("our loop, over a bare PyTorch loop", *interleaved(ours(), bare(), rounds), 1.03)]
    for name, package, make in (
        ("our loop, over Lightning's Trainer", "lightning", lightning),
        ("our loop, over the Hugging Face Trainer", "transformers", hugging_face),
    ):
        if find_spec(package) is None:
            print(f"{package} is not installed: left out")
            continue
        rows.append(Outcome(name, *interleaved(ours(), make(), max(3, rounds // 3)), 1.0))
    return rows


def spread_rows(rounds: int) -> list[Outcome]:
    """Two processes against two threads."""
    name = "two cells in two processes of one thread, over one after the other with two threads"
    return [Outcome(name, *interleaved(*spread(), max(3, rounds // 5), warm=0), 1.0)]


def main() -> None:
    """Print the rows for RESULTS.md."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--rounds", type=int, default=15)
    words.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu where others work, too")
    words.add_argument("--spread", action="store_true", help="processes against threads, by the wall, alone")
    told = words.parse_args()
    rounds = told.rounds
    if told.clock == "cpu":
        timing.perf_counter = process_time
    warnings.simplefilter("ignore")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(1)
    print(machine(), f"torch {torch.__version__}, one thread")
    rows = spread_rows(rounds) if told.spread else loop_rows(rounds)
    for row in rows:
        print(row.row())


if __name__ == "__main__":
    main()
