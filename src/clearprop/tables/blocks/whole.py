"""Files that are read at once: workbooks, JSON, and standard input."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from clearprop.tables.blocks.pieces import ROWS, Piece, Skip
from clearprop.tables.sources import called
from clearprop.tables.table_files import read_table


class WholeFile:
    """A file of a kind that has no parts.

    Parameters
    ----------
    path, encoding, sheet
        As for `read_table`.
    most : int
        Rows of a piece.

    Raises
    ------
    FileMissingError, TableFileError, ColumnError, ArgumentError, MissingExtraError
        As `read_table` does.
    """

    can_seek = True

    def __init__(
        self, path: Path, encoding: str | None, sheet: str | None, most: int = ROWS
    ) -> None:
        cells = read_table(path, encoding=encoding, sheet=sheet)
        self.path, self._most = called(path), most
        self._frame = cells.frame
        self.head = cells.frame[:0]
        self.separator, self.typed = cells.separator, cells.typed
        self.notes = list(cells.notes)

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield the table in parts."""
        n = len(self._frame)
        for first in range(0, n, self._most):
            rows = slice(first, min(first + self._most, n))
            where = f"{self.path}, rows {first:,} to {rows.stop - 1:,}" if n > self._most else ""
            yield Piece(
                where or str(self.path), rows.stop - first, partial(self._frame.__getitem__, rows)
            )
