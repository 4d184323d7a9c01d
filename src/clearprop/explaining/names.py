"""Names of elements, the reader's own for them, and words with their number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clearprop import notation
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.network import Network


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


def _element(key: str, network: Network) -> str:
    target = re.fullmatch(r"y\[([0-9]+)\]", str(key))
    if target is not None:
        last = network.sizes[-1] - 1
        if int(target[1]) > last:
            raise ElementError(f"{key!r}: the targets are y[0] to y[{last}]")
        return f"y[{int(target[1])}]"
    element = notation.parse(key)
    notation.check(element, key, network.sizes, network.has_biases)
    return element_name(*element)


def _text(key: str, name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ArgumentError(f"names[{shown(key)}] is {shown(name)}; a name is a text of one line")
    return name.strip()
