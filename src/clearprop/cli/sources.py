"""The table that a command is about: its files, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click

import clearprop as cp
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.blocks.framed import FramedTable
from clearprop.tables.kinds import STREAM, stem_of
from clearprop.tables.sources import called
from clearprop.tables.table_files import Cells, read_table


class Table(NamedTuple):
    """Files of one table, none where none was given; "-" is standard input.

    Attributes
    ----------
    files : tuple of Path
    encoding, sheet : str or None
        As for `Model.fit`.
    """

    files: tuple[Path, ...] = ()
    encoding: str | None = None
    sheet: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is a file."""
        return bool(self.files)

    @property
    def stem(self) -> str:
        """The name of the first file or folder, without endings: what results are called."""
        first = self.files[0]
        if first == STREAM:
            raise click.UsageError("Standard input has no name: say --out MODEL.")
        return first.resolve().name if first.is_dir() else stem_of(first)

    def cells(self) -> Cells:
        """Read the table as it stands in its files."""
        return read_table(list(self.files), encoding=self.encoding, sheet=self.sheet)

    def whole(self) -> dict[str, Any]:
        """Return the arguments of `Model.fit` that the table is read by."""
        return {"table": list(self.files), "encoding": self.encoding, "sheet": self.sheet}

    def stream(self, window: int, skip_bad: bool) -> cp.Stream:
        """Return the table as a stream, of which a window of rows is in memory at a time."""
        return cp.stream(
            list(self.files), window=window, skip_bad=skip_bad, encoding=self.encoding,
            sheet=self.sheet,
        )  # fmt: skip

    def blocks(self, model: cp.Model, skip_bad: bool) -> TableFiles | FramedTable:
        """Return what reads the table some rows at a time, as a model reads it."""
        source = TableFiles(
            list(self.files), encoding=self.encoding, sheet=self.sheet, skip_bad=skip_bad
        )
        if source.separator and model._encoding.missing_words is None:  # all its rows decide
            cells = self.cells()
            return FramedTable(cells.frame, str(self), model._as_read(cells))
        return source

    def read(self, model: cp.Model) -> Any:
        """Read the table as a model does."""
        return model.read(list(self.files), encoding=self.encoding, sheet=self.sheet)

    def __str__(self) -> str:
        first, *others = self.files
        return f"{called(first)} and {len(others)} more" if others else str(called(first))
