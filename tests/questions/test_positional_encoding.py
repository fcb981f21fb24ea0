"""The examination's positional encoding, with the entry that its printed key has wrong."""

from __future__ import annotations

from math import cos, sin

import numpy as np
import pytest
from questions.printed import formula

from workings.errors import InputError
from workings.solution import solve

EXAMINATION = {"positions": [5], "d_model": 512, "dimensions": list(range(11)), "base": 10000}
VALUES = [-0.9589, 0.2837, -0.9939, 0.1107, -0.9982, -0.0595, -0.9750, -0.2221, -0.9277, -0.3733, -0.8600]
"""The printed key, but for dimension 0, where sin 5 = -0.95892... is printed as -0.9598."""


def test_the_values_of_the_examination():
    solution = solve("positional_encoding", EXAMINATION)
    assert np.round(solution["PE"].astype(float), 4).tolist() == [VALUES]


def test_a_range_includes_both_ends():
    given = {"positions": 5, "d_model": 512, "first": 0, "last": 10}
    assert (
        solve("positional_encoding", given)["PE"] == solve("positional_encoding", EXAMINATION)["PE"]
    ).all()


def test_position_0_is_exact():
    solution = solve("positional_encoding", positions=[0], d_model=4)
    assert solution["PE"].tolist() == [[0, 1, 0, 1]]
    assert solution.quantities["PE"].printed.exact


def test_four_dimensions_by_hand():
    """ω_0 = 1 and ω_1 = 1/100."""
    found = solve("positional_encoding", positions=[1, 2], d_model=4, decimals=12)["PE"].astype(float)
    expected = [[sin(t), cos(t), sin(t / 100), cos(t / 100)] for t in (1, 2)]
    assert found == pytest.approx(np.array(expected), abs=1e-11)


def test_each_entry_has_its_formula():
    working = solve("positional_encoding", EXAMINATION).working
    assert formula(working, "PE_5_3") == "cos(5/base^(2 · 1/d_model))"
    assert "odd" in working["PE_5_3"].note


def test_an_odd_size_ends_in_a_sine():
    found = solve("positional_encoding", positions=[1], d_model=3, base=8, decimals=12)["PE"].astype(float)
    assert found[0, 2] == pytest.approx(sin(1 / 8 ** (2 / 3)), abs=1e-11)


def test_a_table_of_many_entries_equals_its_entries():
    many = solve("positional_encoding", positions=list(range(10)), d_model=16)["PE"]
    few = solve("positional_encoding", positions=[7], d_model=16)["PE"]
    assert many.shape == (10, 16)
    assert (many[7] == few[0]).all()


def test_far_positions_keep_every_digit():
    """sin(10¹⁵), by mpmath with 60 digits."""
    import mpmath

    mpmath.mp.dps = 60
    found = solve("positional_encoding", positions=10**15, d_model=2, decimals=10)["PE"].astype(float)
    assert found[0, 0] == pytest.approx(float(mpmath.sin(10**15)), abs=1e-10)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"positions": []}, "positions: found 0 entries; accepted: at least 1"),
        ({"positions": [-1]}, r"positions\[0\]: found -1; accepted: a size, a whole number from 0"),
        ({"positions": ["1.5"]}, r"positions\[0\]: found '1.5'"),
        ({"positions": [1, 1]}, r"positions\[1\]: found 1 again; accepted: each once"),
        ({"d_model": 0}, "d_model: found 0"),
        ({"dimensions": [512]}, r"dimensions\[0\]: found 512; accepted: 0 to 511"),
        ({"first": 0}, "dimensions: dimensions beside first and last; accepted: one of the two"),
        ({"dimensions": None, "first": 3, "last": 2}, "last: found 3 to 2; accepted: 0 to 511"),
        ({"dimensions": None, "last": 512}, "last: found 0 to 512; accepted: 0 to 511"),
        (
            {"dimensions": None, "d_model": 10**15},
            "dimensions: 1000000000000000 dimensions; accepted: at most 100000",
        ),
        (
            {"dimensions": None, "positions": list(range(300))},
            "dimensions: 300 × 512 entries; accepted: at most",
        ),
        ({"base": 0}, "base: found 0; accepted: a number above 0"),
        ({"position": 1}, "unknown field 'position'; accepted: .* Did you mean positions"),
    ],
)
def test_bad_input_is_named(given, message):
    with pytest.raises(InputError, match=message):
        solve("positional_encoding", {**EXAMINATION, **given})
