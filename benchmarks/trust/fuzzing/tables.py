"""Table files that nobody vouches for: a table, or one line that says why not.

The first byte of an input says what its name ends with, the second how it is packed, read and
prepared for a network, the others are the content.
"""

from __future__ import annotations

import gzip
import io
import random
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from backports import zstd

import clearprop as cp
from clearprop.tables import memory
from clearprop.tables.preparation import prepare
from clearprop.tables.settings import TableSettings
from clearprop.tables.table_files import as_bytes, read_table

from .folders import folder
from .mutation import change_bytes
from .outcome import Refused, same, tried

MODULES = (
    "clearprop.tables", "clearprop.files.regular_file", "clearprop.errors",
)  # fmt: skip
"""Whose branches are counted."""

TEXTS = (".csv", ".tsv", ".txt")
ENDINGS = 4 * (*TEXTS, ".csv", ".txt") + 2 * (
    ".jsonl",
    ".json",
    ".parquet",
    ".arrow",
    ".xlsx",
    ".tsv",
)
"""What the first byte of an input counts in: most are of text, which goes the fastest."""

PACKINGS = ("", ".gz", ".zst")
ENCODINGS = (None, None, "utf-8", "latin-1", "utf-16", "cp1252", "shift_jis", "no such")

ROWS, COLUMNS = 200, 16
"""Of larger tables no more is asked than that they are read."""

PREPARED = 16
"""Of so many tables one is prepared for a network, and one is written and read again. Of so many of
text one is read by polars, which many cores do soon and a busy one does not; the others as where
polars is not installed. That one's cells are to be the same by both."""

READING = (cp.errors.TableFileError, cp.ColumnError, cp.ArgumentError)
PREPARING = (*READING, cp.DataError, cp.TargetError, cp.NonFiniteDataError, cp.TypeOfDataError,
             cp.errors.SampleWeightError, cp.ShapeError)  # fmt: skip

SETTINGS = (
    {},
    {"drop_missing_target": True, "unreadable": 0.5},
    {"task": "regression", "drop_missing_target": True},
    {"task": "classification", "drop_missing_target": True, "max_categories": 2},
)


@cache
def _folder() -> Path:
    return folder()


def ask_once() -> None:
    """Let this process ask the system but once how much memory there is: a third of the time."""
    memory.memory = cache(memory.memory)


def run(data: bytes) -> str:
    """Read a table of these bytes, and prepare it for a network; return what became of it."""
    if len(data) < 2:
        return "nothing"
    ending, how, content = ENDINGS[data[0] % 32], data[1], data[2:]
    packing = PACKINGS[how % 3]
    if data[0] < 128:  # what is packed is changed; else the packed file itself
        content = _packed(content, packing)
    path = _folder() / f"table{ending}{packing}"
    path.write_bytes(content)
    is_text = ending in TEXTS
    encoding = ENCODINGS[how // 3 % 8] if is_text or ending.startswith(".json") else None
    chance = zlib.crc32(data) % PREPARED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cp.TableWarning)
        if is_text and chance == 2:
            _by_both(path, encoding)
        with without_polars() if is_text and chance else nullcontext():
            done = _run(path, encoding, SETTINGS[how // 72 % 4], chance)
    return f"{ending[1:]} {done}"


def _run(path: Path, encoding: str | None, settings: dict[str, Any], chance: int) -> str:
    try:
        cells = tried(lambda: read_table(path, encoding=encoding), *READING)
    except Refused:
        return "refused"
    frame = cells.frame
    if frame.height > ROWS or frame.width > COLUMNS:
        return "read, and large"
    name = path.name.partition(".gz")[0].partition(".zst")[0]
    if chance == 1 and cells.separator:
        _written(frame, name)
    if chance == 1 and name.endswith((".parquet", ".arrow")):
        _kept(frame, name)
    if chance > 1:
        return "read"
    asked = TableSettings(encoding=encoding, **settings)
    try:
        ready = tried(lambda: prepare(path, frame.columns[-1], asked), *PREPARING)
    except Refused:
        return "read, not prepared"
    ready.inputs(ready.split.training)
    return "prepared"


@contextmanager
def without_polars() -> Iterator[None]:
    """Let the package find no polars, as where it is not installed."""
    hidden, sys.modules["polars"] = sys.modules["polars"], None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules["polars"] = hidden


def _by_both(path: Path, encoding: str | None) -> None:
    """Raise `Fault` unless polars reads what is read without it."""

    def read() -> Any:
        try:
            found = tried(lambda: read_table(path, encoding=encoding), *READING)
        except Refused as refused:
            return str(refused)
        cells = [
            ["" if x is None else x for x in found.frame[name]] for name in found.frame.columns
        ]
        return found.frame.columns, cells, found.separator, found.notes

    with_it = read()
    with without_polars():
        same("a table with polars and without", with_it, read())


def _packed(content: bytes, packing: str) -> bytes:
    if packing == ".gz":
        return gzip.compress(content, 1, mtime=0)
    return zstd.compress(content, 1) if packing == ".zst" else content


def _written(frame: Any, name: str) -> None:
    """Raise `Fault` unless a table of text that is written is the same when it is read."""
    path = _folder() / f"again{name}"
    columns = {one: list(frame[one]) for one in frame.columns}
    path.write_bytes(as_bytes(columns, path))
    back = read_table(path).frame
    same("the columns of a table that is written", list(back.columns), list(columns))
    cells = [["" if x is None else x for x in back[one]] for one in columns]
    same("its cells", cells, [["" if x is None else x for x in one] for one in columns.values()])


def _kept(frame: pl.DataFrame, name: str) -> None:
    """Raise `Fault` unless a table with types is the same when it is written and read."""
    path = _folder() / f"again{name}"
    content = tried(lambda: as_bytes(frame.to_dict(), path), cp.TableFileError)
    path.write_bytes(content)
    back = read_table(path).frame
    same("the types of a table that is written", str(back.schema), str(frame.schema))
    same("whether its cells are the same", back.equals(frame), True)


def mutate(data: bytes, r: random.Random, others: Any = None) -> bytes:
    """Return an input that is like another but for a few changes."""
    return (others or (lambda content: change_bytes(content, r)))(data)


TABLES = (
    "a,b,y\n" + "".join(f"{i},{'xyz'[i % 3]},{i * 2}\n" for i in range(12)),
    "km;preis;art\n" + "".join(f"{i},5;1.{i:03d},0;{'ab'[i % 2]}\n" for i in range(12)),
    "when\twho\ty\n" + "".join(f"2024-01-{i + 1:02d}\tNA\t{'true' if i % 2 else 'false'}\n" for i in range(12)),
    'a|"b ""c"""|y\n' + "".join(f'{i}|"two\nlines"|{i % 3}\n' for i in range(11)),
    "a,y\n1,2\n\n3,4\n", "é,ü\n1,2\n", "a,a\n1,2\n", ",\n1,2\n", "a\n" + "1\n" * 12,
    "a,y\r\n1,$5\r\n2,7%\r\n" + "3,1k\r\n" * 10, "a\ry\r1\r",
)  # fmt: skip

LINES = (
    "".join(f'{{"a": {i}, "b": "{"xy"[i % 2]}", "y": {i / 2}}}\n' for i in range(12)),
    '{"a": [1, 2], "y": null}\n{"a": {"b": 1}, "c": true}\n',
    '{"a": "\\ud800", "y": 1e400}\n{}\n',
)


def seeds() -> list[bytes]:
    """Return small tables of every kind."""
    frame = pl.DataFrame(
        {
            "a": list(range(12)),
            "b": ["x", "y", None] * 4,
            "c": [i / 3 for i in range(12)],
            "y": [i % 2 == 0 for i in range(12)],
        }
    )
    days = frame.select(day=pl.lit("2024-01-01").str.to_date(), y="a")
    found: list[tuple[int, bytes]] = [
        (place, text.encode()) for text in TABLES for place in (0, 1, 2)
    ]
    found += [(0, TABLES[5].encode(encoding)) for encoding in ("utf-16", "cp1252", "utf-8-sig")]
    found += [(20, text.encode()) for text in LINES]
    found += [(21, f"[{','.join(text.split(chr(10))[:-1])}]".encode()) for text in LINES]
    for one in (frame, days):
        buffers = [io.BytesIO() for _ in range(4)]
        one.write_parquet(buffers[0], compression="uncompressed", statistics=False)
        one.write_parquet(buffers[1], compression="snappy")
        one.write_ipc(buffers[2])
        one.write_excel(buffers[3])
        found += zip((22, 22, 23, 24), (buffer.getvalue() for buffer in buffers), strict=True)
    packed = [
        bytes([128 + place, how]) + _packed(content, PACKINGS[how])
        for place, content in (found[0], found[-4])
        for how in (1, 2)
    ]
    return [*(bytes([p, 24 * (n % 10)]) + c for n, (p, c) in enumerate(found)), *packed]
