"""Courses: the steps of a run at which something is looked at, to follow it over the run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.studio.runs import Run
from clearprop.studio.thinning import MOST, thinned

__all__ = ["MOST", "course", "thinned"]

Array = NDArray[Any]

LEAST = 4

MOST_BYTES = 32 << 20
"""What the parameters of a course may take."""


def course(run: Run, n: int) -> tuple[list[int], Array]:
    """Return steps from 0 to n, and the parameters before each, shape (steps, n_parameters)."""
    size = run.problem.network.n_parameters
    places = run.stops(n, max(min(MOST, MOST_BYTES // (8 * size)), LEAST))
    return places, np.stack([run.parameters_at(at).astype(np.float64) for at in places])
