"""The records of data: what they admit, what they say of themselves, and how a split is drawn."""

from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workings.errors import InputError
from workings.lab.data.dataset import Images, Sequences, split


def images(**changes) -> Images:
    """Two images to train on, one to validate, one to test."""
    x = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    given = {
        "train_x": x,
        "train_y": np.array([0, 1]),
        "val_x": x[:1],
        "val_y": np.array([1]),
        "test_x": x[1:],
        "test_y": np.array([0]),
        "classes": ("cat", "dog"),
        "source": "here",
    }
    return Images(**(given | changes))


def sequences(**changes) -> Sequences:
    """Two sequences to train on, of 2 and 3 steps of 2 numbers; one to validate, one to test."""
    x = (np.zeros((2, 2), np.float32), np.ones((3, 2), np.float32))
    given = {
        "train_x": x,
        "train_y": np.array([[0.5], [1.5]], np.float32),
        "val_x": x[:1],
        "val_y": np.array([[2.5]], np.float32),
        "test_x": x[1:],
        "test_y": np.array([[-1.0]], np.float32),
        "classes": (),
        "source": "here",
    }
    return Sequences(**(given | changes))


class TestImages:
    def test_the_summary_says_what_there_is(self):
        said = "2 + 1 + 1 images of 3×4, 2 classes, 1 a class in training, values 0 to 23; here"
        assert images().summary == said

    def test_colours_are_named(self):
        x = np.zeros((2, 3, 8, 9), np.uint8)
        assert "colour images of 8×9" in images(train_x=x, val_x=x[:1], test_x=x[:1]).summary

    def test_the_digest_is_of_classes_types_shapes_and_bytes(self):
        data = images()
        said = hashlib.sha256(b"('cat', 'dog')")
        for x, y in ((data.train_x, data.train_y), (data.val_x, data.val_y), (data.test_x, data.test_y)):
            said.update(f"|u1({len(x)}, 3, 4)".encode() + x.tobytes())
            said.update(f"<i8({len(y)},)".encode() + y.tobytes())
        assert data.digest == said.hexdigest()[:16]

    @pytest.mark.parametrize(
        "changes",
        [
            {"train_y": np.array([1, 1])},
            {"train_x": np.zeros((2, 3, 4), np.uint8)},
            {"train_x": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[::-1].copy()},
            {"classes": ("cat", "dogs")},
        ],
        ids=["label", "pixels", "order", "class"],
    )
    def test_another_digest_for_other_data(self, changes):
        assert images(**changes).digest != images().digest

    def test_where_it_came_from_does_not_change_the_digest(self):
        assert images(source="there").digest == images().digest

    def test_nothing_can_be_put_in_later(self):
        with pytest.raises(FrozenInstanceError):
            images().train_x = np.zeros((2, 3, 4), np.uint8)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"train_x": np.zeros((2, 3, 4))},
                "here: train_x: found float64 [2, 3, 4]; accepted: uint8 images [n, height, width] or [n, ch",
            ),
            ({"val_x": np.zeros((1, 2, 3, 4), np.uint8)}, "here: val_x: found uint8 [1, 2, 3, 4]; "),
            (
                {"test_x": np.zeros((1, 4, 4), np.uint8)},
                "here: test_x: found images of [4, 4]; accepted: [3, 4], as in training",
            ),
            ({"train_x": np.zeros((0, 3, 4), np.uint8)}, "here: train_x: found uint8 [0, 3, 4]; "),
            ({"train_x": np.zeros((2, 0, 4), np.uint8)}, "here: train_x: found uint8 [2, 0, 4]; "),
            (
                {"train_y": np.array([0, 2])},
                "here: train_y[1]: found the label 2; accepted: 0 to 1",
            ),
            ({"test_y": np.array([-1])}, "here: test_y[0]: found the label -1; accepted: 0 to 1"),
            (
                {"train_y": np.array([0])},
                "here: train_y: found 1 row for 2 examples; accepted: one for each example",
            ),
            (
                {"train_y": np.array([0.0, 1.0])},
                "here: train_y: found float64 [2]; accepted: int64 labels [n]",
            ),
            ({"train_y": np.array([[0], [1]])}, "here: train_y: found int64 [2, 1]; "),
            ({"classes": ("cat",)}, "here: found 1 class; accepted: labels of two classes or more"),
            ({"classes": ("cat", "cat")}, "here: the class 'cat' is named twice"),
            ({"classes": ("cat", "\x1b[2J")}, "here: found the class '\\x1b[2J'; "),
            ({"classes": ("cat", " ")}, "here: found the class ' '; "),
        ],
    )
    def test_what_is_refused_names_part_and_row(self, changes, said):
        with pytest.raises(InputError) as refused:
            images(**changes)
        assert str(refused.value).startswith(said)


class TestSequences:
    def test_the_summary_says_what_there_is(self):
        said = "2 + 1 + 1 sequences of 2 to 3 steps of 2 numbers, values 0 to 1, targets −1 to 2.5; here"
        assert sequences().summary == said

    def test_the_summary_of_classes(self):
        y = {"train_y": np.array([0, 1]), "val_y": np.array([0]), "test_y": np.array([1])}
        assert "2 classes, 1 a class in training" in sequences(**y, classes=("1", "2")).summary

    def test_another_digest_where_a_step_moves_to_the_next_sequence(self):
        x = (np.zeros((2, 2), np.float32), np.zeros((3, 2), np.float32))
        moved = (np.zeros((3, 2), np.float32), np.zeros((2, 2), np.float32))
        assert sequences(train_x=x).digest != sequences(train_x=moved).digest

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"train_x": ()}, "here: train_x: found no sequence; accepted: one sequence or more"),
            (
                {"train_x": (np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float32))},
                "here: train_x[1]: found 3 numbers a step; accepted: 2, as in train_x[0]",
            ),
            ({"val_x": (np.zeros((0, 2), np.float32),)}, "here: val_x[0]: found an empty sequence, [0, 2]; "),
            (
                {"val_x": (np.zeros(2, np.float32),)},
                "here: val_x[0]: found float32 [2]; accepted: float32 [le",
            ),
            (
                {"val_x": (np.zeros((2, 2)),)},
                "here: val_x[0]: found float64 [2, 2]; accepted: float32 [length",
            ),
            (
                {"test_x": (np.array([[0, 1], [2, np.nan]], np.float32),)},
                "here: test_x[0][1, 1]: found nan; accepted: finite numbers",
            ),
            (
                {"test_x": (np.array([[0, -np.inf]], np.float32),)},
                "here: test_x[0][0, 1]: found -inf; accepted: finite numbers",
            ),
            ({"train_y": np.array([[1], [np.nan]], np.float32)}, "here: train_y[1, 0]: found nan; "),
            ({"train_y": np.array([0.5, 1.5], np.float32)}, "here: train_y: found float32 [2]; "),
            ({"train_y": np.zeros((2, 0), np.float32)}, "here: train_y: found 0 numbers a target; "),
            (
                {"val_y": np.zeros((1, 2), np.float32)},
                "here: val_y: found 2 numbers a target; accepted: 1, as in training",
            ),
            ({"val_y": np.zeros((2, 1), np.float32)}, "here: val_y: found 2 rows for 1 example; "),
            ({"classes": ("a", "b")}, "here: train_y: found float32 [2, 1]; accepted: int64 labels [n]"),
        ],
    )
    def test_what_is_refused_names_part_and_row(self, changes, said):
        with pytest.raises(InputError) as refused:
            sequences(**changes)
        assert str(refused.value).startswith(said)


def shuffled(n: int, seed: int) -> list[int]:
    """torch's permutation, made of NumPy's Mersenne Twister: Fisher and Yates from the front."""
    twister = np.random.RandomState(seed)
    words = np.frombuffer(twister.bytes(4 * n), "<u4")
    order = list(range(n))
    for i in range(n - 1):
        j = i + int(words[i]) % (n - i)
        order[i], order[j] = order[j], order[i]
    return order


class TestSplit:
    @pytest.mark.filterwarnings("ignore:Length of split at index")  # torch finds empty parts odd
    @given(
        sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(sum),
        seed=st.integers(0, 2**31),
    )
    def test_it_is_that_of_random_split(self, sizes, seed):
        n = sum(sizes)
        theirs = torch.utils.data.random_split(range(n), sizes, torch.Generator().manual_seed(seed))
        mine = split(n, sizes, seed)
        assert [each.tolist() for each in mine] == [list(each.indices) for each in theirs]
        assert all(each.dtype == np.int64 for each in mine)

    @pytest.mark.parametrize("n", [7, 1000, 60_000])
    def test_it_is_a_shuffle_by_the_mersenne_twister(self, n):
        # Guards the course's split against a release of torch that draws otherwise.
        (mine,) = split(n, (n,), 0)
        assert mine.tolist() == shuffled(n, 0)

    @pytest.mark.parametrize("sizes", [(3, 3), (11,), (-1, 11), ()])
    def test_sizes_that_do_not_add_up_are_refused(self, sizes):
        with pytest.raises(InputError, match="accepted: sizes that add up to 10"):
            split(10, sizes, 0)
