"""What rounding may do to the quantities of a right pass, however it is written.

Where a is near 1, a right 1 - a has few digits; so has a delta made of it. What is compared with a
record is allowed a few units of the last place of what was subtracted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.record import Record

Array = NDArray[Any]

_UNITS = 4


def floors(record: Record, *, own: bool = False) -> dict[str, Array]:
    """Return for each quantity, number by number, how far off rounding may put it.

    `own` is for the record itself, whose f' have all their digits.
    """
    network = record.network
    L, share = len(record.delta), record.omega[:, None]
    eps = _UNITS * float(np.finfo(record.gradient.dtype).eps)
    found = {"a0": eps * np.abs(record.a[0])}
    with np.errstate(all="ignore"):
        for layer in range(1, L + 1):
            W, below = np.abs(network.weights[layer - 1]), np.abs(record.a[layer - 1])
            b = np.abs(network.biases[layer - 1]) if network.has_biases else 0.0
            found[f"z{layer}"] = eps * (below @ W.T + b)
            found[f"a{layer}"] = eps * np.abs(record.a[layer])
        # a - y cancels where the outputs are right.
        y, da = np.abs(record.y), np.abs(record[f"da{L}"])
        off = eps * (np.abs(record.a[L]) + y)
        found[f"da{L}"] = off + eps * da
        fused = network.activations[-1].name in getattr(network.loss, "fused", ())
        if fused:
            found[f"delta{L}"] = off
        elif own:
            found[f"delta{L}"] = _own(record, L, found[f"da{L}"], eps)
        else:
            found[f"delta{L}"] = _through(record, L, found[f"da{L}"]) + eps * da
        for layer in range(L, 0, -1):
            off, delta = found[f"delta{layer}"], np.abs(record.delta[layer - 1])
            off = off + eps * delta
            found[f"dW{layer}"] = (share * off).T @ np.abs(record.a[layer - 1])
            found[f"db{layer}"] = (share * off).sum(axis=0)
            found[f"da{layer - 1}"] = off @ np.abs(network.weights[layer - 1])
            if layer > 1 and own:
                passed = _own(record, layer - 1, found[f"da{layer - 1}"], eps)
                found[f"delta{layer - 1}"] = passed
            elif layer > 1:
                passed = _through(record, layer - 1, found[f"da{layer - 1}"])
                found[f"delta{layer - 1}"] = passed + eps * np.abs(record.da[layer - 1])
    return {name: np.nan_to_num(array, posinf=0.0) for name, array in found.items()}


def _through(record: Record, layer: int, off: Array) -> Array:
    """Return what an error of da^l makes of delta^l."""
    f, z = record.network.activations[layer - 1], record.z[layer - 1]
    return off if f.row_wise else off * np.abs(f.backward(z, np.ones_like(z)))


def _own(record: Record, layer: int, off: Array, eps: float) -> Array:
    """Return what an error of da^l, and the record's own rounding, make of its delta^l.

    Softmax's is a * (da - sum(a * da)), which cancels where one a is near 1 or all da are alike.
    """
    f, a = record.network.activations[layer - 1], record.a[layer]
    if not f.row_wise:
        return _through(record, layer, off)
    off = off + eps * np.abs(record[f"da{layer}"])
    found: Array = a * (off + (a * off).sum(axis=1, keepdims=True))
    return found
