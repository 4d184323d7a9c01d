"""Networks and data whose numbers are exact in both types, and digests of what comes of them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

import clearprop as cp


def grid(*shape: int, of: int) -> np.ndarray:
    """Numbers in [-1, 1) that are exact in float32, the same everywhere."""
    count = int(np.prod(shape))
    mixed = (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(2654435761 + 2 * of)) % 2**32
    return ((mixed >> np.uint64(16)).astype(np.float64) / 2**15 - 1).reshape(shape)


def network_of(sizes: tuple[int, ...], dtype: str, **settings: Any) -> cp.Network:
    network = cp.Network(sizes, initializer="zeros", dtype=dtype, **settings)
    for layer, W in enumerate(network.weights, 1):
        reach = 2.0 ** -round(np.log2(W.shape[1]) / 2)
        W[...] = reach * grid(*W.shape, of=layer)
    for layer, b in enumerate(network.biases, 1):
        b[...] = grid(*b.shape, of=100 + layer) / 4
    return network


def targets_of(kind: str, n: int, outputs: int) -> np.ndarray:
    numbers = grid(n, outputs, of=7)
    if kind == "labels":
        return np.arange(n) * 7 % 5 % outputs
    if kind == "unit":
        return (numbers + 1) / 2
    return np.floor(4 * abs(numbers)) if kind == "nonnegative" else numbers


def digest(*arrays: Any) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:32]
