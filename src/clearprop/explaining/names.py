"""Names of elements, the reader's own for them, and words with their number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from clearprop import notation
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.network import Network
from clearprop.notation import Element

LISTED = 12
"""Names of the reader's own that a message lists."""


def element_name(symbol: str, layer: int, indices: tuple[int, ...]) -> str:
    """Return the name of an element; a0 is x: ``element_name("a", 0, (3,))`` is "x[3]"."""
    if symbol == "L":
        return "L"
    inside = f"[{','.join(map(str, indices))}]" if indices else ""
    if layer == 0 and symbol in ("a", "da"):
        return f"{symbol[:-1]}x{inside}"
    return f"{symbol}{layer}{inside}"


def counted(n: int, noun: str) -> str:
    """Return a number and what it counts: "1 row", "2,000 rows"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def read_names(names: Mapping[str, str] | None, network: Network) -> dict[str, str]:
    """Return given names by the names that elements have here: "x[1]" for "a0[1]".

    Keys may be elements of the network, whole arrays, and targets, "y[0]".

    Raises
    ------
    ElementError
        If a key names no element of the network.
    ArgumentError
        If `names` is no mapping, or a name is no text of one line, or two are for one.
    """
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise ArgumentError(
            f'names is a {type(names).__name__}; give a mapping such as {{"W1[0,0]": "w1"}}'
        )
    read: dict[str, str] = {}
    for key, name in names.items():
        element = _element(key, network)
        if element in read:
            raise ArgumentError(f"names has {element} twice: once as {shown(key)}")
        read[element] = _text(key, name)
    return read


_GRADIENTS = {"W": "dW", "b": "db", "z": "delta", "a": "da"}


def element_of(name: str, given: Mapping[str, str]) -> str:
    """Return the element that a reader's name stands for, or the name as it is.

    `given` is what `read_names` returns. A named array's elements are named with it, and a d or
    a ∂L/∂ before the name of an element is its gradient.

    Examples
    --------
    >>> given = {"W1[0,0]": "w1", "W2": "V", "z1[0]": "z_1", "L": "E"}
    >>> [element_of(name, given) for name in ("w1", "dw1", "∂E/∂w1", "V[0,1]", "dE/dV", "dz_1")]
    ['W1[0,0]', 'dW1[0,0]', 'dW1[0,0]', 'W2[0,1]', 'dW2', 'delta1[0]']
    >>> element_of("a1[0]", given)
    'a1[0]'
    """
    found = _given_to(name, given)
    if found is not None:
        return found
    cost = given.get("L", "L")
    for before in (f"∂{cost}/∂", f"d{cost}/d", "d"):
        inner = _given_to(name.removeprefix(before), given) if name.startswith(before) else None
        if inner is None or inner == name.removeprefix(before):
            continue
        try:
            symbol, layer, indices = notation.parse(inner)
        except ElementError:  # an index that is none
            continue
        if symbol in _GRADIENTS:
            return element_name(_GRADIENTS[symbol], layer, indices)
    return name


def _given_to(name: str, given: Mapping[str, str]) -> str | None:
    """Return the element that was given a name, by itself or as one of an array; or None."""
    elements = {own: element for element, own in given.items()}
    if name in elements:
        return elements[name]
    head, bracket, index = name.partition("[")
    array = elements.get(head, "")
    return f"{array}[{index}" if bracket and array and "[" not in array else None


def own_name(element: str, given: Mapping[str, str]) -> str:
    """Return what the reader calls an element: its own name, its array's, or the grammar's.

    Examples
    --------
    >>> given = {"W1[0,0]": "w1", "W2": "V"}
    >>> [own_name(element, given) for element in ("W1[0,0]", "W2[0,1]", "b1[0]")]
    ['w1', 'V[0,1]', 'b1[0]']
    """
    head, bracket, index = element.partition("[")
    if element not in given and bracket and head in given:
        return f"{given[head]}[{index}"
    return given.get(element, element)


def find_element(
    name: str, network: Network, given: Mapping[str, str], symbols: Sequence[str] = notation.SYMBOLS
) -> Element:
    """Read the name of an element of a network: the grammar's, or one that the reader gave.

    Raises
    ------
    ElementError
        If the network has no such element; the message says which names there are.
    """
    element = element_of(name.strip(), given) if isinstance(name, str) else name
    try:
        return notation.find(element, network.sizes, network.has_biases, symbols)
    except ElementError as error:
        own = [own for key, own in given.items() if key[0] != "y"]
        if "names no element" not in str(error) or not own:
            raise
        listed = ", ".join(own[:LISTED]) + (", ..." if len(own) > LISTED else "")
        raise ElementError(f"{error}; your own names are {listed}") from None


def _element(key: str, network: Network) -> str:
    target = re.fullmatch(r"y\[([0-9]+)\]", str(key))
    if target is not None:
        last = network.sizes[-1] - 1
        if int(target[1]) > last:
            raise ElementError(f"{key!r}: the targets are y[0] to y[{last}]")
        return f"y[{int(target[1])}]"
    return element_name(*notation.find(key, network.sizes, network.has_biases))


def _text(key: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ArgumentError(f"names[{shown(key)}] is {shown(name)}; a name is a text of one line")
    return name.strip()
