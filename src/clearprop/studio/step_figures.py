"""Figures of a step that are followed over a run: they are noted as the run makes it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.training.steps import Step


class StepFigures(NamedTuple):
    """Norms of a step, by layer.

    Attributes
    ----------
    gradients : list of float
        Of the batch's gradient for the layer's weights.
    updates : list of float or None
        Of the weights' update, over that of the weights; None where these are 0.
    """

    gradients: list[float]
    updates: list[float | None]


def figures_of(step: Step) -> StepFigures:
    """Return the figures of a step."""
    network = step.record.network
    change = network.unflatten(step.update)
    return StepFigures(
        [norm(dW) for dW in step.record.dW],
        [
            norm(change[f"W{layer}"]) / size if (size := norm(W)) else None
            for layer, W in enumerate(network.weights, 1)
        ],
    )


def norm(array: NDArray[Any]) -> float:
    """Return the length of an array of numbers, not finite where that is."""
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(array.astype(np.float64)))
