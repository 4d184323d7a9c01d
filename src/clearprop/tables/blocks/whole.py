"""Files that are read at once: workbooks, JSON, and standard input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clearprop.tables.blocks.pieces import Piece, Skip
from clearprop.tables.sources import called
from clearprop.tables.table_files import read_table


class WholeFile:
    """A file of a kind that has no parts.

    Raises
    ------
    FileMissingError, TableFileError, ColumnError, ArgumentError, MissingExtraError
        As `read_table` does.
    """

    can_seek = True

    def __init__(self, path: Path, encoding: str | None, sheet: str | None) -> None:
        cells = read_table(path, encoding=encoding, sheet=sheet)
        self.path = called(path)
        self._frame = cells.frame
        self.head = cells.frame[:0]
        self.separator, self.typed = cells.separator, cells.typed
        self.notes = list(cells.notes)

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield the whole table."""
        yield Piece(str(self.path), len(self._frame), lambda: self._frame)
