"""Rows of a table in blocks, as a model reads them; what is to be said of them is gathered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Protocol

from clearprop.errors import TableWarning, TypeOfDataError
from clearprop.streams.block import TableBlock
from clearprop.tables.blocks.pieces import ROWS
from clearprop.tables.blocks.regrouped import regrouped
from clearprop.tables.blocks.skipped import Skipped
from clearprop.tables.cells import Unreadable
from clearprop.tables.columns import names_of, read_columns
from clearprop.tables.encoding import Encoding, Unusual
from clearprop.tables.other_marks import OtherMarks
from clearprop.tables.outputs import KnownRows
from clearprop.warned import warn


class Blocks(Protocol):
    """A source of a table's rows, and what is known of how it is read."""

    head: Any
    separator: str
    skipped: Skipped

    @property
    def notes(self) -> list[str]:
        """What to know of how it is read."""
        ...

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[TableBlock]:
        """Yield the rows in order."""
        ...


class KnownBlocks:
    """The rows of a source as a model reads them, a block of one size after the other.

    Iterating gives the frame of each block and its `KnownRows`. In the end a `TableWarning` says
    what of the files and of their cells could not be read, as it does of a table read at once.

    Parameters
    ----------
    encoding : Encoding
    source : Blocks
    unreadable : {"missing", "error"}
        As for `Model.predict`.
    as_read : polars.DataFrame, optional
        The whole table as a model of 0.1.0 reads it, where the source has it as it stands.

    Attributes
    ----------
    names : list of str
        The columns of the table.
    n : int
        How many rows there were.
    unusual : dict of str to Unusual
        What of each column is unlike training.

    Raises
    ------
    ColumnError
        If a column is missing.
    """

    def __init__(
        self, encoding: Encoding, source: Blocks, unreadable: str, as_read: Any = None
    ) -> None:
        self._as_read = as_read
        self.names = names_of(source.head)
        encoding.check_names(self.names)
        self._encoding, self._source, self._unreadable = encoding, source, unreadable
        self.n = 0
        self.unusual: dict[str, Unusual] = {}
        self._failed: dict[str, Unreadable] = {}

    def __iter__(self) -> Iterator[tuple[Any, KnownRows]]:
        self.n = 0
        self.unusual, self._failed = {}, {}
        said = list(self._source.notes)
        for note in said:
            warn(note, TableWarning)
        columns = {one.column for one in self._encoding.inputs}
        marks = OtherMarks(self._encoding, self._source.separator)
        for first, frame in regrouped(self._source.blocks(), ROWS):
            whole = self._as_read
            read = frame if whole is None else whole[first : first + len(frame)]
            raw = read_columns(read, columns)
            marks.add(raw)
            found, failed = self._encoding.read(raw, first)
            for one in failed:
                self._add(one, first)
            rows = KnownRows(found)
            for name, counts in self._encoding.unusual(rows).items():
                before = self.unusual.get(name, Unusual(0, 0, 0))
                self.unusual[name] = before + counts
            self.n += rows.n
            yield frame, rows
        for note in self._source.notes[len(said) :]:
            warn(note, TableWarning)
        for note in marks.notes():
            warn(note, TableWarning)
        for name in (one.column for one in self._encoding.inputs):
            if name in self._failed:
                warn(str(replace(self._failed[name], n=self.n)), TableWarning)
        if self._source.skipped:
            warn(str(self._source.skipped), TableWarning)

    def _add(self, cells: Unreadable, before: int) -> None:
        if self._unreadable == "error":
            cells = replace(cells, n=before + cells.n)
            raise TypeOfDataError(f"{cells}; mend them, or unreadable='missing'")
        known = self._failed.get(cells.column)
        self._failed[cells.column] = cells if known is None else known.joined(cells)
