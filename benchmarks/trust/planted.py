"""Faults in Clearprop that the suites must see: each is planted into a process before its run."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from clearprop.files import model_file, whole_file


def _without_sync(*, of_folders: bool) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) != of_folders:
            real(descriptor)

    os.fsync = fsync


def _no_sync_before_the_rename() -> None:
    _without_sync(of_folders=False)


def _no_sync_of_the_folder() -> None:
    _without_sync(of_folders=True)


def _written_in_place() -> None:
    def write(path: str | os.PathLike[str], *parts: bytes | memoryview) -> None:
        with Path(path).open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(Path(path).parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    whole_file.write_whole = model_file.write_whole = write


PLANTS: dict[str, Callable[[], None]] = {
    "no sync before the rename": _no_sync_before_the_rename,
    "no sync of the folder": _no_sync_of_the_folder,
    "written in place": _written_in_place,
}
