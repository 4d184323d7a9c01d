"""Scanned digits, 1,797 of 8 x 8 pixels, which lie beside this file.

E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository (1998), https://doi.org/10.24432/C50P49, CC BY 4.0: its test set, as scikit-learn has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Digits:
    """Pixels in [0, 1], and labels 0..9; to learn from, and to test on."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array


def load_digits(seed: int, share: float = 0.25) -> Digits:
    """Return the digits, a quarter or another share of each kind to test on."""
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        X, y = file["pixels"] / 16, file["labels"].astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(y))
    tested = np.zeros(len(y), bool)
    for digit in range(10):
        rows = order[y[order] == digit]
        tested[rows[: round(len(rows) * share)]] = True
    learned, put_aside = order[~tested[order]], order[tested[order]]
    return Digits(X[learned], y[learned], X[put_aside], y[put_aside])
