"""What a network costs on given data: forward and loss, without a backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.data import mean_weights, one_hot, real_type
from clearprop.forward import forward
from clearprop.network import Network

Array = NDArray[Any]

_ROWS = 8192


def evaluate(network: Network, X: Array, y: Array, weights: Array | None) -> tuple[float, Array]:
    """Return the mean cost of checked data, without penalty, and the outputs (n, n_L)."""
    output = np.empty((len(X), network.sizes[-1]), network.dtype)
    losses = np.empty(len(X), network.dtype)
    for start in range(0, len(X), _ROWS):
        rows = slice(start, start + _ROWS)
        z, a = forward(network.weights, network.biases, network.activations, X[rows])
        target = y[rows]
        if target.ndim == 1:
            target = one_hot(target, network.sizes[-1], real_type(network.dtype))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            losses[rows] = network.loss.per_sample(z[-1], a[-1], target, network.activations[-1])
        output[rows] = a[-1]
    omega = mean_weights(weights, len(X), network.dtype)
    return float((omega * losses.astype(omega.dtype)).sum()), output
