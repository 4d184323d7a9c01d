"""The exchange of a step: sums of gradients of all ranks become one gradient, layer by layer.

Each rank owns a slice of each layer. It gets the other ranks' sums for that, adds them in the
tree of shards, and gives the total to all. Messages are prepared once, and go on while the next
layer is computed, whenever `progress` is called.
"""

from __future__ import annotations

import itertools
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.cluster.shards import Part, additions

Array = NDArray[Any]


class Communicator(Protocol):
    """What sums travel by: buffers, without blocking. See `clearprop.cluster.mpi`."""

    def prepare(
        self, phase: str, sent: Sequence[tuple[int, Array]], received: Sequence[tuple[int, Array]]
    ) -> tuple[list[Any], list[Any]]:
        """Return requests to send arrays to ranks and to receive such; `start` makes them go.

        Those of a phase are received in the order in which they are sent. What has no numbers is
        left out.
        """
        ...

    def start(self, requests: list[Any]) -> None:
        """Begin what was prepared."""
        ...

    def free(self, requests: list[Any]) -> None:
        """Give up what was prepared or begun."""
        ...

    def report(self, sent: Array, received: list[Any]) -> Any:
        """Begin to give each rank's figures of the step to all, beside its gradients."""
        ...

    def done(self, requests: list[Any]) -> bool:
        """Whether these have come to their end; they go on meanwhile."""
        ...

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until something is done, or raise `ClusterError` where another rank failed."""
        ...


@dataclass
class _Layer:
    """A layer: what is sent and received of it, and what is added in which order.

    `additions` are (to, of, out), arrays of the slice that this rank owns.
    """

    begins: list[Any]
    sums: list[Any]
    totals: list[Any]
    all_totals: list[Any]
    additions: list[tuple[Array, Array, Array]]


class Exchange:
    """Adds up the sums of all ranks.

    Parameters
    ----------
    communicator : Communicator or None
        None: there is one rank.
    rank, parts : int, sequence of Part
        Which rank this is, and what each has.
    ends : sequence of int
        Where each layer of the flat vector ends.
    dtype : numpy dtype

    Attributes
    ----------
    sums : ndarray, shape (blocks, n_parameters)
        A vector of sums for each branch of the tree that this rank owns whole.
    gradient : ndarray, shape (n_parameters,)
        The total, after `finish`.
    seconds, waited : float
        Spent in `send` and `progress`, and in `finish`, since they were set to 0.
    """

    def __init__(
        self,
        communicator: Communicator | None,
        rank: int,
        parts: Sequence[Part],
        ends: Sequence[int],
        dtype: np.dtype[Any],
    ) -> None:
        self._communicator, self._rank = communicator, rank
        ranks, own = len(parts), parts[rank]
        self.sums = np.zeros((len(own.blocks), ends[-1]), dtype)
        self.gradient = self.sums[0] if ranks == 1 else np.zeros(ends[-1], dtype)
        self.seconds = self.waited = 0.0
        self._layers = []
        if communicator is not None:
            starts = [0, *ends[:-1]]
            self._layers = [
                self._prepared(communicator, parts, start, end)
                for start, end in zip(starts, ends, strict=True)
            ]
            made = [one for layer in self._layers for one in (*layer.begins, *layer.totals)]
            weakref.finalize(self, communicator.free, made).atexit = False
        self._summing: list[_Layer] = []
        self._gathering: list[_Layer] = []
        # The costs of each rank's shards, and how its step stands.
        self._reports = np.zeros(own.shards + ranks)
        self._report_counts = [part.own + 1 for part in parts]
        self._report_places = [part.first + q for q, part in enumerate(parts)]
        self._costs_at = np.concatenate(
            [np.arange(part.own) + part.first + q for q, part in enumerate(parts)]
        )
        self._status_at = [part.first + part.own + q for q, part in enumerate(parts)]
        self._own = own

    def _prepared(
        self, communicator: Communicator, parts: Sequence[Part], start: int, end: int
    ) -> _Layer:
        """Prepare a layer, from `start` to `end` of the flat vector."""
        ranks, rank = len(parts), self._rank
        cuts = [start + (end - start) * r // ranks for r in range(ranks + 1)]
        slices = [slice(a, b) for a, b in itertools.pairwise(cuts)]
        mine = slices[rank]
        gradient = self.gradient[mine]
        others = [r for r in range(ranks) if r != rank]
        shapes = {r: (len(parts[r].blocks), gradient.size) for r in others}
        theirs = {r: np.zeros(shape, gradient.dtype) for r, shape in shapes.items()}
        send_sums, sums = communicator.prepare(
            "sums",
            [(r, row[slices[r]]) for r in others for row in self.sums],
            [(r, row) for r in others for row in theirs[r]],
        )
        send_totals, totals = communicator.prepare(
            "totals",
            [(r, gradient) for r in others],
            [(r, self.gradient[slices[r]]) for r in others],
        )
        blocks = [row for r in range(ranks) for row in theirs.get(r, self.sums[:, mine])]
        order = additions([block for part in parts for block in part.blocks], parts[rank].shards)
        adding = [(blocks[to], blocks[of], blocks[to]) for to, of in order]
        adding[-1] = (*adding[-1][:2], gradient)
        begins = [*totals, *sums, *send_sums]
        return _Layer(begins, [*sums, *send_sums], send_totals, [*totals, *send_totals], adding)

    def send(self, layer: int) -> None:
        """Begin to exchange a layer, whose `sums` are there."""
        if self._communicator is None:
            return
        began = time.perf_counter()
        self._communicator.start(self._layers[layer].begins)
        self._summing.append(self._layers[layer])
        self.seconds += time.perf_counter() - began

    def progress(self) -> None:
        """Go on with what is under way: layers in the order in which they were sent."""
        if self._summing or self._gathering:
            began = time.perf_counter()
            self._go_on()
            self.seconds += time.perf_counter() - began

    def _go_on(self) -> bool:
        """Go on; return whether all is done."""
        assert self._communicator is not None
        while self._summing and self._communicator.done(self._summing[0].sums):
            one = self._summing.pop(0)
            with np.errstate(all="ignore"):  # what is not finite is found by the update
                for to, of, out in one.additions:
                    np.add(to, of, out=out)
            self._communicator.start(one.totals)
            self._gathering.append(one)
        while self._gathering and self._communicator.done(self._gathering[0].all_totals):
            self._gathering.pop(0)
        return not self._summing and not self._gathering

    def finish(self, status: int, costs: NDArray[np.float64]) -> int:
        """Wait for all layers; return the worst status of all ranks.

        Parameters
        ----------
        status : int
            How this rank's step stands; 0: well.
        costs : ndarray of float64, shape (shards,)
            Of which it has its own; it gets the others.
        """
        if self._communicator is None:
            return status
        began, own = time.perf_counter(), self._own
        report = np.append(costs[own.first : own.first + own.own], float(status))
        places = [self._reports, self._report_counts, self._report_places]
        with_all = self._communicator
        request = [with_all.report(report, places)]
        try:
            with_all.wait(lambda: self._go_on() and with_all.done(request))
        except BaseException:
            with_all.free(request)
            raise
        costs[:] = self._reports[self._costs_at]
        self.waited += time.perf_counter() - began
        return int(max(self._reports[at] for at in self._status_at))
