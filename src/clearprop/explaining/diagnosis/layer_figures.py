"""Figures of one layer on given data: units, activations, deltas, gradients and updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS
from clearprop.record import Record

Array = NDArray[Any]


def ends(activation: str) -> tuple[float, float] | None:
    """Return the outputs at which an activation saturates, unless it has no flat end on a side."""
    f = ACTIVATIONS.get(activation)  # of one's own, nobody said
    return f.outputs if f and not f.row_wise and np.isfinite(f.outputs).all() else None


def flat(activation: str, slopes: Array) -> NDArray[np.bool_]:
    """Return which slopes f'(z) are below a hundredth of the steepest, on one of two flat ends."""
    if ends(activation) is None:
        return np.zeros(slopes.shape, bool)
    steepest = np.abs(ACTIVATIONS[activation].derivative(np.linspace(-8.0, 8.0, 1601))).max()
    return np.asarray(np.abs(slopes) < 0.01 * float(steepest))


@dataclass(frozen=True)
class LayerFigures:
    """Figures of one layer, over all rows.

    Attributes
    ----------
    layer, units : int
    activation : str
    dead : tuple of int
        Units whose slope f'(z) is 0 on every row: nothing can change them.
    saturated : float
        Share of the activations on a flat part: f'(z) below a hundredth of the steepest slope.
        Those alone that are bounded on both sides, as sigmoid and tanh, saturate; 0 for others.
    spread : float
        Standard deviation of a^l over the rows, the mean of the units.
    delta : float
        Root mean square of delta^l.
    gradient, weights : float
        Norms of dL/dW^l and W^l.
    update : float or None
        Norm of an update's change of W^l, as a share of the norm of W^l; with an optimizer. The
        update is made in double precision, so that it shows where the network's own loses it.
    """

    layer: int
    units: int
    activation: str
    dead: tuple[int, ...]
    saturated: float
    spread: float
    delta: float
    gradient: float
    weights: float
    update: float | None


def layer_figures(record: Record, layer: int, change: Array | None) -> LayerFigures:
    """Return the figures of a layer; `change` is an update's of W^l."""
    network = record.network
    f, z, a = network.activations[layer - 1], record.z[layer - 1], record.a[layer]
    dead: tuple[int, ...] = ()
    saturated = 0.0
    with np.errstate(all="ignore"):
        if not f.row_wise:
            slopes = f.backward(z, np.ones_like(z))
            dead = tuple(int(j) for j in np.flatnonzero((slopes == 0).all(axis=0)))
            saturated = float(flat(f.name, slopes).mean())
        spread = float(a.astype(np.float64).std(axis=0).mean())
        delta = float(np.sqrt((record.delta[layer - 1].astype(np.float64) ** 2).mean()))
    weights = _norm(network.weights[layer - 1])
    share = None if change is None else _norm(change) / weights if weights else None
    return LayerFigures(
        layer, network.sizes[layer], f.name, dead, saturated, spread, delta,
        _norm(record.dW[layer - 1]), weights, share,
    )  # fmt: skip


def _norm(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(array.astype(np.float64)))
