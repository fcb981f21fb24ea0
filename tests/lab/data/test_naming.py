"""What names and positions say of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.naming import Found, Place, meaning

X, Y = np.zeros((4, 2, 2)), np.zeros(4)


@pytest.mark.parametrize(
    ("name", "part", "role"),
    [
        # keras, scikit-learn, the course's own module, MNIST, UCR, torchvision, the hub
        *(("x_train", "train", "x"), ("y_test", "test", "y"), ("X_val", "val", "x")),
        *(("train_images", "train", "x"), ("test_labels", "test", "y")),
        *(("testX", "test", "x"), ("testy", "test", "y"), ("Xtrain", "train", "x"), ("trainY", "train", "y")),
        ("train-images-idx3-ubyte", "train", "x"),
        ("t10k-labels-idx1-ubyte", "test", "y"),
        ("JapaneseVowels_TRAIN", "train", None),
        *(("X", None, "x"), ("y", None, "y"), ("Targets", None, "y"), ("inputs", None, "x")),
        *(("validation", "val", None), ("dev", "val", None), ("training", "train", None)),
        *(("contest", None, None), ("retrain", None, None), ("xylophone", None, None), ("data", None, None)),
        ("", None, None),
    ],
)
def test_names(name, part, role):
    assert meaning(name) == (part, role)


def slots(value: object) -> set[tuple[str | None, str]]:
    found = Found()
    found.add(value, Place("file"))
    return set(found.slots)


ALL = {("train", "x"), ("train", "y"), ("test", "x"), ("test", "y")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"x": X, "y": Y}, {(None, "x"), (None, "y")}),
        ({"data": X, "target": Y, "target_names": ["a"]}, {(None, "x"), (None, "y")}),
        ((X, Y), {(None, "x"), (None, "y")}),
        ([list(X), list(Y)], {(None, "x"), (None, "y")}),
        (((X, Y), (X, Y)), ALL),  # keras.datasets.mnist.load_data()
        (((X, Y), (X, Y), (X, Y)), ALL | {("val", "x"), ("val", "y")}),  # mnist.pkl.gz of deeplearning.net
        ({"train": {"x": X, "y": Y}, "test": (X, Y)}, ALL),
        ({"x": {"train": X, "test": X}, "y": {"train": Y, "test": Y}}, ALL),
        (X, {(None, "x")}),
        ([X, X, X], {(None, "x")}),
        (3, set()),
    ],
)
def test_positions(value, expected):
    assert slots(value) == expected


def test_names_of_classes():
    found = Found()
    found.add(
        {"train": {"x": X, "classes": ["a", "b"]}, "test": {"x": X, "classes": ["a", "b"]}}, Place("file")
    )
    assert found.classes == ("a", "b")
    assert set(found.slots) == {("train", "x"), ("test", "x")}


def test_what_says_nothing_is_listed():
    found = Found()
    found.add({"x_train": X, "gain": Y, "n": 3}, Place("a.npz"))
    assert found.seen() == "'x_train', 'gain', 'n'"


def test_a_slot_is_taken_once():
    found = Found()
    found.add({"x_train": X}, Place("a.npz"))
    with pytest.raises(
        InputError, match=r"b\.npz: 'train_x' and 'x_train' are both train x; accepted: one of them"
    ):
        found.add({"train_x": X}, Place("b.npz"))


def test_names_without_end_are_refused():
    found = Found()
    with pytest.raises(InputError, match="found too many names"):
        found.add({f"n{n}": 0 for n in range(20_000)}, Place("a.pkl"))


def test_many_large_arrays_are_refused_together():
    found = Found()
    large = np.broadcast_to(np.uint8(0), (1 << 29, 1))  # takes no memory
    found.add({"x_train": large}, Place("a.npz"))
    found.add({"x_test": [large]}, Place("b.npz"))
    with pytest.raises(
        InputError, match=r"c\.npz: the files hold too much together; accepted: at most 1073741824"
    ):
        found.add({"x_val": np.zeros(1)}, Place("c.npz"))
