"""What a network costs on given data: forward and loss, without a backward pass."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import as_rows, mean_weights
from clearprop.errors import CompilationError
from clearprop.network import Network

Array = NDArray[Any]


def evaluate(
    network: Network, X: Array, y: Array, weights: Array | None, engine: str = "compiled"
) -> tuple[float, Array]:
    """Return the mean cost of checked data, without penalty, and the outputs (n, n_L)."""
    omega = mean_weights(weights, len(X), network.dtype)
    predictor = network.predictor() if engine == "compiled" else None
    if predictor is not None:
        with suppress(CompilationError):
            output, losses = predictor.losses(X, y)
            if np.isfinite(losses).all():
                return float((omega * losses.astype(omega.dtype)).sum()), output
    output = np.empty((len(X), network.sizes[-1]), network.dtype)
    losses = np.empty(len(X), network.dtype)
    for rows, z, a in network.forward_in_blocks(X):
        target = as_rows(y[rows], network.sizes[-1], network.dtype)
        with np.errstate(all="ignore"):
            losses[rows] = network.loss.per_sample(z[-1], a[-1], target, network.activations[-1])
        output[rows] = a[-1]
    return float((omega * losses.astype(omega.dtype)).sum()), output
