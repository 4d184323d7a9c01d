"""What a rank that fails tells the others, so that none waits for it for ever."""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from clearprop.errors import ClusterError

PATIENCE = 5.0
"""Seconds that a failed rank waits for the others to hear of it, before it ends them."""

GRACE = 0.5
"""Seconds that they get to print why."""

_HEARD = "torn ClusterError: "


class Failures:
    """News of failures, by a communicator of their own.

    Parameters
    ----------
    library : module
        mpi4py's MPI.
    communicator : mpi4py.MPI.Comm
    """

    def __init__(self, library: Any, communicator: Any) -> None:
        self._library, self._by = library, communicator
        self._known: dict[int, str] = {}
        self._sent: list[Any] = []
        self._torn = False
        self.over: Callable[[], object] = lambda: None
        """Called before all ranks are ended."""
        self.root_knows = False
        """Whether rank 0 has failed too, and says why."""

    def hear(self) -> None:
        """Raise `ClusterError` if another rank has failed; what is under way stays unfinished."""
        self._listen()
        if self._known:
            self._torn = True
            first = [(r, words) for r, words in self._known.items() if not words.startswith(_HEARD)]
            rank, words = [*first, *self._known.items()][0]
            text = words.removeprefix(_HEARD)
            if text == words:
                text = f"rank {rank} failed: {words.partition(' ')[2]}"
            raise ClusterError(text)

    def settle(self, words: str) -> None:
        """Tell all, and wait until all have failed; end them where they do not.

        Where all have come to their end without leaving anything unfinished, as with an error that
        all meet, the program may go on.
        """
        if self._sent:
            return
        note = f"{'torn' if self._torn else 'whole'} {words}".encode()
        raw = np.frombuffer(note, np.uint8)
        others = [rank for rank in range(self._by.size) if rank != self._by.rank]
        self._sent = [self._by.Isend(raw, dest=rank) for rank in others]
        self._note = raw
        until = time.monotonic() + PATIENCE
        while len(self._known) < len(others) and time.monotonic() < until:
            self._listen()
            time.sleep(0.002)
        self.root_knows = 0 in self._known
        told = len(self._known) == len(others)
        if told and not self._torn and all(one.startswith("whole") for one in self._known.values()):
            self._library.Request.Waitall(self._sent)
            self._sent, self._known = [], {}
            return
        atexit.register(self._end)  # runs before mpi4py's own, which would wait for what is torn

    def _end(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        time.sleep(GRACE)
        self.over()
        self._by.Abort(1)

    def _listen(self) -> None:
        status = self._library.Status()
        while self._by.Iprobe(self._library.ANY_SOURCE, self._library.ANY_TAG, status):
            raw = np.empty(status.Get_count(self._library.BYTE), np.uint8)
            self._by.Recv(raw, source=status.Get_source())
            self._known[status.Get_source()] = raw.tobytes().decode(errors="replace")
