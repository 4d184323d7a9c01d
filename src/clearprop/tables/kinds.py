"""Kinds of table files: what a name says a file is, and what its content says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from clearprop.errors import TableFileError, shown

PathLike = str | os.PathLike[str]

KINDS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".txt": "text",
    ".xlsx": "Excel",
    ".xlsm": "Excel",
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

PACKINGS = {".gz": "gzip", ".zst": "zstd"}
"""What a second ending says it is packed by."""

TEXTS = ("CSV", "TSV", "text")
"""Kinds whose cells are text, with something between them."""

BINARY = ("Excel", "Parquet", "Arrow")
"""Kinds that are no text, and have no encoding."""

STREAM = Path("-")
"""Standard input, or standard output."""

_MAGIC = (
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\xff\xff\xff\xff", "Arrow"),  # a stream
    (b"PK\x03\x04", "a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel workbook"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a SQLite database"),
)

_START = re.compile(rb"[^ \t\r\n\xef\xbb\xbf]")


class Form(NamedTuple):
    """What a file is: one of `KINDS`, and one of `PACKINGS`, or "" where it is not packed."""

    kind: str
    packing: str = ""


def form_of(path: PathLike) -> Form:
    """Return what the endings of a file's name say it is, or raise `TableFileError`.

    Examples
    --------
    >>> form_of("sales.CSV.gz")
    Form(kind='CSV', packing='gzip')
    """
    name = Path(path)
    packed = name.suffix.lower() if name.suffix.lower() in PACKINGS else ""
    name = name.with_suffix("") if packed else name
    ending = name.suffix.lower()
    if ending not in KINDS:
        what = f"ends with {shown(ending + packed)}" if ending else "has no ending"
        what += f" before {packed}" if packed and not ending else ""
        raise TableFileError(
            f"{path} {what}; known are {', '.join(KINDS)}, and .gz or .zst after them"
        )
    return Form(KINDS[ending], PACKINGS.get(packed, ""))


def is_table_name(path: PathLike) -> bool:
    """Whether the endings of a name are those of a table."""
    try:
        form_of(path)
    except TableFileError:
        return False
    return True


def stem_of(path: PathLike) -> str:
    """Return a file's name without the endings that say what it is.

    Examples
    --------
    >>> stem_of("data/sales.csv.gz"), stem_of("v1.2.csv")
    ('sales', 'v1.2')
    """
    name = Path(path)
    return Path(name.stem).stem if name.suffix.lower() in PACKINGS else name.stem


def is_empty(content: bytes) -> bool:
    """Whether nothing is there but blanks and a byte-order mark."""
    return _START.search(content) is None


def packing_in(content: bytes) -> str:
    """Return what bytes without a name are packed by, or ""."""
    found = _by_magic(content)
    return found if found is not None and found in PACKINGS.values() else ""


def kind_in(content: bytes) -> str:
    """Return what bytes without a name are: what they begin like, or else CSV."""
    found = _found(content)
    return found if found is not None and found in KINDS.values() else "CSV"


def check_kind(content: bytes, kind: str, path: Path) -> None:
    """Raise `TableFileError` if the content begins like a file of another kind."""
    found = _found(content)
    if found == "JSON" and kind == "JSON lines":
        return
    if found is None and kind in ("Parquet", "Arrow", "Excel"):
        found = "text" if b"\0" not in content[:1000] else "something else, or damaged"
    if found is not None and found != kind:
        advice = f"save it as {kind}"
        if found in KINDS.values() and found != "text":
            advice = f"rename it to end with {_ending(KINDS, found)}"
        elif found in PACKINGS.values():
            advice = f"rename it to end with {_ending(KINDS, kind)}{_ending(PACKINGS, found)}"
        raise TableFileError(f"{path} is not {kind} but {found}: {advice}")


def _ending(endings: dict[str, str], what: str) -> str:
    return next(ending for ending, name in endings.items() if name == what)


def _by_magic(content: bytes) -> str | None:
    return next((name for magic, name in _MAGIC if content.startswith(magic)), None)


def _found(content: bytes) -> str | None:
    """Return what the content begins like, or None where it may be any text."""
    found = _by_magic(content)
    if found == "a zip archive" and b"xl/workbook" in content:
        return "Excel"
    begins = _START.search(content)
    start = content[begins.start() :][:20].lower() if begins else b""
    if found is None and start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        found = "a web page" if b"html" in start else "XML"
    if found is None and start.startswith((b"{", b"[{")):
        found = "JSON"
    return found
