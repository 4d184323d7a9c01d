"""Signs of life: a thread of each rank sends one a second to the next, which looks for it.

A process that is killed is found by what started it. One that is stopped, or whose machine is
lost, is not: the rank after it says so, and ends the run.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

EVERY = 0.5
"""Seconds between signs of life."""

ALIVE, LEAVING = 1, 0


class Pulse:
    """The signs of life of a rank, and those of the one before it.

    Parameters
    ----------
    library : module
        mpi4py's MPI.
    communicator : mpi4py.MPI.Comm
    silence : float
        Seconds without one after which the run is ended.
    name : str
        Of this process.
    """

    def __init__(self, library: Any, communicator: Any, silence: float, name: str) -> None:
        self._library, self._by, self._silence = library, communicator, silence
        self._name = name
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def begin(self, processes: Sequence[str], over: Callable[[], object]) -> None:
        """Begin to send and to look, until the program ends.

        Parameters
        ----------
        processes : sequence of str
            The name of each rank's.
        over : callable
            Called where the run ends, before this process does or all of them are ended.
        """
        atexit.register(over)
        several = self._library.Query_thread() == self._library.THREAD_MULTIPLE
        if self._thread is not None or not several:
            return
        self._processes, self._over_for_all = list(processes), over
        self._thread = threading.Thread(target=self._beat, name="clearprop-pulse", daemon=True)
        self._thread.start()
        atexit.register(self._leave)  # before mpi4py's own, which ends MPI

    def _leave(self) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()

    def _beat(self) -> None:
        by, size, rank = self._by, self._by.size, self._by.rank
        after, before = (rank + 1) % size, (rank - 1) % size
        sign, got = np.array([ALIVE], np.uint8), np.empty(1, np.uint8)
        heard = looked = time.monotonic()
        expected = True
        while not self._over.wait(EVERY):
            by.Isend(sign, dest=after).Free()
            now = time.monotonic()
            if now - looked > 4 * EVERY:  # this process itself was held up
                heard = now
            looked = now
            while by.Iprobe(source=before):
                by.Recv(got, source=before)
                heard, expected = now, got[0] == ALIVE
            if expected and now - heard > self._silence:
                self._give_up(before, now - heard)
        by.Send(np.array([LEAVING], np.uint8), dest=after)
        while by.Iprobe(source=before):  # nothing is to be left at the end
            by.Recv(got, source=before)

    def _give_up(self, rank: int, seconds: float) -> None:
        out = sys.__stderr__  # where a display was turned off, too
        if out is not None:
            out.write(
                f"clearprop: rank {rank} ({self._processes[rank]}) has given no sign of life for "
                f"{seconds:.0f} s: the run ends\n"
            )
            out.flush()
        self._over_for_all()
        self._by.Abort(1)
