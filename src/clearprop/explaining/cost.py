"""The cost of a record's batch as a function of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.forward import forward
from clearprop.record import Record

Array = NDArray[Any]


def cost_of(record: Record) -> Callable[[Array], Any]:
    """Return L as a function of a parameter vector, of real or complex numbers."""
    network = record.network

    def cost(parameters: Array) -> Any:
        work = network.astype(parameters.dtype)
        work.parameters[:] = parameters
        X = record.a[0].astype(work.dtype)
        with np.errstate(all="ignore"):
            z, a = forward(work.weights, work.biases, work.activations, X, record.masks)
            losses = work.loss.per_sample(z[-1], a[-1], record.y, work.activations[-1])
            squares = sum((W**2).sum() for W in work.weights) if record.l2 else 0.0
            return (record.omega * losses).sum() + 0.5 * record.l2 * squares

    return cost
