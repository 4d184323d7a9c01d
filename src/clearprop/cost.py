"""The cost of a network on data: the losses, their weighted mean, and the penalty.

L = sum_i omega_i L_i + (l2/2) sum of squared weights (never biases)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data, as_rows, mean_weights
from clearprop.errors import CompilationError
from clearprop.forward import forward
from clearprop.network import Network
from clearprop.record import Record

Array = NDArray[Any]


def mean_loss(omega: Array, losses: Array) -> Any:
    """Return sum_i omega_i L_i, in the precision of omega at least."""
    return (omega * losses).sum()


def penalty(weights: Sequence[Array], l2: float, dtype: Any = np.float64) -> Any:
    """Return (l2/2) times the sum of the squared weights, summed in `dtype`; 0 without l2."""
    if not l2:
        return 0.0
    with np.errstate(over="ignore"):  # what is not finite is found and named by who asks
        return 0.5 * l2 * sum((W.astype(dtype) ** 2).sum() for W in weights)


def cost_of(record: Record) -> Callable[[Array], Any]:
    """Return L of a record's batch as a function of a parameter vector, real or complex."""
    network = record.network

    def cost(parameters: Array) -> Any:
        work = network.astype(parameters.dtype)
        work.parameters[:] = parameters
        X = record.a[0].astype(work.dtype)
        with np.errstate(all="ignore"):
            z, a = forward(work.weights, work.biases, work.activations, X, record.masks)
            losses = work.loss.per_sample(z[-1], a[-1], record.y, work.activations[-1])
            return mean_loss(record.omega, losses) + penalty(work.weights, record.l2, work.dtype)

    return cost


def evaluate(network: Network, data: Data, engine: str = "compiled") -> tuple[float, Array]:
    """Return the mean loss of checked data, without penalty, and the outputs (n, n_L).

    No backward pass is run; the reference goes through the rows block by block.

    Raises
    ------
    ShapeError
        If X or y was resized since it was checked.
    """
    losses, output = losses_of(network, data, engine)
    return loss_of(data.weights, losses, network.dtype), output


def losses_of(network: Network, data: Data, engine: str = "compiled") -> tuple[Array, Array]:
    """Return the loss of each row of checked data (n,), and the outputs (n, n_L).

    Raises
    ------
    ShapeError
        If X or y was resized since it was checked.
    """
    data.check()
    found = compiled_losses(network, data) if engine == "compiled" else None
    return reference_losses(network, data) if found is None else found


def loss_of(weights: Array | None, losses: Array, dtype: np.dtype[Any]) -> float:
    """Return the mean of samples' losses."""
    omega = mean_weights(weights, len(losses), dtype)
    return float(mean_loss(omega, losses.astype(omega.dtype)))


def compiled_losses(network: Network, data: Data) -> tuple[Array, Array] | None:
    """Return losses (n,) and outputs (n, n_L); None where kernels give none that are finite."""
    predictor = network.predictor()
    if predictor is not None:
        with suppress(CompilationError):
            output, losses = predictor.losses(data.X, data.y)
            if np.isfinite(losses).all():
                return losses, output
    return None


def reference_losses(network: Network, data: Data) -> tuple[Array, Array]:
    """Return losses (n,) and outputs (n, n_L)."""
    X, y = data.X, data.y
    output = np.empty((len(X), network.sizes[-1]), network.dtype)
    losses = np.empty(len(X), network.dtype)
    for rows, z, a in network.forward_in_blocks(X):
        target = as_rows(y[rows], network.sizes[-1], network.dtype)
        with np.errstate(all="ignore"):
            losses[rows] = network.loss.per_sample(z[-1], a[-1], target, network.activations[-1])
        output[rows] = a[-1]
    return losses, output
