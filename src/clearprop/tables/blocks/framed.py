"""A table that is in memory, as a source of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clearprop.streams.block import TableBlock
from clearprop.tables.blocks.skipped import Skipped


class FramedTable:
    """A polars frame or `PlainTable` as one block.

    Attributes
    ----------
    head : polars.DataFrame or PlainTable
        Its columns, without a row.
    """

    def __init__(self, frame: Any, where: str) -> None:
        self._block = TableBlock(0, where, frame)
        self.head = frame[:0]
        self.notes: list[str] = []
        self.skipped = Skipped()

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[TableBlock]:
        """Yield the whole table."""
        yield self._block
