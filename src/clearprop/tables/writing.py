"""Tables that are written some rows at a time: text, JSON lines and Parquet as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clearprop.files.whole_file import PathLike, whole_file
from clearprop.tables.blocks.parquet_writer import ParquetWriter
from clearprop.tables.packing import packer_of
from clearprop.tables.sources import form_in
from clearprop.tables.table_files import WRITTEN, as_content, as_refusal, check_writer

Columns = Mapping[str, Any]


class TableWriter:
    """Writes a table to a file of the kind that a name says; the same bytes for the same rows.

    Workbooks, Arrow and JSON are one document: their rows are in memory until the end.

    Parameters
    ----------
    path : Path
        "-" is CSV.
    write : callable
        Takes the bytes.

    Attributes
    ----------
    rows : int
        How many were added.
    """

    def __init__(self, path: Path, write: Callable[[bytes], object]) -> None:
        check_writer(path)
        self.rows = 0
        self._path = path
        self._kind, packing = form_in(path)
        self._write = write
        self._packer = packer_of(packing, path)
        self._parquet = ParquetWriter(self._put) if self._kind == "Parquet" else None
        self._kept: list[dict[str, Any]] = []

    def add(self, columns: Columns) -> None:
        """Write some rows, whose columns have the names and types of those before.

        Raises
        ------
        TableFileError
            If such a file cannot hold them.
        """
        if self._kind in WRITTEN or self._kind == "JSON lines":
            self._put(as_content(columns, self._kind, self._path, header=not self.rows))
        elif self._parquet is not None:
            import polars

            with as_refusal(self._path, self._kind):
                self._parquet.add(polars.DataFrame(dict(columns)))
        else:
            self._kept.append(dict(columns))
        self.rows += len(next(iter(columns.values())))

    def end(self) -> None:
        """Write what stands behind the last row.

        Raises
        ------
        TableFileError
            If such a file cannot hold the rows.
        """
        if self._parquet is not None:
            self._parquet.end()
        elif self._kept:
            import polars

            whole = polars.concat([polars.DataFrame(one) for one in self._kept])
            self._put(as_content(whole.to_dict(), self._kind, self._path))
        self._write(self._packer.flush())

    def _put(self, content: bytes) -> None:
        self._write(self._packer.compress(content))


@contextmanager
def table_writer(path: PathLike) -> Iterator[TableWriter]:
    r"""Give what writes a table to a file, which is there whole in the end, or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written; what stood there stays.
    TableFileError, MissingExtraError
        As `check_writer` does, and if such a file cannot hold the columns.

    Examples
    --------
    >>> with table_writer("three.csv") as file:
    ...     file.add({"x": [1, 2]})
    ...     file.add({"x": [3]})
    >>> from pathlib import Path
    >>> Path("three.csv").read_text()
    'x\n1\n2\n3\n'
    """
    with whole_file(path) as file:
        writer = TableWriter(Path(path), file.write)
        yield writer
        writer.end()
