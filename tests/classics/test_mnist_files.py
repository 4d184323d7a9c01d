"""What the classics read as MNIST, and what they refuse."""

from __future__ import annotations

import gzip
import struct
import sys
from http.client import IncompleteRead
from urllib.error import URLError

import mnist
import numpy as np
import pytest

from clearprop.errors import DataError, MissingExtraError

RNG = np.random.default_rng(0)


def idx(array: np.ndarray) -> bytes:
    """Return a file as MNIST's are: a magic number with the type and how many axes, and their lengths."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


IMAGES, LABELS = RNG.integers(0, 256, (6, 28, 28)), np.arange(6)
GOOD = {
    f"{part}-{what}-ubyte": idx(array)
    for part in ("train", "t10k")
    for what, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS))
}
PACKED = gzip.compress(GOOD["train-images-idx3-ubyte"], mtime=0)


class TestFiles:
    @pytest.mark.parametrize("packed", [False, True])
    def test_packed_or_not(self, tmp_path, packed):
        for name, content in GOOD.items():
            path = tmp_path / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
        digits = mnist.load(tmp_path)
        np.testing.assert_array_equal(np.rint(digits.X * 255), IMAGES.reshape(6, 784))
        np.testing.assert_array_equal(digits.y_test, LABELS)
        assert (digits.X.dtype, digits.y.dtype) == (np.float32, np.int64)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (PACKED[:10] + b"\xff" * 300, "while decompressing"),
            (PACKED[:-9], "end-of-stream"),
            (GOOD["train-labels-idx1-ubyte"], "it does not begin as one with 3 axes of bytes"),
            (GOOD["train-images-idx3-ubyte"][:-1], "reshape"),
            (b"\0\0\x08\x03\0", "buffer"),
            (idx(IMAGES[:, :27]), "its images are not 28 x 28"),
        ],
        ids=["garbled", "cut", "another", "short", "header", "shape"],
    )  # fmt: skip
    def test_what_is_no_such_file_is_refused_in_a_line(self, tmp_path, content, why):
        for name, good in GOOD.items():
            (tmp_path / name).write_bytes(content if "train-images" in name else good)
        with pytest.raises(DataError, match=why) as caught:
            mnist.load(tmp_path)
        assert "train-images-idx3-ubyte is no file of MNIST's: " in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_images_without_labels_are_refused(self, tmp_path):
        for name, good in GOOD.items():
            (tmp_path / name).write_bytes(good)
        (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[:5]))
        with pytest.raises(DataError, match="t10k has 6 images and 5 labels"):
            mnist.load(tmp_path)


class TestOpenML:
    def test_its_rows_are_training_images_and_then_the_others(self, monkeypatch):
        X, y = RNG.integers(0, 256, (5, 784)), np.array(list("50419"))
        monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **__: (X, y))
        monkeypatch.setattr(mnist, "TRAINING", 3)
        digits = mnist.load(None)
        assert (digits.y.tolist(), digits.y_test.tolist()) == ([5, 0, 4], [1, 9])
        np.testing.assert_array_equal(np.rint(np.vstack([digits.X, digits.X_test]) * 255), X)

    @pytest.mark.parametrize(
        "error", [URLError("no\nroute"), IncompleteRead(b""), ValueError("no")]
    )
    def test_what_goes_wrong_is_told_in_a_line(self, monkeypatch, error):
        def fails(*_, **__):
            raise error

        monkeypatch.setattr("sklearn.datasets.fetch_openml", fails)
        with pytest.raises(
            DataError, match="OpenML could not be asked .*; give --data FOLDER$"
        ) as caught:
            mnist.load(None)
        assert "\n" not in str(caught.value)

    def test_without_scikit_learn_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
        with pytest.raises(MissingExtraError, match=r"clearprop\[tables\]"):
            mnist.load(None)
