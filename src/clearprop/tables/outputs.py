"""Outputs: what a network gives for the rows of a table, computed once."""

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


class KnownRows(dict[str, Column]):
    """The columns of a table as a model reads them, which it takes in place of the table.

    Who asks a model several things of one table reads, encodes and predicts it once by this.

    Attributes
    ----------
    outputs : ndarray, float64, shape (n, n_L), or None
        As `raw_outputs` gives them, once they are computed.
    """

    outputs: Array | None = None

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.values())).values)


def raw_outputs(network: Network, encoding: Encoding, columns: Mapping[str, Column]) -> Array:
    """Return what the network gives for columns as they are read: float64, shape (n, n_L).

    A block of rows at a time, so that their inputs need not be there together.
    """
    if isinstance(columns, KnownRows) and columns.outputs is not None:
        return columns.outputs
    outputs = np.concatenate(
        [network.predict(X) for X in encoding.blocks(columns, network.dtype)], dtype=np.float64
    )
    if isinstance(columns, KnownRows):
        outputs.flags.writeable = False  # whoever asks next gets the same
        columns.outputs = outputs
    return outputs


def in_units(network: Network, target: Target, outputs: Array) -> Array:
    """Return outputs as probabilities (n, K), or as numbers in the target's unit (n,).

    They are float64; of quantiles the median is the number.
    """
    if target.classes:
        return outputs / outputs.sum(axis=1, keepdims=True)
    return numbers_in_units(target, ordered(network, outputs)[:, center(network)])
