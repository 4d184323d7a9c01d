"""The gradient of every sample's own cost, from one forward and one backward pass a block.

A gradient of the batch is a mean over the samples, whose terms backpropagation has at hand:

    dL_i/dW^l = delta_i^l (a_i^(l-1))^T            dL_i/db^l = delta_i^l

This file writes the terms down instead of adding them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop import notation
from clearprop.backprop import forward_and_backward
from clearprop.checks.data import check_inputs, check_targets, mean_weights
from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, ElementError, ShapeError
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class PerSampleGradients:
    """What `per_sample_gradients` computed: ``gradients["dW1"]``, ``gradients["dW1[0,3]"]``.

    NumPy's functions take it for its array: ``np.linalg.norm(gradients, axis=1)``. All parts are
    views into that; ``dict(gradients)`` holds them by name.

    Attributes
    ----------
    array : ndarray, shape (n, n_parameters)
        Row i is dL_i/d(parameters), in the order of ``network.parameters``.
    losses : ndarray, shape (n,)
        L_i, the cost of each sample.
    network : Network
        A copy of the network that was run.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([3, 4, 2], output="softmax", seed=1)
    >>> gradients = cp.per_sample_gradients(network, [[0.1, 0.2, 0.3], [1, 0, 1]], [1, 0])
    >>> gradients
    Gradients of 2 samples for 26 parameters, float32
      dW1  (2, 4, 3)  db1  (2, 4)  dW2  (2, 2, 4)  db2  (2, 2)
    >>> gradients["dW1[0,2]"].shape
    (2,)
    """

    array: Array
    losses: Array
    network: Network

    def __getitem__(self, name: str) -> Array:
        """Return a view by its name: "dW2" (n, n_2, n_1), "db1" (n, n_1), "dW2[1,3]" (n,).

        Raises
        ------
        ElementError
            If no gradient has that name; the message says what exists.
        """
        network, gradients = self.network, ("dW", "db")
        element = notation.find(name, network.sizes, network.has_biases, gradients)
        if element.symbol not in gradients:
            raise ElementError(f"{name!r}: per-sample gradients are {', '.join(self.keys())}")
        view = self.network.unflatten(self.array)[f"{element.symbol[1]}{element.layer}"]
        index: tuple[Any, ...] = (slice(None), *element.indices)
        return view[index]

    def keys(self) -> list[str]:
        """Return the names of the gradients, in the order of the parameters."""
        return [f"d{name}" for name in self.network.unflatten(self.network.parameters)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.array, dtype, copy=copy)

    def __repr__(self) -> str:
        n, of = self.array.shape
        parts = "  ".join(f"{name}  {self[name].shape}" for name in self.keys())
        return (
            f"Gradients of {n:,} sample{'' if n == 1 else 's'} for {of:,} parameter"
            f"{'' if of == 1 else 's'}, {self.array.dtype}\n  {parts}"
        )


def per_sample_gradients(
    network: Network,
    X: object,
    y: object,
    *,
    loss: LossName | Loss | None = None,
    block: int = 256,
    out: Array | None = None,
) -> PerSampleGradients:
    """Compute the gradient of each sample's own cost L_i for all parameters.

    Their mean, weighted by a batch's omega, is the batch's gradient (without l2, which belongs
    to no sample). Uses: clipping each sample's gradient (differential privacy), gradient noise,
    which rows pull hardest or against each other, the empirical Fisher matrix.

    Parameters
    ----------
    network : Network
        Left as it is.
    X : array-like or table, shape (n, n_0)
        One sample a row.
    y : array-like or table, shape (n, n_L)
        Targets; (n,) where n_L is 1, or integer labels (n,) for cross_entropy.
    loss : str or Loss, optional
        In place of the network's own.
    block : int
        Rows that run together. Beside the result, memory for z, a and delta of one block is
        used.
    out : ndarray, shape (n, n_parameters), optional
        Where to put the gradients, of the network's data type: memory used before, or an
        ``np.memmap`` for more than memory holds.

    Returns
    -------
    PerSampleGradients
        ``.array`` of shape (n, n_parameters); parts of it by their names; ``.losses``. What
        leaves the data type's range is infinite or NaN there, as in `backprop`.

    Raises
    ------
    DataError
        If X or y do not fit.
    ArgumentError, PairingError
        If `block` is no number of rows, `out` is no array of that shape and type, or the loss
        cannot follow the network's output.

    References
    ----------
    Goodfellow, "Efficient per-example gradient computations" (2015), arXiv:1510.01799.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> network = cp.Network([2, 3, 1], activations="tanh", dtype="float64", seed=1)
    >>> X, y = [[0.0, 1.0], [1.0, 0.5], [0.2, 0.1]], [1.0, 0.0, 2.0]
    >>> gradients = cp.per_sample_gradients(network, X, y)
    >>> gradients.array.shape, gradients["dW2"].shape
    ((3, 13), (3, 1, 3))
    >>> np.allclose(gradients.array.mean(axis=0), cp.backprop(network, X, y).gradient)
    True
    """
    network = check_network(network).astype(network.dtype, loss=loss)
    X = check_inputs(X, network.sizes[0], network.dtype)
    y = check_targets(y, len(X), network.sizes[-1], network.loss.targets, network.dtype)
    block = count("block", block, 1, "a number of rows")
    shape = len(X), network.n_parameters
    gradients = np.empty(shape, network.dtype) if out is None else _check_out(out, shape, network)
    losses: Array | None = None
    for start in range(0, len(X), block):
        rows = slice(start, min(start + block, len(X)))
        omega = mean_weights(None, rows.stop - start, network.dtype)
        record = forward_and_backward(network, X[rows], y[rows], omega, l2=0.0)
        if losses is None:
            losses = np.empty(len(X), record.losses.dtype)
        losses[rows] = record.losses
        views = network.unflatten(gradients[rows])
        for k, delta in enumerate(record.delta, 1):
            with np.errstate(all="ignore"):  # as in the pass itself
                np.einsum("nj,ni->nji", delta, record.a[k - 1], out=views[f"W{k}"])
            if network.has_biases:
                views[f"b{k}"][...] = delta
    assert losses is not None  # X has rows
    return PerSampleGradients(gradients, losses, network)


def _check_out(out: object, shape: tuple[int, int], network: Network) -> Array:
    if not isinstance(out, np.ndarray) or not out.flags.writeable:
        raise ArgumentError(f"out is a {type(out).__name__}; it must be an array to write into")
    if out.shape != shape:
        raise ShapeError(f"out must have shape {shape}, but has shape {out.shape}")
    if out.dtype != network.dtype:
        raise ArgumentError(f"out holds {out.dtype}, but the network is {network.dtype}")
    return out
