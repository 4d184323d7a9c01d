"""What a workbook (.xlsx) takes in memory, counted before anything decodes it.

It is a zip archive of XML. Kilobytes may unpack to gigabytes, whatever sizes the archive declares;
two cells in opposite corners make a sheet of 17 billion; and a million cells may share one text.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import TableFileError
from clearprop.tables.memory import TEXT, check_room, read_within

CELL = 100
"""Bytes of a cell: as a value of any type, in its place, and as a number or the like."""

_SHARED = re.compile(rb"<(?:\w+:)?si\b")
_ROW = re.compile(rb"""<(?:\w+:)?row\b(?:[^>]*?\sr\s*=\s*["'](\d+))?""")
_CELL = re.compile(rb"""<(?:\w+:)?c\b(?:[^>]*?\sr\s*=\s*["']([A-Za-z]+)(\d+))?""")
_IS_SHARED = re.compile(rb"""\st\s*=\s*["']s["']""")
_PLACE = re.compile(rb"""\st="s"[^>]*>\s*<v>(\d{1,9})</v>""")
_IS_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")


class Workbook(NamedTuple):
    """What is in a workbook: about the bytes of its largest sheet, and cells that hold errors."""

    size: int
    errors: int


def check_workbook(content: bytes, path: Path, taken: int) -> Workbook:
    """Return what is in a workbook, or raise `TableFileError` if it has no room in memory.

    Parameters
    ----------
    content : bytes
    path : path
    taken : int
        Bytes that the files before it take, of a table in several.
    """
    unpacked = largest = errors = 0
    texts = np.zeros(1, dtype=np.int64)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in _texts_first(archive):
                info.file_size = 1 << 62  # what it declares may be a lie: read to the end
                with archive.open(info) as file:
                    xml = read_within(file, path, taken + unpacked, " unpacked")
                unpacked += len(xml)
                if info.filename.lower() == "xl/sharedstrings.xml":
                    starts = [found.start() for found in _SHARED.finditer(xml)]
                    texts = np.diff([*starts, len(xml)])
                elif b"sheetData" in xml:
                    largest = max(largest, _sheet_size(xml, texts, path, taken))
                    errors += len(_IS_ERROR.findall(xml))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, TableFileError):
            raise
        raise TableFileError(
            f"{path} cannot be read as Excel, as it is truncated or damaged: {error}"
        ) from None
    return Workbook(largest + unpacked, errors)


def _texts_first(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return sorted(
        archive.infolist(), key=lambda one: one.filename.lower() != "xl/sharedstrings.xml"
    )


def _sheet_size(xml: bytes, texts: NDArray[np.int64], path: Path, taken: int) -> int:
    """Return about the bytes that a sheet takes: the rectangle around its cells, and its texts."""
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    cells = placed = 0
    for found in _CELL.finditer(xml):
        cells += 1
        if found[1]:
            placed += 1
            columns.add(found[1])
            rows.add(found[2])
    height, width = _span(map(int, rows)), _span(map(_number, columns))
    if placed < cells:  # cells without a name stand behind one another
        begins = [found.start() for found in _ROW.finditer(xml)]
        named = {found[1] for found in _ROW.finditer(xml) if found[1]}
        height = max(height, _span(map(int, rows | named))) + len(begins)
        inside = (
            xml.count(b"<c", a, b) for a, b in zip(begins, [*begins[1:], len(xml)], strict=True)
        )
        width += max(inside, default=cells)
    shared = len(_IS_SHARED.findall(xml))
    places = np.array([int(found[1]) for found in _PLACE.finditer(xml)], dtype=np.int64)
    places = places[places < len(texts)]
    of_texts = int(texts[places].sum()) + (shared - len(places)) * int(texts.max(initial=0))
    size = height * width * CELL + shared * TEXT + of_texts
    check_room(path, height, width, size, taken)
    return size


def _span(numbers: object) -> int:
    found = list(numbers)  # type: ignore[call-overload]
    return int(max(found) - min(found) + 1) if found else 0


def _number(letters: bytes) -> int:
    """Return the number of a column: 1 of A, 27 of AA."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number
