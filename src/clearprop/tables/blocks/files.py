"""A table in files that may be larger than memory: its rows in blocks, in the order of the files.

The columns, their types and the notes are those that `read_table` gives, which reads all at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import flag
from clearprop.errors import TableFileError
from clearprop.files.regular_file import open_regular
from clearprop.files.unchanged_file import ChangedFileError
from clearprop.streams.arrays import BLOCKS
from clearprop.streams.block import TableBlock
from clearprop.tables.blocks.arrow import ArrowFile
from clearprop.tables.blocks.parquet import ParquetFile
from clearprop.tables.blocks.pieces import ROWS, Piece, PiecewiseFile, Skip
from clearprop.tables.blocks.skipped import Skipped
from clearprop.tables.blocks.text import TextFile
from clearprop.tables.blocks.whole import WholeFile
from clearprop.tables.encodings import check_encoding
from clearprop.tables.kinds import STREAM, TEXTS, form_of
from clearprop.tables.several_files import Part, conformed, joined
from clearprop.tables.sources import Source, files_of
from clearprop.tables.table_files import check_asked, noted

_SAMPLE = 1 << 16
"""Bytes at the beginning, in the middle and at the end of a file that a checkpoint knows it by."""


class TableFiles:
    """The rows of a table in a file, several, or a folder of them: a `Source` of `TableBlock`.

    Parameters
    ----------
    source, encoding, sheet
        As for `read_table`. Parquet, Arrow (files and streams) and text, packed too, are read some
        rows at a time; others at once.
    skip_bad : bool
        Go on behind rows that cannot be read: groups of rows of Parquet, batches of Arrow, lines of
        text, what is behind the end of a truncated file, and whole files of several. `skipped`
        counts them. Otherwise they are an error.
    window : int, optional
        Rows that are shuffled together: then small groups, batches and lines are read together up
        to a part of it, as a window is to have rows of several places.

    Attributes
    ----------
    head : polars.DataFrame or PlainTable
        The columns and their types, which all blocks have; no row.
    separator : str
        Between the fields of text, whose cells are all text; "" in other files.
    typed : bool
        As of `Cells`.
    skipped : Skipped
        What the last whole pass left out.
    once : bool
        False: it can be gone through again.

    Raises
    ------
    FileMissingError, TableFileError, ColumnError, ArgumentError, MissingExtraError
        As `read_table` does; of a file's rows, once they are read.

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> path = Path(tempfile.mkdtemp()) / "two_rows.parquet"
    >>> pl.DataFrame({"x": [1.5, 2.5], "y": ["a", "b"]}).write_parquet(path)
    >>> [(block.first, block.where[-11:], block.rows) for block in TableFiles(path).blocks()]
    [(0, 'row group 0', 2)]
    """

    once = False

    def __init__(
        self,
        source: Source,
        *,
        encoding: str | None = None,
        sheet: str | None = None,
        skip_bad: bool = False,
        window: int | None = None,
    ) -> None:
        encoding = check_encoding(encoding)
        paths, self._notes = files_of(source)
        self._skip_bad = flag("skip_bad", skip_bad)
        self._most = ROWS if window is None else min(ROWS, max(1, window // BLOCKS))
        self._unopened = Skipped()
        self._files: list[PiecewiseFile] = []
        for path in paths:
            try:
                self._files.append(_opened(path, encoding, sheet, self._most))
            except TableFileError as error:
                if not self._skip_bad or len(paths) == 1:
                    raise
                self._unopened.add(str(error))
        if not self._files:
            first = self._unopened.first[0]
            raise TableFileError(f"none of {len(paths):,} files can be read: {first}")
        self.skipped = self._unopened.copy()
        self.head = joined([Part(one.path, one.head, one.separator) for one in self._files])
        self.separator = self._files[0].separator
        self.typed = not all(
            one.separator or (isinstance(one, WholeFile) and not one.typed) for one in self._files
        )

    @property
    def names(self) -> list[str]:
        """The columns of all blocks."""
        return list(self.head.columns)

    @property
    def notes(self) -> list[str]:
        """What to know of how it is read; all is known after a pass."""
        return noted([*self._notes, *(note for one in self._files for note in one.notes)])

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where nobody knows before they are read.

        Raises
        ------
        TableFileError
            If a pass is needed, and finds that they cannot be read.
        """
        if self.starts is None:
            return None
        return self._index[1]

    @cached_property
    def starts(self) -> NDArray[np.int64] | None:
        """The number of each block's first row; None where they can be read in order alone.

        Text has to be read once for them, and any file of which bad blocks are skipped.

        Raises
        ------
        TableFileError
            If that finds that rows cannot be read.
        """
        if not all(one.can_seek for one in self._files):
            return None
        sizes = [rows for _, _, rows in self._index[0]]
        return np.cumsum([0, *sizes[:-1]], dtype=np.int64)

    @cached_property
    def _index(self) -> tuple[list[tuple[PiecewiseFile, Piece, int]], int]:
        """Each piece that can be read, and its rows; and how many there are together."""
        found = []
        if not self._skip_bad and all(
            isinstance(one, ParquetFile | ArrowFile) for one in self._files
        ):
            for file in self._files:
                found += [(file, piece, int(piece.rows or 0)) for piece in file.pieces()]
        else:
            for file, piece, frame in self._read():
                found.append((file, piece.again or piece, len(frame)))
        total = sum(rows for _, _, rows in found)
        if not total:
            raise self._is_empty()
        return found, total

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[TableBlock]:
        """Yield blocks, none of them empty.

        Parameters
        ----------
        numbers : iterable of int, optional
            Which, and in which order; where there are `starts`. None: all, in order.

        Raises
        ------
        TableFileError
            If rows cannot be read, with file and position; if there is no row.
        ColumnError
            If a file has values in a column that its type in others does not hold.
        """
        if numbers is None:
            first = 0
            for file, piece, frame in self._read():
                yield TableBlock(first, piece.where, self._as_all(file, frame))
                first += len(frame)
            if not first:
                raise self._is_empty()
            return
        starts = self.starts
        assert starts is not None
        for number in numbers:
            file, piece, rows = self._index[0][number]
            frame = piece.read()
            if len(frame) != rows:
                raise TableFileError(
                    f"{piece.where} has {len(frame):,} rows, and had {rows:,} before: was the file "
                    "replaced while it is read?"
                )
            yield TableBlock(int(starts[number]), piece.where, self._as_all(file, frame))

    def identity(self) -> dict[str, Any]:
        """Return what a checkpoint knows it by: names, sizes and samples of the files."""
        samples = [_sample(one.path) for one in self._files]
        return {
            "file names": [one.path.name for one in self._files],
            "file sizes": [size for size, _ in samples],
            "file contents": [digest for _, digest in samples],
            "columns": self.names,
            "skip_bad": self._skip_bad,
            "rows of a block": self._most,  # the order of an epoch is that of blocks
        }

    def _as_all(self, file: PiecewiseFile, frame: Any) -> Any:
        return conformed(Part(file.path, frame, file.separator), self.head)

    def _read(self) -> Iterator[tuple[PiecewiseFile, Piece, Any]]:
        """Yield each piece that has rows, and these; a pass counts what it skips by itself."""
        skipped = self._unopened.copy()
        skip = skipped.add if self._skip_bad else None
        for file in self._files:
            for piece in file.pieces(skip):
                for one, frame in _read_piece(piece, skip):
                    if len(frame):
                        yield file, one, frame
        self.skipped = skipped

    def _is_empty(self) -> TableFileError:
        header = "" if self.typed else "a header but "
        names = ", ".join(str(one.path) for one in self._files[:3])
        if self.skipped:
            return TableFileError(f"{names} has no rows that can be read: {self.skipped}")
        return TableFileError(f"{names} has {header}no rows")


def _read_piece(piece: Piece, skip: Skip | None) -> Iterator[tuple[Piece, Any]]:
    try:
        frame = piece.read()
    except ChangedFileError:
        raise
    except TableFileError as error:
        for one in piece.finer:
            yield from _read_piece(one, skip)
        if skip is None:
            raise
        if not piece.finer:
            skip(str(error), piece.rows)
    else:
        yield piece, frame


def _opened(path: Path, encoding: str | None, sheet: str | None, most: int) -> PiecewiseFile:
    if path == STREAM:
        return WholeFile(path, encoding, sheet, most)
    try:
        form = form_of(path)
    except TableFileError:
        open_regular(path, TableFileError).close()
        raise
    if form.kind in TEXTS:
        check_asked(form.kind, path, encoding, sheet)
        return TextFile(path, form, encoding, most)
    if form.kind in ("Parquet", "Arrow") and not form.packing:
        check_asked(form.kind, path, encoding, sheet)
        return ParquetFile(path, most) if form.kind == "Parquet" else ArrowFile(path, most)
    return WholeFile(path, encoding, sheet, most)


def _sample(path: Path) -> tuple[int, str]:
    """Return the bytes of a file, and the SHA-256 of some of them."""
    sample = hashlib.sha256()
    with open_regular(path, TableFileError) as file:
        size = os.fstat(file.fileno()).st_size
        for start in (0, size // 2, max(0, size - _SAMPLE)):
            file.seek(start)
            sample.update(file.read(_SAMPLE))
    return size, sample.hexdigest()
