"""What of a network's drawing a symbol is of: an edge, a bias, a neuron, or the cost.

The drawing has a name for each of its things: "W2[0,1]" for an edge, "b1[0]" for a bias, "a1[0]"
and "x[0]" for a neuron, whose z, a, delta and da it stands for, "y[0]" for a target, "L" for the
cost, and "L-a2[0]" for the edge from an output to it.
"""

from __future__ import annotations

import re

from clearprop import notation
from clearprop.errors import ElementError
from clearprop.explaining.derivation.expressions import Expression, Partial, symbols_in
from clearprop.explaining.names import element_name

_MASK = re.compile(r"mask(\d+)\[(\d+)\]")
_TARGET = re.compile(r"y\[\d+\]")


def element_in(code: str) -> str:
    """Return the element that a code name is of, without its sample; "" where it is of none.

    Examples
    --------
    >>> [element_in(code) for code in ("delta1[0]@3", "new W1[0,0]", "mask1[2]", "eta", "y[0]")]
    ['delta1[0]', 'W1[0,0]', 'a1[2]', '', '']
    """
    name = code.partition("@")[0].removeprefix("new ")
    mask = _MASK.fullmatch(name)
    if mask is not None:
        return f"a{mask[1]}[{mask[2]}]"
    try:
        symbol, layer, indices = notation.parse(name)
    except ElementError:
        return ""
    return element_name(symbol, layer, indices) if indices or symbol == "L" else ""


def drawn_as(code: str) -> str:
    """Return the thing that a symbol is drawn as, by its code name; "" where it is none.

    Examples
    --------
    >>> [drawn_as(code) for code in ("delta1[0]@3", "dW2[0,1]", "dx[1]", "L@3", "y[0]@3", "eta")]
    ['a1[0]', 'W2[0,1]', 'x[1]', 'L', 'y[0]', '']
    """
    name = code.partition("@")[0]
    if _TARGET.fullmatch(name):
        return name
    element = element_in(code)
    if not element:
        return ""
    symbol, layer, indices = notation.parse(element)
    if symbol in ("z", "delta", "da"):
        symbol = "a"
    return element_name(symbol.removeprefix("d"), layer, indices)


def partial_drawn_as(partial: Partial) -> str:
    """Return what a partial derivative is drawn as: the edge from one thing to the other.

    Examples
    --------
    >>> from clearprop.explaining.derivation.expressions import Symbol
    >>> def partial(of, by):
    ...     return Partial(Symbol(of, 0.0), Symbol(by, 0.0), 0.0)
    >>> partial_drawn_as(partial("z2[0]", "a1[1]")), partial_drawn_as(partial("L@3", "a2[0]@3"))
    ('W2[0,1]', 'L-a2[0]')
    >>> partial_drawn_as(partial("a2[1]", "z2[0]")), partial_drawn_as(partial("z1[0]", "b1[0]"))
    ('a2[1] a2[0]', 'b1[0]')
    """
    of, by = drawn_as(partial.of.code), drawn_as(partial.by.code)
    if of == "L":
        return f"L-{by}"
    if by[0] in "Wb":
        return by
    above, below = element_in(partial.of.code), element_in(partial.by.code)
    if above[0] == "z" and below[0] in "ax":
        _, layer, (j,) = notation.parse(above)
        return f"W{layer}[{j},{notation.parse(below).indices[0]}]"
    return " ".join(dict.fromkeys((of, by)))


def expression_drawn_as(expression: Expression) -> str:
    """Return what all symbols of an expression are drawn as, each once, with spaces between."""
    if isinstance(expression, Partial):
        return partial_drawn_as(expression)
    found = (drawn_as(symbol.code) for symbol in symbols_in(expression))
    return " ".join(dict.fromkeys(filter(None, found)))
