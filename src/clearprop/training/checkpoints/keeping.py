"""Keeping a run: its checkpoints are written when they are due, and it begins where one stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.checks.settings import flag
from clearprop.cluster.members import Members
from clearprop.errors import (
    ArgumentError,
    CheckpointMismatchError,
    CheckpointWarning,
    FileWriteError,
    ModelFileError,
    shown,
)
from clearprop.files import model_file
from clearprop.optimizers import Optimizer
from clearprop.training.checkpoints.cadence import DEFAULT, Cadence, read_cadence
from clearprop.training.checkpoints.contents import Contents, pack
from clearprop.training.checkpoints.folder import KIND, CheckpointFolder, Found
from clearprop.training.checkpoints.identity import Identity, differences
from clearprop.training.checkpoints.inner_state import InnerState
from clearprop.training.checkpoints.length import length_refused
from clearprop.training.job import Job
from clearprop.warned import warn

INTERRUPTED = "interrupted"
GOING_ON = ("", "completed", INTERRUPTED)
"""Why a run may have ended that goes on, if it has epochs left."""


class Keeping:
    """How a run is kept: where, how often, and whether it goes on from what stands there.

    Parameters
    ----------
    folder : CheckpointFolder
    cadence : Cadence
    resume : bool

    Attributes
    ----------
    inside : InnerState
        Of what computes: the loop says what that is.
    """

    inside: InnerState

    def __init__(self, folder: CheckpointFolder, cadence: Cadence, resume: bool) -> None:
        self._folder, self._cadence, self._resume = folder, cadence, resume
        self._last: Path | None = None
        self._failed = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out of the folder, which is made if need be."""
        with self._folder.held():
            yield

    def found(self) -> Found | None:
        """Return the checkpoint to go on from; None where the run begins.

        Raises
        ------
        ArgumentError
            If there is one and nobody said that the run goes on.
        ModelFileError
            If none is whole.
        FileWriteError
            If no other can be written.
        """
        files = self._folder.files()
        if files and not self._resume:
            raise ArgumentError(
                f"{self._folder.path} holds a run already{_where(files[0])}: resume=True goes on "
                "from it, another folder leaves it alone"
            )
        found = self._folder.newest() if files else None
        if found is not None:
            self._folder.check()
            self._last = found.path
        self._cadence.begin()
        return found

    def refuse(self, found: Found, identity: Identity, job: Job, rule: Optimizer) -> None:
        """Raise `CheckpointMismatchError` where the run is another than that of a checkpoint."""
        try:
            then = found.header["identity"]
            batches, epochs = (int(found.header[name]) for name in ("batches", "epochs"))
            said = differences(identity, then)
            if not _are_texts(found.header["inside"]):
                raise ValueError("it says nothing of what computes")
        except Exception as error:  # whatever a damaged header leads to
            raise ModelFileError(f"{found.path} names no run ({error!r}): it is damaged") from None
        length = None if said else length_refused(job, rule, batches, epochs)
        if length is not None:
            said.append(length)
        if said:
            raise CheckpointMismatchError(
                f"the run in {self._folder.path} is another: {'; '.join(said)}: give what it had, "
                "or another folder"
            )

    def ahead(self, batches: int, epoch_batches: int) -> int:
        """Return how many batches may be run before a checkpoint is due."""
        return self._cadence.ahead(batches, epoch_batches)

    def due(self, batches: int, epoch_batches: int) -> bool:
        """Whether a checkpoint is to be written after so many batches."""
        return self._cadence.due(batches, epoch_batches)

    def refuse_inside(self, found: Found) -> None:
        """Raise `CheckpointMismatchError` where what computes is in another state than it was.

        If it is not, updates are compared with what it is now.
        """
        now = self.inside.begin()
        changed = self.inside.changed(found.header["inside"], now)
        if changed is not None:
            raise CheckpointMismatchError(
                f"{changed} is not what it was when {found.path.name} was written, and no "
                "checkpoint holds that: put it back in a callback's after_resume, or give "
                "another folder"
            )

    def refuse_updates(self, begun: bool) -> None:
        """Raise `ArgumentError` where updates have changed what no checkpoint holds.

        The checkpoint of a run that has just `begun` is removed: nothing goes on from it.
        """
        changed = self.inside.changed_since_begun()
        if changed is None:
            return
        if begun and self._last is not None:
            with suppress(OSError):
                self._last.unlink()
        raise ArgumentError(
            f"{changed} changes with the updates, and no checkpoint holds that: keep it in the "
            "arrays that the optimizer's start returns, or train without checkpoint"
        )

    def write(self, contents: Contents, identity: Identity, *, first: bool = False) -> None:
        """Write a checkpoint; a run goes on where that fails, unless it is the first.

        Raises
        ------
        FileWriteError, ModelFileError, ArgumentError
            If the first cannot be written.
        """
        batches = contents.standing.batches
        try:
            header, arrays = pack(contents)
            header |= {"identity": identity, "inside": self.inside.kept()}
            self._folder.write(batches, header, arrays)
        except (FileWriteError, ModelFileError, ArgumentError, MemoryError) as error:
            if first:
                raise
            self._warn(error, at_end=bool(contents.stopped))
        else:
            self._last, self._failed = self._folder.file(batches), False
        self._cadence.begin()

    def _warn(self, error: Exception, *, at_end: bool) -> None:
        """Say once that no checkpoint could be written, until one could be; at the end, again."""
        if not self._failed or at_end:
            why = str(error) or "there is no memory for it"
            then = "" if at_end else "; it is tried again when the next is due"
            warn(
                f"no checkpoint was written: {why}; a resume would go on from {self._left()}{then}",
                CheckpointWarning,
            )
        self._failed = True

    def _left(self) -> str:
        """Return the name of the last checkpoint, unless somebody has removed it."""
        assert self._last is not None  # the first is there, or nothing is trained
        try:
            return self._last.name if self._last.exists() else "nothing"
        except OSError:  # it cannot be looked at now
            return self._last.name


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and {type(one) for one in value.values()} == {str}


def _where(path: Path) -> str:
    """Return where a checkpoint stands, as far as its header can be read."""
    try:
        header = model_file.read_header(path, KIND)
        done, stopped = int(header["epoch"]), str(header["stopped"])
        return f", with {done} of {int(header['epochs'])} epochs done{stopped and f' ({stopped})'}"
    except Exception:  # it is damaged, which whoever goes on from it is told
        return ""


def check_keeping(checkpoint: Any, every: Any, resume: Any) -> Keeping | None:
    """Return how a run is kept; None where it is not.

    Raises
    ------
    ArgumentError
        If a setting is out of range, or `every` and `resume` come without a folder.
    """
    resume = flag("resume", resume)
    cadence = read_cadence(DEFAULT if every is None else every)
    if checkpoint is None:
        if resume or every is not None:
            what = "resume=True" if resume else f"checkpoint_every={shown(every)}"
            raise ArgumentError(f"{what} needs checkpoint='FOLDER', that of the run's checkpoints")
        return None
    return Keeping(CheckpointFolder(checkpoint), cadence, resume)


def found_by_all(members: Members, keeping: Keeping) -> Found | None:
    """Return the checkpoint that rank 0 finds, as every rank gets it; see `Keeping.found`."""
    found = members.on_root(keeping.found)
    if members.size == 1:
        return found
    said = None
    if found is not None:
        kinds = {name: [one.dtype.str, list(one.shape)] for name, one in found.arrays.items()}
        said = {"path": str(found.path), "header": found.header, "arrays": kinds}
    said = members.from_root(said)
    if said is None:
        return None
    if found is None:
        arrays = {name: np.empty(shape, kind) for name, (kind, shape) in said["arrays"].items()}
        found = Found(Path(said["path"]), said["header"], arrays)
    else:  # the file's own may be read-only
        found = found._replace(arrays={name: np.array(one) for name, one in found.arrays.items()})
    for name in said["arrays"]:
        members.share(found.arrays[name])
    return found
