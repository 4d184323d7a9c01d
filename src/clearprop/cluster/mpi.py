"""A cluster of MPI processes: what its ranks agree on, and what sums of gradients travel by.

Everything is sent without blocking and waited for here, so that a rank that waits hears of
another's failure. Arrays travel as buffers; the rest is JSON.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import number
from clearprop.cluster import guard
from clearprop.cluster.failures import Failures
from clearprop.cluster.pulse import Pulse
from clearprop.errors import ArgumentError, ClusterError, MissingExtraError, said, shown

Array = NDArray[Any]
T = TypeVar("T")

SPINS = 200
"""Looks for what is waited for before the core is offered to others each time."""

SILENCE = 7.0
"""Seconds without a sign of life after which a rank is given up."""


def mpi(
    communicator: Any = None, *, silence: float = SILENCE, timeline: str | Path | None = None
) -> MPI:
    """Return the cluster of this program's MPI processes, for ``cp.train(..., cluster=)``.

    Every process calls it once, and then `train` with the same arguments, as often as there are
    networks; see docs/scaling.md.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm, optional
        Its processes are the ranks; None: all of ``MPI.COMM_WORLD``.
    silence : float
        Seconds without a sign of life after which a rank is given up, which ends the run.
    timeline : path, optional
        A folder, made where it is missing, that gets ``rank-0.csv`` and so on: of each step, the
        seconds that were spent on computing, exchanging and waiting. One process alone writes none.

    Returns
    -------
    MPI
        With ``rank`` and ``size``.

    Raises
    ------
    MissingExtraError
        If mpi4py is not installed.
    ArgumentError
        If the communicator is none of mpi4py's, `silence` is not above 0, or `timeline` is no path.
    ClusterError
        If so many were made that MPI has no room for another.

    Examples
    --------
    Under ``mpiexec -n 4 python program.py`` there are four; alone, a cluster of one:

    >>> import clearprop as cp
    >>> cluster = cp.cluster.mpi()
    >>> cluster.rank, cluster.size
    (0, 1)
    """
    silence = number("silence", silence, low=0, open="low")
    if timeline is not None and not isinstance(timeline, str | Path):
        raise ArgumentError(f"timeline is {shown(timeline)}; give a folder's path, or None")
    try:
        from mpi4py import MPI as LIBRARY
    except (ImportError, RuntimeError) as error:  # no package; no MPI library that it finds
        raise MissingExtraError(
            f'MPI needs mpi4py and an MPI library ({said(error)}): pip install "clearprop[cluster]"'
        ) from None
    if communicator is None:
        communicator = LIBRARY.COMM_WORLD
    if not isinstance(communicator, LIBRARY.Comm):
        raise ArgumentError(f"communicator is {shown(communicator)}; give one of mpi4py's")
    return MPI(LIBRARY, communicator, silence, None if timeline is None else Path(timeline))


_TORN: list[Any] = []


class MPI:
    """A cluster of MPI processes, as one of them sees it; `mpi` makes one.

    Attributes
    ----------
    rank, size : int
        Which of how many this process is.
    timeline : path or None
        The folder that gets what each step took.
    """

    def __init__(
        self, library: Any, communicator: Any, silence: float, timeline: Path | None
    ) -> None:
        self._library = library
        self.rank, self.size = int(communicator.rank), int(communicator.size)
        self.timeline = timeline
        # Collectives of one communicator begin in one order on all ranks; these go on beside
        # each other, as their layers come.
        names = ("talk", "sums", "totals", "reports", "news", "pulse")
        try:
            made = {name: communicator.Dup() if self.size > 1 else communicator for name in names}
        except library.Exception as error:
            raise ClusterError(
                f"MPI has no room for another cluster ({said(error)}): make one, and give it to "
                "all calls of train"
            ) from None
        self._of = SimpleNamespace(**made)
        self._failures = Failures(library, self._of.news)
        self._pulse = Pulse(library, self._of.pulse, silence, self._process())
        self._inside, self._watched = 0, False

    @property
    def communicator(self) -> MPI | None:
        """What gradients are exchanged by; None for one alone."""
        return self if self.size > 1 else None

    @contextmanager
    def run(self) -> Iterator[None]:
        """Be in a run: who fails there tells the others, and ends them."""
        if self.size == 1:
            yield
            return
        self._inside += 1
        try:
            if self._inside == 1:
                self._watch_over()
            yield
        except BaseException as error:
            if self._inside == 1:
                self._failures.settle(_words(error))
            raise
        finally:
            self._inside -= 1

    def _watch_over(self) -> None:
        """Begin to look whether all ranks are there; each machine's first one starts a guard."""
        if self._watched:
            return
        self._watched = True
        names = self.processes
        found = self.all([guard.machine(), os.getpid()])
        machines = [machine for machine, _ in found]
        mine = machines[self.rank]
        folder = ""
        if mine and machines.index(mine) == self.rank:
            here = [rank for rank, machine in enumerate(machines) if machine == mine]
            also = "" if len(here) == self.size else ", the first of this machine's ranks"
            folder = guard.start([
                (found[rank][1], f"clearprop: rank {rank} ({names[rank]}) is gone{also}: it was "
                 "killed, or ended without a word, and the run ends")
                for rank in here
            ])  # fmt: skip
        folders = self.all(folder)
        over = partial(guard.leave_word, folders[machines.index(mine)])
        self._failures.over = over
        self._pulse.begin(names, over)

    @property
    def root_knows(self) -> bool:
        """Whether rank 0 failed too when this one did, and says why."""
        return self._failures.root_knows

    def _process(self) -> str:
        return f"process {os.getpid()} on {self._library.Get_processor_name()}"

    @property
    def processes(self) -> list[str]:
        """Say of each rank which process on which machine it is."""
        return self.all(self._process())

    # What the ranks agree on

    def all(self, value: Any) -> list[Any]:
        """Return what each rank gave: JSON."""
        raw = np.frombuffer(json.dumps(value).encode(), np.uint8)
        return [json.loads(one.tobytes()) for one in self.gathered(raw)]

    def from_root(self, value: Any) -> Any:
        """Return what rank 0 gave: JSON."""
        raw = np.frombuffer(json.dumps(value if self.rank == 0 else None).encode(), np.uint8).copy()
        length = np.array([raw.size], np.int64)
        self.share(length)
        if self.rank != 0:
            raw = np.empty(int(length[0]), np.uint8)
        self.share(raw)
        return json.loads(raw.tobytes())

    def share(self, array: Array) -> None:
        """Give rank 0's numbers to all; each has an array of their shape and type."""
        self._finish(self._of.talk.Ibcast(self._bytes(array), 0))

    def gathered(self, array: Array) -> list[Array]:
        """Return every rank's array: rows of one length and type, each as many as it has."""
        array = np.ascontiguousarray(array)
        sizes = np.empty(self.size, np.int64)
        self._finish(self._of.talk.Iallgather(np.array([array.nbytes], np.int64), sizes))
        whole = np.empty(int(sizes.sum()), np.uint8)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        kind = self._library.BYTE
        places = [whole, (sizes.tolist(), starts[:-1].tolist()), kind]
        self._finish(self._of.talk.Iallgatherv([self._bytes(array), kind], places))
        return [
            whole[a:b].view(array.dtype).reshape(-1, *array.shape[1:])
            for a, b in itertools.pairwise(starts)
        ]

    def on_root(self, does: Callable[[], T]) -> T | None:
        """Return what rank 0's call gave it, None elsewhere; where it raises, all do."""
        result, failure = None, None
        if self.rank == 0:
            try:
                result = does()
            except BaseException as error:
                failure = error
        words = self.from_root(None if failure is None else _words(failure))
        if failure is not None:
            raise failure
        if words is not None:
            raise ClusterError(f"rank 0: {words}")
        return result

    def together(self, does: Callable[[], T]) -> T:
        """Return what a call gives; where it raises on one rank, all raise."""
        failure = None
        try:
            result = does()
        except BaseException as error:
            failure = error
        words = self.all(None if failure is None else _words(failure))
        if failure is not None:
            raise failure
        for rank, other in enumerate(words):
            if other is not None:
                raise ClusterError(f"rank {rank}: {other}")
        return result

    # What sums of gradients travel by; see `clearprop.cluster.exchange.Communicator`

    def prepare(
        self, phase: str, sent: Sequence[tuple[int, Array]], received: Sequence[tuple[int, Array]]
    ) -> tuple[list[Any], list[Any]]:
        """Return requests to send arrays to ranks and to receive such; `start` makes them go."""
        by = getattr(self._of, phase)
        return (
            [by.Send_init(array, dest=rank) for rank, array in sent if array.size],
            [by.Recv_init(array, source=rank) for rank, array in received if array.size],
        )

    def start(self, requests: list[Any]) -> None:
        """Begin what was prepared."""
        self._library.Prequest.Startall(requests)

    def free(self, requests: list[Any]) -> None:
        """Give up what was prepared or begun; what a failure has left under way is kept."""
        if self._library.Is_finalized():
            return
        if self.done(requests):
            for request in requests:
                if request:  # what was for once is gone when it is done
                    request.Free()
        else:  # what still comes is written to their arrays
            _TORN.extend(requests)

    def report(self, sent: Array, received: list[Any]) -> Any:
        """Begin to give each rank's figures of the step to all, beside its gradients."""
        return self._of.reports.Iallgatherv(sent, self._cut(received))

    def done(self, requests: list[Any]) -> bool:
        """Whether these have come to their end; they go on meanwhile."""
        return bool(self._library.Request.Testall(requests))

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until something is done, or raise `ClusterError` where another rank failed."""
        looks = 0
        while not done():
            looks += 1
            if looks > SPINS:
                os.sched_yield()
            if looks % SPINS == 0:
                self._failures.hear()

    def _finish(self, request: Any) -> None:
        try:
            self.wait(request.Test)
        except BaseException:
            self.free([request])
            raise

    def _cut(self, buffer: list[Any]) -> list[Any]:
        array, counts, places = buffer
        kind = {"f": self._library.FLOAT, "d": self._library.DOUBLE}[array.dtype.char]
        return [array.reshape(-1), (counts, places), kind]

    def _bytes(self, array: Array) -> Array:
        return array.reshape(-1).view(np.uint8)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
