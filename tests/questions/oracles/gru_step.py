"""A GRU step by torch.nn.GRUCell, with the weights put into its stacked matrices; by plain Python where
the reset comes before the product or the update replaces, which torch does not have."""

from __future__ import annotations

from fractions import Fraction
from math import exp, tanh

import torch


def numbers(data):
    return [numbers(part) for part in data] if isinstance(data, list) else float(Fraction(data))


def tensor(data):
    return torch.tensor(numbers(data), dtype=torch.float64)


def stacked(given, gates):
    """weight_ih, weight_hh, bias_ih, bias_hh in torch's form, x as a vector, and the number of units."""
    x = tensor(given["x"]).reshape(-1)
    if "weight_ih" in given:
        units = len(given["weight_hh"]) // len(gates)
        zero = [0] * (len(gates) * units)
        arrays = [
            given["weight_ih"],
            given["weight_hh"],
            given.get("bias_ih", zero),
            given.get("bias_hh", zero),
        ]
        return [tensor(array) for array in arrays], x, units
    first = tensor(given[f"U_{gates[0]}"])
    units = first.shape[0] if first.ndim else 1
    transposed = given["layout"] == "transposed"

    def matrix(name, inputs):
        array = tensor(given[name])
        return array.reshape(inputs, units).T if transposed else array.reshape(units, inputs)

    def bias(name):
        return tensor(given.get(name, 0)).reshape(-1).expand(units)

    ih = torch.cat([matrix(f"W_{gate}", len(x)) for gate in gates])
    hh = torch.cat([matrix(f"U_{gate}", units) for gate in gates])
    return (
        [ih, hh, torch.cat([bias(f"b_{g}") for g in gates]), torch.cat([bias(f"c_{g}") for g in gates])],
        x,
        units,
    )


def state(given, name, units):
    return tensor(given[name]).reshape(-1) if given.get(name) is not None else torch.zeros(units).double()


def sigmoid(u):
    return 1 / (1 + exp(-u))


def answers(given):
    arrays, x, units = stacked(given, "rzn")
    h = state(given, "h", units)
    found = by_hand(arrays, x.tolist(), h.tolist(), given)
    if given["reset"] == "after" and given["update"] == "keep":
        cell = torch.nn.GRUCell(len(x), units, dtype=torch.float64)
        for parameter, array in zip(cell.parameters(), arrays, strict=True):
            parameter.data = array
        found["new_h"] = cell(x, h).detach().tolist()
    lone = "weight_ih" not in given and not isinstance(given["U_r"], list)
    return {name: value[0] if lone else value for name, value in found.items()}


def by_hand(arrays, x, h, given):
    ih, hh, b, c = (array.tolist() for array in arrays)
    units = len(h)

    def dot(row, vector):
        return sum(w * v for w, v in zip(row, vector, strict=True))

    r = [sigmoid(dot(ih[k], x) + b[k] + dot(hh[k], h) + c[k]) for k in range(units)]
    z = [sigmoid(dot(ih[k], x) + b[k] + dot(hh[k], h) + c[k]) for k in range(units, 2 * units)]
    n = []
    for k in range(units):
        row = 2 * units + k
        if given["reset"] == "after":
            inner = r[k] * (dot(hh[row], h) + c[row])
        else:
            inner = dot(hh[row], [a * s for a, s in zip(r, h, strict=True)]) + c[row]
        n.append(tanh(dot(ih[row], x) + b[row] + inner))
    mixed = zip(z, n, h, strict=True)
    if given["update"] == "keep":
        new = [(1 - gate) * candidate + gate * old for gate, candidate, old in mixed]
    else:
        new = [(1 - gate) * old + gate * candidate for gate, candidate, old in mixed]
    return {"r": r, "z": z, "n": n, "new_h": new}
