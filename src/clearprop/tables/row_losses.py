"""Losses row by row: what the probabilities of each row cost, whose means are the scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Labels = NDArray[np.int64]


def log_losses(labels: Labels, probabilities: Array) -> Array:
    """Return -log of the probability given to each row's true class, in nats, shape (n,)."""
    given = _given(labels, probabilities)
    return -np.log(np.maximum(given, np.finfo(probabilities.dtype).tiny))


def brier_losses(labels: Labels, probabilities: Array) -> Array:
    """Return each row's squared error of the probabilities, shape (n,).

    Of two classes that of the second, from 0 to 1; of more the sum over all, from 0 to 2, as
    `sklearn.metrics.brier_score_loss` has it.
    """
    given = _given(labels, probabilities)
    if probabilities.shape[1] == 2:
        return (1 - given) ** 2
    wide = probabilities.astype(np.float64, copy=False)
    squares = np.einsum("ij,ij->i", wide, wide) / wide.sum(axis=1) ** 2  # no copy of many classes
    return np.maximum(squares - given**2, 0) + (1 - given) ** 2


def _given(labels: Labels, probabilities: Array) -> Array:
    """Return the share of each row's probabilities that its true class has, in float64."""
    wide = probabilities.astype(np.float64, copy=False)
    return wide[np.arange(len(labels)), labels] / wide.sum(axis=1)
