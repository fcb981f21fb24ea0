"""Tables with a row a sample."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.labelled_signals import labelled_signals


def table(path, records, header="record,signal,label"):
    lines = [header]
    for name, values, ends in records:
        rows = (f"{value},{int(at in ends)}" for at, value in enumerate(values))
        lines += [f"{name},{row}" if "record" in header else row for row in rows]
    path.write_text("\n".join(lines))
    return path


def five(path):
    return table(path, [(f"s{i}", np.arange(6) * 0.5 + i, {2, 4}) for i in range(5)])


def test_whole_records_make_the_parts(tmp_path):
    data = labelled_signals(five(tmp_path / "ecg.csv"), 200)
    assert [len(part) for _, part in data.parts()] == [3, 1, 1]
    found = {each.name: each for _, part in data.parts() for each in part}
    assert sorted(found) == ["s0", "s1", "s2", "s3", "s4"]
    assert found["s3"].signal.tolist() == [3, 3.5, 4, 4.5, 5, 5.5]
    assert found["s3"].marks[0].tolist() == [2, 4]
    # 10 samples at 200 a second
    assert (data.rate, data.tolerance, data.source) == (200, 50, "ecg.csv")


def test_one_signal_is_cut_in_time(tmp_path):
    """10 samples: 6 to train on, 2 to validate, 2 to test; ends at 1, 6 and 9 are 1, 0 and 1 in theirs."""
    path = table(tmp_path / "one.csv", [("", range(10), {1, 6, 9})], "signal,label")
    data = labelled_signals(path, 250)
    assert [part[0].signal.tolist() for _, part in data.parts()] == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    assert [part[0].marks[0].tolist() for _, part in data.parts()] == [[1], [0], [1]]


def test_columns_in_any_order_capitals_tabs_and_gzip(tmp_path):
    text = "Label\tsignal\n" + "".join(f"{i % 2}\t{i}\n" for i in range(10))
    path = tmp_path / "one.tsv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert labelled_signals(path, 250).train[0].marks[0].tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,label\n1,0\n", "found no column called signal; accepted: a header with the columns"),
        ("signal,label\n1,0\n2,2\n", ":3: label: found the label 2; accepted: 0 or 1"),
        ("signal,label\n1,0.5\n", ":2: label: found the label 0.5"),
        ("signal,label\n1,0\n1e300,0\n", ":3: signal: found 1e"),
        ("signal,label\n1,0\nnan,0\n", ":3: signal: found 'nan'"),
        ("record,signal,label\na,1,1\nb,1,1\na,1,1\n", ":4: record: the record 'a' begins again"),
        ("signal,label\n1,1\n2,1\n", "signal: found 2 samples; accepted: 5 or more"),
        ("signal,label\n" + "1,0\n" * 20, "train: found no end"),
    ],
)
def test_what_is_refused(tmp_path, text, said):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        labelled_signals(path, 250)
    assert "bad.csv" in str(caught.value)
