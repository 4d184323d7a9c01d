"""A log as TensorBoard's event files.

tensorboardX brings the messages and their checksum. Its own writer is not used: it hands events to
a thread, which a crash outruns, and wants to be closed when the run ends.
"""

from __future__ import annotations

import itertools
import os
import socket
import stat
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clearprop.checks.settings import check_path, count
from clearprop.errors import FileWriteError, missing_extra, shown
from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.logs.existing import (
    PathLike,
    check_if_exists,
    for_a_clone,
    meant_from,
    numbered,
    refuse,
    unreadable,
)

_PATTERN = "events.out.tfevents.*"


@dataclass(eq=False)
class TensorBoardLog:
    """A callback that writes each epoch's figures as TensorBoard's event files.

    TensorBoard finds two runs in the folder, "training" and "validation", and so draws "loss", and
    each metric, of both as two curves of one picture: ``tensorboard --logdir FOLDER``. The step is
    the epoch. Every epoch is in the files as soon as it is over.

    Parameters
    ----------
    folder : path
        Is made if it is not there. Give every run one of its own, such as "runs/wide".
    if_exists : {"fail", "append", "replace", "number"}
        What to do about event files that stand there. "append" is for a run that goes on: of an
        epoch written twice, TensorBoard shows the later. "replace" removes them, and nothing else.
        "number" gives each run a folder: wide, wide-2, ...; so do the clones that a search of
        scikit-learn's makes of a log with "fail". `written` is the folder in use.
    histograms : int
        Every how many epochs to write histograms of W1, b1, W2, ...; 0: never.

    Raises
    ------
    FileWriteError
        If the folder cannot be written into, or has event files already.
    ArgumentError
        If a setting is out of range.
    MissingExtraError
        If tensorboardX (the extra `tensorboard`) is not installed.

    Examples
    --------
    >>> import os, tempfile
    >>> import clearprop as cp
    >>> folder = tempfile.mkdtemp()
    >>> network = cp.Network([2, 2], output="softmax")
    >>> X, y = [[0, 1], [1, 0]], [0, 1]
    >>> log = cp.TensorBoardLog(folder)
    >>> history = cp.train(network, X, y, validation=(X, y), callbacks=[log])
    >>> sorted(os.listdir(folder))
    ['training', 'validation']
    """

    folder: PathLike
    if_exists: str = field(default="fail", kw_only=True)
    histograms: int = field(default=0, kw_only=True)
    _from: Path = field(init=False, repr=False)
    _files: dict[str, Path] = field(default_factory=dict, init=False, repr=False)
    _last: int | None = field(default=None, init=False, repr=False)
    _number: int = field(default=1, init=False, repr=False)

    def __post_init__(self) -> None:
        check_path(self.folder, "folder")
        check_if_exists(self.if_exists)
        self.histograms = count("histograms", self.histograms, 0, "a number of epochs")
        try:
            import tensorboardX  # noqa: F401
        except ImportError:
            missing_extra("tensorboardX", "cp.TensorBoardLog", "tensorboard")
        folder = Path(self.folder)
        try:
            is_folder = stat.S_ISDIR(folder.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            is_folder = True  # it will be made
        except (OSError, ValueError) as error:  # too long; a zero byte
            raise FileWriteError(f"{shown(self.folder)} is no name for a folder") from error
        if not is_folder:
            raise FileWriteError(f"{folder} is a file, not a folder: choose another name")
        if self.if_exists == "fail" and _event_files(folder):
            refuse(folder, "has event files already")
        self._from = meant_from(self.folder)

    @property
    def written(self) -> Path:
        """The folder that is written into: `folder`, or with "number" that with a number."""
        return numbered(self._from / self.folder, self._number)

    def __sklearn_clone__(self) -> TensorBoardLog:
        """Return a log that has written nothing: what an estimator's clone gets."""
        return replace(self, if_exists=for_a_clone(self.if_exists))

    def __call__(self, epoch: Epoch) -> None:
        """Write the figures of an epoch. `train` calls this after every epoch."""
        self._note(epoch, bool(self.histograms) and epoch.epoch % self.histograms == 0)

    def after_resume(self, epochs: Sequence[Epoch]) -> None:
        """Write the epochs that a run has behind it and the files have not: a crash lost them.

        `train` calls this where a run goes on from a checkpoint. What the files have of later
        epochs is hidden by what is written next. Histograms that were lost stay lost.
        """
        try:
            known = _whole_epochs(epochs, self.written) if self.if_exists == "append" else 0
        except OSError as error:
            raise unreadable(self.written, error) from error
        for epoch in epochs[known:]:
            self._note(epoch, with_histograms=False)

    def _note(self, epoch: Epoch, with_histograms: bool) -> None:
        begins = self._last is None
        if begins and self.if_exists == "replace":
            for file in _event_files(self.written):
                file.unlink()
        elif begins and self.if_exists == "fail" and _event_files(self.written):
            refuse(self.written, "has event files already")
        elif self.if_exists == "number" and (begins or epoch.epoch == 1):
            self._take_a_folder()
        if begins or epoch.epoch - 1 != self._last:
            self._files.clear()  # a run that begins, or goes on elsewhere, gets files of its own
        training = {"loss": epoch.loss} | epoch.metrics
        validation = dict(epoch.validation_metrics)
        if epoch.validation_loss is not None:
            validation["loss"] = epoch.validation_loss
        summaries = [_scalar(name, value) for name, value in training.items()]
        if with_histograms:
            parameters = epoch.network.unflatten(epoch.network.parameters)
            summaries += [_histogram(name, array) for name, array in parameters.items()]
        self._write("training", epoch.epoch, summaries)
        if validation:
            summaries = [_scalar(name, value) for name, value in validation.items()]
            self._write("validation", epoch.epoch, summaries)
        self._last = epoch.epoch

    def _take_a_folder(self) -> None:
        """Choose the first number whose folder has no run: who makes its subfolder has it."""
        for number in itertools.count(1):
            self._number = number
            try:
                if not _event_files(self.written):
                    (self.written / "training").mkdir(parents=True)
                    return
            except FileExistsError:
                continue
            except OSError as error:
                raise self._failed(error) from error

    def _failed(self, error: OSError) -> FileWriteError:
        return FileWriteError(
            error.errno, f"could not write into {self.written}: {error.strerror or error}"
        )

    def _write(self, run: str, step: int, summaries: list[Any]) -> None:
        events = [_event(step=step, summary=summary) for summary in summaries]
        try:
            if run not in self._files:
                folder = self.written / run
                folder.mkdir(parents=True, exist_ok=True)
                # TensorBoard reads files in the order of their names: the time comes first.
                name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
                self._files[run] = folder / name
                events = [_event(file_version="brain.Event:2"), _start(step), *events]
            with self._files[run].open("ab") as file:
                file.write(b"".join(_framed(event.SerializeToString()) for event in events))
        except OSError as error:
            raise self._failed(error) from error


def _event_files(folder: Path) -> list[Path]:
    return [
        file
        for place in (folder, folder / "training", folder / "validation")
        for file in sorted(place.glob(_PATTERN))
    ]


def _whole_epochs(epochs: Sequence[Epoch], folder: Path) -> int:
    """Return how many epochs TensorBoard shows whole of the files in a folder."""
    training, validation = (_scalars_of(folder / run) for run in ("training", "validation"))
    for at, epoch in enumerate(epochs):
        beside = len(epoch.validation_metrics) + (epoch.validation_loss is not None)
        shown = training[epoch.epoch], validation[epoch.epoch]
        if shown != (1 + len(epoch.metrics), beside):
            return at
    return len(epochs)


def _scalars_of(folder: Path) -> Counter[int]:
    """Return how many figures TensorBoard shows of each epoch."""
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    found: Counter[int] = Counter()
    for file in sorted(folder.glob(_PATTERN)):
        for data in _records(file.read_bytes()):
            event = Event.FromString(data)
            if event.session_log.status == SessionLog.START:
                found = Counter({step: n for step, n in found.items() if step < event.step})
            found[event.step] += sum(one.HasField("simple_value") for one in event.summary.value)
    return found


def _records(content: bytes) -> Iterator[bytes]:
    """Yield the records of an event file, up to one that a crash left half written, or zeros."""
    at = 0
    while at + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        data = content[at + 12 : at + 12 + length]
        if content[at : at + 16 + length] != _framed(data):
            return
        yield data
        at += 16 + length


def _event(**what: Any) -> Any:
    from tensorboardX.proto.event_pb2 import Event

    return Event(wall_time=time.time(), **what)


def _start(step: int) -> Any:
    """Return the event that hides what older files say of this step and of later ones."""
    from tensorboardX.proto.event_pb2 import SessionLog

    return _event(step=step, session_log=SessionLog(status=SessionLog.START))


def _scalar(name: str, value: float) -> Any:
    from tensorboardX.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=value)])


def _histogram(name: str, array: Any) -> Any:
    from tensorboardX.summary import histogram

    return histogram(name, array, bins=64)


def _framed(data: bytes) -> bytes:
    """Return a record of an event file: length, its checksum, data, their checksum."""
    from tensorboardX.record_writer import masked_crc32c

    length = struct.pack("<Q", len(data))
    checks = [struct.pack("<I", masked_crc32c(part)) for part in (length, data)]
    return length + checks[0] + data + checks[1]
