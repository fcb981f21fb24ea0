"""One data set in every form in which people have it gives one record."""

from __future__ import annotations

import gzip
import io
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workings.errors import InputError
from workings.lab.data.dataset import Images, Sequences, split
from workings.lab.data.reading import read

SHARED = Path(__file__).parents[4] / "shared" / "data"

RNG = np.random.default_rng(7)
X = RNG.integers(0, 256, (12, 4, 4), dtype=np.uint8)
Y = np.array([0, 1, 2] * 4)
TEST_X = RNG.integers(0, 256, (5, 4, 4), dtype=np.uint8)
TEST_Y = np.array([2, 1, 0, 1, 2])
NAMED = {"x_train": X, "y_train": Y, "x_test": TEST_X, "y_test": TEST_Y}

STEPS = [RNG.normal(size=(length, 2)).astype(np.float32) for length in (3, 1, 4, 1, 5, 9, 2, 6)]
TARGETS = np.array([0.5, -1, 2, 0.25, 1, 3, -2, 0], np.float32)


def idx(array: np.ndarray) -> bytes:
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype("u1").tobytes()
    )


def npy(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def csv(x: np.ndarray, y: np.ndarray) -> str:
    rows = np.column_stack([y, x.reshape(len(x), -1)])
    return "\n".join(
        ["label," + ",".join(f"p{n}" for n in range(16)), *(",".join(map(str, row)) for row in rows)]
    )


def zipped(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def mnist_files(folder: Path, *, dots: bool = False, pack: bool = False) -> Path:
    folder.mkdir(parents=True)
    for name, array in zip(
        (
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ),
        (X, Y, TEST_X, TEST_Y),
        strict=True,
    ):
        content = gzip.compress(idx(array)) if pack else idx(array)
        (folder / (name.replace("-idx", ".idx" if dots else "-idx") + (".gz" if pack else ""))).write_bytes(
            content
        )
    return folder


def twice(tmp: Path) -> Path:
    """As torchvision leaves them: the files packed and unpacked, two folders down."""
    mnist_files(tmp / "data" / "MNIST" / "raw")
    mnist_files(tmp / "packed", pack=True)
    for file in (tmp / "packed").iterdir():
        shutil.move(file, tmp / "data" / "MNIST" / "raw")
    return tmp / "data"


def npz(tmp: Path, **changes) -> Path:
    np.savez_compressed(tmp / "x.npz", **(NAMED | changes))
    return tmp / "x.npz"


def npy_folder(tmp: Path) -> Path:
    (tmp / "d").mkdir()
    for name, array in NAMED.items():
        np.save(tmp / "d" / f"{name}.npy", array)
    (tmp / "d" / "README.md").write_text("about the data")
    return tmp / "d"


def part_folders(tmp: Path) -> Path:
    for name, array in NAMED.items():
        role, part = name.split("_")
        (tmp / "d" / part).mkdir(parents=True, exist_ok=True)
        np.save(tmp / "d" / part / f"{role}.npy", array)
    return tmp / "d"


def csv_folder(tmp: Path) -> Path:
    (tmp / "d").mkdir()
    (tmp / "d" / "train.csv").write_text(csv(X, Y))
    (tmp / "d" / "test.csv").write_text(csv(TEST_X, TEST_Y))
    return tmp / "d"


def csv_zip(tmp: Path) -> Path:
    zipped(tmp / "x.zip", {"d/train.csv": csv(X, Y).encode(), "d/test.csv": csv(TEST_X, TEST_Y).encode()})
    return tmp / "x.zip"


def npz_in_zip(tmp: Path) -> Path:
    zipped(tmp / "x.zip", {"d/all.npz": npz(tmp).read_bytes()})
    return tmp / "x.zip"


def pickled(tmp: Path) -> Path:
    (tmp / "x.pkl").write_bytes(pickle.dumps(((X, Y), (TEST_X, TEST_Y)), 2))
    return tmp / "x.pkl"


def pickled_and_packed(tmp: Path) -> Path:
    (tmp / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(NAMED, 0)))
    return tmp / "mnist.pkl.gz"


def picture_folders(tmp: Path) -> Path:
    for part, x, y in (("train", X, Y), ("test", TEST_X, TEST_Y)):
        for number, (picture, label) in enumerate(zip(x, y, strict=True)):
            folder = tmp / "d" / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / f"{number:02}.png")
    return tmp / "d"


FORMS: dict[str, Callable[[Path], Path]] = {
    "idx": lambda tmp: mnist_files(tmp / "mnist"),
    "idx.gz": lambda tmp: mnist_files(tmp / "mnist", pack=True),
    "idx with dots": lambda tmp: mnist_files(tmp / "mnist", dots=True),
    "torchvision": twice,
    "npz": npz,
    "npz of floats": lambda tmp: npz(tmp, x_train=X / 255, x_test=TEST_X / 255),
    "npz of rows": lambda tmp: npz(tmp, x_train=X.reshape(12, 16), x_test=TEST_X.reshape(5, 16)),
    "npz with an axis of colours": lambda tmp: npz(tmp, x_train=X[..., None], x_test=TEST_X[:, None]),
    "npz of one-hot labels": lambda tmp: npz(tmp, y_train=np.eye(3)[Y], y_test=np.eye(3)[TEST_Y]),
    "npy": npy_folder,
    "npy in folders": part_folders,
    "csv": csv_folder,
    "csv in a zip": csv_zip,
    "npz in a zip": npz_in_zip,
    "pickle": pickled,
    "pickle.gz": pickled_and_packed,
}


def seen(data: Images) -> list[tuple[list[int], int]]:
    """Pictures with their labels, in no order."""
    return sorted((x.tolist(), y) for _, xs, ys in data.parts() for x, y in zip(xs, ys.tolist(), strict=True))


class TestImages:
    @pytest.mark.parametrize("form", FORMS)
    def test_every_form(self, tmp_path, form):
        path = FORMS[form](tmp_path)
        for given in (path, str(path)):
            data = read(given, Images)
            # 12 // 6 validate, drawn as random_split draws them
            train, val = split(12, (10, 2), 0)
            assert data.train_x.tolist() == X[train].tolist()
            assert data.val_x.tolist() == X[val].tolist()
            assert data.test_x.tolist() == TEST_X.tolist()
            assert data.train_y.tolist() == Y[train].tolist()
            assert data.val_y.tolist() == Y[val].tolist()
            assert data.test_y.tolist() == TEST_Y.tolist()
            assert data.classes == ("0", "1", "2")
            assert data.source == path.name

    def test_pictures(self, tmp_path):
        data = read(picture_folders(tmp_path), Images, grey=True)
        assert [len(y) for _, _, y in data.parts()] == [10, 2, 5]
        expected = [
            (x.tolist(), y) for x, y in zip([*X, *TEST_X], [*Y.tolist(), *TEST_Y.tolist()], strict=True)
        ]
        assert seen(data) == sorted(expected)

    def test_pictures_in_colour_and_of_another_size(self, tmp_path):
        data = read(picture_folders(tmp_path), Images, shape=(6, 4))
        assert data.train_x.shape == (10, 3, 6, 4)

    def test_colours_may_come_last(self, tmp_path):
        x = RNG.integers(0, 256, (14, 5, 4, 3), dtype=np.uint8)
        np.savez(tmp_path / "x.npz", x=x, y=np.arange(14) % 2)
        data = read(tmp_path / "x.npz", Images)
        train, val, test = split(14, (10, 2, 2), 0)
        for rows, mine in ((train, data.train_x), (val, data.val_x), (test, data.test_x)):
            assert mine.tolist() == x[rows].transpose(0, 3, 1, 2).tolist()

    def test_all_three_parts_stay_as_they_are(self, tmp_path):
        path = npz(tmp_path, x_val=TEST_X[:2], y_val=TEST_Y[:2])
        data = read(path, Images)
        assert data.train_x.tolist() == X.tolist()
        assert data.val_x.tolist() == TEST_X[:2].tolist()

    def test_names_of_classes(self, tmp_path):
        data = read(npz(tmp_path, classes=np.array(["ant", "bee", "cat", "dog"])), Images)
        assert data.classes == ("ant", "bee", "cat", "dog")

    def test_a_folder_of_one_name(self, tmp_path, monkeypatch):
        csv_folder(tmp_path)
        monkeypatch.chdir(tmp_path / "d")
        assert read(".", Images).source == "d"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"x_train": X * 2.0}, "x.npz: x_train: found the grey value"),
            ({"x_train": X + 0.5}, "x.npz: x_train: found the grey value"),
            ({"x_train": X.astype(int) - 300}, "x.npz: x_train: found the grey value"),
            (
                {"x_train": np.where(X[0, 0, 0] == X, np.nan, X)},
                "x.npz: x_train: found the grey value nan at [0, 0, 0]",
            ),
            (
                {"x_train": X.reshape(12, 16)[:, :15]},
                "x.npz: x_train: found rows of 15 numbers; accepted: k² of them",
            ),
            ({"x_train": X[:0]}, "x.npz: x_train: found uint8 [0, 4, 4]"),
            ({"x_train": X.reshape(-1)}, "x.npz: x_train: found uint8 [192]"),
            ({"x_train": np.array(["a"])}, "x.npz: x_train: found "),
            ({"x_train": np.zeros((12, 2, 4, 4), np.uint8)}, "x.npz: train_x: found uint8 [10, 2, 4, 4]"),
            (
                {"x_test": TEST_X[:, :2]},
                "x.npz: test_x: found images of [2, 4]; accepted: [4, 4], as in training",
            ),
            ({"y_train": Y[:-1]}, "x.npz: y_train: found 11 labels for 12 examples; accepted: one for each"),
            ({"y_train": Y + 0.5}, "train_y[0]: found the label 0.5; accepted: whole numbers"),
            ({"y_train": np.array(["a"] * 12)}, "found labels that are text beside labels that are numbers"),
            ({"y_train": np.zeros(12, int), "y_test": np.zeros(5, int)}, "x.npz: found 1 class"),
            ({"train_x": X}, "'train_x' and 'x_train' are both train x"),
            ({"x": X}, "some arrays say their part and some do not"),
        ],
    )
    def test_what_is_refused_is_named(self, tmp_path, changes, said):
        path = npz(tmp_path, **changes)
        with pytest.raises(InputError) as refused:
            read(path, Images)
        assert said in str(refused.value)
        assert str(path.name) in str(refused.value)

    def test_too_few_for_three_parts(self, tmp_path):
        np.savez(tmp_path / "x.npz", x=X[:6], y=Y[:6])
        with pytest.raises(InputError, match="found 6 examples; accepted: 7 or more, for three parts"):
            read(tmp_path / "x.npz", Images)


def sequence_csv() -> str:
    rows = ["sequence,a,b,target"]
    for name, (steps, target) in enumerate(zip(STEPS, TARGETS, strict=True)):
        rows += [f"s{name},{a!r},{b!r},{float(target)!r}" for a, b in steps.tolist()]
    return "\n".join(rows)


def sequence_ts() -> str:
    cases = [":".join(",".join(map(repr, row.tolist())) for row in steps.T) for steps in STEPS]
    lines = [f"{case}:{float(target)!r}" for case, target in zip(cases, TARGETS, strict=True)]
    return "@targetLabel true\n@data\n" + "\n".join(lines)


def objects(values: list[np.ndarray]) -> np.ndarray:
    held = np.empty(len(values), object)
    held[:] = values
    return held


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zip_of(tmp: Path, files: dict[str, bytes]) -> Path:
    zipped(tmp / "x.zip", files)
    return tmp / "x.zip"


def savez(tmp: Path) -> Path:
    np.savez(tmp / "x.npz", X=objects(STEPS), y=TARGETS)
    return tmp / "x.npz"


SEQUENCES: dict[str, Callable[[Path], Path]] = {
    "pickled tuple": lambda tmp: write(tmp / "x.pkl", pickle.dumps((STEPS, TARGETS))),
    "pickled dictionary": lambda tmp: write(
        tmp / "x.pickle", pickle.dumps({"X": STEPS, "y": TARGETS.tolist()})
    ),
    "pickled lists": lambda tmp: write(
        tmp / "x.pkl", pickle.dumps({"X": [x.tolist() for x in STEPS], "y": TARGETS.tolist()}, 0)
    ),
    "pickled object array": lambda tmp: write(tmp / "x.p", pickle.dumps({"X": objects(STEPS), "y": TARGETS})),
    "zip of pickles": lambda tmp: zip_of(tmp, {"X.pkl": pickle.dumps(STEPS), "y.pkl": pickle.dumps(TARGETS)}),
    "zip of one pickle": lambda tmp: zip_of(tmp, {"data": pickle.dumps({"X": STEPS, "Y": TARGETS})}),
    "zip of npy": lambda tmp: zip_of(tmp, {"X.npy": npy(objects(STEPS)), "y.npy": npy(TARGETS)}),
    "npz": savez,
    "csv": lambda tmp: write(tmp / "x.csv", sequence_csv()),
    "ts": lambda tmp: write(tmp / "x.ts", sequence_ts()),
    "ts.gz": lambda tmp: write(tmp / "x.ts.gz", gzip.compress(sequence_ts().encode())),
}


class TestSequences:
    @pytest.mark.parametrize("form", SEQUENCES)
    def test_every_form(self, tmp_path, form):
        data = read(SEQUENCES[form](tmp_path), Sequences)
        # 8 // 7 test, (8 - 1) // 6 validate
        train, val, test = split(8, (6, 1, 1), 0)
        for rows, x, y in ((train, data.train_x, data.train_y), (val, data.val_x, data.val_y)):
            assert [each.tolist() for each in x] == [STEPS[row].tolist() for row in rows]
            assert y.tolist() == [[TARGETS[row]] for row in rows]
        assert data.test_x[0].tolist() == STEPS[test[0]].tolist()
        assert data.classes == ()

    def test_classes_where_targets_are_whole_or_text(self, tmp_path):
        for labels in (np.array([1, 2] * 4), ["1", "2"] * 4):
            path = write(tmp_path / "x.pkl", pickle.dumps({"x": STEPS, "labels": labels}))
            data = read(path, Sequences)
            assert data.classes == ("1", "2")
            assert sorted(np.concatenate([y for _, _, y in data.parts()]).tolist()) == [0] * 4 + [1] * 4

    def test_a_number_a_step(self, tmp_path):
        path = write(tmp_path / "x.pkl", pickle.dumps(([x[:, 0] for x in STEPS], TARGETS)))
        data = read(path, Sequences)
        assert data.features == 1
        assert sorted(len(x) for _, xs, _ in data.parts() for x in xs) == sorted(map(len, STEPS))

    def test_an_array_of_sequences_of_one_length(self, tmp_path):
        np.savez(tmp_path / "x.npz", x=np.zeros((8, 5, 2)), y=TARGETS)
        data = read(tmp_path / "x.npz", Sequences)
        assert {each.shape for each in data.train_x} == {(5, 2)}

    def test_missing_values_are_told(self, tmp_path):
        text = sequence_ts().replace(f"{STEPS[0].T[0].tolist()[1]!r}", "?", 1)
        assert read(write(tmp_path / "x.ts", text), Sequences).summary.endswith(
            "; x.ts; 1 missing values put in between their neighbours"
        )

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ({"x": STEPS}, "found no labels or targets (y), but 'x'"),
            ({"y": TARGETS, "gain": 3}, "found no examples (x), but 'y', 'gain'"),
            ({"x_test": STEPS, "y_test": TARGETS}, "found no training data, but 'x_test', 'y_test'"),
            (
                {"x": [*STEPS[:7], "abc"], "y": TARGETS},
                "x[7]: found a str; accepted: a sequence [length, features]",
            ),
            ({"x": [*STEPS[:7], np.zeros((1, 2, 3))], "y": TARGETS}, "x[7]: found float64 [1, 2, 3]"),
            ({"x": [*STEPS[:7], []], "y": TARGETS}, "x[7]: found "),
            ({"x": [*STEPS[:7], [[1, 2], [3]]], "y": TARGETS}, "x[7]: found a list"),
            ({"x": 3, "y": TARGETS}, "found no examples (x)"),
            ({"x": STEPS, "y": ["a"] * 7 + [0.5]}, "y: found labels in the form a list"),
            ({"x": np.zeros((8, 10**9, 0)), "y": TARGETS}, "x: found float64 [8, 1000000000, 0]"),
            ({"x": [x.astype(float) * 1e300 for x in STEPS], "y": TARGETS}, "finite numbers"),
            ({"x": STEPS, "y": np.where(TARGETS == 0.5, np.nan, TARGETS)}, "_y["),
            ({"x_train": STEPS, "y_train": TARGETS, "x_test": STEPS, "y_test": ["a"] * 8}, "text beside"),
        ],
    )
    def test_what_is_refused_is_named(self, tmp_path, value, said):
        path = write(tmp_path / "x.pkl", pickle.dumps(value))
        with pytest.raises(InputError) as refused:
            read(path, Sequences)
        assert said in str(refused.value)
        assert "x.pkl: " in str(refused.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a,b\n1,2\n", "x.csv: found the columns 'a', 'b'; accepted: the columns sequence, label"),
            ("sequence,label\n1,2\n", "x.csv: found the columns 'sequence', 'label'"),
            ("id,a,y\n1,2,3\n2,2,3\n1,4,5\n", "x.csv:4: the sequence '1' goes on behind another"),
            ("id,a,y\n1,2,3\n1,4,5\n", "x.csv:3: found the label '5'; accepted: '3', as in its first row"),
        ],
    )
    def test_tables_that_are_no_sequences(self, tmp_path, text, said):
        with pytest.raises(InputError) as refused:
            read(write(tmp_path / "x.csv", text), Sequences)
        assert said in str(refused.value)


class TestRefusals:
    @pytest.mark.parametrize("want", [Images, Sequences])
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "x: an empty file of no known form; accepted: IDX, .npy"),
            (b"\x7fELF" + bytes(100), "x: a file of no known form"),
            (bytes(257) + b"ustar", "x: a tar of no known form"),
            (b"MZ\x90\0", "x: a file of no known form"),
        ],
    )
    def test_files_of_no_form(self, tmp_path, want, content, said):
        with pytest.raises(InputError) as refused:
            read(write(tmp_path / "x", content), want)
        assert said in str(refused.value)

    def test_a_file_in_a_zip_is_named(self, tmp_path):
        path = zip_of(tmp_path, {"d/x_train.npy": npy(X)[:-1], "d/y.csv": b"1"})
        with pytest.raises(
            InputError, match=r"x\.zip: d/x_train\.npy: the file ends after 191 of the 192 bytes"
        ):
            read(path, Images)

    def test_zips_in_zips(self, tmp_path):
        content = npy(X)
        for _ in range(4):
            held = io.BytesIO()
            with zipfile.ZipFile(held, "w") as archive:
                archive.writestr("x", content)
            content = held.getvalue()
        with pytest.raises(InputError, match="a zip in a zip in a zip"):
            read(write(tmp_path / "x.zip", content), Images)

    def test_a_folder_without_data(self, tmp_path):
        (tmp_path / "README.md").write_text("nothing here")
        with pytest.raises(InputError, match="found no data in the folder; accepted: IDX"):
            read(tmp_path, Images)

    def test_folders_in_folders_without_end(self, tmp_path):
        folder = tmp_path
        for _ in range(20):
            folder = folder / "train"
        folder.mkdir(parents=True)
        with pytest.raises(InputError, match="found no data in the folder"):
            read(tmp_path, Images)

    def test_a_folder_in_itself(self, tmp_path):
        (tmp_path / "train").symlink_to(tmp_path, target_is_directory=True)
        with pytest.raises(InputError, match="found no data in the folder"):
            read(tmp_path, Sequences)

    def test_too_many_files(self, tmp_path):
        for number in range(201):
            (tmp_path / f"{number}.csv").touch()
        with pytest.raises(InputError, match="found 201 files of data; accepted: at most 200"):
            read(tmp_path, Images)

    @pytest.mark.parametrize("path", ["nowhere", "a\0b", "n" * 5000, ""])
    def test_paths_that_lead_nowhere(self, tmp_path, monkeypatch, path):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError) as refused:
            read(path, Images)
        assert len(str(refused.value)) < 1000


@pytest.mark.realdata
@pytest.mark.skipif(not SHARED.is_dir(), reason="shared/data is not there")
class TestReal:
    def test_japanese_vowels(self):
        data = read(SHARED / "japanese_vowels", Sequences)
        assert [len(y) for _, _, y in data.parts()] == [225, 45, 370]
        assert data.classes == tuple("123456789")
        assert np.bincount(np.concatenate([data.train_y, data.val_y])).tolist() == [30] * 9
        # The archive's own counts of the test part, speaker by speaker.
        assert np.bincount(data.test_y).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]

    def test_sign_digits(self):
        data = read(SHARED / "sign_digits", Images, shape=(28, 28), grey=True)
        assert [len(y) for _, _, y in data.parts()] == [286, 57, 57]
        assert data.classes == tuple("01234")
        assert data.train_x.shape[1:] == (28, 28)

    @pytest.mark.parametrize("want", [Images, Sequences])
    def test_what_was_not_meant_is_refused(self, want):
        for other in ("ludb_lead2", "coco100", "sms_spam", "spa_eng", "mnist/SOURCE.md"):
            with pytest.raises(InputError):
                read(SHARED / other, want)
