"""Each slip, in a question in which people make it: the slipped value worked out here by hand or NumPy."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from workings import discovery
from workings.algebra.expression import apply, name
from workings.marking.key import Key
from workings.marking.slips import FORMULA_SLIPS, SLIPS, Context, mistyped, slipped, swapped
from workings.marking.verdicts import Marker
from workings.papers.draw import sheet_value
from workings.solution import Solution, solve

KINDS = discovery.names("workings.questions")
VARIANTS = 6

# --- the questions ------------------------------------------------------------------------------------------

NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 1,
    "weights": [[["0.2", "-0.4"], ["0.3", "0.1"]], ["0.5", "-0.7"]],
    "biases": "0.3",
    "activations": ["tanh", "sigmoid"],
    "loss": "squared",
    "learning_rate": "0.1",
}
X, W, B, V = np.array([1.0, 2.0]), np.array([[0.2, -0.4], [0.3, 0.1]]), 0.3, np.array([0.5, -0.7])
U = W.T @ X + B
H = np.tanh(U)
Y = 1 / (1 + math.exp(-(V @ H + B)))
GRAD_U_2 = -2 * (1 - Y) * Y * (1 - Y)
GRAD_U_1 = GRAD_U_2 * V * (1 - H**2)

LENET = {
    "input": [1, 28, 28],
    "layers": [
        {"conv": {"filters": 6, "kernel": 5, "padding": 2}},
        {"avg_pool": {"kernel": 2, "stride": 2}},
        {"conv": {"filters": 16, "kernel": 5}},
        {"avg_pool": {"kernel": 2, "stride": 2}},
        "flatten",
        {"dense": {"neurons": 120}},
        {"dense": {"neurons": 84}},
        {"dense": {"neurons": 10}},
    ],
}
LENET_WEIGHTS = 6 * 25 + 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10

TOKENS = np.array([[1.0, 0.0], [0.5, 2.0]])
W_Q, W_K, W_V = (
    np.array([[1.0, 0.5], [0.0, 1.0]]),
    np.array([[1.0, 0.3], [-0.5, 1.0]]),
    np.array([[2.0, 0.1], [0.4, 1.0]]),
)
ATTENTION = {
    "X": [["1.0", "0.0"], ["0.5", "2.0"]],
    "W_Q": [["1.0", "0.5"], ["0.0", "1.0"]],
    "W_K": [["1.0", "0.3"], ["-0.5", "1.0"]],
    "W_V": [["2.0", "0.1"], ["0.4", "1.0"]],
}
Q, K = TOKENS @ W_Q, TOKENS @ W_K
SCORES = Q @ K.T / math.sqrt(2)


def softmax(z, axis=-1):
    return np.exp(z) / np.exp(z).sum(axis, keepdims=True)


P = softmax(SCORES)

LOGITS = {"logits": ["2.0", "1.0", "0.1"], "target": 0}
PROBABILITIES = softmax(np.array([2.0, 1.0, 0.1]))
BATCH = {"batch": [["1.0", "4.0"], ["3.0", "8.0"], ["8.0", "5.0"]], "eps": "0.5"}
ROWS = np.array([[1.0, 4.0], [3.0, 8.0], [8.0, 5.0]])
LINEAR = {
    "x": ["1.0", "2.0"],
    "W": [["0.5", "-1.0", "0.3"], ["0.2", "0.7", "1.0"]],
    "b": ["0.1", "0.2", "0.3"],
    "d": [1, 0, 2],
}
ERRORS = np.array([1, 0, 2]) - (
    np.array([[0.5, -1.0, 0.3], [0.2, 0.7, 1.0]]).T @ [1, 2] + np.array([0.1, 0.2, 0.3])
)
ADAM = {
    "optimizer": "adam",
    "parameters": ["1.0", "-2.0"],
    "gradients": [["0.5", "-1.0"], ["0.25", "-0.8"]],
    "learning_rate": "0.1",
    "eps": "0.05",
}
M_1, V_1 = 0.1 * np.array([0.5, -1.0]), 0.001 * np.array([0.25, 1.0])
M_2 = 0.9 * M_1 + 0.1 * np.array([0.25, -0.8])
V_2 = 0.999 * V_1 + 0.001 * np.array([0.0625, 0.64])
START = np.array([1.0, -2.0])
VAE = {"mu": ["0.5", "-1.0"], "logvar": ["0.0", "-0.5"], "eps": ["0.2", "-0.4"], "reconstruction": "1.25"}
KL_TERMS = np.array([0.25, 1.0]) + np.exp([0, -0.5]) - 1 - np.array([0, -0.5])
POSITION = {"positions": [5], "d_model": 512, "first": 0, "last": 3}
ANGLES = 5 / 10000 ** (np.array([0, 0, 2, 2]) / 512)
BOXES = {"target": [0, 0, 3, 3], "prediction": [1, 1, 4, 5]}
APART = {"target": [0, 0, 3, 3], "prediction": [4, 1, 6, 5]}
RNN = {
    "U": [["0.2", "0.3"], ["0.8", "0.9"]],
    "W": [["0.5", "-0.4"], ["0.1", "0.6"]],
    "biases": "0.2",
    "activations": ["tanh", "identity"],
    "sequence": [["1.5", "1.0"], ["-3.0", "2.0"]],
    "start": ["0.7", "-0.3"],
    "V": ["0.2", "-0.2"],
}
GRU = discovery.load("workings.questions", "gru_step", "QUESTION").example
IMAGE = [[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 1], [1, 3, 0, 2]]
FILTER = [[1, 2], [0, -1]]
APPLIED = {"image": IMAGE, "kernel": FILTER, "padding": 1, "stride": 2}
SEPARABLE = {"input": [12, 55, 55], "output": [6, 49, 49], "kernel": 7}


def sliding(image, kernel, stride=1):
    image, kernel = np.array(image), np.array(kernel)
    rows, columns = ((n - k) // stride + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    return np.array(
        [
            [
                (image[i * stride : i * stride + 2, j * stride : j * stride + 2] * kernel).sum()
                for j in range(columns)
            ]
            for i in range(rows)
        ]
    )


# --- one row a slip: the kind, its givens, the quantity, and the slipped value ------------------------------

ROWS_OF_SLIPS = {
    "two digits swapped": ("dense_parameters", {"inputs": 12, "layers": [5]}, "total", 56),  # 65
    "decimal point": ("softmax_cross_entropy", LOGITS, "J", -math.log(PROBABILITIES[0]) * 10),
    "percent": ("confusion_metrics", {"TP": 3, "FP": 5, "FN": 1, "TN": 2}, "precision", "37.5"),
    "cut off": ("confusion_metrics", {"TP": 2, "FP": 1, "FN": 1, "TN": 2}, "precision", "0.6666"),
    "order of entries": ("sgd_step", NETWORK, "u_1", U[::-1]),
    "sign": ("sgd_step", NETWORK, "grad_u_2", -GRAD_U_2),
    "bias left out": ("sgd_step", NETWORK, "u_1", U - B),
    "bias counted": ("dense_parameters", {"inputs": 30, "layers": [20], "bias": False}, "total", 620),
    "transpose left out": ("sgd_step", NETWORK, "u_1", W @ X + B),
    "activation left out": ("sgd_step", NETWORK, "h_1", U),
    "slope left out": ("sgd_step", NETWORK, "grad_u_1", GRAD_U_2 * V),
    "learning rate left out": ("sgd_step", NETWORK, "new_b_1", B - GRAD_U_1),
    "MACs for FLOPs": ("conv_network", LENET, "flops_1", 25 * 6 * 28 * 28),
    "scale left out": ("self_attention", ATTENTION, "scores", Q @ K.T),
    "padding left out": ("conv_size", {"input": 30, "kernel": 5, "padding": 3, "output": "?"}, "output", 26),
    "padding once": ("conv_size", {"input": 30, "kernel": 5, "padding": 3, "output": "?"}, "output", 29),
    "stride left out": ("conv_size", {"input": 31, "kernel": 5, "stride": 3, "output": "?"}, "output", 27),
    "dilation left out": (
        "conv_size",
        {"input": 31, "kernel": 5, "dilation": 3, "output": "?"},
        "output",
        27,
    ),
    "no padding": ("conv_apply", APPLIED, "output", sliding(IMAGE, FILTER, 2)),
    "stride of 1": ("conv_apply", APPLIED, "output", sliding(np.pad(IMAGE, 1), FILTER)),
    "kernel turned": (
        "conv_apply",
        APPLIED,
        "output",
        sliding(np.pad(IMAGE, 1), np.array(FILTER)[::-1, ::-1], 2),
    ),
    "floor and ceiling": ("conv_size", {"input": 30, "kernel": 5, "stride": 4, "output": "?"}, "output", 8),
    "not rounded": ("conv_size", {"input": 30, "kernel": 5, "stride": 4, "output": "?"}, "output", "7.25"),
    "intersection twice": ("iou", BOXES, "union", 9 + 12),
    "factor 2 left out": ("linear_gradients", LINEAR, "grad_y", -ERRORS),
    "factor 1/2 left out": ("vae_terms", VAE, "KL", KL_TERMS.sum()),
    "square left out": ("linear_gradients", LINEAR, "J", ERRORS.sum()),
    "root left out": ("optimizer_step", ADAM, "theta_1", START - 0.1 * (M_1 / 0.1) / (V_1 / 0.001 + 0.05)),
    "degrees": (
        "positional_encoding",
        POSITION,
        "PE",
        [[f(math.radians(a)) for f, a in zip([math.sin, math.cos] * 2, ANGLES, strict=True)]],
    ),
    "log base 2": ("softmax_cross_entropy", LOGITS, "J", -math.log2(PROBABILITIES[0])),
    "log base 10": ("softmax_cross_entropy", LOGITS, "J", -math.log10(PROBABILITIES[0])),
    "1 left out": ("conv_size", {"input": 30, "kernel": 5, "output": "?"}, "output", 25),
    "wrong activation": ("sgd_step", NETWORK, "h_1", 1 / (1 + np.exp(-U))),
    "difference reversed": ("conv_size", {"input": 30, "kernel": 5, "output": "?"}, "output", 5 - 30 + 1),
    "sign of a term": ("sgd_step", NETWORK, "new_b_1", B + 0.1 * GRAD_U_1),
    "mean for sum": ("linear_gradients", LINEAR, "J", (ERRORS**2).mean()),
    "sum for mean": ("batch_norm", BATCH, "mean", ROWS.sum(0)),
    "variance over n - 1": ("batch_norm", BATCH, "var", ROWS.var(0, ddof=1)),
    "not normalised": ("softmax_cross_entropy", LOGITS, "p", np.exp([2.0, 1.0, 0.1])),
    "other axis": ("self_attention", ATTENTION, "P", softmax(SCORES, 0)),
    "mask left out": ("self_attention", {**ATTENTION, "mask": "causal"}, "P", P),
    "no clipping": ("iou", APART, "intersection", -2),
    "epsilon left out": ("batch_norm", BATCH, "normalised", (ROWS - ROWS.mean(0)) / ROWS.std(0)),
    "epsilon misplaced": (
        "optimizer_step",
        ADAM,
        "theta_1",
        START - 0.1 * (M_1 / 0.1) / np.sqrt(V_1 / 0.001 + 0.05),
    ),
    "position from 1": (
        "positional_encoding",
        POSITION,
        "PE",
        [[f(a * 6 / 5) for f, a in zip([math.sin, math.cos] * 2, ANGLES, strict=True)]],
    ),
    "previous step": (
        "elman_rnn",
        RNN,
        "s_2",
        np.array([[0.2, 0.3], [0.8, 0.9]]).T @ [-3, 2]
        + np.array([[0.5, -0.4], [0.1, 0.6]]).T @ [0.7, -0.3]
        + 0.2,
    ),
    "old value": (
        "optimizer_step",
        ADAM,
        "theta_2",
        # Adam's first step with these corrected moments, then a second with uncorrected m
        START
        - 0.1 * (M_1 / 0.1) / (np.sqrt(V_1 / 0.001) + 0.05)
        - 0.1 * M_2 / (np.sqrt(V_2 / (1 - 0.999**2)) + 0.05),
    ),
    "gates exchanged": ("gru_step", GRU, "new_h", None),
    "complement": ("sgd_step", NETWORK, "df_1", H**2),
    "sine and cosine": (
        "positional_encoding",
        POSITION,
        "PE",
        [[f(a) for f, a in zip([math.cos, math.sin] * 2, ANGLES, strict=True)]],
    ),
    "transpose added": ("self_attention", ATTENTION, "Z", P.T @ TOKENS @ W_V),
    "element by element": ("self_attention", ATTENTION, "Q", TOKENS * W_Q),
    "factors exchanged": ("self_attention", ATTENTION, "Q", W_Q @ TOKENS),
    "factor 2 added": ("sgd_step", NETWORK, "grad_u_1", 2 * GRAD_U_1),
    "factor 1/2 added": ("sgd_step", NETWORK, "grad_u_1", GRAD_U_1 / 2),
    "one more": ("one_hot_target", {"width": 10, "height": 7, "classes": 3}, "size", 211),
    "fraction inverted": ("iou", BOXES, "iou", Fraction(17, 4)),
    "denominator left out": ("optimizer_step", ADAM, "m_hat_2", M_2),
    "term left out": (
        "residual_block",
        {
            "x": ["2.0", "-1.0"],
            "weights": [[["0.5", "0.25"], ["-1.0", "0.5"]], [["1.0", "0.5"], ["0.3", "-0.5"]]],
        },
        "H",
        [0.75, 0.225],
    ),
    "factor left out": ("one_hot_target", {"width": 10, "height": 7, "classes": 3}, "size", 70),
    "doubled for squared": ("dense_parameters", None, "", None),
    "root added": ("linear_gradients", LINEAR, "J", math.sqrt((ERRORS**2).sum())),
    "maximum for sum": ("batch_norm", BATCH, "mean", ROWS.max(0)),
    "minimum and maximum": ("iou", BOXES, "intersection", 4 * 5),
    "sum for product": ("iou", BOXES, "area_prediction", 3 + 4),
    "product for sum": (
        "residual_block",
        {
            "x": ["2.0", "-1.0"],
            "weights": [[["0.5", "0.25"], ["-1.0", "0.5"]], [["1.0", "0.5"], ["0.3", "-0.5"]]],
        },
        "H",
        [1.5, -0.225],
    ),
    "product for quotient": ("iou", BOXES, "iou", 4 * 17),
}


def written(value):
    """A value as a student writes it: whole numbers as they are, others to six decimals."""
    if isinstance(value, (list, np.ndarray)):
        return [written(part) for part in value]
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else f"{float(value):.6f}"


def decimals_of(value):
    return 4 if isinstance(value, str) else 6


def gates_exchanged():
    """The GRU of the example by NumPy, with z and 1 - z exchanged in the last line."""
    g = {key: np.array(value, dtype=float) for key, value in GRU.items() if key not in ("layout", "reset")}
    r = 1 / (1 + np.exp(-(g["W_r"] @ g["x"] + g["U_r"] @ g["h"] + g["b_r"])))
    z = 1 / (1 + np.exp(-(g["W_z"] @ g["x"] + g["U_z"] @ g["h"] + g["b_z"])))
    n = np.tanh(g["W_n"] @ g["x"] + g["b_n"] + r * (g["U_n"] @ g["h"]))
    return z * n + (1 - z) * g["h"]


def test_the_table_has_more_than_25_slips_each_with_a_sentence():
    assert len(FORMULA_SLIPS) >= 25
    assert len({slip.name for slip in SLIPS}) == len(SLIPS)
    assert [slip.rank for slip in SLIPS] == list(range(len(SLIPS)))
    for slip in SLIPS:
        assert slip.feedback[0].isupper()
        assert slip.feedback.endswith(".")


def test_every_slip_has_a_question_in_which_it_happens():
    assert set(ROWS_OF_SLIPS) == {slip.name for slip in SLIPS}


@pytest.mark.parametrize("slip", [slip for slip in ROWS_OF_SLIPS if slip != "doubled for squared"])
def test_the_slip_is_named(slip):
    kind, given, quantity, value = ROWS_OF_SLIPS[slip]
    value = gates_exchanged() if value is None else value
    marker = Marker(solve(kind, given, decimals=decimals_of(value)), {quantity: written(value)})
    verdict = marker.verdict(quantity)
    assert verdict.name == "slip", verdict
    assert verdict.slip is not None
    assert verdict.slip.name == slip
    assert verdict.credit == 0


def test_a_square_taken_for_a_double():
    # (d - y)² of a single output: 3.4² = 11.56, doubled 6.8
    given = {**LINEAR, "W": [["0.5"], ["0.2"]], "b": ["0.1"], "d": ["4.4"]}
    marker = Marker(solve("linear_gradients", given, decimals=4), {"J": "6.8"})
    assert marker.verdict("J").slip.name == "doubled for squared"


# --- the cases of the issue ---------------------------------------------------------------------------------


def test_lenet_without_its_236_biases():
    assert LENET_WEIGHTS == 61470
    solution = solve("conv_network", LENET)
    assert solution["total"] == 61706
    verdict = Marker(solution, {"total": 61470}).verdict("total")
    assert (verdict.name, verdict.slip.name) == ("slip", "bias left out")
    assert verdict.note.startswith("bias left out; right: 61706")


def test_nothing_is_no_slip():
    # d (1 - y)² with y near 1: a quantity of 1e-4, for which 0 is the easiest guess
    given = {**LINEAR, "W": [["0.5"], ["0.2"]], "b": ["0.1"], "d": ["1.01"]}
    solution = solve("linear_gradients", given, decimals=6)
    assert solution["J"] == pytest.approx(1e-4)
    verdict = Marker(solution, {"J": 0}).verdict("J")
    assert (verdict.name, verdict.slip) == ("wrong", None)


def test_a_transposed_formula():
    solution = solve("linear_gradients", {"n": "n", "K": "K"})
    verdict = Marker(solution, {"grad_W": "-2(d-y)x^T"}).verdict("grad_W")
    assert (verdict.name, verdict.slip.name) == ("slip", "transpose left out")
    assert Marker(solution, {"grad_y": "d - y"}).verdict("grad_y").name == "wrong"
    assert Marker(solution, {"grad_y": "-(d - y)"}).verdict("grad_y").slip.name == "factor 2 left out"


def test_the_simplest_of_several_is_told():
    # 100 instead of 10: the point misplaced, before any slip of a formula
    solution = solve("dense_parameters", {"inputs": 9, "layers": [1]})
    assert Marker(solution, {"total": 100}).verdict("total").slip.name == "decimal point"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [("1 2", "1 2"), ("10**100**100", "10**100**100"), ("__import__('os')", "__import__"), ("1\x00", "1")],
)
def test_what_is_no_number_is_unreadable(raw, problem):
    verdict = Marker(solve("dense_parameters", {"inputs": 11, "layers": [1]}), {"total": raw}).verdict(
        "total"
    )
    assert (verdict.name, verdict.slip) == ("unreadable", None)
    assert problem in verdict.note


# --- slips of the pen ---------------------------------------------------------------------------------------


def test_swapped_digits():
    assert swapped(Fraction("-0.9589"), 4) >= {Fraction("-0.9598"), Fraction("-0.9859"), Fraction("-9.0589")}
    assert swapped(Fraction("1.1"), 1) == set()


@pytest.mark.parametrize(
    ("written_number", "right", "decimals", "slip"),
    [
        ("-0.9598", "-0.9589", 4, "two digits swapped"),
        ("12.5", "1.25", 2, "decimal point"),
        ("75", "0.75", 2, "percent"),
        ("0.66", "0.67", 2, "cut off"),
        ("0", "0.67", 2, None),
        ("0.5", "0.67", 2, None),
    ],
)
def test_mistyped(written_number, right, decimals, slip):
    exact = Fraction(2, 3) if right == "0.67" else Fraction(right)
    found = mistyped(Fraction(written_number), Fraction(right), (exact, exact), decimals)
    assert (found.name if found else None) == slip


def test_the_misprinted_sine_of_the_examination():
    right = [math.sin(5), math.cos(5)]
    given = {**POSITION, "last": 1}
    sheet = {"PE": [["-0.9598", f"{right[1]:.4f}"]]}
    verdict = Marker(solve("positional_encoding", given, decimals=4), sheet).verdict("PE")
    assert (verdict.name, verdict.slip.name) == ("slip", "two digits swapped")
    assert "entry 1, 1: −0.9598 in place of −0.9589" in verdict.note


# --- rewrites -----------------------------------------------------------------------------------------------


def test_forms_are_all_different_and_bounded():
    x = name("x")
    root = x
    for _ in range(300):
        root = root * x + 1
    forms = list(slipped(root, Context("y", {"x": ()})))
    assert 0 < len(forms) <= 200
    assert len({repr(form.expr) for form in forms[:50]}) == len(forms[:50])


def test_a_form_of_another_shape_is_flagged():
    forms = {
        form.slip.name: form.reshaped
        for form in slipped(apply("outer", "a", "b"), Context("g", {"a": (2,), "b": (3,)}))
    }
    assert forms["transpose left out"] is True
    assert forms["factor 2 added"] is False


def test_a_huge_formula_is_left_alone():
    root = name("x")
    for _ in range(5_000):
        root = root + 1
    assert list(slipped(root, Context("y", {"x": ()}))) == []


# --- no slip on what is right -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounding", ["end", "steps"])
def test_no_slip_is_named_on_a_right_answer(kind, rounding):
    question = discovery.load("workings.questions", kind, "QUESTION")
    for seed in range(VARIANTS):
        solution = solve(kind, question.vary(Random(seed)), decimals=3, rounding=rounding)
        key = Key(solution)
        sheet = {
            label: sheet_value(solution, label) for label in solution.ask if exact_numbers(solution, label)
        }
        marker = Marker(key, sheet)
        for label in sheet:
            verdict = marker.verdict(label)
            assert verdict.name in ("right", "right, rounded"), (kind, seed, label, verdict)
            assert verdict.slip is None


def exact_numbers(solution: Solution, label: str) -> bool:
    """Whether an answer is in numbers: formulas are compared in tests/questions."""
    value = solution.quantities[label].value
    return value is not None and not solution.working.needs().get(label)
