"""Outputs: what a network gives for the columns of a table, and in the target's unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.network import Network
from clearprop.tables.columns import Column
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import center, numbers_in_units, ordered
from clearprop.tables.target import Target

Array = NDArray[Any]


def raw_outputs(network: Network, encoding: Encoding, columns: Mapping[str, Column]) -> Array:
    """Return what the network gives for columns as they are read: float64, shape (n, n_L).

    A block of rows at a time, so that their inputs need not be there together.
    """
    return np.concatenate(
        [network.predict(X) for X in encoding.blocks(columns, network.dtype)], dtype=np.float64
    )


def in_units(network: Network, target: Target, outputs: Array) -> Array:
    """Return outputs as probabilities (n, K), or as numbers in the target's unit (n,).

    They are float64; of quantiles the median is the number.
    """
    if target.classes:
        return outputs / outputs.sum(axis=1, keepdims=True)
    return numbers_in_units(target, ordered(network, outputs)[:, center(network)])
