"""Reading: the columns of a block of rows, as the sample has decided how their cells are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ColumnError, DataError
from clearprop.streams.block import TableBlock
from clearprop.tables.cells import Unreadable, read
from clearprop.tables.columns import Column, as_words, categories_of, check_finite, read_columns
from clearprop.tables.conventions import Read
from clearprop.tables.encoding import Input
from clearprop.tables.numerals import MISSING
from clearprop.tables.weights import WeightColumn

Array = NDArray[Any]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ReadRows:
    """Rows of a block as they are read.

    Attributes
    ----------
    columns : dict of str to Column
        The inputs.
    goal : Column
        The target.
    weights : ndarray, shape (n,), or None
        Of the weight column; 0 where there is no target.
    unreadable : list of Unreadable
        Cells that are no numbers or dates, by the rows of the block.
    """

    columns: dict[str, Column]
    goal: Column
    weights: Array | None
    unreadable: list[Unreadable]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where a target is, shape (n,)."""
        return ~self.goal.missing

    def take(self, rows: Rows) -> ReadRows:
        """Return some of the rows."""
        columns = {name: one.take(rows) for name, one in self.columns.items()}
        weights = None if self.weights is None else self.weights[rows]
        return ReadRows(columns, self.goal.take(rows), weights, self.unreadable)


@dataclass(frozen=True)
class Reader:
    """How rows are read.

    Attributes
    ----------
    target : str
    inputs : sequence of Input
    hows : mapping of str to Read
        Of the target and each input, what the sample has decided.
    words : collection of str
        What stands for a missing value, beside empty cells.
    weighing : WeightColumn or None
    """

    target: str
    inputs: Sequence[Input]
    hows: Mapping[str, Read]
    words: Collection[str]
    weighing: WeightColumn | None

    def read(self, frame: Any) -> ReadRows:
        """Return the rows of a frame as they are read.

        Raises
        ------
        DataError
            If it lacks a column, or one holds what cannot be read so.
        """
        wanted = {self.target, *(one.column for one in self.inputs)}
        if self.weighing is not None:
            wanted.add(self.weighing.name)
        raw = self._raw(frame, wanted)
        unreadable: list[Unreadable] = []
        columns = {}
        for one in self.inputs:
            column = self._as_decided(raw[one.column], unreadable)
            columns[one.column] = as_words(column) if one.kind == "category" else column
        goal = self._as_decided(raw[self.target], unreadable)
        weights = None
        if self.weighing is not None:
            rows = np.flatnonzero(~goal.missing)
            weights = np.zeros(len(goal.values))
            weights[rows] = self.weighing.of(raw[self.weighing.name], self.words, rows)
        return ReadRows(columns, goal, weights, unreadable)

    def _raw(self, frame: Any, wanted: Collection[str]) -> dict[str, Column]:
        """Return the columns as the frame has them; text that is categories, quickly."""
        import polars

        names = {name.strip(): name for name in frame.columns}
        lacking = sorted(set(wanted) - set(names))
        if lacking:
            raise ColumnError(f"the table lacks the column {lacking[0]!r}, which others have")
        found: dict[str, Column] = {}
        for name, how in self.hows.items():
            series = frame.get_column(names[name])
            if series.dtype == polars.String and how.kind in ("text", "category"):
                found[name] = categories_of(name, series)
        others = set(wanted) - set(found)
        return {**found, **(read_columns(frame, others) if others else {})}

    def _as_decided(self, column: Column, unreadable: list[Unreadable]) -> Column:
        how = self.hows[column.name]
        kind = "category" if how.kind == "text" else how.kind
        words = {*self.words, *MISSING} if kind == "boolean" else self.words
        found, failed = read(column, kind, how.reading, words)
        check_finite(found)
        if failed is not None:
            unreadable.append(failed)
        return found


@contextmanager
def located(block: TableBlock) -> Iterator[None]:
    """Say of an error where its rows are: within the block they are counted from 0."""
    try:
        yield
    except DataError as error:
        rows = f"rows {block.first:,} to {block.first + block.rows - 1:,}"
        raise type(error)(f"{block.where} ({rows}, which are 0 and on here): {error}") from None
