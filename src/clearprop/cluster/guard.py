"""A guard: a process beside a machine's ranks that says which of them is gone, if one is.

Launchers such as MPICH's kill the other ranks as soon as one is dead: none of them can say it. The
guard is in a session of its own, which they leave alone. It knows the order in which processes
end, as Linux queues them, and keeps silent where a rank has left word that the run is over.

Run as a program, this file has the standard library alone: FOLDER, then what is said of each
process as JSON, [PID, TEXT].
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

WORD = "over"
"""The file in the folder that says so."""

GRACE = 0.3
"""Seconds that who is dead is waited for: another may have said that the run is over."""


def machine() -> str:
    """Return what tells whose processes can be looked at from here; "" where none can."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = Path("/proc/self/ns/pid").readlink()
    except (OSError, ValueError):
        return ""
    return f"{boot} {space}" if hasattr(os, "pidfd_open") and sys.executable else ""


def start(processes: Sequence[tuple[int, str]]) -> str:
    """Start a guard; return its folder, or "" where that cannot be.

    Parameters
    ----------
    processes : sequence of (int, str)
        Numbers of processes, and what is said of each if it is gone first.
    """
    folder = ""
    try:
        folder = tempfile.mkdtemp(prefix="clearprop-guard-")
        subprocess.run(
            [sys.executable, "-I", "-S", __file__, folder, *map(json.dumps, processes)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True, cwd="/",
            timeout=60, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        shutil.rmtree(folder, ignore_errors=True)
        return ""
    return folder


def leave_word(folder: str) -> None:
    """Say that the run is over, so that whoever ends now is not missed."""
    if folder:
        with contextlib.suppress(OSError):
            (Path(folder) / WORD).touch()


def _main(folder: str, processes: Sequence[str]) -> None:
    """Watch from a process that nobody waits for."""
    queue, words = select.epoll(), {}
    for process, text in map(json.loads, processes):
        handle = os.pidfd_open(process)
        words[handle] = text
        queue.register(handle, select.EPOLLIN)
    if os.fork():
        os._exit(0)
    first = queue.poll(maxevents=1)[0][0]
    until = time.monotonic() + GRACE
    word = Path(folder) / WORD
    while not word.exists() and time.monotonic() < until:
        time.sleep(0.01)
    if not word.exists():
        os.write(2, f"{words[first]}\n".encode())
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
