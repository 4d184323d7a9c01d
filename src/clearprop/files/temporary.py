"""Temporary files, of which none stays: a write removes those that killed writes have left.

A file is locked as long as its writer lives; the system lets go of the lock of a process that
is gone, however it went. So a file of ours that can be locked is a stray.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # on Windows, and in some browsers
    fcntl = None  # type: ignore[assignment]

PREFIX, SUFFIX = ".clearprop-", ".part"
"""What the names of our temporary files begin and end with, whatever they are to be called."""

_DAY = 86_400.0
"""Seconds after which a file is a stray where locks are not to be had."""

_TRIES = 100
"""Files made before one is given up to get that nobody else takes."""

_OURS: set[Path] = set()
"""The files of this process: on some network drives its threads share their locks."""


@contextmanager
def temporary_file(folder: Path, mode: int) -> Iterator[tuple[BinaryIO, Path]]:
    """Make an empty file in `folder`; it is gone in the end, unless it got another name.

    Parameters
    ----------
    folder : Path
    mode : int
        Its permissions, of which the process's umask takes some, as of any new file.

    Yields
    ------
    file : binary file, open for writing
    path : Path

    Raises
    ------
    OSError
        If it cannot be made.
    """
    descriptor, path = _made(folder, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, path
    finally:  # after Ctrl-C too
        _remove(path)


def remove_strays(folder: Path) -> None:
    """Remove the temporary files that killed writes of this user have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    _remove_stray(folder / entry.name)


def _made(folder: Path, mode: int) -> tuple[int, Path]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for _ in range(_TRIES):
        path = folder / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        descriptor = os.open(path, flags, mode)
        _OURS.add(path)
        is_ours = False
        try:
            # Before it was locked, another process may have taken it for a stray and removed it.
            is_ours = _lock(descriptor) is not False and path.exists()
            if is_ours:
                return descriptor, path
        finally:
            if not is_ours:
                os.close(descriptor)
                _remove(path)
    raise BlockingIOError(errno.EAGAIN, "each new file there is locked by somebody else")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    _OURS.discard(path)


def _remove_stray(path: Path) -> None:
    found = path.lstat()
    if path in _OURS or not stat.S_ISREG(found.st_mode):
        return
    if fcntl is None:
        locked = None
    elif found.st_uid != getattr(os, "geteuid", lambda: found.st_uid)():  # none in a browser
        return
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "wb"):
            locked = _lock(descriptor)
            if locked:
                path.unlink()
    if locked is None and time.time() - found.st_mtime > _DAY:
        path.unlink()


def _lock(descriptor: int) -> bool | None:
    """Return whether the file is ours now, or somebody else's; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
