"""Forward passes on the engine: the outputs of rows, and what they cost."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engine.functions import activation_of, loss_of
from clearprop.engine.given import check_rows, check_samples
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import precision_of
from clearprop.engine.layout import (
    K_BLOCK,
    Plan,
    aligned_zeros,
    cut_product,
    padded,
    panels_forward,
    row_length,
    thread_bytes,
)
from clearprop.engine.thread_choice import shared_choice
from clearprop.engine.threads import CALL, run_together, worth_trying
from clearprop.topology import Topology

Array = NDArray[Any]

BLOCK = 256
"""Rows that go through the layers together, at most."""


class Predictor:
    """Forward passes of one network, whose memory is kept from call to call.

    Parameters
    ----------
    topology : Topology
        Its parameters may change between calls.

    Raises
    ------
    CompilationError
        If an activation of the user's own cannot be compiled.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology, self._precision = topology, precision_of(topology.dtype)
        self._function = function_at(load("forward.run", self._precision), 2)
        self._plan: Plan | None = None
        self._rows = self._threads = 0
        self._lock = threading.Lock()
        self._kernels = [activation_of(f, self._precision) for f in topology.activations]

    def outputs(self, X: Array, threads: int | None = None) -> tuple[Array, bool]:
        """Return a^L (n, n_L) for checked X, and whether X and all outputs are finite.

        Raises
        ------
        ShapeError
            If compiled code cannot read X as it is: what is checked can be.
        """
        check_rows(X, self._topology)
        output = np.empty((len(X), self._topology.sizes[-1]), X.dtype)
        return output, self._run(X, output, threads, None, None)

    def losses(self, X: Array, y: Array, threads: int | None = None) -> tuple[Array, Array]:
        """Return a^L (n, n_L) and L_i (n,) for checked data.

        The losses are NaN where an output is not finite, or a function of the user's own raised.

        Raises
        ------
        ShapeError
            As for `outputs`, of y too.
        """
        topology = self._topology
        check_samples(X, y, topology)
        output, losses = np.empty((len(X), topology.sizes[-1]), X.dtype), np.empty(len(X), X.dtype)
        if not self._run(X, output, threads, y, losses):
            losses[:] = np.nan
        return output, losses

    def _run(
        self,
        X: Array,
        output: Array,
        threads: int | None,
        y: Array | None,
        losses: Array | None,
    ) -> bool:
        n = len(X)
        if not self._lock.acquire(blocking=False):  # another thread is at it
            return Predictor(self._topology)._run(X, output, threads, y, losses)
        try:
            sizes, work = self._topology.sizes, float(n) * self._topology.parameters.size
            numbers = worth_trying(threads, work, CALL, most=n)
            choice = shared_choice(numbers, sizes, self._precision, y is not None)
            threads, plan = choice.threads, self._plan
            known = plan  # the first time, all memory is touched for the first time
            if plan is None or min(n, BLOCK) > self._rows or threads > self._threads:
                plan = self._plan = self._lay_out(min(n, BLOCK), threads)
            plan[P.N], plan[P.STATUS] = n, P.RUNNING
            plan[P.X], plan[P.OUTPUT] = _address(X), _address(output)
            plan[P.OUT_LOSSES] = 0
            # Two blocks for each thread, of whole tiles.
            plan[P.BLOCK_ROWS] = min(self._rows, padded(-(-n // (2 * threads)), 12))
            if y is not None and losses is not None:
                self._give_loss(plan, y)
                plan[P.OUT_LOSSES] = _address(losses)
            started = time.perf_counter()
            run_together(self._function, plan, threads)
            ended = time.perf_counter()
            if plan is known:
                choice.note(threads, n, ended - started, now=ended)
            return plan[P.STATUS] == P.RUNNING
        finally:
            if self._plan is not None:
                self._plan.arrays.pop("y", None)
            self._lock.release()

    def _give_loss(self, plan: Plan, y: Array) -> None:
        topology = self._topology
        loss = loss_of(topology.loss, topology.activations[-1], y.ndim == 1, self._precision)
        plan[P.LOSS], plan[P.LABELS] = loss.address, y.ndim == 1
        plan.give(P.LOSS_SETTINGS, "loss settings", loss.settings)
        plan.give(P.Y, "y", y)
        plan.line(len(topology.activations) - 1)[P.ACTIVATION] = not loss.takes_z

    def _lay_out(self, rows: int, threads: int) -> Plan:
        """Return a plan for blocks of so many rows."""
        topology = self._topology
        sizes, precision = topology.sizes, self._precision
        self._rows, self._threads = rows, threads
        plan = Plan(len(sizes) - 1)
        parameters, size = topology.parameters.ctypes.data, precision.itemsize
        packed = 0
        for place in topology.places():
            slot = P.W if place.symbol == "W" else P.B
            plan.line(place.layer - 1)[slot] = parameters + size * place.start
        layers = zip(pairwise(sizes), self._kernels, strict=True)
        for layer, ((n_in, n_out), kernels) in enumerate(layers):
            line = plan.line(layer)
            line[P.N_IN], line[P.N_OUT], line[P.ROW] = n_in, n_out, row_length(n_out, precision)
            line[P.VALUE], line[P.JACOBIAN] = kernels.value, kernels.jacobian
            line[P.F_COLUMNS] = cut_product(n_in, rows, n_out, 1, precision).columns
            columns = min(int(line[P.F_COLUMNS]), n_out)
            packed = max(packed, panels_forward(min(n_in, K_BLOCK), columns, precision))
        widest = max(row_length(n, precision) for n in sizes[1:])
        plan[P.WIDEST] = widest
        plan[P.SCRATCH_BYTES] = thread_bytes((4 * rows * widest + packed) * size)
        plan.give(
            P.SCRATCH, "scratch", aligned_zeros(threads * plan[P.SCRATCH_BYTES] // 8, np.int64)
        )
        plan.give(P.TEAM, "team", aligned_zeros(P.team_size(threads), np.int64))
        return plan


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
