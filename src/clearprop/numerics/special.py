"""Functions that NumPy lacks, for every data type the algorithm runs in.

They hold for float32, float64 and longdouble, and are analytic pieces in complex numbers,
so that a complex step goes through them. Comparisons look at the real part.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def erfc(x: NDArray[Any]) -> NDArray[Any]:
    """Complementary error function, 1 - erf(x), with full relative accuracy in the tail.

    Below 2 in magnitude a series of positive terms, erf(x) = 2/sqrt(pi) exp(-x^2) sum_n
    2^n x^(2n+1) / (2n+1)!!; above it the continued fraction of erfc. Source: Abramowitz and
    Stegun, "Handbook of Mathematical Functions", 7.1.6 and 7.1.14.

    Examples
    --------
    >>> float(erfc(np.array(0.0))), round(float(erfc(np.array(1.0))), 12)
    (1.0, 0.15729920705)
    """
    negative = x.real < 0
    magnitude = np.where(negative, -x, x)
    near = magnitude.real < 2.0
    small = np.where(near, magnitude, 0.0).astype(x.dtype)
    large = np.where(near, 2.0, np.where(magnitude.real > 110.0, 110.0, magnitude)).astype(x.dtype)
    upper = np.where(near, 1.0 - _erf_series(small), _erfc_fraction(large))
    return np.where(negative, 2.0 - upper, upper).astype(x.dtype)


def _erf_series(x: NDArray[Any]) -> NDArray[Any]:
    square = x * x
    term = total = x
    for n in range(1, 45):  # at |x| = 2 the last term is below 1e-22 of the sum
        term = term * (square * (2.0 / (2 * n + 1)))
        total = total + term
    return total * np.exp(-square) * (2.0 / math.sqrt(math.pi))


def _erfc_fraction(x: NDArray[Any]) -> NDArray[Any]:
    fraction = x
    for n in range(80, 0, -1):
        fraction = x + (n / 2) / fraction
    return np.exp(-x * x) / (fraction * math.sqrt(math.pi))


def xlogy(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """X log y, and 0 where x is 0 whatever y is: 0 log 0 = 0."""
    zero = x == 0
    return np.where(zero, 0.0, x * np.log(np.where(zero, 1.0, y)))
