"""Expected values: by hand, and from scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from workings.lab.metrics.classification import counts, f1, precision, recall

flags = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30)


def test_by_hand():
    # 2 of 3 found are right; 2 of 5 were found; 4 / (4 + 1 + 3)
    row = (2, 1, 3)
    assert precision(row) == pytest.approx(2 / 3)
    assert recall(row) == pytest.approx(2 / 5)
    assert f1(row) == pytest.approx(1 / 2)


def test_rows_are_summed_before_the_ratio():
    # The mean of 1 and 0.2 would be 0.6.
    assert precision([(1, 0, 0), (1, 4, 0)]) == pytest.approx(2 / 6)


@given(flags)
def test_as_in_scikit_learn(pairs):
    predicted, true = np.array(pairs).T
    row = counts(predicted, true)
    ours = precision(row), recall(row), f1(row)
    theirs = precision_recall_fscore_support(true, predicted, average="binary", zero_division=0)[:3]
    assert ours == pytest.approx(theirs)


def test_nothing_to_divide_by_is_zero():
    assert (precision((0, 0, 3)), recall((0, 2, 0)), f1((0, 0, 0))) == (0, 0, 0)
    assert f1(np.empty((0, 3))) == 0
