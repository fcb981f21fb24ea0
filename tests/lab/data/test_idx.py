"""IDX files: written here by hand as the format's page has it."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workings.errors import InputError
from workings.lab.data.idx import read_idx

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx(code: int, array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(TYPES[code]).tobytes()


def refusal(tmp_path, content: bytes) -> str:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_idx(tmp_path / "x")
    assert str(refused.value).startswith(str(tmp_path / "x"))
    return str(refused.value).removeprefix(str(tmp_path / "x"))


def test_a_matrix_byte_by_byte(tmp_path):
    content = bytes([0, 0, 0x0B, 2]) + bytes([0, 0, 0, 2, 0, 0, 0, 3])
    content += bytes([0, 1, 0, 2, 0, 3, 255, 255, 1, 0, 128, 0])
    (tmp_path / "x").write_bytes(content)
    array = read_idx(tmp_path / "x")
    assert array.tolist() == [[1, 2, 3], [-1, 256, -32768]]
    assert array.dtype.isnative


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@given(data=st.data())
def test_every_type(tmp_path_factory, code, pack, data):
    shape = data.draw(arrays.array_shapes(min_dims=1, max_dims=4, max_side=4))
    values = data.draw(arrays.arrays(np.dtype(TYPES[code]).newbyteorder("="), shape))
    path = tmp_path_factory.getbasetemp() / f"x{code}"
    path.write_bytes(pack(idx(code, values)))
    array = read_idx(path)
    assert array.dtype == values.dtype
    np.testing.assert_array_equal(array, values)
    array[...] = 0  # it can be written to: torch warns of arrays that can't


class TestRefusals:
    def test_another_form(self, tmp_path):
        assert refusal(tmp_path, b"PK\x03\x04 etc").startswith(": begins with b'PK\\x03\\x04', unlike an IDX")

    def test_too_short_for_a_head(self, tmp_path):
        assert ": the file ends after 2 of the 4 bytes of the head" in refusal(tmp_path, b"\0\0")
        assert ": the file ends after 3 of the 8 bytes of the sizes" in refusal(
            tmp_path, b"\0\0\x08\x02\0\0\0"
        )

    @pytest.mark.parametrize("axes", [0, 5, 255])
    def test_no_axes_or_too_many(self, tmp_path, axes):
        assert "unlike an IDX file" in refusal(tmp_path, bytes([0, 0, 8, axes]) + bytes(2000))

    def test_cut_off(self, tmp_path):
        said = refusal(tmp_path, idx(8, np.zeros((3, 4)))[:-1])
        assert said.startswith(": the file ends after 11 of the 12 bytes of the values; accepted: the whole")

    def test_trailing_bytes(self, tmp_path):
        assert refusal(tmp_path, idx(8, np.zeros((3, 4))) + b"\0").startswith(
            ": bytes follow behind the values"
        )

    def test_a_promise_of_too_much_takes_no_memory(self, tmp_path):
        said = refusal(tmp_path, bytes([0, 0, 8, 4]) + b"\xff" * 16)
        assert said.startswith(": promises 4294967295 × 4294967295 × ")
        assert "accepted: at most 1073741824 bytes" in said
