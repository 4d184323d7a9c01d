"""What a derivative is numerically: central differences over a ladder of steps, and their limits.

For a step h along one parameter,

    D(h) = (L(theta + h) - L(theta - h)) / (2 h) = dL/dtheta + O(h^2) + O(noise / h).

Large steps leave truncation, small ones round-off. A right derivative agrees with D at some
step, or with two steps extrapolated (Richardson); a wrong one with none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = tuple(10.0**-k for k in range(2, 9))
"""Relative to the parameter's size where that is above 1."""

Line = Callable[[float], float]
"""The cost at a distance along one parameter, or along a direction; 0 is where we are."""


@dataclass(frozen=True)
class Ladder:
    """Central differences along a line, from the largest step to the smallest.

    Attributes
    ----------
    steps, differences : ndarray, shape (steps,)
    noise : float
        How far the cost may be off by rounding.
    """

    line: Line
    middle: float
    steps: NDArray[np.float64]
    differences: NDArray[np.float64]
    noise: float

    @property
    def best(self) -> tuple[float, float, str]:
        """The difference that can be trusted most, how far, and what limits it."""
        spread = np.abs(np.diff(self.differences))
        truncation = np.append(spread, spread[-1:])
        rounding = self.noise / self.steps
        at = int((truncation + rounding).argmin())
        limit = "truncation" if truncation[at] > rounding[at] else "round-off"
        return float(self.differences[at]), float(truncation[at] + rounding[at]), limit

    def nearest(self, given: float) -> float:
        """Return the difference, or two extrapolated, that comes nearest to a number."""
        d = self.differences
        richardson = (100 * d[1:] - d[:-1]) / 99  # steps are ten times apart
        candidates = np.concatenate([d, richardson])
        return float(candidates[np.abs(candidates - given).argmin()])

    def sides(self) -> tuple[float, float] | None:
        """Return the derivatives to the left and to the right, if they differ: a kink.

        For a smooth function their distance falls with the step; at a kink it stays.
        """
        gaps = []
        for h in (self.steps[3], self.steps[4]):
            right = (self.line(h) - self.middle) / h
            left = (self.middle - self.line(-h)) / h
            gaps.append((left, right, abs(right - left), 8 * self.noise / h))
        (_, _, wide, _), (left, right, narrow, doubt) = gaps
        return (left, right) if narrow > doubt and narrow > 0.5 * wide else None


def ladder(line: Line, size: float = 1.0) -> Ladder:
    """Return central differences along a line; `size` is that of the parameter."""
    steps = np.array(STEPS) * max(1.0, size)
    middle = line(0.0)
    costs = np.array([[line(h), line(-h)] for h in steps])
    differences = (costs[:, 0] - costs[:, 1]) / (2 * steps)
    exact = 4 * np.finfo(np.float64).eps * float(np.abs(costs).max())
    seen = abs(differences[-1] - differences[-2]) * steps[-1] / 4  # where f computes in less
    return Ladder(line, middle, steps, differences, max(exact, min(seen, 1e-4 * abs(middle))))
