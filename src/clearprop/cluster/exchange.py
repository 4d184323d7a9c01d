"""The exchange of a step: sums of gradients of all ranks become one gradient, layer by layer.

Each rank owns a slice of each layer. It gets the other ranks' sums for that, adds them in the
tree of shards, and gives the total to all. Both are collectives that do not block: they go on
while the next layer is computed, whenever `progress` is called.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.cluster.shards import Part, additions

Array = NDArray[Any]


class Communicator(Protocol):
    """What sums travel by: buffers, without blocking. See `clearprop.cluster.mpi`."""

    def all_to_all(self, sent: list[Any], received: list[Any]) -> Any:
        """Begin to send each rank a part of a buffer; [array, counts, displacements]."""
        ...

    def all_gather(self, sent: Array, received: list[Any]) -> Any:
        """Begin to give each rank's array to all; [array, counts, displacements]."""
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
    """A layer's place in the flat vector, its slices, and what is under way."""

    start: int
    counts: list[int]
    places: list[int]
    received: Array
    requests: list[Any] = field(default_factory=list)


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
        self._blocks = [len(part.blocks) for part in parts]
        self.sums = np.zeros((len(own.blocks), ends[-1]), dtype)
        self.gradient = self.sums[0] if ranks == 1 else np.zeros(ends[-1], dtype)
        self.seconds = self.waited = 0.0
        everything = [block for part in parts for block in part.blocks]
        self._of = [(i, q) for q, count in enumerate(self._blocks) for i in range(count)]
        self._additions = additions(everything, own.shards)
        self._layers = []
        most = max(self._blocks)
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            cuts = [start + (end - start) * r // ranks for r in range(ranks + 1)]
            counts = [b - a for a, b in itertools.pairwise(cuts)]
            received = np.zeros((most, ranks, counts[rank]), dtype)
            self._layers.append(_Layer(start, counts, [c - start for c in cuts[:-1]], received))
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

    def send(self, layer: int) -> None:
        """Begin to exchange a layer, whose `sums` are there."""
        if self._communicator is None:
            return
        began = time.perf_counter()
        one, rank = self._layers[layer], self._rank
        end = one.start + sum(one.counts)
        mine, nothing = one.counts[rank], [0] * len(one.counts)
        for i in range(len(one.received)):
            row = min(i, len(self.sums) - 1)
            counts = one.counts if i < len(self.sums) else nothing
            come = [mine if i < blocks else 0 for blocks in self._blocks]
            places = [q * mine for q in range(len(come))]
            one.requests.append(
                self._communicator.all_to_all(
                    [self.sums[row, one.start : end], counts, one.places],
                    [one.received[i], come, places],
                )
            )
        self._summing.append(one)
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
        while self._summing and self._communicator.done(self._summing[0].requests):
            one = self._summing.pop(0)
            with np.errstate(all="ignore"):  # what is not finite is found by the update
                for left, right in self._additions:
                    to, of = one.received[self._of[left]], one.received[self._of[right]]
                    np.add(to, of, out=to)
            end = one.start + sum(one.counts)
            request = self._communicator.all_gather(
                one.received[0, 0], [self.gradient[one.start : end], one.counts, one.places]
            )
            one.requests = [request]
            self._gathering.append(one)
        while self._gathering and self._communicator.done(self._gathering[0].requests):
            self._gathering.pop(0).requests = []
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
        with_all.wait(lambda: self._go_on() and with_all.done(request))
        costs[:] = self._reports[self._costs_at]
        self.waited += time.perf_counter() - began
        return int(max(self._reports[at] for at in self._status_at))
