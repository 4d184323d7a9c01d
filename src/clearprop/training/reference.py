"""The reference engine: one batch, one record, one update at a time, as the equations have it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import DivergenceError, NotFinite
from clearprop.numerics.scaled_sums import in_units
from clearprop.optimizers import Optimizer
from clearprop.record import Record, where_not_finite
from clearprop.training.job import Job
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


class ReferenceEngine:
    """Makes the updates of a job, in NumPy.

    Parameters
    ----------
    job : Job
    rule : Optimizer
    standing : Standing, optional
        Of a run that goes on; it is changed as this one goes. None: it begins.
    """

    seconds_a_call = 0.0
    """A batch a call: Ctrl-C is heard after each."""

    def __init__(self, job: Job, rule: Optimizer, standing: Standing | None = None) -> None:
        self._job, self.rule = job, rule
        network = job.network
        self.standing = begin(rule, network) if standing is None else go_on(standing, rule, network)
        self._is_weight = network.topology.is_weight()
        self._verified = network.parameters.copy()  # the last whose cost was finite
        self._order = job.order(self.standing.epoch)
        self._units = self._sums_in_units()

    def advance(self, batches: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Run so many batches; return the cost of each epoch that ended, and the updates then.

        Raises
        ------
        DivergenceError
            If cost, gradient, parameters, or the squares of gradients that the optimizer keeps are
            not finite; the last verified parameters are back.
        """
        costs: list[float] = []
        updates: list[int] = []
        standing, accounting = self.standing, self._job.settings.accounting
        weights = self._job.data.weights
        for _ in range(batches):
            rows, epoch = self.rows(), standing.epoch
            record = self.step()
            if record is not None:
                by_rows = weights is None or accounting.mean_by_rows
                share = len(rows) if by_rows else float(weights[rows].sum())  # type: ignore[index]
                cost = float(record.loss)
                if accounting.outputs > 1:
                    data = float((record.omega * record.losses).sum())
                    cost = data / accounting.outputs + (cost - data)
                with np.errstate(over="ignore"):  # each cost is finite, their sum may not be
                    share = np.ldexp(share, -self._units)
                    standing.sums += share * cost, share
            if standing.epoch > epoch:
                costs.append(standing.sums[0] / standing.sums[1])
                updates.append(standing.updates)
                standing.sums[:] = 0
        if self._job.window is not None and standing.place == self._job.first + self._job.n:
            standing.sums[:] = np.ldexp(standing.sums, self._units)
        return np.array(costs, np.float64), np.array(updates, np.int64)

    def take(self, job: Job) -> None:
        """Go on with the data of another window of the stream, that of the next batch."""
        self._job = job
        self._order = job.order(self.standing.epoch)
        self._units = self._sums_in_units()

    def _sums_in_units(self) -> int:
        """Return the power of two by which sums stand in this window; between two, by none."""
        standing, units = self.standing, _exponent(self._job)
        if standing.place == self._job.first:
            standing.sums, units = in_units(standing.sums, units)
        return units

    def rows(self) -> NDArray[np.int64]:
        """Return the rows of the next batch."""
        place = self.standing.place - self._job.first
        return self._order[place : place + self._job.settings.batch_size]

    def step(self) -> Record | None:
        """Run backpropagation on the next batch, make its update, and move on.

        A batch whose weights are all zero has no cost: it is passed over, without a record.
        """
        job, standing, rows = self._job, self.standing, self.rows()
        record = None
        if job.data.weights is None or job.data.weights[rows].any():
            record = job.record(rows, standing.epoch)
            self._verify(where_not_finite(record, " of its batch"))
            self._verified[:] = job.network.parameters
            update(
                self.rule, standing, record.gradient, standing.clock(job.total), self._is_weight,
                self._verified, job.constraints,
            )  # fmt: skip
            if (found := job.network.topology.not_finite()) is not None:
                self._verify(after_update(found))
            self._verify(
                where_squares_overflow(self.rule, standing.state, job.network), stands_still
            )
            standing.updates += 1
        self._move_on(len(rows))
        return record

    def _move_on(self, rows: int) -> None:
        standing = self.standing
        standing.batches += 1
        standing.place += rows
        if standing.place >= self._job.rows:
            standing.epoch, standing.place = standing.epoch + 1, 0
            if standing.batches < self._job.total and self._job.window is None:
                self._order = self._job.order(standing.epoch)

    def _verify(
        self, found: NotFinite | None, error: Callable[..., DivergenceError] = diverged
    ) -> None:
        if found is not None:
            standing = self.standing
            standing.parameters[:] = self._verified
            step = standing.batches + 1
            raise error(standing.epoch + 1, step, found, "the last finite step")


def _exponent(job: Job) -> int:
    """Return the power of two that sums of costs leave out, where a weight's digits would be lost.

    Weights below 1e-308 have few, and times a cost no more.
    """
    weights = job.data.weights
    if weights is None or job.settings.accounting.mean_by_rows:
        return 0
    largest = float(weights.max())
    return int(np.frexp(largest)[1]) if 0 < largest < 1e-270 else 0
