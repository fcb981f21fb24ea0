"""Images of the Hugging Face hub, by the package `datasets`: hub:ylecun/mnist, hub:uoft-cs/cifar10, ..."""

from __future__ import annotations

import os
import socket
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.content import LARGEST
from workings.lab.data.naming import meaning
from workings.lab.data.pictures import pixels

HOST: Final = "huggingface.co"
_INSTEAD: Final = "a file or folder of your own with --data PATH"


def load(name: str, shape: tuple[int, int] | None, *, grey: bool) -> dict[str, object]:
    """For train, validation and test the pictures (x), labels (y) and names of the classes.

    Raises
    ------
    InputError: `datasets` is not installed, the hub can't be reached or does not have it, or the data set is
        not one of pictures with a label each.
    """
    if find_spec("datasets") is None:
        raise InputError(
            "the hub needs the package `datasets`", accepted=f"pip install 'workings[text]', or {_INSTEAD}"
        )
    if not _reachable():
        # Otherwise the package asks again for 23 seconds. What was fetched before is still found.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    datasets: Any = import_module("datasets")
    try:
        found = datasets.load_dataset(name)
    except Exception as error:  # noqa: BLE001 # the network, the disk, the hub: the package has no common error
        raise InputError(
            f"the hub did not give {echo(name)}: {type(error).__name__}: {str(error)[:200]}",
            accepted=f"the name of a data set, a network, or {_INSTEAD}",
        ) from None
    return {
        split: _examples(split, rows, shape, grey=grey) for split, rows in found.items() if meaning(split)[0]
    }


def _reachable() -> bool:
    """Whether the hub's name is known; a proxy knows names that we don't."""
    if any(os.environ.get(each) for each in ("HTTPS_PROXY", "https_proxy", "HF_ENDPOINT", "ALL_PROXY")):
        return True
    try:
        socket.getaddrinfo(HOST, 443)
    except OSError:
        return False
    return True


def _examples(split: str, rows: Any, shape: tuple[int, int] | None, *, grey: bool) -> dict[str, object]:
    """Pictures, labels and class names of a split."""
    kinds = {column: type(kind).__name__ for column, kind in rows.features.items()}
    picture = next((column for column, kind in kinds.items() if kind == "Image"), None)
    label = next((column for column, kind in kinds.items() if kind == "ClassLabel"), None)
    if picture is None or label is None:
        listed = ", ".join(f"{echo(column)} ({kind})" for column, kind in list(kinds.items())[:20])
        raise InputError(f"found the columns {listed}", accepted="a column of images and one of class labels")
    x: list[Any] = []
    for row, each in enumerate(rows[picture]):
        try:
            array = pixels(each, shape, grey=grey)
        except (OSError, ValueError, SyntaxError) as error:
            reason = error.problem if isinstance(error, InputError) else type(error).__name__
            raise InputError(f"a picture that can't be used: {reason}", accepted="pictures").at(
                field=f"{split}.{picture}[{row}]"
            ) from None
        if (x and array.shape != x[0].shape) or len(x) * array.nbytes > LARGEST:
            raise InputError("found pictures of several sizes, or too many", accepted="a size for all").at(
                field=f"{split}.{picture}[{row}]"
            )
        x.append(array)
    if not x:
        raise InputError("found no picture", accepted="one or more").at(field=split)
    return {
        "x": np.stack(x),
        "y": np.array(rows[label], np.int64),
        "classes": list(rows.features[label].names),
    }
