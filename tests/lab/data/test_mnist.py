"""MNIST as the course splits it, and the digits that stand in for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from workings.errors import InputError
from workings.lab.data.dataset import split
from workings.lab.data.idx import read_idx
from workings.lab.data.mnist import mnist

REAL = Path(__file__).parents[4] / "shared" / "data" / "mnist"
MD5 = {  # of the uncompressed files, as published with the data set
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

realdata = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REAL.is_dir(), reason="shared/data/mnist is not there"),
]


class TestDigits:
    def test_sizes_and_balance(self):
        data = mnist()
        assert [len(y) for _, _, y in data.parts()] == [1197, 300, 300]
        assert data.train_x.shape == (1197, 28, 28)
        for y in (data.val_y, data.test_y):
            assert np.bincount(y).tolist() == [30] * 10

    def test_every_digit_is_in_one_part_once(self):
        from sklearn.datasets import load_digits

        data = mnist()
        mine = np.concatenate([x[:, 3:26:3, 3:26:3].reshape(len(x), -1) for _, x, _ in data.parts()])
        mine = np.column_stack([np.rint(mine / 255 * 16), np.concatenate([y for _, _, y in data.parts()])])
        counts, labels = load_digits(return_X_y=True)
        theirs = np.column_stack([counts, labels])
        assert sorted(map(tuple, mine.tolist())) == sorted(map(tuple, theirs.tolist()))

    def test_a_pixel_becomes_nine_and_the_margin_is_dark(self):
        x = mnist().train_x
        blocks = x[:, 2:26, 2:26].reshape(len(x), 8, 3, 8, 3)
        assert (blocks == blocks[:, :, :1, :, :1]).all()
        assert int(x.sum(dtype=np.int64)) == int(blocks.sum(dtype=np.int64))
        assert x.max() == 255

    def test_torch_takes_the_arrays_without_a_word(self):
        data = mnist()
        assert torch.from_numpy(data.train_x).dtype == torch.uint8
        assert torch.from_numpy(data.train_y).dtype == torch.int64


class TestFiles:
    def test_an_npz_as_keras_has_it(self, tmp_path):
        x, y = np.zeros((12, 28, 28), np.uint8), np.arange(12) % 10
        np.savez(tmp_path / "mnist.npz", x_train=x, y_train=y, x_test=x[:3], y_test=y[:3])
        data = mnist(tmp_path / "mnist.npz")
        train, val = split(12, (10, 2), 0)
        assert data.train_y.tolist() == y[train].tolist()
        assert data.val_y.tolist() == y[val].tolist()
        assert data.test_y.tolist() == [0, 1, 2]

    def test_pictures_are_made_grey_and_brought_to_28(self, tmp_path):
        for name in "ab":
            (tmp_path / name).mkdir()
            for number in range(4):
                Image.new("RGB", (50, 40), (9, 9, 9)).save(tmp_path / name / f"{number}.png")
        data = mnist(tmp_path)
        assert data.train_x.shape == (6, 28, 28)
        assert np.unique(data.train_x).tolist() == [9]

    def test_images_of_another_size_are_refused(self, tmp_path):
        x = np.zeros((12, 32, 32), np.uint8)
        np.savez(tmp_path / "x.npz", x=x, y=np.arange(12) % 2)
        with pytest.raises(
            InputError, match=r"x\.npz: found images of \[32, 32\]; accepted: grey images of \[28, 28\]"
        ):
            mnist(tmp_path / "x.npz")


class TestRefusals:
    def test_a_missing_folder_offers_the_near_one(self, tmp_path):
        (tmp_path / "mnist").mkdir()
        with pytest.raises(InputError, match=r"nmist: is not there.*Did you mean mnist\?"):
            mnist(tmp_path / "nmist")


class TestReal:
    pytestmark = realdata

    @pytest.mark.parametrize("name", MD5)
    def test_the_values_are_the_published_ones(self, name):
        array = read_idx(REAL / f"{name}.gz")
        code = {1: b"\x00\x00\x08\x01", 3: b"\x00\x00\x08\x03"}[array.ndim]
        content = code + np.array(array.shape, ">u4").tobytes() + array.tobytes()
        assert hashlib.md5(content).hexdigest() == MD5[name]  # noqa: S324 # the published sums are MD5

    def test_the_first_labels(self):
        # Known to everyone who has printed them.
        assert read_idx(REAL / "train-labels-idx1-ubyte.gz")[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]

    def test_the_split_is_that_of_random_split(self):
        data = mnist(REAL)
        x, y = (read_idx(REAL / f"train-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
        train, val = torch.utils.data.random_split(
            range(60_000), [50_000, 10_000], torch.Generator().manual_seed(0)
        )
        assert np.array_equal(data.train_y, y[train.indices])
        assert np.array_equal(data.val_y, y[val.indices])
        assert np.array_equal(data.val_x, x[val.indices])
        assert len(data.test_y) == 10_000
