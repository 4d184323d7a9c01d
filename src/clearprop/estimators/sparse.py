"""Inputs as the engine takes them: of its data type, and dense where they fit into memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import check_inputs, too_large
from clearprop.errors import NonFiniteDataError, NonFiniteError
from clearprop.forward import first_non_finite, forward
from clearprop.network import Network

Array = NDArray[Any]

DENSE = 1 << 30
"""Bytes up to which a sparse matrix is made dense at once."""

ROWS = 4096
"""Rows of a sparse matrix that are predicted together."""


class SparseRows:
    """A sparse matrix whose rows come out dense, as the reference engine takes them."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix.tocsr()
        self.shape = matrix.shape
        self.dtype = matrix.dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> Array:
        return np.asarray(self._matrix[rows].toarray())


def dense_rows(X: Any, dtype: np.dtype[Any], what: str = "X") -> Any:
    """Return checked X as an array of a data type, or `SparseRows` where it would be too large.

    Raises
    ------
    NonFiniteDataError
        If a number is too large for the type, which may be narrower than that of X.
    """
    if hasattr(X, "tocsr"):
        X = _narrowed(X, dtype, what)
        if X.shape[0] * X.shape[1] * dtype.itemsize > DENSE:
            return SparseRows(X)
        return np.ascontiguousarray(X.toarray())
    if np.can_cast(X.dtype, dtype):
        return np.ascontiguousarray(X, dtype=dtype)
    return check_inputs(X, X.shape[1], dtype, what)


def _narrowed(X: Any, dtype: np.dtype[Any], what: str) -> Any:
    """Return a sparse matrix in another data type."""
    with np.errstate(over="ignore"):
        narrow = X.astype(dtype, copy=False)
    if not np.isfinite(narrow.data).all():
        entries = X.tocoo()
        wrong = np.flatnonzero(~np.isfinite(narrow.tocoo().data))[0]
        raise NonFiniteDataError(
            f"{what} at row {entries.row[wrong]}, column {entries.col[wrong]} is "
            f"{too_large(entries.data[wrong], dtype)}"
        )
    return narrow


def outputs(network: Network, X: Any) -> Array:
    """Return a^L for each row of checked X, whose first product is sparse where X is.

    Raises
    ------
    NonFiniteDataError, NonFiniteError
        If X, or the output, is too large for the network's data type.
    """
    if not hasattr(X, "tocsr"):
        return network.predict(dense_rows(X, network.dtype))
    rows = _narrowed(X.tocsr(), network.dtype, "X")
    blocks = []
    for start in range(0, rows.shape[0], ROWS):
        block = rows[start : start + ROWS]
        z, a = forward(network.weights, network.biases, network.activations, block)
        if not np.isfinite(a[-1]).all():
            raise NonFiniteError(
                f"{first_non_finite(z, a, start)}: weights or inputs are too large for "
                f"{network.dtype}"
            )
        blocks.append(a[-1])
    return np.concatenate(blocks)
