"""A job that several processes share: which rows each holds, and what they do together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cluster.members import ALONE, Members, joined, rows_of_all
from clearprop.cluster.shards import Part
from clearprop.cluster.timeline import timeline_of
from clearprop.engine.shared_runs import SharedRun
from clearprop.training.job import Job
from clearprop.training.streamed_rows import StreamedRows

Array = NDArray[Any]

WHOLE = 1 << 30
"""Bytes of all rows up to which every rank gets them, to say why a run diverged."""


def shared_run(job: Job, given: tuple[Any, ...]) -> SharedRun:
    """Return the run of this rank; `given` is what `CompiledRun` takes."""
    members = job.members
    parts = [
        replace(
            Part.of(rank, members.size, job.n, job.settings.shards),
            weights=job.weights,
        )
        for rank in range(members.size)
    ]

    def make() -> SharedRun:
        return SharedRun(
            *given, communicator=members.communicator, rank=members.rank, parts=parts,
            timeline=timeline_of(members.timeline, members.rank), window=job.window,
        )  # fmt: skip

    if members.size == 1:
        return make()
    members.on_root(make)  # which compiles, where kernels were not built ahead
    return members.together(make)


def agreed(members: Members, batches: int, *, stop: bool) -> int:
    """Return how many batches all ranks run next: rank 0's number, or 0 where one is to stop."""
    if members.size == 1:
        return 0 if stop else batches
    answers = members.all([batches, stop])
    return 0 if any(asked for _, asked in answers) else int(answers[0][0])


def whole(job: Job) -> Job | None:
    """Return a job with the rows of all ranks; None where they are too many."""
    if job.part is None:
        return job
    members, data = job.members, job.data
    size = sum(members.all(int(data.X.nbytes + data.y.nbytes)))
    if size > WHOLE:
        return None
    X, y = (rows_of_all(members, job.part, one) for one in (data.X, data.y))
    return replace(job, data=Data(X, y, job.weights), part=None, members=ALONE)


class Rows:
    """An array of the rows of all ranks, which are fetched as they are asked for, by all at once.

    Parameters
    ----------
    members : Members
    part : Part
    own : ndarray
        This rank's.
    """

    def __init__(self, members: Members, part: Part, own: Array) -> None:
        self._members, self._part, self._own = members, part, own
        self.shape, self.dtype = (part.n, *own.shape[1:]), own.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice) -> Array:
        start, stop, _ = which.indices(len(self))
        parts = [
            Part.of(rank, self._members.size, self._part.n, self._part.shards).rows
            for rank in range(self._members.size)
        ]
        places = [rows[(rows >= start) & (rows < stop)] - start for rows in parts]
        mine = parts[self._members.rank]
        own = self._own[(mine >= start) & (mine < stop)]
        return joined(places, self._members.gathered(own), stop - start)


def data_of_all(job: Job, training: Data | StreamedRows) -> dict[str, Any]:
    """Return X, y and weights by name, of all ranks; each block of rows is fetched by all."""
    part = job.part
    if part is None or isinstance(training, StreamedRows):
        return data_of(training)
    X, y = (Rows(job.members, part, one) for one in (training.X, training.y))
    return {"X": X, "y": y, "sample_weight": part.weights}


def data_of(data: Data | StreamedRows) -> dict[str, Any]:
    """Return the arrays of data by name, or the stream that they are."""
    if isinstance(data, StreamedRows):
        return {"stream": data}
    return {"X": data.X, "y": data.y, "sample_weight": data.weights}
