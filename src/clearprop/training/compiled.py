"""Gradient descent on the compiled engine: many batches in one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engine.functions import optimizer_of
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.precision import precision_of
from clearprop.engine.runs import CompiledRun, Course, rates_of
from clearprop.errors import FunctionError
from clearprop.optimizers import Moment, Optimizer, State
from clearprop.training.interrupt import Interrupt
from clearprop.training.job import Job
from clearprop.training.lbfgs import reference_cost
from clearprop.training.reference import (
    begin,
    diverged,
    weight_mask,
    where_not_finite,
    where_parameters_not_finite,
)
from clearprop.training.watching.watch import Watch

Array = NDArray[Any]

CALL = 0.05
"""Seconds that a call of compiled code should take about, so that Ctrl-C is soon heard."""


class CompiledDescent:
    """A run on the compiled engine.

    An optimizer of the user's own gets its gradient from compiled code, and updates in Python.

    Parameters
    ----------
    job : Job
    optimizer : Optimizer
    threads : int, optional
        None: as many as pay and as this process may use.
    state : dict, optional
        The optimizer's, of a run that goes on; it is changed in place. None: it begins.
    made : int
        Updates that were made before, by which an optimizer corrects its means.
    """

    def __init__(
        self,
        job: Job,
        optimizer: Optimizer,
        threads: int | None,
        state: State | None = None,
        made: int = 0,
    ) -> None:
        self._job, self._optimizer = job, optimizer
        self._state = begin(optimizer, job.network.parameters, state)
        self._own = optimizer_of(optimizer, precision_of(job.network.dtype)) is None
        self._run = compiled_run(job, None if self._own else optimizer, self._state, threads)
        self._run.go_on_from(made)
        self._made_before = made
        # Parameters whose cost was finite, and those that the call under way began with.
        self._verified, self._began = job.network.parameters.copy(), job.network.parameters.copy()
        self._verified_at = self._began_at = 0
        self._batch_seconds = CALL
        self._is_weight = weight_mask(job.network)

    def descend(
        self,
        stop: Interrupt,
        on_step: Callable[[int], None],
        watch: Watch,
    ) -> None:
        """Run all epochs; `watch` looks at each, or at several at once, and may end the run."""
        run, job = self._run, self._job
        while run.now < job.total:
            batches = self._next_call(watch.epochs_ahead)
            first_epoch, before = run.epoch, run.made
            self._began[:] = job.network.parameters
            self._began_at = run.now
            started = time.perf_counter()
            rates = rates_of(self._optimizer, run.now, batches, job.total)
            status, costs = run.advance(batches, rates)
            if run.now > self._began_at:  # its cost was finite
                self._verified, self._began = self._began, self._verified
                self._verified_at = self._began_at
            self._batch_seconds = (time.perf_counter() - started) / batches
            self._check(status)
            if self._own:
                self._update(run.made > before)
            on_step(run.now)
            done = costs[: run.epoch - first_epoch]
            if len(done) and watch.after_epochs(*self._figures(done, first_epoch)):
                return
            if stop.requested:
                return

    def _next_call(self, ahead: int) -> int:
        """Return how many batches to run: to the end of an epoch, or what the time allows.

        `ahead` epochs may be run before they are looked at.
        """
        run = self._run
        if self._own:
            return 1
        fitting = max(1, int(CALL / max(self._batch_seconds, 1e-9)))
        to_end = run.epoch_batches - run.now % run.epoch_batches
        if fitting <= to_end or ahead <= 1 or self._job.data.weights is not None:
            return min(fitting, to_end)
        epochs = min((fitting - to_end) // run.epoch_batches, ahead - 1)
        return min(to_end + epochs * run.epoch_batches, self._job.total - run.now)

    def _figures(
        self, costs: NDArray[np.float64], first_epoch: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return each epoch's mean cost, and the updates made by its end."""
        run = self._run
        means = costs[:, 0] / costs[:, 1]
        if len(costs) == 1:
            return means, np.array([run.made])
        ends = first_epoch + 1 + np.arange(len(costs))
        return means, self._made_before + ends * run.epoch_batches

    def _update(self, made: bool) -> None:
        """Let an optimizer of the user's own update, from the gradient of the last batch."""
        if not made:
            return
        network, run = self._job.network, self._run
        now = Moment(run.now - 1, self._job.total, run.made - 1)
        try:
            with np.errstate(all="ignore"):
                self._optimizer.update(
                    network.parameters, run.gradient, self._state, now, self._is_weight
                )
        except BaseException:  # Ctrl-C, or an optimizer of the user's own that fails
            network.parameters[:] = self._verified
            raise
        if not np.isfinite(network.parameters).all():
            self._check(P.UPDATE_NOT_FINITE)

    def _check(self, status: int) -> None:
        """Raise what a status means; the network gets its last good parameters."""
        if status == P.RUNNING:
            return
        job, run, network = self._job, self._run, self._job.network
        step = run.now
        if status == P.UPDATE_NOT_FINITE:
            problem = where_parameters_not_finite(network) or "a gradient was not finite"
        else:
            step += 1
            record = job.record(run.rows_of_batch(), run.epoch)  # raises where a function fails
            problem = where_not_finite(record) or "the cost or a delta is not finite"
        network.parameters[:] = self._verified
        if status == P.RAISED:
            raise FunctionError(
                "a function of the user's own raised in compiled code; engine='reference' says more"
            )
        last = step - self._verified_at <= 1 + (status != P.UPDATE_NOT_FINITE)
        restored = "the last finite step" if last else f"step {self._verified_at}"
        raise diverged((step - 1) // run.epoch_batches + 1, step, problem, restored)


def compiled_run(
    job: Job, optimizer: Optimizer | None, state: State, threads: int | None
) -> CompiledRun:
    """Return the engine's run for a job; without an optimizer it computes gradients alone."""
    course = Course(
        job.batch_size, job.shuffle, job.l2, job.dropout, job.shards, job.seed, job.batch_means
    )
    data = job.data
    return CompiledRun(
        job.network.topology, data.X, data.y, data.weights, course, optimizer, state, threads
    )


def compiled_cost(job: Job, threads: int | None) -> Callable[[int], tuple[float, Array]]:
    """Return what computes cost and gradient of the full batch, for L-BFGS."""
    whole = replace(job, batch_size=job.n, shuffle=False)
    run = compiled_run(whole, None, {}, threads)

    def cost(iterations: int) -> tuple[float, Array]:
        status, costs = run.advance(1, np.zeros((1, 2)))
        if status != P.RUNNING:
            return reference_cost(job)(iterations)  # which finds what is not finite
        return float(costs[0, 0] / costs[0, 1]), run.gradient

    return cost
