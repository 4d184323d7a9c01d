"""Table files in and out: CSV, TSV, Parquet, Arrow and JSON, by the ending of their name.

Text files are read as text first and typed after, column by column over all rows, so that a
word in row 90,000 of a column of numbers is known before anything is decided. polars does the
reading; a text file with gaps in its last column is read again by Python's csv module, which
can tell an empty field from one that is not there.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearprop.errors import ColumnError, FileMissingError, TableFileError, missing_extra
from clearprop.whole_file import write_whole

if TYPE_CHECKING:
    import polars as pl

PathLike = str | os.PathLike[str]

MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What stands for a missing value in a text file: pandas's list, and the question mark that old
data sets use."""

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
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # begins like UTF-16's, so it comes first
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def kind_of(path: PathLike) -> str:
    """Return what the ending of a file's name says it is, or raise `TableFileError`."""
    ending = Path(path).suffix.lower()
    if ending not in KINDS:
        what = f"ends with {ending!r}" if ending else "has no ending"
        raise TableFileError(f"{path} {what}; known are {', '.join(KINDS)}")
    return KINDS[ending]


def read_table(path: PathLike, as_text: Collection[str] = ()) -> pl.DataFrame:
    """Return the table in a file.

    Parameters
    ----------
    path : path
        Its ending says what it is: .csv, .tsv, .parquet (.pq), .arrow (.feather, .ipc), .jsonl
        (.ndjson), .json (a list of objects, or lines of them). A CSV may be separated by
        semicolons, with decimal commas. Text is UTF-8, or marked as UTF-16 or UTF-32.
    as_text : collection of str
        Columns of a CSV or TSV that stay text even where they look like numbers.

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
    path = Path(path)
    kind = kind_of(path)
    if path.is_dir():
        raise FileMissingError(f"{path} is a folder; give a file")
    if not path.exists():
        raise FileMissingError(f"there is no file {path}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableFileError(f"{path} cannot be read: {error.strerror or error}") from error
    if not content.strip(b" \t\r\n\xef\xbb\xbf"):
        raise TableFileError(f"{path} is empty")
    _check_kind(content, kind, path)
    frame = _read(content, kind, path, as_text)
    if frame.height == 0:
        header = "a header but " if kind in ("CSV", "TSV") else ""
        raise TableFileError(f"{path} has {header}no rows")
    return frame


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
    start = content.lstrip(b" \t\r\n\xef\xbb\xbf")[:20].lower()
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


def _read(content: bytes, kind: str, path: Path, as_text: Collection[str]) -> pl.DataFrame:
    polars = _polars(f"reading {path.name}")
    if kind in ("CSV", "TSV"):
        return _read_text(_decode(content, path), kind, path, as_text)
    try:
        if kind == "Parquet":
            frame = polars.read_parquet(io.BytesIO(content))
        elif kind == "Arrow":
            frame = polars.read_ipc(io.BytesIO(content))
        else:
            text = _decode(content, path).lstrip()
            read = polars.read_json if text.startswith("[") else polars.read_ndjson
            frame = read(io.BytesIO(text.encode()), infer_schema_length=None)
    except (polars.exceptions.PolarsError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise TableFileError(f"{path} cannot be read as {kind}: {reason}") from None
    return frame


def _decode(content: bytes, path: Path) -> str:
    """Return the text of a file, or raise `TableFileError` with the line that is not text."""
    encoding, skip = "utf-8", 0
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            encoding, skip = name, len(mark)
            break
    try:
        text = content[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: skip + error.start].count(b"\n") + 1
        byte = content[skip + error.start]
        advice = f"save it as UTF-8 (if it is Windows text: iconv -f CP1252 -t UTF-8 {path.name})"
        raise TableFileError(
            f"{path} is not {encoding.upper()}: line {line} has the byte 0x{byte:02X}; {advice}"
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TableFileError(
            f"{path} is not text: line {line} has a zero byte (UTF-16 without a byte-order mark, "
            "or a binary file): save it as UTF-8"
        )
    return text


def _read_text(text: str, kind: str, path: Path, as_text: Collection[str]) -> pl.DataFrame:
    polars = _polars(f"reading {path.name}")
    text = text.lstrip("\r\n")
    header_line = next(csv.reader(io.StringIO(text), delimiter="\t")) if kind == "TSV" else None
    separator = "\t" if kind == "TSV" else _separator(text)
    header = header_line or next(csv.reader(io.StringIO(text), delimiter=separator))
    names = _names(header, path)
    options = {
        "separator": separator,
        "infer_schema": False,
        "has_header": True,
        "new_columns": names,
    }
    try:
        frame = polars.read_csv(io.BytesIO(text.encode()), **options)
        sure = frame.width == len(names) and not frame[:, -1].null_count()
    except polars.exceptions.PolarsError:
        sure = False
    if not sure:
        frame = polars.DataFrame(_rows(text, separator, names, path), orient="row",
                                 schema=dict.fromkeys(names, polars.String))  # fmt: skip
    decimal_comma = separator == ";"
    return frame.select(
        [_typed(frame[name], name in as_text, decimal_comma) for name in frame.columns]
    )


def _separator(text: str) -> str:
    """Return what separates the fields of a CSV: what its header line has most of."""
    line = text.partition("\n")[0]
    return max(",;\t|", key=line.count)  # the first of equals: a comma


def _names(header: list[str], path: Path) -> list[str]:
    """Return the column names; one without a name is called by its place."""
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        places = [str(place) for place, other in enumerate(names, 1) if other == name]
        raise ColumnError(
            f"{path} has {times} columns called {name!r} (columns {', '.join(places)}): rename them"
        )
    return names


def _rows(text: str, separator: str, names: list[str], path: Path) -> list[list[str | None]]:
    """Return the fields of each line that is not blank, all lines having as many as the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[str | None]] = []
    try:
        next(reader)
        for row in reader:
            if len(row) != len(names) and row:
                raise TableFileError(
                    f"{path} line {reader.line_num} has {len(row)} fields, but the header has "
                    f"{len(names)}: mend the line (a text with a {separator!r} in it needs quotes)"
                )
            if row:
                rows.append(list(row))
    except csv.Error as error:
        raise TableFileError(f"{path} line {reader.line_num} cannot be read: {error}") from None
    return rows


def _typed(column: pl.Series, stays_text: bool, decimal_comma: bool) -> pl.Series:
    """Return a column of text as numbers or booleans, if all its values are."""
    import polars

    text = column.str.strip_chars()
    text = text.set(text.is_in(MISSING), None)
    present = text.drop_nulls()
    if stays_text or present.is_empty() or present.str.contains(r"^[+-]?0\d").any():
        return text  # 007 is a name, not a number
    words = present.str.to_lowercase()
    if words.is_in(["true", "false"]).all():
        return text.str.to_lowercase() == "true"
    numerals = text.str.replace(",", ".", literal=True) if decimal_comma else text
    for kind in (polars.Int64, polars.Float64):
        numbers = numerals.cast(kind, strict=False)
        if numbers.null_count() == text.null_count():
            return numbers
    return text
