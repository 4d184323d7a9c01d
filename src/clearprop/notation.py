"""The grammar that names every number: W2[1,3], b2[1], z2[1], a1[3], delta2[1], dW2[1,3], L.

The layer is counted as in the mathematics (layers of weights 1..L, layer 0 the input),
indices as in Python. `x` is `a0`, `dx` is `da0`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from clearprop.errors import ElementError, shown

_PATTERN = re.compile(r"(delta|dW|db|da|W|b|z|a)(0|[1-9][0-9]{0,17})|(dx|x|L)")
_INDEX = re.compile(r"\[\s*(-?[0-9]{1,18})\s*(?:,\s*(-?[0-9]{1,18})\s*)?\]")


LOOK_LIKE = (
    "; names look like W2[1,3], b2[1], z2[1], a1[3], delta2[1], dW2[1,3], db2[1], da1[3], x[3], "
    "dx[3] or L"
)


class Element(NamedTuple):
    """One parsed name: a symbol, its layer, and an index into its array (empty: all of it)."""

    symbol: str
    layer: int
    indices: tuple[int, ...]


def parse(name: str) -> Element:
    """Read a name such as "W2[1,3]".

    Raises
    ------
    ElementError
        If it is no name of the grammar.

    Examples
    --------
    >>> parse("delta2[1]")
    Element(symbol='delta', layer=2, indices=(1,))
    >>> parse("x")
    Element(symbol='a', layer=0, indices=())
    """
    text = name.strip() if isinstance(name, str) else ""
    head, bracket, _ = text.partition("[")
    match = _PATTERN.fullmatch(head)
    index = _INDEX.fullmatch(text[len(head) :]) if bracket else None
    if match is None or (bracket and index is None):
        raise ElementError(f"{shown(name)} names no element{LOOK_LIKE}")
    numbers = tuple(int(i) for i in index.groups() if i is not None) if index else ()
    symbol, layer = match[1] or match[3], int(match[2] or 0)
    if symbol in ("x", "dx"):
        symbol = symbol.replace("x", "a")
    return Element(symbol, layer, numbers)


SYMBOLS = ("W", "b", "z", "a", "delta", "dW", "db", "da", "L")


def find(
    name: str, sizes: tuple[int, ...], has_biases: bool, symbols: Sequence[str] = SYMBOLS
) -> Element:
    """Read the name of an element that a network of these sizes has.

    `symbols` are those that the asker takes: another is not offered in place of a wrong name.

    Raises
    ------
    ElementError
        If it has none of that name; the message says what exists, or which one was meant.

    Examples
    --------
    >>> find("W1[0,1]", (2, 3), has_biases=True)
    Element(symbol='W', layer=1, indices=(0, 1))
    >>> find("w1[0][1]", (2, 3), has_biases=True)
    Traceback (most recent call last):
        ...
    clearprop.errors.ElementError: 'w1[0][1]' names no element (did you mean 'W1[0,1]'?); names \
look like W2[1,3], b2[1], z2[1], a1[3], delta2[1], dW2[1,3], db2[1], da1[3], x[3], dx[3] or L
    """
    try:
        element = parse(name)
    except ElementError:
        likely = _meant(name) if isinstance(name, str) else ""
        if not exists(likely, sizes, has_biases) or parse(likely).symbol not in symbols:
            raise
        raise ElementError(
            f"{shown(name)} names no element (did you mean {likely!r}?){LOOK_LIKE}"
        ) from None
    check(element, name, sizes, has_biases)
    return element


def exists(name: str, sizes: tuple[int, ...], has_biases: bool) -> bool:
    """Whether a network of these sizes has an element of this name."""
    try:
        check(parse(name), name, sizes, has_biases)
    except ElementError:
        return False
    return True


def _meant(text: str) -> str:
    """Return how the grammar writes what others write otherwise: "w1[0][1]", "dL/dz1", "h1"."""
    likely = text.replace(" ", "").replace("][", ",")
    likely = re.sub(r"^(dL/d|∂L/∂|∂)", "d", likely)
    for other, ours in (("w", "W"), ("dw", "dW"), ("dz", "delta"), ("h", "a"), ("dh", "da")):
        likely = re.sub(rf"^{other}(?=\d)", ours, likely)
    return likely


def check(element: Element, name: str, sizes: tuple[int, ...], has_biases: bool) -> None:
    """Raise `ElementError`, saying what exists, if a network of these sizes has no such element."""
    last = len(sizes) - 1
    symbol, layer, index = element
    if symbol == "L":
        if index:
            raise ElementError(f"{name!r}: L is one number and takes no index")
        return
    if symbol in ("b", "db") and not has_biases:
        raise ElementError(f"{name!r}: this network has no biases")
    first = 0 if symbol in ("a", "da") else 1
    if not first <= layer <= last:
        raise ElementError(
            f"{name!r}: this network has {symbol}{first} to {symbol}{last}, of sizes "
            f"{'-'.join(map(str, sizes))}"
        )
    shape = (sizes[layer], sizes[layer - 1]) if symbol in ("W", "dW") else (sizes[layer],)
    if not index:
        return
    if len(index) != len(shape):
        raise ElementError(
            f"{name!r}: {symbol}{layer} has {len(shape)} index(es), not {len(index)}"
        )
    for number, size in zip(index, shape, strict=True):
        if not 0 <= number < size:
            ranges = ", ".join(f"0..{n - 1}" for n in shape)
            raise ElementError(f"{name!r}: the indices of {symbol}{layer} run over [{ranges}]")
