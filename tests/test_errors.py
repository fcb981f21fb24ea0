"""The one error that users see."""

from __future__ import annotations

import pytest

from workings.errors import LONGEST_ECHO, InputError, echo, nearest, unknown


def test_the_whole_message():
    error = InputError("found 'abc'", accepted="a number", near=["abs", "a"])
    placed = error.at(field="x").at(field="given").at(file="exam.md", line=12, field="q2b")
    assert placed is error
    assert str(error) == "exam.md:12: q2b.given.x: found 'abc'; accepted: a number. Did you mean abs, or a?"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "found 1"),
        ({"file": "a.md"}, "a.md: found 1"),
        ({"line": 3}, "line 3: found 1"),
        ({"file": "a.md", "line": 3}, "a.md:3: found 1"),
        ({"field": "x"}, "x: found 1"),
        ({"line": 3, "field": "x"}, "line 3: x: found 1"),
    ],
)
def test_places(place, text):
    assert str(InputError("found 1").at(**place)) == text


def test_the_innermost_file_and_line_stay():
    error = InputError("found 1").at(file="inner.md", line=2).at(file="outer.md", line=9)
    assert str(error) == "inner.md:2: found 1"


def test_indices_join_without_a_dot():
    assert str(InputError("found 1").at(field="[2]").at(field="x").at(field="given")) == "given.x[2]: found 1"


def test_what_users_wrote_is_repeated_in_part_and_harmless():
    assert echo("a\nb\x1b[31m") == r"'a\nb\x1b[31m'"
    long = echo("x" * 10_000_000)
    assert len(long) < LONGEST_ECHO + 40
    assert long.endswith("… (10000002 characters)")
    assert echo(5) == "5"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("strid", ("stride",)),
        ("Stride", ("stride",)),
        ("GRAD_W_1", ("grad_W_1", "grad_b_1")),
        ("grad_w_1", ("grad_W_1", "grad_b_1")),
        ("zzz", ()),
    ],
)
def test_nearest(name, expected):
    assert nearest(name, ["stride", "grad_b_1", "grad_W_1", "padding"]) == expected


def test_nearest_of_a_name_of_ten_megabytes_is_quick():
    assert nearest("stride" * 2_000_000, ["stride"]) == ()


def test_unknown():
    assert str(unknown("field", "strid", ["stride", "kernel"])) == (
        "unknown field 'strid'; accepted: kernel, stride. Did you mean stride?"
    )
    assert str(unknown("field", "x", [])) == "unknown field 'x'; accepted: none"
