"""Cells: a number of the data that a reader sets, "x[3,0]" or "y[3]"."""

from __future__ import annotations

from clearprop.checks.data import Data
from clearprop.errors import ArgumentError, ClearpropError, ElementError, shown
from clearprop.network import Network
from clearprop.training.job import check_data


def set_cell(network: Network, data: Data, name: str, value: float) -> None:
    """Set a cell of the data, "x[3,0]" or "y[3]", if the network may learn from it."""
    array = data.X if name[0] == "x" else data.y
    try:
        at = tuple(int(part) for part in name[1:].strip("[]").split(","))
        if min(at) < 0:
            raise IndexError
        before = array[at[0]].copy()
        array[at] = value
    except (ValueError, IndexError):
        shape = " x ".join(map(str, array.shape))
        raise ElementError(f"there is no cell {shown(name)}: {name[0]} has {shape}") from None
    row = slice(at[0], at[0] + 1)
    try:
        if array.dtype.kind == "i" and not value.is_integer():
            raise ArgumentError(f"{name} is {value:g}; a label is a whole number")
        check_data(network, data.X[row], data.y[row], of=f"{name}: ")
    except ClearpropError:
        array[at[0]] = before
        raise
