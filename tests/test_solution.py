"""Solutions: the machine form, what a notebook shows, text, and errors that name the field."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pypandoc
import pytest

import workings
from workings import discovery
from workings.algebra.digits import exact_value
from workings.algebra.rounding import Places
from workings.errors import InputError
from workings.solution import Solution, solve

KINDS = discovery.names("workings.questions")
NETWORK = {
    "x": ["1.0", "2.0"],
    "target": 0,
    "weights": [[["0.2", "-0.4"], ["-0.2", "0.4"]], ["0.8", "-1.0"]],
    "biases": "0.5",
    "activations": ["tanh", "sigmoid"],
    "loss": "binary_cross_entropy",
}


def example(kind: str) -> Solution:
    return solve(kind, discovery.load("workings.questions", kind, "QUESTION").example)


# The machine form: docs/design.md, "Command line"


def check_quantity(found) -> None:
    assert list(found)[-5:] == ["value", "shape", "text", "latex", "exact"]
    assert isinstance(found["exact"], bool)
    assert isinstance(found["text"], str)
    assert isinstance(found["latex"], str)
    assert isinstance(found["shape"], list)
    value, shape = found["value"], found["shape"]
    if value is None or isinstance(value, str):
        return
    if all(isinstance(extent, int) for extent in shape):
        assert np.shape(value) == tuple(shape)


@pytest.mark.parametrize("kind", KINDS)
def test_json(kind):
    solution = example(kind)
    found = json.loads(json.dumps(solution.as_json(), allow_nan=False))
    assert list(found) == ["kind", "quantities", "steps"]
    assert found["kind"] == kind
    assert list(found["quantities"]) == list(solution.ask)
    for quantity in found["quantities"].values():
        assert list(quantity) == ["value", "shape", "text", "latex", "exact"]
        check_quantity(quantity)
    assert [step["name"] for step in found["steps"]] == [step.name for step in solution.working]
    for step in found["steps"]:
        assert list(step)[:5] == ["name", "formula", "substituted", "note", "source"]
        check_quantity(step)


def test_json_of_a_number():
    """(55 - 7) / 1 + 1 = 49."""
    solution = solve("conv_size", input=55, kernel=7, stride=1, padding=0, output="?")
    assert solution.as_json()["quantities"]["output"] == {
        "value": 49,
        "shape": [],
        "text": "49",
        "latex": "49",
        "exact": True,
    }


def test_json_of_a_rounded_number():
    quantity = solve("sgd_step", NETWORK, decimals=3).as_json()["quantities"]["y"]
    assert quantity["exact"] is False
    assert re.fullmatch(r"0\.\d{3}", quantity["text"])
    assert abs(quantity["value"] - float(quantity["text"])) <= 0.0005


def test_json_of_a_formula_where_sizes_are_letters():
    quantity = solve("linear_gradients", {}).as_json()["quantities"]["grad_W"]
    assert quantity == {
        "value": None,
        "shape": ["n", "K"],
        "text": "−2 · x (d − y)ᵀ",
        "latex": r"-2 x\, \left(d - y\right)^{\top}",
        "exact": True,
    }


def test_json_of_words():
    quantities = example("transfer_setting").as_json()["quantities"]
    assert all(isinstance(quantity["value"], str) for quantity in quantities.values())


# Values from Python


def test_the_example_of_the_front_page():
    assert workings.solve("conv_size", input=55, kernel="?", stride=1, padding=0, output=49)["kernel"] == 7


def test_values_are_plain_python():
    solution = solve("sgd_step", NETWORK)
    assert isinstance(solution["y"], float)
    assert isinstance(solution["u_1"], np.ndarray)
    assert solution["u_1"].shape == (2,)
    # u = Wᵀx + b by hand: 0.2 - 0.4 + 0.5 and -0.4 + 0.8 + 0.5
    assert solution["u_1"] == pytest.approx([0.3, 0.9], rel=1e-15)
    assert exact_value(solution.values["u_1"][0]) == Fraction(3, 10)


def test_givens_are_quantities_too():
    assert solve("sgd_step", NETWORK, ask=["x", "y"])["x"].tolist() == [1, 2]


def test_the_hand_calculation_is_the_value_where_steps_are_rounded():
    """tanh 0.3 = 0.2913, tanh 0.9 = 0.7163: rounded 0.29 and 0.72; 0.8·0.29 - 0.72 + 0.5 = 0.012, so 0.01."""
    by_hand = solve("sgd_step", NETWORK, decimals=2, rounding="steps")
    assert by_hand["h_1"].tolist() == [0.29, 0.72]
    assert by_hand["u_2"] == 0.01
    assert solve("sgd_step", NETWORK, decimals=2)["u_2"] == pytest.approx(0.01675, abs=5e-6)
    line = by_hand.lines["u_2"]
    assert line.relations("text")[-1] == ("≈", "0.01")
    assert line.unrounded is not None
    assert line.unrounded.text == "0.02"


def test_equals_stands_only_before_what_is_exact():
    lines = solve("sgd_step", NETWORK, decimals=4).lines
    assert lines["u_1"].relations("text")[-1] == ("=", "[0.3, 0.9]")
    assert lines["h_1"].relations("text")[-1][0] == "≈"
    for line in lines.values():
        sign, form = line.relations("text")[-1]
        if sign == "=" and "." in form and line.value is not None:
            assert line.value.exact


# Texts


def test_text():
    text = solve("conv_size", input=55, kernel="?", stride=1, padding=0, output=49).text()
    assert text.splitlines()[0].endswith(" (4 decimals, rounded at the end)")
    assert text.splitlines()[-2:] == ["Answers", "  k = 7"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_prints_in_every_form(kind):
    solution = example(kind)
    assert solution.text().count("\nAnswers\n") == 1
    assert solution.markdown().count("$$") == 2 * len(solution.lines)
    assert solution.latex().count(r"\[") == solution.latex().count(r"\]") == len(solution.lines)
    assert repr(solution) == solution.text()


class Tags(HTMLParser):
    """Counts rows, and checks that tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag, attrs) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_notebook_shows(kind):
    solution = example(kind)
    shown = solution._repr_markdown_()
    assert shown.startswith(f"**{solution.question.title}**\n\n")
    page = pypandoc.convert_text(shown, "html5", "markdown", extra_args=["--mathml"])
    assert page.count("<math") >= len(solution.lines)
    assert "<mi></mi>" not in page  # a script that lost its base
    tags = Tags()
    tags.feed(solution._repr_html_())
    assert tags.open == []
    assert tags.rows == len(solution.lines)


def test_a_table_in_html_escapes_what_it_shows():
    found = solve("conv_size", input="H", kernel="M", stride=1, padding=0, output="?")._repr_html_()
    assert not re.search(r"&(?!amp;|lt;|gt;)", found)


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: solve("conv_sise", {}),
            r"^unknown question 'conv_sise'; accepted: .*conv_size.*\. Did you mean conv_size",
        ),
        (
            lambda: solve("sgd_step", NETWORK | {"wieghts": 1}),
            r"^unknown field 'wieghts'; accepted: activations, biases, .*\. Did you mean weights",
        ),
        (
            lambda: solve("sgd_step", {name: value for name, value in NETWORK.items() if name != "x"}),
            r"^x is missing; accepted: the input, a list of numbers$",
        ),
        (
            lambda: solve("sgd_step", NETWORK | {"x": ["1", "abc"]}),
            r"^x\[1\]: found 'abc'; accepted: a number such as 3, -0\.5, 1e-3 or 3/14$",
        ),
        (
            lambda: solve("sgd_step", NETWORK | {"x": ["1", "2", "3"]}),
            r"^weights\[0\]: a matrix of 2 rows for 3 inputs; accepted: 3 rows \(inputs × outputs\)$",
        ),
        (
            lambda: solve("sgd_step", NETWORK | {"loss": "hinge"}),
            r"^loss: found 'hinge'; accepted: squared, binary_cross_entropy, cross_entropy",
        ),
        (
            lambda: solve("sgd_step", NETWORK, ask="u_9"),
            r"^unknown quantity 'u_9'; accepted: .*Did you mean u_",
        ),
        (
            lambda: solve("sgd_step", NETWORK)["grad_w_1"],
            r"^unknown quantity 'grad_w_1'; accepted: .*Did you mean grad_W_1",
        ),
        (
            lambda: solve("sgd_step", NETWORK, decimals=2, significant=3),
            r"^decimals and significant; accepted: one of the two$",
        ),
        (lambda: solve("sgd_step", NETWORK, decimals=-1), r"^found -1 digits; accepted: 0 to 1000$"),
        (lambda: solve("sgd_step", NETWORK, significant=0), r"^found 0 digits; accepted: 1 to 1000$"),
        (lambda: solve("sgd_step", NETWORK, rounding="late"), r"^rounding 'late'; accepted: end or steps$"),
    ],
)
def test_errors(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_places():
    assert solve("sgd_step", NETWORK).places == Places(decimals=4)
    assert solve("sgd_step", NETWORK, significant=3).places == Places(significant=3)
    assert solve("sgd_step", NETWORK, decimals=1000)["y"] > 0
