"""One step of a gated recurrent unit (GRU): gates, candidate and new state."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from pydantic import Field

from workings.question import Given as Givens
from workings.question import Matrix, NumberOrVector, Question, Tensor, Vector
from workings.rules import recurrent
from workings.working import Draft, Working

GATES = "rzn"


class Given(Givens):
    """Gates r, z and candidate n, each with W_g (input), U_g (state), b_g and c_g (biases)."""

    x: NumberOrVector = Field(description="the input: a list, or one number")
    h: NumberOrVector | None = Field(default=None, description="the state before; 0 unless given")
    weight_ih: Matrix | None = Field(default=None, description="torch's: W_r, W_z, W_n under each other")
    weight_hh: Matrix | None = Field(default=None, description="torch's: U_r, U_z, U_n under each other")
    bias_ih: Vector | None = Field(default=None, description="torch's: b_r, b_z, b_n under each other")
    bias_hh: Vector | None = Field(default=None, description="torch's: c_r, c_z, c_n under each other")
    W_r: Tensor | None = Field(default=None, description="reset gate, from the input")
    U_r: Tensor | None = Field(default=None, description="reset gate, from the state")
    b_r: NumberOrVector | None = Field(default=None, description="reset gate, bias")
    c_r: NumberOrVector | None = Field(default=None, description="reset gate, second bias")
    W_z: Tensor | None = Field(default=None, description="update gate, from the input")
    U_z: Tensor | None = Field(default=None, description="update gate, from the state")
    b_z: NumberOrVector | None = Field(default=None, description="update gate, bias")
    c_z: NumberOrVector | None = Field(default=None, description="update gate, second bias")
    W_n: Tensor | None = Field(default=None, description="candidate, from the input")
    U_n: Tensor | None = Field(default=None, description="candidate, from the state")
    b_n: NumberOrVector | None = Field(default=None, description="candidate, bias")
    c_n: NumberOrVector | None = Field(
        default=None, description="candidate, second bias: inside the reset where that is after the product"
    )
    layout: recurrent.Layout = Field(default="plain", description="plain: W x, as in torch; transposed: Wᵀx")
    reset: Literal["after", "before"] = Field(
        default="after", description="r ⊙ (U_n h + c_n) as in torch; or U_n (r ⊙ h) as in Cho et al. (2014)"
    )
    update: Literal["keep", "replace"] = Field(
        default="keep", description="(1 - z) ⊙ n + z ⊙ h as in torch; or (1 - z) ⊙ h + z ⊙ n"
    )


def work(given: Given) -> Working:
    """The pre-activations s_g, gates r and z, candidate n and the new state."""
    draft = Draft()
    arrays = recurrent.gate_arrays(GATES, dict(given), given.layout)
    state = recurrent.start_of(given.h, arrays[f"U_{GATES[0]}"], "h")
    draft.given("x", given.x)
    draft.given("h", state)
    for label, array in recurrent.fit_gates(arrays, GATES, given.x, state, given.layout).items():
        draft.given(label, array)
    return draft.done(recurrent.gru_cell(draft, given.layout, reset=given.reset, update=given.update))


def vary(random: Random) -> dict[str, Any]:
    """One to three units in torch's stacked form or gate by gate, in every convention."""
    return {
        **draw(random, GATES),
        "reset": random.choice(("after", "before")),
        "update": random.choice(("keep", "replace")),
    }


def draw(random: Random, gates: str) -> dict[str, Any]:
    """Input, state and weights of a cell with these gates."""
    inputs, units = random.choice((1, 2, 3)), random.choice((1, 2, 3))

    def tenths(*shape: int, bound: int = 12) -> Any:
        if not shape:
            return f"{random.randint(-bound, bound) / 10:.1f}"
        return [tenths(*shape[1:], bound=bound) for _ in range(shape[0])]

    if random.random() < 0.4:
        rows = len(gates) * units
        given = {"weight_ih": tenths(rows, inputs), "weight_hh": tenths(rows, units)}
        biases = {"bias_ih": tenths(rows, bound=5), "bias_hh": tenths(rows, bound=5)}
        kept = {field: bias for field, bias in biases.items() if random.random() < 0.8}
        return {"x": tenths(inputs), "h": tenths(units), **given, **kept, "layout": "plain"}
    layout = random.choice(("plain", "transposed"))
    single = random.random() < 0.3
    into: tuple[int, ...] = () if single and inputs == 1 else (inputs,)
    out: tuple[int, ...] = () if single else (units,)
    given = {"x": tenths(*into), "layout": layout}
    if random.random() < 0.8:
        given["h"] = tenths(*out)
    for gate in gates:
        for kind, end in (("W", into), ("U", out)):
            given[f"{kind}_{gate}"] = tenths(*end, *out) if layout == "transposed" else tenths(*out, *end)
        given[f"b_{gate}"] = random.choice((tenths(bound=5), tenths(*out, bound=5)))
        if random.random() < 0.3:
            given[f"c_{gate}"] = tenths(bound=5)
    return given


QUESTION = Question(
    title="One step of a GRU",
    given=Given,
    work=work,
    vary=vary,
    example={
        "x": ["1.0", "-0.5"],
        "h": ["0.2", "0.4"],
        "W_r": [["0.3", "-0.1"], ["0.2", "0.5"]],
        "U_r": [["0.1", "0.4"], ["-0.3", "0.2"]],
        "b_r": "0.1",
        "W_z": [["-0.2", "0.6"], ["0.4", "0.1"]],
        "U_z": [["0.5", "0.1"], ["0.2", "-0.4"]],
        "b_z": "0.0",
        "W_n": [["0.7", "0.2"], ["-0.6", "0.3"]],
        "U_n": [["0.1", "-0.5"], ["0.4", "0.3"]],
        "b_n": "0.0",
    },
    conventions=("reset", "update", "layout"),
)
