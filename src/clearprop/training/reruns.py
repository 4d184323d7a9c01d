"""Runs made again after a failure, by the reference: as they were, and with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.errors import DivergenceError
from clearprop.optimizers import LBFGS
from clearprop.record import Record
from clearprop.training.job import Job
from clearprop.training.lbfgs import minimize, reference_cost
from clearprop.training.reference import ReferenceEngine
from clearprop.training.standing import Standing, begin

Array = NDArray[Any]

MOST_STEPS = 500
"""Steps of a run that is made again, at the most."""

WORK = 2e9
"""Multiplications that it may take: about a tenth of a second, beside its steps' own cost."""

FEW, MOST_WORK = 3, 5 * WORK
"""Steps that are made again of a large network too, if they take no more multiplications."""

REPEATED = 200
"""Steps after which weights that a run began with are to blame, and not the run."""

ROWS = 500
"""Rows of its batches at the most; of larger batches there is one an epoch, of so many rows."""


@dataclass(frozen=True)
class Origin:
    """Where runs that are made again begin: parameters, and the batches and updates before."""

    parameters: Array
    batches: int = 0
    updates: int = 0

    @classmethod
    def of(cls, standing: Standing) -> Origin:
        """Return where a run stands, as a copy."""
        return cls(standing.parameters.copy(), standing.batches, standing.updates)


@dataclass(frozen=True)
class Trial:
    """A run: its network and data, what updates, where it begins."""

    job: Job
    rule: Any
    origin: Origin


@dataclass(frozen=True)
class Course:
    """What became of a run.

    Attributes
    ----------
    steps : int
        Made.
    costs : list of float
        Of each step's batch, before its update.
    before, after : float
        The cost of rows of all the data, where it began and where it ended.
    failed : DivergenceError or None
        What ended it early.
    record : Record or None
        Of the step that failed, before its update.
    """

    steps: int
    costs: list[float]
    before: float
    after: float
    failed: DivergenceError | None = None
    record: Record | None = None

    @property
    def goes_through(self) -> bool:
        """Whether it made its steps, and its cost did not grow."""
        ends = self.failed is None and np.isfinite(self.after)
        return bool(ends and not self.after > self.before)  # begun at what is not finite, too

    @property
    def fails(self) -> bool:
        """Whether it did not, or its cost has doubled."""
        return self.failed is not None or not self.after <= 2 * self.before


def steps_within(job: Job) -> int:
    """Return how many steps may be made again: of a large network few, of a huge one none."""
    batch = min(job.settings.batch_size, job.n)
    step = 3.0 * batch * job.network.n_parameters
    return int(min(MOST_STEPS, max(WORK / step, FEW if FEW * step <= MOST_WORK else 0)))


def smaller(job: Job) -> Job:
    """Return a job with batches of `ROWS` rows at the most."""
    if job.settings.batch_size <= ROWS:
        return job
    data = job.data.take(np.sort(job.order(0)[:ROWS]))
    settings = replace(job.settings, batch_size=ROWS, epochs=job.total)  # as many batches
    return replace(job, data=data, settings=settings, window=None)


def steps_left(job: Job, origin: Origin) -> int:
    """Return how many steps of the job there are from where a run begins: of a window, its own."""
    if job.window is None:
        return job.total - origin.batches
    return job.ahead(origin.batches % job.epoch_batches * job.settings.batch_size)


def repeated(trial: Trial) -> Trial:
    """Return a run of `REPEATED` steps at least, as `partial_fit` makes them in as many calls."""
    job = trial.job
    epochs = max(job.settings.epochs, -(-REPEATED // job.epoch_batches))
    settings = replace(job.settings, epochs=epochs)
    return trial if job.window else replace(trial, job=replace(job, settings=settings))


def run_again(trial: Trial, steps: int) -> Course:
    """Make so many steps of a run, or as many as its job has."""
    job = replace(trial.job, network=trial.job.network.copy())
    job.network.parameters[:] = trial.origin.parameters
    look = _look(job)
    costs: list[float] = []
    with np.errstate(all="ignore"):
        before = look()
        again = _search if isinstance(trial.rule, LBFGS) else _descent
        failed, record = again(replace(trial, job=job), steps, costs)
        after = np.nan if failed is not None else look()
    return Course(len(costs), costs, before, after, failed, record)


def _look(job: Job) -> Callable[[], float]:
    """Return what computes the cost of some rows that count."""
    weights = job.data.weights
    rows = np.arange(job.n) if weights is None else np.flatnonzero(weights)
    plain = replace(job, settings=replace(job.settings, dropout=0.0))
    return lambda: float(plain.record(rows[:ROWS], 0).loss)


def _descent(
    trial: Trial, steps: int, costs: list[float]
) -> tuple[DivergenceError | None, Record | None]:
    """Step by step; `costs` gets the cost of each."""
    job, origin = trial.job, trial.origin
    standing = begin(trial.rule, job.network)
    standing.batches, standing.updates = origin.batches, origin.updates
    standing.epoch, place = divmod(origin.batches, job.epoch_batches)
    standing.place = place * job.settings.batch_size
    engine = ReferenceEngine(job, trial.rule, standing)
    for _ in range(min(steps, steps_left(job, origin))):
        at, rows, epoch = job.network.parameters.copy(), engine.rows().copy(), standing.epoch
        try:
            record = engine.step()
        except DivergenceError as error:
            job.network.parameters[:] = at
            return error, job.record(rows, epoch)
        if record is not None:
            costs.append(float(record.loss))
    return None, None


def _search(
    trial: Trial, steps: int, costs: list[float]
) -> tuple[DivergenceError | None, Record | None]:
    """By L-BFGS, iteration by iteration."""
    job = trial.job
    job = replace(job, settings=replace(job.settings, epochs=min(steps, job.settings.epochs)))
    cost, at = reference_cost(job), job.network.parameters.copy()

    def kept(iterations: int) -> tuple[float, Array]:
        at[:] = job.network.parameters
        return cost(iterations)

    def look(value: float, iterations: int) -> bool:
        costs.append(value)
        return False

    try:
        minimize(job, trial.rule, kept, look, lambda: False)
    except DivergenceError as error:
        job.network.parameters[:] = at
        return error, job.record(np.arange(job.n), 0)
    return None, None


def with_data(trial: Trial, X: Any = None, y: Array | None = None) -> Trial:
    """Return a run on other inputs or targets of the same rows."""
    data = trial.job.data
    given = Data(data.X if X is None else X, data.y if y is None else y, data.weights)
    return replace(trial, job=replace(trial.job, data=given))
