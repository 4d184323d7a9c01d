"""Losses row by row: what the probabilities of each row cost, whose means are the scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Labels = NDArray[np.int64]


def log_losses(labels: Labels, probabilities: Array) -> Array:
    """Return -log of the probability given to each row's true class, in nats, shape (n,)."""
    wide = probabilities.astype(np.float64)
    given = wide[np.arange(len(labels)), labels] / wide.sum(axis=1)
    return -np.log(np.maximum(given, np.finfo(probabilities.dtype).tiny))


def brier_losses(labels: Labels, probabilities: Array) -> Array:
    """Return each row's squared error of the probabilities, shape (n,).

    Of two classes that of the second, from 0 to 1; of more the sum over all, from 0 to 2, as
    `sklearn.metrics.brier_score_loss` has it.
    """
    errors = probabilities.astype(np.float64)
    errors /= errors.sum(axis=1, keepdims=True)
    errors[np.arange(len(labels)), labels] -= 1
    squares = (errors**2).sum(axis=1)
    return squares / 2 if probabilities.shape[1] == 2 else squares
