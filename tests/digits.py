"""scikit-learn's digits, as a network takes them."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits


def digits(n: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The first n pictures, between 0 and 1 in float32, and their labels."""
    X, y = load_digits(return_X_y=True)
    return (X[:n] / 16).astype(np.float32), y[:n]
