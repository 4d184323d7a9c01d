"""Why a loss that was looked at after an epoch is not finite, where training's own cost is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from clearprop.checks.data import Data
from clearprop.errors import DivergenceError
from clearprop.network import Network
from clearprop.training.column_sizes import in_words, reaches

FARTHER = 10.0
"""A column that reaches so many times as far as in training is suspected."""


def explain_look(
    error: DivergenceError, network: Network, training: Data, looked: Data,
    loss: Callable[[Network, Data], float],
) -> DivergenceError:  # fmt: skip
    """Write into an error why the loss of these data is not finite, if that is found; return it."""
    bounds, sizes = reaches(training.X), reaches(looked.X)
    far = np.flatnonzero(sizes > FARTHER * bounds)
    if len(far) and isinstance(looked.X, np.ndarray):
        within = np.where(sizes > FARTHER * bounds, bounds, sizes).astype(looked.X.dtype)
        rows = np.clip(looked.X, -within, within)
        if np.isfinite(loss(network, replace(looked, X=rows))):
            which = "it" if len(far) == 1 else "them"
            return error.by(
                "input",
                f"in these data {in_words(sizes, far.tolist(), None, 'x')} where training has "
                f"{', '.join(f'{bounds[column]:.3g}' for column in far[:3])} at the most, and "
                f"with {which} cut there the loss is finite",
                "look at these rows, or scale both alike",
            )
    if network.dtype == np.float32:
        wide = loss(network.astype(np.float64), looked)
        if np.isfinite(wide):
            return error.by(
                "dtype",
                f"in float64 it is {wide:.3g}, and float32 ends at {np.finfo(np.float32).max:.2g}",
                "compute in float64 (precision='float64'), or train at a smaller learning rate",
            )
    error.tried = "tried: columns beyond those of training, float64"
    return error
