"""Files that are opened once to be read: regular ones, and nothing that could wait or never end."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from clearprop.errors import ClearpropError, FileMissingError

PathLike = str | os.PathLike[str]


def open_regular(path: PathLike, refusal: type[ClearpropError]) -> io.BufferedReader:
    """Open a regular file to read its bytes.

    Raises
    ------
    FileMissingError
        If there is none, or a folder.
    refusal
        If it cannot be read, or is a pipe or a device, which are not even opened.
    """
    try:
        mode = Path(path).stat().st_mode  # of what a link leads to
        if stat.S_ISREG(mode):
            return Path(path).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissingError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
        reason = error.strerror if isinstance(error, OSError) else error
        raise refusal(f"{path} cannot be read: {reason}") from error
    if stat.S_ISDIR(mode):
        raise FileMissingError(f"{path} is a folder; give a file")
    what = "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
    raise refusal(f"{path} is {what}: give a file")
