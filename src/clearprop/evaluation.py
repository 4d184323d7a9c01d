"""What a network costs on given data: forward and loss, without a backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.data import as_rows, mean_weights
from clearprop.network import Network

Array = NDArray[Any]


def evaluate(network: Network, X: Array, y: Array, weights: Array | None) -> tuple[float, Array]:
    """Return the mean cost of checked data, without penalty, and the outputs (n, n_L)."""
    output = np.empty((len(X), network.sizes[-1]), network.dtype)
    losses = np.empty(len(X), network.dtype)
    for rows, z, a in network.forward_in_blocks(X):
        target = as_rows(y[rows], network.sizes[-1], network.dtype)
        with np.errstate(all="ignore"):
            losses[rows] = network.loss.per_sample(z[-1], a[-1], target, network.activations[-1])
        output[rows] = a[-1]
    omega = mean_weights(weights, len(X), network.dtype)
    return float((omega * losses.astype(omega.dtype)).sum()), output
