"""The grammar that names every number: W2[1,3], b2[1], z2[1], a1[3], delta2[1], dW2[1,3], L.

The layer is counted as in the mathematics (layers of weights 1..L, layer 0 the input),
indices as in Python. `x` is `a0`, `dx` is `da0`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from clearprop.errors import ElementError, shown

_PATTERN = re.compile(r"(delta|dW|db|da|W|b|z|a)(0|[1-9][0-9]{0,17})|(dx|x|L)")
_INDEX = re.compile(r"\[\s*(-?[0-9]{1,18})\s*(?:,\s*(-?[0-9]{1,18})\s*)?\]")


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
        raise ElementError(
            f"{shown(name)} names no element{_hint(text)}; names look like W2[1,3], b2[1], z2[1], "
            "a1[3], delta2[1], dW2[1,3], db2[1], da1[3], x[3], dx[3] or L"
        )
    numbers = tuple(int(i) for i in index.groups() if i is not None) if index else ()
    symbol, layer = match[1] or match[3], int(match[2] or 0)
    if symbol in ("x", "dx"):
        symbol = symbol.replace("x", "a")
    return Element(symbol, layer, numbers)


def _hint(text: str) -> str:
    """Say which name was meant, where that is clear."""
    likely = text.replace(" ", "").replace("][", ",").removeprefix("dL/d").removeprefix("∂L/∂")
    likely = re.sub(r"^w(?=\d)", "W", likely)
    likely = re.sub(r"^dw(?=\d)", "dW", re.sub(r"^dz(?=\d)", "delta", likely))
    likely = re.sub(r"^dh(?=\d)", "da", re.sub(r"^h(?=\d)", "a", likely))
    head, bracket, _ = likely.partition("[")
    known = _PATTERN.fullmatch(head) and (not bracket or _INDEX.fullmatch(likely[len(head) :]))
    return f" (did you mean {likely!r}?)" if known and likely != text else ""


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
