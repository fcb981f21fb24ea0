"""Recordings and their marks: what is taken, what is refused, what the digest depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.waveforms import Recording, Waveforms


def recording(ends=(3.0, 7.5), size=10, name="a", **more):
    signal = np.sin(np.arange(size)).astype(np.float32)
    return Recording(name, signal, (np.array(ends, np.float64),), **{"span": (0.0, size - 1.0), **more})


def waveforms(**more):
    given = {part: (recording(name=part),) for part in ("train", "val", "test")}
    return Waveforms(
        **{**given, "kinds": ("end",), "rate": 100.0, "tolerance": 30.0, "source": "made", **more}
    )


class TestRecording:
    def test_a_mark_outside_the_span(self):
        with pytest.raises(InputError, match=r"a.marks: found a mark at sample 7.5; accepted: 2 to 7"):
            recording(span=(2.0, 7.0))

    def test_a_mark_that_is_no_number(self):
        with pytest.raises(InputError, match="found a mark at sample nan"):
            recording(ends=(np.nan,))

    @pytest.mark.parametrize("ends", [(3, 3), (7, 3)])
    def test_marks_ascend(self, ends):
        with pytest.raises(InputError, match="marks that do not ascend"):
            recording(ends=ends)

    @pytest.mark.parametrize("signal", [np.zeros(10), np.zeros((2, 5), np.float32), np.zeros(0, np.float32)])
    def test_signals_of_another_type_or_shape(self, signal):
        with pytest.raises(InputError, match=r"a.signal: found float.*accepted: float32 \[n\]"):
            Recording("a", signal, (np.empty(0),), (0.0, 9.0))

    def test_a_signal_with_a_hole(self):
        signal = np.array([0, 1, np.nan], np.float32)
        with pytest.raises(InputError, match=r"a.signal\[2\]: found nan"):
            Recording("a", signal, (np.empty(0),), (0.0, 2.0))


class TestWaveforms:
    def test_the_summary_counts_recordings_samples_and_ends(self):
        found = waveforms(train=(recording(), recording((1.0,), 12, "b")))
        assert found.summary == (
            "2 + 1 + 1 recordings of 10 to 12 samples, 100 a second, with 3 + 2 + 2 times of end; made"
        )

    @pytest.mark.parametrize("part", [(), (recording(ends=()),)])
    def test_a_part_without_an_end(self, part):
        with pytest.raises(InputError, match=f"made: val: found no end in {len(part)} recording"):
            waveforms(val=part)

    def test_marks_of_another_number_of_kinds(self):
        with pytest.raises(
            InputError, match=r"made: train.train: found marks of 1 kinds; accepted: end, start"
        ):
            waveforms(kinds=("end", "start"))

    @pytest.mark.parametrize("kinds", [(), ("end", "end")])
    def test_kinds_have_names_of_their_own(self, kinds):
        with pytest.raises(InputError, match="made: kinds: found the kinds"):
            waveforms(kinds=kinds)

    def test_the_digest_depends_on_all_that_results_depend_on(self):
        first = waveforms()
        one = first.test[0]
        louder = replace(one, signal=one.signal * 2)
        later = replace(one, marks=(one.marks[0] + 0.25,))
        narrower = replace(one, span=(1.0, 9.0))
        others = [waveforms(test=(each,)) for each in (louder, later, narrower)]
        others += [waveforms(rate=50.0), waveforms(tolerance=20.0), waveforms(test=first.train)]
        digests = {each.digest for each in (first, *others)}
        assert len(digests) == 7
        assert waveforms(source="elsewhere").digest == first.digest
