"""Labels: the notation's names of elements, or the reader's own."""

from __future__ import annotations

from collections.abc import Mapping

from clearprop import notation
from clearprop.errors import ElementError
from clearprop.explaining.names import element_name, own_name, read_names
from clearprop.network import Network

GRADIENTS = {"W": "dW", "b": "db", "z": "delta", "a": "da"}
"""The symbol of the gradient for each symbol."""


class Labels:
    """What each element is called in a picture.

    Raises
    ------
    ElementError, ArgumentError
        If a key names no element of the network, or a name is no text.
    """

    def __init__(self, network: Network, names: Mapping[str, str] | None) -> None:
        self._own = read_names(names, network)

    def of(self, name: str) -> str:
        """Return the label of an element."""
        return own_name(element_name(*notation.parse(name)), self._own)

    def of_target(self, k: int) -> str:
        """Return the label of a target, y[k]."""
        return self._own.get(f"y[{k}]", f"y[{k}]")

    def of_gradient(self, name: str) -> str:
        """Return the label of an element's gradient: d before its own, delta for z."""
        element = notation.parse(name)
        symbol = GRADIENTS.get(element.symbol, f"d{element.symbol}")
        gradient = element_name(symbol, element.layer, element.indices)
        own = own_name(gradient, self._own)
        if own != gradient:
            return own
        if element.symbol == "z":
            return name.replace("z", "delta", 1)
        return f"d{self.of(name)}"


def canonical(name: str) -> str:
    """Return the name a node has for a name of the notation: a0[1] is x[1].

    Raises
    ------
    ElementError
        If it is no name of the notation.
    """
    element = notation.parse(name)
    if element.symbol != "L" and element.symbol not in GRADIENTS:
        raise ElementError(f"{name!r} is a gradient: ask the node of its element for .gradient")
    return element_name(*element)
