"""Training runs whose steps several processes share, or go through in micro-batches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cluster.exchange import Communicator, Exchange
from clearprop.cluster.shards import Block, Part, additions
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import precision_of
from clearprop.engine.layout import aligned_zeros
from clearprop.engine.runs import CompiledRun
from clearprop.engine.settings import RunSettings
from clearprop.engine.threads import run_together
from clearprop.optimizers import Optimizer, State
from clearprop.topology import Topology

KERNELS = ("begin", "deltas", "gradient", "backward", "update", "end")


class Timeline(Protocol):
    """Gets what each step took."""

    def note(self, step: int, compute: float, exchange: float, wait: float) -> None:
        """Note the seconds of a step."""
        ...


class SharedRun(CompiledRun):
    """A run whose steps' gradients are added up over processes; its bits are those of one.

    Parameters
    ----------
    topology, data, settings, rule, state, threads
        As for `CompiledRun`; the data are this rank's rows.
    communicator : Communicator or None
        None: there is one process.
    rank, parts : int, sequence of Part
        Which this one is, and what each has.
    timeline : Timeline, optional
    window : (first, rows), optional
        As for `CompiledRun`; of one process.
    """

    def __init__(
        self,
        topology: Topology,
        data: Data,
        settings: RunSettings,
        rule: Optimizer | None,
        state: State,
        threads: int | None,
        *,
        communicator: Communicator | None,
        rank: int,
        parts: Sequence[Part],
        timeline: Timeline | None = None,
        window: tuple[int, int] | None = None,
    ) -> None:
        part = self._part = parts[rank]
        super().__init__(topology, data, settings, rule, state, threads, part, window)
        plan, precision = self._plan, precision_of(topology.dtype)
        self._kernels = {one: function_at(load(f"sharing.{one}", precision), 2) for one in KERNELS}
        self._micro = min(settings.micro_batch or self._batch, self._batch)
        plan[P.STEP], plan[P.BATCH] = self._batch, self._micro
        ends: dict[int, int] = {}
        for place in topology.places():
            ends[place.layer] = place.end
        self._ends = [ends[layer] for layer in sorted(ends)]
        self._exchange = Exchange(communicator, rank, parts, self._ends, topology.dtype)
        plan.give(P.GRADIENT, "gradient sums", self._exchange.gradient)
        self._blocks = part.blocks
        # Of several micro-batches, each shard's sums are added for itself: the tree comes after.
        self._by_shard = self._micro < self._batch and part.own > len(self._blocks)
        self._sums = self._exchange.sums
        if self._by_shard:
            size = topology.parameters.size
            self._blocks = [(part.first + shard, 1) for shard in range(part.own)]
            self._sums = aligned_zeros(part.own * size, topology.dtype).reshape(part.own, size)
        self._timeline = timeline
        self._under_way = (0, 0)

    def _rows_at_once(self, settings: RunSettings, part: Part) -> int:
        return part.most_rows(min(settings.micro_batch or self._batch, self._batch))

    def _run_together(self, batches: int) -> None:
        started = time.perf_counter()
        for _ in range(batches):
            if not self._step():
                break
        ended = time.perf_counter()
        if self._is_warm:
            self._choice.note(self._choice.threads, batches, ended - started, now=ended)
        self._is_warm = True

    def _step(self) -> bool:
        """Make a step; return whether all is well."""
        plan, exchange = self._plan, self._exchange
        began = time.perf_counter()
        exchange.seconds = exchange.waited = 0.0
        self._alone("begin")
        self._under_way = plan[P.PLACE], plan[P.STEP_N]
        if plan.arrays["batch total"][0] == 0.0:  # no sample counts
            self._alone("end")
            return True
        for at in range(0, plan[P.STEP_N], self._micro):
            self._micro_batch(at, is_last=at + self._micro >= plan[P.STEP_N])
        plan[P.STATUS] = exchange.finish(plan[P.STATUS], plan.arrays["shard costs"])
        if plan[P.STATUS] != P.RUNNING:
            return False
        self._together("update")
        if self._timeline is not None:
            whole = time.perf_counter() - began
            computing = whole - exchange.seconds - exchange.waited
            self._timeline.note(self.now, computing, exchange.seconds, exchange.waited)
        return plan[P.STATUS] == P.RUNNING

    def _micro_batch(self, at: int, *, is_last: bool) -> None:
        """Forward, backward, and the sums of gradients, which are sent as they come."""
        plan, exchange = self._plan, self._exchange
        plan[P.STEP_AT] = at
        self._together("deltas")
        plan[P.APART_ADDS] = at > 0
        for layer in reversed(range(plan[P.LAYERS])):
            plan[P.LAYER] = layer
            for block, sums in zip(self._blocks, self._sums, strict=True):
                self._sum_up(block, sums)
            if is_last:
                if self._by_shard:
                    self._add_shards(layer)
                exchange.send(layer)
            if layer and not plan[P.FUSED]:
                self._together("backward")
            if is_last:
                exchange.progress()

    def _sum_up(self, block: Block, sums: NDArray[np.generic]) -> None:
        """Add up the gradients of a block of shards, of the layer under way."""
        plan, (first, count) = self._plan, block
        plan[P.NODE_FIRST], plan[P.NODE_SHARDS] = first - self._part.first, count
        plan[P.APART] = sums.ctypes.data
        self._together("gradient")

    def _add_shards(self, layer: int) -> None:
        """Add the shards of each block in the tree."""
        start, end = [0, *self._ends][layer], self._ends[layer]
        for (first, count), target in zip(self._part.blocks, self._exchange.sums, strict=True):
            own = self._sums[first - self._part.first :][:count, start:end]
            with np.errstate(all="ignore"):
                for to, of in additions([(shard, 1) for shard in range(count)], count):
                    own[to] += own[of]
            target[start:end] = own[0]

    def _together(self, kernel: str) -> None:
        run_together(self._kernels[kernel], self._plan, self._choice.threads)

    def _alone(self, kernel: str) -> None:
        self._kernels[kernel](self._plan.address, 0)

    def rows_of_batch(self) -> NDArray[np.int64]:
        """Return the rows of the step under way, or of the last one, of all processes."""
        plan, (place, count) = self._plan, self._under_way
        rows, shards = plan.arrays["order"][place : place + count], plan[P.SHARDS]
        return np.concatenate([rows[(s - place) % shards :: shards] for s in range(shards)])
