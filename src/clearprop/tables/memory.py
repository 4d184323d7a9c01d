"""Memory: whether a table has room before it is read.

Columns of one value take next to nothing in a Parquet file, and as much as any others in memory:
megabytes may hold hundreds of millions of rows.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Protocol

from clearprop.errors import TableFileError

NUMBER = 16
"""Bytes of a number: as it is read, and as float64."""

TEXT = 80
"""Bytes of a short text: as it is read, and as a text of Python's."""

INNER = 144
"""Bytes of a field of an object inside of another, in lines of JSON."""

COLUMN = 12_000
"""Bytes of a column of a CSV beside its values, while it is typed."""

_CHUNK = 1 << 20

_GROUPS = Path("/sys/fs/cgroup")


def check_size(path: Path, size: int, taken: int = 0) -> None:
    """Raise `TableFileError` if a file of `size` bytes is more than a table may take.

    `taken` is what the files before it take, of a table in several.
    """
    most = memory() // 2
    if size + taken > most:
        raise TableFileError(
            f"{path} has {size / 1e9:,.1f} GB{_beside(taken)}, and {_may_take(most)}"
        )


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, and none at the end."""


def read_within(stream: Stream, name: object, taken: int = 0, unpacked: str = "") -> bytes:
    """Return all bytes of a stream whose size nobody knows, or raise `TableFileError`."""
    most, found = memory() // 2, io.BytesIO()
    while chunk := stream.read(_CHUNK):
        found.write(chunk)
        if found.tell() + taken > most:
            raise TableFileError(
                f"{name} has more than {(most - taken) / 1e9:,.1f} GB{unpacked}{_beside(taken)}, "
                f"and {_may_take(most)}"
            )
    return found.getvalue()


def check_room(path: object, rows: int, columns: int, size: int, taken: int = 0) -> None:
    """Raise `TableFileError` if a table of `size` bytes takes more than half of the memory.

    What is learned from it, the inputs of a network, takes as much again. `taken` is what the
    files before it take, of a table in several.
    """
    what = f"{rows:,} row{'s' * (rows != 1)} of {columns:,} column{'s' * (columns != 1)}"
    check_room_of(what, path, size, taken)


def check_room_of(what: str, path: object, size: int, taken: int = 0) -> None:
    """Raise `TableFileError` as `check_room` does; `what` is what the message says is in it."""
    most = memory() // 2
    if size + taken > most:
        raise TableFileError(
            f"{path} has {what}, which would take {size / 1e9:,.1f} GB of memory"
            f"{_beside(taken)}; {_may_take(most)}"
        )


def _beside(taken: int) -> str:
    return f" beside {taken / 1e9:,.1f} GB of the files before it" if taken else ""


def _may_take(most: int) -> str:
    return (
        f"a table may take {most / 1e9:,.1f} GB here, half of what there is: take fewer rows or "
        "columns, or learn from it in windows (cp.stream, clearprop train --window 1000000)"
    )


def memory() -> int:
    """Return the bytes of memory that this process may use.

    The machine's, a limit of the process (``ulimit -v``), and its container's share count.
    """
    found = [_of_machine()]
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        found += [limit] * (limit != resource.RLIM_INFINITY)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of Linux's control groups
        try:
            found.append(int((_GROUPS / name).read_text()))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return min(found)


def _of_machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows does not say
        return 16 * 10**9
