"""Ways through a network: what of its drawing lies between an element and the cost.

The things of the drawing are named as in `clearprop.explaining.derivation.drawn`.
"""

from __future__ import annotations

from dataclasses import dataclass

from clearprop import notation
from clearprop.network import Network


@dataclass(frozen=True)
class Way:
    """The ways from an element to the cost, or, of z, a and L, from the input to the element.

    Attributes
    ----------
    network : Network
    symbol : str
        "W" or "b" for their gradients as well.
    layer : int
    index : tuple of int
        Empty for a whole array.

    Examples
    --------
    >>> import clearprop as cp
    >>> way = Way.of("W1[0,1]", cp.Network([2, 2, 1], seed=0))
    >>> [way.holds(name) for name in ("W1[0,1]", "a1[0]", "a1[1]", "W2[0,0]", "W2[0,1]", "b2[0]")]
    [True, True, False, True, False, False]
    >>> way.leads_to_the_cost
    True
    """

    network: Network
    symbol: str
    layer: int
    index: tuple[int, ...]

    @classmethod
    def of(cls, element: str, network: Network) -> Way:
        """Return the way of an element of the grammar."""
        symbol, layer, index = notation.parse(element)
        return cls(network, {"dW": "W", "db": "b"}.get(symbol, symbol), layer, index)

    @property
    def leads_to_the_cost(self) -> bool:
        """Whether it begins at the element; else it ends there."""
        return self.symbol not in ("z", "a", "L")

    def holds(self, thing: str) -> bool:
        """Whether a thing of the drawing is on it."""
        if self.symbol == "L":
            return True
        if self.leads_to_the_cost:
            return self._ahead(thing)
        return self._behind(thing)

    def _ahead(self, thing: str) -> bool:
        if thing == "L":
            return True
        if thing.startswith("L-"):
            return self._has_neuron(*_place(thing[2:]))
        if thing[0] == "y":
            return False
        if thing[0] == "b":
            return self.symbol == "b" and self._is_own(thing)
        if thing[0] == "W":
            _, layer, (_, i) = notation.parse(thing)
            own = self.symbol == "W" and self._is_own(thing)
            return own or (layer > self.layer and self._has_neuron(layer - 1, i))
        return self._has_neuron(*_place(thing))

    def _has_neuron(self, layer: int, j: int) -> bool:
        """Whether a neuron's a depends on the element."""
        if layer != self.layer:
            return layer > self.layer
        joint = self.symbol != "da" and layer > 0 and self._is_joint(layer)
        return joint or not self.index or j == self.index[0]

    def _is_own(self, thing: str) -> bool:
        _, layer, index = notation.parse(thing)
        return layer == self.layer and (not self.index or index == self.index)

    def _behind(self, thing: str) -> bool:
        if thing[0] in "Ly":
            return False
        layer, j = _place(thing)
        if layer != self.layer:
            return layer < self.layer
        joint = self.symbol == "a" and layer > 0 and self._is_joint(layer)
        return joint or not self.index or j == self.index[0]

    def _is_joint(self, layer: int) -> bool:
        """Whether each a of a layer depends on every z, as in softmax."""
        return self.network.activations[layer - 1].row_wise


def _place(thing: str) -> tuple[int, int]:
    """Return the layer and the neuron that a thing belongs to."""
    _, layer, index = notation.parse(thing)
    return layer, index[0]
