"""NumPy's files, against NumPy itself; what NumPy would execute or choke on is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workings.errors import InputError
from workings.lab.data.npy import take_npy

PLAIN = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    arrays.unicode_string_dtypes(max_len=5),
    arrays.byte_string_dtypes(max_len=5),
)


def saved(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def npy(head: bytes, values: bytes = b"", version: int = 1) -> bytes:
    width = 2 if version == 1 else 4
    return b"\x93NUMPY" + bytes([version, 0]) + len(head).to_bytes(width, "little") + head + values


def read(content: bytes) -> object:
    return take_npy(io.BytesIO(content))


@given(data=st.data(), columns_first=st.booleans())
def test_what_numpy_saves(data, columns_first):
    array = data.draw(
        arrays.arrays(PLAIN, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    )
    got = read(saved(np.asfortranarray(array) if columns_first else array))
    assert isinstance(got, np.ndarray)
    assert got.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(got, array)
    assert got.flags.writeable


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions(version):
    held = io.BytesIO()
    np.lib.format.write_array(held, np.array([1.5, -2]), version=version)
    assert read(held.getvalue()).tolist() == [1.5, -2]


def test_sequences_of_different_length_come_as_a_list():
    array = np.empty(2, object)
    array[:] = [np.arange(6.0).reshape(3, 2), np.ones((1, 2))]
    first, second = read(saved(array))
    assert first.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert second.tolist() == [[1, 1]]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "the file ends after 0 of the 8 bytes of the head"),
            (b"\x93NUMPY\x04\0" + bytes(100), "unlike an .npy file"),
            (npy(b"x" * 10_001), "a head of 10001 bytes; accepted: at most 10000"),
            (npy(b"", version=2)[:8] + b"\xff\xff\xff\xff", "a head of 4294967295 bytes"),
            (npy(b"{'descr': '<f8'}"), "an .npy file with the head"),
            (npy(b"__import__('os').system('true')"), "an .npy file with the head"),
            (npy(b"(" * 5000), "an .npy file with the head"),
            (npy(b"\xff\xfe"), "an .npy file with the head"),
            (npy(b"[" * 5000 + b"]" * 4000), "an .npy file with the head"),
        ],
    )
    def test_heads(self, content, said):
        with pytest.raises(InputError) as refused:
            read(content)
        assert said in str(refused.value)

    @pytest.mark.parametrize(
        ("descr", "shape", "said"),
        [
            ("'<M8[ns]'", "(2,)", "found an array of type '<M8[ns]'"),
            ("'<c16'", "(2,)", "found an array of type '<c16'"),
            ("'<f16'", "(2,)", "found an array of type '<f16'"),
            ("'V8'", "(2,)", "found an array of type 'V8'"),
            ("'S0'", "(2,)", "found an array of type 'S0'"),
            ("'f8,O'", "(2,)", "found an array of type 'f8,O'"),
            ("[('a', '<f8')]", "(2,)", "found an array of type [('a', '<f8')]"),
            ("'<f8'", "(-2,)", "found an array of no proper shape"),
            ("'<f8'", "(True,)", "found an array of no proper shape"),
            ("'<f8'", "[2]", "found an array of no proper shape"),
            ("'<f8'", "2", "found an array of no proper shape"),
            ("'<f8'", "(2.0,)", "found an array of no proper shape"),
            ("'<f8'", "(1,1,1,1,1,1,1,1,1)", "found an array of no proper shape"),
            ("'<f8'", f"({10**30},)", "promises an array of [1000000000000000000000000000000]"),
            ("'<f8'", f"({10**30}, 0)", "promises an array of"),
            ("'|O'", f"({10**30},)", "promises an array of"),
            ("'<f8'", "(3,)", "the file ends after 16 of the 24 bytes of the values"),
            ("'<f8'", "(1,)", "bytes follow behind the values"),
        ],
    )
    def test_types_and_shapes(self, descr, shape, said):
        head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
        with pytest.raises(InputError) as refused:
            read(npy(head, bytes(16)))
        assert said in str(refused.value)

    def test_text_that_is_not_unicode(self):
        head = b"{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}"
        with pytest.raises(InputError, match="found text that is not Unicode"):
            read(npy(head, b"\xff\xff\xff\x7f"))

    def test_truth_values_of_another_kind_become_plain(self):
        head = b"{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}"
        assert read(npy(head, b"\x00\x01\x05")).tobytes() == b"\0\1\1"
