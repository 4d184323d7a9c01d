"""MNIST: 60,000 and 10,000 images of handwritten digits, 28 x 28.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998), 2278-2324. Read from the four files as they were published, packed
by gzip or not, or from OpenML's mnist_784 by scikit-learn.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clearprop.errors import DataError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
TRAINING = 60_000


class Digits(NamedTuple):
    """Images as rows in [0, 1], and labels from 0 to 9."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load(folder: Path | None) -> Digits:
    """Return MNIST from a folder, or from OpenML where none is given.

    Raises
    ------
    DataError
        If a file is missing, or is not what its name says; if OpenML cannot be asked.
    """
    if folder is None:
        return _from_openml()
    X, y, X_test, y_test = (_read(folder, name) for name in NAMES)
    return Digits(_rows(X), y.astype(np.int64), _rows(X_test), y_test.astype(np.int64))


def _read(folder: Path, name: str) -> np.ndarray:
    """Return the numbers of a file: its header says their shape."""
    paths = [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]
    if not paths:
        raise DataError(
            f"{folder} has no {name}, nor {name}.gz; --data takes the folder of MNIST's four files"
        )
    raw = paths[0].read_bytes()
    try:
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        count = raw[3]
        shape = np.frombuffer(raw, ">u4", count, 4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * count).reshape(shape)
    except (ValueError, IndexError, EOFError, OSError) as error:
        raise DataError(f"{paths[0]} is no file of MNIST's: {error}") from None


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _from_openml() -> Digits:
    from sklearn.datasets import fetch_openml

    try:
        X, y = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True)
    except (OSError, ValueError) as error:
        raise DataError(
            f"OpenML could not be asked for MNIST ({error}); give --data FOLDER"
        ) from None
    X, y = (X / 255).astype(np.float32), y.astype(np.int64)
    return Digits(X[:TRAINING], y[:TRAINING], X[TRAINING:], y[TRAINING:])
