"""What a Parquet or Arrow file says of its size, read before anything in it is decoded.

Rows alone do not tell: a row may be a list of millions, a text of megabytes, or a structure of
thousands of fields, and zeros are packed to next to nothing.

The formats: https://parquet.apache.org/docs/file-format/metadata/ (Thrift's compact protocol) and
https://arrow.apache.org/docs/format/Columnar.html (FlatBuffers)
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import error as StructError
from struct import unpack_from
from typing import Any, NamedTuple

from clearprop.tables.thrift import Reader, plain


class Declared(NamedTuple):
    """Single values, those inside of lists and structures too, and their bytes, unpacked."""

    values: int
    size: int


def declared_size(content: bytes, kind: str) -> Declared:
    """Return what a "Parquet" or "Arrow" file says of its size.

    Raises
    ------
    ValueError
        If it does not say.
    """
    try:
        parts = [*(_of_parquet(content) if kind == "Parquet" else _of_arrow(content))]
    except (StructError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("what it says of its size is damaged") from None
    return Declared(sum(one.values for one in parts), sum(one.size for one in parts))


def _of_parquet(content: bytes) -> Iterator[Declared]:
    """Yield what each column of each group of rows has."""
    (length,) = unpack_from("<I", content, len(content) - 8)
    footer = plain(Reader(content[len(content) - 8 - length : -8]).struct())
    for group in footer.get(4, ()):
        for column in group[1]:
            _check_pages(content, column[3])
            yield Declared(column[3][5], column[3][6])


def _check_pages(content: bytes, column: dict[int, Any]) -> None:
    """Raise `ValueError` where a page says that it has more values than its column, or below none.

    polars takes memory for as many, and ends the process where there is no room.
    """
    values, dictionary, data = column[5], column.get(11), column[9]
    start = min(dictionary, data) if dictionary else data  # some writers say 0 where there is none
    pages = Reader(content, start)
    while pages.at < start + column[7]:
        page = plain(pages.struct())
        for kind, most in ((5, values), (7, max(values, page[2])), (8, values)):
            if not 0 <= page.get(kind, {1: 0})[1] <= most:
                raise ValueError("what a page says of its size is damaged")
        pages.skip(page[3])


def _of_arrow(content: bytes) -> Iterator[Declared]:
    """Yield what each batch of rows, and each batch of categories, has."""
    (length,) = unpack_from("<i", content, len(content) - 10)
    footer = FlatTable.root(content, len(content) - 10 - length)
    for field in (2, 3):  # dictionaries, batches of rows
        for block in footer.vector(field, 24):
            offset, of_metadata = unpack_from("<qi", content, block)
            mark = unpack_from("<I", content, offset)[0] == 0xFFFFFFFF  # older files have none
            batch = FlatTable.root(content, offset + (8 if mark else 4)).table(2)
            batch = batch.table(1) if field == 2 else batch
            yield of_batch(content, batch, offset + of_metadata)


def of_batch(content: bytes, batch: FlatTable, body: int) -> Declared:
    """Return what a batch of rows says of its size; its bytes are at `body` in `content`."""
    values = sum(unpack_from("<q", content, node)[0] for node in batch.vector(1, 16))
    size = 0
    for buffer in batch.vector(2, 16):
        start, packed = unpack_from("<qq", content, buffer)
        unpacked = -1
        if packed and batch.field(3) is not None:
            (unpacked,) = unpack_from("<q", content, body + start)
        size += packed if unpacked == -1 else unpacked
    return Declared(values, size)


class FlatTable(NamedTuple):
    """A table of FlatBuffers: where it is, and how its fields are found."""

    content: bytes
    at: int

    @classmethod
    def root(cls, content: bytes, start: int) -> FlatTable:
        """Return the outermost table of what begins at `start`."""
        return cls(content, start + unpack_from("<I", content, start)[0])

    def field(self, number: int) -> int | None:
        """Return where a field is, or None if it is not there."""
        known = self.at - unpack_from("<i", self.content, self.at)[0]
        if 4 + 2 * number >= unpack_from("<H", self.content, known)[0]:
            return None
        offset = unpack_from("<H", self.content, known + 4 + 2 * number)[0]
        return self.at + offset if offset else None

    def _pointed(self, number: int) -> int | None:
        at = self.field(number)
        return None if at is None else at + unpack_from("<I", self.content, at)[0]

    def table(self, number: int) -> FlatTable:
        """Return the table in a field."""
        at = self._pointed(number)
        if at is None:
            raise LookupError(number)
        return FlatTable(self.content, at)

    def vector(self, number: int, size: int) -> range:
        """Return where the elements of a vector are, `size` bytes each."""
        at = self._pointed(number)
        if at is None:
            return range(0)
        return range(at + 4, at + 4 + size * unpack_from("<I", self.content, at)[0], size)
