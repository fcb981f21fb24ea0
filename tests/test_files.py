"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from workings.errors import InputError
from workings.files import make_folder, write_file


def test_a_file_is_written_and_written_over(tmp_path):
    to = tmp_path / "a.txt"
    write_file(to, b"first")
    write_file(to, b"second")
    assert to.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [to]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    to = tmp_path / "a.txt"
    write_file(to, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError) as refused:
        write_file(to, b"new")
    assert str(refused.value) == (
        f"can't write '{to}': No space left on device; accepted: a folder that can be written to"
    )
    assert to.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [to]


def test_long_names(tmp_path):
    to = tmp_path / ("n" * 250)
    write_file(to, b"x")
    assert to.read_bytes() == b"x"


@pytest.mark.parametrize("below", ["missing/a.txt", "file/a.txt"])
def test_no_such_folder(tmp_path, below):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^can't write .*; accepted: a folder that can be written to$"):
        write_file(tmp_path / below, b"x")


def test_folders(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"^can't make the folder .*: File exists; accepted: another folder$"
    ):
        make_folder(tmp_path / "file")
