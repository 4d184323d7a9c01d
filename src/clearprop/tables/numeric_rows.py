"""Numeric rows: columns of numbers of a table in blocks, as a network takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import TypeOfDataError
from clearprop.streams.block import Block, TableBlock
from clearprop.streams.source import Tables
from clearprop.tables.target import check_target_name
from clearprop.tables.text import cut

Array = NDArray[Any]


class NumericRows:
    """The rows of a table whose columns are numbers: a `Source` of `Block`.

    Parameters
    ----------
    tables : Source
        Of the table's rows.
    target : str or list of str
        The columns that are to be predicted; X is all others, in their order.

    Raises
    ------
    ColumnError
        If there is no such column.
    """

    def __init__(self, tables: Tables, target: str | list[str]) -> None:
        self._tables, self._target = tables, target
        there = list(tables.names or [])
        wanted = [target] if isinstance(target, str) else target
        for name in wanted:
            check_target_name(name, there)
        self.names = [name for name in there if name not in wanted]
        self.once = tables.once

    @property
    def rows(self) -> int | None:
        """How many rows there are, where somebody has counted them."""
        return self._tables.rows

    @property
    def starts(self) -> NDArray[np.int64] | None:
        """The number of each block's first row."""
        return self._tables.starts

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[Block]:
        """Yield the blocks; see `Source`.

        Raises
        ------
        TypeOfDataError
            If a column holds what is no number, with its place.
        """
        for block in self._tables.blocks(numbers):
            X = [_numbers(block, name) for name in self.names]
            if isinstance(self._target, str):
                y = _numbers(block, self._target)
            else:
                y = np.stack([_numbers(block, name) for name in self._target], axis=1)
            yield Block(block.first, block.where, np.stack(X, axis=1), y)

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by."""
        return {**self._tables.identity(), "target": self._target}


def _numbers(block: TableBlock, name: str) -> Array:
    """Return a column as numbers, NaN where it is empty; whole numbers stay so."""
    import polars

    series = block.frame.get_column(name)
    if series.dtype.is_integer() and not series.null_count():
        return np.asarray(series.to_numpy())
    if series.dtype.is_numeric() or series.dtype == polars.Boolean:
        return np.asarray(series.cast(polars.Float64).to_numpy())
    if series.dtype == polars.String:
        texts = series.str.strip_chars()
        read = texts.cast(polars.Float64, strict=False)
        wrong = (read.is_null() & texts.is_not_null() & (texts != "")).arg_max()
        if wrong is None or read[wrong] is not None or texts[wrong] in (None, ""):
            return np.asarray(read.to_numpy())
        row = block.first + wrong
        found = f"{cut(texts[wrong])!r} in row {row} (from 0)"
    else:
        found = str(series.dtype)
    raise TypeOfDataError(
        f"{block.where}: column {name!r} holds {found}, no numbers: cp.Model.fit and "
        "TableClassifier encode what is none"
    )
