"""What a caller gives of a table that is read in blocks: a stream, a LazyFrame, paths."""

from __future__ import annotations

from typing import Any, TypeGuard

from clearprop.checks.lazy import is_lazy
from clearprop.errors import ArgumentError, shown
from clearprop.streams.stream import Stream
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.blocks.framed import FramedTable
from clearprop.tables.blocks.lazy import LazyTable
from clearprop.tables.sources import is_source

TableSource = TableFiles | LazyTable


def is_blocks(table: object) -> TypeGuard[Stream]:
    """Whether a table is to be read some rows at a time."""
    return isinstance(table, Stream) or is_lazy(table)


def source_of(table: Any) -> TableSource | FramedTable:
    """Return what reads a stream of files, a LazyFrame, a path or several.

    Raises
    ------
    ArgumentError
        If it is none of these, such as a stream of numbers.
    FileMissingError, TableFileError, ColumnError
        If paths lead to no table.
    """
    if is_lazy(table):
        return LazyTable(table)
    if isinstance(table, TableSource | FramedTable):
        return table
    if is_source(table):
        return TableFiles(table)
    source: Any = table.source if isinstance(table, Stream) else None
    if isinstance(source, TableSource):
        return source
    what = "a stream of numbers" if isinstance(table, Stream) else shown(table)
    raise ArgumentError(f"the table is {what}; give a path, a cp.stream of one, or a LazyFrame")
