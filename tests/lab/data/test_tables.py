"""Tables as text; what is wrong is named by line and column."""

from __future__ import annotations

import csv
import gzip
import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workings.errors import InputError
from workings.lab.data.tables import Table, read_table, take_table

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def table(text: str | bytes, labels=("label",)) -> Table:
    return take_table(io.BytesIO(text.encode() if isinstance(text, str) else text), labels)


def refusal(text: str | bytes, labels=("label",)) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as refused:
        table(text, labels)
    assert time.process_time() - began < 1
    assert len(str(refused.value)) < 1000
    return str(refused.value)


class TestForms:
    def test_a_header_and_labels(self):
        got = table("a,label,b\n1,x,2.5\n-3e2,y z,.5\n")
        assert got.names == ("a", "b")
        assert got.numbers.tolist() == [[1, 2.5], [-300, 0.5]]
        assert got.text == {"label": ("x", "y z")}
        assert got.lines.tolist() == [2, 3]
        assert got.column("b").tolist() == [2.5, 0.5]

    @pytest.mark.parametrize("sign", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_signs_ends_and_marks(self, sign, end, mark):
        got = table(mark + end.join([sign.join(row) for row in (("a", "label"), ("1", "x"), ("2", "y"))]))
        assert got.names == ("a",)
        assert got.numbers.tolist() == [[1], [2]]
        assert got.text["label"] == ("x", "y")

    @given(
        st.lists(st.tuples(FLOATS, FLOATS, st.text(st.characters(exclude_categories=["C", "Z"]))), min_size=1)
    )
    def test_what_the_library_writes(self, rows):
        held = io.StringIO()
        writer = csv.writer(held)
        writer.writerows([("a", "b", "label"), *rows])
        got = table(held.getvalue())
        np.testing.assert_array_equal(got.numbers, np.array([row[:2] for row in rows]))
        assert got.text["label"] == tuple(row[2] for row in rows)

    def test_without_a_header_the_text_is_the_label(self):
        # The form of the UCI repository's iris.data.
        got = table("5.1,3.5,setosa\n4.9,3.0,virginica\n")
        assert got.names == ("column 1", "column 2")
        assert got.text == {"label": ("setosa", "virginica")}

    def test_without_a_header_and_text_the_first_column_is_the_label(self):
        # The form in which MNIST goes about as mnist_train.csv.
        got = table("5,0,255\n0,1,2\n")
        assert got.numbers.tolist() == [[0, 255], [1, 2]]
        assert got.text == {"label": ("5", "0")}

    def test_names_of_columns_may_be_numbers(self):
        got = table("label,0,1\n7,1,2\n")
        assert got.names == ("0", "1")
        assert got.text == {"label": ("7",)}

    def test_no_column_of_labels_wanted(self):
        got = table("signal,label\n0.5,0\n0.25,1\n", labels=())
        assert got.names == ("signal", "label")
        assert got.numbers.tolist() == [[0.5, 0], [0.25, 1]]

    def test_capital_letters_do_not_count(self):
        assert table("A,Label\n1,2\n").text == {"label": ("2",)}

    def test_blank_lines_are_passed_over_and_counted(self):
        assert table("a,b\n\n1,2\n  \n3,4\n", ()).lines.tolist() == [3, 5]

    def test_a_packed_file(self, tmp_path):
        (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a,label\n1,x\n"))
        assert read_table(tmp_path / "x.csv.gz").numbers.tolist() == [[1]]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "found no row; accepted: a table of numbers"),
            ("\n \n", "found no row"),
            ("a,b\n", "found a header and no row"),
            ("a,b\n1,2\n1\n", "line 3: found 1 cell; accepted: 2, as in the first line"),
            ("a,b\n1,2,3\n", "line 2: found 3 cells; accepted: 2, as in the first line"),
            ("a,b\n1,2\n1,x\n", "line 3: b: found 'x'; accepted: a finite number such as 1.5 or -3e-2"),
            ("a,b\n1,\n", "line 2: b: found an empty cell"),
            ("a,b\n1,nan\n", "line 2: b: found 'nan'"),
            ("a,b\n-inf,1\n", "line 2: a: found '-inf'"),
            ("a,b\n1e999,1\n", "line 2: a: found '1e999'"),
            ("a,b\n1_000,1\n", "line 2: a: found '1_000'"),
            ("a;b\n1;1,5\n", "line 2: b: found '1,5'; accepted: a decimal point, as in 1.5"),
            ("1,x,y\n", "line 1: found text in more than one column: 'x', 'y'"),
            ("a,b,a\n1,2,3\n", "line 1: two columns are called 'a'"),
            ('a,b\n1,"2\n', "line 2: found quotation marks that do not close"),
            (b"a,b\n1,\xff\n", "line 2: found bytes that are no text; accepted: text in UTF-8"),
            (b"a,b\n1,\0\n", "line 2: found the character NUL"),
        ],
    )
    def test_line_and_column(self, text, said):
        assert refusal(text).startswith(said)

    def test_an_unknown_column_offers_near_ones(self):
        with pytest.raises(
            InputError, match=r"unknown column 'singal'; accepted: label, signal\. Did you mean signal"
        ):
            table("signal,label\n1,2\n", ()).column("singal")

    def test_the_file_is_named(self, tmp_path):
        (tmp_path / "x.csv").write_text("a,b\n1\n")
        with pytest.raises(InputError, match=r"x\.csv:2: found 1 cell"):
            read_table(tmp_path / "x.csv")


class TestBombs:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (b"\n" * 30_000_000, "found blank lines without end"),
            (b"1" * 5_000_000, "found a line of more than 4000000 bytes"),
            (b"," * 3_000_000, "found 3000001 columns; accepted: at most 100000"),
            (b"1," * 90_000 + b"\n" + b"x" * 100_000, "line 2: found 1 cell"),
            (",".join(f"c{n}" for n in range(90_000)).encode() + b",c0\n", "two columns are called 'c0'"),
            (b'a,b\n1,"' + b'""' * 1_000_000 + b"\n", "line 2: found quotation marks that do not close"),
        ],
        ids=["blank", "long", "columns", "ragged", "twice", "quotes"],
    )
    def test_soon(self, text, said):
        assert said in refusal(text)
