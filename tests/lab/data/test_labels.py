"""Labels in the forms in which people have them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from workings.errors import InputError
from workings.lab.data.labels import class_names, coded, numbers_or_labels, plain_labels, whole


class TestForms:
    @pytest.mark.parametrize(
        "values",
        [
            np.array([2, 0, 1]),
            np.array([2, 0, 1], np.uint8),
            np.array([[2], [0], [1]], np.int32),
            np.eye(3, dtype=np.uint8)[[2, 0, 1]],
            np.eye(3, dtype=bool)[[2, 0, 1]],
            [2, 0, 1],
            (2, 0, 1),
            [[2], [0], [1]],
        ],
    )
    def test_whole_numbers(self, values):
        got = plain_labels(values)
        assert got is not None
        assert got.dtype == np.int64
        assert got.tolist() == [2, 0, 1]

    @pytest.mark.parametrize(
        "values",
        [["a", "b "], ("a", b"b"), np.array(["a", "b"]), np.array([b"a", b"b"]), np.array([["a"], ["b"]])],
    )
    def test_text(self, values):
        got = plain_labels(values)
        assert got is not None
        assert got.tolist() == ["a", "b"]

    @pytest.mark.parametrize(
        "values", [[2.0, 0.0, 1.0], np.eye(3)[[2, 0, 1]], np.array([[2.0], [0], [1]], np.float32)]
    )
    def test_floats_that_are_whole(self, values):
        got = plain_labels(values)
        assert got is not None
        assert got.dtype == np.float64
        assert whole(got).tolist() == [2, 0, 1]

    @pytest.mark.parametrize("values", [[1.5], [float("nan")], [1e300], [[1.0, 1.0]], [[0.0, 0.0]]])
    def test_floats_that_are_not(self, values):
        got = plain_labels(values)
        assert got is not None
        assert whole(got).dtype.kind == "f"

    @pytest.mark.parametrize(
        "values",
        [
            *(None, 3, "ab", [], [1, "a"], [[1], [1, 2]], [None], [{}], [2**63], [2**70]),
            *(np.zeros(()), np.zeros((2, 2, 2)), np.zeros((10**9, 0)), np.array([1j])),
            np.array([2**63], np.uint64),
        ],
    )
    def test_what_is_none(self, values):
        assert plain_labels(values) is None

    def test_a_long_text_among_labels_takes_no_memory(self):
        with pytest.raises(InputError, match="found a label that is a whole text"):
            plain_labels(["a"] * 100_000 + ["b" * 1_000_000])

    def test_numbers_written_as_text(self):
        assert numbers_or_labels(np.array(["1", "2"])).tolist() == ["1", "2"]
        assert numbers_or_labels(np.array(["1", "2.5"])).tolist() == [[1], [2.5]]
        assert numbers_or_labels(np.array(["1", "b"])).tolist() == ["1", "b"]


class TestCoded:
    @given(
        st.lists(st.integers(-5, 5), min_size=1, max_size=9)
        | st.lists(st.sampled_from("cba"), min_size=1, max_size=9),
        st.integers(0, 9),
    )
    def test_as_scikit_learn_codes_them(self, values, cut):
        labels = {"train": np.array(values), "test": np.array(values[:cut] or values)}
        classes, got = coded(labels)
        theirs = LabelEncoder().fit(values)
        assert list(classes) == [str(each) for each in theirs.classes_]
        assert got["train"].tolist() == theirs.transform(values).tolist()
        assert got["test"].tolist() == theirs.transform(labels["test"]).tolist()
        assert got["train"].dtype == np.int64

    def test_a_class_that_only_the_test_part_has(self):
        classes, got = coded({"train": np.array(["b", "c"]), "test": np.array(["a"])})
        assert classes == ("a", "b", "c")
        assert got["train"].tolist() == [1, 2]

    def test_text_that_is_numbers_is_ordered_as_numbers(self):
        classes, got = coded({"train": np.array(["10", "9", "-1"])})
        assert classes == ("-1", "9", "10")
        assert got["train"].tolist() == [2, 1, 0]

    def test_names_for_positions(self):
        classes, got = coded({"train": np.array([2, 0])}, ("ant", "bee", "cat"))
        assert classes == ("ant", "bee", "cat")
        assert got["train"].tolist() == [2, 0]

    def test_names_give_the_order(self):
        classes, got = coded({"train": np.array(["low", "high"])}, ("low", "high", "higher"))
        assert classes == ("low", "high", "higher")
        assert got["train"].tolist() == [0, 1]

    @pytest.mark.parametrize("names", [("a",), ("a", "b"), ()])
    def test_too_few_names_are_left_aside(self, names):
        assert coded({"train": np.array([2, 0])}, names)[0] == ("0", "2")

    @pytest.mark.parametrize("values", [[1, 2, 3], "abc", None, [], [["a"], ["b"]], 3, np.zeros(3), [None]])
    def test_what_names_no_classes(self, values):
        assert class_names(values) == ()

    @pytest.mark.parametrize(
        "values", [["a", "b"], (b"a", "b "), np.array(["a", "b"]), np.array([b"a", b"b"])]
    )
    def test_what_names_classes(self, values):
        assert class_names(values) == ("a", "b")

    def test_numbers_beside_text(self):
        with pytest.raises(InputError, match="labels that are text beside labels that are numbers"):
            coded({"train": np.array([1, 2]), "test": np.array(["1"])})

    def test_too_many_classes(self):
        with pytest.raises(InputError, match="found 10 001 classes; accepted: at most 10000"):
            coded({"train": np.arange(10_001)})
