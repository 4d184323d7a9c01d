"""Backpropagation: the algorithm itself, and its specification.

Forward, layer by layer from the input:

    z^l = W^l a^(l-1) + b^l            a^l = f_l(z^l)

Backward, layer by layer from the output, in the order dz^L, dW^L, da^(L-1), dz^(L-1), ...
dW^1. Two equations carry it; delta^l stands for dL_i/dz^l:

    delta^L = J_f(z^L)^T dL_i/da^L
    delta^l = (W^(l+1))^T delta^(l+1) * f_l'(z^l)

and each gradient is a delta times an activation, averaged over the samples:

    dL/dW^l = sum_i omega_i delta_i^l (a_i^(l-1))^T + l2 W^l
    dL/db^l = sum_i omega_i delta_i^l

A delta is computed once and serves every weight below it: that reuse (dynamic programming)
is what makes the chain rule cheap. One sample is a column in the mathematics and a row in
the arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import (
    as_rows,
    check_inputs,
    check_sample_weight,
    check_targets,
    mean_weights,
)
from clearprop.checks.settings import number
from clearprop.cost import mean_loss, penalty
from clearprop.forward import forward
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.record import Record

Array = NDArray[Any]


def backprop(
    network: Network,
    X: object,
    y: object,
    loss: LossName | Loss | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
) -> Record:
    """Compute the cost of a batch, its gradient, and every number on the way.

    Parameters
    ----------
    network : Network
        Left as it is; the record holds a copy.
    X : array-like or table, shape (n, n_0)
        One sample a row.
    y : array-like or table, shape (n, n_L)
        Targets; (n,) where n_L is 1, or integer labels (n,) for cross_entropy.
    loss : str or Loss, optional
        In place of the network's own.
    sample_weight : array-like, shape (n,), optional
        w_i, 0 or more: sample i counts with omega_i = w_i / sum w. None: with 1/n.
    l2 : float
        Adds (l2/2) times the sum of the squared weights, biases left out, to the cost.

    Returns
    -------
    Record
        Every z, a, delta, da and gradient; see `Record`.

    Raises
    ------
    DataError
        If X, y or sample_weight do not fit.
    ArgumentError, PairingError
        If l2 is negative, or the loss cannot follow the network's output.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6]]])
    >>> record = cp.backprop(network, [[0.5, -0.2]], [1.0], loss="squared_error")
    >>> float(record["dW1[0,0]"]) == float(record["delta1[0]"][0] * record["x[0]"][0])
    True
    """
    network = check_network(network).astype(network.dtype, loss=loss)
    X = check_inputs(X, network.sizes[0], network.dtype).copy()
    y = check_targets(y, len(X), network.sizes[-1], network.loss.targets, network.dtype).copy()
    omega = mean_weights(check_sample_weight(sample_weight, len(X)), len(X), network.dtype)
    return forward_and_backward(network, X, y, omega, number("l2", l2, low=0))


def forward_and_backward(
    network: Network,
    X: Array,
    y: Array,
    omega: Array,
    l2: float,
    masks: tuple[Array, ...] = (),
) -> Record:
    """Run the algorithm on checked arrays, without copying the network.

    `masks` holds dropout's factor for each hidden activation: 0, or 1 / (1 - rate).
    """
    weights, dtype = network.weights, network.dtype
    L = len(weights)
    z, a = forward(weights, network.biases, network.activations, X, masks)
    target = as_rows(y, network.sizes[-1], dtype)
    output = z[-1], a[-1], target, network.activations[-1]
    gradient = np.empty_like(network.parameters)
    gradients = network.unflatten(gradient)
    share = omega[:, None].astype(dtype)
    delta, da = [X] * L, [X] * L  # delta[k - 1] is delta^k, da[k] is dL_i/da^k
    with np.errstate(all="ignore"):  # what is not finite is found and named by who asks
        losses = network.loss.per_sample(*output)
        delta[L - 1] = network.loss.delta(*output)
        for k in range(L, 0, -1):
            d, W = delta[k - 1], weights[k - 1]
            gradients[f"W{k}"][...] = (share * d).T @ a[k - 1] + l2 * W  # dL/dW^k
            if network.has_biases:
                gradients[f"b{k}"][...] = (share * d).sum(axis=0)  # dL/db^k
            da[k - 1] = d @ W  # (W^k)^T delta^k
            if k > 1:
                passed = da[k - 1] * masks[k - 2] if masks else da[k - 1]
                delta[k - 2] = network.activations[k - 2].backward(z[k - 2], passed)  # * f'(z)
    cost = mean_loss(omega, losses)
    cost += penalty(weights, l2, cost.dtype)
    return Record(
        network, target, omega, l2, masks, z, a, losses, cost, tuple(delta), tuple(da), gradient
    )
