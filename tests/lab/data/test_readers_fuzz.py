"""Every reader against arbitrary input: data or a refusal, soon, and nothing else.

Valid files of each form are cut, changed and spliced, so that chance gets past the first bytes.
"""

from __future__ import annotations

import gzip
import io
import pickle
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workings.errors import InputError
from workings.lab.data.dataset import Images, Sequences, split
from workings.lab.data.pictures import read_picture
from workings.lab.data.reading import read

X = np.arange(8 * 4 * 4, dtype=np.uint8).reshape(8, 4, 4)
Y = np.arange(8) % 2
STEPS = [np.full((length, 2), 0.5, np.float32) for length in (2, 1, 3, 1, 2, 1, 1, 1)]


def saved(**arrays: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, **arrays)
    return held.getvalue()


def npy(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def objects() -> np.ndarray:
    held = np.empty(len(STEPS), object)
    held[:] = STEPS
    return held


TABLE = b"label,a,b,c,d\n" + b"\n".join(b"%d,%d,2,3,4" % (n % 2, n) for n in range(8))
STEP_TABLE = b"sequence,a,b,y\n" + b"\n".join(b"s%d,0.5,%d,1.5" % (n // 2, n) for n in range(16))
TS = b"@dimensions 2\n@classLabel true a b\n@data\n" + b"1,2,?:3,4,5:a\n1:2:b\n" * 4
FILES = {
    "x.idx.gz": gzip.compress(b"\0\0\x08\x03\0\0\0\x08\0\0\0\x04\0\0\0\x04" + X.tobytes()),
    "x-ubyte": b"\0\0\x08\x03\0\0\0\x08\0\0\0\x04\0\0\0\x04" + X.tobytes(),
    "x.npz": saved(x=X, y=Y),
    "x.npy": npy(objects()),
    "x.csv": TABLE,
    "y.csv": STEP_TABLE,
    "x.ts": TS,
    "x.zip": zipped({"X.npy": npy(objects()), "y.csv": b"a\n1\n", "z.pkl": pickle.dumps(Y)}),
    "x0.pkl": pickle.dumps((X, Y), 0),
    "x2.pkl": pickle.dumps({"x": STEPS, "y": [0.5] * 8}, 2),
    "x5.pkl": pickle.dumps(((STEPS, ["a", "b"] * 4), (STEPS, ["a", "c"] * 4)), 5),
}
PIECES = st.sampled_from(
    [
        *(
            b"",
            b"\0",
            b"\n",
            b",",
            b":",
            b"?",
            b"@",
            b"\x80\x04",
            b"\x93NUMPY",
            b"PK\x03\x04",
            b"\x1f\x8b",
            b"nan",
        ),
        *(
            b"-1",
            b"1e999",
            b"99999999999999999999",
            b"\xff\xff\xff\xff",
            b"\xff" * 8,
            b'"',
            b"'<f8'",
            b"'|O'",
            b"(",
            b")",
        ),
        *(b"True", b"label", b"sequence", b"x_train", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x85", b"2", b"0"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file that was whole, after a few accidents."""
    raw = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 12)) | st.just(len(raw)))
        raw = raw[:start] + draw(PIECES | st.binary(max_size=6)) + raw[end:]
    return raw


def attempt(path: Path) -> None:
    for want in (Images, Sequences):
        began = time.process_time()
        try:
            data = read(path, want)
        except InputError as error:
            assert str(path) in str(error) or error.place.file == path.name  # noqa: PT017 # most are refused
            assert len(str(error)) < 2000  # noqa: PT017
        else:
            assert isinstance(data, want)
            assert len(data.digest) == 16
            assert data.summary.isprintable()
        assert time.process_time() - began < 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    split(1, (1,), 0)  # loads torch, off the clock
    return tmp_path_factory.mktemp("damaged")


def test_the_files_are_whole(folder):
    kinds = {"x.npz": Images, "x.csv": Images, "y.csv": Sequences, "x.ts": Sequences, "x0.pkl": Images}
    for name, want in (kinds | {"x2.pkl": Sequences, "x5.pkl": Sequences}).items():
        (folder / name).write_bytes(FILES[name])
        assert isinstance(read(folder / name, want), want)


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(max_examples=120, deadline=3000)
def test_damaged_files(folder, name, data):
    (folder / name).write_bytes(data.draw(damaged(FILES[name])))
    attempt(folder / name)


@pytest.mark.parametrize("name", ["x", "x.csv", "x.ts", "x.pkl", "x.npz"])
@given(raw=st.binary(max_size=100) | st.lists(PIECES, max_size=20).map(b"".join))
@settings(max_examples=80, deadline=3000)
def test_noise(folder, name, raw):
    (folder / name).write_bytes(raw)
    attempt(folder / name)


def picture(suffix: str) -> bytes:
    held = io.BytesIO()
    Image.fromarray(X[:3, :, :3].copy()).save(held, suffix)
    return held.getvalue()


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM"])
@given(data=st.data())
@settings(max_examples=60, deadline=3000)
def test_damaged_pictures(folder, suffix, data):
    path = folder / f"x.{suffix}"
    path.write_bytes(data.draw(damaged(picture(suffix))))
    began = time.process_time()
    try:
        assert read_picture(path, (8, 8), grey=False).shape == (3, 8, 8)
    except InputError as error:
        assert error.place.file == str(path)  # noqa: PT017 # many accidents leave a picture
    assert time.process_time() - began < 1
