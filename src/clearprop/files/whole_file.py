"""Files written whole or not at all.

A write goes to a temporary file beside the target, is synced, takes the target's name in
one step, and the folder is synced: a crash or a full disk at any point leaves either the
old file or the new one, never a part.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clearprop.checks.settings import check_path
from clearprop.errors import ClearpropError, FileWriteError, shown
from clearprop.files.temporary import remove_strays, temporary_file

PathLike = str | os.PathLike[str]

_NO_SYNC = {
    errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES,
    errno.EPERM,
}  # fmt: skip
"""What systems say that cannot sync a folder at all, or not one that this user may not list."""


_NO_NAME = {errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}
"""What systems say of a name that no file can have; else the disk or the rights are at fault."""


def write_whole(
    path: PathLike, *parts: bytes | memoryview, check: Callable[[Path], object] | None = None
) -> None:
    """Write `parts`, one behind the other, to `path`, replacing a file there in one step.

    What killed writes have left in the folder is removed. `check` is called with the path of what
    is written, before that takes the name of what was there; what it raises is raised.

    Raises
    ------
    FileWriteError
        If it cannot be written (no such folder, no right, disk full, a device or a pipe is
        there); the old file stays. If the folder cannot be synced as the disk fails; the new file
        is there then.
    """
    with whole_file(path, check) as file:
        for part in parts:
            file.write(part)


@contextmanager
def whole_file(path: PathLike, check: Callable[[Path], object] | None = None) -> Iterator[BinaryIO]:
    """Give a file to write to, which gets its name in the end; what fails leaves the old one.

    Raises
    ------
    FileWriteError
        As `write_whole` does.
    """
    target, mode = _find(path)
    remove_strays(target.parent)
    try:
        # Of a file that is replaced, only its owner may read what is on the way.
        with temporary_file(target.parent, 0o666 if mode is None else 0o600) as (file, temporary):
            yield file
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode)
            if check is not None:
                check(temporary)
            if os.name == "nt":  # an open file keeps its name there
                file.close()
            temporary.replace(target)
            with suppress(OSError):  # what is synced is there, whatever closing says
                file.close()
    except OSError as error:
        if isinstance(error, ClearpropError):  # of what is read to be written
            raise
        stays = "" if mode is None else "; the file that was there is untouched"
        raise FileWriteError(
            error.errno, f"could not write {target}: {error.strerror or error}{stays}"
        ) from error
    _sync_names(target)


def absolute(path: PathLike) -> Path:
    """Return a path from the root, so that it stays where it is when the process goes elsewhere.

    Raises
    ------
    FileWriteError
        If the current folder is gone.
    """
    try:
        return Path(path).absolute()
    except OSError as error:
        raise FileWriteError(
            error.errno, f"{shown(path)} is nowhere: the current folder is gone"
        ) from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, so that what is written into it outlives a power cut.

    One that is there stays.

    Raises
    ------
    FileWriteError
        If it cannot be made, or synced as the disk fails.
    """
    missing = []
    try:
        above = path
        while not above.is_dir():
            missing.append(above)
            above = above.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
        reason = error.strerror if isinstance(error, OSError) else error
        number = error.errno if isinstance(error, OSError) else None
        raise FileWriteError(
            number, f"could not make the folder {shown(str(path), 255)}: {reason}"
        ) from error
    for folder in reversed(missing):
        _sync_names(folder)


def check_can_write(path: PathLike, *, replace: bool) -> None:
    """Raise `FileWriteError` where `write_whole` would fail now; writes nothing that stays.

    For use before long work whose result goes to `path`. `replace` says whether a file that
    stands there may be replaced. What killed writes have left in the folder is removed.
    """
    target, mode = _find(path)
    if mode is not None and not replace:
        raise FileWriteError(f"{path} exists already: choose another name, or use --force")
    try:
        has_folder = target.parent.is_dir()
        if has_folder:
            remove_strays(target.parent)
            with temporary_file(target.parent, 0o600):
                pass
    except OSError as error:
        raise FileWriteError(
            error.errno, f"cannot write into {target.parent}: {error.strerror or error}"
        ) from error
    if not has_folder:
        raise FileWriteError(f"there is no folder {target.parent}: make it first")


def _find(path: PathLike) -> tuple[Path, int | None]:
    """Return where `path` leads, and the permissions of the file there, if there is one."""
    name = check_path(path)
    try:
        target = Path(os.path.realpath(name))
        mode = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = None
    except (OSError, ValueError) as error:  # too long, a circle of links; a zero byte
        if isinstance(error, OSError) and error.errno not in _NO_NAME:
            raise FileWriteError(
                error.errno, f"could not write {name}: {error.strerror or error}"
            ) from error
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileWriteError(f"{shown(name)} is no name for a file: {reason}") from None
    if not name or (mode is not None and stat.S_ISDIR(mode)):
        raise FileWriteError(f"{shown(name)} is no name for a file")
    if mode is not None and not stat.S_ISREG(mode):
        raise FileWriteError(f"{name} is no regular file")
    return target, None if mode is None else mode & 0o777


def _sync_names(made: Path) -> None:
    """Sync the folder that holds what was made or renamed, as far as the system can."""
    try:
        _sync_folder(made.parent)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise FileWriteError(
                error.errno,
                f"{made} is written, but its folder could not be synced "
                f"({error.strerror or error}): a power cut may undo it; look at the disk, and try "
                "again",
            ) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
