"""Which neurons a derivation shows: all of a small network's, the strongest of others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.record_symbols import RecordSymbols, fold

Neurons = dict[int, list[int]]
"""Of each layer, the neurons that are shown, the strongest first."""


def is_small(s: RecordSymbols) -> bool:
    """Whether every neuron of a network is shown: all its layers are small."""
    return max(s.sizes) <= s.largest


def all_if_small(s: RecordSymbols, neurons: dict[int, list[int]]) -> Neurons:
    """Show every neuron of a network all of whose layers are small."""
    if is_small(s):
        return {layer: list(range(size)) for layer, size in enumerate(s.sizes)}
    return neurons


def neurons_above(s: RecordSymbols, layer: int, j: int) -> Neurons:
    """Return which neurons of the layers above matter most to delta^l_j."""
    neurons = {layer: [j]}
    for above in range(layer + 1, s.last + 1):
        strongest = neurons[above - 1][0]
        with np.errstate(all="ignore"):
            paths = s.record.delta[above - 1][s.sample] * s.network.weights[above - 1][:, strongest]
        shown, rest = fold(paths, s.largest, "path")
        order = sorted(shown, key=lambda k: -abs(float(np.nan_to_num(paths[k], nan=np.inf))))
        keep = order if rest is None or above == s.last else order[:1]
        neurons[above] = keep
    return neurons


def neurons_below(s: RecordSymbols, layer: int, j: int) -> Neurons:
    """Return which neurons of the layers below matter most to z^l_j."""
    neurons = {layer: [j]}
    for below in range(layer - 1, 0, -1):
        strongest = neurons[below + 1][0]
        with np.errstate(all="ignore"):
            terms = s.network.weights[below][strongest] * s.record.a[below][s.sample]
        shown, rest = fold(terms, s.largest, "term")
        order = sorted(shown, key=lambda i: -abs(float(np.nan_to_num(terms[i], nan=np.inf))))
        neurons[below] = order if rest is None else order[:1]
    return neurons


def some_neurons(s: RecordSymbols, values: NDArray[np.float64]) -> list[int]:
    """Return which neurons of a layer are shown: all, or those whose values are largest."""
    shown, _ = fold(values, s.largest, "neuron")
    return sorted(shown)
