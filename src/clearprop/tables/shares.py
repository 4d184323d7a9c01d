"""Shares: between which ends the share lies of which so many of n rows were found."""

from __future__ import annotations

import math


def exact_interval(inside: int, n: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper, Pearson, Biometrika 26, 1934).

    Its ends are quantiles of beta distributions.

    Parameters
    ----------
    inside, n : int
        `inside` of n rows, of 1 or more.

    Examples
    --------
    >>> [round(end, 4) for end in exact_interval(8, 10)]
    [0.4439, 0.9748]
    """
    low = _beta_quantile(inside, n - inside + 1, 0.025) if inside else 0.0
    high = 1.0 - _beta_quantile(n - inside, inside + 1, 0.025) if inside < n else 1.0
    return low, high


def _beta_quantile(a: int, b: int, p: float) -> float:
    """Return where a share p of a beta distribution is below, to the last bits."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if _below(a, b, middle) < p:
            low = middle
        else:
            high = middle
    return high


def _below(a: int, b: int, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b).

    By its continued fraction (DLMF 8.17.22), which converges where x is below the mean, and by
    I_x(a, b) = 1 - I_(1 - x)(b, a) elsewhere.
    """
    if x * (a + b + 2) > a + 1:
        return 1.0 - _below(b, a, 1.0 - x)
    front = a * math.log(x) + b * math.log1p(-x)
    front += math.lgamma(a + b) - math.lgamma(a + 1) - math.lgamma(b)
    return math.exp(front) * _fraction(a, b, x)


def _fraction(a: int, b: int, x: float) -> float:
    """Return 1 / (1 + d_1 / (1 + d_2 / (1 + ...))), by the method of Lentz."""
    value = ratio = 1.0 / (1.0 - (a + b) * x / (a + 1))
    above = 1.0
    for m in range(1, 10 * a + 10 * b + 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for d in (even, odd):
            ratio = 1.0 / (1.0 + d * ratio)
            above = 1.0 + d / above
            value *= ratio * above
        if abs(value - before) <= 1e-16 * abs(value):
            break
    return value
