"""Arrow files and streams in pieces: the batches of rows that they are written in.

Some batches are read as a small file or stream of their own: the columns' types, the categories,
and they. So what is damaged has a place, and what is truncated is there as far as it goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from struct import error as StructError
from struct import pack_into, unpack_from
from typing import IO, TYPE_CHECKING

from clearprop.errors import TableFileError
from clearprop.files.unchanged_file import UnchangedFile
from clearprop.tables.arrow_messages import (
    CATEGORIES,
    END,
    MARK,
    SCHEMA,
    Message,
    MessageError,
    message,
    messages,
)
from clearprop.tables.arrow_messages import ROWS as OF_ROWS
from clearprop.tables.blocks.pieces import LARGE, ROWS, Piece, Skip
from clearprop.tables.declared_sizes import FlatTable
from clearprop.tables.kinds import check_kind
from clearprop.tables.memory import NUMBER
from clearprop.tables.table_files import read_binary

if TYPE_CHECKING:
    import polars as pl

_MAGIC = b"ARROW1"

_START = _MAGIC + bytes(2)

_LONGEST = 1 << 20
"""Bytes in which what says the columns is looked for."""

_BLOCK = 24
"""Bytes that a file's list has of a batch."""


class ArrowFile:
    """An Arrow file or stream, of which it is known where its batches are.

    Parameters
    ----------
    path : Path
    most : int
        Rows of small batches that are read together, at most.

    Raises
    ------
    FileMissingError
        If there is none.
    TableFileError
        If it is none of Arrow, or does not say its columns.
    """

    separator = ""
    can_seek = True

    def __init__(self, path: Path, most: int = ROWS) -> None:
        self.path, self._most = path, most
        self._file = UnchangedFile(path)
        self.notes: list[str] = []
        self._schema: Message | None = None
        self._is_bare = False  # the schema, of its length
        self._known: list[Message] = []  # dictionaries of categories
        self._batches: list[tuple[int, Message | None]] = []  # behind how many; None: damaged
        self._footer = b""
        self._cut = ""
        self._kept: tuple[str, pl.DataFrame] | None = None
        with self._file.opened() as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(1024)
            if not start:
                raise TableFileError(f"{path} is empty")
            check_kind(start, "Arrow", path)
            if start.startswith(_MAGIC):
                self._find_listed(file, size)
            else:
                self._find(file, 0, size)
        if not self._footer and self._schema is None:
            raise TableFileError(self._cut or f"{path} is damaged: it does not say its columns")
        self.head = read_binary(self._content([]), "Arrow", path)

    def _find_listed(self, file: IO[bytes], size: int) -> None:
        """Find the batches of a file, which ends with a list of them."""
        file.seek(max(0, size - 10))
        last = file.read(10)
        if last[4:] != _MAGIC:
            self._find(file, self._bare_schema(file) or len(_START), size)  # as far as it goes
            self._cut = (
                f"{self.path} is truncated: it ends at byte {size:,}, without the list of batches "
                f"that ends an Arrow file; whole batches that are there: {len(self._batches):,}"
            )
            return
        try:
            (length,) = unpack_from("<i", last)
            end = size - 10 - length
            if length < 0 or end < len(_START):
                raise LookupError(length)
            file.seek(end)
            self._footer = file.read(length)
            listed = FlatTable.root(self._footer, 0)
            blocks = [
                [_block(self._footer, at) for at in listed.vector(field, _BLOCK)]
                for field in (2, 3)
            ]
            self._known = [_listed(file, block, end) for block in blocks[0]]
        except (StructError, LookupError, TypeError, MessageError):
            raise TableFileError(
                f"{self.path} is damaged: what its last bytes say of its batches cannot be read"
            ) from None
        for block in blocks[1]:
            try:
                self._batches.append((len(self._known), _listed(file, block, end)))
            except MessageError:
                self._batches.append((len(self._known), None))

    def _bare_schema(self, file: IO[bytes]) -> int:
        """Find what says the columns as polars writes it, its length not before it.

        Returns where it ends, or 0: there it is as the format has it.
        """
        file.seek(0)
        content = file.read(_LONGEST)
        at = content.find(MARK, len(_START))
        while at > len(_START):  # an end that begins with one is no schema's
            try:
                found = message(file, len(_START), 0, at)
                next(messages(file, at, os.fstat(file.fileno()).st_size))
            except (MessageError, StopIteration):
                at = content.find(MARK, at + 4)
                continue
            if found.kind == SCHEMA:
                self._schema, self._is_bare = found, True
                return at
            return 0
        return 0

    def _find(self, file: IO[bytes], start: int, size: int) -> None:
        """Find the batches of a stream."""
        try:
            for one in messages(file, start, size):
                if one.kind == SCHEMA:
                    self._schema = one
                elif one.kind == CATEGORIES:
                    self._known.append(one)
                elif one.kind == OF_ROWS:
                    self._batches.append((len(self._known), one))
        except MessageError as error:
            number = len(self._batches)
            how = (
                f"truncated: it ends at byte {size:,}, within batch {number}"
                if error.is_cut
                else f"damaged at byte {error.at:,}, behind {number:,} batches"
            )
            self._cut = f"{self.path} is {how}; what stands before can be read"

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield small batches together, others by themselves, and large ones in parts.

        Raises
        ------
        TableFileError
            If it is truncated or damaged, and nothing is told of it.
        """
        if self._cut and skip is None:
            raise TableFileError(self._cut)
        some: list[int] = []
        rows = size = 0
        for number, (_, batch) in enumerate(self._batches):
            if batch is None:
                damaged = f"{self.path}, batch {number} is damaged: its beginning cannot be read"
                if skip is None:
                    raise TableFileError(damaged)
                skip(damaged)
                continue
            if some and (rows + batch.rows > self._most or size + _size(batch) > LARGE):
                yield from self._pieces_of(some, rows)
                some, rows, size = [], 0, 0
            if batch.rows:
                some.append(number)
                rows, size = rows + batch.rows, size + _size(batch)
        if some:
            yield from self._pieces_of(some, rows)
        if self._cut and skip is not None:
            skip(self._cut)

    def _pieces_of(self, numbers: list[int], rows: int) -> Iterator[Piece]:
        first, last = numbers[0], numbers[-1]
        called = f"batch {first}" if first == last else f"batches {first} to {last}"
        where = f"{self.path}, {called}"
        read = partial(self._read, numbers, where, rows)
        if first != last:
            finer = [one for n in numbers for one in self._pieces_of([n], self._rows(n))]
            yield Piece(where, rows, read, finer)
        elif rows <= 2 * ROWS:
            yield Piece(where, rows, read)
        else:
            for start in range(0, rows, ROWS):
                length = min(ROWS, rows - start)
                part = f"{where}, its rows {start:,} to {start + length - 1:,}"
                yield Piece(part, length, partial(self._part, where, read, start, length))

    def _rows(self, number: int) -> int:
        batch = self._batches[number][1]
        return batch.rows if batch else 0

    def _part(self, where: str, read: partial[pl.DataFrame], start: int, rows: int) -> pl.DataFrame:
        """Return some rows of a batch, which is kept as long as others of it are read."""
        kept = self._kept  # several passes may go on at once, each by the batch that it has
        if kept is None or kept[0] != where:
            kept = self._kept = None
            kept = self._kept = (where, read())
        return kept[1].slice(start, rows)

    def _read(self, numbers: list[int], where: str, rows: int) -> pl.DataFrame:
        try:
            frame = read_binary(self._content(numbers), "Arrow", where)
        except TableFileError as error:
            if self._cut and "Dictionary" in str(error):
                raise TableFileError(
                    f"{where} cannot be read: its categories stand at the end of the file, which "
                    "is cut off"
                ) from None
            raise
        if frame.height != rows:
            raise TableFileError(f"{where} is damaged: it has {frame.height:,} rows, not {rows:,}")
        return frame

    def _content(self, numbers: Sequence[int]) -> bytes:
        """Return a file with some batches, or a stream of them."""
        batches = [self._batches[number] for number in numbers]
        there = [one for _, one in batches if one is not None]
        known = self._known
        if not self._footer:
            known = known[: max([0, *(before for before, _ in batches)])]
        parts = [*known, *there]
        if self._schema is not None:
            parts = [self._schema, *sorted(parts, key=lambda one: one.start)]
        with self._file.opened() as file:
            content = [_bytes(file, one) for one in parts]
        if self._is_bare:
            content[0] = MARK + len(content[0]).to_bytes(4, "little") + content[0]
        if not self._footer:
            return b"".join([*content, END])
        return _as_file(self._footer, content, known, there)


def _as_file(
    footer: bytes, content: list[bytes], known: list[Message], batches: list[Message]
) -> bytes:
    """Return a file of some messages: its end lists them, and else what the whole file's does."""
    end = bytearray(footer)
    table = FlatTable.root(footer, 0)
    at, parts = len(_START), iter(content)
    for field, some in ((2, known), (3, batches)):
        places = table.vector(field, _BLOCK)
        if places:
            pack_into("<I", end, places.start - 4, len(some))
        for place, one in zip(places, some, strict=False):
            pack_into("<q", end, place, at)
            pack_into("<i", end, place + 8, one.body - one.start)
            pack_into("<q", end, place + 16, one.end - one.body)
            at += len(next(parts))
    return b"".join([_START, *content, END, end, len(end).to_bytes(4, "little"), _MAGIC])


def _listed(file: IO[bytes], block: tuple[int, int, int], end: int) -> Message:
    """Return a message that a file's list has, by its place and its sizes."""
    start, of_head, of_body = block
    body = start + of_head
    if start < len(_START) or of_head < 8 or of_body < 0 or body + of_body > end:
        raise MessageError(start, is_cut=False)
    file.seek(start)
    prefix = 8 if file.read(4) == MARK else 4
    found = message(file, start, prefix, body)
    return found._replace(end=body + of_body)


def _block(footer: bytes, at: int) -> tuple[int, int, int]:
    start, of_head, of_body = unpack_from("<qi4xq", footer, at)
    return start, of_head, of_body


def _bytes(file: IO[bytes], one: Message) -> bytes:
    file.seek(one.start)
    return file.read(one.end - one.start)


def _size(batch: Message) -> int:
    return max(batch.end - batch.body, batch.values * NUMBER)
