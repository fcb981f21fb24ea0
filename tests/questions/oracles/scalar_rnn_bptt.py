"""h_t = a x_t + b h_{t-1} by a loop, its gradients by torch autograd in float64."""

from __future__ import annotations

from fractions import Fraction

import torch


def number(written, letters):
    if isinstance(written, str) and written.isidentifier():
        return letters.get(written, 1.0)  # a letter that the quantity does not depend on
    return float(Fraction(written))


def letters(given, random):
    """A number of steps that is unrolled in letters too."""
    return {given["T"]: random.randint(2, 6)} if isinstance(given["T"], str) else {}


def answers(given):
    """Every quantity as a function of the letters that the givens are written in, or as a number."""
    length, x = given["T"], given["x"]
    fixed = isinstance(length, int)
    end = "T" if fixed else length
    written = {"a": given["a"], "b": given["b"], "h_0": given["h_0"]}
    written["slope"] = given.get("dl_dh_T", f"dl_dh_{end}")

    def run(letters):
        steps = length if fixed else letters[length]
        inputs = letters.get(x, [1.0] * 9) if isinstance(x, str) else [float(Fraction(entry)) for entry in x]
        a, b, h, slope = (
            torch.tensor(number(entry, letters), dtype=torch.float64, requires_grad=True)
            for entry in written.values()
        )
        found, states = {}, [h]
        for t in range(steps):
            states.append(a * inputs[t] + b * states[-1])
            found[f"h_{t + 1}"] = states[-1]
        found["h_T"] = states[-1]
        found["dh_da"], found["dh_db"] = torch.autograd.grad(states[-1], (a, b), retain_graph=True)
        by_loss = torch.autograd.grad(slope * states[-1], (a, b))
        found["grad_a"], found["grad_b"] = by_loss
        found["grad_a_unrolled"], found["grad_b_unrolled"] = by_loss
        return {name: float(value.detach()) for name, value in found.items()}

    names = ["h_T", "dh_da", "dh_db", "grad_a", "grad_b"]
    if fixed:
        names += [f"h_{t}" for t in range(1, length + 1)] + ["grad_a_unrolled", "grad_b_unrolled"]
    return {name: function_or_value(run, name, letters_of(name, given, written)) for name in names}


def letters_of(name, given, written):
    """The letters that the formula of a quantity holds."""
    everything = {*written.values(), given["T"], given["x"] if isinstance(given["x"], str) else 0}
    if name == "grad_a_unrolled" and given["T"] == 1:
        held = everything - {written["a"], written["b"], written["h_0"]}
    elif name == "grad_b_unrolled" and given["T"] == 1:
        held = {written["h_0"], written["slope"]}
    elif name.startswith(("dh_da", "grad_a")):
        held = everything - {written["a"], written["h_0"]}
    else:
        held = everything
    if not name.startswith("grad"):
        held = held - {written["slope"]}
    return {letter for letter in held if isinstance(letter, str) and letter.isidentifier()}


def function_or_value(run, name, letters):
    return (lambda **point: run(point)[name]) if letters else run({})[name]
