"""What a folder of checkpoints holds, as an eye of its own sees it: none of Clearprop's code."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

NAME = re.compile(r"checkpoint-\d{12}\.safetensors")
TEMPORARY = re.compile(r"\.clearprop-.*\.part")
KEPT = 3


def is_whole(content: bytes) -> bool:
    """Return whether these are all bytes of a file that was written, and no others."""
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8:start])["__metadata__"]
        return hashlib.sha256(content[start:]).hexdigest() == metadata["sha256"]
    except (ValueError, KeyError):
        return False


def newest(files: Mapping[str, bytes]) -> str | None:
    """Return the name of the newest checkpoint that is whole; of files by their paths."""
    names = (
        Path(path).name
        for path, content in files.items()
        if NAME.fullmatch(Path(path).name) and is_whole(content)
    )
    return max(names, default=None)


def in_folder(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their paths."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def untidy(folder: Path, *, killed: bool = False, may_be_more: bool = False) -> list[str]:
    """Return what is there too much: temporary files, and more checkpoints than are kept.

    A run that was killed may leave what it was at, and one whose removals failed more checkpoints;
    the next one that writes removes both.
    """
    names = [path.name for path in folder.rglob("*")]
    temporary = sum(TEMPORARY.fullmatch(name) is not None for name in names)
    kept = sum(NAME.fullmatch(name) is not None for name in names)
    found = []
    if temporary > (2 if killed else 0):  # of a checkpoint, and of a log
        found.append(f"{temporary} temporary files are left")
    if kept > KEPT + 1 and not may_be_more:
        found.append(f"{kept} checkpoints are left")
    return found
