"""One sample, in the shapes that a batch of one has."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.network import Network


def is_one(data: Any) -> bool:
    """Whether data are the numbers of one sample: without rows."""
    shape = _shape(data)
    return shape is not None and len(shape) < 2


def as_row(data: Any) -> Any:
    """Return numbers without rows as one row; anything else as it is."""
    return np.reshape(np.asarray(data), (1, -1)) if is_one(data) else data


def target_row(y: object, network: Network) -> Any:
    """Return one sample's target in the shape of a batch: a label as (1,), numbers as (1, n)."""
    if network.loss.targets == "labels" and _shape(y) in ((), (1,)):
        return np.reshape(np.asarray(y), 1)
    return as_row(y)


def _shape(data: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(data)
    except ValueError:  # rows of different lengths, which the checks of data refuse
        return None
