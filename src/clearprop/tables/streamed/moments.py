"""Moments: number, mean and variance of values that come in blocks, in bounded memory.

Blocks are merged as Chan, Golub and LeVeque do it (The American Statistician 37, 1983): no sum of
squares is ever there, whose digits a large mean would take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Moments:
    """What is known of some values, each of which counts by its weight.

    Attributes
    ----------
    weight : float
        The sum of the weights: without any, the number of values.
    mean : float
    squares : float
        The weighted sum of squared differences from the mean.

    Examples
    --------
    >>> import numpy as np
    >>> first, second = Moments.of(np.array([1.0, 2.0])), Moments.of(np.array([6.0]))
    >>> both = first + second
    >>> both.weight, both.mean, both.variance
    (3.0, 3.0, 4.666666666666667)
    """

    weight: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    @staticmethod
    def of(values: Array, weights: Array | None = None) -> Moments:
        """Return the moments of values, none of them missing."""
        total = float(len(values) if weights is None else weights.sum())
        if not total:
            return Moments()
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks looks at the result
            if weights is None:
                mean = float(values.mean())
                off = values - mean
                rest = off.sum() ** 2 / total
                off *= off
                return Moments(total, mean, float(off.sum() - rest))
            mean = float((weights * values).sum() / total)  # no dot: BLAS sums by its threads
            off = values - mean
            return Moments(total, mean, float((weights * off * off).sum()))

    @staticmethod
    def of_one(value: float, times: float) -> Moments:
        """Return the moments of one value that is there so many times."""
        return Moments(float(times), value if times else 0.0, 0.0)

    def __add__(self, other: Moments) -> Moments:
        weight = self.weight + other.weight
        if not (self.weight and other.weight):
            return self if self.weight else other
        apart = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            mean = self.mean + apart * (other.weight / weight)
            between = np.float64(apart) ** 2 * (self.weight * other.weight / weight)
        return Moments(weight, mean, float(self.squares + other.squares + between))

    @property
    def variance(self) -> float:
        """The mean squared difference from the mean."""
        return max(self.squares, 0.0) / self.weight if self.weight else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation, of all values there are."""
        return float(np.sqrt(self.variance))

    @property
    def scale(self) -> float:
        """The standard deviation, or 1 where the values are the same but for rounding.

        By the bound of scikit-learn's StandardScaler, as `fitted_encoding` has it.
        """
        n, eps = self.weight, float(np.finfo(np.float64).eps)
        is_constant = self.variance <= n * eps * self.variance + (n * self.mean * eps) ** 2
        return 1.0 if is_constant else self.deviation


NONE = Moments()
"""Of no values."""
