"""Sparse matrices as inputs: dense where they fit into memory, else batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DENSE = 1 << 30
"""Bytes up to which a sparse matrix is made dense at once."""

ROWS = 4096
"""Rows that are made dense together where the whole matrix is not."""


class SparseRows:
    """A sparse matrix whose rows come out dense, as the reference engine takes them."""

    def __init__(self, matrix: Any, dtype: np.dtype[Any]) -> None:
        self._matrix = matrix.tocsr().astype(dtype, copy=False)
        self.shape = matrix.shape
        self.dtype = dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        return np.asarray(self._matrix[rows].toarray())


def dense_rows(X: Any, dtype: np.dtype[Any]) -> Any:
    """Return an array of a data type, in C order, or `SparseRows` where it would be too large."""
    if not hasattr(X, "tocsr"):
        return np.ascontiguousarray(X, dtype=dtype)
    if X.shape[0] * X.shape[1] * dtype.itemsize <= DENSE:
        return np.ascontiguousarray(X.toarray(), dtype=dtype)
    return SparseRows(X, dtype)
