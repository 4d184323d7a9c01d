"""A table's columns as numbers: what a network without an encoding is trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ColumnError, nearest, shown
from clearprop.streams.block import Block
from clearprop.streams.source import Tables
from clearprop.tables.columns import read_columns

Array = NDArray[Any]

_EXACT = 2.0**53


class NumberRows:
    """The columns of a table as X and y, all of them numbers: a `Source` of `Block`.

    Parameters
    ----------
    table : source of TableBlock
    target : str or list of str
        The column of y, or those of several outputs. All others are X, in their order.

    Attributes
    ----------
    rows, starts, names, once
        As of the table; `names` are those of X.

    Raises
    ------
    ColumnError
        If a target is no column, or there is no other.
    ArgumentError
        If no target is named.

    Examples
    --------
    >>> import polars as pl
    >>> from clearprop.tables.blocks.lazy import LazyTable
    >>> table = LazyTable(pl.LazyFrame({"a": [1, 2], "y": [0, 1], "b": [0.5, 1.5]}))
    >>> [block] = NumberRows(table, "y").blocks()
    >>> block.X.tolist(), block.y.tolist(), block.y.dtype
    ([[1.0, 0.5], [2.0, 1.5]], [0, 1], dtype('int64'))
    """

    def __init__(self, table: Tables, target: str | Sequence[str] | None) -> None:
        if target is None:
            raise ArgumentError("a table has no y: name its column, cp.stream(path, target='y')")
        self._table = table
        self._single = isinstance(target, str)
        wanted = [target] if isinstance(target, str) else list(target)
        there = list(table.names or [])
        for name in wanted:
            if name not in there:
                near = nearest(name, there) if isinstance(name, str) else None
                hint = f" (did you mean {near!r}?)" if near else ""
                raise ColumnError(f"target {shown(name)} is no column of the table{hint}")
        self._targets = wanted
        self.names = [name for name in there if name not in wanted]
        if not self.names:
            raise ColumnError(f"the table has no column beside {', '.join(map(repr, wanted))}")
        self._is_whole = [_has_whole_type(table, name) for name in wanted]

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where nobody has counted them."""
        return self._table.rows

    @property
    def starts(self) -> NDArray[np.int64] | None:
        """The number of each block's first row; None where they come in order alone."""
        return self._table.starts

    @property
    def once(self) -> bool:
        """Whether it can be gone through one time alone."""
        return self._table.once

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield blocks as the table does.

        y is int64, shape (rows,), where the target's type is of whole numbers, or true and false;
        of text, where all of the file's are. Else float64.

        Raises
        ------
        TypeOfDataError
            If a cell is no number, with its row.
        """
        labels = all(self._is_whole) or self._are_labels
        for block in self._table.blocks(numbers):
            read = read_columns(block.frame)
            X = np.stack([_numbers(read[name], block) for name in self.names], axis=1)
            y = np.stack([_numbers(read[name], block) for name in self._targets], axis=1)
            y = y[:, 0] if self._single else y
            if labels:
                y = _as_labels(y, block, self._targets)
            yield Block(block.first, block.where, X, y)
