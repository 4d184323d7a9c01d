"""Messages of Arrow: what a stream, and a file but for its end, is made of.

https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from struct import error as StructError
from struct import unpack_from
from typing import IO, TYPE_CHECKING, NamedTuple

from clearprop.tables.declared_sizes import FlatTable, of_batch
from clearprop.tables.memory import NUMBER, check_room

if TYPE_CHECKING:
    import polars as pl

MARK = b"\xff\xff\xff\xff"
"""What a message begins with; in old files its length does."""

END = MARK + bytes(4)
"""What ends a stream."""

SCHEMA, CATEGORIES, ROWS = 1, 2, 3


class MessageError(ValueError):
    """What stands at a place is no message.

    Attributes
    ----------
    at : int
        The byte.
    is_cut : bool
        Whether the file ends before it does.
    """

    def __init__(self, at: int, is_cut: bool) -> None:
        super().__init__("it is truncated" if is_cut else f"no message of Arrow is at byte {at:,}")
        self.at, self.is_cut = at, is_cut


class Message(NamedTuple):
    """A message, and where it is.

    Attributes
    ----------
    kind : int
        `SCHEMA`, `CATEGORIES`, `ROWS`, or another.
    start, body, end : int
        Where it begins, where its values do, and where the next begins.
    rows : int
        Of `ROWS`.
    values : int
        Single values, those inside of lists and structures too.
    """

    kind: int
    start: int
    body: int
    end: int
    rows: int
    values: int


def messages(file: IO[bytes], start: int, end: int) -> Iterator[Message]:
    """Yield the messages of a file from one byte to another; their values are not read.

    Raises
    ------
    MessageError
        If something else is there, or the last one goes on beyond.
    """
    at = start
    while at < end:
        file.seek(at)
        head = file.read(min(8, end - at))
        marked = head[:4] == MARK
        prefix = 8 if marked else 4
        if len(head) < prefix:
            raise MessageError(at, is_cut=True)
        (length,) = unpack_from("<i", head, prefix - 4)
        if length == 0:
            return
        body = at + prefix + length
        if length < 0 or body > end:
            raise MessageError(at, is_cut=length > 0)
        one = message(file, at, prefix, body)
        if one.end > end:
            raise MessageError(at, is_cut=True)
        yield one
        at = one.end


def message(file: IO[bytes], start: int, prefix: int, body: int) -> Message:
    """Return a message by the bytes at which it and its values begin.

    Raises
    ------
    MessageError
        If something else is there.
    """
    file.seek(start + prefix)
    content = file.read(body - start - prefix)
    try:
        root = FlatTable.root(content, 0)
        kind, size = content[_there(root.field(1))], _whole(content, root.field(3))
        rows = values = 0
        if kind in (CATEGORIES, ROWS):
            batch = root.table(2)
            batch = batch.table(1) if kind == CATEGORIES else batch
            rows = _whole(content, batch.field(0))
            values = sum(_whole(content, one) for one in batch.vector(1, 16))
    except (StructError, LookupError, TypeError):
        raise MessageError(start, is_cut=False) from None
    if min(size, rows, values) < 0:
        raise MessageError(start, is_cut=False)
    return Message(kind, start, body, body + size, rows, values)


def _there(place: int | None) -> int:
    if place is None:
        raise LookupError
    return place


def _whole(content: bytes, place: int | None) -> int:
    value: int = 0 if place is None else unpack_from("<q", content, place)[0]
    return value


def read_stream(content: bytes, name: object, taken: int = 0) -> tuple[pl.DataFrame, int]:
    """Return the table in a stream, and the bytes that it says to have, if they have room.

    Raises
    ------
    ValueError, PolarsError
        If it is damaged.
    TableFileError
        If it takes too much memory; `name` is what messages call it, `taken` as for `check_room`.
    """
    import polars

    rows = values = size = 0
    for one in messages(io.BytesIO(content), 0, len(content)):
        if one.kind in (CATEGORIES, ROWS):
            prefix = 8 if content[one.start : one.start + 4] == MARK else 4
            try:
                batch = FlatTable.root(content, one.start + prefix).table(2)
                batch = batch.table(1) if one.kind == CATEGORIES else batch
                size += of_batch(content, batch, one.body).size
            except (StructError, LookupError):
                raise MessageError(one.start, is_cut=False) from None
            values += one.values
            rows += one.rows if one.kind == ROWS else 0
    most = max(values * NUMBER, 2 * size)
    check_room(name, rows, 1, most, taken)
    frame = polars.read_ipc_stream(io.BytesIO(content))
    if frame.height != rows:
        raise ValueError(f"it has {frame.height:,} rows, not {rows:,}")
    return frame, most
