"""The .ts format; JapaneseVowels as its paper describes it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.ts import Cases, read_ts, take_ts

REAL = Path(__file__).parents[4] / "shared" / "data" / "japanese_vowels"
CLASSES = "@problemName x\n@classLabel true a b\n@data\n"
TARGETS = "# a comment\n@targetLabel true\n@dimensions 1\n@data\n"


def cases(text: str) -> Cases:
    return take_ts(io.BytesIO(text.encode()))


def refusal(text: str) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as refused:
        cases(text)
    assert time.process_time() - began < 1
    assert len(str(refused.value)) < 1000
    return str(refused.value)


class TestForms:
    def test_dimensions_become_columns(self):
        got = cases(CLASSES + "1,2,3:4,5,6:b\n7:8:a\n")
        assert [each.tolist() for each in got.x] == [[[1, 4], [2, 5], [3, 6]], [[7, 8]]]
        assert got.labels == ["b", "a"]
        assert got.classes == ("a", "b")
        assert got.targets == []
        assert {each.dtype for each in got.x} == {np.dtype(np.float32)}

    def test_targets_are_numbers(self):
        got = cases(TARGETS + "1,2:0.5\n# another\n\n3:-1e2\n")
        assert got.targets == [0.5, -100]
        assert got.labels == []

    def test_capital_letters_and_blanks(self):
        got = cases("@CLASSLABEL TRUE a b\r\n@Data\r\n 1 , 2 : a \r\n")
        assert got.x[0].tolist() == [[1], [2]]
        assert got.labels == ["a"]

    def test_neither_labels_nor_targets(self):
        got = cases("@classLabel false\n@data\n1,2:3,4\n")
        assert got.x[0].tolist() == [[1, 3], [2, 4]]

    @pytest.mark.parametrize("missing", ["?", "NaN", " ? "])
    def test_missing_values_lie_between_their_neighbours(self, missing):
        got = cases(CLASSES + f"1,{missing},{missing},4:{missing},5,6,{missing}:a\n")
        assert got.x[0].tolist() == [[1, 5], [2, 5], [3, 6], [4, 6]]
        assert got.filled == 4

    def test_missing_everywhere_at_the_end_is_padding(self):
        got = cases(CLASSES + "1,2,?,?:3,4,5,?:a\n")
        assert got.x[0].tolist() == [[1, 3], [2, 4], [2, 5]]
        assert got.filled == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "found no @data"),
            ("@problemName x\n", "found no @data"),
            ("1,2:a\n", "line 1: unknown tag '1,2:a'"),
            ("@clasLabel true\n@data\n", "line 1: unknown tag '@clasLabel'"),
            ("@timeStamps true\n", "line 1: found @timeStamps true; accepted: values at equal distances"),
            ("@classLabel maybe a\n", "line 1: found @classLabel 'maybe'; accepted: true or false"),
            ("@dimensions two\n", "line 1: found @dimensions 'two'; accepted: a whole number from 1"),
            ("@dimensions ²\n", "line 1: found @dimensions '²'"),
            (CLASSES, "found no case"),
            (CLASSES + "1,2:c\n", "line 4: found the label 'c'; accepted: those of @classLabel: a, b"),
            (CLASSES + "1,2\n", "line 4: found the label '1,2'"),
            (CLASSES + "a\n", "line 4: found 0 dimensions; accepted: 1, a colon behind each, and the label"),
            (CLASSES + "1,2:3:a\n", "line 4: dimension 2: found 1 value; accepted: 2, as in dimension 1"),
            (
                CLASSES + "1,x:a\n",
                "line 4: dimension 1: found 'x'; accepted: numbers, ? where one is missing",
            ),
            (CLASSES + "1,:a\n", "line 4: dimension 1: found no value"),
            (
                CLASSES + "(0,1),(1,2):a\n",
                "line 4: dimension 1: found '(0'; accepted: values without time st",
            ),
            (CLASSES + "1_0:a\n", "line 4: dimension 1: found '1_0'"),
            (CLASSES + "1,2:?,?:a\n", "line 4: dimension 2: found no value at all"),
            (CLASSES + "?,?:a\n", "line 4: found 0 values; accepted: 1 or more"),
            (CLASSES + "1,inf:a\n", "line 4: dimension 1: found a number too large for float32"),
            (CLASSES + "1:1,1e39:a\n", "line 4: dimension 2: found 2 values; accepted: 1"),
            (CLASSES + "1:1e39:a\n", "line 4: dimension 2: found a number too large for float32"),
            ("@dimensions 2\n" + CLASSES + "1:a\n", "line 5: found 1 dimension; accepted: 2"),
            ("@univariate true\n" + CLASSES + "1:2:a\n", "line 5: found 2 dimensions; accepted: 1"),
            (
                "@seriesLength 2\n" + CLASSES + "1,2,3:a\n",
                "line 5: found 3 values; accepted: 1 to 2, as @series",
            ),
            (TARGETS + "1:x\n", "line 5: found the target 'x'; accepted: a finite number"),
            (TARGETS + "1:nan\n", "line 5: found the target 'nan'"),
        ],
    )
    def test_line_and_dimension(self, text, said):
        assert refusal(text).startswith(said)

    @pytest.mark.parametrize(
        "text",
        [
            "@classLabel true " + " ".join(map(str, range(300_000))) + "\n@data\n1:x\n",
            CLASSES + "1:" * 1_500_000 + "a\n",
            CLASSES + "1," * 1_500_000 + "x:a\n",
            "#\n" * 500_000,
        ],
        ids=["classes", "dimensions", "values", "comments"],
    )
    def test_soon(self, text):
        refusal(text)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/japanese_vowels is not there")
@pytest.mark.parametrize(("part", "count", "longest"), [("TRAIN", 270, 26), ("TEST", 370, 29)])
def test_japanese_vowels(part, count, longest):
    # Kudo, Toyama & Shimbo (1999): 270 and 370 utterances of 9 speakers, 7 to 29 frames of 12 coefficients.
    got = read_ts(REAL / f"JapaneseVowels_{part}.ts")
    assert len(got.x) == len(got.labels) == count
    assert {each.shape[1] for each in got.x} == {12}
    assert (min(map(len, got.x)), max(map(len, got.x))) == (7, longest)
    assert got.classes == tuple("123456789")
    if part == "TRAIN":
        assert [got.labels.count(each) for each in got.classes] == [30] * 9
    first = (
        (REAL / f"JapaneseVowels_{part}.ts").read_text(encoding="utf-8").split("@data\n")[1].split("\n")[0]
    )
    *dimensions, label = first.split(":")
    assert got.x[0].T.tolist() == [np.array(each.split(","), np.float32).tolist() for each in dimensions]
    assert got.labels[0] == label
