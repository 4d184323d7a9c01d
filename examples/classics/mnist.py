"""MNIST: 60,000 and 10,000 images of handwritten digits, 28 x 28.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998), 2278-2324. Read from the four files as they were published, packed
by gzip or not, or from OpenML's mnist_784 (https://www.openml.org/d/554) by scikit-learn.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clearprop.errors import DataError, missing_extra

TRAINING, PIXELS = 60_000, 28


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
    MissingExtraError
        If OpenML is to be asked and scikit-learn is not installed.
    """
    if folder is None:
        return _from_openml()
    return Digits(*_part(folder, "train"), *_part(folder, "t10k"))


def _part(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the labels of the training or of the test part."""
    images = _read(folder, f"{name}-images-idx3-ubyte", (PIXELS, PIXELS))
    labels = _read(folder, f"{name}-labels-idx1-ubyte", ())
    if len(images) != len(labels):
        raise DataError(f"{folder}: {name} has {len(images):,} images and {len(labels):,} labels")
    return images.reshape(len(images), -1).astype(np.float32) / 255, labels.astype(np.int64)


def _read(folder: Path, name: str, each: tuple[int, ...]) -> np.ndarray:
    """Return the numbers of a file, whose header says their type, bytes, and their shape."""
    paths = [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]
    if not paths:
        raise DataError(
            f"{folder} has no {name}, nor {name}.gz; --data takes the folder of MNIST's four files"
        )
    try:
        raw = paths[0].read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        axes = 1 + len(each)
        if raw[:4] != bytes([0, 0, 8, axes]):
            raise ValueError(f"it does not begin as one with {axes} axes of bytes")
        shape = tuple(np.frombuffer(raw, ">u4", axes, 4).tolist())
        if shape[1:] != each:
            raise ValueError(f"its images are not {PIXELS} x {PIXELS}")
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{paths[0]} is no file of MNIST's: {error}") from None


def _from_openml() -> Digits:
    try:
        from sklearn.datasets import fetch_openml
    except ImportError:
        missing_extra("scikit-learn", "MNIST from OpenML", "tables")
    try:
        X, y = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True)
    except Exception as error:  # whatever a download may raise
        why = " ".join(str(error).split())
        raise DataError(
            f"OpenML could not be asked for MNIST ({why}); give --data FOLDER"
        ) from None
    X, y = (X / 255).astype(np.float32), y.astype(np.int64)
    return Digits(X[:TRAINING], y[:TRAINING], X[TRAINING:], y[TRAINING:])
