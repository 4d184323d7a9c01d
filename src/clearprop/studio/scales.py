"""Scales of color: where each ends, a round number, so that they do not flicker."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.training.steps import Step

Array = NDArray[Any]

ROUND = (1.0, 2.0, 5.0, 10.0)


def nice(most: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, ... that is not below; 1 for 0.

    Examples
    --------
    >>> nice(0.3), nice(5.0), nice(7.0), nice(0.0)
    (0.5, 5.0, 10.0, 1.0)
    """
    if not 0 < most < math.inf:
        return 1.0
    power = math.floor(math.log10(most))
    tens = float(f"1e{power}")
    return next((float(f"{r:g}e{power}") for r in ROUND if most <= r * tens), 10 * tens)


def scales(step: Step, sample: int) -> dict[str, float]:
    """Return where the scale of each lens ends, for one sample of a step.

    That of the activations is of the neurons; inputs beyond it have the color of its end.
    """
    record = step.record
    return {
        "activation": _most([one[sample] for one in record.a[1:]]),
        "delta": _most([one[sample] for one in record.delta]),
        "weight": _most([record.network.parameters]),
        "gradient": _most([record.gradient]),
        "update": _most([step.update]),
    }


def _most(arrays: list[Array]) -> float:
    return nice(max(float(np.abs(one).max()) for one in arrays))
