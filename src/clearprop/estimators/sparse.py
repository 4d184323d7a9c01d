"""Inputs as the engine takes them: of its data type, and dense where they fit into memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import check_inputs, too_large
from clearprop.errors import NonFiniteDataError, NonFiniteError, ShapeError
from clearprop.forward import first_non_finite, forward
from clearprop.network import Network

Array = NDArray[Any]

DENSE = 1 << 30
"""Bytes up to which a sparse matrix is made dense at once."""

ROWS = 4096
"""Rows of a sparse matrix that are predicted together."""


def check_sparse(X: Any, what: str = "X") -> None:
    """Raise `ShapeError` if a sparse matrix (csr, csc, coo) has entries that lie outside its shape.

    SciPy's compiled code would read and write there. What is no such matrix is passed over.
    """
    form, damaged = getattr(X, "format", None), False
    if form == "coo":
        damaged = any(map(_lies_outside, (X.row, X.col), X.shape))
    elif form in ("csr", "csc"):
        starts, lines = X.indptr, X.shape[form == "csc"]
        stored = min(X.indices.size, X.data.size)
        damaged = (
            starts.shape != (lines + 1,)
            or starts[0] != 0
            or starts[-1] > stored
            or bool((starts[1:] < starts[:-1]).any())
            or _lies_outside(X.indices[: starts[-1]], X.shape[form == "csr"])
        )
    if damaged:
        raise ShapeError(f"{what} is a damaged sparse matrix: entries lie outside its shape")


def _lies_outside(indices: Array, n: int) -> bool:
    return bool(indices.size and (indices.min() < 0 or indices.max() >= n))


class SparseRows:
    """A sparse matrix whose rows come out dense, as the reference engine takes them.

    It is a copy, as callbacks may change the caller's.
    """

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix.tocsr(copy=True)
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
        return np.require(X, dtype, ["C", "ALIGNED", "ENSUREARRAY"])
    return check_inputs(X, X.shape[1], dtype, what)


def _narrowed(X: Any, dtype: np.dtype[Any], what: str) -> Any:
    """Return a sparse matrix, which is checked, in another data type."""
    check_sparse(X, what)
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
    rows = _narrowed(X, network.dtype, "X").tocsr()
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
