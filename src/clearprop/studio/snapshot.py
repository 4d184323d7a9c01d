"""Snapshot: the numbers of one step for one sample, as the page draws them.

Layers of many neurons are shown by the few that push hardest, the k largest |delta|, and by strips
of all; matrices are then given for the neurons that are shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.network import Network
from clearprop.record import Record
from clearprop.studio.scales import scales
from clearprop.training.steps import Step

Array = NDArray[Any]

WHOLE = 12
"""Neurons of a layer that are all shown."""

TOP = 8
"""Neurons that are shown of a layer of more."""


def snapshot(step: Step, sample: int, also: dict[int, list[int]] | None = None) -> dict[str, Any]:
    """Return the numbers of a step.

    Parameters
    ----------
    step : Step
    sample : int
        Which row of the batch.
    also : dict of int to list of int, optional
        By layer from 0, the input: neurons that are shown in any case.

    Returns
    -------
    dict
        n (updates made before), epoch, batch (row numbers), sample, row, sizes, shown; then by
        layer: z, a, delta, da of the sample (whole); W, b and their gradients and updates for
        the neurons shown; biases: of wide layers, all, by what they are and name; loss and cost;
        the scale of each lens ends.
    """
    record, network = step.record, step.record.network
    sample = count("sample", sample, 0, "a row of the batch", len(step.rows) - 1)
    shown = shown_of(record, sample, also or {})
    before, update = network.parameters, step.update
    return {
        "n": step.number - 1,
        "epoch": step.epoch,
        "batch": step.rows.tolist(),
        "sample": sample,
        "row": int(step.rows[sample]),
        "sizes": list(network.sizes),
        "shown": [indices.tolist() for indices in shown],
        "y": np.atleast_1d(record.y[sample]).astype(float).tolist(),
        "cost": float(record.loss),
        "loss": float(record.losses[sample]),
        "losses": record.losses.astype(float).tolist(),
        "omega": float(record.omega[sample]),
        "a": [one[sample].astype(float).tolist() for one in record.a],
        "z": [one[sample].astype(float).tolist() for one in record.z],
        "delta": [one[sample].astype(float).tolist() for one in record.delta],
        "da": [one[sample].astype(float).tolist() for one in record.da],
        "masks": [one[sample].astype(float).tolist() for one in record.masks],
        "parameters": _named(network, before, shown),
        "gradient": _named(network, record.gradient, shown),
        "update": _named(network, update, shown),
        "after": _named(network, before + update, shown),
        "biases": _biases_of_wide(step, shown),
        "scales": scales(step, sample),
    }


def shown_of(record: Record, sample: int, also: dict[int, list[int]]) -> list[NDArray[np.int64]]:
    """Return which neurons of each layer are shown, in order; of the input first."""
    pushes = [record.da[0], *record.delta]
    found = []
    for layer, push in enumerate(pushes):
        n = push.shape[1]
        if n <= WHOLE:
            found.append(np.arange(n))
            continue
        largest = np.argsort(-np.abs(push[sample]), kind="stable")[:TOP]
        asked = [i for i in also.get(layer, []) if 0 <= i < n]
        found.append(np.unique(np.concatenate([largest, np.array(asked, np.int64)])))
    return found


def _biases_of_wide(step: Step, shown: list[NDArray[np.int64]]) -> dict[str, dict[str, Any]]:
    """Return all biases of the layers that are not shown whole."""
    network = step.record.network
    vectors = {
        "parameters": network.parameters,
        "gradient": step.record.gradient,
        "update": step.update,
        "after": network.parameters + step.update,
    }
    wide = [layer for layer, size in enumerate(network.sizes) if layer and len(shown[layer]) < size]
    return {
        what: {
            f"b{layer}": network.unflatten(vector)[f"b{layer}"].astype(float).tolist()
            for layer in wide
            if network.has_biases
        }
        for what, vector in vectors.items()
    }


def _named(network: Network, vector: Array, shown: list[NDArray[np.int64]]) -> dict[str, Any]:
    """Return the parts of a parameter vector by name, for the neurons shown."""
    found = {}
    for name, part in network.unflatten(vector).items():
        layer = int(name[1:])
        rows = part[shown[layer]]
        found[name] = (rows[:, shown[layer - 1]] if part.ndim == 2 else rows).astype(float).tolist()
    return found
