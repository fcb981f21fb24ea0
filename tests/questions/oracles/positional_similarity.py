"""Dot products of the codes themselves, by torch in float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from questions.oracles.positional_encoding import table


def letters(given, random):
    """An even size, two positions, and the codes that belong to them."""
    width = given["d_model"] if isinstance(given["d_model"], int) else 2 * random.randint(1, 8)
    point = {"d": width, "t": random.randint(0, 40), "tau": random.randint(0, 40)}
    for label in ("t", "tau"):
        position = given[label] if isinstance(given[label], int) else point[label]
        point[f"p_{label}"] = code(given, position, width).numpy()
        point[f"x_{label}"] = np.array([random.gauss(0, 1) for _ in range(width)])
    return point


def code(given, position, width):
    return table([position], width, float(Fraction(given.get("base", 10000))))[0]


def answers(given):
    lettered = any(isinstance(given[name], str) for name in ("d_model", "t", "tau"))

    def run(point):
        width, t, tau = (point.get(given[name], given[name]) for name in ("d_model", "t", "tau"))
        p_t, p_tau = code(given, t, width).numpy(), code(given, tau, width).numpy()
        x_t, x_tau = (
            np.array([float(Fraction(entry)) for entry in given[name]]) if name in given else point[name]
            for name in ("x_t", "x_tau")
        )
        parts = {"p_dot": p_t @ p_tau, "x_dot": x_t @ x_tau, "x_p_dot": x_t @ p_tau, "p_x_dot": p_t @ x_tau}
        return {**parts, "y_dot": (x_t + p_t) @ (x_tau + p_tau)}

    def run_codes(point):
        width, t, tau = (point.get(given[name], given[name]) for name in ("d_model", "t", "tau"))
        return (code(given, t, width) @ code(given, tau, width)).numpy()

    found = {"p_dot": (lambda **point: run_codes(point)) if lettered else run_codes({})}
    if "x_t" in given:
        needed = {
            "x_dot": (), "x_p_dot": ("tau",), "p_x_dot": ("t",), "y_dot": ("t", "tau"),
        }  # fmt: skip
        for name, labels in needed.items():
            if any(isinstance(given[label], str) for label in labels):
                found[name] = lambda name=name, **point: run(point)[name]
            else:
                found[name] = run({"t": 0, "tau": 0})[name]
    elif isinstance(given["d_model"], str):
        found["y_dot"] = lambda **point: run(point)["y_dot"]
    return found
