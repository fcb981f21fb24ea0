"""The loop against plain PyTorch, against hand calculation, and against itself taken up in the middle."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from workings.lab.loop import Diverged, Evaluated, Loop, Stepped
from workings.lab.optimiser import course
from workings.lab.study import Settings
from workings.lab.task import Outcome, Task

WATCH = ("val_loss", "min")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")


class Plane(Task):
    """Least squares on 21 points, with dropout and noise so that chance matters."""

    examples = 21

    def __init__(self, *, chance: bool = True) -> None:
        torch.manual_seed(5)
        layers = [torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)]
        if chance:
            layers.insert(2, torch.nn.Dropout(0.3))
        self.model = torch.nn.Sequential(*layers)
        self.chance = chance
        self.x = torch.randn(self.examples, 3)
        self.y = self.x.sum(1)

    def loss(self, chosen, generator):
        x = self.x[chosen]
        if self.chance:
            x = x + 0.1 * torch.randn(x.shape, generator=generator)
        return torch.nn.functional.mse_loss(self.model(x)[:, 0], self.y[chosen])

    def validate(self):
        assert not self.model.training
        assert not torch.is_grad_enabled()
        return {"val_loss": float(torch.nn.functional.mse_loss(self.model(self.x)[:, 0], self.y))}

    def test(self):
        return Outcome(self.validate())


class Scripted(Task):
    """One weight, gradient 1, so that w = −Σ rates; validation says what the script says."""

    examples = 4

    def __init__(self, script=()) -> None:
        self.model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.model.weight)
        self.script = iter(script)

    def loss(self, chosen, generator):
        return self.model.weight.sum()

    def validate(self):
        return {"val_loss": next(self.script, 0.0), "weight": self.model.weight.item()}

    def test(self):
        return Outcome({"weight": self.model.weight.item()})


def settings(**changes) -> Settings:
    return Settings.model_validate({"epochs": 3, "batch_size": 4, "learning_rate": 0.05} | changes)


def weights(loop: Loop) -> list[torch.Tensor]:
    return [value.clone() for value in loop.model.state_dict().values()]


def same(left, right) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_a_bare_loop(name):
    task, bare = Plane(chance=False), Plane(chance=False)
    loop = Loop(task, settings(optimizer=name, weight_decay=0.01, clip_norm=0.5), 7, WATCH)
    list(loop.run())
    rule = {
        "sgd": lambda p: torch.optim.SGD(p, 0.05, weight_decay=0.01),
        "momentum": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.01),
        "nesterov": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.01, nesterov=True),
        "rmsprop": lambda p: torch.optim.RMSprop(p, 0.05, momentum=0.9, weight_decay=0.01),
        "adam": lambda p: torch.optim.Adam(p, 0.05, weight_decay=0.01),
        "adamw": lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.01),
    }[name](bare.model.parameters())
    for epoch in range(3):
        order = torch.randperm(21, generator=torch.Generator().manual_seed(7 * 1_000_003 + epoch))
        for chosen in order.split(4):
            rule.zero_grad()
            bare.loss(chosen, loop.generator).backward()
            torch.nn.utils.clip_grad_norm_(bare.model.parameters(), 0.5)
            rule.step()
    for ours, theirs in zip(task.model.parameters(), bare.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("at", [1, 6, 9, 18])
def test_goes_on_bit_for_bit_from_any_step(name, at):
    told = settings(optimizer=name, average=0.8, schedule="one_cycle", evaluate_every=4)
    whole = Loop(Plane(), told, 3, WATCH)
    rows = [event.row for event in whole.run() if isinstance(event, Evaluated)]

    first = Loop(Plane(), told, 3, WATCH)
    seen = []
    for event in first.run():
        if isinstance(event, Evaluated):
            seen.append(event.row)
        elif event.step == at:
            break
    state = [
        {name: value.clone() for name, value in part.items()} if index < 2 else part
        for index, part in enumerate(first.state())
    ]
    torch.manual_seed(99)  # chance elsewhere must not matter
    second = Loop(Plane(), told, 3, WATCH)
    second.load(*state)
    seen += [event.row for event in second.run() if isinstance(event, Evaluated)]
    assert seen == rows
    assert same(weights(second), weights(whole))
    assert second.finish().metrics == whole.finish().metrics


def test_events():
    events = list(Loop(Plane(), settings(evaluate_every=5), 0, WATCH).run())
    steps = [event.step for event in events if isinstance(event, Stepped)]
    assert steps == list(range(1, 19))  # 21 examples in batches of 4 are 6 steps an epoch
    rows = [event.row for event in events if isinstance(event, Evaluated)]
    assert [row["step"] for row in rows] == [5, 10, 15, 18]
    assert [row["epoch"] for row in rows] == [5 / 6, 10 / 6, 15 / 6, 3.0]
    losses = [float(event.loss) for event in events if isinstance(event, Stepped)]
    assert rows[1]["train_loss"] == pytest.approx(sum(losses[5:10]) / 5)


def test_all_arms_see_the_same_order():
    class Listening(Plane):
        def loss(self, chosen, generator):
            self.seen = [*getattr(self, "seen", []), chosen.tolist()]
            return super().loss(chosen, generator)

    one, other, third = Listening(), Listening(), Listening()
    list(Loop(one, settings(), 1, WATCH).run())
    list(Loop(other, settings(optimizer="adam", average=0.9), 1, WATCH).run())
    list(Loop(third, settings(), 2, WATCH).run())
    assert one.seen == other.seen
    assert one.seen != third.seen
    for epoch in range(3):
        batches = one.seen[6 * epoch : 6 * epoch + 6]
        assert sorted(itertools.chain(*batches)) == list(range(21))


@pytest.mark.parametrize(
    ("changes", "shares"),
    [
        ({}, {0: 1, 50: 1, 99: 1}),
        ({"schedule": "linear"}, {0: 1, 25: 0.75, 99: 0.01}),
        ({"schedule": "cosine"}, {0: 1, 25: (1 + math.cos(math.pi / 4)) / 2, 50: 0.5}),
        ({"warmup": 0.1}, {0: 0.1, 4: 0.5, 9: 1, 60: 1}),
        ({"schedule": "linear", "warmup": 0.2}, {9: 0.5, 20: 1, 60: 0.5}),
        ({"schedule": "one_cycle"}, {14: 0.52, 29: 1, 30: 1, 65: 0.5}),
        ({"schedule": "one_cycle", "warmup": 0.5}, {24: 0.52, 50: 1, 75: 0.5}),
    ],
)
def test_course_of_the_rate(changes, shares):
    told = settings(**changes)
    assert {step: course(told, step, 100) for step in shares} == pytest.approx(shares)


def test_rate_reaches_the_weights():
    task = Scripted()
    loop = Loop(task, settings(epochs=4, batch_size=2, schedule="linear", learning_rate=0.8), 0, WATCH)
    rows = [event.row for event in loop.run() if isinstance(event, Evaluated)]
    # 8 steps: 0.8 · (1 − s/8), s = 0 … 7
    assert [row["learning_rate"] for row in rows] == pytest.approx([0.7, 0.5, 0.3, 0.1])
    assert task.model.weight.item() == pytest.approx(-(0.8 + 0.7 + 0.6 + 0.5 + 0.4 + 0.3 + 0.2 + 0.1))


def test_average_of_the_weights_is_evaluated_and_the_raw_ones_trained():
    task = Scripted()
    told = settings(epochs=3, batch_size=4, learning_rate=1.0, average=0.99, select="last")
    loop = Loop(task, told, 0, WATCH)
    rows = [event.row for event in loop.run() if isinstance(event, Evaluated)]
    assert task.model.weight.item() == -3
    # w = −1, −2, −3; kept 2/11, 3/12, 4/13 of the average while it is young
    first = -1 * 9 / 11
    second = first * 3 / 12 - 2 * 9 / 12
    third = second * 4 / 13 - 3 * 9 / 13
    assert [row["weight"] for row in rows] == pytest.approx([first, second, third])
    assert loop.finish().metrics["weight"] == pytest.approx(third)


@pytest.mark.parametrize(("select", "weight"), [("best", -2.0), ("last", -4.0)])
def test_early_stopping_and_selection(select, weight):
    told = settings(epochs=9, learning_rate=1.0, patience=2, select=select)
    loop = Loop(Scripted([0.5, 0.3, 0.4, 0.31, 0.1]), told, 0, WATCH)
    assert sum(isinstance(event, Evaluated) for event in loop.run()) == 4
    assert (loop.best_step, loop.best_value) == (2, 0.3)
    assert loop.finish().metrics["weight"] == weight


def test_larger_is_better_where_the_study_says_so():
    loop = Loop(Scripted([0.5, 0.3, 0.7]), settings(learning_rate=1.0), 0, ("val_loss", "max"))
    list(loop.run())
    assert loop.best_step == 3


def test_a_loss_that_is_no_number_stops_it():
    class Exploding(Scripted):
        def loss(self, chosen, generator):
            return self.model.weight.sum() * (math.inf if self.model.weight < -2.5 else 1)

    loop = Loop(Exploding(), settings(epochs=100, learning_rate=1.0), 0, WATCH)
    with pytest.raises(Diverged, match=r"no number any more by step 4; accepted: a lower learning_rate"):
        list(loop.run())
    loop = Loop(Scripted([0.1, math.nan]), settings(), 0, WATCH)
    with pytest.raises(Diverged, match="val_loss is nan at step 2"):
        list(loop.run())


def test_clipping_bounds_the_whole_gradient():
    task = Plane(chance=False)
    before = torch.cat([value.flatten().clone() for value in task.model.parameters()])
    loop = Loop(task, settings(epochs=1, batch_size=21, learning_rate=1.0, clip_norm=1e-3), 0, WATCH)
    list(loop.run())
    after = torch.cat([value.flatten() for value in task.model.parameters()])
    assert (after - before).norm().item() == pytest.approx(1e-3, rel=1e-3)
