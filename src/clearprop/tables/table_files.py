"""Table files in and out: CSV, TSV, Parquet, Arrow and JSON, by the ending of their name."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearprop.checks.settings import check_path
from clearprop.errors import ClearpropError, FileMissingError, TableFileError, missing_extra, shown
from clearprop.files.regular_file import open_regular
from clearprop.files.whole_file import write_whole
from clearprop.tables.declared_sizes import declared_size
from clearprop.tables.memory import INNER, NUMBER, TEXT, check_room, check_size
from clearprop.tables.text_tables import decode, read_text

if TYPE_CHECKING:
    import polars as pl

PathLike = str | os.PathLike[str]

KINDS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".json": "JSON",
}
"""What the ending of a file's name says it is."""

_MAGIC = (
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a SQLite database"),
)

_START = re.compile(rb"[^ \t\r\n\xef\xbb\xbf]")
_INNER = re.compile(r"[:,\[]\s*+\{")
_KEY = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+:')


def kind_of(path: PathLike) -> str:
    """Return what the ending of a file's name says it is, or raise `TableFileError`."""
    ending = Path(path).suffix.lower()
    if ending not in KINDS:
        what = f"ends with {shown(ending)}" if ending else "has no ending"
        raise TableFileError(f"{path} {what}; known are {', '.join(KINDS)}")
    return KINDS[ending]


class Cells(NamedTuple):
    """The table in a file.

    Attributes
    ----------
    frame : polars.DataFrame
    separator : str
        Between the fields of a CSV or TSV, whose cells are all text; "" where a file has types.
    """

    frame: pl.DataFrame
    separator: str


def read_table(path: PathLike) -> Cells:
    """Return the table in a file, and how its cells are to be understood.

    Parameters
    ----------
    path : path
        Its ending says what it is: .csv, .tsv, .parquet (.pq), .arrow (.feather, .ipc), .jsonl
        (.ndjson), .json (a list of objects, or lines of them). A CSV may be separated by
        semicolons. Text is UTF-8, or marked as UTF-16 or UTF-32.

    Raises
    ------
    FileMissingError
        If there is no such file.
    TableFileError
        If it is empty, has no rows, is not what its ending says, is not UTF-8, or has a line
        with too few or too many fields.
    ColumnError
        If two columns have one name.
    MissingExtraError
        If polars (the extra `tables`) is not installed.
    """
    path = Path(check_path(path))
    kind, content = _open(path)
    if _START.search(content) is None:
        raise TableFileError(f"{path} is empty")
    _check_kind(content, kind, path)
    cells = _read(content, kind, path)
    if cells.frame.height == 0:
        header = "a header but " if kind in ("CSV", "TSV") else ""
        raise TableFileError(f"{path} has {header}no rows")
    return cells


def _open(path: Path) -> tuple[str, bytes]:
    """Return what a file is by its name, and what is in it."""
    try:
        with open_regular(path, TableFileError) as file:
            kind = kind_of(path)
            check_size(path, os.fstat(file.fileno()).st_size)
            return kind, file.read()
    except FileMissingError:
        if not path.is_dir():
            kind_of(path)  # which may be why there is none
        raise
    except OSError as error:
        raise TableFileError(f"{path} cannot be read: {error.strerror or error}") from error


def write_table(columns: Mapping[str, Any], path: PathLike) -> None:
    """Write columns to a file of the kind its ending says, whole or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written; what stood there stays.
    TableFileError
        If the ending is not known.
    """
    write_whole(path, as_bytes(columns, kind_of(path)))


def as_bytes(columns: Mapping[str, Any], kind: str) -> bytes:
    """Return columns as the content of a file of one of the `KINDS`."""
    frame, buffer = _polars("writing a table").DataFrame(dict(columns)), io.BytesIO()
    writers: dict[str, Callable[[io.BytesIO], object]] = {
        "CSV": frame.write_csv,
        "TSV": lambda file: frame.write_csv(file, separator="\t"),
        "Parquet": frame.write_parquet,
        "Arrow": frame.write_ipc,
        "JSON": frame.write_json,
        "JSON lines": frame.write_ndjson,
    }
    writers[kind](buffer)
    return buffer.getvalue()


def _polars(feature: str) -> Any:
    try:
        import polars
    except ImportError:
        missing_extra("polars", feature, "tables")
    return polars


def _check_kind(content: bytes, kind: str, path: Path) -> None:
    """Raise `TableFileError` if the content begins like a file of another kind."""
    found = next((name for magic, name in _MAGIC if content.startswith(magic)), None)
    begins = _START.search(content)
    start = content[begins.start() :][:20].lower() if begins else b""
    if found is None and start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        found = "a web page" if b"html" in start else "XML"
    if found is None and start.startswith((b"{", b"[{")) and kind in ("CSV", "TSV"):
        found = "JSON"
    if found is None and kind in ("Parquet", "Arrow"):
        found = "text" if b"\0" not in content[:1000] else "something else, or damaged"
    if found is not None and found != kind:
        ending = next((ending for ending, name in KINDS.items() if name == found), None)
        advice = f"rename it to end with {ending}" if ending else f"save it as {kind}"
        raise TableFileError(f"{path} is not {kind} but {found}: {advice}")


def _read(content: bytes, kind: str, path: Path) -> Cells:
    polars = _polars(f"reading {path.name}")
    if kind in ("CSV", "TSV"):
        return Cells(*read_text(decode(content, path), kind, path))
    try:
        if kind in ("Parquet", "Arrow"):
            return Cells(_read_binary(content, kind, path), "")
        return Cells(_read_json(decode(content, path).lstrip(), path), "")
    except BaseException as error:
        refused = (polars.exceptions.PolarsError, OSError, ValueError)
        panicked = type(error).__name__ == "PanicException"  # of polars, which is no Exception
        if isinstance(error, ClearpropError) or not (isinstance(error, refused) or panicked):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise TableFileError(f"{path} cannot be read as {kind}: {reason}") from None


def _read_binary(content: bytes, kind: str, path: Path) -> pl.DataFrame:
    """Return a Parquet or Arrow file's table, if its rows have room in memory, as text too."""
    import polars

    scan = polars.scan_parquet if kind == "Parquet" else polars.scan_ipc
    frame = scan(io.BytesIO(content))
    types = frame.collect_schema().dtypes()
    rows = frame.select(polars.len()).collect().item()
    declared = declared_size(content, kind)
    size = sum(rows * (TEXT if _is_text(dtype) else NUMBER) for dtype in types)
    # While it is unpacked, it is there twice.
    check_room(path, rows, len(types), max(size, declared.values * NUMBER, 2 * declared.size))
    read = polars.read_parquet if kind == "Parquet" else polars.read_ipc
    table = read(io.BytesIO(content))
    # Rows of one long text or category share it, until each is a text of its own.
    check_room(path, rows, len(types), size + sum(map(_text_bytes, table.get_columns())))
    return table


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


def _read_json(text: str, path: Path) -> pl.DataFrame:
    """Return the table in a list of objects, or lines of them, if it has room in memory.

    Rows may have keys of their own, each of which is a column of all rows.
    """
    import polars

    listed = text.startswith("[")
    keys = {found.group(1) for found in _KEY.finditer(text)}
    if listed:
        rows, size = text.count("{"), NUMBER
    else:
        inner = sum(1 for _ in _INNER.finditer(text))
        rows, size = text.count("\n") + 1 + inner, INNER if inner else NUMBER
    check_room(path, rows, len(keys), rows * len(keys) * size)
    read = polars.read_json if listed else polars.read_ndjson
    return read(io.BytesIO(text.encode()), infer_schema_length=None)
