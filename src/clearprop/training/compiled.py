"""The compiled engine as the loop drives it: many batches in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clearprop.engine.kernels import plan as P
from clearprop.engine.runs import CompiledRun, rates_of
from clearprop.errors import FunctionError, NotFinite
from clearprop.optimizers import Array, Optimizer
from clearprop.record import where_not_finite
from clearprop.training.job import Job
from clearprop.training.shared import shared_run, whole
from clearprop.training.standing import (
    Standing,
    after_update,
    begin,
    diverged,
    go_on,
    stands_still,
    update,
    where_squares_overflow,
)

CALL = 0.05
"""Seconds that a call of compiled code should take about, so that Ctrl-C is soon heard."""

COST = NotFinite("L", None, "the cost or a delta is not finite")
GRADIENT = NotFinite("gradient", None, "a gradient was not finite")
"""What is said where the reference, asked for more, finds nothing."""


class CompiledEngine:
    """Makes the updates of a job, by compiled kernels.

    An optimizer of the user's own gets its gradient from compiled code, and updates in Python; so
    does any where parameters are frozen or shared.

    Parameters
    ----------
    job : Job
    rule : Optimizer
    threads : int, optional
        None: as many as pay and as this process may use.
    standing : Standing, optional
        Of a run that goes on; it is changed as this one goes. None: it begins.
    """

    def __init__(
        self, job: Job, rule: Optimizer, threads: int | None, standing: Standing | None = None
    ) -> None:
        self._job, self.rule, self._threads = job, rule, threads
        network = job.network
        self.standing = begin(rule, network) if standing is None else go_on(standing, rule, network)
        self._run = self._begin()
        # Parameters whose cost was finite, and those that the call under way began with.
        self._verified, self._began = network.parameters.copy(), network.parameters.copy()
        self._verified_at = self._began_at = self.standing.batches
        self._is_weight = network.topology.is_weight()

    def _begin(self) -> CompiledRun:
        """Return a run on the job's data, where the standing is."""
        job, standing = self._job, self.standing
        compiled = self.rule if job.constraints is None else None
        given = (
            job.network.topology, job.data, job.settings, compiled, standing.state, self._threads
        )  # fmt: skip
        if job.part is None and job.settings.micro_batch is None:
            run = CompiledRun(*given, window=job.window)
        else:
            run = shared_run(job, given)
        run.set_position(standing.batches, standing.updates, standing.sums)
        return run

    def take(self, job: Job) -> None:
        """Go on with the data of another window of the stream, that of the next batch."""
        self._job = job
        del self._run  # its room, before there is more
        self._run = self._begin()

    @property
    def seconds_a_call(self) -> float:
        """What a call of `advance` should take about; 0: a batch a call."""
        run = self._run
        return min(CALL, run.seconds_a_call) if run.gradient is None else 0.0

    def advance(self, batches: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Run so many batches; return the cost of each epoch that ended, and the updates then.

        Raises
        ------
        DivergenceError
            If cost, deltas or parameters are not finite, or an epoch has ended and the squares of
            gradients that the optimizer keeps are not; the last verified parameters are back.
        FunctionError
            If a function of the user's own raised.
        """
        run, job, standing = self._run, self._job, self.standing
        epoch, updates = standing.epoch, standing.updates
        self._began[:] = standing.parameters
        self._began_at = run.now
        clock = standing.clock(job.total)
        # An optimizer that updates in Python knows its rates itself.
        rates = np.zeros((batches, 2))
        if run.gradient is None:
            rates = rates_of(self.rule, run.now, batches, job.total)
        status, costs = run.advance(batches, rates)
        if run.now > self._began_at:  # its cost was finite
            self._verified, self._began = self._began, self._verified
            self._verified_at = self._began_at
        self._check(status)
        if run.gradient is not None and run.made > updates:
            update(
                self.rule, standing, run.gradient, clock, self._is_weight, self._verified,
                job.constraints,
            )  # fmt: skip
            if not np.isfinite(standing.parameters).all():
                self._check(P.UPDATE_NOT_FINITE)
        self._note_position()
        ended = costs[: run.epoch - epoch]
        if len(ended):
            self._check_squares()
        # Several epochs are run at once where every batch has weight, and makes an update.
        ends = (epoch + 1 + np.arange(len(ended))) * job.epoch_batches
        return ended[:, 0] / ended[:, 1], run.made - (run.now - ends)

    def _note_position(self) -> None:
        run, standing = self._run, self.standing
        standing.batches, standing.updates, standing.epoch = run.now, run.made, run.epoch
        standing.place, standing.sums = run.place, run.sums.copy()

    def _check(self, status: int) -> None:
        """Raise what a status means; the network gets its last good parameters."""
        if status == P.RUNNING:
            return
        job, run, network = self._job, self._run, self._job.network
        step = run.now
        if status == P.UPDATE_NOT_FINITE:
            found = network.topology.not_finite()
            found = GRADIENT if found is None else after_update(found)
        else:
            step += 1
            found = self._named(run.epoch) or COST  # raises where a function fails
        network.parameters[:] = self._verified
        if status == P.UPDATE_NOT_FINITE and step - self._verified_at == 1:
            # The parameters are those of the step: its gradient is named first, as the reference.
            found = self._named((step - 1) // job.epoch_batches) or found
        if status == P.RAISED:
            raise FunctionError(
                "a function of the user's own raised in compiled code; engine='reference' says more"
            )
        last = step - self._verified_at <= 1 + (status != P.UPDATE_NOT_FINITE)
        restored = "the last finite step" if last else f"step {self._verified_at}"
        raise diverged((step - 1) // job.epoch_batches + 1, step, found, restored)

    def _named(self, epoch: int) -> NotFinite | None:
        """Return what the reference finds in the batch under way."""
        job = whole(self._job)
        if job is None:
            return None
        return where_not_finite(job.record(self._run.rows_of_batch(), epoch), " of its batch")

    def _check_squares(self) -> None:
        """Raise where a square of a gradient has overflowed: once an epoch, as it costs a pass."""
        job, network, step = self._job, self._job.network, self.standing.batches
        found = where_squares_overflow(self.rule, self.standing.state, network)
        if found is not None:
            network.parameters[:] = self._verified
            epoch = (step - 1) // job.epoch_batches + 1
            restored = f"step {self._verified_at}"
            raise stands_still(epoch, step, found, restored)


def compiled_cost(
    job: Job, threads: int | None, otherwise: Callable[[int], tuple[float, Array]]
) -> Callable[[int], tuple[float, Array]]:
    """Return what computes cost and gradient of the full batch, for L-BFGS.

    `otherwise`, the reference's, finds what is not finite.
    """
    settings = replace(job.settings, batch_size=job.n, shuffle=False)
    run = CompiledRun(job.network.topology, job.data, settings, None, {}, threads)

    def cost(iterations: int) -> tuple[float, Array]:
        status, costs = run.advance(1, np.zeros((1, 2)))
        if status != P.RUNNING:
            return otherwise(iterations)
        assert run.gradient is not None  # there is no optimizer
        return float(costs[0, 0] / costs[0, 1]), run.gradient

    return cost
