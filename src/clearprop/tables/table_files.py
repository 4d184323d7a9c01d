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
from clearprop.files.whole_file import write_whole
from clearprop.tables.numerals import MISSING, PLAIN, number_of
from clearprop.tables.text import shortened

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
    try:
        if path.is_dir():
            raise FileMissingError(f"{path} is a folder; give a file")
        kind = kind_of(path)
        if not path.exists():
            raise FileMissingError(f"there is no file {path}")
        content = path.read_bytes()
    except (FileMissingError, TableFileError):
        raise
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
    except BaseException as error:
        refused = (polars.exceptions.PolarsError, OSError, ValueError)
        if not isinstance(error, refused) and type(error).__name__ != "PanicException":
            raise  # a panic of polars, on a damaged file, is no Exception
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
        advice = (
            "save it as UTF-8 (Excel: 'CSV UTF-8'; if it is Windows text: iconv -f CP1252 -t UTF-8 "
            f"{path.name})"
        )
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
    stripped = text.lstrip("\r\n")
    skipped = text[: len(text) - len(stripped)].count("\n")
    text = stripped
    headers = {mark: _header(text, mark, path) for mark in ("\t" if kind == "TSV" else ",;\t|")}
    separator = max(headers, key=lambda mark: len(headers[mark]))  # the first of equals
    names = _names(headers[separator], path)
    options = {
        "separator": separator,
        "infer_schema": False,
        "has_header": True,
        "new_columns": names,
    }
    try:
        frame = polars.read_csv(io.BytesIO(text.encode()), **options)
        # A cell of several lines may be a quote that nobody closed: the csv module looks closer.
        lines = sum(not line.isspace() for line in text.split("\n") if line)
        sure = frame.shape == (lines - 1, len(names)) and not frame[:, -1].null_count()
    except polars.exceptions.PolarsError:
        sure = False
    if not sure:
        frame = polars.DataFrame(_rows(text, separator, names, path, skipped), orient="row",
                                 schema=dict.fromkeys(names, polars.String))  # fmt: skip
    return _typed(frame, as_text, may_have_commas=separator == ";")


def _header(text: str, separator: str, path: Path) -> list[str]:
    """Return the fields of the first line."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise TableFileError(f"{path} line 1 cannot be read: {error}") from None


def _names(header: list[str], path: Path) -> list[str]:
    """Return the column names; one without a name is called by its place."""
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        places = [str(place) for place, other in enumerate(names, 1) if other == name]
        bare = all(number_of(other) is not None for other in names)
        advice = "is its first line a header?" if bare else "rename them"
        raise ColumnError(
            f"{path} has {times} columns called {name!r} (columns {shortened(places)}): {advice}"
        )
    return names


def _rows(
    text: str, separator: str, names: list[str], path: Path, skipped: int
) -> list[list[str | None]]:
    """Return the fields of each line that is not blank, all lines having as many as the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str | None]] = []
    advice = f"mend the line (a text with a {separator!r} in it needs quotes)"
    if names[0].startswith("#"):
        advice = "the first line looks like a comment: take it out"
    try:
        next(reader)
        for row in reader:
            if len(row) != len(names) and row:
                line = skipped + reader.line_num
                raise TableFileError(
                    f"{path} line {line} has {len(row)} fields, but the header has "
                    f"{len(names)}: {advice}"
                )
            if row:
                rows.append(list(row))
    except csv.Error as error:
        line = skipped + reader.line_num
        raise TableFileError(
            f"{path} line {line} cannot be read: {error} (a quote that is not closed?)"
        ) from None
    return rows


def _typed(frame: pl.DataFrame, as_text: Collection[str], may_have_commas: bool) -> pl.DataFrame:
    """Return columns of text as numbers or booleans, where all their values are.

    All columns go through each question together, as there may be thousands.
    """
    import polars

    each = polars.all()
    frame = frame.select(each.str.strip_chars())
    frame = frame.select(polars.when(~each.is_in(list(MISSING))).then(each))
    plain = _with_points(frame) if may_have_commas else frame

    def where(answer: pl.Expr, table: pl.DataFrame = plain) -> set[str]:
        return {name for name, yes in table.select(answer).row(0, named=True).items() if yes}

    # Infinity counts as a number here, so that it is refused as one, with its row.
    numbers = where(each.str.contains(rf"^({PLAIN}|(?i:[+-]?inf(inity)?))$").all())
    numbers -= where(each.str.contains(r"^[+-]?0\d").any())  # 007 is a name, not a number
    whole = where(each.str.contains(r"^[+-]?\d{1,18}$").all())
    booleans = where(each.str.to_lowercase().is_in(["true", "false"]).all(), frame)
    text = {*as_text} | where(each.is_null().all())
    columns = []
    for name in frame.columns:
        column = polars.col(name)
        if name in text or name not in numbers | booleans:
            columns.append(frame[name])
        elif name in booleans:
            columns.append(frame.select(column.str.to_lowercase() == "true")[name])
        else:
            columns.append(plain[name].cast(polars.Int64 if name in whole else polars.Float64))
    return polars.DataFrame(columns)


def _with_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers of a file that has decimal commas with points, as it is otherwise.

    A point between thousands is left out, if some number of the file has a decimal comma.
    """
    import polars

    each = polars.all()
    commas = frame.select(each.str.contains(r"^[+-]?\d+,\d+$").any())
    if not any(commas.row(0)):
        return frame
    thousands = each.str.contains(r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$")
    bare = each.str.replace_all(".", "", literal=True)
    point = each.str.contains(".", literal=True)  # of a date, or a decimal: no number here
    frame = frame.select(
        polars.when(thousands).then(bare).when(point).then(polars.lit("text")).otherwise(each)
    )
    return frame.select(each.str.replace(",", ".", literal=True))
