"""A table that is in memory, as a source of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clearprop.streams.block import TableBlock
from clearprop.tables.blocks.skipped import Skipped


class FramedTable:
    """A polars frame or `PlainTable` as one block.

    Parameters
    ----------
    frame : polars.DataFrame or PlainTable
        As it stands in its file.
    where : str
        What messages call it.
    as_read : polars.DataFrame
        Its cells as a model of 0.1.0 reads them, which all rows decide together.

    Attributes
    ----------
    head : polars.DataFrame or PlainTable
        Its columns, without a row.
    """

    def __init__(self, frame: Any, where: str, as_read: Any) -> None:
        self.as_read = as_read
        self._block = TableBlock(0, where, frame)
        self.head = frame[:0]
        self.separator = ""
        self.notes: list[str] = []
        self.skipped = Skipped()

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[TableBlock]:
        """Yield the whole table."""
        yield self._block
