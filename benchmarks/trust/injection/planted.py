"""Faults in Clearprop that the suites must see: each is planted into a process before its run."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.files import model_file, whole_file
from clearprop.training import loop
from clearprop.training.checkpoints.contents import Contents
from clearprop.training.checkpoints.folder import CheckpointFolder
from clearprop.training.standing import Standing
from clearprop.training.watching.early_stopping import BestEpoch


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
    def write(path: str | os.PathLike[str], *parts: bytes | memoryview, **_: Any) -> None:
        with Path(path).open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(Path(path).parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    whole_file.write_whole = model_file.write_whole = write


def _not_read_back() -> None:
    real = model_file.write

    def write(*given: Any, read_back: bool) -> None:
        real(*given)

    model_file.write = write


def _old_ones_removed_first() -> None:
    real = CheckpointFolder.write

    def write(folder: CheckpointFolder, batches: int, *rest: Any) -> None:
        for path in folder.files():
            with suppress(OSError):
                path.unlink()
        real(folder, batches, *rest)

    CheckpointFolder.write = write


def _forgetting(change: Callable[[Standing], None]) -> Callable[[], None]:
    """Return what plants a change of every standing that is read from a checkpoint."""

    def plant() -> None:
        real = loop.unpack

        def unpack(*given: Any) -> Contents:
            contents = real(*given)
            change(contents.standing)
            return contents

        loop.unpack = unpack

    return plant


def _state(standing: Standing) -> None:
    for array in standing.state.values():
        array[...] = 0


def _best(standing: Standing) -> None:
    standing.best = BestEpoch()


def _place(standing: Standing) -> None:
    standing.place = 0


def _updates(standing: Standing) -> None:
    standing.updates = 0


def _sums(standing: Standing) -> None:
    standing.sums = np.zeros(2)


UNDURABLE: dict[str, Callable[[], None]] = {
    "no sync before the rename": _no_sync_before_the_rename,
    "no sync of the folder": _no_sync_of_the_folder,
    "written in place": _written_in_place,
    "old ones removed first": _old_ones_removed_first,
}
"""What a power cut shows."""

FORGETFUL: dict[str, Callable[[], None]] = {
    "the optimizer's state forgotten": _forgetting(_state),
    "the best epoch forgotten": _forgetting(_best),
    "the place in the epoch forgotten": _forgetting(_place),
    "the number of updates forgotten": _forgetting(_updates),
    "the epoch's sums forgotten": _forgetting(_sums),
}
"""What a run that goes on shows: its numbers are others."""

PLANTS = UNDURABLE | FORGETFUL | {"not read back": _not_read_back}
