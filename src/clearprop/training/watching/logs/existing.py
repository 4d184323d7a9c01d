"""What a log does about files that stand at its place already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from clearprop.errors import ArgumentError, FileWriteError

PathLike = str | os.PathLike[str]

CHOICES = ("fail", "append", "replace")


def check_if_exists(if_exists: object) -> None:
    """Raise `ArgumentError` unless `if_exists` is "fail", "append" or "replace"."""
    if if_exists not in CHOICES:
        raise ArgumentError(f"if_exists is {if_exists!r}; it must be 'fail', 'append' or 'replace'")


def refuse(path: Path, problem: str) -> NoReturn:
    """Raise `FileWriteError` for what stands at a log's place."""
    raise FileWriteError(
        f"{path} {problem}: choose another name, or say if_exists='append' or 'replace'"
    )
