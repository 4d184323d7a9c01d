"""Folders and files that nobody else can change, for what is run as it is read.

Somebody else is any user but the one who runs this process and the superuser. Owners and
permissions tell; access control lists are not looked at. Windows has neither: there the
folders are taken to be the user's own, as those of a user's profile are.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from clearprop.errors import FileWriteError

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def own_folder(path: Path) -> Path:
    """Return the real path of a folder in which nobody else can make, change or replace a file.

    Every folder and every link on the way to it is held to that as well; what is above it may
    be sticky, as /tmp is.

    Parameters
    ----------
    path : Path
        Absolute.

    Raises
    ------
    FileWriteError
        If somebody else owns, or can write, a part of it; the message says which.
    OSError
        If there is no such folder, or it cannot be looked at.
    """
    path.stat()  # fails where links go in a circle
    if sys.platform == "win32":
        return path.resolve()
    real = _walk(path)
    _check_folder(real, real.lstat(), sticky=False)
    return real


def make_own_folder(path: Path) -> None:
    """Make a folder, and those above it, of which others may read; one that is there stays.

    Raises
    ------
    FileWriteError
        If somebody else could put another folder in its place; none is made then.
    OSError
        If it cannot be made.
    """
    if not path.exists():
        make_own_folder(path.parent)
        if sys.platform != "win32":
            _walk(path.parent)
        path.mkdir(0o755, exist_ok=True)


def read_own_file(path: Path) -> bytes:
    """Return the bytes of a regular file that nobody else can change.

    A link is not followed, and a pipe is not waited for.

    Raises
    ------
    FileWriteError
        If somebody else owns it, or can write it, or it is no regular file.
    OSError
        If it cannot be read.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)  # of what is open, whatever has that name by now
        if not stat.S_ISREG(found.st_mode):
            raise FileWriteError(f"{path} is no regular file")
        if sys.platform != "win32":
            _check_owner(path, found)
            if found.st_mode & _OTHERS:
                raise FileWriteError(f"{path} can be written by others")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


if sys.platform != "win32":

    def _walk(path: Path) -> Path:
        """Return a real path, of which every part has been looked at before what is in it."""
        at, left = Path(path.anchor), list(path.parts[:0:-1])
        _check_folder(at, at.lstat(), sticky=True)
        while left:
            name = left.pop()
            if name == "..":
                at = at.parent
                continue
            here = at / name
            found = here.lstat()
            if stat.S_ISLNK(found.st_mode):
                _check_owner(here, found)
                target = here.readlink()
                if target.is_absolute():
                    at = Path(target.anchor)
                left += [part for part in reversed(target.parts) if part != target.anchor]
            else:
                _check_folder(here, found, sticky=True)
                at = here
        return at

    def _check_folder(path: Path, found: os.stat_result, *, sticky: bool) -> None:
        """Raise where others can replace what is in a folder or, if not `sticky`, add to it."""
        if not stat.S_ISDIR(found.st_mode):
            raise FileWriteError(f"{path} is no folder")
        _check_owner(path, found)
        others = found.st_mode & _OTHERS
        if others == stat.S_IWGRP and _has_private_group(found):
            return
        if others and not (sticky and found.st_mode & stat.S_ISVTX):
            raise FileWriteError(f"{path} can be written by others")

    def _check_owner(path: Path, found: os.stat_result) -> None:
        if found.st_uid not in (0, os.geteuid()):
            raise FileWriteError(f"{path} belongs to another user")

    def _has_private_group(found: os.stat_result) -> bool:
        """Whether a group is its owner's alone: it has the owner's name, and no other members."""
        import grp
        import pwd

        if found.st_gid == 0:  # containers put users of any number into this one
            return False
        try:
            owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
        except KeyError:
            return False
        is_primary = owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name
        return is_primary and set(group.gr_mem) <= {owner.pw_name}
