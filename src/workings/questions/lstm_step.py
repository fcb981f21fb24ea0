"""One step of a long short-term memory (LSTM): gates, candidate, new cell and new state."""

from __future__ import annotations

from random import Random
from typing import Any

from pydantic import Field

from workings.question import Given as Givens
from workings.question import Matrix, NumberOrVector, Question, Tensor, Vector
from workings.questions import gru_step
from workings.rules import recurrent
from workings.working import Draft, Working

GATES = "ifgo"


class Given(Givens):
    """Gates i, f, o and candidate g, each with W_g (input), U_g (state), b_g and c_g (biases)."""

    x: NumberOrVector = Field(description="the input: a list, or one number")
    h: NumberOrVector | None = Field(default=None, description="the state before; 0 unless given")
    c: NumberOrVector | None = Field(default=None, description="the cell before; 0 unless given")
    weight_ih: Matrix | None = Field(default=None, description="torch's: W_i, W_f, W_g, W_o under each other")
    weight_hh: Matrix | None = Field(default=None, description="torch's: U_i, U_f, U_g, U_o under each other")
    bias_ih: Vector | None = Field(default=None, description="torch's: b_i, b_f, b_g, b_o under each other")
    bias_hh: Vector | None = Field(default=None, description="torch's: c_i, c_f, c_g, c_o under each other")
    W_i: Tensor | None = Field(default=None, description="input gate, from the input")
    U_i: Tensor | None = Field(default=None, description="input gate, from the state")
    b_i: NumberOrVector | None = Field(default=None, description="input gate, bias")
    c_i: NumberOrVector | None = Field(default=None, description="input gate, second bias")
    W_f: Tensor | None = Field(default=None, description="forget gate, from the input")
    U_f: Tensor | None = Field(default=None, description="forget gate, from the state")
    b_f: NumberOrVector | None = Field(default=None, description="forget gate, bias")
    c_f: NumberOrVector | None = Field(default=None, description="forget gate, second bias")
    W_g: Tensor | None = Field(default=None, description="candidate, from the input")
    U_g: Tensor | None = Field(default=None, description="candidate, from the state")
    b_g: NumberOrVector | None = Field(default=None, description="candidate, bias")
    c_g: NumberOrVector | None = Field(default=None, description="candidate, second bias")
    W_o: Tensor | None = Field(default=None, description="output gate, from the input")
    U_o: Tensor | None = Field(default=None, description="output gate, from the state")
    b_o: NumberOrVector | None = Field(default=None, description="output gate, bias")
    c_o: NumberOrVector | None = Field(default=None, description="output gate, second bias")
    layout: recurrent.Layout = Field(default="plain", description="plain: W x, as in torch; transposed: Wᵀx")


def work(given: Given) -> Working:
    """The pre-activations s_g, the gates i, f, o, the candidate g, the new cell and the new state."""
    draft = Draft()
    arrays = recurrent.gate_arrays(GATES, dict(given), given.layout)
    state = recurrent.start_of(given.h, arrays[f"U_{GATES[0]}"], "h")
    draft.given("x", given.x)
    draft.given("h", state)
    draft.given("c", recurrent.start_of(given.c, arrays[f"U_{GATES[0]}"], "c"))
    for label, array in recurrent.fit_gates(arrays, GATES, given.x, state, given.layout).items():
        draft.given(label, array)
    return draft.done(recurrent.lstm_cell(draft, given.layout))


def vary(random: Random) -> dict[str, Any]:
    """One to three units in torch's stacked form or gate by gate, in both layouts."""
    given = gru_step.draw(random, GATES)
    if random.random() < 0.8:
        state = given.get("h", given.get("U_i"))
        state = given["weight_hh"][0] if state is None else state
        cells = [f"{random.randint(-15, 15) / 10:.1f}" for _ in state]
        given["c"] = cells if isinstance(state, list) else cells[0]
    return given


QUESTION = Question(
    title="One step of an LSTM",
    given=Given,
    work=work,
    vary=vary,
    example={
        "x": ["1.0", "-0.5"],
        "h": ["0.2", "0.4"],
        "c": ["0.5", "-0.1"],
        "W_i": [["0.3", "-0.1"], ["0.2", "0.5"]],
        "U_i": [["0.1", "0.4"], ["-0.3", "0.2"]],
        "b_i": "0.1",
        "W_f": [["-0.2", "0.6"], ["0.4", "0.1"]],
        "U_f": [["0.5", "0.1"], ["0.2", "-0.4"]],
        "b_f": "1.0",
        "W_g": [["0.7", "0.2"], ["-0.6", "0.3"]],
        "U_g": [["0.1", "-0.5"], ["0.4", "0.3"]],
        "b_g": "0.0",
        "W_o": [["0.4", "0.4"], ["0.1", "-0.2"]],
        "U_o": [["0.2", "0.3"], ["-0.1", "0.6"]],
        "b_o": "0.0",
    },
    conventions=("layout",),
)
