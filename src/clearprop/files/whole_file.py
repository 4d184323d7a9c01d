"""Files written whole or not at all.

A write goes to a temporary file beside the target, is synced, takes the target's name in
one step, and the folder is synced: a crash or a full disk at any point leaves either the
old file or the new one, never a part.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from clearprop.errors import FileWriteError

PathLike = str | os.PathLike[str]


def write_whole(path: PathLike, content: bytes | memoryview) -> None:
    """Write `content` to `path`, replacing a file that stands there in one step.

    Raises
    ------
    FileWriteError
        If it cannot be written (no such folder, no right, disk full); the old file stays.
    """
    if not os.fspath(path) or Path(path).is_dir():
        raise FileWriteError(f"{os.fspath(path)!r} is no name for a file")
    target = Path(os.path.realpath(path))
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode_of(target))
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        stays = "; the file that was there is untouched" if target.exists() else ""
        raise FileWriteError(
            error.errno, f"could not write {target}: {error.strerror or error}{stays}"
        ) from error
    finally:  # after Ctrl-C too
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
    with suppress(OSError):  # some file systems cannot sync a folder
        _sync_folder(target.parent)


def check_can_write(path: PathLike, *, replace: bool) -> None:
    """Raise `FileWriteError` where `write_whole` would fail now; writes nothing that stays.

    For use before long work whose result goes to `path`. `replace` says whether a file that
    stands there may be replaced.
    """
    target = Path(path)
    if not os.fspath(path) or target.is_dir():
        raise FileWriteError(f"{os.fspath(path)!r} is no name for a file")
    if target.exists() and not target.is_file():
        raise FileWriteError(f"{target} is no regular file")
    if target.exists() and not replace:
        raise FileWriteError(f"{target} exists already: choose another name, or use --force")
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise FileWriteError(f"there is no folder {folder}: make it first")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=folder)
        os.close(handle)
        Path(temporary).unlink()
    except OSError as error:
        raise FileWriteError(
            error.errno, f"cannot write into {folder}: {error.strerror or error}"
        ) from error


def _mode_of(path: Path) -> int:
    """Return the permissions a plain open() would give (mkstemp gives the owner's alone)."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
