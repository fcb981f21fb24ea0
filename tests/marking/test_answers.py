"""Answers as people write them. Values, decimals and significant figures are worked out by hand."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workings.errors import InputError
from workings.marking.answers import is_blank, read_formula, read_numbers, read_words
from workings.marking.written import read_written

# as written, value, decimals, significant figures
NUMBERS = [
    ("3", Fraction(3), 0, 1),
    ("-0.50", Fraction(-1, 2), 2, 2),
    ("+1.30", Fraction(13, 10), 2, 3),
    ("\u22120.9589", Fraction(-9589, 10000), 4, 4),
    ("\u20130.5", Fraction(-1, 2), 1, 1),
    (" 0.80 ", Fraction(4, 5), 2, 2),
    (".5", Fraction(1, 2), 1, 1),
    ("5.", Fraction(5), 0, 1),
    ("0.0012", Fraction(12, 10000), 4, 2),
    ("1500", Fraction(1500), 0, 4),
    ("0.00", Fraction(0), 2, 1),
    ("1.5e-3", Fraction(3, 2000), 4, 2),
    ("1.50E3", Fraction(1500), 0, 3),
    ("1.5·10^-3", Fraction(3, 2000), 4, 2),
    ("1.5 × 10^-3", Fraction(3, 2000), 4, 2),
    ("1.5 x 10^(-3)", Fraction(3, 2000), 4, 2),
    ("1.5*10**-3", Fraction(3, 2000), 4, 2),
    ("1.5·10⁻³", Fraction(3, 2000), 4, 2),
    ("1.5·10^{\u22123}", Fraction(3, 2000), 4, 2),
    ("10^-3", Fraction(1, 1000), 3, 1),
    ("10⁻³", Fraction(1, 1000), 3, 1),
    ("-10^2", Fraction(-100), 0, 1),
    ("12.5%", Fraction(1, 8), 3, 3),
    ("12.5 %", Fraction(1, 8), 3, 3),
    ("3/14", Fraction(3, 14), -1, -1),
    ("\u22123/14", Fraction(-3, 14), -1, -1),
]


@pytest.mark.parametrize(("text", "value", "decimals", "significant"), NUMBERS)
def test_a_number_keeps_how_it_was_written(text, value, decimals, significant):
    found = read_written(text)
    assert (found.value, found.decimals, found.significant, found.text) == (
        value,
        decimals,
        significant,
        text,
    )


@pytest.mark.parametrize(
    ("raw", "value", "decimals"),
    [(3, Fraction(3), 0), (0.25, Fraction(1, 4), 2), (Fraction(1, 3), Fraction(1, 3), -1)],
)
def test_numbers_that_a_document_gave(raw, value, decimals):
    found = read_numbers(raw)
    assert (found.values.item(), found.decimals.item(), found.shape) == (value, decimals, ())


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("-0,50", Fraction(-1, 2), 2),
        ("1,5e-3", Fraction(3, 2000), 4),
        ("1,5·10^-3", Fraction(3, 2000), 4),
        ("12,5 %", Fraction(1, 8), 3),
        ("0.5", Fraction(1, 2), 1),
        ("3/14", Fraction(3, 14), -1),
    ],
)
def test_a_decimal_comma_where_the_paper_declares_it(text, value, decimals):
    found = read_numbers(text, decimal_mark=",")
    assert (found.values.item(), found.decimals.item(), found.shape) == (value, decimals, ())


@pytest.mark.parametrize(
    ("text", "mark", "thousands", "value"),
    [
        ("61 470", ".", " ", Fraction(61470)),
        ("61\u202f470", ".", " ", Fraction(61470)),
        ("1,234,567.89", ".", ",", Fraction(123456789, 100)),
        ("1.234.567,89", ",", ".", Fraction(123456789, 100)),
        ("-61'470", ".", "'", Fraction(-61470)),
        ("470", ".", " ", Fraction(470)),
    ],
)
def test_thousands_where_they_are_declared(text, mark, thousands, value):
    assert read_numbers(text, decimal_mark=mark, thousands=thousands).values.item() == value


@pytest.mark.parametrize(
    ("text", "mark", "values"),
    [
        ("[10 164, 5]", ".", [10164, 5]),
        ("[[1, 61 470]; [-1 000, 0.5]]", ".", [[1, 61470], [-1000, Fraction(1, 2)]]),
        ("10 164; 5", ".", [10164, 5]),
        ("[1 234,5; 2]", ",", [Fraction(2469, 2), 2]),
        (["10 164", 5], ".", [10164, 5]),
    ],
)
def test_lists_whose_numbers_have_blanks_between_thousands(text, mark, values):
    found = read_numbers(text, decimal_mark=mark, thousands=" ", shape=np.shape(values))
    assert found.values.tolist() == values


@pytest.mark.parametrize("text", ["[1 2]", "1 2; 3 4", "[10 164 5]", "[0 164, 5]", "1 2"])
def test_a_blank_between_thousands_separates_nothing(text):
    with pytest.raises(InputError, match="a blank that does not stand between thousands"):
        read_numbers(text, thousands=" ", shape=(2,))


@pytest.mark.parametrize(
    ("text", "mark", "found", "accepted"),
    [
        ("61 470", ".", "'61 470', with marks between thousands", "61470"),
        ("61,470", ".", "'61,470', with marks between thousands", "61470"),
        ("1,234,567", ".", "with marks between thousands", "1234567"),
        ("61'470", ".", "with marks between thousands", "61470"),
        ("1.234", ",", "with marks between thousands", "1234, or 1,234"),
        ("1,5", ".", "'1,5', with a comma", "1.5"),
        ("1,5,2", ",", "'1,5,2'", "-0,5"),
        ("1, 2", ",", "a comma with a blank", "[1,5; 2,5]"),
        ("1,3 -4,7 3,6", ".", "both commas and blanks between numbers", "[1, 2]"),
        ("[1,3 -4,7]", ".", "both commas and blanks between numbers", "[1, 2]"),
        ("1, 2 3", ".", "both commas and blanks between numbers", "[1, 2]"),
        ("10**100**100", ".", "'10**100**100'", "3/14"),
        ("10^100^100", ".", "'10^100^100'", "3/14"),
        ("1e401", ".", "an exponent beyond ±400", "3/14"),
        ("10^999999999", ".", "an exponent beyond ±400", "3/14"),
        ("1e99999999999999999999", ".", "'1e9", "3/14"),
        ("1/0", ".", "a division by zero", "3/14"),
        ("__import__('os')", ".", "__import__", "3/14"),
        ("nan", ".", "'nan'", "3/14"),
        ("inf", ".", "'inf'", "3/14"),
        ("1_000", ".", "'1_000'", "3/14"),
        ("0x1F", ".", "'0x1F'", "3/14"),
        ("--5", ".", "'--5'", "3/14"),
        ("1.2.3", ".", "'1.2.3'", "3/14"),
        (".", ".", "'.'", "3/14"),
        ("e5", ".", "'e5'", "3/14"),
        ("%", ".", "'%'", "3/14"),
        ("١٢", ".", "'١٢'", "3/14"),
        ("1\x002", ".", r"'1\x002'", "3/14"),
        ("1l", ".", "'1l'", "3/14"),
    ],
)
def test_what_is_no_number_is_refused_with_what_was_read(text, mark, found, accepted):
    with pytest.raises(InputError) as caught:
        read_numbers(text, decimal_mark=mark)
    assert found in caught.value.problem
    assert accepted in (caught.value.accepted or "")


@pytest.mark.parametrize("raw", [True, None, {"a": 1}, [1, None], [], [[]], [[1, 2], [3]], [1, [2]]])
def test_what_a_document_may_hold_and_is_no_answer(raw):
    with pytest.raises(InputError):
        read_numbers(raw)


# text, shape, entries in a row
LAYOUTS = [
    ("1 2", (2,), [1, 2]),
    ("1, 2", (2,), [1, 2]),
    ("[1,2]", (2,), [1, 2]),
    ("(1, 2)", (2,), [1, 2]),
    ("1,2,3", (3,), [1, 2, 3]),
    ("[1.5]", (1,), [Fraction(3, 2)]),
    ("1 2; 3 4", (2, 2), [1, 2, 3, 4]),
    ("1, 2; 3, 4", (2, 2), [1, 2, 3, 4]),
    ("1 2\n3 4", (2, 2), [1, 2, 3, 4]),
    ("[1 2; 3 4]", (2, 2), [1, 2, 3, 4]),
    ("1 2; 3, 4", (2, 2), [1, 2, 3, 4]),
    ("[1, 2] [3, 4]", (2, 2), [1, 2, 3, 4]),
    ("[[1,2],[3,4]]", (2, 2), [1, 2, 3, 4]),
    ("[[1, 2];\n[3, 4]]", (2, 2), [1, 2, 3, 4]),
    ("[[1. 2.]\n [3. 4.]]", (2, 2), [1, 2, 3, 4]),
    ("[1 2\n 3 4]", (4,), [1, 2, 3, 4]),
    ("1; 2; 3", (3,), [1, 2, 3]),
    ("[[[1, 2, 3]], [[4, 5, 6]]]", (2, 1, 3), [1, 2, 3, 4, 5, 6]),
    ("[12.5 %, 3/4, \u22121, 1.5·10^-3]", (4,), [Fraction(1, 8), Fraction(3, 4), -1, Fraction(3, 2000)]),
    ("[61 470]", (2,), [61, 470]),
    ("[1,234]", (2,), [1, 234]),
]


@pytest.mark.parametrize(("text", "shape", "entries"), LAYOUTS)
def test_lists_and_matrices_as_text(text, shape, entries):
    found = read_numbers(text)
    assert found.shape == shape
    assert list(found.values.flat) == entries


@pytest.mark.parametrize(
    ("raw", "shape", "entries"),
    [
        ("1,5; 2,5", (2,), [Fraction(3, 2), Fraction(5, 2)]),
        ("[1,5; 2,5]", (2,), [Fraction(3, 2), Fraction(5, 2)]),
        ("1,5 2,5; 3,5 4", (2, 2), [Fraction(3, 2), Fraction(5, 2), Fraction(7, 2), 4]),
        ("[1,5 2,5; 3,5 4]", (2, 2), [Fraction(3, 2), Fraction(5, 2), Fraction(7, 2), 4]),
        ("[[1,5; 2,5]; [3,5; 4]]", (2, 2), [Fraction(3, 2), Fraction(5, 2), Fraction(7, 2), 4]),
        ([1, "5; 2", 5], (2,), [Fraction(3, 2), Fraction(5, 2)]),  # as YAML gives [1,5; 2,5]
        (["1,5", 2], (2,), [Fraction(3, 2), 2]),
    ],
)
def test_lists_with_decimal_commas(raw, shape, entries):
    found = read_numbers(raw, decimal_mark=",")
    assert found.shape == shape
    assert list(found.values.flat) == entries


def test_decimals_and_significant_figures_of_a_matrix():
    found = read_numbers("[[0.80, 12], [3/4, 1.5e-3]]")
    assert found.decimals.tolist() == [[2, 0], [-1, 4]]
    assert found.significant.tolist() == [[2, 2], [-1, 2]]
    assert [entry.text for entry in found.entries] == ["0.80", "12", "3/4", "1.5e-3"]


@pytest.mark.parametrize("text", ["1 2", "1, 2", "1 200 300", "61 470", "1,234"])
def test_several_numbers_are_never_one(text):
    with pytest.raises(InputError):
        read_numbers(text, shape=())


@pytest.mark.parametrize(("text", "entries"), [("61 470", [61, 470]), ("1,234", [1, 234]), ("1,5", [1, 5])])
def test_where_a_list_is_asked_for_a_comma_or_a_blank_separates(text, entries):
    assert list(read_numbers(text, shape=(2,)).values) == entries


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2",
        "1]",
        "[1, 2)",
        "[1,,2]",
        "[,1]",
        "1;;2",
        "1 2;",
        "[]",
        "[[1, 2], [3]]",
        "1 2; 3",
        "[" * 100_000,
        "[1" * 20,
    ],
)
def test_brackets_and_separators_that_do_not_fit_are_refused(text):
    with pytest.raises(InputError) as caught:
        read_numbers(text)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10_000_000,
        "[" * 10_000_000,
        "[" + "1," * 1_000_000 + "1]",
        "1 " * 499_999,
        "[" + "1 " * 400_000 + "]",
        "," * 900_000,
        "10^" * 300_000,
        "1,5" * 300_000,
        ";" * 900_000,
        "10 ^" * 200_000,
        "1 x" * 300_000,
    ],
)
@pytest.mark.parametrize("mark", [".", ","])
def test_the_enormous_is_refused_within_a_second(text, mark):
    before = time.process_time()
    with pytest.raises(InputError) as caught:
        read_numbers(text, decimal_mark=mark)
    assert time.process_time() - before < 1
    assert len(str(caught.value)) < 600


def test_an_error_names_the_entry():
    with pytest.raises(InputError) as caught:
        read_numbers("[[1, 2], [3, abc]]")
    assert caught.value.place.field == "[1][1]"
    assert "'abc'" in caught.value.problem


@pytest.mark.parametrize(
    "raw", [None, "", "  ", "-", "\u2212", "?", "n/a", "N/A", [], ["", None], [["?"], ["-"]]]
)
def test_blanks(raw):
    assert is_blank(raw)


@pytest.mark.parametrize("raw", [0, "0", False, "none", [0], ["?", 1], "-1"])
def test_what_is_not_blank(raw):
    assert not is_blank(raw)


@given(st.lists(st.lists(st.decimals(-999, 999, places=3), min_size=2, max_size=2), min_size=2, max_size=4))
def test_every_layout_of_a_matrix_reads_the_same(rows):
    texts = [[f"{entry:f}" for entry in row] for row in rows]
    nested = read_numbers(texts)
    for text in (
        "[" + ", ".join("[" + ", ".join(row) + "]" for row in texts) + "]",
        "; ".join(" ".join(row) for row in texts),
        "[" + ";".join(",".join(row) for row in texts) + "]",
        "\n".join(" ".join(row) for row in texts),
    ):
        assert np.array_equal(read_numbers(text).values, nested.values)
    commas = "; ".join(" ".join(entry.replace(".", ",") for entry in row) for row in texts)
    assert np.array_equal(read_numbers(commas, decimal_mark=",").values, nested.values)


def test_formulas_with_a_decimal_comma():
    with_point = read_formula("0.5 x", {"x": 0})
    with_comma = read_formula("0,5 x", {"x": 0}, decimal_mark=",")
    assert with_comma.written == "0,5 x"
    assert with_comma.expr.args[0].attrs == with_point.expr.args[0].attrs


def test_words_ignore_case_and_spacing():
    assert read_words("Inductive_transfer") == read_words("inductive  transfer")
    with pytest.raises(InputError):
        read_words("a" * 1_000_001)
