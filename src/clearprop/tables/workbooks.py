"""Workbooks: a sheet of an Excel file as a table, and a table as a workbook of one sheet."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clearprop.errors import ArgumentError, TableFileError, missing_extra, nearest, shown
from clearprop.tables.text import shortened
from clearprop.tables.text_tables import column_names
from clearprop.tables.values import EXACT
from clearprop.tables.workbook_sizes import check_workbook

if TYPE_CHECKING:
    import polars as pl

NO_DAY = datetime(1900, 1, 1)
"""The day of a time of day, as text such as 9:12 has it once it is read."""

BEGINNING = 100
"""Rows among which a sheet's header is."""

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
        None: the first that is not hidden and has a header, two names or more, above rows.
        What stands above the header, alone in its row, is a title.
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
            name, start, said = _choose(reader, path, sheet)
            table = reader.load_sheet(
                name, header_row=start.place, schema_sample_rows=None
            ).to_polars()
    except BaseException as error:
        panicked = type(error).__name__ == "PanicException"  # which is no Exception
        if not (isinstance(error, fastexcel.FastExcelError) or panicked):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise TableFileError(f"{path} cannot be read as Excel: {reason}") from None
    return _cleaned(table, start.header, path), [*notes, *said], found.size


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


class _Start(NamedTuple):
    """How a sheet begins.

    Attributes
    ----------
    place : int
        The row of the header, from 0.
    header : list of str
        What stands in it, "" where nothing does.
    above : list of str
        What stands above it.
    rows : int
        How many are beneath.
    is_visible : bool
    """

    place: int
    header: list[str]
    above: list[str]
    rows: int
    is_visible: bool


def _start_of(reader: Any, name: str) -> _Start:
    """Return how a sheet begins: with the first row of two cells, which is no title, or of one."""
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, n_rows=BEGINNING, dtypes="string")
    rows = [[(cell or "").strip() for cell in row] for row in sheet.to_polars().rows()]
    filled = [sum(map(bool, row)) for row in rows]
    place = next((i for i, n in enumerate(filled) if n > 1), None)
    if place is None:
        place = next((i for i, n in enumerate(filled) if n), 0)
    above = [cell for row in rows[:place] for cell in row if cell]
    header = rows[place] if rows else []
    beneath = sheet.total_height - place - 1
    return _Start(place, header, above, beneath, sheet.visible == "visible")


def _choose(reader: Any, path: Path, sheet: str | None) -> tuple[str, _Start, list[str]]:
    """Return the sheet to read, how it begins, and what to know of that."""
    names = reader.sheet_names
    notes = []
    if sheet is not None:
        if sheet not in names:
            near = nearest(sheet, names)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise ArgumentError(
                f"{path} has no sheet {shown(sheet)}{hint}; there are: {shortened(names)}"
            )
        chosen, start = sheet, _start_of(reader, sheet)
    else:
        starts = {name: _start_of(reader, name) for name in names}
        seen = [name for name, one in starts.items() if one.is_visible and any(one.header)]
        tables = [
            name
            for name in seen
            if starts[name].rows > 0 and sum(map(bool, starts[name].header)) > 1
        ]
        chosen = (tables or seen or names)[0]
        start = starts[chosen]
        if len(names) > 1:
            others = shortened(name for name in names if name != chosen)
            notes.append(
                f"{path} has {len(names)} sheets, and {chosen!r} is read; sheet= (--sheet) says "
                f"another: {others}"
            )
    if start.above:
        notes.append(
            f"{path}: row {start.place + 1} of sheet {chosen!r} is its header, and what stands "
            f"above it is left out: {shortened(map(shown, start.above))}"
        )
    return chosen, start, notes


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
        day = column.dt.truncate("1d")
        if (day.dt.year() < 1900).all():
            return column - day + NO_DAY
        if (day == column).all():
            return column.cast(polars.Date)
    return column
