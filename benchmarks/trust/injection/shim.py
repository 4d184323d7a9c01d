"""The shim in C that puts faults between a process and its files: built, and its journal read.

`shim.c` says what a plan is. Linux alone has it; `why_not` says what is missing elsewhere.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
_OPTIONS = ["-std=gnu11", "-O1", "-shared", "-fPIC"]


@dataclass(frozen=True)
class Record:
    """A call on a file in the folder, as the shim has noted it.

    `result` is below 0 where it failed; `other` is the new name of a renamed file, or what a fault
    did.
    """

    kind: str
    descriptor: int
    flags: int
    offset: int
    data: bytes
    result: int
    path: str
    other: str


def why_not() -> str | None:
    """Return why the shim cannot be had here, or None."""
    if sys.platform != "linux":
        return "the shim is Linux's"
    if _compiler() is None:
        return "there is no C compiler"
    return None


@functools.cache
def library() -> Path:
    """Return the shim, built once a process."""
    compiler = _compiler()
    assert compiler is not None, why_not()
    folder = Path(tempfile.mkdtemp(prefix="clearprop-shim-"))
    built = folder / "shim.so"
    command = [*compiler, *_OPTIONS, str(SOURCE), "-o", str(built), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return built


def environment(folder: Path, *, plan: str = "", journal: Path | None = None) -> dict[str, str]:
    """Return what a command gets so that the plan is carried out from its start."""
    return os.environ | {
        "LD_PRELOAD": str(library()),
        "FAULTS_FOLDER": os.path.realpath(folder),
        "FAULTS_PLAN": plan,
        "FAULTS_JOURNAL": "" if journal is None else str(journal),
    }


def arm(folder: Path, *, plan: str = "", journal: Path | None = None) -> None:
    """Carry a plan out from now on, in a process that has the shim loaded."""
    own = ctypes.CDLL(None)
    taken = own.faults_arm(
        os.fsencode(os.path.realpath(folder)), os.fsencode(journal or ""), plan.encode()
    )
    if not taken:
        raise ValueError(f"the shim cannot read {plan!r}")


def mark(text: str) -> None:
    """Write a line of one's own into the journal."""
    ctypes.CDLL(None).faults_mark(text.encode())


def records(journal: Path) -> Iterator[Record]:
    """Yield what a journal holds; a line that a kill cut short is left out."""
    if not journal.exists():
        return
    whole, at = journal.read_bytes(), 0
    while (end := whole.find(b"\n", at)) >= 0:
        kind, descriptor, flags, offset, size, result, path, other = (
            whole[at:end].decode().split("\t")
        )
        at = end + 1 + int(size)
        if at > len(whole):
            return
        data = whole[end + 1 : at]
        yield Record(kind, int(descriptor), int(flags), int(offset), data, int(result), path, other)


def struck(journal: Path) -> int:
    """Return how many faults of the plan have come true."""
    return sum(record.kind == "fault" for record in records(journal))


def _compiler() -> list[str] | None:
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return [name]
    if find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    return None
