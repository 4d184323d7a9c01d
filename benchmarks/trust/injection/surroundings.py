"""What may become of a folder while a run writes into it: full, read-only, gone, not one's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from injection.checkpoint_files import in_folder, newest

if TYPE_CHECKING:
    from io_faults import Trials

AROUND = {
    "a full disk": "full",
    "a disk that becomes read-only": "read-only",
    "a disk that is read-only from the start": "read-only first",
    "no more names on the disk": "no more names",
    "the folder removed": "folder removed",
    "a file in the folder's place": "folder replaced by a file",
    "a limit of file sizes": "file size limit",
    "a limit of open files": "no more open files",
    "another user's folder": "another user",
}
"""What docs/trust.md calls them, and what runs.py does in an epoch."""

_MOUNTED = {"full": "size=256k", "read-only": "size=4m", "no more names": "size=4m,nr_inodes=16",
            "read-only first": "size=4m"}  # fmt: skip


def around(trials: Trials, name: str) -> str | None:
    """Try one; return why it cannot be tried here, or None."""
    event = AROUND[name]
    if event == "another user" and os.geteuid() != 0:
        return "needs the superuser"
    folder = trials.server.new_folder()
    if event not in _MOUNTED:
        _try(trials, name, event, folder)
        return None
    with _mounted(folder, _MOUNTED[event]) as problem:
        if problem is None and event == "read-only" and not _can_bind(folder):
            problem = "cannot be mounted"
        elif problem is None:
            _try(trials, name, event, folder)
        return problem


def _can_bind(folder: Path) -> bool:
    done = subprocess.run(["mount", "--bind", str(folder), str(folder)], check=False)
    return done.returncode == 0 and subprocess.run(["umount", str(folder)]).returncode == 0


def _try(trials: Trials, name: str, event: str, folder: Path) -> None:
    removes = event in ("folder removed", "folder replaced by a file")
    if event == "read-only first":
        _remount(folder, "ro")
    ended = trials.server.run(trials.case, folder, at={"3": event}, **trials.job)
    if ended.done and not ended.found["warnings"]:
        trials.failures.append(f"{trials.case}, {name}: nothing was said of it")
    if event == "read-only first":
        _remount(folder, "rw")
    elif event == "read-only":
        subprocess.run(["umount", str(folder)], check=True)
    (folder / "filler").unlink(missing_ok=True)
    for path in folder.glob("name-*"):
        path.unlink()
    if removes and newest(in_folder(folder)) is None:
        for path in folder.iterdir():  # what was taken away is not asked for
            path.unlink() if path.is_file() else path.rmdir()
    was_there = not removes and event != "read-only first"
    trials.judge(f"{trials.case}, {name}", ended, folder, was_there=was_there)


def _remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[str | None]:
    """Put a small disk in memory in a folder's place; yields why that cannot be done, or None."""
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        problem = done.stderr.strip().splitlines()[-1] if done.returncode else None
    except (OSError, IndexError):
        problem = "cannot be mounted"
    try:
        yield problem
    finally:
        if problem is None:
            subprocess.run(["umount", "-l", str(folder)], check=True)
