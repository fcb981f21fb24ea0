"""What is right, what is right as rounded one step deep, and what is neither; all cases by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import arb

from workings import discovery
from workings.algebra import balls
from workings.algebra.expression import exact_array, floor, name, sqrt
from workings.algebra.rounding import Places
from workings.marking.closeness import is_right
from workings.marking.verdicts import Marker
from workings.solution import Solution, solve
from workings.working import Draft

TWO = Places(decimals=2)
THREE_FIGURES = Places(significant=3)


def solution(draft: Draft, places: Places = TWO, rounding: str = "end") -> Solution:
    """A solution of a working of our own, under any kind's name."""
    any_kind = solve("conv_size", input=5, kernel=3, stride=1, padding=0, output="?")
    working = draft.done(ask=[step.name for step in draft.done()])
    return replace(any_kind, working=working, places=places, rounding=rounding, ask=working.ask)


def verdict(draft: Draft, answers: dict, label: str, **options):
    return Marker(solution(draft, **options), answers).verdict(label)


# One number


def third() -> Draft:
    draft = Draft()
    draft.step("y", draft.given("x", 2) / 3)
    return draft


@pytest.mark.parametrize(
    ("value", "written", "decimals", "right"),
    [
        ("2/3", "0.67", 2, True),
        ("2/3", "0.66", 2, False),  # two places were asked for, and are rounded
        ("2/3", "0.7", 1, False),  # fewer than asked for
        ("2/3", "0.667", 3, True),  # more than asked for, all right
        ("2/3", "0.666", 3, True),  # the last one cut off
        ("2/3", "0.665", 3, False),
        ("2/3", "0.6666666666667", 13, True),
        ("0.125", "0.13", 2, True),  # a tie goes either way
        ("0.125", "0.12", 2, True),
        ("0.125", "0.125", 3, True),
        ("0.125", "0.126", 3, False),
        ("1.3", "1.3", 1, True),  # exact
        ("1.3", "1.30", 2, True),
        ("1.3", "1.31", 2, False),
        ("7", "7", 0, True),  # whole numbers are right exactly, or wrong
        ("7", "7.00", 2, True),
        ("7", "7.001", 3, False),
        ("7", "6.999", 3, False),
        ("0", "0.004", 3, False),
        ("-0.9589", "-0.96", 2, True),
        ("-0.9589", "0.96", 2, False),
        ("0.001", "0.00", 2, True),
        ("0.001", "0", 0, True),  # zeros behind the point need not be written
    ],
)
def test_two_decimals(value, written, decimals, right):
    assert is_right(Fraction(written), decimals, Fraction(value), TWO) is right


@pytest.mark.parametrize(
    ("value", "written", "decimals", "right"),
    [
        ("1234.5", "1230", 0, True),
        ("1234.5", "1235", 0, True),  # more figures, all right
        ("1234.5", "1240", 0, False),
        ("0.0012345", "0.00123", 5, True),
        ("0.0012345", "0.0012", 4, False),
        ("0.0012345", "0.00124", 5, False),
    ],
)
def test_three_significant_figures(value, written, decimals, right):
    assert is_right(Fraction(written), decimals, Fraction(value), THREE_FIGURES) is right


def test_fractions_are_right_exactly():
    assert is_right(Fraction(2, 3), -1, Fraction(2, 3), TWO)
    assert not is_right(Fraction(67, 100), -1, Fraction(2, 3), Places(decimals=4))


def test_irrational_values():
    with balls.precision(128):
        root = arb(2).sqrt()  # 1.41421356...
        assert is_right(Fraction("1.41"), 2, root, TWO)
        assert is_right(Fraction("1.4142"), 4, root, TWO)
        assert is_right(Fraction("1.41421356237309504880"), 20, root, TWO)
        assert not is_right(Fraction("1.42"), 2, root, TWO)
        assert not is_right(Fraction("1.4152"), 4, root, TWO)


# Why an answer is not right


def reason(found) -> str:
    """All that a verdict says, whichever part of it says it."""
    return f"{found.name} {found.note}"


def test_two_digits_swapped():
    """-0.9589 is sin 5; the key of the homework prints -0.9598."""
    draft = Draft()
    draft.step("PE", draft.given("s", Fraction("-0.9589242746631385")) * 1)
    found = verdict(draft, {"PE": "-0.9598"}, "PE", places=Places(decimals=4))
    assert not found.right
    assert "two digits swapped" in reason(found)
    assert "right: −0.9589" in reason(found)
    assert verdict(draft, {"PE": "-0.9589"}, "PE", places=Places(decimals=4)).right
    assert "swapped" not in reason(verdict(draft, {"PE": "-0.9578"}, "PE", places=Places(decimals=4)))


def test_a_right_answer_in_scientific_notation_is_no_error_where_digits_are_compared():
    draft = Draft()
    draft.step("y", draft.given("x", 123456789) * Fraction(3, 2))
    assert not verdict(draft, {"y": "1.25e8"}, "y", places=THREE_FIGURES).right
    assert verdict(draft, {"y": "1.85e8"}, "y", places=THREE_FIGURES).right


def test_a_wrong_number_names_the_right_one():
    assert "right: 0.67" in reason(verdict(third(), {"y": "0.41"}, "y"))


def matrix() -> Draft:
    draft = Draft()
    a = draft.given("A", exact_array([["1", "2"], ["3", "4"]]))
    draft.step("M", a * 2)
    draft.step("row", a[0] * Fraction(1, 3))
    wide = draft.given("B", exact_array([["1", "2", "3"], ["4", "5", "6"]]))
    draft.step("W", wide * 1)
    return draft


@pytest.mark.parametrize(
    ("label", "answer", "note"),
    [
        ("M", [[2, 6], [4, 8]], "transpose"),
        ("M", [[2, 4], [6, 19]], "entry 2, 2: 19 in place of 8"),
        ("M", [2, 4, 6, 8], "found 4, expected 2 × 2"),
        ("M", 2, "found a single number, expected 2 × 2"),
        ("W", [[1, 4], [2, 5], [3, 6]], "transposed layout"),
        ("row", ["0.33", "0.76"], "two digits swapped"),
    ],
)
def test_what_is_wrong_with_a_vector_or_a_matrix(label, answer, note):
    found = verdict(matrix(), {label: answer}, label)
    assert not found.right
    assert note in reason(found)


@pytest.mark.parametrize("answer", [["0.33", "0.67"], [["0.33", "0.67"]], [["0.33"], ["0.67"]]])
def test_a_vector_may_be_written_as_a_row_or_a_column(answer):
    assert verdict(matrix(), {"row": answer}, "row").right


def test_what_can_not_be_read():
    found = verdict(third(), {"y": "two thirds"}, "y")
    assert not found.right
    assert "found 'two" in reason(found)
    assert "accepted: " in reason(found)
    ragged = verdict(matrix(), {"M": [[1, 2], [3]]}, "M")
    assert not ragged.right
    assert "rows of one length" in reason(ragged)


# Rounding on the way


def chain() -> Draft:
    """a = √2 = 1.41421…, b = 10 a = 14.1421…, c = b - 14 = 0.1421…"""
    draft = Draft()
    a = draft.step("a", sqrt(draft.given("two", 2)))
    b = draft.step("b", 10 * a)
    draft.step("c", b - 14)
    return draft


HONEST = {"a": "1.41", "b": "14.10", "c": "0.10"}


def test_an_honest_chain_is_right_as_rounded():
    marker = Marker(solution(chain(), rounding="steps"), HONEST)
    assert marker.verdict("a").name == "right"
    assert marker.verdict("b").name == "right, rounded"
    assert marker.verdict("b").note == "without rounding on the way: 14.14"
    assert marker.verdict("c").name == "right, rounded"


def test_only_where_the_paper_allows_it():
    marker = Marker(solution(chain(), rounding="end"), HONEST)
    assert [marker.verdict(label).right for label in "ab"] == [True, False]


@pytest.mark.parametrize("wrong", ["14.20", "14.00", "14.04", "13.10"])
def test_a_wrong_step_in_the_chain_is_refused(wrong):
    assert not verdict(chain(), HONEST | {"b": wrong}, "b", rounding="steps").right


def accepted(draft: Draft, answers: dict, label: str, candidates) -> list[str]:
    """The candidates that are right or right as rounded beside these answers."""
    names = ("right", "right, rounded")
    found = {one: verdict(draft, answers | {label: one}, label, rounding="steps").name for one in candidates}
    return [one for one, name in found.items() if name in names]


HUNDREDTHS = [f"0.{units:02}" for units in range(1, 40)]


def test_the_enclosure_is_one_step_deep():
    """From b = 14.10 as written c is 0.10 ± 0.005, so 0.10 or a neighbour; 0.14 is right without rounding."""
    assert accepted(chain(), HONEST, "c", HUNDREDTHS) == ["0.09", "0.10", "0.11", "0.14"]


def test_without_the_step_before_the_whole_way_counts():
    """a is 1.41 or √2, so b lies in 14.1 to 14.143, rounded or not, and c in 0.1 to 0.143."""
    assert accepted(chain(), {}, "c", HUNDREDTHS) == ["0.10", "0.11", "0.12", "0.13", "0.14"]


def test_a_parent_that_is_exactly_right_stands_for_itself():
    """u = 1.3 is exact, and no 1.25 to 1.35, whose cubes are 1.95 to 2.46."""
    draft = Draft()
    u = draft.step("u", draft.given("x", Fraction("1.3")) * 1)
    draft.step("s", u * u * u)  # 2.197, so 2.20
    candidates = [f"{units / 100:.2f}" for units in range(195, 246)]
    assert accepted(draft, {"u": "1.3"}, "s", candidates) == ["2.20"]


def test_a_wrong_parent_widens_nothing():
    """b = 20.00 is wrong, so c is judged as if b were not written: 6.00 is not right by itself."""
    marker = Marker(solution(chain(), rounding="steps"), {"a": "1.41", "b": "20.00", "c": "6.00"})
    assert not marker.verdict("b").right
    assert marker.verdict("c").name not in ("right", "right, rounded")


def test_whole_numbers_are_never_right_as_rounded():
    draft = Draft()
    root = draft.step("r", sqrt(draft.given("x", 2)))
    draft.step("n", floor(10 * root))  # 14
    for written, right in (("14", True), ("13", False), ("15", False)):
        assert verdict(draft, {"r": "1.41", "n": written}, "n", rounding="steps").right is right


def test_a_later_step_that_an_enclosure_can_not_work_out_takes_nothing_from_the_earlier():
    """e = 1/(a - 1.414): the enclosure of a holds 1.414, so that of e is not finite."""
    draft = chain()
    draft.step("e", 1 / (name("a") - Fraction("1.414")))
    found = Marker(solution(draft, rounding="steps"), HONEST)
    assert found.verdict("b").name == "right, rounded"


def test_the_examination_by_its_key():
    """Question 2(b)–(f) of the examination: every printed value is right, or right as rounded."""
    network = {
        "x": ["1.0", "2.0"],
        "target": 0,
        "weights": [
            [["3.2", "-2.4", "-2.1"], ["-1.2", "-1.4", "2.6"]],
            [["3.0", "0.0"], ["-2.4", "-4.2"], ["-3.0", "2.5"]],
            ["2.0", "-1.0"],
        ],
        "biases": "0.5",
        "activations": ["tanh", "tanh", "sigmoid"],
        "loss": "binary_cross_entropy",
    }
    key = {
        "u_1": ["1.3", "-4.7", "3.6"],
        "h_1": ["0.86", "-1.00", "1.00"],
        "u_2": ["2.48", "7.20"],
        "h_2": ["0.99", "1.00"],
        "u_3": "1.48",
        "y": "0.81",
        "J": "1.66",
        "df_1": ["0.26", "0.00", "0.00"],
        "df_2": ["0.02", "0.00"],
        "grad_u_3": "0.81",
        "grad_u_2": ["0.03", "0.00"],
        "grad_u_1": ["0.02", "0.00", "0.00"],
    }
    marker = Marker(solve("sgd_step", network, decimals=2, rounding="steps"), key)
    found = {label: marker.verdict(label).name for label in key}
    off = {"u_2", "u_3", "J", "df_2", "grad_u_2", "grad_u_1"}
    assert found == {label: "right, rounded" if label in off else "right" for label in key}
    # u_2 from h_1 as written: 3 · (0.86 ± 0.005) + 2.4 ± 0.012 - 3 ± 0.015 + 0.5 is 2.48 ± 0.042
    for label, wrong in (("u_2", ["2.42", "7.20"]), ("J", "1.60"), ("u_1", ["1.3", "-4.7", "3.7"])):
        assert not Marker(marker.solution, key | {label: wrong}).verdict(label).right


# Formulas and words


def gradients(answer: object):
    """∇_W J of the examination's 1(b)(i), y = Wᵀx + b, in the layout of W."""
    asked = solve("linear_gradients", {})
    return Marker(asked, {"grad_W": answer}).verdict("grad_W")


@pytest.mark.parametrize(
    "answer",
    ["-2 x (d - y)^T", "−2 x (d − y)ᵀ", "2x(y-d)^T", "-2 * outer(x, d - y)", "x (-2 (d - Wᵀ x - b))ᵀ"],
)
def test_a_formula_is_right_however_it_is_written(answer):
    found = gradients(answer)
    assert found.right, reason(found)


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ("-2(d-y)x^T", "the transposed layout"),  # the printed key, wrong in this layout
        ("2 x (d - y)^T", ""),  # the sign
        ("-x (d - y)^T", ""),  # the factor 2
        ("-2(d-y)", "another shape"),
        ("-2 x (d - z)^T", "'z'"),
    ],
)
def test_a_formula_that_is_not_right(answer, remark):
    found = gradients(answer)
    assert not found.right
    assert remark in reason(found)
    assert gradients("-2 x (d - y)^T").right


@pytest.mark.parametrize("answer", ["-2(d-y)", "−2 · (d − y)", "2(y - d)"])
def test_the_keys_that_are_right(answer):
    assert Marker(solve("linear_gradients", {}), {"grad_y": answer}).verdict("grad_y").right


def test_letters_of_sizes():
    asked = solve("conv_size", input="H", kernel="M", stride=1, padding=0, output="?")
    label = asked.ask[-1]
    assert Marker(asked, {label: "H - M + 1"}).verdict(label).right
    assert Marker(asked, {label: "1 + H - M"}).verdict(label).right
    assert not Marker(asked, {label: "H - M"}).verdict(label).right
    assert not Marker(asked, {label: "H + M"}).verdict(label).right


def test_words():
    asked = solve(
        "transfer_setting", discovery.load("workings.questions", "transfer_setting", "QUESTION").example
    )
    label = asked.ask[0]
    value = str(asked[label])
    for written in (value, value.upper(), value.replace(" ", "_"), f"  {value} "):
        assert Marker(asked, {label: written}).verdict(label).right
    wrong = Marker(asked, {label: "something else"}).verdict(label)
    assert not wrong.right
    assert value in reason(wrong)
