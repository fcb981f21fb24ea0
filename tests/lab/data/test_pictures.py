"""Pictures in folders, against pictures that are written here."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workings.errors import InputError
from workings.lab.data.pictures import FORMATS, entries, has_pictures, read_classes, read_picture

REAL = Path(__file__).parents[4] / "shared" / "data" / "sign_digits"
GREY = np.array([[0, 60, 120], [180, 240, 255]], np.uint8)
COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]]], np.uint8)


def refusal(path: Path, shape=None) -> str:
    began = time.process_time()
    with pytest.raises(InputError) as refused:
        read_picture(path, shape, grey=True)
    assert time.process_time() - began < 1
    assert str(refused.value).startswith(str(path))
    return str(refused.value).removeprefix(f"{path}: ")


def png(width: int, height: int, rows: bytes) -> bytes:
    """A grey PNG by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class TestOnePicture:
    def test_a_picture_by_hand(self, tmp_path):
        (tmp_path / "x.png").write_bytes(png(3, 2, b"\0\x01\x02\x03\0\x04\x05\xff"))
        assert read_picture(tmp_path / "x.png", None, grey=True).tolist() == [[1, 2, 3], [4, 5, 255]]

    @pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "webp"])
    def test_colours_come_first(self, tmp_path, suffix):
        file = tmp_path / f"x.{suffix}"
        Image.fromarray(COLOURS).save(file, **({"lossless": True} if suffix == "webp" else {}))
        got = read_picture(file, None, grey=False)
        assert got.dtype == np.uint8
        assert got.tolist() == COLOURS.transpose(2, 0, 1).tolist()

    def test_colours_to_grey_by_itu_r_601(self, tmp_path):
        Image.fromarray(COLOURS).save(tmp_path / "x.png")
        got = read_picture(tmp_path / "x.png", None, grey=True)
        weighed = COLOURS @ np.array([0.299, 0.587, 0.114])
        assert np.abs(got - weighed).max() <= 0.51

    def test_grey_to_colours(self, tmp_path):
        Image.fromarray(GREY).save(tmp_path / "x.png")
        assert read_picture(tmp_path / "x.png", None, grey=False).tolist() == [GREY.tolist()] * 3

    def test_height_comes_before_width(self, tmp_path):
        flat = np.full((40, 20), 77, np.uint8)
        Image.fromarray(flat).save(tmp_path / "x.png")
        got = read_picture(tmp_path / "x.png", (10, 30), grey=True)
        assert got.shape == (10, 30)
        assert np.unique(got).tolist() == [77]

    def test_smaller_is_averaged(self, tmp_path):
        board = np.indices((40, 40)).sum(axis=0) % 2 * 200
        Image.fromarray(board.astype(np.uint8)).save(tmp_path / "x.png")
        got = read_picture(tmp_path / "x.png", (10, 10), grey=True)
        assert np.abs(got[2:-2, 2:-2].astype(int) - 100).max() <= 2

    def test_turned_as_the_camera_was_held(self, tmp_path):
        picture = Image.fromarray(GREY)
        exif = picture.getexif()
        exif[0x0112] = 6  # "the camera's right side was up": turn it by 90° clockwise
        picture.save(tmp_path / "x.png", exif=exif)
        assert read_picture(tmp_path / "x.png", None, grey=True).tolist() == np.rot90(GREY, -1).tolist()


class TestRefusals:
    def test_no_picture(self, tmp_path):
        (tmp_path / "x.png").write_bytes(b"no picture at all")
        assert refusal(tmp_path / "x.png").startswith(
            "a picture that can't be read (UnidentifiedImageError); "
        )

    def test_a_form_that_is_not_admitted(self, tmp_path):
        Image.fromarray(GREY).save(tmp_path / "x.tiff")
        assert f"accepted: {', '.join(FORMATS)}" in refusal(tmp_path / "x.tiff")

    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_every_place_to_break_off(self, tmp_path, suffix):
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / f"whole.{suffix}")
        raw = (tmp_path / f"whole.{suffix}").read_bytes()
        cut = tmp_path / f"x.{suffix}"
        refused = 0
        for end in range(0, len(raw), 3):
            cut.write_bytes(raw[:end])
            try:
                read_picture(cut, None, grey=True)
            except InputError as error:
                refused += error.place.file == str(cut)
        assert refused >= (len(raw) - 20) // 3  # the last bytes hold no pixel

    @pytest.mark.parametrize(("width", "height"), [(8193, 8192), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
    def test_a_promise_of_too_many_pixels(self, tmp_path, width, height):
        (tmp_path / "x.png").write_bytes(png(width, height, b"\0" * 1000))
        refusal(tmp_path / "x.png")

    def test_a_missing_file(self, tmp_path):
        assert "FileNotFoundError" in refusal(tmp_path / "x.png")


class TestClasses:
    @pytest.fixture
    def folders(self, tmp_path):
        for name, shade in (("dog", 10), ("cat", 200), ("ant", 90)):
            (tmp_path / name).mkdir()
            for number in (2, 1):
                Image.fromarray(np.full((4, 5), shade + number, np.uint8)).save(
                    tmp_path / name / f"{number}.PNG"
                )
            (tmp_path / name / "notes.txt").write_text("not a picture")
            (tmp_path / name / ".hidden.png").write_text("not seen")
        return [tmp_path / name for name in ("ant", "cat", "dog")]

    def test_in_the_order_of_names(self, folders):
        got = read_classes(folders, None, grey=True)
        assert got["x"][:, 0, 0].tolist() == [91, 92, 201, 202, 11, 12]
        assert got["y"] == ["ant", "ant", "cat", "cat", "dog", "dog"]

    def test_sizes_that_differ_are_refused_or_brought_to_one(self, folders):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(folders[1] / "3.png")
        with pytest.raises(InputError, match=r"cat/3\.png: found a picture of 9×9, after one of 4×5"):
            read_classes(folders, None, grey=True)
        assert read_classes(folders, (6, 7), grey=True)["x"].shape == (7, 6, 7)

    def test_a_broken_picture_is_named(self, folders):
        (folders[2] / "1.PNG").write_bytes(b"broken")
        with pytest.raises(InputError, match=r"dog/1\.PNG: a picture that can't be read"):
            read_classes(folders, None, grey=False)

    def test_a_folder_without_pictures_is_named(self, folders, tmp_path):
        (tmp_path / "empty").mkdir()
        assert not has_pictures(tmp_path / "empty")
        with pytest.raises(InputError, match="empty: found no picture"):
            read_classes([*folders, tmp_path / "empty"], None, grey=True)

    def test_a_folder_that_is_none(self, tmp_path):
        with pytest.raises(InputError, match="nowhere: can't be read: No such file or directory"):
            entries(tmp_path / "nowhere")


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/sign_digits is not there")
def test_sign_digits():
    folders = [REAL / str(digit) for digit in range(5)]
    got = read_classes(folders, None, grey=False)
    assert got["x"].shape == (400, 3, 100, 100)
    assert [got["y"].count(str(digit)) for digit in range(5)] == [80] * 5
    first = np.asarray(Image.open(REAL / "0" / "IMG_1118.JPG"))
    assert got["x"][0].transpose(1, 2, 0).tolist() == first.tolist()
