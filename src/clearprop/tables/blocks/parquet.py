"""Parquet files in pieces: groups of rows, and parts of those that are too large to read whole.

polars decodes them. What it gets is a small Parquet file in memory, made of the bytes of some row
groups, or of the pages of one column: so it never sees more of a file than is read at once, and
what is damaged has a place.

https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearprop.errors import TableFileError
from clearprop.files.unchanged_file import UnchangedFile
from clearprop.tables.blocks.pieces import LARGE, ROWS, Piece, Skip
from clearprop.tables.kinds import check_kind
from clearprop.tables.memory import NUMBER
from clearprop.tables.several_files import Part, conformed
from clearprop.tables.table_files import read_binary
from clearprop.tables.thrift import BINARY, I32, I64, LIST, STRUCT, Listed, Reader, Struct
from clearprop.tables.thrift import written as thrift

if TYPE_CHECKING:
    import polars as pl

_MAGIC = b"PAR1"

_DAMAGED = (LookupError, TypeError, AttributeError, RecursionError, ValueError, OverflowError)
"""What reading a footer raises where it is not what it should be."""

_HEADER = 1 << 12
"""Bytes in which the header of a page mostly is."""

_REPEATED = 2


class _Chunk(NamedTuple):
    """The bytes of one column in a group of rows."""

    fields: Struct
    meta: Struct
    start: int
    size: int
    unpacked: int
    name: str
    is_flat: bool


class _Group(NamedTuple):
    number: int
    rows: int
    chunks: list[_Chunk]

    @property
    def unpacked(self) -> int:
        """Bytes that it takes in memory, about."""
        numbers = NUMBER // 2 * self.rows * len(self.chunks)
        return max(numbers, sum(chunk.unpacked for chunk in self.chunks))


class _Page(NamedTuple):
    start: int
    size: int
    unpacked: int
    first: int
    rows: int


class ParquetFile:
    """A Parquet file, of which the end is read, that says where its rows are.

    Parameters
    ----------
    path : Path
    most : int
        Rows of small groups that are read together, at most.

    Raises
    ------
    FileMissingError
        If there is none.
    TableFileError
        If it is no Parquet file, truncated, or its end is damaged.
    """

    separator = ""
    can_seek = True

    def __init__(self, path: Path, most: int = ROWS) -> None:
        self.path, self._most = path, most
        self._whole = UnchangedFile(path)
        self.notes: list[str] = []
        self._footer = self._read_footer()
        try:
            self._groups = [
                self._group(number, group)
                for number, group in enumerate(
                    self._footer[4][1].values if 4 in self._footer else []
                )
            ]
            empty = self._file([], b"", 0)
        except _DAMAGED:
            raise self._is_damaged() from None
        self.head = read_binary(empty, "Parquet", path)
        self._pages_of: tuple[int, list[list[_Page]]] = (-1, [])

    def _is_damaged(self) -> TableFileError:
        return TableFileError(
            f"{self.path} is damaged: what its last bytes say of its columns cannot be read"
        )

    def _read_footer(self) -> Struct:
        with self._whole.opened() as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(1024)
            if not start:
                raise TableFileError(f"{self.path} is empty")
            check_kind(start, "Parquet", self.path)
            file.seek(max(0, size - 8))
            end = file.read(8)
            length = int.from_bytes(end[:4], "little")
            if end[4:] != _MAGIC or length > size - 12:
                raise TableFileError(
                    f"{self.path} is truncated: it ends at byte {size:,}, without the list of "
                    "columns that ends a Parquet file; get it anew"
                )
            self._end = size - 8 - length
            file.seek(self._end)
            content = file.read(length)
        try:
            return Reader(content).struct()
        except _DAMAGED:
            raise self._is_damaged() from None

    def _group(self, number: int, group: Struct) -> _Group:
        rows = group[3][1]
        chunks = [self._chunk(number, chunk) for chunk in group[1][1].values]
        if rows < 0 or not all(chunk.size >= 0 for chunk in chunks):
            raise ValueError(rows)
        return _Group(number, rows, chunks)

    def _chunk(self, number: int, fields: Struct) -> _Chunk:
        meta = fields[3][1]
        path = [one.decode(errors="replace") for one in meta[3][1].values]
        starts = [meta[key][1] for key in (11, 9) if key in meta and meta[key][1] > 0]
        start, size = min(starts), meta[7][1]
        if start < len(_MAGIC) or size < 0 or start + size > self._end or 1 in fields:
            raise TableFileError(
                f"{self.path}, row group {number} is damaged: column {path[0]!r} is said to be at "
                f"byte {start:,}, which is none of the file's"
            )
        return _Chunk(fields, meta, start, size, meta[6][1], path[0], self._is_flat(path))

    def _is_flat(self, path: Sequence[str]) -> bool:
        """Whether a column has one value a row, so that its pages have rows."""
        if len(path) > 1:
            return False
        leaf = self._leaves[path[0]]
        return (3 not in leaf or leaf[3][1] != _REPEATED) and 5 not in leaf

    @cached_property
    def _leaves(self) -> dict[str, Struct]:
        elements = self._footer[2][1].values[1:]
        return {one[4][1].decode(errors="replace"): one for one in reversed(elements)}

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(group.rows for group in self._groups)

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield small groups together, others by themselves, and large ones in parts."""
        some: list[_Group] = []
        for group in self._groups:
            if not group.rows:
                continue
            together = [*some, group]
            is_much = sum(one.rows for one in together) > self._most
            if some and (is_much or sum(one.unpacked for one in together) > LARGE):
                yield self._piece(some)
                some = []
            if group.unpacked > LARGE and group.rows > 1 and all(c.is_flat for c in group.chunks):
                yield from self._parts(group)
            else:
                some.append(group)
        if some:
            yield self._piece(some)

    def _piece(self, groups: list[_Group]) -> Piece:
        first, last = groups[0].number, groups[-1].number
        called = f"row group {first}" if first == last else f"row groups {first} to {last}"
        where = f"{self.path}, {called}"
        finer = [self._piece([group]) for group in groups] if len(groups) > 1 else []
        rows = sum(group.rows for group in groups)
        return Piece(where, rows, partial(self._read, groups, where, rows), finer)

    def _parts(self, group: _Group) -> Iterator[Piece]:
        step = max(1, min(ROWS, group.rows * (LARGE // 4) // group.unpacked))
        for first in range(0, group.rows, step):
            last = min(first + step, group.rows)
            where = f"{self.path}, row group {group.number}, its rows {first:,} to {last - 1:,}"
            yield Piece(where, last - first, partial(self._read_part, group, first, last, where))

    def _read(self, groups: list[_Group], where: str, rows: int) -> pl.DataFrame:
        content = bytearray()
        listed: list[Struct] = []
        with self._whole.opened() as file:
            for group in groups:
                chunks = []
                for chunk in group.chunks:
                    at = len(_MAGIC) + len(content)
                    content += self._bytes(file, chunk.start, chunk.size, where)
                    chunks.append(_moved(chunk, at - chunk.start))
                columns = (LIST, Listed(STRUCT, chunks))
                fields: Struct = {1: columns, 2: (I64, group.unpacked), 3: (I64, group.rows)}
                listed.append(fields)
        frame = read_binary(self._file(listed, content, rows), "Parquet", where)
        if frame.height != rows:
            raise TableFileError(f"{where} is damaged: it has {frame.height:,} rows, not {rows:,}")
        return frame

    def _bytes(self, file: Any, start: int, size: int, where: str) -> bytes:
        try:
            file.seek(start)
            content: bytes = file.read(size)
        except OSError as error:
            raise TableFileError(f"{where} cannot be read: {error.strerror or error}") from error
        if len(content) < size:
            raise TableFileError(
                f"{where} is truncated: the file ends at byte {start + len(content):,} while it is "
                "read; was it replaced?"
            )
        return content

    def _file(self, groups: list[Struct], content: bytes | bytearray, rows: int) -> bytes:
        """Return a Parquet file with these groups of rows, whose bytes are `content`."""
        kept = {key: self._footer[key] for key in (1, 2, 5, 6, 7) if key in self._footer}
        listed: Struct = {3: (I64, rows), 4: (LIST, Listed(STRUCT, groups))}
        return _whole(content, kept | listed)

    def _read_part(self, group: _Group, first: int, last: int, where: str) -> pl.DataFrame:
        """Return some rows of a group, of which only the pages that have them are read."""
        import polars

        columns = []
        with self._whole.opened() as file:
            for place, chunk in enumerate(group.chunks):
                pages = self._pages(file, group, place)
                there = [p for p in pages if p.rows and p.first < last and first < p.first + p.rows]
                dictionary = [p for p in pages[:1] if not p.rows]
                called = f"{where}, column {chunk.name!r}"
                parts = [self._bytes(file, p.start, p.size, called) for p in dictionary + there]
                rows = sum(page.rows for page in there)
                unpacked = sum(page.unpacked for page in dictionary + there)
                content = self._column(chunk, parts, bool(dictionary), rows, unpacked)
                frame = read_binary(content, "Parquet", called)
                start = first - there[0].first
                columns.append(frame.to_series().slice(start, last - first))
        frame = polars.DataFrame({column.name: column for column in columns})
        if frame.height != last - first:
            raise TableFileError(f"{where} is damaged: it has {frame.height:,} rows")
        whole: pl.DataFrame = conformed(Part(self.path, frame, ""), self.head)
        return whole

    def _column(
        self, chunk: _Chunk, parts: list[bytes], has_dictionary: bool, rows: int, unpacked: int
    ) -> bytes:
        """Return a Parquet file with some pages of one column."""
        content = b"".join(parts)
        start = len(_MAGIC) + (len(parts[0]) if has_dictionary else 0)
        meta = {key: value for key, value in chunk.meta.items() if key in (1, 2, 3, 4)}
        meta |= {5: (I64, rows), 6: (I64, unpacked), 7: (I64, len(content)), 9: (I64, start)}
        if has_dictionary:
            meta[11] = (I64, len(_MAGIC))
        moved: Struct = {2: (I64, len(_MAGIC)), 3: (STRUCT, meta)}
        root = {**self._footer[2][1].values[0], 5: (I32, 1)}
        schema = Listed(STRUCT, [root, self._leaves[chunk.name]])
        group: Struct = {1: (LIST, Listed(STRUCT, [moved])), 2: (I64, unpacked), 3: (I64, rows)}
        footer: Struct = {
            1: self._footer[1], 2: (LIST, schema), 3: (I64, rows),
            4: (LIST, Listed(STRUCT, [group])), 6: (BINARY, b"clearprop"),
        }  # fmt: skip
        return _whole(content, footer)

    def _pages(self, file: Any, group: _Group, place: int) -> list[_Page]:
        """Return the pages of a column in a group; that of a dictionary has no rows.

        Those of one group are remembered.
        """
        number, known = self._pages_of
        if number != group.number:
            known = [[] for _ in group.chunks]
            self._pages_of = (group.number, known)
        if not known[place]:
            chunk = group.chunks[place]
            try:
                known[place] = list(_pages_in(file, chunk))
                told = sum(page.rows for page in known[place])
                if told != group.rows:
                    raise ValueError(told)
            except _DAMAGED:
                known[place] = []
                raise TableFileError(
                    f"{self.path}, row group {group.number}, column {chunk.name!r} is damaged: its "
                    f"pages, from byte {chunk.start:,} on, cannot be as large as they say"
                ) from None
        return known[place]


def _moved(chunk: _Chunk, shift: int) -> Struct:
    """Return what is said of a column's bytes once they stand elsewhere."""
    kept = [key for key in chunk.meta if key not in (10, 14, 15)]
    meta = {key: chunk.meta[key] for key in kept}
    for key in (9, 11):
        if key in meta and meta[key][1] > 0:
            meta[key] = (I64, meta[key][1] + shift)
    return {2: (I64, chunk.start + shift), 3: (STRUCT, meta)}


def _whole(content: bytes | bytearray, footer: Struct) -> bytes:
    end = thrift(footer)
    return b"".join((_MAGIC, content, end, len(end).to_bytes(4, "little"), _MAGIC))


def _pages_in(file: Any, chunk: _Chunk) -> Iterator[_Page]:
    at, first, end = chunk.start, 0, chunk.start + chunk.size
    while at < end:
        size = _HEADER
        while True:
            file.seek(at)
            reader = Reader(file.read(min(size, end - at)))
            try:
                header = reader.struct()
                break
            except IndexError:
                if size >= end - at:
                    raise
                size *= 16
        packed, rows = header[3][1], 0
        if 7 not in header:
            rows = header[5 if 5 in header else 8][1][1][1]
        if packed < 0 or rows < 0 or at + reader.at + packed > end:
            raise ValueError(packed)
        unpacked = reader.at + header[2][1]
        yield _Page(at, reader.at + packed, unpacked, first, rows)
        at += reader.at + packed
        first += rows
