"""Courses: the steps of a run at which something is looked at, to follow it over the run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.studio.runs import Run

Array = NDArray[Any]

MOST = 96
"""Steps that are looked at."""

MOST_BYTES = 32 << 20
"""What the parameters of a course may take."""


def thinned(n: int, most: int = MOST) -> list[int]:
    """Return steps from 0 to n at even distances, a power of 2, and n itself.

    A run keeps where it stood at such steps; and while n grows, they stay where they are.

    Examples
    --------
    >>> thinned(5), thinned(9, 4)
    ([0, 1, 2, 3, 4, 5], [0, 4, 8, 9])
    """
    apart = 1
    while n // apart + 1 >= most:
        apart *= 2
    return sorted({*range(0, n + 1, apart), n})


def course(run: Run, n: int) -> tuple[list[int], Array]:
    """Return steps from 0 to n, and the parameters before each, shape (steps, n_parameters)."""
    size = run.problem.network.n_parameters
    places = thinned(n, max(min(MOST, MOST_BYTES // (8 * size)), 8))
    return places, np.stack([run.network_at(at).parameters.astype(np.float64) for at in places])
