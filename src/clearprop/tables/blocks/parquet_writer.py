"""Parquet written a group of rows at a time: what polars writes of each, put behind one another."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from clearprop.tables.thrift import I16, I64, LIST, STRUCT, Listed, Reader, Struct, written

if TYPE_CHECKING:
    import polars as pl

MAGIC = b"PAR1"

_CHUNK_PLACES = (2, 4, 6)
"""Fields of a column's bytes that are places in the file: its own, and those of its indexes."""

_META_PLACES = (9, 10, 11, 14)
"""The same, of what is said of a column: pages, dictionary, filter."""


class ParquetWriter:
    """Writes a Parquet file, of which only the list of its groups is in memory.

    Parameters
    ----------
    write : callable
        Takes the bytes.

    Examples
    --------
    >>> import io
    >>> import polars as pl
    >>> file = io.BytesIO()
    >>> writer = ParquetWriter(file.write)
    >>> writer.add(pl.DataFrame({"x": [1, 2]}))
    >>> writer.add(pl.DataFrame({"x": [3]}))
    >>> writer.end()
    >>> pl.read_parquet(file.getvalue())["x"].to_list()
    [1, 2, 3]
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._footer: Struct = {}
        self._groups: list[Struct] = []
        self._at = 0
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Write rows as a group of their own; the first says what the columns are."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer, row_group_size=max(1, frame.height))
        content = buffer.getvalue()
        length = int.from_bytes(content[-8:-4], "little")
        footer = Reader(content[-8 - length : -8]).struct()
        if not self._footer:
            self._footer = footer
            self._put(MAGIC)
        shift = self._at - len(MAGIC)
        self._put(content[len(MAGIC) : -8 - length])
        self._rows += frame.height
        for group in footer[4][1].values:
            self._groups.append(_moved(group, shift, len(self._groups)))

    def end(self) -> None:
        """Write the list of the groups."""
        groups = (LIST, Listed(STRUCT, self._groups))
        end = written({**self._footer, 3: (I64, self._rows), 4: groups})
        self._put(end + len(end).to_bytes(4, "little") + MAGIC)

    def _put(self, content: bytes) -> None:
        self._write(content)
        self._at += len(content)


def _moved(group: Struct, shift: int, number: int) -> Struct:
    """Return what is said of a group of rows once its bytes stand elsewhere."""
    chunks = []
    for chunk in group[1][1].values:
        meta = _shifted(chunk[3][1], _META_PLACES, shift)
        chunks.append({**_shifted(chunk, _CHUNK_PLACES, shift), 3: (STRUCT, meta)})
    moved = {**_shifted(group, (5,), shift), 1: (LIST, Listed(STRUCT, chunks))}
    return {**moved, 7: (I16, number)} if 7 in group else moved


def _shifted(fields: Struct, places: tuple[int, ...], shift: int) -> Struct:
    moved = {
        key: (I64, fields[key][1] + shift) for key in places if key in fields and fields[key][1] > 0
    }
    return {**fields, **moved}
