"""A table's columns as numbers: what a network without an encoding is trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import (
    ArgumentError,
    ColumnError,
    NonFiniteDataError,
    TypeOfDataError,
    nearest,
    shown,
)
from clearprop.streams.block import Block, TableBlock
from clearprop.tables.columns import Column, check_named, read_columns
from clearprop.tables.numerals import MISSING, POINT
from clearprop.tables.plain_table import PlainTable
from clearprop.tables.text import cut, shortened
from clearprop.tables.words import among, numbers_of

Array = NDArray[Any]

_EXACT = 2.0**53
"""Whole numbers up to which float64 holds each."""


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
        If a target is no column, there is no other, or one has no name.
    ArgumentError
        If no target is named, or one twice.

    Examples
    --------
    >>> import polars as pl
    >>> from clearprop.tables.blocks.lazy import LazyTable
    >>> table = LazyTable(pl.LazyFrame({"a": [1, 2], "y": [0, 1], "b": [0.5, 1.5]}))
    >>> [block] = NumberRows(table, "y").blocks()
    >>> block.X.tolist(), block.y.tolist(), block.y.dtype
    ([[1.0, 0.5], [2.0, 1.5]], [0, 1], dtype('int64'))
    """

    def __init__(self, table: Any, target: str | Sequence[str] | None) -> None:
        if target is None:
            raise ArgumentError(
                "the stream of a table names no column to predict: say cp.stream(..., "
                f"target='NAME'); it has {shortened(table.names or [])}"
            )
        self._table = table
        self._single = isinstance(target, str)
        wanted = [target] if isinstance(target, str) else list(target)
        there = list(table.names or [])
        for place, name in enumerate(there, 1):
            check_named(name, place)
        for name in wanted:
            if name not in there:
                near = nearest(name, there) if isinstance(name, str) else None
                hint = f" (did you mean {near!r}?)" if near else ""
                raise ColumnError(f"target {shown(name)} is no column of the table{hint}")
        if len(set(wanted)) < len(wanted):
            twice = next(name for name in wanted if wanted.count(name) > 1)
            raise ArgumentError(f"target names {twice!r} twice: name each column once")
        self._targets = wanted
        self.names = [name for name in there if name not in wanted]
        if not self.names:
            raise ColumnError(f"the table has no column beside {', '.join(map(repr, wanted))}")

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where nobody has counted them."""
        return self._table.rows

    @property
    def starts(self) -> NDArray[np.int64] | None:
        """The number of each block's first row; None where they come in order alone."""
        return self._table.starts

    @property
    def skipped(self) -> Any:
        """What the last pass left out."""
        return self._table.skipped

    @property
    def once(self) -> bool:
        """Whether it can be gone through one time alone."""
        return self._table.once

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield blocks as the table does.

        X is float64, shape (rows, n_0). y is int64 where all targets of a block are whole numbers,
        or true and false, as labels are; else it is float64. The loss says what it takes.

        Raises
        ------
        TypeOfDataError
            If a cell is no number, with its row.
        NonFiniteDataError
            If one is empty or infinite, with its row.
        """
        for block in self._table.blocks(numbers):
            X, y = self._of(block)
            _check_there(X, self.names, block)
            _check_there(y.reshape(len(y), -1), self._targets, block)
            yield Block(block.first, block.where, X, y.astype(np.int64) if _are_whole(y) else y)

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by."""
        return {**self._table.identity(), "target": self._targets}

    def _of(self, block: TableBlock) -> tuple[Array, Array]:
        read = read_columns(block.frame)
        typed = not self._table.separator
        X, y = (
            np.stack([_numbers(read[name.strip()], block, typed) for name in names], axis=1)
            for names in (self.names, self._targets)
        )
        return X, y[:, 0] if self._single else y


def _check_there(numbers: Array, names: Sequence[str], block: TableBlock) -> None:
    """Raise `NonFiniteDataError` for a value that is missing, or infinite."""
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        row, place = bad[0].tolist()
        value = numbers[row, place]
        held = "no value" if np.isnan(value) else f"{value}"
        raise NonFiniteDataError(
            f"{block.where}: column {names[place]!r} has {held} in row {block.first + row:,} (from "
            "0), and a network takes finite numbers alone: fill or drop such rows; "
            "cp.Model.fit(stream, target) takes missing values"
        )


def _are_whole(y: Array) -> bool:
    """Whether all are whole numbers that int64 and float64 hold alike; missing ones are not."""
    return bool(((y == np.rint(y)) & (np.abs(y) <= _EXACT)).all())


def _whole_numbers(name: str, block: TableBlock) -> Array | None:
    """Return a column of integers that are read as names, being beyond what float64 tells apart."""
    if isinstance(block.frame, PlainTable):
        return None
    import polars

    own = next(one for one in block.frame.columns if one.strip() == name)
    series = block.frame.get_column(own)
    if not series.dtype.is_integer():
        return None
    numbers: Array = series.cast(polars.Float64).to_numpy()
    return numbers


def _numbers(column: Column, block: TableBlock, typed: bool) -> Array:
    """Return a column as float64, NaN where a value is missing."""
    if column.kind == "number":
        return column.values
    if column.kind == "boolean":
        return np.where(column.values < 0, np.nan, column.values.astype(np.float64))
    failed = np.flatnonzero(~column.missing)
    if (
        column.kind == "text"
        and typed
        and (whole := _whole_numbers(column.name, block)) is not None
    ):
        return whole
    if column.kind == "text" and not typed:
        known = numbers_of(column.words, POINT, "")
        words = np.append(np.isnan(known) & ~among(column.words, MISSING), False)
        failed = np.flatnonzero(words[column.values])
        values = np.append(known, np.nan)[column.values]
    else:
        values = np.full(len(column.values), np.nan)
    if len(failed):
        row = int(failed[0])
        held = "a date" if column.kind == "date" else "no number"
        if column.kind == "text":
            held = f"{cut(column.words[column.values[row]])!r}"
        raise TypeOfDataError(
            f"{block.where}: column {column.name!r} has {held} in row {block.first + row:,} (from "
            "0), and a network takes numbers alone: cp.Model.fit(stream, target) encodes others"
        )
    return values
