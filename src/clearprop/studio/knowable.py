"""Knowable: which numbers of a pass can be worked out from those that a page gives.

It gives all inputs and targets, and of a wide layer the weights and biases of a few neurons: of its
sums over a whole wide layer, no one can make the terms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from clearprop.network import Network

MOST_NEURONS = 12
"""Neurons of a layer that are asked for, at most."""


class Known:
    """What a student knows on the way through a pass, operation by operation.

    Parameters
    ----------
    network : Network
    shown : sequence of ndarray of int
        The neurons of each layer whose parameters are given, the input's first.

    Examples
    --------
    >>> import clearprop as cp, numpy as np
    >>> known = Known(cp.Network([2, 30, 1]), [np.arange(2), np.array([4, 7]), np.arange(1)])
    >>> known.learn("z1"), known.learn("a1")
    ((['z1[4]', 'z1[7]'], []), (['a1[4]', 'a1[7]'], []))
    >>> known.learn("z2")  # which is a sum over all 30
    ([], ['z2[0]'])
    """

    def __init__(self, network: Network, shown: Sequence[NDArray[Any]]) -> None:
        self._network, self._sizes = network, network.sizes
        self._last = len(network.sizes) - 1
        self._shown = [one.tolist()[:MOST_NEURONS] for one in shown]
        self._known = {f"a0[{i}]" for i in range(network.sizes[0])}

    def learn(self, array: str) -> tuple[list[str], list[str]]:
        """Return the names of an array's numbers that can be worked out, and of those that cannot.

        Both are known from now on.
        """
        if array == "L":
            return (["L"], []) if self._all("a", self._last) else ([], [])
        symbol, layer = _parts(array)
        if symbol == "dW":
            return [
                f"{array}[{j},{i}]"
                for j in self._shown[layer]
                for i in self._shown[layer - 1]
                if self._has("delta", layer, j) and self._has("a", layer - 1, i)
            ], []
        rows = self._shown[layer]
        asked = [j for j in rows if self._can(symbol, layer, j)]
        self._known |= {f"{array}[{j}]" for j in rows}
        told = [] if symbol == "db" else [f"{array}[{j}]" for j in rows if j not in asked]
        return [f"{array}[{j}]" for j in asked], told

    def _can(self, symbol: str, layer: int, j: int) -> bool:
        """Whether a number can be worked out of those that are known."""
        if symbol == "z":
            return self._is_whole(layer - 1) and self._all("a", layer - 1)
        if symbol == "a":
            return self._by_itself("z", layer, j)
        if symbol == "db":
            return self._has("delta", layer, j)
        if symbol == "da":
            return self._is_whole(layer + 1) and self._all("delta", layer + 1)
        if layer == self._last:
            return self._all("a", layer)
        return self._by_itself("da", layer, j) and self._by_itself("z", layer, j)

    def _by_itself(self, symbol: str, layer: int, j: int) -> bool:
        """Whether what an activation needs is known: of softmax the whole layer."""
        mixes = self._network.activations[layer - 1].name == "softmax"
        return self._all(symbol, layer) if mixes else self._has(symbol, layer, j)

    def _is_whole(self, layer: int) -> bool:
        """Whether all weights to and from a layer's neurons are given."""
        return len(self._shown[layer]) == self._sizes[layer]

    def _all(self, symbol: str, layer: int) -> bool:
        return all(self._has(symbol, layer, i) for i in range(self._sizes[layer]))

    def _has(self, symbol: str, layer: int, i: int) -> bool:
        return f"{symbol}{layer}[{i}]" in self._known


def _parts(array: str) -> tuple[str, int]:
    """Return the symbol and the layer of "delta2"."""
    found = re.fullmatch(r"([a-zA-Z]+)(\d+)", array)
    assert found is not None
    return found[1], int(found[2])
