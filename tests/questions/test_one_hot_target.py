"""One-hot targets: the assignment's, other orders, letters."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def target(**given):
    return solve("one_hot_target", width=1024, height=768, classes=7, **given)


def test_the_assignments_target():
    assert target()["shape"].tolist() == [1024, 768, 7]
    assert target()["size"] == 1024 * 768 * 7


@pytest.mark.parametrize(
    ("order", "shape"),
    [
        ("height_width_classes", [768, 1024, 7]),  # TensorFlow
        ("classes_height_width", [7, 768, 1024]),  # torch
        ("classes_width_height", [7, 1024, 768]),
    ],
)
def test_the_order_of_the_axes_is_a_convention(order, shape):
    assert target(order=order)["shape"].tolist() == shape


def test_letters_stay_letters():
    found = solve("one_hot_target", width="W", height="H", classes="K")
    assert [str(entry) for entry in found.values["shape"]] == ["W", "H", "K"]
    assert found["size"] == "H · K · W"


def test_an_order_that_is_none_gets_near_ones():
    with pytest.raises(InputError, match=r"^order: found 'channels_first'; accepted: width_height_classes"):
        target(order="channels_first")


def test_a_class_less_image_is_refused():
    with pytest.raises(InputError, match=r"^classes: found 0; accepted: a size"):
        solve("one_hot_target", width=2, height=2, classes=0)
