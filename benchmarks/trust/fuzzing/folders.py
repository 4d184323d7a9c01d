"""Folders for the files of a process, in memory where the system has that."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def folder() -> Path:
    """Return a new folder, which goes when the process ends."""
    made = tempfile.mkdtemp(prefix="clearprop-fuzz-", dir=os.environ.get("TMPDIR", IN_MEMORY))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)
