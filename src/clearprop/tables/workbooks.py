"""Workbooks: a sheet of an Excel file as a table, and a table as a workbook of one sheet."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearprop.errors import ArgumentError, TableFileError, missing_extra, nearest, shown
from clearprop.tables.columns import EXACT
from clearprop.tables.text import shortened
from clearprop.tables.text_tables import column_names
from clearprop.tables.workbook_sizes import check_workbook

if TYPE_CHECKING:
    import polars as pl

ROWS, COLUMNS = 1_048_576, 16_384
"""What a sheet holds at most, its header included."""


def read_workbook(
    content: bytes, path: Path, sheet: str | None, taken: int = 0
) -> tuple[pl.DataFrame, list[str], int]:
    """Return the table in a sheet, notes, and about the bytes that it takes.

    Numbers, dates, times and booleans have types, whole numbers among them; a column that holds
    other cells too is text, to be read as that of a CSV is. Rows and columns without a value are
    none. Of merged cells, the first has the value.

    Parameters
    ----------
    content : bytes
    path : path
    sheet : str or None
        None: the first sheet that is not hidden and has a header, two names or more, above rows.
    taken : int
        Bytes that the files before it take, of a table in several.

    Raises
    ------
    TableFileError
        If it is no workbook, is truncated or damaged, or would take too much memory.
    ArgumentError
        If it has no such sheet.
    ColumnError
        If two columns have one name.
    MissingExtraError
        If fastexcel (the extra `excel`) is not installed.
    """
    try:
        import fastexcel
    except ImportError:
        missing_extra("fastexcel", f"reading {path.name}", "excel")
    found = check_workbook(content, path, taken)
    notes = []
    if found.errors:
        notes.append(
            f"{path} has {found.errors:,} cells with an error, such as #N/A: they are missing"
        )
    try:
        with _quiet():
            reader = fastexcel.read_excel(content)
            name, note = _choose(reader, path, sheet)
            notes += note
            header = _header(reader, name)
            table = reader.load_sheet(name, schema_sample_rows=None).to_polars()
    except BaseException as error:
        panicked = type(error).__name__ == "PanicException"  # which is no Exception
        if not (isinstance(error, fastexcel.FastExcelError) or panicked):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise TableFileError(f"{path} cannot be read as Excel: {reason}") from None
    return _cleaned(table, header, path), notes, found.size


def write_workbook(frame: pl.DataFrame, file: io.BytesIO, path: Path) -> None:
    """Write a table as a workbook of one sheet; text stays text, whatever it begins with.

    Raises
    ------
    TableFileError
        If it has more rows or columns than a sheet.
    MissingExtraError
        If XlsxWriter (the extra `excel`) is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        missing_extra("XlsxWriter", f"writing {path.name}", "excel")
    if frame.height >= ROWS or frame.width > COLUMNS:
        raise TableFileError(
            f"{path} cannot hold {frame.height:,} rows of {frame.width:,} columns: a sheet has "
            f"{ROWS:,} and {COLUMNS:,}; write .csv or .parquet"
        )
    settings = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(file, {"in_memory": True} | settings) as book:
        frame.write_excel(book, autofilter=False, float_precision=15)


def check_workbook_writer(path: Path) -> None:
    """Raise `MissingExtraError` if `write_workbook` would: for use before long work."""
    try:
        import xlsxwriter  # noqa: F401
    except ImportError:
        missing_extra("XlsxWriter", f"writing {path.name}", "excel")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what fastexcel logs of columns without a type from standard error."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)


def _choose(reader: Any, path: Path, sheet: str | None) -> tuple[str, list[str]]:
    """Return the sheet to read, and a note where another could have been meant."""
    names = reader.sheet_names
    if sheet is not None:
        if sheet not in names:
            near = nearest(sheet, names)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(
                f"{path} has no sheet {shown(sheet)}{hint}; there are: {shortened(names)}"
            )
        return sheet, []
    first_rows = {name: _first_row(reader, name) for name in names}
    filled = [name for name, one in first_rows.items() if one.visible == "visible" and one.width]
    chosen = next((name for name in filled if _is_table(reader, name)), (filled or names)[0])
    others = [name for name in names if name != chosen]
    if not others:
        return chosen, []
    return chosen, [
        f"{path} has {len(names)} sheets, and {chosen!r} is read; sheet= (--sheet) says another: "
        f"{shortened(others)}"
    ]


def _is_table(reader: Any, name: str) -> bool:
    """Whether a sheet has two names or more in its first row, and rows beneath: no cover has."""
    named = sum(1 for cell in _header(reader, name) if cell.strip())
    return named > 1 and _first_row(reader, name).total_height > 1


def _first_row(reader: Any, name: str) -> Any:
    return reader.load_sheet(name, header_row=None, n_rows=1, dtypes="string")


def _header(reader: Any, name: str) -> list[str]:
    """Return what stands in the first row that is not empty, "" where nothing does."""
    rows = _first_row(reader, name).to_polars().rows()
    return [cell or "" for cell in rows[0]] if rows else []


def _cleaned(table: pl.DataFrame, header: list[str], path: Path) -> pl.DataFrame:
    """Return a table with the header's names, the types of its cells, and without empty rows."""
    import polars

    if not header:
        raise TableFileError(f"{path} has no cells in this sheet: sheet= (--sheet) says another")
    names = column_names(header, path)
    columns = []
    for name, place in zip(names, table.get_columns(), strict=True):
        if header[names.index(name)].strip() or place.null_count() < len(place):
            columns.append(_as_typed(place).alias(name))
    cleaned = polars.DataFrame(columns)
    return cleaned.filter(~polars.all_horizontal(polars.all().is_null()))


def _as_typed(column: pl.Series) -> pl.Series:
    """Return whole numbers as such, and dates and times of day where all are: Excel has floats."""
    import polars

    if column.dtype == polars.Float64:
        whole = (column == column.floor()) & (column.abs() < EXACT)
        return column.cast(polars.Int64) if whole.all() and whole.any() else column
    if column.dtype.is_temporal() and column.null_count() < len(column):
        if (column.dt.year() < 1900).all():
            return column.dt.strftime("%H:%M:%S")  # text, as in a CSV
        if (column.dt.truncate("1d") == column).all():
            return column.cast(polars.Date)
    return column
