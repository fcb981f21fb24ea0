"""The states and outputs of an Elman network over a sequence, with gradients through time on request."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any, Literal

import numpy as np
from pydantic import Field

from workings.algebra.expression import apply, chain_sum, name
from workings.errors import InputError
from workings.question import Given as Givens
from workings.question import Number, NumberOrVector, Question, Tensor, VectorOrMatrix
from workings.rules import recurrent
from workings.rules.recurrent import spelled
from workings.working import Draft, Working

Activation = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax"]

HIDDEN = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus")
"""What a hidden layer may have: softmax belongs to an output."""

MOST_STEPS = 1000
"""Time steps of one working."""

LOSSES = {
    "squared": "squared_error",
    "binary_cross_entropy": "binary_cross_entropy",
    "cross_entropy": "cross_entropy",
}


class Given(Givens):
    """s_t = Uᵀx_t + Wᵀh_{t-1} + b, h_t = f(s_t), o_t = Vᵀh_t + c, y_t = g(o_t)."""

    U: Tensor = Field(description="from the input: inputs × hidden neurons (layout transposed)")
    W: Tensor = Field(description="from the hidden state before: hidden × hidden")
    V: Tensor | None = Field(
        default=None,
        description="to the output: hidden × outputs, or a list for one output; none for states only",
    )
    biases: Number | list[NumberOrVector] = Field(
        default=Fraction(0), description="one number for all, or b of the hidden layer and c of the output"
    )
    activations: list[Activation] = Field(
        default=["tanh", "identity"],
        description="f of the hidden layer and g of the output",
        max_length=2,
        min_length=1,
    )
    sequence: VectorOrMatrix = Field(
        description="x_1, x_2, ...: one list a time step, or one number where inputs = 1"
    )
    start: NumberOrVector = Field(
        default=Fraction(0), description="h_0: one number for all neurons, or a list"
    )
    layout: recurrent.Layout = Field(
        default="transposed",
        description="transposed: Uᵀx, inputs × outputs; plain: U x, outputs × inputs, as in torch",
    )
    targets: list[NumberOrVector] | None = Field(
        default=None,
        description="one a time step, the losses being added; or a single one, for the last step",
    )
    loss: Literal["squared", "binary_cross_entropy", "cross_entropy"] = Field(
        default="squared", description="the loss J_t of a step with a target; squared is (d - y)ᵀ(d - y)"
    )
    gradients: bool = Field(default=False, description="with targets: the gradients of J through time")


def work(given: Given) -> Working:
    """The network unrolled; with targets the loss, and with `gradients` its gradients through time."""
    return unrolled(given, "h")


def unrolled(given: Given, feedback: Literal["h", "y"]) -> Working:
    """The working of an Elman (`h`) or Jordan (`y`) network."""
    draft = Draft()
    length = len(given.sequence)
    if length > MOST_STEPS:
        raise InputError(f"found {length} time steps", accepted=f"at most {MOST_STEPS}").at(field="sequence")
    _place(draft, given, feedback)
    f, g = (*given.activations, "identity")[:2]
    if f not in HIDDEN:
        raise InputError(f"{f} in the hidden layer", accepted=", ".join(HIDDEN)).at(field="activations")
    ask = recurrent.unroll(
        draft, length, feedback=feedback, activations=(f, g), layout=given.layout, output=given.V is not None
    )
    if given.targets is not None:
        ask += _losses(draft, given, given.targets, g)
        if given.gradients:
            ask += _gradients(draft, given, length, feedback)
    elif given.gradients:
        raise InputError("gradients without targets", accepted="targets, one a time step or one in all").at(
            field="gradients"
        )
    return draft.done(ask)


def _place(draft: Draft, given: Given, feedback: Literal["h", "y"]) -> None:
    """The givens on the draft, every size checked; single numbers lose their axis."""
    sizes = _sizes(given, feedback)
    for t, x in enumerate(given.sequence, start=1):
        draft.given(f"x_{t}", x)
    for field, (into, out) in _ends(feedback).items():
        if getattr(given, field) is not None:
            draft.given(field, _fitted(given, field, sizes[into], sizes[out]))
    biases = given.biases if isinstance(given.biases, list) else [given.biases] * 2
    count = 1 if given.V is None else 2
    if isinstance(given.biases, list) and len(biases) != count:
        raise InputError(
            f"found {len(biases)} biases", accepted="one number, or b" + " and c" * (count - 1)
        ).at(field="biases")
    for i, (label, layer) in enumerate((("b", "hidden"), ("c", "output"))[:count]):
        draft.given(label, recurrent.spread(biases[i], sizes[layer], f"biases[{i}]"))
    fed = "hidden" if feedback == "h" else "output"
    draft.given(f"{feedback}_0", recurrent.spread(given.start, sizes[fed], "start"), note="the start")


def _ends(feedback: Literal["h", "y"]) -> dict[str, tuple[str, str]]:
    fed = "hidden" if feedback == "h" else "output"
    return {"U": ("input", "hidden"), "W": (fed, "hidden"), "V": ("hidden", "output")}


def _sizes(given: Given, feedback: Literal["h", "y"]) -> dict[str, tuple[int, ...]]:
    """The shapes of input, hidden state and output: () for a single number, (n,) else."""
    inputs = np.shape(given.sequence)[1:]
    last = -1 if given.layout == "transposed" else 0
    shapes: dict[str, tuple[int, ...]] = {field: np.shape(getattr(given, field)) for field in "UWV"}
    ranks = {field: len(shape) for field, shape in shapes.items()}
    lone_hidden = ranks["U"] < 2 and (ranks["W"] == 0 if feedback == "h" else ranks["V"] == 0)
    hidden = () if lone_hidden or ranks["U"] == 0 else (shapes["U"][last],)
    outputs = shapes["V"][last] if ranks["V"] > 1 or (ranks["V"] == 1 and not hidden) else 1
    return {"input": inputs, "hidden": hidden, "output": () if outputs == 1 else (outputs,)}


def _fitted(given: Given, field: str, into: tuple[int, ...], out: tuple[int, ...]) -> Any:
    """A matrix in the shape that its two ends have; an axis of one entry may be written or left out."""
    array = getattr(given, field)
    ends = (into, out) if given.layout == "transposed" else (out, into)
    wanted = tuple(extent for end in ends for extent in end)
    written = tuple(extent for end in ends for extent in (end or (1,)))
    if np.shape(array) == wanted:
        return array
    if np.shape(array) == written:
        return array.reshape(wanted) if wanted else array.item()
    raise InputError(f"found {spelled(np.shape(array))}", accepted=spelled(written)).at(field=field)


def _losses(draft: Draft, given: Given, targets: list[Any], activation: str) -> list[str]:
    if given.V is None:
        raise InputError("targets without V", accepted="V, the matrix to the output").at(field="targets")
    allowed = {"binary_cross_entropy": ("sigmoid",), "cross_entropy": ("softmax", "sigmoid")}.get(given.loss)
    if allowed and activation not in allowed:
        raise InputError(f"{given.loss} after {activation}", accepted=" or ".join(allowed)).at(
            field="activations"
        )
    length = len(given.sequence)
    if len(targets) not in (1, length):
        raise InputError(
            f"{len(targets)} targets for {length} steps", accepted="one a step, or one for the last"
        ).at(field="targets")
    parts: list[str] = []
    for t, target in enumerate(targets, start=length - len(targets) + 1):
        if np.shape(target) != draft.shapes[f"y_{t}"]:
            accepted = f"{spelled(draft.shapes[f'y_{t}'])}, as the output"
            raise InputError(f"found {spelled(np.shape(target))}", accepted=accepted).at(
                field=f"targets[{len(parts)}]"
            )
        d = draft.given(f"d_{t}", target)
        one_hot = given.loss == "cross_entropy" and np.ndim(target) == 1 and sum(target.tolist()) == 1
        attrs = {"distribution": True} if one_hot else {}
        parts.append("J" if len(targets) == 1 else f"J_{t}")
        draft.step(parts[-1], apply(LOSSES[given.loss], name(f"y_{t}"), d, **attrs))
    if len(parts) > 1:
        draft.step("J", chain_sum(name(part) for part in parts), note="the losses of all steps, added")
        parts.append("J")
    return parts


def _gradients(draft: Draft, given: Given, length: int, feedback: Literal["h", "y"]) -> list[str]:
    """Gradients of J with respect to every s_t and o_t, last step first, and to the shared parameters."""
    assert given.targets is not None  # noqa: S101  its caller has seen to it
    with_output = range(length, length - len(given.targets), -1) if feedback == "h" else range(length, 0, -1)
    wrt: list[str] = []
    for t in range(length, 0, -1):
        wrt += [f"o_{t}"] if t in with_output else []
        wrt.append(f"s_{t}")
    wrt += ["U", "W", "b", "V", "c"]
    draft.backward("J", wrt, source=recurrent.BPTT)
    return [f"grad_{label}" for label in wrt]


def vary(random: Random) -> dict[str, Any]:
    """A small network over two or three steps."""
    return draw(random, "h")


def draw(random: Random, feedback: Literal["h", "y"]) -> dict[str, Any]:
    """Givens of an Elman (`h`) or Jordan (`y`) network, with and without targets, in both layouts."""
    inputs, hidden, length = random.choice((1, 2, 3)), random.choice((1, 2, 3)), random.choice((1, 2, 3))
    loss = random.choice(("squared", "binary_cross_entropy", "cross_entropy"))
    outputs = random.choice({"squared": (1, 2), "binary_cross_entropy": (1,), "cross_entropy": (2, 3)}[loss])
    output = {
        "squared": random.choice(("identity", "tanh", "relu", "leaky_relu", "softplus")),
        "binary_cross_entropy": "sigmoid",
        "cross_entropy": random.choice(("softmax", "sigmoid")),
    }[loss]
    layout = random.choice(("transposed", "plain"))

    def tenths(*shape: int, bound: int = 12) -> Any:
        if not shape:
            return f"{random.randint(-bound, bound) / 10:.1f}"
        return [tenths(*shape[1:], bound=bound) for _ in range(shape[0])]

    def target() -> Any:
        if loss == "squared":
            return tenths() if outputs == 1 else tenths(outputs)
        hot = random.randrange(outputs)
        return random.randint(0, 1) if outputs == 1 else [int(k == hot) for k in range(outputs)]

    def matrix(into: int, out: int) -> Any:
        return tenths(into, out) if layout == "transposed" else tenths(out, into)

    fed, lone = hidden if feedback == "h" else outputs, inputs == 1 and random.random() < 0.5
    given: dict[str, Any] = {
        "U": matrix(inputs, hidden),
        "W": matrix(fed, hidden),
        "V": tenths(hidden) if outputs == 1 and random.random() < 0.5 else matrix(hidden, outputs),
        "biases": random.choice((tenths(bound=5), [tenths(hidden, bound=5), tenths(bound=5)])),
        "activations": [random.choice(HIDDEN), output],
        "sequence": tenths(length) if lone else tenths(length, inputs, bound=20),
        "start": random.choice((0, tenths(), tenths(fed))) if fed > 1 or feedback == "h" else tenths(),
        "layout": layout,
    }
    if random.random() < 0.7:
        steps = random.choice((1, length))
        targets = [target() for _ in range(steps)]
        given |= {"targets": targets, "loss": loss, "gradients": random.random() < 0.8}
    elif feedback == "h" and random.random() < 0.5:
        given |= {"V": None, "biases": tenths(bound=5), "activations": given["activations"][:1]}
    return given


QUESTION = Question(
    title="An Elman network over a sequence",
    given=Given,
    work=work,
    vary=vary,
    example={
        "U": [["0.2", "0.3"], ["0.8", "0.9"]],
        "W": [["0.5", "-0.4"], ["0.1", "0.6"]],
        "V": ["0.2", "-0.2"],
        "biases": "0.2",
        "activations": ["tanh", "sigmoid"],
        "sequence": [["1.5", "1.0"], ["-3.0", "2.0"]],
        "start": 0,
        "targets": [1],
        "loss": "binary_cross_entropy",
        "gradients": True,
    },
    conventions=("layout",),
)
