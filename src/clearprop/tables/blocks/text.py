"""Text files in pieces: CSV and TSV, packed too, cut where a row ends.

Each piece is read as a table of its own would be (`text_tables`), under the first line of the file,
so that its cells are those of the whole file, read at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from clearprop.errors import ClearpropError, TableFileError
from clearprop.files.unchanged_file import UnchangedFile
from clearprop.tables.blocks.pieces import ROWS, Piece, Skip
from clearprop.tables.encodings import (
    ANOTHER,
    GUESS,
    check_guess,
    check_no_zero,
    guess_note,
    has_utf8,
    marked,
    refuse,
)
from clearprop.tables.kinds import Form, check_kind, is_empty
from clearprop.tables.packing import unpacked
from clearprop.tables.table_files import said_of_fields
from clearprop.tables.text_tables import (
    column_names,
    complete_lines,
    lines_of,
    read_rows,
    separator_and_header,
    without_start,
)

CHUNK = 1 << 23
"""Bytes that are read at once, at most."""

_LEAST = 1 << 14
"""Bytes that are read at once, at least."""

_LONGEST = 1 << 28
"""Characters of a row, at most."""

_SEEKABLE = {
    codecs.lookup(name).name
    for name in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", GUESS)
}
"""Encodings in which a text can be read from any row on."""


class _Rows(NamedTuple):
    """Whole rows of a text, and how many lines of the file stand before them."""

    text: str
    line: int
    lines: int


class _Place(NamedTuple):
    """Where rows stand in a file, and how many lines before them."""

    start: int
    size: int
    line: int


class TextFile:
    """A text file, of which the first line is read.

    Parameters
    ----------
    path : Path
    form : Form
        What its name says that it is.
    encoding : str or None
        None: UTF-8, or what a byte-order mark says; else windows-1252, as `encodings` has it.
    most : int
        Rows of a piece, about, by the length of the first ones.

    Raises
    ------
    FileMissingError
        If there is none.
    TableFileError
        If it is empty, no text in the encoding, or cannot be unpacked.
    ColumnError
        If two columns have one name.
    """

    def __init__(self, path: Path, form: Form, encoding: str | None, most: int = ROWS) -> None:
        self.path, self._form, self._chunk = path, form, CHUNK
        self._file = UnchangedFile(path)
        self.notes: list[str] = []
        with self._opened() as stream:
            start = _read(stream, CHUNK)
        if is_empty(start):
            raise TableFileError(f"{path} is empty")
        check_kind(start, form.kind, path)
        self._is_asked = encoding is not None
        self._encoding, self._mark = (
            (encoding, _mark_of(encoding, start)) if encoding else marked(start)
        )
        whole = next(self._texts(), "")
        text, skipped, said = without_start(whole)
        if not text.strip(" \t\r\n\ufeff"):
            raise TableFileError(f"{path} is empty")
        self.separator, header, lines = separator_and_header(text, form.kind, path, skipped, said)
        self._names = column_names(header, path)
        of_header = sum(map(len, islice(lines_of(text), lines)))
        self._start = (len(whole) - len(text) + of_header, skipped + lines)
        top = text[:of_header]
        self.head = read_rows(top, self.separator, self._names, path, skipped)
        row = len(start) // (start.count(b"\n") or start.count(b"\r") or 1) + 1
        self._chunk = min(CHUNK, max(_LEAST, row * most))
        if form.kind == "text":
            self.notes.append(said_of_fields(path, self.separator, len(self._names)))

    @property
    def can_seek(self) -> bool:
        """Whether rows may be read without those before them."""
        return not self._form.packing and codecs.lookup(self._encoding).name in _SEEKABLE

    def pieces(self, skip: Skip | None = None) -> Iterator[Piece]:
        """Yield rows in order, about as many characters of them as bytes are read at once."""
        at, quiet = self._mark, None if skip is None else _nothing
        for rows in self._rows(skip):
            size = len(rows.text.encode(self._encoding)) if self.can_seek else 0
            if rows.lines and rows.line >= self._start[1] and rows.text.strip("\r\n"):
                where = f"{self.path}, lines {rows.line + 1:,} to {rows.line + rows.lines:,}"
                later = _Place(at, size, rows.line)
                again = Piece(where, None, partial(self._read_at, later, quiet))
                yield Piece(where, None, partial(self._parsed, rows, skip), again=again)
            at += size

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        with self._file.opened() as file:
            if self._form.packing:
                with unpacked(file, self._form.packing, self.path) as stream:
                    yield stream
                return
            try:
                yield file
            except ClearpropError:
                raise
            except OSError as error:
                reason = error.strerror or error
                raise TableFileError(f"{self.path} cannot be read: {reason}") from error

    def _rows(self, skip: Skip | None) -> Iterator[_Rows]:
        """Yield the text in parts of whole rows: first what ends with the header, then others."""
        characters, line = self._start
        texts = self._texts()
        waiting = next(texts, "")
        while len(waiting) < characters and (more := next(texts, "")):
            waiting += more
        yield _Rows(waiting[:characters], 0, line)
        waiting = waiting[characters:]
        enough = 0  # characters in which a whole row may be
        for text in self._as_far_as_whole(texts, skip):
            if text is not None and len(waiting) < enough:
                waiting += text
                continue
            taken, lines = complete_lines(waiting, self.separator)
            if text is None:  # what follows the last whole row may be cut anywhere
                waiting = waiting[:taken]
                break
            if taken:
                yield _Rows(waiting[:taken], line, lines)
                waiting, line = waiting[taken:], line + lines
            enough = 0 if taken else 2 * len(waiting)
            if not taken and len(waiting) > _LONGEST:
                raise TableFileError(
                    f"{self.path} line {line + 1} cannot be read: it is a row of more than "
                    f"{_LONGEST:,} characters (a quote that is not closed?)"
                )
            waiting += text
        while waiting:  # a piece is no larger, however much waited
            taken, lines = complete_lines(waiting, self.separator)
            if len(waiting) <= self._chunk or not taken:
                taken, lines = len(waiting), waiting.count("\n") + (not waiting.endswith("\n"))
            yield _Rows(waiting[:taken], line, lines)
            waiting, line = waiting[taken:], line + lines

    def _as_far_as_whole(self, texts: Iterator[str], skip: Skip | None) -> Iterator[str | None]:
        """Yield texts, and None behind what ends early in its packing, which is told then."""
        held = ""
        try:
            for text in texts:
                text, held = held + text, ""
                if text.endswith("\r"):  # a line may end with that, or with what follows too
                    text, held = text[:-1], "\r"
                yield text
        except TableFileError as error:
            if skip is None or "truncated" not in str(error):
                raise
            skip(str(error))
            yield held
            yield None
            return
        if held:
            yield held

    def _texts(self) -> Iterator[str]:
        """Yield the text without its mark, some of it at a time."""
        line = 0
        with self._opened() as stream:
            stream.read(self._mark)
            decoder = codecs.getincrementaldecoder(self._encoding)()
            while True:
                chunk = _read(stream, self._chunk)
                try:
                    text = decoder.decode(chunk, not chunk)
                except UnicodeDecodeError as error:
                    self._guess(error, line)
                    decoder = codecs.getincrementaldecoder(self._encoding)()
                    text = decoder.decode(error.object, not chunk)
                if self._is_asked and not line:
                    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
                check_no_zero(text, self.path, line)
                line += text.count("\n")
                if text:
                    yield text
                if not chunk:
                    return

    def _guess(self, error: UnicodeDecodeError, line: int) -> None:
        """Take the text for windows-1252 from now on, or raise what says why it is none.

        As all before was ASCII, it has been read so.
        """
        content, at = error.object, error.start
        if self._is_asked or self._mark or self._encoding == GUESS:
            advice = ANOTHER if self._is_asked else f"save it as {self._encoding}"
            refuse(content, at, self._encoding, self.path, advice, line)
        before = 0
        for lines in self._whole_lines():
            if has_utf8(lines):
                check_guess(content, at, self.path, line, rest_is_utf8=True)
            elif not lines.isascii():
                first = next(place for place, byte in enumerate(lines) if byte > 127)
                check_guess(lines, first, self.path, before)
            before += lines.count(b"\n")
        self.notes.append(guess_note(content, at, self.path, line))
        self._encoding = GUESS

    def _whole_lines(self) -> Iterator[bytes]:
        waiting = b""
        with self._opened() as stream:
            while chunk := _read(stream, CHUNK):
                waiting += chunk
                end = waiting.rfind(b"\n") + 1
                yield waiting[:end]
                waiting = waiting[end:]
        yield waiting

    def _parsed(self, rows: _Rows, skip: Skip | None = None) -> Any:
        """Return the table of some rows, under a header that every reader takes."""
        header = self.separator.join(f"c{place}" for place in range(len(self._names)))
        text = f"{header}\n{rows.text}"
        return read_rows(text, self.separator, self._names, self.path, rows.line - 1, skip)

    def _read_at(self, place: _Place, skip: Skip | None) -> Any:
        with self._opened() as stream:
            stream.seek(place.start)
            content = stream.read(place.size)
        if len(content) < place.size:
            end = place.start + len(content)
            raise TableFileError(
                f"{self.path} is truncated: it ends at byte {end:,}, in what was read from line "
                f"{place.line + 1:,} on before; was it replaced?"
            )
        try:
            text = content.decode(self._encoding)
        except UnicodeDecodeError as error:
            refuse(content, error.start, self._encoding, self.path, "was it replaced?", place.line)
        return self._parsed(_Rows(text, place.line, 0), skip)


def _mark_of(encoding: str, start: bytes) -> int:
    """Return the bytes of the mark before a text that may be read from any row on."""
    if codecs.lookup(encoding).name not in _SEEKABLE:
        return 0
    mark = "\N{ZERO WIDTH NO-BREAK SPACE}".encode(encoding, "ignore")  # windows-1252 has none
    return len(mark) if start.startswith(mark) else 0


def _nothing(_: str, rows: int | None = None, most: int | None = None, /) -> None:
    """Say nothing of what was said when it was read first."""


def _read(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes or those before the end; of what ends early, first what there is."""
    read, left = getattr(stream, "read1", stream.read), size
    parts: list[bytes] = []
    while left:
        try:
            part = read(left)
        except EOFError:
            if not parts:
                raise
            break
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
