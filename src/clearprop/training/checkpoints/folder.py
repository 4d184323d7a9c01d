"""The folder of a run's checkpoints: one writes into it, the newest whole file is read.

A write that is killed leaves the files of before, and a file is believed by its SHA-256 alone. So
there is a checkpoint to go on from at any moment, once the first has been written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from clearprop.checks.settings import check_path
from clearprop.errors import (
    CheckpointWarning,
    ClearpropError,
    FileMissingError,
    FileWriteError,
    ModelFileError,
)
from clearprop.files import model_file
from clearprop.files.whole_file import absolute, check_can_write, make_folder
from clearprop.training.checkpoints.lock import FolderLock
from clearprop.warned import warn

Array = NDArray[Any]

KIND = "checkpoint"
"""What the files are, as model files say it."""

KEPT = 3
"""Checkpoints that stay; the older ones are for the case that the newest is damaged later on."""

_NAME = re.compile(r"checkpoint-(\d{12,18})\.safetensors", re.ASCII)


class Found(NamedTuple):
    """A checkpoint as it was read: where, what JSON it has, and its arrays."""

    path: Path
    header: dict[str, Any]
    arrays: dict[str, Array]


class CheckpointFolder:
    """A folder of checkpoints, which need not be there yet.

    Other files in it are left alone. It stays where it is when the process goes elsewhere.

    Parameters
    ----------
    path : path
        A relative one is where it is now, wherever a callback goes.

    Raises
    ------
    FileWriteError
        If it is no name for a folder.
    """

    def __init__(self, path: Any) -> None:
        name = check_path(path, "checkpoint")
        if not name:
            raise FileWriteError("checkpoint is '', which is no name for a folder")
        self.path = Path(name)
        self._place = absolute(name)
        self._lock: FolderLock | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder where it is missing, and keep other runs out of it.

        Raises
        ------
        FileWriteError
            If the folder cannot be made or written into, or another run is at work in it.
        """
        make_folder(self._place)
        self._lock = FolderLock(self._place, self.path)
        try:
            yield
        finally:
            self._lock.close()

    def check(self) -> None:
        """Raise `FileWriteError` where no file can be written into the folder now."""
        check_can_write(self.file(0), replace=True)

    def files(self) -> list[Path]:
        """Return the checkpoints, the newest first, whole or not."""
        try:
            names = [path.name for path in self._place.iterdir()]
        except OSError as error:
            raise ModelFileError(
                f"the checkpoints in {self.path} cannot be listed: {error.strerror or error}"
            ) from error
        found = [match for name in names if (match := _NAME.fullmatch(name))]
        return [self._place / m.group() for m in sorted(found, key=lambda m: -int(m.group(1)))]

    def newest(self) -> Found | None:
        """Read the newest checkpoint that is whole; None where there is no file of one.

        Damaged ones that are newer are passed over, each with a `CheckpointWarning`.

        Raises
        ------
        ModelFileError
            If there are files, and none is whole.
        """
        damaged: list[ClearpropError] = []
        for path in self.files():
            try:
                with model_file.opened(path, KIND) as file:
                    found = Found(path, file.header, file.arrays())
                if file.header.get("batches") != _batches_of(path):
                    raise ModelFileError(f"{path} is another checkpoint, renamed, or damaged")
            except (ModelFileError, FileMissingError) as error:
                damaged.append(error)
                continue
            for problem in damaged:
                warn(
                    f"{problem}; the run goes on from {path.name}, the newest before it that is "
                    "whole",
                    CheckpointWarning,
                )
            return found
        if damaged:
            raise ModelFileError(
                f"no checkpoint in {self.path} is whole ({damaged[0]}): give another folder, or "
                "remove them to begin again"
            )
        return None

    def write(self, batches: int, header: dict[str, Any], arrays: Mapping[str, Array]) -> None:
        """Write a checkpoint, read it back, and remove those that are no longer needed.

        Raises
        ------
        FileWriteError, ModelFileError
            If it could not be written, or is not what was written; those of before stay.
        """
        if self._lock is not None:
            self._lock.check()
        model_file.write(self.file(batches), KIND, header, arrays, read_back=True)
        with suppress(OSError, ModelFileError):  # what is old may stay
            older = [one for one in self.files() if _batches_of(one) <= batches]
            for one in older[KEPT:]:
                one.unlink()

    def file(self, batches: int) -> Path:
        """Return where the checkpoint after so many batches stands."""
        return self._place / f"checkpoint-{batches:012}.safetensors"


def _batches_of(path: Path) -> int:
    return int(path.stem.partition("-")[2])
