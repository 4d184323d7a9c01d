"""The lock of a folder of checkpoints: one run writes into it, of one process.

A lock is kept by every process that has its file open, and so by one that was forked from it and
lives on after it. A forked process lets go of all locks at once.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from pathlib import Path

from clearprop.errors import FileWriteError

try:
    import fcntl
except ImportError:  # on Windows, and in some browsers
    fcntl = None  # type: ignore[assignment]

LOCK = "checkpoint.lock"
"""The file that is locked while a run writes into the folder; it stays, empty."""


class FolderLock:
    """A lock that is held from its making until it is closed.

    Where the system has no locks for files (Windows), nobody is kept out.

    Parameters
    ----------
    place : Path
        The folder.
    said : Path
        As messages say it.

    Raises
    ------
    FileWriteError
        If the folder cannot be written into, or another run is at work in it.
    """

    def __init__(self, place: Path, said: Path) -> None:
        self._path, self._said = place / LOCK, said
        self._file: int | None = None
        self._take()
        _HELD.add(self)

    def _take(self) -> None:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._failed(error) from error
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _close(file)
            raise FileWriteError(
                f"another run writes its checkpoints into {self._said}: wait for its end, or give "
                "another folder"
            ) from None
        except OSError:  # a file system without locks
            pass
        self.close()
        self._file = file

    def check(self) -> None:
        """Raise `FileWriteError` unless the folder is still the one that is locked.

        It may have been moved while another has taken its name, or this may be another process.
        A lock that somebody has removed is taken anew.
        """
        if self._file is None:
            raise FileWriteError(
                f"the checkpoints in {self._said} are those of the process that this one was "
                "forked from"
            )
        try:
            here, there = os.fstat(self._file), self._path.stat()
        except FileNotFoundError:
            self._take()
            return
        except OSError as error:
            raise self._failed(error) from error
        if fcntl is not None and (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise FileWriteError(
                f"{self._said} is no longer the folder that the run began in, which was moved or "
                "removed: another run may write into it"
            )

    def close(self) -> None:
        """Let go of it, if it is held."""
        file, self._file = self._file, None
        if file is not None:
            _close(file)

    def _failed(self, error: OSError) -> FileWriteError:
        why = error.strerror or error
        return FileWriteError(error.errno, f"cannot write checkpoints into {self._said}: {why}")


_HELD: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _close(file: int) -> None:
    with suppress(OSError):
        os.close(file)


def _let_go() -> None:
    for lock in list(_HELD):
        lock.close()  # the process that was forked from has it open still


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
