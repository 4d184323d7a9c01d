"""Blocks: what is read of a stream at once, and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import TypeOfDataError

Array = NDArray[Any]


def as_array(given: object, what: str) -> Array:
    """Return what somebody gave as an array.

    Raises
    ------
    TypeOfDataError
        If it is none; `what` is its name in the message.
    """
    try:
        return np.asarray(given)
    except Exception as error:  # whatever another library's __array__ raises
        reason = str(error).partition("\n")[0]
        raise TypeOfDataError(f"{what} cannot be read as an array: {reason}") from error


@dataclass(frozen=True)
class Block:
    """Rows of numbers, as they came: whoever trains on them checks them.

    Attributes
    ----------
    first : int
        The number of its first row in the whole stream, counted from 0.
    where : str
        Where it is from, as messages say it: "FILE, row group 3".
    X : ndarray, shape (rows, n_0)
    y : ndarray, shape (rows,) or (rows, n_L)
    weights : ndarray, shape (rows,), optional
        Sample weights.
    """

    first: int
    where: str
    X: Array
    y: Array
    weights: Array | None = None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.X)


@dataclass(frozen=True)
class TableBlock:
    """Rows of a table, whose cells are still to be encoded.

    Attributes
    ----------
    first, where
        As of a `Block`.
    frame : DataFrame
        Eager; a polars one from all sources of the package's own.
    """

    first: int
    where: str
    frame: Any

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.frame)
