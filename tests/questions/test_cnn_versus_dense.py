"""Parameters of a convolutional against a dense network: the report's formulas, numbers, what is refused."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def formula(name, **given):
    return solve("cnn_versus_dense", **given).quantities[name].value


def at(found, **numbers):
    return found.subs({symbol: numbers[symbol.name] for symbol in found.free_symbols})


LETTERS = {label: label for label in "HWMN"}
POINTS = [(8, 9, 3, 4), (28, 28, 5, 5), (10, 13, 1, 2)]


# the printed totals of the report, without the second HW of its hidden layer
@pytest.mark.parametrize(("H", "W", "M", "N"), POINTS)
def test_totals_of_the_report(H, W, M, N):
    units = (H - M + 1) * (W - N + 1) // 4
    expected = {
        "cnn_1": M * N,
        "cnn_3": 3 * units,
        "cnn_total": M * N + 3 * units,
        "dense_1": H * W * units,
        "dense_2": 3 * units,
        "dense_total": H * W * units + 3 * units,
    }
    for name, value in expected.items():
        found = formula(name, **LETTERS, pool=2, classes=3, bias=False)
        assert at(found, H=H, W=W, M=M, N=N) == value


# hand calculation: maps of 24 × 24, pooled 12 × 12
def test_numbers_with_filters_and_biases():
    found = solve("cnn_versus_dense", H=28, W=28, M=5, N=5, pool=2, classes=10, filters=6, bias=True)
    assert [found[f"cnn_{i}"] for i in (1, 2, 3)] == [156, 0, 8650]
    assert found["dense_1"] == 864 * 785
    assert found["dense_total"] == 864 * 785 + 8650
    assert found["cnn_total"] == 8806


def test_a_remainder_is_dropped_by_pooling():
    assert solve("cnn_versus_dense", H=8, W=8, M=2, N=2, pool=2)["cnn_3"] == 27  # maps of 7 × 7, pooled 3 × 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"H": 4, "M": 5}, "M: a filter of 5 on an image of 4; accepted: at most 4"),
        ({"W": 4, "N": 5}, "N: a filter of 5 on an image of 4; accepted: at most 4"),
        ({"pool": 9}, "pool: pooling over 9 on a map of 6; accepted: a smaller window"),
        ({"H": 0}, "H: found 0; accepted: a size, a formula in letters, a whole number from 1 to 10^15"),
        ({"classes": "?"}, "classes: found '?'; accepted: a size, a formula in letters"),
    ],
)
def test_what_cannot_be_says_what_could(given, message):
    with pytest.raises(InputError) as caught:
        solve("cnn_versus_dense", **{"H": 8, "W": 8, "M": 3, "N": 3, **given})
    assert str(caught.value) == message
