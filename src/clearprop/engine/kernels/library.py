"""The library: kernels that were compiled when Clearprop was built, for one level of processors.

It is used if it is whole, and was built of these very sources: a file beside it says so.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from clearprop.engine.kernels.machine import Level, level
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.kernels.symbols import symbol_of

FOLDER = Path(__file__).parents[1] / "prebuilt"
"""Where libraries lie, one a level."""

_ENDING = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


def library_name(of: Level) -> str:
    """Return the file's name."""
    return f"{of.name}{_ENDING}"


@cache
def digest() -> str:
    """Return the digest of the kernels' sources."""
    total = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        text = source.read_bytes().replace(b"\r\n", b"\n")
        total.update(source.name.encode() + b"\0" + text + b"\0")
    return total.hexdigest()


def address(name: str, precision: Precision) -> int | None:
    """Return the address of a kernel in this processor's library, or None where it has none."""
    return _address(_opened(), name, precision)


def exists() -> bool:
    """Whether there is a library for this processor, of whatever sources."""
    of = level()
    return of is not None and (FOLDER / library_name(of)).exists()


def holds(path: Path, precisions: Iterable[Precision]) -> bool:
    """Whether a file is a library of these precisions that was built of these sources."""
    opened = _open(path)
    return all(_address(opened, "training.run", one) is not None for one in precisions)


def _address(opened: Any, name: str, precision: Precision) -> int | None:
    try:
        found = getattr(opened, symbol_of(name, precision))
    except AttributeError:  # of None, too
        return None
    return ctypes.cast(found, ctypes.c_void_p).value


@cache
def _opened() -> Any:
    of = level()
    if of is None or os.environ.get("CLEARPROP_KERNELS") == "compile":
        return None
    return _open(FOLDER / library_name(of))


def seal(path: Path) -> str:
    """Return what stands beside a library: the digests of the sources, and of the file."""
    return f"{digest()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def sealed(path: Path) -> Path:
    """Return where that stands."""
    return path.with_suffix(".sha256")


def _open(path: Path) -> Any:
    try:
        if sealed(path).read_text(encoding="ascii") != seal(path):  # a loader crashes on half of it
            return None
        return ctypes.CDLL(str(path))
    except (OSError, ValueError):  # no such file, or none of this system
        return None
