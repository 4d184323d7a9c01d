"""The cache: compiled kernels in files, from which other processes of this machine load them.

Whoever can write these files has code run by those who read them. So they are read, and
written, only where nobody else can; anything else is compiled again, and not kept.
The folder is named after a digest of the kernels' sources, the versions of compiler and
Python, and the processor; so a cache never holds code of another version. Of older folders, the
last few are kept.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from clearprop.errors import FileWriteError, one_line
from clearprop.files.own_files import make_own_folder, own_folder, read_own_file
from clearprop.files.temporary import remove_strays, temporary_file

OTHERS = 3
"""Folders of other versions that are kept: environments side by side have one each."""

_OURS = re.compile(r"[0-9a-f]{24}")

_trusted = cache(own_folder)  # looked at once a process; a folder that is not there is not kept


def read(kernel: str) -> tuple[str, bytes] | None:
    """Return a kernel's symbol and machine code, or None where none is kept, whole, and ours.

    Parameters
    ----------
    kernel : str
        The name of its file, such as "optimizers.adam-float32".
    """
    try:
        content = read_own_file(_trusted(folder()) / f"{kernel}.kernel")
    except OSError:
        return None
    checksum, _, rest = content.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode() != checksum:
        return None
    symbol, _, code = rest.partition(b"\n")
    return symbol.decode(), code


def write(kernel: str, symbol: str, code: bytes) -> None:
    """Keep a kernel; where that cannot be done, the next process compiles it again."""
    rest = symbol.encode() + b"\n" + code
    with suppress(OSError):
        place = _made()
        remove_strays(place)
        # Others may read: an image's superuser compiles ahead for whoever runs the container.
        with temporary_file(place, 0o644) as (file, part):
            file.write(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
            file.flush()
            if os.name == "nt":  # an open file keeps its name there
                file.close()
            part.replace(place / f"{kernel}.kernel")


def refusal() -> str | None:
    """Return why compiled code is not kept, or None where it is; the folder is made if need be."""
    try:
        place = _made()
    except FileWriteError as error:
        return str(error)
    except OSError as error:
        return one_line(f"{error.filename} cannot be used ({error.strerror})")
    return None if os.access(place, os.W_OK) else one_line(f"{place} cannot be written")


@cache
def folder() -> Path:
    """Return the cache folder of this version on this machine; CLEARPROP_CACHE moves it.

    Raises
    ------
    FileWriteError
        If there is no folder in which it could be.
    """
    return _root() / _digest()


def _made() -> Path:
    with suppress(FileNotFoundError):
        return _trusted(folder())
    make_own_folder(folder())
    found = _trusted(folder())
    _prune(found)
    return found


def _prune(kept: Path) -> None:
    """Remove the folders of other versions, but for those that were written to last."""
    others = [one for one in kept.parent.iterdir() if _OURS.fullmatch(one.name) and one != kept]
    with suppress(OSError):  # another process may be at it
        others.sort(key=lambda one: one.stat().st_mtime, reverse=True)
        for old in others[OTHERS:]:
            for kernel in old.glob("*.kernel"):
                kernel.unlink()
            remove_strays(old)
            old.rmdir()  # which fails if it holds anything else


def _root() -> Path:
    chosen = os.environ.get("CLEARPROP_CACHE")
    if chosen:
        try:
            return Path(chosen).absolute()  # it stays there when the process goes elsewhere
        except OSError:
            raise FileWriteError("the current folder is gone") from None
    if sys.platform == "win32":
        return (_absolute("LOCALAPPDATA") or _home()) / "clearprop"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "clearprop"
    return (_absolute("XDG_CACHE_HOME") or _home() / ".cache") / "clearprop"


def _absolute(variable: str) -> Path | None:
    """Return the folder that a variable names; a relative one is ignored, as XDG wants it."""
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def _home() -> Path:
    if sys.platform == "win32":
        home = _absolute("USERPROFILE")
    else:
        import pwd

        home = _absolute("HOME")
        if home is None:
            with suppress(KeyError):  # a container's user may have no entry
                home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    if home is None or not home.is_absolute():
        raise FileWriteError("this user has no home folder")
    return home


def _digest() -> str:
    from clearprop.engine.kernels.compiler import target  # not needed where a library serves

    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    versions = [version("numba"), version("llvmlite"), sys.version_info[:2]]
    digest.update(repr((versions, platform.machine(), sys.platform, target())).encode())
    return digest.hexdigest()[:24]
