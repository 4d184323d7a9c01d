"""What a log does about files that stand at its place already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from clearprop.checks.settings import choice
from clearprop.errors import FileWriteError
from clearprop.files.whole_file import absolute

PathLike = str | os.PathLike[str]

CHOICES = ("fail", "append", "replace", "number")


def check_if_exists(if_exists: object) -> None:
    """Raise `ArgumentError` unless `if_exists` is one of the four choices."""
    choice("if_exists", if_exists, CHOICES)


def refuse(path: Path, problem: str) -> NoReturn:
    """Raise `FileWriteError` for what stands at a log's place."""
    raise FileWriteError(
        f"{path} {problem}: choose another name, or say if_exists='append', 'replace' or 'number'"
    )


def unreadable(path: Path, error: OSError) -> FileWriteError:
    """Return the error of a log that cannot go on, as what stands at its place cannot be read."""
    return FileWriteError(
        error.errno, f"cannot go on with {path}, as it cannot be read: {error.strerror or error}"
    )


def numbered(path: PathLike, number: int) -> Path:
    """Return the name of the first, second, third ... log of a name.

    Examples
    --------
    >>> numbered("run.csv", 1).name, numbered("run.csv", 2).name
    ('run.csv', 'run-2.csv')
    """
    path = Path(path)
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def meant_from(path: PathLike) -> Path:
    """Return the folder that a log's path is meant from, also once the process is elsewhere."""
    return Path() if Path(path).is_absolute() else absolute(".")


def for_a_clone(if_exists: str) -> str:
    """Return what the clone of a log does: it is of another run, beside which it has to stand."""
    return "number" if if_exists == "fail" else if_exists
