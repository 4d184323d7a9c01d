"""What compiled code is given: it takes sizes and addresses on trust, so whoever calls it looks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.checks.memory import is_block
from clearprop.errors import ShapeError
from clearprop.optimizers import State
from clearprop.topology import Topology

Array = NDArray[Any]


def are_rows(X: Array, topology: Topology) -> bool:
    """Whether X is rows that compiled code can read as they are."""
    n = X.shape[0] if X.ndim else 0
    return n > 0 and is_block(X, topology.dtype, n, topology.sizes[0])


def check_rows(X: Array, topology: Topology) -> None:
    """Raise `ShapeError` unless compiled code can read X, which checked data can be."""
    if not are_rows(X, topology):
        raise ShapeError(
            f"X is no block of rows of {topology.sizes[0]} numbers, {topology.dtype}, which "
            "compiled code could read"
        )


def check_samples(X: Array, y: Array, topology: Topology) -> None:
    """Raise `ShapeError` unless compiled code can read X and y; labels are places it writes at."""
    check_rows(X, topology)
    n, n_out = len(X), topology.sizes[-1]
    if y.ndim != 1 and not is_block(y, topology.dtype, n, n_out):
        raise ShapeError(f"y is no block of {n} rows of {n_out} numbers, {topology.dtype}")
    if y.ndim == 1 and not (is_block(y, np.int64, n) and y.min() >= 0 and y.max() < n_out):
        raise ShapeError(f"y is no block of {n} labels from 0 to {n_out - 1}")


def check_run(data: Data, state: State, topology: Topology) -> None:
    """Raise `ShapeError` unless compiled code can read the data, and write the state in place."""
    data.check()
    check_samples(data.X, data.y, topology)
    if data.weights is not None and data.weights.shape != (len(data.X),):
        raise ShapeError(f"X has {len(data.X)} rows, but weights have shape {data.weights.shape}")
    for name, own in state.items():
        if not (is_block(own, topology.dtype, topology.parameters.size) and own.flags.writeable):
            raise ShapeError(f"the optimizer's {name} is not of this network, or is read-only")
