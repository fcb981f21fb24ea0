"""Bytes of files: whole or not at all, packed with gzip or not, and soon."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workings.errors import InputError
from workings.lab.data.content import MOST_MEMBERS, Content, content, take, upto, whole

EMPTY_MEMBER = gzip.compress(b"", mtime=0)


def read(path: Path, limit: int = 1 << 20) -> bytes:
    with content(path) as stream:
        return whole(stream, limit)


class TestGzip:
    @given(pieces=st.lists(st.binary(max_size=300), min_size=1, max_size=4))
    def test_members_are_read_one_after_the_other(self, tmp_path_factory, pieces):
        path = tmp_path_factory.mktemp("gzip") / "x.gz"
        path.write_bytes(b"".join(gzip.compress(each) for each in pieces))
        assert read(path) == b"".join(pieces)

    def test_more_than_a_buffer(self, tmp_path):
        data = os.urandom(300_000) + bytes(3_000_000)
        (tmp_path / "x").write_bytes(gzip.compress(data))
        assert read(tmp_path / "x", 4_000_000) == data

    def test_the_name_does_not_decide(self, tmp_path):
        (tmp_path / "x.gz").write_bytes(b"plain")
        assert read(tmp_path / "x.gz") == b"plain"

    @pytest.mark.parametrize("cut", range(2, 40, 3))
    def test_broken_off(self, tmp_path, cut):
        packed = gzip.compress(b"some content that is packed", mtime=0)
        assert cut < len(packed)
        (tmp_path / "x").write_bytes(packed[:cut])
        with pytest.raises(InputError, match="x: a gzip that breaks off; accepted: the whole file"):
            read(tmp_path / "x")

    def test_a_wrong_sum(self, tmp_path):
        packed = bytearray(gzip.compress(b"some content"))
        packed[-6] ^= 1
        (tmp_path / "x").write_bytes(packed)
        with pytest.raises(InputError, match="x: a damaged gzip"):
            read(tmp_path / "x")

    def test_a_bomb_stops_at_the_limit(self, tmp_path):
        packer = zlib.compressobj(wbits=31)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(400)) + packer.flush()
        (tmp_path / "x").write_bytes(bomb)
        with pytest.raises(InputError, match="holds more than 1048576 bytes"):
            read(tmp_path / "x")

    def test_empty_members_do_not_go_on_for_ever(self, tmp_path):
        (tmp_path / "x").write_bytes(EMPTY_MEMBER * (MOST_MEMBERS + 1))
        with pytest.raises(InputError, match="a gzip of more than 20000 members"):
            read(tmp_path / "x")


class TestPlaces:
    def test_a_missing_file_offers_near_ones(self, tmp_path):
        (tmp_path / "train.csv").touch()
        with pytest.raises(InputError, match=r"trian\.csv: is not there; .* Did you mean train\.csv\?"):
            read(tmp_path / "trian.csv")

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(InputError, match="is no plain file"):
            read(tmp_path)

    def test_a_pipe_that_nobody_writes_to_is_refused_at_once(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="pipe: is no plain file"):
            read(tmp_path / "pipe")

    def test_a_device_that_never_ends(self):
        with pytest.raises(InputError, match="is no plain file"):
            read(Path("/dev/zero"))

    @pytest.mark.parametrize("name", ["a\0b", "n" * 5000, "\ud800"])
    def test_names_that_no_file_has(self, tmp_path, name):
        with pytest.raises(InputError) as refused:
            read(tmp_path / name)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 1000

    def test_a_file_that_can_not_be_opened(self, tmp_path):
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        (tmp_path / "x").touch(mode=0)
        with pytest.raises(InputError, match="x: can't be read: Permission denied"):
            read(tmp_path / "x")


class TestStreams:
    class Slow:
        """A stream that hands out one byte at a time."""

        def __init__(self, data: bytes) -> None:
            self.data = data

        def read(self, size: int, /) -> bytes:
            got, self.data = self.data[: min(size, 1)], self.data[min(size, 1) :]
            return got

    def test_upto_waits_for_all_of_it(self):
        assert upto(self.Slow(b"abcdef"), 4) == b"abcd"

    def test_what_was_peeked_at_is_still_there(self):
        stream = Content(self.Slow(b"abcdef"))
        assert stream.peek(3) == b"abc"
        assert stream.peek(2) == b"ab"
        assert upto(stream, 10) == b"abcdef"

    def test_take_says_how_much_there_was(self):
        with pytest.raises(InputError, match="the file ends after 3 of the 5 bytes of the head"):
            take(self.Slow(b"abc"), 5, "the head")
