"""Pickles read as data: as `pickle.loads` reads plain data, and a refusal, soon, for everything else."""

from __future__ import annotations

import math
import os
import pickle
import pickletools
import struct
import time
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workings.errors import InputError
from workings.lab.data.pickles import MOST_KEYS, MOST_OPERATIONS, read_pickle

PROTOCOLS = range(6)

ARRAYS = arrays.arrays(
    st.one_of(
        arrays.boolean_dtypes(),
        arrays.integer_dtypes(endianness="?"),
        arrays.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
        arrays.unicode_string_dtypes(max_len=4),
        arrays.byte_string_dtypes(max_len=4),
    ),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=10),
        st.binary(max_size=300),
        st.sampled_from([np.float32(1.5), np.int64(-3), np.True_, np.str_("ab")]),
        ARRAYS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5) | st.integers(-(2**59), 2**59), inner, max_size=4),
    ),
    max_leaves=12,
)


def same(mine: object, theirs: object) -> bool:
    """Equal, arrays entry by entry, numbers of NumPy and of Python alike."""
    if isinstance(theirs, np.ndarray):
        return (
            isinstance(mine, np.ndarray)
            and mine.dtype == theirs.dtype.newbyteorder("=")
            and mine.shape == theirs.shape
            and mine.astype(theirs.dtype).tobytes() == theirs.tobytes()
        )
    if isinstance(theirs, list | tuple):
        return type(mine) is type(theirs) and len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(theirs, dict):
        return (
            isinstance(mine, dict)
            and list(mine) == list(theirs)
            and all(same(mine[k], theirs[k]) for k in mine)
        )
    if isinstance(theirs, np.generic):
        theirs = theirs.item()
    return type(mine) is type(theirs) and mine == theirs


def refusal(raw: bytes, seconds: float = 1.0) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as refused:
        read_pickle(raw)
    assert time.process_time() - began < seconds
    assert len(str(refused.value)) < 1000
    return str(refused.value)


class TestPlainData:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @given(value=VALUES)
    @settings(max_examples=60, deadline=None)
    def test_as_the_library_reads_it(self, protocol, value):
        raw = pickle.dumps(value, protocol)
        assert same(read_pickle(raw), pickle.loads(raw))  # noqa: S301 # written two lines above

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @given(array=ARRAYS.filter(lambda array: array.ndim > 1))
    @settings(max_examples=30, deadline=None)
    def test_arrays_by_columns(self, protocol, array):
        turned = np.asfortranarray(array)
        assert same(read_pickle(pickle.dumps(turned, protocol)), array)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_sequences_of_different_length(self, protocol):
        x = [np.arange(n * 2.0).reshape(n, 2) for n in (3, 1, 2)]
        held = np.empty(3, object)
        held[:] = x
        for written in (x, tuple(x), held):
            got = read_pickle(pickle.dumps(written, protocol))
            assert type(got) is (tuple if written.__class__ is tuple else list)
            assert [each.tolist() for each in got] == [each.tolist() for each in x]

    def test_an_object_array_of_numbers(self):
        held = np.array([[1, 2.5], [True, -3]], object)
        assert read_pickle(pickle.dumps(held)).tolist() == [[1, 2.5], [1, -3]]

    def test_a_dictionary_that_numpy_saved(self):
        # np.save wraps what is no array into an object array without axes.
        held = np.array({"x": [1, 2]}, object)
        assert read_pickle(pickle.dumps(held)) == {"x": [1, 2]}

    def test_an_array_that_occurs_twice_is_one(self):
        x = np.arange(3)
        first, second = read_pickle(pickle.dumps([x, x]))
        assert first is second

    def test_numpy_1_called_its_modules_otherwise(self):
        raw = pickle.dumps(np.arange(3.0), 2)
        assert b"numpy._core.multiarray" in raw
        assert read_pickle(raw.replace(b"numpy._core.", b"numpy.core.")).tolist() == [0, 1, 2]


class TestPython2:
    """Bytes as Python 2 wrote them, whose strings are bytes; taken from the operations' own description."""

    ARRAY = (
        b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nS'b'\np3\ntp4\nRp5\n"
        b"(I1\n(I2\ntp6\ncnumpy\ndtype\np7\n(S'i2'\np8\nI0\nI1\ntp9\nRp10\n(I3\nS'%s'\np11\nNNNI-1\nI-1\nI0\ntp12\nb"
        b"I00\nS'%s'\np13\ntp14\nb."
    )

    def test_protocol_0(self):
        assert read_pickle(self.ARRAY % (b"<", b"\\x01\\x02\\xff\\xff")).tolist() == [513, -1]

    def test_high_byte_first(self):
        assert read_pickle(self.ARRAY % (b">", b"\\x01\\x02\\xff\\xff")).tolist() == [258, -1]

    def test_protocol_2(self):
        head = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        dtype = (
            b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        )
        raw = head + b"(K\x01K\x02\x85" + dtype + b"\x89U\x08" + struct.pack("<ff", 1.5, -2) + b"tb."
        assert read_pickle(raw).tolist() == [1.5, -2]

    def test_quotes_and_escapes(self):
        assert read_pickle(b"S'it\\'s \\\\ \\n \\xe9'\n.") == "it's \\ \n \xe9"

    @pytest.mark.parametrize("text", [b"'\\ '", b"'\\x4'", b"'\\\\\\'", b"'", b"'a\"", b"a", b"'\\q'"])
    def test_escapes_that_python_never_wrote(self, text):
        assert "a damaged pickle" in refusal(b"S" + text + b"\n.")


class Calls:
    """Reduces to a call."""

    def __init__(self, called, *arguments):
        self.call = called, arguments

    def __reduce__(self):
        return self.call


class TestRefusedNames:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(
        ("value", "named"),
        [
            (Calls(os.system, "touch hacked"), "system"),
            (Calls(eval, "1"), "eval"),
            (Calls(getattr, "a", "b"), "getattr"),
            (Calls(np.load, "x"), "load"),
            (Calls(np.frombuffer, b"x"), "frombuffer"),
            (Fraction(1, 2), "Fraction"),
            (OrderedDict(a=1), "OrderedDict"),
            (complex(1, 2), "complex"),
            ({1, 2}, "set"),
            (np.ma.masked_array([1]), "_mareconstruct"),
        ],
        ids=[
            "system",
            "eval",
            "getattr",
            "load",
            "frombuffer",
            "fraction",
            "ordered",
            "complex",
            "set",
            "masked",
        ],
    )
    def test_a_name_outside_the_table(self, protocol, value, named, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        said = refusal(pickle.dumps([value], protocol))
        assert named.casefold() in said.casefold()
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "raw",
        [
            b"cnumpy\nndarray.tofile\n.",
            b"\x8c\x05numpy\x8c\x0endarray.tofile\x93.",
            b"cnumpy.core\nmultiarray._reconstruct.__globals__\n.",
            b"c\n\n.",
        ],
    )
    def test_dots_and_blanks_lead_nowhere(self, raw):
        assert "asks for" in refusal(raw)

    def test_every_operation_is_in_the_table_or_refused_by_name(self):
        refused = set()
        for operation in pickletools.opcodes:
            # Marks and values enough for any operation; what comes of them does not matter here.
            raw = b"(((K\x01K\x02K\x03" + operation.code.encode("latin-1") + b"\0\0\0\0\0\0\0\0\n\n."
            try:
                read_pickle(raw)
            except InputError as error:
                if f"found the operation '{operation.name}'" in str(error):
                    refused.add(operation.name)
        assert refused == {
            *("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"),
            *("EMPTY_SET", "ADDITEMS", "FROZENSET", "NEXT_BUFFER", "READONLY_BUFFER"),
        }

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (np.array([(1, 2.0)], [("a", "i4"), ("b", "f4")]), "an array of 'records'"),
            (np.array(["2020-01-01"], "M8[D]"), "M8"),
            (np.array([1j]), "c16"),
            (np.longdouble(1), "f16"),
            (np.array([[1, "a"]], object), "an object array of more axes than 'one'"),
            (np.array([[{}]], object), "an object array of more axes than 'one'"),
            (2**64, "an integer of more than '64 bits'"),
            (np.ndarray, "a value that is no data, 'numpy.ndarray'"),
            ({(1, 2): 3}, "a key of type 'tuple'"),
            ({2.5: 3}, "a key of type 'float'"),
            ({2**60: 3}, "a key of type 'int'"),
        ],
    )
    def test_data_of_other_kinds(self, value, said):
        assert said in refusal(pickle.dumps(value))


class TestDamage:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_every_place_to_break_off(self, protocol):
        raw = pickle.dumps({"x": [np.arange(3), np.ones((2, 2))], "y": (1, 2.5, "a", b"b", None)}, protocol)
        for cut in range(len(raw)):
            refusal(raw[:cut])

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_every_byte_changed(self, protocol):
        raw = pickle.dumps([np.arange(3), {"a": (1, "b")}], protocol)
        refused = 0
        for at in range(len(raw)):
            for byte in (
                0,
                1,
                raw[at] ^ 1,
                raw[at] ^ 0x80,
                0xFF,
                ord("."),
                ord("("),
                ord("0"),
                ord("R"),
                ord("b"),
            ):
                try:
                    read_pickle(raw[:at] + bytes([byte]) + raw[at + 1 :])
                except InputError:
                    refused += 1
        assert refused > len(raw)

    @given(st.binary(max_size=200))
    @settings(max_examples=500, deadline=1000)
    def test_noise(self, raw):
        for begin in (b"", b"\x80\x04", b"\x80\x02("):
            try:
                read_pickle(begin + raw)
            except InputError as error:
                assert len(str(error)) < 1000  # noqa: PT017 # most noise is refused, some of it is a pickle

    PIECES = st.sampled_from(
        [
            *(
                bytes([operation])
                for operation in b"()]}.tlau012NRbsdeq\x85\x86\x87\x88\x89\x93\x94K\x01h\x00"
            ),
            *(
                b"K\x05",
                b"q\x00",
                b"h\x00",
                b"h\x01",
                b"U\x01b",
                b"C\x02ab",
                b"\x8c\x02f8",
                b"J\xff\xff\xff\xff",
            ),
            *(b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"I01\n"),
            *(b"cnumpy.core.multiarray\nscalar\n", b"c_codecs\nencode\n", b"cbuiltins\nbytes\n", b"S'i2'\n"),
            b"cnumpy._core.numeric\n_frombuffer\n",
        ]
    )

    @given(st.lists(PIECES, max_size=60).map(b"".join))
    @settings(max_examples=1000, deadline=1000)
    def test_programs_of_meaningful_pieces(self, program):
        try:
            read_pickle(program + b".")
        except InputError as error:
            assert len(str(error)) < 1000  # noqa: PT017 # most of it is refused, some of it is a pickle


def nested(levels: int, pair: bytes) -> bytes:
    """A value, then again and again a pair of twice what there was before."""
    return b"K\x01" + (b"2" + pair) * levels


class TestBombs:
    def test_a_number_of_a_place_in_memory(self):
        # The library's machine would make its table 2**31 places long.
        assert read_pickle(b"K\x01r\xff\xff\xff\x7f.") == 1

    @pytest.mark.parametrize("code", [b"\x8d", b"\x8e", b"\x96", b"X", b"B", b"T"])
    def test_a_promise_of_a_long_text(self, code):
        length = 8 if code in (b"\x8d", b"\x8e", b"\x96") else 4
        refusal(code + b"\xff" * (length - 1) + b"\x7f" + b"abc")

    def test_a_promise_of_a_large_array(self):
        raw = pickle.dumps(np.zeros(2), 2)
        assert raw.count(b"K\x02\x85") == 1
        assert "promises an array" in refusal(
            raw.replace(b"K\x02\x85", b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x85")
        )

    def test_tuples_of_tuples_as_a_key_would_be_hashed_for_ever(self):
        assert "a key of type 'tuple'" in refusal(b"}" + nested(60, b"\x86") + b"K\x01s.")

    def test_tuples_of_tuples_unfold_into_too_much(self):
        assert "unfolds into too much" in refusal(nested(28, b"\x86") + b".")

    def test_lists_of_lists_unfold_into_too_much(self):
        held = [1]
        for _ in range(27):
            held = [held, held]
        assert "unfolds into too much" in refusal(pickle.dumps(held))

    def test_an_array_in_many_places_unfolds_into_too_much(self):
        x = np.zeros(1 << 20)
        assert "unfolds into too much" in refusal(pickle.dumps([x] * 200))

    def test_a_list_in_itself(self):
        held: list[object] = []
        held.append(held)
        assert "lists in lists without end" in refusal(pickle.dumps(held))

    def test_a_dictionary_in_itself_twice(self):
        held: dict[str, object] = {}
        held["a"] = held["b"] = held
        assert "lists in lists without end" in refusal(pickle.dumps(held))

    def test_an_object_array_in_itself(self):
        held = np.empty(1, object)
        held[0] = held
        assert "lists in lists without end" in refusal(pickle.dumps(held))

    @pytest.mark.parametrize(
        "raw",
        [
            b")" + b"\x85" * 100_000,
            b"]" * 100_000 + b"a" * 99_999,
            b"(" * 100_000 + b"l" * 100_000,
            b"}K\x01" * 99_999 + b"}" + b"s" * 99_999,
        ],
        ids=["tuples", "lists", "marks", "dictionaries"],
    )
    def test_a_hundred_thousand_levels(self, raw):
        assert "lists in lists without end" in refusal(raw + b".")

    def test_one_text_made_into_bytes_again_and_again(self):
        text = b"X" + struct.pack("<I", 10_000_000) + b"a" * 10_000_000 + b"q\x00"
        again = b"c_codecs\nencode\nh\x00\x8c\x06latin1\x86R"
        assert "unfolds into too much" in refusal(text + again * 200 + b".")

    def test_too_many_operations(self):
        assert "more than 3000000 operations" in refusal(b"N0" * (MOST_OPERATIONS // 2) + b"N.", seconds=6)

    def test_too_many_keys(self):
        assert f"at most {MOST_KEYS} keys" in refusal(pickle.dumps(dict.fromkeys(range(MOST_KEYS + 1))))

    def test_keys_that_were_chosen_to_collide(self):
        keys = [k << 45 for k in range(9000)]
        began = time.process_time()
        assert len(read_pickle(pickle.dumps(dict.fromkeys(keys)))) == 9000
        assert time.process_time() - began < 1

    def test_a_number_of_many_digits(self):
        refusal(b"I" + b"9" * 1_000_000 + b"\n.")
        refusal(b"\x8b" + struct.pack("<i", 1_000_000) + b"\x7f" * 1_000_000 + b".")

    def test_special_floats_are_numbers(self):
        assert all(map(math.isnan, read_pickle(pickle.dumps([math.nan] * 2))))
