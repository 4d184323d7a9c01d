"""Symbols: the names by which kernels' machine code calls other kernels."""

from __future__ import annotations

import re

from clearprop.engine.kernels.precision import PRECISIONS, Precision

_SYMBOL = re.compile(rb"clearprop\.\.[a-z_.-]+\.\.[a-z]+\d+")


def symbol_of(name: str, precision: Precision) -> str:
    """Return the symbol of a kernel such as "product.block"."""
    symbol = f"clearprop..{name}..{precision.name}"
    assert _SYMBOL.fullmatch(symbol.encode())  # else `called_in` would not find it
    return symbol


def called_in(code: bytes) -> list[tuple[str, Precision]]:
    """Return the kernels whose symbols stand in an object file."""
    found = []
    for symbol in sorted(set(_SYMBOL.findall(code))):
        name, of = symbol.decode().split("..")[1:]
        found.append((name, PRECISIONS[of]))
    return found
