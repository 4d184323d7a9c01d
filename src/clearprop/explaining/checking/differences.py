"""What a derivative is numerically: central differences over a ladder of steps, and their limits.

For a step h along one parameter,

    D(h) = (L(theta + h) - L(theta - h)) / (2 h) = dL/dtheta + c2 h^2 + c4 h^4 + ... + noise / h.

Large steps leave truncation, small ones round-off. Two steps extrapolated are without c2, three
without c4 (Richardson, 1911; Ridders, Advances in Engineering Software 4 (1982)). Of all these
values the one is taken that can be off least; no gradient under test has a say in it.
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
        """The value that can be off least, how far it may be, and what limits it."""
        d, rounding = self.differences, self.noise / self.steps
        found: list[tuple[float, float, float]] = []  # doubt, truncation, value
        with np.errstate(all="ignore"):
            once = (100 * d[1:] - d[:-1]) / 99  # steps are ten times apart
            twice = (1e4 * once[1:] - once[:-1]) / 9999
            spread = np.abs(np.diff(d))
            # Where the spread does not fall as h^2, or none is left to tell, nothing is gained.
            falls = spread[1:] <= spread[:-1] / 30 + 2 * rounding[2:]
            gained = np.where(np.append(falls, False), np.abs(once - d[1:]), spread / 3)
            columns = (
                (0, d, np.append(spread, spread[-1:])),
                (1, once, gained),
                (2, twice, np.maximum(np.abs(twice - once[1:]), gained[:-1] / 30)),
            )
            for used, values, truncation in columns:
                for at, value in enumerate(values):
                    finest = at + used  # the smallest step in it, whose round-off it has
                    beyond = np.abs(d[finest:] - value) - 2 * rounding[finest:]
                    apart = max(3 * truncation[at], float(beyond.max()))  # as where a kink is near
                    found.append((apart + 2 * rounding[finest], apart, float(value)))
        doubt, apart, value = min(found, key=lambda one: one[0] if np.isfinite(one[0]) else np.inf)
        return value, float(doubt), "truncation" if apart > doubt / 2 else "round-off"

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


def ladder(line: Line, size: float = 1.0, noise: float = 0.0) -> Ladder:
    """Return central differences along a line; `size` is that of the parameter.

    `noise` is what the cost is known to be off by; what shows on the line is added.
    """
    steps = np.array(STEPS) * max(1.0, size)
    middle = line(0.0)
    costs = np.array([[line(h), line(-h)] for h in steps])
    differences = (costs[:, 0] - costs[:, 1]) / (2 * steps)
    exact = rounding_of(costs.ravel())
    with np.errstate(all="ignore"):
        seen = float(abs(differences[-1] - differences[-2]) * steps[-1]) / 2
    noise = max(exact, noise, min(seen, 1e-4 * abs(middle)))
    return Ladder(line, middle, steps, differences, noise)


def rounding_of(costs: NDArray[np.float64]) -> float:
    """Return how far costs may be off by their last rounding, in the type that they seem to have.

    Numbers that all fit float32 or float16 are taken to be of that type, if they differ.
    """
    finite = costs[np.isfinite(costs)]
    if not finite.size:
        return 0.0
    eps = float(np.finfo(np.float64).eps)
    for kind in (np.float32, np.float16):
        with np.errstate(all="ignore"):
            if np.ptp(finite) > 0 and (finite.astype(kind) == finite).all():
                eps = float(np.finfo(kind).eps)
    return float(4 * eps * np.abs(finite).max())


def noise_along(line: Line) -> float:
    """Return how far costs are from a smooth curve, close by along a generic direction.

    Cubics are fitted on either side at two scales; a kink spoils some of the four at most.
    """
    places = np.arange(1.0, 13.0)
    powers = np.vander(places / 12, 4)
    left, costs = [], [line(0.0)]
    for scale in (1e-6, 1e-7):
        for sign in (1.0, -1.0):
            seen = np.array([line(sign * scale * place) for place in places])
            if not np.isfinite(seen).all():
                continue
            costs.extend(seen)
            seen = seen - seen.mean()
            rest = seen - powers @ np.linalg.lstsq(powers, seen, rcond=None)[0]
            left.append(float(np.sqrt((rest**2).sum() / (len(places) - 4))))
    spread = sorted(left)[min(1, len(left) - 1)] if left else 0.0
    return max(3 * spread, rounding_of(np.array(costs)))
