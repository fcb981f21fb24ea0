"""The hub, with a package in place of `datasets` that has the parts of its interface that are used.

The interface was compared with datasets 5.2.0 reading folders of pictures.
"""

from __future__ import annotations

import os
import socket
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest
from PIL import Image as Pillow

from workings.errors import InputError
from workings.lab.data import hub
from workings.lab.data.dataset import Images
from workings.lab.data.reading import read


class Image:
    """A column of pictures."""


class ClassLabel:
    """A column of labels."""

    def __init__(self, names: list[str]) -> None:
        self.names = names


class Value:
    """Any other column."""


class Split(dict):
    """Columns by name, and what they are."""

    def __init__(self, features: dict[str, object], **columns: list[object]) -> None:
        super().__init__(columns)
        self.features = features


def pictures(count: int, shade: int, size: tuple[int, int] = (4, 3)) -> list[object]:
    return [Pillow.new("L", size, shade + number) for number in range(count)]


FEATURES = {"id": Value(), "image": Image(), "label": ClassLabel(["cat", "dog"])}


@pytest.fixture
def offered(monkeypatch):
    """What the stand-in gives; the network is there."""
    given: dict[str, object] = {
        "train": Split(FEATURES, image=pictures(6, 0), label=[0, 1] * 3),
        "test": Split(FEATURES, image=pictures(2, 100), label=[1, 0]),
        "extra": Split(FEATURES, image=pictures(3, 200), label=[1, 0, 0]),
    }

    def load_dataset(name: str) -> dict[str, object]:
        if name != "some/pictures":
            raise FileNotFoundError("Dataset 'other' doesn't exist on the Hub or cannot be accessed. " * 20)
        return given

    module = ModuleType("datasets")
    module.__spec__ = ModuleSpec("datasets", None)
    module.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", module)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    return given


def test_the_parts_of_a_data_set(offered):
    data = read("hub:some/pictures", Images, grey=True)
    assert [len(y) for _, _, y in data.parts()] == [5, 1, 2]
    assert sorted([*data.train_x[:, 0, 0], *data.val_x[:, 0, 0]]) == [0, 1, 2, 3, 4, 5]
    assert data.train_x.shape == (5, 3, 4)
    assert data.test_y.tolist() == [1, 0]
    assert data.classes == ("cat", "dog")
    assert data.source == "hub:some/pictures"


def test_pictures_are_brought_to_a_size(offered):
    assert read("hub:some/pictures", Images, shape=(5, 6)).train_x.shape == (5, 3, 5, 6)


def test_a_name_that_the_hub_does_not_have(offered):
    with pytest.raises(InputError) as refused:
        read("hub:some/thing", Images)
    assert "hub:some/thing: the hub did not give 'some/thing': FileNotFoundError: Dataset" in str(
        refused.value
    )
    assert "--data PATH" in str(refused.value)
    assert len(str(refused.value)) < 500


def test_columns_that_are_no_pictures(offered):
    offered["train"] = Split({"text": Value(), "label": ClassLabel(["a", "b"])}, text=["x"], label=[0])
    with pytest.raises(
        InputError, match=r"found the columns 'text' \(Value\), 'label' \(ClassLabel\); accepted: a c"
    ):
        read("hub:some/pictures", Images)


def test_pictures_of_several_sizes(offered):
    offered["train"] = Split(FEATURES, image=[*pictures(3, 0), *pictures(1, 0, (9, 9))], label=[0, 1, 0, 1])
    with pytest.raises(InputError, match=r"train\.image\[3\]: found pictures of several sizes"):
        read("hub:some/pictures", Images)


@pytest.mark.parametrize("proxy", [None, "http://proxy:3128"])
def test_without_a_network_the_package_is_told_so(offered, monkeypatch, proxy):
    def nowhere(*_: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    if proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    hub.load("some/pictures", None, grey=True)
    # Behind a proxy our own look-up says nothing.
    assert os.environ.get("HF_HUB_OFFLINE") == (None if proxy else "1")


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        InputError, match=r"hub:ylecun/mnist: the hub needs the package `datasets`; accepted: pip inst"
    ):
        read("hub:ylecun/mnist", Images)


def test_the_arrays_are_as_elsewhere(offered):
    found = hub.load("some/pictures", None, grey=True)
    train = found["train"]
    assert isinstance(train, dict)
    assert train["x"].dtype == np.uint8
    assert train["y"].dtype == np.int64
