"""Where a table comes from: a file, several of one shape, a folder of them, or standard input."""

from __future__ import annotations

import io
import os
import sys
from glob import glob, has_magic
from pathlib import Path
from typing import Any, TypeGuard

from clearprop.checks.settings import check_path
from clearprop.errors import ArgumentError, FileMissingError, TableFileError, shown
from clearprop.files.regular_file import open_regular
from clearprop.tables.kinds import (
    KINDS,
    STREAM,
    Form,
    PathLike,
    form_of,
    is_table_name,
    kind_in,
    packing_in,
)
from clearprop.tables.memory import check_size, read_within
from clearprop.tables.packing import unpack
from clearprop.tables.text import shortened

Source = PathLike | list[PathLike] | tuple[PathLike, ...]


def is_source(table: object) -> TypeGuard[Source]:
    """Whether a table is given as a path, or as a list of paths."""
    if isinstance(table, list | tuple):
        return len(table) > 0 and all(isinstance(one, str | os.PathLike) for one in table)
    return isinstance(table, str | os.PathLike)


def files_of(source: Source) -> tuple[list[Path], list[str]]:
    """Return the files that a path or a list of paths means, and notes on what was left alone.

    Those of a list stay in their order; a pattern such as "2024-*.csv" means all files that fit it,
    by name, unless a file is called so; those of a folder are taken by name, its folders are not
    looked into, and names that begin with a dot or an underscore are none of a table.

    Raises
    ------
    TableFileError
        If a folder has no table, or cannot be read.
    FileMissingError
        If no file fits a pattern, or a name is empty.
    ArgumentError
        If a file is there twice, or there is none.
    """
    if isinstance(source, list | tuple) and not source:
        raise ArgumentError("the list of files is empty: give one at least")
    files: list[Path] = []
    notes: list[str] = []
    for one in source if isinstance(source, list | tuple) else [source]:
        if check_path(one) == "":
            raise FileMissingError("'' is no name for a file; the folder that this runs in is '.'")
        path = Path(one)
        if not _is_folder(path):
            files.extend(_matching(path))
            continue
        found, others = _listed(path)
        files.extend(found)
        if others:
            notes.append(f"{path}: {shortened(others)} left alone, as no file of a table")
    seen: set[str] = set()
    for path in files:
        real = _real(path)
        if real in seen:
            raise ArgumentError(f"{called(path)} is given twice: its rows would count twice")
        seen.add(real)
    return files, notes


def check_unread(encoding: object, sheet: object) -> None:
    """Raise `ArgumentError` if it is said how files are read, and there is none to read."""
    for name, value in (("encoding", encoding), ("sheet", sheet)):
        if value is not None:
            raise ArgumentError(f"{name} is {shown(value)}, but the table is no file: leave it out")


def called(path: Path) -> Path:
    """Return what messages call a file."""
    return Path("standard input") if path == STREAM else path


def bytes_of(path: Path, taken: int = 0) -> tuple[str, bytes]:
    """Return what kind of table a file is, and what is in it, unpacked.

    Parameters
    ----------
    path : path
        Its endings say what it is. Of standard input, its first bytes do; text is CSV.
    taken : int
        Bytes that the files before it take, of a table in several.

    Raises
    ------
    FileMissingError, TableFileError
        If it cannot be read, or has more than a table may take.
    """
    if path == STREAM:
        return _of_stream(taken)
    try:
        with open_regular(path, TableFileError) as file:
            form = form_of(path)
            check_size(path, os.fstat(file.fileno()).st_size, taken)
            return form.kind, unpack(
                file, form.packing, path, taken
            ) if form.packing else file.read()
    except FileMissingError:
        form_of(path)  # which may be why there is none
        raise
    except OSError as error:
        raise TableFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _of_stream(taken: int) -> tuple[str, bytes]:
    name = called(STREAM)
    stream: Any = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise TableFileError(f"{name} is closed: pipe a table into it, or give a file")
    try:
        content = read_within(stream, name, taken)
    except OSError as error:
        raise TableFileError(f"{name} cannot be read: {error.strerror or error}") from error
    packing = packing_in(content)
    if packing:
        content = unpack(io.BytesIO(content), packing, name, taken)
    return kind_in(content), content


def form_in(path: Path) -> Form:
    """Return what a table that is written to a path is; standard output gets CSV."""
    return Form("CSV") if path == STREAM else form_of(path)


def _matching(path: Path) -> list[Path]:
    """Return the files that a pattern such as "2024-*.csv" means, by name; else the path."""
    if not has_magic(str(path)) or _is_there(path):
        return [path]
    found = sorted(map(Path, glob(str(path))))  # noqa: PTH207, as folders may have stars too
    if not found:
        raise FileMissingError(f"there is no file {shown(str(path), 255)}")
    return found


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True  # opening it says what is wrong


def _real(path: Path) -> str:
    """Return the name of a file that has no other, or of one that no file can have."""
    try:
        return str(path) if path == STREAM else os.path.realpath(path)
    except ValueError:  # a zero character, half a surrogate pair: opening it says so
        return str(path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # too long, a zero character: opening it says so
        return False


def _listed(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the tables in a folder by name, and the names of what else is there."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.name[0] not in "._")
    except OSError as error:
        raise TableFileError(f"{folder} cannot be read: {error.strerror or error}") from error
    found = [path for path in inside if not path.is_dir() and is_table_name(path)]
    if not found:
        raise TableFileError(
            f"{folder} is a folder without tables ({', '.join(KINDS)}); its folders are not "
            "looked into"
        )
    known = set(found)
    return found, [path.name for path in inside if path not in known]
