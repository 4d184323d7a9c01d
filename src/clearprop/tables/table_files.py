"""Table files in and out: text, Excel, Parquet, Arrow and JSON, by the endings of their names."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearprop.errors import ArgumentError, ClearpropError, TableFileError, missing_extra, shown
from clearprop.files.whole_file import write_whole
from clearprop.tables.arrow_messages import MARK, read_stream
from clearprop.tables.declared_sizes import declared_size
from clearprop.tables.encodings import check_encoding, decode
from clearprop.tables.json_columns import (
    key_twice,
    rows_of_columns,
    said_twice,
    what_is_no_json,
    what_is_no_row,
)
from clearprop.tables.kinds import BINARY, STREAM, TEXTS, PathLike, check_kind, is_empty
from clearprop.tables.memory import INNER, NUMBER, TEXT, check_room
from clearprop.tables.packing import check_packing, pack
from clearprop.tables.plain_table import PlainTable, csv_of, header_of, polars_if_there
from clearprop.tables.several_files import Part, joined
from clearprop.tables.sources import Source, bytes_of, called, files_of, form_in
from clearprop.tables.text_tables import read_text
from clearprop.tables.workbooks import check_workbook_writer, read_workbook, write_workbook

if TYPE_CHECKING:
    import polars as pl

NOTED = 8
"""Notes on the files of one table that are told."""

_INNER = re.compile(r"[:,\[]\s*+\{")
_KEY = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+:\s*+(null\b)?')

WRITTEN = {"CSV": ",", "TSV": "\t", "text": "\t"}
"""Between the fields of text that is written."""

_BETWEEN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class Cells(NamedTuple):
    """The table in a file, or in several.

    Attributes
    ----------
    frame : polars.DataFrame or PlainTable
        The latter of text, where polars is not installed.
    separator : str
        Between the fields of text, whose cells are all text; "" in other files.
    typed : bool
        Whether what is text in it is so on purpose, not as somebody typed it: of a Parquet, Arrow
        or JSON file.
    notes : tuple of str
        What to know of how it was read.
    """

    frame: pl.DataFrame | PlainTable
    separator: str
    typed: bool
    notes: tuple[str, ...] = ()


def read_table(source: Source, *, encoding: str | None = None, sheet: str | None = None) -> Cells:
    """Return the table in a file or in several, and how its cells are to be understood.

    Parameters
    ----------
    source : path, or list of paths
        The ending says what a file is: .csv, .tsv, .txt, .xlsx, .parquet (.pq), .arrow (.feather,
        .ipc), .jsonl (.ndjson), .json (a list of objects, lines of them, or columns), each also
        packed, as .csv.gz or .csv.zst. Between the fields of a .csv or .txt are commas, semicolons,
        tabs or bars, as a first line such as "sep=;" says. A folder is all tables in it, by name.
        "-" is standard input. Files of one table have the same columns, in any order.
    encoding : str, optional
        What the text is in. None: UTF-8, or what a byte-order mark says; else windows-1252, if
        nothing speaks against it, which a note says.
    sheet : str, optional
        Which sheet of a workbook; None: the first with a header.

    Raises
    ------
    FileMissingError
        If there is no such file.
    TableFileError
        If it is empty, has no rows, is not what its ending says, is not text in the encoding, is
        truncated, would take too much memory, or has a line with too few or too many fields.
    ColumnError
        If two columns have one name, or files of one table have other columns or types.
    ArgumentError
        If the encoding or the sheet is not known, or files have none; if a file is given twice.
    MissingExtraError
        If a file is none of text and polars (the extra `tables`), or what reads workbooks
        (`excel`), is not installed.
    """
    encoding = check_encoding(encoding)
    if not isinstance(sheet, str | None):
        raise ArgumentError(f"sheet is {shown(sheet)}; give a sheet's name")
    paths, notes = files_of(source)
    parts: list[Part] = []
    taken, typed = 0, False
    for path in paths:
        kind, content = bytes_of(path, taken)
        path = called(path)
        if is_empty(content):
            raise TableFileError(f"{path} is empty")
        check_kind(content, kind, path)
        check_asked(kind, path, encoding, sheet)
        frame, separator, said, size = _read(content, kind, path, encoding, sheet, taken)
        parts.append(Part(path, frame, separator))
        typed |= kind not in (*TEXTS, "Excel")
        taken += size
        notes += said
    frame = joined(parts)
    if frame.height == 0:
        header = "" if typed else "a header but "
        names = ", ".join(str(part.path) for part in parts[:3])
        raise TableFileError(f"{names} has {header}no rows")
    return Cells(frame, parts[0].separator, typed, tuple(noted(notes)))


def noted(notes: Sequence[str]) -> list[str]:
    """Return notes, of which many are counted only."""
    if len(notes) <= NOTED:
        return [*notes]
    others = f"{len(notes) - NOTED:,} more notes, on other files, are left out"
    return [*notes[:NOTED], others]


def check_asked(kind: str, path: Path, encoding: str | None, sheet: str | None) -> None:
    """Raise `ArgumentError` if something is said that the file has none of."""
    if sheet is not None and kind != "Excel":
        raise ArgumentError(f"sheet is of a workbook, and {path} is {kind}: leave it out")
    if encoding is not None and kind in BINARY:
        raise ArgumentError(f"encoding is of text, and {path} is {kind}: leave it out")


def write_table(columns: Mapping[str, Any], path: PathLike) -> None:
    """Write columns to a file of the kind its ending says, whole or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written; what stood there stays.
    TableFileError
        If the ending is not known, or such a file cannot hold the columns.
    MissingExtraError
        If polars (the extra `tables`), of which text has no need, or what writes workbooks
        (`excel`) is not installed.
    """
    write_whole(path, as_bytes(columns, Path(path)))


def as_bytes(columns: Mapping[str, Any], path: Path = STREAM) -> bytes:
    """Return columns as the content of a file of this name; of "-", as CSV.

    Raises
    ------
    TableFileError
        If the ending is not known, or such a file cannot hold the columns.
    MissingExtraError
        If polars (the extra `tables`), of which text has no need, or what writes workbooks
        (`excel`) is not installed.
    """
    kind, packing = form_in(path)
    return pack(as_content(columns, kind, path), packing, path)


def as_content(columns: Mapping[str, Any], kind: str, path: Path, header: bool = True) -> bytes:
    """Return columns as what is in a file of a kind, before it is packed.

    Parameters
    ----------
    columns : mapping of str to sequence
    kind : str
        One of `kinds.KINDS`.
    path : path
        What messages call it.
    header : bool
        Whether text begins with the names of its columns.

    Raises
    ------
    TableFileError, MissingExtraError
        As `as_bytes` does.
    """
    if kind in WRITTEN and polars_if_there() is None:
        text = csv_of(columns, WRITTEN[kind])
        return text[0 if header else len(header_of(columns, WRITTEN[kind])) :].encode()
    polars = _polars(f"writing {path.name}", kind)
    frame, buffer = polars.DataFrame(dict(columns)), io.BytesIO()
    writers: dict[str, Callable[[io.BytesIO], object]] = {
        **dict.fromkeys(TEXTS, lambda file: _write_text(frame, file, WRITTEN[kind], header)),
        "Excel": lambda file: write_workbook(frame, file, path),
        "Parquet": frame.write_parquet,
        "Arrow": frame.write_ipc,
        "JSON": frame.write_json,
        "JSON lines": frame.write_ndjson,
    }
    with as_refusal(path, kind):
        writers[kind](buffer)
    return buffer.getvalue()


@contextmanager
def as_refusal(path: Path, kind: str) -> Iterator[None]:
    """Raise a `TableFileError` for what a writer raises of data that its files cannot hold."""
    try:
        yield
    except BaseException as error:
        if not _is_of_data(error):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise TableFileError(f"{path} cannot be written as {kind}: {reason}") from None


def _write_text(frame: pl.DataFrame, file: io.BytesIO, separator: str, header: bool) -> None:
    if header:
        file.write(header_of(frame.columns, separator).encode())
    frame.write_csv(file, separator=separator, include_header=False)


def check_writer(path: Path) -> None:
    """Raise what `as_bytes` would for any columns, before long work.

    Raises
    ------
    TableFileError
        If the ending is not known.
    MissingExtraError
        If what writes such files is not installed.
    """
    kind, packing = form_in(path)
    check_packing(packing, path)
    if kind not in WRITTEN:
        _polars(f"writing {path.name}", kind)
    if kind == "Excel":
        check_workbook_writer(path)


def _polars(feature: str, kind: str) -> Any:
    polars = polars_if_there()
    if polars is None:
        missing_extra("polars", feature, "excel" if kind == "Excel" else "tables")
    return polars


def _is_of_data(error: BaseException) -> bool:
    """Whether an error is one of those that polars has for data, its panics included."""
    if isinstance(error, ClearpropError):
        return False
    if isinstance(error, OSError | ValueError) or type(error).__name__ == "PanicException":
        return True  # which is no Exception
    polars = polars_if_there()
    return polars is not None and isinstance(error, polars.exceptions.PolarsError)


def _read(
    content: bytes, kind: str, path: Path, encoding: str | None, sheet: str | None, taken: int
) -> tuple[pl.DataFrame | PlainTable, str, list[str], int]:
    """Return the table, what is between its fields, notes, and about the bytes that it takes."""
    if kind not in TEXTS:
        _polars(f"reading {path.name}", kind)
    try:
        if kind == "Excel":
            book, notes, size = read_workbook(content, path, sheet, taken)
            return book, "", notes, size
        if kind in ("Parquet", "Arrow"):
            return _read_binary(content, kind, path, taken)
        text, note = decode(content, path, encoding)
        notes = [note] * bool(note)
        if not text.strip(" \t\r\n\ufeff"):  # of UTF-16, nothing was known before
            raise TableFileError(f"{path} is empty")
        if kind not in TEXTS:
            rows = _read_json(text, path, taken)
            return rows, "", notes, int(rows.estimated_size())
    except BaseException as error:
        if not _is_of_data(error):
            raise
        raise _damaged(path, kind, error) from None
    frame, separator = read_text(text, kind, path)
    if kind == "text":
        notes.append(said_of_fields(path, separator, frame.width))
    return frame, separator, notes, len(content)


def read_binary(content: bytes, kind: str, name: object) -> pl.DataFrame:
    """Return the table in the bytes of a Parquet or Arrow file, or of a part of one.

    Parameters
    ----------
    content : bytes
    kind : {"Parquet", "Arrow"}
    name : path or str
        What messages call it.

    Raises
    ------
    TableFileError
        If it is damaged, or has no room in memory.
    """
    try:
        return _read_binary(content, kind, name, 0)[0]
    except BaseException as error:
        if not _is_of_data(error):
            raise
        raise _damaged(name, kind, error) from None


def _damaged(name: object, kind: str, error: BaseException) -> TableFileError:
    reason = str(error).strip().partition("\n")[0]
    return TableFileError(f"{name} cannot be read as {kind}: {reason}")


def _read_binary(
    content: bytes, kind: str, path: object, taken: int
) -> tuple[pl.DataFrame, str, list[str], int]:
    """Return a Parquet or Arrow file's table, if its rows have room in memory, as text too."""
    import polars

    if kind == "Arrow" and content.startswith(MARK):
        table, most = read_stream(content, path, taken)
        size = most + sum(map(_text_bytes, table.get_columns()))
        check_room(path, table.height, table.width, size, taken)
        return table, "", [], size
    scan = polars.scan_parquet if kind == "Parquet" else polars.scan_ipc
    frame = scan(io.BytesIO(content))
    types = frame.collect_schema().dtypes()
    rows = frame.select(polars.len()).collect().item()
    declared = declared_size(content, kind)
    size = sum(rows * (TEXT if _is_text(dtype) else NUMBER) for dtype in types)
    # While it is unpacked, it is there twice.
    most = max(size, declared.values * NUMBER, 2 * declared.size)
    check_room(path, rows, len(types), most, taken)
    read = polars.read_parquet if kind == "Parquet" else polars.read_ipc
    table = read(io.BytesIO(content))
    # Rows of one long text or category share it, until each is a text of its own.
    size += sum(map(_text_bytes, table.get_columns()))
    check_room(path, rows, len(types), size, taken)
    return table, "", [], size


def _text_bytes(column: pl.Series) -> int:
    """Return the bytes of all texts of a column, each counted where it stands."""
    import polars

    if isinstance(column.dtype, polars.Categorical | polars.Enum):
        found = column.value_counts()
        sizes = _text_sizes(found.to_series(0).cast(polars.String)) * found.to_series(1)
    elif column.dtype == polars.String:
        sizes = _text_sizes(column)
    else:
        return 0
    return int(sizes.sum())


def _text_sizes(texts: pl.Series) -> pl.Series:
    import polars

    return texts.str.len_bytes().cast(polars.UInt64)


def _is_text(dtype: pl.DataType) -> bool:
    import polars

    kinds = (polars.String, polars.Categorical, polars.Enum, polars.Object, polars.Time)
    return isinstance(dtype, kinds)


def said_of_fields(path: Path, separator: str, columns: int) -> str:
    """Return what to know of a text whose ending does not say what is between its fields."""
    what = f"has {_BETWEEN[separator]} between fields" if columns > 1 else "has one column"
    return f"{path} {what}, as its first line has"


def _read_json(whole: str, path: Path, taken: int) -> pl.DataFrame:
    """Return the table in a list of objects, or lines of them, if it has room in memory.

    Rows may have keys of their own, each of which is a column of all rows.
    """
    import polars

    text = whole.lstrip()
    if not text.startswith("["):
        text = rows_of_columns(text, path, taken) or text
    listed = text.startswith("[")
    counts = Counter((found[1], found[2] is None) for found in _KEY.finditer(text))
    keys = {key for key, _ in counts}
    if listed:
        rows, size = text.count("{"), NUMBER
    else:
        inner = sum(1 for _ in _INNER.finditer(text))
        rows, size = text.count("\n") + 1 + inner, INNER if inner else NUMBER
    check_room(path, rows, len(keys), rows * len(keys) * size, taken)
    read = polars.read_json if listed else polars.read_ndjson
    try:
        table = read(io.BytesIO(text.encode()), infer_schema_length=None)
    except polars.exceptions.PolarsError as error:
        reason = what_is_no_row(text) or str(error).partition("\n")[0]
        raise ValueError(f"{reason}{what_is_no_json(whole)}") from None
    if _may_have_a_key_twice(counts, table) and (key := key_twice(text)) is not None:
        raise said_twice(key, path)
    return table


def _may_have_a_key_twice(counts: Counter[tuple[str, bool]], table: pl.DataFrame) -> bool:
    """Whether some column has fewer cells than its key stands in the text.

    An inner object may have that key too. Counted are a key and whether its value is one: null is
    none.
    """
    return any(
        counts[name, True] > table.height - nulls or counts[name, False] > nulls
        for name, nulls in zip(table.columns, table.null_count().row(0), strict=True)
    )
