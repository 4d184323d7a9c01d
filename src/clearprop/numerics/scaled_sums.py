"""Sums of costs and weights in units that are powers of two, as few digits are left near 1e-308."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST = 1000


def in_units(sums: NDArray[np.float64], exponent: int) -> tuple[NDArray[np.float64], int]:
    """Return sums in units of two to an exponent, and the exponent.

    Where sums in such units leave float64, it is the next larger in which they do not; what is
    added later, counted in the smaller units, is below their last digit then.

    Examples
    --------
    >>> in_units(np.array([3.0, 6.0]), 1)
    (array([1.5, 3. ]), 1)
    >>> in_units(np.array([3.0, 6.0]), -1030)[1]
    -997
    """
    largest = float(np.abs(sums).max())
    if 0 < largest < np.inf:
        exponent = max(exponent, int(np.frexp(largest)[1]) - _MOST)
    return np.ldexp(sums, -exponent), exponent
