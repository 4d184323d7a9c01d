"""Functions that NumPy lacks, for every data type the algorithm runs in.

They hold for float32, float64 and longdouble, and are analytic pieces in complex numbers,
so that a complex step goes through them. Comparisons look at the real part.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def normal_ratio(x: NDArray[Any]) -> NDArray[Any]:
    """Phi(-x) e^(x^2 / 2) for x from 0 to 1000, where Phi is the normal distribution.

    The midpoint rule for the integral of x e^(-t^2) / (x^2 + 2 t^2) over all t, by sqrt(2) pi, and
    what the pole adds: terms of one sign, right to 22 digits. Source: Chiarella and Reichel, "On
    the evaluation of integrals related to the error function", Math. Comp. 22 (1968).

    Examples
    --------
    >>> float(normal_ratio(np.array(0.0))), round(float(normal_ratio(np.array(1.0))), 12)
    (0.5, 0.261578291865)
    """
    step = 0.375
    total = np.zeros_like(x)
    for k in reversed(range(19)):  # e^(-t^2) is below 1e-22 beyond
        square = ((k + 0.5) * step) ** 2
        total = total + math.exp(-square) / (x * x + 2.0 * square)
    total = total * x * 0.1688093092794574  # sqrt(2) step / pi, rounded once
    near = x.real < math.sqrt(2.0) * math.pi / step
    root = np.where(near, x, 0.0) / math.sqrt(2.0)
    turn = root * (2.0 * math.pi / step)
    pole = np.exp(root * root - turn) / (1.0 + np.exp(-turn))
    return np.asarray(np.where(near, total + pole, total), dtype=x.dtype)


def gaussian(x: NDArray[Any], factor: NDArray[Any]) -> NDArray[Any]:
    """Return factor e^(-x^2 / 2) for x from 0 to 1000, rounded once where that is subnormal.

    The square of x in sixteenths is exact; far out, the root of its exponential comes in twice.
    """
    sixteenths = np.round(x.real * 16.0) / 16.0
    square = sixteenths * sixteenths
    far = square > 100.0
    power = np.exp(np.where(far, -0.25, -0.5) * square)
    rest = np.exp(-0.5 * (x - sixteenths) * (x + sixteenths))
    return np.asarray(factor * rest * power * np.where(far, power, 1.0), dtype=x.dtype)


def xlogy(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """X log y, and 0 where x is 0 whatever y is: 0 log 0 = 0."""
    zero = x == 0
    return np.where(zero, 0.0, x * np.log(np.where(zero, 1.0, y)))


def xlog1py(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """X log(1 + y), and 0 where x is 0 whatever y is."""
    zero = x == 0
    return np.where(zero, 0.0, x * np.log1p(np.where(zero, 0.0, y)))


def deviance(rate: NDArray[Any], log_ratio: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Rate - y - y log(rate / y), half a Poisson deviance, from the logarithm of rate / y.

    Near y by a series in v = (rate - y) / (rate + y), whose terms do not meet. Source: Loader,
    "Fast and accurate computation of binomial probabilities" (2000).
    """
    r, total = rate - y, rate + y
    near = np.isfinite(total) & (total != 0) & (np.abs(r.real) <= 0.5 * total.real)
    v = np.where(near, r, 0.0) / np.where(near, total, 1.0)
    square, series = v * v, np.zeros_like(v)
    for k in range(35, 0, -1):  # (atanh(v) / v - 1) / v^2
        series = series * square + 1.0 / (2 * k + 1)
    close = np.where(near, r, 0.0) * v - 2.0 * y * v * square * series
    far = np.where(near | ~np.isfinite(rate), 0.0, log_ratio)
    return np.where(near, close, r - y * np.where(y == 0, 0.0, far))
