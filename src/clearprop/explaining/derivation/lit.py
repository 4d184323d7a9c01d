"""Which symbols of a derivation lie on the way from its parameter to the cost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clearprop import notation
from clearprop.errors import ElementError
from clearprop.explaining.derivation.tree import Tree

_NAME = re.compile(r'data-name="([^"]*)"')


@dataclass(frozen=True)
class WayToTheCost:
    """From a weight or bias through z and a of its neuron, and all of the layers above, to L.

    Attributes
    ----------
    start : str
        What the parameter is called.
    parameter : str
        Its name in the notation: "W1[0,1]".
    layer, neuron : int
    joint : bool
        Whether all a of the layer depend on each z, as in softmax.
    """

    start: str
    parameter: str
    layer: int
    neuron: int
    joint: bool

    def holds(self, code: str) -> bool:
        """Whether a symbol, by its code name, is on the way."""
        name = code.partition("@")[0]
        try:
            symbol, layer, indices = notation.parse(name)
        except ElementError:
            return False
        if symbol in ("W", "b", "dW", "db"):
            return name.removeprefix("d") == self.parameter
        if symbol == "L" or layer > self.layer:
            return True
        whole_layer = self.joint and symbol in ("a", "da")
        return layer == self.layer and (whole_layer or indices == (self.neuron,))

    def marked(self, mathml: str) -> str:
        """Return MathML in which the symbols on the way are of class "lit"."""

        def mark(match: re.Match[str]) -> str:
            return f'class="lit" {match[0]}' if self.holds(match[1]) else match[0]

        return _NAME.sub(mark, mathml)


def way_to_the_cost(derivation: Tree) -> WayToTheCost | None:
    """Return the way that a derivation of one parameter's gradient follows; else None."""
    if derivation.of is None:
        return None
    name = derivation.of.partition("@")[0]
    try:
        symbol, layer, indices = notation.parse(name)
    except ElementError:
        return None
    if symbol not in ("dW", "db") or not indices:
        return None
    parameter = name.removeprefix("d")
    start = derivation.names.own(parameter) or parameter
    names = [equation.name.partition("@")[0] for equation in derivation]
    joint = any(name.endswith(f"sumexp(z{layer})") for name in names)
    return WayToTheCost(start, parameter, layer, indices[0], joint)
