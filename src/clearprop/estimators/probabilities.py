"""Probabilities of many classes from a sigmoid for each: its share of the sum of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.estimators.sparse import dense_rows
from clearprop.network import Network

Array = NDArray[Any]


def shares(network: Network, X: Any, output: Array) -> Array:
    """Return each sigmoid's share of their sum, shape (n, n_classes).

    Where all sigmoids of a row underflow, 0 / 0 stands for a share that exists: there it is
    computed from their logarithms.

    Parameters
    ----------
    network : Network
    X : ndarray, sparse matrix or SparseRows, shape (n, n_0)
    output : ndarray, shape (n, n_classes)
        The network's, for these rows.
    """
    sums = output.sum(axis=1, keepdims=True)
    limits = np.finfo(output.dtype)
    faint = np.flatnonzero(sums[:, 0] < limits.tiny / limits.eps)
    if not faint.size:
        return np.asarray(output / sums)
    sums[faint] = 1
    found = output / sums
    wide = network.astype(np.float64)
    for rows, z, _ in wide.forward_in_blocks(dense_rows(X[faint], wide.dtype)):
        found[faint[rows]] = _softmax_of_log_sigmoids(z[-1])
    return np.asarray(found)


def _softmax_of_log_sigmoids(z: Array) -> Array:
    with np.errstate(over="ignore"):
        logs = -np.logaddexp(0, -np.maximum(z, np.finfo(z.dtype).min))  # of -inf, the same for all
    logs -= logs.max(axis=1, keepdims=True)
    exponentials = np.exp(logs)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
