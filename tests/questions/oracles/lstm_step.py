"""An LSTM step by torch.nn.LSTMCell; the gates from its stacked matrices."""

from __future__ import annotations

import torch
from questions.oracles.gru_step import stacked, state


def answers(given):
    arrays, x, units = stacked(given, "ifgo")
    h, c = state(given, "h", units), state(given, "c", units)
    cell = torch.nn.LSTMCell(len(x), units, dtype=torch.float64)
    for parameter, array in zip(cell.parameters(), arrays, strict=True):
        parameter.data = array
    new_h, new_c = cell(x, (h, c))
    ih, hh, b, bias = arrays
    i, f, g, o = (ih @ x + b + hh @ h + bias).split(units)
    found = {
        "i": i.sigmoid(),
        "f": f.sigmoid(),
        "g": g.tanh(),
        "o": o.sigmoid(),
        "new_c": new_c,
        "new_h": new_h,
    }
    lone = "weight_ih" not in given and not isinstance(given["U_i"], list)
    return {name: (value[0] if lone else value).detach().numpy() for name, value in found.items()}
