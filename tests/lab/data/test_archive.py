"""Zip files: what NumPy and the library write is read, what would fill the computer is not."""

from __future__ import annotations

import io
import struct
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workings.errors import InputError
from workings.lab.data.archive import MOST_MEMBERS, members
from workings.lab.data.content import whole
from workings.lab.data.npy import take_npy


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def unpacked(raw: bytes) -> dict[str, bytes]:
    return {name: whole(stream) for name, stream in members(io.BytesIO(raw))}


def refusal(raw: bytes) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as refused:
        unpacked(raw)
    assert time.process_time() - began < 1
    return str(refused.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves(save):
    held = io.BytesIO()
    save(held, x_train=np.arange(6).reshape(2, 3), y_train=np.array([0, 1]))
    got = {name: take_npy(stream) for name, stream in members(held)}
    assert {name: value.tolist() for name, value in got.items()} == {
        "x_train.npy": [[0, 1, 2], [3, 4, 5]],
        "y_train.npy": [0, 1],
    }


def test_folders_hidden_files_and_what_macos_adds_are_left_out():
    files = {"a/": b"", "a/x.csv": b"1", "__MACOSX/a/._x.csv": b"2", "a/.DS_Store": b"3"}
    assert unpacked(zipped(files)) == {"a/x.csv": b"1"}


def test_a_comment_at_the_end():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("x", b"1")
        archive.comment = b"c" * 60_000
    assert unpacked(held.getvalue()) == {"x": b"1"}


class TestRefusals:
    def test_a_bomb_by_its_own_word(self):
        raw = bytearray(zipped({"x": b"1", "y": b"2"}))
        for name in (b"x", b"y"):
            size = raw.rindex(name) - 46 + 24  # in the directory, where 46 bytes stand before the name
            raw[size : size + 4] = struct.pack("<I", 600_000_000)
        assert "a zip that unpacks into too much" in refusal(bytes(raw))

    def test_a_member_that_is_larger_than_it_says(self):
        raw = bytearray(zipped({"x": bytes(1000)}))
        for at in (raw.index(b"PK\x03\x04") + 22, raw.index(b"PK\x01\x02") + 24):
            raw[at : at + 4] = struct.pack("<I", 10)
        assert "a damaged zip" in refusal(bytes(raw))

    def test_too_many_files(self):
        raw = zipped({f"{n}": b"" for n in range(MOST_MEMBERS + 1)})
        assert "a zip of 1001 files; accepted: at most 1000" in refusal(raw)

    def test_very_many_files_are_not_even_listed(self):
        entry = zipped({"x": b""})
        directory = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")] * 2_000_000
        end = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
        assert "a zip of very many or very large files" in refusal(directory + end)

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_rare_ways_of_packing(self, method):
        assert "the file 'x' in it is encrypted, or packed in a rare way" in refusal(
            zipped({"x": b"1"}, method)
        )

    def test_encrypted(self):
        raw = bytearray(zipped({"x": b"1"}))
        for at in (raw.index(b"PK\x03\x04") + 6, raw.index(b"PK\x01\x02") + 8):
            raw[at] |= 1
        assert "is encrypted" in refusal(bytes(raw))

    @pytest.mark.parametrize(
        "raw", [b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x05\x06" + bytes(17), b"x" * 100]
    )
    def test_no_zip(self, raw):
        assert "a damaged zip" in refusal(raw)

    def test_every_place_to_break_off(self):
        raw = zipped({"x": b"some content", "y": b"some more"})
        for cut in range(len(raw)):
            refusal(raw[:cut])

    @given(data=st.data())
    @settings(max_examples=300, deadline=1000)
    def test_bytes_changed_at_random(self, data):
        raw = bytearray(zipped({"x.npy": b"some content" * 5, "y": b"some more"}))
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        try:
            unpacked(bytes(raw))
        except InputError as error:
            assert len(str(error)) < 1000  # noqa: PT017 # a change in a date or a name does no harm
