"""Files that are opened again and again, and have to be the same each time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from clearprop.errors import TableFileError
from clearprop.files.regular_file import open_regular


class ChangedFileError(TableFileError):
    """A file that was written, or replaced, between two times that it was read."""


def mark_of(found: os.stat_result) -> tuple[int, ...]:
    """Return which file it is, how long, and when it was last written."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class UnchangedFile:
    """A file of which parts are read at different times.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, ...] | None = None

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Give the file, open.

        Raises
        ------
        FileMissingError, TableFileError
            As `open_regular` does.
        ChangedFileError
            If it was written, or replaced, since it was opened first.
        """
        with open_regular(self._path, TableFileError) as file:
            self.check(os.fstat(file.fileno()))
            yield file

    def check(self, found: os.stat_result) -> None:
        """Raise `ChangedFileError` unless it is as it was the first time."""
        mark = mark_of(found)
        if self._mark is None:
            self._mark = mark
        elif mark != self._mark:
            raise ChangedFileError(
                f"{self._path} was changed or replaced since it was first read: what is read now "
                "would not be of the same rows; begin anew, with a file that stays as it is"
            )
