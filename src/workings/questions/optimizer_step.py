"""Steps of an optimiser (SGD, momentum, Nesterov, RMSprop, Adam, AdamW) with every state shown."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from workings import question
from workings.algebra.expression import Expr
from workings.errors import InputError
from workings.question import Positive, Question, Scalar, read_array, read_scalar
from workings.rules.letters import check_letters, letter_of, letters_in, scalar
from workings.rules.optimizer import DEFAULTS, Optimizer, update
from workings.working import Draft, Working

MOST_STEPS = 1000
MOST_NUMBERS = 10_000
"""Entries of a parameter times steps."""

FIELDS = {
    "learning_rate": "eta",
    "momentum": "mu",
    "dampening": "tau",
    "alpha": "alpha",
    "beta_1": "beta_1",
    "beta_2": "beta_2",
    "eps": "epsilon",
    "weight_decay": "lambda",
}
"""The name of each hyper-parameter in the working."""


def _number_or_array(written: object) -> object:
    """A number, a letter, or nested lists of numbers."""
    return read_scalar(written) if isinstance(written, (str, Expr)) else read_array(written, (0, 1, 2))


Parameter = Annotated[Any, BeforeValidator(_number_or_array)]


class Given(question.Given):
    """Parameters θ_0 and one gradient a step, g_t at θ_{t-1}, in torch.optim's conventions."""

    optimizer: Optimizer = Field(default="sgd", description="which optimiser, as in torch.optim")
    parameters: Parameter = Field(description="θ_0: a number, a letter, a list, or a list of rows")
    gradients: list[Parameter] = Field(
        description="one gradient a step, each like the parameters; a single one serves all steps",
        min_length=1,
        max_length=MOST_STEPS,
    )
    steps: Positive | None = Field(default=None, description="how many steps; default: one a gradient")
    learning_rate: Scalar | None = Field(
        default=None, description="η; default as in torch: 0.001, for rmsprop 0.01"
    )
    momentum: Scalar | None = Field(
        default=None, description="μ of momentum and nesterov (default 0.9) and of rmsprop (default 0)"
    )
    dampening: Scalar | None = Field(default=None, description="τ of momentum, default 0")
    alpha: Scalar | None = Field(default=None, description="smoothing of rmsprop, default 0.99")
    beta_1: Scalar | None = Field(default=None, description="decay of the mean in adam, default 0.9")
    beta_2: Scalar | None = Field(default=None, description="decay of the squares in adam, default 0.999")
    eps: Scalar | None = Field(default=None, description="added to the root, not under it; default 1e-8")
    weight_decay: Scalar | None = Field(
        default=None, description="λ: added to the gradient as λθ, in adamw apart from it (default 0.01)"
    )


def work(given: Given) -> Working:
    """Every state and parameter after each step."""
    steps = _steps(given)
    settings = _settings(given)
    gradients = {f"g_{t}": given.gradients[min(t, len(given.gradients)) - 1] for t in range(1, steps + 1)}
    givens = {"theta_0": given.parameters, **gradients, **settings}
    taken = {f"{label}_{t}" for label in ("theta", "b", "m", "v", "G") for t in range(1, steps + 1)}
    taken |= {label for label, value in givens.items() if letter_of(value) != label}
    named = {field: getattr(given, field) for field in ("parameters", *FIELDS)}
    check_letters(named | {f"gradients[{i}]": g for i, g in enumerate(given.gradients)}, taken)
    draft = Draft()
    for label, value in {"theta_0": given.parameters, **gradients}.items():
        _put(draft, label, value)
    chosen = {label: scalar(draft, label, value) for label, value in settings.items() if value != 0}
    ask: list[str] = []
    for t in range(1, steps + 1):
        ask += update(draft, given.optimizer, t, chosen)
    return draft.done(ask)


def _put(draft: Draft, label: str, value: object) -> None:
    """A given under its own label; letters in it stand for real numbers."""
    for letter in sorted(letters_in(value)):
        if letter not in draft:
            draft.letter(letter)
    if letter_of(value) != label:
        draft.given(label, value)


def _steps(given: Given) -> int:
    """How many steps, after a check that gradients fit the parameters."""
    steps, shape = given.steps or len(given.gradients), np.shape(given.parameters)
    if len(given.gradients) not in (1, steps):
        raise InputError(
            f"{len(given.gradients)} gradients for {steps} steps", accepted=f"1 gradient, or {steps}"
        ).at(field="gradients")
    if steps * max(1, np.size(given.parameters)) > MOST_NUMBERS or steps > MOST_STEPS:
        raise InputError(
            f"{steps} steps of {np.size(given.parameters)} numbers",
            accepted=f"at most {MOST_STEPS} steps and {MOST_NUMBERS} numbers in all",
        ).at(field="steps")
    for i, gradient in enumerate(given.gradients):
        if np.shape(gradient) != shape:
            raise InputError(
                f"a gradient of shape {np.shape(gradient)}", accepted=f"the parameters' shape {shape}"
            ).at(field=f"gradients[{i}]")
    return steps


def _settings(given: Given) -> Mapping[str, Any]:
    """The optimiser's hyper-parameters: those given, else torch's defaults."""
    defaults = DEFAULTS[given.optimizer]
    settings: dict[str, Any] = dict(defaults)
    for field, label in FIELDS.items():
        value = getattr(given, field)
        if value is None:
            continue
        if label not in defaults:
            known = ", ".join(f for f, inner in FIELDS.items() if inner in defaults)
            raise InputError(f"{given.optimizer} has no {field}", accepted=known).at(field=field)
        if not isinstance(value, Expr):
            _check(field, value)
        settings[label] = value
    if given.optimizer == "nesterov" and settings["mu"] == 0:
        raise InputError("nesterov without momentum", accepted="a momentum above 0").at(field="momentum")
    return settings


def _check(field: str, value: Any) -> None:
    """The ranges that torch.optim takes."""
    if field == "learning_rate" and value <= 0:
        raise InputError(f"found {value}", accepted="a learning rate above 0").at(field=field)
    below_one = field in ("beta_1", "beta_2", "alpha")
    if value < 0 or (below_one and value >= 1):
        accepted = "a number from 0 to below 1" if below_one else "a number from 0"
        raise InputError(f"found {value}", accepted=accepted).at(field=field)


def vary(random: Random) -> dict[str, Any]:
    """One to three steps on a number, a list or rows; some numbers as letters."""
    kind = random.choice(("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"))
    shape = random.choice(((), (2,), (3,), (2, 2)))
    lettered = shape == () and random.random() < 0.5
    steps = random.randint(1, 2 if lettered else 3)

    def draw(*axes: int) -> Any:
        if axes:
            return [draw(*axes[1:]) for _ in range(axes[0])]
        return f"{random.choice((-1, 1)) * random.randint(1, 20) / 10:.1f}"

    given: dict[str, Any] = {
        "optimizer": kind,
        "parameters": "w" if lettered else draw(*shape),
        "gradients": ["g", "h"][:steps] if lettered else [draw(*shape) for _ in range(steps)],
        "learning_rate": "eta" if lettered and random.random() < 0.5 else random.choice(("0.1", "0.01")),
    }
    if random.random() < 0.3:
        given |= {"gradients": given["gradients"][:1], "steps": steps}
    options = {
        "momentum": (("momentum", "nesterov"), ("0.9", "0.5")),
        "dampening": (("momentum",), ("0.5",)),
        "alpha": (("rmsprop",), ("0.9",)),
        "beta_1": (("adam", "adamw"), ("0.8",)),
        "beta_2": (("adam", "adamw"), ("0.99", "0.9")),
        "eps": (("rmsprop", "adam", "adamw"), ("1e-6", "0.1")),
        "weight_decay": (tuple(DEFAULTS), ("0.1", "0.01", "0")),
    }
    for field, (owners, values) in options.items():
        if kind in owners and random.random() < 0.4:
            given[field] = random.choice(values)
    if kind == "rmsprop" and random.random() < 0.4:
        given["momentum"] = "0.9"
    return given


QUESTION = Question(
    title="Steps of an optimiser",
    given=Given,
    work=work,
    vary=vary,
    example={
        "optimizer": "adam",
        "parameters": ["1.0", "-2.0"],
        "gradients": [["0.5", "-1.0"], ["0.25", "-0.5"]],
        "learning_rate": "0.1",
    },
)
