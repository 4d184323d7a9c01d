"""Memory: whether a table has room before it is read.

Columns of one value take next to nothing in a Parquet file, and as much as any others in memory:
megabytes may hold hundreds of millions of rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clearprop.errors import TableFileError

NUMBER = 16
"""Bytes of a number: as it is read, and as float64."""

TEXT = 80
"""Bytes of a short text: as it is read, and as a text of Python's."""

INNER = 144
"""Bytes of a field of an object inside of another, in lines of JSON."""

COLUMN = 12_000
"""Bytes of a column of a CSV beside its values, while it is typed."""

_GROUPS = Path("/sys/fs/cgroup")


def check_size(path: Path, size: int) -> None:
    """Raise `TableFileError` if a file of `size` bytes is more than a table may take."""
    most = memory() // 2
    if size > most:
        raise TableFileError(f"{path} has {size / 1e9:,.1f} GB, and {_may_take(most)}")


def check_room(path: Path, rows: int, columns: int, size: int) -> None:
    """Raise `TableFileError` if a table of `size` bytes takes more than half of the memory.

    What is learned from it, the inputs of a network, takes as much again.
    """
    most = memory() // 2
    if size > most:
        raise TableFileError(
            f"{path} has {rows:,} rows of {columns:,} columns, which would take "
            f"{size / 1e9:,.1f} GB of memory; {_may_take(most)}"
        )


def _may_take(most: int) -> str:
    return (
        f"a table may take {most / 1e9:,.1f} GB here, half of what there is: take fewer rows or "
        "columns"
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
