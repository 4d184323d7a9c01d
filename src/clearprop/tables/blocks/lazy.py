"""A polars LazyFrame, some rows at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop.errors import ShapeError, TableFileError
from clearprop.files.unchanged_file import ChangedFileError
from clearprop.streams.block import TableBlock
from clearprop.tables.blocks.pieces import ROWS
from clearprop.tables.blocks.skipped import Skipped

if TYPE_CHECKING:
    import polars as pl

WHERE = "the LazyFrame"


class LazyTable:
    """What a LazyFrame gives, computed anew in each pass: a `Source` of `TableBlock`.

    Its rows have to come in the same order each time, as those of files do, and those of a
    ``group_by`` or ``join`` do not unless it is told to keep their order: else other rows would be
    put aside in each pass. Whole passes are compared by all their cells but fractions, whose last
    bits a plan may compute otherwise each time.

    Parameters
    ----------
    frame : polars.LazyFrame

    Attributes
    ----------
    head : polars.DataFrame
        The columns and their types; no row.
    rows, starts : None
        Nobody knows them before a pass.
    once : bool
        False: it can be gone through again.

    Raises
    ------
    TableFileError
        If polars cannot tell its columns.

    Examples
    --------
    >>> import polars as pl
    >>> table = LazyTable(pl.LazyFrame({"x": [1, 2]}).filter(pl.col("x") > 1))
    >>> [(block.first, block.where, block.rows) for block in table.blocks()]
    [(0, 'the LazyFrame, rows 0 to 0', 1)]
    """

    rows = None
    starts = None
    once = False
    separator = ""
    typed = True

    def __init__(self, frame: pl.LazyFrame) -> None:
        self._frame = frame
        self.notes: list[str] = []
        self.skipped = Skipped()
        self._seen: tuple[int, int] | None = None  # rows of a whole pass, and a sum of them
        try:
            self.head = frame.collect_schema().to_frame()
        except BaseException as error:
            raise _known(error) from error

    @property
    def names(self) -> list[str]:
        """The columns of all blocks."""
        return list(self.head.columns)

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[TableBlock]:
        """Yield blocks in order, none of them empty.

        Raises
        ------
        TableFileError
            If polars fails.
        ChangedFileError
            At the end, if the rows are others than in the last whole pass, or in another order.
        ShapeError
            If there is no row.
        """
        first = total = 0
        frames = self._frames()
        try:
            while (frame := _next(frames, first)) is not None:
                if frame.height:
                    total = (total + _sum(frame, first)) % 2**64
                    where = f"{WHERE}, rows {first:,} to {first + frame.height - 1:,}"
                    yield TableBlock(first, where, frame)
                    first += frame.height
        finally:
            frames.close()
        if not first:
            raise ShapeError("the LazyFrame has no rows")
        seen, self._seen = self._seen, (first, total)
        if seen is not None and seen[0] == first and seen[1] != total:
            raise ChangedFileError(
                f"{WHERE} gave its rows in another order than before, or others: keep their order "
                "in its plan (maintain_order=True, maintain_order='left', sort), and its files as "
                "they are"
            )

    def _frames(self) -> Generator[pl.DataFrame]:
        if not hasattr(self._frame, "collect_batches"):  # polars before 1.34
            first = 0
            while (frame := self._frame.slice(first, ROWS).collect()).height:
                yield frame
                first += frame.height
            return
        batches = self._frame.collect_batches(chunk_size=ROWS, maintain_order=True)
        try:
            yield from batches
        finally:  # polars would compute the rest, which nobody asks for anymore
            getattr(batches, "stop", lambda: None)()

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by: columns, types, and the SHA-256 of all rows.

        By a pass, as nothing else says what a plan gives: files and frames may be others, and have
        other places on another machine.

        Raises
        ------
        TableFileError, ShapeError
            As from `blocks`.
        """
        digest, rows = hashlib.sha256(), 0
        for block in self.blocks():
            rows += block.rows
            # Lines of rows, as nothing of them depends on where blocks are cut.
            digest.update(_plain(block.frame).write_ndjson().encode())
        types = {name: str(dtype) for name, dtype in self.head.schema.items()}
        return {"columns": types, "number of rows": rows, "cells": digest.hexdigest()}


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that something can be learned from; others are left out of models."""
    from polars import selectors

    return frame.select(~(selectors.nested() | selectors.binary() | selectors.object()))


def _sum(frame: pl.DataFrame, first: int) -> int:
    """Return a sum over the rows of a frame that depends on their cells and their numbers."""
    from polars import selectors

    exact = _plain(frame).select(~(selectors.float() | selectors.categorical()))
    if not exact.width:
        return 0
    rows = np.arange(first, first + len(exact), dtype=np.uint64)
    return int((exact.hash_rows(seed=0).to_numpy() * (2 * rows + 1)).sum())


def _next(frames: Generator[pl.DataFrame], row: int) -> pl.DataFrame | None:
    try:
        return next(frames, None)
    except BaseException as error:
        raise _known(error, row) from error


def _known(error: BaseException, row: int | None = None) -> BaseException:
    """Return a named error for what polars raises."""
    import polars

    is_panic = type(error).__name__ == "PanicException"  # which is no Exception
    if not (isinstance(error, polars.exceptions.PolarsError | OSError | ValueError) or is_panic):
        return error
    reason = str(error).strip().partition("\n")[0]
    where = "" if row is None else f" behind its first {row:,} rows"
    return TableFileError(f"{WHERE} cannot be computed{where}: {reason}")
