"""Rows that are made when they are asked for: a rank of a cluster makes its own alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class MadeRows:
    """Numbers that nobody holds, in the place of an array.

    Parameters
    ----------
    shape : (int, int)
    dtype : data type
    make : callable
        Takes the numbers of some rows, int64, and returns these as an array of the type.

    Examples
    --------
    >>> rows = MadeRows((1000, 2), np.float32, lambda rows: np.stack([rows, -rows], axis=1))
    >>> rows[998:].tolist(), rows[np.array([3])].tolist(), len(rows)
    ([[998, -998], [999, -999]], [[3, -3]], 1000)
    """

    def __init__(
        self, shape: tuple[int, int], dtype: Any, make: Callable[[NDArray[np.int64]], Array]
    ) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.ndim = len(shape)
        self._make = make

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice | NDArray[np.int64]) -> Array:
        if isinstance(which, slice):
            which = np.arange(*which.indices(len(self)), dtype=np.int64)
        return self._make(which)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:], dtype)
