"""Tables of text: CSV and TSV, read as text first and typed after.

polars does the reading. What it does not read, or reads otherwise than the lines say, is read again
by Python's csv module, which knows an empty field from one that is not there, and names the line
that is wrong. Where polars is not installed, the csv module reads all.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clearprop.errors import ColumnError, TableFileError, missing_extra
from clearprop.tables.memory import COLUMN, TEXT, check_room
from clearprop.tables.numerals import MISSING, PLAIN, POINT, numeral
from clearprop.tables.plain_table import SEPARATORS, PlainTable, polars_if_there
from clearprop.tables.text import shortened

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 1 << 20
"""Bytes that are looked through at a time."""

_QUOTED = re.compile(r'(?<![^,;\t|\r\n])"(?:[^"]|"")*+"(?![^,;\t|\r\n])')
_SAID = re.compile(rf'"?sep=([{SEPARATORS}])\1*+"?\1*+[^\S\r\n]*+[\r\n]++(?=.)', re.I)
_AS_ZLIB = b"x^"
"""How a text may begin that polars takes for a zlib stream; a blank line before it is no harm."""

_MAC_LINE = re.compile(r"[^\r]*+\r\n?+|[^\r]++")
_BLANK_LINE = re.compile(r"\n[^\S\n]*+(?=\n|\Z)")


def read_text(text: str, kind: str, path: Path) -> tuple[pl.DataFrame | PlainTable, str]:
    """Return the table in the text of a CSV or TSV, all of it text, and the separator.

    Raises
    ------
    TableFileError
        If a line has too few or too many fields, or a quote is not closed.
    ColumnError
        If two columns have one name.
    """
    polars = polars_if_there()
    text, skipped, said = without_start(text)
    separator, header, _ = separator_and_header(text, kind, path, skipped, said)
    columns, rows = len(header), text.count("\n")
    check_room(path, rows, columns, columns * (rows * TEXT if polars is None else COLUMN))
    names = column_names(header, path)
    return read_rows(text, separator, names, path, skipped), separator


def without_start(text: str) -> tuple[str, int, str]:
    """Return a text from its header on, how many lines stand before that, and the mark they say.

    Excel takes a first line such as "sep=;" for what is between the fields of the others; some
    programs fill it up with empty fields, "sep=;;;".
    """
    stripped = text.lstrip("\r\n\ufeff")  # a mark of the encoding may stand behind blank lines
    if found := _SAID.match(stripped):
        stripped = stripped[found.end() :]
    before = text[: len(text) - len(stripped)]
    skipped = before.count("\n") or before.count("\r")
    return stripped, skipped, found.group(1) if found else ""


def separator_and_header(
    text: str, kind: str, path: Path, skipped: int, said: str
) -> tuple[str, list[str], int]:
    """Return what is between the fields of a text, those of its first line, and its lines.

    What is between them may be said before the text, which is "" where it is not.

    Raises
    ------
    TableFileError
        If a field is longer than any.
    """
    separator = said or ("\t" if kind == "TSV" else _separator(text))
    header, lines = _header(text, separator)
    if not header:
        raise TableFileError(
            f"{path} line {skipped + 1} cannot be read: it has a column name of more than "
            f"{csv.field_size_limit():,} characters (a quote that is not closed?)"
        )
    return separator, header, lines


def read_rows(
    text: str,
    separator: str,
    names: list[str],
    path: Path,
    skipped: int,
    skip: Callable[[str, int, int], object] | None = None,
) -> pl.DataFrame | PlainTable:
    """Return the rows of a text behind its header, all of it text.

    Parameters
    ----------
    text : str
        With the header.
    separator : str
    names : list of str
        The columns, as many as the header has.
    path : path
        What messages call it.
    skipped : int
        Lines of the file before the text, as messages count them.
    skip : callable, optional
        Told of lines that are no row, which are left out, and how many rows they may be: from how
        many to how many. None: it is an error.

    Raises
    ------
    TableFileError
        If a line has too few or too many fields, or a quote is not closed.
    """
    polars = polars_if_there()
    if polars is not None and _is_for_polars(text, separator):
        frame = _read_by_polars(text, separator, names)
        if frame is not None:
            return frame
    fields = _rows(text, separator, names, path, skipped, skip)
    if polars is None:
        cells = zip(*fields, strict=True) if fields else [()] * len(names)
        return PlainTable(dict(zip(names, map(list, cells), strict=True)))
    schema = dict.fromkeys(names, polars.String)
    return polars.DataFrame(fields, orient="row", schema=schema)


def _is_for_polars(text: str, separator: str) -> bool:
    """Whether polars ends lines and fields where the csv module does, but for quotes out of place.

    A quote too many is for the csv module to find. polars knows no line that ends as on old Macs,
    and leaves out a last field without a line end.
    """
    return (
        text.count('"') % 2 == 0
        and text.count("\r") == text.count("\r\n")
        and not text.endswith(separator)
    )


def quotes_are_in_place(content: bytes, separator: str) -> bool:
    """Whether each quote opens a field, closes one, or is one of two that stand for one.

    There is an even number of them: every other one opens.
    """
    signs = np.frombuffer(content, np.uint8)
    has_place = np.zeros(256, bool)
    has_place[list(f'{separator}\r\n"'.encode())] = True
    opening = 0
    for start in range(0, len(signs), _BLOCK):
        at = start + np.flatnonzero(signs[start : start + _BLOCK] == ord('"'))
        before, after = at[opening::2] - 1, at[1 - opening :: 2] + 1
        beside = np.concatenate([before[before >= 0], after[after < len(signs)]])
        if not has_place[signs[beside]].all():
            return False
        opening = (opening + len(at)) % 2
    return True


def _read_by_polars(text: str, separator: str, names: list[str]) -> pl.DataFrame | None:
    """Return the table, or None where the csv module has to look closer."""
    import polars

    content = text.encode()
    if content.startswith(_AS_ZLIB):
        content = b"\n" + content
    if not quotes_are_in_place(content, separator):  # polars takes "a"b for a field
        return None
    try:
        frame = polars.read_csv(
            io.BytesIO(content),
            separator=separator,
            infer_schema=False,
            has_header=True,
            new_columns=names,
        )
    except polars.exceptions.PolarsError:
        return None
    # A cell of several lines may be a quote that nobody closed.
    lines = text.count("\n") + 1 - sum(1 for _ in _BLANK_LINE.finditer(text))
    if frame.shape != (lines - 1, len(names)) or frame[:, -1].null_count():
        return None
    return frame


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text with their ends, as they are."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        if line.find("\r", 0, -2 if line.endswith("\r\n") else None) < 0:
            yield line
        else:  # as old Macs end lines
            yield from _MAC_LINE.findall(line)
        at = end


def _separator(text: str) -> str:
    """Return the mark between the fields of the first line: the one that it has the most of.

    What stands in quotes is a name, whatever marks it has.
    """
    lines = max(_header(text, mark)[1] for mark in SEPARATORS)  # a name may have several
    names = _QUOTED.sub("", "".join(islice(lines_of(text), lines)))
    return max(SEPARATORS, key=names.count)  # the first of equals


def _header(text: str, separator: str) -> tuple[list[str], int]:
    """Return the fields of the first line, and the lines that they take.

    There are none if one is longer than the csv module takes.
    """
    reader = csv.reader(lines_of(text), delimiter=separator)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        return [], 1


def column_names(header: list[str], path: Path) -> list[str]:
    """Return the column names; one without a name is called by its place."""
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        places = [str(place) for place, other in enumerate(names, 1) if other == name]
        bare = all(numeral(other, POINT) is not None for other in names)
        advice = "is its first line a header?" if bare else "rename them"
        raise ColumnError(
            f"{path} has {times} columns called {name!r} (columns {shortened(places)}): {advice}"
        )
    return names


def _rows(
    text: str,
    separator: str,
    names: list[str],
    path: Path,
    skipped: int,
    skip: Callable[[str, int, int], object] | None = None,
) -> list[list[str]]:
    """Return the fields of each line that is not blank, all lines having as many as the header."""
    reader = csv.reader(lines_of(text), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    advice = f"mend the line (a text with a {separator!r} in it needs quotes)"
    if names[0].startswith("#"):
        advice = "the first line looks like a comment: take it out"
    is_header = True
    while True:
        begins = reader.line_num + 1
        wrong, most = None, 1
        try:
            row = next(reader)
            if len(row) != len(names) and row:
                wrong = (
                    f"{path} line {skipped + reader.line_num} has {len(row)} fields, but the "
                    f"header has {len(names)}: {advice}"
                )
        except StopIteration:
            return rows
        except csv.Error as error:
            first, last = skipped + begins, skipped + reader.line_num
            most = max(1, last - first + 1)
            where = f"line {last}" if first >= last else f"lines {first} to {last}"
            wrong = f"{path} {where} cannot be read: {error} (a quote that is not closed?)"
        if wrong is not None:
            if skip is None or is_header:
                raise TableFileError(wrong)
            skip(wrong, 1, most)
        elif row and not is_header:
            rows.append(row)
        is_header = False


def complete_lines(text: str, separator: str) -> tuple[int, int]:
    r"""Return how many characters of a text are whole rows, and how many lines these take.

    What stands behind them may go on in what follows the text.

    Examples
    --------
    >>> complete_lines('a,b\n"c\nd",e\nf', ",")
    (12, 3)
    """
    if "\r" not in text or text.count("\r") == text.count("\r\n"):
        end = text.rfind("\n") + 1
        marks = text.count('"', 0, end)
        if not marks:
            return end, text.count("\n", 0, end)
        # Every other quote opens: a line that ends within some is not the last.
        while end and marks % 2:
            before = text.rfind("\n", 0, end - 1) + 1
            marks -= text.count('"', before, end)
            end = before
        if end and quotes_are_in_place(text[:end].encode(), separator):
            return end, text.count("\n", 0, end)
    lines: list[str] = []
    ends: list[int] = []

    def passing() -> Iterator[str]:
        for line in lines_of(text):
            lines.append(line)
            yield line

    reader = csv.reader(passing(), delimiter=separator, strict=True)
    while True:
        try:
            next(reader)
        except StopIteration:
            break
        except csv.Error:
            if len(lines) == (ends[-1] if ends else 0):
                break
        ends.append(len(lines))
    taken = ends[-2] if len(ends) > 1 else 0
    return sum(map(len, lines[:taken])), taken


def typed(
    frame: pl.DataFrame | PlainTable, as_text: Collection[str], may_have_commas: bool
) -> pl.DataFrame:
    """Return columns of text as numbers or booleans, where all their values are.

    So 0.1.0 read every file, by what is in it. Its models still do.

    All columns go through each question together, as there may be thousands.

    Raises
    ------
    MissingExtraError
        If polars is not installed.
    """
    if isinstance(frame, PlainTable):
        missing_extra("polars", "reading a text file as 0.1.0 did", "tables")
    import polars

    each = polars.all()
    frame = frame.select(each.str.strip_chars())
    frame = frame.select(polars.when(~each.is_in(list(MISSING))).then(each))
    plain = _with_points(frame) if may_have_commas else frame

    def where(answer: pl.Expr, table: pl.DataFrame = plain) -> set[str]:
        return {name for name, yes in table.select(answer).row(0, named=True).items() if yes}

    # Infinity counts as a number here, so that it is refused as one, with its row.
    numbers = where(each.str.contains(rf"^({PLAIN}|(?i:[+-]?inf(inity)?))$").all())
    numbers -= where(each.str.contains(r"^[+-]?0[0-9]").any())  # 007 is a name, not a number
    whole = where(each.str.contains(r"^[+-]?[0-9]{1,18}$").all())
    booleans = where(each.str.to_lowercase().is_in(["true", "false"]).all(), frame)
    text = {*as_text} | where(each.is_null().all())
    typed = (numbers | booleans) - text
    columns = []
    for name in frame.columns:
        column = polars.col(name)
        if name not in typed:
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
    commas = frame.select(each.str.contains(r"^[+-]?[0-9]+,[0-9]+$").any())
    if not any(commas.row(0)):
        return frame
    thousands = each.str.contains(r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?$")
    bare = each.str.replace_all(".", "", literal=True)
    point = each.str.contains(".", literal=True)  # of a date, or a decimal: no number here
    frame = frame.select(
        polars.when(thousands).then(bare).when(point).then(polars.lit("text")).otherwise(each)
    )
    return frame.select(each.str.replace(",", ".", literal=True))
