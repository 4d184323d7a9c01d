"""Files that are opened once to be read: regular ones, and nothing that could wait or never end."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from clearprop.checks.settings import check_path
from clearprop.errors import ClearpropError, FileMissingError

PathLike = str | os.PathLike[str]


_LONGEST = 255


def open_regular(path: PathLike, refusal: type[ClearpropError]) -> io.BufferedReader:
    """Open a regular file to read its bytes.

    Raises
    ------
    FileMissingError
        If there is none, or a folder.
    refusal
        If it cannot be read, or is a pipe or a device, which are not even opened.
    """
    name = check_path(path)
    if not name:
        raise FileMissingError("'' is no name for a file")
    try:
        mode = Path(name).stat().st_mode  # of what a link leads to
        if stat.S_ISREG(mode):
            return Path(name).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissingError(f"there is no file {_brief(name)}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
        reason = error.strerror if isinstance(error, OSError) else error
        raise refusal(f"{_brief(name)} cannot be read: {reason}") from error
    if stat.S_ISDIR(mode):
        raise FileMissingError(f"{path} is a folder; give a file")
    what = "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
    raise refusal(f"{path} is {what}: give a file")


def _brief(name: str) -> str:
    """Return a path as a message shows it; no file system has names as long as those cut."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
