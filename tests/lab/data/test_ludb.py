"""LUDB's lead II, made up in its form, and as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.ludb import FILE, ludb

REAL = Path(__file__).parents[4] / "shared" / "data" / "ludb_lead2"
SAMPLES = 400


def arrays(records=20, **more):
    """Each record a level of its own; a P wave at 40…60…80, a T wave at 200…220…240 and a bit."""
    level = np.arange(1, records + 1)
    signal = np.repeat(level[:, None] * 10, SAMPLES, axis=1).astype(np.int16)
    waves = [
        row
        for record in level
        for row in ([record, 0, 40, 60, 80], [record, 1, 100, 110, -1], [record, 2, 200, 220, 240 + record])
    ]
    given = {"signal": signal, "gain": np.full(records, 10.0, np.float32), "waves": np.array(waves, np.int32)}
    return {**given, **more}


def written(folder, **more):
    np.savez(folder / FILE, **arrays(**more))
    return folder


def by_name(data):
    return {each.name: each for _, part in data.parts() for each in part}


def test_millivolts_at_a_quarter_of_the_rate(tmp_path):
    found = by_name(ludb(written(tmp_path)))
    assert len(found) == 20
    # 10 · 7 digital units at 10 a millivolt, and 400 samples at 500 a second become 100 at 125.
    assert found["record 7"].signal == pytest.approx(np.full(100, 7.0), rel=1e-5)


def test_marks_in_samples_of_the_lower_rate(tmp_path):
    data = ludb(written(tmp_path))
    one = by_name(data)["record 3"]
    marked = dict(zip(data.kinds, (times.tolist() for times in one.marks), strict=True))
    assert marked == {
        "T end": [60.75],
        "P start": [10],
        "P end": [20],
        "QRS start": [25],
        "QRS end": [],  # −1 is not marked
        "T start": [50],
    }
    assert one.span == (10, 60.75)  # from the first mark to the last
    assert (data.kinds[0], data.rate, data.tolerance) == ("T end", 125, 150)


def test_the_file_itself(tmp_path):
    assert ludb(written(tmp_path) / FILE).digest == ludb(tmp_path).digest


def test_each_record_is_tested_once_in_five_folds(tmp_path):
    written(tmp_path)
    folds = [ludb(tmp_path, fold) for fold in range(5)]
    tested = [each.name for data in folds for each in data.test]
    assert sorted(tested) == sorted(f"record {number}" for number in range(1, 21))
    for data in folds:
        names = [each.name for _, part in data.parts() for each in part]
        assert len(set(names)) == len(names) == 20


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"gain": np.ones(3, np.float32)}, r"gain: found float32 \[3\]"),
        ({"gain": np.zeros(20, np.float32)}, "gain: found float32"),
        ({"waves": np.array([[21, 0, 1, 2, 3]])}, r"waves\[0, 0\]: found 21; accepted: 1 to 20"),
        ({"waves": np.array([[1, 3, 1, 2, 3]])}, r"waves\[0, 1\]: found 3; accepted: 0 to 2"),
        ({"waves": np.array([[1, 0, 1, 2, 400]])}, r"waves\[0, 4\]: found 400; accepted: -1 to 399"),
        ({"waves": np.array([[1.0, 0, 1, 2, 3]])}, "waves: found float64"),
        ({"signal": np.zeros(20, np.int16)}, r"signal: found int16 \[20\]"),
        ({"signal": np.full((20, SAMPLES), np.nan)}, "found nan"),
        ({"signal": np.full((20, SAMPLES), 1e308)}, "found inf"),  # beyond float32
    ],
)
def test_what_is_not_of_that_form(tmp_path, more, said):
    with pytest.raises(InputError, match=said) as caught:
        ludb(written(tmp_path, **more))
    assert FILE in str(caught.value)


def test_an_array_that_is_missing(tmp_path):
    np.savez(tmp_path / FILE, signal=np.zeros((2, 8)), gain=np.ones(2))
    with pytest.raises(InputError, match="found gain, signal; accepted: arrays signal"):
        ludb(tmp_path)


def test_too_few_records_for_five_folds(tmp_path):
    with pytest.raises(InputError, match="found 9 records with marks; accepted: 15 or more"):
        ludb(written(tmp_path, records=9))


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        ludb(tmp_path)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/ludb_lead2 is not there")
def test_the_database_itself():
    """200 records of 10 s; every T wave's end that the file marks is there once."""
    data = ludb(REAL)
    assert [len(part) for _, part in data.parts()] == [140, 20, 40]
    found = by_name(data)
    assert {each.signal.size for each in found.values()} == {1250}
    with np.load(REAL / FILE) as raw:
        waves = raw["waves"]
    marked = waves[(waves[:, 1] == 2) & (waves[:, 4] >= 0)]
    assert sum(each.marks[0].size for each in found.values()) == len(marked)
    mine = np.sort(marked[marked[:, 0] == 61, 4]) / 4
    assert found["record 61"].marks[0].tolist() == mine.tolist()
